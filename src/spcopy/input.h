/* input.h - one input block, read as dd reads it.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_INPUT_H
#define SPCOPY_INPUT_H

#include "operands.h"
#include "summary.h"

#include <stdbool.h>
#include <sys/types.h>

/* One read(2) of SIZE bytes into BLOCK, or with iflag=fullblock as many as a block takes, told to SUMMARY.
   Signals are heard meanwhile.  Returns and errno as read(2).  */
ssize_t input_read (const struct operands *, int fd, char *block, size_t size, struct summary *);

/* A call on FD failed: may it be made again?  It may after a signal, and
   where nonblock is not among FLAGS when poll(2) sees EVENTS.  */
bool input_again (int fd, short events, unsigned flags, struct summary *);

/* Tell SUMMARY if a signal has asked for it.  Returns true if SIGINT has come, of which input_die dies.  */
bool input_heed (struct summary *);
_Noreturn void input_die (struct summary *);

#endif
