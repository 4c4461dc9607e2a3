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

/* The sink that is being served failed.  Returns 0 if the others go on.  */
static int
drop_sink (struct iosplice_pump *pump, const struct buffer *from)
{
  int error = errno;

  pump->side = IOSPLICE_SINK;
  pump->sinks[pump->serving].failed = true;
  pump->live--;
  if (pump->live == 0)
    pump->moved += pump->block - from->length;
  if (!pump->hooks.failed || pump->hooks.failed (pump->hooks.context, pump->serving, error) != 0)
    {
      errno = error;
      return -1;
    }
  return 0;
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
      if (errno == EAGAIN || drop_sink (pump, from) < 0)
        return -1;
      buffer_discard (from);
    }
  return 0;
}
