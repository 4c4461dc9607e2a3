/* buffer.c - what is in flight: bytes in a pipe of our own, or in memory.

   A pipe is filled only when it is empty: one that still holds something may
   have no slot left and would wait for ourselves.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

void
buffer_open (struct buffer *buffer, struct iosplice_statistics *statistics)
{
  *buffer = (struct buffer) { .pipe = { -1, -1 }, .statistics = statistics };
}

static void
close_pipe (struct buffer *buffer)
{
  for (int i = 0; i < 2; i++)
    {
      if (buffer->pipe[i] >= 0)
        close (buffer->pipe[i]);
      buffer->pipe[i] = -1;
    }
  buffer->capacity = 0;
  buffer->grown = false;
}

void
buffer_rest (struct buffer *buffer)
{
  if (!buffer->pool || buffer->pipe[0] < 0 || (buffer->length > 0 && !buffer->bytes))
    return;
  pool_give (buffer->pool, buffer->pipe, buffer->capacity, buffer->grown);
  buffer->pipe[0] = buffer->pipe[1] = -1;
  buffer->capacity = 0;
  buffer->grown = false;
}

void
buffer_close (struct buffer *buffer)
{
  int saved = errno;

  buffer_rest (buffer);
  close_pipe (buffer);
  free (buffer->memory);
  buffer_open (buffer, buffer->statistics);
  errno = saved;
}

int
buffer_make_pipe (struct buffer *buffer, size_t capacity)
{
  long size;

  if (buffer->pipe[0] < 0 && (!buffer->pool || !pool_take (buffer->pool, buffer->pipe, &buffer->capacity, &buffer->grown)))
    {
      if (iosplice_pipe (buffer->pipe, 0) < 0)
        return -1;
      buffer->capacity = 0;
    }
  if (buffer->capacity == 0 || buffer->capacity < capacity)
    {
      size = iosplice_pipe_grow (buffer->pipe[0], capacity);
      if (size < 0 || (size_t) size < capacity)
        return -1;
      buffer->capacity = size;
    }
  return 0;
}

int
buffer_make_memory (struct buffer *buffer, size_t size)
{
  void *memory;
  int error;

  if (buffer->memory_size >= size)
    return 0;
  /* On a page boundary, for O_DIRECT.  */
  error = posix_memalign (&memory, 4096, size);
  if (error)
    {
      errno = error;
      return -1;
    }
  free (buffer->memory);
  buffer->memory = memory;
  buffer->memory_size = size;
  return 0;
}

void
buffer_reason (struct buffer *buffer, enum iosplice_reason reason)
{
  if (buffer->statistics->reason < reason)
    buffer->statistics->reason = reason;
}

static ssize_t
count (struct iosplice_means *means, ssize_t n)
{
  means->calls++;
  if (n > 0)
    means->bytes += n;
  return n;
}

/* splice(2) into or out of the pipe; OFFSET, of the other end, may be NULL.  */
static ssize_t
splice_in (struct buffer *buffer, int fd, off_t *offset, size_t size)
{
  return count (&buffer->statistics->splice, splice (fd, offset, buffer->pipe[1], NULL, size, SPLICE_F_NONBLOCK));
}

static ssize_t
splice_out (struct buffer *buffer, const struct endpoint *sink, off_t *offset)
{
  size_t size = sink->one_send > 0 && sink->one_send < buffer->length ? sink->one_send : buffer->length;

  buffer->statistics->splice.calls++;
  return splice (buffer->pipe[0], NULL, sink->fd, offset, size, SPLICE_F_NONBLOCK);
}

/* Splice from a file whose position others may move.  What was reserved and
   does not fit now, or is refused, stays reserved for the next call: to give it
   back in mid-file would undo what another reader has reserved behind it.  */
