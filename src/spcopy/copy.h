/* copy.h - the inside of blocks: what its ways of moving them share.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_COPY_H
#define SPCOPY_COPY_H

#include "cache.h"
#include "operands.h"
#include "summary.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct side
{
  int fd;
  const char *name;
  unsigned mine;                /* IOSPLICE_MINE or 0 */
  struct cache *cache;
  struct stat st;               /* zeros if the descriptor is closed */
  int open;                     /* F_GETFL, or 0 */
};

struct copy
{
  const struct operands *asked;
  struct summary *summary;
  struct side in, out;
};

/* blocks.c: tell errno of neither end; of the input; of the output, to which a block of SIZE bytes could not be written.  */
void copy_error (const struct copy *);
void copy_read_error (const struct copy *);
void copy_write_error (const struct copy *, size_t size);

/* blocks.c: a block of SIZE bytes was read, was written; 0 is none.  */
void copy_count_input (struct copy *, size_t size);
void copy_count_output (struct copy *, size_t size);

/* blocks.c: an absurd block is refused before a byte is moved, although most would never need its memory.  */
void copy_check_memory (const struct copy *);

/* blocks.c: count= in bytes, -1 if there is no limit.  */
off_t copy_length (const struct copy *);

/* blocks.c: how much the next read asks for; 0 when count= is reached.  */
size_t copy_next_input (const struct copy *);

/* together.c: can nobody tell the blocks of this copy apart?  */
bool together_applies (const struct copy *);

/* together.c: is each block one splice from a pipe or stream socket, because nobody
   needs a read or a write of its own?  */
bool together_splices_blocks (const struct copy *);

/* Each of these copies all, and returns 0, or -1 after a message.
   together.c: as one move, and as blocks; single.c: by real reads and writes.  */
int together_copy (struct copy *);
int together_copy_blocks (struct copy *);
int single_copy (struct copy *);

#endif
