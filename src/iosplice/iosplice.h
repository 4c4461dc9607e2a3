/* iosplice.h - move bytes between descriptors and leave them in the kernel.

   SPDX-License-Identifier: MIT

   An ordinary pipe is the buffer: splice(2) fills it from a source and
   drains it into a sink, tee(2) duplicates what it holds for further sinks.
   Where the kernel refuses, the same bytes go through memory with read(2)
   and write(2).  The library never prints, never exits, installs no signal
   handler and keeps no global state: threads may use it freely as long as
   each pump is used by one thread at a time.  */

#ifndef IOSPLICE_H
#define IOSPLICE_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which end of a transfer failed.  */
enum iosplice_side
{
  IOSPLICE_NEITHER,             /* the pump itself: ENOMEM, EMFILE */
  IOSPLICE_SOURCE,
  IOSPLICE_SINK
};

/* How often a call was made, and how many bytes went that way.  */
struct iosplice_means
{
  unsigned long long calls;
  unsigned long long bytes;
};

/* Why bytes went through memory; of several reasons the last in this list.  */
enum iosplice_reason
{
  IOSPLICE_NO_REASON,           /* none did */
  IOSPLICE_FEW,                 /* too few at a time to be worth a pipe */
  IOSPLICE_CHEAPER,             /* zeros for a file or socket, which would copy them page by page */
  IOSPLICE_NO_PIPE,             /* a pipe could not be made */
  IOSPLICE_SINK_REFUSES,        /* splice(2) does not serve the sink: O_APPEND, a full device, ... */
  IOSPLICE_SOURCE_REFUSES,      /* the same of the source */
  IOSPLICE_MESSAGES,            /* each read or write matters by itself: messages, counted blocks */
  IOSPLICE_SAME_FILE,           /* source and sink are the same file */
  IOSPLICE_ASKED                /* IOSPLICE_NO_SPLICE */
};

/* By which means a pump moved bytes.  */
struct iosplice_statistics
{
  struct iosplice_means splice;         /* calls in and out, bytes in */
  struct iosplice_means tee;            /* to further sinks, and of zeros instead of /dev/zero's */
  struct iosplice_means copy_file_range;
  struct iosplice_means read;           /* these bytes went through memory, also on a salvage */
  struct iosplice_means write;
  enum iosplice_reason reason;
};

/* Flags of iosplice_pump_new.  */
#define IOSPLICE_NO_SPLICE 0x1u /* copy through memory: a snapshot of the bytes as they were read */

#define IOSPLICE_WATCH_SINKS 0x2u       /* while a run or block waits for the source, look out for sinks, pipes and
                                           stream sockets, whose reader goes away: they fail with EPIPE */

#define IOSPLICE_PARALLEL 0x4u  /* where several sinks in a row are files or block devices, write to them at the same
                                   time, in threads of the pump's own; what one of them fails with is told when all
                                   have the block.  What is IOSPLICE_MINE only, but for one.  */

#define IOSPLICE_NO_SIGPIPE 0x80u       /* a sink whose reader has gone fails with EPIPE, and no SIGPIPE is sent */

/* Flags of an end.  */
#define IOSPLICE_MINE 0x1u      /* the caller opened this description and shares it with nobody,
                                   so its file position needs no protection from other users */

#define IOSPLICE_DROPS 0x2u     /* a sink that is dropped when it fails: the others go on */

/* A source, its sinks, and what is in flight between them.  */
struct iosplice_pump;

/* What the caller wants to hear about while a pump runs; unset members are
   not called.  The functions may not call the pump they were called from.  */
struct iosplice_hooks
{
  void *context;                /* handed to each function */

  /* BYTES more have reached every sink, in a run or block; after a step
     iosplice_pump_moved tells.  Nonzero ends the run as if the length had been reached.  */
  int (*moved) (void *context, size_t bytes);

  /* Sink number SINK (in the order they were added, from 0) failed with
     ERROR, an errno value.  Zero drops the sink and goes on with the others;
     nonzero ends the run with this error.  Without it the failure of a sink
     that is not IOSPLICE_DROPS ends the run.  */
  int (*failed) (void *context, int sink, int error);

