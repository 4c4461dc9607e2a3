/* pump.c - the one loop: fill the buffer from the source, bring what it holds
   to every sink, again.  `step' does that without waiting wherever the kernel
   lets it; `iosplice_pump_run' waits in between.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum
{
  MOST_MEMORY = 1024 * 1024,    /* of a run without blocks of its own */
  MOST_READ = 0x7ffff000
};

struct iosplice_pump *
iosplice_pump_new (unsigned flags, const struct iosplice_hooks *hooks)
{
  const unsigned known = IOSPLICE_NO_SPLICE | IOSPLICE_WATCH_SINKS | IOSPLICE_PARALLEL | IOSPLICE_NO_SIGPIPE;
  struct iosplice_pump *pump;

  if (flags & ~known)
    {
      errno = EINVAL;
      return NULL;
    }
  pump = calloc (1, sizeof *pump);
  if (!pump)
    return NULL;
  if (hooks)
    pump->hooks = *hooks;
  pump->no_splice = flags & IOSPLICE_NO_SPLICE;
  pump->watch_sinks = flags & IOSPLICE_WATCH_SINKS;
  pump->parallel = flags & IOSPLICE_PARALLEL;
  pump->no_sigpipe = flags & IOSPLICE_NO_SIGPIPE;
  pump->source.fd = -1;
  pump->input_block = pump->output_block = BUFFER_MEMORY;
  buffer_open (&pump->buffer, &pump->statistics);
  buffer_open (&pump->spare, &pump->statistics);
  buffer_open (&pump->zeros, &pump->statistics);
  return pump;
}

void
iosplice_pump_free (struct iosplice_pump *pump)
{
  int saved = errno;

  if (pump)
    {
      buffer_close (&pump->buffer);
      buffer_close (&pump->spare);
      for (int i = 0; i < MOST_WORKERS; i++)
        worker_free (pump->workers[i]);
      buffer_close (&pump->zeros);
      free (pump->sinks);
      free (pump);
    }
  errno = saved;
}

/* Are FLAGS among those of an end, KNOWN?  Sets errno if not.  */
static bool
known_flags (unsigned flags, unsigned known)
{
  if (flags & ~known)
    errno = EINVAL;
  return !(flags & ~known);
}

int
iosplice_pump_source (struct iosplice_pump *pump, int fd, unsigned flags, const struct stat *st)
{
  if (!known_flags (flags, IOSPLICE_MINE) || endpoint_open (&pump->source, fd, flags & IOSPLICE_MINE, st) < 0)
    return -1;
  pump->by_blocks = fill_by_blocks (pump);
  pump->no_range = pump->known = pump->buffer.refused = false;
  pump->foreign = pump->block > 0;
  pump->statistics = (struct iosplice_statistics) { 0 };
  return 0;
}

int
iosplice_pump_sink (struct iosplice_pump *pump, int fd, unsigned flags, const struct stat *st)
{
  struct endpoint *sinks;

  if (!known_flags (flags, IOSPLICE_MINE | IOSPLICE_DROPS))
    return -1;
  sinks = reallocarray (pump->sinks, pump->count + 1, sizeof *sinks);
  if (!sinks)
    return -1;
  pump->sinks = sinks;
  if (endpoint_open (&sinks[pump->count], fd, flags & IOSPLICE_MINE, st) < 0)
    return -1;
  for (int i = 0; i < pump->count; i++)
    if (endpoint_same (&sinks[i], &sinks[pump->count]))
      pump->same_sinks = true;
  sinks[pump->count].drops = flags & IOSPLICE_DROPS;
  pump->live++;
  pump->count++;
  pump->known = false;
  pump->by_blocks = fill_by_blocks (pump);
  return pump->count - 1;
}

void
iosplice_pump_blocks (struct iosplice_pump *pump, size_t input, size_t output)
{
  pump->input_block = input > 0 ? input : 1;
  pump->output_block = output > 0 ? output : 1;
  pump->stands_in = true;
}

