/* test-pump.c - does a pump that is stepped keep what iosplice.h promises?

   SPDX-License-Identifier: MIT

   Speaks TAP.  Where a step is said not to wait, both ends are served by the
   thread that makes it: a step that waited would wait for itself.  */

#define _GNU_SOURCE
#include "lib/tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum
{ SMALL = 4096 };

/* Ends of all kinds: NEAR is the pump's, FAR is ours and never blocks.  */

enum kind
{ PIPE, TCP, UNIX, REGULAR, KINDS };

static const char *const names[] = { "a pipe", "TCP", "a UNIX stream", "a file" };

struct way
{
  enum kind kind;
  int near, far;
};

static void
never_block (int fd)
{
  NEED (fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) | O_NONBLOCK) == 0);
}

static void
tcp_pair (int ends[2])
{
  struct sockaddr_in address = {.sin_family = AF_INET,.sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  ends[0] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  NEED (listener >= 0 && ends[0] >= 0);
  NEED (bind (listener, (struct sockaddr *) &address, size) == 0 && listen (listener, 1) == 0);
  NEED (getsockname (listener, (struct sockaddr *) &address, &size) == 0);
  NEED (connect (ends[0], (struct sockaddr *) &address, size) == 0);
  ends[1] = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
  NEED (ends[1] >= 0);
  close (listener);
}

/* The pump reads NEAR, or writes to it.  A pipe's NEAR blocks, a socket's does not.  */
static struct way
way_of (enum kind kind, bool is_source)
{
  struct way way = {.kind = kind,.far = -1 };
  int ends[2];

  switch (kind)
    {
    case PIPE:
      NEED (pipe2 (ends, O_CLOEXEC) == 0 && fcntl (ends[0], F_SETPIPE_SZ, SMALL) == SMALL);
      way.near = ends[!is_source];
      way.far = ends[is_source];
      break;
    case TCP:
      tcp_pair (ends);
      way.near = ends[0], way.far = ends[1];
      never_block (way.near);
      break;
    case UNIX:
      NEED (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
      way.near = ends[0], way.far = ends[1];
      never_block (way.near);
      break;
    default:
      way.near = file_of (is_source ? SIZE : 0);
    }
  if (way.far >= 0)
    never_block (way.far);
  return way;
}

static void
close_way (struct way *way)
{
  if (way->near >= 0)
    close (way->near);
  if (way->far >= 0)
    close (way->far);
}

/* Give the source a piece of odd length, or its end.  */
static void
give (struct way *source, size_t *given, unsigned *state)
{
  size_t size = (*state = *state * 1103515245 + 12345) >> 16;

  if (size > SIZE - *given)
    size = SIZE - *given;
  if (size > 0)
    {
      ssize_t n = write (source->far, data + *given, size);
      NEED (n > 0);
      *given += n;
    }
  else if (*given == SIZE)
    {
      close (source->far);
      source->far = -1;
    }
}

/* Take some of what the sink has got.  Returns how much.  */
static size_t
take (const struct way *sink, size_t taken, size_t most)
{
  ssize_t n = sink->kind == REGULAR ? pread (sink->near, got + taken, most, taken) : read (sink->far, got + taken, most);

  return n > 0 ? n : 0;
}

/* One thread is the pump, its source's writer and its sink's reader.  */
static void
carry (enum kind from, enum kind to, unsigned flags, struct iosplice_pool *pool)
{
  struct way source = way_of (from, true), sink = way_of (to, false);
  struct iosplice_pump *pump = pump_of (flags, NULL, source.near, sink.near, 0);
  size_t given = from == REGULAR ? SIZE : 0, taken = 0;
  off_t sum = 0, sum_taken = 0;
  unsigned state = 7 * from + to;
  enum iosplice_step now = IOSPLICE_MOVED;
  bool good = true;
  char what[200];

  if (pool)
    iosplice_pump_pool (pump, pool);
  memset (got, 0, sizeof got);
  while (good && now != IOSPLICE_END && now != IOSPLICE_FAILED)
    {
      off_t before = iosplice_pump_in_flight (pump);

      now = iosplice_pump_step (pump, -1);
      sum += iosplice_pump_moved (pump);
      sum_taken += iosplice_pump_taken (pump);
      good &= sum_taken - sum == iosplice_pump_in_flight (pump);
      if (now == IOSPLICE_MOVED)
        good &= iosplice_pump_in_flight (pump) == 0;
      if (now == IOSPLICE_WAIT_SOURCE)
        {
          good &= iosplice_pump_in_flight (pump) == 0 && before == 0 && from != REGULAR;
          if (good)
            give (&source, &given, &state);
        }
      if (now == IOSPLICE_WAIT_SINK)
        {
          size_t n = take (&sink, taken, 1000 + state % 5000);
          good &= iosplice_pump_in_flight (pump) > 0 && iosplice_pump_waiting (pump) == 0;
          NEED (poll (&(struct pollfd) {.fd = sink.near,.events = POLLOUT }, 1, n > 0 ? 0 : 20000) >= 0);
          taken += n;
        }
    }
  good &= now == IOSPLICE_END && sum == SIZE && iosplice_pump_step (pump, -1) == IOSPLICE_END;
  iosplice_pump_free (pump);
  /* The last bytes may still be on their way through the loopback.  */
  if (sink.kind != REGULAR)
    fcntl (sink.far, F_SETFL, 0);
  for (size_t n = 1; good && n > 0 && taken < SIZE; taken += n)
    n = take (&sink, taken, SIZE - taken);
  good &= taken == SIZE && memcmp (got, data, SIZE) == 0;
  snprintf (what, sizeof what, "steps from %s to %s%s%s: what is taken is moved or in flight, every byte arrives", names[from],
            names[to], flags & IOSPLICE_NO_SPLICE ? ", without splice" : "", pool ? ", with pipes of a pool" : "");
  CHECK (good, what);
  close_way (&source);
  close_way (&sink);
}

static void
carry_all (void)
{
  struct iosplice_pool *pool = iosplice_pool_new (3);

  for (enum kind from = PIPE; from < KINDS; from++)
    for (enum kind to = PIPE; to < KINDS; to++)
      {
        carry (from, to, 0, NULL);
        carry (from, to, IOSPLICE_NO_SPLICE, NULL);
        carry (from, to, 0, pool);
      }
  iosplice_pool_free (pool);
}

/* Fill the pipe that FD writes to.  */
static void
fill_up (int fd)
{
  never_block (fd);
  while (write (fd, data, SMALL) > 0)
    continue;
  NEED (errno == EAGAIN && fcntl (fd, F_SETFL, 0) == 0);
}

/* Each of these would wait, if it waited, for somebody who does not exist.  */
static void
no_step_waits (void)
{
  int empty[2], full[2], ends[2], few = file_of (10), out = file_of (0), append;
  struct iosplice_pump *pump;
  char path[40];
  struct rlimit limit, none;

  NEED (pipe (empty) == 0 && pipe (full) == 0);
  fill_up (full[1]);
  pump = pump_of (0, NULL, empty[0], out, 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SOURCE, "a step from an empty pipe does not wait");
  CHECK (iosplice_pump_moved (pump) == 0 && iosplice_pump_taken (pump) == 0, "... and has moved nothing");
  iosplice_pump_free (pump);

  pump = pump_of (IOSPLICE_NO_SPLICE, NULL, empty[0], out, 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SOURCE, "... nor without splice");
  iosplice_pump_free (pump);

  snprintf (path, sizeof path, "/proc/self/fd/%d", out);
  append = open (path, O_WRONLY | O_APPEND);
  NEED (append >= 0);
  pump = pump_of (0, NULL, empty[0], append, 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SOURCE, "... nor where the sink is in append mode");
  iosplice_pump_free (pump);
  close (append);

  NEED (pipe2 (ends, O_DIRECT) == 0);
  pump = pump_of (0, NULL, empty[0], ends[1], 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SOURCE, "... nor into a packet-mode pipe");
  iosplice_pump_free (pump);
  close (ends[0]);
  close (ends[1]);

  NEED (socketpair (AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
  pump = pump_of (0, NULL, ends[0], out, 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SOURCE, "... nor from a message socket that blocks");
  iosplice_pump_free (pump);
  close (ends[0]);
  close (ends[1]);

  for (int is_tcp = 0; is_tcp < 2; is_tcp++)
    {
      if (is_tcp)
        tcp_pair (ends);
      else
        NEED (socketpair (AF_UNIX, SOCK_STREAM, 0, ends) == 0);
      pump = pump_of (0, NULL, ends[0], out, 0);
      CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SOURCE, is_tcp ? "... nor from TCP that blocks" : "... nor from a UNIX stream that blocks");
      iosplice_pump_free (pump);
      close (ends[0]);
      close (ends[1]);
    }

  pump = pump_of (0, NULL, empty[0], out, 0);
  NEED (getrlimit (RLIMIT_NOFILE, &limit) == 0);
  none = (struct rlimit) {.rlim_cur = 3,.rlim_max = limit.rlim_max };
  NEED (setrlimit (RLIMIT_NOFILE, &none) == 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SOURCE, "... nor where no pipe can be made");
  NEED (write (empty[1], data, 100) == 100);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED && iosplice_pump_moved (pump) == 100, "... where the bytes go through memory");
  NEED (setrlimit (RLIMIT_NOFILE, &limit) == 0);
  iosplice_pump_free (pump);

  pump = pump_of (0, NULL, few, full[1], 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK, "a step into a full pipe does not wait");
  CHECK (iosplice_pump_in_flight (pump) == 10 && iosplice_pump_moved (pump) == 0, "... what it took is in flight");
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK, "... nor does the next");
  NEED (read (full[0], got, SMALL) == SMALL);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED && iosplice_pump_moved (pump) == 10, "... and is delivered when there is room");
  iosplice_pump_free (pump);
  fill_up (full[1]);

  lseek (few, 0, SEEK_SET);
  pump = pump_of (IOSPLICE_NO_SPLICE, NULL, few, full[1], 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK, "... nor without splice");
  iosplice_pump_free (pump);

  NEED (pipe2 (ends, O_DIRECT) == 0);
  fill_up (ends[1]);
  NEED (fcntl (ends[1], F_SETFL, O_DIRECT) == 0);
  lseek (few, 0, SEEK_SET);
  pump = pump_of (0, NULL, few, ends[1], 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK, "... nor into a full packet-mode pipe");
  iosplice_pump_free (pump);
  close (ends[0]);
  close (ends[1]);

  /* Room for some of it: a write of more would wait for the rest.  */
  int much = file_of (SIZE);
  NEED (read (full[0], got, 2 * SMALL) == 2 * SMALL);
  pump = pump_of (IOSPLICE_NO_SPLICE, NULL, much, full[1], 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK, "... nor where a pipe has room for a part, without splice");
  CHECK (iosplice_pump_moved (pump) == 2 * SMALL, "... which it got");
  iosplice_pump_free (pump);
  close (much);
  close (few);
  close (out);
  close (empty[0]);
  close (empty[1]);
  close (full[0]);
  close (full[1]);
}

