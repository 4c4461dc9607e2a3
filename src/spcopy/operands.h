/* operands.h - what was asked of spcopy: its operands, read and checked.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_OPERANDS_H
#define SPCOPY_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum status_level { STATUS_DEFAULT, STATUS_NONE, STATUS_NOXFER, STATUS_PROGRESS, STATUS_BAR };

enum conversion
{
  CONV_ASCII = 1 << 0,
  CONV_EBCDIC = 1 << 1,
  CONV_IBM = 1 << 2,
  CONV_BLOCK = 1 << 3,
  CONV_UNBLOCK = 1 << 4,
  CONV_LCASE = 1 << 5,
  CONV_UCASE = 1 << 6,
  CONV_SWAB = 1 << 7,
  CONV_BYTES = (1 << 8) - 1,    /* any of those above: the bytes change */
  CONV_SPARSE = 1 << 8,
  CONV_SYNC = 1 << 9,
  CONV_EXCL = 1 << 10,
  CONV_NOCREAT = 1 << 11,
  CONV_NOTRUNC = 1 << 12,
  CONV_NOERROR = 1 << 13,
  CONV_FDATASYNC = 1 << 14,
  CONV_FSYNC = 1 << 15
};

/* Of iflag= and oflag=.  Those that count in bytes are in struct extent.  */
enum flag
{
  FLAG_APPEND = 1 << 0,
  FLAG_DIRECT = 1 << 1,
  FLAG_DIRECTORY = 1 << 2,
  FLAG_DSYNC = 1 << 3,
  FLAG_SYNC = 1 << 4,
  FLAG_FULLBLOCK = 1 << 5,      /* iflag only */
  FLAG_NONBLOCK = 1 << 6,
  FLAG_NOATIME = 1 << 7,
  FLAG_NOCACHE = 1 << 8,
  FLAG_NOCTTY = 1 << 9,
  FLAG_NOFOLLOW = 1 << 10,
  FLAG_NOLINKS = 1 << 11
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
  size_t conversion_block;      /* cbs=, in bytes; 0 if not given */
  bool same_block;              /* bs= was given: a short read is written as it is */
  bool limited;                 /* count= was given */
  struct extent count, skip, seek;
  unsigned conversions;         /* of enum conversion */
  unsigned input_flags, output_flags;   /* of enum flag */
  enum status_level status;
  bool no_splice;               /* --no-splice */
  bool debug;                   /* --debug */
};

/* Read the operands, or say what is wrong with them as dd does and exit 1.
   --help and --version are answered here.  */
void operands_parse (int argc, char **argv, struct operands *asked);

#endif
