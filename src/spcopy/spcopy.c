/* spcopy.c - dd: copy a file block by block, without copying its bytes through
   user space where nobody changes them.

   Follows POSIX dd and the GNU manual.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "blocks.h"
#include "cli/files.h"
#include "iosplice/iosplice.h"
#include "cli/message.h"
#include "operands.h"
#include "position.h"
#include "summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One end of the copy.  */
struct end
{
  int fd;
  const char *name;
  unsigned mine;                /* IOSPLICE_MINE if we opened it */
};

static struct end
open_end (const char *name, const char *standard, int standard_fd, int flags)
{
  struct end end = { .fd = standard_fd, .name = standard };

  if (name)
    {
      end = (struct end) { .fd = cli_open (name, flags, 0666), .name = name, .mine = IOSPLICE_MINE };
      if (end.fd < 0)
        {
          message (errno, "failed to open %s", quote_always (name));
          exit (EXIT_FAILURE);
        }
    }
  return end;
}

static struct end
open_output (const struct operands *asked)
{
  bool seeks = asked->seek.number > 0;
  bool keeps = seeks || asked->conversions & CONV_NOTRUNC;

  return open_end (asked->output, "standard output", STDOUT_FILENO,
                   O_CREAT | (seeks ? O_RDWR : O_WRONLY) | (keeps ? 0 : O_TRUNC));
}

/* With seek=, what is before it in of= stays and what is behind it goes.  */
static void
truncate_behind_seek (const struct operands *asked, const struct end *out)
{
  struct stat st;
  off_t size;

  if (!asked->output || asked->seek.number == 0 || asked->conversions & CONV_NOTRUNC)
    return;
  size = extent_bytes (&asked->seek, asked->output_block);
  if (size < 0)
    {
      message (0, "offset too large: cannot truncate to a length of seek=%" PRIuMAX " (%zu-byte) blocks",
               asked->seek.number, asked->output_block);
      exit (EXIT_FAILURE);
    }
  if (ftruncate (out->fd, size) == 0)
    return;
  if (fstat (out->fd, &st) == 0 && !S_ISREG (st.st_mode) && !S_ISDIR (st.st_mode))
    return;
  message (errno, "failed to truncate to %jd bytes in output file %s", (intmax_t) size, quote_always (out->name));
  exit (EXIT_FAILURE);
}

static int
sync_output (const struct operands *asked, const struct end *out)
{
  int result;

  if (!(asked->conversions & CONV_FSYNC))
    return 0;
  do
    result = fsync (out->fd);
  while (result < 0 && errno == EINTR);
  if (result < 0)
    message (errno, "fsync failed for %s", quote_always (out->name));
  return result;
}

static void
close_end (const struct end *end, const char *which)
{
  if (close (end->fd) == 0)
    return;
  message (errno, "closing %s file %s", which, quote_always (end->name));
  exit (EXIT_FAILURE);
}

/* Copy and count.  Returns 0, or -1 after a message.  */
static int
copy (const struct operands *asked, struct summary *summary, const struct end *in, const struct end *out)
{
  if (position_skip (in->fd, in->name, &asked->skip, asked->input_block, summary) < 0
      || position_seek (out->fd, out->name, &asked->seek, asked->output_block, summary) < 0)
    return -1;
  return blocks_copy (asked, summary, in->fd, in->name, in->mine, out->fd, out->name, out->mine);
}

int
main (int argc, char **argv)
{
  struct operands asked;
  struct summary summary;
  struct end in, out;
  int failed;

  operands_parse (argc, argv, &asked);
  in = open_end (asked.input, "standard input", STDIN_FILENO, O_RDONLY);
  out = open_output (&asked);
  truncate_behind_seek (&asked, &out);

  summary_start (&summary, &asked);
  failed = copy (&asked, &summary, &in, &out);
  if (failed == 0)
    failed = sync_output (&asked, &out);
  close_end (&in, "input");
  close_end (&out, "output");
  summary_print (&summary);
  return failed || ferror (stderr) ? EXIT_FAILURE : EXIT_SUCCESS;
}
