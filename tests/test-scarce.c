/* test-scarce.c - when memory, threads, descriptors or a call of the library's
   are refused, once, at whatever point: is every byte there, or told?

   SPDX-License-Identifier: MIT

   Speaks TAP.  Linked with --wrap: the n-th call of one function fails, for
   every n that a transfer reaches.  */

#define _GNU_SOURCE
#include "lib/tap.h"

#include "iosplice/endpoint.h"

#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

enum call
{ CALLOC, MEMALIGN, REALLOC, MMAP, CREATE, ATTRIBUTES, SEM_WAIT, PIPE, POLL, FCNTL, LSEEK, READ, WRITE, SPLICE, TEE,
  VMSPLICE, MALLOC, CALLS
};

static const char *const names[CALLS] = {
  "calloc", "posix_memalign", "reallocarray", "mmap", "pthread_create", "pthread_attr_init", "sem_wait", "pipe2",
  "poll", "fcntl", "lseek", "read", "write", "splice", "tee", "vmsplice", "malloc"
};

/* The calls that are left until one fails; 0: it did, or none is to.  */
static atomic_long left[CALLS];
static int error_of[CALLS];

static bool
due (enum call call)
{
  long before = atomic_load (&left[call]);

  if (before <= 0 || atomic_fetch_sub (&left[call], 1) != 1)
    return false;
  errno = error_of[call];
  return true;
}

static void
fail_at (enum call call, long n, int error)
{
  error_of[call] = error;
  atomic_store (&left[call], n);
}

/* WRAP (type of result, name, which call, result of a failure, parameters, arguments)  */
#define WRAP(type, name, call, failure, parameters, arguments) \
  type __real_##name parameters; \
  type __wrap_##name parameters; \
  type __wrap_##name parameters { return due (call) ? (failure) : __real_##name arguments; }

WRAP (void *, calloc, CALLOC, NULL, (size_t n, size_t size), (n, size))
WRAP (void *, malloc, MALLOC, NULL, (size_t size), (size))
WRAP (void *, reallocarray, REALLOC, NULL, (void *p, size_t n, size_t size), (p, n, size))
WRAP (void *, mmap, MMAP, MAP_FAILED, (void *p, size_t size, int prot, int flags, int fd, off_t at),
      (p, size, prot, flags, fd, at))
WRAP (int, pthread_create, CREATE, EAGAIN, (pthread_t *t, const pthread_attr_t *a, void *(*f) (void *), void *c), (t, a, f, c))
WRAP (int, pthread_attr_init, ATTRIBUTES, ENOMEM, (pthread_attr_t *a), (a))
WRAP (int, sem_wait, SEM_WAIT, -1, (sem_t *s), (s))
WRAP (int, pipe2, PIPE, -1, (int *ends, int flags), (ends, flags))
WRAP (int, poll, POLL, -1, (struct pollfd *p, nfds_t n, int ms), (p, n, ms))
WRAP (ssize_t, read, READ, errno ? -1 : 0, (int fd, void *p, size_t size), (fd, p, size))
WRAP (ssize_t, write, WRITE, errno ? -1 : 0, (int fd, const void *p, size_t size), (fd, p, size))
WRAP (ssize_t, splice, SPLICE, -1, (int in, off_t *i, int out, off_t *o, size_t size, unsigned flags),
      (in, i, out, o, size, flags))
WRAP (ssize_t, tee, TEE, -1, (int in, int out, size_t size, unsigned flags), (in, out, size, flags))
WRAP (ssize_t, vmsplice, VMSPLICE, -1, (int fd, const struct iovec *p, size_t n, unsigned flags), (fd, p, n, flags))

int __real_fcntl (int, int, ...);
int __wrap_fcntl (int, int, ...);
int
__wrap_fcntl (int fd, int command, ...)
{
  va_list arguments;
  long argument;

  va_start (arguments, command);
  argument = va_arg (arguments, long);
  va_end (arguments);
  return due (FCNTL) ? -1 : __real_fcntl (fd, command, argument);
}

