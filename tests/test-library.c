/* test-library.c - does the library keep what iosplice.h promises?

   SPDX-License-Identifier: MIT

   Speaks TAP.  Nothing sleeps; a watchdog ends what hangs.  */

#define _GNU_SOURCE
#include "lib/tap.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

static void
files (unsigned flags, unsigned mine, const char *what)
{
  int in = file_of (SIZE), out = file_of (0);
  struct iosplice_pump *pump = pump_of (flags, NULL, in, out, mine);
  CHECK (iosplice_pump_run (pump, HALF + 1) == HALF + 1, what);
  CHECK (lseek (in, 0, SEEK_CUR) == HALF + 1 && lseek (out, 0, SEEK_CUR) == HALF + 1, "... positions behind what was moved");
  CHECK (iosplice_pump_run (pump, -1) == SIZE - HALF - 1, "... and the rest");
  CHECK (iosplice_pump_run (pump, -1) == 0 && iosplice_pump_moved (pump) == 0 && iosplice_pump_taken (pump) == 0, "... then end of file");
  CHECK (holds (out, data, SIZE), "... every byte");
  iosplice_pump_free (pump);
  CHECK (fcntl (in, F_GETFD) >= 0 && fcntl (out, F_GETFD) >= 0, "... and the ends stay open");
  close (in);
  close (out);
}

/* From a pair's end to a pair's end, fed and eaten by threads.  */
static void
streams (int in[2], int out[2], unsigned flags, const char *what)
{
  struct other_end feeder, eater;
  memset (got, 0, sizeof got);
  start (&feeder, feed, in[1], data, SIZE);
  start (&eater, eat, out[0], got, sizeof got);
  struct iosplice_pump *pump = pump_of (flags, NULL, in[0], out[1], 0);
  CHECK (iosplice_pump_run (pump, -1) == SIZE, what);
  iosplice_pump_free (pump);
  close (out[1]);
  pthread_join (feeder.thread, NULL);
  pthread_join (eater.thread, NULL);
  CHECK (eater.done == SIZE && memcmp (got, data, SIZE) == 0, "... every byte");
  close (in[0]);
  close (out[0]);
}

static void
all_streams (void)
{
  int in[2], out[2];
  for (unsigned flags = 0; flags <= IOSPLICE_NO_SPLICE; flags++)
    {
      NEED (pipe (in) == 0 && pipe (out) == 0);
      streams (in, out, flags, "pipe to pipe");
      NEED (socketpair (AF_UNIX, SOCK_STREAM, 0, in) == 0 && socketpair (AF_UNIX, SOCK_STREAM, 0, out) == 0);
      streams (in, out, flags, "socket to socket");
      NEED (pipe2 (in, O_NONBLOCK) == 0 && pipe2 (out, O_NONBLOCK) == 0);
      streams (in, out, flags, "non-blocking pipes: EAGAIN is waited out");
      NEED (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, in) == 0 && pipe2 (out, O_NONBLOCK) == 0);
      streams (in, out, flags, "non-blocking socket to pipe");
    }
}

static void
blocks (unsigned flags)
{
  int in[2], out[2];
  NEED (pipe (in) == 0 && pipe (out) == 0);
  struct iosplice_pump *pump = pump_of (flags, NULL, in[0], out[1], 0);
  NEED (write (in[1], data, 100) == 100);
  CHECK (iosplice_pump_block (pump, 1000) == 100, "a short read is one block");
  NEED (write (in[1], data + 100, 3000) == 3000);
  CHECK (iosplice_pump_block (pump, 1000) == 1000, "a block is no longer than asked");
  CHECK (iosplice_pump_taken (pump) == 1000 && iosplice_pump_moved (pump) == 1000, "... and counted");
  CHECK (iosplice_pump_run (pump, 5) == 5, "a run takes no more than its length");
  CHECK (read (in[0], got, sizeof got) == 1995 && memcmp (got, data + 1105, 1995) == 0, "... the rest is still there");
  close (in[1]);
  CHECK (iosplice_pump_block (pump, 1000) == 0, "end of file");
  CHECK (read (out[0], got, sizeof got) == 1105 && memcmp (got, data, 1105) == 0, "... all blocks have arrived");
  iosplice_pump_free (pump);
  close (in[0]);
  close (out[0]);
  close (out[1]);
}

