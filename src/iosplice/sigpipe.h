/* sigpipe.h - for programs that want EPIPE without SIGPIPE, whatever they do
   with the signal elsewhere.

   SPDX-License-Identifier: MIT */

#ifndef SIGPIPE_H
#define SIGPIPE_H

#include "names.h"

#include <signal.h>
#include <stdbool.h>

struct sigpipe
{
  sigset_t before;
  bool pending;                 /* one was there already, and is not ours */
};

/* Hold SIGPIPE back from this thread.  */
void sigpipe_hold (struct sigpipe *);

/* Forget one that came since then, and let through what others send.  errno is preserved.  */
void sigpipe_release (const struct sigpipe *);

#endif
