/* size.h - numbers with dd's suffixes and products.

   SPDX-License-Identifier: MIT */

#ifndef CLI_SIZE_H
#define CLI_SIZE_H

#include <stdbool.h>
#include <stdint.h>

enum size_status { SIZE_OK, SIZE_INVALID, SIZE_OVERFLOW };

/* Parse TEXT into *NUMBER: digits, a suffix (c w b, k K M G T P E Z Y R Q
   alone, or followed by B for powers of 1000 or iB for powers of 1024), and further such factors after x.
   *BYTES, if not NULL, tells whether TEXT has a B, which makes a count of blocks one of bytes;
   a B of its own may follow the first factor for that ("count=10B").
   SIZE_OVERFLOW: *NUMBER is UINTMAX_MAX.  SIZE_INVALID: it is
   what a single factor says before the nonsense, which GNU may find too large first; else 0.  Never prints.  */
enum size_status size_parse (const char *text, uintmax_t *number, bool *bytes);

/* Each of these writes to OUT, which has room for 32 bytes, and returns the end of what it wrote.  */

/* BYTES as "1.5 kB" with BASE 1000, as "1.5 KiB" with 1024.  */
char *size_put (char *out, uintmax_t bytes, unsigned base);

/* BYTES in SECONDS as "1.5 kB/s".  */
char *rate_put (char *out, uintmax_t bytes, double seconds);

#endif
