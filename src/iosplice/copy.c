/* copy.c - the shortcut from one regular file to another: copy_file_range(2),
   which shares the extents where the file system can, and saves the trip
   through a pipe elsewhere.  Whatever it refuses or fails at is asked again
   of the loop, which knows what to do and which side to blame.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "pump.h"

#include <errno.h>
#include <unistd.h>

/* Signals are held back for one of these, so it must not take long.  */
enum { MOST_AT_ONCE = 32 * 1024 * 1024, LEAST = 64 * 1024 };

static bool
applies (const struct iosplice_pump *pump)
{
  return !pump->no_range && !pump->no_splice && !pump->by_blocks && pump->count == 1 && pump->source.bulk
    && pump->source.kind == ENDPOINT_REGULAR && pump->sinks[0].kind == ENDPOINT_REGULAR
    && !pump->sinks[0].refuses && !pump->sinks[0].failed;
}

static size_t
range_to (struct iosplice_means *means, struct endpoint *source, const struct endpoint *sink, off_t *offset, size_t size)
{
  size_t done = 0;

  while (done < size)
    {
      off_t *from = source->mine ? NULL : &source->position;
      ssize_t n = copy_file_range (source->fd, from, sink->fd, offset, size - done, 0);

      means->calls++;
      if (n > 0)
        done += n;
      else if (n == 0 || errno != EINTR)
        break;
    }
  means->bytes += done;
  if (source->mine)
    source->position += done;
  else
    source->reserved -= done;
  return done;
}

size_t
copy_range (struct iosplice_pump *pump, off_t max)
{
  struct iosplice_means *means = &pump->statistics.copy_file_range;
  struct endpoint *source = &pump->source;
  const struct endpoint *sink = &pump->sinks[0];
  struct place place;
  off_t size = max < MOST_AT_ONCE ? max : MOST_AT_ONCE;
  size_t done = 0;

  if (max < LEAST || !applies (pump) || endpoint_locate (source) < 0)
    return 0;
  if (size > source->size - source->position)
    size = source->size - source->position;
  if (size > 0 && !source->mine && source->reserved == 0 && endpoint_reserve (source, size) < 0)
    size = 0;
  if (!source->mine && size > source->reserved)
    size = source->reserved;
  if (size > 0 && sink->mine)
    done = range_to (means, source, sink, NULL, size);
  else if (size > 0 && place_take (&place, sink->fd, size) == 0)
    {
      done = range_to (means, source, sink, &place.offset, size);
      place_leave (&place);
    }
  if (done == 0)
    pump->no_range = true;
  return done;
}
