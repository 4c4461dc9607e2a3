#!/usr/bin/env bats
# installed.bats - what is installed builds the examples, in every way a user may
# ask for.  `make installcheck' does the same where it is installed.
#
# SPDX-License-Identifier: MIT

load lib/common

setup_file () {
  unset MAKEFLAGS MFLAGS MAKELEVEL
  make -C "${top_builddir:-$BATS_TEST_DIRNAME/..}" -s install DESTDIR="$BATS_FILE_TMPDIR" >/dev/null
}

# build WAY
build () {
  local pc example status=0
  pc=$(find "$BATS_FILE_TMPDIR" -name iosplice.pc)
  example=$(find "$BATS_FILE_TMPDIR" -path '*/examples/cat.c')
  PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$BATS_FILE_TMPDIR \
    "$BATS_TEST_DIRNAME/build-examples" "$1" "${example%/*}" >said || status=$?
  [[ $status -ne 77 ]] || skip "$(<said)"
  return $status
}

@test "the archive has no name that a program could have, too" {
  archive=$(find "$BATS_FILE_TMPDIR" -name libiosplice.a)
  nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' >names
  [[ $(grep -c '^iosplice_[a-z]' names) -gt 30 && $(grep -c '^iosplice__' names) -gt 30 ]]
  run ! grep -v '^iosplice_' names
}

@test "pkg-config builds each example with the shared library" { build shared; }

@test "pkg-config --static builds each example as a static program" { build static; }

@test "each example is built with link-time optimization" { build lto; }

@test "a C++ compiler builds an example" { build c++; }