static void
slots (void)
{
  int in[2], out = file_of (0);
  NEED (pipe2 (in, O_DIRECT) == 0);
  int pieces = 0;
  NEED (fcntl (in[1], F_SETFL, O_NONBLOCK | O_DIRECT) == 0);
  while (write (in[1], data + pieces, 1) == 1)
    pieces++;
  close (in[1]);
  struct iosplice_pump *pump = pump_of (0, NULL, in[0], out, 0);
  CHECK (iosplice_pump_run (pump, -1) == pieces && holds (out, data, pieces), "a pipe whose slots are used up by single bytes");
  iosplice_pump_free (pump);
  close (in[0]);

  int file = file_of (SIZE);
  lseek (file, 1, SEEK_SET);
  lseek (out, 0, SEEK_SET);
  pump = pump_of (0, NULL, file, out, 0);
  CHECK (iosplice_pump_block (pump, 65536) == 65536 && memcmp (data + 1, (pread (out, got, 65536, 0), got), 65536) == 0, "64 KiB from an odd offset");
  iosplice_pump_free (pump);
  close (file);
  close (out);
}

static void
failures_by_side (void)
{
  int in = file_of (SIZE), out = file_of (0), full = open ("/dev/full", O_WRONLY), directory = open (".", O_RDONLY);
  NEED (full >= 0 && directory >= 0);
  struct iosplice_pump *pump = pump_of (0, NULL, directory, out, 0);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EISDIR, "a directory: EISDIR");
  CHECK (iosplice_pump_failure (pump) == IOSPLICE_SOURCE, "... of the source");
  NEED (iosplice_pump_source (pump, in, 0, NULL) == 0);
  CHECK (iosplice_pump_run (pump, -1) == SIZE && holds (out, data, SIZE), "... and the next source is served");
  iosplice_pump_free (pump);

  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, NULL, in, full, 0);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == ENOSPC, "a full device: ENOSPC, not what splice says");
  CHECK (iosplice_pump_failure (pump) == IOSPLICE_SINK && iosplice_pump_moved (pump) == 0, "... of the sink, nothing moved");
  iosplice_pump_free (pump);

  int ends[2];
  NEED (pipe (ends) == 0);
  close (ends[0]);
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, NULL, in, ends[1], 0);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EPIPE && iosplice_pump_failure (pump) == IOSPLICE_SINK, "nobody reads: EPIPE");
  iosplice_pump_free (pump);

  int read_only = open ("/dev/null", O_RDONLY);
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, NULL, in, read_only, 0);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EBADF && iosplice_pump_failure (pump) == IOSPLICE_SINK, "a sink that is not open for writing: EBADF");
  iosplice_pump_free (pump);
  pump = iosplice_pump_new (0, NULL);
  CHECK (iosplice_pump_source (pump, 9999, 0, NULL) == -1 && errno == EBADF, "a source that is not open");
  CHECK (iosplice_pump_sink (pump, 9999, 0, NULL) == -1 && errno == EBADF, "a sink that is not open");
  iosplice_pump_free (pump);
  iosplice_pump_free (NULL);
  close (ends[1]);
  close (in);
  close (out);
  close (full);
  close (directory);
  close (read_only);
}

static void
append (void)
{
  char path[] = "test-library.XXXXXX";
  int in = file_of (SIZE), out = mkostemp (path, O_APPEND);
  NEED (out >= 0 && unlink (path) == 0);
  struct iosplice_pump *pump = pump_of (0, NULL, in, out, 0);
  CHECK (iosplice_pump_run (pump, -1) == SIZE && holds (out, data, SIZE), "into a file in append mode");
  CHECK (fcntl (out, F_GETFL) & O_APPEND, "... which it still is");
  NEED (ftruncate (out, 0) == 0 && fcntl (out, F_SETFL, 0) == 0 && lseek (out, 0, SEEK_SET) == 0);
  lseek (in, 0, SEEK_SET);
  CHECK (iosplice_pump_run (pump, HALF) == HALF, "append mode set by someone between two runs: the first");
  NEED (fcntl (out, F_SETFL, O_APPEND) == 0);
  CHECK (iosplice_pump_run (pump, -1) == SIZE - HALF && holds (out, data, SIZE), "... and the second");
  iosplice_pump_free (pump);
  close (in);
  close (out);
}

static void
same_file (void)
{
  int in = file_of (SIZE);
  char path[32];
  sprintf (path, "/proc/self/fd/%d", in);
  int out = open (path, O_WRONLY);
  NEED (out >= 0);
  NEED (lseek (in, 5000, SEEK_SET) == 5000);
  struct iosplice_pump *pump = pump_of (0, NULL, in, out, 0);
  CHECK (iosplice_pump_run (pump, -1) == SIZE - 5000, "source and sink the same file");
  CHECK (pread (in, got, SIZE, 0) == SIZE && memcmp (got, data + 5000, SIZE - 5000) == 0, "... moves the bytes to its front intact");
  iosplice_pump_free (pump);
  close (in);
  close (out);
}

