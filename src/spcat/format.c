/* format.c - how do bytes change for cat's -n -b -s -E -T -v, and fast?

   Everything happens by lines: a number before the first byte, a `$' before
   the newline.  In between, 16 bytes at a time are copied before anything is
   known of them; the copy stands as far as they show as themselves.

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
  BLOCK = 16,

  /* One read and what becomes of it stay in the cache.  */
  READ_SIZE = 24 * 1024,

  /* The most that one byte becomes: a newline, its line number and `$'.  */
  GROWTH = FORMAT_NUMBER + 2,

  /* Of what was written before; on its own cache line, so that the rest is aligned.  */
  BEFORE = 64
};

/* Pages of these that no input needs are never touched.  */
static unsigned char input[READ_SIZE + BLOCK] __attribute__ ((aligned (4096)));
static char output[BEFORE + READ_SIZE * GROWTH + FORMAT_NUMBER + BLOCK] __attribute__ ((aligned (4096)));

/* A vector of bytes, signed so that those above 127 compare as below 0.  */
typedef signed char block __attribute__ ((vector_size (BLOCK)));

/* Bit n is set if byte n of the comparison's outcome TRUTH is.  */
static inline unsigned
bits (block truth)
{
#ifdef __SSE2__
  return _mm_movemask_epi8 ((__m128i) truth);
#else
  unsigned mask = 0;

  for (int n = 0; n < BLOCK; n++)
    mask |= (truth[n] & 1u) << n;
  return mask;
#endif
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
  f->newlines = 1;
  f->held = false;
  memset (f->line, ' ', sizeof f->line);
  f->line[FORMAT_NUMBER - 2] = '0';
  f->line[FORMAT_NUMBER - 1] = '\t';
  f->first = FORMAT_NUMBER - 7;
  for (int byte = 0; byte < 256; byte++)
    f->shown[byte].length = show (f, byte, f->shown[byte].text);
}

/* Put the next line number.  */
static inline char *
put_number (struct format *f, char *to)
{
  int digit = FORMAT_NUMBER - 2;

  while (f->line[digit] == '9')
    f->line[digit--] = '0';
  f->line[digit] = f->line[digit] == ' ' ? '1' : f->line[digit] + 1;
  if (digit < f->first)
    f->first = digit;
  memcpy (to, f->line + f->first, FORMAT_NUMBER);
  return to + FORMAT_NUMBER - f->first;
}

/* Put the bytes from *FROM to the next newline, and leave *FROM there.  */
static inline char *
put_line (const struct format *f, const unsigned char **from, char *to)
{
  const unsigned char *byte = *from;
  bool changes = f->show_tabs || f->show_nonprinting;

  for (;; byte += BLOCK)
    {
      unsigned ends, changed = 0, length;
      block b;

      memcpy (&b, byte, BLOCK);
      memcpy (to, &b, BLOCK);
      ends = bits (b == '\n');
      if (changes)
        {
          unsigned tabs = bits (b == '\t');

          if (f->show_nonprinting)
            changed = bits ((b < ' ') | (b == 127));
          changed = (f->show_tabs ? changed | tabs : changed & ~tabs) & (ends - 1) & ~ends;
        }
      length = ends ? __builtin_ctz (ends) : BLOCK;
      if (!changed)
        to += length;
      else
        for (unsigned n = 0; n < length; n++)
          {
            memcpy (to, f->shown[byte[n]].text, 4);
            to += f->shown[byte[n]].length;
          }
      if (ends)
        {
          *from = byte + length;
          return to;
        }
    }
}

/* Put what the bytes from FROM up to END become; a newline and BLOCK bytes more
   stand there to end the search.  TO[-1] is what was put before.  */
static char *
put (struct format *f, const unsigned char *from, const unsigned char *end, char *to)
{
  bool numbers = f->number || f->number_nonblank;

  while (from < end)
    {
      if (f->newlines)
        {
          bool blank = *from == '\n';

          if (blank && f->newlines == 2 && f->squeeze_blank)
            {
              from++;
              continue;
            }
          if (numbers && !(blank && f->number_nonblank))
            to = put_number (f, to);
          if (!blank)
            f->newlines = 0;
        }
      to = put_line (f, &from, to);
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
      *to++ = *from++;
      if (f->newlines < 2)
        f->newlines++;
    }
  return to;
}

/* Format SIZE bytes of input and write them.  */
static int
pass (struct format *f, size_t size, int out, enum iosplice_side *failed)
{
  size_t length;

  input[size] = '\n';
  length = put (f, input, input + size, output + BEFORE) - (output + BEFORE);
  if (iosplice_write (out, output + BEFORE, length) == length)
    return 0;
  *failed = IOSPLICE_SINK;
  return -1;
}

int
format_copy (struct format *f, int in, int out, enum iosplice_side *failed)
{
  for (;;)
    {
      ssize_t n = iosplice_read (in, input + f->held, READ_SIZE - 1);
      size_t size;

      if (n < 0)
        *failed = IOSPLICE_SOURCE;
      if (n <= 0)
        return n;
      size = f->held + n;
      f->held = f->show_ends && !f->show_nonprinting && input[size - 1] == '\r';
      if (pass (f, size - f->held, out, failed) < 0)
        return -1;
      input[0] = '\r';
    }
}

int
format_finish (struct format *f, int out, enum iosplice_side *failed)
{
  if (!f->held)
    return 0;
  f->held = false;
  return pass (f, 1, out, failed);
}
