/* format.c - how do bytes change for cat's -n -b -s -E -T -v, and fast?

   First the newlines at which something is done are listed, then the bytes
   between them are copied with what belongs before and behind.  Both go by
   blocks, because a branch per byte, or one that line lengths decide, costs
   more than the rest.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "format.h"

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
# include <emmintrin.h>
#endif

enum
{
  BLOCK = 64,

  /* A read of which a pipe of the usual size takes what becomes of it while
     the reader still has the last one.  */
  READ_SIZE = 32 * 1024,

  /* After so many full reads in a row a pipe that we write to is made larger, and so are the reads.  */
  BUSY_READS = 8,
  LARGE_PIPE = 1024 * 1024,
  LARGE_READ = 128 * 1024,

  /* The most that one byte becomes: a line number, `$' and itself.  */
  GROWTH = FORMAT_NUMBER + 2
};

/* The text read stands behind the bytes that came before it, as far as they
   matter.  Copying by blocks runs over the end of either buffer's contents.
   Pages that no text needs are never touched.  */
static unsigned char input[BLOCK + LARGE_READ + BLOCK] __attribute__ ((aligned (4096)));
static char output[BLOCK + LARGE_READ * GROWTH + BLOCK] __attribute__ ((aligned (4096)));
static uint32_t stops[LARGE_READ + BLOCK];

/* Sixteen bytes, signed so that those above 127 compare as below 0.  */
typedef signed char vector __attribute__ ((vector_size (16)));

/* Bit n is set if byte n of the comparison's outcome TRUTH is.  */
static inline uint64_t
bits (vector truth)
{
#ifdef __SSE2__
  return _mm_movemask_epi8 ((__m128i) truth);
#else
  uint64_t mask = 0;

  for (int n = 0; n < 16; n++)
    mask |= (truth[n] & UINT64_C (1)) << n;
  return mask;
#endif
}

/* Take the lowest bit from MASK and return its number, or any if there is none.  */
static inline unsigned
take_bit (uint64_t *mask)
{
  unsigned bit = __builtin_ctzll (*mask | UINT64_C (1) << 63);

  *mask &= *mask - 1;
  return bit;
}

/* How many bits are set; a plain x86-64 has no instruction for it.  */
static inline unsigned
count_bits (uint64_t mask)
{
  mask -= mask >> 1 & UINT64_C (0x5555555555555555);
  mask = (mask & UINT64_C (0x3333333333333333)) + (mask >> 2 & UINT64_C (0x3333333333333333));
  return ((mask + (mask >> 4)) & UINT64_C (0x0f0f0f0f0f0f0f0f)) * UINT64_C (0x0101010101010101) >> 56;
}

static inline vector
load (const unsigned char *from)
{
  vector v;

  memcpy (&v, from, sizeof v);
  return v;
}

static inline uint64_t
newline_bits (const unsigned char *from)
{
  return bits (load (from) == '\n') | bits (load (from + 16) == '\n') << 16
         | bits (load (from + 32) == '\n') << 32 | bits (load (from + 48) == '\n') << 48;
}

/* Bits of what in 16 bytes -T and -v change.  */
static inline uint64_t
changed_bits (const struct format *f, const unsigned char *from)
{
  vector v = load (from), tabs = v == '\t', changed = { 0 };

  if (f->show_nonprinting)
    changed = ((v < ' ') & (v != '\n')) | (v == 127);
  return bits (f->show_tabs ? changed | tabs : changed & ~tabs);
}

bool
format_wanted (const struct format *f)
{
  return f->number || f->number_nonblank || f->squeeze_blank || f->show_ends || f->show_tabs || f->show_nonprinting;
}

/* Put what BYTE is shown as into TEXT.  Returns its length.  */
static unsigned
show (const struct format *f, unsigned char byte, char *text)
{
  char *to = text;

  if (byte == '\t' ? f->show_tabs : byte != '\n' && f->show_nonprinting)
    {
      if (byte >= 128)
        {
          *to++ = 'M';
          *to++ = '-';
          byte -= 128;
        }
      if (byte < ' ' || byte == 127)
        {
          *to++ = '^';
          byte ^= 64;
        }
    }
  *to++ = byte;
  return to - text;
}

void
format_start (struct format *f)
{
  f->held = false;
  memcpy (f->before, "\0\n", 2);
  memset (f->line, ' ', sizeof f->line);
  f->line[FORMAT_NUMBER - 1] = '\t';
  f->first = FORMAT_NUMBER - 7;
  f->digit = '0';
  for (int byte = 0; byte < 256; byte++)
    f->shown[byte].length = show (f, byte, f->shown[byte].text);
}

/* Count the ten that the last digit has run through.  */
static void
carry (struct format *f)
{
  int n = FORMAT_NUMBER - 3;

  while (f->line[n] == '9')
    f->line[n--] = '0';
  f->line[n] = f->line[n] == ' ' ? '1' : f->line[n] + 1;
  if (n < f->first)
    f->first = n;
  f->digit = '0';
}

/* Put the next line number.  Its last digit is kept apart: a load of bytes of
   which one was just stored would wait for all stores before.  */
static inline char *
put_number (struct format *f, char *to)
{
  if (f->digit++ == '9')
    carry (f);
  memcpy (to, f->line + f->first, FORMAT_NUMBER);
  to += FORMAT_NUMBER - f->first;
  to[-2] = f->digit;
  return to;
}

