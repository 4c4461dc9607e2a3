/* size.c - how many is "2x80KiB"?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "size.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* UINTMAX_MAX stands for anything too large, but nothing times zero is zero.  */
static uintmax_t
times (uintmax_t a, uintmax_t b)
{
  uintmax_t product;

  return __builtin_mul_overflow (a, b, &product) ? UINTMAX_MAX : product;
}

static uintmax_t
power (uintmax_t base, size_t exponent)
{
  return exponent ? times (base, power (base, exponent - 1)) : 1;
}

/* The multiplier that *TEXT begins with; 1 if none does.  *TEXT is moved past it.  */
static uintmax_t
suffix (const char **text)
{
  static const char units[] = "KMGTPEZYRQ";
  const char *p = *text, *unit;

  if (*p == 'c' || *p == 'w' || *p == 'b')
    {
      *text += 1;
      return *p == 'c' ? 1 : *p == 'w' ? 2 : 512;
    }
  unit = *p ? strchr (units, *p == 'k' ? 'K' : *p) : NULL;
  if (!unit)
    return 1;
  if (p[1] == 'B' || p[1] == 'D')       /* D: GNU's old spelling */
    {
      *text += 2;
      return power (1000, unit - units + 1);
    }
  *text += p[1] == 'i' && p[2] == 'B' ? 3 : 1;
  return power (1024, unit - units + 1);
}

/* One factor: a number, a suffix, or both.  *TEXT is moved past it, or not at
   all if there is none.  */
static uintmax_t
factor (const char **text)
{
  const char *digits = *text;
  uintmax_t number = 1;

  while (isspace ((unsigned char) *digits))
    digits++;
  if (*digits == '+')
    digits++;
  if (isdigit ((unsigned char) *digits))
    {
      char *end;

      number = strtoumax (digits, &end, 10);
      *text = end;
    }
  return times (number, suffix (text));
}

enum size_status
size_parse (const char *text, uintmax_t *number, bool *bytes)
{
  const char *p = text, *start = text;

  if (bytes)
    *bytes = strchr (text, 'B') != NULL;
  *number = factor (&p);
  if (*p == 'B' && p > start && p[-1] != 'B')
    p++;
  /* GNU takes a B in one factor only.  */
  while (p > start && *p == 'x' && !(memchr (text, 'B', p - text) && strchr (p, 'B')))
    {
      start = ++p;
      *number = times (*number, factor (&p));
    }
  if (p == start || *p)
    {
      if (start > text)
        *number = 0;
      return SIZE_INVALID;
    }
  return *number == UINTMAX_MAX ? SIZE_OVERFLOW : SIZE_OK;
}
