/* cases-spcopy.c - does ours do what dd does, for any mix of operands?

   SPDX-License-Identifier: MIT

   Usage: cases-spcopy THEIRS OURS random SEED COUNT    generated cases
          cases-spcopy THEIRS OURS pairs N              every pair of conv= words, the N-th of these cases
          cases-spcopy THEIRS OURS flags N              every word of iflag= and oflag= alone, likewise
          cases-spcopy content KIND SEED SIZE           the content of a file, to standard output

   Cases run in the current directory (case.c).  One that differs is made
   smaller while it still does, and printed as a command line.  */

#define _GNU_SOURCE
#include "case.h"

#include <errno.h>
#include <error.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ANY(array) ((array)[below (COUNT (array))])

static uint64_t random_state;

/* A number from 0 to N - 1.  */
static uint64_t
below (uint64_t n)
{
  return next_word (&random_state) % n;
}

static bool
one_in (unsigned n)
{
  return below (n) == 0;
}

#define COUNT(array) (sizeof (array) / sizeof *(array))
#define ANY(array) ((array)[below (COUNT (array))])

/* The exceptions: where ours is, on purpose, as the newest dd (9.11) is known to be and not as
   the installed one.  This is the one place that knows of them: what the two say is made alike
   in the first part, what the generator must not write at all is in the second.  */

/* Drop from TEXT the line in which WHAT is.  */
static void
drop_line (char *text, const char *what)
{
  char *at = strstr (text, what), *end;
  if (!at)
    return;
  while (at > text && at[-1] != '\n')
    at--;
  end = strchrnul (at, '\n');
  memmove (at, end + (*end != '\0'), strlen (end) + (*end == '\0'));
}

/* Drop from THEIRS the line in which WHAT is, if OURS has none.  */
static void
excuse_line (char *theirs, const char *ours, const char *what)
{
  if (!strstr (ours, what))
    drop_line (theirs, what);
}

/* Whether an input may be one of no size: empty, or of procfs.  */
static bool
may_be_empty (const struct test_case *c)
{
  return c->in.size == 0 || has_operand (c, "if=/proc") || has_operand (c, "of=in") || (c->old.size == 0 && has_operand (c, "if=old"))
    || (has_operand (c, "if=old") && has_operand (c, "of="));
}

/* A block of which a part was written before the error counts as a partial one.  */
static void
excuse_partial_write (char *theirs, char *ours)
{
  char *records = strstr (theirs, " records out\n"), *other = strstr (ours, " records out\n");
  if (!strstr (theirs, ": File too large\n") || !records || !other)
    return;
  while (records > theirs && records[-1] != '+')
    records--;
  while (other > ours && other[-1] != '+')
    other--;
  if (strtoul (other, NULL, 10) == strtoul (records, NULL, 10) + 1
      && strcspn (other, " ") == strcspn (records, " "))
    {
      memset (records, '?', strcspn (records, " "));
      memset (other, '?', strcspn (other, " "));
    }
}

/* A failed truncation ends the run; 9.1 goes on.  */
static void
excuse_truncation (char *theirs, char *ours)
{
  static const char message[] = "dd: failed to truncate to ";
  char *one = strstr (theirs, message), *other = strstr (ours, message);
  if (one && other)
    *strchrnul (one, '\n') = *strchrnul (other, '\n') = '\0';
}

static bool
has_word (const struct test_case *c, const char *list, const char *word)
{
  for (int i = 0; i < c->operands; i++)
    if (strncmp (c->operand[i], list, strlen (list)) == 0 && strstr (c->operand[i], word))
      return true;
  return false;
}

