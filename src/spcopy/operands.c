/* operands.c - what was asked of spcopy?

   An operand is a row of a table, and so is each word of the lists that conv=,
   iflag=, oflag= and status= take, and each set of words that exclude one another.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "cli/message.h"
#include "cli/options.h"
#include "cli/size.h"
#include "operands.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_BLOCK 512

static const char help[] =
  "Usage: %1$s [OPERAND]...\n"
  "  or:  %1$s OPTION\n"
  "Copy a file in blocks, converting it as asked, without moving its bytes through\n"
  "user space where the kernel allows that.\n"
  "\n"
  "  bs=BYTES        read and write up to BYTES bytes at a time (default: 512);\n"
  "                  overrides ibs and obs\n"
  "  cbs=BYTES       convert BYTES bytes at a time, for block and unblock\n"
  "  conv=CONVS      convert the file as per the comma separated symbol list\n"
  "  count=N         copy only N input blocks\n"
  "  ibs=BYTES       read up to BYTES bytes at a time (default: 512)\n"
  "  if=FILE         read from FILE instead of standard input\n"
  "  iflag=FLAGS     read as per the comma separated symbol list\n"
  "  obs=BYTES       write BYTES bytes at a time (default: 512)\n"
  "  of=FILE         write to FILE instead of standard output\n"
  "  oflag=FLAGS     write as per the comma separated symbol list\n"
  "  seek=N          (or oseek=N) skip N obs-sized output blocks\n"
  "  skip=N          (or iseek=N) skip N ibs-sized input blocks\n"
  "  status=LEVEL    what to print on standard error: 'none' only error messages,\n"
  "                  'noxfer' no final transfer statistics, 'progress' periodic\n"
  "                  transfer statistics, 'bar' these with percent and time left\n"
  "\n"
  "N and BYTES may be followed by a suffix: c=1, w=2, b=512, kB=1000, K=1024,\n"
  "MB=1000*1000, M=1024*1024, and so on for G, T, P, E, Z, Y, R, Q; KiB=K, MiB=M,\n"
  "and so on; and by xM, which multiplies.  If N ends in 'B', it counts bytes.\n"
  "\n"
  "Each CONV symbol may be:\n"
  "\n"
  "  ascii           from EBCDIC to ASCII\n"
  "  ebcdic          from ASCII to EBCDIC\n"
  "  ibm             from ASCII to alternate EBCDIC\n"
  "  block           pad lines with spaces to records of cbs bytes\n"
  "  unblock         end records of cbs bytes with a newline instead of spaces\n"
  "  lcase           change upper case to lower case\n"
  "  ucase           change lower case to upper case\n"
  "  sparse          try to seek rather than write output blocks of NULs\n"
  "  swab            swap every pair of input bytes\n"
  "  sync            pad every input block to ibs, with NULs, or with spaces for\n"
  "                  block and unblock\n"
  "  excl            fail if the output file already exists\n"
  "  nocreat         do not create the output file\n"
  "  notrunc         do not truncate the output file\n"
  "  noerror         continue after read errors\n"
  "  fdatasync       write the output's data to the disk before finishing\n"
  "  fsync           likewise, and its metadata\n"
  "\n"
  "Each FLAG symbol may be:\n"
  "\n"
  "  append          append to the output; conv=notrunc keeps what it has\n"
  "  direct          direct I/O for data\n"
  "  directory       fail unless a directory\n"
  "  dsync           synchronized I/O for data\n"
  "  sync            likewise, and for metadata\n"
  "  fullblock       read until an input block is full (iflag only)\n"
  "  nonblock        non-blocking I/O\n"
  "  noatime         do not update access time\n"
  "  nocache         drop what the system has cached of the file\n"
  "  noctty          do not make a terminal the controlling one\n"
  "  nofollow        do not follow symbolic links\n"
  "\n"
  "The signal USR1 has the statistics printed, and the copying goes on.\n"
  "\n"
  "      --debug     tell by which means the bytes moved\n"
  "      --no-splice copy the bytes through user space\n"
  "      --help      display this help and exit\n"
  "      --version   output version information and exit\n";

struct operand
{
  const char *name;
  void (*read) (struct operands *asked, const char *value);
};

struct word
{
  const char *name;
  unsigned value;
};

/* Flags that make a number one of bytes, as an ending B does; they are not told further than to an extent.  */
enum
{
  COUNT_BYTES = 1 << 12,
  SKIP_BYTES = 1 << 13,
  SEEK_BYTES = 1 << 14
};

static _Noreturn void
invalid_word (const char *what, const char *name)
{
  message (0, "invalid %s: %s", what, quote_operand (name));
  cli_usage ();
}

