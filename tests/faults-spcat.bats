# faults-spcat.bats - whichever of spcat's calls fails, and however: is the
# output whole, or a beginning of it with a message and status 1?
#
# SPDX-License-Identifier: MIT
#
# Every error that a call's manual page lists, at the n-th call, for every n
# that a run reaches; FAULTS=all does not stop at the first few of a loop.

load lib/common
load lib/faults

# Operands that share no byte, so that what is missing can be told from what is there.
setup () {
  common_setup
  faults_setup
  stdin=in
  faults_most 3
  make_bytes bytes 400000
  tr '\000-\377' '\000-\077\000-\077\000-\077\000-\077' <bytes >in
  tr '\000-\077' '\100-\177' <in >A
  tr '\000-\077' '\200-\277' <in | head -c 3000 >B
  tr '\000-\077' '\300-\377' <in >C
  cat -n in >numbered
}

teardown () {
  faults_tell
  common_teardown
}

# The output is new, also where it is appended to.
fault_prepare () { : >out; }

# The user never hears of it.
unnoticed () { [[ $fault_status -eq 0 && ! -s err ]] && helper prefix out "${wanted[@]}"; }

# Where a description stood a moment ago it can stand again, whatever the manual page lists.
unnoticed_lseek () { [[ $fault_call == *', -'*', SEEK_CUR'* || $fault_call == 'lseek(1<'*', 0, SEEK_CUR'* ]] || unnoticed; }

# Whom the message must name: the operand that was read, or the output.
side () {
  case $fault_call in
    *'(0<'*) echo '(-|closing standard input)' ;;
    *'/in>'*'/out>'* | *pipe:*pipe:*) echo '.*' ;;
    openat*'"'*'"'*) [[ $fault_call =~ '"'(.*)'"' ]] && echo "${BASH_REMATCH[1]}" ;;
    *"$PWD/"[inABC]*) [[ $fault_call =~ "$PWD/"(in|[ABC])'>' ]] && echo "${BASH_REMATCH[1]}" || echo 'write error' ;;
    *'(1<'* | splice*', 1<'*) echo '(write error|standard output)' ;;
    *) echo '.*' ;;
  esac
}

# Told: the message names the side and the error, status 1, and each operand came whole or its beginning.
told () {
  local partial name
  [[ $fault_status -eq 1 ]] || return
  partial=$(helper prefix out "${wanted[@]}") || [[ $? -eq 1 ]] || return
  [[ $fault_call == 'write(2<'* ]] && return
  [[ $(<err) =~ ^[^:]*spcat:\ $(side):\ ${text[$fault_error]}$ ]] || return
  # An operand that is not whole is the one the message is about, unless the output failed.
  name=$partial
  [[ $partial == in && ${operands[*]} != *in* ]] && name=-
  [[ -z $partial || $(<err) =~ ': '(write error|standard output)': ' || $(<err) == *": $name: "* ]]
}

unnoticed_or_told () { if [[ $fault_status -eq 0 ]]; then unnoticed; else told; fi; }

# every_call ARGUMENT...: all calls of one spcat, each with the errors that can be.
every_call () {
  local made
  fault_trace -e trace=all "$SPCAT" "$@"
  made=" $(sed -n '/^set_tid_address/,$ s/(.*//p' trace | tr '\n' ' ')"
  # what is interrupted, not ready or refused is done in another way
  each read EINTR,EAGAIN unnoticed "$@"
  each write EINTR,EAGAIN unnoticed "$@"
  each splice EINTR,EAGAIN,EINVAL,EPERM unnoticed "$@"
  each copy_file_range EINTR,EINVAL,EPERM,EIO,ENOSPC,EDQUOT,ENOMEM unnoticed "$@"
  each pipe2 EINVAL,EMFILE,ENFILE,ENOMEM unnoticed "$@"
  each fcntl EINVAL,EPERM,ENOMEM,EAGAIN unnoticed "$@"
  each lseek EINVAL unnoticed_lseek "$@"
  each poll EINTR,EINVAL,ENOMEM unnoticed "$@"
  each openat EINTR unnoticed "$@"
  # what is an error is told, unless another call does it after all
  each read EIO,EINVAL unnoticed_or_told "$@"
  each write EIO,ENOSPC,EDQUOT,EINVAL,EPERM unnoticed_or_told "$@"
  each splice EIO,ENOSPC,EDQUOT,ENOMEM told "$@"
  each openat EINVAL,EPERM,ENOMEM,EIO,EMFILE told "$@"
  each close EINTR,EIO,ENOSPC,EDQUOT unnoticed_or_told "$@"
  each newfstatat,fstat ENOMEM,EIO,EINTR unnoticed_or_told "$@"
}

# each CALLS ERRORS CHECK ARGUMENT...: the loop, if a run makes such a call at all.
each () {
  [[ $made == *" ${1%,*} "* || $made == *" ${1#*,} "* || $fault_most -gt 1000 ]] || return 0
  fault_loop "$1" "$2" "$3" "$SPCAT" "${@:4}"
}

# spcat_faults SOURCE SINK WANTED ARGUMENT...
spcat_faults () {
  source=$1 sink=$2 wanted=($3) operands=("${@:4}")
  every_call "${@:4}"
  [[ $fault_runs -gt 20 ]] || fail "only $fault_runs faults"
}

@test "file to file" { spcat_faults file file in in; }

@test "file to file by splice" {
  refused='copy_file_range error=EXDEV'
  spcat_faults file file in in
}

@test "inherited file to file by splice" {
  refused='copy_file_range error=EXDEV'
  spcat_faults file file in
}

@test "file to file open for appending" { spcat_faults file append in in; }

@test "file to pipe" { spcat_faults file pipe in in; }

@test "pipe to file" { spcat_faults pipe file in; }

@test "pipe to pipe" { spcat_faults pipe pipe in; }

@test "several operands to a file" { spcat_faults file file 'A B in C' A B - C; }

@test "several operands to a pipe" { spcat_faults file pipe 'A B in C' A B - C; }

@test "several operands, one of them a pipe, to a pipe" { spcat_faults pipe pipe 'A B in C' A B - C; }

@test "splice refused in mid-file, and then another fault" {
  refused='splice error=EINVAL:when=6+'
  spcat_faults file pipe in in
}

@test "a file through memory" { spcat_faults file pipe in --no-splice in; }

@test "an input that is not ready every other time, and then another fault" {
  ! sanitized "$SPCAT" || skip "a sanitizer reads its options at start-up"
  # not the reads of the loader
  refused='read error=EAGAIN:when=9+2'
  spcat_faults file file numbered -n in
}

@test "numbered, file to file" { spcat_faults file file numbered -n in; }

@test "numbered, pipe to pipe" { spcat_faults pipe pipe numbered -n; }
