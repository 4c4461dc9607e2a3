/* message.h - what the programs say on standard error, in GNU's words and
   GNU's quoting.

   SPDX-License-Identifier: MIT */

#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

/* error(3) with status 0 and the user's locale: "NAME: ", FORMAT printed,
   and ": " with strerror (ERRNUM) unless that is 0; NAME is what the program
   was invoked as.  errno is preserved.  */
void message (int errnum, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

/* Load the user's locale, once.  The functions here do it by themselves, so
   that a run that has nothing to say does not pay for it at start-up.
   errno is preserved.  */
void message_locale (void);

/* Each of these returns a string that stays valid until the next call of the same
   function, and preserves errno, so that it can stand in a call beside it.  */

/* A file name where it stands alone before a colon ("cat: NAME: ..."):
   bare where it is harmless, else quoted for the shell.  */
const char *quote_name (const char *name);

/* A file name inside a sentence ("failed to open 'NAME'"): always quoted for the shell.  */
const char *quote_always (const char *name);

/* Any other text of the user ("invalid number: 'TEXT'"): the locale's quotation marks, C escapes.  */
const char *quote_operand (const char *text);

#endif
