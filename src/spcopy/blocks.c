/* blocks.c - how are blocks moved and counted?

   Three ways, chosen once: all together where nobody can tell the blocks apart; each block
   as one splice where bs= was given and a pipe feeds us; and one real read
   and write for each block, through memory, for everything else.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "blocks.h"

#include "cli/files.h"
#include "cli/message.h"
#include "copy.h"
#include "position.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void
tell (const struct copy *copy, const char *what, const char *name)
{
  int error = errno;

  summary_clear (copy->summary);
  message (error, "%s %s", what, quote_always (name));
}

void
copy_error (const struct copy *copy)
{
  tell (copy, "error copying", copy->in.name);
}

void
copy_read_error (const struct copy *copy)
{
  tell (copy, "error reading", copy->in.name);
}

void
copy_write_error (const struct copy *copy, size_t size)
{
  const struct operands *asked = copy->asked;
  bool whole = !asked->same_block && size == asked->output_block;

  /* dd's words, of a whole block that it has gathered, and of any other.  */
  tell (copy, whole ? "writing to" : "error writing", copy->out.name);
  copy->summary->breaks_off = whole;
}

void
copy_count_input (struct copy *copy, size_t size)
{
  if (size == copy->asked->input_block)
    copy->summary->full_in++;
  else if (size > 0)
    copy->summary->partial_in++;
}

void
copy_count_output (struct copy *copy, size_t size)
{
  copy->summary->bytes += size;
  if (size == copy->asked->output_block)
    copy->summary->full_out++;
  else if (size > 0)
    copy->summary->partial_out++;
}

/* A count in bytes is so many reads and then one for the rest, however short they were.  */
size_t
copy_next_input (const struct copy *copy)
{
  const struct operands *asked = copy->asked;
  uintmax_t blocks = copy->summary->full_in + copy->summary->partial_in;
  uintmax_t full = asked->count.bytes ? asked->count.number / asked->input_block : asked->count.number;

  if (!asked->limited || blocks < full)
    return asked->input_block;
  return blocks == full && asked->count.bytes ? asked->count.number % asked->input_block : 0;
}

static void
check_block (const struct copy *copy, const char *which, size_t size)
{
  void *volatile block = malloc (size); /* or a compiler sees that nobody needs it */

  if (!block)
    summary_out_of_memory (copy->summary, which, size);
  free (block);
}

void
copy_check_memory (const struct copy *copy)
{
  check_block (copy, "input", copy->asked->input_block);
  if (!copy->asked->same_block)
    check_block (copy, "output", copy->asked->output_block);
}

off_t
copy_length (const struct copy *copy)
{
  return copy->asked->limited ? extent_bytes (&copy->asked->count, copy->asked->input_block) : -1;
}

/* How many bytes will come, or -1 if nobody knows.  */
static off_t
total (const struct copy *copy)
{
  off_t length = copy_length (copy), left = bytes_left (copy->in.fd);
  off_t here = S_ISBLK (copy->in.st.st_mode) ? lseek (copy->in.fd, 0, SEEK_CUR) : -1;

  if (here >= 0)
    {
      left = lseek (copy->in.fd, 0, SEEK_END) - here;
      lseek (copy->in.fd, here, SEEK_SET);
    }
  return left >= 0 && (length < 0 || left < length) ? left : length;
}

/* What is closed is told by read or write.  */
static struct side
look_at (struct end *end)
{
  struct side side = { .fd = end->fd, .name = end->name, .mine = end->mine, .cache = &end->cache };

  if (fstat (end->fd, &side.st) < 0)
    side.st = (struct stat) { 0 };
  side.open = fcntl (end->fd, F_GETFL);
  if (side.open < 0)
    side.open = 0;
  return side;
}

int
blocks_copy (const struct operands *asked, struct summary *summary, struct end *in, struct end *out)
{
  struct copy copy = {
    .asked = asked,
    .summary = summary,
    .in = look_at (in),
    .out = look_at (out),
  };

  if (copy_next_input (&copy) == 0)
    return 0;                   /* count=0 needs no memory, however large the block */
  if (asked->status == STATUS_BAR)
    summary_expect (summary, total (&copy));
  if (together_applies (&copy))
    return together_copy (&copy);
  if (together_splices_blocks (&copy))
    return together_copy_blocks (&copy);
  return single_copy (&copy);
}
