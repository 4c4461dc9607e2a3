/* fill.c - how the next piece comes into the buffer, and by which means.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/ioctl.h>

enum
{
  WORTH_A_PIPE = 8 * 1024,      /* less than this is cheaper to copy than to splice */
  SMALL_PIECES = 8,             /* so many in a row, and a source is not expected to give larger ones */
  BUSY_FILL = 32 * 1024,        /* half of what a pipe holds that nobody has changed, */
  BUSY_FILLS = 4,               /* so many times in a row, show that a transfer is large */
  LARGE_PIPE = 1024 * 1024,
  LARGE_BLOCK = 1024 * 1024,    /* of one that is larger, the memory matters */
  ONE_SEGMENT = 60 * 1024       /* whole pages that fit in a segment of the loopback device */
};

enum iosplice_reason
fill_by_blocks (const struct iosplice_pump *pump)
{
  if (pump->source.kind == ENDPOINT_MESSAGE_SOCKET)
    return IOSPLICE_MESSAGES;
  if (pump->same_sinks)
    return IOSPLICE_SAME_FILE;
  for (int i = 0; i < pump->count; i++)
    if (endpoint_same (&pump->source, &pump->sinks[i]))
      return IOSPLICE_SAME_FILE;
    else if (pump->sinks[i].keeps_boundaries || pump->sinks[i].kind == ENDPOINT_MESSAGE_SOCKET)
      return IOSPLICE_MESSAGES;
  return IOSPLICE_NO_REASON;
}

static bool
all_sinks_refuse (const struct iosplice_pump *pump)
{
  for (int i = 0; i < pump->count; i++)
    if (!pump->sinks[i].refuses && fanout_brings (pump, i))
      return false;
  return true;
}

/* How much to splice to SOCKET at once; 0: as much as there is.  A segment of the
   loopback device holds 65,483 bytes, or half of that, and splice(2) cuts at 65,536:
   small tails use up the receiver's window, which is closed then half of the time.  */
static size_t
one_send (int socket)
{
  int segment = 0;
  socklen_t length = sizeof segment;

  if (getsockopt (socket, IPPROTO_TCP, TCP_MAXSEG, &segment, &length) < 0 || segment < ONE_SEGMENT / 2)
    return 0;
  return ONE_SEGMENT;
}

void
fill_learn (struct iosplice_pump *pump)
{
  for (; pump->learned < pump->count; pump->learned++)
    {
      struct endpoint *sink = &pump->sinks[pump->learned];
      int flags = 0;

      if (sink->kind == ENDPOINT_PIPE || sink->kind == ENDPOINT_NULL || (sink->kind == ENDPOINT_REGULAR && !sink->mine))
        flags = fcntl (sink->fd, F_GETFL);
      if (flags >= 0 && sink->kind == ENDPOINT_PIPE && flags & O_DIRECT)
        sink->keeps_boundaries = true;
      if (flags >= 0 && sink->kind == ENDPOINT_PIPE)
        sink->waits = !(flags & O_NONBLOCK);
      if (flags >= 0 && sink->kind == ENDPOINT_REGULAR && flags & O_APPEND)
        sink->refuses = true;
      if (flags >= 0 && sink->kind == ENDPOINT_NULL && !sink->failed && (flags & O_ACCMODE) != O_RDONLY)
        {
          sink->discards = true;
          pump->discarding++;
        }
    }
  if (pump->source.kind == ENDPOINT_PIPE || pump->source.kind == ENDPOINT_STREAM_SOCKET)
    {
      int flags = fcntl (pump->source.fd, F_GETFL);

      pump->source.keeps_boundaries = flags >= 0 && pump->source.kind == ENDPOINT_PIPE && flags & O_DIRECT;
      pump->source.waits = flags >= 0 && pump->source.kind == ENDPOINT_STREAM_SOCKET && !(flags & O_NONBLOCK);
    }
  /* What comes from a socket is cut into segments already.  */
  for (int i = 0; i < pump->count; i++)
    if (pump->sinks[i].kind == ENDPOINT_STREAM_SOCKET)
      pump->sinks[i].one_send = pump->source.kind == ENDPOINT_STREAM_SOCKET ? 0 : one_send (pump->sinks[i].fd);
  pump->by_blocks = fill_by_blocks (pump);
  pump->known = true;
}

/* One read of a pipe takes all that it holds, so where reads are counted our
   pipe must have as many slots.  */
