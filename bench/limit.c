/* limit.c - the bare loops of system calls that a benchmark compares with: the
   readers at the end of its pipelines, and a splice loop that does nothing else.

   usage: limit drain        splice standard input to /dev/null
          limit read         read standard input, 64 KiB at a time
          limit slow         splice 1 MiB to /dev/null every 2 ms
          limit cat [FILE]   splice FILE (standard input) to standard output
                             through a pipe of 1 MiB, blocking
          limit loop FILE    the same through pipes that are as large as standard output
          limit tee FILE     splice standard input to a pipe of 1 MiB, tee(2) that to
                             standard output, or to a second pipe, and splice it there
                             and to FILE
          limit vmsplice N   vmsplice N MiB of zeros to standard output, the same page again
                             and again
          limit zeros N      write N MiB of zeros, 128 KiB at a time
          limit first N      splice the first N MiB of standard input to standard output
          limit drip N       write N single bytes, one each 50 us
          limit capacity N COMMAND...  run COMMAND with N bytes as the capacity of the
                             pipe that is its standard output
          limit copy [FILE [N]]  read and write, at most N MiB, 128 KiB at a time
          limit range FILE   copy_file_range FILE to standard output
          limit starts N COMMAND...    run COMMAND N times
          limit busy COMMAND...        run COMMAND with a busy loop on every processor
          limit refuse COMMAND...      run COMMAND where splice, tee, vmsplice and
                                       copy_file_range say ENOSYS
          limit tcp-out COMMAND...     run COMMAND with a TCP socket as standard output,
                                       and write to ours what arrives, 64 KiB at a time
          limit tcp-in FILE COMMAND... run COMMAND with a TCP socket as standard input
                                       that gives FILE
          limit relay PORT TO          accept one TCP connection at PORT, and splice what
                             it brings to a connection to TO, through a pipe of 1 MiB
          limit events PORT TO         the same in an event loop, where only epoll_wait waits
          limit through FILE TEXT      run the shell command TEXT, a TCP relay that listens
                             at $LISTEN and connects to $CONNECT, ports of the loopback;
                             send it FILE, and splice what arrives to standard output

   SPDX-License-Identifier: MIT */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
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
drip (int bytes)
{
  const struct timespec pause = { .tv_nsec = 50000 };

  for (; bytes > 0; bytes--)
    {
      if (write (STDOUT_FILENO, "", 1) != 1)
        fail ("write");
      nanosleep (&pause, NULL);
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

/* At most LENGTH bytes, through a pipe of CAPACITY bytes.  */
static void
loop (int in, off_t length, int capacity)
{
  int between[2];
  ssize_t n = 0, m;

  if (pipe (between) < 0)
    fail ("pipe");
  fcntl (between[0], F_SETPIPE_SZ, capacity);
  while (length > 0
         && (n = splice (in, NULL, between[1], NULL, length < capacity ? length : capacity, 0)) > 0)
    for (length -= n; n > 0; n -= m)
      if ((m = splice (between[0], NULL, STDOUT_FILENO, NULL, n, 0)) <= 0)
        fail ("splice out");
  if (n < 0)
    fail ("splice in");
}

static void
cat (int in, off_t length)
{
  fcntl (in, F_SETPIPE_SZ, MEBIBYTE);
  fcntl (STDOUT_FILENO, F_SETPIPE_SZ, MEBIBYTE);
  loop (in, length, MEBIBYTE);
}

/* All LENGTH bytes of a pipe.  */
static void
drain_to (int pipe, int out, size_t length)
{
  for (ssize_t n; length > 0; length -= n)
    if ((n = splice (pipe, NULL, out, NULL, length, 0)) <= 0)
      fail ("splice out");
}

static void
make_pipe (int ends[2])
{
  if (pipe (ends) < 0)
    fail ("pipe");
  fcntl (ends[0], F_SETPIPE_SZ, MEBIBYTE);
}

static void
tee_to (const char *name)
{
  int file = open (name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  int piped = fcntl (STDOUT_FILENO, F_SETPIPE_SZ, MEBIBYTE) > 0;
  int filled[2], second[2];
  ssize_t n, m;

  if (file < 0)
    fail (name);
  make_pipe (filled);
  make_pipe (second);
  fcntl (STDIN_FILENO, F_SETPIPE_SZ, MEBIBYTE);
  while ((n = splice (STDIN_FILENO, NULL, filled[1], NULL, MEBIBYTE, 0)) > 0)
    for (; n > 0; n -= m)
      {
        if ((m = tee (filled[0], piped ? STDOUT_FILENO : second[1], n, 0)) <= 0)
          fail ("tee");
        if (!piped)
          drain_to (second[0], STDOUT_FILENO, m);
        drain_to (filled[0], file, m);
      }
  if (n < 0)
    fail ("splice in");
}

static void
vmsplice_zeros (off_t length)
{
  enum { PAGE = 4096, PIECES = 256 };
  static char page[PAGE] __attribute__ ((aligned (PAGE)));
  struct iovec pieces[PIECES];

  fcntl (STDOUT_FILENO, F_SETPIPE_SZ, MEBIBYTE);
  for (int i = 0; i < PIECES; i++)
    pieces[i] = (struct iovec) { .iov_base = page, .iov_len = PAGE };
  /* The pipe takes whole pages, and LENGTH is a multiple of them all.  */
  for (ssize_t n; length > 0; length -= n)
    if ((n = vmsplice (STDOUT_FILENO, pieces, length < PIECES * PAGE ? length / PAGE : PIECES, 0)) <= 0)
      fail ("vmsplice");
}

static char buffer[128 * 1024];

static void
write_zeros (off_t length)
{
  for (; length > 0; length -= sizeof buffer)
    if (write (STDOUT_FILENO, buffer, sizeof buffer) != sizeof buffer)
      fail ("write");
}

/* At most LENGTH bytes, a multiple of the buffer's.  */
static void
copy (int in, off_t length)
{
  ssize_t n = 0;

  for (; length > 0 && (n = read (in, buffer, sizeof buffer)) > 0; length -= n)
    if (write (STDOUT_FILENO, buffer, n) != n)
      fail ("write");
  if (n < 0)
    fail ("read");
}

static void
range (const char *name)
{
  int in = open_or_fail (name, O_RDONLY);
  ssize_t n;

  while ((n = copy_file_range (in, NULL, STDOUT_FILENO, NULL, 1 << 30, 0)) > 0)
    continue;
  if (n < 0)
    fail ("copy_file_range");
}

static pid_t
start (char **command)
{
  pid_t child;
  int error = posix_spawnp (&child, command[0], NULL, NULL, command, environ);

  if (error)
    {
      errno = error;
      fail (command[0]);
    }
  return child;
}

static int
outcome (pid_t child)
{
  int status;

  if (waitpid (child, &status, 0) < 0)
    fail ("waitpid");
  return WIFEXITED (status) ? WEXITSTATUS (status) : EXIT_FAILURE;
}

static int
starts (int times, char **command)
{
  int status = EXIT_SUCCESS;

  while (times-- > 0 && status == EXIT_SUCCESS)
    status = outcome (start (command));
  return status;
}

static int
busy (char **command)
{
  long processors = sysconf (_SC_NPROCESSORS_ONLN);
  pid_t loops[processors];
  int status;

  for (long i = 0; i < processors; i++)
    if ((loops[i] = fork ()) == 0)
      {
        cpu_set_t one;

        CPU_ZERO (&one);
        CPU_SET (i, &one);
        sched_setaffinity (0, sizeof one, &one);
        prctl (PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
          __asm__ volatile ("");
      }
  status = outcome (start (command));
  for (long i = 0; i < processors; i++)
    {
      kill (loops[i], SIGKILL);
      waitpid (loops[i], NULL, 0);
    }
  return status;
}

static void
refuse (char **command)
{
#define REFUSE(call) \
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), \
  BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)
  struct sock_filter rules[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    REFUSE (splice), REFUSE (tee), REFUSE (vmsplice), REFUSE (copy_file_range),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
  };
  struct sock_fprog filter = { .len = sizeof rules / sizeof *rules, .filter = rules };

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
    fail ("seccomp");
  execvp (command[0], command);
  fail (command[0]);
}

static struct sockaddr_in
loopback (int port)
{
  return (struct sockaddr_in) {
    .sin_family = AF_INET, .sin_port = htons (port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK)
  };
}

/* Listen at *PORT; 0 is any free one, and set.  */
static int
listen_tcp (int *port)
{
  struct sockaddr_in address = loopback (*port);
  socklen_t length = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (listener < 0 || bind (listener, (struct sockaddr *) &address, sizeof address) < 0 || listen (listener, 1) < 0
      || getsockname (listener, (struct sockaddr *) &address, &length) < 0)
    fail ("TCP");
  *port = ntohs (address.sin_port);
  return listener;
}

/* Connect to PORT, as soon as somebody listens there.  */
static int
connect_to (int port)
{
  static const struct timespec moment = { .tv_nsec = 1000000 };
  struct sockaddr_in address = loopback (port);

  for (;;)
    {
      int end = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

      if (end >= 0 && connect (end, (struct sockaddr *) &address, sizeof address) == 0)
        return end;
      if (end < 0 || errno != ECONNREFUSED)
        fail ("TCP");
      close (end);
      nanosleep (&moment, NULL);
    }
}

static int
accept_one (int listener)
{
  int end = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);

  if (end < 0)
    fail ("TCP");
  close (listener);
  return end;
}

/* The two ends of a TCP connection over loopback.  */
static void
connect_tcp (int ends[2])
{
  int port = 0, listener = listen_tcp (&port);

  ends[0] = connect_to (port);
  ends[1] = accept_one (listener);
}

/* Run COMMAND with SOCKET as its descriptor FD.  */
static pid_t
start_on (int socket, int fd, char **command)
{
  int saved = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  pid_t child;

  dup2 (socket, fd);
  child = start (command);
  dup2 (saved, fd);
  close (socket);
  return child;
}

static int
tcp_out (char **command)
{
  static char bytes[65536];
  int ends[2];
  pid_t child;
  ssize_t n;

  connect_tcp (ends);
  child = start_on (ends[0], STDOUT_FILENO, command);
  while ((n = read (ends[1], bytes, sizeof bytes)) > 0)
    if (write (STDOUT_FILENO, bytes, n) != n)
      fail ("write");
  return outcome (child);
}

static void
send_file (const char *name, int to)
{
  int in = open_or_fail (name, O_RDONLY);

  while (sendfile (to, in, NULL, MEBIBYTE) > 0)
    continue;
  close (to);
}

static int
tcp_in (const char *name, char **command)
{
  int ends[2];
  pid_t child;

  connect_tcp (ends);
  child = start_on (ends[0], STDIN_FILENO, command);
  send_file (name, ends[1]);
  return outcome (child);
}

static void
watch (int epoll, int fd)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

  if (fcntl (fd, F_SETFL, O_NONBLOCK) < 0 || epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &event) < 0)
    fail ("epoll");
}

