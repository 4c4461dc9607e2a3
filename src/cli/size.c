/* size.c - how many is "2x80KiB", and how is that told?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "size.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char units[] = "KMGTPEZYRQ";

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

/* VALUE / DIVISOR rounded to the nearest whole number, to even in the middle.  */
static uintmax_t
round_quotient (uintmax_t value, uintmax_t divisor)
{
  uintmax_t quotient = value / divisor, rest = value % divisor;

  return quotient + (rest > divisor - rest || (rest == divisor - rest && quotient % 2));
}

/* In whole numbers, because a double cannot hold every size, nor what lies exactly in the middle.  */
char *
size_put (char *out, uintmax_t bytes, unsigned base)
{
  uintmax_t divisor = base, tenths = 100;
  int unit = 0;

  for (; round_quotient (bytes, divisor) >= base && unit < 5; unit++)
    divisor *= base;
  if (bytes / divisor < 10)
    tenths = bytes / divisor * 10 + round_quotient (bytes % divisor * 10, divisor);

  if (tenths < 100)
    out += sprintf (out, "%.1f", tenths / 10.0);
  else
    out += sprintf (out, "%ju", round_quotient (bytes, divisor));
  if (base == 1024)
    return out + sprintf (out, " %ciB", units[unit]);
  return out + sprintf (out, " %cB", unit ? units[unit] : 'k');
}

char *
rate_put (char *out, uintmax_t bytes, double seconds)
{
  double rate = bytes / 1000.0;
  int unit = 0;

  if (seconds <= 0)
    return stpcpy (out, "Infinity B/s");
  for (rate /= seconds; rate >= 1000 && unit < 5; unit++)
    rate /= 1000;
  return out + sprintf (out, "%.*f %cB/s", rate < 99.95 ? 1 : 0, rate, unit ? units[unit] : 'k');
}