static size_t
least_capacity (const struct iosplice_pump *pump)
{
  int size = -1;

  if (pump->one_block && pump->source.kind == ENDPOINT_PIPE)
    size = fcntl (pump->source.fd, F_GETPIPE_SZ);
  return size < 0 ? 0 : size;
}

/* read(2) of a pipe that somebody else empties first would wait; splice need not.  */
static bool
must_not_wait (const struct iosplice_pump *pump)
{
  return pump->buffer.hurried
    && (pump->source.kind == ENDPOINT_PIPE || pump->source.kind == ENDPOINT_STREAM_SOCKET);
}

/* Is there a sink that holds the pages it gets?  Elsewhere they are copied, and
   zeros out of the processor's cache are cheaper than those of one page over and over.  */
static bool
keeps_pages (const struct iosplice_pump *pump)
{
  for (int i = 0; i < pump->count; i++)
    if ((pump->sinks[i].kind == ENDPOINT_PIPE || pump->sinks[i].kind == ENDPOINT_OTHER) && fanout_brings (pump, i))
      return true;
  return false;
}

/* Why should the next piece, of at most MAX bytes, go through memory?  */
static enum iosplice_reason
through_memory (struct iosplice_pump *pump, size_t max)
{
  struct endpoint *source = &pump->source;

  if (pump->no_splice)
    return IOSPLICE_ASKED;
  if (pump->by_blocks)
    return pump->by_blocks;
  if (source->refuses)
    return IOSPLICE_SOURCE_REFUSES;
  if (source->kind == ENDPOINT_ZERO && !keeps_pages (pump))
    return IOSPLICE_CHEAPER;
  if (all_sinks_refuse (pump))
    return IOSPLICE_SINK_REFUSES;
  if (fanout_takers (pump) > 1 && pump->spare.refused)
    return IOSPLICE_SINK_REFUSES;
  if ((!source->bulk || max < WORTH_A_PIPE) && !must_not_wait (pump))
    return IOSPLICE_FEW;
  if (pump->one_block && !source->whole_reads && (source->kind != ENDPOINT_PIPE || source->keeps_boundaries))
    return IOSPLICE_MESSAGES;
  /* Where the file should end only read(2) can tell whether it does.  */
  if (endpoint_seekable (source) && (endpoint_locate (source) < 0 || source->position >= source->size))
    return IOSPLICE_FEW;
  if (!pump->buffer.refused && buffer_make_pipe (&pump->buffer, least_capacity (pump)) == 0)
    return IOSPLICE_NO_REASON;
  pump->buffer.refused = true;
  return IOSPLICE_NO_PIPE;
}

/* A transfer that keeps the buffer busy is worth larger pipes on the whole
   way: each time a neighbour has to wait it must be woken.  */
static void
grow (struct iosplice_pump *pump)
{
  struct buffer *buffer = &pump->buffer, *spare = &pump->spare;
  long capacity = LARGE_PIPE;

  buffer->grown = true;
  /* What the spare pipe cannot hold could not be teed.  */
  if (fanout_takers (pump) > 1 && buffer_make_pipe (spare, 0) == 0)
    {
      capacity = iosplice_pipe_grow (spare->pipe[0], LARGE_PIPE);
      if (capacity > 0)
        spare->capacity = capacity;
    }
  if (capacity > 0)
    capacity = iosplice_pipe_grow (buffer->pipe[0], capacity);
  if (capacity > 0)
    buffer->capacity = capacity;
  /* How much one read gives must not change where reads are counted.  */
  if (pump->source.kind == ENDPOINT_PIPE && !pump->one_block)
    iosplice_pipe_grow (pump->source.fd, LARGE_PIPE);
  for (int i = 0; i < pump->count; i++)
    if (pump->sinks[i].kind == ENDPOINT_PIPE && !pump->sinks[i].failed)
      iosplice_pipe_grow (pump->sinks[i].fd, LARGE_PIPE);
}

/* Would a step have to wait for the source, because the call that asks it waits?  */
static bool
nothing_yet (const struct iosplice_pump *pump)
{
  const struct endpoint *source = &pump->source;

  if (!pump->buffer.hurried || endpoint_seekable (source) || source->kind == ENDPOINT_ZERO
      || wait_ready (source->fd, POLLIN))
    return false;
  errno = EAGAIN;
  return true;
}

/* What one read(2) of SIZE bytes can give at most.  A block may be far larger than
   its source, and so much memory refused.  */