  /* A signal may have come: a call was interrupted, the pump has waited, or moved something.
     Zero goes on; nonzero ends the run as if the length had been reached,
     with what is in flight dropped and a seekable source put back behind what was
     moved; or, after iosplice_pump_blocks, behind the blocks that had begun, or
     were about, to arrive.  May ask iosplice_pump_moved and
     iosplice_pump_taken.  A signal that comes just before a call that blocks
     interrupts nothing: who cares must send it again until it is heard.  */
  int (*interrupted) (void *context);
};

/* Make a pump.

   flags  IOSPLICE_NO_SPLICE, IOSPLICE_WATCH_SINKS, IOSPLICE_PARALLEL and IOSPLICE_NO_SIGPIPE, combined, or 0
   hooks  copied; NULL for none

   Returns the pump, or NULL with errno: ENOMEM, or EINVAL for a flag that is none
   of these.  Opens nothing until a transfer needs it; never blocks.  */
struct iosplice_pump *iosplice_pump_new (unsigned flags, const struct iosplice_hooks *hooks);

/* Free PUMP (NULL is allowed) and close the pipes it made.  The ends stay
   open: they are the caller's.  errno is preserved.  */
void iosplice_pump_free (struct iosplice_pump *pump);

/* Let PUMP read from FD from now on.  What the last source gave has been
   delivered, was reported as lost, or is in flight after a step and delivered
   first; the sinks stay.

   flags  IOSPLICE_MINE or 0
   st     what fstat(2) said of FD, or NULL to have it asked; st_size is only a hint

   Returns 0, or -1 with errno of fstat(2), or EINVAL for another flag.  Never blocks.  */
int iosplice_pump_source (struct iosplice_pump *pump, int fd, unsigned flags, const struct stat *st);

/* Add FD to what PUMP writes to.  Sinks are served in the order of addition.
   One that is added while bytes are in flight may get some of these.

   flags  IOSPLICE_MINE and IOSPLICE_DROPS, combined, or 0
   st     as for iosplice_pump_source

   Returns the sink's number, from 0, or -1 with errno ENOMEM, of fstat(2), or EINVAL
   for another flag.  */
int iosplice_pump_sink (struct iosplice_pump *pump, int fd, unsigned flags, const struct stat *st);

/* Read the source, a regular file or block device, from OFFSET on, and leave
   its file position alone, so that any number of threads and processes may
   read the same descriptor.  Holds until the next iosplice_pump_source.

   Returns 0, or -1 with errno: ESPIPE if it has no position, EINVAL if OFFSET
   is negative, EBADF if there is no source.  See pread(2).  */
int iosplice_pump_source_at (struct iosplice_pump *pump, off_t offset);

/* The same for sink number SINK; EINVAL also if it is open with O_APPEND, or if there is no such sink.  */
int iosplice_pump_sink_at (struct iosplice_pump *pump, int sink, off_t offset);

/* How many sinks have not failed.  */
int iosplice_pump_sinks (const struct iosplice_pump *pump);

/* Move bytes from the source to every sink until end of file, or until
   LENGTH bytes have been taken from the source (negative: no limit); never takes
   more than LENGTH from it.  Each piece is passed on before more is read, and what
   a step left in flight before anything else.

   Returns the number of bytes that every remaining sink has got in this
   call; less than LENGTH means end of file, no sink left, or a hook that
   said so.  Returns -1 with errno set on failure; iosplice_pump_failure
   tells which side it was, iosplice_pump_moved what had arrived by then.

   errno: what read(2) said of the source (EBADF if there is none), what write(2)
   said of a sink (a refusal by splice(2) is never reported: it is answered by
   read and write), ENOMEM.  EINTR is resumed unless the hook INTERRUPTED says
   otherwise, EAGAIN is waited out with poll(2).

   Blocks as read and write on the same descriptors do.  Afterwards the
   position of a seekable source stands behind the bytes taken from it; where a
   sink failed and no other has got what it did not take, behind the input blocks
   that the output block which could not be written needed, as read and write
   would have left it.
   A sink that breaks raises SIGPIPE as write(2) does.

   See splice(2), tee(2), copy_file_range(2), pipe(7).  */
