/* position.c - where does spcopy start: skip= and seek=?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "position.h"

#include "cli/message.h"
#include "input.h"

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

/* Read over EXTENT of the WHICH end, telling SUMMARY of each read.  Returns how many bytes that
   were, less than EXTENT where reads were short or the file ended, or -1 with errno.  */
static off_t
read_over (const struct operands *asked, int fd, const char *which, const struct extent *extent, size_t block,
           struct summary *summary)
{
  uintmax_t blocks = extent->bytes ? extent->number / block : extent->number;
  size_t rest = extent->bytes ? extent->number % block : 0;
  char *memory = malloc (block);
  ssize_t n = 1;
  off_t bytes = 0;

  if (!memory)
    summary_out_of_memory (summary, which, block);
  for (; n > 0 && blocks > 0; blocks--, bytes += n > 0 ? n : 0)
    n = input_read (asked, fd, memory, block, summary);
  if (n > 0 && rest > 0)
    {
      n = input_read (asked, fd, memory, rest, summary);
      bytes += n > 0 ? n : 0;
    }
  free (memory);
  return n < 0 ? -1 : bytes;
}

/* Seek forward by BYTES, which are -1 if they are too many for a file.  Returns the
   new position; -1 with errno where it could not be moved so far, and then, as
   dd has it, it is at the end; or -2, with errno of lseek(2), if FD cannot seek at all.  */
static off_t
seek_forward (int fd, off_t bytes)
{
  off_t position = bytes < 0 ? -1 : lseek (fd, bytes, SEEK_CUR);
  int why = bytes < 0 ? 0 : errno;

  if (position >= 0)
    return position;
  position = lseek (fd, 0, SEEK_END) < 0 ? -2 : -1;
  errno = position == -1 && bytes < 0 ? EOVERFLOW : why;
  return position;
}

/* A warning, which status=none keeps back.  */
static void
warn_skipped_less (const struct operands *asked, const struct end *in)
{
  if (asked->status != STATUS_NONE)
    message (0, "%s: cannot skip to specified offset", quote_name (in->name));
}

int
position_skip (const struct operands *asked, const struct end *in, struct summary *summary)
{
  const struct extent *skip = &asked->skip;
  off_t bytes = extent_bytes (skip, asked->input_block), position;
  struct stat st;

  if (skip->number == 0)
    return 0;
  position = seek_forward (in->fd, bytes);
  if (position == -1)
    {
      message (errno, "%s: cannot skip", quote_name (in->name));
      return -1;
    }
  if (position >= 0)
    {
      if (fstat (in->fd, &st) == 0 && S_ISREG (st.st_mode) && 0 < st.st_size && st.st_size < position)
        warn_skipped_less (asked, in);
      return 0;
    }
  position = read_over (asked, in->fd, "input", skip, asked->input_block, summary);
  if (position < 0)
    {
      message (errno, "error reading %s", quote_always (in->name));
      return -1;
    }
  if (position != bytes)
    warn_skipped_less (asked, in);
  return 0;
}

int
position_seek (const struct operands *asked, const struct end *out, struct summary *summary)
{
  const struct extent *seek = &asked->seek;
  const char *which = asked->same_block && !(asked->conversions & CONV_BYTES) ? "input" : "output";
  off_t position;
  int why;

  if (seek->number == 0)
    return 0;
  position = seek_forward (out->fd, extent_bytes (seek, asked->output_block));
  if (position >= 0)
    return 0;
  why = errno;
  if (position == -2 && read_over (asked, out->fd, which, seek, asked->output_block, summary) >= 0)
    return 0;
  message (why, "%s: cannot seek", quote_name (out->name));
  return -1;
}
