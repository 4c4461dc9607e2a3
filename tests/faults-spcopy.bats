# faults-spcopy.bats - whichever of spcopy's calls fails, and however: is what
# it says of the bytes and records that arrived the truth?
#
# SPDX-License-Identifier: MIT
#
# Every error that a call's manual page lists, at the n-th call, for every n
# that a run reaches; FAULTS=all does not stop at the first few of a loop.

load lib/common
load lib/differential
load lib/faults

setup () {
  common_setup
  faults_setup
  faults_most 2
  # not a multiple of any block, and with blocks of NULs
  make_bytes in 400123
  head -c 65536 /dev/zero | dd of=in bs=4096 seek=20 conv=notrunc status=none
}

teardown () {
  faults_tell
  common_teardown
}

# How spcopy is run, and where it leaves an input that is a file.
#   got  what was written: copy, of the operand of=copy, or out
fault_run () {
  : >position
  {
    fault_between "$@"
    [[ $source,$sink != file,file ]] || helper seek 0 0 >position
  } <in
}

fault_prepare () {
  rm -f copy
  [[ ! -e existing ]] || cp existing copy
}

# The counts of standard error: full_in, partial_in, full_out, partial_out, bytes.
counts () {
  [[ $(<err) =~ ([0-9]+)\+([0-9]+)' records in'$'\n'([0-9]+)\+([0-9]+)' records out'$'\n'(.*$'\n')?([0-9]+)' byte' ]] || return
  full_in=${BASH_REMATCH[1]} partial_in=${BASH_REMATCH[2]}
  full_out=${BASH_REMATCH[3]} partial_out=${BASH_REMATCH[4]} bytes=${BASH_REMATCH[6]}
}

# What is told is what is there: so many bytes behind what was there before, a
# beginning of what is wanted, in records that can hold them.
truth () {
  local size=0 kind=0
  [[ ! -e $got ]] || size=$(stat -c %s "$got")
  if ! counts; then
    [[ $size -le $base || $(<err) == *': closing '* ]] || cmp -s "$got" existing
    return
  fi
  # Of a hole in front of a write that failed the file is as short as dd's, which counts it, too.
  if [[ $size -lt $((base + bytes)) && $sparse && $fault_status -ne 0 ]]; then
    size=$((base + bytes))
    truncate -s "$size" "$got"
  fi
  [[ $size -eq $((base + bytes)) || ($bytes -eq 0 && $size -le $base) ]] || return
  ((full_out * obs + partial_out <= bytes && bytes <= full_out * obs + partial_out * (obs - 1))) || return
  if [[ $size -gt $base ]]; then
    helper prefix "$got" wanted || kind=$?
    [[ $kind -le 1 ]] || return
  fi
  [[ ! -s position || $got == copy || $fault_call == lseek* ]] || stands
}

# An inherited input stands behind the records that were read; a block that could not be written is one of them.
stands () {
  local at
  at=$(<position)
  [[ $partial_in -gt 0 ]] && equal "$at" 400123 || equal "$at" $((full_in * ibs))
  [[ $ibs -ne $obs || ! $(<err) =~ (error\ writing|writing\ to) ]] || equal $((full_in + partial_in)) $((full_out + 1))
}

# The user never hears of it.
unnoticed () {
  telling_failed && return
  [[ $fault_status -eq 0 && $(wc -l <err) -eq 3 ]] && cmp -s "$got" wanted && truth
}

# The side of the copy that the call was about: its regular expression in a message.
side () {
  local in='(in|/dev/zero|standard input)' out='(copy|standard output)'
  case $fault_call in
    *'/in>'*'/copy>'* | *'/in>'*'/out>'* | *'/copy>'*'/in>'*) echo "($in|$out)" ;;
    *'/in>'* | openat*'"in"'* | *'/dev/zero'* | *'(0<'*) echo "$in" ;;
    *'/copy>'* | *'/out>'* | openat*'"copy"'* | *'(1<'* | *', 1<'*) echo "$out" ;;
    *) echo "($in|$out)" ;;
  esac
}

# The statistics themselves could not be written: status 1, and the copy is whole.
telling_failed () { [[ $fault_call == 'write(2<'* && $fault_status -eq 1 ]] && cmp -s "$got" wanted; }

# A message that names the side and the error, status 1, and the truth.
told () {
  telling_failed && return
  [[ $fault_status -eq 1 ]] && truth || return
  [[ $(<err) =~ (^|$'\n')[^:]*spcopy:\ ([^$'\n']*\ )?"'"?$(side)"'"?(:\ cannot\ (seek|skip))?:\ "${text[$fault_error]}" ]]
}

unnoticed_or_told () { if [[ $fault_status -eq 0 ]]; then unnoticed; else told; fi; }

