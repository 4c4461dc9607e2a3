/* operands.h - what was asked of spcopy: its operands, read and checked.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_OPERANDS_H
#define SPCOPY_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum status_level { STATUS_DEFAULT, STATUS_NONE, STATUS_NOXFER, STATUS_PROGRESS };

enum conversion
{
  CONV_NOTRUNC = 1 << 0,
  CONV_FSYNC = 1 << 1
};

/* A number of blocks, or of bytes where the operand ended in B.  */
struct extent
{
  uintmax_t number;
  bool bytes;
};

struct operands
{
  const char *input;            /* if=, NULL for standard input */
  const char *output;           /* of=, NULL for standard output */
  size_t input_block;           /* ibs= or bs=, in bytes */
  size_t output_block;          /* obs= or bs=, in bytes */
  bool same_block;              /* bs= was given: a short read is written as it is */
  bool limited;                 /* count= was given */
  struct extent count, skip, seek;
  unsigned conversions;         /* of enum conversion */
  enum status_level status;
  bool no_splice;               /* --no-splice */
};

/* Read the operands, or say what is wrong with them as dd does and exit 1.
   --help and --version are answered here.  */
void operands_parse (int argc, char **argv, struct operands *asked);

#endif
