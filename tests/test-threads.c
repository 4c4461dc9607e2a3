/* test-threads.c - do threads that share descriptors, each at offsets of its
   own, get in each other's way?

   SPDX-License-Identifier: MIT

   Speaks TAP.  ROUNDS says how many; `make check-threads' runs 1,000 under
   ThreadSanitizer.  */

#define _GNU_SOURCE
#include "lib/tap.h"

#include <signal.h>

enum
{ THREADS = 8, PART = SIZE / THREADS };

struct part
{
  pthread_t thread;
  int number, in, out, rounds;
  bool good;
  struct iosplice_pump *pump;   /* one of the thread's own, kept for all rounds */
  int ends[2];
  char bytes[PART];
};

static bool
by_one_call (const struct part *part, unsigned flags)
{
  off_t from = (off_t) part->number * PART, to = (off_t) (THREADS - 1 - part->number) * PART;
  struct iosplice_result result;

  return iosplice_full (part->in, &from, part->out, &to, PART, flags, &result) == PART && result.moved == PART
    && from == (off_t) (part->number + 1) * PART && to == (off_t) (THREADS - part->number) * PART;
}

static bool
by_pump (const struct part *part)
{
  return iosplice_pump_source_at (part->pump, (off_t) part->number * PART) == 0
    && iosplice_pump_sink_at (part->pump, 0, (off_t) (THREADS - 1 - part->number) * PART) == 0
    && iosplice_pump_run (part->pump, PART) == PART;
}

static bool
by_pipe (struct part *part)
{
  off_t from = (off_t) part->number * PART, to = (off_t) (THREADS - 1 - part->number) * PART;

  return iosplice_splice (part->in, &from, part->ends[1], NULL, PART, IOSPLICE_WAIT_ALL) == PART
    && iosplice_read (part->ends[0], part->bytes, PART) == PART && memcmp (part->bytes, data + (size_t) part->number * PART, PART) == 0
    && pwrite (part->out, part->bytes, PART, to) == PART;
}

static void *
work (void *argument)
{
  struct part *part = argument;

  for (int round = 0; part->good && round < part->rounds; round++)
    switch (round % 4)
      {
      case 0:
        part->good = by_one_call (part, 0);
        break;
      case 1:
        part->good = by_one_call (part, IOSPLICE_NO_SPLICE | IOSPLICE_NO_SIGPIPE);
        break;
      case 2:
        part->good = by_pump (part);
        break;
      default:
        part->good = by_pipe (part);
      }
  return NULL;
}

/* All threads do ROUNDS rounds, each at its own speed; then the sink is looked at.  */
static bool
all_parts (struct part *parts, int rounds)
{
  bool good = true;

  for (int i = 0; i < THREADS; i++)
    {
      parts[i].rounds = rounds;
      NEED (pthread_create (&parts[i].thread, NULL, work, &parts[i]) == 0);
    }
  for (int i = 0; i < THREADS; i++)
    {
      pthread_join (parts[i].thread, NULL);
      good &= parts[i].good;
    }
  good &= pread (parts[0].out, got, sizeof got, 0) == PART * THREADS;
  for (int i = 0; i < THREADS; i++)
    good &= memcmp (got + (size_t) i * PART, data + (size_t) (THREADS - 1 - i) * PART, PART) == 0;
  return good;
}

int
main (void)
{
  static struct part parts[THREADS];
  const char *asked = getenv ("ROUNDS");
  int rounds = asked ? atoi (asked) : 40, before = open_descriptors ();
  int in, out;
  char what[100];
  bool good = true;

  alarm (600);
  signal (SIGPIPE, SIG_IGN);
  make_data ();
  in = file_of (SIZE), out = file_of (0);
  for (int i = 0; i < THREADS; i++)
    {
      parts[i] = (struct part) {.number = i,.in = in,.out = out,.good = true,.pump = pump_of (0, NULL, in, out, 0) };
      NEED (iosplice_pipe (parts[i].ends, 2 * PART) == 0);
    }
  /* In batches: between two of them the sink is emptied, so that old bytes do not count.  */
  for (int done = 0; good && done < rounds; done += 4)
    {
      NEED (ftruncate (out, 0) == 0);
      good = all_parts (parts, 4);
    }
  snprintf (what, sizeof what, "%d threads copy from one descriptor to one other at different offsets, %d rounds: every byte", THREADS, rounds);
  CHECK (good, what);
  CHECK (position (in) == 0 && position (out) == 0, "... the positions stay");
  for (int i = 0; i < THREADS; i++)
    {
      iosplice_pump_free (parts[i].pump);
      close (parts[i].ends[0]);
      close (parts[i].ends[1]);
    }
  close (in);
  close (out);
  CHECK (open_descriptors () == before, "... no descriptor is left open");
  printf ("1..%d\n", tests);
  return failures != 0;
}