void
excuse (const struct test_case *c, char *theirs, char *ours)
{
  /* No warning for oflag=append without conv=notrunc.  */
  excuse_line (theirs, ours, "dd: you probably want conv=notrunc with oflag=append\n");
  if (may_be_empty (c))
    excuse_line (theirs, ours, ": cannot skip to specified offset\n");
  if (c->limit)
    excuse_partial_write (theirs, ours);
  excuse_truncation (theirs, ours);
  /* A large block is passed on as it comes, so a reader that has gone is noticed earlier.  */
  if (c->sink == TO_BROKEN_PIPE && has_word (c, "iflag=", "fullblock"))
    {
      drop_line (theirs, " bytes were taken\n");
      drop_line (ours, " bytes were taken\n");
    }
}

/* What numbers may end in.  */
static const struct unit
{
  const char *suffix;
  unsigned size;
} units[] = {
  {"", 1}, {"B", 1}, {"c", 1}, {"w", 2}, {"b", 512}, {"kB", 1000}, {"K", 1024}, {"k", 1024}, {"KiB", 1024}, {"M", 1 << 20},
  {"MiB", 1 << 20}, {"x1", 1}, {"x7", 7}, {"x10", 10}, {"x512", 512}, {"x1k", 1024}
};

/* The number of the operand that begins with NAME, in bytes; 0 if there is none, or none that was spelled so.  */
static uint64_t
value_of (const struct test_case *c, const char *name)
{
  uint64_t value = 0;
  char *rest;
  for (int i = 0; i < c->operands; i++)
    if (strncmp (c->operand[i], name, strlen (name)) == 0)
      {
        uint64_t number = strtoull (c->operand[i] + strlen (name), &rest, 10);
        for (size_t unit = 0; unit < COUNT (units); unit++)
          if (strncmp (rest, units[unit].suffix, strlen (units[unit].suffix)) == 0
              && strspn (rest + strlen (units[unit].suffix), "B") == strlen (rest + strlen (units[unit].suffix)))
            value = number * units[unit].size;
      }
  return value;
}

/* With seek= in bytes of less than a block, 9.1 empties of=, although the manual keeps what is before it and makes it so long.
   Where a limit makes the truncation fail it goes on, and what it appends may fit the limit.  */
bool
is_excepted (const struct test_case *c)
{
  uint64_t bs = value_of (c, "bs="), obs = value_of (c, "obs="), seek = value_of (c, "seek=") + value_of (c, "oseek=");
  if (c->limit && seek > 0 && has_word (c, "oflag=", "append"))
    return true;
  return has_operand (c, "of=") && !has_word (c, "conv=", "notrunc") && seek < (bs ? bs : obs ? obs : 512)
    && (has_word (c, "seek=", "B") || has_word (c, "oseek=", "B") || has_word (c, "oflag=", "seek_bytes"));
}

static unsigned long cases, differences, told;

/* Run C; WHERE tells how it was generated.  */
static void
try_case (const struct test_case *c, const char *where)
{
  enum
  { ENOUGH = 10 };
  static struct test_case last;
  struct test_case least = *c;
  FILE *nowhere = fopen ("/dev/null", "w");
  enum verdict verdict = case_run (c, nowhere);
  cases++;
  fclose (nowhere);
  if (verdict == SAME)
    return;
  differences++;
  if (verdict == DIFFERENT)
    case_make_smaller (&least);
  if (memcmp (&least, &last, sizeof least) == 0)
    return;
  last = least;
  printf ("%s (%s):\n", verdict == DIFFERENT ? "DIFFERENT" : "NO CASE: the installed dd does not end", where);
  case_print (&least);
  case_run (&least, stdout);
  fflush (stdout);
  if (++told == ENOUGH)
    {
      printf ("Enough: %lu differences in %lu cases.\n", differences, cases);
      exit (1);
    }
}

/* Of the cases of a list only every EVERY-th is run.  */
static unsigned long every = 1;

static bool
is_left_out (void)
{
  static unsigned long n;
  return n++ % every != 0;
}

static void __attribute__ ((format (printf, 2, 3)))
add (struct test_case *c, const char *format, ...)
{
  va_list arguments;
  check (c->operands < OPERANDS, "operands");
  va_start (arguments, format);
  vsnprintf (c->operand[c->operands++], OPERAND_SIZE, format, arguments);
  va_end (arguments);
}