off_t iosplice_pump_run (struct iosplice_pump *pump, off_t length);

/* Say in what blocks, in bytes, a program with read and write would do what
   PUMP does in its runs: where a failure leaves a seekable source depends on
   it, and pieces consist of whole blocks where they can.  Without, both are
   of 128 KiB; iosplice_pump_block has its own.  0 is taken as 1.  */
void iosplice_pump_blocks (struct iosplice_pump *pump, size_t input, size_t output);

/* Move one input block: what one read(2) of SIZE bytes would give, a short
   one included, to every sink.  Returns, errno and effects as
   iosplice_pump_run; 0 is end of file, or that SIZE is 0.  */
ssize_t iosplice_pump_block (struct iosplice_pump *pump, size_t size);

/* What one step came to.  */
enum iosplice_step
{
  IOSPLICE_MOVED,               /* iosplice_pump_moved bytes, and there may be more to move at once */
  IOSPLICE_WAIT_SOURCE,         /* the source has nothing now: wait until it can be read */
  IOSPLICE_WAIT_SINK,           /* a sink takes nothing now: wait until iosplice_pump_waiting can be written to */
  IOSPLICE_END,                 /* end of file, or no sink left; nothing is in flight */
  IOSPLICE_FAILED               /* errno and iosplice_pump_failure tell why */
};

/* For event loops: move what can be moved now, of at most LENGTH bytes (negative:
   no limit; 0: only what is in flight) taken from the source.  What could not be
   delivered stays in flight for the next step, run or block.

   Never waits for a source, nor for a sink that is a pipe or that the caller made
   O_NONBLOCK; into a socket or terminal that blocks the kernel may wait whatever it
   is asked.  Where bytes must go through memory and others use the same end too,
   they could come between poll(2) and our read(2) or write(2): O_NONBLOCK avoids that.
   Regular files and block devices are not waited for by poll(2) either, but take their time.

   On IOSPLICE_END a proxy passes the half-close on: shutdown (sink, SHUT_WR).
   A pump may be freed at any time; iosplice_pump_in_flight tells what that costs.

   Effects and errno otherwise as iosplice_pump_run.  */
enum iosplice_step iosplice_pump_step (struct iosplice_pump *pump, off_t length);

/* After IOSPLICE_WAIT_SINK: the number of the sink to wait for.  */
int iosplice_pump_waiting (const struct iosplice_pump *pump);

/* Bytes taken from the source that have not reached every sink yet.  After a
   failure: those that were lost with it, unless the source is a file whose
   position was put back.  */
off_t iosplice_pump_in_flight (const struct iosplice_pump *pump);

/* Pipes for pumps that are stepped: each has one only while bytes are in flight.  */
struct iosplice_pool;

/* Make a pool that keeps at most MOST unused pipes.  Returns NULL with errno
   ENOMEM, or EINVAL if MOST is negative.  A pool and its pumps belong to one
   thread at a time.  */
struct iosplice_pool *iosplice_pool_new (int most);

/* Free POOL (NULL is allowed) and close its pipes, after its pumps were freed.  errno is preserved.  */
void iosplice_pool_free (struct iosplice_pool *pool);

/* Let PUMP, before its first transfer, take its pipes from POOL and give them back.  */
void iosplice_pump_pool (struct iosplice_pump *pump, struct iosplice_pool *pool);

/* After -1 or IOSPLICE_FAILED: which side failed.  */
enum iosplice_side iosplice_pump_failure (const struct iosplice_pump *pump);

/* Bytes that every remaining sink got in the last run, block or step, also when it
   failed or in a hook; with one sink its part of the piece in flight included.  */
off_t iosplice_pump_moved (const struct iosplice_pump *pump);

/* Bytes that the last run, block or step took from the source, not counting
   what was in flight before; below 0 where a failure put back some of that.  */
off_t iosplice_pump_taken (const struct iosplice_pump *pump);

/* By which means PUMP has moved bytes since the last iosplice_pump_source.  */
void iosplice_pump_statistics (const struct iosplice_pump *pump, struct iosplice_statistics *statistics);

