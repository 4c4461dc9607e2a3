# spcopy-blocks.bats - are blocks moved and counted as dd moves and counts them,
# together where nobody can tell them apart and one by one where somebody can?
#
# SPDX-License-Identifier: MIT

load lib/common
load lib/differential
load lib/faults

mask=mask_times

populate () {
  make_bytes F 1000003
  make_bytes old 50000 2
  { make_bytes random 5000; cat random; head -c 300000 /dev/zero; cat random; head -c 5000 /dev/zero; } >holes
  rm random
  : >empty
  mkfifo fifo
}

# calls_of PROGRAM OPERAND...: its reads of F and writes of G, as "read 512 = 512".
calls_of () {
  rm -f G
  strace -o trace -e trace=read,write,splice,copy_file_range,tee,vmsplice -P "$PWD/F" -P "$PWD/G" "$@" status=none 2>/dev/null
  sed -n 's/^\([a-z_]*\)(.*, \([0-9]*\)) *= \(-\{0,1\}[0-9]*\).*/\1 \2 = \3/p' trace
}

# dd 9.1 does not count a block of which a part was written.
mask_partial () {
  mask_times "$1"
  sed -i 's/+1 records out$/+0 records out/' "$1"
}

# --- together

@test "together: a few large calls where nobody can tell the blocks apart, and dd's records" {
  faults_setup
  populate
  local operands
  for operands in '' bs=512 bs=7 'ibs=100 obs=3000' 'ibs=3000 obs=7' 'bs=1000 count=900' 'count=500007B' 'obs=64k conv=notrunc' \
    'bs=1k conv=fsync'; do
    # shellcheck disable=SC2086
    calls_of spcopy if=F of=G $operands >calls
    [[ $(wc -l <calls) -lt 60 ]] || fail "$operands: $(wc -l <calls) calls"
    [[ $(sort -rn -k 4 calls | head -n 1) != 0 ]]
    # shellcheck disable=SC2086
    same dd if=F of=G $operands
    # shellcheck disable=SC2086
    same dd if=F of=/dev/null $operands
    # shellcheck disable=SC2086
    same_script "dd if=F $operands obs=5000 | cksum"
    # shellcheck disable=SC2086
    same_script "dd if=/dev/zero count=1000 $operands of=G"
  done
}

@test "together: full blocks from a pipe are counted as dd counts them" {
  local operands
  for operands in bs=1000 bs=64k 'bs=1M count=1' 'ibs=1000 obs=3000' 'bs=1000 count=77' 'bs=1000 count=77777B' 'bs=1000 skip=3'; do
    same_script "bounded helper trickle 500 1000 1700 1 99999 3000 2>/dev/null | bounded dd iflag=fullblock $operands of=G"
    same_script "cat F | { bounded dd iflag=fullblock $operands of=G; wc -c; }"
    same_script "cat F | bounded dd iflag=fullblock $operands obs=10000 | cksum"
  done
}

@test "together: the input stands where dd leaves it when the output is full" {
  local operands mask=mask_partial
  for operands in bs=1000 bs=512 bs=64k bs=1M 'ibs=1000 obs=700' 'ibs=700 obs=1000' 'ibs=7 obs=100000' 'ibs=100000 obs=7' 'bs=3000 count=5' \
    'bs=1000 count=9'; do
    # of 10 KiB, in the middle of a move
    same_script "exec <F; (ulimit -f 10; trap '' XFSZ; exec dd $operands of=G); echo \$?; wc -c"
    same_script "exec <F; (ulimit -f 10; trap '' XFSZ; exec dd $operands >G); echo \$?; wc -c"
    same_script "(ulimit -f 10; trap '' XFSZ; exec dd if=/dev/zero $operands >G); echo \$?"
  done
}

@test "together: of a pipe or socket that cannot be put back dd has taken as much when the output takes no more" {
  local operands kind mask=mask_partial feed='4096 65536 262144 8192 524288 1000000'
  for operands in bs=512 {bs=512,bs=1000,bs=64k,bs=1M,bs=8M,'ibs=1000 obs=700','ibs=700 obs=1000','ibs=7 obs=100000','ibs=100000 obs=7','bs=64k count=1',\
'bs=1000 count=100001B','bs=64k skip=1'}\ iflag=fullblock; do
    for kind in pipe stream; do
      same_script "bounded helper feed $kind $feed -- sh -c 'dd $operands >/dev/full; wc -c'"
      same_script "bounded helper feed $kind $feed -- sh -c '(ulimit -f 70; trap \"\" XFSZ; exec dd $operands of=G); wc -c'"
    done
  done
}

