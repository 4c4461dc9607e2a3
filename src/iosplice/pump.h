/* pump.h - the inside of a pump.

   SPDX-License-Identifier: MIT */

#ifndef PUMP_H
#define PUMP_H

#include "buffer.h"
#include "endpoint.h"
#include "iosplice.h"
#include "worker.h"

enum { MOST_WORKERS = 8 };

struct iosplice_pump
{
  struct iosplice_hooks hooks;
  bool no_splice;
  bool watch_sinks;
  bool parallel;                /* files may be written at the same time */
  bool no_sigpipe;
  enum iosplice_reason by_blocks;       /* why every block must go through memory as it was read */
  bool no_range;                /* copy_file_range has nothing to give (any more) */
  struct endpoint source;
  struct endpoint *sinks;
  int count;                    /* of SINKS */
  int learned;                  /* of SINKS, from the first, have been looked at for splice */
  bool known;                   /* all ends have been */
  int live;                     /* of those, not failed */
  int discarding;               /* of the live ones, discard what they get */
  bool same_sinks;              /* two of them are one file or pipe */
  struct buffer buffer;         /* the block in flight */
  struct buffer spare;          /* its duplicate for a sink that is not the last */
  struct worker *workers[MOST_WORKERS]; /* NULL until one is needed */
  struct buffer zeros;          /* what /dev/zero gives */
  size_t block;                 /* length of the block in flight when it was filled, 0: none */
  size_t counted;               /* how much of it is in MOVED already */
  int serving;                  /* the sink that it goes to now */
  bool teed;                    /* SPARE holds it already */
  size_t partly;                /* the most of it that a sink took which failed at it */
  bool begun;                   /* a hook, or want of memory, ended the run while a sink was to be written to */
  bool foreign;                 /* it came from an earlier source, or place of this one */
  size_t input_block, output_block;     /* of the program that a run stands in for */
  bool stands_in;               /* it told them */
  size_t piece;                 /* what one read asks for */
  bool one_block;               /* this run is one read, and its length matters */
  off_t taken;                  /* in this call, after CARRIED */
  off_t carried;                /* what was in flight before it */
  off_t moved;
  off_t in_flight;              /* after the last call; what it cost, if that failed */
  enum iosplice_side side;
  struct iosplice_statistics statistics;
};

/* fill.c: why must every block go through memory as it was read?  */
enum iosplice_reason fill_by_blocks (const struct iosplice_pump *);

/* fill.c: ask of the ends what only a splice must know: read and write keep these
   promises by themselves.  */
void fill_learn (struct iosplice_pump *);

/* fill.c: one read's worth of at most MAX bytes into the empty buffer.  Returns the
   number of bytes, 0 at end of file, or -1 with errno: EAGAIN is "not ready", EINTR a signal.  */
ssize_t fill (struct iosplice_pump *, size_t max);

/* fill.c: what a piece of SIZE bytes says about the next.  */
void fill_expect (struct endpoint *source, size_t size);

/* fanout.c: bring the block in flight to the sinks, from PUMP->serving on.
   Returns 0 when all live sinks have it, or -1 with errno: EAGAIN is "that
   sink is not ready", EINTR a signal; otherwise PUMP->side says who failed.  */
int fanout (struct iosplice_pump *);

/* fanout.c: how many sinks are brought what is in flight, and is SINK one?  One
   that discards it is not, as long as there is another.  */
int fanout_takers (const struct iosplice_pump *);
bool fanout_brings (const struct iosplice_pump *, int sink);

/* fanout.c: SINK failed with ERROR and gets no more.  Returns 0 if the others
   go on, or -1 with errno ERROR.  */
int fanout_drop (struct iosplice_pump *, int sink, int error);

/* fill.c: SIZE bytes more, or less where that makes the run so far one of whole blocks.  */
size_t whole_blocks (const struct iosplice_pump *, size_t size);

/* copy.c: the next piece, at most MAX bytes, by copy_file_range(2).  Returns
   its length; 0: this is not for copy_file_range, or not any more.  May leave
   a block in flight.  */
size_t copy_range (struct iosplice_pump *, off_t max);

#endif