static const char *const conversions[] = {
  "ascii", "ebcdic", "ibm", "block", "unblock", "lcase", "ucase", "sparse", "swab", "sync", "excl", "nocreat", "notrunc",
  "noerror", "fdatasync", "fsync"
};

static const char *const flags[] = {
  "append", "binary", "cio", "count_bytes", "direct", "directory", "dsync", "fullblock", "noatime", "nocache", "noctty",
  "nofollow", "nolinks", "nonblock", "seek_bytes", "skip_bytes", "sync", "text"
};

enum
{ CONVERSIONS = COUNT (conversions), FLAGS = COUNT (flags) };

/* What generated cases are made of.  */

static const size_t sizes[] = {
  0, 1, 511, 512, 513, 4095, 4096, 4097, 65536, 65537, 1048583
}, blocks[] = {
  1, 2, 3, 7, 10, 16, 100, 511, 512, 513, 1000, 1024, 4095, 4096, 4097, 5000, 32768, 65535, 65536, 65537, 100000, 131072,
  1048576
};

static const char *const nonsense[] = {
  "", "x", "-1", "0", "+1", " 1", "1 ", "1.5", "1e3", "0x", "0x10", "0x1", "1x", "x2", "3x", "1kk", "kB", "k", "B", "1BB",
  "1KiBB", "1Bx2", "2xx2", "010", "00x2", "99999999999999999999999", "9223372036854775807", "9223372036854775808",
  "18446744073709551615", "18446744073709551616", "8E", "16E", "1Y", "1Z", "100T", "5,6", "1'2", "\n", "1c", "2w", "1b",
  "1kiB", "1KB", "1k", "1K", "1KiB", "1m", "1MB", "2x3", "0xB", "3B", "1kBB", "1kBx1", "1x1B", "0B", "00B"
};

static size_t
any_size (void)
{
  return one_in (3) ? below (one_in (4) ? 300000 : 9000) : ANY (sizes);
}

static size_t
any_block (void)
{
  return one_in (5) ? 1 + below (one_in (3) ? 200000 : 3000) : ANY (blocks);
}

static struct content
any_content (void)
{
  return (struct content) { below (KINDS), 1 + below (1000), any_size () };
}

/* NUMBER, spelled in one of the ways that dd knows.  */
static const char *
spelled (uint64_t number)
{
  static char text[OPERAND_SIZE];
  int unit = 2 + below (COUNT (units) - 2);     /* not B, which makes it another number */
  if (one_in (2) && number % units[unit].size == 0)
    sprintf (text, "%s%llu%s", one_in (9) ? "0" : "", (unsigned long long) number / units[unit].size,
             units[unit].suffix);
  else
    sprintf (text, "%llu", (unsigned long long) number);
  return text;
}

/* NAME=NUMBER, or rarely something else.  */
static void
add_number (struct test_case *c, const char *name, uint64_t number, const char *suffix)
{
  static const char *const small[] = { "x", "0", "", "-1", "0x7" };     /* what is large might never end */
  bool bounds = strcmp (name, "cbs") == 0 || (c->needs_count && strcmp (name, "count") == 0);
  bool odd = one_in (40);
  if (odd && bounds)
    add (c, "%s=%s", name, ANY (small));
  else if (odd)
    add (c, "%s=%s", name, ANY (nonsense));
  else
    add (c, "%s=%s%s", name, spelled (number), suffix);
}

/* What has been decided on while a case is generated.  */
struct plan
{
  size_t ibs, obs;
  unsigned conv, iflag, oflag;  /* bits: indexes of conversions and flags */
};

static unsigned
bit (const char *const *words, int count, const char *name)
{
  for (int i = 0; i < count; i++)
    if (strcmp (words[i], name) == 0)
      return 1u << i;
  abort ();
}

