/* tee.c - standard input to standard output and to files.

   usage: tee [FILE]...

   Shows a pump with several sinks, where one that fails is named and dropped
   and the others go on.

   SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <iosplice.h>

static int status = EXIT_SUCCESS;

static void
tell (const char *name, int error)
{
  fprintf (stderr, "tee: %s: %s\n", name, strerror (error));
  status = EXIT_FAILURE;
}

/* The pump's word that a sink failed; 0 lets the others go on.  */
static int
failed (void *names, int sink, int error)
{
  tell (((const char **) names)[sink], error);
  return 0;
}

int
main (int argc, char **argv)
{
  const char *names[argc];      /* of the sinks, in their order */
  int fds[argc], count = 0;
  struct iosplice_hooks hooks = { .context = names, .failed = failed };
  struct iosplice_pump *pump = iosplice_pump_new (IOSPLICE_NO_SIGPIPE, &hooks);

  if (!pump || iosplice_pump_source (pump, STDIN_FILENO, 0, NULL) < 0)
    {
      tell ("standard input", errno);
      return status;
    }
  for (int i = 0; i < argc; i++)
    {
      names[count] = i == 0 ? "standard output" : argv[i];
      fds[count] = i == 0 ? STDOUT_FILENO : open (argv[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
      if (fds[count] < 0 || iosplice_pump_sink (pump, fds[count], i == 0 ? 0 : IOSPLICE_MINE, NULL) < 0)
        tell (names[count], errno);
      else
        count++;
    }
  if (iosplice_pump_run (pump, -1) < 0)
    tell ("standard input", errno);
  iosplice_pump_free (pump);
  for (int i = 0; i < count; i++)
    if (close (fds[i]) < 0)
      tell (names[i], errno);
  return status;
}
