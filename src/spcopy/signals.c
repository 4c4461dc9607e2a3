/* signals.c - what do signals ask of spcopy?

   A handler only takes note; the wish is met where the counts are true.  A
   call that blocks is interrupted for that.  A signal that comes just before such a
   call would be heard only after it, so a timer interrupts again until somebody
   has listened.  It sends SIGURG, which does nothing to whoever does not ask for it.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

static volatile sig_atomic_t wishes_to_tell, wishes_to_end;
static timer_t timer;
static bool has_timer;

static void
repeat (bool on)
{
  const struct itimerspec often = { { 0, on ? 10 * 1000 * 1000 : 0 }, { 0, on ? 10 * 1000 * 1000 : 0 } };

  if (has_timer)
    timer_settime (timer, 0, &often, NULL);
}

static void
note (int number)
{
  int saved = errno;

  if (number == SIGINT)
    wishes_to_end = 1;
  else
    wishes_to_tell = 1;
  repeat (true);
  errno = saved;
}

static void
ignore (int number)
{
  (void) number;
}

void
signals_install (void)
{
  struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGURG };
  struct sigaction action = { .sa_handler = ignore }, before;

  sigaction (SIGURG, &action, NULL);
  has_timer = timer_create (CLOCK_MONOTONIC, &event, &timer) == 0;

  action.sa_handler = note;
  sigaddset (&action.sa_mask, SIGINT);
  sigaddset (&action.sa_mask, SIGUSR1);
  if (!getenv ("POSIXLY_CORRECT"))
    sigaction (SIGUSR1, &action, NULL);
  /* A second SIGINT ends whatever hangs.  */
  action.sa_flags = SA_NODEFER | SA_RESETHAND;
  if (sigaction (SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
    sigaction (SIGINT, &action, NULL);
}

bool
signals_pending (void)
{
  return wishes_to_tell || wishes_to_end;
}

enum signals_wish
signals_take (void)
{
  if (wishes_to_end)
    {
      repeat (false);
      return SIGNALS_END;
    }
  if (wishes_to_tell)
    {
      wishes_to_tell = 0;
      repeat (false);
      return SIGNALS_TELL;
    }
  return SIGNALS_NOTHING;
}

void
signals_die (void)
{
  signal (SIGINT, SIG_DFL);
  raise (SIGINT);
  exit (128 + SIGINT);          /* somebody blocks it */
}
