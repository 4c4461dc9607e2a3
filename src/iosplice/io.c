/* io.c - single calls that resume: for callers that arrange them themselves.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "endpoint.h"
#include "iosplice.h"
#include "sigpipe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <unistd.h>

ssize_t
iosplice_read (int fd, void *bytes, size_t size)
{
  struct endpoint end = { .fd = fd };
  struct wait wait = { 0 };
  ssize_t n;

  while ((n = endpoint_read (&end, bytes, size)) < 0 && (errno == EAGAIN || errno == EINTR))
    if (errno == EAGAIN)
      wait_for (&wait, fd, POLLIN, false);
  return n;
}

size_t
iosplice_write (int fd, const void *bytes, size_t size)
{
  const struct endpoint end = { .fd = fd };
  struct wait wait = { 0 };
  size_t done = 0;

  while (done < size)
    {
      ssize_t n = endpoint_write (&end, (const char *) bytes + done, size - done, NULL);

      if (n > 0)
        done += n;
      else if (n < 0 && errno == EAGAIN)
        wait_for (&wait, fd, POLLOUT, false);
      else if (n == 0 || errno != EINTR)
        {
          if (n == 0)
            errno = ENOSPC;
          break;
        }
    }
  return done;
}

/* splice and tee do not say which end was not ready.  */
static void
wait_for_either (int from, int to)
{
  struct pollfd source = { .fd = from, .events = POLLIN };
  struct pollfd sink = { .fd = to, .events = POLLOUT };

  poll (poll (&source, 1, 0) > 0 ? &sink : &source, 1, -1);
}

/* Are FLAGS flags of these calls?  Sets errno if not.  */
static bool
known_flags (unsigned flags)
{
  const unsigned known =
    IOSPLICE_MOVE | IOSPLICE_NONBLOCK | IOSPLICE_MORE | IOSPLICE_WAIT_ALL | IOSPLICE_NO_SIGPIPE;

  if (flags & ~known)
    errno = EINVAL;
  return !(flags & ~known);
}

static unsigned
splice_flags (unsigned flags)
{
  return (flags & IOSPLICE_NONBLOCK ? SPLICE_F_NONBLOCK : 0) | (flags & IOSPLICE_MORE ? SPLICE_F_MORE : 0)
    | (flags & IOSPLICE_MOVE ? SPLICE_F_MOVE : 0);
}

/* What a call returns that moved DONE bytes before N, with errno, stopped it.  */
static ssize_t
outcome (size_t done, ssize_t n)
{
  if (n == 0)
    errno = 0;
  if (done > 0 || n == 0)
    return done;
  return errno == EAGAIN ? IOSPLICE_WOULD_BLOCK : -1;
}

static ssize_t
splice_all (int from, off_t *from_offset, int to, off_t *to_offset, size_t size, unsigned flags)
{
  enum { MOST = 1 << 30 };      /* more than the kernel moves at once; an offset plus SIZE_MAX is EINVAL */
  size_t done = 0;

  while (done < size)
    {
      size_t left = size - done;
      ssize_t n = splice (from, from_offset, to, to_offset, left < MOST ? left : MOST, splice_flags (flags));

      if (n > 0)
        done += n;
      else if (n < 0 && errno == EAGAIN && !(flags & IOSPLICE_NONBLOCK))
        wait_for_either (from, to);
      else if (n == 0 || errno != EINTR)
        return outcome (done, n);
      if (done > 0 && !(flags & IOSPLICE_WAIT_ALL))
        break;
    }
  return done;
}

ssize_t
iosplice_splice (int from, off_t *from_offset, int to, off_t *to_offset, size_t size, unsigned flags)
{
  struct sigpipe held;
  ssize_t n;

  if (!known_flags (flags))
    return -1;
  if (!(flags & IOSPLICE_NO_SIGPIPE))
    return splice_all (from, from_offset, to, to_offset, size, flags);
  sigpipe_hold (&held);
  n = splice_all (from, from_offset, to, to_offset, size, flags);
  sigpipe_release (&held);
  return n;
}

/* Sleep until the pipe FD holds SIZE bytes or its writers are gone.  poll(2)
   says only that it holds something, so this asks to hear of every change.  */
