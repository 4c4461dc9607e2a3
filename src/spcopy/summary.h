/* summary.h - what spcopy tells of its work: dd's statistics, to the letter.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_SUMMARY_H
#define SPCOPY_SUMMARY_H

#include "cli/progress.h"
#include "operands.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The counts so far; a record is a block that was read or written, full or partial.  */
struct summary
{
  enum status_level level;
  uintmax_t full_in, partial_in, full_out, partial_out; /* records */
  uintmax_t bytes;              /* written */
  uintmax_t truncated;          /* records that conv=block cut off */
  double started;               /* seconds, CLOCK_MONOTONIC */
  double next_progress;         /* when the progress line is due again */
  int progress_length;          /* columns of the progress line on the screen; 0 if none is there */
  bool breaks_off;              /* as dd does in some failures: if synchronizing fails too, without statistics */
  bool warns_of_short;          /* a short read in the middle is worth a warning, once */
  size_t last_read;             /* length of the last read, in bytes */
  struct progress bar;          /* of status=bar */
};

void summary_start (struct summary *, const struct operands *);

/* With status=bar: TOTAL bytes will come, or -1 if nobody knows.  */
void summary_expect (struct summary *, off_t total);

/* With status=progress or bar: rewrite the line on standard error when that is due.  */
void summary_progress (struct summary *);

/* A read of ASKED bytes gave GOT.  Who counts blocks, or wants them direct, and gets
   a short one in the middle, is warned.  */
void summary_read (struct summary *, size_t asked, size_t got);

/* There is no memory for a block of SIZE bytes, the input's or the output's: tell WHICH, and exit 1.  */
_Noreturn void summary_out_of_memory (struct summary *, const char *which, size_t size);

/* End the progress line, or wipe the bar, if one is on the screen, so that a message starts on a line of its own.  */
void summary_clear (struct summary *);

/* Nothing more will move: draw the bar a last time, end the progress line.  */
void summary_end (struct summary *);

/* "N+M records in", "N+M records out" and, unless noxfer, the bytes, time and rate.  */
void summary_print (struct summary *);

#endif
