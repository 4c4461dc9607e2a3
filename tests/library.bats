# library.bats - what others build on: what is exported, how it is documented,
# and whether the examples of its manual pages do what they say.
#
# SPDX-License-Identifier: MIT

load lib/common

: "${top_srcdir:=$BATS_TEST_DIRNAME/..}"
: "${CC:=cc}"
pages=$top_srcdir/man
header=$top_srcdir/src/iosplice/iosplice.h
symbols=$BATS_TEST_DIRNAME/lib/symbols.h

# The functions that the list promises.
functions () { sed -n 's/.*\<\(iosplice_[a-z_]*\) (.*);$/\1/p' "$symbols" | sort; }

# compile ARGUMENT...: CC may be several words, as with a sanitizer.
compile () { $CC -std=gnu11 -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Werror -I"$top_srcdir/src/iosplice" "$@"; }

# names PAGE: the functions in its NAME section.
names () { sed -n '/^\.SH NAME/,/\\-/{/^\.SH/d; s/ *\\-.*//; s/[ ,]\+/\n/g; p}' "$1" | grep iosplice_; }

# example PAGE: the program in its EXAMPLE section.
example () { sed -n '/^\.SH EXAMPLE/,/^\.EE/p' "$1" | sed '1,/^\.EX/d; /^\.EE/d; s/\\-/-/g; s/\\e/\\/g'; }

# run_example PAGE ARGUMENT...
run_example () {
  example "$pages/$1.3" >example.c
  [[ $(wc -l <example.c) -gt 10 ]]
  compile -o example example.c "$top_builddir/.libs/libiosplice.a" -lpthread
  bounded ./example "${@:2}"
}

@test "what is exported is what tests/lib/symbols.h lists, and all of it is in the header" {
  nm -D --defined-only "$top_builddir/.libs/libiosplice.so" | sed -n 's/.* T \(.*\)@@IOSPLICE_0\.1$/\1/p' | sort >exported
  functions >promised
  [[ $(wc -l <promised) -gt 30 ]]
  same_file exported promised
  for name in $(<promised); do
    grep -q "\<$name (" "$header" || fail "$name is not in the header"
  done
}

@test "a prototype, a constant or a structure that changes does not compile" {
  with () { compile -fsyntax-only -include "$1" -x c "$symbols"; }
  with "$header"
  for change in 's/iosplice_pump_run (struct iosplice_pump \*pump, off_t length)/iosplice_pump_run (struct iosplice_pump *pump, int length)/' \
    's/^long iosplice_pipe_most/int iosplice_pipe_most/' 's/0x200u/0x1000u/' 's/IOSPLICE_NEITHER, /IOSPLICE_NEITHER = 5,/' \
    's/^  off_t taken; .*/&\n  int more, and_more;/'; do
    sed "$change" "$header" >changed.h
    ! cmp -s changed.h "$header" || fail "nothing to change: $change"
    ! with changed.h 2>/dev/null || fail "nobody notices $change"
  done
}

@test "every function is on one page, with its return value, errors and an example; every constant on some" {
  for page in "$pages"/iosplice_*.3; do
    for section in 'RETURN VALUE' ERRORS EXAMPLE 'SEE ALSO'; do
      grep -Eq "^\.SH \"?$section" "$page" || fail "$page: no $section"
    done
    names "$page"
  done | sort >documented
  functions >promised
  same_file documented promised
  for constant in $(grep -o '\<IOSPLICE_[A-Z_]*\>' "$header" | sort -u); do
    [[ $constant == IOSPLICE_H ]] || grep -q "\<$constant\>" "$pages"/iosplice* || fail "$constant is on no page"
  done
}

@test "the pages have no fault that groff or mandoc knows" {
  need groff
  for page in "$pages"/iosplice*; do
    run groff -t -man -ww -z "$page"
    equal "$output" ""
    ! command -v mandoc || { run mandoc -T lint -W warning "$page"; equal "$output" ""; }
  done
}

@test "each call and constant of io_splice for Ruby has an answer, and a test of its name" {
  sed -n '/^\.SH "IO_SPLICE/,/^\.TE/s/^\(IO[^\t]*\)\t.*/\1/p' "$pages/iosplice.7" >ruby
  equal "$(wc -l <ruby)" 16
  while IFS= read -r name; do
    grep -Fq "\"$name: " "$BATS_TEST_DIRNAME/test-io.c" || fail "no test of $name"
  done <ruby
}

@test "the example of iosplice_copy(3)" {
  make_bytes in 300000
  run_example iosplice_copy in out
  same_file out in
  run ! run_example iosplice_copy in /dev/full
  [[ $output == *"/dev/full: No space left on device after 0 bytes"* ]]
  run ! run_example iosplice_copy . out
  [[ $output == *".: Is a directory after 0 bytes"* ]]
}

@test "the example of iosplice_splice(3)" {
  make_bytes in 300000
  run_example iosplice_splice in >out
  printf 'Content-Type: text/plain\n\n' | cat - in >wanted
  same_file out wanted
  run_example iosplice_splice in | cmp - wanted
}

@test "the example of iosplice_pump(3)" {
  make_bytes in 3000000
  cat in | run_example iosplice_pump | cmp - in
  run_example iosplice_pump <in >out
  same_file out in
  run ! bash -c "./example <in >/dev/full"
  [[ $output == *"standard output: No space left on device"* ]]
}

@test "the example of iosplice_pipe(3)" {
  run run_example iosplice_pipe
  [[ $status -eq 0 && $output =~ ^5\ of\ at\ least\ [1-9][0-9]*\ bytes$ ]]
}
