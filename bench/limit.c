/* limit.c - the bare loops of system calls that a benchmark compares with: the
   readers at the end of its pipelines, and a splice loop that does nothing else.

   usage: limit drain        splice standard input to /dev/null
          limit read         read standard input, 64 KiB at a time
          limit slow         splice 1 MiB to /dev/null every 2 ms
          limit cat [FILE]   splice FILE (standard input) to standard output
                             through a pipe of 1 MiB, blocking

   SPDX-License-Identifier: MIT */

#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MEBIBYTE = 1024 * 1024 };

static void
fail (const char *what)
{
  perror (what);
  exit (EXIT_FAILURE);
}

static int
open_or_fail (const char *name, int flags)
{
  int fd = open (name, flags);

  if (fd < 0)
    fail (name);
  return fd;
}

static void
drain (void)
{
  int null = open_or_fail ("/dev/null", O_WRONLY);
  ssize_t n;

  while ((n = splice (STDIN_FILENO, NULL, null, NULL, MEBIBYTE, 0)) > 0)
    continue;
  if (n < 0)
    fail ("splice");
}

static void
slow (void)
{
  int null = open_or_fail ("/dev/null", O_WRONLY);
  struct timespec due;

  clock_gettime (CLOCK_MONOTONIC, &due);
  for (;;)
    {
      for (size_t left = MEBIBYTE; left > 0;)
        {
          ssize_t n = splice (STDIN_FILENO, NULL, null, NULL, left, 0);

          if (n < 0)
            fail ("splice");
          if (n == 0)
            return;
          left -= n;
        }
      due.tv_nsec += 2000000;
      due.tv_sec += due.tv_nsec / 1000000000;
      due.tv_nsec %= 1000000000;
      clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    }
}

static void
read_all (void)
{
  static char bytes[65536];
  ssize_t n;

  while ((n = read (STDIN_FILENO, bytes, sizeof bytes)) > 0)
    continue;
  if (n < 0)
    fail ("read");
}

static void
cat (int in)
{
  int between[2];
  ssize_t n, m;

  if (pipe (between) < 0)
    fail ("pipe");
  fcntl (between[0], F_SETPIPE_SZ, MEBIBYTE);
  fcntl (STDIN_FILENO, F_SETPIPE_SZ, MEBIBYTE);
  fcntl (STDOUT_FILENO, F_SETPIPE_SZ, MEBIBYTE);
  while ((n = splice (in, NULL, between[1], NULL, MEBIBYTE, 0)) > 0)
    for (; n > 0; n -= m)
      if ((m = splice (between[0], NULL, STDOUT_FILENO, NULL, n, 0)) <= 0)
        fail ("splice out");
  if (n < 0)
    fail ("splice in");
}

int
main (int argc, char **argv)
{
  const char *job = argc > 1 ? argv[1] : "";

  if (strcmp (job, "drain") == 0)
    drain ();
  else if (strcmp (job, "read") == 0)
    read_all ();
  else if (strcmp (job, "slow") == 0)
    slow ();
  else if (strcmp (job, "cat") == 0)
    cat (argc > 2 ? open_or_fail (argv[2], O_RDONLY) : STDIN_FILENO);
  else
    {
      fprintf (stderr, "usage: limit drain|read|slow|cat [FILE]\n");
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
