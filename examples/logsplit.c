/* logsplit.c - split a log, which comes in by a pipe, into files.

   usage: PROGRAM | logsplit PREFIX BYTES

   Writes PREFIX.0, PREFIX.1, ...; each ends with the first line end from byte
   number BYTES on, or after SIGHUP.  What comes is in the file at once.

   Shows a pump that is stepped up to a length, and that a signal can come in
   between; and how tee(2) finds the end of a line in a pipe without taking it.
   Only what is looked at for that is copied through memory.

   SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <iosplice.h>

static struct iosplice_pump *pump;      /* into the file; NULL: none is open */
static struct iosplice_pool *pool;
static char *name;
static int file;

static void
check (bool good, const char *what)
{
  if (good)
    return;
  perror (what);
  exit (EXIT_FAILURE);
}

static void
begin_file (const char *prefix)
{
  static int number;

  check (asprintf (&name, "%s.%d", prefix, number++) > 0, "logsplit");
  file = open (name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  check (file >= 0, name);
  pump = iosplice_pump_new (0, NULL);
  check (pump && iosplice_pump_source (pump, STDIN_FILENO, 0, NULL) == 0
         && iosplice_pump_sink (pump, file, IOSPLICE_MINE, NULL) == 0, name);
  iosplice_pump_pool (pump, pool);
}

static void
end_file (void)
{
  iosplice_pump_free (pump);
  pump = NULL;
  check (close (file) == 0, name);
  free (name);
}

/* Move at most MOST bytes of those that are there.  Returns how many it were.  */
static off_t
move (off_t most)
{
  if (iosplice_pump_step (pump, most) == IOSPLICE_FAILED)
    check (false, iosplice_pump_failure (pump) == IOSPLICE_SOURCE ? "standard input" : name);
  return iosplice_pump_moved (pump);
}

/* Move what is there of the line, of 4 KiB at most.  Returns whether its end was there.  */
static bool
move_line (const int copy[2])
{
  char bytes[4096], *end = NULL;
  ssize_t size = iosplice_tee (STDIN_FILENO, copy[1], sizeof bytes, IOSPLICE_NONBLOCK);

  check (size != -1, "standard input");
  if (size > 0)
    {
      check (iosplice_read (copy[0], bytes, size) == size, "logsplit");
      end = memchr (bytes, '\n', size);
    }
  for (off_t left = end ? end + 1 - bytes : size; left > 0;)
    left -= move (left);
  return end != NULL;
}

static int
catch_signal (void)
{
  sigset_t hangup;

  sigemptyset (&hangup);
  sigaddset (&hangup, SIGHUP);
  sigprocmask (SIG_BLOCK, &hangup, NULL);
  return signalfd (-1, &hangup, SFD_CLOEXEC);
}

int
main (int argc, char **argv)
{
  struct pollfd ends[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = catch_signal (), .events = POLLIN } };
  struct signalfd_siginfo info;
  off_t left = 0;
  int copy[2];

  if (argc != 3 || atoll (argv[2]) < 1)
    {
      fprintf (stderr, "usage: PROGRAM | logsplit PREFIX BYTES\n");
      return EXIT_FAILURE;
    }
  check (iosplice_pipe_capacity (STDIN_FILENO) > 0, "standard input is no pipe");
  pool = iosplice_pool_new (1);
  check (pool && ends[1].fd >= 0 && iosplice_pipe (copy, 0) == 0, "logsplit");
  for (;;)
    {
      check (poll (ends, 2, -1) >= 0, "poll");
      if (ends[1].revents && read (ends[1].fd, &info, sizeof info) > 0)
        left = 0;
      if (ends[0].revents == POLLHUP)
        break;
      if (!ends[0].revents)
        continue;
      if (!pump)
        {
          begin_file (argv[1]);
          left = atoll (argv[2]) - 1;
        }
      if (left > 0)
        left -= move (left);
      else if (move_line (copy))
        end_file ();
    }
  if (pump)
    end_file ();
  iosplice_pool_free (pool);
  return EXIT_SUCCESS;
}
