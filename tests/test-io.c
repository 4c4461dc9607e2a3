/* test-io.c - do the single calls, the pipe helpers and the transfers in one
   call keep what iosplice.h promises?

   SPDX-License-Identifier: MIT

   Speaks TAP.  Nothing sleeps; a watchdog ends what hangs.  The last part has a
   test for each call and constant of io_splice for Ruby, named for it, as the
   table of iosplice(7) lists them.  */

#define _GNU_SOURCE
#include "lib/tap.h"

#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum
{ SMALL = 4096 };

static void
small_pipe (int ends[2], int flags)
{
  NEED (pipe2 (ends, O_CLOEXEC | flags) == 0 && fcntl (ends[0], F_SETPIPE_SZ, SMALL) == SMALL);
}

static void
close_pair (const int ends[2])
{
  close (ends[0]);
  close (ends[1]);
}

static int
scratch (int flags)
{
  char path[] = "test-io.XXXXXX";
  int fd = mkostemp (path, flags);
  NEED (fd >= 0 && unlink (path) == 0);
  return fd;
}

/* Signals that interrupt a call which waits.  */

static sem_t handled;

static void
handle (int signal)
{
  (void) signal;
  sem_post (&handled);
}

struct interrupter
{
  pthread_t thread, whom;
  pid_t whom_id;
  int fd;                       /* who writes the data here after the signals */
  size_t size;
};

static void
wait_until_asleep (pid_t thread)
{
  char path[64], state = 0;

  snprintf (path, sizeof path, "/proc/self/task/%d/stat", thread);
  while (state != 'S')
    {
      FILE *file = fopen (path, "r");
      NEED (file && fscanf (file, "%*d (%*[^)]) %c", &state) == 1);
      fclose (file);
      sched_yield ();
    }
}

/* Five times: wait until it sleeps, send it a signal, wait until that is handled.  Then write.  */
static void *
interrupt (void *argument)
{
  struct interrupter *who = argument;

  for (int i = 0; i < 5; i++)
    {
      wait_until_asleep (who->whom_id);
      pthread_kill (who->whom, SIGUSR1);
      while (sem_wait (&handled) < 0)
        continue;
    }
  wait_until_asleep (who->whom_id);
  iosplice_write (who->fd, data, who->size);
  close (who->fd);
  return NULL;
}

static void
interrupt_me (struct interrupter *who, int fd, size_t size)
{
  struct sigaction action = {.sa_handler = handle };

  *who = (struct interrupter) {.whom = pthread_self (),.whom_id = syscall (SYS_gettid),.fd = fd,.size = size };
  NEED (sem_init (&handled, 0, 0) == 0 && sigaction (SIGUSR1, &action, NULL) == 0);
  NEED (pthread_create (&who->thread, NULL, interrupt, who) == 0);
}

static volatile sig_atomic_t pipes_broken;

static void
count_broken (int signal)
{
  (void) signal;
  pipes_broken++;
}

/* splice.  */

static void
splice_positions (void)
{
  int in = file_of (SIZE), out = file_of (0), ends[2];
  off_t from = 1000, to = 77;

  NEED (pipe (ends) == 0 && lseek (in, 3, SEEK_SET) == 3 && lseek (out, 4, SEEK_SET) == 4);
  CHECK (iosplice_splice (in, &from, ends[1], NULL, 5000, 0) == 5000 && from == 6000 && position (in) == 3, "splice from an offset, which moves on; the position stays");
  CHECK (iosplice_splice (ends[0], NULL, out, &to, 5000, 0) == 5000 && to == 5077 && position (out) == 4, "splice to an offset, which moves on; the position stays");
  CHECK (pread (out, got, 5000, 77) == 5000 && memcmp (got, data + 1000, 5000) == 0, "... the right bytes at the right place");
  CHECK (iosplice_splice (in, NULL, ends[1], NULL, 100, 0) == 100 && position (in) == 103 && iosplice_splice (ends[0], NULL, out, NULL, SIZE, 0) == 100
         && position (out) == 104, "without offsets the positions move; no more than there is");
  CHECK (pread (out, got, 100, 4) == 100 && memcmp (got, data + 3, 100) == 0, "... the right bytes at the right place");
  from = SIZE;
  CHECK (iosplice_splice (in, &from, ends[1], NULL, 10, 0) == 0 && from == SIZE, "splice at the end of a file: 0");
  CHECK (iosplice_splice (in, &from, ends[1], NULL, 0, 0) == 0, "splice of no bytes: 0");
  from = -1;
  CHECK (iosplice_splice (in, &from, ends[1], NULL, 10, 0) == -1 && errno == EINVAL, "an offset below 0: EINVAL");
  from = 0;
  CHECK (iosplice_splice (in, &from, out, &from, 10, 0) == -1 && errno == EINVAL, "neither is a pipe: EINVAL");
  CHECK (iosplice_splice (ends[0], &from, out, NULL, 10, 0) == -1 && errno == ESPIPE, "an offset of a pipe: ESPIPE");
  CHECK (iosplice_splice (ends[0], NULL, ends[1], NULL, 10, 0) == -1 && errno == EINVAL, "both are the same pipe: EINVAL");
  CHECK (iosplice_splice (-1, NULL, ends[1], NULL, 10, 0) == -1 && errno == EBADF && iosplice_splice (ends[0], NULL, -1, NULL, 10, 0) == -1 && errno == EBADF,
         "a descriptor of -1: EBADF");
  CHECK (iosplice_splice (ends[1], NULL, out, NULL, 10, 0) == -1 && errno == EBADF, "the wrong end of a pipe: EBADF");
  CHECK (iosplice_splice (in, NULL, ends[1], NULL, 10, 0x40000000u) == -1 && errno == EINVAL, "a flag that is none: EINVAL");
  CHECK (iosplice_splice (in, NULL, ends[1], NULL, 10, IOSPLICE_NO_SPLICE) == -1 && errno == EINVAL, "a flag of other calls: EINVAL");
  close (ends[1]);
  CHECK (iosplice_splice (ends[0], NULL, out, NULL, 10, 0) == 0, "splice from a pipe without writers: 0");
  int append = scratch (O_APPEND), more[2];
  NEED (pipe (more) == 0 && write (more[1], data, 10) == 10);
  CHECK (iosplice_splice (more[0], NULL, append, NULL, 10, 0) == -1 && errno == EINVAL && iosplice_pipe_held (more[0]) == 10, "into append mode: EINVAL, and the pipe keeps its bytes");
  close_pair (more);
  close (append);
  close (ends[0]);
  close (in);
  close (out);
}

