/* ends.h - the two ends of the copy: opened, synchronized, closed.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_ENDS_H
#define SPCOPY_ENDS_H

#include "cache.h"
#include "operands.h"

struct end
{
  int fd;
  const char *name;             /* as messages call it */
  unsigned mine;                /* IOSPLICE_MINE if we opened it, else 0 */
  struct cache cache;
};

/* Open if= or take standard input, and of= or standard output, with the flags that were asked for;
   of= is truncated as dd does.  A failure is told and ends the program with status 1.  */
struct end end_open_input (const struct operands *);
struct end end_open_output (const struct operands *);

/* What is to be done when nothing more is written, also after an error by which the run BROKE_OFF:
   conv=fdatasync,fsync and nocache.  Returns 0, or -1 after messages.  */
int ends_finish (const struct operands *, struct end *in, struct end *out, bool broke_off);

/* Close an end, the "input" or "output" by WHICH.  A failure is told and ends the program with status 1.  */
void end_close (const struct end *, const char *which);

#endif
