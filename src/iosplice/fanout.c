/* fanout.c - how one block reaches every sink.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "pump.h"

#include <errno.h>

static bool
last_live (const struct iosplice_pump *pump, int sink)
{
  while (++sink < pump->count)
    if (!pump->sinks[sink].failed)
      return false;
  return true;
}

int
fanout_drop (struct iosplice_pump *pump, int sink, int error)
{
  pump->side = IOSPLICE_SINK;
  pump->sinks[sink].failed = true;
  pump->live--;
  if (pump->hooks.failed && pump->hooks.failed (pump->hooks.context, sink, error) == 0)
    return 0;
  errno = error;
  return -1;
}

int
fanout (struct iosplice_pump *pump)
{
  for (; pump->serving < pump->count; pump->serving++, pump->teed = false)
    {
      struct endpoint *sink = &pump->sinks[pump->serving];
      bool last = last_live (pump, pump->serving);
      struct buffer *from = last ? &pump->buffer : &pump->spare;
      size_t before;
      int result;

      if (sink->failed)
        continue;
      if (!last && !pump->teed)
        {
          if (buffer_tee (&pump->buffer, &pump->spare) < 0)
            {
              pump->side = IOSPLICE_NEITHER;
              return -1;
            }
          pump->teed = true;
        }
      before = from->length;
      result = buffer_drain (from, sink);
      if (from->length < before)
        wait_over (&sink->wait);
      if (result == 0)
        continue;
      if (errno == EAGAIN)
        return -1;
      if (pump->live == 1)
        pump->moved += pump->block - from->length;
      if (fanout_drop (pump, pump->serving, errno) < 0)
        return -1;
      buffer_discard (from);
    }
  return 0;
}