/* The largest piece of memory that was asked for.  */
static size_t most_memory;

int __real_posix_memalign (void **, size_t, size_t);
int __wrap_posix_memalign (void **, size_t, size_t);
int
__wrap_posix_memalign (void **memory, size_t alignment, size_t size)
{
  if (size > most_memory)
    most_memory = size;
  return due (MEMALIGN) ? ENOMEM : __real_posix_memalign (memory, alignment, size);
}

/* What happens between two calls of the library.  */
static void (*meanwhile) (int fd);

static void
happen (int fd)
{
  void (*what) (int) = meanwhile;

  meanwhile = NULL;
  if (what)
    what (fd);
}

off_t __real_lseek (int, off_t, int);
off_t __wrap_lseek (int, off_t, int);
off_t
__wrap_lseek (int fd, off_t offset, int whence)
{
  off_t at = due (LSEEK) ? -1 : __real_lseek (fd, offset, whence);

  if (offset == 0)
    happen (fd);
  return at;
}

ssize_t __wrap_copy_file_range (int, off_t *, int, off_t *, size_t, unsigned);
ssize_t
__wrap_copy_file_range (int in, off_t *in_offset, int out, off_t *out_offset, size_t size, unsigned flags)
{
  (void) in_offset, (void) out, (void) out_offset, (void) size, (void) flags;
  happen (in);
  errno = EXDEV;
  return -1;
}

/* A transfer: from a file, a pipe or /dev/zero, to files, files
   of nobody else (m), pipes and pipes of packets (k), a letter each.  */

struct scenario
{
  const char *what, *sinks;
  unsigned flags;
  char source;
};

enum
{ MOST_SINKS = 4, ROOM = 1 << 20, FAR_AWAY = 10 * SIZE, LEFT = 1000 };

static char zeros[SIZE];

static void
pipe_of_room (int ends[2], int flags)
{
  NEED (pipe2 (ends, O_CLOEXEC | flags) == 0 && fcntl (ends[1], F_SETPIPE_SZ, ROOM) == ROOM);
}

static int
open_source (char kind)
{
  int ends[2];

  if (kind == 'z')
    return open ("/dev/zero", O_RDONLY | O_CLOEXEC);
  if (kind == 'f')
    return file_of (SIZE);
  pipe_of_room (ends, 0);
  NEED (write (ends[1], data, SIZE) == SIZE);
  close (ends[1]);
  return ends[0];
}

/* How much of WANTED the far end FD has; -1 if it has anything else.  */
static ssize_t
has_of (char kind, int fd, const char *wanted)
{
  ssize_t sum = 0, n;

  if (kind == 'f' || kind == 'm')
    sum = pread (fd, got, sizeof got, 0);
  else
    while ((n = read (fd, got + sum, sizeof got - sum)) > 0)
      sum += n;
  close (fd);
  return sum >= 0 && memcmp (got, wanted, sum) == 0 ? sum : -1;
}

/* The first of which calls fails, too?  Of a file that is spliced it is the one that gets it back out of our pipe.  */
static enum call salvage = CALLS;

