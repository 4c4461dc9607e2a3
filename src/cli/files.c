/* files.c - how is a file opened so that it never becomes standard input,
   output or error, and a signal does not fail it?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "files.h"

#include <errno.h>
#include <unistd.h>

int
cli_open (const char *name, int flags, mode_t mode)
{
  int fd, moved, saved;

  do
    fd = open (name, flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  if (fd < 0 || fd > STDERR_FILENO)
    return fd;

  moved = fcntl (fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  saved = errno;
  close (fd);
  errno = saved;
  return moved;
}
