/* files.c - how is a file opened so that it never becomes standard input,
   output or error, and a signal does not fail it?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "files.h"

#include <errno.h>
#include <sys/stat.h>
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

off_t
bytes_left (int fd)
{
  struct stat st;
  off_t position;

  if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode) || (position = lseek (fd, 0, SEEK_CUR)) < 0)
    return -1;
  return position < st.st_size ? st.st_size - position : 0;
}