/* Is it whole, or told by an error that may be, with each sink a beginning?  */
static bool
try (const struct scenario *s, enum call call, long n, int error)
{
  int near[MOST_SINKS], far[MOST_SINKS], ends[2], count = strlen (s->sinks), failed = 0;
  int source = open_source (s->source);
  enum iosplice_side side = IOSPLICE_NEITHER;
  struct iosplice_pump *pump;
  off_t moved = -1;
  bool good = true;

  for (int i = 0; i < count; i++)
    if (s->sinks[i] == 'f' || s->sinks[i] == 'm')
      {
        near[i] = memfd_create ("sink", MFD_CLOEXEC);
        far[i] = dup (near[i]);
      }
    else
      {
        pipe_of_room (ends, s->sinks[i] == 'k' ? O_DIRECT : 0);
        near[i] = ends[1], far[i] = ends[0];
      }
  fail_at (call, n, error);
  if (salvage < CALLS)
    fail_at (salvage, 1, salvage == MEMALIGN ? ENOMEM : 0);
  pump = iosplice_pump_new (s->flags, NULL);
  for (int i = 0; pump && i < count && !failed; i++)
    failed = iosplice_pump_sink (pump, near[i], s->sinks[i] == 'm' ? IOSPLICE_MINE : 0, NULL) < 0;
  if (pump && !failed && iosplice_pump_source (pump, source, 0, NULL) == 0)
    moved = iosplice_pump_run (pump, SIZE);
  failed = errno;
  if (pump && moved < 0)
    side = iosplice_pump_failure (pump);
  atomic_store (&left[call], atomic_load (&left[call]) > 0 ? -1 : 0);
  if (salvage < CALLS)
    atomic_store (&left[salvage], 0);
  iosplice_pump_free (pump);
  close (source);
  for (int i = 0; i < count; i++)
    {
      ssize_t has;

      close (near[i]);
      has = has_of (s->sinks[i], far[i], s->source == 'z' ? zeros : data);
      good = good && has >= 0 && (moved < 0 || has == moved);
    }
  if (moved < 0 && (salvage < CALLS || call == MEMALIGN))
    good = good && failed == (salvage == READ ? EIO : ENOMEM) && side == IOSPLICE_NEITHER;
  else if (moved < 0)
    good = good && (failed == error || (error == 0 && (failed == ENOSPC || failed == EIO)));
  else if (salvage == READ || (error == 0 && call == READ))
    good = true;                /* which is what end of file is */
  else
    good = good && moved == SIZE;
  if (!good)
    printf ("# %s, %s %ld: moved %lld, errno %d, side %d, error %d\n", s->what, names[call], n, (long long) moved, failed,
            side, error);
  return good;
}

static void
every_call (const struct scenario *s, enum call call, int error)
{
  int descriptors = open_descriptors ();
  char what[120];
  bool good = true;
  long n = 1;

  for (; n < 10000; n++)
    {
      good = try (s, call, n, error) && good;
      if (atomic_exchange (&left[call], 0) < 0)
        break;                  /* there is no n-th */
    }
  if (n == 1)
    return;
  snprintf (what, sizeof what, "%s, without the n-th %s (%s)%s%s, %ld of them", s->what, names[call],
            strerrorname_np (error) ? : "0", salvage < CALLS ? " and a " : "", salvage < CALLS ? names[salvage] : "", n - 1);
  CHECK (good && open_descriptors () == descriptors, what);
}