static int
wait_for_content (int fd, size_t size)
{
  enum { ANYWAY = 100 };        /* milliseconds: before Linux 5.14 a change could go by unheard */
  struct epoll_event event = { .events = EPOLLIN | EPOLLET };
  long held = iosplice_pipe_held (fd);
  int poller, saved;

  if (held < 0 || (size_t) held >= size)
    return held < 0 ? -1 : 0;
  /* The writing end never hears of it.  */
  if ((fcntl (fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
    {
      errno = EBADF;
      return -1;
    }
  poller = epoll_create1 (EPOLL_CLOEXEC);
  if (poller < 0)
    return -1;
  held = -1;
  if (epoll_ctl (poller, EPOLL_CTL_ADD, fd, &event) == 0)
    do
      held = iosplice_pipe_held (fd);
    while (held >= 0 && (size_t) held < size && !(event.events & EPOLLHUP)
           && (epoll_wait (poller, &event, 1, ANYWAY) >= 0 || errno == EINTR));
  saved = errno;
  close (poller);
  errno = saved;
  return held < 0 ? -1 : 0;
}

/* Why a tee of all gave only N bytes: FROM will never hold more, or one of the pipes may later.  */
static int
why_short (int from, ssize_t n)
{
  struct pollfd source = { .fd = from, .events = POLLIN };

  return poll (&source, 1, 0) > 0 && source.revents & POLLHUP && iosplice_pipe_held (from) <= n ? 0 : EAGAIN;
}

ssize_t
iosplice_tee (int from, int to, size_t size, unsigned flags)
{
  struct sigpipe held;
  ssize_t n;

  if (!known_flags (flags))
    return -1;
  if (size > INT_MAX)
    size = INT_MAX;
  if (flags & IOSPLICE_WAIT_ALL && !(flags & IOSPLICE_NONBLOCK)
      && (iosplice_pipe_capacity (to) < 0 || wait_for_content (from, size) < 0))
    return -1;
  if (flags & IOSPLICE_NO_SIGPIPE)
    sigpipe_hold (&held);
  while ((n = tee (from, to, size, splice_flags (flags))) < 0)
    if (errno == EAGAIN && !(flags & IOSPLICE_NONBLOCK))
      wait_for_either (from, to);
    else if (errno != EINTR)
      break;
  if (n <= 0)
    n = outcome (0, n);
  else if (flags & IOSPLICE_WAIT_ALL && (size_t) n < size)
    errno = why_short (from, n);
  if (flags & IOSPLICE_NO_SIGPIPE)
    sigpipe_release (&held);
  return n;
}

/* The next buffers of a list, as far as they fit, without what is DONE of the first.  */
static int
take_buffers (struct iovec *window, int most, const struct iovec *buffers, int count, size_t done)
{
  int n = count < most ? count : most;

  for (int i = 0; i < n; i++)
    window[i] = buffers[i];
  window[0].iov_base = (char *) window[0].iov_base + done;
  window[0].iov_len -= done;
  return n;
}

static ssize_t
vmsplice_all (int pipe, const struct iovec *buffers, int count, unsigned flags)
{
  enum { WINDOW = 64 };
  struct iovec window[WINDOW];
  size_t done = 0, first = 0;   /* FIRST: how much of the first buffer is in the pipe */

  for (;;)
    {
      ssize_t n;

      while (count > 0 && first >= buffers->iov_len)
        {
          first -= buffers->iov_len;
          buffers++;
          count--;
        }
      if (count <= 0)
        return done;
      n = vmsplice (pipe, window, take_buffers (window, WINDOW, buffers, count, first), splice_flags (flags));
      if (n > 0)
        {
          done += n;
          first += n;
        }
      else if (n < 0 && errno == EAGAIN && !(flags & IOSPLICE_NONBLOCK))
        poll (&(struct pollfd) { .fd = pipe, .events = POLLOUT }, 1, -1);
      else if (n == 0 || errno != EINTR)
        return outcome (done, n);
    }
}

ssize_t
iosplice_vmsplice (int pipe, const struct iovec *buffers, int count, unsigned flags)
{
  int mode = fcntl (pipe, F_GETFL);
  struct sigpipe held;
  ssize_t n;

  /* Of the reading end vmsplice(2) would fill the buffers.  */
  if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY || count < 0)
    {
      errno = count < 0 ? EINVAL : EBADF;
      return -1;
    }
  if (!known_flags (flags))
    return -1;
  if (!(flags & IOSPLICE_NO_SIGPIPE))
    return vmsplice_all (pipe, buffers, count, flags);
  sigpipe_hold (&held);
  n = vmsplice_all (pipe, buffers, count, flags);
  sigpipe_release (&held);
  return n;
}

ssize_t
iosplice_peek (int from, int to)
{
  int saved = errno;
  ssize_t n;

  do
    n = tee (from, to, INT_MAX, SPLICE_F_NONBLOCK);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    {
      errno = saved;
      return 0;
    }
  return n;
}
