#!/usr/bin/env bats
# smoke.bats - is the house in order: programs start, the library shows what it
# should, and an installation is complete?
#
# SPDX-License-Identifier: MIT

setup ()
{
  version=$(sed -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$top_builddir/config.h")
}

@test "each program tells its name and version" {
  for program in "$SPCAT" "$SPTEE" "$SPCOPY"; do
    run "$program" --version
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "$(basename "$program") (spliceutils) $version" ]
  done
}

@test "each program explains itself under the name it was called by" {
  ln -s "$SPCAT" "$BATS_TEST_TMPDIR/cat"
  run "$BATS_TEST_TMPDIR/cat" --help
  [ "$status" -eq 0 ]
  [[ "$output" == "Usage: $BATS_TEST_TMPDIR/cat "* ]]
}

@test "the programs are linked with our library statically and with glibc dynamically" {
  for program in "$SPCAT" "$SPTEE" "$SPCOPY"; do
    run env LD_TRACE_LOADED_OBJECTS=1 "$program"
    [ "$status" -eq 0 ]
    [[ "$output" == *libc.so* ]]
    [[ "$output" != *libiosplice* ]]
  done
}

@test "the shared library exports iosplice_ names only" {
  run nm -D --defined-only "$top_builddir/.libs/libiosplice.so"
  [ "$status" -eq 0 ]
  [[ "$output" == *" T iosplice_pump_run@@IOSPLICE_0.1"* ]]
  others=$(grep -Ev ' T iosplice_[a-z_]+@@| A IOSPLICE_0.1$' <<<"$output") || true
  [ -z "$others" ]
}

@test "an installation has the library, its header, its .pc file and the links; uninstall leaves nothing" {
  to=$BATS_TEST_TMPDIR/to
  unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR
  folders='prefix=/usr exec_prefix=/usr bindir=/usr/bin libdir=/usr/lib libexecdir=/usr/libexec includedir=/usr/include'
  # shellcheck disable=SC2086 # a list of words
  make -C "$top_builddir" -s install DESTDIR="$to" $folders
  "$to/usr/libexec/spliceutils/bin/cat" /dev/null
  for name in cat:spcat tee:sptee dd:spcopy; do
    [ "$to/usr/libexec/spliceutils/bin/${name%:*}" -ef "$to/usr/bin/${name#*:}" ]
  done
  for name in libiosplice.a libiosplice.so pkgconfig/iosplice.pc; do
    [ -e "$to/usr/lib/$name" ]
  done
  [ -e "$to/usr/include/iosplice.h" ]
  for name in $(grep -o '\<iosplice_[a-z_]* (' "$BATS_TEST_DIRNAME/lib/symbols.h" | tr -d '('); do
    [ -e "$to/usr/share/man/man3/$name.3" ]
  done
  # shellcheck disable=SC2086
  make -C "$top_builddir" -s uninstall DESTDIR="$to" $folders
  [ -z "$(find "$to" ! -type d)" ]
}
