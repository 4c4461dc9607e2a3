/* case.c - run one case with two programs, compare what they did, and tell of differences.

   SPDX-License-Identifier: MIT

   What is compared: exit status, standard error without times and rates, every
   file (mode, size, holes, bytes), what came out of a pipe and in which
   messages, how much of a pipe was taken, and where inherited descriptors stand
   afterwards and with which flags.

   Pipes are fed piece by piece, each when the last has been taken, so every
   read gets the same in both runs; sockets have all of it before the run.  */

#define _GNU_SOURCE
#include "case.h"

#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What takes longer hangs; in seconds.  */
static int hangs_after = 60;

/* What one run did.  */
struct outcome
{
  int status;
  bool hangs;
  char *text;                   /* standard error, then the states of the descriptors */
  char *bytes;                  /* what came out of a pipe */
  size_t size, room;
};

const char *programs[2];
static const char *const sides[2] = { "theirs", "ours" };

_Noreturn void
failed (const char *what)
{
  error (2, errno, "%s", what);
  exit (2);                     /* which error did, but no analyser knows that */
}

/* Content of files.  */

/* SIZE bytes of text: lines of 0 to 99 columns, in which runs of blanks, tabs and other bytes occur.  */
static void
fill_text (char *bytes, size_t size, uint64_t *state)
{
  static const char letters[] = "abcdefgXYZ0123 ,.    \t\t-=[]^~!|\\\"\200\351\377";
  size_t left = next_word (state) % 100;
  for (; size; size--, bytes++)
    if (left-- == 0)
      {
        *bytes = '\n';
        left = next_word (state) % 4 ? next_word (state) % 100 : 0;
      }
    else
      *bytes = letters[next_word (state) % (sizeof letters - 1)];
}

/* Words of no more than eight letters, padded with blanks to 10 columns: records for conv=unblock.  */
static void
fill_padded (char *bytes, size_t size, uint64_t *state)
{
  for (size_t i = 0, word = 0; i < size; i++)
    {
      if (i % 10 == 0)
        word = next_word (state) % 9;
      bytes[i] = i % 10 < word ? 'A' + next_word (state) % 26 : ' ';
    }
}

/* Runs of bytes and of NULs whose ends are at blocks' borders or near them.  */
static void
fill_gaps (char *bytes, size_t size, uint64_t *state)
{
  static const size_t blocks[] = { 512, 512, 1024, 4096, 4096, 10000, 65536 };
  for (size_t i = 0; i < size;)
    {
      size_t run = blocks[next_word (state) % 7] * (1 + next_word (state) % 3) - (next_word (state) % 8 == 0);
      bool zero = next_word (state) % 2;
      for (; run && i < size; run--, i++)
        bytes[i] = zero ? 0 : next_word (state);
    }
}

