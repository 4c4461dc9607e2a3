/* tap.h - what the C tests share: how a result is told, what is moved, who is
   at the other end.

   SPDX-License-Identifier: MIT

   Nothing sleeps; a watchdog, alarm, ends what hangs.  */

#ifndef TAP_H
#define TAP_H

#include "iosplice/iosplice.h"
#include "symbols.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int tests, failures;

static inline bool
report (bool good, const char *what, int line)
{
  int saved = errno;

  printf ("%sok %d - %s\n", good ? "" : "not ", ++tests, what);
  if (!good)
    printf ("# line %d: errno %d (%s)\n", line, saved, strerror (saved));
  fflush (stdout);
  failures += !good;
  return good;
}

#define CHECK(condition, what) report (condition, what, __LINE__)

/* The stage, not the test: what the kernel must give us.  */
#define NEED(condition) do if (!(condition)) { printf ("Bail out! line %d: %s\n", __LINE__, strerror (errno)); exit (99); } while (0)

enum
{ SIZE = 300000, HALF = 150000 };

static char data[SIZE], got[SIZE + 1];

static inline void
make_data (void)
{
  unsigned state = 1;

  for (size_t i = 0; i < SIZE; i++)
    data[i] = (state = state * 1103515245 + 12345) >> 16;
}

/* A new file of the data's first SIZE bytes, with its position at 0.  */
static inline int
file_of (size_t size)
{
  int fd = memfd_create ("test", 0);
  NEED (fd >= 0 && pwrite (fd, data, size, 0) == (ssize_t) size);
  return fd;
}

static inline bool
holds (int fd, const char *wanted, ssize_t size)
{
  return pread (fd, got, sizeof got, 0) == size && memcmp (got, wanted, size) == 0;
}

static inline off_t
position (int fd)
{
  return lseek (fd, 0, SEEK_CUR);
}

static inline struct iosplice_pump *
pump_of (unsigned flags, const struct iosplice_hooks *hooks, int source, int sink, unsigned mine)
{
  struct iosplice_pump *pump = iosplice_pump_new (flags, hooks);
  NEED (pump != NULL);
  NEED (iosplice_pump_source (pump, source, mine, NULL) == 0);
  NEED (iosplice_pump_sink (pump, sink, mine, NULL) == 0);
  return pump;
}

static inline int
open_descriptors (void)
{
  DIR *directory = opendir ("/proc/self/fd");
  int n = 0;
  NEED (directory != NULL);
  while (readdir (directory))
    n++;
  closedir (directory);
  return n;
}

/* A thread that writes the data, or reads into its memory until end of file.  */

struct other_end
{
  pthread_t thread;
  int fd;
  size_t size, done;
  char *bytes;
};

static inline void *
feed (void *argument)
{
  struct other_end *end = argument;
  end->done = iosplice_write (end->fd, end->bytes, end->size);
  close (end->fd);
  return NULL;
}

static inline void *
eat (void *argument)
{
  struct other_end *end = argument;
  ssize_t n;
  while ((n = iosplice_read (end->fd, end->bytes + end->done, end->size - end->done)) > 0)
    end->done += n;
  return NULL;
}

static inline void
start (struct other_end *end, void *(*what) (void *), int fd, char *bytes, size_t size)
{
  *end = (struct other_end) {.fd = fd,.bytes = bytes,.size = size };
  NEED (pthread_create (&end->thread, NULL, what, end) == 0);
}

#endif