static void
splice_would_block (void)
{
  int empty[2], full[2], sockets[2], in = file_of (SIZE), out = file_of (0);

  NEED (pipe (empty) == 0 && socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets) == 0);
  small_pipe (full, 0);
  NEED (write (full[1], data, SMALL) == SMALL);
  CHECK (iosplice_splice (empty[0], NULL, out, NULL, 10, IOSPLICE_NONBLOCK) == IOSPLICE_WOULD_BLOCK, "splice from an empty pipe would block");
  CHECK (iosplice_splice (in, NULL, full[1], NULL, 10, IOSPLICE_NONBLOCK) == IOSPLICE_WOULD_BLOCK && position (in) == 0, "splice into a full pipe would block");
  CHECK (iosplice_splice (sockets[0], NULL, empty[1], NULL, 10, IOSPLICE_NONBLOCK) == IOSPLICE_WOULD_BLOCK, "splice from a socket that is O_NONBLOCK would block");
  CHECK (iosplice_splice (empty[0], NULL, out, NULL, 10, IOSPLICE_NONBLOCK | IOSPLICE_WAIT_ALL) == IOSPLICE_WOULD_BLOCK, "... also of all");
  NEED (write (empty[1], data, 100) == 100);
  CHECK (iosplice_splice (empty[0], NULL, out, NULL, 200, IOSPLICE_NONBLOCK | IOSPLICE_WAIT_ALL) == 100 && errno == EAGAIN, "... a part of all is told, and why no more: EAGAIN");
  CHECK (IOSPLICE_WOULD_BLOCK != 0 && IOSPLICE_WOULD_BLOCK != -1, "would block is neither end of file nor an error");
  close_pair (empty);
  close_pair (full);
  close_pair (sockets);
  close (in);
  close (out);
}

