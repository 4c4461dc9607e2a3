/* helper-io.c - what the shell cannot do for the tests: inputs of any size,
   readers and writers with a given manner, descriptors in a given state.

   SPDX-License-Identifier: MIT

   Usage: helper COMMAND ARGUMENT...; the table at the end lists the commands.
   Nothing here sleeps: what has to be waited for is polled, with a deadline
   after which the helper complains and exits 99.  */

#define _GNU_SOURCE
#include "lib/random.h"

#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/fuse.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

enum
{ DEADLINE = 99, DEADLINE_MS = 20000, LARGE = 1 << 20 };

static char large[LARGE];

static double
now_ms (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static _Noreturn void
failed (const char *what)
{
  error (1, errno, "%s", what);
  exit (1);                     /* which error did, but no analyser knows that */
}

#define check(good, what) ((good) ? (void) 0 : failed (what))

/* Hand over the CPU for a moment, unless the deadline that began at START has passed.  */
static void
wait_a_moment (double start, const char *what)
{
  if (now_ms () - start > DEADLINE_MS)
    error (DEADLINE, 0, "gave up waiting: %s", what);
  poll (NULL, 0, 1);
}

static void
put (int fd, const char *bytes, size_t size)
{
  while (size)
    {
      ssize_t n = write (fd, bytes, size);
      check (n > 0, "write");
      bytes += n;
      size -= n;
    }
}

static int
exit_status (pid_t child)
{
  int status;
  check (waitpid (child, &status, 0) == child, "waitpid");
  return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

static void
become (char **command)
{
  execvp (command[0], command);
  error (127, errno, "%s", command[0]);
}

/* Run COMMAND with FD in place of its descriptor END, and without OTHER.  */
static pid_t
spawn (char **command, int fd, int end, int other)
{
  pid_t child = fork ();
  check (child >= 0, "fork");
  if (child == 0)
    {
      close (other);
      if (fd != end)
        {
          check (dup2 (fd, end) >= 0, "dup2");
          close (fd);
        }
      become (command);
    }
  return child;
}

/* The test data: a stream that a seed determines, so that any two writers of it agree.  */

struct stream
{
  uint64_t state, word;
  int left;
};

static void
stream_bytes (struct stream *s, char *bytes, size_t size)
{
  for (; size; size--, bytes++, s->left--, s->word >>= 8)
    {
      if (s->left == 0)
        {
          s->word = next_word (&s->state);
          s->left = 8;
        }
      *bytes = s->word;
    }
}

/* bytes SEED SIZE: the stream's first SIZE bytes.  */
static int
cmd_bytes (char **arg)
{
  struct stream s = { .state = strtoull (arg[0], NULL, 0) };
  size_t size = strtoull (arg[1], NULL, 0);
  while (size)
    {
      size_t n = size < LARGE ? size : LARGE;
      stream_bytes (&s, large, n);
      put (1, large, n);
      size -= n;
    }
  return 0;
}

/* octets: every byte value.  */
static int
cmd_octets (char **arg)
{
  (void) arg;
  for (int i = 0; i < 256; i++)
    large[i] = i;
  put (1, large, 256);
  return 0;
}

/* How many bytes wait in the pipe or socket FD that nobody has taken yet.  */
static int
untaken (int fd)
{
  struct stat st;
  int n = 0;
  check (fstat (fd, &st) == 0, "fstat");
  check (ioctl (fd, S_ISSOCK (st.st_mode) ? TIOCOUTQ : FIONREAD, &n) == 0, "ioctl");
  return n;
}

static void
wait_taken (int fd)
{
  double start = now_ms ();
  struct pollfd end = {.fd = fd };
  while (untaken (fd) > 0)
    {
      if (poll (&end, 1, 0) > 0)
        exit (0);               /* the reader has gone */
      wait_a_moment (start, "for the reader");
    }
}

/* trickle SIZE...: stream 1 in writes of these sizes, each when the last has been taken.  */
static int
cmd_trickle (char **arg)
{
  struct stream s = {.state = 1 };
  for (; *arg; arg++)
    {
      size_t size = strtoull (*arg, NULL, 0);
      check (size <= LARGE, "size");
      stream_bytes (&s, large, size);
      put (1, large, size);
      wait_taken (1);
    }
  return 0;
}

/* writes SIZE...: the same without waiting.  */
static int
cmd_writes (char **arg)
{
  struct stream s = {.state = 1 };
  for (; *arg; arg++)
    {
      size_t size = strtoull (*arg, NULL, 0);
      stream_bytes (&s, large, size);
      check (write (1, large, size) == (ssize_t) size, "write");
    }
  return 0;
}

/* drain: splice standard input to /dev/null and tell the number of bytes.  */
static int
cmd_drain (char **arg)
{
  (void) arg;
  int null = open ("/dev/null", O_WRONLY);
  long long sum = 0;
  ssize_t n;
  while ((n = splice (0, NULL, null, NULL, LARGE, 0)) > 0)
    sum += n;
  check (n == 0, "splice");
  printf ("%lld\n", sum);
  return 0;
}

static int
print_messages (int fd, int data)
{
  ssize_t n;
  while ((n = read (fd, large, LARGE)) > 0)
    {
      printf ("%zd\n", n);
      fflush (stdout);
      if (data >= 0)
        put (data, large, n);
    }
  check (n == 0 || errno == ECONNRESET, "read");
  return 0;
}

/* messages [FILE]: print the size of each read of standard input; the data to FILE.  */
static int
cmd_messages (char **arg)
{
  int data = arg[0] ? open (arg[0], O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
  return print_messages (0, data);
}

/* take COUNT: exactly COUNT bytes of standard input to standard output.  */
static int
cmd_take (char **arg)
{
  size_t left = strtoull (arg[0], NULL, 0);
  ssize_t n;
  while (left && (n = read (0, large, left < LARGE ? left : LARGE)) > 0)
    {
      put (1, large, n);
      left -= n;
    }
  return left != 0;
}

static const struct
{
  const char *name;
  int flag;
} flag_names[] = {
  {"append", O_APPEND}, {"direct", O_DIRECT}, {"nonblock", O_NONBLOCK}
};

/* flags FD: the status flags of FD, as a number.  */
static int
cmd_flags (char **arg)
{
  int flags = fcntl (atoi (arg[0]), F_GETFL);
  check (flags >= 0, "F_GETFL");
  dprintf (atoi (arg[0]) == 1 ? 2 : 1, "%#x\n", flags);
  return 0;
}

/* set FD FLAG [COMMAND...]: set append, direct or nonblock on FD, then run COMMAND.  */
static int
cmd_set (char **arg)
{
  int fd = atoi (arg[0]), flags = fcntl (fd, F_GETFL);
  for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
    if (strcmp (flag_names[i].name, arg[1]) == 0)
      flags |= flag_names[i].flag;
  check (fcntl (fd, F_SETFL, flags) == 0, "F_SETFL");
  if (arg[2])
    become (arg + 2);
  return 0;
}

/* capacity FD [BYTES]: print (on standard error if FD is 1) or set the capacity of a pipe.  */
static int
cmd_capacity (char **arg)
{
  int fd = atoi (arg[0]);
  if (arg[1])
    check (fcntl (fd, F_SETPIPE_SZ, atoi (arg[1])) >= 0, "F_SETPIPE_SZ");
  else
    dprintf (fd == 1 ? 2 : 1, "%d\n", fcntl (fd, F_GETPIPE_SZ));
  return 0;
}

/* seek FD OFFSET: where FD stands afterwards; OFFSET is from the current position.  */
static int
cmd_seek (char **arg)
{
  off_t at = lseek (atoi (arg[0]), strtoll (arg[1], NULL, 0), SEEK_CUR);
  check (at >= 0, "lseek");
  dprintf (atoi (arg[0]) == 1 ? 2 : 1, "%lld\n", (long long) at);
  return 0;
}

/* A socket that listens on a free port of the loopback, which goes into ADDRESS.  */
static int
listen_tcp (struct sockaddr_in *address)
{
  socklen_t length = sizeof *address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  *address = (struct sockaddr_in) {.sin_family = AF_INET,.sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  check (bind (listener, (struct sockaddr *) address, length) == 0 && listen (listener, 1) == 0, "listen");
  check (getsockname (listener, (struct sockaddr *) address, &length) == 0, "getsockname");
  return listener;
}

static void
tcp_pair (int pair[2])
{
  struct sockaddr_in address;
  int listener = listen_tcp (&address);
  pair[0] = socket (AF_INET, SOCK_STREAM, 0);
  check (connect (pair[0], (struct sockaddr *) &address, sizeof address) == 0, "connect");
  pair[1] = accept (listener, NULL, NULL);
  check (pair[1] >= 0, "accept");
  close (listener);
}

/* serve FILE COMMAND...: write the number of a TCP port into FILE (a FIFO), and become COMMAND
   with standard input and output the first connection to it, as inetd does.  */
static int
cmd_serve (char **arg)
{
  struct sockaddr_in address;
  int listener = listen_tcp (&address), port = open (arg[0], O_WRONLY | O_CLOEXEC);
  struct pollfd ready = {.fd = listener,.events = POLLIN };
  dprintf (port, "%d\n", ntohs (address.sin_port));
  close (port);
  if (poll (&ready, 1, DEADLINE_MS) <= 0)
    error (DEADLINE, 0, "nobody connects");
  int connection = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
  check (dup2 (connection, 0) == 0 && dup2 (connection, 1) == 1, "dup2");
  become (arg + 1);
  return 0;
}

/* A connected pair of KIND: pair[0] to read from, pair[1] to write to.  */
static void
make_pair (const char *kind, int pair[2])
{
  if (strcmp (kind, "pipe") == 0 || strcmp (kind, "packet") == 0)
    check (pipe2 (pair, *kind == 'p' && kind[1] == 'a' ? O_DIRECT : 0) == 0, "pipe2");
  else if (strcmp (kind, "tcp") == 0)
    tcp_pair (pair);
  else
    check (socketpair (AF_UNIX, strcmp (kind, "dgram") == 0 ? SOCK_DGRAM
                       : strcmp (kind, "seqpacket") == 0 ? SOCK_SEQPACKET : SOCK_STREAM, 0, pair) == 0,
           "socketpair");
}

/* feed KIND SIZE... -- COMMAND...: run COMMAND with standard input a pair's
   end that gets stream 1 in messages of these sizes, all sent at once as far
   as they fit.  */
static int
cmd_feed (char **arg)
{
  int pair[2], size = 4 * LARGE;
  bool dgram = strcmp (arg[0], "dgram") == 0;
  make_pair (arg[0], pair);
  setsockopt (pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  char **command = arg + 1;
  while (strcmp (*command, "--") != 0)
    command++;
  pid_t child = spawn (command + 1, pair[0], 0, pair[1]);
  close (pair[0]);
  signal (SIGPIPE, SIG_IGN);
  struct stream s = {.state = 1 };
  for (arg++; arg < command; arg++)
    {
      size_t n = strtoull (*arg, NULL, 0);
      stream_bytes (&s, large, n);
      if (write (pair[1], large, n) != (ssize_t) n)
        break;
    }
  if (dgram)                    /* has no end of file but the empty message */
    check (write (pair[1], large, 0) == 0 || errno != EMSGSIZE, "write");
  close (pair[1]);
  return exit_status (child);
}

/* A datagram socket has no end of file: what COMMAND's process CHILD wrote
   has come when it has ended and nothing more is there.  */
static void
print_datagrams (int fd, int data, pid_t child)
{
  double start = now_ms ();
  struct pollfd ready = {.fd = fd,.events = POLLIN };
  for (bool gone = false;;)
    if (poll (&ready, 1, gone ? 0 : 1) > 0)
      {
        ssize_t n = read (fd, large, LARGE);
        check (n >= 0, "read");
        printf ("%zd\n", n);
        put (data, large, n);
      }
    else if (gone)
      break;
    else
      {
        siginfo_t info = { 0 };
        check (waitid (P_PID, child, &info, WEXITED | WNOHANG | WNOWAIT) == 0, "waitid");
        gone = info.si_pid == child;
        wait_a_moment (start, "for datagrams");
      }
}

/* collect KIND FILE COMMAND...: run COMMAND with standard output a pair's
   end, print the size of each message, put the data into FILE.  */
static int
cmd_collect (char **arg)
{
  int pair[2], size = 4 * LARGE;
  make_pair (arg[0], pair);
  setsockopt (pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  int data = open (arg[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  pid_t child = spawn (arg + 2, pair[1], 1, pair[0]);
  if (strcmp (arg[0], "dgram") == 0)
    print_datagrams (pair[0], data, child);
  close (pair[1]);
  if (strcmp (arg[0], "dgram") != 0)
    print_messages (pair[0], data);
  fflush (stdout);
  return exit_status (child);
}

/* echo KIND_IN KIND_OUT LIMIT COMMAND...: send 21 lines one by one through
   COMMAND; each must come out before the next goes in.  The median time may be
   at most LIMIT ms.  */
static int
cmd_echo (char **arg)
{
  int in[2], out[2];
  double limit = atof (arg[2]), took[21];
  enum
  { COUNT = 21 };
  make_pair (arg[0], in);
  make_pair (arg[1], out);
  for (int i = 0; i < 2; i++)
    {
      check (dup3 (in[i], 10 + i, O_CLOEXEC) >= 0 && dup3 (out[i], 12 + i, O_CLOEXEC) >= 0, "dup3");
      close (in[i]);
      close (out[i]);
      in[i] = 10 + i;
      out[i] = 12 + i;
    }
  pid_t child = fork ();
  if (child == 0)
    {
      dup2 (in[0], 0);
      dup2 (out[1], 1);
      become (arg + 3);
    }
  close (in[0]);
  close (out[1]);
  for (int i = 0; i < COUNT; i++)
    {
      char line[32], got[64] = "";
      int size = sprintf (line, "line %d\n", i), have = 0;
      double start = now_ms ();
      put (in[1], line, size);
      while (have < size)
        {
          struct pollfd ready = {.fd = out[0],.events = POLLIN };
          if (poll (&ready, 1, DEADLINE_MS / 4) <= 0)
            {
              kill (child, SIGKILL);
              error (DEADLINE, 0, "line %d did not come out", i);
            }
          ssize_t n = read (out[0], got + have, sizeof got - have);
          check (n > 0, "read");
          have += n;
        }
      check (have == size && memcmp (got, line, size) == 0, "another line came out");
      double t = now_ms () - start;
      int j = i;
      for (; j > 0 && took[j - 1] > t; j--)
        took[j] = took[j - 1];
      took[j] = t;
    }
  close (in[1]);
  int status = exit_status (child);
  if (took[COUNT / 2] > limit)
    error (1, 0, "a line takes %.0f ms", took[COUNT / 2]);
  return status;
}

/* leave KIND COMMAND...: run COMMAND with standard output a pair's end, print what comes first, and
   leave: COMMAND must end by itself.  */
static int
cmd_leave (char **arg)
{
  int pair[2];
  make_pair (arg[0], pair);
  pid_t child = spawn (arg + 1, pair[1], 1, pair[0]);
  close (pair[1]);
  ssize_t n = read (pair[0], large, LARGE);
  check (n > 0, "read");
  put (1, large, n);
  close (pair[0]);
  return exit_status (child);
}

/* await FILE SIZE: wait until FILE has SIZE bytes.  */
static int
cmd_await (char **arg)
{
  struct stat st = { 0 };
  double start = now_ms ();
  while (stat (arg[0], &st) != 0 || st.st_size != atoll (arg[1]))
    wait_a_moment (start, arg[0]);
  return 0;
}

/* gather FILE FD...: what comes from each FD must be the content of FILE; several give in any order.  */
static int
cmd_gather (char **arg)
{
  static char wanted[LARGE];
  static struct pollfd ends[1024];
  static ssize_t done[1024];
  int file = open (arg[0], O_RDONLY), count = 0, left;
  ssize_t size = read (file, wanted, LARGE);
  for (arg++; *arg; arg++, count++)
    ends[count] = (struct pollfd) {.fd = atoi (*arg),.events = POLLIN };
  for (left = count; left > 0;)
    {
      if (poll (ends, count, DEADLINE_MS) <= 0)
        error (DEADLINE, 0, "gave up waiting for %d of %d", left, count);
      for (int i = 0; i < count; i++)
        if (ends[i].revents)
          {
            ssize_t n = read (ends[i].fd, large, size - done[i]);
            check (n > 0 && memcmp (large, wanted + done[i], n) == 0, "other bytes");
            done[i] += n;
            if (done[i] == size)
              {
                ends[i].fd = -1;
                left--;
              }
          }
    }
  return 0;
}

/* responsive FD: does FIONREAD, and a non-blocking read of nothing more than
   what is there, return at once on FD?  The attempt is made in a child, because
   one that hangs cannot be killed.  Takes nothing from FD.  */
static int
cmd_responsive (char **arg)
{
  int fd = atoi (arg[0]), done[2];
  check (pipe (done) == 0, "pipe");
  pid_t child = fork ();
  if (child == 0)
    {
      int n;
      char path[32];
      ioctl (fd, FIONREAD, &n);
      sprintf (path, "/proc/self/fd/%d", fd);
      int mine = open (path, O_RDONLY | O_NONBLOCK);
      if (read (mine, &n, 0) < 0 || splice (mine, NULL, done[1], NULL, 0, SPLICE_F_NONBLOCK) < 0)
        _exit (1);
      int null[2];
      check (pipe (null) == 0, "pipe");
      tee (mine, null[1], 1, SPLICE_F_NONBLOCK);        /* takes the lock, and nothing else */
      put (done[1], "x", 1);
      _exit (0);
    }
  close (done[1]);
  struct pollfd ready = {.fd = done[0],.events = POLLIN };
  if (poll (&ready, 1, 5000) <= 0)
    error (DEADLINE, 0, "the pipe is locked");
  return read (done[0], large, 1) == 1 ? 0 : 1;
}

/* full FD: wait until the pipe FD takes no more.  */
static int
cmd_full (char **arg)
{
  double start = now_ms ();
  struct pollfd end = {.fd = atoi (arg[0]),.events = POLLOUT };
  while (poll (&end, 1, 0) > 0)
    wait_a_moment (start, "for the writer");
  return 0;
}

/* sleeping PID: wait until PID sleeps, as /proc tells, in three looks in a row.  */
static int
cmd_sleeping (char **arg)
{
  char path[64], text[512], state;
  int seen = 0;
  double start = now_ms ();
  sprintf (path, "/proc/%s/stat", arg[0]);
  while (seen < 3)
    {
      int fd = open (path, O_RDONLY);
      check (fd >= 0, path);
      ssize_t n = read (fd, text, sizeof text - 1);
      close (fd);
      check (n > 0, path);
      text[n] = '\0';
      state = strrchr (text, ')')[2];
      seen = state == 'S' || state == 'D' ? seen + 1 : 0;
      wait_a_moment (start, "for a process to sleep");
    }
  return 0;
}

/* pty COMMAND...: run COMMAND on a terminal that gives it our standard input
   (then ^D) and whose output we print.  No echo, no translation of output.  */
static int
cmd_pty (char **arg)
{
  int master, slave;
  struct termios t;
  check (openpty (&master, &slave, NULL, NULL, NULL) == 0, "openpty");
  tcgetattr (slave, &t);
  t.c_lflag &= ~ECHO;
  t.c_oflag &= ~OPOST;
  tcsetattr (slave, TCSANOW, &t);
  pid_t child = fork ();
  if (child == 0)
    {
      close (master);
      login_tty (slave);
      become (arg);
    }
  close (slave);
  struct pollfd ends[2] = { {.fd = master,.events = POLLIN}, {.fd = 0,.events = POLLIN} };
  double start = now_ms ();
  while (poll (ends, 2, 100) >= 0 && now_ms () - start < DEADLINE_MS)
    {
      if (ends[0].revents)
        {
          ssize_t n = read (master, large, LARGE);
          if (n <= 0)
            return exit_status (child);
          put (1, large, n);
        }
      if (ends[1].revents)
        {
          ssize_t n = read (0, large, 256);
          put (master, n > 0 ? large : "\4", n > 0 ? n : 1);
          if (n <= 0)
            ends[1].fd = -1;
        }
    }
  kill (child, SIGKILL);
  error (DEADLINE, 0, "gave up waiting for %s", arg[0]);
  return DEADLINE;
}

/* fuse DIRECTORY COMMAND...: run COMMAND with a file system in DIRECTORY whose
   files are called CLAIM-SIZE, CLAIM-SIZE-direct, CLAIM-SIZE-stream or
   CLAIM-SIZE-broken: they have SIZE bytes of stream 1 and say that they have
   CLAIM, are open for direct I/O, cannot seek, or fail with EIO behind SIZE.
   CLAIM-SIZE-bad and CLAIM-SIZE-rotten have CLAIM bytes, and at SIZE a bad sector of
   512; bad is open for direct I/O.  In a mount namespace of its own, so nothing
   stays behind.  Exits 77 where that cannot be done.  */

struct lie
{
  unsigned long long claim, size;
  char kind[16];
};

static struct lie lies[1000];
static uint64_t lie_count;      /* node n + 2 is lies[n]; 1 is the root */

static void
describe (uint64_t node, struct fuse_attr *attr)
{
  *attr = (struct fuse_attr) {
    .ino = node,
    .mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0444,
    .nlink = 1,
    .size = node == FUSE_ROOT_ID ? 0 : lies[node - 2].claim,
    .blksize = 4096,
  };
  attr->blocks = (attr->size + 511) / 512;
}

/* The node of NAME, or 0.  */
static uint64_t
look_up (const char *name)
{
  struct lie *lie = &lies[lie_count];
  if (lie_count == sizeof lies / sizeof *lies
      || sscanf (name, "%llu-%llu-%15s", &lie->claim, &lie->size, lie->kind) < 2)
    return 0;
  return 2 + lie_count++;
}

static bool
is_kind (uint64_t node, const char *kind)
{
  return strcmp (lies[node - 2].kind, kind) == 0;
}

/* SIZE bytes of the file NODE from OFFSET on, into BYTES.  Returns how many, or a negated errno.  */
static int
read_lie (uint64_t node, uint64_t offset, uint64_t size, char *bytes)
{
  const struct lie *lie = &lies[node - 2];
  struct stream s = {.state = 1 + offset / 8 * WORD_STEP };
  bool bad = is_kind (node, "bad") || is_kind (node, "rotten");
  uint64_t end = bad ? lie->claim : lie->size;
  if ((offset + size > lie->size && is_kind (node, "broken"))
      || (bad && offset + size > lie->size && offset < lie->size + 512))
    return -EIO;
  if (offset >= end)
    return 0;
  if (size > end - offset)
    size = end - offset;
  stream_bytes (&s, bytes, offset % 8);
  stream_bytes (&s, bytes, size);
  return size;
}

/* Answer the request IN into OUT.  Returns the answer's size, or a negated errno.  */
static int
answer_fuse (const struct fuse_in_header *in, char *out)
{
  const void *arg = in + 1;
  const struct fuse_read_in *read_in = arg;
  struct fuse_init_out *init = (void *) out;
  struct fuse_attr_out *attr = (void *) out;
  struct fuse_entry_out *entry = (void *) out;
  struct fuse_open_out *opened = (void *) out;
  switch (in->opcode)
    {
    case FUSE_INIT:
      *init = (struct fuse_init_out) {.major = 7,.minor = 31,.max_readahead = 131072,.max_write = 4096 };
      return sizeof *init;
    case FUSE_LOOKUP:
      *entry = (struct fuse_entry_out) {.nodeid = look_up (arg) };
      if (entry->nodeid == 0)
        return -ENOENT;
      describe (entry->nodeid, &entry->attr);
      return sizeof *entry;
    case FUSE_GETATTR:
      *attr = (struct fuse_attr_out) { 0 };
      describe (in->nodeid, &attr->attr);
      return sizeof *attr;
    case FUSE_OPEN:
      *opened = (struct fuse_open_out) {
        .open_flags = is_kind (in->nodeid, "direct") || is_kind (in->nodeid, "bad") ? FOPEN_DIRECT_IO
          : is_kind (in->nodeid, "stream") ? FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE : 0
      };
      return sizeof *opened;
    case FUSE_READ:
      return read_lie (in->nodeid, read_in->offset, read_in->size, out);
    case FUSE_FLUSH:
    case FUSE_RELEASE:
      return 0;
    default:
      return -ENOSYS;
    }
}

static void
serve_fuse (int fuse)
{
  static char request[LARGE] __attribute__ ((aligned (8)));
  static struct
  {
    struct fuse_out_header header;
    char text[LARGE];
  } reply;
  const struct fuse_in_header *in = (void *) request;
  while (read (fuse, request, sizeof request) > 0)
    if (in->opcode != FUSE_FORGET && in->opcode != FUSE_BATCH_FORGET && in->opcode != FUSE_INTERRUPT)
      {
        int size = answer_fuse (in, reply.text);
        reply.header.unique = in->unique;
        reply.header.error = size < 0 ? size : 0;
        reply.header.len = sizeof reply.header + (size < 0 ? 0 : size);
        check (write (fuse, &reply, reply.header.len) > 0 || errno == ENOENT, "/dev/fuse");
      }
  _exit (0);
}

static int
cmd_fuse (char **arg)
{
  char options[80];
  int fuse = open ("/dev/fuse", O_RDWR | O_CLOEXEC);
  sprintf (options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
  if (fuse < 0 || unshare (CLONE_NEWNS) < 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
      || mount ("lies", arg[0], "fuse", MS_NOSUID | MS_NODEV, options) < 0)
    error (77, errno, "FUSE");
  pid_t server = fork ();
  if (server == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      serve_fuse (fuse);
    }
  close (fuse);
  pid_t child = fork ();
  if (child == 0)
    become (arg + 1);
  int status = exit_status (child);
  umount2 (arg[0], MNT_DETACH);
  kill (server, SIGKILL);
  return status;
}

/* shared FILE: how many of the bytes that FILE has on its device are in extents that other files share.  */
static int
cmd_shared (char **arg)
{
  enum
  { COUNT = 1000 };
  struct fiemap *map = calloc (1, sizeof *map + COUNT * sizeof *map->fm_extents);
  check (map != NULL, "memory");
  int fd = open (arg[0], O_RDONLY);
  long long sum = 0;
  bool last = false;
  while (!last)
    {
      *map = (struct fiemap) {
        .fm_start = map->fm_start,.fm_length = FIEMAP_MAX_OFFSET,.fm_flags = FIEMAP_FLAG_SYNC,
        .fm_extent_count = COUNT
      };
      check (ioctl (fd, FS_IOC_FIEMAP, map) == 0, "FIEMAP");
      last = map->fm_mapped_extents == 0;
      for (unsigned i = 0; i < map->fm_mapped_extents; i++)
        {
          const struct fiemap_extent *extent = &map->fm_extents[i];
          map->fm_start = extent->fe_logical + extent->fe_length;
          last = extent->fe_flags & FIEMAP_EXTENT_LAST;
          if (extent->fe_flags & FIEMAP_EXTENT_SHARED)
            sum += extent->fe_length;
        }
    }
  free (map);
  printf ("%lld\n", sum);
  return 0;
}

/* peak FILE COMMAND...: the peak resident size of COMMAND in KiB goes into FILE.  */
static int
cmd_peak (char **arg)
{
  pid_t child = fork ();
  if (child == 0)
    become (arg + 1);
  struct rusage usage;
  int status;
  check (wait4 (child, &status, 0, &usage) == child, "wait4");
  FILE *f = fopen (arg[0], "w");
  check (f != NULL, arg[0]);
  fprintf (f, "%ld\n", usage.ru_maxrss);
  check (fclose (f) == 0, arg[0]);
  return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

/* How the file OUT compares with IN: 0 the same, 1 shorter but the same so far, 2 different.  */
static int
compare_files (const char *out, const char *in)
{
  static char a[65536], b[65536];
  FILE *fa = fopen (out, "r"), *fb = fopen (in, "r");
  check (fa && fb, fa ? in : out);
  int answer = 0;
  size_t n, m;
  do
    {
      n = fread (a, 1, sizeof a, fa);
      m = fread (b, 1, sizeof b, fb);
      if (n > m || memcmp (a, b, n) != 0)
        answer = 2;
      else if (n < m)
        answer = 1;
    }
  while (answer == 0 && n);
  fclose (fa);
  fclose (fb);
  return answer;
}

/* Take from OUT what it has of the file NAME: the whole, and answer 0, or its beginning, and answer 1.  */
static int
take_beginning (FILE *out, const char *name)
{
  FILE *in = fopen (name, "r");
  int wanted = 0, got = 0;
  check (in != NULL, name);
  while ((wanted = getc (in)) != EOF && (got = getc (out)) == wanted)
    continue;
  fclose (in);
  if (wanted == EOF)
    return 0;
  ungetc (got, out);
  return 1;
}

/* prefix OUT IN...: is OUT the files IN one after the other?  Exit status 0 if it is,
   1 if it has only the beginning of some (several: they are printed), 2 if it has
   anything else.  A file begins with no byte that another one has.  */
static int
cmd_prefix (char **arg)
{
  FILE *out = fopen (arg[0], "r");
  int answer = 0;
  check (out != NULL, arg[0]);
  for (char **in = arg + 1; *in; in++)
    if (take_beginning (out, *in))
      {
        answer = 1;
        if (arg[2])
          puts (*in);
      }
  if (getc (out) != EOF)
    answer = 2;
  fclose (out);
  return answer;
}

static int compare_trees (const char *, const char *, const char *);

static int
compare_entry (const char *one, const char *two, const char *name)
{
  struct stat a, b;
  bool gone_a = lstat (one, &a) != 0, gone_b = lstat (two, &b) != 0;
  if (gone_a || gone_b || (a.st_mode & (S_IFMT | 07777)) != (b.st_mode & (S_IFMT | 07777)))
    return puts (name), 1;
  if (S_ISDIR (a.st_mode))
    return compare_trees (one, two, name);
  if (S_ISREG (a.st_mode) && (a.st_size != b.st_size || (a.st_mode & 0400 && compare_files (one, two) != 0)))
    return puts (name), 1;
  return 0;
}

/* Look at everything in ONE, or, to find what only TWO has, at what is missing from it.  */
static int
compare_trees (const char *one, const char *two, const char *prefix)
{
  int differ = 0;
  for (int pass = 0; pass < 2; pass++)
    {
      DIR *directory = opendir (pass ? two : one);
      struct dirent *entry;
      check (directory != NULL, pass ? two : one);
      while ((entry = readdir (directory)) != NULL)
        {
          char *a = NULL, *b = NULL, *name = NULL;
          if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
            continue;
          check (asprintf (&a, "%s/%s", one, entry->d_name) > 0
                 && asprintf (&b, "%s/%s", two, entry->d_name) > 0
                 && asprintf (&name, "%s%s%s", prefix, *prefix ? "/" : "", entry->d_name) > 0, "memory");
          if (pass == 0 || access (a, F_OK) != 0)
            differ |= compare_entry (a, b, name);
          free (a);
          free (b);
          free (name);
        }
      closedir (directory);
    }
  return differ;
}

/* compare A B: print the names of what differs in two directories, in type, mode, size or content.  */
static int
cmd_compare (char **arg)
{
  return compare_trees (arg[0], arg[1], "");
}

/* below (STATE, N): a number from 0 to N - 1.  */
static unsigned
below (uint64_t *state, unsigned n)
{
  return next_word (state) % n;
}

/* uneven SEED: standard input to standard output, by reads of random sizes with random pauses.  */
static int
cmd_uneven (char **arg)
{
  uint64_t state = strtoull (arg[0], NULL, 0);
  ssize_t n;
  while ((n = read (0, large, 1 + below (&state, below (&state, 4) ? 200000 : 100))) > 0)
    {
      put (1, large, n);
      if (below (&state, 4) == 0)
        poll (NULL, 0, below (&state, 10));
    }
  check (n == 0, "read");
  return 0;
}

/* How many descriptors PID has open.  */
static int
descriptors (pid_t pid)
{
  char path[32];
  sprintf (path, "/proc/%d/fd", (int) pid);
  DIR *directory = opendir (path);
  int count = -2;               /* "." and ".." */
  if (directory == NULL)
    return 0;
  while (readdir (directory))
    count++;
  closedir (directory);
  return count;
}

/* Has PID a handler for SIGNAL?  */
static bool
catches (pid_t pid, int signal)
{
  char path[32], line[256];
  unsigned long long caught = 0;
  sprintf (path, "/proc/%d/status", (int) pid);
  FILE *f = fopen (path, "r");
  while (f && fgets (line, sizeof line, f))
    if (strncmp (line, "SigCgt:", 7) == 0)
      caught = strtoull (line + 7, NULL, 16);
  if (f)
    fclose (f);
  return caught >> (signal - 1) & 1;
}

static void
send_one (pid_t child, uint64_t *state, bool mortal)
{
  switch (below (state, mortal ? 12 : 10))
    {
    case 0 ... 3:
      kill (child, SIGWINCH);
      break;
    case 4 ... 6:
      kill (child, SIGSTOP);
      poll (NULL, 0, below (state, 20));
      kill (child, SIGCONT);
      break;
    case 7 ... 9:
      if (catches (child, SIGUSR1))
        kill (child, SIGUSR1);
      break;
    default:
      kill (child, SIGTERM);
    }
}

/* torment SEED KIB MOST live|mortal COMMAND...: run COMMAND, and send it at random moments SIGSTOP
   and SIGCONT, SIGWINCH, SIGUSR1 if it catches that, and SIGTERM if it is mortal.  It may have
   at most KIB resident (0: any) and MOST descriptors: else the status is 98.  */
static int
cmd_torment (char **arg)
{
  uint64_t state = strtoull (arg[0], NULL, 0);
  long kib = atol (arg[1]), most = atol (arg[2]);
  bool mortal = strcmp (arg[3], "mortal") == 0;
  siginfo_t info = { 0 };
  struct rusage usage;
  int status, open_now, opened = 0;
  pid_t child = fork ();
  check (child >= 0, "fork");
  if (child == 0)
    become (arg + 4);
  close (0);
  close (1);
  /* Not reaped yet, it keeps its number: no signal goes to anybody else.  */
  while (waitid (P_PID, child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0)
    {
      poll (NULL, 0, below (&state, 8));
      send_one (child, &state, mortal);
      open_now = descriptors (child);
      opened = open_now > opened ? open_now : opened;
    }
  check (wait4 (child, &status, 0, &usage) == child, "wait4");
  if ((kib && usage.ru_maxrss > kib) || opened > most)
    error (98, 0, "%s: %ld KiB resident, %d descriptors", arg[4], usage.ru_maxrss, opened);
  return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

static const struct
{
  const char *name;
  int arguments;                /* at least */
  int (*run) (char **);
} commands[] = {
  {"await", 2, cmd_await},
  {"bytes", 2, cmd_bytes},
  {"capacity", 1, cmd_capacity},
  {"collect", 3, cmd_collect},
  {"compare", 2, cmd_compare},
  {"drain", 0, cmd_drain},
  {"echo", 4, cmd_echo},
  {"feed", 3, cmd_feed},
  {"flags", 1, cmd_flags},
  {"full", 1, cmd_full},
  {"fuse", 2, cmd_fuse},
  {"gather", 2, cmd_gather},
  {"leave", 2, cmd_leave},
  {"messages", 0, cmd_messages},
  {"octets", 0, cmd_octets},
  {"peak", 2, cmd_peak},
  {"prefix", 2, cmd_prefix},
  {"pty", 1, cmd_pty},
  {"responsive", 1, cmd_responsive},
  {"seek", 2, cmd_seek},
  {"serve", 2, cmd_serve},
  {"set", 2, cmd_set},
  {"shared", 1, cmd_shared},
  {"sleeping", 1, cmd_sleeping},
  {"take", 1, cmd_take},
  {"torment", 5, cmd_torment},
  {"trickle", 1, cmd_trickle},
  {"uneven", 1, cmd_uneven},
  {"writes", 1, cmd_writes}
};

int
main (int argc, char **argv)
{
  for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
    if (strcmp (commands[i].name, argv[1]) == 0 && argc - 2 >= commands[i].arguments)
      return commands[i].run (argv + 2);
  error (2, 0, "usage: helper COMMAND ARGUMENT...");
  return 2;
}
