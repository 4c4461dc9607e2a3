/* sptee.c - tee: copy standard input to standard output and to files, each
   block once, by tee(2) and splice(2).

   Follows POSIX tee and the GNU manual: outputs are served in the order
   standard output, then the operands; `-' is a file of that name; an output
   that fails is told and dropped, and the others go on, unless --output-error
   says otherwise.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "cli/files.h"
#include "iosplice/iosplice.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report.h"

#include <errno.h>
#include <error.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TEE_READ = 8 * 1024 };   /* what GNU tee's read asks for */

enum { OPTION_DEBUG = 0x100, OPTION_NO_SPLICE, OPTION_OUTPUT_ERROR, OPTION_PEEK,
       OPTION_PROGRESS };

/* What becomes of a failed output; a broken pipe kills by SIGPIPE only in the first.  */
enum mode { MODE_DIE, MODE_WARN, MODE_WARN_NOPIPE, MODE_EXIT, MODE_EXIT_NOPIPE };

static const char *const modes[] = { "warn", "warn-nopipe", "exit", "exit-nopipe", NULL };

static const struct option long_options[] = {
  { "append", no_argument, NULL, 'a' },
  { "ignore-interrupts", no_argument, NULL, 'i' },
  { "debug", no_argument, NULL, OPTION_DEBUG },
  { "no-splice", no_argument, NULL, OPTION_NO_SPLICE },
  { "output-error", optional_argument, NULL, OPTION_OUTPUT_ERROR },
  { "peek", no_argument, NULL, OPTION_PEEK },
  { "progress", optional_argument, NULL, OPTION_PROGRESS },
  { 0 }
};

static const struct cli_program program = {
  .name = "sptee",
  .help =
    "Usage: %1$s [OPTION]... [FILE]...\n"
    "Copy standard input to each FILE, and also to standard output, without copying\n"
    "it through user space.\n"
    "\n"
    "  -a, --append              append to the given FILEs, do not overwrite\n"
    "  -i, --ignore-interrupts   ignore interrupt signals\n"
    "  -p                        --output-error=warn-nopipe\n"
    "      --output-error[=MODE] what to do when an output fails; see below\n"
    "      --debug               tell on standard error how the bytes were moved\n"
    "      --no-splice           copy the bytes through memory\n"
    "      --peek                copy what the pipe that is standard input holds right\n"
    "                              now, and leave it there for its reader\n"
    "      --progress[=WHEN]     show a progress line on standard error; WHEN is\n"
    "                              'auto' (the default: if it is a terminal),\n"
    "                              'always' or 'never'\n"
    "      --help                display this help and exit\n"
    "      --version             output version information and exit\n"
    "\n"
    "MODE says what follows an error of an output:\n"
    "  warn         tell it and go on with the others\n"
    "  warn-nopipe  the same, but a broken pipe is dropped silently, also while no\n"
    "                 input comes; the default of -p and of no MODE\n"
    "  exit         tell it and exit\n"
    "  exit-nopipe  the same, but a broken pipe is dropped silently\n"
    "Without -p and --output-error, a broken pipe kills by SIGPIPE and other errors\n"
    "are as with warn.\n",
  .short_options = "aip",
  .long_options = long_options,
};

/* An output, under the number that it has as a sink of the pump.  */
struct output
{
  const char *name;
  int fd;
  bool failed;
};

struct outputs
{
  struct iosplice_pump *pump;
  struct output *list;
  int count;
  bool one_file;                /* a regular file is all there is */
  struct progress progress;
  enum mode mode;
  bool well;
};

static void
complain (struct outputs *outputs, int errnum, const char *what)
{
  progress_clear (&outputs->progress);
  message (errnum, "%s", what);
  outputs->well = false;
}

/* Does an output's error end the run?  */
static bool
ends_run (enum mode mode)
{
  return mode == MODE_EXIT || mode == MODE_EXIT_NOPIPE;
}

static int
output_failed (void *context, int sink, int errnum)
{
  struct outputs *outputs = context;

  outputs->list[sink].failed = true;
  if (errnum == EPIPE && outputs->mode != MODE_WARN && outputs->mode != MODE_EXIT)
    return 0;
  complain (outputs, errnum, quote_name (outputs->list[sink].name));
  return ends_run (outputs->mode);
}

static int
moved (void *context, size_t bytes)
{
  struct outputs *outputs = context;

  progress_add (&outputs->progress, bytes);
  return 0;
}

/* The input failed, or the copying itself; what an output failed with is told by its hook.  */
static void
tell_failure (struct outputs *outputs)
{
  enum iosplice_side side = iosplice_pump_failure (outputs->pump);

  if (side != IOSPLICE_SINK)
    complain (outputs, errno, side == IOSPLICE_SOURCE ? "read error" : "error copying standard input");
}

static void
add_output (struct outputs *outputs, const char *name, int fd, unsigned flags)
{
  static const struct stat unknown;     /* a closed standard output is told when it is written to */
  struct stat st;

  if (fstat (fd, &st) < 0)
    st = unknown;
  outputs->list[outputs->count++] = (struct output) { .name = name, .fd = fd };
  outputs->one_file = outputs->count == 1 && S_ISREG (st.st_mode);
  if (iosplice_pump_sink (outputs->pump, fd, flags, &st) < 0)
    error (EXIT_FAILURE, errno, "%s", quote_name (name));
}