/* TEXT as a number of at least LEAST and at most MOST.  */
static uintmax_t
number (const char *text, uintmax_t least, uintmax_t most, bool *bytes)
{
  uintmax_t result;
  enum size_status status = size_parse (text, &result, bytes);

  if (status != SIZE_INVALID && strncmp (text, "0x", 2) == 0)
    {
      const char *zero = strdupa (quote_operand ("0x"));

      message (0, "warning: %s is a zero multiplier; use %s if that is intended", zero, quote_operand ("00x"));
    }
  if (status != SIZE_OK || result < least || result > most)
    {
      message (result > most ? EOVERFLOW : 0, "invalid number: %s", quote_operand (text));
      exit (EXIT_FAILURE);
    }
  return result;
}

/* A block, and the byte more that dd wants to be able to count, must fit a size.  */
static size_t
block (const char *text)
{
  return number (text, 1, PTRDIFF_MAX - 1, NULL);
}

static struct extent
extent (const char *text)
{
  struct extent result;

  result.number = number (text, 0, INTMAX_MAX, &result.bytes);
  return result;
}

/* The value of the comma separated word that *LIST begins with; *LIST is moved to the next word, or
   becomes NULL after the last.  */
static unsigned
next_word (const char **list, const struct word *table, const char *what)
{
  size_t length = strcspn (*list, ",");
  const char *name = strndupa (*list, length);

  *list = (*list)[length] ? *list + length + 1 : NULL;
  while (table->name && strcmp (table->name, name) != 0)
    table++;
  if (!table->name)
    invalid_word (what, name);
  return table->value;
}

static void
read_bs (struct operands *asked, const char *value)
{
  asked->input_block = asked->output_block = block (value);
  asked->same_block = true;
}

static void
read_cbs (struct operands *asked, const char *value)
{
  asked->conversion_block = number (value, 1, PTRDIFF_MAX, NULL);
}

static void
read_conv (struct operands *asked, const char *value)
{
  static const struct word conversions[] = {
    { "ascii", CONV_ASCII | CONV_UNBLOCK },
    { "block", CONV_BLOCK },
    { "ebcdic", CONV_EBCDIC | CONV_BLOCK },
    { "excl", CONV_EXCL },
    { "fdatasync", CONV_FDATASYNC },
    { "fsync", CONV_FSYNC },
    { "ibm", CONV_IBM | CONV_BLOCK },
    { "lcase", CONV_LCASE },
    { "nocreat", CONV_NOCREAT },
    { "noerror", CONV_NOERROR },
    { "notrunc", CONV_NOTRUNC },
    { "sparse", CONV_SPARSE },
    { "swab", CONV_SWAB },
    { "sync", CONV_SYNC },
    { "ucase", CONV_UCASE },
    { "unblock", CONV_UNBLOCK },
    { 0 }
  };

  while (value)
    asked->conversions |= next_word (&value, conversions, "conversion");
}

/* What neither Linux nor dd there has (binary, cio, nolinks, text) is as unknown here.  */
static const struct word flags[] = {
  { "append", FLAG_APPEND },
  { "count_bytes", COUNT_BYTES },
  { "direct", FLAG_DIRECT },
  { "directory", FLAG_DIRECTORY },
  { "dsync", FLAG_DSYNC },
  { "fullblock", FLAG_FULLBLOCK },
  { "noatime", FLAG_NOATIME },
  { "nocache", FLAG_NOCACHE },
  { "noctty", FLAG_NOCTTY },
  { "nofollow", FLAG_NOFOLLOW },
  { "nonblock", FLAG_NONBLOCK },
  { "seek_bytes", SEEK_BYTES },
  { "skip_bytes", SKIP_BYTES },
  { "sync", FLAG_SYNC },
  { 0 }
};

static void
read_iflag (struct operands *asked, const char *value)
{
  while (value)
    asked->input_flags |= next_word (&value, flags, "input flag");
}

static void
read_oflag (struct operands *asked, const char *value)
{
  while (value)
    asked->output_flags |= next_word (&value, flags, "output flag");
}

static void
read_count (struct operands *asked, const char *value)
{
  asked->count = extent (value);
  asked->limited = true;
}

/* bs= wins over ibs= and obs= in any order, but these are checked all the same.  */
static void
read_ibs (struct operands *asked, const char *value)
{
  size_t size = block (value);

  if (!asked->same_block)
    asked->input_block = size;
}

static void
read_obs (struct operands *asked, const char *value)
{
  size_t size = block (value);

  if (!asked->same_block)
    asked->output_block = size;
}

