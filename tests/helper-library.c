/* helper-library.c - one public call of the library, for faults to be injected
   into: is what it reports what happened?

   SPDX-License-Identifier: MIT

   Usage: helper-library SCENARIO; the table at the end lists them, without an
   argument they are printed.  The scenario runs between two calls of
   getppid(2), so that a tracer can tell the library's calls from those that
   prepare and verify.  Exits 0 if exactly the bytes reported as moved have
   arrived, as the beginning of the source, the source has given what is reported
   as taken, and no descriptor is left open.  FAULT names the call that fails.  */

#define _GNU_SOURCE
#include "iosplice/iosplice.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum
{ SIZE = 150000, ROOM = 1 << 18, SINKS = 3, DESCRIPTORS = 256 };

enum kind
{ NONE, REGULAR, OFFSET, PIPE, SOCKET };

struct way
{
  enum kind kind;
  int fd, far;
  off_t offset;
};

/* What the call reported.  */
struct told
{
  off_t result, moved, taken;
  enum iosplice_side side;
  int error;
  int sinks;                    /* how many have not failed */
};

struct scenario
{
  const char *name;
  void (*run) (struct told *);
  enum kind source, sinks[SINKS];
};

static char data[SIZE], arrived[SIZE + 1];
static struct way source, sinks[SINKS];
static bool keeps_source;       /* the call leaves the bytes where they are */
static const char *wrong;

static void
need (bool good, const char *what)
{
  if (good)
    return;
  perror (what);
  exit (99);
}

static int
file_at (const char *path)
{
  int fd = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  need (fd >= 0, path);
  return fd;
}

