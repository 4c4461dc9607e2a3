/* cache.c - how is the cache told that what was copied will not be needed?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "cache.h"

#include "cli/message.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PIECE = 128 * 1024 };

static void
drop (struct cache *cache, off_t offset, off_t length)
{
  /* posix_fadvise has nothing against a socket.  dd says of an input that is closed what it says of a pipe.  */
  bool seeks = lseek (cache->fd, 0, SEEK_CUR) >= 0;
  int error = seeks ? posix_fadvise (cache->fd, offset, length, POSIX_FADV_DONTNEED)
    : cache->is_input && errno == EBADF ? ESPIPE : errno;

  if (cache->error == 0)
    cache->error = error;
}

/* Drop LENGTH bytes, 0 for all to the end of the file, of what is behind.  What has no position has no cache.  */
static void
drop_behind (struct cache *cache, off_t length)
{
  off_t position = lseek (cache->fd, 0, SEEK_CUR);

  if (position >= cache->behind)
    drop (cache, position - cache->behind, length);
}

void
cache_moved (struct cache *cache, size_t bytes)
{
  cache->behind += bytes;
  if (!cache->drops || cache->behind < PIECE)
    return;
  drop_behind (cache, cache->behind / PIECE * PIECE);
  cache->behind %= PIECE;
}

int
cache_finish (struct cache *cache, const char *name, bool limited, bool whole)
{
  if (!cache->drops)
    return 0;
  if (whole)
    drop (cache, 0, 0);
  else if (!limited)
    drop_behind (cache, 0);
  else if (cache->behind > 0)
    drop_behind (cache, cache->behind);
  if (cache->error == 0)
    return 0;
  message (cache->error, "failed to discard cache for: %s", quote_name (name));
  return -1;
}
