/* convert.c - how does spcopy change bytes?

   A block passes three steps: swab, a translation byte for byte, into which every
   character set and case is composed beforehand, and then block or unblock.
   The first two work in place.

   SPDX-License-Identifier: MIT */

#include <config.h>

#include "convert.h"

#include "cli/message.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct convert
{
  unsigned conversions;
  convert_take *take;
  void *context;

  bool odd;                     /* swab: a byte without its pair is held */
  char held;

  bool translates;
  unsigned char table[256];
  uint16_t *pairs;              /* the table for two bytes at a time; NULL as long as it is not worth making */
  unsigned char first_letter;   /* the table only changes the case of 26 letters from here on; 0: it does more */

  char space, newline;          /* of what goes out of block, and comes out of unblock */
  size_t record;                /* cbs= */
  size_t column;                /* how much of the record is done */
  size_t spaces;                /* unblock: at the end of what is done, and held */
  bool cut;                     /* block: the line is longer than its record */
  uintmax_t truncated;

  size_t output_block;          /* obs= */
  size_t left;                  /* of it */
  size_t size;                  /* of what block and unblock have made */
  char made[64 * 1024];
};

/* What POSIX prints for dd: ASCII to EBCDIC, which is reversible, and ...  */
static const unsigned char ebcdic[256] = {
  0x00, 0x01, 0x02, 0x03, 0x37, 0x2d, 0x2e, 0x2f, 0x16, 0x05, 0x25, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
  0x10, 0x11, 0x12, 0x13, 0x3c, 0x3d, 0x32, 0x26, 0x18, 0x19, 0x3f, 0x27, 0x1c, 0x1d, 0x1e, 0x1f,
  0x40, 0x5a, 0x7f, 0x7b, 0x5b, 0x6c, 0x50, 0x7d, 0x4d, 0x5d, 0x5c, 0x4e, 0x6b, 0x60, 0x4b, 0x61,
  0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0x7a, 0x5e, 0x4c, 0x7e, 0x6e, 0x6f,
  0x7c, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6,
  0xd7, 0xd8, 0xd9, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xad, 0xe0, 0xbd, 0x9a, 0x6d,
  0x79, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96,
  0x97, 0x98, 0x99, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xc0, 0x4f, 0xd0, 0x5f, 0x07,
  0x20, 0x21, 0x22, 0x23, 0x24, 0x15, 0x06, 0x17, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x09, 0x0a, 0x1b,
  0x30, 0x31, 0x1a, 0x33, 0x34, 0x35, 0x36, 0x08, 0x38, 0x39, 0x3a, 0x3b, 0x04, 0x14, 0x3e, 0xe1,
  0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57,
  0x58, 0x59, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75,
  0x76, 0x77, 0x78, 0x80, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x6a, 0x9b, 0x9c, 0x9d, 0x9e,
  0x9f, 0xa0, 0xaa, 0xab, 0xac, 0x4a, 0xae, 0xaf, 0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7,
  0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xa1, 0xbe, 0xbf, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xda, 0xdb,
  0xdc, 0xdd, 0xde, 0xdf, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff
};

/* ... where IBM's differs, which is not.  */
static const struct { unsigned char ascii, ibm; } differences[] = {
  { 0x5e, 0x5f }, { 0x7e, 0xa1 }, { 0xcb, 0x9a }, { 0xd5, 0xad }, { 0xe5, 0xbd }
};

/* Send what the table gives through TO.  */
static void
compose (unsigned char *table, const unsigned char *to)
{
  for (int i = 0; i < 256; i++)
    table[i] = to[table[i]];
}

static void
compose_character_set (unsigned char *table, unsigned conversions)
{
  unsigned char to[256];

  memcpy (to, ebcdic, sizeof to);
  if (conversions & CONV_ASCII)
    for (int i = 0; i < 256; i++)
      to[ebcdic[i]] = i;
  if (conversions & CONV_IBM)
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
      to[differences[i].ascii] = differences[i].ibm;
  compose (table, to);
}

static void
compose_case (unsigned char *table, int change (int))
{
  unsigned char to[256];

  message_locale ();
  for (int i = 0; i < 256; i++)
    to[i] = change (i);
  compose (table, to);
}

/* The letter that TABLE changes first, if it only swaps the case of the 26 that begin there, or 0.  */
static unsigned char
swapped_letters (const unsigned char *table)
{
  unsigned char first = table['A'] == 'A' ? 'a' : 'A';

  for (int i = 0; i < 256; i++)
    if (table[i] != (first <= i && i < first + 26 ? i ^ ('a' ^ 'A') : i))
      return 0;
  return first;
}