static void
cat_by_events (int in)
{
  int pipe[2], epoll = epoll_create1 (0);
  struct epoll_event event;
  ssize_t held = 0, n = 0;

  if (pipe2 (pipe, O_NONBLOCK) < 0 || fcntl (pipe[0], F_SETPIPE_SZ, MEBIBYTE) < 0)
    fail ("pipe");
  watch (epoll, in);
  watch (epoll, STDOUT_FILENO);
  for (;;)
    {
      if (n < 0 && epoll_wait (epoll, &event, 1, -1) < 0)
        fail ("epoll_wait");
      if (held > 0)
        {
          n = splice (pipe[0], NULL, STDOUT_FILENO, NULL, held, 0);
          held -= n > 0 ? n : 0;
        }
      else
        held = n = splice (in, NULL, pipe[1], NULL, MEBIBYTE, 0);
      if (n == 0)
        return;
      if (n < 0 && errno != EAGAIN)
        fail ("splice");
    }
}

static void
relay (int port, int to, bool events)
{
  int in = accept_one (listen_tcp (&port));

  dup2 (connect_to (to), STDOUT_FILENO);
  if (events)
    cat_by_events (in);
  else
    cat (in, INT64_MAX);
}

static void
set_port (const char *name, int port)
{
  char text[16];

  snprintf (text, sizeof text, "%d", port);
  setenv (name, text, 1);
}