static char *
make_content (const struct content *content)
{
  uint64_t state = content->seed;
  char *bytes = calloc (1, content->size + 8);
  check (bytes != NULL, "memory");
  switch (content->kind)
    {
    case TEXT:
      fill_text (bytes, content->size, &state);
      break;
    case PADDED:
      fill_padded (bytes, content->size, &state);
      break;
    case GAPS:
    case HOLES:
      fill_gaps (bytes, content->size, &state);
      break;
    case ZEROS:
      break;
    default:
      for (size_t i = 0; i < content->size; i += 8)
        memcpy (bytes + i, &(uint64_t) { next_word (&state) }, 8);
    }
  return bytes;
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

/* With HOLES, the pages of NULs are not written.  */
void
put_content (int fd, const struct content *content)
{
  enum
  { PAGE = 4096 };
  static const char zeros[PAGE];
  char *bytes = make_content (content);
  if (content->kind != HOLES)
    put (fd, bytes, content->size);
  else
    {
      check (ftruncate (fd, content->size) == 0, "ftruncate");
      for (size_t at = 0; at < content->size; at += PAGE)
        {
          size_t n = content->size - at < PAGE ? content->size - at : PAGE;
          if (memcmp (bytes + at, zeros, n) != 0)
            check (pwrite (fd, bytes + at, n, at) == (ssize_t) n, "pwrite");
        }
    }
  free (bytes);
}

/* The directories.  */

static void
put_file (const char *name, const struct content *content)
{
  int fd = open (name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  check (fd >= 0, name);
  put_content (fd, content);
  close (fd);
}

static void
remove_files (void)
{
  DIR *directory = opendir (".");
  struct dirent *entry;
  check (directory != NULL, "opendir");
  while ((entry = readdir (directory)) != NULL)
    unlink (entry->d_name);
  closedir (directory);
}

/* The files of a case, in the current directory: in, old, links to both, two FIFOs and a directory.  */
static void
make_files (const struct test_case *c)
{
  remove_files ();
  mkdir ("dir", 0777);
  put_file ("in", &c->in);
  put_file ("old", &c->old);
  put_file ("twin", &c->in);
  check (link ("twin", "hard") == 0 && symlink ("in", "soft") == 0 && symlink ("old", "softold") == 0
         && symlink ("nowhere", "dangling") == 0, "link");
  check (mkfifo ("fifo", 0666) == 0 && mkfifo ("fifoout", 0666) == 0, "mkfifo");
}

static void
enter (const char *directory)
{
  check (chdir (directory) == 0, directory);
}

/* One run.  */

struct run
{
  const struct test_case *c;
  struct outcome *outcome;
  pid_t child;
  int end;                      /* becomes readable when the child ends */
  int in, out;                  /* the child's standard input and output, or -1 */
  int feed;                     /* where pieces are written, or -1 */
  int kept;                     /* the end that the child reads, if it is a pipe's */
  int collect;                  /* where output is read, or -1 */
  char *data;                   /* what is fed */
  size_t fed;                   /* bytes of it */
  int next;                     /* piece */
};

bool
has_operand (const struct test_case *c, const char *text)
{
  for (int i = 0; i < c->operands; i++)
    if (strncmp (c->operand[i], text, strlen (text)) == 0)
      return true;
  return false;
}

static void
say (struct outcome *o, const char *format, ...)
{
  char *more = NULL, *text = NULL;
  va_list arguments;
  va_start (arguments, format);
  check (vasprintf (&more, format, arguments) >= 0, "memory");
  va_end (arguments);
  check (asprintf (&text, "%s%s", o->text ? o->text : "", more) >= 0, "memory");
  free (more);
  free (o->text);
  o->text = text;
}

static int
open_file (const char *name, int flags, off_t at)
{
  int fd = open (name, flags | O_CLOEXEC, 0666);
  check (fd >= 0, name);
  if (at)
    check (lseek (fd, at, SEEK_SET) == at, "lseek");
  return fd;
}

static void
make_pair (int type, int pair[2])
{
  int size = 1 << 22;
  check (socketpair (AF_UNIX, type | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
  setsockopt (pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  setsockopt (pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static size_t
pieces_size (const struct test_case *c)
{
  size_t size = 0;
  for (int i = 0; i < c->pieces; i++)
    size += c->piece[i];
  return size;
}

static void
feed_piece (struct run *r)
{
  size_t size = r->c->piece[r->next++];
  put (r->feed, r->data + r->fed, size);
  r->fed += size;
}

static void
end_feed (struct run *r)
{
  if (r->feed >= 0)
    close (r->feed);
  r->feed = -1;
}

static void
open_source (struct run *r)
{
  const struct test_case *c = r->c;
  int pair[2] = { -1, -1 };
  switch (c->source)
    {
    case FROM_NULL:
      r->in = open_file ("/dev/null", O_RDONLY, 0);
      break;
    case FROM_ZERO:
      r->in = open_file ("/dev/zero", O_RDONLY, 0);
      break;
    case FROM_DIRECTORY:
      r->in = open_file ("dir", O_RDONLY | O_DIRECTORY, 0);
      break;
    case FROM_WRITE_ONLY:
      r->in = open_file ("in", O_WRONLY, 0);
      break;
    case FROM_FILE:
      r->in = open_file ("in", c->sink == TO_SAME ? O_RDWR : O_RDONLY, c->in_at);
      break;
    case FROM_PIPE:
    case FROM_LOADED_PIPE:
    case FROM_OPEN_PIPE:
      check (pipe2 (pair, O_CLOEXEC) == 0, "pipe");
      break;
    case FROM_STREAM:
    case FROM_MESSAGES:
      make_pair (c->source == FROM_STREAM ? SOCK_STREAM : SOCK_SEQPACKET, pair);
      break;
    case FROM_NOTHING:
      break;
    }
  if (pair[0] >= 0)
    {
      r->in = r->kept = pair[0];
      r->feed = pair[1];
    }
  if (pair[0] < 0 || c->source == FROM_PIPE)
    return;
  while (r->next < c->pieces)
    feed_piece (r);
  if (c->source != FROM_OPEN_PIPE)
    end_feed (r);
}

static void
open_sink (struct run *r)
{
  const struct test_case *c = r->c;
  int pair[2] = { -1, -1 };
  switch (c->sink)
    {
    case TO_PIPE:
    case TO_PACKETS:
    case TO_BROKEN_PIPE:
      check (pipe2 (pair, O_CLOEXEC | (c->sink == TO_PACKETS ? O_DIRECT : 0)) == 0, "pipe");
      break;
    case TO_STREAM:
    case TO_MESSAGES:
      make_pair (c->sink == TO_STREAM ? SOCK_STREAM : SOCK_SEQPACKET, pair);
      break;
    case TO_NEW:
      r->out = open_file ("new", O_WRONLY | O_CREAT | O_TRUNC, 0);
      break;
    case TO_FILE:
      r->out = open_file ("old", O_RDWR, c->out_at);
      break;
    case TO_APPENDED:
      r->out = open_file ("old", O_WRONLY | O_APPEND, 0);
      break;
    case TO_SAME:
      r->out = fcntl (r->in, F_DUPFD_CLOEXEC, 3);
      break;
    case TO_NULL:
      r->out = open_file ("/dev/null", O_WRONLY, 0);
      break;
    case TO_FULL:
      r->out = open_file ("/dev/full", O_WRONLY, 0);
      break;
    case TO_READ_ONLY:
      r->out = open_file ("old", O_RDONLY, 0);
      break;
    case TO_NOTHING:
      break;
    }
  if (pair[0] < 0)
    return;
  r->out = pair[1];
  if (c->sink == TO_BROKEN_PIPE)
    close (pair[0]);
  else
    r->collect = pair[0];
}

/* The FIFOs are open at our ends before the child opens its own, so that its open does not wait.  */
static void
open_fifos (struct run *r)
{
  if (has_operand (r->c, "if=fifo"))
    {
      end_feed (r);
      r->next = r->fed = 0;
      r->kept = open_file ("fifo", O_RDONLY | O_NONBLOCK, 0);
      r->feed = open_file ("fifo", O_WRONLY, 0);
    }
  if (has_operand (r->c, "of=fifoout"))
    r->collect = open_file ("fifoout", O_RDONLY | O_NONBLOCK, 0);
}

static void
become (const struct run *r, const char *program, int err)
{
  const struct test_case *c = r->c;
  char *arguments[OPERANDS + 2] = { (char *) "dd" };
  const int ends[3] = { r->in, r->out, err };
  for (int i = 0; i < c->operands; i++)
    arguments[i + 1] = (char *) c->operand[i];
  for (int i = 0; i < 3; i++)
    if (ends[i] >= 0)
      dup2 (ends[i], i);
    else
      close (i);
  signal (SIGPIPE, c->ignores_pipe ? SIG_IGN : SIG_DFL);
  signal (SIGXFSZ, c->limit ? SIG_IGN : SIG_DFL);
  if (!c->far)
    setrlimit (RLIMIT_FSIZE, &(struct rlimit) { c->limit ? c->limit : SANE, c->limit ? c->limit : SANE });
  setenv ("LC_ALL", c->utf8 ? "C.UTF-8" : "C", 1);
  execv (program, arguments);
  _exit (127);
}

/* How many bytes nobody has taken yet of those that were fed.  */
static int
untaken (const struct run *r)
{
  int n = 0;
  ioctl (r->kept, FIONREAD, &n);
  return n;
}

/* Feed the next piece if the last has been taken.  A FIFO's end is not closed before the child has opened its own.  */
static void
feed (struct run *r)
{
  if (r->feed < 0 || r->c->source == FROM_OPEN_PIPE || untaken (r) > 0)
    return;
  if (r->next < r->c->pieces)
    feed_piece (r);
  else
    end_feed (r);
}

/* Read what has come.  Returns whether something had.  */
static bool
collect (struct run *r)
{
  struct outcome *o = r->outcome;
  struct pollfd ready = {.fd = r->collect,.events = POLLIN };
  if (r->collect < 0 || poll (&ready, 1, 0) <= 0)
    return false;
  if (o->room - o->size < 1 << 20)
    {
      o->room = o->size + (1 << 22);
      o->bytes = realloc (o->bytes, o->room);
      check (o->bytes != NULL, "memory");
    }
  ssize_t n = read (r->collect, o->bytes + o->size, o->room - o->size);
  if (n > 0)
    {
      o->size += n;
      if (!has_operand (r->c, "of=fifoout") && (r->c->sink == TO_PACKETS || r->c->sink == TO_MESSAGES))
        say (o, "message of %zd bytes\n", n);
      return true;
    }
  if (!has_operand (r->c, "of=fifoout"))        /* whose writer may be yet to come */
    {
      close (r->collect);
      r->collect = -1;
    }
  return false;
}

/* Feed and collect until the child ends.  Only while something is fed does this not sleep.  */
static void
attend (struct run *r)
{
  time_t start = time (NULL);
  for (;;)
    {
      struct pollfd ends[2] = { {.fd = r->end,.events = POLLIN}, {.fd = r->collect,.events = POLLIN} };
      check (poll (ends, 2, r->feed >= 0 ? 0 : 1000) >= 0, "poll");
      if (ends[0].revents)
        break;
      feed (r);
      if (!collect (r) && r->feed >= 0)
        sched_yield ();
      if (time (NULL) - start > hangs_after || r->outcome->size > SANE)
        {
          r->outcome->hangs = true;
          kill (r->child, SIGKILL);
        }
    }
  while (collect (r))
    continue;
}

/* The state of an inherited descriptor: where it stands, and its flags.  */
static void
say_state (struct outcome *o, const char *name, int fd)
{
  if (fd < 0)
    return;
  off_t at = lseek (fd, 0, SEEK_CUR);
  if (at >= 0)
    say (o, "%s stands at %lld\n", name, (long long) at);
  say (o, "%s has the flags %#o\n", name, fcntl (fd, F_GETFL) & ~O_ACCMODE);
}

static char *
read_text (int fd)
{
  off_t size = lseek (fd, 0, SEEK_END);
  char *text = calloc (1, size + 1);
  check (text && pread (fd, text, size, 0) == size, "standard error");
  for (off_t i = 0; i < size; i++)
    if (text[i] == '\0')
      text[i] = '@';
  return text;
}

static void
close_if (int fd)
{
  if (fd >= 0)
    close (fd);
}

/* Run C with PROGRAM in the current directory.  */
static void
run_case (const struct test_case *c, const char *program, struct outcome *o)
{
  struct run r = {.c = c,.outcome = o,.in = -1,.out = -1,.feed = -1,.kept = -1,.collect = -1 };
  int err = open ("../stderr", O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666), status;
  char *text;
  r.data = make_content (&(struct content) { c->in.kind, c->in.seed, pieces_size (c) });
  open_source (&r);
  open_sink (&r);
  open_fifos (&r);
  r.child = fork ();
  check (r.child >= 0, "fork");
  if (r.child == 0)
    become (&r, program, err);
  r.end = pidfd_open (r.child, 0);
  check (r.end >= 0, "pidfd_open");
  if (r.collect >= 0 && !has_operand (c, "of=fifoout"))
    {
      close (r.out);
      r.out = -1;
    }
  attend (&r);
  check (waitpid (r.child, &status, 0) == r.child, "waitpid");
  o->status = WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
  text = read_text (err);
  say (o, "%s", text);
  say_state (o, "standard input", r.in);
  say_state (o, "standard output", r.out);
  if (r.kept >= 0 && c->source != FROM_MESSAGES)
    say (o, "%zu bytes were taken\n", r.fed - untaken (&r));
  say (o, "%s %d\n", o->hangs ? "hangs, status" : "status", o->status);
  free (text);
  free (r.data);
  end_feed (&r);
  close_if (r.in);
  close_if (r.out);
  close_if (r.collect);
  if (r.kept != r.in)
    close_if (r.kept);
  close (r.end);
  close (err);
}

/* Comparison.  Differences are told on STREAM.  */

static bool
same_bytes (int a, int b, off_t from, off_t to)
{
  static char one[1 << 16], two[1 << 16];
  while (from < to)
    {
      size_t n = to - from < (off_t) sizeof one ? (size_t) (to - from) : sizeof one;
      ssize_t got = pread (a, one, n, from);
      if (got <= 0 || pread (b, two, n, from) != got || memcmp (one, two, got) != 0)
        return false;
      from += got;
    }
  return true;
}

static bool
same_content (const char *name, int a, int b, FILE *stream)
{
  for (off_t at = 0;;)
    {
      off_t data = lseek (a, at, SEEK_DATA), hole;
      if (data != lseek (b, at, SEEK_DATA))
        return fprintf (stream, "%s: another hole at %lld\n", name, (long long) at), false;
      if (data < 0)
        return true;
      hole = lseek (a, data, SEEK_HOLE);
      if (hole != lseek (b, data, SEEK_HOLE))
        return fprintf (stream, "%s: other data behind %lld, or other holes\n", name, (long long) data), false;
      if (!same_bytes (a, b, data, hole))
        return fprintf (stream, "%s: bytes differ between %lld and %lld\n", name, (long long) data, (long long) hole),
          false;
      at = hole;
    }
}

static bool
same_file (const char *name, FILE *stream)
{
  char one[320], two[320];
  struct stat a, b;
  sprintf (one, "%s/%s", sides[0], name);
  sprintf (two, "%s/%s", sides[1], name);
  bool gone_a = lstat (one, &a) != 0, gone_b = lstat (two, &b) != 0;
  if (gone_a || gone_b)
    return fprintf (stream, "%s: only one has made it\n", name), false;
  if (a.st_mode != b.st_mode || (S_ISREG (a.st_mode) && a.st_size != b.st_size))
    return fprintf (stream, "%s: mode %o and %o, size %lld and %lld\n", name, a.st_mode, b.st_mode,
                    (long long) a.st_size, (long long) b.st_size), false;
  if (!S_ISREG (a.st_mode))
    return true;
  int fa = open (one, O_RDONLY | O_CLOEXEC), fb = open (two, O_RDONLY | O_CLOEXEC);
  bool same = fa >= 0 && fb >= 0 && same_content (name, fa, fb, stream);
  close (fa);
  close (fb);
  return same;
}

static bool
same_files (FILE *stream)
{
  bool same = true;
  for (int side = 0; side < 2; side++)
    {
      DIR *directory = opendir (sides[side]);
      struct dirent *entry;
      char other[320];
      check (directory != NULL, sides[side]);
      while ((entry = readdir (directory)) != NULL)
        {
          sprintf (other, "%s/%s", sides[1 - side], entry->d_name);
          if (side == 0 || faccessat (AT_FDCWD, other, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            same = same_file (entry->d_name, stream) && same;
        }
      closedir (directory);
    }
  return same;
}

/* Replace what matches PATTERN in TEXT by REPLACEMENT, everywhere.  REGEX is where it is compiled, once.  */
static void
mask (char **text, regex_t *regex, const char *pattern, const char *replacement)
{
  regmatch_t match;
  char *rest = *text, *result = strdup ("");
  if (!regex->re_nsub)
    check (regcomp (regex, pattern, REG_EXTENDED | REG_NEWLINE) == 0, pattern);
  while (*rest && regexec (regex, rest, 1, &match, 0) == 0)
    {
      char *more;
      check (asprintf (&more, "%s%.*s%s", result, (int) match.rm_so, rest, replacement) >= 0, "memory");
      free (result);
      result = more;
      rest += match.rm_eo;
    }
  check (asprintf (&rest, "%s%s", result, rest) >= 0, "memory");
  free (result);
  free (*text);
  *text = rest;
}

/* Times and rates, and the progress lines that only a slow run has.  */
static void
mask_times (char **text)
{
  static regex_t progress, statistics;
  mask (text, &progress, "(\r[^\n]*copied, [0-9]+ s, [0-9.]+ [kMGTP]?B/s *\n?)", "");
  mask (text, &statistics, "copied, [0-9.e+-]+ s, ([0-9.]+ [kMGTP]?B|Infinity B)/s", "copied, TIME s, RATE/s");
}

/* Run C twice and compare, telling STREAM of differences.  */
enum verdict
case_run (const struct test_case *c, FILE *stream)
{
  struct outcome o[2] = { 0 };
  bool same = true;
  if (is_excepted (c))
    return NO_CASE;
  for (int side = 0; side < 2; side++)
    {
      enter (sides[side]);
      make_files (c);
      run_case (c, programs[side], &o[side]);
      enter ("..");
      mask_times (&o[side].text);
    }
  excuse (c, o[0].text, o[1].text);
  if (strcmp (o[0].text, o[1].text) != 0)
    {
      fprintf (stream, "--- theirs\n%s+++ ours\n%s", o[0].text, o[1].text);
      same = false;
    }
  if (o[0].size != o[1].size || (o[0].size && memcmp (o[0].bytes, o[1].bytes, o[0].size) != 0))
    {
      fprintf (stream, "the pipe: %zu and %zu bytes, other bytes\n", o[0].size, o[1].size);
      same = false;
    }
  same = same_files (stream) && same;
  for (int side = 0; side < 2; side++)
    {
      free (o[side].text);
      free (o[side].bytes);
    }
  return o[0].hangs ? NO_CASE : same ? SAME : DIFFERENT;
}

/* The report.  */

static void
print_quoted (const char *text)
{
  if (*text && strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=,./_+-") == strlen (text))
    printf (" %s", text);
  else
    {
      printf (" $'");
      for (; *text; text++)
        if (*text == '\n')
          printf ("\\n");
        else
          printf (*text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
      printf ("'");
    }
}

static void
print_content (const char *name, const struct content *content)
{
  printf ("cases-spcopy content %d %u %zu >%s; ", content->kind, content->seed, content->size, name);
}

static void
print_redirections (const struct test_case *c)
{
  static const char *const from[] = {
    [FROM_NULL] = " </dev/null", [FROM_FILE] = " <in", [FROM_ZERO] = " </dev/zero", [FROM_DIRECTORY] = " <dir",
    [FROM_WRITE_ONLY] = " 0>in", [FROM_NOTHING] = " <&-"
  }, *const to[] = {
    [TO_PIPE] = " | wc -c", [TO_NEW] = " >new", [TO_FILE] = " 1<>old", [TO_APPENDED] = " >>old", [TO_SAME] = " 0<>in >&0",
    [TO_PACKETS] = " | packets", [TO_STREAM] = " >stream socket", [TO_MESSAGES] = " >message socket",
    [TO_NULL] = " >/dev/null", [TO_FULL] = " >/dev/full", [TO_BROKEN_PIPE] = " | broken pipe", [TO_READ_ONLY] = " 1<old",
    [TO_NOTHING] = " >&-"
  };
  if (from[c->source])
    printf ("%s", from[c->source]);
  printf ("%s", to[c->sink]);
  if (c->in_at)
    printf (" (standard input stands at %lld)", (long long) c->in_at);
  if (c->out_at)
    printf (" (standard output stands at %lld)", (long long) c->out_at);
}

void
case_print (const struct test_case *c)
{
  static const char *const fed[] = {
    [FROM_PIPE] = "pieces", [FROM_LOADED_PIPE] = "pieces at once", [FROM_OPEN_PIPE] = "pieces without an end",
    [FROM_STREAM] = "pieces through a stream socket", [FROM_MESSAGES] = "messages", [FROM_NOTHING] = NULL
  };
  print_content ("in", &c->in);
  print_content ("old", &c->old);
  if (c->limit)
    printf ("trap '' XFSZ; limit of %zu bytes; ", c->limit);
  if (fed[c->source] || has_operand (c, "if=fifo"))
    {
      printf ("%s of kind %d:", fed[c->source] ? fed[c->source] : "pieces to fifo", c->in.kind);
      for (int i = 0; i < c->pieces; i++)
        printf (" %zu", c->piece[i]);
      printf (" | ");
    }
  printf ("%sLC_ALL=%s dd", c->ignores_pipe ? "trap '' PIPE; " : "", c->utf8 ? "C.UTF-8" : "C");
  for (int i = 0; i < c->operands; i++)
    print_quoted (c->operand[i]);
  print_redirections (c);
  putchar ('\n');
}

/* Making a case that differs smaller.  */

static bool
still_differs (const struct test_case *c, FILE *nowhere)
{
  return case_run (c, nowhere) == DIFFERENT;
}

static bool
drop_operand (struct test_case *c, int i, FILE *nowhere)
{
  struct test_case less = *c;
  if (c->needs_count && strncmp (c->operand[i], "count=", 6) == 0)
    return false;
  memmove (less.operand[i], less.operand[i + 1], sizeof less.operand - (i + 1) * sizeof *less.operand);
  less.operands--;
  memset (less.operand[less.operands], 0, OPERAND_SIZE);
  if (!still_differs (&less, nowhere))
    return false;
  *c = less;
  return true;
}

/* Drop a word of a list.  */
static bool
drop_word (struct test_case *c, int i, FILE *nowhere)
{
  for (size_t at = 0; at < strlen (c->operand[i]); at++)
    if (c->operand[i][at] == ',')
      {
        struct test_case less = *c;
        char *value = strchr (less.operand[i], '=');
        if (!value)
          return false;
        if (strchr (c->operand[i], ',') == c->operand[i] + at)
          memmove (value + 1, less.operand[i] + at + 1, strlen (less.operand[i] + at + 1) + 1);
        else
          memmove (less.operand[i] + at, strchrnul (less.operand[i] + at + 1, ','),
                   strlen (strchrnul (less.operand[i] + at + 1, ',')) + 1);
        if (still_differs (&less, nowhere))
          {
            *c = less;
            return true;
          }
      }
  return false;
}

#define SIMPLER(change) \
  do \
    { \
      struct test_case less = *c; \
      less.change; \
      if (memcmp (&less, c, sizeof less) != 0 && still_differs (&less, nowhere)) \
        *c = less; \
    } \
  while (0)

void
case_make_smaller (struct test_case *c)
{
  FILE *nowhere = fopen ("/dev/null", "w");
  hangs_after = 3;
  for (bool again = true; again;)
    {
      again = false;
      for (int i = c->operands - 1; i >= 0; i--)
        again |= drop_operand (c, i, nowhere) || drop_word (c, i, nowhere);
    }
  SIMPLER (utf8 = false);
  SIMPLER (ignores_pipe = false);
  SIMPLER (limit = 0);
  SIMPLER (in_at = 0);
  SIMPLER (out_at = 0);
  if (c->source != FROM_FILE || c->sink != TO_SAME)
    SIMPLER (sink = TO_NEW);
  SIMPLER (in.kind = BYTES);
  SIMPLER (old.kind = BYTES);
  SIMPLER (old.size = 0);
  for (int i = 0; i < 8; i++)
    {
      SIMPLER (in.size /= 2);
      SIMPLER (old.size /= 2);
      if (c->pieces > 1)
        SIMPLER (pieces /= 2);
    }
  fclose (nowhere);
  hangs_after = 60;
}

void
case_setup (void)
{
  signal (SIGPIPE, SIG_IGN);
  umask (022);
  for (int side = 0; side < 2; side++)
    check (mkdir (sides[side], 0777) == 0 || errno == EEXIST, sides[side]);
}
