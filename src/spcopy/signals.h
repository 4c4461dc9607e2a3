/* signals.h - what signals ask of spcopy while it copies.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_SIGNALS_H
#define SPCOPY_SIGNALS_H

#include <stdbool.h>

enum signals_wish
{
  SIGNALS_NOTHING,
  SIGNALS_TELL,                 /* SIGUSR1: print the statistics and go on */
  SIGNALS_END                   /* SIGINT: print them and die of it */
};

/* Listen to SIGUSR1, and to SIGINT unless it is ignored, as dd does.  */
void signals_install (void);

/* Is there a wish?  Cheap enough for every block.  */
bool signals_pending (void);

/* What is wished, once for each signal; SIGINT first.  */
enum signals_wish signals_take (void);

/* Die of SIGINT.  */
_Noreturn void signals_die (void);

#endif
