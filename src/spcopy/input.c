/* input.c - how is one input block read?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "input.h"

#include "signals.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

bool
input_heed (struct summary *summary)
{
  enum signals_wish wish = signals_pending () ? signals_take () : SIGNALS_NOTHING;

  if (wish == SIGNALS_TELL)
    summary_print (summary);
  return wish == SIGNALS_END;
}

void
input_die (struct summary *summary)
{
  summary_print (summary);
  signals_die ();
}

bool
input_again (int fd, short events, unsigned flags, struct summary *summary)
{
  struct pollfd end = { .fd = fd, .events = events };

  if (errno == EAGAIN && !(flags & FLAG_NONBLOCK))
    poll (&end, 1, -1);
  else if (errno != EINTR)
    return false;
  if (input_heed (summary))
    input_die (summary);
  return true;
}

ssize_t
input_read (const struct operands *asked, int fd, char *block, size_t size, struct summary *summary)
{
  size_t done = 0;
  ssize_t n;

  do
    {
      do
        n = read (fd, block + done, size - done);
      while (n < 0 && input_again (fd, POLLIN, asked->input_flags, summary));
      if (n < 0)
        return -1;
      done += n;
    }
  while (n > 0 && done < size && asked->input_flags & FLAG_FULLBLOCK);
  summary_read (summary, size, done);
  return done;
}
