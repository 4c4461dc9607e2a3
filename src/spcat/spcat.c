/* spcat.c - cat: concatenate files to standard output, without copying the
   bytes through user space.

   Follows the GNU manual; departs from the installed 9.1 where the newest GNU
   cat does: only an input that would be read back while it is written is
   refused.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "cli/files.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "format.h"
#include "iosplice/iosplice.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPTION_DEBUG = 0x100, OPTION_NO_SPLICE, OPTION_PROGRESS };

static const struct option long_options[] = {
  { "number-nonblank", no_argument, NULL, 'b' },
  { "number", no_argument, NULL, 'n' },
  { "squeeze-blank", no_argument, NULL, 's' },
  { "show-nonprinting", no_argument, NULL, 'v' },
  { "show-ends", no_argument, NULL, 'E' },
  { "show-tabs", no_argument, NULL, 'T' },
  { "show-all", no_argument, NULL, 'A' },
  { "debug", no_argument, NULL, OPTION_DEBUG },
  { "no-splice", no_argument, NULL, OPTION_NO_SPLICE },
  { "progress", optional_argument, NULL, OPTION_PROGRESS },
  { 0 }
};

static const struct cli_program program = {
  .name = "spcat",
  .help =
    "Usage: %1$s [OPTION]... [FILE]...\n"
    "Concatenate FILE(s) to standard output, without copying them through user space.\n"
    "\n"
    "With no FILE, or when FILE is -, read standard input.\n"
    "\n"
    "  -A, --show-all           equivalent to -vET\n"
    "  -b, --number-nonblank    number nonempty output lines, overrides -n\n"
    "  -e                       equivalent to -vE\n"
    "  -E, --show-ends          display $ at end of each line\n"
    "  -n, --number             number all output lines\n"
    "  -s, --squeeze-blank      suppress repeated empty output lines\n"
    "  -t                       equivalent to -vT\n"
    "  -T, --show-tabs          display TAB characters as ^I\n"
    "  -u                       (ignored)\n"
    "  -v, --show-nonprinting   use ^ and M- notation, except for LFD and TAB\n"
    "      --debug              tell on standard error how the bytes were moved\n"
    "      --no-splice          copy the bytes through memory: what is written is\n"
    "                             what was read, even if a file is overwritten\n"
    "                             meanwhile\n"
    "      --progress[=WHEN]    show a progress line on standard error; WHEN is\n"
    "                             'auto' (the default: if it is a terminal),\n"
    "                             'always' or 'never'\n"
    "      --help               display this help and exit\n"
    "      --version            output version information and exit\n"
    "\n"
    "Examples:\n"
    "  %1$s f - g  Output f's contents, then standard input, then g's contents.\n"
    "  %1$s        Copy standard input to standard output.\n",
  .short_options = "AbeEnstTuv",
  .long_options = long_options,
};

/* One run of cat.  */
struct cat
{
  struct iosplice_pump *pump;
  struct format format;
  struct progress progress;
  struct stat out;              /* standard output */
  bool no_splice, debug, shows_progress;
  bool used_stdin;
  bool failed;
};

static _Noreturn void
write_error (struct cat *cat)
{
  progress_clear (&cat->progress);
  message (errno, "write error");
  exit (EXIT_FAILURE);
}

/* Something is wrong with the input NAME; the others are still to be printed.  */
static void
input_error (struct cat *cat, int errnum, const char *name, const char *what)
{
  progress_clear (&cat->progress);
  message (errnum, "%s%s", quote_name (name), what);
  cat->failed = true;
}

/* Would copying IN to standard output read back what it has written?  Where
   they stand at the same place a copy only repeats what is there, but
   a formatted one grows.  */
static bool
feeds_itself (const struct cat *cat, int in, const struct stat *st)
{
  off_t from, to;
  int flags;

  if (!S_ISREG (cat->out.st_mode) || cat->out.st_dev != st->st_dev || cat->out.st_ino != st->st_ino)
    return false;
  flags = fcntl (STDOUT_FILENO, F_GETFL);
  from = lseek (in, 0, SEEK_CUR);
  to = flags >= 0 && flags & O_APPEND ? st->st_size : lseek (STDOUT_FILENO, 0, SEEK_CUR);
  return 0 <= from && (from < to || (from == to && format_wanted (&cat->format)));
}

static int
moved (void *context, size_t bytes)
{
  struct cat *cat = context;

  progress_add (&cat->progress, bytes);
  return 0;
}

