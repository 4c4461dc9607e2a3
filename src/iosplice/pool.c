/* pool.c - pipes that wait for the next block, whichever pump it belongs to.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "pool.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

struct pooled
{
  int pipe[2];
  size_t capacity;
  bool grown;
};

struct iosplice_pool
{
  int most;
  int count;
  struct pooled pipes[];
};

struct iosplice_pool *
iosplice_pool_new (int most)
{
  struct iosplice_pool *pool;

  if (most < 0 || (size_t) most > (SIZE_MAX - sizeof *pool) / sizeof *pool->pipes)
    {
      errno = most < 0 ? EINVAL : ENOMEM;
      return NULL;
    }
  pool = malloc (sizeof *pool + most * sizeof *pool->pipes);
  if (!pool)
    return NULL;
  pool->most = most;
  pool->count = 0;
  return pool;
}

void
iosplice_pool_free (struct iosplice_pool *pool)
{
  int saved = errno;

  while (pool && pool->count > 0)
    {
      pool->count--;
      close (pool->pipes[pool->count].pipe[0]);
      close (pool->pipes[pool->count].pipe[1]);
    }
  free (pool);
  errno = saved;
}

bool
pool_take (struct iosplice_pool *pool, int pipe[2], size_t *capacity, bool *grown)
{
  const struct pooled *last;

  if (pool->count == 0)
    return false;
  last = &pool->pipes[--pool->count];
  pipe[0] = last->pipe[0];
  pipe[1] = last->pipe[1];
  *capacity = last->capacity;
  *grown = last->grown;
  return true;
}

void
pool_give (struct iosplice_pool *pool, const int pipe[2], size_t capacity, bool grown)
{
  int saved = errno;

  if (pool->count < pool->most)
    pool->pipes[pool->count++] =
      (struct pooled) { .pipe = { pipe[0], pipe[1] }, .capacity = capacity, .grown = grown };
  else
    {
      close (pipe[0]);
      close (pipe[1]);
    }
  errno = saved;
}
