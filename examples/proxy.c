/* proxy.c - carry TCP connections to another address.

   usage: proxy LISTEN-PORT HOST PORT   (LISTEN-PORT 0: a free one; it is printed)

   Shows two pumps for each connection, one a direction, stepped by an epoll
   loop, with pipes from a pool, of which an idle connection holds none.  The
   end of one direction is passed on while the other goes on; a reset is passed
   on as one, so that nobody takes what was cut off for the end.  SIGINT lets
   the open connections come to their end; a second one does not wait.

   A connection is served when epoll tells of either socket, and stepped until
   both directions have to wait.  A step says so only after the kernel has said
   EAGAIN, so edge-triggered events miss nothing, and what we are interested in
   never changes.

   To be woken for every few segments costs a sixth of the throughput.  So where
   one side sends and sends, and the other answers nothing, epoll tells of it only
   when much has come (SO_RCVLOWAT).  Who has then moved nothing for a tick is told
   of whatever comes again, and pays up to two milliseconds for it; so the more
   answers come after all, the longer it takes until much is waited for.

   SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <iosplice.h>

enum
{
  TURN = 4 * 1024 * 1024,       /* bytes of a direction, then the others have their turn */
  BULK = 4 * 1024 * 1024,       /* bytes without an answer, then it may pay to wait for MUCH */
  MUCH = 384 * 1024,
  TICK_MS = 1,
  SPARE_PIPES = 16,
  EVENTS = 256,
  SOCKET_EVENTS = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET
};

struct connection;

struct direction
{
  struct connection *connection;
  int source, sink;
  struct iosplice_pump *pump;   /* NULL: it has come to its end */
  off_t unanswered;             /* bytes moved since the other direction moved any */
  off_t bulk;                   /* so many at least before it waits for MUCH; doubled by an answer to more */
  off_t enough;                 /* when there are so many, it waits for MUCH */
  bool moving;                  /* it has moved some since the last tick */
  bool unpushed;                /* and since the last push */
  struct direction *next, **link;       /* in the list of those that wait for MUCH; link: NULL if not */
};

struct connection
{
  struct direction up, down;    /* from client to server, and back */
  bool connected;               /* the server has answered */
  bool broken;                  /* it cannot go on */
  bool ready;                   /* it is in the list of those to be served */
  struct connection *next;
};

static struct connection *ready;
static struct direction *waiting;       /* for MUCH */
static double ticked;           /* when they were last looked through */
static int connections;
static int epoll, listener, signals;
static bool accept_later;       /* there was no descriptor left, or the like */
static struct iosplice_pool *pool;
static struct addrinfo *server;

static void
check (bool good, const char *what)
{
  if (good)
    return;
  perror (what);
  exit (EXIT_FAILURE);
}

static struct addrinfo *
resolve (const char *host, const char *port)
{
  struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *address;
  int error = getaddrinfo (host, port, &hints, &address);

  if (error == 0)
    return address;
  fprintf (stderr, "proxy: %s\n", gai_strerror (error));
  exit (EXIT_FAILURE);
}