static void
lengths (void)
{
  int ends[2], out = file_of (0);
  struct iosplice_pump *pump;

  NEED (pipe (ends) == 0 && write (ends[1], data, 1000) == 1000);
  pump = pump_of (0, NULL, ends[0], out, 0);
  CHECK (iosplice_pump_step (pump, 0) == IOSPLICE_MOVED && iosplice_pump_moved (pump) == 0
         && iosplice_pipe_held (ends[0]) == 1000, "a step of length 0 takes nothing");
  CHECK (iosplice_pump_step (pump, 300) == IOSPLICE_MOVED && iosplice_pump_moved (pump) == 300
         && iosplice_pump_taken (pump) == 300, "a step takes no more than its length");
  CHECK (iosplice_pipe_held (ends[0]) == 700, "... the rest is still there");
  CHECK (iosplice_pump_step (pump, INT64_MAX) == IOSPLICE_MOVED && iosplice_pump_moved (pump) == 700, "a huge length");
  CHECK (iosplice_pump_step (pump, 1) == IOSPLICE_WAIT_SOURCE, "then there is nothing");
  close (ends[1]);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_END, "then end of file");
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_END && iosplice_pump_moved (pump) == 0, "... again");
  CHECK (iosplice_pump_run (pump, -1) == 0 && iosplice_pump_block (pump, 10) == 0, "... for a run and a block too");
  CHECK (holds (out, data, 1000), "... every byte");
  iosplice_pump_free (pump);
  close (ends[0]);
  close (out);
}

/* Bytes that a step left in flight belong to whatever call comes next.  */
static void
across_calls (void)
{
  int full[2], in;
  struct iosplice_pump *pump;
  struct other_end eater;

  for (int how = 0; how < 4; how++)
    {
      off_t first, in_flight, moved = 0;

      NEED (pipe (full) == 0 && fcntl (full[0], F_SETPIPE_SZ, SMALL) == SMALL);
      in = file_of (SIZE);
      pump = pump_of (0, NULL, in, full[1], IOSPLICE_MINE);
      NEED (iosplice_pump_step (pump, HALF) == IOSPLICE_WAIT_SINK);
      first = iosplice_pump_moved (pump);
      in_flight = iosplice_pump_in_flight (pump);
      NEED (in_flight > 0);
      memset (got, 0, sizeof got);
      start (&eater, eat, full[0], got, sizeof got);
      switch (how)
        {
        case 0:
          moved = iosplice_pump_run (pump, -1);
          CHECK (moved == SIZE - first && iosplice_pump_taken (pump) == SIZE - first - in_flight,
                 "a run delivers what a step left in flight, and goes on; that was not taken by it");
          break;
        case 1:
          moved = iosplice_pump_run (pump, 1000);
          CHECK (moved == in_flight + 1000 && iosplice_pump_taken (pump) == 1000, "... its length counts what it takes");
          break;
        case 2:
          moved = iosplice_pump_run (pump, 0);
          CHECK (moved == in_flight && iosplice_pump_taken (pump) == 0, "... a run of length 0 drains what is in flight");
          break;
        case 3:
          moved = iosplice_pump_block (pump, 500);
          CHECK (moved == in_flight + 500 && iosplice_pump_taken (pump) == 500, "... so does a block, and moves a block");
          break;
        }
      CHECK (iosplice_pump_in_flight (pump) == 0 && position (in) == first + moved, "... nothing is left in flight");
      iosplice_pump_free (pump);
      close (full[1]);
      pthread_join (eater.thread, NULL);
      CHECK (eater.done == (size_t) (first + moved) && memcmp (got, data, first + moved) == 0, "... every byte once");
      close (full[0]);
      close (in);
    }
}

/* A block from a pipe that is not whole reads, after a step.  */
static void
block_after_step (void)
{
  int in[2], full[2];
  struct iosplice_pump *pump;
  struct other_end eater;

  NEED (pipe (in) == 0 && pipe (full) == 0 && fcntl (full[0], F_SETPIPE_SZ, SMALL) == SMALL);
  NEED (write (in[1], data, 10000) == 10000);
  pump = pump_of (0, NULL, in[0], full[1], 0);
  NEED (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK);
  off_t in_flight = iosplice_pump_in_flight (pump);
  NEED (write (in[1], data + 10000, 100) == 100);
  start (&eater, eat, full[0], got, sizeof got);
  CHECK (iosplice_pump_block (pump, 1000) == in_flight + 100 && iosplice_pump_taken (pump) == 100, "a block after a step is a block of its own");
  iosplice_pump_free (pump);
  close (full[1]);
  pthread_join (eater.thread, NULL);
  CHECK (eater.done == 10100 && memcmp (got, data, 10100) == 0, "... every byte once");
  close (in[0]);
  close (in[1]);
  close (full[0]);
}

