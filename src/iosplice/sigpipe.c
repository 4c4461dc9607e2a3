/* sigpipe.c - for programs that want EPIPE without SIGPIPE, whatever they do
   with the signal elsewhere.

   splice(2) and vmsplice(2) have no MSG_NOSIGNAL.  The kernel sends SIGPIPE to
   the thread that made the call, so holding it back there and taking it away
   is seen by nobody else.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "sigpipe.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

void
sigpipe_hold (struct sigpipe *held)
{
  sigset_t pipe, pending;

  sigemptyset (&pipe);
  sigaddset (&pipe, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &pipe, &held->before);
  held->pending = sigpending (&pending) == 0 && sigismember (&pending, SIGPIPE);
}

void
sigpipe_release (const struct sigpipe *held)
{
  static const struct timespec at_once;
  int saved = errno;
  sigset_t pipe;

  sigemptyset (&pipe);
  sigaddset (&pipe, SIGPIPE);
  if (!held->pending)
    while (sigtimedwait (&pipe, NULL, &at_once) < 0 && errno == EINTR)
      continue;
  pthread_sigmask (SIG_SETMASK, &held->before, NULL);
  errno = saved;
}
