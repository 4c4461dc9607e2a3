# disks-spcopy.bats - a disk that fills up, a bad sector, an end that comes too
# early: does spcopy tell what dd tells, and leave things as dd leaves them?
#
# SPDX-License-Identifier: MIT

load lib/common
load lib/differential
load lib/faults

mask=mask_times

# dd 9.1 does not count a block of which a part was written.
mask_partial () {
  mask_times "$1"
  sed -i 's/+1 records out$/+0 records out/' "$1"
}

populate () {
  make_bytes F 3000000
  make_bytes G 20000
  mkdir disk
}

# Every operand list that has blocks of whole pages, moved together or one by one.
blocks=(bs=512 '' bs=4K bs=64K bs=1M 'ibs=4K obs=64K' 'ibs=64K obs=4K' 'bs=4K seek=3' 'bs=64K skip=1 seek=2'
  'bs=64K iflag=fullblock' 'bs=64K conv=notrunc' 'bs=64K conv=swab')

# on_full_disk SCRIPT: the same with a disk of 1 MiB in the directory disk.
on_full_disk () {
  # shellcheck disable=SC2016
  full_disk=$1 same_script 'export full_disk; unshare -m bash -c "mount -t tmpfs -o size=1M none disk && eval \"\$full_disk\""'
}

need_mount () {
  need_root
  need unshare
  unshare -m mount -t tmpfs none / 2>/dev/null || skip "mounting is not permitted here"
}

@test "a disk fills up: the records that arrived, and where the input stands" {
  need_mount
  local operands
  for operands in "${blocks[@]}"; do
    on_full_disk "dd if=F of=disk/new $operands; stat -c %s disk/new; cmp disk/new F"
    on_full_disk "exec 5<F; dd of=disk/new $operands <&5; helper seek 5 0; stat -c %s disk/new"
    on_full_disk "exec 5<F 6>disk/new; dd $operands <&5 >&6; helper seek 5 0; helper seek 6 0; stat -c %s disk/new"
    [[ $operands == *skip* ]] || on_full_disk "dd if=/dev/zero of=disk/new $operands; stat -c %s disk/new"
  done
}

# What was taken of a pipe cannot be put back: no more of it may be in flight than dd has read.
@test "a disk fills up: what comes from a pipe, and what is left in it" {
  need_mount
  local operands mask=mask_partial
  for operands in bs=512 bs=4K '' {bs=512,bs=64K,bs=100000,bs=256K,bs=1M,'ibs=4K obs=64K','ibs=64K obs=4K','ibs=7K obs=9K','bs=64K count=20','bs=4M'}\ iflag=fullblock; do
    on_full_disk "cat F | (dd of=disk/new $operands; wc -c); stat -c %s disk/new; cmp disk/new F"
  done
}

# As the newest dd counts it, 9.1 does not: a block of which a part was written is a partial one.
@test "a disk fills up in the middle of a block" {
  need_mount
  local block=100000 operands
  make_bytes F 3000000
  mkdir disk
  for operands in "bs=$block" "obs=$block" "bs=$block iflag=fullblock" "ibs=$block obs=$block" "bs=$block conv=sync,noerror"; do
    # shellcheck disable=SC2086,SC2016
    run unshare -m bash -c 'mount -t tmpfs -o size=1M none disk; exec 5<F; spcopy of=disk/new '"$operands"' <&5; helper seek 5 0; cmp disk/new F'
    [[ $output == *$'\n'"10+1 records out"$'\n'"1048576 bytes"* ]] || fail "$operands: $output"
    [[ $operands == obs=* || $output == *$'\n'"11+0 records in"$'\n'*$'\n'1100000$'\n'* ]] || fail "$operands: $output"
    [[ $operands != obs=* || $output == *$'\n'"2149+0 records in"$'\n'*$'\n'1100288$'\n'* ]] || fail "$operands: $output"
    [[ $output == *"EOF on disk/new"* ]] || fail "$operands: other bytes"
  done
}

@test "a file size limit: the records that arrived, and where the ends stand" {
  local operands
  for operands in bs=512 '' bs=4K bs=2K 'ibs=4K obs=2K' 'ibs=1K obs=4K' 'bs=4K seek=3' 'bs=4K conv=swab' bs=20K; do
    rm -rf "$ours" "$theirs"
    same_script "exec 5<F; (ulimit -f 100; trap '' XFSZ; exec dd of=new $operands <&5); helper seek 5 0; stat -c %s new"
    same_script "exec 5<F 6>new; (ulimit -f 100; trap '' XFSZ; exec dd $operands <&5 >&6); helper seek 5 0; helper seek 6 0"
    same_script "(ulimit -f 100; trap '' XFSZ; exec dd if=/dev/zero of=new $operands); stat -c %s new"
    # and where its signal kills
    same_script "exec 5<F; { (ulimit -c 0; ulimit -f 100; exec dd of=new $operands <&5); } 2>/dev/null; echo \$?; stat -c %s new"
  done
}

@test "count= leaves the input behind the last block, however the blocks are moved" {
  local operands
  for operands in 'bs=512 count=3' 'bs=64K count=3' 'bs=64K count=3 skip=2' 'ibs=3 obs=64K count=1001' 'bs=1M count=9' \
    'bs=64K count=100001B' 'bs=64K count=0' 'bs=1M count=1B' 'bs=64K count=3 conv=swab' 'bs=64K skip=200000B count=7'; do
    same_script "exec 5<F; dd $operands <&5 >new; helper seek 5 0; dd $operands <&5 >>new; helper seek 5 0"
    same_script "exec 5<F; dd $operands <&5 of=new; helper seek 5 0; dd $operands <&5 | cat >>new; helper seek 5 0"
    same_script "exec 5<F; dd $operands <&5 >/dev/null; helper seek 5 0; dd $operands <&5 >/dev/full; helper seek 5 0"
    same_script "exec 5<F; trap '' PIPE; { dd $operands <&5 3>&1 >&4 | true; } 4>/dev/full; helper seek 5 0"
  done
}