static void
abandon (void)
{
  int before = open_descriptors (), full[2], in[2];
  struct iosplice_pump *pump;

  NEED (pipe (full) == 0 && fcntl (full[0], F_SETPIPE_SZ, SMALL) == SMALL && pipe (in) == 0);
  NEED (write (in[1], data, 50000) == 50000);
  pump = pump_of (0, NULL, in[0], full[1], 0);
  NEED (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK);
  CHECK (iosplice_pump_in_flight (pump) == 50000 - SMALL && iosplice_pipe_held (full[0]) == SMALL && iosplice_pipe_held (in[0]) == 0,
         "abandoning a pump: it tells how many bytes are in flight");
  iosplice_pump_free (pump);
  close (in[0]);
  close (in[1]);
  close (full[0]);
  close (full[1]);
  CHECK (open_descriptors () == before, "... and closes its pipe");
}

static void
several_sinks (unsigned flags)
{
  int in = file_of (SIZE), out = file_of (0), pipes[2][2];
  static char copies[2][SIZE];
  size_t done[2] = { 0 };
  struct iosplice_pump *pump;
  enum iosplice_step now;
  bool waited[4] = { false };

  NEED (pipe (pipes[0]) == 0 && pipe (pipes[1]) == 0 && fcntl (pipes[1][0], F_SETPIPE_SZ, SMALL) == SMALL);
  pump = pump_of (flags, NULL, in, pipes[0][1], 0);
  NEED (iosplice_pump_sink (pump, out, 0, NULL) == 1 && iosplice_pump_sink (pump, pipes[1][1], 0, NULL) == 2);
  while ((now = iosplice_pump_step (pump, -1)) == IOSPLICE_MOVED || now == IOSPLICE_WAIT_SINK)
    if (now == IOSPLICE_WAIT_SINK)
      {
        int sink = iosplice_pump_waiting (pump), i = sink / 2;
        ssize_t n;

        NEED (sink == 0 || sink == 2);
        waited[sink] = true;
        n = read (pipes[i][0], copies[i] + done[i], 3000 < SIZE - done[i] ? 3000 : SIZE - done[i]);
        NEED (n > 0);
        done[i] += n;
      }
  CHECK (now == IOSPLICE_END && waited[0] && waited[2], "several sinks, of which one or the other is full: it is named");
  close (pipes[0][1]);
  close (pipes[1][1]);
  for (int i = 0; i < 2; i++)
    for (ssize_t n; (n = read (pipes[i][0], copies[i] + done[i], SIZE - done[i])) > 0;)
      done[i] += n;
  CHECK (done[0] == SIZE && done[1] == SIZE && memcmp (copies[0], data, SIZE) == 0 && memcmp (copies[1], data, SIZE) == 0
         && holds (out, data, SIZE), "... each gets every byte once");
  iosplice_pump_free (pump);
  close (pipes[0][0]);
  close (pipes[1][0]);
  close (in);
  close (out);
}

static void
half_close (void)
{
  int client[2], server[2];

  NEED (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, client) == 0);
  NEED (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, server) == 0);
  struct iosplice_pump *there = pump_of (IOSPLICE_NO_SIGPIPE, NULL, client[1], server[1], 0);
  struct iosplice_pump *back = pump_of (IOSPLICE_NO_SIGPIPE, NULL, server[1], client[1], 0);
  NEED (write (client[0], "question", 8) == 8 && shutdown (client[0], SHUT_WR) == 0);
  CHECK (iosplice_pump_step (there, -1) == IOSPLICE_MOVED && iosplice_pump_step (there, -1) == IOSPLICE_END, "half-close: the end of file of one direction");
  CHECK (shutdown (server[1], SHUT_WR) == 0 && read (server[0], got, 100) == 8 && read (server[0], got, 100) == 0, "... is passed on");
  CHECK (iosplice_pump_step (back, -1) == IOSPLICE_WAIT_SOURCE, "... the other still waits");
  NEED (write (server[0], "answer", 6) == 6);
  CHECK (iosplice_pump_step (back, -1) == IOSPLICE_MOVED && read (client[0], got, 100) == 6, "... and still carries");
  close (server[0]);
  CHECK (iosplice_pump_step (back, -1) == IOSPLICE_END, "... to its own end");
  iosplice_pump_free (there);
  iosplice_pump_free (back);
  close (client[0]);
  close (client[1]);
  close (server[1]);
}

/* How many of our descriptors are pipes?  */
static int
open_pipes (void)
{
  DIR *directory = opendir ("/proc/self/fd");
  const struct dirent *entry;
  struct stat st;
  int n = 0;

  NEED (directory != NULL);
  while ((entry = readdir (directory)))
    n += fstat (atoi (entry->d_name), &st) == 0 && S_ISFIFO (st.st_mode) && atoi (entry->d_name) > 2;
  closedir (directory);
  return n;
}