int
iosplice_pump_source_at (struct iosplice_pump *pump, off_t offset)
{
  if (endpoint_use_offset (&pump->source, offset) < 0)
    return -1;
  pump->foreign = pump->block > 0;
  return 0;
}

int
iosplice_pump_sink_at (struct iosplice_pump *pump, int sink, off_t offset)
{
  if (sink < 0 || sink >= pump->count || endpoint_appends (&pump->sinks[sink]))
    {
      errno = EINVAL;
      return -1;
    }
  return endpoint_use_offset (&pump->sinks[sink], offset);
}

int
iosplice_pump_sinks (const struct iosplice_pump *pump)
{
  return pump->live;
}

static void
forget_block (struct iosplice_pump *pump)
{
  buffer_discard (&pump->spare);
  buffer_discard (&pump->buffer);
  pump->block = pump->counted = pump->partly = 0;
  pump->teed = pump->foreign = false;
}

/* One turn of the loop: a new block of at most MAX bytes, if none is in flight, and on to the sinks.  */
static enum iosplice_step
step (struct iosplice_pump *pump, size_t max)
{
  if ((pump->source.bulk || pump->buffer.hurried) && !pump->known)
    fill_learn (pump);
  if (pump->block == 0)
    {
      size_t range = copy_range (pump, max);
      ssize_t n;

      if (range > 0 || pump->block > 0)
        {
          pump->taken += range + pump->block;
          pump->moved += range;
          pump->serving = 0;
          return IOSPLICE_MOVED;
        }
      pump->side = IOSPLICE_SOURCE;
      n = fill (pump, max);
      if (n < 0)
        return errno == EAGAIN || errno == EINTR ? IOSPLICE_WAIT_SOURCE : IOSPLICE_FAILED;
      if (n == 0)
        return IOSPLICE_END;
      wait_over (&pump->source.wait);
      fill_expect (&pump->source, n);
      pump->taken += n;
      pump->block = n;
      pump->serving = 0;
    }
  if (fanout (pump) < 0)
    return errno == EAGAIN || errno == EINTR ? IOSPLICE_WAIT_SINK : IOSPLICE_FAILED;
  if (pump->live > 0)
    {
      pump->moved += pump->block - pump->counted;
      forget_block (pump);
    }
  return IOSPLICE_MOVED;
}

static void
wait_for_end (struct endpoint *end, short events)
{
  wait_for (&end->wait, end->fd, events, end->kind == ENDPOINT_PIPE);
}

/* Sleep until the source, which may be idle, has something to give; drop the
   sinks whose readers go away meanwhile.  Returns 0, or -1 with errno if such
   a loss ends the run.  */
static int
watch (struct iosplice_pump *pump)
{
  struct pollfd ends[1 + pump->count];

  while (pump->live > 0)
    {
      ends[0] = (struct pollfd) { .fd = pump->source.fd, .events = POLLIN };
      for (int i = 0; i < pump->count; i++)
        {
          const struct endpoint *sink = &pump->sinks[i];
          bool has_reader = sink->kind == ENDPOINT_PIPE || sink->kind == ENDPOINT_STREAM_SOCKET;

          ends[1 + i] = (struct pollfd) { .fd = has_reader && !sink->failed ? sink->fd : -1 };
        }
      if (poll (ends, 1 + pump->count, -1) < 0)
        {
          if (errno == EINTR)
            continue;
          return 0;             /* the read waits as well */
        }
      if (ends[0].revents)
        return 0;
      for (int i = 0; i < pump->count; i++)
        if (ends[1 + i].revents && fanout_drop (pump, i, EPIPE) < 0)
          return -1;
    }
  return 0;
}

/* Has a sink that goes on got the block that another one did not take?  */
static bool
passed_on (const struct iosplice_pump *pump)
{
  int last = pump->side == IOSPLICE_SINK ? pump->serving : pump->serving - 1;

  for (int i = 0; i <= last && i < pump->count; i++)
    if (!pump->sinks[i].failed)
      return true;
  return false;
}

