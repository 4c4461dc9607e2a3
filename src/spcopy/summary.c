/* summary.c - what does spcopy tell of its work?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "cli/message.h"
#include "cli/size.h"
#include "summary.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

/* Write "1500 bytes (1.5 kB, 1.5 KiB) copied, TIME s, RATE" to OUT, of at least
   TRANSFER_SIZE bytes; WHOLE seconds or all digits.  Returns the end.  */
enum { TRANSFER_SIZE = 256 };

static char *
put_transfer (char *out, const struct summary *summary, bool whole)
{
  double seconds = now () - summary->started;

  message_locale ();            /* for the decimal point */
  out += sprintf (out, summary->bytes == 1 ? "%ju byte" : "%ju bytes", summary->bytes);
  if (summary->bytes >= 1000)
    {
      out = size_put (stpcpy (out, " ("), summary->bytes, 1000);
      if (summary->bytes >= 1024)
        out = size_put (stpcpy (out, ", "), summary->bytes, 1024);
      out = stpcpy (out, ")");
    }
  out += sprintf (out, whole ? " copied, %.0f s, " : " copied, %g s, ", seconds);
  return rate_put (out, summary->bytes, seconds);
}

static bool
has_blocks (const struct extent *extent, size_t block)
{
  return extent->number >= (extent->bytes ? block : 1);
}

void
summary_start (struct summary *summary, const struct operands *asked)
{
  *summary = (struct summary) {
    .level = asked->status,
    .started = now (),
    .warns_of_short = asked->same_block && asked->status != STATUS_NONE && !(asked->input_flags & FLAG_FULLBLOCK)
      && (has_blocks (&asked->count, asked->input_block) || has_blocks (&asked->skip, asked->input_block)
          || (asked->input_flags | asked->output_flags) & FLAG_DIRECT),
  };
  summary->next_progress = summary->started + 1;
}

void
summary_expect (struct summary *summary, off_t total)
{
  progress_start (&summary->bar, summary->level == STATUS_BAR, total);
}

/* A line is due at each whole second; after a wait of several the lines
   that were missed follow at the next calls, as dd's do.  */
void
summary_progress (struct summary *summary)
{
  char line[TRANSFER_SIZE];
  int length;

  progress_add (&summary->bar, summary->bytes - summary->bar.done);
  if (summary->level != STATUS_PROGRESS || now () < summary->next_progress)
    return;
  length = put_transfer (line, summary, true) - line;
  fprintf (stderr, "\r%-*s", summary->progress_length, line);
  summary->progress_length = length;
  summary->next_progress += 1;
}

void
summary_read (struct summary *summary, size_t asked, size_t got)
{
  if (got > 0 && 0 < summary->last_read && summary->last_read < asked && summary->warns_of_short)
    {
      summary->warns_of_short = false;
      summary_clear (summary);
      message (0, summary->last_read == 1 ? "warning: partial read (%zu byte); suggest iflag=fullblock"
               : "warning: partial read (%zu bytes); suggest iflag=fullblock", summary->last_read);
    }
  summary->last_read = got;
}

void
summary_clear (struct summary *summary)
{
  progress_clear (&summary->bar);
  if (summary->progress_length)
    fputc ('\n', stderr);
  summary->progress_length = 0;
}

void
summary_end (struct summary *summary)
{
  summary->bar.done = summary->bytes;
  progress_end (&summary->bar);
  summary_clear (summary);
}

void
summary_out_of_memory (struct summary *summary, const char *which, size_t size)
{
  char human[32];

  size_put (human, size, 1024);
  summary_clear (summary);
  message (0, "memory exhausted by %s buffer of size %zu bytes (%s)", which, size, human);
  exit (EXIT_FAILURE);
}

void
summary_print (struct summary *summary)
{
  char line[TRANSFER_SIZE], truncated[64] = "";

  summary_clear (summary);
  if (summary->level == STATUS_NONE)
    return;
  if (summary->truncated > 0)
    sprintf (truncated, summary->truncated == 1 ? "%ju truncated record\n" : "%ju truncated records\n", summary->truncated);
  *line = '\0';
  if (summary->level != STATUS_NOXFER)
    strcpy (put_transfer (line, summary, false), "\n");
  fprintf (stderr, "%ju+%ju records in\n%ju+%ju records out\n%s%s", summary->full_in, summary->partial_in,
           summary->full_out, summary->partial_out, truncated, line);
}
