/* load.c - does a TCP proxy carry every byte, whoever is slow, ends early or breaks off?

   usage: load [-n CONNECTIONS] [-b BYTES] [-s SEED] [-r] [-d | -i | -e | -p] PROXY...

   Runs the command PROXY with the arguments 0 127.0.0.1 PORT; the first line it
   prints is the port that it listens on.  Both the clients and the server behind
   the proxy are in here.  On each connection both send BYTES and each checks
   what it gets, byte for byte, at a speed of its own.  Then the proxy may hold
   no socket that it did not hold before, and SIGINT must end it with 0.

     -r  each sends from 4 bytes to BYTES, and ends when it has, or only when
         the other has, or breaks off with a reset
     -d  SIGINT is sent when half of all is under way; everything must arrive
     -i  one byte goes each way, then all are idle: how many pipe ends has the proxy?
     -e  two bytes go to the server, the second when the first has come, then one back:
         does Nagle's algorithm hold the second back until the first is acknowledged,
         after some 40 ms?
     -p  BYTES go to the server, nobody ends or answers, and all must come; then
         BYTES to the client; and so again

   Nothing here sleeps; it gives up if nothing at all happens for a minute.

   SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "lib/random.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, CHUNK = 256 * 1024, KEY = 4 };

/* When does an end of a connection end what it sends?  */
enum manner
{
  WHEN_SENT,
  WHEN_OTHER_ENDED,             /* so that its end says that all has come */
  RESETS                        /* and closes both directions, at a moment of its own */
};

struct end
{
  int fd;                       /* -1: closed, or not there yet */
  struct end *other;            /* of the same connection */
  uint32_t key;                 /* of the connection: the first bytes a client sends */
  bool client;
  enum manner manner;
  long long size, sent, got;
  long long moment;             /* of the reset, in bytes sent and got */
  bool met;                     /* the server's end knows its connection */
  bool ended;                   /* it has said that it sends no more */
  bool all;                     /* the other has said so, and all has come */
  int chunk, every;             /* how fast: so many bytes each so many rounds */
};

static int count = 200;
static long long bytes = 65536;
static uint64_t seed = 1;
static bool random_ends, drain, idle, early, pauses, held;
static struct end *ends;        /* clients, then their servers */
static struct pollfd *polled;   /* as the ends, then the listener, then those that have not told their key */
static int strangers;
static int listener;
static struct sockaddr_in server, proxy;
static pid_t child;
static long long progress;      /* anything that shows that not all hangs */

static void
check (bool good, const char *what)
{
  if (!good)
    error (1, errno, "seed %llu: %s", (unsigned long long) seed, what);
}

