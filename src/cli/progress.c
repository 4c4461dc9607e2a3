/* progress.c - how far is a long transfer?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "message.h"
#include "options.h"
#include "progress.h"
#include "size.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 160 };

static const double interval = 0.1;     /* seconds between two drawings */

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

bool
progress_wanted (const char *when)
{
  static const char *const choices[] = { "auto", "always", "never", NULL };

  switch (when ? cli_choice ("--progress", when, choices) : 0)
    {
    case 0:
      return isatty (STDERR_FILENO);
    case 1:
      return true;
    default:
      return false;
    }
}

void
progress_start (struct progress *progress, bool shown, off_t total)
{
  *progress = (struct progress) { .shown = shown, .total = total };
  if (shown)
    {
      progress->started = now ();
      progress->due = progress->started + interval;
    }
}

/* SECONDS as "1:02:03" or "2:03".  */
static char *
put_time (char *out, double seconds)
{
  uintmax_t whole = seconds + 0.5;

  if (whole >= 3600)
    return out + sprintf (out, "%ju:%02ju:%02ju", whole / 3600, whole / 60 % 60, whole % 60);
  return out + sprintf (out, "%ju:%02ju", whole / 60, whole % 60);
}

static char *
put_bytes (char *out, uintmax_t bytes)
{
  return bytes < 1000 ? out + sprintf (out, "%ju B", bytes) : size_put (out, bytes, 1000);
}

/* "1.2 GB of 4.3 GB (28%), 1.1 GB/s, 0:03 left", or what of it is known.  */
static void
put_line (char *out, const struct progress *progress, double elapsed)
{
  uintmax_t total = progress->total < 0 ? 0 : progress->total;

  out = put_bytes (out, progress->done);
  if (total > 0 && progress->done <= total)
    {
      out = put_bytes (stpcpy (out, " of "), total);
      out += sprintf (out, " (%d%%)", (int) (100.0 * progress->done / total));
    }
  out = rate_put (stpcpy (out, ", "), progress->done, elapsed);
  if (progress->done > 0 && progress->done < total)
    strcpy (put_time (stpcpy (out, ", "), elapsed * (total - progress->done) / progress->done), " left");
  else
    strcpy (put_time (stpcpy (out, ", "), elapsed), "");
}

/* A line as wide as the terminal would wrap and could not be redrawn.  */
static int
columns (void)
{
  struct winsize size;

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 2 || size.ws_col > LINE_SIZE)
    return LINE_SIZE - 1;
  return size.ws_col - 1;
}

static void
draw (struct progress *progress, double time, const char *end)
{
  char line[LINE_SIZE];
  int length, most = columns ();

  message_locale ();            /* for the decimal point */
  put_line (line, progress, time - progress->started);
  length = strlen (line) < (size_t) most ? (int) strlen (line) : most;
  fprintf (stderr, "\r%.*s%*s%s", length, line,
           progress->length > length ? progress->length - length : 0, "", end);
  progress->length = length;
}

void
progress_add (struct progress *progress, size_t bytes)
{
  double time;

  progress->done += bytes;
  if (!progress->shown)
    return;
  time = now ();
  if (time < progress->due)
    return;
  draw (progress, time, "");
  progress->due = time + interval;
}

void
progress_clear (struct progress *progress)
{
  if (progress->length > 0)
    fprintf (stderr, "\r%*s\r", progress->length, "");
  progress->length = 0;
}

void
progress_end (struct progress *progress)
{
  if (progress->shown)
    draw (progress, now (), "\n");
  progress->length = 0;
}