/* What a transfer in one call came to.  */
struct iosplice_result
{
  off_t moved;                  /* bytes that reached the sink, also on failure */
  off_t taken;                  /* bytes that were taken from the source; more than MOVED only on failure */
  enum iosplice_side side;      /* on failure: which side */
  struct iosplice_statistics statistics;
};

/* Transfers in one call: a pump that is made, run and freed.

   iosplice_copy     until end of file, or until LENGTH bytes are moved (negative: no limit)
   iosplice_full     exactly LENGTH bytes, not below 0; that end of file came first is an error, ENODATA
   iosplice_partial  what one read(2) of LENGTH bytes would give

   from, to                 any descriptors: regular files, pipes, sockets, terminals, devices
   from_offset, to_offset   NULL: use the file position and move it on.  Else the position stays
                            as it is, the transfer begins at the offset, and the offset is moved on by
                            the bytes moved: any number of threads may use one descriptor
   flags                    IOSPLICE_NO_SPLICE and IOSPLICE_NO_SIGPIPE, combined, or 0
   result                   filled in success and in failure; may be NULL

   Return the number of bytes moved, 0 at end of file, or -1 with errno: as
   iosplice_pump_run, as iosplice_pump_source_at and iosplice_pump_sink_at, or EINVAL for
   another flag.  Block as read and write do.  Who moves many small pieces makes a pump once instead.  */
off_t iosplice_copy (int from, off_t *from_offset, int to, off_t *to_offset, off_t length, unsigned flags,
                     struct iosplice_result *result);
off_t iosplice_full (int from, off_t *from_offset, int to, off_t *to_offset, off_t length, unsigned flags,
                     struct iosplice_result *result);
ssize_t iosplice_partial (int from, off_t *from_offset, int to, off_t *to_offset, size_t length, unsigned flags,
                          struct iosplice_result *result);

/* Flags of iosplice_splice, iosplice_tee and iosplice_vmsplice, besides IOSPLICE_NO_SIGPIPE.  */
#define IOSPLICE_MOVE 0x100u    /* SPLICE_F_MOVE, which Linux ignores since 2.6.21 */
#define IOSPLICE_NONBLOCK 0x200u        /* never wait, but return IOSPLICE_WOULD_BLOCK; SPLICE_F_NONBLOCK */
#define IOSPLICE_MORE 0x400u    /* more follows at once: a TCP sink need not send a part; SPLICE_F_MORE */
#define IOSPLICE_WAIT_ALL 0x800u        /* all SIZE bytes, unless end of file or an error comes first */

/* Returned where a call with IOSPLICE_NONBLOCK moved nothing and would have to wait.  */
#define IOSPLICE_WOULD_BLOCK (-2)

/* splice(2): move at most SIZE bytes between FROM and TO, one of which must be
   a pipe, resuming after EINTR.  The caller keeps the hazards: while this waits for an
   end that is no pipe, everybody else's calls on the pipe wait too.

   from_offset, to_offset   of an end that is no pipe, moved on by the bytes moved; NULL: its file position

   Returns the number of bytes moved; 0 at end of file, or where SIZE is 0;
   IOSPLICE_WOULD_BLOCK; or -1 with errno of splice(2), and EINVAL for a flag that is
   none of these.  With IOSPLICE_WAIT_ALL, fewer than SIZE is no success: errno
   tells why, EAGAIN that it would have to wait, and 0 there is end of file.

   Waits as splice(2) does, and for an end that is O_NONBLOCK too, unless
   IOSPLICE_NONBLOCK.  That keeps from waiting for pipes and for what the caller made
   O_NONBLOCK; on a socket or terminal that blocks the kernel may wait all the same.  */
ssize_t iosplice_splice (int from, off_t *from_offset, int to, off_t *to_offset, size_t size, unsigned flags);

