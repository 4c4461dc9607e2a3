/* buffer.h - what is in flight: bytes in a pipe of our own, or in memory.

   SPDX-License-Identifier: MIT */

#ifndef BUFFER_H
#define BUFFER_H

#include "endpoint.h"
#include "iosplice.h"
#include "pool.h"

/* What one read(2) asks for, and the boundary that a shared input is left on after a write error: GNU cat's.  */
enum { BUFFER_MEMORY = 128 * 1024 };

struct buffer
{
  int pipe[2];                  /* -1 until one is needed */
  size_t capacity;              /* of the pipe, in bytes */
  unsigned busy;                /* large fills in a row */
  bool grown;                   /* the pipe is as large as it gets */
  bool refused;                 /* a pipe could not be made, or tee(2) into it said no */
  char *memory;
  size_t memory_size;
  const char *bytes;            /* what is in flight, if it is in memory; NULL: it is in the pipe */
  size_t length;                /* how much that is, in bytes */
  bool hurried;                 /* a write from it may not wait */
  struct iosplice_pool *pool;   /* where the pipe comes from and goes; may be NULL */
  struct iosplice_statistics *statistics;
};

void buffer_open (struct buffer *, struct iosplice_statistics *);

/* Close and free what BUFFER has, and with that whatever was in it.  errno is preserved.  */
void buffer_close (struct buffer *);

/* Have a pipe of at least CAPACITY bytes (0: any) in the empty BUFFER.
   Returns 0, or -1 with errno: the bytes must go through memory.  */
int buffer_make_pipe (struct buffer *, size_t capacity);

/* Have SIZE bytes of memory.  Returns 0, or -1 with errno ENOMEM.  */
int buffer_make_memory (struct buffer *, size_t size);

/* Fill the empty BUFFER with one read's worth of at most SIZE bytes, by
   splice into its pipe, which has that capacity, or by read into its memory, which the caller has made.
   Both return the number of bytes, 0 at end of file (buffer_splice: where
   only read(2) can tell end of file, it sets SOURCE->size so that the caller
   asks it), or -1 with errno: EAGAIN is "not ready", EINTR a signal; a refusal by splice is
   as endpoint_refusal says.  */
ssize_t buffer_splice (struct buffer *, struct endpoint *source, size_t size);
ssize_t buffer_read (struct buffer *, struct endpoint *source, size_t size);

/* Have at least SIZE bytes of zeros in the pipe of ZEROS: one constant page, over
   and over.  Returns 0, or -1 with errno: then never again.  */
int buffer_make_zeros (struct buffer *zeros, size_t size);

/* Fill the empty BUFFER with SIZE bytes of ZEROS, which keeps them.  Returns as buffer_splice.  */
ssize_t buffer_tee_zeros (struct buffer *, const struct buffer *zeros, size_t size);

/* Write what BUFFER holds to SINK until it is empty.  Returns 0, or -1 with
   errno: EAGAIN is "not ready", EINTR a signal; otherwise what write(2) said,
   or, if SINK->stuck, why it could not be asked.  BUFFER keeps what did not get through.  */
int buffer_drain (struct buffer *, struct endpoint *sink);

/* The same, and EAGAIN is waited out.  Returns 0, or the errno value.  */
int buffer_drain_all (struct buffer *, struct endpoint *sink);

/* Write what BUFFER holds in memory to SINK, by write(2), or by pwrite(2) at
   *OFFSET, which moves on.  Returns as buffer_drain.  */
int buffer_write (struct buffer *, const struct endpoint *sink, off_t *offset);

/* Let SPARE, empty, hold the same bytes as BUFFER: in its own pipe by tee(2), or
   in BUFFER's memory.  Returns false if its pipe cannot take them.  */
bool buffer_copy (struct buffer *, struct buffer *spare);

/* The same, but what SPARE's pipe cannot take is brought into memory for both.
   Returns 0, or -1 with errno.  */
int buffer_tee (struct buffer *, struct buffer *spare);

/* Bring what the pipe holds into memory.  Returns 0, or -1 with errno.  */
int buffer_salvage (struct buffer *);

/* Note that bytes go through memory for REASON.  */
void buffer_reason (struct buffer *, enum iosplice_reason reason);

/* Give the pipe of the empty BUFFER back, if it came from a pool.  */
void buffer_rest (struct buffer *);

/* Drop what BUFFER holds.  */
void buffer_discard (struct buffer *);

#endif
