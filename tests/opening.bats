# opening.bats - are spcopy's ends opened, synchronized and closed as dd's are?
#
# SPDX-License-Identifier: MIT

load lib/common
load lib/differential
load lib/faults

mask=mask_times

populate () {
  make_bytes F 5000
  make_bytes in 4000 3
  make_bytes old 9000 2
  ln -s F link
  ln -s nowhere dangling
  ln F other
  mkdir dir
  mkfifo fifo
}

# direct needs a file system that has it, and nocache leaves no trace: they have tests of their own.
known_flags=(append count_bytes directory dsync fullblock noatime noctty nofollow nonblock seek_bytes skip_bytes sync)

@test "each flag alone, on files of ours and on inherited ones" {
  local flag name
  for flag in "${known_flags[@]}" nocache; do
    for name in F link dir nosuch dangling other; do
      same dd if=$name of=new "iflag=$flag"
      [[ $flag == fullblock ]] && continue
      same dd if=in of=$name conv=notrunc "oflag=$flag"
      fresh
    done
    same_script "dd iflag=$flag <F"
    same_script "dd iflag=$flag <dir"
    same_script "dd iflag=$flag <&-"
    [[ $flag == fullblock ]] && continue
    same_script "dd if=F oflag=$flag conv=notrunc >new"
    same_script "dd if=F oflag=$flag conv=notrunc 1<>old"
    same_script "dd if=F oflag=$flag conv=notrunc >&-"
  done
}

@test "flags of an inherited descriptor stay set, and only those that were asked for" {
  local flags
  for flags in append nonblock sync,dsync append,nonblock,noctty nofollow,noctty nocache; do
    same_script "exec 5>new; dd if=F oflag=$flags conv=notrunc >&5; grep flags /proc/self/fdinfo/5"
    same_script "exec 5<F; dd iflag=$flags of=new <&5; grep flags /proc/self/fdinfo/5"
  done
}

@test "excl, nocreat, notrunc and seek=, on what is there and what is not" {
  local conv seek name
  for conv in excl nocreat notrunc nocreat,notrunc; do
    for seek in '' seek=1000; do
      for name in old new link dangling dir dir/new nosuch/new /dev/null; do
        # shellcheck disable=SC2086
        same dd if=in of=$name "conv=$conv" $seek
      done
      fresh
    done
  done
}

@test "an offset that no file can have is refused before anything is made" {
  same dd if=F of=new seek=9223372036854775807
  same dd if=F of=old seek=9223372036854775807
  same dd if=F of=old seek=9223372036854775807 conv=notrunc
  same dd if=nosuch of=new seek=9223372036854775807
  same_script 'dd if=F seek=9223372036854775807 1<>old'
  same_script 'dd if=F seek=9223372036854775807 | wc -c'
  same_script 'dd if=F seek=1 | wc -c'
}

@test "after a skip or seek that cannot be, the position is dd's" {
  same_script '(dd skip=9223372036854775807 of=new; wc -c) <F'
  same_script '(dd seek=9223372036854775807 conv=notrunc if=/dev/null >&0; wc -c) 0<>F'
  same_script '(dd skip=3B bs=10 count=1 of=new; wc -c) <F'
}

@test "skipping by reading takes short reads as blocks, and with fullblock whole ones" {
  local operands
  for operands in 'skip=2 bs=3' 'skip=2 bs=3 iflag=fullblock' 'skip=7B bs=3' 'skip=7B bs=3 iflag=fullblock' \
    'skip=99 bs=3' 'skip=99 bs=3 iflag=fullblock' 'skip=9223372036854775807 bs=5' 'skip=2 ibs=4 obs=3 conv=swab'; do
    same_script "bounded helper trickle 1 1 2 3 1 4 2 5 2>/dev/null | bounded dd $operands of=new"
  done
}

@test "seeking where the output cannot seek reads over it" {
  local operands
  for operands in 'seek=2 obs=100' 'seek=250B obs=100' 'seek=2 bs=100 conv=notrunc' 'seek=0'; do
    same_script "exec 5<>fifo; head -c 3000 old >&5; dd if=F of=fifo count=1 $operands; dd status=none count=1 bs=64K <&5 | cksum"
  done
}

@test "a write-only file is sought in all the same" {
  is_root && skip "root may read everything"
  same_script 'chmod 200 old; dd if=F of=old seek=3 conv=notrunc; chmod 600 old'
}

@test "the output is synchronized, also after an error" {
  local conv
  for conv in fsync fdatasync fsync,fdatasync; do
    same dd if=F of=new conv=$conv
    same dd if=F of=/dev/full bs=512 conv=$conv
    same dd if=F of=/dev/null conv=$conv
    same dd if=dir of=new conv=$conv
    same dd if=F of=new conv=$conv skip=9223372036854775807
    same_script "dd if=F conv=$conv | wc -c"
  done
}

