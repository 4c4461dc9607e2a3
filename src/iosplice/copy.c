/* copy.c - the shortcut from one regular file to another: copy_file_range(2),
   which shares the extents, or has the server copy, where the file system can.
   Elsewhere it saves making a pipe for a small file; a large one moves faster
   through ours.  Whatever it refuses or fails at is asked again of the loop,
   which knows what to do and which side to blame.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "pump.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

enum
{
  PROBE = 128 * 1024,           /* the first piece, which shows whether the file systems can do it */
  MOST_AT_ONCE = 32 * 1024 * 1024,      /* signals are held back meanwhile, so it must not take long */
  LEAST = 64 * 1024
};

/* Is copy_file_range(2) to SINK no more than splice(2) through a pipe of 64 KiB?  */
static bool
only_splices (const struct endpoint *sink)
{
  struct statfs fs;

  return fstatfs (sink->fd, &fs) == 0 && (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC);
}

static bool
applies (const struct iosplice_pump *pump)
{
  return !pump->no_range && !pump->no_splice && !pump->by_blocks && pump->count == 1 && pump->source.bulk
    && pump->source.kind == ENDPOINT_REGULAR && pump->sinks[0].kind == ENDPOINT_REGULAR
    && !pump->sinks[0].refuses && !pump->sinks[0].failed;
}

static size_t
range_to (struct iosplice_pump *pump, off_t *offset, size_t size)
{
  struct iosplice_means *means = &pump->statistics.copy_file_range;
  struct endpoint *source = &pump->source;
  size_t done = 0;

  while (done < size)
    {
      off_t *from = source->mine && !source->at ? NULL : &source->position;
      ssize_t n = copy_file_range (source->fd, from, pump->sinks[0].fd, offset, size - done, 0);

      means->calls++;
      if (n > 0)
        done += n;
      else if (n == 0 || errno != EINTR)
        {
          pump->no_range = true;
          break;
        }
      /* Where nothing is held back, a signal need not wait for the rest.  */
      if (!offset)
        break;
    }
  means->bytes += done;
  if (endpoint_shared (source))
    source->reserved -= done;
  else if (!source->at)
    source->position += done;
  return done;
}

/* Others may have their bytes behind PLACE already: what copy_file_range did
   not put there is put there by read and write.  Returns how much that was;
   what was read and could not be written is left in the buffer.  */
static size_t
fill_place (struct iosplice_pump *pump, struct place *place)
{
  struct buffer *buffer = &pump->buffer;
  off_t begin = place->offset;

  while (place->offset < place->behind && (!endpoint_shared (&pump->source) || pump->source.reserved > 0))
    {
      off_t left = place->behind - place->offset;

      if (buffer_read (buffer, &pump->source, left < BUFFER_MEMORY ? left : BUFFER_MEMORY) <= 0)
        break;
      buffer_reason (buffer, IOSPLICE_SINK_REFUSES);
      if (buffer_write (buffer, &pump->sinks[0], &place->offset) < 0)
        {
          pump->block = buffer->length;
          break;
        }
    }
  return place->offset - begin;
}

size_t
copy_range (struct iosplice_pump *pump, off_t max)
{
  struct endpoint *source = &pump->source;
  struct endpoint *sink = &pump->sinks[0];
  bool first = pump->statistics.copy_file_range.bytes == 0;
  off_t most = first ? PROBE : MOST_AT_ONCE;
  off_t size = max < most ? max : most;
  size_t done = 0;

  if (max < LEAST || !applies (pump) || endpoint_locate (source) < 0)
    return 0;
  if (size > source->size - source->position)
    size = source->size - source->position;
  else
    size = whole_blocks (pump, size);
  if (size > 0 && endpoint_shared (source) && source->reserved == 0 && endpoint_reserve (source, size) < 0)
    size = 0;
  if (endpoint_shared (source) && size > source->reserved)
    size = source->reserved;
  if (size <= 0)
    pump->no_range = true;
  else if (!endpoint_shared (sink))
    done = range_to (pump, sink->at ? &sink->position : NULL, size);
  else
    {
      struct place place;

      /* What fill_place may need is there before a place is taken that must be filled.  */
      if (buffer_make_memory (&pump->buffer, BUFFER_MEMORY) < 0 || place_take (&place, sink->fd, size) < 0)
        pump->no_range = true;
      else
        {
          done = range_to (pump, &place.offset, size);
          done += fill_place (pump, &place);
          place_leave (&place);
        }
    }
  if (first && done == PROBE && only_splices (sink))
    pump->no_range = true;
  return done;
}