static off_t
round_up (off_t bytes, size_t block)
{
  off_t result;

  if (__builtin_add_overflow (bytes, block - 1, &result))
    return INTMAX_MAX;
  return result - result % block;
}

/* An input is left where read and write would have left it: behind what was
   read for the output block that could not be written, or had begun to arrive.  */
static void
put_back (struct iosplice_pump *pump, off_t max)
{
  struct endpoint *source = &pump->source;
  bool failed = pump->side == IOSPLICE_SINK || pump->begun;
  off_t part = failed && pump->partly > pump->counted ? pump->partly - pump->counted : 0;
  off_t begun = round_up (pump->moved + part + failed, pump->output_block);
  off_t consumed = round_up (begun, pump->input_block);
  off_t most = pump->taken;
  int saved = errno;

  if (pump->side != IOSPLICE_SOURCE && source->kind == ENDPOINT_ZERO)
    most = max;
  else if (pump->side != IOSPLICE_SOURCE && source->whole_reads && endpoint_locate (source) == 0
           && source->size > source->position)
    most += source->size - source->position;
  if (consumed > most)
    consumed = most;
  if (passed_on (pump) && (pump->block > 0 || !pump->stands_in))
    consumed = pump->taken;
  if (consumed > max)
    consumed = max;
  if (source->at)
    source->position += consumed - pump->taken;
  else
    {
      if (endpoint_seekable (source))
        lseek (source->fd, consumed - pump->taken, SEEK_CUR);
      source->position = -1;
    }
  if (consumed > pump->taken || endpoint_seekable (source) || source->kind == ENDPOINT_ZERO)
    pump->taken = consumed;
  errno = saved;
}

/* What is in flight from an earlier call belongs to this one, but was not taken by it.
   Returns MAX with that included.  */
static off_t
begin (struct iosplice_pump *pump, off_t max)
{
  pump->in_flight = pump->carried = pump->taken = pump->block - pump->counted;
  pump->moved = 0;
  pump->side = IOSPLICE_NEITHER;
  pump->begun = false;
  return max < INTMAX_MAX - pump->carried ? max + pump->carried : max;
}

/* GIVEN_UP: what is in flight is dropped.  */
static void
end (struct iosplice_pump *pump, bool given_up, off_t max)
{
  endpoint_release (&pump->source);
  pump->in_flight = pump->block - pump->counted;
  if (given_up || pump->live == 0)
    {
      if (!pump->foreign)
        put_back (pump, max);
      forget_block (pump);
    }
  if (pump->block == 0)
    {
      buffer_rest (&pump->buffer);
      buffer_rest (&pump->spare);
    }
}

/* Does the hook end the run?  */
static bool
interrupted (struct iosplice_pump *pump)
{
  if (!pump->hooks.interrupted || pump->hooks.interrupted (pump->hooks.context) == 0)
    return false;
  pump->side = IOSPLICE_NEITHER;
  return true;
}

/* One turn of the loop, waited for.  A hook that ends the run leaves it waiting.  */
static enum iosplice_step
step_and_wait (struct iosplice_pump *pump, size_t max)
{
  enum iosplice_step now;

  while ((now = step (pump, max)) == IOSPLICE_WAIT_SOURCE || now == IOSPLICE_WAIT_SINK)
    {
      if (errno == EAGAIN && now == IOSPLICE_WAIT_SOURCE)
        wait_for_end (&pump->source, POLLIN);
      else if (errno == EAGAIN)
        wait_for_end (&pump->sinks[pump->serving], POLLOUT);
      if (interrupted (pump))
        {
          pump->begun = now == IOSPLICE_WAIT_SINK;
          break;
        }
    }
  return now;
}