static void
check_scenarios (void)
{
  static const struct scenario scenarios[] = {
    {"a file to a file", "f", 0, 'f'},
    {"a file to a pipe", "p", 0, 'f'},
    {"a file to a pipe of packets", "k", 0, 'f'},
    {"a file through memory", "p", IOSPLICE_NO_SPLICE, 'f'},
    {"a pipe to a file", "f", 0, 'p'},
    {"a pipe to a watched pipe", "p", IOSPLICE_WATCH_SINKS, 'p'},
    {"zeros to a pipe", "p", 0, 'z'},
    {"zeros to a file", "f", 0, 'z'},
    {"a file to two pipes", "pp", 0, 'f'},
    {"a pipe to two pipes", "pp", 0, 'p'},
    {"a file to three files", "fff", 0, 'f'},
    {"a file to three files at the same time", "mmm", IOSPLICE_PARALLEL, 'f'},
    {"a file to three files of others, for which there are no threads", "fff", IOSPLICE_PARALLEL, 'f'},
    {"a pipe to a pipe and three files at the same time", "pmmm", IOSPLICE_PARALLEL, 'p'},
    {"a pipe to a pipe and two files", "pff", 0, 'p'},
    {"a pipe to three files through memory", "fff", IOSPLICE_NO_SPLICE, 'p'},
  };
  static const struct
  {
    enum call call;
    int error;
  } failures[] = {
    {CALLOC, ENOMEM}, {MEMALIGN, ENOMEM}, {REALLOC, ENOMEM}, {MMAP, ENOMEM}, {CREATE, EAGAIN}, {ATTRIBUTES, ENOMEM},
    {SEM_WAIT, EINTR}, {PIPE, EMFILE}, {POLL, EINTR}, {POLL, ENOMEM}, {FCNTL, EINVAL}, {FCNTL, EPERM},
    {LSEEK, EINVAL},
    {READ, EINTR}, {READ, EIO}, {READ, 0}, {WRITE, EINTR}, {WRITE, EIO}, {WRITE, 0}, {SPLICE, EINVAL}, {SPLICE, EIO},
    {TEE, EINVAL}, {TEE, ENOMEM}, {VMSPLICE, EINVAL}, {VMSPLICE, EAGAIN}
  };

  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
    for (size_t j = 0; j < sizeof failures / sizeof *failures; j++)
      every_call (&scenarios[i], failures[j].call, failures[j].error);
  for (salvage = READ; salvage < CALLS; salvage = salvage == READ ? MEMALIGN : CALLS)
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
      if (scenarios[i].source == 'f')
        {
          every_call (&scenarios[i], SPLICE, EINVAL);
          every_call (&scenarios[i], TEE, EINVAL);
        }
}

/* Another reader of the same description goes far behind the end.  */
static void
go_away (int fd)
{
  __real_lseek (fd, FAR_AWAY, SEEK_SET);
}

static void
shrink (int fd)
{
  NEED (ftruncate (fd, LEFT) == 0);
}

static void
check_races (void)
{
  int in = file_of (SIZE), out = memfd_create ("out", 0);
  struct iosplice_pump *pump = pump_of (0, NULL, in, out, 0);

  meanwhile = go_away;
  CHECK (iosplice_pump_run (pump, -1) == 0 && position (in) == FAR_AWAY,
         "an input that another reader left behind its end while it was asked for gives nothing, and stands there");
  iosplice_pump_free (pump);
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, NULL, in, out, 0);
  meanwhile = NULL;
  lseek (out, 0, SEEK_SET);
  meanwhile = shrink;
  CHECK (iosplice_pump_run (pump, -1) == LEFT && holds (out, data, LEFT), "an input that shrank while it was reserved ends there");
  CHECK (position (in) == LEFT, "... and stands at its end");
  iosplice_pump_free (pump);
  close (in);
  close (out);
}

static int
at_once (void *context)
{
  (void) context;
  return 1;
}

static void
check_ends (void)
{
  static const struct iosplice_hooks hooks = {.interrupted = at_once };
  int in[2], out[2], rest = 1;
  struct iosplice_pump *pump;

  pipe_of_room (in, 0);
  pipe_of_room (out, 0);
  NEED (write (in[1], data, HALF) == HALF);
  pump = pump_of (0, &hooks, in[0], out[1], 0);
  CHECK (iosplice_pump_run (pump, -1) <= HALF, "a hook that interrupts ends the run, although the source is open");
  while (ioctl (in[0], FIONREAD, &rest) == 0 && rest > 0)
    NEED (iosplice_pump_run (pump, -1) >= 0);
  CHECK (iosplice_pump_run (pump, -1) == 0, "... also while it waits");
  iosplice_pump_free (pump);
  close (out[0]);
  signal (SIGPIPE, SIG_IGN);
  pump = pump_of (IOSPLICE_WATCH_SINKS, NULL, in[0], out[1], 0);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EPIPE && iosplice_pump_failure (pump) == IOSPLICE_SINK,
         "a watched sink whose reader has gone ends the run, although the source gives nothing");
  iosplice_pump_free (pump);
  fail_at (WRITE, 1, 0);
  CHECK (iosplice_write (in[1], data, SIZE) == 0 && errno == ENOSPC, "a write of nothing is a device without room");
  fail_at (MALLOC, 1, ENOMEM);
  CHECK (iosplice_pool_new (10) == NULL && errno == ENOMEM, "a pool without memory");
  close (in[0]);
  close (in[1]);
  close (out[1]);
}

