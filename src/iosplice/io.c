/* io.c - read, write and pipe capacity for callers that work on the bytes themselves.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "endpoint.h"
#include "iosplice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>

ssize_t
iosplice_read (int fd, void *bytes, size_t size)
{
  const struct endpoint end = { .fd = fd };
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
      if (errno != EBADF)
        errno = EINVAL;
      return -1;
    }
  for (int larger; (size_t) size < capacity; capacity /= 2)
    if ((larger = fcntl (fd, F_SETPIPE_SZ, (int) capacity)) >= 0)
      size = larger;
  errno = saved;
  return size;
}