static void
through (const char *name, char *text)
{
  int to = 0, behind = 0, listener = listen_tcp (&behind);
  pid_t relay, sender;

  /* Nobody else will have that port so soon.  */
  close (listen_tcp (&to));
  set_port ("LISTEN", to);
  set_port ("CONNECT", behind);
  relay = fork ();
  if (relay == 0)
    {
      setpgid (0, 0);
      dup2 (open_or_fail ("/dev/null", O_RDWR), STDIN_FILENO);
      dup2 (STDIN_FILENO, STDOUT_FILENO);
      execl ("/bin/sh", "sh", "-c", text, NULL);
      fail ("sh");
    }
  sender = fork ();
  if (sender == 0)
    {
      send_file (name, connect_to (to));
      _exit (EXIT_SUCCESS);
    }
  cat (accept_one (listener), INT64_MAX);
  kill (-relay, SIGTERM);
  if (outcome (sender) != EXIT_SUCCESS)
    fail ("sender");
  waitpid (relay, NULL, 0);
}

static off_t
mebibytes (const char *number)
{
  return (off_t) atol (number) * MEBIBYTE;
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
    cat (argc > 2 ? open_or_fail (argv[2], O_RDONLY) : STDIN_FILENO, INT64_MAX);
  else if (strcmp (job, "copy") == 0)
    copy (argc > 2 ? open_or_fail (argv[2], O_RDONLY) : STDIN_FILENO, argc > 3 ? mebibytes (argv[3]) : INT64_MAX);
  else if (strcmp (job, "tee") == 0 && argc > 2)
    tee_to (argv[2]);
  else if (strcmp (job, "vmsplice") == 0 && argc > 2)
    vmsplice_zeros (mebibytes (argv[2]));
  else if (strcmp (job, "zeros") == 0 && argc > 2)
    write_zeros (mebibytes (argv[2]));
  else if (strcmp (job, "first") == 0 && argc > 2)
    cat (STDIN_FILENO, mebibytes (argv[2]));
  else if (strcmp (job, "drip") == 0 && argc > 2)
    drip (atoi (argv[2]));
  else if (strcmp (job, "loop") == 0 && argc > 2)
    loop (open_or_fail (argv[2], O_RDONLY), INT64_MAX, fcntl (STDOUT_FILENO, F_GETPIPE_SZ));
  else if (strcmp (job, "capacity") == 0 && argc > 3)
    {
      fcntl (STDOUT_FILENO, F_SETPIPE_SZ, atoi (argv[2]));
      execvp (argv[3], argv + 3);
      fail (argv[3]);
    }
  else if (strcmp (job, "range") == 0 && argc > 2)
    range (argv[2]);
  else if (strcmp (job, "starts") == 0 && argc > 3)
    return starts (atoi (argv[2]), argv + 3);
  else if (strcmp (job, "busy") == 0 && argc > 2)
    return busy (argv + 2);
  else if (strcmp (job, "refuse") == 0 && argc > 2)
    refuse (argv + 2);
  else if (strcmp (job, "tcp-out") == 0 && argc > 2)
    return tcp_out (argv + 2);
  else if (strcmp (job, "tcp-in") == 0 && argc > 3)
    return tcp_in (argv[2], argv + 3);
  else if (strcmp (job, "relay") == 0 && argc > 3)
    relay (atoi (argv[2]), atoi (argv[3]), false);
  else if (strcmp (job, "events") == 0 && argc > 3)
    relay (atoi (argv[2]), atoi (argv[3]), true);
  else if (strcmp (job, "through") == 0 && argc > 3)
    through (argv[2], argv[3]);
  else
    {
      fprintf (stderr, "limit: unknown job; its source tells\n");
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
