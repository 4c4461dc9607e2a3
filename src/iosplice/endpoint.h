/* endpoint.h - what a descriptor is, and how one read or write on it behaves.

   SPDX-License-Identifier: MIT */

#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "wait.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

enum endpoint_kind
{
  ENDPOINT_REGULAR,
  ENDPOINT_BLOCK,
  ENDPOINT_PIPE,
  ENDPOINT_STREAM_SOCKET,
  ENDPOINT_MESSAGE_SOCKET,
  ENDPOINT_ZERO,
  ENDPOINT_NULL,
  ENDPOINT_OTHER                /* terminal and all that is read and written only */
};

struct endpoint
{
  int fd;
  enum endpoint_kind kind;
  bool mine;                    /* nobody else uses this description */
  bool at;                      /* POSITION is the caller's: the file's own is neither used nor moved */
  bool refuses;                 /* splice(2) said no: read and write from here on */
  bool bulk;                    /* source: expect pieces that are worth a pipe */
  unsigned small;               /* source: pieces in a row that were not */
  bool whole_reads;             /* source: a read is short only at the end of file */
  bool keeps_boundaries;        /* sink: every write is a message of its own */
  bool discards;                /* sink: it takes and forgets whatever it is given, so it need not be given it */
  bool stuck;                   /* sink: the last write failed for want of memory of ours, which is no fault of its own */
  bool failed;                  /* sink: dropped */
  bool drops;                   /* sink: its failure does not end the run */
  bool waits;                   /* splice(2) from this socket, or write(2) to this pipe, waits whatever the flags */
  size_t one_send;              /* sink: splice no more to it at once, unless 0 */
  struct worker *worker;        /* sink: who writes the block in flight to it now; NULL: nobody else */
  int error;                    /* sink: the errno value that this ended with, or 0 */
  dev_t device;
  ino_t inode;
  dev_t special;                /* st_rdev of a block device */
  off_t size;                   /* source: st_size, a hint; of a pipe its capacity, or 0 if nobody has asked yet */
  off_t position;               /* source, once endpoint_locate was called: where the next byte comes from;
                                   sink, with AT: where it goes */
  off_t reserved;               /* source: bytes behind POSITION that the shared file position has passed already */
  struct wait wait;
};

/* Find out what FD is, from ST or by fstat(2).  Returns 0, or -1 with errno.  */
int endpoint_open (struct endpoint *, int fd, bool mine, const struct stat *st);

/* Has a position in the file system: a regular file or a block device.  */
bool endpoint_seekable (const struct endpoint *);

/* Has a file position that others may move.  */
bool endpoint_shared (const struct endpoint *);

/* From now on use OFFSET and leave the file position alone.  Returns 0, or -1
   with errno ESPIPE, EBADF, or EINVAL: below 0.  */
int endpoint_use_offset (struct endpoint *, off_t offset);

/* Does every write to it append, also one with an offset?  */
bool endpoint_appends (const struct endpoint *);

/* Do both name the same bytes on disk, or the same pipe?  */
bool endpoint_same (const struct endpoint *, const struct endpoint *);

/* Is ERROR the answer of a call that cannot serve these ends, so that read(2)
   or write(2) must be asked, rather than a failure of the data?  */
bool endpoint_refusal (int error);

/* read(2) and write(2).  The read takes what is reserved first, and goes by
   POSITION where that is the caller's; with OFFSET, the write is a pwrite(2)
   there, and *OFFSET moves on.  */
ssize_t endpoint_read (struct endpoint *, void *, size_t);
ssize_t endpoint_write (const struct endpoint *, const void *, size_t, off_t *offset);

/* A seekable SOURCE: ask where it stands.  Returns 0, or -1 with errno.  */
int endpoint_locate (struct endpoint *source);

/* A seekable SOURCE that others may use: move the shared position over SIZE
   bytes in one step, so that they are nobody else's, and set POSITION to the
   first.  splice and copy_file_range do not take the position lock that read
   and write take; lseek does.  What lies behind the end of the file, because
   another reader was quicker, is given back at once.  Returns 0, or -1 with errno.  */
int endpoint_reserve (struct endpoint *source, off_t size);

/* Give back what was reserved and not taken.  errno is preserved.  */
void endpoint_release (struct endpoint *source);

/* Room in a file whose position others may move.  */
struct place
{
  int fd;
  off_t offset;                 /* where the next byte goes; its user moves it on */
  off_t behind;                 /* the end of the room */
  sigset_t signals;             /* what was blocked before */
};

/* Move the position of FD over SIZE bytes in one step, so that they are ours to
   write, and hold back signals until place_leave: one that ended us in between
   would leave a hole in front of whatever the next writer adds.  Returns 0,
   or -1 with errno and nothing to leave.  */
int place_take (struct place *, int fd, off_t size);

/* Give back what is behind PLACE->offset, unless somebody has gone on from
   there.  errno is preserved.  */
void place_leave (const struct place *);

#endif
