/* report.c - by which means did the bytes move, and why not by a better one?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "report.h"

#include "iosplice/iosplice.h"
#include "message.h"

#include <stdio.h>

static const char *const reasons[] = {
  [IOSPLICE_FEW] = "too few at a time to be worth a pipe",
  [IOSPLICE_CHEAPER] = "zeros are cheaper copied to this output",
  [IOSPLICE_NO_PIPE] = "no pipe could be made",
  [IOSPLICE_SINK_REFUSES] = "the output refuses splice",
  [IOSPLICE_SOURCE_REFUSES] = "the input refuses splice",
  [IOSPLICE_MESSAGES] = "each read or write matters by itself",
  [IOSPLICE_SAME_FILE] = "input and output are the same file",
  [IOSPLICE_ASKED] = "asked for by --no-splice",
};

/* Add ", WORD N bytes in N calls" to the text between OUT and END, if there were any.  */
static char *
put_means (char *out, const char *end, const char *word, struct iosplice_means means)
{
  int length;

  if (means.calls == 0)
    return out;
  length = snprintf (out, end - out, ", %s %llu bytes in %llu calls", word, means.bytes, means.calls);
  return length < end - out ? out + length : out;
}

void
report (const struct iosplice_pump *pump, const char *name)
{
  struct iosplice_statistics s;
  char text[512], *out = text, *end = text + sizeof text;

  iosplice_pump_statistics (pump, &s);
  *out = '\0';
  out = put_means (out, end, "copy_file_range", s.copy_file_range);
  out = put_means (out, end, "splice", s.splice);
  out = put_means (out, end, "tee", s.tee);
  out = put_means (out, end, "read", s.read);
  put_means (out, end, "write", s.write);
  message (0, "%s: %llu bytes through user space%s%s%s%s", quote_name (name), s.read.bytes,
           s.read.bytes > 0 ? " (" : "", s.read.bytes > 0 && reasons[s.reason] ? reasons[s.reason] : "",
           s.read.bytes > 0 ? ")" : "", text);
}
