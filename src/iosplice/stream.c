/* stream.c - whole transfers in one call: a pump that is made, run and freed.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "iosplice.h"

#include <errno.h>

typedef off_t move (struct iosplice_pump *, off_t length);

static int
open_ends (struct iosplice_pump *pump, int from, const off_t *from_offset, int to, const off_t *to_offset)
{
  if (iosplice_pump_sink (pump, to, 0, NULL) < 0 || (to_offset && iosplice_pump_sink_at (pump, 0, *to_offset) < 0))
    return IOSPLICE_SINK;
  if (iosplice_pump_source (pump, from, 0, NULL) < 0
      || (from_offset && iosplice_pump_source_at (pump, *from_offset) < 0))
    return IOSPLICE_SOURCE;
  return IOSPLICE_NEITHER;
}

static off_t
transfer (int from, off_t *from_offset, int to, off_t *to_offset, off_t length, unsigned flags,
          struct iosplice_result *result, move *move)
{
  struct iosplice_pump *pump;
  struct iosplice_result mine;
  off_t moved = -1;

  if (!result)
    result = &mine;
  *result = (struct iosplice_result) { .side = IOSPLICE_NEITHER };
  if (flags & ~(IOSPLICE_NO_SPLICE | IOSPLICE_NO_SIGPIPE))
    {
      errno = EINVAL;
      return -1;
    }
  pump = iosplice_pump_new (flags, NULL);
  if (!pump)
    return -1;
  result->side = open_ends (pump, from, from_offset, to, to_offset);
  if (result->side == IOSPLICE_NEITHER)
    {
      moved = move (pump, length);
      result->moved = iosplice_pump_moved (pump);
      result->taken = iosplice_pump_taken (pump);
      if (moved < 0)
        result->side = iosplice_pump_failure (pump);
      iosplice_pump_statistics (pump, &result->statistics);
      if (from_offset)
        *from_offset += result->moved;
      if (to_offset)
        *to_offset += result->moved;
    }
  iosplice_pump_free (pump);
  return moved;
}

static off_t
block (struct iosplice_pump *pump, off_t length)
{
  return iosplice_pump_block (pump, length);
}

off_t
iosplice_copy (int from, off_t *from_offset, int to, off_t *to_offset, off_t length, unsigned flags,
               struct iosplice_result *result)
{
  return transfer (from, from_offset, to, to_offset, length, flags, result, iosplice_pump_run);
}

ssize_t
iosplice_partial (int from, off_t *from_offset, int to, off_t *to_offset, size_t length, unsigned flags,
                  struct iosplice_result *result)
{
  return transfer (from, from_offset, to, to_offset, length, flags, result, block);
}

off_t
iosplice_full (int from, off_t *from_offset, int to, off_t *to_offset, off_t length, unsigned flags,
               struct iosplice_result *result)
{
  struct iosplice_result mine;
  off_t moved;

  if (!result)
    result = &mine;
  if (length < 0)
    {
      *result = (struct iosplice_result) { .side = IOSPLICE_NEITHER };
      errno = EINVAL;
      return -1;
    }
  moved = iosplice_copy (from, from_offset, to, to_offset, length, flags, result);
  if (moved < 0 || moved >= length)
    return moved;
  result->side = IOSPLICE_SOURCE;
  errno = ENODATA;
  return -1;
}
