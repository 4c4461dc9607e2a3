/* format.h - the bytes changed for cat's -n -b -s -E -T -v.

   SPDX-License-Identifier: MIT */

#ifndef SPCAT_FORMAT_H
#define SPCAT_FORMAT_H

#include "cli/progress.h"
#include "iosplice/iosplice.h"

#include <stdbool.h>

enum
{
  /* Room for a line number's text.  No run lives to see a number of more than 20 digits.  */
  FORMAT_NUMBER = 24
};

struct format
{
  /* What is asked, set by the caller before format_start.  */
  bool number;                  /* -n */
  bool number_nonblank;         /* -b, overrides -n */
  bool squeeze_blank;           /* -s */
  bool show_ends;               /* -E */
  bool show_tabs;               /* -T */
  bool show_nonprinting;        /* -v */

  /* Where in the text we are, carried over from input to input.  */
  unsigned char before[2];      /* the last two bytes */
  bool held;                    /* and then a CR, which awaits the byte behind it to be shown */
  char digit;                   /* the line number's last digit */
  unsigned char first;          /* where the rest begins in */
  char line[2 * FORMAT_NUMBER]; /* right-aligned before a tab in the middle; copies of constant size run into the other half */

  /* What each byte becomes.  */
  struct
  {
    char text[4];
    unsigned length;
  } shown[256];
};

/* Does any option ask for a change?  */
bool format_wanted (const struct format *);

/* Stand before the first byte of the first input.  */
void format_start (struct format *);

struct format_ends
{
  int in, out;
  bool messages;                /* a read of IN must have room for the largest message */
};

/* Copy one end to the other until end of file, changed as asked, and tell
   PROGRESS.  What one read gave is written before the next, but for a CR at
   its end that -E may have to show.  Uses buffers of the program's: one thread only.

   Returns 0, or -1 with errno of read(2) or write(2) and the end that failed in *FAILED.  */
int format_copy (struct format *, const struct format_ends *, struct progress *, enum iosplice_side *failed);

/* Write what is held back when no input follows.  Returns as format_copy.  */
int format_finish (struct format *, int out, enum iosplice_side *failed);

#endif