#define CONV(name) bit (conversions, CONVERSIONS, name)
#define FLAG(name) bit (flags, FLAGS, name)

static void
add_list (struct test_case *c, const char *name, const char *const *words, int count, unsigned chosen)
{
  char list[OPERAND_SIZE] = "";
  int first = below (count);
  for (int i = 0; i < count; i++)
    if (chosen & 1u << (first + i) % count)
      {
        if (*list && one_in (5))
          {
            add (c, "%s=%s", name, list);
            *list = '\0';
          }
        sprintf (strchr (list, '\0'), "%s%s", *list ? "," : "", words[(first + i) % count]);
      }
  if (one_in (100))
    strcat (list, one_in (2) ? ",bogus" : ",");
  if (*list)
    add (c, "%s=%s", name, list);
}

/* Up to MOST of COUNT words, as bits.  */
static unsigned
any_words (int count, int most)
{
  unsigned chosen = 0;
  for (int i = below (most + 1); i > 0; i--)
    chosen |= 1u << below (count);
  return chosen;
}

static void
any_conversions (struct plan *p)
{
  static const char *const bytes[] = { "ascii", "ebcdic", "ibm", "block", "unblock", "lcase", "ucase", "swab" };
  static const char *const others[] = { "sparse", "sync", "notrunc", "noerror", "notrunc", "sparse" };
  if (one_in (12))
    p->conv = any_words (CONVERSIONS, 6);
  else
    {
      for (int i = below (3); i > 0; i--)
        p->conv |= CONV (ANY (others));
      if (one_in (3))
        p->conv |= CONV (ANY (bytes));
      if (one_in (6))
        p->conv |= CONV (ANY (bytes));
    }
}

static void
any_flags (struct plan *p)
{
  static const char *const in[] = { "fullblock", "skip_bytes", "count_bytes", "fullblock", "noatime", "nocache" };
  static const char *const out[] = { "append", "seek_bytes", "nocache", "append", "nofollow" };
  if (one_in (8))
    {
      p->iflag = any_words (FLAGS, 3);
      p->oflag = any_words (FLAGS, 3);
    }
  else
    {
      for (int i = one_in (3) ? 2 : 0; i > 0; i--)
        p->iflag |= FLAG (ANY (in));
      if (one_in (4))
        p->oflag = FLAG (ANY (out));
    }
}

static void
add_blocks (struct test_case *c, struct plan *p)
{
  p->ibs = p->obs = 512;
  if (one_in (3))
    add_number (c, "ibs", p->ibs = any_block (), "");
  if (one_in (3))
    add_number (c, "obs", p->obs = any_block (), "");
  if (one_in (2))
    add_number (c, "bs", p->ibs = p->obs = any_block (), "");
  if (p->conv & (CONV ("block") | CONV ("unblock")) ? !one_in (8) : one_in (12))
    add_number (c, "cbs", one_in (2) ? 10 : 1 + below (200), "");
}

static void
add_files (struct test_case *c)
{
  static const char *const inputs[] = {
    "in", "in", "in", "in", "in", "in", "in", "in", "soft", "hard", "fifo", "fifo", "/dev/zero", "/dev/zero", "/dev/null",
    "/proc/version", "/proc/filesystems", "dir", "nosuch", "", "/dev/full", "old"
  }, *const outputs[] = {
    "new", "new", "new", "new", "new", "old", "old", "old", "old", "old", "softold", "dangling", "fifoout", "/dev/null",
    "/dev/full", "dir", "nosuch/new", "", "in"
  };
  if (!one_in (3))
    add (c, "if=%s", ANY (inputs));
  if (!one_in (3))
    add (c, "of=%s", ANY (outputs));
}

