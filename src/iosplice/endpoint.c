/* endpoint.c - what a descriptor is, and how one read or write on it behaves.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Up to here a file is quicker read and written than spliced: no pipe has to be made.  */
enum { BULK_SIZE = 64 * 1024 };

static enum endpoint_kind
socket_kind (int fd)
{
  int type;
  socklen_t length = sizeof type;

  if (getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM)
    return ENDPOINT_STREAM_SOCKET;
  return ENDPOINT_MESSAGE_SOCKET;
}

static enum endpoint_kind
kind_of (int fd, const struct stat *st)
{
  switch (st->st_mode & S_IFMT)
    {
    case S_IFREG:
      return ENDPOINT_REGULAR;
    case S_IFBLK:
      return ENDPOINT_BLOCK;
    case S_IFIFO:
      return ENDPOINT_PIPE;
    case S_IFSOCK:
      return socket_kind (fd);
    case S_IFCHR:
      return st->st_rdev == makedev (1, 3) ? ENDPOINT_NULL
        : st->st_rdev == makedev (1, 5) ? ENDPOINT_ZERO : ENDPOINT_OTHER;
    default:
      return ENDPOINT_OTHER;
    }
}

int
endpoint_open (struct endpoint *end, int fd, bool mine, const struct stat *st)
{
  struct stat asked;
  uint64_t bytes;

  if (!st)
    {
      if (fstat (fd, &asked) < 0)
        return -1;
      st = &asked;
    }
  *end = (struct endpoint) {
    .fd = fd,
    .kind = kind_of (fd, st),
    .mine = mine,
    .device = st->st_dev,
    .inode = st->st_ino,
    .special = st->st_rdev,
    .size = st->st_size,
    .position = -1,
  };
  if (end->kind == ENDPOINT_BLOCK && ioctl (fd, BLKGETSIZE64, &bytes) == 0)
    end->size = bytes;
  /* procfs and its like call their files regular and give no blocks and no size.  */
  end->whole_reads = end->kind == ENDPOINT_ZERO || end->kind == ENDPOINT_BLOCK
    || (end->kind == ENDPOINT_REGULAR && st->st_size > 0 && st->st_blocks > 0);
  end->bulk = end->kind == ENDPOINT_ZERO || (endpoint_seekable (end) && end->size > BULK_SIZE);
  return 0;
}

bool
endpoint_seekable (const struct endpoint *end)
{
  return end->kind == ENDPOINT_REGULAR || end->kind == ENDPOINT_BLOCK;
}

bool
endpoint_shared (const struct endpoint *end)
{
  return endpoint_seekable (end) && !end->mine && !end->at;
}

int
endpoint_use_offset (struct endpoint *end, off_t offset)
{
  if (end->fd < 0 || !endpoint_seekable (end) || offset < 0)
    {
      errno = end->fd < 0 ? EBADF : endpoint_seekable (end) ? EINVAL : ESPIPE;
      return -1;
    }
  end->at = true;
  end->position = offset;
  return 0;
}

bool
endpoint_appends (const struct endpoint *end)
{
  int flags = fcntl (end->fd, F_GETFL);

  return flags >= 0 && flags & O_APPEND;
}

bool
endpoint_same (const struct endpoint *a, const struct endpoint *b)
{
  if (a->kind != b->kind || !(endpoint_seekable (a) || a->kind == ENDPOINT_PIPE))
    return false;
  if (a->kind == ENDPOINT_BLOCK)
    return a->special == b->special;
  return a->device == b->device && a->inode == b->inode;
}

bool
endpoint_refusal (int error)
{
  switch (error)
    {
    case EINVAL:
    case ENOSYS:
    case EPERM:
    case EOPNOTSUPP:
    case ESPIPE:
    case EXDEV:
    case ETXTBSY:
      return true;
    default:
      return false;
    }
}

ssize_t
endpoint_read (struct endpoint *end, void *bytes, size_t size)
{
  bool reserved = end->reserved > 0;
  ssize_t n;

  if (reserved && size > (size_t) end->reserved)
    size = end->reserved;
  n = reserved || end->at ? pread (end->fd, bytes, size, end->position) : read (end->fd, bytes, size);
  if (n == 0 && reserved)
    {
      endpoint_release (end);   /* the file is shorter now */
      return endpoint_read (end, bytes, size);
    }
  if (n > 0 && reserved)
    end->reserved -= n;
  if (n > 0 && end->position >= 0)
    end->position += n;
  return n;
}

ssize_t
endpoint_write (const struct endpoint *end, const void *bytes, size_t size, off_t *offset)
{
  ssize_t n = offset ? pwrite (end->fd, bytes, size, *offset) : write (end->fd, bytes, size);

  if (n > 0 && offset)
    *offset += n;
  return n;
}

int
endpoint_locate (struct endpoint *source)
{
  if (source->position < 0)
    source->position = lseek (source->fd, 0, SEEK_CUR);
  return source->position < 0 ? -1 : 0;
}

int
endpoint_reserve (struct endpoint *source, off_t size)
{
  off_t behind = lseek (source->fd, size, SEEK_CUR);
  off_t excess = behind - source->size;

  if (behind < 0)
    return -1;
  source->position = behind - size;
  source->reserved = size;
  if (excess > 0)
    {
      if (excess > size)
        excess = size;
      lseek (source->fd, -excess, SEEK_CUR);
      source->reserved -= excess;
    }
  return 0;
}

void
endpoint_release (struct endpoint *source)
{
  int saved = errno;

  if (source->reserved > 0)
    lseek (source->fd, -source->reserved, SEEK_CUR);
  source->reserved = 0;
  errno = saved;
}

int
place_take (struct place *place, int fd, off_t size)
{
  sigset_t all;

  place->fd = fd;
  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, &place->signals);
  place->behind = lseek (fd, size, SEEK_CUR);
  place->offset = place->behind - size;
  if (place->behind >= 0)
    return 0;
  pthread_sigmask (SIG_SETMASK, &place->signals, NULL);
  return -1;
}

void
place_leave (const struct place *place)
{
  int saved = errno;

  if (place->offset < place->behind && lseek (place->fd, 0, SEEK_CUR) == place->behind)
    lseek (place->fd, place->offset - place->behind, SEEK_CUR);
  pthread_sigmask (SIG_SETMASK, &place->signals, NULL);
  errno = saved;
}