/* The case is changed where ASCII is: before EBCDIC, or after.  */
static void
make_table (struct convert *convert)
{
  unsigned conversions = convert->conversions;
  unsigned char *table = convert->table;

  for (int i = 0; i < 256; i++)
    table[i] = i;
  if (conversions & CONV_ASCII)
    compose_character_set (table, conversions);
  if (conversions & (CONV_LCASE | CONV_UCASE))
    compose_case (table, conversions & CONV_LCASE ? tolower : toupper);
  if (conversions & (CONV_EBCDIC | CONV_IBM))
    compose_character_set (table, conversions);
  convert->first_letter = swapped_letters (table);
}

struct convert *
convert_new (const struct operands *asked, convert_take *take, void *context)
{
  struct convert *convert = malloc (sizeof *convert);
  bool to_ebcdic = asked->conversions & (CONV_EBCDIC | CONV_IBM);

  if (!convert)
    return NULL;
  memset (convert, 0, offsetof (struct convert, made));
  convert->conversions = asked->conversions;
  convert->take = take;
  convert->context = context;
  convert->translates = asked->conversions & (CONV_ASCII | CONV_EBCDIC | CONV_IBM | CONV_LCASE | CONV_UCASE);
  make_table (convert);
  convert->space = to_ebcdic ? ebcdic[' '] : ' ';
  convert->newline = to_ebcdic ? ebcdic['\n'] : '\n';
  convert->record = asked->conversion_block;
  convert->output_block = convert->left = asked->output_block;
  return convert;
}

void
convert_free (struct convert *convert)
{
  if (convert)
    free (convert->pairs);
  free (convert);
}

uintmax_t
convert_truncated (const struct convert *convert)
{
  return convert->truncated;
}

/* SIZE is even.  Eight bytes at a time, because a compiler makes vectors of that.  */
static void
swap_pairs (char *bytes, size_t size)
{
  const uint64_t low = 0x00ff00ff00ff00ff;
  uint64_t word;

  for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word)
    {
      memcpy (&word, bytes, sizeof word);
      word = (word & low) << 8 | (word >> 8 & low);
      memcpy (bytes, &word, sizeof word);
    }
  for (; size > 0; bytes += 2, size -= 2)
    {
      char first = bytes[0];

      bytes[0] = bytes[1];
      bytes[1] = first;
    }
}

/* Swap the case of the letters from FIRST on, sixteen bytes at a time.  */
static void
swap_case (unsigned char *bytes, size_t size, unsigned char first)
{
  typedef unsigned char vector __attribute__ ((vector_size (16)));
  vector v;

  for (; size >= sizeof v; bytes += sizeof v, size -= sizeof v)
    {
      memcpy (&v, bytes, sizeof v);
      v ^= (vector) (v - first < 26) & ('a' ^ 'A');
      memcpy (bytes, &v, sizeof v);
    }
  for (; size > 0; bytes++, size--)
    if ((unsigned char) (*bytes - first) < 26)
      *bytes ^= 'a' ^ 'A';
}

/* What the table makes of every pair of bytes.  NULL if there is no memory for it.  */
static uint16_t *
make_pairs (const unsigned char *table)
{
  uint16_t *pairs = malloc (65536 * sizeof *pairs);

  for (unsigned i = 0; pairs && i < 65536; i++)
    {
      uint16_t pair = i;
      unsigned char bytes[2];

      memcpy (bytes, &pair, sizeof bytes);
      bytes[0] = table[bytes[0]];
      bytes[1] = table[bytes[1]];
      memcpy (&pairs[i], bytes, sizeof bytes);
    }
  return pairs;
}

/* Two bytes at a look-up are twice as fast (4.6 instead of 2.4 GB/s), once the larger table is made.  */
static void
look_up (struct convert *convert, unsigned char *bytes, size_t size)
{
  uint16_t pair;

  if (!convert->pairs && size >= 65536)
    convert->pairs = make_pairs (convert->table);
  for (; convert->pairs && size >= sizeof pair; bytes += sizeof pair, size -= sizeof pair)
    {
      memcpy (&pair, bytes, sizeof pair);
      pair = convert->pairs[pair];
      memcpy (bytes, &pair, sizeof pair);
    }
  for (; size > 0; bytes++, size--)
    *bytes = convert->table[*bytes];
}

/* How much block and unblock make before it is given away: no more than ends the output block, so
   that nothing is counted that comes after a failing write.  */
static size_t
limit (const struct convert *convert)
{
  return convert->left < sizeof convert->made ? convert->left : sizeof convert->made;
}