static void
add_extents (struct test_case *c, struct plan *p)
{
  const char *bytes = one_in (4) ? "B" : "";
  size_t unit = *bytes || p->iflag & (FLAG ("count_bytes") | FLAG ("skip_bytes")) ? 1 : p->ibs;
  size_t in_blocks = c->in.size / unit + 3;
  c->far = one_in (50);
  c->needs_count |= c->far;
  if (c->needs_count || one_in (3))
    add_number (c, "count", below (c->needs_count || one_in (2) ? 30 : in_blocks), bytes);
  if (one_in (4))
    add_number (c, one_in (4) ? "iseek" : "skip", below (one_in (2) ? 5 : in_blocks), bytes);
  bytes = one_in (4) ? "B" : "";
  if (one_in (4))
    add_number (c, one_in (4) ? "oseek" : "seek",
                c->far ? below (1u << 31) : below (one_in (2) ? 5 : 70000 / p->obs + 5), bytes);
}

static void
any_ends (struct test_case *c)
{
  static const enum source sources[] = {
    FROM_FILE, FROM_FILE, FROM_FILE, FROM_PIPE, FROM_PIPE, FROM_PIPE, FROM_PIPE, FROM_LOADED_PIPE, FROM_STREAM,
    FROM_MESSAGES, FROM_ZERO, FROM_NULL, FROM_DIRECTORY, FROM_WRITE_ONLY, FROM_NOTHING
  };
  static const enum sink sinks[] = {
    TO_PIPE, TO_PIPE, TO_PIPE, TO_PIPE, TO_NEW, TO_NEW, TO_FILE, TO_FILE, TO_FILE, TO_APPENDED, TO_APPENDED, TO_SAME,
    TO_PACKETS, TO_PACKETS, TO_STREAM, TO_MESSAGES, TO_NULL, TO_FULL, TO_BROKEN_PIPE, TO_READ_ONLY, TO_NOTHING
  };
  c->source = ANY (sources);
  c->sink = ANY (sinks);
  if (c->sink == TO_SAME && c->source != FROM_FILE)
    c->sink = TO_NEW;
  c->in_at = one_in (2) ? below (c->in.size + 10) : 0;
  c->out_at = one_in (2) ? below (c->old.size + 1000) : 0;
}

static void
any_pieces (struct test_case *c, const struct plan *p)
{
  static const size_t odd[] = { 1, 2, 3, 10, 100, 511, 512, 513, 1000, 4095, 4096, 4097, 10000, 65535, 65536 };
  size_t least = p->ibs < p->obs ? p->ibs : p->obs, most = least * 300;
  c->pieces = 1 + below (20);
  for (int i = 0; i < c->pieces; i++)
    {
      c->piece[i] = one_in (2) ? ANY (odd) : 1 + below (one_in (2) ? 5000 : 2 * p->ibs);
      if (c->piece[i] > most)
        c->piece[i] = most;
      if (c->piece[i] > LARGEST_PIECE || (c->source == FROM_LOADED_PIPE && c->piece[i] > 2500))
        c->piece[i] = 1 + below (2500);
    }
}

/* So many small blocks are slow, and those that wait for a disk more so.  */
static void
bound_sizes (struct test_case *c, const struct plan *p)
{
  bool waits = p->oflag & (FLAG ("dsync") | FLAG ("sync") | FLAG ("direct"));
  size_t least = p->ibs < p->obs ? p->ibs : p->obs, most = least * (waits ? 30 : 2000);
  if (c->in.size > most)
    c->in.size = most - below (least * 2);
}

static bool
reads_endlessly (const struct test_case *c)
{
  return c->source == FROM_ZERO || c->sink == TO_SAME || has_operand (c, "if=/dev/zero") || has_operand (c, "if=/dev/full")
    || has_operand (c, "if=old") || has_operand (c, "of=in");
}

static bool
has_seek (const struct test_case *c)
{
  return has_operand (c, "seek=") || has_operand (c, "oseek=");
}

