/* worker.c - a thread that writes to one sink while others write to theirs.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "worker.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

/* What lies between `given' and `done' belongs to the thread, the rest to its owner.  */
struct worker
{
  pthread_t thread;
  sem_t given;
  sem_t done;
  struct buffer buffer;         /* the worker's own copy of the block */
  struct iosplice_statistics statistics;
  struct endpoint *sink;        /* NULL: end */
  int error;
};

static void *
work (void *context)
{
  struct worker *worker = context;

  for (;;)
    {
      while (sem_wait (&worker->given) < 0)
        continue;
      if (!worker->sink)
        return NULL;
      worker->error = buffer_drain_all (&worker->buffer, worker->sink);
      sem_post (&worker->done);
    }
}

/* Signals are the business of the program's own threads.  */
static int
start (struct worker *worker)
{
  enum { STACK = 64 * 1024 };
  pthread_attr_t attributes;
  sigset_t all, before;
  int error = pthread_attr_init (&attributes);

  if (error)
    return error;
  pthread_attr_setstacksize (&attributes, STACK > PTHREAD_STACK_MIN ? STACK : PTHREAD_STACK_MIN);
  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, &before);
  error = pthread_create (&worker->thread, &attributes, work, worker);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  pthread_attr_destroy (&attributes);
  return error;
}

struct worker *
worker_new (void)
{
  struct worker *worker = calloc (1, sizeof *worker);
  int error;

  if (!worker)
    return NULL;
  sem_init (&worker->given, 0, 0);
  sem_init (&worker->done, 0, 0);
  buffer_open (&worker->buffer, &worker->statistics);
  error = start (worker);
  if (error == 0)
    return worker;
  free (worker);
  errno = error;
  return NULL;
}

void
worker_free (struct worker *worker)
{
  if (!worker)
    return;
  worker->sink = NULL;
  sem_post (&worker->given);
  pthread_join (worker->thread, NULL);
  buffer_close (&worker->buffer);
  sem_destroy (&worker->given);
  sem_destroy (&worker->done);
  free (worker);
}

bool
worker_begin (struct worker *worker, struct buffer *buffer, struct endpoint *sink)
{
  if (!buffer_copy (buffer, &worker->buffer))
    return false;
  worker->sink = sink;
  sem_post (&worker->given);
  return true;
}

static void
add (struct iosplice_means *total, struct iosplice_means *means)
{
  total->calls += means->calls;
  total->bytes += means->bytes;
}

int
worker_end (struct worker *worker, size_t *left, struct iosplice_statistics *statistics)
{
  while (sem_wait (&worker->done) < 0)
    continue;
  *left = worker->buffer.length;
  buffer_discard (&worker->buffer);
  add (&statistics->splice, &worker->statistics.splice);
  add (&statistics->tee, &worker->statistics.tee);
  add (&statistics->read, &worker->statistics.read);
  add (&statistics->write, &worker->statistics.write);
  if (statistics->reason < worker->statistics.reason)
    statistics->reason = worker->statistics.reason;
  worker->statistics = (struct iosplice_statistics) { 0 };
  return worker->error;
}