static void
splice_all (void)
{
  int in = file_of (SIZE), out = file_of (0), ends[2];
  struct other_end other;
  struct interrupter who;
  off_t offset = 0;

  for (int nonblocking = 0; nonblocking < 2; nonblocking++)
    {
      small_pipe (ends, nonblocking ? O_NONBLOCK : 0);
      NEED (ftruncate (out, 0) == 0);
      start (&other, feed, ends[1], data, SIZE);
      offset = 0;
      CHECK (iosplice_splice (ends[0], NULL, out, &offset, SIZE, IOSPLICE_WAIT_ALL) == SIZE && offset == SIZE && holds (out, data, SIZE),
             nonblocking ? "... also from a pipe that is O_NONBLOCK" : "splice waits for all, in many small moves");
      pthread_join (other.thread, NULL);
      CHECK (iosplice_splice (ends[0], NULL, out, &offset, 10, IOSPLICE_WAIT_ALL) == 0 && errno == 0, "... then 0, end of file");
      close (ends[0]);

      small_pipe (ends, nonblocking ? O_NONBLOCK : 0);
      memset (got, 0, sizeof got);
      start (&other, eat, ends[0], got, sizeof got);
      offset = 0;
      CHECK (iosplice_splice (in, &offset, ends[1], NULL, SIZE, IOSPLICE_WAIT_ALL) == SIZE, nonblocking ? "... into one, too" : "... into a pipe");
      CHECK (iosplice_splice (in, &offset, ends[1], NULL, 10, 0) == 0, "... then 0, end of file");
      close (ends[1]);
      pthread_join (other.thread, NULL);
      CHECK (other.done == SIZE && memcmp (got, data, SIZE) == 0, "... every byte");
      close (ends[0]);
    }

  offset = SIZE - 1000;
  NEED (pipe (ends) == 0);
  CHECK (iosplice_splice (in, &offset, ends[1], NULL, SIZE, IOSPLICE_WAIT_ALL) == 1000 && errno == 0, "end of file first: fewer, and errno is 0");
  close_pair (ends);

  /* The reader goes away after a part.  */
  NEED (pipe (ends) == 0);
  pipes_broken = 0;
  start (&other, eat, ends[0], got, 1);
  offset = 0;
  while (iosplice_pipe_held (ends[0]) > 0)
    sched_yield ();
  NEED (write (ends[1], data, 1) == 1);
  pthread_join (other.thread, NULL);
  close (ends[0]);
  CHECK (iosplice_splice (in, &offset, ends[1], NULL, 10, IOSPLICE_WAIT_ALL) == -1 && errno == EPIPE && pipes_broken == 1, "nobody reads: EPIPE, and SIGPIPE");
  CHECK (iosplice_splice (in, &offset, ends[1], NULL, 10, IOSPLICE_NO_SIGPIPE) == -1 && errno == EPIPE && pipes_broken == 1, "... without SIGPIPE if asked");
  close (ends[1]);

  NEED (pipe (ends) == 0);
  for (int round = 0; round < 2; round++)
    {
      unsigned flags = round ? IOSPLICE_WAIT_ALL : 0;
      NEED (pipe (ends) == 0 && ftruncate (out, 0) == 0);
      offset = 0;
      interrupt_me (&who, ends[1], 5000);
      CHECK (iosplice_splice (ends[0], NULL, out, &offset, 5000, flags | IOSPLICE_WAIT_ALL) == 5000 && holds (out, data, 5000), "splice is resumed after EINTR");
      pthread_join (who.thread, NULL);
      close (ends[0]);
    }

  /* Huge lengths.  */
  NEED (pipe (ends) == 0);
  start (&other, eat, ends[0], got, sizeof got);
  offset = 5;
  CHECK (iosplice_splice (in, &offset, ends[1], NULL, SIZE_MAX, IOSPLICE_WAIT_ALL) == SIZE - 5 && errno == 0, "all of SIZE_MAX bytes: until end of file");
  close (ends[1]);
  pthread_join (other.thread, NULL);
  CHECK (other.done == SIZE - 5 && memcmp (got, data + 5, SIZE - 5) == 0, "... every byte");
  close (ends[0]);

  /* A sink that is full after a part.  */
  struct rlimit limit, less;
  NEED (getrlimit (RLIMIT_FSIZE, &limit) == 0 && pipe (ends) == 0);
  int disk = scratch (0);
  signal (SIGXFSZ, SIG_IGN);
  less = (struct rlimit) {.rlim_cur = 6000,.rlim_max = limit.rlim_max };
  NEED (write (ends[1], data, 10000) == 10000 && setrlimit (RLIMIT_FSIZE, &less) == 0);
  offset = 0;
  ssize_t n = iosplice_splice (ends[0], NULL, disk, &offset, 10000, IOSPLICE_WAIT_ALL);
  CHECK (n == 6000 && errno == EFBIG && offset == n && iosplice_pipe_held (ends[0]) == 10000 - n, "a file that may not grow: what fits, and errno EFBIG; the rest stays in the pipe");
  NEED (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  signal (SIGXFSZ, SIG_DFL);
  close (disk);
  close_pair (ends);
  close (in);
  close (out);
}

/* tee.  */

static void *
write_pieces (void *argument)
{
  struct other_end *end = argument;

  for (size_t i = 0; i < end->size; i += 1000)
    {
      NEED (write (end->fd, end->bytes + i, 1000) == 1000);
      sched_yield ();
    }
  return NULL;
}

static void
tees (void)
{
  int from[2], to[2], file = file_of (10);
  struct other_end other;
  struct interrupter who;

  NEED (pipe (from) == 0 && pipe (to) == 0);
  CHECK (iosplice_tee (from[0], to[1], 10, IOSPLICE_NONBLOCK) == IOSPLICE_WOULD_BLOCK, "tee from an empty pipe would block");
  NEED (write (from[1], data, 5000) == 5000);
  CHECK (iosplice_tee (from[0], to[1], 3000, 0) == 3000 && iosplice_pipe_held (from[0]) == 5000 && iosplice_pipe_held (to[0]) == 3000, "tee copies, and leaves the bytes");
  CHECK (read (to[0], got, SIZE) == 3000 && memcmp (got, data, 3000) == 0, "... the right ones");
  CHECK (iosplice_tee (from[0], to[1], SIZE_MAX, 0) == 5000 && read (to[0], got, SIZE) == 5000, "tee of no more than there is");
  CHECK (iosplice_tee (from[0], to[1], 9000, IOSPLICE_WAIT_ALL | IOSPLICE_NONBLOCK) == 5000 && errno == EAGAIN && read (to[0], got, SIZE) == 5000, "... of all, not waiting: fewer, and errno is EAGAIN");
  CHECK (iosplice_tee (from[0], to[1], 0, 0) == 0 && iosplice_tee (from[0], to[1], 0, IOSPLICE_WAIT_ALL) == 0, "tee of no bytes: 0");
  for (unsigned flags = 0; flags <= IOSPLICE_WAIT_ALL; flags += IOSPLICE_WAIT_ALL)
    {
      CHECK (iosplice_tee (file, to[1], 10, flags) == -1 && errno == EINVAL && iosplice_tee (from[0], file, 10, flags) == -1 && errno == EINVAL, "tee with what is no pipe: EINVAL");
      CHECK (iosplice_tee (-1, to[1], 10, flags) == -1 && errno == EBADF && iosplice_tee (from[0], -1, 10, flags) == -1 && errno == EBADF, "a descriptor of -1: EBADF");
    }
  CHECK (iosplice_tee (from[1], to[1], 9000, IOSPLICE_WAIT_ALL) == -1 && errno == EBADF && iosplice_tee (from[0], -1, 9000, IOSPLICE_WAIT_ALL) == -1 && errno == EBADF
         && iosplice_tee (from[0], file, 9000, IOSPLICE_WAIT_ALL) == -1 && errno == EINVAL, "... before it waits for all");
  CHECK (iosplice_tee (from[0], from[1], 10, 0) == -1 && errno == EINVAL, "both are the same pipe: EINVAL");
  CHECK (iosplice_tee (from[0], to[1], 10, 0x40000000u) == -1 && errno == EINVAL, "a flag that is none: EINVAL");
  NEED (read (from[0], got, SIZE) == 5000);

  start (&other, write_pieces, from[1], data, 50000);
  CHECK (iosplice_tee (from[0], to[1], 50000, IOSPLICE_WAIT_ALL) == 50000 && iosplice_pipe_held (to[0]) == 50000, "tee waits for all, however small the pieces");
  pthread_join (other.thread, NULL);
  CHECK (read (to[0], got, SIZE) == 50000 && memcmp (got, data, 50000) == 0, "... every byte");
  NEED (read (from[0], got, SIZE) == 50000);

  interrupt_me (&who, dup (from[1]), 5000);
  CHECK (iosplice_tee (from[0], to[1], 5000, IOSPLICE_WAIT_ALL) == 5000 && read (to[0], got, SIZE) == 5000, "tee of all is resumed after EINTR");
  pthread_join (who.thread, NULL);
  NEED (read (from[0], got, SIZE) == 5000);
  interrupt_me (&who, dup (from[1]), 4000);
  CHECK (iosplice_tee (from[0], to[1], 4000, 0) == 4000 && read (to[0], got, SIZE) == 4000, "tee is resumed after EINTR");
  pthread_join (who.thread, NULL);

  /* No room in the other pipe.  */
  int small[2];
  small_pipe (small, 0);
  NEED (read (from[0], got, SIZE) == 4000 && write (from[1], data, 3 * SMALL) == 3 * SMALL);
  CHECK (iosplice_tee (from[0], small[1], 3 * SMALL, IOSPLICE_WAIT_ALL) == SMALL && errno == EAGAIN, "tee of all into too small a pipe: fewer, and errno is EAGAIN");
  CHECK (iosplice_tee (from[0], small[1], 10, IOSPLICE_NONBLOCK) == IOSPLICE_WOULD_BLOCK, "tee into a full pipe would block");
  close_pair (small);

  close (from[1]);
  CHECK (iosplice_tee (from[0], to[1], 4 * SMALL, IOSPLICE_WAIT_ALL) == 3 * SMALL && errno == 0, "the writer goes away first: fewer, and errno is 0");
  NEED (read (to[0], got, SIZE) == 3 * SMALL);
  errno = ENOTTY;
  CHECK (iosplice_tee (from[0], to[1], 4 * SMALL, IOSPLICE_WAIT_ALL | IOSPLICE_NONBLOCK) == 3 * SMALL && errno == 0, "... not waiting, too");
  close (to[0]);
  pipes_broken = 0;
  CHECK (iosplice_tee (from[0], to[1], 10, IOSPLICE_NO_SIGPIPE) == -1 && errno == EPIPE && pipes_broken == 0, "nobody reads: EPIPE, without SIGPIPE if asked");
  CHECK (iosplice_tee (from[0], to[1], 10, 0) == -1 && errno == EPIPE && pipes_broken == 1, "... with it if not");
  NEED (read (from[0], got, SIZE) == 3 * SMALL);
  close (to[1]);
  NEED (pipe (to) == 0);
  CHECK (iosplice_tee (from[0], to[1], 10, 0) == 0 && iosplice_tee (from[0], to[1], 10, IOSPLICE_WAIT_ALL) == 0, "an empty pipe without writers: 0");
  close (from[0]);
  close_pair (to);
  close (file);
}

/* vmsplice.  */

static void
vmsplice_lists (void)
{
  enum
  { MANY = 3000 };
  static struct iovec buffers[MANY];
  int ends[2];
  struct other_end other;
  size_t sum = 0;

  NEED (pipe (ends) == 0);
  struct iovec three[3] = { { data, 10 }, { NULL, 0 }, { data + 10, 20 } };
  CHECK (iosplice_vmsplice (ends[1], three, 3, 0) == 30 && read (ends[0], got, SIZE) == 30 && memcmp (got, data, 30) == 0, "vmsplice of three buffers, one of them empty");
  CHECK (iosplice_vmsplice (ends[1], three, 0, 0) == 0 && iosplice_vmsplice (ends[1], three + 1, 1, 0) == 0, "vmsplice of nothing: 0");
  CHECK (iosplice_vmsplice (ends[1], three, -1, 0) == -1 && errno == EINVAL, "... of less than nothing: EINVAL");

  for (int count = 65; count <= MANY; count += MANY - 65)
    {
      sum = 0;
      for (int i = 0; i < count; i++)
        {
          /* Every third is empty, and so are 100 in a row.  */
          size_t size = i % 3 == 0 || (i > 200 && i < 300) ? 0 : i % 140;
          buffers[i] = (struct iovec) {.iov_base = size ? data + sum : NULL,.iov_len = size };
          sum += size;
        }
      NEED (sum <= SIZE);
      memset (got, 0, sizeof got);
      small_pipe (ends, 0);
      start (&other, eat, ends[0], got, sizeof got);
      CHECK (iosplice_vmsplice (ends[1], buffers, count, 0) == (ssize_t) sum, count == 65 ? "vmsplice of 65 buffers into a small pipe" : "vmsplice of more than IOV_MAX buffers into a small pipe");
      close (ends[1]);
      pthread_join (other.thread, NULL);
      CHECK (other.done == sum && memcmp (got, data, sum) == 0, "... every byte");
      close (ends[0]);
    }

  small_pipe (ends, O_NONBLOCK);
  struct iovec all = { data, SIZE };
  start (&other, eat, ends[0], got, sizeof got);
  CHECK (iosplice_vmsplice (ends[1], &all, 1, 0) == SIZE, "vmsplice waits, also for a pipe that is O_NONBLOCK");
  close (ends[1]);
  pthread_join (other.thread, NULL);
  CHECK (other.done == SIZE && memcmp (got, data, SIZE) == 0, "... every byte");
  close (ends[0]);

  small_pipe (ends, 0);
  ssize_t n = iosplice_vmsplice (ends[1], &all, 1, IOSPLICE_NONBLOCK);
  CHECK (n > 0 && n <= SMALL && errno == EAGAIN, "not waiting: a part, and errno is EAGAIN");
  CHECK (iosplice_vmsplice (ends[1], &all, 1, IOSPLICE_NONBLOCK) == IOSPLICE_WOULD_BLOCK, "... then it would block");
  close_pair (ends);

  /* One slot is taken; memory that is not there comes second.  */
  NEED (pipe (ends) == 0);
  struct iovec bad[2] = { { data, 1000 }, { (void *) 16, 1000 } };
  if (!getenv ("VALGRIND"))     /* to whom that is an error in any case */
    {
      n = iosplice_vmsplice (ends[1], bad, 2, 0);
      CHECK (n == 1000 && errno == EFAULT && iosplice_pipe_held (ends[0]) == 1000, "memory that is not there: what came before it, and errno EFAULT");
      CHECK (iosplice_vmsplice (ends[1], bad + 1, 1, 0) == -1 && errno == EFAULT, "... or -1");
      NEED (read (ends[0], got, SIZE) == 1000);
    }

  int file = file_of (10);
  struct iovec one = { data, 10 };
  char before[10];
  memcpy (before, data, 10);
  NEED (write (ends[1], "overwritten", 10) == 10);
  CHECK (iosplice_vmsplice (ends[0], &one, 1, 0) == -1 && errno == EBADF && memcmp (before, data, 10) == 0 && iosplice_pipe_held (ends[0]) == 10, "the reading end: EBADF, and the memory stays as it is");
  CHECK (iosplice_vmsplice (file, &one, 1, 0) == -1 && errno == EBADF && iosplice_vmsplice (-1, &one, 1, 0) == -1 && errno == EBADF, "what is no pipe: EBADF");
  CHECK (iosplice_vmsplice (ends[1], &one, 1, 0x40000000u) == -1 && errno == EINVAL, "a flag that is none: EINVAL");
  close (ends[0]);
  pipes_broken = 0;
  CHECK (iosplice_vmsplice (ends[1], &one, 1, IOSPLICE_NO_SIGPIPE) == -1 && errno == EPIPE && pipes_broken == 0, "nobody reads: EPIPE, without SIGPIPE if asked");
  CHECK (iosplice_vmsplice (ends[1], &one, 1, 0) == -1 && errno == EPIPE && pipes_broken == 1, "... with it if not");
  close (ends[1]);
  close (file);

  NEED (pipe (ends) == 0);
  char *page = mmap (NULL, SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  NEED (page != MAP_FAILED);
  strcpy (page, "before");
  struct iovec shared = { page, 7 };
  NEED (iosplice_vmsplice (ends[1], &shared, 1, 0) == 7);
  strcpy (page, "after!");
  CHECK (read (ends[0], got, SIZE) == 7 && strcmp (got, "after!") == 0, "the pipe holds the very pages, as the header warns");
  munmap (page, SMALL);
  close_pair (ends);
}

static void *
interrupt_then_eat (void *argument)
{
  struct interrupter *who = argument;
  size_t done = 0;
  ssize_t n;

  for (int i = 0; i < 5; i++)
    {
      wait_until_asleep (who->whom_id);
      pthread_kill (who->whom, SIGUSR1);
      while (sem_wait (&handled) < 0)
        continue;
    }
  while ((n = read (who->fd, got + done, sizeof got - done)) > 0)
    done += n;
  who->size = done;
  return NULL;
}

static void
vmsplice_interrupted (void)
{
  struct sigaction action = {.sa_handler = handle };
  struct interrupter who = {.whom = pthread_self (),.whom_id = syscall (SYS_gettid) };
  struct iovec all = { data, SIZE };
  int ends[2];

  small_pipe (ends, 0);
  who.fd = ends[0];
  NEED (sem_init (&handled, 0, 0) == 0 && sigaction (SIGUSR1, &action, NULL) == 0);
  NEED (pthread_create (&who.thread, NULL, interrupt_then_eat, &who) == 0);
  CHECK (iosplice_vmsplice (ends[1], &all, 1, 0) == SIZE, "vmsplice is resumed after EINTR");
  close (ends[1]);
  pthread_join (who.thread, NULL);
  CHECK (who.size == SIZE && memcmp (got, data, SIZE) == 0, "... every byte");
  close (ends[0]);
}

/* Pipes.  */

static bool
writable_above (long limit)
{
  int ends[2];
  NEED (pipe (ends) == 0);
  bool result = fcntl (ends[0], F_SETPIPE_SZ, (int) limit * 2) > 0;
  close_pair (ends);
  return result;
}

/* As an ordinary user, for whom the limits are.  Returns the status of the child: 0 if all is as it should be.  */
static int
as_ordinary_user (int (*what) (void))
{
  int status;
  pid_t child = fork ();

  NEED (child >= 0);
  if (child == 0)
    {
      if (geteuid () == 0 && (setgroups (0, NULL) < 0 || setgid (65534) < 0 || setuid (65534) < 0))
        _exit (98);
      _exit (what ());
    }
  NEED (waitpid (child, &status, 0) == child && WIFEXITED (status));
  return WEXITSTATUS (status);
}

static int
exceed (void)
{
  int ends[2];
  long most = iosplice_pipe_most ();

  if (writable_above (most))
    return 97;
  if (iosplice_pipe (ends, 0) < 0)
    return 1;
  if (iosplice_pipe_resize (ends[0], 2 * most) != -1 || errno != EPERM)
    return 2;
  if (iosplice_pipe_resize (ends[0], most) != most)
    return 3;
  if (iosplice_pipe_grow (ends[1], 4 * most) != most)
    return 4;
  close_pair (ends);
  if (iosplice_pipe (ends, 16 * most) != 0 || iosplice_pipe_capacity (ends[1]) != most)
    return 5;
  return 0;
}

/* Pipes until the user has too many pages in them.  */
static int
shrink (void)
{
  long usual = iosplice_pipe_default (), now = usual;
  int ends[2];

  for (int i = 0; i < 4000 && now >= usual; i++)
    {
      if (iosplice_pipe (ends, iosplice_pipe_most ()) < 0)
        return errno == EMFILE ? 97 : 1;
      now = iosplice_pipe_default ();
    }
  return now > 0 && now < usual ? 0 : now >= usual ? 97 : 2;
}

static int
descriptors_of (int ends[2], size_t capacity, int closed)
{
  for (int fd = 0; fd < closed; fd++)
    close (fd);
  return iosplice_pipe (ends, capacity);
}

static void
pipes (void)
{
  int ends[2], other[2], file = file_of (10), status;
  long most = iosplice_pipe_most ();

  CHECK (iosplice_pipe (ends, 0) == 0 && iosplice_pipe_capacity (ends[0]) == iosplice_pipe_default () && iosplice_pipe_capacity (ends[1]) == iosplice_pipe_default (),
         "a new pipe has the default capacity");
  CHECK (fcntl (ends[0], F_GETFD) == FD_CLOEXEC && fcntl (ends[1], F_GETFD) == FD_CLOEXEC && fcntl (ends[0], F_GETFL) == O_RDONLY && fcntl (ends[1], F_GETFL) == O_WRONLY,
         "... its ends are close-on-exec, blocking, to read and to write");
  CHECK (iosplice_pipe_default () >= PIPE_BUF && most >= iosplice_pipe_default (), "default and most");
  CHECK (iosplice_pipe_held (ends[0]) == 0 && write (ends[1], data, 100) == 100 && iosplice_pipe_held (ends[0]) == 100 && iosplice_pipe_held (ends[1]) == 100, "how many bytes a pipe holds");
  CHECK (iosplice_pipe_resize (ends[0], 5000) == 8192 && iosplice_pipe_capacity (ends[1]) == 8192, "resize rounds up");
  CHECK (iosplice_pipe_resize (ends[1], 0) == SMALL && iosplice_pipe_held (ends[0]) == 100, "... to a page at least; what it holds stays");
  CHECK (iosplice_pipe_resize (ends[0], 3 * SMALL) == 3 * SMALL || iosplice_pipe_resize (ends[0], 3 * SMALL) == 4 * SMALL, "... or more");
  NEED (iosplice_pipe_resize (ends[0], 65536) == 65536 && write (ends[1], data, 60000) == 60000);
  CHECK (iosplice_pipe_resize (ends[0], SMALL) == -1 && errno == EBUSY && iosplice_pipe_capacity (ends[0]) == 65536, "... but not below what it holds: EBUSY");
  CHECK (iosplice_pipe_grow (ends[0], SMALL) == 65536, "grow does not shrink");
  CHECK (iosplice_pipe_grow (ends[0], 131072) == 131072 && iosplice_pipe_held (ends[0]) == 60100, "... and keeps what it holds");
  CHECK (iosplice_pipe_resize (ends[0], SIZE_MAX) == -1 && errno == EINVAL, "resize to a huge size: EINVAL");
  errno = ENOTTY;
  CHECK (iosplice_pipe_grow (ends[0], SIZE_MAX) >= 131072 && errno == ENOTTY, "grow to a huge size: as near as it goes; errno is preserved");
  struct
  {
    const char *name;
    long (*call) (int);
  } calls[] = { { "capacity", iosplice_pipe_capacity }, { "held", iosplice_pipe_held } };
  for (int i = 0; i < 2; i++)
    CHECK (calls[i].call (file) == -1 && errno == EINVAL && calls[i].call (-1) == -1 && errno == EBADF, calls[i].name);
  CHECK (iosplice_pipe_resize (file, SMALL) == -1 && errno == EINVAL && iosplice_pipe_resize (-1, SMALL) == -1 && errno == EBADF, "resize of what is no pipe: EINVAL, EBADF");
  CHECK (iosplice_pipe_grow (file, SMALL) == -1 && errno == EINVAL && iosplice_pipe_grow (-1, SMALL) == -1 && errno == EBADF, "grow of what is no pipe: EINVAL, EBADF");
  close_pair (ends);
  CHECK (iosplice_pipe (ends, 200000) == 0 && iosplice_pipe_capacity (ends[0]) >= 200000, "a pipe of at least a capacity");
  close_pair (ends);

  status = as_ordinary_user (exceed);
  if (status >= 97)
    printf ("ok %d - above the most: EPERM # SKIP this user may exceed it\n", ++tests);
  else
    CHECK (status == 0, "as an ordinary user: above the most is EPERM, grow and a new pipe come as near as that");
  status = as_ordinary_user (shrink);
  if (status >= 97)
    printf ("ok %d - pipes shrink # SKIP this user has no such limit\n", ++tests);
  else
    CHECK (status == 0, "... and the default shrinks when the user has many pipes");

  for (int closed = 1; closed <= 3; closed++)
    {
      pid_t child = fork ();
      NEED (child >= 0);
      if (child == 0)
        _exit (!(descriptors_of (other, 0, closed) == 0 && other[0] > 2 && other[1] > 2 && fcntl (0, F_GETFD) == -1
                 && fcntl (other[0], F_GETFD) == FD_CLOEXEC && fcntl (other[1], F_GETFD) == FD_CLOEXEC));
      NEED (waitpid (child, &status, 0) == child);
      CHECK (status == 0, "a pipe where standard descriptors are closed takes none of them");
    }

  struct rlimit limit, none;
  NEED (getrlimit (RLIMIT_NOFILE, &limit) == 0);
  none = (struct rlimit) {.rlim_cur = 3,.rlim_max = limit.rlim_max };
  NEED (setrlimit (RLIMIT_NOFILE, &none) == 0);
  ends[0] = ends[1] = 77;
  CHECK (iosplice_pipe (ends, 0) == -1 && errno == EMFILE && ends[0] == -1 && ends[1] == -1, "no descriptor left: EMFILE");
  CHECK (iosplice_pipe_default () == -1 && errno == EMFILE, "... of the default, too");
  CHECK (iosplice_pipe_most () >= SMALL, "... the most is told all the same");
  NEED (setrlimit (RLIMIT_NOFILE, &limit) == 0);

  NEED (pipe (ends) == 0 && pipe (other) == 0);
  errno = ENOTTY;
  CHECK (iosplice_peek (ends[0], other[1]) == 0 && errno == ENOTTY, "peek at an empty pipe: 0");
  NEED (write (ends[1], data, 777) == 777);
  CHECK (iosplice_peek (ends[0], other[1]) == 777 && iosplice_pipe_held (ends[0]) == 777 && read (other[0], got, SIZE) == 777 && memcmp (got, data, 777) == 0, "peek copies and leaves");
  CHECK (iosplice_peek (ends[0], ends[1]) == -1 && errno == EINVAL && iosplice_peek (file, other[1]) == -1 && errno == EINVAL && iosplice_peek (ends[0], file) == -1 && errno == EINVAL, "peek: EINVAL");
  close_pair (ends);
  close_pair (other);
  close (file);
}

/* Transfers in one call.  */

static void
transfers (unsigned flags)
{
  int in = file_of (SIZE), out = file_of (0), ends[2], other[2];
  struct iosplice_result result;
  off_t from = 1000, to = 77;

  NEED (lseek (in, 3, SEEK_SET) == 3 && lseek (out, 4, SEEK_SET) == 4);
  CHECK (iosplice_copy (in, &from, out, &to, 100000, flags, &result) == 100000 && from == 101000 && to == 100077, "copy between offsets, which move on");
  CHECK (position (in) == 3 && position (out) == 4 && pread (out, got, SIZE, 77) == 100000 && memcmp (got, data + 1000, 100000) == 0, "... the positions stay; the right bytes at the right place");
  CHECK (result.moved == 100000 && result.taken == 100000 && result.side == IOSPLICE_NEITHER
         && result.statistics.read.bytes + result.statistics.splice.bytes + result.statistics.copy_file_range.bytes == 100000, "... the result says so");
  CHECK (iosplice_copy (in, NULL, out, NULL, 10, flags, NULL) == 10 && position (in) == 13 && position (out) == 14, "copy without offsets moves the positions; no result is asked for");
  CHECK (iosplice_copy (in, &from, out, NULL, -1, flags, &result) == SIZE - 101000 && from == SIZE && position (in) == 13 && position (out) == 14 + SIZE - 101000, "copy until end of file, from an offset");
  CHECK (iosplice_copy (in, &from, out, NULL, -1, flags, &result) == 0 && result.side == IOSPLICE_NEITHER, "... then 0");
  CHECK (iosplice_copy (in, NULL, out, NULL, 0, flags, &result) == 0 && position (in) == 13 && iosplice_partial (in, NULL, out, NULL, 0, flags, NULL) == 0
         && iosplice_full (in, NULL, out, NULL, 0, flags, NULL) == 0, "a length of 0: nothing");
  NEED (ftruncate (out, 0) == 0);
  from = to = 0;
  CHECK (iosplice_copy (in, &from, out, &to, INT64_MAX, flags, NULL) == SIZE && holds (out, data, SIZE), "a huge length: until end of file");

  from = SIZE - 100, to = 0;
  CHECK (iosplice_full (in, &from, out, &to, 60, flags, &result) == 60 && from == SIZE - 40, "full: exactly a length");
  CHECK (iosplice_full (in, &from, out, &to, 60, flags, &result) == -1 && errno == ENODATA && result.side == IOSPLICE_SOURCE && result.moved == 40 && from == SIZE && to == 100,
         "... end of file first: ENODATA of the source, and how much was moved");
  CHECK (iosplice_full (in, &from, out, &to, 60, flags, NULL) == -1 && errno == ENODATA, "... nothing was");
  CHECK (iosplice_full (in, &from, out, &to, -1, flags, &result) == -1 && errno == EINVAL && result.moved == 0, "... a length below 0: EINVAL");

  NEED (pipe (ends) == 0 && pipe (other) == 0 && write (ends[1], data, 100) == 100);
  CHECK (iosplice_partial (ends[0], NULL, other[1], NULL, 1000, flags, &result) == 100 && result.moved == 100, "partial: what one read gives");
  NEED (write (ends[1], data + 100, 3000) == 3000);
  CHECK (iosplice_partial (ends[0], NULL, other[1], NULL, 1000, flags, NULL) == 1000 && iosplice_pipe_held (ends[0]) == 2000, "... and no more than asked");
  CHECK (iosplice_partial (ends[0], NULL, other[1], NULL, SIZE_MAX, flags, NULL) == 2000, "... at most all there is");
  CHECK (read (other[0], got, SIZE) == 3100 && memcmp (got, data, 3100) == 0, "... every byte");
  from = 10;
  CHECK (iosplice_partial (in, &from, other[1], NULL, 200, flags, NULL) == 200 && from == 210 && read (other[0], got, SIZE) == 200 && memcmp (got, data + 10, 200) == 0, "... of a file from an offset");

  /* Errors, each with its side.  */
  from = -1;
  CHECK (iosplice_copy (in, &from, out, NULL, -1, flags, &result) == -1 && errno == EINVAL && result.side == IOSPLICE_SOURCE && from == -1, "a source offset below 0: EINVAL");
  CHECK (iosplice_copy (in, NULL, out, &from, -1, flags, &result) == -1 && errno == EINVAL && result.side == IOSPLICE_SINK, "a sink offset below 0: EINVAL");
  from = 0;
  CHECK (iosplice_copy (ends[0], &from, out, NULL, -1, flags, &result) == -1 && errno == ESPIPE && result.side == IOSPLICE_SOURCE, "an offset of a pipe: ESPIPE of the source");
  CHECK (iosplice_copy (in, NULL, ends[1], &from, -1, flags, &result) == -1 && errno == ESPIPE && result.side == IOSPLICE_SINK, "... and of the sink");
  CHECK (iosplice_copy (-1, NULL, out, NULL, -1, flags, &result) == -1 && errno == EBADF && result.side == IOSPLICE_SOURCE, "a source of -1: EBADF");
  CHECK (iosplice_copy (in, NULL, -1, NULL, -1, flags, &result) == -1 && errno == EBADF && result.side == IOSPLICE_SINK, "a sink of -1: EBADF");
  CHECK (iosplice_copy (other[1], NULL, out, NULL, -1, flags, &result) == -1 && errno == EBADF && result.side == IOSPLICE_SOURCE, "a source that cannot be read: EBADF");
  CHECK (iosplice_copy (in, NULL, other[0], NULL, -1, flags, &result) == -1 && errno == EBADF && result.side == IOSPLICE_SINK && result.moved == 0, "a sink that cannot be written: EBADF");
  CHECK (iosplice_copy (in, NULL, out, NULL, -1, flags | 0x40000000u, &result) == -1 && errno == EINVAL && result.side == IOSPLICE_NEITHER, "a flag that is none: EINVAL");
  CHECK (iosplice_copy (in, NULL, out, NULL, -1, flags | IOSPLICE_WATCH_SINKS, &result) == -1 && errno == EINVAL
         && iosplice_full (in, NULL, out, NULL, 0, flags | IOSPLICE_PARALLEL, &result) == -1 && errno == EINVAL, "a flag that only a pump has: EINVAL");
  int directory = open (".", O_RDONLY), append = scratch (O_APPEND), full = open ("/dev/full", O_WRONLY);
  CHECK (iosplice_copy (directory, NULL, out, NULL, -1, flags, &result) == -1 && errno == EISDIR && result.side == IOSPLICE_SOURCE, "a directory: EISDIR");
  to = 0;
  CHECK (iosplice_copy (in, NULL, append, &to, -1, flags, &result) == -1 && errno == EINVAL && result.side == IOSPLICE_SINK, "an offset in append mode: EINVAL");
  from = 0;
  CHECK (iosplice_copy (in, &from, append, NULL, -1, flags, &result) == SIZE && holds (append, data, SIZE), "... without one it appends");
  from = 0;
  CHECK (iosplice_copy (in, &from, full, NULL, -1, flags, &result) == -1 && errno == ENOSPC && result.side == IOSPLICE_SINK && result.moved == 0 && result.taken > 0 && from == 0,
         "a full device: ENOSPC, and the offset stays with what was moved");
  close (other[0]);
  pipes_broken = 0;
  from = 0;
  CHECK (iosplice_copy (in, &from, other[1], NULL, -1, flags | IOSPLICE_NO_SIGPIPE, &result) == -1 && errno == EPIPE && result.side == IOSPLICE_SINK && pipes_broken == 0, "nobody reads: EPIPE, without SIGPIPE if asked");
  CHECK (iosplice_copy (in, &from, other[1], NULL, -1, flags, &result) == -1 && errno == EPIPE && pipes_broken == 1, "... with it if not");

  /* A file that may grow only so far: what has arrived is told exactly.  */
  struct rlimit limit, less;
  NEED (getrlimit (RLIMIT_FSIZE, &limit) == 0);
  signal (SIGXFSZ, SIG_IGN);
  less = (struct rlimit) {.rlim_cur = 200001,.rlim_max = limit.rlim_max };
  for (int has_offset = 0; has_offset < 2; has_offset++)
    {
      int disk = scratch (0);
      from = to = 0;
      NEED (setrlimit (RLIMIT_FSIZE, &less) == 0);
      off_t n = iosplice_copy (in, &from, disk, has_offset ? &to : NULL, -1, flags, &result);
      int error = errno;
      NEED (setrlimit (RLIMIT_FSIZE, &limit) == 0);
      CHECK (n == -1 && error == EFBIG && result.side == IOSPLICE_SINK && result.moved == 200001 && holds (disk, data, 200001) && from == 200001, "a file that may not grow: EFBIG, and exactly what has arrived");
      CHECK (has_offset ? to == 200001 : position (disk) == 200001, "... the sink stands there");
      close (disk);
    }
  signal (SIGXFSZ, SIG_DFL);

  /* The same file, by offsets that do not overlap and that do.  */
  int same = file_of (SIZE);
  from = 0, to = SIZE;
  CHECK (iosplice_copy (same, &from, same, &to, HALF, flags, &result) == HALF && pread (same, got, HALF, SIZE) == HALF && memcmp (got, data, HALF) == 0, "within one file");
  from = 100000, to = 0;
  CHECK (iosplice_copy (same, &from, same, &to, HALF, flags, &result) == HALF && pread (same, got, HALF, 0) == HALF && memcmp (got, data + 100000, HALF) == 0, "... to the front, overlapping");
  close (same);
  close (directory);
  close (append);
  close (full);
  close (ends[0]);
  close (ends[1]);
  close (other[1]);
  close (in);
  close (out);
}

/* io_splice 4.4 for Ruby: each name of the table in iosplice(7).  */

static void
ruby (void)
{
  int in = file_of (SIZE), out = file_of (0), ends[2], other[2];
  off_t from = 0, to = 0;
  struct iovec strings[2] = { { data, 100 }, { data + 100, 200 } };

  NEED (pipe (ends) == 0 && pipe (other) == 0);
  CHECK (iosplice_splice (in, &from, ends[1], NULL, 300, 0) == 300 && from == 300, "IO.splice: iosplice_splice");
  CHECK (iosplice_splice (other[0], NULL, out, NULL, 10, IOSPLICE_NONBLOCK) == IOSPLICE_WOULD_BLOCK && iosplice_splice (ends[0], NULL, out, NULL, 10, IOSPLICE_NONBLOCK) == 10,
         "IO.trysplice: iosplice_splice with IOSPLICE_NONBLOCK; :EAGAIN is IOSPLICE_WOULD_BLOCK");
  from = SIZE;
  CHECK (iosplice_splice (in, &from, ends[1], NULL, 10, IOSPLICE_NONBLOCK) == 0, "IO.trysplice: nil is 0");
  CHECK (iosplice_tee (ends[0], other[1], 100, 0) == 100 && iosplice_pipe_held (ends[0]) == 290, "IO.tee: iosplice_tee");
  NEED (read (other[0], got, SIZE) == 100 && read (ends[0], got, SIZE) == 290);
  CHECK (iosplice_tee (ends[0], other[1], 100, IOSPLICE_NONBLOCK) == IOSPLICE_WOULD_BLOCK, "IO.trytee: iosplice_tee with IOSPLICE_NONBLOCK");
  CHECK (iosplice_vmsplice (ends[1], strings, 2, 0) == 300 && read (ends[0], got, SIZE) == 300 && memcmp (got, data, 300) == 0, "IO.vmsplice: iosplice_vmsplice");
  from = 1000;
  CHECK (iosplice_copy (in, &from, out, &to, 5000, 0, NULL) == 5000 && pread (out, got, SIZE, 0) == 5000 && memcmp (got, data + 1000, 5000) == 0, "IO::Splice.copy_stream: iosplice_copy");
  NEED (write (ends[1], data, 50) == 50);
  CHECK (iosplice_partial (ends[0], NULL, other[1], NULL, 100, 0, NULL) == 50, "IO::Splice.partial: iosplice_partial");
  from = SIZE - 100;
  CHECK (iosplice_full (in, &from, other[1], NULL, 80, 0, NULL) == 80 && iosplice_full (in, &from, other[1], NULL, 80, 0, NULL) == -1 && errno == ENODATA,
         "IO::Splice.full: iosplice_full; EOFError is ENODATA");
  CHECK (iosplice_pipe_capacity (ends[0]) == fcntl (ends[0], F_GETPIPE_SZ), "IO#pipe_size: iosplice_pipe_capacity");
  CHECK (iosplice_pipe_resize (ends[0], 131072) == 131072 && fcntl (ends[1], F_GETPIPE_SZ) == 131072, "IO#pipe_size=: iosplice_pipe_resize");
  from = 0;
  CHECK (iosplice_splice (in, &from, ends[1], NULL, 10, IOSPLICE_MOVE) == 10, "IO::Splice::F_MOVE: IOSPLICE_MOVE");
  CHECK (iosplice_splice (ends[0], NULL, out, NULL, 100, IOSPLICE_NONBLOCK) == 10 && iosplice_splice (ends[0], NULL, out, NULL, 100, IOSPLICE_NONBLOCK) == IOSPLICE_WOULD_BLOCK,
         "IO::Splice::F_NONBLOCK: IOSPLICE_NONBLOCK");
  CHECK (iosplice_splice (in, &from, ends[1], NULL, 10, IOSPLICE_MORE) == 10, "IO::Splice::F_MORE: IOSPLICE_MORE");
  from = 0;
  NEED (iosplice_pipe_resize (ends[0], SMALL) == SMALL && read (ends[0], got, SIZE) == 10);
  struct other_end eater;
  start (&eater, eat, ends[0], got, 20000);
  CHECK (iosplice_splice (in, &from, ends[1], NULL, 20000, IOSPLICE_WAIT_ALL) == 20000, "IO::Splice::WAITALL: IOSPLICE_WAIT_ALL");
  pthread_join (eater.thread, NULL);
  CHECK (PIPE_BUF == fpathconf (ends[0], _PC_PIPE_BUF), "IO::Splice::PIPE_BUF: PIPE_BUF of <limits.h>");
  NEED (pipe (other) == 0);
  CHECK (iosplice_pipe_default () == fcntl (other[0], F_GETPIPE_SZ), "IO::Splice::PIPE_CAPA: iosplice_pipe_default");
  close_pair (ends);
  close_pair (other);
  close (in);
  close (out);
}

int
main (void)
{
  alarm (600);
  signal (SIGPIPE, count_broken);
  make_data ();
  splice_positions ();
  splice_would_block ();
  splice_all ();
  tees ();
  vmsplice_lists ();
  vmsplice_interrupted ();
  pipes ();
  transfers (0);
  transfers (IOSPLICE_NO_SPLICE);
  ruby ();
  printf ("1..%d\n", tests);
  return failures != 0;
}