/* Hooks.  */

struct heard
{
  size_t bytes, enough;
  int sink, error, answer;
};

static int
on_moved (void *context, size_t bytes)
{
  struct heard *heard = context;
  heard->bytes += bytes;
  return heard->bytes >= heard->enough;
}

static int
on_failed (void *context, int sink, int error)
{
  struct heard *heard = context;
  heard->sink = sink;
  heard->error = error;
  return heard->answer;
}

static void
hooks (void)
{
  struct heard heard = {.enough = SIZE + 1,.sink = -1 };
  struct iosplice_hooks listen = {.context = &heard,.moved = on_moved,.failed = on_failed };
  int in = file_of (SIZE), one = file_of (0), full = open ("/dev/full", O_WRONLY), two = file_of (0);
  struct iosplice_pump *pump = pump_of (0, &listen, in, one, 0);
  CHECK (iosplice_pump_sink (pump, full, 0, NULL) == 1 && iosplice_pump_sink (pump, two, 0, NULL) == 2, "sinks are numbered");
  CHECK (iosplice_pump_sinks (pump) == 3, "... and counted");
  CHECK (iosplice_pump_run (pump, -1) == SIZE, "a sink that fails is dropped if the hook says so");
  CHECK (heard.sink == 1 && heard.error == ENOSPC, "... it was told which, and why");
  CHECK (iosplice_pump_sinks (pump) == 2, "... and is no longer counted");
  CHECK (holds (one, data, SIZE) && holds (two, data, SIZE), "... the others have every byte");
  CHECK (heard.bytes == SIZE, "the hook heard of every byte");
  iosplice_pump_free (pump);

  heard = (struct heard) {.enough = SIZE + 1,.answer = 1 };
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, &listen, in, full, 0);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == ENOSPC && heard.error == ENOSPC, "a hook that says no ends the run");
  iosplice_pump_free (pump);

  heard = (struct heard) {.enough = SIZE + 1 };
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, &listen, in, full, 0);
  off_t moved = iosplice_pump_run (pump, -1);
  CHECK (moved >= 0 && moved < SIZE && iosplice_pump_sinks (pump) == 0, "the last sink dropped: the run ends");
  iosplice_pump_free (pump);

  heard = (struct heard) {.enough = 1 };
  lseek (in, 0, SEEK_SET);
  lseek (one, 0, SEEK_SET);
  NEED (ftruncate (one, 0) == 0);
  int pipe_ends[2];
  NEED (pipe (pipe_ends) == 0);
  struct other_end feeder;
  start (&feeder, feed, pipe_ends[1], data, SIZE);
  pump = pump_of (0, &listen, pipe_ends[0], one, 0);
  moved = iosplice_pump_run (pump, -1);
  CHECK (moved > 0 && (size_t) moved == heard.bytes && holds (one, data, moved), "a hook that says enough ends the run, with what has been moved");
  CHECK (iosplice_pump_run (pump, -1) > 0, "... and the next run goes on");
  heard.enough = SIZE + 1;
  iosplice_pump_run (pump, -1);
  CHECK (holds (one, data, SIZE), "... to the end, every byte");
  iosplice_pump_free (pump);
  pthread_join (feeder.thread, NULL);
  close (pipe_ends[0]);
  close (in);
  close (one);
  close (two);
  close (full);
}

/* Rule 3: two pumps that share both descriptions.  */

static void *
share (void *argument)
{
  int *ends = argument;
  struct iosplice_pump *pump = pump_of (0, NULL, ends[0], ends[1], 0);
  off_t sum = iosplice_pump_run (pump, -1);
  iosplice_pump_free (pump);
  return (void *) (intptr_t) sum;
}

static int
by_value (const void *one, const void *two)
{
  unsigned a = *(const unsigned *) one, b = *(const unsigned *) two;
  return (a > b) - (a < b);
}

static int
scratch_file (void)
{
  const char *folder = getenv ("TMPDIR");
  char name[4096];
  int fd;

  snprintf (name, sizeof name, "%s/shared.XXXXXX", folder ? folder : "/tmp");
  fd = mkstemp (name);
  unlink (name);
  return fd;
}

