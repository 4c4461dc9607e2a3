/* blocks.h - how blocks are moved and counted.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_BLOCKS_H
#define SPCOPY_BLOCKS_H

#include "ends.h"
#include "operands.h"
#include "summary.h"

/* Move what was asked from IN to OUT and count it.  Returns 0, or -1 after a message.  */
int blocks_copy (const struct operands *, struct summary *, struct end *in, struct end *out);

#endif