static void
pools (void)
{
  enum
  { WANTED = 10000, SPARE = 200 };
  struct rlimit limit;
  NEED (getrlimit (RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  getrlimit (RLIMIT_NOFILE, &limit);
  int count = limit.rlim_cur < 2 * WANTED + SPARE ? ((int) limit.rlim_cur - SPARE) / 2 : WANTED;
  struct iosplice_pump **pumps = calloc (count, sizeof *pumps);
  int (*ends)[2] = calloc (count, sizeof *ends), out = open ("/dev/null", O_WRONLY), before = open_pipes ();
  struct iosplice_pool *pool = iosplice_pool_new (2);
  bool idle = true;
  char what[100];

  NEED (pumps && ends && pool && out >= 0);
  for (int i = 0; i < count; i++)
    {
      NEED (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends[i]) == 0);
      pumps[i] = pump_of (0, NULL, ends[i][0], out, 0);
      iosplice_pump_pool (pumps[i], pool);
      idle &= iosplice_pump_step (pumps[i], -1) == IOSPLICE_WAIT_SOURCE;
    }
  snprintf (what, sizeof what, "%d pumps with idle ends hold no pipe: the pool has one", count);
  CHECK (idle && open_pipes () - before == 2, what);

  bool moved = true;
  for (int i = 0; i < count; i++)
    {
      NEED (write (ends[i][1], data, 10) == 10);
      moved &= iosplice_pump_step (pumps[i], -1) == IOSPLICE_MOVED && iosplice_pump_moved (pumps[i]) == 10;
    }
  CHECK (moved && open_pipes () - before == 2, "... and all of them use that one");

  /* Those that have something in flight have a pipe each.  */
  int full[2], busy = count < 5 ? count : 5, private;
  NEED (pipe (full) == 0);
  fill_up (full[1]);
  before += 2;
  struct iosplice_pump *stuck[5];
  for (int i = 0; i < busy; i++)
    {
      NEED (write (ends[i][1], data, 10) == 10);
      stuck[i] = pump_of (0, NULL, ends[i][0], full[1], 0);
      iosplice_pump_pool (stuck[i], pool);
      NEED (iosplice_pump_step (stuck[i], -1) == IOSPLICE_WAIT_SINK);
    }
  private = open_pipes () - before;
  CHECK (private == 2 * busy, "a pump with bytes in flight has a pipe of its own");
  NEED (read (full[0], got, SIZE) > 0);
  for (int i = 0; i < busy; i++)
    NEED (iosplice_pump_step (stuck[i], -1) == IOSPLICE_MOVED);
  CHECK (open_pipes () - before == 4, "... and gives it back; the pool keeps no more than it was told to");
  CHECK (read (full[0], got, SIZE) == 10 * busy && memcmp (got, data, 10) == 0, "... what was in flight has arrived");
  for (int i = 0; i < busy; i++)
    iosplice_pump_free (stuck[i]);
  NEED (write (ends[0][1], data, 10) == 10);
  stuck[0] = pump_of (0, NULL, ends[0][0], full[1], 0);
  iosplice_pump_pool (stuck[0], pool);
  fill_up (full[1]);
  NEED (iosplice_pump_step (stuck[0], -1) == IOSPLICE_WAIT_SINK);
  iosplice_pump_free (stuck[0]);
  CHECK (open_pipes () - before == 2, "a pipe with bytes in it is not given back by an abandoned pump");
  NEED (write (ends[0][1], "new", 3) == 3 && iosplice_pump_source (pumps[0], ends[0][0], 0, NULL) == 0);
  CHECK (iosplice_pump_step (pumps[0], -1) == IOSPLICE_MOVED && iosplice_pump_moved (pumps[0]) == 3, "... so the next pump gets only its own bytes");

  for (int i = 0; i < count; i++)
    {
      iosplice_pump_free (pumps[i]);
      close (ends[i][0]);
      close (ends[i][1]);
    }
  errno = ENOTTY;
  iosplice_pool_free (pool);
  CHECK (errno == ENOTTY && open_pipes () == before, "freeing the pool closes its pipes and keeps errno");
  iosplice_pool_free (NULL);
  CHECK (iosplice_pool_new (-1) == NULL && errno == EINVAL, "a pool of less than nothing: EINVAL");
  close (full[0]);
  close (full[1]);
  close (out);
  free (pumps);
  free (ends);

  /* Keeps none: each step makes one.  Runs take from the pool, too, and give back.  */
  pool = iosplice_pool_new (0);
  before = open_pipes ();
  carry (UNIX, REGULAR, 0, pool);
  CHECK (open_pipes () == before, "a pool that keeps nothing");
  iosplice_pool_free (pool);
  pool = iosplice_pool_new (1);
  int in = file_of (SIZE), copy = file_of (0);
  struct iosplice_pump *pump = pump_of (0, NULL, in, copy, 0);
  int null = open ("/dev/null", O_WRONLY);
  NEED (iosplice_pump_sink (pump, null, 0, NULL) == 1);
  iosplice_pump_pool (pump, pool);
  CHECK (iosplice_pump_run (pump, -1) == SIZE && open_pipes () - before == 2 && holds (copy, data, SIZE), "a run gives its pipes back when it ends");
  iosplice_pump_free (pump);
  iosplice_pool_free (pool);
  CHECK (open_pipes () == before, "... and the pool closes them");
  close (in);
  close (copy);
  close (null);
}

static void
offsets (unsigned flags)
{
  int in = file_of (SIZE), out = file_of (0), ends[2], append, both;
  char path[40];
  struct iosplice_pump *pump;

  NEED (lseek (in, 7, SEEK_SET) == 7 && lseek (out, 9, SEEK_SET) == 9 && pipe (ends) == 0);
  snprintf (path, sizeof path, "/proc/self/fd/%d", out);
  append = open (path, O_WRONLY | O_APPEND);
  both = open (path, O_RDWR | O_APPEND);
  NEED (append >= 0 && both >= 0);

  pump = pump_of (flags, NULL, in, out, 0);
  CHECK (iosplice_pump_source_at (pump, 1000) == 0 && iosplice_pump_sink_at (pump, 0, 50) == 0, "a source and a sink with an offset");
  CHECK (iosplice_pump_run (pump, 100000) == 100000 && iosplice_pump_run (pump, 1000) == 1000 && iosplice_pump_block (pump, 10) == 10
         && iosplice_pump_step (pump, 90) == IOSPLICE_MOVED && iosplice_pump_moved (pump) == 90, "... which run, block and step move on");
  CHECK (position (in) == 7 && position (out) == 9, "... the file positions stay");
  CHECK (pread (out, got, 50, 0) == 50 && got[0] == 0 && pread (out, got, SIZE, 50) == 101100 && memcmp (got, data + 1000, 101100) == 0, "... the right bytes at the right place");
  CHECK (iosplice_pump_run (pump, -1) == SIZE - 1000 - 101100, "... until end of file");
  CHECK (iosplice_pump_sink_at (pump, 0, 0) == 0 && iosplice_pump_source_at (pump, SIZE) == 0 && iosplice_pump_run (pump, -1) == 0, "an offset at end of file");
  CHECK (iosplice_pump_source_at (pump, INT64_MAX / 2) == 0 && iosplice_pump_run (pump, -1) == 0, "an offset far behind it");
  CHECK (iosplice_pump_source (pump, in, 0, NULL) == 0 && iosplice_pump_run (pump, 3) == 3 && position (in) == 10, "an offset holds until the next source");
  CHECK (iosplice_pump_source_at (pump, -1) == -1 && errno == EINVAL && iosplice_pump_sink_at (pump, 0, -1) == -1 && errno == EINVAL, "an offset below 0: EINVAL");
  CHECK (iosplice_pump_sink_at (pump, 1, 0) == -1 && errno == EINVAL && iosplice_pump_sink_at (pump, -1, 0) == -1 && errno == EINVAL, "a sink that there is not: EINVAL");
  NEED (iosplice_pump_sink (pump, ends[1], 0, NULL) == 1 && iosplice_pump_sink (pump, append, 0, NULL) == 2);
  CHECK (iosplice_pump_sink_at (pump, 1, 0) == -1 && errno == ESPIPE, "a pipe has no offset: ESPIPE");
  CHECK (iosplice_pump_sink_at (pump, 2, 0) == -1 && errno == EINVAL, "a sink in append mode: EINVAL");
  NEED (iosplice_pump_source (pump, ends[0], 0, NULL) == 0);
  CHECK (iosplice_pump_source_at (pump, 0) == -1 && errno == ESPIPE, "a source that is a pipe: ESPIPE");
  NEED (iosplice_pump_source (pump, both, 0, NULL) == 0);
  CHECK (iosplice_pump_source_at (pump, 0) == 0, "a source in append mode has offsets as any other");
  iosplice_pump_free (pump);
  pump = iosplice_pump_new (flags, NULL);
  CHECK (iosplice_pump_source_at (pump, 0) == -1 && errno == EBADF, "an offset without a source: EBADF");
  iosplice_pump_free (pump);

  /* Where the sink fails the source's offset stands where its position would.  */
  int full = open ("/dev/full", O_WRONLY);
  lseek (in, 7, SEEK_SET);
  pump = pump_of (flags, NULL, in, full, 0);
  NEED (iosplice_pump_source_at (pump, 0) == 0);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == ENOSPC && iosplice_pump_moved (pump) == 0 && position (in) == 7, "a sink that fails: the position of a source with an offset stays");
  iosplice_pump_free (pump);
  close (full);
  close (in);
  close (out);
  close (append);
  close (both);
  close (ends[0]);
  close (ends[1]);
}

/* Sinks that fail.  */
static void
drops (unsigned flags)
{
  int in = file_of (SIZE), one = file_of (0), full = open ("/dev/full", O_WRONLY), two = file_of (0);
  struct iosplice_pump *pump = pump_of (flags, NULL, in, one, 0);

  NEED (iosplice_pump_sink (pump, full, IOSPLICE_DROPS, NULL) == 1 && iosplice_pump_sink (pump, two, 0, NULL) == 2);
  CHECK (iosplice_pump_run (pump, -1) == SIZE && iosplice_pump_sinks (pump) == 2, "a sink that is IOSPLICE_DROPS is dropped when it fails");
  CHECK (holds (one, data, SIZE) && holds (two, data, SIZE), "... the others get every byte");
  iosplice_pump_free (pump);

  /* A pipe is between the two, so that the source cannot be put back.  */
  int ends[2];
  struct other_end feeder;
  NEED (pipe (ends) == 0 && ftruncate (one, 0) == 0 && ftruncate (two, 0) == 0);
  lseek (one, 0, SEEK_SET);
  lseek (two, 0, SEEK_SET);
  start (&feeder, feed, ends[1], data, SIZE);
  pump = pump_of (flags, NULL, ends[0], one, 0);
  NEED (iosplice_pump_sink (pump, full, 0, NULL) == 1 && iosplice_pump_sink (pump, two, 0, NULL) == 2);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == ENOSPC && iosplice_pump_failure (pump) == IOSPLICE_SINK && iosplice_pump_sinks (pump) == 2, "one that is not ends the run");
  off_t taken = iosplice_pump_taken (pump), moved = iosplice_pump_moved (pump), lost = iosplice_pump_in_flight (pump);
  CHECK (lost > 0 && moved + lost == taken, "... what was in flight is told");
  off_t first = lseek (one, 0, SEEK_END), second = lseek (two, 0, SEEK_END);
  CHECK (moved == 0 && first == taken && second == 0, "... the sinks before it have the block, those behind it have not");
  CHECK (iosplice_pump_run (pump, -1) == SIZE - taken, "the next run goes on with the others");
  pthread_join (feeder.thread, NULL);
  CHECK (holds (one, data, SIZE) && holds (two, data + taken, SIZE - taken), "... who get every byte of it");
  iosplice_pump_free (pump);
  close (ends[0]);

  /* No sink left: nothing happens any more.  */
  lseek (in, 5, SEEK_SET);
  pump = pump_of (flags, NULL, in, full, 0);
  NEED (iosplice_pump_run (pump, -1) == -1);
  off_t stands = position (in);
  CHECK (iosplice_pump_run (pump, -1) == 0 && iosplice_pump_block (pump, 10) == 0 && iosplice_pump_block (pump, 0) == 0
         && iosplice_pump_step (pump, -1) == IOSPLICE_END && iosplice_pump_taken (pump) == 0, "no sink left: nothing is moved any more");
  CHECK (position (in) == stands && iosplice_pump_in_flight (pump) == 0, "... and the source stays where it is");
  iosplice_pump_free (pump);
  lseek (in, 5, SEEK_SET);
  pump = iosplice_pump_new (flags, NULL);
  NEED (iosplice_pump_source (pump, in, 0, NULL) == 0 && iosplice_pump_sink (pump, full, IOSPLICE_DROPS, NULL) == 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED && iosplice_pump_moved (pump) == 0 && iosplice_pump_sinks (pump) == 0
         && iosplice_pump_in_flight (pump) > 0, "a step that drops the last sink tells what that cost");
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_END && iosplice_pump_in_flight (pump) == 0, "... the next is at its end");
  iosplice_pump_free (pump);
  close (in);
  close (one);
  close (two);
  close (full);
}

