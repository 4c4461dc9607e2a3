# faults.bash - the n-th call of a system call fails, for every n.
#
# SPDX-License-Identifier: MIT
#
#     load lib/common; load lib/faults
#     setup () { common_setup; faults_setup; }
#     fault_loop splice EIO check_it "$SPCAT" in
#
# fault_loop CALLS ERRORS CHECK COMMAND... runs COMMAND, with standard input
# $stdin, once for each error and each n, with the n-th of its calls failing,
# until a run no longer reaches the n-th.  CALLS may be several names that mean
# the same (fstat,newfstatat).  After each run CHECK is called with
#
#     $fault         what was done, for messages: "splice 3: EIO"
#     $fault_call    the call as strace printed it, with the paths of its descriptors
#     $fault_error   the error's name
#     $fault_status  the exit status; 124 is a run that hung
#     out, err       what went to standard output and standard error
#
# The loader makes calls too, before the program's first own.  strace counts
# them, so a plain run tells how many there are: all before the last call of
# those that end the start-up (libc's set_tid_address, a sanitizer's
# sigaltstack).  The loop begins after them.

fault_ends_startup=set_tid_address,sigaltstack

# faults_most COUNT: a run that fails at more calls than this is stopped there, since
# the later ones are the same loop; `make check-faults' (FAULTS=all) makes no such end,
# and FAULTS=few ends at the first.
faults_most () {
  case ${FAULTS:-} in
    all) fault_most=1000000 ;;
    few) fault_most=1 ;;
    *) fault_most=$1 ;;
  esac
}
faults_most 12

faults_setup () {
  need strace
  refused=
  strace -o /dev/null true 2>/dev/null || skip "ptrace is not permitted here"
  # LeakSanitizer is a tracer itself, and a process has only one.
  export ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
}

# fault_trace STRACE_ARGUMENT... -- COMMAND...
#   refused  a call that is refused all the time, and how: "splice error=EINVAL:when=6+"
# strace injects only into what it traces; what was refused is taken out of the trace again.
fault_trace () {
  local call=${refused%% *} how=${refused#* }
  [[ -n $call && " $* " != *" trace=$call"[\ ,]* ]] || call=
  local -a refusal=(${call:+-e "inject=$call:$how"})
  fault_status=0
  fault_run timeout -k 1 "$limit" strace -y -qq -o trace "${refusal[@]}" "${@/#trace=/trace=${call:+$call,}}"
  [[ -z $call ]] || sed -i "/^$call(.*INJECTED/d" trace
}

# Hook: run COMMAND and set fault_status.
fault_run () { fault_between "$@" <"${stdin:-/dev/null}"; }

# fault_between COMMAND...: whose standard input and output are files or pipes.
#   source, sink  file or pipe; sink also append
fault_between () {
  case ${source:-file},${sink:-file} in
    file,file) "$@" >out 2>err 3>&- || fault_status=$? ;;
    file,append) "$@" >>out 2>err 3>&- || fault_status=$? ;;
    file,pipe) "$@" 2>err 3>&- | cat >out; fault_status=${PIPESTATUS[0]} ;;
    pipe,file) cat 3>&- | "$@" 2>err >out 3>&- || fault_status=$? ;;
    pipe,pipe) cat 3>&- | "$@" 2>err 3>&- | cat >out; fault_status=${PIPESTATUS[1]} ;;
  esac
}

# What the message about an error ends in.
declare -gA text=(
  [EINTR]='Interrupted system call' [EDQUOT]='Disk quota exceeded' [EAGAIN]='Resource temporarily unavailable'
  [EIO]='Input/output error' [ENOSPC]='No space left on device' [EINVAL]='Invalid argument'
  [EPERM]='Operation not permitted' [ENOMEM]='Cannot allocate memory' [EMFILE]='Too many open files'
  [ENFILE]='Too many open files in system' [EBADF]='Bad file descriptor' [EFBIG]='File too large'
  [EISDIR]='Is a directory' [ENOSYS]='Function not implemented' [ESPIPE]='Illegal seek'
)

# The number of calls of CALLS before the program's own.
fault_first () {
  local line
  fault_before=0 fault_seen=0
  while IFS= read -r line; do
    case $line in
      set_tid_address* | sigaltstack*) fault_before=$fault_seen ;;
      *'('*) fault_seen=$((fault_seen + 1)) ;;
    esac
  done <trace
}

# How many runs had a call fail: a test in which none had has tested nothing.
fault_runs=0

# For teardown, which `make check-faults' sums up.
faults_tell () { echo "# $fault_runs faults: $BATS_TEST_DESCRIPTION" >&3; }

# Hook: what has to be as it was before each run.
fault_prepare () { :; }

fault_loop () {
  local calls=$1 errors=$2 check=$3 n before error
  shift 3
  fault_prepare
  fault_trace -e "trace=$calls,$fault_ends_startup" "$@"
  fault_first
  before=$fault_before
  for error in ${errors//,/ }; do
    fault_error=$error
    for ((n = before + 1; n <= before + fault_most; n++)); do
      fault_prepare
      [[ -z ${COVERAGE:-} ]] || export GCOV_PREFIX=$COVERAGE/$BASHPID.$((fault_count += 1))
      fault_trace -e "trace=$calls" -e "inject=$calls:error=$error:when=$n" "$@"
      fault_call=$(grep -m1 -F '(INJECTED)' trace) || break
      [[ $fault_call != *'"/proc/sys/vm/overcommit_memory"'* ]] || continue # malloc asks, and needs no answer
      fault_runs=$((fault_runs + 1))
      fault="$calls $((n - before)): $error: $*"
      [[ -z ${COVERAGE:-} ]] || continue # the counters make calls, too, which fail
      "$check" || fail "after $fault: status $fault_status, $(head -c 300 err)
  $fault_call"
    done
  done
}

# The check most loops want: whole output and status 0, or a prefix of it,
# status 1 and a message.
#   fault_wanted  the file with the whole output
#   fault_got     the file with what was written (out)
#   fault_names   an extended regular expression that the message must match (anything)
whole_or_prefix () {
  local kind=0
  "$HELPER" prefix "${fault_got:-out}" "$fault_wanted" || kind=$?
  case $kind,$fault_status in
    0,0) ;;
    [01],1) [[ $fault_call == 'write(2<'* || $(<err) =~ ${fault_names:-.} ]] ;;
    *) return 1 ;;
  esac
}

# The check where the failure is none of the user's business: EINTR, or splice refused.
whole () { [[ $fault_status -eq 0 ]] && "$HELPER" prefix "${fault_got:-out}" "$fault_wanted"; }
