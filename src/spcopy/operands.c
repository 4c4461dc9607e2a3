/* operands.c - what was asked of spcopy?

   An operand is a row of a table, and so is each word of the lists that conv= and
   status= take; what GNU dd knows and this version does not is a row too, so that it is
   refused by its name and never ignored.

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
  "Copy a file in blocks, without moving its bytes through user space where the\n"
  "kernel allows that.\n"
  "\n"
  "  bs=BYTES        read and write up to BYTES bytes at a time (default: 512);\n"
  "                  overrides ibs and obs\n"
  "  conv=CONVS      convert the file as per the comma separated symbol list\n"
  "  count=N         copy only N input blocks\n"
  "  ibs=BYTES       read up to BYTES bytes at a time (default: 512)\n"
  "  if=FILE         read from FILE instead of standard input\n"
  "  obs=BYTES       write BYTES bytes at a time (default: 512)\n"
  "  of=FILE         write to FILE instead of standard output\n"
  "  seek=N          (or oseek=N) skip N obs-sized output blocks\n"
  "  skip=N          (or iseek=N) skip N ibs-sized input blocks\n"
  "  status=LEVEL    what to print on standard error: 'none' only error messages,\n"
  "                  'noxfer' no final transfer statistics, 'progress' periodic\n"
  "                  transfer statistics\n"
  "\n"
  "N and BYTES may be followed by a suffix: c=1, w=2, b=512, kB=1000, K=1024,\n"
  "MB=1000*1000, M=1024*1024, and so on for G, T, P, E, Z, Y, R, Q; KiB=K, MiB=M,\n"
  "and so on; and by xM, which multiplies.  If N ends in 'B', it counts bytes.\n"
  "\n"
  "Each CONV symbol may be:\n"
  "\n"
  "  notrunc         do not truncate the output file\n"
  "  fsync           write data and metadata to the disk before finishing\n"
  "\n"
  "      --no-splice copy the bytes through user space\n"
  "      --help      display this help and exit\n"
  "      --version   output version information and exit\n";

struct operand
{
  const char *name;
  void (*read) (struct operands *asked, const char *value);     /* NULL: of a later version */
};

struct word
{
  const char *name;
  unsigned value;               /* OF_LATER_VERSION: is refused */
};

#define OF_LATER_VERSION UINT_MAX

static _Noreturn void
refuse (const char *what, const char *name)
{
  message (0, "%s '%s' is not supported by this version", what, name);
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
    {
      message (0, "invalid %s: %s", what, quote_operand (name));
      cli_usage ();
    }
  if (table->value == OF_LATER_VERSION)
    refuse (what, name);
  return table->value;
}

static void
read_bs (struct operands *asked, const char *value)
{
  asked->input_block = asked->output_block = block (value);
  asked->same_block = true;
}

static void
read_conv (struct operands *asked, const char *value)
{
  static const struct word conversions[] = {
    { "ascii", OF_LATER_VERSION },
    { "block", OF_LATER_VERSION },
    { "ebcdic", OF_LATER_VERSION },
    { "excl", OF_LATER_VERSION },
    { "fdatasync", OF_LATER_VERSION },
    { "fsync", CONV_FSYNC },
    { "ibm", OF_LATER_VERSION },
    { "lcase", OF_LATER_VERSION },
    { "nocreat", OF_LATER_VERSION },
    { "noerror", OF_LATER_VERSION },
    { "notrunc", CONV_NOTRUNC },
    { "sparse", OF_LATER_VERSION },
    { "swab", OF_LATER_VERSION },
    { "sync", OF_LATER_VERSION },
    { "ucase", OF_LATER_VERSION },
    { "unblock", OF_LATER_VERSION },
    { 0 }
  };

  while (value)
    asked->conversions |= next_word (&value, conversions, "conversion");
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
  { "cbs", NULL },
  { "conv", read_conv },
  { "count", read_count },
  { "ibs", read_ibs },
  { "if", read_if },
  { "iflag", NULL },
  { "iseek", read_skip },
  { "obs", read_obs },
  { "of", read_of },
  { "oflag", NULL },
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
        if (!table[i].read)
          refuse ("operand", table[i].name);
        table[i].read (asked, text + length + 1);
        return;
      }
  message (0, "unrecognized operand %s", quote_operand (text));
  cli_usage ();
}

void
operands_parse (int argc, char **argv, struct operands *asked)
{
  enum { NO_SPLICE = CHAR_MAX + 1 };
  static const struct option options[] = {
    { "no-splice", no_argument, NULL, NO_SPLICE },
    { 0 }
  };
  static const struct cli_program program = {
    .name = "spcopy", .help = help, .short_options = "", .long_options = options
  };

  *asked = (struct operands) { .input_block = DEFAULT_BLOCK, .output_block = DEFAULT_BLOCK };
  while (cli_option (argc, argv, &program) == NO_SPLICE)
    asked->no_splice = true;
  for (; optind < argc; optind++)
    read_operand (asked, argv[optind]);
}
