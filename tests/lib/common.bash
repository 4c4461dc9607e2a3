# common.bash - what every test file needs: the programs under test, inputs for
# them, a private directory, and a few assertions.
#
# SPDX-License-Identifier: MIT
#
# SPCAT, SPTEE and SPCOPY name the programs under test and HELPER the program
# made of helper-io.c, all by absolute paths.  To see what a test is worth,
# point them at something else: SPCAT=/usr/bin/cat bats spcat.bats.

bats_require_minimum_version 1.5.0

: "${top_builddir:=$BATS_TEST_DIRNAME/..}"
top_builddir=$(cd "$top_builddir" && pwd)
: "${SPCAT:=$top_builddir/src/spcat/spcat}"
: "${SPTEE:=$top_builddir/src/sptee/sptee}"
: "${SPCOPY:=$top_builddir/src/spcopy/spcopy}"
: "${HELPER:=$top_builddir/tests/helper-io}"
export SPCAT SPTEE SPCOPY HELPER

# For setup: each test starts in an empty directory of its own, in the C locale.
common_setup () {
  export LC_ALL=C
  unset POSIXLY_CORRECT
  mkdir "$BATS_TEST_TMPDIR/here" "$BATS_TEST_TMPDIR/programs"
  # By their own names, so that a test reads like a user's script.
  ln -s "$SPCAT" "$BATS_TEST_TMPDIR/programs/spcat"
  ln -s "$SPTEE" "$BATS_TEST_TMPDIR/programs/sptee"
  ln -s "$SPCOPY" "$BATS_TEST_TMPDIR/programs/spcopy"
  ln -s "$HELPER" "$BATS_TEST_TMPDIR/programs/helper"
  PATH=$BATS_TEST_TMPDIR/programs:$PATH
  cd "$BATS_TEST_TMPDIR/here" || return
}

# For teardown: a test's background jobs end with it.
common_teardown () {
  local job
  for job in $(jobs -p); do
    kill -KILL "$job" 2>/dev/null || :
  done
}

setup () { common_setup; }
teardown () { common_teardown; }

# make_bytes FILE SIZE [SEED]: incompressible, the same on every run.
make_bytes () { "$HELPER" bytes "${3:-1}" "$2" >"$1"; }

# make_text FILE LINES: numbered lines.
make_text () { seq -f 'line %g of a text that is a text' "$2" >"$1"; }

# make_octets FILE: every byte value, in order.
make_octets () { "$HELPER" octets >"$1"; }

# The seconds after which a program that still runs is taken to hang: more where the
# processor is emulated.
limit=${HANG:-20}

# bounded COMMAND...: run it, and fail with status 124 if it hangs.
bounded () { timeout -k 1 "$limit" "$@"; }

fail () {
  printf '%s\n' "$*" >&2
  return 1
}

# equal GOT WANTED [WHAT]
equal () { [[ $1 == "$2" ]] || fail "${3:-value}: got '$1', wanted '$2'"; }

# same_file GOT WANTED
same_file () { cmp -- "$1" "$2" || fail "$1 is not $2"; }

is_root () { [[ $EUID -eq 0 ]]; }
need_root () { is_root || skip "needs root"; }
need () { command -v "$1" >/dev/null || skip "needs $1"; }

# Sanitizers take memory and make calls of their own.
sanitized () { LC_ALL=C grep -q __asan_init "$1"; }
