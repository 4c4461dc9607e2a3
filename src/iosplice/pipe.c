/* pipe.c - pipes: how to make one, how much it holds and can hold.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "iosplice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The kernel says EBADF of an open file that is no pipe, too.  */
static long
ask (int fd, int command, int argument)
{
  int result = fcntl (fd, command, argument);

  if (result < 0 && errno == EBADF && fcntl (fd, F_GETFD) >= 0)
    errno = EINVAL;
  return result;
}

long
iosplice_pipe_capacity (int fd)
{
  return ask (fd, F_GETPIPE_SZ, 0);
}

long
iosplice_pipe_resize (int fd, size_t capacity)
{
  if (capacity > INT_MAX)
    {
      errno = EINVAL;
      return -1;
    }
  return ask (fd, F_SETPIPE_SZ, (int) capacity);
}

long
iosplice_pipe_held (int fd)
{
  int held;

  if (ask (fd, F_GETPIPE_SZ, 0) < 0 || ioctl (fd, FIONREAD, &held) < 0)
    return -1;
  return held;
}

long
iosplice_pipe_default (void)
{
  int ends[2];
  long capacity;

  if (iosplice_pipe (ends, 0) < 0)
    return -1;
  capacity = iosplice_pipe_capacity (ends[0]);
  close (ends[0]);
  close (ends[1]);
  return capacity;
}

long
iosplice_pipe_most (void)
{
  long most = 1024L * 1024;
  FILE *file = fopen ("/proc/sys/fs/pipe-max-size", "re");

  if (file)
    {
      if (fscanf (file, "%ld", &most) != 1)
        most = 1024L * 1024;
      fclose (file);
    }
  return most;
}

long
iosplice_pipe_grow (int fd, size_t capacity)
{
  int saved = errno;
  long size = iosplice_pipe_capacity (fd);

  if (size < 0)
    return -1;
  if (capacity > INT_MAX)
    capacity = INT_MAX;
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

  if (pipe2 (ends, O_CLOEXEC) < 0)
    {
      ends[0] = ends[1] = -1;
      return -1;
    }
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