/* A sink that breaks leaves its block in a pipe of ours: nobody else may get that.  */
static void
breaks (int broken)
{
  int in[2], ends[2], files[3];
  struct other_end feeder;
  struct iosplice_pump *pump = iosplice_pump_new (0, NULL);
  bool good = true;

  NEED (pipe (in) == 0 && pipe (ends) == 0);
  close (ends[0]);
  start (&feeder, feed, in[1], data, SIZE);
  NEED (iosplice_pump_source (pump, in[0], 0, NULL) == 0);
  for (int i = 0; i < 3; i++)
    {
      files[i] = i == broken ? ends[1] : file_of (0);
      NEED (iosplice_pump_sink (pump, files[i], i == broken ? IOSPLICE_DROPS : 0, NULL) == i);
    }
  good = iosplice_pump_run (pump, -1) == SIZE && iosplice_pump_sinks (pump) == 2;
  for (int i = 0; i < 3; i++)
    good &= i == broken || holds (files[i], data, SIZE);
  CHECK (good, "a sink that breaks in mid-transfer: the others get every byte once");
  pthread_join (feeder.thread, NULL);
  iosplice_pump_free (pump);
  for (int i = 0; i < 3; i++)
    close (files[i]);
  close (in[0]);

  /* The run ends with it, and the next one begins anew.  */
  NEED (pipe (in) == 0 && pipe (ends) == 0 && write (in[1], data, 20000) == 20000);
  close (ends[0]);
  files[0] = file_of (0), files[1] = file_of (0);
  pump = iosplice_pump_new (0, NULL);
  NEED (iosplice_pump_source (pump, in[0], 0, NULL) == 0);
  for (int i = 0, file = 0; i < 3; i++)
    NEED (iosplice_pump_sink (pump, i == broken ? ends[1] : files[file++], 0, NULL) == i);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_FAILED && errno == EPIPE && iosplice_pump_in_flight (pump) == 20000, "... or the step fails");
  NEED (ftruncate (files[0], 0) == 0 && ftruncate (files[1], 0) == 0 && lseek (files[0], 0, SEEK_SET) == 0 && lseek (files[1], 0, SEEK_SET) == 0);
  NEED (write (in[1], data + 20000, 30000) == 30000);
  close (in[1]);
  CHECK (iosplice_pump_run (pump, -1) == 30000 && holds (files[0], data + 20000, 30000) && holds (files[1], data + 20000, 30000), "... and the others get what comes next, and nothing else");
  iosplice_pump_free (pump);
  close (in[0]);
  close (ends[1]);
  close (files[0]);
  close (files[1]);
}

static void
half_made (void)
{
  int in = file_of (SIZE), out = file_of (0);

  for (unsigned flags = 0; flags <= IOSPLICE_WATCH_SINKS; flags += IOSPLICE_WATCH_SINKS)
    {
      struct iosplice_pump *pump = iosplice_pump_new (flags, NULL);
      lseek (in, 0, SEEK_SET);
      CHECK (iosplice_pump_run (pump, -1) == 0 && iosplice_pump_block (pump, 10) == 0 && iosplice_pump_block (pump, 0) == 0
             && iosplice_pump_step (pump, -1) == IOSPLICE_END, "a pump without source and sink moves nothing");
      NEED (iosplice_pump_sink (pump, out, 0, NULL) == 0);
      CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EBADF && iosplice_pump_failure (pump) == IOSPLICE_SOURCE, "a pump without source: EBADF of the source");
      CHECK (iosplice_pump_block (pump, 10) == -1 && errno == EBADF && iosplice_pump_step (pump, -1) == IOSPLICE_FAILED && errno == EBADF, "... of block and step, too");
      CHECK (iosplice_pump_run (pump, 0) == 0 && iosplice_pump_block (pump, 0) == 0, "... where nothing is to be moved, nothing fails");
      iosplice_pump_free (pump);
      pump = iosplice_pump_new (flags, NULL);
      NEED (iosplice_pump_source (pump, in, 0, NULL) == 0);
      CHECK (iosplice_pump_run (pump, -1) == 0 && iosplice_pump_step (pump, -1) == IOSPLICE_END && position (in) == 0, "a pump without sinks takes nothing");
      CHECK (iosplice_pump_sink (pump, -1, 0, NULL) == -1 && errno == EBADF && iosplice_pump_source (pump, -1, 0, NULL) == -1 && errno == EBADF, "a descriptor of -1: EBADF");
      NEED (iosplice_pump_sink (pump, out, 0, NULL) == 0);
      CHECK (iosplice_pump_run (pump, 10) == 10, "... and the pump has the source it had");
      iosplice_pump_free (pump);
    }
  CHECK (iosplice_pump_new (0x40000000u, NULL) == NULL && errno == EINVAL, "a flag that is none: EINVAL");
  CHECK (iosplice_pump_new (IOSPLICE_NONBLOCK, NULL) == NULL && errno == EINVAL, "a flag of other calls: EINVAL");
  struct iosplice_pump *none = iosplice_pump_new (0, NULL);
  CHECK (iosplice_pump_source (none, in, IOSPLICE_DROPS, NULL) == -1 && errno == EINVAL && iosplice_pump_source (none, in, 0x40000000u, NULL) == -1 && errno == EINVAL,
         "a flag that a source has not: EINVAL");
  CHECK (iosplice_pump_sink (none, out, IOSPLICE_NO_SIGPIPE, NULL) == -1 && errno == EINVAL && iosplice_pump_sinks (none) == 0, "... and a sink has not");
  iosplice_pump_free (none);

  /* Descriptors that are closed while the pump has them.  */
  int source = dup (in), sink = dup (out);
  struct iosplice_pump *pump = pump_of (0, NULL, source, sink, 0);
  NEED (lseek (in, 0, SEEK_SET) == 0);
  close (sink);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EBADF && iosplice_pump_failure (pump) == IOSPLICE_SINK, "a sink that was closed: EBADF");
  NEED (iosplice_pump_sink (pump, out, 0, NULL) == 1);
  close (source);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_FAILED && errno == EBADF && iosplice_pump_failure (pump) == IOSPLICE_SOURCE, "a source that was closed: EBADF");
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_FAILED && errno == EBADF, "... again");
  CHECK (iosplice_pump_source (pump, in, 0, NULL) == 0 && iosplice_pump_step (pump, 10) == IOSPLICE_MOVED, "... until it gets another");
  iosplice_pump_free (pump);
  close (in);
  close (out);
}

