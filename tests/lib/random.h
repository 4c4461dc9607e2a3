/* random.h - the generator of all that is random: SplitMix64.

   SPDX-License-Identifier: MIT */

#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

#define WORD_STEP 0x9e3779b97f4a7c15u

static inline uint64_t
word (uint64_t z)
{
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline uint64_t
next_word (uint64_t *state)
{
  return word (*state += WORD_STEP);
}

#endif
