/* pool.h - pipes that wait for the next block, whichever pump it belongs to.

   SPDX-License-Identifier: MIT */

#ifndef POOL_H
#define POOL_H

#include "iosplice.h"
#include "names.h"

#include <stdbool.h>

/* Take a pipe out of the pool, empty.  Returns false if none is there.  */
bool pool_take (struct iosplice_pool *, int pipe[2], size_t *capacity, bool *grown);

/* Put an empty pipe into the pool, or close it if that has enough.  */
void pool_give (struct iosplice_pool *, const int pipe[2], size_t capacity, bool grown);

#endif
