/* case.h - one case of the differential test of spcopy: a command and what it is run on.

   SPDX-License-Identifier: MIT */

#ifndef TESTS_CASE_H
#define TESTS_CASE_H

#include "lib/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define COUNT(array) (sizeof (array) / sizeof *(array))

enum
{ PIECES = 24, OPERANDS = 20, OPERAND_SIZE = 96, LARGEST_PIECE = 65536 };

/* No case makes a file or an output larger than this, in bytes, unless it seeks there: what never ends must not fill a disk.  */
enum
{ SANE = 128 << 20 };

/* What standard input is.  */
enum source
{ FROM_NULL, FROM_FILE, FROM_PIPE, FROM_LOADED_PIPE, FROM_OPEN_PIPE, FROM_STREAM, FROM_MESSAGES, FROM_ZERO,
  FROM_DIRECTORY, FROM_WRITE_ONLY, FROM_NOTHING
};

/* What standard output is.  TO_FILE is `old' as it is, TO_SAME standard input's own description.  */
enum sink
{ TO_PIPE, TO_NEW, TO_FILE, TO_APPENDED, TO_SAME, TO_PACKETS, TO_STREAM, TO_MESSAGES, TO_NULL, TO_FULL, TO_BROKEN_PIPE,
  TO_READ_ONLY, TO_NOTHING
};

enum kind
{ BYTES, TEXT, PADDED, GAPS, HOLES, ZEROS, KINDS };

struct content
{
  enum kind kind;
  unsigned seed;
  size_t size;
};

struct test_case
{
  char operand[OPERANDS][OPERAND_SIZE];
  int operands;
  struct content in, old;
  enum source source;
  off_t in_at;                  /* where FROM_FILE stands */
  size_t piece[PIECES];         /* what a pipe is fed, FIFO in or standard input */
  int pieces;
  enum sink sink;
  off_t out_at;                 /* where TO_FILE and TO_SAME stand */
  size_t limit;                 /* of a file's size, with SIGXFSZ ignored; 0 for none */
  bool utf8, ignores_pipe;
  bool needs_count;             /* or it might never end */
  bool far;                     /* seeks beyond SANE bytes */
};

/* Where ours differs on purpose: change what the two have said so that it does not, in cases-spcopy.c.  */
void excuse (const struct test_case *, char *theirs, char *ours);

/* Whether the case is one where ours differs on purpose in more than that, so that it is none; there too.  */
bool is_excepted (const struct test_case *);

/* What runs a case: theirs, then ours.  */
extern const char *programs[2];

/* Make the directories that cases run in, in the current one.  */
void case_setup (void);

/* Whether an operand of the case begins with TEXT.  */
bool has_operand (const struct test_case *, const char *text);

/* Run the case with both programs and compare, telling STREAM of differences.  It is no case if theirs does not end or it is excepted.  */
enum verdict
{ SAME, DIFFERENT, NO_CASE };
enum verdict case_run (const struct test_case *, FILE *stream);

/* Drop from a case that differs what is not needed for that.  */
void case_make_smaller (struct test_case *);

/* Print the case as a command line.  */
void case_print (const struct test_case *);

/* Write the content of a file.  */
void put_content (int fd, const struct content *);

/* Exit 2 with a message about errno.  */
_Noreturn void failed (const char *what);

#define check(good, what) ((good) ? (void) 0 : failed (what))

#endif
