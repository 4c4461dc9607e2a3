/* spcopy.c - dd: copy a file block by block, without copying its bytes through
   user space where nobody changes them.

   Follows POSIX dd and the GNU manual.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "blocks.h"
#include "ends.h"
#include "operands.h"
#include "position.h"
#include "signals.h"
#include "summary.h"

#include <stdio.h>
#include <stdlib.h>

int
main (int argc, char **argv)
{
  struct operands asked;
  struct summary summary;
  struct end in, out;
  int finished, failed;

  operands_parse (argc, argv, &asked);
  signals_install ();
  in = end_open_input (&asked);
  out = end_open_output (&asked);

  summary_start (&summary, &asked);
  summary.breaks_off = position_skip (&asked, &in, &summary) < 0 || position_seek (&asked, &out, &summary) < 0;
  failed = summary.breaks_off ? -1 : blocks_copy (&asked, &summary, &in, &out);
  summary_end (&summary);
  failed |= finished = ends_finish (&asked, &in, &out, summary.breaks_off);
  if (summary.breaks_off && finished < 0)
    return EXIT_FAILURE;
  end_close (&in, "input");
  end_close (&out, "output");
  summary_print (&summary);
  return failed || ferror (stderr) ? EXIT_FAILURE : EXIT_SUCCESS;
}