static void
read_if (struct operands *asked, const char *value)
{
  asked->input = value;
}

static void
read_of (struct operands *asked, const char *value)
{
  asked->output = value;
}

static void
read_seek (struct operands *asked, const char *value)
{
  asked->seek = extent (value);
}

static void
read_skip (struct operands *asked, const char *value)
{
  asked->skip = extent (value);
}

static void
read_status (struct operands *asked, const char *value)
{
  static const struct word levels[] = {
    { "bar", STATUS_BAR },
    { "none", STATUS_NONE },
    { "noxfer", STATUS_NOXFER },
    { "progress", STATUS_PROGRESS },
    { 0 }
  };

  while (value)
    asked->status = next_word (&value, levels, "status level");
}

static const struct operand table[] = {
  { "bs", read_bs },
  { "cbs", read_cbs },
  { "conv", read_conv },
  { "count", read_count },
  { "ibs", read_ibs },
  { "if", read_if },
  { "iflag", read_iflag },
  { "iseek", read_skip },
  { "obs", read_obs },
  { "of", read_of },
  { "oflag", read_oflag },
  { "oseek", read_seek },
  { "seek", read_seek },
  { "skip", read_skip },
  { "status", read_status },
};

static void
read_operand (struct operands *asked, const char *text)
{
  size_t length = strcspn (text, "=");

  for (size_t i = 0; text[length] && i < sizeof table / sizeof *table; i++)
    if (strlen (table[i].name) == length && strncmp (table[i].name, text, length) == 0)
      {
        table[i].read (asked, text + length + 1);
        return;
      }
  message (0, "unrecognized operand %s", quote_operand (text));
  cli_usage ();
}

/* Of the bits ANY of GIVEN, at most one may be set.  */
static void
exclude (unsigned given, unsigned any, const char *words)
{
  if (__builtin_popcount (given & any) < 2)
    return;
  message (0, "cannot combine %s", words);
  exit (EXIT_FAILURE);
}

/* What the operands say together.  With bs=, a short read is written as it is, unless its bytes
   are to be changed, even if block and unblock without cbs= change nothing.  */
static void
combine (struct operands *asked)
{
  if (asked->conversions & CONV_BYTES)
    asked->same_block = false;
  if (asked->conversion_block == 0)
    asked->conversions &= ~(CONV_BLOCK | CONV_UNBLOCK);
  asked->count.bytes |= (asked->input_flags & COUNT_BYTES) != 0;
  asked->skip.bytes |= (asked->input_flags & SKIP_BYTES) != 0;
  asked->seek.bytes |= (asked->output_flags & SEEK_BYTES) != 0;
  /* and the other way round, for who asks whether there is any flag */
  asked->input_flags |= (asked->count.bytes ? COUNT_BYTES : 0) | (asked->skip.bytes ? SKIP_BYTES : 0);
  asked->output_flags |= asked->seek.bytes ? SEEK_BYTES : 0;
}

static void
check (const struct operands *asked)
{
  if (asked->output_flags & FLAG_FULLBLOCK)
    invalid_word ("output flag", "fullblock");
  exclude (asked->conversions, CONV_ASCII | CONV_EBCDIC | CONV_IBM, "any two of {ascii,ebcdic,ibm}");
  exclude (asked->conversions, CONV_BLOCK | CONV_UNBLOCK, "block and unblock");
  exclude (asked->conversions, CONV_LCASE | CONV_UCASE, "lcase and ucase");
  exclude (asked->conversions, CONV_EXCL | CONV_NOCREAT, "excl and nocreat");
  exclude (asked->input_flags, FLAG_DIRECT | FLAG_NOCACHE, "direct and nocache");
  exclude (asked->output_flags, FLAG_DIRECT | FLAG_NOCACHE, "direct and nocache");
}

void
operands_parse (int argc, char **argv, struct operands *asked)
{
  enum { DEBUG = CHAR_MAX + 1, NO_SPLICE };
  static const struct option options[] = {
    { "debug", no_argument, NULL, DEBUG },
    { "no-splice", no_argument, NULL, NO_SPLICE },
    { 0 }
  };
  static const struct cli_program program = {
    .name = "spcopy", .help = help, .short_options = "", .long_options = options
  };
  int option;

  *asked = (struct operands) { .input_block = DEFAULT_BLOCK, .output_block = DEFAULT_BLOCK };
  while ((option = cli_option (argc, argv, &program)) != -1)
    *(option == DEBUG ? &asked->debug : &asked->no_splice) = true;
  for (; optind < argc; optind++)
    read_operand (asked, argv[optind]);
  combine (asked);
  check (asked);
}
