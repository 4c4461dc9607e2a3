/* position.h - where spcopy starts: skip= and seek=.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_POSITION_H
#define SPCOPY_POSITION_H

#include "operands.h"
#include "summary.h"

#include <sys/types.h>

/* What an extent of blocks of BLOCK bytes comes to in bytes, or -1 if that is more than a file can have.  */
off_t extent_bytes (const struct extent *, size_t block);

/* Move FD, the input called NAME, forward.  One that cannot seek is read, each
   read counting as a block, as dd does.  Returns 0, or -1 after a message
   that ends the run.  */
int position_skip (int fd, const char *name, const struct extent *, size_t block, struct summary *);

/* The same for the output, which is read, never written, where it cannot seek.  */
int position_seek (int fd, const char *name, const struct extent *, size_t block, struct summary *);

#endif
