/* single.c - each block is one real read and one real write, as dd does them.

   People measure disks with it, and devices tell blocks apart.  Here too are
   blocks of other sizes gathered, bytes converted, read errors skipped and holes left.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "copy.h"

#include "cli/message.h"
#include "convert.h"
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct single
{
  struct copy *copy;
  struct convert *convert;      /* NULL: bytes stay as they are */
  char *input;                  /* one input block */
  char *output;                 /* the output block that is being gathered; NULL: input blocks are written as they are */
  size_t gathered;              /* how much of it is there, in bytes */
  size_t written;               /* of the block that is being written */
  size_t partial;               /* length of the last input block, if it was short, or 0; stays over errors, as dd's does */
  off_t position;               /* of the input, as far as it was read well; -1: it has none */
  bool no_holes;                /* the output cannot seek */
  bool ends_with_hole;
};

static bool
all_zeros (const char *bytes, size_t size)
{
  return bytes[0] == 0 && memcmp (bytes, bytes + 1, size - 1) == 0;
}

/* Leave a hole of SIZE bytes.  Returns false if the output cannot seek.  */
static bool
leave_hole (struct single *single, size_t size)
{
  single->ends_with_hole = !single->no_holes && lseek (single->copy->out.fd, size, SEEK_CUR) >= 0;
  single->no_holes = !single->ends_with_hole;
  return single->ends_with_hole;
}

/* O_DIRECT takes whole blocks only; ends_finish does the rest by other means.  */
static void
drop_direct (struct single *single)
{
  const struct side *out = &single->copy->out;
  int flags = fcntl (out->fd, F_GETFL);

  if (flags >= 0 && fcntl (out->fd, F_SETFL, flags & ~O_DIRECT) < 0 && single->copy->summary->level != STATUS_NONE)
    message (errno, "failed to turn off O_DIRECT: %s", quote_always (out->name));
}

/* A signal that ends us finds a block that was begun counted.  */
static bool
write_again (struct single *single)
{
  struct copy *copy = single->copy;
  bool again;

  copy->summary->partial_out += single->written > 0;
  again = input_again (copy->out.fd, POLLOUT, copy->asked->output_flags, copy->summary);
  copy->summary->partial_out -= single->written > 0;
  return again;
}

static int
write_block (struct single *single, const char *bytes, size_t size)
{
  struct copy *copy = single->copy;
  const struct operands *asked = copy->asked;
  ssize_t n = 0;

  if (asked->output_flags & FLAG_DIRECT && size < asked->output_block)
    drop_direct (single);
  if (asked->conversions & CONV_SPARSE && !single->no_holes && all_zeros (bytes, size) && leave_hole (single, size))
    {
      copy_count_output (copy, size);
      return 0;
    }
  single->ends_with_hole = false;
  for (single->written = 0; single->written < size; copy->summary->bytes += n, single->written += n)
    {
      do
        n = write (copy->out.fd, bytes + single->written, size - single->written);
      while (n < 0 && write_again (single));
      if (n <= 0)
        break;
      cache_moved (copy->out.cache, n);
    }
  if (n == 0)
    errno = ENOSPC;
  copy->summary->bytes -= single->written;
  copy_count_output (copy, single->written);
  n = single->written < size ? -1 : 0;
  single->written = 0;
  if (n < 0)
    copy_write_error (copy, size);
  return n;
}

/* Add SIZE bytes to the output.  What makes a block by itself is not moved once more,
   except for O_DIRECT, which wants memory that is aligned.  */
static int
gather (void *context, const char *bytes, size_t size)
{
  struct single *single = context;
  size_t block = single->copy->asked->output_block;
  bool direct = single->copy->asked->output_flags & FLAG_DIRECT;

  while (size > 0)
    {
      bool whole = single->gathered == 0 && size >= block && !direct;
      size_t part = whole ? block : block - single->gathered;

      if (part > size)
        part = size;
      if (!whole)
        memcpy (single->output + single->gathered, bytes, part);
      single->gathered += part;
      if (single->gathered == block)
        {
          if (write_block (single, whole ? bytes : single->output, block) < 0)
            return -1;
          single->gathered = 0;
        }
      bytes += part;
      size -= part;
    }
  return 0;
}

static int
put (struct single *single, size_t size)
{
  if (single->convert)
    {
      int result = convert_block (single->convert, single->input, size);

      single->copy->summary->truncated = convert_truncated (single->convert);
      return result;
    }
  return single->output ? gather (single, single->input, size) : write_block (single, single->input, size);
}

/* A read failed.  With noerror its block is skipped, or the rest of it that a short
   read has left.  Returns 1 if the block counts all the same, 0 if not, -1 to end.  */