/* tee(2): duplicate at most SIZE bytes of what the pipe FROM holds into the
   pipe TO, and leave them in FROM.  With IOSPLICE_WAIT_ALL, wait first until FROM
   holds SIZE bytes or has no writer any more; since each tee starts at the head of
   FROM, what did not fit into TO then can not be added by another call: fewer than
   SIZE, with errno EAGAIN.

   Returns and waits as iosplice_splice; errno also of epoll_create1(2).  SIZE may be at
   most what FROM can hold, or a wait for all has no end: that is its capacity, but
   less where the slots are taken by pieces of less than a page each, as splice(2),
   tee(2), vmsplice(2) and packet mode leave them.  */
ssize_t iosplice_tee (int from, int to, size_t size, unsigned flags);

/* vmsplice(2): put the COUNT buffers of memory, all of them, into a pipe.  The
   pipe holds the very pages: their memory may be neither changed nor unmapped
   until the last reader of them, which may be a socket's peer, has read them.

   Returns the number of bytes that it put there; fewer than all tells by errno why,
   EAGAIN that it would have to wait; IOSPLICE_WOULD_BLOCK; or -1 with errno of
   vmsplice(2): EBADF if PIPE is no pipe or its reading end, whose bytes vmsplice(2)
   would put into the buffers, EFAULT, EPIPE; and EINVAL if COUNT is negative.  Waits
   unless IOSPLICE_NONBLOCK, and resumes after EINTR.  Any COUNT will do, and empty
   buffers.  To read a pipe into memory use iosplice_read.  */
ssize_t iosplice_vmsplice (int pipe, const struct iovec *buffers, int count, unsigned flags);

/* How many bytes the pipe FD can hold, and how many it holds.  Return -1 with
   errno: EBADF, or EINVAL if FD is no pipe.  See F_GETPIPE_SZ in fcntl(2), FIONREAD in pipe(7).  */
long iosplice_pipe_capacity (int fd);
long iosplice_pipe_held (int fd);

/* Set how many bytes the pipe FD can hold; the kernel rounds up.  Returns the
   new capacity, or -1 with errno: EBADF, EINVAL if FD is no pipe or CAPACITY above
   INT_MAX, EBUSY if it holds more, EPERM above iosplice_pipe_most or where the user
   has too many pipe pages, ENOMEM.  See F_SETPIPE_SZ in fcntl(2).  */
long iosplice_pipe_resize (int fd, size_t capacity);

/* The capacity that a new pipe has now, which shrinks when the user has many, and the
   largest that can be had without privilege, in bytes.  The first returns -1 with
   errno if no pipe can be made.  How much one write(2) puts into a pipe unbroken is
   PIPE_BUF of <limits.h>.  */
long iosplice_pipe_default (void);
long iosplice_pipe_most (void);

/* Let the pipe FD hold at least CAPACITY bytes, or as near to that as the
   user's limits allow; a larger one stays as it is.  Never blocks.

   Returns the capacity it has now, in bytes, or -1 with errno: EBADF, or
   EINVAL if FD is no pipe.  See F_SETPIPE_SZ in fcntl(2), and pipe(7).  */
long iosplice_pipe_grow (int fd, size_t capacity);

/* Make a pipe of at least CAPACITY bytes, or as near to that as the user's
   limits allow: ENDS[0] to read from, ENDS[1] to write to, both close-on-exec
   and neither of them standard input, output or error.

   Returns 0, or -1 with errno of pipe2(2) or fcntl(2).  */
int iosplice_pipe (int ends[2], size_t capacity);

/* Copy what the pipe FROM holds right now into the empty pipe TO, by tee(2),
   and leave it there.  What needs more slots than TO has is not copied.  Never blocks.

   Returns the number of bytes, 0 if FROM holds nothing, or -1 with errno:
   EINVAL if either is not a pipe or both are the same.  See tee(2).  */
ssize_t iosplice_peek (int from, int to);

/* read(2) that resumes after EINTR and waits out EAGAIN with poll(2): one
   read's worth of at most SIZE bytes.  Returns and errno as read(2).  */
ssize_t iosplice_read (int fd, void *bytes, size_t size);

/* write(2) until all SIZE bytes are written, resuming after EINTR and
   waiting out EAGAIN.  Returns the number of bytes written; less than SIZE
   means an error, and errno tells which, as write(2) does.  */
size_t iosplice_write (int fd, const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