# every_call ARGUMENT...: all calls of one spcopy, each with the errors that can be.
every_call () {
  local made
  fault_prepare
  fault_trace -e trace=all "$SPCOPY" "$@"
  made=" $(sed -n '/^set_tid_address/,$ s/(.*//p' trace | tr '\n' ' ')"
  # what is interrupted, not ready or refused is done in another way
  each read EINTR,EAGAIN unnoticed "$@"
  each write EINTR,EAGAIN unnoticed "$@"
  each splice EINTR,EAGAIN,EINVAL,EPERM unnoticed "$@"
  each vmsplice EINTR,EAGAIN,EINVAL,EPERM,ENOMEM unnoticed "$@"
  each copy_file_range EINTR,EINVAL,EPERM,EIO,ENOSPC,EDQUOT,ENOMEM unnoticed "$@"
  each pipe2 EINVAL,EMFILE,ENFILE,ENOMEM unnoticed "$@"
  each poll EINTR,EINVAL,ENOMEM unnoticed "$@"
  each openat EINTR unnoticed "$@"
  each fsync EINTR unnoticed "$@"
  each fdatasync EINTR unnoticed "$@"
  # what is an error is told, unless another call does it after all
  each read EIO,EINVAL unnoticed_or_told "$@"
  each write EIO,ENOSPC,EDQUOT,EFBIG,EINVAL,EPERM unnoticed_or_told "$@"
  each splice EIO,ENOSPC,EDQUOT,ENOMEM unnoticed_or_told "$@"
  each fcntl EINVAL,EPERM,ENOMEM unnoticed_or_told "$@"
  each lseek EINVAL,ESPIPE unnoticed_or_told "$@"
  each openat EINVAL,EPERM,ENOMEM,EIO,EMFILE unnoticed_or_told "$@"
  each ftruncate EIO,ENOSPC,EPERM,EFBIG told "$@"
  each fsync EIO,ENOSPC,EDQUOT told "$@"
  each fdatasync EIO,ENOSPC,EDQUOT told "$@"
  each fadvise64 EINVAL,ESPIPE unnoticed_or_told "$@"
  each close EINTR,EIO,ENOSPC,EDQUOT unnoticed_or_told "$@"
  each newfstatat,fstat ENOMEM,EIO unnoticed_or_told "$@"
}

# each CALLS ERRORS CHECK ARGUMENT...: the loop, if a run makes such a call at all.
each () {
  [[ $made == *" ${1%,*} "* || $made == *" ${1#*,} "* || $fault_most -gt 1000 ]] || return 0
  fault_loop "$1" "$2" "$3" "$SPCOPY" "${@:4}"
}

# The value of operand $1 among the others, or $2.
operand () {
  local name=$1 value=$2 argument
  for argument in "${@:3}"; do
    [[ $argument != "$name="* && $argument != bs=* ]] || value=${argument#*=}
  done
  echo "$((${value/K/*1024}))"
}

# spcopy_faults SOURCE SINK OPERAND...: dd says what is wanted.
spcopy_faults () {
  source=$1 sink=$2
  shift 2
  got=out base=0 sparse=
  [[ " $* " != *' conv=sparse '* ]] || sparse=yes
  [[ " $* " == *' of=copy '* ]] && got=copy
  [[ " $* " == *' seek='* ]] && base=$(($(operand obs 512 "$@") * $(operand seek 0 "${@/#bs=*/}")))
  ibs=$(operand ibs 512 "$@") obs=$(operand obs 512 "$@")
  fault_prepare
  [[ $source == file ]] && command dd "${@/#--no-splice/status=none}" <in >wanted 2>/dev/null
  [[ $source == pipe ]] && cat in | command dd iflag=fullblock "$@" >wanted 2>/dev/null
  [[ $got != copy ]] || cp copy wanted
  every_call "$@"
  [[ $fault_runs -gt 20 ]] || fail "only $fault_runs faults"
}

@test "file to file" { spcopy_faults file file if=in of=copy; }

@test "file to file by splice" {
  refused='copy_file_range error=EXDEV'
  spcopy_faults file file if=in of=copy
}

@test "inherited file to file" { spcopy_faults file file; }

@test "inherited file to file by splice" {
  refused='copy_file_range error=EXDEV'
  spcopy_faults file file bs=64K
}

@test "file to pipe" { spcopy_faults file pipe if=in obs=64K; }

@test "file to pipe, blocks of 64 KiB" { spcopy_faults file pipe bs=64K; }

@test "pipe to file" { spcopy_faults pipe file bs=64K; }

@test "pipe to pipe" { spcopy_faults pipe pipe bs=64K; }

@test "pipe to pipe, full blocks" { spcopy_faults pipe pipe bs=64K iflag=fullblock; }

@test "NULs to a pipe" { spcopy_faults file pipe if=/dev/zero bs=64K count=7; }

@test "skip= and seek= over a file that is there" {
  make_bytes existing 300000 2
  spcopy_faults file file if=in of=copy bs=4K skip=3 seek=5
}

@test "conversions, file to file" { spcopy_faults file file if=in of=copy bs=4K conv=ucase,swab; }

@test "conversions, pipe to pipe" { spcopy_faults pipe pipe ibs=3000 obs=7000 conv=ebcdic; }

@test "sparse" { spcopy_faults file file if=in of=copy bs=4K conv=sparse; }

@test "synchronized, and dropped from the cache" {
  spcopy_faults file file if=in of=copy bs=64K iflag=nocache oflag=nocache conv=fdatasync
  spcopy_faults file file if=in of=copy bs=64K conv=fsync
}

@test "a file through memory" { spcopy_faults file file --no-splice if=in of=copy bs=64K; }