/* Whether what C does depends on when, or C never ends.  */
static bool
is_unsteady (const struct test_case *c, const struct plan *p)
{
  bool fifo = has_operand (c, "if=fifo"), named = has_operand (c, "if="), out_named = has_operand (c, "of=");
  bool fed = fifo || (!named && c->source == FROM_PIPE);
  bool broken = has_operand (c, "if=dir") || (!named && (c->source == FROM_DIRECTORY || c->source == FROM_WRITE_ONLY
                                                         || c->source == FROM_NOTHING));
  bool peer = has_operand (c, "of=fifoout") || (!out_named && (c->sink == TO_STREAM || c->sink == TO_MESSAGES));
  bool pipe = peer || (!out_named && (c->sink == TO_PIPE || c->sink == TO_PACKETS));
  return (fed && p->iflag & FLAG ("nonblock")) || (broken && p->conv & CONV ("noerror"))
    || (pipe && p->oflag & FLAG ("nonblock")) || (peer && has_seek (c))
    || (fifo && (c->source == FROM_STREAM || c->source == FROM_MESSAGES));
}

static void
shuffle (struct test_case *c)
{
  char other[OPERAND_SIZE];
  for (int i = c->operands - 1; i > 0; i--)
    {
      int j = below (i + 1);
      memcpy (other, c->operand[i], OPERAND_SIZE);
      memcpy (c->operand[i], c->operand[j], OPERAND_SIZE);
      memcpy (c->operand[j], other, OPERAND_SIZE);
    }
}

static void
add_oddities (struct test_case *c)
{
  static const char *const odd[] = {
    "foo", "foo=1", "=5", "if", "of", "conv", "-x", "--bogus", "status=bogus", "status=", "conv=", "iflag=", "oflag=", "--",
    "status=none,noxfer", "bs", "it's=1", "conv=notrunc,,fsync", "iflag=fullblock,", "oflag=fullblock"
  };
  static const char *const levels[] = { "none", "noxfer", "noxfer", "progress", "none" };
  if (one_in (5))
    add (c, "status=%s", ANY (levels));
  if (one_in (30))
    add (c, "%s", ANY (odd));
}

/* A case that the seed SEED determines.  Returns false where it is none.  */
static bool
generate (struct test_case *c, uint64_t seed)
{
  struct plan p = { 0 };
  random_state = seed;
  memset (c, 0, sizeof *c);
  c->in = any_content ();
  c->old = any_content ();
  any_ends (c);
  any_conversions (&p);
  any_flags (&p);
  add_blocks (c, &p);
  add_files (c);
  bound_sizes (c, &p);
  any_pieces (c, &p);
  c->needs_count = reads_endlessly (c);
  add_extents (c, &p);
  add_list (c, "conv", conversions, CONVERSIONS, p.conv);
  add_list (c, "iflag", flags, FLAGS, p.iflag);
  add_list (c, "oflag", flags, FLAGS, p.oflag);
  add_oddities (c);
  shuffle (c);
  c->utf8 = one_in (4);
  c->ignores_pipe = one_in (2);
  /* What is told has to fit: standard error is a file, too.  */
  c->limit = one_in (20) ? 500 + below (20000) : 0;
  return !is_unsteady (c, &p) && !is_excepted (c);
}

/* Each case is made from a seed of its own, so that one can be run again alone.  */
static void
random_cases (uint64_t seed, unsigned long count)
{
  struct test_case c;
  char where[64];
  for (unsigned long done = 0; done < count; seed++)
    if (generate (&c, seed))
      {
        done++;
        sprintf (where, "random %llu 1", (unsigned long long) seed);
        try_case (&c, where);
      }
}

/* Every word alone, and every two.  */

