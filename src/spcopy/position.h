/* position.h - where spcopy starts: skip= and seek=.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_POSITION_H
#define SPCOPY_POSITION_H

#include "ends.h"
#include "operands.h"
#include "summary.h"

#include <sys/types.h>

/* What an extent of blocks of BLOCK bytes comes to in bytes, or -1 if that is more than a file can have.  */
off_t extent_bytes (const struct extent *, size_t block);

/* Move the input forward by skip=.  One that cannot seek is read, each read counting
   as a block, as dd does.  Returns 0, or -1 after a message that ends the run.  */
int position_skip (const struct operands *, const struct end *in, struct summary *);

/* Move the output forward by seek=.  One that cannot seek is read, never written.  Returns as position_skip.  */
int position_seek (const struct operands *, const struct end *out, struct summary *);

#endif
