# faults.bats - system calls that fail: nothing is lost, and the right side is told.
#
# SPDX-License-Identifier: MIT

load lib/common
load lib/faults

setup () {
  common_setup
  faults_setup
  make_bytes in 300000
  fault_wanted=in
}

teardown () {
  faults_tell
  common_teardown
}

# What is refused is done by read and write instead; what is interrupted is resumed.
refusals=EINVAL,ENOSYS,EPERM,EOPNOTSUPP
resumed=EINTR,EAGAIN

# loops CALLS ERRORS CHECK: for the three programs, from a file, into a file.
loops () {
  local before=$fault_runs
  fault_got=out fault_loop "$1" "$2" "$3" "$SPCAT" in
  fault_prepare () { rm -f copy; }
  stdin=in fault_got=out fault_loop "$1" "$2" "$3" "$SPTEE" copy
  stdin=in fault_got=copy fault_loop "$1" "$2" whole_copy "$SPTEE" copy
  fault_got=copy fault_loop "$1" "$2" "$3" "$SPCOPY" if=in of=copy bs=64k
  fault_prepare () { :; }
  [[ $fault_runs -gt $before ]] || fail "no program makes such a call: $1"
}

# A copy that could not be made is the failure of a sink, told; or the copy is whole or a prefix.
whole_copy () { [[ -e copy ]] || : >copy; whole_or_prefix; }

@test "a refused splice, tee or copy_file_range changes nothing" {
  loops splice $refusals whole
  loops copy_file_range $refusals,EXDEV,EBADF whole
  stdin=in fault_got=out fault_loop tee $refusals whole "$SPTEE" copy
}

# refusing CALLS HOW COMMAND...: strace injects only into what it traces.
refusing () { strace -o trace -e trace="$1" -e inject="$1:$2" "${@:3}"; }

@test "a refusal of every call, from the first" {
  local command
  for command in "$SPCAT" "$SPTEE copy" "$SPCOPY bs=64k status=none"; do
    for error in ENOSYS EINVAL EPERM; do
      helper bytes 1 300000 |
        refusing splice,tee,vmsplice,copy_file_range error=$error $command | cat >out
      grep -q INJECTED trace
      same_file out in
    done
  done
}

@test "what is interrupted, or not ready, is resumed" {
  loops splice,tee $resumed whole
  loops read,write $resumed whole
  loops copy_file_range EINTR whole
  loops openat EINTR whole_or_prefix
}

@test "acceptance 5: EIO at the n-th splice, and the side is named" {
  faults_most 20
  side_is_named () {
    whole_or_prefix || return
    [[ $fault_status -eq 0 ]] && return
    case $fault_call in
      'splice('*'/in>, '*) [[ $(<err) == *': in: Input/output error' || $(<err) == *"error reading 'in': "* || $(<err) == *'read error: '* ]] ;;
      *) [[ $(<err) != *': in: '* && $(<err) != *reading* && $(<err) != *'read error'* ]] ;;
    esac
  }
  loops splice EIO side_is_named
}

@test "a final error of the data calls ends the run with a message" {
  faults_most 6
  loops splice EIO,ENOSPC,EDQUOT,ENOMEM whole_or_prefix
  loops tee EIO,ENOMEM whole_or_prefix
  loops read EIO,EISDIR whole_or_prefix
  loops write EIO,ENOSPC,EDQUOT,EFBIG whole_or_prefix
  loops copy_file_range EIO,ENOSPC,EDQUOT whole_or_prefix
}

@test "the calls around the data" {
  faults_most 8
  loops pipe2 EMFILE,ENFILE,ENOMEM whole_or_prefix
  loops fcntl EINVAL,EPERM,EMFILE whole_or_prefix
  loops lseek ESPIPE,EINVAL whole_or_prefix
  loops newfstatat,fstat EIO,ENOMEM whole_or_prefix
  loops openat EACCES,EMFILE,EIO whole_or_prefix
}

@test "an error from close is an error" {
  faults_most 8
  close_is_told () {
    whole_or_prefix || return
    # the sinks' descriptors: a regular file that was written
    case $fault_call in
      'close('*/copy'>'* | 'close(1<'*) [[ $fault_status -eq 1 && -s err ]] ;;
    esac
  }
  loops close EIO,ENOSPC,EDQUOT close_is_told
}

@test "acceptance 5: to /dev/null the data passes no read or write" {
  truncate -s 1G big
  strace -o trace -e trace=read,write "$SPCAT" big >/dev/null
  # start-up reads libraries' headers; none of them is of the data's size
  ! grep -E '= [0-9]{5,}$' trace || fail "data went through memory"
}

# before_splice NAME: how many calls of NAME in the trace come before the first splice.
before_splice () { sed '/^splice(/,$d' trace | grep -c "^$1("; }

@test "no memory for what an output refuses: it is not blamed, and has a beginning" {
  ! sanitized "$SPCAT" || skip "a sanitizer needs memory itself"
  local command
  local -A said=([$SPCAT -]=- [$SPTEE copy]='error copying standard input'
    [$SPCOPY bs=64k status=none]="error copying 'standard input'")
  # What is left of the heap must not serve; and the kernel answers brk with the break, not with an error.
  export GLIBC_TUNABLES=glibc.malloc.top_pad=0
  for command in "${!said[@]}"; do
    strace -o trace -e trace=brk,mmap,splice $command <in | cat >out
    strace -o trace -e trace=brk,mmap,splice -e inject=splice:error=EINVAL:when=2+ \
      -e inject=brk:retval=0:when=$(($(before_splice brk) + 1))+ \
      -e inject=mmap:error=ENOMEM:when=$(($(before_splice mmap) + 1))+ $command <in 2>err | cat >out
    equal "${PIPESTATUS[0]}" 1 "$command"
    grep -q '^mmap.*INJECTED' trace
    equal "$(<err)" "${command%% *}: ${said[$command]}: Cannot allocate memory"
    helper prefix out in || equal $? 1
    rm -f copy
  done
}

@test "splice unavailable, and the data still passes, of a larger file" {
  make_bytes in 5000000
  refusing splice error=ENOSYS "$SPCAT" in | cat >out
  grep -q INJECTED trace
  same_file out in
  refusing splice error=EINVAL:when=9+ "$SPCAT" in | cat >out
  grep -q INJECTED trace
  same_file out in
  refusing splice error=EINVAL:when=9+3 "$SPTEE" copy <in | cat >out
  grep -q INJECTED trace
  same_file out in
  same_file copy in
}
