/* progress.h - one line on standard error that tells how far a long transfer
   is, redrawn in place.

   SPDX-License-Identifier: MIT */

#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct progress
{
  bool shown;
  off_t total;                  /* bytes that will come; -1 if nobody knows */
  uintmax_t done;               /* bytes so far */
  double started, due;          /* seconds, CLOCK_MONOTONIC */
  int length;                   /* columns of the line on the screen; 0 if none is there */
};

/* Would a line be seen?  WHEN is the argument of --progress, NULL if it had
   none: "auto" asks whether standard error is a terminal, "always" and "never"
   say.  Any other is told and exits 1.  */
bool progress_wanted (const char *when);

/* Begin; without SHOWN the other functions do nothing.  */
void progress_start (struct progress *, bool shown, off_t total);

/* BYTES more have arrived; redraws the line when it is due.  */
void progress_add (struct progress *, size_t bytes);

/* Wipe the line off the screen, so that a message starts on a clean one.  */
void progress_clear (struct progress *);

/* Draw the line a last time and end it.  */
void progress_end (struct progress *);

#endif
