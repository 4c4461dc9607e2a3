/* cache.h - nocache: what the system has cached of a file is dropped as it is copied.

   SPDX-License-Identifier: MIT */

#ifndef SPCOPY_CACHE_H
#define SPCOPY_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cache
{
  int fd;
  bool is_input;
  bool drops;                   /* asked for */
  off_t behind;                 /* bytes before the file position that were copied and not dropped */
  int error;                    /* of the first attempt that failed, or 0 */
};

/* BYTES more were read or written and end at the file position.  Drops them, once there are 128 KiB
   of them, as dd does.  */
void cache_moved (struct cache *, size_t bytes);

/* Drop the rest: what is left behind and, unless LIMITED, what follows to the end of the file; all of
   the file if WHOLE.  Returns 0, also where there was no cache to drop, or -1 after a message about NAME.  */
int cache_finish (struct cache *, const char *name, bool limited, bool whole);

#endif
