/* io.c - single calls that resume, and pipes: for the pump, and for callers that
   work on the bytes themselves.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "endpoint.h"
#include "iosplice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

ssize_t
iosplice_read (int fd, void *bytes, size_t size)
{
  struct endpoint end = { .fd = fd };
  struct wait wait = { 0 };
  ssize_t n;

  while ((n = endpoint_read (&end, bytes, size)) < 0 && errno == EAGAIN)
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
      else
        {
          if (n == 0)
            errno = ENOSPC;
          break;
        }
    }
  return done;
}

long
iosplice_pipe_grow (int fd, size_t capacity)
{
  int saved = errno;
  int size = fcntl (fd, F_GETPIPE_SZ);

  if (capacity > INT_MAX)
    capacity = INT_MAX;
  if (size < 0)
    {
      /* The kernel says EBADF of an open file that is no pipe, too.  */
      if (errno == EBADF && fcntl (fd, F_GETFD) >= 0)
        errno = EINVAL;
      return -1;
    }
  for (int larger; (size_t) size < capacity; capacity /= 2)
    if ((larger = fcntl (fd, F_SETPIPE_SZ, (int) capacity)) >= 0)
      size = larger;
  errno = saved;
  return size;
}

static int
move_above_standard (int *fd)
{
  int moved;

  if (*fd > STDERR_FILENO)
    return 0;
  moved = fcntl (*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (moved < 0)
    return -1;
  close (*fd);
  *fd = moved;
  return 0;
}

int
iosplice_pipe (int ends[2], size_t capacity)
{
  int saved = errno;

  ends[0] = ends[1] = -1;
  if (pipe2 (ends, O_CLOEXEC) < 0)
    return -1;
  if (move_above_standard (&ends[0]) < 0 || move_above_standard (&ends[1]) < 0)
    {
      saved = errno;
      close (ends[0]);
      close (ends[1]);
      ends[0] = ends[1] = -1;
      errno = saved;
      return -1;
    }
  if (capacity > 0)
    iosplice_pipe_grow (ends[0], capacity);
  errno = saved;
  return 0;
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