/* Copy the open file IN, called NAME.  */
static void
copy (struct cat *cat, int in, const char *name)
{
  enum iosplice_side side = IOSPLICE_NEITHER;
  uintmax_t before = cat->progress.done;
  struct stat st;
  int result;

  if (fstat (in, &st) < 0)
    {
      input_error (cat, errno, name, "");
      return;
    }
  if (feeds_itself (cat, in, &st))
    {
      input_error (cat, 0, name, ": input file is output file");
      return;
    }
  if (format_wanted (&cat->format))
    {
      const struct format_ends ends = { .in = in, .out = STDOUT_FILENO, .messages = S_ISSOCK (st.st_mode) };

      result = format_copy (&cat->format, &ends, &cat->progress, &side);
    }
  else
    {
      iosplice_pump_source (cat->pump, in, in == STDIN_FILENO ? 0 : IOSPLICE_MINE, &st);
      result = iosplice_pump_run (cat->pump, -1) < 0 ? -1 : 0;
      side = iosplice_pump_failure (cat->pump);
    }
  if (result < 0 && side == IOSPLICE_SINK)
    write_error (cat);
  if (result < 0)
    input_error (cat, errno, name, "");
  if (cat->debug && format_wanted (&cat->format))
    message (0, "%s: %ju bytes through user space (they are changed)", quote_name (name), cat->progress.done - before);
  else if (cat->debug)
    report (cat->pump, name);
}

static void
copy_operand (struct cat *cat, const char *name)
{
  int in;

  if (strcmp (name, "-") == 0)
    {
      cat->used_stdin = true;
      copy (cat, STDIN_FILENO, name);
      return;
    }
  in = cli_open (name, O_RDONLY, 0);
  if (in < 0)
    {
      input_error (cat, errno, name, "");
      return;
    }
  copy (cat, in, name);
  if (close (in) < 0)
    input_error (cat, errno, name, "");
}

/* How many bytes the operands NAMES will give, or -1 if that is not known.  */
static off_t
total_size (char *const *names)
{
  off_t total = 0, bytes;
  struct stat st;

  for (; *names; names++)
    {
      if (strcmp (*names, "-") == 0)
        bytes = bytes_left (STDIN_FILENO);
      else if (stat (*names, &st) < 0)
        bytes = 0;              /* it will be told when its turn comes */
      else
        bytes = S_ISREG (st.st_mode) ? st.st_size : -1;
      if (bytes < 0)
        return -1;
      total += bytes;
    }
  return total;
}

static void
read_options (struct cat *cat, int argc, char **argv)
{
  for (int option; (option = cli_option (argc, argv, &program)) != -1;)
    switch (option)
      {
      case 'b':
        cat->format.number_nonblank = true;
        break;
      case 'n':
        cat->format.number = true;
        break;
      case 's':
        cat->format.squeeze_blank = true;
        break;
      case OPTION_DEBUG:
        cat->debug = true;
        break;
      case OPTION_NO_SPLICE:
        cat->no_splice = true;
        break;
      case OPTION_PROGRESS:
        cat->shows_progress = progress_wanted (optarg);
        break;
      default:
        cat->format.show_nonprinting |= strchr ("Aetv", option) != NULL;
        cat->format.show_ends |= strchr ("AeE", option) != NULL;
        cat->format.show_tabs |= strchr ("AtT", option) != NULL;
      }
}

static void
finish (struct cat *cat)
{
  enum iosplice_side side;

  if (format_finish (&cat->format, STDOUT_FILENO, &side) < 0)
    write_error (cat);
  progress_end (&cat->progress);
  if (cat->used_stdin && close (STDIN_FILENO) < 0)
    {
      message (errno, "closing standard input");
      cat->failed = true;
    }
  if (close (STDOUT_FILENO) < 0)
    write_error (cat);
  iosplice_pump_free (cat->pump);
}

int
main (int argc, char **argv)
{
  static char *const standard_input[] = { "-", NULL };
  struct cat cat = { 0 };
  const struct iosplice_hooks hooks = { .context = &cat, .moved = moved };
  char *const *names;

  read_options (&cat, argc, argv);
  names = optind < argc ? argv + optind : standard_input;
  format_start (&cat.format);
  progress_start (&cat.progress, cat.shows_progress, cat.shows_progress ? total_size (names) : -1);
  if (fstat (STDOUT_FILENO, &cat.out) < 0
      || !(cat.pump = iosplice_pump_new (cat.no_splice ? IOSPLICE_NO_SPLICE : 0, &hooks))
      || iosplice_pump_sink (cat.pump, STDOUT_FILENO, 0, &cat.out) < 0)
    {
      message (errno, "standard output");
      return EXIT_FAILURE;
    }
  for (; *names; names++)
    copy_operand (&cat, *names);
  finish (&cat);
  return cat.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
