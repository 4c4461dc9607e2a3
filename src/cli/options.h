/* options.h - option parsing that the three programs share, on getopt_long(3).

   SPDX-License-Identifier: MIT */

#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <getopt.h>

/* What the shared part must know of a program.  */
struct cli_program
{
  const char *name;             /* "spcat"; --version says it */
  const char *help;             /* body of --help: a printf format whose only conversion is %1$s, the name as invoked */
  const char *short_options;    /* as getopt_long(3) */
  const struct option *long_options;    /* the program's own, ended by zeros; --help and --version are added here */
};

/* getopt_long(3) with what is common done here: --help and --version print
   to standard output and exit (status 1 with a message if that cannot be
   written); an unknown option prints getopt's message and "Try 'NAME --help'
   for more information." and exits 1.  Returns the option's val, or -1 at the end, with optind
   at the first operand.  */
int cli_option (int argc, char **argv, const struct cli_program *program);

/* Which of NAMES, a list ended by NULL, VALUE is or unambiguously begins.  None:
   that is told as GNU tells it, with OPTION as "--option" and the list, and exits 1.  */
int cli_choice (const char *option, const char *value, const char *const *names);

/* "Try 'NAME --help' for more information." on standard error, then exit 1.  */
_Noreturn void cli_usage (void);

#endif
