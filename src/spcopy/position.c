/* position.c - where spcopy starts: skip= and seek=.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "position.h"

#include "iosplice/iosplice.h"
#include "cli/message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

off_t
extent_bytes (const struct extent *extent, size_t block)
{
  off_t bytes;

  if (__builtin_mul_overflow (extent->number, extent->bytes ? 1 : block, &bytes))
    return -1;
  return bytes;
}

/* Read over EXTENT, telling SUMMARY of each read.  Returns how many bytes that
   were, less than EXTENT where reads were short or the file ended, or -1 with errno.  */
static off_t
read_over (int fd, const struct extent *extent, size_t block, struct summary *summary)
{
  uintmax_t blocks = extent->bytes ? extent->number / block : extent->number;
  size_t rest = extent->bytes ? extent->number % block : 0;
  char *memory = malloc (block);
  ssize_t n = 1;
  off_t bytes = 0;

  if (!memory)
    summary_out_of_memory (summary, "input", block);
  for (; n > 0 && (blocks > 0 || rest > 0); bytes += n > 0 ? n : 0)
    {
      size_t size = blocks > 0 ? block : rest;

      n = iosplice_read (fd, memory, size);
      if (n >= 0)
        summary_read (summary, size, n);
      if (blocks > 0)
        blocks--;
      else
        rest = 0;
    }
  free (memory);
  return n < 0 ? -1 : bytes;
}

static bool
can_seek (int fd)
{
  return lseek (fd, 0, SEEK_CUR) >= 0;
}

int
position_skip (int fd, const char *name, const struct extent *skip, size_t block, struct summary *summary)
{
  off_t bytes = extent_bytes (skip, block), position;
  struct stat st;

  if (skip->number == 0)
    return 0;
  if (can_seek (fd))
    {
      errno = EOVERFLOW;
      position = bytes < 0 ? -1 : lseek (fd, bytes, SEEK_CUR);
      if (position < 0)
        {
          message (errno, "%s: cannot skip", quote_name (name));
          return -1;
        }
      if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && 0 < st.st_size && st.st_size < position)
        message (0, "%s: cannot skip to specified offset", quote_name (name));
      return 0;
    }
  position = read_over (fd, skip, block, summary);
  if (position < 0)
    {
      message (errno, "error reading %s", quote_always (name));
      return -1;
    }
  if (position != bytes)
    message (0, "%s: cannot skip to specified offset", quote_name (name));
  return 0;
}

int
position_seek (int fd, const char *name, const struct extent *seek, size_t block, struct summary *summary)
{
  off_t bytes = extent_bytes (seek, block);
  int why;

  if (seek->number == 0)
    return 0;
  errno = EOVERFLOW;
  if (bytes >= 0 && lseek (fd, bytes, SEEK_CUR) >= 0)
    return 0;
  why = errno;
  if (!can_seek (fd) && read_over (fd, seek, block, summary) >= 0)
    return 0;
  message (why, "%s: cannot seek", quote_name (name));
  return -1;
}