@test "together: a device that fills up gets all that fits, and the statistics say how much that was" {
  need_root
  need unshare
  local operands
  populate
  mkdir mnt
  for operands in bs=512 bs=5000 'ibs=100 obs=3000' bs=64k bs=1M; do
    cat >script <<EOF
mount -t tmpfs -o size=300k none mnt || exit 77
LC_ALL=C $SPCOPY if=F of=mnt/G $operands 2>ours; echo "status \$?" >>ours
stat -c '%s bytes' mnt/G >size
head -c \$(stat -c %s mnt/G) F | cmp - mnt/G || echo "status other bytes" >>ours
rm mnt/G
exec <F
$SPCOPY of=mnt/G $operands 2>/dev/null
wc -c >left
rm mnt/G
LC_ALL=C dd if=F of=mnt/G $operands 2>theirs
EOF
    unshare -m sh script || { [[ $? -eq 77 ]] && skip "tmpfs cannot be mounted"; }
    grep -q 'No space left on device' ours
    equal "$(grep status ours)" 'status 1' "$operands"
    # dd 9.1 does not count the last block, of which a part was written
    equal "$(sed -n 2p ours)" "$(sed -n 2p theirs)" "$operands: records in"
    [[ $(grep copied ours) == "$(<size) "* ]] || fail "$operands: $(<ours) but $(<size)"
    local -A is=(); eval "is=([${operands// /=1 [}=1)" 2>/dev/null || :
    local ibs=${operands#*bs=}; ibs=${ibs%% *}; ibs=$(numfmt --from=iec "${ibs^^}")
    local full=$(sed -n '2s/+.*//p' ours) partial=$(sed -n '2s/.*+\([0-9]*\) .*/\1/p' ours)
    [[ $partial -gt 0 ]] || equal "$(<left)" $((1000003 - full * ibs)) "$operands: left"
  done
}

@test "zeros: constant ones for a pipe, whatever the reader does with them" {
  spcopy if=/dev/zero bs=1M count=20 status=none | cmp -n 20971520 - /dev/zero
  equal "$(spcopy if=/dev/zero bs=1000 count=5003 obs=7777 status=none | wc -c)" 5003000
  spcat /dev/zero | head -c 5000000 | cmp -n 5000000 - /dev/zero
  # spliced on into a file, which is then changed
  spcopy if=/dev/zero bs=1M count=3 status=none | spcat >Z
  printf x | spcopy of=Z conv=notrunc status=none
  spcopy if=/dev/zero bs=1M count=3 status=none | cmp -n 3145728 - /dev/zero
  spcopy --debug if=/dev/zero bs=1M count=3 status=none 2>means | cksum
  [[ $(<means) == *' 0 bytes through user space'*tee* ]] || fail "$(<means)"
}

@test "blocks from a pipe: one splice each, as one read would give" {
  local size
  for size in 64k 1M 100000; do
    same_script "cat F | bounded dd bs=$size iflag=fullblock | cksum"
    same_script "bounded helper trickle 9000 40000 65536 1 30000 2>/dev/null | bounded dd bs=$size of=G"
    same_script "bounded helper trickle 9000 40000 65536 1 30000 2>/dev/null | bounded dd bs=$size count=3 | cksum"
  done
}

# --- one by one

@test "one by one: each block is one read and one write of its size, as dd's, where a block can matter" {
  faults_setup
  populate
  head -c 400000 F >short
  mv short F
  local operands
  for operands in 'bs=4096 oflag=direct' 'bs=64k oflag=direct,dsync' 'bs=4096 oflag=dsync' 'bs=10000 oflag=sync' 'bs=4096 iflag=direct' \
    'bs=64k iflag=nocache' 'bs=64k oflag=nocache' 'bs=5000 conv=noerror' 'bs=5000 conv=sync' 'bs=5000 conv=noerror,sync' \
    'bs=64k conv=sparse' 'bs=3000 oflag=append' 'ibs=3000 obs=8000 conv=noerror' 'ibs=8192 obs=4096 oflag=direct' 'ibs=5001 obs=4096 oflag=direct' 'obs=65536 ibs=4096 iflag=direct' \
    'bs=4k conv=ucase' 'bs=4k iflag=nonblock'; do
    # shellcheck disable=SC2086
    calls_of dd if=F of=G $operands >theirs.calls
    cp G wanted
    # shellcheck disable=SC2086
    calls_of spcopy if=F of=G $operands >ours.calls
    same_file ours.calls theirs.calls || fail "$operands: $(diff theirs.calls ours.calls | head -n 5)"
    same_file G wanted
  done
}

@test "one by one: a direct output gets its last, partial block through the cache" {
  faults_setup
  make_bytes F 10000
  strace -o trace -e trace=fcntl,write,fsync "$SPCOPY" if=F of=G bs=4096 oflag=direct status=none 2>/dev/null || skip "no O_DIRECT here"
  same_file G F
  [[ $(tr -d '\n' <trace) == *4096*F_SETFL*' 1808)'*fsync* ]] || fail "$(<trace)"
}

@test "one by one: files whose reads are short in the middle" {
  local file
  for file in /proc/filesystems /proc/version /proc/kallsyms /sys/kernel/mm/transparent_hugepage/enabled /proc/self/limits; do
    [[ -r $file ]] || continue
    same dd if=$file of=G
    same dd if=$file of=G bs=1M
    same dd if=$file of=G bs=64 count=3
    same dd if=$file ibs=100 obs=300 of=G
  done
}

@test "one by one: a record up to PIPE_BUF stays whole among those of another writer" {
  yes aaaaaaaaa | head -c 25000000 >a
  yes bbbbbbbbb | head -c 25000000 >b
  mkfifo pipe
  exec 5<>pipe
  spcopy if=a bs=500 status=none >&5 3>&- 5>&- &
  local one=$!
  spcopy if=b bs=500 status=none >&5 3>&- 5>&- &
  local two=$!
  helper take 50000000 <pipe | fold -w 500 -b >records 5>&- &
  bounded helper take 50000000 <&5 | tr -d '\n' | fold -b -w 450 | grep -c -v -e '^a*$' -e '^b*$' >torn || :
  wait $one $two
  equal "$(<torn)" 0 'torn records'
}

@test "conv=sync pads, conv=sparse leaves holes and the right size" {
  local operands
  for operands in bs=1000 'ibs=1000 obs=700' 'ibs=700 obs=1000' bs=64k 'bs=4k count=3' 'bs=4096 conv=sync' 'bs=4096 seek=3' 'obs=4096 conv=notrunc' \
    'bs=4096 oflag=append conv=notrunc'; do
    for conv in sync sparse; do
      fresh
      same dd if=F of=G $operands conv=$conv
      same dd if=holes of=G $operands conv=$conv
      equal "$(stat -c %b "$ours/files/G")" "$(stat -c %b "$theirs/files/G")" "$operands conv=$conv: blocks"
      same dd if=holes of=old $operands conv=$conv
      same_script "dd if=holes $operands conv=$conv | cksum"
      same_script "dd if=holes $operands conv=$conv >>old"
    done
  done
}

@test "source and sink the same file, overlapping" {
  local operands
  for operands in 'bs=1000 skip=3' 'bs=1000 seek=3' 'bs=1000 seek=3 count=500' 'bs=64k skip=1' 'bs=64k seek=1 count=9' 'ibs=1000 obs=3000 skip=5' \
    'skip=1 count=1000' 'seek=1 count=1000' 'bs=1M seek=1B' 'bs=1M skip=1B' 'bs=7 skip=1000 seek=1'; do
    fresh
    # with seek= and without count= dd follows its own tail for ever
    [[ $operands == *seek* && $operands != *count* ]] && operands+=' count=9'
    same dd if=F of=F conv=notrunc $operands
    same_script "ln -f F other; dd if=other of=F conv=notrunc $operands"
    same_script "dd conv=notrunc $operands <F 1<>F"
  done
}

@test "a short read in the middle is warned of where blocks are counted, skipped or direct" {
  local operands
  for operands in '' count=9 count=95B count=3B skip=1 seek=1 iflag=direct oflag=direct 'count=9 iflag=fullblock' 'count=9 status=none' \
    'count=9 conv=ucase' oflag=dsync iflag=nocache; do
    same_script "bounded helper trickle 5 10 3 1 7 2>/dev/null | bounded dd bs=10 $operands of=G"
  done
}

# --- read errors

# A read of F that fails: the n-th, with strace.  dd and spcopy read the same way here.
noerror_case () {
  local operands="$1" when=$2 program
  for program in dd spcopy; do
    rm -f G
    # shellcheck disable=SC2086
    strace -o trace -e trace=read -P "$PWD/F" -e inject=read:error=EIO:when="$when" $program if=F of=G $operands 2>$program.err ||
      echo "status $?" >>$program.err
    [[ $(<trace) == *INJECTED* ]] || fail "$program $operands: no read failed"
    mv G $program.out
    sed -i "s/^spcopy:/dd:/" $program.err
    mask_times $program.err
  done
  same_file spcopy.out dd.out && same_file spcopy.err dd.err
}

@test "conv=noerror goes on behind a bad block; with sync it is zeros, at its place" {
  faults_setup
  make_bytes F 300001
  local operands when
  for operands in bs=512 bs=64k 'bs=1000 count=7' 'ibs=1000 obs=700' bs=100000 'bs=4k status=noxfer' 'bs=4k status=none' 'bs=4k iflag=fullblock'; do
    for when in 1 3 2..4; do
      noerror_case "conv=noerror,sync $operands" $when
      noerror_case "conv=noerror $operands" $when
    done
  done
}

# --- the rest

@test "killed and resumed with skip and seek" {
  make_bytes F 300000000
  local n
  spcopy if=F of=G bs=1M status=none 3>&- &
  while [[ ! -s G ]]; do :; done
  kill -KILL $!
  wait $! 2>/dev/null || :
  n=$(($(stat -c %s G) / 1048576))
  cmp -n "$(stat -c %s G)" G F
  spcopy if=F of=G bs=1M skip=$n seek=$n conv=notrunc status=none
  same_file G F
}

@test "ten bytes and no more: from a file, a pipe, a terminal and a socket" {
  make_bytes F 1000
  helper bytes 1 1000 >sent
  local in
  for in in bs=10 'ibs=1 count=10' 'bs=10 iflag=fullblock' 'count=10B' 'ibs=5 count=2 obs=3'; do
    [[ $in == *count* ]] || in+=' count=1'
    (spcopy $in status=none >a; cat >b) <F
    cat a b | cmp - F && equal "$(wc -c <a)" 10
    cat F | (spcopy $in status=none >a; cat >b)
    cat a b | cmp - F && equal "$(wc -c <a)" 10
    bounded helper feed stream 1000 -- sh -c "spcopy $in status=none >a; cat >b"
    cat a b | cmp - sent && equal "$(wc -c <a)" 10
    seq 100 | bounded helper pty sh -c "spcopy $in status=none >a; cat >b"
    # a terminal gives a line at a time
    seq 100 | cmp - <(cat a b)
    [[ $in != *fullblock* ]] || equal "$(wc -c <a)" 10
  done
}

@test "status=bar: percent and time left where the total is known, bytes and rate elsewhere" {
  truncate -s 3M F
  printf x >>F
  run -0 --separate-stderr spcopy if=F of=/dev/null status=bar
  [[ $stderr == *' of 3.1 MB (100%), '*' records in'* ]] || fail "$stderr"
  run -0 --separate-stderr spcopy if=F of=/dev/null status=bar bs=1M skip=1 count=1
  [[ $stderr == *'1.0 MB of 1.0 MB (100%), '* ]] || fail "$stderr"
  run -0 --separate-stderr bash -c 'cat F | spcopy of=/dev/null status=bar'
  [[ $stderr != *%* && $stderr == *$'\r''3.1 MB, '* ]] || fail "$stderr"
  run -0 --separate-stderr spcopy if=/dev/zero of=/dev/null status=bar bs=1M count=10
  [[ $stderr == *'10 MB of 10 MB (100%), '* ]] || fail "$stderr"
  run -1 --separate-stderr spcopy if=F of=/dev/full status=bar
  [[ $stderr == *"error writing"* || $stderr == *"writing to"* ]] || fail "$stderr"
}

@test "--debug tells by which means" {
  local means
  make_bytes F 1000000
  run -0 --separate-stderr spcopy --debug if=F of=G status=none
  # where copy_file_range shares nothing only the first piece, which finds out, goes by it
  case $(stat -f -c %T .) in
    ext2/ext3 | tmpfs) means='copy_file_range 131072 bytes in 1 calls, splice 868928 bytes in ' ;;
    *) means='copy_file_range 1000000 bytes in ' ;;
  esac
  [[ $stderr == "spcopy: F: 0 bytes through user space, $means"* ]] || fail "$stderr"
  run -0 --separate-stderr spcopy --debug if=F of=G status=none oflag=sync
  [[ $stderr == 'spcopy: F: 1000000 bytes through user space (each block is a read and a write)' ]] || fail "$stderr"
}