static int
skip_bad_block (struct single *single)
{
  struct copy *copy = single->copy;
  const struct operands *asked = copy->asked;
  bool skips = asked->conversions & CONV_NOERROR;

  if (!skips || asked->status != STATUS_NONE)
    copy_read_error (copy);
  if (!skips)
    return -1;
  summary_print (copy->summary);
  if (single->position >= 0)
    {
      single->position += asked->input_block - single->partial;
      if (lseek (copy->in.fd, single->position, SEEK_SET) < 0)
        {
          message (errno, "%s: cannot seek", quote_name (copy->in.name));
          return -1;
        }
    }
  return asked->conversions & CONV_SYNC && single->partial == 0;
}

/* With sync, what a read leaves of its block is NULs, or spaces.  */
static void
pad (struct single *single, size_t size)
{
  const struct operands *asked = single->copy->asked;
  char filler = asked->conversions & (CONV_BLOCK | CONV_UNBLOCK) ? ' ' : '\0';

  memset (single->input + size, filler, asked->input_block - size);
}

/* Count and pass on a block of which SIZE bytes were read.  */
static int
take (struct single *single, size_t size)
{
  const struct operands *asked = single->copy->asked;
  bool pads = asked->conversions & CONV_SYNC;

  single->partial = size < asked->input_block ? size : 0;
  cache_moved (single->copy->in.cache, size);
  if (single->position >= 0)
    single->position += size;
  if (size == asked->input_block)
    single->copy->summary->full_in++;
  else
    single->copy->summary->partial_in++;
  /* Where reads may fail that was done before: a failing one may have brought the beginning.  */
  if (pads && !(asked->conversions & CONV_NOERROR))
    pad (single, size);
  return put (single, pads ? asked->input_block : size);
}

/* What was read goes out even when the next read fails.  */
static int
copy_blocks (struct single *single)
{
  struct copy *copy = single->copy;
  int result = 0;

  for (size_t size; (size = copy_next_input (copy)) > 0;)
    {
      ssize_t n;

      summary_progress (copy->summary);
      if (input_heed (copy->summary))
        input_die (copy->summary);
      if (copy->asked->conversions & CONV_SYNC && copy->asked->conversions & CONV_NOERROR)
        pad (single, 0);
      n = input_read (copy->asked, copy->in.fd, single->input, size, copy->summary);
      if (n == 0)
        break;
      if (n < 0)
        {
          result = skip_bad_block (single);
          if (result < 0)
            break;
          if (result == 0)
            continue;
          n = result = 0;
        }
      if (take (single, n) < 0)
        return -1;
    }
  if (single->convert && convert_end (single->convert) < 0)
    return -1;
  if (single->gathered > 0 && write_block (single, single->output, single->gathered) < 0)
    return -1;
  return result;
}

/* A hole at the end has no length of its own.  */
static int
end_hole (const struct single *single)
{
  const struct side *out = &single->copy->out;
  off_t end = single->ends_with_hole ? lseek (out->fd, 0, SEEK_CUR) : -1;
  struct stat st;

  if (end < 0 || fstat (out->fd, &st) < 0 || !S_ISREG (st.st_mode) || st.st_size >= end || ftruncate (out->fd, end) == 0)
    return 0;
  message (errno, "failed to truncate to %jd bytes in output file %s", (intmax_t) end, quote_always (out->name));
  return -1;
}

static char *
block_of_memory (const struct copy *copy, const char *which, size_t size)
{
  void *memory;

  if (posix_memalign (&memory, sysconf (_SC_PAGESIZE), size) != 0)
    summary_out_of_memory (copy->summary, which, size);
  return memory;
}

static void
open_single (struct single *single, struct copy *copy)
{
  const struct operands *asked = copy->asked;
  bool converts = asked->conversions & CONV_BYTES;

  *single = (struct single) { .copy = copy, .position = lseek (copy->in.fd, 0, SEEK_CUR) };
  single->input = block_of_memory (copy, "input", asked->input_block);
  if (!asked->same_block || converts)
    single->output = block_of_memory (copy, "output", asked->output_block);
  if (!converts)
    return;
  single->convert = convert_new (asked, gather, single);
  if (!single->convert)
    summary_out_of_memory (copy->summary, "output", asked->output_block);
}

int
single_copy (struct copy *copy)
{
  struct single single;
  int result;

  open_single (&single, copy);
  result = copy_blocks (&single);
  if (single.convert)
    copy->summary->truncated = convert_truncated (single.convert);
  if (end_hole (&single) < 0)
    result = -1;
  if (copy->asked->debug)
    message (0, "%s: %ju bytes through user space (%s)", quote_name (copy->in.name), copy->summary->bytes,
             single.convert ? "they are changed" : "each block is a read and a write");
  convert_free (single.convert);
  free (single.input);
  free (single.output);
  return result;
}