static ssize_t
splice_shared (struct buffer *buffer, struct endpoint *source, size_t size)
{
  off_t offset;
  ssize_t n;

  if (source->reserved == 0)
    {
      off_t left = source->size - source->position;

      if (endpoint_reserve (source, left < (off_t) size ? left : (off_t) size) < 0)
        return -1;
      if (source->reserved == 0)
        return 0;
    }
  if (size > (size_t) source->reserved)
    size = source->reserved;
  offset = source->position;
  n = splice_in (buffer, source->fd, &offset, size);
  if (n > 0)
    {
      source->position = offset;
      source->reserved -= n;
    }
  else if (n == 0)
    endpoint_release (source);  /* the file is shorter now */
  return n;
}

ssize_t
buffer_splice (struct buffer *buffer, struct endpoint *source, size_t size)
{
  ssize_t n;

  if (!endpoint_seekable (source))
    n = splice_in (buffer, source->fd, NULL, size);
  else if (source->at)
    n = splice_in (buffer, source->fd, &source->position, size);
  else if (source->mine)
    {
      n = splice_in (buffer, source->fd, NULL, size);
      if (n > 0)
        source->position += n;
    }
  else
    n = splice_shared (buffer, source, size);

  /* splice looks at the size that the kernel remembers; read asks the file system.  */
  if (n == 0 && endpoint_seekable (source))
    source->size = source->position;
  if (n > 0)
    {
      buffer->bytes = NULL;
      buffer->length = n;
    }
  return n;
}

ssize_t
buffer_read (struct buffer *buffer, struct endpoint *source, size_t size)
{
  ssize_t n = count (&buffer->statistics->read, endpoint_read (source, buffer->memory, size));

  if (n > 0)
    {
      buffer->bytes = buffer->memory;
      buffer->length = n;
    }
  return n;
}

int
buffer_make_zeros (struct buffer *zeros, size_t size)
{
  struct iovec pages = { .iov_len = size };
  ssize_t n;

  if (zeros->length >= size)
    return 0;
  if (zeros->refused)
    return -1;
  close_pipe (zeros);
  zeros->length = 0;
  zeros->refused = true;
  /* Never written, so that all of it is the kernel's own page of zeros.  */
  pages.iov_base = mmap (NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages.iov_base == MAP_FAILED)
    return -1;
  n = buffer_make_pipe (zeros, size) < 0 ? -1 : vmsplice (zeros->pipe[1], &pages, 1, SPLICE_F_NONBLOCK);
  munmap (pages.iov_base, size);
  if (n < (ssize_t) size)
    return -1;
  zeros->length = size;
  zeros->refused = false;
  return 0;
}

ssize_t
buffer_tee_zeros (struct buffer *buffer, const struct buffer *zeros, size_t size)
{
  ssize_t n = count (&buffer->statistics->tee, tee (zeros->pipe[0], buffer->pipe[1], size, SPLICE_F_NONBLOCK));

  if (n > 0)
    {
      buffer->bytes = NULL;
      buffer->length = n;
    }
  return n;
}

/* What went into a pipe is there: anything less is a broken promise of the kernel, and told.  */
static int
read_in_full (int fd, char *bytes, size_t size)
{
  for (size_t done = 0; done < size;)
    {
      ssize_t n = read (fd, bytes + done, size - done);

      if (n > 0)
        done += n;
      else if (n == 0 || errno != EINTR)
        {
          if (n == 0)
            errno = EIO;
          return -1;
        }
    }
  return 0;
}

int
buffer_salvage (struct buffer *buffer)
{
  if (buffer->bytes || buffer->length == 0)
    return 0;
  if (buffer_make_memory (buffer, buffer->length) < 0
      || read_in_full (buffer->pipe[0], buffer->memory, buffer->length) < 0)
    return -1;
  buffer->bytes = buffer->memory;
  count (&buffer->statistics->read, buffer->length);
  buffer_reason (buffer, IOSPLICE_SINK_REFUSES);
  return 0;
}

/* How much may be written at once?  A pipe that poll(2) calls ready has room for PIPE_BUF.  */
static size_t
write_size (const struct buffer *buffer, const struct endpoint *sink)
{
  if (!buffer->hurried || !sink->waits)
    return buffer->length;
  if (!wait_ready (sink->fd, POLLOUT))
    return 0;
  return buffer->length < PIPE_BUF ? buffer->length : PIPE_BUF;
}