/* Sinks may come while bytes are in flight; one may go.  */
static void
changes_in_flight (void)
{
  int in[2], one[2], two[2], out = file_of (0), next = file_of (1000);
  struct iosplice_pump *pump;

  NEED (pipe (in) == 0 && pipe (one) == 0 && fcntl (one[0], F_SETPIPE_SZ, SMALL) == SMALL && write (in[1], data, 3 * SMALL) == 3 * SMALL);
  pump = pump_of (0, NULL, in[0], one[1], 0);
  NEED (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK && iosplice_pump_in_flight (pump) == 2 * SMALL);
  CHECK (iosplice_pump_source (pump, next, 0, NULL) == 0 && iosplice_pump_sink (pump, out, 0, NULL) == 1, "another source and another sink while bytes are in flight");
  NEED (read (one[0], got, SMALL) == SMALL && iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK && read (one[0], got + SMALL, SMALL) == SMALL);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED && read (one[0], got + 2 * SMALL, SMALL) == SMALL && memcmp (got, data, 3 * SMALL) == 0, "... the old sink gets every byte of the old source");
  off_t size = lseek (out, 0, SEEK_END);
  CHECK (size <= 2 * SMALL && pread (out, got, size, 0) == size && memcmp (got, data + 3 * SMALL - size, size) == 0, "... the new one no more than what was in flight");
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED && iosplice_pump_moved (pump) == 1000 && read (one[0], got, SIZE) == 1000, "... then comes the new source");
  iosplice_pump_free (pump);
  close (out);
  close (next);

  /* The first sink has a part of its duplicate when the last one's reader goes away.  */
  NEED (pipe (two) == 0 && fcntl (two[0], F_SETPIPE_SZ, SMALL) == SMALL && write (in[1], data, 3 * SMALL) == 3 * SMALL);
  pump = pump_of (IOSPLICE_WATCH_SINKS, NULL, in[0], one[1], 0);
  NEED (iosplice_pump_sink (pump, two[1], IOSPLICE_DROPS, NULL) == 1);
  NEED (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK && iosplice_pump_waiting (pump) == 0);
  close (two[0]);
  close (in[1]);
  struct other_end eater;
  memset (got, 0, sizeof got);
  start (&eater, eat, one[0], got, sizeof got);
  CHECK (iosplice_pump_run (pump, -1) >= 0 && iosplice_pump_sinks (pump) == 1, "a run with IOSPLICE_WATCH_SINKS after a step");
  iosplice_pump_free (pump);
  close (one[1]);
  pthread_join (eater.thread, NULL);
  CHECK (eater.done == 3 * SMALL && memcmp (got, data, 3 * SMALL) == 0, "... every byte once");
  close (in[0]);
  close (one[0]);
  close (two[1]);

  /* A sink that fails does not move another source than the one it lost bytes of.  */
  NEED (pipe (one) == 0 && fcntl (one[0], F_SETPIPE_SZ, SMALL) == SMALL);
  int old = file_of (SIZE), new = file_of (SIZE);
  pump = pump_of (0, NULL, old, one[1], 0);
  NEED (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK);
  NEED (lseek (new, HALF, SEEK_SET) == HALF && iosplice_pump_source (pump, new, 0, NULL) == 0);
  close (one[0]);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_FAILED && errno == EPIPE && position (new) == HALF, "what a failure costs of an earlier source does not move the next");
  iosplice_pump_free (pump);
  close (old);
  close (one[1]);

  /* Nor to where the same one goes on.  */
  NEED (pipe (one) == 0 && fcntl (one[0], F_SETPIPE_SZ, SMALL) == SMALL);
  out = file_of (0);
  pump = pump_of (0, NULL, new, one[1], 0);
  NEED (iosplice_pump_source_at (pump, 0) == 0 && iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK);
  NEED (iosplice_pump_source_at (pump, HALF) == 0);
  close (one[0]);
  NEED (iosplice_pump_step (pump, -1) == IOSPLICE_FAILED && errno == EPIPE && iosplice_pump_sink (pump, out, 0, NULL) == 1);
  CHECK (iosplice_pump_run (pump, -1) == HALF && holds (out, data + HALF, HALF), "... nor to where the same one goes on");
  iosplice_pump_free (pump);
  close (out);
  close (one[1]);

  /* A step that takes little, or nothing, puts back no more than another.  */
  for (off_t length = 0; length <= 100; length += 100)
    {
      NEED (pipe (one) == 0 && fcntl (one[0], F_SETPIPE_SZ, SMALL) == SMALL && lseek (new, 0, SEEK_SET) == 0);
      pump = pump_of (0, NULL, new, one[1], 0);
      NEED (iosplice_pump_step (pump, 10 * SMALL) == IOSPLICE_WAIT_SINK && position (new) == 10 * SMALL);
      close (one[0]);
      CHECK (iosplice_pump_step (pump, length) == IOSPLICE_FAILED && errno == EPIPE && position (new) == 10 * SMALL + length && iosplice_pump_taken (pump) == length,
             "a step of few bytes fails: the source stands behind the block");
      iosplice_pump_free (pump);
      close (one[1]);
    }
  close (new);

  /* In memory, too, a new sink that is a pipe is not waited for.  */
  NEED (pipe (one) == 0 && fcntl (one[0], F_SETPIPE_SZ, SMALL) == SMALL && pipe (two) == 0 && fcntl (two[0], F_SETPIPE_SZ, SMALL) == SMALL);
  in[0] = file_of (3 * SMALL);
  pump = pump_of (0, NULL, in[0], one[1], 0);
  NEED (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK && iosplice_pump_sink (pump, two[1], 0, NULL) == 1);
  for (int i = 0; i < 2; i++)
    NEED (read (one[0], got, SMALL) == SMALL && iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SINK);
  CHECK (iosplice_pump_waiting (pump) == 1 && read (two[0], got, SIZE) == SMALL, "what a new sink gets of the bytes in flight is not waited for");
  iosplice_pump_free (pump);
  for (int i = 0; i < 2; i++)
    close (one[i]), close (two[i]);
  close (in[0]);
}

/* SIGPIPE.  */

static volatile sig_atomic_t heard;

static void
hear (int signal)
{
  (void) signal;
  heard++;
}

static bool
is_pending (int signal)
{
  sigset_t pending;
  return sigpending (&pending) == 0 && sigismember (&pending, signal);
}

static void
sigpipe (void)
{
  int in = file_of (SIZE), ends[2];
  sigset_t mask, before, after;
  struct iosplice_pump *pump;

  signal (SIGPIPE, hear);
  NEED (pipe (ends) == 0);
  close (ends[0]);
  for (unsigned flags = 0; flags <= IOSPLICE_NO_SPLICE; flags++)
    {
      heard = 0;
      lseek (in, 0, SEEK_SET);
      pump = pump_of (flags, NULL, in, ends[1], 0);
      CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EPIPE && heard == 1, "a broken sink raises SIGPIPE, as write does");
      iosplice_pump_free (pump);
      heard = 0;
      sigemptyset (&mask);
      sigaddset (&mask, SIGUSR2);
      pthread_sigmask (SIG_BLOCK, &mask, NULL);
      pthread_sigmask (SIG_SETMASK, NULL, &before);
      lseek (in, 0, SEEK_SET);
      pump = pump_of (flags | IOSPLICE_NO_SIGPIPE, NULL, in, ends[1], 0);
      CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EPIPE && heard == 0 && !is_pending (SIGPIPE), "IOSPLICE_NO_SIGPIPE: EPIPE, and no signal");
      pthread_sigmask (SIG_SETMASK, NULL, &after);
      CHECK (!sigismember (&before, SIGPIPE) && !sigismember (&after, SIGPIPE) && sigismember (&after, SIGUSR2), "... the mask is as it was");
      iosplice_pump_free (pump);
      lseek (in, 0, SEEK_SET);
      pump = pump_of (flags | IOSPLICE_NO_SIGPIPE, NULL, in, ends[1], 0);
      CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_FAILED && errno == EPIPE && heard == 0, "... of a step, too");
      iosplice_pump_free (pump);
    }
  sigemptyset (&mask);
  sigaddset (&mask, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &mask, &before);
  pthread_kill (pthread_self (), SIGPIPE);
  lseek (in, 0, SEEK_SET);
  pump = pump_of (IOSPLICE_NO_SIGPIPE, NULL, in, ends[1], 0);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EPIPE && is_pending (SIGPIPE) && heard == 0, "... one that was pending already still is");
  iosplice_pump_free (pump);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  CHECK (heard == 1, "... and arrives");
  signal (SIGPIPE, SIG_IGN);
  close (in);
  close (ends[1]);
}

