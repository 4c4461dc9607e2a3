# faults-sptee.bats - whichever of sptee's calls fails, and however: is each
# output whole, or a beginning with a message that names it and status 1?
#
# SPDX-License-Identifier: MIT
#
# Every error that a call's manual page lists, at the n-th call, for every n
# that a run reaches; FAULTS=all does not stop at the first few of a loop.

load lib/common
load lib/faults

setup () {
  common_setup
  faults_setup
  faults_most 2
  mkfifo fifo
  make_bytes in 300000
}

teardown () {
  faults_tell
  common_teardown
}

# How sptee is run: everything that it wrote is in the files $outputs.
#   sink  also fifo, for an operand that is one
fault_run () {
  local name
  for name in "${outputs[@]}"; do : >"$name"; done
  if [[ $sink == fifo ]]; then
    # held open until the run is over, which may not even open it
    exec 6<>fifo 7<fifo
    cat <&7 >read 3>&- 6>&- &
    exec 7<&-
    cat in 3>&- 6>&- | "$@" 2>err >out 3>&- 6>&- || fault_status=$?
    exec 6>&-
    wait $!
  else
    fault_between "$@" <in
  fi
}

# How an output is called in a message.
declare -gA called=([out]="('standard output'|write error)" [one]=one [two]=two [read]=fifo)
# named NAME: a message says so of this.
named () { grep -Eqx "[^ ]*sptee: $1: ${text[$fault_error]}" err; }

# Nor is any output to blame: the input, or the copying itself.
named_no_output () { named '(read error|error copying standard input)'; }

# The user never hears of it.
unnoticed () {
  local output
  [[ $fault_status -eq 0 && ! -s err ]] || return
  for output in "${outputs[@]}"; do helper prefix "$output" in || return; done
}

# Told: status 1, messages of this error only, and every output that is not whole is
# named, unless it was the input that failed: then all are the same beginning.
told () {
  local output call=${fault_call//"$PWD/"/}
  [[ $fault_status -eq 1 ]] || return
  for output in "${outputs[@]}"; do
    helper prefix "$output" in || [[ $? -eq 1 ]] || return
    helper prefix "$output" in || named "${called[$output]}" || [[ $fault_call == 'write(2<'* ]] || named_no_output || return
    # an output that failed is told by its own name
    [[ $call != *"<$output>"* ]] || named "${called[$output]}" || named_no_output || return
  done
  [[ $fault_call == 'write(2<'* ]] && return
  [[ $(wc -l <err) -ge 1 ]] || return
  if named 'read error'; then
    for output in "${outputs[@]}"; do cmp "$output" "${outputs[0]}" || return; done
  fi
}

# An output whose fstat or open failed is not written, and the others are whole.
unnoticed_or_told () { if [[ $fault_status -eq 0 ]]; then unnoticed; else told; fi; }

# Where --output-error=exit asks for it, the others end too: nothing but the beginning of the input.
ended () {
  local output
  [[ $fault_status -eq 0 ]] && unnoticed && return
  [[ $fault_status -eq 1 && -s err ]] || return
  for output in "${outputs[@]}"; do helper prefix "$output" in || [[ $? -eq 1 ]] || return; done
}

# Where a description stood a moment ago it can stand again, whatever the manual page lists.
unnoticed_lseek () { [[ $fault_call == *', -'*', SEEK_CUR'* || $fault_call == 'lseek(1<'*', 0, SEEK_CUR'* ]] || unnoticed; }

# each CALLS ERRORS CHECK ARGUMENT...: the loop, if a run makes such a call at all.
each () {
  [[ $made == *" ${1%,*} "* || $made == *" ${1#*,} "* || $fault_most -gt 1000 ]] || return 0
  fault_loop "$1" "$2" "$3" "$SPTEE" "${@:4}"
}

# every_call ARGUMENT...: all calls of one sptee, each with the errors that can be.
every_call () {
  fault_trace -e trace=all "$SPTEE" "$@"
  unnoticed || fail "without a fault: status $fault_status, $(<err)"
  made=" $(sed -n '/^set_tid_address/,$ s/(.*//p' trace | tr '\n' ' ')"
  # what is interrupted, not ready or refused is done in another way
  each read EINTR,EAGAIN unnoticed "$@"
  each write EINTR,EAGAIN unnoticed "$@"
  each splice EINTR,EAGAIN,EINVAL,EPERM,ENOSYS,ESPIPE unnoticed "$@"
  each tee EINTR,EAGAIN,EINVAL,ENOMEM unnoticed "$@"
  each copy_file_range EINTR,EINVAL,EPERM,EIO,ENOSPC,EDQUOT,ENOMEM,EBADF unnoticed "$@"
  each pipe2 EINVAL,EMFILE,ENFILE,ENOMEM unnoticed "$@"
  each fcntl EINVAL,EPERM,ENOMEM,EAGAIN unnoticed "$@"
  each lseek EINVAL unnoticed_lseek "$@"
  each poll EINTR,EINVAL,ENOMEM unnoticed "$@"
  each openat EINTR unnoticed "$@"
  # what is an error is told, unless another call does it after all
  each read EIO,EINVAL,EISDIR,EBADF "${check:-unnoticed_or_told}" "$@"
  each write EIO,ENOSPC,EDQUOT,EFBIG,EINVAL,EPERM,EBADF "${check:-unnoticed_or_told}" "$@"
  each splice EIO,ENOSPC,EDQUOT,ENOMEM,EBADF "${check:-told}" "$@"
  each openat EINVAL,EPERM,ENOMEM,EIO,EMFILE "${check:-unnoticed_or_told}" "$@" # libc opens files for its own ends
  each close EINTR,EIO,ENOSPC,EDQUOT "${check:-unnoticed_or_told}" "$@"
  each newfstatat,fstat ENOMEM,EIO,EINTR "${check:-unnoticed_or_told}" "$@"
}

# sptee_faults SOURCE SINK OUTPUTS ARGUMENT...
sptee_faults () {
  source=$1 sink=$2
  read -r -a outputs <<<"$3"
  every_call "${@:4}"
  [[ $fault_runs -gt 20 ]] || fail "only $fault_runs faults"
}

@test "pipe to pipe and file" { sptee_faults pipe pipe 'out one' one; }

@test "pipe to pipe, and nothing else" { sptee_faults pipe pipe out; }

@test "file to file, and nothing else" { sptee_faults file file out; }

@test "file to file and two files" { sptee_faults file file 'out one two' one two; }

@test "pipe to file open for appending and files to append to" { sptee_faults pipe file 'out one two' -a one two; }

@test "file to file open for appending and a file" { sptee_faults file append 'out one' one; }

@test "pipe to a FIFO and files" { sptee_faults pipe fifo 'read out one' fifo one; }

@test "pipe to pipe and file, through memory" { sptee_faults pipe pipe 'out one' --no-splice one; }

@test "pipe to pipe and file, with -p" { sptee_faults pipe pipe 'out one' -p one; }

@test "pipe to pipe and files, with --output-error=exit" {
  check=ended
  sptee_faults pipe pipe 'out one two' --output-error=exit one two
}