static void
shared_positions (void)
{
  enum
  { COUNT = 1 << 20 };
  static unsigned numbers[COUNT];
  bool good = true;
  for (int round = 0; round < 20 && good; round++)
    {
      for (unsigned i = 0; i < COUNT; i++)
        numbers[i] = i;
      /* Files with names: the kernel takes no position lock for a memfd.  */
      int ends[2] = { scratch_file (), scratch_file () };
      NEED (pwrite (ends[0], numbers, sizeof numbers, 0) == sizeof numbers);
      pthread_t one, two;
      void *sum_one, *sum_two;
      NEED (pthread_create (&one, NULL, share, ends) == 0 && pthread_create (&two, NULL, share, ends) == 0);
      pthread_join (one, &sum_one);
      pthread_join (two, &sum_two);
      good = (intptr_t) sum_one + (intptr_t) sum_two == sizeof numbers
        && pread (ends[1], numbers, sizeof numbers, 0) == sizeof numbers && lseek (ends[1], 0, SEEK_END) == sizeof numbers;
      qsort (numbers, COUNT, sizeof *numbers, by_value);
      for (unsigned i = 0; i < COUNT; i++)
        good &= numbers[i] == i;
      close (ends[0]);
      close (ends[1]);
    }
  CHECK (good, "two threads on shared positions: every byte once, 20 rounds");
}

static void
reading_and_writing (void)
{
  int ends[2];
  NEED (pipe2 (ends, O_NONBLOCK) == 0);
  struct other_end feeder, eater;
  memset (got, 0, sizeof got);
  start (&eater, eat, ends[0], got, sizeof got);
  start (&feeder, feed, ends[1], data, SIZE);
  pthread_join (feeder.thread, NULL);
  pthread_join (eater.thread, NULL);
  CHECK (feeder.done == SIZE, "iosplice_write waits out EAGAIN and writes all");
  CHECK (eater.done == SIZE && memcmp (got, data, SIZE) == 0, "iosplice_read waits out EAGAIN");
  close (ends[0]);
  int full = open ("/dev/full", O_WRONLY);
  CHECK (iosplice_write (full, data, 10) == 0 && errno == ENOSPC, "iosplice_write tells the error");
  CHECK (iosplice_read (full, got, 10) == -1 && errno == EBADF, "iosplice_read tells the error");
  close (full);
}

static void
leaks (void)
{
  int before = open_descriptors ();
  for (int i = 0; i < 200; i++)
    {
      int in = file_of (HALF), out[2], sinks[2];
      NEED (pipe (out) == 0 && fcntl (out[1], F_SETPIPE_SZ, 1 << 18) >= HALF);
      sinks[0] = open ("/dev/null", O_WRONLY);
      sinks[1] = open (i % 2 ? "/dev/full" : "/dev/null", O_WRONLY);
      struct iosplice_pump *pump = pump_of (i % 3 == 0, NULL, in, out[1], 0);
      iosplice_pump_sink (pump, sinks[0], 0, NULL);
      iosplice_pump_sink (pump, sinks[1], 0, NULL);
      iosplice_pump_run (pump, -1);
      errno = ENOTTY;
      iosplice_pump_free (pump);
      NEED (errno == ENOTTY);
      close (in);
      close (out[0]);
      close (out[1]);
      close (sinks[0]);
      close (sinks[1]);
    }
  CHECK (open_descriptors () == before, "200 pumps, some of which failed, leave no descriptor open");
}

static void
low_descriptors (void)
{
  int in = file_of (SIZE), ends[2];
  NEED (pipe (ends) == 0 && fcntl (ends[1], F_SETPIPE_SZ, 1 << 19) >= SIZE);
  int kept = fcntl (0, F_DUPFD_CLOEXEC, 10);
  close (0);
  struct iosplice_pump *pump = pump_of (0, NULL, in, ends[1], 0);
  NEED (iosplice_pump_run (pump, -1) == SIZE);
  CHECK (fcntl (0, F_GETFD) == -1, "no private pipe takes the place of a closed descriptor 0");
  iosplice_pump_free (pump);
  if (kept >= 0)
    {
      dup2 (kept, 0);
      close (kept);
    }
  close (in);
  close (ends[0]);
  close (ends[1]);
}

int
main (void)
{
  alarm (600);
  signal (SIGPIPE, SIG_IGN);
  make_data ();

  files (0, 0, "file to file, shared");
  files (0, IOSPLICE_MINE, "file to file, mine");
  files (IOSPLICE_NO_SPLICE, 0, "file to file, without splice");
  all_streams ();
  blocks (0);
  blocks (IOSPLICE_NO_SPLICE);
  slots ();
  failures_by_side ();
  append ();
  same_file ();
  hooks ();
  shared_positions ();
  reading_and_writing ();
  leaks ();
  low_descriptors ();
  printf ("1..%d\n", tests);
  return failures != 0;
}
