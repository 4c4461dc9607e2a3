/* wait.h - how a transfer waits for an end that is not ready.

   SPDX-License-Identifier: MIT */

#ifndef WAIT_H
#define WAIT_H

#include "names.h"

#include <stdbool.h>
#include <stdint.h>

/* One for each end: what waiting there has been like.  Zeros to start.  */
struct wait
{
  bool trying;
  bool asked;                   /* NEVER is known */
  bool never;                   /* with one processor no neighbour runs while we try */
  uint64_t until;               /* when trying ends, nanoseconds of CLOCK_MONOTONIC */
  unsigned penalty;             /* how many waits the next failure will cost the trying */
  unsigned asleep;              /* how many waits still go to sleep at once */
};

/* The end FD was not ready.  Returns when it is time to try again: at once
   after a short pause as long as trying is likely to pay, else when poll(2)
   says so.  EVENTS as for poll(2); MAY_TRY says that the end can be asked
   without blocking.  */
void wait_for (struct wait *, int fd, short events, bool may_try);

/* The end was ready.  */
void wait_over (struct wait *);

/* Is FD ready for EVENTS now, or broken?  */
bool wait_ready (int fd, short events);

#endif
