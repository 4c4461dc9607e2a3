/* blocks.c - how blocks are moved and counted.

   With bs= every input block becomes an output block, and the pump moves it.
   Without, input blocks are gathered in memory until they make an output
   block.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "blocks.h"

#include "iosplice/iosplice.h"
#include "cli/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct copy
{
  const struct operands *asked;
  struct summary *summary;
  int in, out;
  const char *in_name, *out_name;
  char *input;                  /* one input block */
  char *output;                 /* the output block that is being gathered */
  size_t gathered;              /* how much of it is there, in bytes */
};

static void
read_error (const struct copy *copy)
{
  summary_clear (copy->summary);
  message (errno, "error reading %s", quote_always (copy->in_name));
}

static void
write_error (const struct copy *copy)
{
  summary_clear (copy->summary);
  if (copy->asked->same_block)
    message (errno, "error writing %s", quote_always (copy->out_name));
  else
    message (errno, "writing to %s", quote_always (copy->out_name));
}

static void
count_input (struct copy *copy, size_t size)
{
  if (size == copy->asked->input_block)
    copy->summary->full_in++;
  else if (size > 0)
    copy->summary->partial_in++;
}

static void
count_output (struct copy *copy, size_t size)
{
  copy->summary->bytes += size;
  if (size == copy->asked->output_block)
    copy->summary->full_out++;
  else if (size > 0)
    copy->summary->partial_out++;
}

/* How much the next read asks for, when BLOCKS were read; 0 when count= is
   reached.  A count in bytes is so many reads and then one for the rest,
   however short they were.  */
static size_t
next_input (const struct copy *copy, uintmax_t blocks)
{
  const struct operands *asked = copy->asked;
  uintmax_t full = asked->count.bytes ? asked->count.number / asked->input_block : asked->count.number;

  if (!asked->limited || blocks < full)
    return asked->input_block;
  return blocks == full && asked->count.bytes ? asked->count.number % asked->input_block : 0;
}

static int
copy_blocks (struct copy *copy, struct iosplice_pump *pump)
{
  for (uintmax_t blocks = 0;; blocks++)
    {
      size_t size = next_input (copy, blocks);
      ssize_t n;

      summary_progress (copy->summary);
      if (size == 0)
        return 0;
      n = iosplice_pump_block (pump, size);
      summary_read (copy->summary, size, iosplice_pump_taken (pump));
      count_input (copy, iosplice_pump_taken (pump));
      count_output (copy, iosplice_pump_moved (pump));
      if (n == 0)
        return 0;
      if (n < 0)
        {
          switch (iosplice_pump_failure (pump))
            {
            case IOSPLICE_SOURCE:
              read_error (copy);
              return -1;
            case IOSPLICE_SINK:
              write_error (copy);
              return -1;
            default:
              summary_out_of_memory (copy->summary, "input", size);
            }
        }
    }
}

static int
write_gathered (struct copy *copy)
{
  size_t n = iosplice_write (copy->out, copy->output, copy->gathered);

  count_output (copy, n);
  if (n < copy->gathered)
    {
      write_error (copy);
      return -1;
    }
  copy->gathered = 0;
  return 0;
}

/* Add an input block of SIZE bytes to the output.  */
static int
gather (struct copy *copy, size_t size)
{
  const char *bytes = copy->input;

  while (size > 0)
    {
      size_t room = copy->asked->output_block - copy->gathered;
      size_t part = size < room ? size : room;

      memcpy (copy->output + copy->gathered, bytes, part);
      copy->gathered += part;
      bytes += part;
      size -= part;
      if (copy->gathered == copy->asked->output_block && write_gathered (copy) < 0)
        return -1;
    }
  return 0;
}

/* What was read goes out even when the next read fails.  */
static int
reblock (struct copy *copy)
{
  ssize_t n = 1;

  for (uintmax_t blocks = 0; n > 0; blocks++)
    {
      size_t size = next_input (copy, blocks);

      summary_progress (copy->summary);
      n = size == 0 ? 0 : iosplice_read (copy->in, copy->input, size);
      if (n < 0)
        read_error (copy);
      else if (n > 0)
        {
          count_input (copy, n);
          if (gather (copy, n) < 0)
            return -1;
        }
    }
  if (copy->gathered > 0 && write_gathered (copy) < 0)
    return -1;
  return n < 0 ? -1 : 0;
}

static int
through_memory (struct copy *copy)
{
  const struct operands *asked = copy->asked;
  int result;

  copy->input = malloc (asked->input_block);
  if (!copy->input)
    summary_out_of_memory (copy->summary, "input", asked->input_block);
  copy->output = malloc (asked->output_block);
  if (!copy->output)
    summary_out_of_memory (copy->summary, "output", asked->output_block);
  result = reblock (copy);
  free (copy->input);
  free (copy->output);
  return result;
}

/* An absurd block is refused before a byte is moved, although most would never need its memory.  */
static void
check_block (struct copy *copy)
{
  void *volatile block = malloc (copy->asked->input_block);     /* or a compiler sees that nobody needs it */

  if (!block)
    summary_out_of_memory (copy->summary, "input", copy->asked->input_block);
  free (block);
}

static int
through_pump (struct copy *copy, unsigned in_mine, unsigned out_mine)
{
  static const struct stat unknown;     /* what is closed is told by read or write */
  struct iosplice_pump *pump = iosplice_pump_new (copy->asked->no_splice ? IOSPLICE_NO_SPLICE : 0, NULL);
  struct stat st;
  int result;

  check_block (copy);
  if (!pump || iosplice_pump_sink (pump, copy->out, out_mine, fstat (copy->out, &st) < 0 ? &unknown : &st) < 0
      || iosplice_pump_source (pump, copy->in, in_mine, fstat (copy->in, &st) < 0 ? &unknown : &st) < 0)
    summary_out_of_memory (copy->summary, "input", copy->asked->input_block);
  result = copy_blocks (copy, pump);
  iosplice_pump_free (pump);
  return result;
}

int
blocks_copy (const struct operands *asked, struct summary *summary, struct end *in, struct end *out)
{
  struct copy copy = {
    .asked = asked,
    .summary = summary,
    .in = in->fd,
    .out = out->fd,
    .in_name = in->name,
    .out_name = out->name,
  };

  return asked->same_block ? through_pump (&copy, in->mine, out->mine) : through_memory (&copy);
}
