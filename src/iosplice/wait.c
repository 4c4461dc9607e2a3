/* wait.c - how a transfer waits for an end that is not ready.

   A process that sleeps on a pipe has to be woken by its neighbour, and on a
   machine with several processors that wake-up costs more than moving what is
   in the pipe.  A neighbour that is busy on another processor needs only
   microseconds to take or give the next page, so trying again for a short
   while is cheaper for both.  Where the neighbour is slow, or shares our
   processor, trying only burns time: each end doubles the number of waits
   that sleep at once when its trying was in vain, and forgets that when it
   succeeds.  sched_yield(2) instead of pausing looks better on an idle
   machine and is ruinous on a busy one.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "wait.h"

#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <time.h>

enum
{
  TRY_NANOSECONDS = 50 * 1000,
  PAUSES = 32,                  /* between two tries */
  MOST_PENALTY = 64
};

static uint64_t
now (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

static void
pause_briefly (void)
{
  for (int i = 0; i < PAUSES; i++)
    {
#if defined __x86_64__ || defined __i386__
      __builtin_ia32_pause ();
#elif defined __aarch64__ || defined __arm__
      __asm__ volatile ("yield");
#else
      __asm__ volatile ("");
#endif
    }
}

/* May this thread and a neighbour run at the same time?  */
static bool
several_processors (void)
{
  cpu_set_t allowed;

  return sched_getaffinity (0, sizeof allowed, &allowed) == 0 && CPU_COUNT (&allowed) > 1;
}

static void
begin_trying (struct wait *wait)
{
  if (!wait->asked)
    {
      wait->asked = true;
      wait->never = !several_processors ();
    }
  if (wait->asleep > 0)
    wait->asleep--;
  else if (!wait->never)
    {
      wait->trying = true;
      wait->until = now () + TRY_NANOSECONDS;
    }
}

static void
give_up_trying (struct wait *wait)
{
  wait->trying = false;
  wait->penalty = wait->penalty == 0 ? 1 : 2 * wait->penalty;
  if (wait->penalty > MOST_PENALTY)
    wait->penalty = MOST_PENALTY;
  wait->asleep = wait->penalty;
}

void
wait_for (struct wait *wait, int fd, short events, bool may_try)
{
  struct pollfd end = { .fd = fd, .events = events };

  if (may_try)
    {
      if (!wait->trying)
        begin_trying (wait);
      else if (now () >= wait->until)
        give_up_trying (wait);
      if (wait->trying)
        {
          pause_briefly ();
          return;
        }
    }
  /* EINTR is as good as ready: the caller tries again either way.  */
  poll (&end, 1, -1);
}

bool
wait_ready (int fd, short events)
{
  struct pollfd end = { .fd = fd, .events = events };

  return poll (&end, 1, 0) != 0;
}

void
wait_over (struct wait *wait)
{
  if (wait->trying)
    {
      wait->trying = false;
      wait->penalty = 0;
    }
}
