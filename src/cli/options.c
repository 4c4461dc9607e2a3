/* options.c - what was asked with a dash?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "message.h"
#include "options.h"

#include <errno.h>
#include <error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Values that getopt_long returns for the long options added here; clear of
   every character and of what a program would number from CHAR_MAX.  */
enum { HELP = 0x10000, VERSION };

void
cli_usage (void)
{
  fprintf (stderr, "Try '%s --help' for more information.\n", program_invocation_name);
  exit (EXIT_FAILURE);
}

static _Noreturn void
finish_stdout (void)
{
  if (ferror (stdout) || fclose (stdout) != 0)
    {
      message (errno, "write error");
      exit (EXIT_FAILURE);
    }
  exit (EXIT_SUCCESS);
}

static _Noreturn void
print_help (const struct cli_program *program)
{
  printf (program->help, program_invocation_name);
  finish_stdout ();
}

static _Noreturn void
print_version (const struct cli_program *program)
{
  printf ("%s (%s) %s\n"
          "License MIT: <https://spdx.org/licenses/MIT.html>.\n"
          "This is free software: you are free to change and redistribute it.\n"
          "There is NO WARRANTY, to the extent permitted by law.\n", program->name, PACKAGE_NAME, PACKAGE_VERSION);
  finish_stdout ();
}

static size_t
count (const struct cli_program *program)
{
  size_t n = 0;

  for (const struct option *own = program->long_options; own->name; own++)
    n++;
  return n;
}

/* Every long option, in the order in which getopt lists those that an
   abbreviation could mean.  */
static void
fill (struct option *table, const struct cli_program *program)
{
  for (const struct option *own = program->long_options; own->name; own++)
    *table++ = *own;
  *table++ = (struct option) { "help", no_argument, NULL, HELP };
  *table++ = (struct option) { "version", no_argument, NULL, VERSION };
  *table = (struct option) { 0 };
}

int
cli_option (int argc, char **argv, const struct cli_program *program)
{
  struct option table[count (program) + 3];
  int value;

  fill (table, program);
  value = getopt_long (argc, argv, program->short_options, table, NULL);

  switch (value)
    {
    case '?':
      cli_usage ();
    case HELP:
      print_help (program);
    case VERSION:
      print_version (program);
    }
  return value;
}

/* The index of the name that VALUE is or begins; -1: none, -2: several.  */
static int
find_choice (const char *value, const char *const *names)
{
  int found = -1;

  for (int i = 0; names[i]; i++)
    if (strcmp (names[i], value) == 0)
      return i;
    else if (strncmp (names[i], value, strlen (value)) == 0)
      found = found == -1 ? i : -2;
  return found;
}

int
cli_choice (const char *option, const char *value, const char *const *names)
{
  int found = find_choice (value, names);

  if (found >= 0)
    return found;
  value = strdupa (quote_operand (value));
  message (0, "%s argument %s for %s", found == -1 ? "invalid" : "ambiguous", value, quote_operand (option));
  fputs ("Valid arguments are:\n", stderr);
  for (; *names; names++)
    fprintf (stderr, "  - %s\n", quote_operand (*names));
  cli_usage ();
}
