/* worker.h - a thread that writes to one sink while others write to theirs.

   It is handed whole blocks: a pipe, or memory, that nobody else uses until it
   is done.  A thread that drained a pipe which is still being filled would
   lock out who fills it.

   SPDX-License-Identifier: MIT */

#ifndef WORKER_H
#define WORKER_H

#include "buffer.h"

struct worker;

/* A worker that does nothing yet, or NULL with errno: there can be no more threads.  */
struct worker *worker_new (void);

/* End and free WORKER (NULL is allowed), which is not busy.  */
void worker_free (struct worker *);

/* Let WORKER bring what BUFFER holds to SINK.  BUFFER keeps it: a pipe's content
   is duplicated, memory must stay as it is until the worker is done.  Returns
   false if the worker cannot have a pipe of that size.  */
bool worker_begin (struct worker *, struct buffer *, struct endpoint *sink);

/* Wait until WORKER is done, and add what it did to STATISTICS.  Returns 0, or
   the errno value that its sink failed with, and in *LEFT how many bytes that
   did not take.  */
int worker_end (struct worker *, size_t *left, struct iosplice_statistics *);

#endif