@test "fdatasync that cannot be is fsync, and each failure is told" {
  faults_setup
  populate
  local error
  for error in EIO EINVAL ENOSYS; do
    for call in fdatasync fsync; do
      fault_trace -e trace=fsync,fdatasync -e "inject=$call:error=$error" dd if=F of=new conv=fdatasync status=none
      mv err err.theirs
      mv trace trace.theirs
      local theirs_status=$fault_status
      fault_trace -e trace=fsync,fdatasync -e "inject=$call:error=$error" "$SPCOPY" if=F of=new conv=fdatasync status=none
      equal "$(sed 's/^[^:]*: //' err) $fault_status" "$(sed 's/^[^:]*: //' err.theirs) $theirs_status" "$call $error"
      equal "$(cut -d '(' -f 1 trace)" "$(cut -d '(' -f 1 trace.theirs)" "$call $error"
    done
  done
  fault_trace -e trace=fdatasync -e inject=fdatasync:error=EINTR:when=1 "$SPCOPY" if=F of=new conv=fdatasync
  equal "$fault_status $(wc -l <trace)" '0 2'
}

@test "nocache: what was copied is dropped, nothing else, and all of it with count=0" {
  faults_setup
  local ends operands
  make_bytes F 1000000
  fault_trace -e trace=fadvise64 "$SPCOPY" if=F of=new iflag=nocache oflag=nocache bs=100k skip=2 count=3 seek=1
  equal "$fault_status $(sed 's/<[^>]*>//; s/^fadvise64(.*, \(.*, .*\), .*/\1/' trace | paste -sd ' ')" \
    '0 204800, 131072 102400, 131072 335872, 131072 233472, 131072 466944, 45056 364544, 45056'
  fault_trace -e trace=fadvise64 "$SPCOPY" if=F of=new iflag=nocache bs=300k
  equal "$fault_status $(tail -n 1 trace | grep -c '917504, 0, POSIX_FADV_DONTNEED')" '0 1'
  fault_trace -e trace=fadvise64 "$SPCOPY" if=F of=new iflag=nocache oflag=nocache count=0 skip=1 seek=1
  equal "$fault_status $(grep -c ', 0, 0, POSIX_FADV_DONTNEED' trace)" '0 2'
  same_script '(: | dd iflag=nocache oflag=nocache count=0 status=noxfer; echo ${PIPESTATUS[*]}) 2>&1 | cat'
  same_script 'cat F | dd iflag=nocache oflag=nocache bs=1000 iflag=fullblock | cksum'
  # what is closed, or has no position
  for ends in '<&-' '>&-' '<&- >&-' '| cat' '>/dev/null'; do
    for operands in count=0 'count=0 skip=1' 'count=0 seek=1' count=1 ''; do
      same_script "dd iflag=nocache oflag=nocache status=noxfer $operands $ends"
    done
  done
  same_script 'bounded helper feed seqpacket 100 -- dd iflag=nocache oflag=nocache count=0 status=noxfer'
  same_script 'bounded helper collect stream got dd iflag=nocache oflag=nocache count=0 status=noxfer'
}

# dd 9.1 keeps silent.
@test "what the newest dd does: a failure to drop the cache is told" {
  faults_setup
  make_bytes F 1000000
  fault_trace -e trace=fadvise64 -e inject=fadvise64:error=EIO "$SPCOPY" if=F of=new iflag=nocache status=none
  equal "$fault_status $(<err)" "1 $SPCOPY: failed to discard cache for: F: Input/output error"
  same_file new F
}

@test "oflag=direct: the last, partial block goes through the cache and is synchronized" {
  make_bytes F 5000
  dd if=F of=new bs=4k oflag=direct status=none 2>err || skip "no O_DIRECT here: $(<err)"
  same_script 'dd if=F of=new bs=4k oflag=direct'
  same_script 'dd if=F of=new bs=4k oflag=direct,dsync seek=1'
  same_script 'dd if=F of=new bs=4k iflag=direct'
  # a hole, too: whoever holds the output finds the flag gone
  same_script 'exec 7>new; dd if=/dev/zero count=100B bs=4k conv=sparse oflag=direct >&7; helper flags 7'
  faults_setup
  fault_trace -e trace=write,fsync "$SPCOPY" if=F of=new bs=4k oflag=direct status=none
  equal "$fault_status $(cut -d '(' -f 1 trace | paste -sd ' ')" '0 write write fsync'
  same_file new F
}

@test "a failure to close is told, without statistics" {
  faults_setup
  populate
  local name
  for name in F new; do
    fault_prepare
    fault_trace -e trace=close -e inject=close:error=EIO -P "$PWD/$name" "$SPCOPY" if=F of=new
    equal "$fault_status $(grep -c 'records' err) $(grep -c "closing .* file '$name': Input/output error" err)" '1 0 1'
  done
}