/* Where a failure leaves the source.  */
static void
positions (void)
{
  int in = file_of (SIZE), full = open ("/dev/full", O_WRONLY), one[2];
  struct iosplice_pump *pump = pump_of (0, NULL, in, full, 0);

  CHECK (iosplice_pump_run (pump, -1) == -1 && position (in) == 128 * 1024 && iosplice_pump_taken (pump) == 128 * 1024, "a sink that fails at once leaves the source behind the first 128 KiB");
  iosplice_pump_free (pump);
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, NULL, in, full, 0);
  iosplice_pump_blocks (pump, 1000, 5000);
  CHECK (iosplice_pump_run (pump, -1) == -1 && position (in) == 5000, "... or behind what iosplice_pump_blocks says");
  iosplice_pump_free (pump);
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, NULL, in, full, 0);
  iosplice_pump_blocks (pump, 0, 0);
  CHECK (iosplice_pump_run (pump, -1) == -1 && position (in) <= 128 * 1024, "... blocks of 0 are harmless");
  iosplice_pump_free (pump);
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, NULL, in, full, 0);
  CHECK (iosplice_pump_block (pump, 700) == -1 && position (in) == 700, "... or behind the block");
  iosplice_pump_free (pump);

  /* What is in flight when a step fails.  */
  for (int seekable = 0; seekable < 2; seekable++)
    {
      int ends[2] = { -1, -1 };
      NEED (pipe (one) == 0 && fcntl (one[0], F_SETPIPE_SZ, SMALL) == SMALL && pipe (ends) == 0);
      NEED (write (ends[1], data, 60000) == 60000 && lseek (in, 0, SEEK_SET) == 0);
      pump = pump_of (0, NULL, seekable ? in : ends[0], one[1], 0);
      NEED (iosplice_pump_step (pump, 60000) == IOSPLICE_WAIT_SINK);
      off_t in_flight = iosplice_pump_in_flight (pump), moved = iosplice_pump_moved (pump), taken = iosplice_pump_taken (pump);
      close (one[0]);
      NEED (iosplice_pump_step (pump, -1) == IOSPLICE_FAILED);
      CHECK (errno == EPIPE && iosplice_pump_failure (pump) == IOSPLICE_SINK && iosplice_pump_moved (pump) == 0 && iosplice_pump_in_flight (pump) == in_flight, "a step that fails tells what was in flight");
      taken += iosplice_pump_taken (pump);
      CHECK (seekable ? position (in) == taken : taken == moved + in_flight, seekable ? "... and a file stands behind what was taken" : "... which is lost");
      CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_END && iosplice_pump_in_flight (pump) == 0, "... then no sink is left");
      iosplice_pump_free (pump);
      close (one[1]);
      close (ends[0]);
      close (ends[1]);
    }
  close (in);
  close (full);
}

/* A peer that resets the connection.  */
static void
resets (void)
{
  int ends[2], out = file_of (0), in = file_of (SIZE);
  struct linger at_once = {.l_onoff = 1 };

  tcp_pair (ends);
  never_block (ends[0]);
  struct iosplice_pump *pump = pump_of (IOSPLICE_NO_SIGPIPE, NULL, ends[0], out, 0);
  NEED (write (ends[1], data, 1000) == 1000 && iosplice_pump_step (pump, -1) == IOSPLICE_MOVED);
  NEED (setsockopt (ends[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  close (ends[1]);
  NEED (poll (&(struct pollfd) {.fd = ends[0],.events = POLLIN }, 1, 20000) == 1);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_FAILED && errno == ECONNRESET && iosplice_pump_failure (pump) == IOSPLICE_SOURCE, "a source that is reset: ECONNRESET, no end of file");
  CHECK (iosplice_pump_moved (pump) == 0 && holds (out, data, 1000), "... what came before has arrived");
  iosplice_pump_free (pump);
  pump = pump_of (IOSPLICE_NO_SIGPIPE, NULL, in, ends[0], 0);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_FAILED && errno == EPIPE && iosplice_pump_failure (pump) == IOSPLICE_SINK, "... as a sink: EPIPE");
  iosplice_pump_free (pump);
  close (ends[0]);
  close (in);
  close (out);
}

/* An echo: the source is the sink.  */
static void
echo (void)
{
  int ends[2];

  NEED (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  struct iosplice_pump *pump = pump_of (0, NULL, ends[0], ends[0], 0);
  NEED (write (ends[1], data, 20000) == 20000);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED && read (ends[1], got, SIZE) == 20000 && memcmp (got, data, 20000) == 0, "a socket that is source and sink: an echo");
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_WAIT_SOURCE, "... then waits");
  iosplice_pump_free (pump);
  close (ends[0]);
  close (ends[1]);
}

/* The ends change their mode between two steps.  */
static void
modes (void)
{
  int in[2], out[2], file = file_of (0);
  char path[] = "test-pump.XXXXXX";

  NEED (pipe (in) == 0 && pipe (out) == 0);
  struct iosplice_pump *pump = pump_of (0, NULL, in[0], out[1], 0);
  NEED (write (in[1], data, 9000) == 9000);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED, "a pipe that becomes packet-mode: before");
  NEED (fcntl (in[0], F_SETFL, O_DIRECT) == 0 && fcntl (in[1], F_SETFL, O_DIRECT) == 0);
  NEED (write (in[1], data + 9000, 10) == 10 && write (in[1], data + 9010, 10) == 10);
  while (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED)
    continue;
  close (in[1]);
  CHECK (iosplice_pump_step (pump, -1) == IOSPLICE_END && read (out[0], got, 9000) == 9000 && read (out[0], got + 9000, 10) == 10
         && read (out[0], got + 9010, 100) == 10 && memcmp (got, data, 9020) == 0, "... every byte");
  iosplice_pump_free (pump);
  close (in[0]);
  close (out[0]);
  close (out[1]);
  close (file);

  file = mkstemp (path);
  NEED (file >= 0 && unlink (path) == 0 && pipe (in) == 0);
  pump = pump_of (0, NULL, in[0], file, 0);
  for (int round = 0; round < 4; round++)
    {
      NEED (write (in[1], data + 9000 * round, 9000) == 9000 && fcntl (file, F_SETFL, round % 2 ? O_APPEND : 0) == 0);
      NEED (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED);
    }
  CHECK (holds (file, data, 36000), "append mode set and cleared between steps: every byte");
  iosplice_pump_free (pump);
  close (in[0]);
  close (in[1]);
  close (file);
}

static int
one_piece (void *context, size_t size)
{
  (void) context;
  (void) size;
  return 1;
}

/* How many bytes of a piece of SIZE went through memory?  */
static size_t
piece_read (struct iosplice_pump *pump, int in, size_t size)
{
  struct iosplice_statistics before, after;

  iosplice_pump_statistics (pump, &before);
  NEED (write (in, data, size) == (ssize_t) size && iosplice_pump_run (pump, -1) == (off_t) size);
  iosplice_pump_statistics (pump, &after);
  return after.read.bytes - before.read.bytes;
}

static void
pieces (void)
{
  int in[2], out = file_of (0);
  struct iosplice_hooks hooks = {.moved = one_piece };
  bool stays = true;

  NEED (pipe (in) == 0);
  struct iosplice_pump *pump = pump_of (0, &hooks, in[0], out, 0);
  CHECK (piece_read (pump, in[1], 100) == 100 && piece_read (pump, in[1], 20000) == 20000,
         "pieces are read until one was large");
  for (int i = 0; i < 3; i++)
    stays &= piece_read (pump, in[1], 20000) == 0 && piece_read (pump, in[1], 100) == 0;
  CHECK (stays, "single small ones among large are spliced with them");
  for (int i = 0; i < 7; i++)
    stays &= piece_read (pump, in[1], 100) == 0;
  CHECK (stays && piece_read (pump, in[1], 100) == 100, "after eight small ones in a row they are read again");
  iosplice_pump_free (pump);
  close (in[0]);
  close (in[1]);
  close (out);
}