int
buffer_write (struct buffer *buffer, const struct endpoint *sink, off_t *offset)
{
  while (buffer->length > 0)
    {
      size_t size = write_size (buffer, sink);
      ssize_t n;

      if (size == 0)
        {
          errno = EAGAIN;
          return -1;
        }
      n = count (&buffer->statistics->write, endpoint_write (sink, buffer->bytes, size, offset));
      if (n <= 0)
        {
          if (n == 0)
            errno = ENOSPC;     /* as GNU's programs take a write of nothing */
          return -1;
        }
      buffer->bytes += n;
      buffer->length -= n;
    }
  return 0;
}

static int
drain_pipe (struct buffer *buffer, struct endpoint *sink, off_t *offset)
{
  while (buffer->length > 0)
    {
      ssize_t n = splice_out (buffer, sink, offset);

      if (n > 0)
        buffer->length -= n;
      else if (n < 0 && !endpoint_refusal (errno))
        return -1;
      else
        {
          sink->refuses = true;
          return buffer_salvage (buffer) < 0 ? -1 : buffer_write (buffer, sink, offset);
        }
    }
  return 0;
}

/* Splice to a file whose position others may move: the bytes get their place
   first, in one step, then go there.  A signal that ended us in between would
   leave a hole in front of whatever the next writer adds, so signals wait.  */
static int
drain_shared (struct buffer *buffer, struct endpoint *sink)
{
  struct place place;
  int result;

  if (place_take (&place, sink->fd, buffer->length) < 0)
    return drain_pipe (buffer, sink, NULL);
  result = drain_pipe (buffer, sink, &place.offset);
  place_leave (&place);
  return result;
}

int
buffer_drain (struct buffer *buffer, struct endpoint *sink)
{
  off_t *offset = sink->at ? &sink->position : NULL;
  int result;

  if (!buffer->bytes && !sink->refuses)
    result = endpoint_shared (sink) ? drain_shared (buffer, sink) : drain_pipe (buffer, sink, offset);
  else
    result = buffer_salvage (buffer) < 0 ? -1 : buffer_write (buffer, sink, offset);
  sink->stuck = result < 0 && sink->refuses && !buffer->bytes;
  return result;
}

int
buffer_drain_all (struct buffer *buffer, struct endpoint *sink)
{
  while (buffer_drain (buffer, sink) < 0)
    if (errno == EAGAIN)
      wait_for (&sink->wait, sink->fd, POLLOUT, false);
    else if (errno != EINTR)
      return errno;
  return 0;
}

/* tee always starts at the head of the pipe, so a short one cannot be continued.  */
static bool
tee_all (struct buffer *buffer, struct buffer *spare)
{
  ssize_t n;

  if (spare->refused || buffer_make_pipe (spare, buffer->capacity) < 0)
    return false;
  do
    n = count (&spare->statistics->tee, tee (buffer->pipe[0], spare->pipe[1], buffer->length, SPLICE_F_NONBLOCK));
  while (n < 0 && errno == EINTR);
  spare->bytes = NULL;
  spare->length = n < 0 ? 0 : n;
  if (spare->length == buffer->length)
    return true;
  buffer_discard (spare);
  return false;
}

bool
buffer_copy (struct buffer *buffer, struct buffer *spare)
{
  if (!buffer->bytes)
    return tee_all (buffer, spare);
  spare->bytes = buffer->bytes;
  spare->length = buffer->length;
  return true;
}

int
buffer_tee (struct buffer *buffer, struct buffer *spare)
{
  if (buffer_copy (buffer, spare))
    return 0;
  spare->refused = true;
  if (buffer_salvage (buffer) < 0)
    return -1;
  buffer_copy (buffer, spare);
  return 0;
}

void
buffer_discard (struct buffer *buffer)
{
  if (!buffer->bytes && buffer->length > 0)
    close_pipe (buffer);
  buffer->bytes = NULL;
  buffer->length = 0;
}