static struct way
open_way (enum kind kind, bool is_source, int number)
{
  static const char *const names[] = { "sink0", "sink1", "sink2" };
  struct way way = {.kind = kind,.fd = -1,.far = -1 };
  int ends[2] = { -1, -1 }, room = 2 * ROOM;

  if (kind == REGULAR || kind == OFFSET)
    {
      way.fd = file_at (is_source ? "source" : names[number]);
      need (!is_source || pwrite (way.fd, data, SIZE, 0) == SIZE, "source");
    }
  else if (kind == PIPE)
    {
      need (pipe2 (ends, O_CLOEXEC) == 0 && fcntl (ends[0], F_SETPIPE_SZ, ROOM) >= SIZE, "pipe");
      way.fd = ends[!is_source], way.far = ends[is_source];
    }
  else if (kind == SOCKET)
    {
      need (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socket");
      for (int i = 0; i < 2; i++)
        if (setsockopt (ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
          setsockopt (ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);      /* as much as one may have */
      way.fd = ends[0], way.far = ends[1];
    }
  if (is_source && way.far >= 0)
    {
      need (write (way.far, data, SIZE) == SIZE, "source");
      close (way.far);
      way.far = -1;
    }
  return way;
}

static void
close_way (const struct way *way)
{
  if (way->fd >= 0)
    close (way->fd);
  if (way->far >= 0)
    close (way->far);
}

static int
open_descriptors (void)
{
  int n = 0;

  for (int fd = 0; fd < DESCRIPTORS; fd++)
    n += fcntl (fd, F_GETFD) >= 0;
  return n;
}

/* What is in a sink, in ARRIVED.  */
static ssize_t
collect (const struct way *way)
{
  size_t done = 0;
  ssize_t n;

  if (way->kind == REGULAR || way->kind == OFFSET)
    return pread (way->fd, arrived, sizeof arrived, 0);
  fcntl (way->far, F_SETFL, O_NONBLOCK);
  while ((n = read (way->far, arrived + done, sizeof arrived - done)) > 0)
    done += n;
  return done;
}

static void
expect (bool good, const char *what)
{
  if (!good && !wrong)
    wrong = what;
}

static void
verify_source (const struct told *told)
{
  const char *fault = getenv ("FAULT");
  int held = 0;

  if (source.kind == PIPE || source.kind == SOCKET)
    {
      need (ioctl (source.fd, FIONREAD, &held) == 0, "FIONREAD");
      expect (held == SIZE - (keeps_source ? 0 : told->taken), "the source has not given what is reported as taken");
    }
  else if (source.kind == OFFSET)
    expect (source.offset == told->moved && lseek (source.fd, 0, SEEK_CUR) == 0, "the source's offset is not what was moved");
  else if (source.kind == REGULAR && !(fault && strcmp (fault, "lseek") == 0))
    expect (lseek (source.fd, 0, SEEK_CUR) == told->taken, "the source's position is not what was taken");
}

static void
verify (const struct told *told)
{
  int count = 0, whole = 0;

  while (count < SINKS && sinks[count].kind != NONE)
    count++;
  if (told->result >= 0)
    expect (told->moved == told->result, "the result is not what is reported as moved");
  else
    expect (told->error != 0, "no error is told");
  for (int i = 0; i < count; i++)
    {
      ssize_t n = collect (&sinks[i]);

      expect (n >= 0 && n <= SIZE && memcmp (arrived, data, n) == 0, "what has arrived is not the beginning of the source");
      expect (count > 1 || n == told->moved, "what has arrived is not what is reported as moved");
      whole += n >= told->moved;
      if (sinks[i].kind == OFFSET)
        expect (sinks[i].offset == told->moved && lseek (sinks[i].fd, 0, SEEK_CUR) == 0, "the sink's offset is not what was moved");
    }
  expect (whole >= told->sinks, "a sink that has not failed has not got what is reported as moved");
  verify_source (told);
}

/* The scenarios.  */

static off_t *
offset_of (struct way *way)
{
  return way->kind == OFFSET ? &way->offset : NULL;
}

static void
tell (struct told *told, off_t result, const struct iosplice_result *from)
{
  told->result = result;
  told->error = errno;
  told->moved = from ? from->moved : result > 0 ? result : 0;
  told->taken = from ? from->taken : told->moved;
  told->side = from ? from->side : IOSPLICE_NEITHER;
  /* Who was not reached at all is told as -2, which is no error.  */
  if (result == IOSPLICE_WOULD_BLOCK)
    told->error = EAGAIN;
}

static void
copy (struct told *told)
{
  struct iosplice_result result;
  tell (told, iosplice_copy (source.fd, offset_of (&source), sinks[0].fd, offset_of (&sinks[0]), -1, 0, &result), &result);
}

static void
copy_through_memory (struct told *told)
{
  struct iosplice_result result;
  tell (told, iosplice_copy (source.fd, offset_of (&source), sinks[0].fd, offset_of (&sinks[0]), -1,
                             IOSPLICE_NO_SPLICE | IOSPLICE_NO_SIGPIPE, &result), &result);
}

static void
full (struct told *told)
{
  struct iosplice_result result;
  tell (told, iosplice_full (source.fd, offset_of (&source), sinks[0].fd, offset_of (&sinks[0]), 100000, 0, &result), &result);
}

static void
partial (struct told *told)
{
  struct iosplice_result result;
  tell (told, iosplice_partial (source.fd, offset_of (&source), sinks[0].fd, offset_of (&sinks[0]), 70000, 0, &result), &result);
}

static struct iosplice_pump *
pump_of (unsigned flags, unsigned end_flags, struct told *told)
{
  struct iosplice_pump *pump = iosplice_pump_new (flags, NULL);

  *told = (struct told) {.result = -1 };
  if (!pump || iosplice_pump_source (pump, source.fd, 0, NULL) < 0)
    {
      told->error = errno;
      iosplice_pump_free (pump);
      return NULL;
    }
  for (int i = 0; i < SINKS && sinks[i].kind != NONE; i++)
    if (iosplice_pump_sink (pump, sinks[i].fd, end_flags, NULL) < 0)
      {
        told->error = errno;
        iosplice_pump_free (pump);
        return NULL;
      }
  return pump;
}

static void
tell_pump (struct told *told, off_t result, const struct iosplice_pump *pump)
{
  struct iosplice_result counts = {
    .moved = iosplice_pump_moved (pump),.taken = iosplice_pump_taken (pump),.side = iosplice_pump_failure (pump)
  };
  tell (told, result, &counts);
  told->sinks = iosplice_pump_sinks (pump);
}

static void
run_with (unsigned flags, unsigned end_flags, struct told *told)
{
  struct iosplice_pump *pump = pump_of (flags, end_flags, told);

  if (pump)
    tell_pump (told, iosplice_pump_run (pump, -1), pump);
  iosplice_pump_free (pump);
}

static void run (struct told *told) { run_with (0, 0, told); }
static void run_drops (struct told *told) { run_with (IOSPLICE_NO_SIGPIPE, IOSPLICE_DROPS, told); }
static void run_parallel (struct told *told) { run_with (IOSPLICE_PARALLEL, IOSPLICE_MINE | IOSPLICE_DROPS, told); }
static void run_watch (struct told *told) { run_with (IOSPLICE_WATCH_SINKS, 0, told); }

static void
blocks (struct told *told)
{
  struct iosplice_pump *pump = pump_of (0, 0, told);
  off_t moved = 0, taken = 0;
  ssize_t n = -1;

  while (pump && (n = iosplice_pump_block (pump, 40000)) > 0)
    moved += iosplice_pump_moved (pump), taken += iosplice_pump_taken (pump);
  if (pump)
    {
      tell_pump (told, n, pump);
      told->moved += moved, told->taken += taken;
      told->result = n < 0 ? -1 : moved;
    }
  iosplice_pump_free (pump);
}

static void
step_with (struct iosplice_pool *pool, struct told *told)
{
  struct iosplice_pump *pump = pump_of (0, 0, told);
  enum iosplice_step now = IOSPLICE_FAILED;
  off_t moved = 0, taken = 0;

  if (!pump)
    return;
  if (pool)
    iosplice_pump_pool (pump, pool);
  do
    {
      now = iosplice_pump_step (pump, -1);
      moved += iosplice_pump_moved (pump), taken += iosplice_pump_taken (pump);
    }
  while (now != IOSPLICE_END && now != IOSPLICE_FAILED);
  tell_pump (told, now == IOSPLICE_FAILED ? -1 : moved, pump);
  told->moved = moved, told->taken = taken;
  iosplice_pump_free (pump);
}

static void steps (struct told *told) { step_with (NULL, told); }

static void
pooled (struct told *told)
{
  struct iosplice_pool *pool = iosplice_pool_new (1);

  if (pool)
    step_with (pool, told);
  else
    *told = (struct told) {.result = -1,.error = errno };
  iosplice_pool_free (pool);
}

static void
splice_all (struct told *told)
{
  tell (told, iosplice_splice (source.fd, offset_of (&source), sinks[0].fd, offset_of (&sinks[0]), SIZE, IOSPLICE_WAIT_ALL), NULL);
}

static void
splice_try (struct told *told)
{
  tell (told, iosplice_splice (source.fd, offset_of (&source), sinks[0].fd, offset_of (&sinks[0]), SIZE, IOSPLICE_NONBLOCK | IOSPLICE_NO_SIGPIPE), NULL);
}

/* With both flags that are only passed on.  */
static void
splice_flags (struct told *told)
{
  tell (told, iosplice_splice (source.fd, NULL, sinks[0].fd, NULL, SIZE, IOSPLICE_MOVE | IOSPLICE_MORE), NULL);
}

static void
tee_all (struct told *told)
{
  keeps_source = true;
  tell (told, iosplice_tee (source.fd, sinks[0].fd, SIZE, IOSPLICE_WAIT_ALL), NULL);
}

/* More than there is, so that it has to wait for the end.  */
static void
tee_more (struct told *told)
{
  keeps_source = true;
  tell (told, iosplice_tee (source.fd, sinks[0].fd, SIZE + 1, IOSPLICE_WAIT_ALL | IOSPLICE_NO_SIGPIPE), NULL);
}

static void
peek (struct told *told)
{
  keeps_source = true;
  tell (told, iosplice_peek (source.fd, sinks[0].fd), NULL);
}

static void
vmsplice_all (struct told *told)
{
  struct iovec buffers[] = { { data, 1000 }, { data + 1000, 0 }, { data + 1000, 100000 }, { data + 101000, SIZE - 101000 } };
  tell (told, iosplice_vmsplice (sinks[0].fd, buffers, 4, 0), NULL);
}

static void
read_some (struct told *told)
{
  static char bytes[SIZE];
  ssize_t n = iosplice_read (source.fd, bytes, 100000);

  tell (told, n, NULL);
  expect (n < 0 || memcmp (bytes, data, n) == 0, "what was read is not the beginning of the source");
}

static void
write_all (struct told *told)
{
  size_t n = iosplice_write (sinks[0].fd, data, SIZE);

  tell (told, n, NULL);
  expect (n == SIZE || errno != 0, "no error is told");
}

/* The pipe helpers: a value, or -1 and why; nothing else changes.  */
static void
tell_value (struct told *told, long value)
{
  *told = (struct told) {.result = value < 0 ? -1 : 0,.error = errno };
  expect (value >= 0 || value == -1, "neither a value nor -1");
}

static void capacity (struct told *told) { keeps_source = true; tell_value (told, iosplice_pipe_capacity (source.fd)); }
static void pipe_held (struct told *told) { keeps_source = true; tell_value (told, iosplice_pipe_held (source.fd)); }
static void resize (struct told *told) { keeps_source = true; tell_value (told, iosplice_pipe_resize (source.fd, 2 * ROOM)); }
static void grow (struct told *told) { keeps_source = true; tell_value (told, iosplice_pipe_grow (source.fd, 2 * ROOM)); }
static void pipe_default (struct told *told) { tell_value (told, iosplice_pipe_default ()); }

static void
pipe_most (struct told *told)
{
  long most = iosplice_pipe_most ();
  tell_value (told, most);
  expect (most > 0, "no most");
}

static void
new_pipe (struct told *told)
{
  int ends[2] = { 77, 77 }, result = iosplice_pipe (ends, 2 * ROOM);

  tell_value (told, result);
  expect (result == 0 ? ends[0] > 2 && ends[1] > 2 : ends[0] == -1 && ends[1] == -1, "not the ends that were promised");
  if (result == 0)
    close (ends[0]), close (ends[1]);
}

static const struct scenario scenarios[] = {
  { "copy-file-file", copy, REGULAR, { REGULAR } },
  { "copy-file-file-offsets", copy, OFFSET, { OFFSET } },
  { "copy-file-pipe", copy, REGULAR, { PIPE } },
  { "copy-file-offset-socket", copy, OFFSET, { SOCKET } },
  { "copy-pipe-file", copy, PIPE, { REGULAR } },
  { "copy-pipe-file-offset", copy, PIPE, { OFFSET } },
  { "copy-pipe-pipe", copy, PIPE, { PIPE } },
  { "copy-socket-socket", copy, SOCKET, { SOCKET } },
  { "copy-memory-file-file", copy_through_memory, REGULAR, { REGULAR } },
  { "copy-memory-offsets", copy_through_memory, OFFSET, { OFFSET } },
  { "copy-memory-pipe-socket", copy_through_memory, PIPE, { SOCKET } },
  { "full-file-file", full, REGULAR, { REGULAR } },
  { "full-offset-pipe", full, OFFSET, { PIPE } },
  { "full-pipe-file", full, PIPE, { REGULAR } },
  { "partial-file-pipe", partial, REGULAR, { PIPE } },
  { "partial-pipe-file", partial, PIPE, { REGULAR } },
  { "partial-socket-offset", partial, SOCKET, { OFFSET } },
  { "run-file-three", run, REGULAR, { REGULAR, PIPE, REGULAR } },
  { "run-pipe-three", run, PIPE, { PIPE, REGULAR, SOCKET } },
  { "run-drops", run_drops, PIPE, { REGULAR, PIPE, REGULAR } },
  { "run-parallel", run_parallel, PIPE, { REGULAR, REGULAR, REGULAR } },
  { "run-watch", run_watch, PIPE, { PIPE, SOCKET } },
  { "block-file-file", blocks, REGULAR, { REGULAR } },
  { "block-pipe-pipe", blocks, PIPE, { PIPE } },
  { "step-pipe-pipe", steps, PIPE, { PIPE } },
  { "step-socket-socket", steps, SOCKET, { SOCKET } },
  { "step-file-two", steps, REGULAR, { PIPE, REGULAR } },
  { "pool-socket-pipe", pooled, SOCKET, { PIPE } },
  { "splice-file-pipe", splice_all, REGULAR, { PIPE } },
  { "splice-offset-pipe", splice_all, OFFSET, { PIPE } },
  { "splice-pipe-file", splice_all, PIPE, { REGULAR } },
  { "splice-pipe-offset", splice_try, PIPE, { OFFSET } },
  { "splice-pipe-pipe", splice_try, PIPE, { PIPE } },
  { "splice-flags", splice_flags, PIPE, { SOCKET } },
  { "tee-all", tee_all, PIPE, { PIPE } },
  { "tee-more", tee_more, PIPE, { PIPE } },
  { "peek", peek, PIPE, { PIPE } },
  { "vmsplice", vmsplice_all, NONE, { PIPE } },
  { "read", read_some, PIPE, { NONE } },
  { "write-pipe", write_all, NONE, { PIPE } },
  { "write-file", write_all, NONE, { REGULAR } },
  { "pipe", new_pipe, NONE, { NONE } },
  { "pipe-capacity", capacity, PIPE, { NONE } },
  { "pipe-held", pipe_held, PIPE, { NONE } },
  { "pipe-resize", resize, PIPE, { NONE } },
  { "pipe-grow", grow, PIPE, { NONE } },
  { "pipe-default", pipe_default, NONE, { NONE } },
  { "pipe-most", pipe_most, NONE, { NONE } },
};

static int
play (const struct scenario *scenario)
{
  static const char *const sides[] = { "neither", "source", "sink" };
  struct told told = { 0 };
  int before;

  source = open_way (scenario->source, true, 0);
  for (int i = 0; i < SINKS; i++)
    sinks[i] = open_way (scenario->sinks[i], false, i);
  before = open_descriptors ();
  syscall (SYS_getppid);
  errno = 0;
  scenario->run (&told);
  syscall (SYS_getppid);
  expect (open_descriptors () == before, "a descriptor is left open");
  verify (&told);
  close_way (&source);
  for (int i = 0; i < SINKS; i++)
    close_way (&sinks[i]);
  printf ("%s: result %jd, moved %jd, taken %jd, side %s, errno %d\n", scenario->name, (intmax_t) told.result,
          (intmax_t) told.moved, (intmax_t) told.taken, sides[told.side], told.error);
  if (wrong)
    printf ("wrong: %s\n", wrong);
  return wrong != NULL;
}

int
main (int argc, char **argv)
{
  static char buffer[BUFSIZ];
  unsigned state = 1;

  setvbuf (stdout, buffer, _IOFBF, sizeof buffer);
  signal (SIGPIPE, SIG_IGN);
  for (size_t i = 0; i < SIZE; i++)
    data[i] = (state = state * 1103515245 + 12345) >> 16;
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
    if (argc < 2)
      puts (scenarios[i].name);
    else if (strcmp (scenarios[i].name, argv[1]) == 0)
      return play (&scenarios[i]);
  return argc < 2 ? 0 : 99;
}
