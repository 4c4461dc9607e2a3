/* convert.h - how does spcopy change bytes?  conv=ascii, ebcdic, ibm, block,
   unblock, lcase, ucase, swab.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_CONVERT_H
#define SPCOPY_CONVERT_H

#include "operands.h"

#include <stddef.h>
#include <stdint.h>

/* Takes what was converted; the bytes are valid until it returns.  Returns 0, or -1 to end the conversion.  */
typedef int convert_take (void *context, const char *bytes, size_t size);

/* What is kept from one input block to the next.  */
struct convert;

/* A converter for ASKED, some of whose conversions are in CONV_BYTES, that
   gives its results to TAKE.  Returns NULL with errno ENOMEM.  */
struct convert *convert_new (const struct operands *asked, convert_take *take, void *context);
void convert_free (struct convert *);

/* Convert an input block of SIZE bytes, which may be changed in place.  Returns 0, or -1 if TAKE did.  */
int convert_block (struct convert *, char *bytes, size_t size);

/* The input has ended: give what was held back.  Returns as convert_block.  */
int convert_end (struct convert *);

/* How many records conv=block has cut off at cbs= so far.  */
uintmax_t convert_truncated (const struct convert *);

#endif