# dd has read one block more than it has written; where blocks are moved together it is none or one.
@test "SIGINT while the output waits: the input stands behind the records that were read" {
  local program block pid status full_in full_out at
  make_bytes F 3000000
  for program in "$(type -P dd)" "$SPCOPY"; do
    for block in 512 4096 8192 65536; do
      rm -f pipe
      mkfifo pipe
      exec 5<F 6<>pipe
      env --default-signal=INT "$program" bs=$block <&5 >pipe 2>err 5<&- 6<&- 3>&- &
      pid=$!
      helper full 6
      helper sleeping $pid
      kill -INT $pid
      status=0
      wait $pid || status=$?
      at=$(helper seek 5 0)
      exec 6<&- 5<&-
      equal $status 130 "status of $program bs=$block"
      [[ $(<err) =~ ([0-9]+)\+0\ records\ in$'\n'([0-9]+)\+[01]\ records\ out ]] || fail "$program bs=$block: $(<err)"
      full_in=${BASH_REMATCH[1]} full_out=${BASH_REMATCH[2]}
      equal "$at" $((full_in * block)) "position of $program bs=$block"
      equal "$full_in" $((full_out + 1)) "records of $program bs=$block: $(<err)"
    done
  done
}

# with_bad_reads WHEN COMMAND...: the reads of F that WHEN says of fail, as strace counts them.
with_bad_reads () {
  strace -o /dev/null -qq -P "$PWD/F" -e trace=read -e inject=read:error=EIO:when="$1" "${@:2}"
}

@test "bad sectors, by injected errors" {
  faults_setup
  export -f with_bad_reads
  local block when conversion
  local -a sectors=(1 2 3..4 5+2 40 100)
  [[ ${FAULTS:-} != few ]] || sectors=(1 5+2)
  for block in 512 64K; do
    for when in "${sectors[@]}"; do
      for conversion in conv=noerror,sync conv=noerror conv=noerror,notrunc 'conv=noerror,sync status=none' conv=sync; do
        same_script "with_bad_reads $when dd if=G of=new bs=$block $conversion; with_bad_reads $when dd if=F of=new bs=$block $conversion"
      done
    done
    for conversion in noerror,sync,sparse noerror,sync,ucase noerror,sync,block; do
      same_script "with_bad_reads 3 dd if=F of=new bs=$block cbs=100 conv=$conversion"
      same_script "with_bad_reads 2..3 dd if=F of=new ibs=$block obs=3000 cbs=100 conv=$conversion"
      same_script "with_bad_reads 3 dd if=F bs=$block skip=2 count=4 conv=$conversion | cksum"
      same_script "exec 5<F; with_bad_reads 3 dd bs=$block iflag=fullblock count=4 conv=$conversion <&5 >new; helper seek 5 0"
    done
  done
  # a hole before it is as long as is told
  same_script "head -c 300000 /dev/zero >F; with_bad_reads 3 dd if=F of=new bs=4K conv=sparse"
}

# A bad sector that the kernel itself tells of: a file system in user space has it.
on_bad_sector () {
  bounded helper fuse mnt "$@" || { [[ $? -eq 77 ]] && skip "no FUSE here"; }
}

both () {
  dd "$@" of=theirs.new 2>theirs.err
  spcopy "$@" of=ours.new 2>ours.err
}

@test "a bad sector in a file, cached and not" {
  need_root
  mkdir mnt
  export -f both mask_times
  local kind at block conversion
  for kind in bad rotten; do
    for at in 0 512 66048 100352 299520; do
      on_bad_sector bash -c '
        for block in bs=512 bs=4K bs=64K "ibs=512 obs=64K"; do
          for conversion in noerror,sync noerror noerror,notrunc notrunc; do
            both if=mnt/300000-'$at-$kind' $block conv=$conversion
            mask_times theirs.err; mask_times ours.err
            sed "s/^[^:]*spcopy:/dd:/" ours.err | diff theirs.err - >&2 && cmp theirs.new ours.new || { echo "$block $conversion"; exit 1; }
          done
        done'
    done
  done
}

# The same under a loop device, which moves blocks together until one is bad.
@test "a bad sector in the middle of a block device" {
  need_root
  need losetup
  [[ -e /dev/loop-control ]] || skip "no loop devices"
  mkdir mnt
  export -f both mask_times
  local at
  for at in 0 66048 524288 1003520; do
    on_bad_sector bash -c '
      device=$(losetup -r -f --show mnt/1048576-'$at'-bad) || exit 77
      exec 9<$device
      losetup -d $device # when it is closed
      for block in bs=512 bs=4K bs=64K bs=1M "ibs=512 obs=64K"; do
        for conversion in noerror,sync noerror notrunc; do
          both if=$device $block conv=$conversion
          mask_times theirs.err; mask_times ours.err
          sed "s/^[^:]*spcopy:/dd:/" ours.err | diff theirs.err - >&2 && cmp theirs.new ours.new || { echo "$block $conversion"; exit 1; }
        done
      done'
  done
}