/* List where in the SIZE bytes at FROM the lines end, and at last SIZE.  With -s alone
   only the blank lines matter, with -T and -v alone none.  */
static void
find_stops (const struct format *f, const unsigned char *from, size_t size)
{
  bool every = f->number || f->number_nonblank || f->show_ends;
  uint32_t *stop = stops;
  uint64_t before = from[-1] == '\n';

  if (every || f->squeeze_blank)
    for (size_t at = 0; at < size; at += BLOCK)
      {
        uint64_t newlines = newline_bits (from + at), mask = newlines;

        if (!every)
          mask &= mask << 1 | before;
        before = newlines >> 63;
        if (mask)
          {
            uint32_t *next = stop + count_bits (mask);

            /* Few blocks have more than four: the number of rounds is no surprise to the processor.  */
            do
              {
                *stop++ = at + take_bit (&mask);
                *stop++ = at + take_bit (&mask);
                *stop++ = at + take_bit (&mask);
                *stop++ = at + take_bit (&mask);
              }
            while (mask);
            stop = next;
          }
      }
  while (stop > stops && stop[-1] >= size)
    stop--;
  *stop = size;
}

/* Put the bytes from FROM up to END, none of which changes.  */
static inline char *
put_plain (const unsigned char *from, const unsigned char *end, char *to)
{
  size_t size = end - from;

  for (size_t at = 0; at < size; at += BLOCK)
    memcpy (to + at, from + at, BLOCK);
  return to + size;
}

/* Put the bytes from FROM up to END as -T and -v show them.  */
static inline char *
put_shown (const struct format *f, const unsigned char *from, const unsigned char *end, char *to)
{
  while (from < end)
    {
      size_t length = end - from < BLOCK ? end - from : BLOCK;
      uint64_t changed = (changed_bits (f, from) | changed_bits (f, from + 16) << 16
                          | changed_bits (f, from + 32) << 32 | changed_bits (f, from + 48) << 48)
                         & ~UINT64_C (0) >> (BLOCK - length);
      const unsigned char *last;

      memcpy (to, from, BLOCK);
      if (!changed)
        {
          from += length;
          to += length;
          continue;
        }
      last = from + 63 - __builtin_clzll (changed);
      to += __builtin_ctzll (changed);
      from += __builtin_ctzll (changed);
      do
        {
          memcpy (to, f->shown[*from].text, 4);
          to += f->shown[*from].length;
        }
      while (from++ < last);
    }
  return to;
}

/* Put what the SIZE bytes at FROM become.  FROM[-1], FROM[-2] and TO[-1] are what was before.  */
static char *
put (struct format *f, const unsigned char *from, size_t size, char *to)
{
  const unsigned char *const begin = from, *const end = from + size;
  bool numbers = f->number || f->number_nonblank;
  bool changes = f->show_tabs || f->show_nonprinting;

  find_stops (f, from, size);
  for (const uint32_t *stop = stops; from < end; stop++, from++)
    {
      const unsigned char *newline = begin + *stop;

      if (from[-1] == '\n')
        {
          bool blank = from[0] == '\n';

          if (f->squeeze_blank && blank && from[-2] == '\n')
            continue;
          if (numbers && !(f->number_nonblank && blank))
            to = put_number (f, to);
        }
      to = changes ? put_shown (f, from, newline, to) : put_plain (from, newline, to);
      from = newline;
      if (from == end)
        break;
      if (f->show_ends)
        {
          if (to[-1] == '\r')
            {
              to[-1] = '^';
              *to++ = 'M';
            }
          *to++ = '$';
        }
      *to++ = '\n';
    }
  return to;
}

/* Format the first SIZE bytes of the input and write them.  */
static int
pass (struct format *f, size_t size, int out, enum iosplice_side *failed)
{
  unsigned char *from = input + BLOCK;
  size_t length;

  memcpy (from - 2, f->before, 2);
  length = put (f, from, size, output + BLOCK) - (output + BLOCK);
  memcpy (f->before, from + size - 2, 2);
  if (iosplice_write (out, output + BLOCK, length) == length)
    return 0;
  *failed = IOSPLICE_SINK;
  return -1;
}

int
format_copy (struct format *f, const struct format_ends *ends, struct progress *progress, enum iosplice_side *failed)
{
  unsigned char *from = input + BLOCK;
  size_t room = ends->messages ? LARGE_READ : READ_SIZE;

  for (int busy = 0;;)
    {
      ssize_t n = iosplice_read (ends->in, from + f->held, room - f->held);
      size_t size;

      if (n < 0)
        *failed = IOSPLICE_SOURCE;
      if (n <= 0)
        return n;
      size = f->held + n;
      if (f->held)
        from[0] = '\r';
      busy = size == room ? busy + 1 : 0;
      /* Its reader and we need not take turns any more.  */
      if (busy == BUSY_READS && iosplice_pipe_grow (ends->out, LARGE_PIPE) >= LARGE_PIPE)
        room = LARGE_READ;
      f->held = f->show_ends && !f->show_nonprinting && from[size - 1] == '\r';
      if (size > f->held && pass (f, size - f->held, ends->out, failed) < 0)
        return -1;
      progress_add (progress, n);
    }
}

int
format_finish (struct format *f, int out, enum iosplice_side *failed)
{
  if (!f->held)
    return 0;
  f->held = false;
  input[BLOCK] = '\r';
  return pass (f, 1, out, failed);
}