static void
check_position (void)
{
  enum { BLOCK = 65536, ASKED = BLOCK + 20000 };
  int in = file_of (SIZE), out[2];
  struct iosplice_pump *pump;

  pipe_of_room (out, 0);
  pump = pump_of (0, NULL, in, out[1], 0);
  iosplice_pump_blocks (pump, BLOCK, BLOCK);
  fail_at (SPLICE, 4, EIO);
  CHECK (iosplice_pump_run (pump, ASKED) == -1 && errno == EIO && position (in) == ASKED,
         "after a failure in the last block the input is behind what was asked for, no further");
  iosplice_pump_free (pump);
  CHECK (iosplice_tee (in, out[1], 1, IOSPLICE_WAIT_ALL) == -1 && errno == EINVAL, "a tee of all from what is no pipe");
  close (in);
  close (out[0]);
  close (out[1]);
}

static void
check_standard_descriptors (void)
{
  int kept = dup (STDIN_FILENO), ends[2], in = file_of (SIZE), out[2];
  struct iosplice_pump *pump;

  close (STDIN_FILENO);
  CHECK (iosplice_pipe (ends, 4096) == 0 && ends[0] > 2 && ends[1] > 2, "a pipe's ends are never standard descriptors");
  close (ends[0]);
  close (ends[1]);
  fail_at (FCNTL, 1, EMFILE);
  CHECK (iosplice_pipe (ends, 4096) == -1 && errno == EMFILE && ends[0] == -1 && ends[1] == -1,
         "... or there is none, if no others are left");
  if (kept >= 0)
    dup2 (kept, STDIN_FILENO);
  close (kept);
  pipe_of_room (out, 0);
  pump = pump_of (0, NULL, in, out[1], 0);
  CHECK (iosplice_pump_block (pump, (size_t) 1 << 40) == SIZE, "a block larger than any read is as large as it can be");
  iosplice_pump_free (pump);
  close (in);
  close (out[0]);
  close (out[1]);
}

/* As much as there is may be asked for where it is little, also on a small machine.  */
static void
check_huge_blocks (void)
{
  enum { LARGE = 3 * 1024 * 1024 };
  int in = file_of (100), null = open ("/dev/null", O_WRONLY), ends[2], out[2];
  off_t from = 0;

  NEED (pipe (ends) == 0 && write (ends[1], data, 2000) == 2000);
  pipe_of_room (out, 0);
  most_memory = 0;
  CHECK (iosplice_partial (ends[0], NULL, out[1], NULL, SIZE_MAX, 0, NULL) == 2000 && most_memory <= 1024 * 1024,
         "a huge block of a pipe takes no huge memory");
  CHECK (iosplice_partial (in, &from, out[1], NULL, SIZE_MAX, 0, NULL) == 100 && most_memory <= 1024 * 1024, "... nor one of a file");
  NEED (ftruncate (in, LARGE) == 0);
  from = 0;
  CHECK (iosplice_partial (in, &from, null, NULL, SIZE_MAX, IOSPLICE_NO_SPLICE, NULL) == LARGE && most_memory <= LARGE,
         "... and as much as a large file holds");
  fail_at (CALLOC, 1, ENOMEM);
  CHECK (iosplice_copy (in, NULL, null, NULL, -1, 0, NULL) == -1 && errno == ENOMEM, "a copy without memory");
  close (null);
  close (in);
  close (ends[0]);
  close (ends[1]);
  close (out[0]);
  close (out[1]);
}

int
main (void)
{
  alarm (600);
  make_data ();
  check_scenarios ();
  check_races ();
  check_ends ();
  check_position ();
  check_standard_descriptors ();
  check_huge_blocks ();
  printf ("1..%d\n", tests);
  return failures > 0;
}