/* The loop.  */
static off_t
run (struct iosplice_pump *pump, off_t max)
{
  bool going = true;
  enum iosplice_step now = IOSPLICE_END;

  max = begin (pump, max);
  while (going && pump->live > 0 && (pump->taken < max || pump->block > 0))
    {
      off_t before = pump->moved;

      if (pump->watch_sinks && pump->block == 0 && !endpoint_seekable (&pump->source) && watch (pump) < 0)
        {
          now = IOSPLICE_FAILED;
          break;
        }
      if (pump->live == 0)
        break;
      now = step_and_wait (pump, max - pump->taken);
      if (now != IOSPLICE_MOVED)
        break;
      if (pump->hooks.moved && pump->moved > before)
        going = pump->hooks.moved (pump->hooks.context, pump->moved - before) == 0;
      if (interrupted (pump))
        {
          now = IOSPLICE_WAIT_SOURCE;
          break;
        }
      if (pump->one_block && !pump->source.whole_reads && pump->taken > pump->carried)
        break;
    }
  end (pump, now != IOSPLICE_MOVED && now != IOSPLICE_END, max);
  return now == IOSPLICE_FAILED ? -1 : pump->moved;
}

enum iosplice_step
iosplice_pump_step (struct iosplice_pump *pump, off_t length)
{
  off_t max = begin (pump, length < 0 ? INTMAX_MAX : length);
  enum iosplice_step now = pump->live > 0 ? IOSPLICE_MOVED : IOSPLICE_END;

  pump->piece = BUFFER_MEMORY;
  pump->one_block = false;
  pump->buffer.hurried = pump->spare.hurried = true;
  if (pump->live > 0 && max > 0)
    do
      now = step (pump, max);
    while ((now == IOSPLICE_WAIT_SOURCE || now == IOSPLICE_WAIT_SINK) && errno == EINTR);
  end (pump, now == IOSPLICE_FAILED, max);
  pump->buffer.hurried = pump->spare.hurried = false;
  return now;
}

off_t
iosplice_pump_run (struct iosplice_pump *pump, off_t length)
{
  /* As much as the caller's own block, where that is no waste.  */
  pump->piece = pump->input_block < BUFFER_MEMORY ? BUFFER_MEMORY
    : pump->input_block > MOST_MEMORY ? MOST_MEMORY : pump->input_block;
  pump->one_block = false;
  return run (pump, length < 0 ? INTMAX_MAX : length);
}

ssize_t
iosplice_pump_block (struct iosplice_pump *pump, size_t size)
{
  size_t input = pump->input_block, output = pump->output_block;
  bool stands_in = pump->stands_in;
  ssize_t result;

  if (size == 0)
    {
      begin (pump, 0);
      return 0;
    }
  /* No read(2) gives more.  */
  if (size > MOST_READ)
    size = MOST_READ;
  pump->piece = size;
  pump->one_block = true;
  iosplice_pump_blocks (pump, size, size);
  result = run (pump, size);
  iosplice_pump_blocks (pump, input, output);
  pump->stands_in = stands_in;
  return result;
}

enum iosplice_side
iosplice_pump_failure (const struct iosplice_pump *pump)
{
  return pump->side;
}

off_t
iosplice_pump_moved (const struct iosplice_pump *pump)
{
  return pump->moved;
}

void
iosplice_pump_statistics (const struct iosplice_pump *pump, struct iosplice_statistics *statistics)
{
  *statistics = pump->statistics;
}

off_t
iosplice_pump_taken (const struct iosplice_pump *pump)
{
  return pump->taken - pump->carried;
}

off_t
iosplice_pump_in_flight (const struct iosplice_pump *pump)
{
  return pump->in_flight;
}

int
iosplice_pump_waiting (const struct iosplice_pump *pump)
{
  return pump->serving;
}

void
iosplice_pump_pool (struct iosplice_pump *pump, struct iosplice_pool *pool)
{
  pump->buffer.pool = pump->spare.pool = pool;
}
