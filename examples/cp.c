/* cp.c - copy a file.

   usage: cp FROM TO

   Shows that a transfer between two regular files shares their blocks where the
   file system can.

   SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <iosplice.h>

static void
check (int result, const char *name)
{
  if (result >= 0)
    return;
  perror (name);
  exit (EXIT_FAILURE);
}

int
main (int argc, char **argv)
{
  struct iosplice_result result;
  struct stat a, b;
  int from, to;

  if (argc != 3)
    {
      fprintf (stderr, "usage: cp FROM TO\n");
      return EXIT_FAILURE;
    }
  check (from = open (argv[1], O_RDONLY | O_CLOEXEC), argv[1]);
  check (fstat (from, &a), argv[1]);
  check (to = open (argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, a.st_mode & 0777), argv[2]);
  check (fstat (to, &b), argv[2]);
  if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
    {
      fprintf (stderr, "cp: %s and %s are the same file\n", argv[1], argv[2]);
      return EXIT_FAILURE;
    }
  /* Only now: it might have been FROM.  A device has no length.  */
  if (S_ISREG (b.st_mode))
    check (ftruncate (to, 0), argv[2]);
  if (iosplice_copy (from, NULL, to, NULL, -1, 0, &result) < 0)
    check (-1, result.side == IOSPLICE_SOURCE ? argv[1] : argv[2]);
  check (close (to), argv[2]);
  return EXIT_SUCCESS;
}
