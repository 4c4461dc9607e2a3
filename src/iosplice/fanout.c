/* fanout.c - how one block reaches every sink.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "pump.h"
#include "sigpipe.h"

#include <errno.h>

enum { WORTH_A_THREAD = 64 * 1024 };

int
fanout_takers (const struct iosplice_pump *pump)
{
  return pump->discarding < pump->live ? pump->live - pump->discarding : pump->live;
}

bool
fanout_brings (const struct iosplice_pump *pump, int sink)
{
  return !pump->sinks[sink].failed && (!pump->sinks[sink].discards || pump->discarding == pump->live);
}

/* Does no sink behind SINK still want the block?  */
static bool
last_live (const struct iosplice_pump *pump, int sink)
{
  while (++sink < pump->count)
    if (!pump->sinks[sink].worker && fanout_brings (pump, sink))
      return false;
  return true;
}

int
fanout_drop (struct iosplice_pump *pump, int sink, int error)
{
  pump->side = IOSPLICE_SINK;
  pump->sinks[sink].failed = true;
  pump->live--;
  pump->discarding -= pump->sinks[sink].discards;
  if (pump->hooks.failed ? pump->hooks.failed (pump->hooks.context, sink, error) == 0 : pump->sinks[sink].drops)
    return 0;
  errno = error;
  return -1;
}

/* The block for SINK: the last takes the original, another a duplicate.  Returns NULL with errno if there can be none.  */
static struct buffer *
block_for (struct iosplice_pump *pump, int sink)
{
  if (last_live (pump, sink))
    return &pump->buffer;
  if (!pump->teed && buffer_tee (&pump->buffer, &pump->spare) < 0)
    {
      pump->side = IOSPLICE_NEITHER;
      return NULL;
    }
  pump->teed = true;
  return &pump->spare;
}

/* ERROR kept the block from SINK.  Returns as fanout_drop; what is our own fault ends the run.  */
static int
blame (struct iosplice_pump *pump, int sink, int error)
{
  if (!pump->sinks[sink].stuck)
    return fanout_drop (pump, sink, error);
  pump->side = IOSPLICE_NEITHER;
  pump->begun = true;
  errno = error;
  return -1;
}

/* A sink failed at the block in flight and left LENGTH bytes of it.  */
static void
note_part (struct iosplice_pump *pump, size_t length)
{
  if (pump->partly < pump->block - length)
    pump->partly = pump->block - length;
}

static int
serve (struct iosplice_pump *pump)
{
  struct endpoint *sink = &pump->sinks[pump->serving];
  struct buffer *from = block_for (pump, pump->serving);
  size_t before;
  int result;

  if (!from)
    return -1;
  before = from->length;
  result = buffer_drain (from, sink);
  if (from->length < before)
    wait_over (&sink->wait);
  if (fanout_takers (pump) == 1)
    {
      pump->moved += before - from->length;
      pump->counted += before - from->length;
    }
  if (result == 0 || errno == EAGAIN || errno == EINTR)
    return result;
  note_part (pump, from->length);
  result = blame (pump, pump->serving, errno);
  if (result == 0)
    buffer_discard (from);
  return result;
}

/* Behind which sink ends the row of files, from the one that is served now,
   that are written at the same time?  At it, if there is no such row.  What
   comes before and after keeps its turn.  */
static int
end_of_files (const struct iosplice_pump *pump)
{
  int end = pump->serving, live = 0;

  if (!pump->parallel || pump->by_blocks || pump->teed || pump->block < WORTH_A_THREAD)
    return end;
  for (; end < pump->count && endpoint_seekable (&pump->sinks[end]); end++)
    live += !pump->sinks[end].failed;
  return live > 1 ? end : pump->serving;
}

/* The file that is written without a worker: one whose position is shared,
   because signals must wait while room in it is reserved, else the last.  */
static int
own_file (const struct iosplice_pump *pump, int end)
{
  int own = -1;

  for (int i = pump->serving; i < end; i++)
    if (!pump->sinks[i].failed && (own < 0 || pump->sinks[own].mine))
      own = i;
  return own;
}

static void
employ (struct iosplice_pump *pump, int end)
{
  int own = own_file (pump, end), workers = 0;

  for (int i = pump->serving; i < end && workers < MOST_WORKERS; i++)
    {
      struct endpoint *sink = &pump->sinks[i];
      struct worker **worker = &pump->workers[workers];

      if (sink->failed || !sink->mine || i == own)
        continue;
      if (!*worker)
        *worker = worker_new ();
      if (!*worker || !worker_begin (*worker, &pump->buffer, sink))
        return;
      sink->worker = *worker;
      workers++;
    }
}

/* Returns 0, or the errno value that the file failed with.  */
static int
write_file (struct iosplice_pump *pump, int sink)
{
  struct buffer *from = block_for (pump, sink);
  int error;

  pump->sinks[sink].stuck = !from;
  if (!from)
    return errno;
  error = buffer_drain_all (from, &pump->sinks[sink]);
  if (error)
    {
      note_part (pump, from->length);
      buffer_discard (from);
    }
  pump->teed = false;
  return error;
}

/* The files from the one that is served now until END, at the same time;
   failures are told in their order.  */
static int
serve_files (struct iosplice_pump *pump, int end)
{
  int begin = pump->serving, result = 0, saved = 0;
  enum iosplice_side side = pump->side;

  employ (pump, end);
  for (int i = begin; i < end; i++)
    if (!pump->sinks[i].failed && !pump->sinks[i].worker)
      pump->sinks[i].error = write_file (pump, i);
  for (int i = begin; i < end; i++)
    {
      struct endpoint *sink = &pump->sinks[i];

      if (sink->worker)
        {
          size_t left;

          sink->error = worker_end (sink->worker, &left, &pump->statistics);
          if (sink->error)
            note_part (pump, left);
        }
      sink->worker = NULL;
      if (sink->error && !sink->failed && blame (pump, i, sink->error) < 0)
        result = -1, saved = errno, side = pump->side;
    }
  if (result < 0)
    pump->side = side;
  errno = saved;
  return result;
}

static int
serve_all (struct iosplice_pump *pump)
{
  for (; pump->serving < pump->count; pump->serving++, pump->teed = false)
    {
      int end = end_of_files (pump);
      int result = 0;

      if (end > pump->serving)
        {
          result = serve_files (pump, end);
          pump->serving = end - 1;
        }
      else if (fanout_brings (pump, pump->serving))
        result = serve (pump);
      if (result < 0)
        return -1;
    }
  return 0;
}

int
fanout (struct iosplice_pump *pump)
{
  struct sigpipe held;
  int result;

  if (!pump->no_sigpipe)
    return serve_all (pump);
  sigpipe_hold (&held);
  result = serve_all (pump);
  sigpipe_release (&held);
  return result;
}