static void
open_outputs (struct outputs *outputs, char **names, int count, bool append)
{
  int flags = O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC);

  outputs->list = calloc (count + 1, sizeof *outputs->list);
  if (!outputs->list)
    error (EXIT_FAILURE, errno, "standard output");
  add_output (outputs, "standard output", STDOUT_FILENO, 0);
  for (int i = 0; i < count; i++)
    {
      int fd = cli_open (names[i], flags, 0666);

      if (fd >= 0)
        add_output (outputs, names[i], fd, IOSPLICE_MINE);
      else
        {
          complain (outputs, errno, quote_name (names[i]));
          if (ends_run (outputs->mode))
            exit (EXIT_FAILURE);
        }
    }
}

/* The first block is no larger than tee's, so that an output which takes nothing
   at all leaves the others, and the input, where it leaves them with tee.  A
   socket's first message may be larger; a single file can share all of the input's
   extents.  */
static void
copy (struct outputs *outputs)
{
  static const struct stat unknown;
  struct stat st;
  off_t n = 1;

  if (fstat (STDIN_FILENO, &st) < 0)
    st = unknown;
  iosplice_pump_source (outputs->pump, STDIN_FILENO, 0, &st);
  if (!S_ISSOCK (st.st_mode) && !outputs->one_file)
    n = iosplice_pump_block (outputs->pump, TEE_READ);
  if (n > 0 && iosplice_pump_sinks (outputs->pump) > 0)
    n = iosplice_pump_run (outputs->pump, -1);
  if (n < 0)
    tell_failure (outputs);
}

/* Copy what standard input holds, and leave it there.  */
static void
peek (struct outputs *outputs)
{
  long capacity = iosplice_pipe_grow (STDIN_FILENO, 0);
  int ends[2], held = 0;
  ssize_t n = -1;

  if (capacity >= 0 && iosplice_pipe (ends, capacity) == 0)
    n = iosplice_peek (STDIN_FILENO, ends[1]);
  if (n < 0)
    {
      complain (outputs, capacity < 0 && errno == EINVAL ? 0 : errno,
                capacity < 0 && errno == EINVAL ? "standard input: not a pipe" : "standard input");
      return;
    }
  if (ioctl (STDIN_FILENO, FIONREAD, &held) == 0 && held > n)
    message (0, "standard input: a partial view, %zd of %d bytes", n, held);
  iosplice_pump_source (outputs->pump, ends[0], IOSPLICE_MINE, NULL);
  if (n > 0 && iosplice_pump_run (outputs->pump, n) < 0)
    tell_failure (outputs);
}

static void
close_outputs (struct outputs *outputs)
{
  for (int i = 1; i < outputs->count; i++)
    if (close (outputs->list[i].fd) < 0 && !outputs->list[i].failed)
      output_failed (outputs, i, errno);
}

/* What the options ask for.  */
struct asked
{
  enum mode mode;
  unsigned flags;               /* of the pump */
  bool append, debug, peeks, shows_progress;
};

static void
read_options (int argc, char **argv, struct asked *asked)
{
  for (int option; (option = cli_option (argc, argv, &program)) != -1;)
    switch (option)
      {
      case 'a':
        asked->append = true;
        break;
      case 'i':
        signal (SIGINT, SIG_IGN);
        break;
      case OPTION_DEBUG:
        asked->debug = true;
        break;
      case 'p':
        asked->mode = MODE_WARN_NOPIPE;
        break;
      case OPTION_OUTPUT_ERROR:
        asked->mode = optarg ? MODE_WARN + cli_choice ("--output-error", optarg, modes) : MODE_WARN_NOPIPE;
        break;
      case OPTION_NO_SPLICE:
        asked->flags |= IOSPLICE_NO_SPLICE;
        break;
      case OPTION_PEEK:
        asked->peeks = true;
        break;
      case OPTION_PROGRESS:
        asked->shows_progress = progress_wanted (optarg);
        break;
      }

  if (asked->mode != MODE_DIE)
    signal (SIGPIPE, SIG_IGN);
  if (asked->mode == MODE_WARN_NOPIPE || asked->mode == MODE_EXIT_NOPIPE)
    asked->flags |= IOSPLICE_WATCH_SINKS;
  /* Who ends with the first failure gives nothing more to the outputs behind it.  */
  if (!ends_run (asked->mode))
    asked->flags |= IOSPLICE_PARALLEL;
}

int
main (int argc, char **argv)
{
  struct outputs outputs = { .well = true };
  const struct iosplice_hooks hooks = { .context = &outputs, .moved = moved, .failed = output_failed };
  struct asked asked = { .mode = MODE_DIE };

  read_options (argc, argv, &asked);
  outputs.mode = asked.mode;
  outputs.pump = iosplice_pump_new (asked.flags, &hooks);
  if (!outputs.pump)
    error (EXIT_FAILURE, errno, "standard output");
  iosplice_pump_blocks (outputs.pump, TEE_READ, TEE_READ);
  open_outputs (&outputs, argv + optind, argc - optind, asked.append);
  progress_start (&outputs.progress, asked.shows_progress, asked.shows_progress ? bytes_left (STDIN_FILENO) : -1);
  if (asked.peeks)
    peek (&outputs);
  else
    copy (&outputs);
  progress_end (&outputs.progress);
  if (asked.debug)
    report (outputs.pump, "standard input");
  close_outputs (&outputs);
  if (close (STDIN_FILENO) < 0)
    complain (&outputs, errno, "standard input");
  /* One that was closed all the time is no error until it is written to.  */
  if (close (STDOUT_FILENO) < 0 && errno != EBADF && !outputs.list[0].failed)
    complain (&outputs, errno, "write error");
  iosplice_pump_free (outputs.pump);
  free (outputs.list);
  return outputs.well ? EXIT_SUCCESS : EXIT_FAILURE;
}