static void
pairs (void)
{
  static const char *const more[] = { "", "cbs=10 ", "cbs=10 ibs=7 obs=30", "cbs=600 bs=1000", "if=in of=new" };
  char where[64];
  for (int i = 0; i < CONVERSIONS; i++)
    for (int j = 0; j < CONVERSIONS; j++)
      for (size_t k = 0; k < COUNT (more); k++)
        {
          if (is_left_out ())
            continue;
          struct test_case c = {.in = {i + j + k % 2 ? TEXT : PADDED, 1 + j, 3001},.old = {BYTES, 3, 5000},
            .source = k % 2 ? FROM_PIPE : FROM_FILE,.sink = k % 3 ? TO_PIPE : TO_FILE,.piece = {1000, 1, 999, 3, 700},
            .pieces = 5
          };
          char words[OPERAND_SIZE], *word;
          strcpy (words, more[k]);
          for (word = strtok (words, " "); word; word = strtok (NULL, " "))
            add (&c, "%s", word);
          if (k == 1)
            add (&c, "of=%s", (i + j) % 2 ? "old" : "new");
          add (&c, i == j ? "conv=%s" : "conv=%s,%s", conversions[i], conversions[j]);
          sprintf (where, "pairs %s,%s", conversions[i], conversions[j]);
          try_case (&c, where);
        }
}

static void
flags_alone (void)
{
  static const char *const inputs[] = {
    "if=in", "if=soft", "if=hard", "if=dir", "if=/dev/null", "if=/dev/zero", "if=/proc/version", NULL
  }, *const outputs[] = {
    "of=new", "of=old", "of=softold", "of=/dev/null", "of=dir", NULL
  };
  static const enum source sources[] = { FROM_FILE, FROM_PIPE, FROM_LOADED_PIPE, FROM_OPEN_PIPE, FROM_MESSAGES, FROM_NOTHING };
  static const enum sink sinks[] = { TO_PIPE, TO_NEW, TO_FILE, TO_APPENDED, TO_NULL, TO_MESSAGES, TO_NOTHING };
  char where[64];
  for (int f = 0; f < FLAGS; f++)
    for (int n = 0; n < 2 * 13 * 12; n++)
      {
        struct test_case c = {.in = {BYTES, 1, 4096 * 3 + 5},.old = {BYTES, 2, 30000},.piece = {1000, 1, 600, 4096, 3},
          .pieces = 5,.needs_count = true
        };
        struct plan p = { 0 };
        int in = n / 2 % 13, out = n / 26;
        *(n % 2 ? &p.oflag : &p.iflag) = 1u << f;
        if (in < 7)
          add (&c, "%s", inputs[in]);
        else
          c.source = sources[in - 7];
        if (out < 5)
          add (&c, "%s", outputs[out]);
        else
          c.sink = sinks[out - 5];
        add (&c, "%s=%s", n % 2 ? "oflag" : "iflag", flags[f]);
        add (&c, "bs=%d", f % 2 ? 4096 : 512);
        add (&c, "count=9");
        add (&c, n % 3 ? "skip=2" : "seek=2");
        sprintf (where, "flags %s", c.operand[c.operands - 4]);
        if (!is_unsteady (&c, &p) && (c.source != FROM_OPEN_PIPE || p.iflag & FLAG ("nonblock")) && !is_excepted (&c)
            && !is_left_out ())
          try_case (&c, where);
      }
}

int
main (int argc, char **argv)
{
  if (argc == 5 && strcmp (argv[1], "content") == 0)
    {
      struct content content = { atoi (argv[2]), atoi (argv[3]), strtoull (argv[4], NULL, 0) };
      put_content (1, &content);
      return 0;
    }
  if (argc < 5)
    error (2, 0, "usage: cases-spcopy THEIRS OURS random SEED COUNT|pairs N|flags N, or content KIND SEED SIZE");
  programs[0] = argv[1];
  programs[1] = argv[2];
  every = strtoul (argv[4], NULL, 0);
  case_setup ();
  if (strcmp (argv[3], "pairs") == 0)
    pairs ();
  else if (strcmp (argv[3], "flags") == 0)
    flags_alone ();
  else if (strcmp (argv[3], "random") == 0 && argc == 6)
    random_cases (strtoull (argv[4], NULL, 0), strtoul (argv[5], NULL, 0));
  printf ("%lu cases, %lu differences\n", cases, differences);
  return cases == 0 || differences > 0;
}