static int
give (struct convert *convert, const char *bytes, size_t size)
{
  convert->left -= size;
  if (convert->left == 0)
    convert->left = convert->output_block;
  return size == 0 ? 0 : convert->take (convert->context, bytes, size);
}

/* Give what block and unblock have made.  */
static int
flush (struct convert *convert)
{
  size_t size = convert->size;

  convert->size = 0;
  return give (convert, convert->made, size);
}

static int
make (struct convert *convert, const char *bytes, size_t size)
{
  while (size > 0)
    {
      size_t most = limit (convert), room = most - convert->size, part = size < room ? size : room;

      if (part == most)
        {
          if (give (convert, bytes, part) < 0)
            return -1;
        }
      else
        {
          memcpy (convert->made + convert->size, bytes, part);
          convert->size += part;
          if (convert->size == most && flush (convert) < 0)
            return -1;
        }
      bytes += part;
      size -= part;
    }
  return 0;
}

static int
make_repeated (struct convert *convert, char byte, size_t times)
{
  while (times > 0)
    {
      size_t most = limit (convert), room = most - convert->size, part = times < room ? times : room;

      memset (convert->made + convert->size, byte, part);
      convert->size += part;
      times -= part;
      if (convert->size == most && flush (convert) < 0)
        return -1;
    }
  return 0;
}

static int
end_line (struct convert *convert)
{
  size_t missing = convert->record - convert->column;

  convert->column = 0;
  convert->cut = false;
  return make_repeated (convert, convert->space, missing);
}

static int
block (struct convert *convert, const char *bytes, size_t size)
{
  const char *end = bytes + size;

  while (bytes < end)
    {
      const char *newline = memchr (bytes, convert->newline, end - bytes);
      size_t length = (newline ? newline : end) - bytes, room = convert->record - convert->column;

      if (make (convert, bytes, length < room ? length : room) < 0)
        return -1;
      if (length > room && !convert->cut)
        {
          convert->cut = true;
          convert->truncated++;
        }
      convert->column += length < room ? length : room;
      if (newline && end_line (convert) < 0)
        return -1;
      bytes += length + (newline != NULL);
    }
  return flush (convert);
}

static int
end_record (struct convert *convert)
{
  convert->column = convert->spaces = 0;
  return make (convert, &convert->newline, 1);
}

static int
unblock (struct convert *convert, const char *bytes, size_t size)
{
  /* A record that is full is ended by the byte after it, as dd does.  */
  while (size > 0)
    {
      if (convert->column == convert->record && end_record (convert) < 0)
        return -1;

      size_t missing = convert->record - convert->column, part = size < missing ? size : missing, length = part;

      while (length > 0 && bytes[length - 1] == convert->space)
        length--;
      if (length > 0)
        {
          if (make_repeated (convert, convert->space, convert->spaces) < 0 || make (convert, bytes, length) < 0)
            return -1;
          convert->spaces = 0;
        }
      convert->spaces += part - length;
      convert->column += part;
      bytes += part;
      size -= part;
    }
  return flush (convert);
}

/* All that comes after swab.  */
static int
pass (struct convert *convert, char *bytes, size_t size)
{
  if (size == 0)
    return 0;
  if (convert->translates && convert->first_letter)
    swap_case ((unsigned char *) bytes, size, convert->first_letter);
  else if (convert->translates)
    look_up (convert, (unsigned char *) bytes, size);
  if (convert->conversions & CONV_BLOCK)
    return block (convert, bytes, size);
  if (convert->conversions & CONV_UNBLOCK)
    return unblock (convert, bytes, size);
  return convert->take (convert->context, bytes, size);
}

int
convert_block (struct convert *convert, char *bytes, size_t size)
{
  if (!(convert->conversions & CONV_SWAB) || size == 0)
    return pass (convert, bytes, size);
  if (convert->odd)
    {
      char pair[2] = { bytes[0], convert->held };

      convert->odd = false;
      if (pass (convert, pair, sizeof pair) < 0)
        return -1;
      bytes++;
      size--;
    }
  if (size % 2)
    {
      convert->odd = true;
      convert->held = bytes[--size];
    }
  swap_pairs (bytes, size);
  return pass (convert, bytes, size);
}

int
convert_end (struct convert *convert)
{
  if (convert->odd && pass (convert, &convert->held, 1) < 0)
    return -1;
  convert->odd = false;
  if (convert->conversions & CONV_BLOCK && convert->column > 0 && end_line (convert) < 0)
    return -1;
  if (convert->conversions & CONV_UNBLOCK && convert->column > 0 && end_record (convert) < 0)
    return -1;
  return flush (convert);
}
