/* spcat.c - cat: concatenate files to standard output, without copying the
   bytes through user space.

   Follows the GNU manual; departs from it where the newest GNU cat does: only
   an input that would be read back while it is written is refused.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "cli/files.h"
#include "iosplice/iosplice.h"
#include "cli/message.h"
#include "cli/options.h"

#include <errno.h>
#include <error.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_NO_SPLICE = 0x100 };

static const struct option long_options[] = {
  { "no-splice", no_argument, NULL, OPTION_NO_SPLICE },
  { 0 }
};

static const char *const later_options[] = {
  "show-all", "number-nonblank", "show-ends", "number", "squeeze-blank", "show-tabs", "show-nonprinting", NULL
};

static const struct cli_program program = {
  .name = "spcat",
  .help =
    "Usage: %1$s [OPTION]... [FILE]...\n"
    "Concatenate FILE(s) to standard output, without copying them through user space.\n"
    "\n"
    "With no FILE, or when FILE is -, read standard input.\n"
    "\n"
    "  -u              (ignored)\n"
    "      --no-splice  copy the bytes through memory: what is written is what was\n"
    "                    read, even if a file is overwritten meanwhile\n"
    "      --help      display this help and exit\n"
    "      --version   output version information and exit\n"
    "\n"
    "Examples:\n"
    "  %1$s f - g  Output f's contents, then standard input, then g's contents.\n"
    "  %1$s        Copy standard input to standard output.\n",
  .short_options = "u",
  .long_options = long_options,
  .later = "AbEensTtv",
  .later_long = later_options,
};

static void
write_error (void)
{
  message (errno, "write error");
  exit (EXIT_FAILURE);
}

/* Would copying IN to standard output read back what it has written?  */
static bool
feeds_itself (int in, const struct stat *in_st, const struct stat *out_st)
{
  off_t from, to;
  int flags;

  if (!S_ISREG (out_st->st_mode) || in_st->st_dev != out_st->st_dev || in_st->st_ino != out_st->st_ino)
    return false;
  flags = fcntl (STDOUT_FILENO, F_GETFL);
  from = lseek (in, 0, SEEK_CUR);
  to = flags >= 0 && flags & O_APPEND ? out_st->st_size : lseek (STDOUT_FILENO, 0, SEEK_CUR);
  return from >= 0 && from < to;
}

/* Copy the open file IN, called NAME.  Returns false after a message.  */
static bool
copy (struct iosplice_pump *pump, int in, const char *name, const struct stat *out_st)
{
  struct stat in_st;

  if (fstat (in, &in_st) < 0)
    {
      message (errno, "%s", quote_name (name));
      return false;
    }
  if (feeds_itself (in, &in_st, out_st))
    {
      message (0, "%s: input file is output file", quote_name (name));
      return false;
    }
  iosplice_pump_source (pump, in, in == STDIN_FILENO ? 0 : IOSPLICE_MINE, &in_st);
  if (iosplice_pump_run (pump, -1) >= 0)
    return true;
  if (iosplice_pump_failure (pump) == IOSPLICE_SINK)
    write_error ();
  message (errno, "%s", quote_name (name));
  return false;
}

static bool
copy_named (struct iosplice_pump *pump, const char *name, const struct stat *out_st)
{
  int in = cli_open (name, O_RDONLY, 0);
  bool well;

  if (in < 0)
    {
      message (errno, "%s", quote_name (name));
      return false;
    }
  well = copy (pump, in, name, out_st);
  if (close (in) < 0)
    {
      message (errno, "%s", quote_name (name));
      return false;
    }
  return well;
}

int
main (int argc, char **argv)
{
  static char *const standard_input[] = { "-", NULL };
  char *const *names;
  struct iosplice_pump *pump;
  struct stat out_st;
  unsigned flags = 0;
  bool well = true, used_stdin = false;

  for (int option; (option = cli_option (argc, argv, &program)) != -1;)
    if (option == OPTION_NO_SPLICE)
      flags |= IOSPLICE_NO_SPLICE;
  names = optind < argc ? argv + optind : standard_input;

  if (fstat (STDOUT_FILENO, &out_st) < 0)
    error (EXIT_FAILURE, errno, "standard output");
  pump = iosplice_pump_new (flags, NULL);
  if (!pump || iosplice_pump_sink (pump, STDOUT_FILENO, 0, &out_st) < 0)
    error (EXIT_FAILURE, errno, "standard output");

  for (; *names; names++)
    if (strcmp (*names, "-") == 0)
      {
        used_stdin = true;
        well &= copy (pump, STDIN_FILENO, "-", &out_st);
      }
    else
      well &= copy_named (pump, *names, &out_st);

  if (used_stdin && close (STDIN_FILENO) < 0)
    {
      message (errno, "closing standard input");
      well = false;
    }
  if (close (STDOUT_FILENO) < 0)
    write_error ();
  iosplice_pump_free (pump);
  return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
