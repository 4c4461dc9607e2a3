# faults-library.bats - whichever call fails under a public function of the
# library, and however: have exactly the bytes arrived that it reports?
#
# SPDX-License-Identifier: MIT
#
# helper-library runs one function between two calls of getppid and checks
# what it reported.  What fails is every call made in between, with each error
# that its manual page lists, at the n-th such call, for every n; FAULTS=all does
# not stop at the first few.  An injected failure of close does not close, which
# the kernel's own does, so that is left out.

load lib/common
load lib/faults

: "${HELPER_LIBRARY:=$top_builddir/tests/helper-library}"

setup () {
  common_setup
  faults_setup
  faults_most 2
}

teardown () {
  faults_tell
  common_teardown
}

declare -gA errors=(
  [splice]=EINTR,EAGAIN,EINVAL,ENOSYS,EPERM,EIO,ENOSPC,ENOMEM,EPIPE
  [tee]=EINTR,EAGAIN,EINVAL,ENOSYS,ENOMEM
  [vmsplice]=EINTR,EAGAIN,EINVAL,ENOMEM,EFAULT
  [copy_file_range]=EINTR,EXDEV,EINVAL,ENOSYS,EOPNOTSUPP,EIO,ENOSPC
  [read]=EINTR,EAGAIN,EIO,EISDIR [pread64]=EINTR,EIO,ESPIPE
  [write]=EINTR,EAGAIN,EIO,ENOSPC,EDQUOT,EFBIG,EPIPE [pwrite64]=EINTR,EIO,ENOSPC,EFBIG
  [lseek]=ESPIPE,EINVAL [fcntl]=EINVAL,EPERM,EBUSY,EMFILE [ioctl]=EINVAL,ENOTTY
  [pipe2]=EMFILE,ENFILE [poll]=EINTR,ENOMEM [fstat]=EIO,ENOMEM [newfstatat]=EIO,ENOMEM
  [epoll_create1]=EMFILE,ENOMEM [epoll_ctl]=ENOMEM,ENOSPC [epoll_wait]=EINTR
  [getsockopt]=ENOTSOCK [openat]=EACCES,EMFILE [sched_getaffinity]=EINVAL
  [clone]=EAGAIN [clone3]=EAGAIN,ENOSYS
)

# The calls that the function makes, and how many of each were made before, in the trace of an undisturbed run.
learn () {
  calls=$(awk -F '(' '/^getppid/ { inside = !inside; next } inside { sub(/.* /, "", $1); print $1 }' trace | sort -u)
}

# before CALL: how many such calls come before the function.
before () { awk -v call="$1(" '/^getppid/ { exit } index($0, call) == 1 { n++ } END { print n + 0 }' trace; }

# Did the fault hit the function, rather than what prepares or verifies?
hit () { awk '/getppid/ { n++ } /\(INJECTED\)/ && n == 1 { found = 1 } END { exit !found }' trace; }

traced () {
  local status=0
  FAULT=${fault_name:-} timeout -k 1 "$limit" strace -f -qq -o trace.raw "$@" "$HELPER_LIBRARY" "$scenario" >out 2>err 3>&- || status=$?
  # -f puts the thread's number in front.
  sed -E 's/^[0-9]+ +//' trace.raw >trace
  return "$status"
}

# scenario_faults NAME: every call of one scenario.
scenario_faults () {
  local scenario=$1 call n first error how status
  fault_name=
  traced || fail "$scenario fails by itself: $(<out) $(<err)"
  learn
  cp trace plain
  for call in $calls; do
    [[ -n ${errors[$call]:-} ]] || continue
    first=$(cp plain trace; before "$call")
    fault_name=$call
    for error in ${errors[$call]//,/ }; do
      for ((n = first + 1; n <= first + fault_most; n++)); do
        how="$call $((n - first)): $error: $scenario"
        status=0
        traced -e "trace=$call,getppid" -e "inject=$call:error=$error:when=$n" || status=$?
        hit || break
        fault_runs=$((fault_runs + 1))
        [[ $status -eq 0 ]] || fail "after $how: status $status: $(<out) $(head -c 300 err)
  $(grep -m1 -F '(INJECTED)' trace)"
      done
    done
  done
}

# scenarios PATTERN: those of that name.
scenarios () {
  local name
  for name in $("$HELPER_LIBRARY" | grep -E "^($1)"); do
    scenario_faults "$name"
  done
  [[ $fault_runs -gt 0 ]] || fail "no call has failed"
}

@test "a call fails under iosplice_copy, from files" { scenarios 'copy-file'; }
@test "a call fails under iosplice_copy, from pipes and sockets" { scenarios 'copy-pipe|copy-socket'; }
@test "a call fails under iosplice_copy, through memory" { scenarios 'copy-memory'; }
@test "a call fails under iosplice_full and iosplice_partial" { scenarios 'full|partial'; }
@test "a call fails under iosplice_pump_run, with several sinks" { scenarios 'run'; }
@test "a call fails under iosplice_pump_block and iosplice_pump_step" { scenarios 'block|step|pool'; }
@test "a call fails under iosplice_splice" { scenarios 'splice'; }
@test "a call fails under iosplice_tee, iosplice_peek and iosplice_vmsplice" { scenarios 'tee|peek|vmsplice'; }
@test "a call fails under iosplice_read and iosplice_write" { scenarios 'read|write'; }
@test "a call fails under the pipe helpers" { scenarios 'pipe'; }

@test "every scenario is tried" {
  local name
  for name in $("$HELPER_LIBRARY"); do
    [[ $name =~ ^(copy-file|copy-pipe|copy-socket|copy-memory|full|partial|run|block|step|pool|splice|tee|peek|vmsplice|read|write|pipe) ]] ||
      fail "nobody tries $name"
  done
  fault_runs=1
}

@test "a write that writes nothing is a full disk" {
  local scenario
  for scenario in write-file copy-memory-file-file; do
    fault_name=
    traced
    before write >first
    traced -e trace=write,getppid -e "inject=write:retval=0:when=$(($(<first) + 1))"
    hit
    [[ $(<out) == *"errno 28" ]] || fail "$scenario: $(<out)"
    fault_runs=$((fault_runs + 1))
  done
}

@test "flags are passed on to the kernel" {
  local scenario=splice-flags
  traced -e trace=splice,getppid
  grep -Fq 'SPLICE_F_MOVE|SPLICE_F_MORE)' trace
  run ! grep -q SPLICE_F_NONBLOCK trace
  scenario=splice-pipe-pipe
  traced -e trace=splice,getppid
  grep -Fq 'SPLICE_F_NONBLOCK)' trace
  fault_runs=2
}

# Memory that cannot be had: from the n-th request on, by brk and by mmap.
# The kernel answers brk with the break, not with an error.
@test "no memory" {
  ! sanitized "$HELPER_LIBRARY" || skip "a sanitizer needs memory itself"
  local scenario n
  for scenario in copy-file-file copy-pipe-pipe copy-memory-file-file run-pipe-three run-parallel step-socket-socket pool-socket-pipe partial-pipe-file; do
    for ((n = 1; n < 40; n++)); do
      fault_name=
      # An error of the program's start is not the library's.
      traced -e trace=brk,mmap,getppid -e "inject=mmap:error=ENOMEM:when=$n+" -e "inject=brk:retval=0:when=$n+" ||
        [[ $(grep -c getppid trace) -eq 0 ]] || fail "from request $n on: $scenario: status $?: $(<out) $(<err)"
      grep -q '(INJECTED)' trace || break
      ! hit || fault_runs=$((fault_runs + 1))
    done
  done
  [[ $fault_runs -gt 0 ]]
}
