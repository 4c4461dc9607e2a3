/* message.c - how is something said on standard error so that it reads as
   GNU's and no byte of the user's reaches the terminal raw?

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "message.h"

#include <errno.h>
#include <error.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

void
message_locale (void)
{
  static bool loaded;
  int saved = errno;

  if (!loaded)
    setlocale (LC_ALL, "");
  loaded = true;
  errno = saved;
}

void
message (int errnum, const char *format, ...)
{
  int saved = errno;
  char *text;
  va_list arguments;

  message_locale ();
  va_start (arguments, format);
  if (vasprintf (&text, format, arguments) < 0)
    text = NULL;
  va_end (arguments);
  error (0, errnum, "%s", text ? text : format);
  free (text);
  errno = saved;
}

/* The length of the character that TEXT begins with, in bytes.  A byte that is no
   character counts as one that cannot be printed.  */
static size_t
character (const char *text, bool *printable)
{
  mbstate_t state = { 0 };
  wchar_t wide;
  size_t length = mbrtowc (&wide, text, strnlen (text, MB_CUR_MAX), &state);

  *printable = length != (size_t) -1 && length != (size_t) -2 && iswprint (wide);
  return length == (size_t) -1 || length == (size_t) -2 ? 1 : length;
}

static bool
all_printable (const char *text)
{
  bool printable = true;

  while (*text && printable)
    text += character (text, &printable);
  return printable;
}

/* LENGTH bytes as the escapes that C and $'' have in common.  */
static void
put_escaped (FILE *out, const char *bytes, size_t length)
{
  for (; length; bytes++, length--)
    if ('\a' <= *bytes && *bytes <= '\r')
      fprintf (out, "\\%c", "abtnvfr"[*bytes - '\a']);
    else
      fprintf (out, "\\%03o", (unsigned char) *bytes);
}

/* NAME between single quotes, with $'' around what cannot be printed.
   GNU starts as if inside $'' when a name that has a single quote ends in an escape;
   the words are GNU's, so this is too.  */
static void
put_single_quoted (FILE *out, const char *name)
{
  bool printable = true, escaped = false;
  size_t length;

  if (strchr (name, '\''))
    {
      for (const char *p = name; *p; p += character (p, &printable))
        continue;
      escaped = !printable;
    }

  fputc ('\'', out);
  for (; *name; name += length)
    {
      length = character (name, &printable);
      if (*name == '\'')
        fputs ("'\\''", out);
      else if (printable)
        fprintf (out, "%s%.*s", escaped ? "''" : "", (int) length, name);
      else
        {
          fputs (escaped ? "" : "'$'", out);
          put_escaped (out, name, length);
        }
      escaped = !printable;
    }
  fputc ('\'', out);
}

/* Double quotes only where a single quote is all that needs them.  */
static void
put_shell_quoted (FILE *out, const char *name)
{
  if (strchr (name, '\'') && !strpbrk (name, "!\"$&()*;<=>?[\\^`{|}") && !strpbrk (name + 1, "#~")
      && all_printable (name))
    fprintf (out, "\"%s\"", name);
  else
    put_single_quoted (out, name);
}

static void
put_locale_quoted (FILE *out, const char *text)
{
  bool utf8 = strcmp (nl_langinfo (CODESET), "UTF-8") == 0, printable;
  const char *open = utf8 ? "\u2018" : "'", *close = utf8 ? "\u2019" : "'";
  size_t length;

  fputs (open, out);
  for (; *text; text += length)
    {
      length = character (text, &printable);
      if (!printable)
        put_escaped (out, text, length);
      else
        fprintf (out, "%s%.*s",
                 *text == '\\' || strncmp (text, close, strlen (close)) == 0 ? "\\" : "", (int) length, text);
    }
  fputs (close, out);
}

/* What PUT makes of TEXT, in *BUFFER, which held the string before it.  */
static const char *
quoted (char **buffer, void (*put) (FILE *, const char *), const char *text)
{
  int saved = errno;
  size_t length;
  FILE *out;

  message_locale ();
  free (*buffer);
  *buffer = NULL;
  out = open_memstream (buffer, &length);
  if (out)
    put (out, text);
  if (!out || fclose (out) != 0)
    error (EXIT_FAILURE, 0, "memory exhausted");
  errno = saved;
  return *buffer;
}

const char *
quote_name (const char *name)
{
  static char *buffer;
  int saved = errno;
  bool bare;

  message_locale ();
  bare = (*name && !strchr ("#~", *name) && strcmp (name, "{") != 0 && strcmp (name, "}") != 0
          && !strpbrk (name, " !\"$&'()*:;<=>?[\\^`|") && all_printable (name));
  errno = saved;
  if (bare)
    return name;
  return quoted (&buffer, put_shell_quoted, name);
}

const char *
quote_always (const char *name)
{
  static char *buffer;

  return quoted (&buffer, put_shell_quoted, name);
}

const char *
quote_operand (const char *text)
{
  static char *buffer;

  return quoted (&buffer, put_locale_quoted, text);
}
