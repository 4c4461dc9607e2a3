/* blocks.h - how blocks are moved and counted.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_BLOCKS_H
#define SPCOPY_BLOCKS_H

#include "operands.h"
#include "summary.h"

/* Move what was asked from descriptor IN, called IN_NAME, to OUT, called OUT_NAME, and
   count it.  MINE: IOSPLICE_MINE or 0 for each.  Returns 0, or -1 after a message.  */
int blocks_copy (const struct operands *, struct summary *,
                 int in, const char *in_name, unsigned in_mine,
                 int out, const char *out_name, unsigned out_mine);

#endif
