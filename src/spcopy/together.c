/* together.c - blocks that nobody can tell apart, moved by the pump.

   A file is copied by as large pieces as the kernel takes, and the records that
   dd would have counted are worked out from the bytes.  What a pipe has given cannot be put
   back, so of full blocks no more is taken at once than dd reads before it writes; and where each
   read of a pipe counts, a block is one splice.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "copy.h"

#include "cli/report.h"
#include "input.h"
#include "iosplice/iosplice.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* File systems whose reads may be short, or wait, in the middle of a file.  */
static bool
reads_are_odd (int fd)
{
  enum { FUSE_MAGIC = 0x65735546 };     /* not in <linux/magic.h> everywhere */
  struct statfs fs;

  if (fstatfs (fd, &fs) < 0)
    return true;
  switch (fs.f_type)
    {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case TRACEFS_MAGIC:
    case DEBUGFS_MAGIC:
    case SECURITYFS_MAGIC:
    case SELINUX_MAGIC:
    case EFIVARFS_MAGIC:
    case BPF_FS_MAGIC:
    case PSTOREFS_MAGIC:
    case FUSE_MAGIC:
      return true;
    default:
      return false;
    }
}

static bool
is_stream_socket (int fd)
{
  int type;
  socklen_t length = sizeof type;

  return getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

/* Memory devices: null, and zero.  */
static bool
is_null_or_zero (const struct stat *st)
{
  return S_ISCHR (st->st_mode) && (st->st_rdev == makedev (1, 3) || st->st_rdev == makedev (1, 5));
}

/* A pipe or stream socket: does it give bytes, without messages?  */
static bool
is_stream (const struct side *side)
{
  return (S_ISFIFO (side->st.st_mode) && !(side->open & O_DIRECT))
    || (S_ISSOCK (side->st.st_mode) && is_stream_socket (side->fd));
}

/* Has nobody asked for single reads and writes, or for other bytes?  */
static bool
blocks_are_alike (const struct copy *copy)
{
  const unsigned flags = FLAG_DIRECT | FLAG_DSYNC | FLAG_SYNC | FLAG_NONBLOCK | FLAG_NOCACHE | FLAG_APPEND;
  const unsigned conversions = CONV_BYTES | CONV_NOERROR | CONV_SPARSE | CONV_SYNC;
  const struct operands *asked = copy->asked;

  return !((asked->input_flags | asked->output_flags) & flags) && !(asked->conversions & conversions);
}

/* Short reads mean end of file, and a read takes no more from a device than it gives.  */
static bool
source_is_whole (const struct copy *copy)
{
  const struct side *in = &copy->in;

  if (S_ISREG (in->st.st_mode))
    return !(in->open & O_DIRECT) && !reads_are_odd (in->fd) && (in->st.st_blocks > 0 || in->st.st_size == 0);
  if (S_ISBLK (in->st.st_mode))
    return !(in->open & O_DIRECT);
  if (copy->asked->input_flags & FLAG_FULLBLOCK && is_stream (in))
    return true;
  return is_null_or_zero (&in->st) && in->st.st_rdev == makedev (1, 5);
}

/* Does the sink join what is written to it?  */
static bool
sink_joins (const struct copy *copy)
{
  const struct side *out = &copy->out;

  if ((out->open & O_ACCMODE) == O_RDONLY)
    return false;               /* nothing will be taken: one block is enough to learn it */
  if (S_ISREG (out->st.st_mode) || S_ISBLK (out->st.st_mode))
    return !(out->open & (O_APPEND | O_DIRECT | O_SYNC | O_DSYNC));
  /* Up to PIPE_BUF a record stays whole among those of other writers.  */
  if (S_ISFIFO (out->st.st_mode))
    return copy->asked->output_block > PIPE_BUF && is_stream (out);
  return is_stream (out) || is_null_or_zero (&out->st);
}

static bool
same_file (const struct stat *a, const struct stat *b)
{
  if (S_ISBLK (a->st_mode) && S_ISBLK (b->st_mode))
    return a->st_rdev == b->st_rdev;
  return !S_ISCHR (a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* What a pipe or socket has given cannot be put back when the sink takes no more: it must not be taken too early.  */
static bool
is_bounded (const struct copy *copy)
{
  return is_stream (&copy->in) && !is_null_or_zero (&copy->out.st);
}

/* Is it cheaper to splice blocks of SIZE bytes one by one than to copy them?  A file copies what is spliced into it, too.
   The pump knows it of each piece, but for single blocks of 512 bytes it costs some 10 % more time than single.c.  */
static bool
splicing_pays (const struct copy *copy, size_t size)
{
  mode_t sink = copy->out.st.st_mode;

  return size >= (S_ISREG (sink) || S_ISBLK (sink) ? 32 * 1024 : 8 * 1024);
}

bool
together_applies (const struct copy *copy)
{
  const struct operands *asked = copy->asked;
  size_t block = asked->input_block > asked->output_block ? asked->input_block : asked->output_block;

  return blocks_are_alike (copy) && source_is_whole (copy) && sink_joins (copy)
    && !same_file (&copy->in.st, &copy->out.st) && (!is_bounded (copy) || splicing_pays (copy, block));
}

bool
together_splices_blocks (const struct copy *copy)
{
  const struct operands *asked = copy->asked;

  return asked->same_block && !(asked->input_flags & FLAG_FULLBLOCK) && blocks_are_alike (copy) && is_stream (&copy->in)
    && sink_joins (copy) && !same_file (&copy->in.st, &copy->out.st) && splicing_pays (copy, asked->input_block);
}

/* A move by the pump, in one run or several, and what was counted before it.  */
struct move
{
  struct copy *copy;
  struct iosplice_pump *pump;
  struct summary before;
  off_t taken, moved;           /* by the runs that are over, in bytes */
  bool by_blocks;
  bool stopped;                 /* by SIGINT */
};

static off_t
taken (const struct move *move)
{
  return move->taken + iosplice_pump_taken (move->pump);
}

static off_t
moved_on (const struct move *move)
{
  return move->moved + iosplice_pump_moved (move->pump);
}

static uintmax_t
blocks_of (uintmax_t bytes, size_t block, bool ended, uintmax_t *partial)
{
  if (ended && bytes % block > 0)
    ++*partial;
  return bytes / block;
}

/* Bring the summary up to what the pump has moved.  A block is partial only if nothing can be added to it.  */
static void
count (struct move *move, bool in_ended, bool out_ended)
{
  const struct operands *asked = move->copy->asked;
  struct summary *summary = move->copy->summary;
  const struct summary *before = &move->before;
  uintmax_t in = taken (move), out = moved_on (move);

  summary->partial_in = before->partial_in;
  summary->partial_out = before->partial_out;
  summary->full_in = before->full_in + blocks_of (in, asked->input_block, in_ended, &summary->partial_in);
  summary->full_out = before->full_out + blocks_of (out, asked->output_block, out_ended, &summary->partial_out);
  summary->bytes = before->bytes + out;
}

static int
moved (void *context, size_t bytes)
{
  struct move *move = context;

  (void) bytes;
  count (move, move->by_blocks, false);
  summary_progress (move->copy->summary);
  return 0;
}

static int
interrupted (void *context)
{
  struct move *move = context;

  if (!signals_pending ())
    return 0;
  count (move, move->by_blocks, false);
  move->stopped = input_heed (move->copy->summary);
  return move->stopped;
}

static void
open_move (struct move *move, struct copy *copy)
{
  const struct iosplice_hooks hooks = { .context = move, .moved = moved, .interrupted = interrupted };
  const struct operands *asked = copy->asked;

  *move = (struct move) { .copy = copy, .before = *copy->summary };
  copy_check_memory (copy);
  move->pump = iosplice_pump_new (asked->no_splice ? IOSPLICE_NO_SPLICE : 0, &hooks);
  if (!move->pump || iosplice_pump_sink (move->pump, copy->out.fd, copy->out.mine, &copy->out.st) < 0
      || iosplice_pump_source (move->pump, copy->in.fd, copy->in.mine, &copy->in.st) < 0)
    summary_out_of_memory (copy->summary, "input", asked->input_block);
  iosplice_pump_blocks (move->pump, asked->input_block, asked->output_block);
}

static void
tell_failure (const struct move *move)
{
  size_t block = move->copy->asked->output_block;
  uintmax_t left = taken (move) - moved_on (move) / block * block;

  switch (iosplice_pump_failure (move->pump))
    {
    case IOSPLICE_SOURCE:
      copy_read_error (move->copy);
      break;
    case IOSPLICE_SINK:
      copy_write_error (move->copy, left < block ? left : block);
      break;
    default:
      copy_error (move->copy);
    }
}

static void
close_move (struct move *move)
{
  if (move->copy->asked->debug)
    report (move->pump, move->copy->in.name);
  iosplice_pump_free (move->pump);
  if (move->stopped)
    input_die (move->copy->summary);
}

/* How much dd has read, of LENGTH bytes at most, when it has written WRITTEN bytes and writes the next output block.  */
static off_t
read_before_next (const struct operands *asked, off_t written, off_t length)
{
  off_t out = (written / asked->output_block + 1) * asked->output_block;
  off_t in = (out + asked->input_block - 1) / asked->input_block * asked->input_block;

  return length >= 0 && length < in ? length : in;
}

/* The output block that could not be written was passed on before all of it was there: dd had read it.  */
static void
read_rest (struct move *move, off_t length)
{
  struct copy *copy = move->copy;
  char rest[16 * 1024];
  int error = errno;

  for (off_t left; (left = read_before_next (copy->asked, moved_on (move), length) - taken (move)) > 0;)
    {
      ssize_t n;

      count (move, true, true);
      n = input_read (copy->asked, copy->in.fd, rest, left < (off_t) sizeof rest ? left : (off_t) sizeof rest, copy->summary);
      if (n <= 0)
        break;
      move->taken += n;
    }
  errno = error;
}

int
together_copy (struct copy *copy)
{
  bool bounded = is_bounded (copy);
  off_t length = copy_length (copy), size, n;
  struct move move;

  open_move (&move, copy);
  do
    {
      move.taken = taken (&move);
      move.moved = moved_on (&move);
      size = bounded ? read_before_next (copy->asked, move.moved, length) - move.taken : length;
      n = iosplice_pump_run (move.pump, size);
    }
  while (bounded && n > 0 && n == size && !move.stopped);
  if (n < 0 && bounded && iosplice_pump_failure (move.pump) == IOSPLICE_SINK)
    read_rest (&move, length);
  count (&move, true, true);
  if (n < 0)
    tell_failure (&move);
  close_move (&move);
  return n < 0 ? -1 : 0;
}

int
together_copy_blocks (struct copy *copy)
{
  struct move move;
  ssize_t n = 1;

  open_move (&move, copy);
  move.by_blocks = true;
  for (size_t size; n > 0 && !move.stopped && (size = copy_next_input (copy)) > 0;)
    {
      summary_progress (copy->summary);
      move.before = *copy->summary;
      n = iosplice_pump_block (move.pump, size);
      summary_read (copy->summary, size, iosplice_pump_taken (move.pump));
      count (&move, true, true);
      if (n < 0)
        tell_failure (&move);
    }
  close_move (&move);
  return n < 0 ? -1 : 0;
}
