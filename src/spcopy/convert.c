/* convert.c - how does spcopy change bytes?  Not yet: they are passed on.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "convert.h"

#include <stdlib.h>

struct convert
{
  convert_take *take;
  void *context;
};

struct convert *
convert_new (const struct operands *asked, convert_take *take, void *context)
{
  struct convert *convert = malloc (sizeof *convert);

  (void) asked;
  if (convert)
    *convert = (struct convert) { take, context };
  return convert;
}

void
convert_free (struct convert *convert)
{
  free (convert);
}

int
convert_block (struct convert *convert, char *bytes, size_t size)
{
  return convert->take (convert->context, bytes, size);
}

int
convert_end (struct convert *convert)
{
  (void) convert;
  return 0;
}

uintmax_t
convert_truncated (const struct convert *convert)
{
  (void) convert;
  return 0;
}
