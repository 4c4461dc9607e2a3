/* cat.c - one file after the other to standard output.

   usage: cat [FILE]...     ("-" or none: standard input)

   Shows a transfer in one call, and how it tells who is to blame.  C++ takes it too.

   SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <iosplice.h>

static int
cat (const char *name)
{
  struct iosplice_result result;
  int fd = strcmp (name, "-") == 0 ? STDIN_FILENO : open (name, O_RDONLY | O_CLOEXEC);
  int status = EXIT_SUCCESS;

  if (fd < 0)
    {
      perror (name);
      return EXIT_FAILURE;
    }
  if (iosplice_copy (fd, NULL, STDOUT_FILENO, NULL, -1, 0, &result) < 0)
    {
      perror (result.side == IOSPLICE_SOURCE ? name : "standard output");
      if (result.side != IOSPLICE_SOURCE)
        exit (EXIT_FAILURE);
      status = EXIT_FAILURE;
    }
  if (fd != STDIN_FILENO)
    close (fd);
  return status;
}

int
main (int argc, char **argv)
{
  int status = EXIT_SUCCESS;

  if (argc < 2)
    status = cat ("-");
  for (int i = 1; i < argc; i++)
    status |= cat (argv[i]);
  if (close (STDOUT_FILENO) < 0)        /* some file systems tell only now */
    {
      perror ("standard output");
      status = EXIT_FAILURE;
    }
  return status;
}