static int
enough (void *context)
{
  return ++*(int *) context;
}

static void
hooks (void)
{
  int in[2], out = file_of (0), times = 0;
  struct iosplice_hooks hooks = {.context = &times,.interrupted = enough };

  NEED (pipe2 (in, O_NONBLOCK) == 0);
  close (in[1]);
  struct iosplice_pump *pump = pump_of (0, &hooks, in[0], out, 0);
  CHECK (iosplice_pump_run (pump, -1) == 0 && times == 0, "the hook for signals is not called where nothing is waited for");
  iosplice_pump_free (pump);
  close (in[0]);
  close (out);

  /* From an odd place a pipe takes no whole blocks.  */
  for (size_t block = 0; block <= 4096; block += 4096)
    {
      int file = file_of (SIZE);
      off_t moved, wanted;

      NEED (pipe (in) == 0 && fcntl (in[0], F_SETPIPE_SZ, 1024 * 1024) > 0 && lseek (file, 100, SEEK_SET) == 100);
      pump = pump_of (0, &hooks, file, in[1], 0);
      if (block > 0)
        iosplice_pump_blocks (pump, block, block);
      moved = iosplice_pump_run (pump, -1);
      wanted = block > 0 ? (moved + 4095) / 4096 * 4096 : moved;
      CHECK (moved > 0 && moved < SIZE - 100 && moved % 4096 > 0 && lseek (file, 0, SEEK_CUR) == 100 + wanted
             && iosplice_pump_taken (pump) == wanted,
             block > 0 ? "a run that is interrupted leaves the source behind the blocks of the program that it stands in for"
             : "a run that is interrupted leaves the source behind what was moved");
      iosplice_pump_free (pump);
      close (in[0]);
      close (in[1]);
      close (file);
    }
}

static void
parallel (void)
{
  int in = file_of (SIZE), files[5];
  struct iosplice_pump *pump = iosplice_pump_new (IOSPLICE_PARALLEL, NULL);
  bool good = true;
  char path[40];

  NEED (iosplice_pump_source (pump, in, 0, NULL) == 0);
  for (int i = 0; i < 5; i++)
    {
      files[i] = i == 2 ? open ("/dev/full", O_WRONLY) : file_of (0);
      NEED (iosplice_pump_sink (pump, files[i], IOSPLICE_MINE | (i == 2 ? IOSPLICE_DROPS : 0), NULL) == i);
    }
  NEED (iosplice_pump_sink_at (pump, 4, 100) == 0);
  while (iosplice_pump_step (pump, -1) == IOSPLICE_MOVED)
    continue;
  for (int i = 0; i < 4; i++)
    good &= i == 2 || holds (files[i], data, SIZE);
  CHECK (good && iosplice_pump_sinks (pump) == 4, "IOSPLICE_PARALLEL: files written at the same time, in steps; one that fails is dropped");
  CHECK (pread (files[4], got, SIZE, 100) == SIZE && memcmp (got, data, SIZE) == 0 && position (files[4]) == 0, "... one of them at an offset");
  iosplice_pump_free (pump);

  /* A file that fails in a thread ends the run where it may not be dropped.  */
  lseek (in, 0, SEEK_SET);
  snprintf (path, sizeof path, "/proc/self/fd/%d", files[0]);
  int read_only = open (path, O_RDONLY);
  pump = iosplice_pump_new (IOSPLICE_PARALLEL, NULL);
  NEED (read_only >= 0 && iosplice_pump_source (pump, in, 0, NULL) == 0);
  for (int i = 0; i < 3; i++)
    NEED (iosplice_pump_sink (pump, i == 0 ? read_only : files[i == 1 ? 1 : 3], IOSPLICE_MINE, NULL) == i);
  CHECK (iosplice_pump_run (pump, -1) == -1 && errno == EBADF && iosplice_pump_failure (pump) == IOSPLICE_SINK, "... one that fails ends the run");
  iosplice_pump_free (pump);
  close (read_only);
  close (in);
  for (int i = 0; i < 5; i++)
    close (files[i]);
}

static void
statistics (void)
{
  int in = file_of (SIZE), out = file_of (0), other = file_of (0), null = open ("/dev/null", O_WRONLY), ends[2];
  struct iosplice_statistics counted;
  struct iosplice_pump *pump = pump_of (0, NULL, in, out, 0);

  NEED (iosplice_pump_run (pump, -1) == SIZE);
  iosplice_pump_statistics (pump, &counted);
  CHECK (counted.splice.bytes + counted.copy_file_range.bytes + counted.read.bytes == SIZE, "statistics count every byte once");
  iosplice_pump_free (pump);
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, NULL, in, other, 0);
  NEED (iosplice_pump_sink (pump, out, 0, NULL) == 1 && iosplice_pump_run (pump, -1) == SIZE);
  iosplice_pump_statistics (pump, &counted);
  CHECK (counted.splice.bytes == SIZE && counted.tee.bytes == SIZE && counted.read.bytes == 0 && counted.write.bytes == 0 && counted.reason <= IOSPLICE_FEW,
         "... by their means: splice and tee");
  NEED (iosplice_pump_source (pump, in, 0, NULL) == 0);
  iosplice_pump_statistics (pump, &counted);
  CHECK (counted.splice.calls == 0 && counted.splice.bytes == 0, "... since the last source");
  iosplice_pump_free (pump);
  struct { unsigned flags; int sink; enum iosplice_reason reason; } ways[] = {
    { IOSPLICE_NO_SPLICE, null, IOSPLICE_ASKED }, { 0, in, IOSPLICE_SAME_FILE }, { 0, open ("/dev/full", O_WRONLY), IOSPLICE_SINK_REFUSES }
  };
  for (int i = 0; i < 3; i++)
    {
      lseek (in, 0, SEEK_SET);
      pump = pump_of (ways[i].flags, NULL, in, ways[i].sink, 0);
      iosplice_pump_run (pump, HALF);
      iosplice_pump_statistics (pump, &counted);
      CHECK (counted.reason == ways[i].reason && counted.read.bytes > 0, "... and the reason for memory");
      iosplice_pump_free (pump);
    }
  close (ways[2].sink);
  NEED (pipe2 (ends, O_DIRECT) == 0);
  struct other_end eater;
  start (&eater, eat, ends[0], got, sizeof got);
  lseek (in, 0, SEEK_SET);
  pump = pump_of (0, NULL, in, ends[1], 0);
  NEED (iosplice_pump_run (pump, -1) == SIZE);
  iosplice_pump_statistics (pump, &counted);
  CHECK (counted.reason == IOSPLICE_MESSAGES, "... of a packet-mode pipe");
  iosplice_pump_free (pump);
  close (ends[1]);
  pthread_join (eater.thread, NULL);
  close (ends[0]);
  close (in);
  close (out);
  close (other);
  close (null);
}

int
main (void)
{
  int before = open_descriptors ();

  alarm (600);
  signal (SIGPIPE, SIG_IGN);
  make_data ();
  no_step_waits ();
  carry_all ();
  lengths ();
  across_calls ();
  block_after_step ();
  abandon ();
  several_sinks (0);
  several_sinks (IOSPLICE_NO_SPLICE);
  half_close ();
  pools ();
  offsets (0);
  offsets (IOSPLICE_NO_SPLICE);
  drops (0);
  drops (IOSPLICE_NO_SPLICE);
  for (int broken = 0; broken < 3; broken++)
    breaks (broken);
  half_made ();
  changes_in_flight ();
  sigpipe ();
  positions ();
  resets ();
  echo ();
  modes ();
  pieces ();
  hooks ();
  parallel ();
  statistics ();
  CHECK (open_descriptors () == before, "no descriptor is left open");
  printf ("1..%d\n", tests);
  return failures != 0;
}