static double
now_ms (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void
patience (double since, const char *what)
{
  if (now_ms () - since > PATIENCE_MS)
    error (99, 0, "seed %llu: gave up waiting: %s", (unsigned long long) seed, what);
}

/* From 0 to MOST.  */
static long long
pick (long long most)
{
  static uint64_t state;

  return word (seed + ++state * WORD_STEP) % (most + 1);
}

/* What END sends from its byte number SENT on.  */
static const char *
stream (const struct end *end, long long sent, size_t size)
{
  static uint64_t words[CHUNK / 8 + 2];
  uint64_t first = sent / 8, base = seed + 2 * end->key + end->client;
  char *start = (char *) words + sent % 8;

  for (size_t i = 0; i < size / 8 + 2; i++)
    words[i] = word ((base << 40) + first + i + 1);
  if (end->client && sent == 0)
    memcpy (start, &end->key, KEY);
  return start;
}

/* END got SIZE bytes: are they the next of those that were sent?  */
static void
compare (const struct end *end, const char *got, size_t size)
{
  if (end->got + (long long) size > end->other->size
      || memcmp (got, stream (end->other, end->got, size), size) != 0)
    error (1, 0, "seed %llu, connection %u: the %s got other bytes than were sent, between %lld and %lld",
           (unsigned long long) seed, end->key, end->client ? "client" : "server", end->got, end->got + (long long) size);
}

/* Sockets and pipes.  */

static int
new_socket (int flags)
{
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

  check (fd >= 0, "socket");
  return fd;
}

static void
listen_here (void)
{
  socklen_t length = sizeof server;

  listener = new_socket (0);
  server = (struct sockaddr_in) { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  check (bind (listener, (struct sockaddr *) &server, length) == 0 && listen (listener, SOMAXCONN) == 0, "listen");
  check (getsockname (listener, (struct sockaddr *) &server, &length) == 0, "getsockname");
}

static void
start_proxy (char **command, int arguments)
{
  char port[8], *run[arguments + 4];
  int out[2];
  FILE *from;

  sprintf (port, "%d", ntohs (server.sin_port));
  memcpy (run, command, arguments * sizeof *run);
  memcpy (run + arguments, (char *[]) { "0", "127.0.0.1", port, NULL }, 4 * sizeof *run);
  check (pipe (out) == 0, "pipe");
  child = fork ();
  check (child >= 0, "fork");
  if (child == 0)
    {
      signal (SIGINT, SIG_DFL); /* the shell ignores it for its jobs */
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      dup2 (out[1], STDOUT_FILENO);
      close (out[0]);
      close (out[1]);
      execvp (run[0], run);
      error (127, errno, "%s", run[0]);
    }
  close (out[1]);
  from = fdopen (out[0], "r");
  check (from && fgets (port, sizeof port, from), "no port");
  fclose (from);
  proxy = server;
  proxy.sin_port = htons (atoi (port));
}

/* How many descriptors of KIND (its link's first letters) the proxy has.  */
static int
descriptors (const char *kind)
{
  char path[64], target[64];
  struct dirent *entry;
  int sum = 0;
  DIR *directory;

  sprintf (path, "/proc/%d/fd", (int) child);
  directory = opendir (path);
  check (directory != NULL, path);
  while ((entry = readdir (directory)) != NULL)
    {
      ssize_t n = readlinkat (dirfd (directory), entry->d_name, target, sizeof target);

      sum += n > 0 && (size_t) n >= strlen (kind) && memcmp (target, kind, strlen (kind)) == 0;
    }
  closedir (directory);
  return sum;
}

static void
wait_for_sockets (int wanted)
{
  double start = now_ms ();

  while (descriptors ("socket:") != wanted)
    {
      patience (start, "for the proxy to close its sockets");
      poll (NULL, 0, 1);
    }
}

static void
end_proxy (void)
{
  double start = now_ms ();
  int status;
  pid_t ended;

  while ((ended = waitpid (child, &status, WNOHANG)) == 0)
    {
      patience (start, "for the proxy to end");
      poll (NULL, 0, 1);
    }
  check (ended == child, "waitpid");
  if (status != 0)
    error (1, 0, "seed %llu: the proxy ended with %s %d", (unsigned long long) seed,
           WIFSIGNALED (status) ? "signal" : "status", WIFSIGNALED (status) ? WTERMSIG (status) : WEXITSTATUS (status));
}

/* The ends.  */

static void
plan (void)
{
  for (int i = 0; i < 2 * count; i++)
    {
      struct end *end = &ends[i];

      end->fd = -1;
      end->key = i % count;
      end->client = i < count;
      end->other = &ends[end->client ? i + count : i - count];
      end->size = random_ends ? KEY + pick (bytes - KEY) : bytes;
      end->chunk = count == 1 ? CHUNK : 1024 << pick (7);
      end->every = count == 1 ? 1 : 1 + pick (31);
    }
  for (int i = 0; random_ends && i < count; i++)
    {
      struct end *end = &ends[i + count * pick (1)];

      end->manner = pick (2);
      end->moment = pick (end->size + end->other->size);
    }
}

static void
end_close (struct end *end, bool reset)
{
  struct linger now = { .l_onoff = 1, .l_linger = 0 };

  if (reset)
    setsockopt (end->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close (end->fd);
  end->fd = -1;
  progress++;
}

/* An error on END: right only where one of the two resets.  */
static void
broken (struct end *end, const char *call)
{
  if (errno == EAGAIN)
    return;
  if (errno != ECONNRESET && errno != EPIPE)
    check (false, call);
  if (end->manner != RESETS && end->other->manner != RESETS)
    error (1, errno, "seed %llu, connection %u: %s", (unsigned long long) seed, end->key, call);
  end_close (end, true);
}

static void
take (struct end *end)
{
  static char got[CHUNK];
  ssize_t n = recv (end->fd, got, end->chunk, 0);

  if (n < 0)
    {
      broken (end, "recv");
      return;
    }
  compare (end, got, n);
  end->got += n;
  progress += n + 1;
  if (n > 0)
    return;
  if (!end->other->ended || end->got < end->other->size)
    error (1, 0, "seed %llu, connection %u: an end of file after %lld of %lld bytes", (unsigned long long) seed,
           end->key, end->got, end->other->size);
  end->all = true;
}

static long long
may_send (const struct end *end)
{
  long long most = held ? end->size / 2 : end->size;

  return end->sent < KEY && most < KEY ? KEY : most - end->sent;
}

static void
give (struct end *end)
{
  long long left = may_send (end);

  if (left > 0)
    {
      size_t size = left < end->chunk ? left : end->chunk;
      ssize_t n = send (end->fd, stream (end, end->sent, size), size, MSG_NOSIGNAL);

      if (n < 0)
        {
          broken (end, "send");
          return;
        }
      end->sent += n;
      progress += n;
    }
  if (end->sent == end->size && !end->ended && (end->manner != WHEN_OTHER_ENDED || end->all))
    {
      end->ended = true;
      shutdown (end->fd, SHUT_WR);
      progress++;
    }
}

static void
serve (struct end *end)
{
  if (!end->all)
    take (end);
  if (end->fd >= 0 && !end->ended)
    give (end);
  if (end->fd >= 0 && end->manner == RESETS && end->sent + end->got >= end->moment)
    end_close (end, true);
  else if (end->fd >= 0 && end->ended && end->all)
    end_close (end, false);
}

/* The loop.  */

static void
accept_one (void)
{
  int fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

  check (fd >= 0, "accept");
  polled[2 * count + 1 + strangers++] = (struct pollfd) { .fd = fd, .events = POLLIN };
  progress++;
}

/* A connection to the server tells which one it is.  One that ends before may
   only be one that was reset.  Returns whether it is a stranger no more.  */
static bool
meet (int fd)
{
  uint32_t key;
  ssize_t n = recv (fd, &key, KEY, MSG_PEEK);

  if (n > 0 && n < KEY)
    return false;
  progress++;
  if (n == KEY && key < (uint32_t) count && ends[count + key].fd < 0)
    {
      ends[count + key].fd = fd;
      ends[count + key].met = true;
      return true;
    }
  if (n == KEY || n == 0 || (n < 0 && !random_ends))
    error (1, n < 0 ? errno : 0, "seed %llu: a connection nobody made", (unsigned long long) seed);
  close (fd);
  return true;
}

/* Returns whether any connection is still there.  */
static bool
prepare (void)
{
  bool any = strangers > 0;

  for (int i = 0; i < 2 * count; i++)
    {
      struct end *end = &ends[i];
      bool gives = !end->ended && (may_send (end) > 0 || (end->sent == end->size && end->manner != WHEN_OTHER_ENDED));

      polled[i] = (struct pollfd) { .fd = end->fd, .events = (end->all ? 0 : POLLIN) | (gives ? POLLOUT : 0) };
      any |= end->fd >= 0;
    }
  polled[2 * count] = (struct pollfd) { .fd = listener, .events = POLLIN };
  return any;
}

static void
one_round (long long round)
{
  struct pollfd *stranger = &polled[2 * count + 1];

  check (poll (polled, 2 * count + 1 + strangers, 1000) >= 0, "poll");
  for (int i = 0; i < 2 * count; i++)
    if (polled[i].revents && (round + i) % ends[i].every == 0)
      serve (&ends[i]);
  for (int i = strangers - 1; i >= 0; i--)
    if (stranger[i].revents && meet (stranger[i].fd))
      stranger[i] = stranger[--strangers];
  if (polled[2 * count].revents)
    accept_one ();
}

/* But for those that were reset before.  */
static bool
all_have_met (void)
{
  for (int i = 0; i < count; i++)
    if (ends[i].fd >= 0 && !ends[count + i].met)
      return false;
  return true;
}

/* Does anybody listen where the proxy did?  */
static bool
somebody_listens (const char *table)
{
  enum { LISTEN = 10 };
  FILE *from = fopen (table, "r");
  char line[512];
  bool found = false;

  while (from && fgets (line, sizeof line, from))
    {
      unsigned port, state;

      found |= sscanf (line, "%*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &port, &state) == 2
        && port == ntohs (proxy.sin_port) && state == LISTEN;
    }
  if (from)
    fclose (from);
  return found;
}

/* Send SIGINT, and see that nobody can connect any more.  */
static void
interrupt (void)
{
  double start = now_ms ();
  int fd = new_socket (0);

  check (somebody_listens ("/proc/net/tcp") || somebody_listens ("/proc/net/tcp6"), "the proxy does not listen");
  kill (child, SIGINT);
  while (somebody_listens ("/proc/net/tcp") || somebody_listens ("/proc/net/tcp6"))
    {
      patience (start, "for the proxy not to listen any more");
      poll (NULL, 0, 1);
    }
  check (connect (fd, (struct sockaddr *) &proxy, sizeof proxy) < 0 && errno == ECONNREFUSED, "connected to it");
  close (fd);
  held = false;
}

static void
carry (void)
{
  double since = now_ms ();
  long long before = 0;

  held = drain;
  for (int i = 0; i < count; i++)
    {
      ends[i].fd = new_socket (SOCK_NONBLOCK);
      check (connect (ends[i].fd, (struct sockaddr *) &proxy, sizeof proxy) == 0 || errno == EINPROGRESS, "connect");
    }
  for (long long round = 0; prepare (); round++)
    {
      one_round (round);
      if (held && all_have_met ())
        interrupt ();
      if (progress > before)
        since = now_ms ();
      before = progress;
      patience (since, "nothing moves");
    }
}

/* Make both ends of connection number KEY, blocking but not for ever.  */
static void
open_both (int key)
{
  static const struct timeval patient = { .tv_sec = PATIENCE_MS / 1000 };
  int client = new_socket (0), other;

  setsockopt (listener, SOL_SOCKET, SO_RCVTIMEO, &patient, sizeof patient);
  check (connect (client, (struct sockaddr *) &proxy, sizeof proxy) == 0, "connect");
  other = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
  check (other >= 0, "accept");
  setsockopt (client, SOL_SOCKET, SO_RCVTIMEO, &patient, sizeof patient);
  setsockopt (other, SOL_SOCKET, SO_RCVTIMEO, &patient, sizeof patient);
  ends[key].fd = client;
  ends[count + key].fd = other;
}

static void
byte_from (const struct end *end)
{
  char byte = 'x';

  check (send (end->fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv (end->other->fd, &byte, 1, 0) == 1, "a byte");
}

static void
close_all (void)
{
  for (int i = 0; i < 2 * count; i++)
    end_close (&ends[i], false);
}

/* Connections that have carried one byte each way and then nothing.  */
static void
rest (int sockets, int pipes)
{
  for (int i = 0; i < count; i++)
    {
      open_both (i);
      byte_from (&ends[i]);
      byte_from (&ends[count + i]);
    }
  printf ("%d connections, %d sockets, %d pipe ends\n", count, descriptors ("socket:") - sockets,
          descriptors ("pipe:") - pipes);
  close_all ();
}

/* The quickest counts: a busy machine delays some, Nagle's algorithm all but the first few.  */
static void
hurry (void)
{
  enum { FIRST = 40, ALL = 60 };
  double best = PATIENCE_MS;
  int on = 1;

  open_both (0);
  setsockopt (ends[0].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (int i = 0; i < ALL; i++)
    {
      double start = now_ms ();

      byte_from (&ends[0]);
      byte_from (&ends[0]);
      byte_from (&ends[1]);
      if (i >= FIRST && now_ms () - start < best)
        best = now_ms () - start;
    }
  if (best > 30)
    error (1, 0, "two bytes take %.0f ms", best);
  close_all ();
}

/* END sends BYTES, and does not go on before they have come.  */
static void
send_and_pause (struct end *end)
{
  static char got[CHUNK];
  long long all = end->size = end->sent + bytes;

  while (end->other->got < all)
    {
      struct pollfd two[] = { { end->other->fd, POLLIN, 0 }, { end->fd, end->sent < all ? POLLOUT : 0, 0 } };
      size_t size = all - end->sent < CHUNK ? all - end->sent : CHUNK;
      ssize_t n = poll (two, 2, PATIENCE_MS);

      if (n == 0)
        error (1, 0, "%lld of %lld bytes have come", end->other->got, end->sent);
      if (two[1].revents)
        {
          n = send (end->fd, stream (end, end->sent, size), size, MSG_DONTWAIT | MSG_NOSIGNAL);
          check (n > 0, "send");
          end->sent += n;
        }
      if (two[0].revents)
        {
          n = recv (end->other->fd, got, CHUNK, MSG_DONTWAIT);
          check (n > 0, "recv");
          compare (end->other, got, n);
          end->other->got += n;
        }
    }
}

static void
take_turns (void)
{
  open_both (0);
  for (int i = 0; i < 8; i++)
    send_and_pause (&ends[i % 2]);
  close_all ();
}

/* As many descriptors as we may have; two for each connection, as the proxy has.  */
static void
use_all_descriptors (void)
{
  struct rlimit limit;

  check (getrlimit (RLIMIT_NOFILE, &limit) == 0, "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check (setrlimit (RLIMIT_NOFILE, &limit) == 0, "setrlimit");
  if ((rlim_t) count > (limit.rlim_cur - 50) / 2)
    count = (limit.rlim_cur - 50) / 2;
  if (count < 1)
    {
      error (0, 0, "too few descriptors");
      exit (1);
    }
}

static void
read_options (int argc, char **argv)
{
  int option;

  while ((option = getopt (argc, argv, "+n:b:s:rdiep")) != -1)
    switch (option)
      {
      case 'n': count = atoi (optarg); break;
      case 'b': bytes = atoll (optarg); break;
      case 's': seed = strtoull (optarg, NULL, 0); break;
      case 'r': random_ends = true; break;
      case 'd': drain = true; break;
      case 'i': idle = true; break;
      case 'e': early = true; count = 1; break;
      case 'p': pauses = true; count = 1; break;
      default: exit (2);
      }
  if (optind == argc || count < 1 || bytes < KEY)
    error (2, 0, "usage: load [-n CONNECTIONS] [-b BYTES] [-s SEED] [-r] [-d | -i | -e | -p] PROXY...");
}

int
main (int argc, char **argv)
{
  int sockets, pipes;

  read_options (argc, argv);
  use_all_descriptors ();
  ends = calloc (2 * count, sizeof *ends);
  polled = calloc (5 * count + 1000, sizeof *polled);
  check (ends && polled, "memory");
  plan ();
  listen_here ();
  start_proxy (argv + optind, argc - optind);
  sockets = descriptors ("socket:");
  pipes = descriptors ("pipe:");
  if (idle)
    rest (sockets, pipes);
  else if (early)
    hurry ();
  else if (pauses)
    take_turns ();
  else
    carry ();
  if (!drain)
    {
      wait_for_sockets (sockets);
      kill (child, SIGINT);
    }
  end_proxy ();
  return 0;
}