static size_t
one_read (struct endpoint *source, size_t size)
{
  off_t most = LARGE_BLOCK;
  int held;

  if (size <= LARGE_BLOCK || (source->kind != ENDPOINT_PIPE && !(source->kind == ENDPOINT_REGULAR && source->whole_reads)))
    return size;
  if (source->kind == ENDPOINT_PIPE)
    {
      /* Who makes it larger than a large block in mid-transfer is privileged, and rare.  */
      if (source->size == 0)
        source->size = iosplice_pipe_capacity (source->fd);
      /* With pieces of more than a page it holds more than its capacity.  */
      if (ioctl (source->fd, FIONREAD, &held) == 0 && held > most)
        most = held;
    }
  if (source->size > most)
    most = source->size;
  return size < (size_t) most ? size : (size_t) most;
}

static ssize_t
fill_memory (struct iosplice_pump *pump, size_t max, enum iosplice_reason reason)
{
  size_t size = max < pump->piece ? max : pump->piece;
  ssize_t n;

  if (nothing_yet (pump))
    return -1;

  /* What is read here is the end of a file, or a growing tail: not worth a large block's memory.  */
  if (reason == IOSPLICE_FEW && pump->source.bulk && pump->source.whole_reads && size > BUFFER_MEMORY)
    size = BUFFER_MEMORY;
  /* What lands where in the end depends on the size of the blocks.  */
  if (reason == IOSPLICE_SAME_FILE && size > pump->input_block)
    size = pump->input_block;
  size = one_read (&pump->source, size);

  if (buffer_make_memory (&pump->buffer, size) < 0)
    {
      pump->side = IOSPLICE_NEITHER;
      return -1;
    }
  n = buffer_read (&pump->buffer, &pump->source, size);
  if (n > 0)
    buffer_reason (&pump->buffer, reason);
  return n;
}

size_t
whole_blocks (const struct iosplice_pump *pump, size_t size)
{
  size_t block = pump->input_block > pump->output_block ? pump->input_block : pump->output_block;
  size_t over;

  if (pump->one_block || !endpoint_seekable (&pump->source) || block > size)
    return size;
  over = (pump->taken + size) % block;
  return over < size ? size - over : size;
}

/* As buffer_splice.  */
static ssize_t
fill_pipe (struct iosplice_pump *pump, size_t max)
{
  struct buffer *buffer = &pump->buffer;
  ssize_t n;

  if (pump->source.waits && nothing_yet (pump))
    return -1;
  if (buffer->busy >= BUSY_FILLS && !buffer->grown)
    grow (pump);
  if (max > buffer->capacity)
    max = whole_blocks (pump, buffer->capacity);
  if (pump->source.kind == ENDPOINT_ZERO && buffer_make_zeros (&pump->zeros, buffer->capacity) == 0)
    n = buffer_tee_zeros (buffer, &pump->zeros, max);
  else
    n = buffer_splice (buffer, &pump->source, max);
  if (n >= 0)
    buffer->busy = n >= BUSY_FILL || (size_t) n >= buffer->capacity / 2 ? buffer->busy + 1 : 0;
  return n;
}

ssize_t
fill (struct iosplice_pump *pump, size_t max)
{
  struct endpoint *source = &pump->source;
  enum iosplice_reason reason = through_memory (pump, max);
  ssize_t n;

  if (reason == IOSPLICE_NO_REASON)
    {
      n = fill_pipe (pump, max);
      if (n < 0 && endpoint_refusal (errno))
        {
          source->refuses = true;
          reason = IOSPLICE_SOURCE_REFUSES;
        }
      else if (n == 0 && endpoint_seekable (source))
        reason = IOSPLICE_FEW;
      else
        return n;
    }
  return fill_memory (pump, max, reason);
}

void
fill_expect (struct endpoint *source, size_t n)
{
  struct stat st;

  if (!endpoint_seekable (source))
    {
      source->small = n >= WORTH_A_PIPE ? 0 : source->small + 1;
      source->bulk = source->kind == ENDPOINT_ZERO || n >= WORTH_A_PIPE || (source->bulk && source->small < SMALL_PIECES);
    }
  else if (n >= BUFFER_MEMORY)
    source->bulk = true;
  if (source->position >= 0 && source->position >= source->size && fstat (source->fd, &st) == 0)
    source->size = st.st_size;  /* it grows */
}
