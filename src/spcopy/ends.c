/* ends.c - how are the two ends of the copy opened and closed?

   The flags of a file of ours are open(2)'s; those of an inherited descriptor are
   set with fcntl(2), only where asked for, and stay set, as with dd.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "ends.h"

#include "cli/files.h"
#include "cli/message.h"
#include "iosplice/iosplice.h"
#include "position.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The flags of open(2) for FLAGS, of enum flag.  */
static int
open_flags (unsigned flags)
{
  static const struct { unsigned flag; int open; } table[] = {
    { FLAG_APPEND, O_APPEND },
    { FLAG_DIRECT, O_DIRECT },
    { FLAG_DIRECTORY, O_DIRECTORY },
    { FLAG_DSYNC, O_DSYNC },
    { FLAG_NOATIME, O_NOATIME },
    { FLAG_NOCTTY, O_NOCTTY },
    { FLAG_NOFOLLOW, O_NOFOLLOW },
    { FLAG_NONBLOCK, O_NONBLOCK },
    { FLAG_SYNC, O_SYNC }
  };
  int result = 0;

  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (flags & table[i].flag)
      result |= table[i].open;
  return result;
}

/* Add FLAGS, of open(2), to those of FD.  Returns 0, or -1 with errno.  */
static int
add_flags (int fd, int flags)
{
  int old = fcntl (fd, F_GETFL);
  struct stat st;

  if (old < 0)
    return -1;
  if (flags & O_DIRECTORY)
    {
      if (fstat (fd, &st) < 0)
        return -1;
      if (!S_ISDIR (st.st_mode))
        {
          errno = ENOTDIR;
          return -1;
        }
    }
  flags = old | (flags & ~O_DIRECTORY);
  return flags == old ? 0 : fcntl (fd, F_SETFL, flags);
}

/* FLAGS is of enum flag.  Those that concern the opening or the reading are none of the descriptor's;
   what else there is, even to count bytes, needs a descriptor that is open.  */
static struct end
inherit (int fd, const char *name, unsigned flags)
{
  flags &= ~(FLAG_FULLBLOCK | FLAG_NOCACHE | FLAG_NOCTTY | FLAG_NOFOLLOW);
  if (flags && add_flags (fd, open_flags (flags)) < 0)
    {
      message (errno, "setting flags for %s", quote_always (name));
      exit (EXIT_FAILURE);
    }
  return (struct end) { .fd = fd, .name = name };
}

static struct end
opened (int fd, const char *name)
{
  if (fd < 0)
    {
      message (errno, "failed to open %s", quote_always (name));
      exit (EXIT_FAILURE);
    }
  return (struct end) { .fd = fd, .name = name, .mine = IOSPLICE_MINE };
}

struct end
end_open_input (const struct operands *asked)
{
  struct end in = asked->input
    ? opened (cli_open (asked->input, O_RDONLY | open_flags (asked->input_flags), 0), asked->input)
    : inherit (STDIN_FILENO, "standard input", asked->input_flags);

  in.cache = (struct cache) { .fd = in.fd, .is_input = true, .drops = asked->input_flags & FLAG_NOCACHE };
  return in;
}

/* How much of of= is kept, in bytes; it is asked before of= is opened, so that nothing is made in vain.  */
static off_t
kept_size (const struct operands *asked)
{
  off_t size = extent_bytes (&asked->seek, asked->output_block);

  if (size < 0)
    {
      message (0, "offset too large: cannot truncate to a length of seek=%" PRIuMAX " (%zu-byte) blocks",
               asked->seek.number, asked->output_block);
      exit (EXIT_FAILURE);
    }
  return size;
}

/* What cannot be truncated need not be a file that could: a device, a FIFO.  */
static void
truncate_output (const struct end *out, off_t size)
{
  struct stat st;

  if (ftruncate (out->fd, size) == 0)
    return;
  if (fstat (out->fd, &st) == 0 && !S_ISREG (st.st_mode) && !S_ISDIR (st.st_mode))
    return;
  message (errno, "failed to truncate to %jd bytes in output file %s", (intmax_t) size, quote_always (out->name));
  exit (EXIT_FAILURE);
}

/* What cannot seek is read to pass over seek=, if it may be read.  */
static struct end
open_output_file (const struct operands *asked)
{
  bool seeks = asked->seek.number > 0, truncates = !(asked->conversions & CONV_NOTRUNC);
  off_t kept = seeks && truncates ? kept_size (asked) : 0;
  int flags = open_flags (asked->output_flags), fd = -1;
  struct end out;

  flags |= asked->conversions & CONV_NOCREAT ? 0 : O_CREAT;
  flags |= asked->conversions & CONV_EXCL ? O_EXCL : 0;
  flags |= truncates && !seeks ? O_TRUNC : 0;
  if (seeks)
    fd = cli_open (asked->output, O_RDWR | flags, 0666);
  if (fd < 0)
    fd = cli_open (asked->output, O_WRONLY | flags, 0666);
  out = opened (fd, asked->output);
  if (seeks && truncates)
    truncate_output (&out, kept);
  return out;
}

struct end
end_open_output (const struct operands *asked)
{
  struct end out = asked->output ? open_output_file (asked)
    : inherit (STDOUT_FILENO, "standard output", asked->output_flags);

  out.cache = (struct cache) { .fd = out.fd, .drops = asked->output_flags & FLAG_NOCACHE };
  return out;
}

/* fsync or fdatasync, resumed.  */
static int
synchronize (int call (int), int fd)
{
  int result;

  do
    result = call (fd);
  while (result < 0 && errno == EINTR);
  return result;
}

/* After a failure of fdatasync, fsync is tried all the same.  */
static int
sync_output (const struct operands *asked, const struct end *out, bool whole)
{
  int result = 0;

  if (asked->conversions & CONV_FDATASYNC && synchronize (fdatasync, out->fd) < 0)
    {
      whole = true;
      if (errno != EINVAL && errno != ENOSYS)
        {
          message (errno, "fdatasync failed for %s", quote_always (out->name));
          result = -1;
        }
    }
  if (whole && synchronize (fsync, out->fd) < 0)
    {
      message (errno, "fsync failed for %s", quote_always (out->name));
      result = -1;
    }
  return result;
}

int
ends_finish (const struct operands *asked, struct end *in, struct end *out, bool broke_off)
{
  bool empty = asked->limited && asked->count.number == 0 && !broke_off;
  /* The last block did not fit O_DIRECT and was written through the cache.  */
  bool cached = asked->output_flags & FLAG_DIRECT && !(fcntl (out->fd, F_GETFL) & O_DIRECT);
  int result;

  out->cache.drops |= cached;
  result = sync_output (asked, out, cached || asked->conversions & CONV_FSYNC);
  result |= cache_finish (&in->cache, in->name, asked->limited, empty);
  result |= cache_finish (&out->cache, out->name, asked->limited, empty);
  return result;
}

void
end_close (const struct end *end, const char *which)
{
  if (close (end->fd) == 0)
    return;
  message (errno, "closing %s file %s", which, quote_always (end->name));
  exit (EXIT_FAILURE);
}