static bool
watch (int fd, uint32_t events, void *what)
{
  struct epoll_event event = { .events = events, .data.ptr = what };

  return epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static double
now_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void
wait_for_much (struct direction *direction)
{
  int much = MUCH;

  if (setsockopt (direction->source, SOL_SOCKET, SO_RCVLOWAT, &much, sizeof much) < 0)
    return;
  if (waiting)
    waiting->link = &direction->next;
  else
    ticked = now_ms ();
  direction->next = waiting;
  direction->link = &waiting;
  waiting = direction;
}

/* Returns whether it has waited for much: bytes that are there already have not
   been told of.  */
static bool
wait_for_any (struct direction *direction)
{
  int any = 1;

  if (!direction->link)
    return false;
  setsockopt (direction->source, SOL_SOCKET, SO_RCVLOWAT, &any, sizeof any);
  *direction->link = direction->next;
  if (direction->next)
    direction->next->link = direction->link;
  direction->link = NULL;
  return true;
}

static bool
answered (struct direction *direction)
{
  if (direction->unanswered >= direction->bulk)
    direction->bulk *= 2;
  direction->unanswered = 0;
  direction->enough = direction->bulk;
  return wait_for_any (direction);
}

static void
direction_begin (struct direction *direction, struct connection *connection, int source, int sink)
{
  struct iosplice_pump *pump = iosplice_pump_new (IOSPLICE_NO_SIGPIPE, NULL);

  check (pump != NULL, "proxy");
  iosplice_pump_pool (pump, pool);
  check (iosplice_pump_source (pump, source, 0, NULL) == 0 && iosplice_pump_sink (pump, sink, 0, NULL) == 0, "proxy");
  *direction = (struct direction) { .connection = connection, .source = source, .sink = sink,
                                     .pump = pump, .bulk = BULK, .enough = BULK };
}

static void
direction_end (struct direction *direction)
{
  wait_for_any (direction);
  iosplice_pump_free (direction->pump);
  direction->pump = NULL;
}

static void
connection_free (struct connection *connection)
{
  struct linger reset = { .l_onoff = 1, .l_linger = 0 };
  int client = connection->up.source, other = connection->up.sink;

  if (connection->up.pump || connection->down.pump)
    {
      setsockopt (client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      setsockopt (other, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
  direction_end (&connection->up);
  direction_end (&connection->down);
  close (client);
  close (other);
  free (connection);
  connections--;
}

/* Connect CLIENT by OTHER.  Only that is watched until the server has answered:
   there is nothing to be done before.  */
static void
connection_new (int client, int other)
{
  struct connection *connection = calloc (1, sizeof *connection);

  check (connection != NULL, "proxy");
  connections++;
  direction_begin (&connection->up, connection, client, other);  /* NOLINT: check has seen that it is there */
  direction_begin (&connection->down, connection, other, client);
  if ((connect (other, server->ai_addr, server->ai_addrlen) < 0 && errno != EINPROGRESS)
      || !watch (other, SOCKET_EVENTS, connection))
    connection_free (connection);
}                               /* NOLINT: the events of what is watched lead to it */

/* Nobody is accepted before there is a socket to serve him with.  */
static void
accept_all (void)
{
  int client = 0;

  while (client >= 0)
    {
      int other = socket (server->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

      client = other < 0 ? -1 : accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
      accept_later = errno != EAGAIN;
      if (client >= 0)
        connection_new (client, other);
      else if (other >= 0)
        close (other);
    }
}

static void
make_ready (struct connection *connection)
{
  if (connection->ready)
    return;
  connection->ready = true;
  connection->next = ready;
  ready = connection;
}

/* Nothing follows now: do not let Nagle's algorithm hold back the last small
   part.  It stays on otherwise, for full segments while more follows: without
   it a proxy takes half as much time again.  */
static void
push (int sink)
{
  int on = 1, off = 0;

  setsockopt (sink, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt (sink, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
}

/* One direction's turn: move until it has to wait, or has had enough.  Not on a
   broken connection: the kernel tells an error once, and after that an end.
   Returns whether there may be more to move at once, in either direction.  */
static bool
direction_serve (struct direction *direction, struct direction *answers)
{
  enum iosplice_step step = IOSPLICE_MOVED;
  bool more = false;
  off_t moved;

  if (!direction->pump || direction->connection->broken)
    return false;
  for (moved = 0; step == IOSPLICE_MOVED && moved < TURN; moved += iosplice_pump_moved (direction->pump))
    step = iosplice_pump_step (direction->pump, -1);
  if (moved > 0)
    {
      more = answered (answers);
      direction->unanswered += moved;
      direction->moving = direction->unpushed = true;
    }
  if (step == IOSPLICE_WAIT_SOURCE && direction->unpushed)
    {
      push (direction->sink);
      direction->unpushed = false;
      if (direction->unanswered >= direction->enough && !direction->link)
        wait_for_much (direction);
    }
  else if (step == IOSPLICE_FAILED)
    direction->connection->broken = true;
  else if (step == IOSPLICE_END)
    {
      shutdown (direction->sink, SHUT_WR);
      direction_end (direction);
    }
  return more || step == IOSPLICE_MOVED;
}

static void
connection_serve (struct connection *connection)
{
  bool more;

  if (!connection->connected)
    {
      connection->connected = true;
      check (watch (connection->up.source, SOCKET_EVENTS, connection), "epoll");
    }
  more = direction_serve (&connection->up, &connection->down);
  more |= direction_serve (&connection->down, &connection->up);
  if (connection->broken || (!connection->up.pump && !connection->down.pump))
    connection_free (connection);
  else if (more)
    make_ready (connection);
}

/* A direction that waits for much and has moved nothing for a whole tick: its
   source may have sent all that it will send for now, or has no room for more.
   It may wait for much again soon if that went well for long, and else when it
   has moved as much again.  */
static void
tick (void)
{
  struct direction *next;

  if (!waiting || now_ms () - ticked < TICK_MS)
    return;
  ticked = now_ms ();
  for (struct direction *direction = waiting; direction; direction = next)
    {
      next = direction->next;
      if (!direction->moving)
        {
          bool well = direction->unanswered - direction->enough >= 4 * direction->bulk;

          direction->enough = direction->unanswered + (well ? direction->bulk : direction->unanswered);
          wait_for_any (direction);
          make_ready (direction->connection);
        }
      direction->moving = false;
    }
}

static void
serve_ready (void)
{
  struct connection *list = ready;

  ready = NULL;
  while (list)
    {
      struct connection *connection = list;

      list = list->next;
      connection->ready = false;
      connection_serve (connection);
    }
}

/* SIGINT: who has connected by now is still served.  */
static void
stop_accepting (void)
{
  struct signalfd_siginfo info;
  sigset_t all;

  if (read (signals, &info, sizeof info) < 0)
    return;
  accept_all ();
  close (listener);
  listener = -1;
  sigfillset (&all);
  sigprocmask (SIG_UNBLOCK, &all, NULL);
}

static void
begin_listening (const char *port)
{
  struct addrinfo *address = resolve (NULL, port);
  struct sockaddr_storage bound;
  socklen_t length = sizeof bound;
  char name[NI_MAXSERV];
  int on = 1;

  listener = socket (address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt (listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  check (bind (listener, address->ai_addr, address->ai_addrlen) == 0 && listen (listener, SOMAXCONN) == 0, "proxy");
  freeaddrinfo (address);
  getsockname (listener, (struct sockaddr *) &bound, &length);
  getnameinfo ((struct sockaddr *) &bound, length, NULL, 0, name, sizeof name, NI_NUMERICSERV);
  puts (name);
  fflush (stdout);
}

static void
begin_watching (void)
{
  sigset_t interrupt;

  sigemptyset (&interrupt);
  sigaddset (&interrupt, SIGINT);
  sigprocmask (SIG_BLOCK, &interrupt, NULL);
  signals = signalfd (-1, &interrupt, SFD_NONBLOCK | SFD_CLOEXEC);
  epoll = epoll_create1 (EPOLL_CLOEXEC);
  check (signals >= 0 && epoll >= 0, "proxy");
  check (watch (signals, EPOLLIN, &signals) && watch (listener, EPOLLIN | EPOLLET, &listener), "epoll");
}

static void
turn (void)
{
  struct epoll_event events[EVENTS];
  int count = epoll_wait (epoll, events, EVENTS, ready ? 0 : waiting ? TICK_MS : -1);

  check (count >= 0 || errno == EINTR, "epoll");
  for (int i = 0; i < count; i++)
    if (events[i].data.ptr == &listener)
      accept_later = true;
    else if (events[i].data.ptr == &signals)
      stop_accepting ();
    else
      {
        struct connection *connection = events[i].data.ptr;

        connection->broken |= (events[i].events & EPOLLERR) != 0;
        make_ready (connection);
      }
  tick ();
  serve_ready ();
  if (accept_later && listener >= 0)
    accept_all ();
}

int
main (int argc, char **argv)
{
  if (argc != 4)
    {
      fprintf (stderr, "usage: proxy LISTEN-PORT HOST PORT\n");
      return EXIT_FAILURE;
    }
  pool = iosplice_pool_new (SPARE_PIPES);
  check (pool != NULL, "proxy");
  server = resolve (argv[2], argv[3]);
  begin_listening (argv[1]);
  begin_watching ();
  while (listener >= 0 || connections > 0)
    turn ();
  iosplice_pool_free (pool);
  freeaddrinfo (server);
  close (epoll);
  close (signals);
  return EXIT_SUCCESS;
}
