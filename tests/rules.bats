# rules.bats - the thirteen rules of the house, that are never traded for speed.
#
# SPDX-License-Identifier: MIT
#
# HACKING lists them.  Each test is named for its rule; what is easier seen
# from inside is in test-library.c, what needs injected faults in faults.bats.

load lib/common
load lib/faults

# Each copies standard input to standard output.
copiers=(spcat sptee 'spcopy bs=64k status=none' 'spcopy status=none')

# --- 1

@test "rule 1: no byte is lost, doubled or reordered between writers and readers of every manner" {
  make_bytes F 700001
  local copier
  for copier in "${copiers[@]}"; do
    bounded $copier <F | bounded $copier | bounded helper take 700001 >out
    same_file out F
    bounded helper trickle 1 2 4095 4096 4097 65536 1 65537 100000 3 | bounded $copier >out
    helper bytes 1 243368 | cmp - out
    bounded $copier <F | dd bs=777 status=none >out
    same_file out F
  done
  bounded sptee one two >three <F
  same_file one F && same_file two F && same_file three F
  bounded sptee one >(bounded head -c 10 >/dev/null) two >three <F 2>/dev/null || :
  cmp -n "$(stat -c %s one)" one F
}

# --- 2

@test "rule 2: O_APPEND set on the shared output in mid-transfer loses nothing" {
  local copier
  for copier in "${copiers[@]}"; do
    exec 7>out
    mkfifo in
    bounded $copier <in >&7 3>&- &
    local pid=$!
    exec 5>in
    helper bytes 1 204800 >&5
    wait_for_size out 204800
    helper set 7 append
    helper bytes 2 300000 >&5
    exec 5>&- 7>&-
    wait $pid
    { helper bytes 1 204800; helper bytes 2 300000; } | cmp - out
    rm in
  done
}

wait_for_size () {
  local start=$SECONDS
  until [[ $(stat -c %s "$1") -ge $2 ]]; do
    [[ $((SECONDS - start)) -lt $limit ]] || fail "$1 stays at $(stat -c %s "$1") bytes"
  done
}

@test "rule 2: a full device is told as such, and the side that failed is named" {
  make_bytes F 100000
  local command
  for command in 'spcat F' 'spcat' 'sptee' 'spcopy if=F' 'spcopy bs=64k'; do
    run -1 --separate-stderr sh -c "exec $command <F >/dev/full"
    [[ $stderr == *'No space left on device'* && $stderr != *Invalid* ]] || fail "$command: $stderr"
  done
  run -1 spcat .
  equal "$output" 'spcat: .: Is a directory'
  run -1 spcat /proc/self/mem
  equal "$output" 'spcat: /proc/self/mem: Input/output error'
  run -1 --separate-stderr sptee out </proc/self/mem
  [[ $stderr == *'read error: Input/output error' ]]
  run -1 --separate-stderr spcopy if=/proc/self/mem of=out
  [[ $stderr == *"error reading '/proc/self/mem': Input/output error"* ]]
}

# --- 3

@test "rule 3: writers of one output keep every byte of each other" {
  # Told apart by the highest bit, so that the order of each one's bytes can be seen.
  make_text A 20000
  tr '\000-\177' '\200-\377' <A >B
  local copier i
  for i in {1..20}; do
    copier=${copiers[i % 3]}
    ( ( $copier <A | $copier ) & ( $copier <B | $copier ) & wait ) >out 3>&-
    tr -d '\200-\377' <out | cmp - A || fail "$copier, run $i"
    tr -d '\000-\177' <out | cmp - B || fail "$copier, run $i"
  done
}

@test "rule 3: two writers of files at one output" {
  make_bytes A 3000000 1
  make_bytes B 3000000 2
  local i
  for i in {1..20}; do
    ( spcat A & spcopy if=B bs=64k status=none & wait ) >out 3>&-
    equal "$(stat -c %s out)" 6000000 "run $i: size"
  done
}

@test "rule 3: two readers of one input get every byte once" {
  # Records of eight bytes, so that no block ends inside one.
  seq 1000000 1400000 >A
  local copier i
  for i in {1..20}; do
    copier=${copiers[i % 3]}
    ( $copier <&4 | cat >r1 & $copier <&4 | cat >r2 & wait ) 4<A 3>&-
    sort -m r1 r2 | cmp - A || fail "$copier, run $i"
  done
}

# Run the rest in the background under strace, with copy_file_range refused as
# between file systems and slow to say so; return when it has reserved its piece of descriptor 7.
refused_slowly () {
  strace -qq -o /dev/null -e trace=copy_file_range -e inject=copy_file_range:error=EXDEV:delay_exit=300000 "$@" <&0 3>&- &
  local start=$SECONDS
  until [[ $(helper seek 7 0) -gt 0 ]]; do
    [[ $((SECONDS - start)) -lt $limit ]] || fail "nothing is reserved"
  done
}

# The blocks of the files, whatever their order.
blocks () { cat "$@" | od -An -v -tx1 -w4096 | sort | cksum; }

@test "rule 3: a refused copy_file_range leaves no hole in front of another writer" {
  faults_setup
  make_bytes A 1000000 1
  make_bytes B 1000000 2
  local copier
  for copier in "$SPCAT A" "$SPCOPY if=A bs=1M status=none"; do
    exec 7>out
    refused_slowly $copier >&7
    spcat B >&7
    wait $!
    exec 7>&-
    equal "$(stat -c %s out)" 2000000
    equal "$(fold -w 1 out | sort | uniq -c | cksum)" "$(cat A B | fold -w 1 | sort | uniq -c | cksum)"
  done
}

@test "rule 3: a refused copy_file_range gives back nothing that another reader stands behind" {
  faults_setup
  make_bytes A 4096000
  exec 7<A
  refused_slowly "$SPCAT" <&7 >r1
  spcat <&7 >r2
  wait $!
  exec 7<&-
  equal "$(blocks r1 r2)" "$(blocks A)"
}

@test "rule 3: the position of an inherited file is where the transfer ended" {
  make_bytes F 500000
  : >out
  exec 7<F 8<>out
  spcat <&7 >&8
  equal "$(helper seek 7 0) $(helper seek 8 0)" "500000 500000"
  exec 7<F
  spcopy bs=1000 count=7 status=none <&7 >&8
  equal "$(helper seek 7 0) $(helper seek 8 0)" "7000 507000"
  exec 7<F
  sptee <&7 >&8
  equal "$(helper seek 7 0) $(helper seek 8 0)" "500000 1007000"
  exec 7<&- 8<&-
}

# --- 4

@test "rule 4: ends that someone made non-blocking are waited for, without spinning" {
  make_bytes F 1000000
  local copier
  for copier in "${copiers[@]}"; do
    helper trickle 1 70000 3 | (helper set 0 nonblock; bounded $copier) >out
    helper bytes 1 70004 | cmp - out
    { helper set 1 nonblock; bounded $copier <F; } | bounded helper take 1000000 >out
    same_file out F
  done
}

@test "rule 4: waiting takes no CPU time" {
  local copier pid before ticks used
  for copier in "${copiers[@]}"; do
    mkfifo in
    (exec 5<>in; helper set 5 nonblock; exec $copier <&5) >/dev/null 3>&- &
    exec 6>in
    pid=$!
    helper sleeping $pid
    read -r -a before <"/proc/$pid/stat"
    echo x >&6
    helper sleeping $pid
    read -r -a ticks <"/proc/$pid/stat"
    used=$((ticks[13] + ticks[14] - before[13] - before[14]))
    [[ $used -lt 20 ]] || fail "$copier took $used ticks"
    kill $pid
    exec 6>&-
    wait $pid 2>/dev/null || :
    rm in
  done
}

# --- 5

@test "rule 5: the flags of inherited descriptors are the same afterwards" {
  make_bytes F 2000000
  local copier before after
  for copier in "${copiers[@]}"; do
    exec 7<F 8>out
    before="$(helper flags 7) $(helper flags 8)"
    $copier <&7 >&8
    equal "$(helper flags 7) $(helper flags 8)" "$before" "$copier, files"
    exec 7<&- 8>&-
    helper bytes 1 2048000 | { helper flags 0 >before.in; $copier; helper flags 0 >after.in; } >out
    same_file after.in before.in
    { helper flags 1 2>before.out; $copier <F; helper flags 1 2>after.out; } | helper drain >/dev/null
    same_file after.out before.out
    # and those that are set stay set
    helper bytes 1 2048000 | { helper set 0 nonblock; helper flags 0 >before.in; $copier; helper flags 0 >after.in; } >out
    same_file after.in before.in
  done
}

@test "rule 5: a pipe's capacity does not grow for a small transfer, and never shrinks" {
  local copier
  make_bytes small 30000
  make_bytes large 9000000
  for copier in "${copiers[@]}"; do
    { $copier <small; helper capacity 1 2>after; } | helper drain >/dev/null
    equal "$(<after)" 65536 "$copier, standard output"
    helper bytes 1 30000 | { $copier; helper capacity 0 >after; } >out
    equal "$(<after)" 65536 "$copier, standard input"
    { helper capacity 1 1048576; $copier <large; helper capacity 1 2>after; } | helper drain >/dev/null
    [[ $(<after) -ge 1048576 ]] || fail "$copier shrank a pipe to $(<after)"
  done
}

@test "rule 5: a user whose pipe pages are used up is still served" {
  need_root
  need setpriv
  make_bytes F 3000000
  chmod 755 . ..
  chmod 644 F
  setpriv --reuid 65534 --clear-groups true 2>/dev/null || skip "cannot become another user"
  setpriv --reuid 65534 --clear-groups test -x "$SPCAT" || skip "the other user cannot reach the program"
  local as='setpriv --reuid 65534 --clear-groups'
  # 64 MiB of pipes, held open by that user until we close its input.
  mkfifo hold ready
  $as bash -c 'for ((i = 10; i < 90; i++)); do
      eval "exec $i<> <(:)"; "$0" capacity $i 1048576 2>/dev/null || :; done; echo; read -r' \
    "$HELPER" <hold >ready 3>&- &
  exec 5>hold
  read -r -t "$limit" <ready
  [[ $(: | $as "$HELPER" capacity 0) -ge 65536 ]] || fail "a pipe made by us is small already"
  [[ $($as bash -c ': | "$0" capacity 0' "$HELPER") -lt 65536 ]] || skip "this user's pipes are not limited"
  $as "$SPCAT" F | $as "$SPCAT" | cmp - F
  $as "$SPTEE" /dev/null <F | $as "$SPCOPY" bs=64k status=none | cmp - F
  $as bash -c '"$0" F | "$0" | cmp - F' "$SPCAT"
  exec 5>&-
  wait
}

# --- 6

@test "rule 6: a line is passed on at once, through pipes, terminals' kin and TCP" {
  local copier in out
  for copier in spcat sptee 'spcopy bs=64k status=none'; do
    for in in pipe stream tcp; do
      for out in pipe stream tcp; do
        bounded helper echo $in $out 100 $copier || fail "$copier from $in to $out"
      done
    done
  done
  bounded helper echo pipe tcp 100 sptee one two
  bounded helper echo pipe pipe 100 spcat --no-splice
}

@test "rule 6: nothing more is taken than was asked, and a failure leaves the rest" {
  make_bytes F 100000
  helper bytes 1 100000 | (spcopy bs=1000 count=3 status=none; cat) >out
  same_file out F
  (spcopy ibs=10 obs=7 count=3 status=none; cat) <F >out
  same_file out F
  bounded helper feed stream 100000 -- sh -c 'spcopy bs=1000 count=3 status=none; cat' >out
  same_file out F
  bounded helper feed tcp 100000 -- sh -c 'spcopy bs=1000 count=3 status=none; cat' >out
  same_file out F
}

# --- 7

@test "rule 7: the end of a file is a read of nothing: proc, sys, and a file that grows" {
  local copier file
  for file in /proc/filesystems /proc/version /proc/self/comm /sys/kernel/mm/transparent_hugepage/enabled; do
    [[ -r $file ]] || continue
    for copier in spcat sptee 'spcopy status=none'; do
      equal "$($copier <$file | wc -l)" "$(wc -l <$file)" "$copier <$file"
    done
  done
  cat /proc/cpuinfo /proc/kallsyms 2>/dev/null | wc -l >wanted
  spcat /proc/cpuinfo /proc/kallsyms 2>/dev/null | wc -l >got
  same_file got wanted
  # copy_file_range says 0 of such a file, into a regular one
  spcat /proc/filesystems >out
  cat /proc/filesystems | cmp - out
  # grows between the first block and the end
  make_bytes F 200000
  spcat F 2>/dev/null | { head -c 1 >/dev/null; make_bytes G 100000; cat G >>F; cat | wc -c; } >got
  [[ $(<got) -ge 199999 ]]
}

# --- 8

@test "rule 8: while the sink blocks, others can use the pipe that is our input" {
  local copier pid
  for copier in "${copiers[@]}"; do
    mkfifo in out
    exec 5<>in 6<>out
    # the sink is full before we begin
    (helper set 6 nonblock; dd if=/dev/zero bs=4096 count=16 status=none >&6)
    bash -c 'exec "$@"' - $copier <in >out 3>&- 5>&- 6>&- &
    pid=$!
    helper bytes 1 60000 >&5
    helper sleeping $pid
    bounded helper responsive 5 || fail "$copier"
    kill $pid
    wait $pid 2>/dev/null || :
    exec 5>&- 6>&-
    rm in out
  done
}

# --- 9

@test "rule 9: 64 KiB and more from odd offsets do not wait for ourselves" {
  make_bytes F 400000
  local copier offset
  for copier in "${copiers[@]}"; do
    for offset in 1 100 4095 4097; do
      (helper seek 0 $offset >/dev/null; bounded $copier) <F >out
      tail -c +$((offset + 1)) F | cmp - out
      (helper seek 0 $offset >/dev/null; bounded $copier) <F | cat >out
      tail -c +$((offset + 1)) F | cmp - out
    done
  done
  bounded spcopy if=F skip=1B bs=65536 status=none | cat >out
  tail -c +2 F | cmp - out
  bounded spcopy if=F skip=4095B bs=1M status=none of=out
  tail -c +4096 F | cmp - out
  # slots used up by one-byte pieces
  bounded helper feed packet $(yes 1 | head -n 100) -- spcat >out
  helper bytes 1 100 | cmp - out
  bounded helper trickle $(yes 1 | head -n 100) | sptee one | cat >out
  helper bytes 1 100 | cmp - out
}

# --- 10

@test "rule 10: messages of a socket are whole, however large" {
  local kind copier
  for kind in seqpacket dgram; do
    for copier in "${copiers[@]:0:3}"; do
      bounded helper feed $kind 1 4097 65536 100000 120000 7 -- $copier >out
      # bs=64k asks for no more of a message, as read(2) would
      [[ $copier == *64k* ]] || helper bytes 1 289641 | cmp - out
    done
  done
  bounded helper feed seqpacket 1 4097 30000 -- spcopy bs=64k status=none >out
  helper bytes 1 34098 | cmp - out
}

@test "rule 10: large blocks to a message socket are cut as by the original" {
  make_bytes F 1000000
  local kind
  for kind in seqpacket dgram; do
    bounded helper collect $kind data spcat F >sizes
    equal "$(sort sizes | uniq -c | tr -s ' ' | tr '\n' ,)" ' 7 131072, 1 82496,'
    same_file data F
    bounded helper collect $kind data spcopy if=F bs=100000 status=none >sizes
    equal "$(sort sizes | uniq -c | tr -s ' ')" ' 10 100000'
    same_file data F
  done
}

@test "rule 10: to a packet pipe or a message socket one block is one message" {
  make_bytes F 10000
  local kind
  for kind in packet seqpacket dgram; do
    bounded helper collect $kind data spcopy if=F bs=1000 status=none >sizes
    equal "$(sort sizes | uniq -c | tr -s ' ')" ' 10 1000' "$kind"
    same_file data F
    bounded helper collect $kind data spcopy if=F ibs=300 obs=2500 status=none >sizes
    equal "$(sort sizes | uniq -c | tr -s ' ')" ' 4 2500' "$kind"
    same_file data F
    bounded helper collect $kind data spcopy if=F bs=3001 count=2 status=none >sizes
    equal "$(sort sizes | uniq -c | tr -s ' ')" ' 2 3001' "$kind"
  done
  bounded helper collect seqpacket data spcat F >sizes
  same_file data F
  # packets in, messages out
  bounded helper feed packet 5 70 900 -- helper collect seqpacket data spcat >sizes
  equal "$(tr '\n' ' ' <sizes)" '5 70 900 '
}

# --- 11

@test "rule 11: source and sink the same file: in the original's order, block by block" {
  make_bytes F 300000
  cp F G
  dd if=F of=F bs=4k skip=1 conv=notrunc status=none
  spcopy if=G of=G bs=4k skip=1 conv=notrunc status=none
  same_file G F
  dd if=F of=F bs=4k seek=1 count=30 conv=notrunc status=none
  spcopy if=G of=G bs=4k seek=1 count=30 conv=notrunc status=none
  same_file G F
  make_bytes F 300000
  cp F G
  { head -c 5000 >/dev/null; cat; } <F 1<>F || :
  { head -c 5000 >/dev/null; spcat; } <G 1<>G || :
  ln G other
  make_bytes F 300000
  cp F G
  dd if=F of=F bs=1000 seek=2 count=50 conv=notrunc status=none
  spcopy if=other of=G bs=1000 seek=2 count=50 conv=notrunc status=none
  same_file G F
  sptee G <other >/dev/null 2>&1 || :
}

# --- 12

@test "rule 12: none of our descriptors is 0, 1 or 2, whatever is closed" {
  faults_setup
  make_bytes F 300000
  local closed command fd low='(read|write|splice|copy_file_range|fsync)'
  for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
    for command in "$SPCAT F" "$SPTEE out" "$SPCOPY if=F of=out"; do
      bash -c "exec strace -o calls -e trace=read,write,splice,copy_file_range $command $closed" </dev/null >/dev/null 2>&1 || :
      for fd in 0 1 2; do
        case "$fd $closed" in 0*'<&-'* | 1*' >&-'* | 2*'2>&-'*) ;; *) continue ;; esac
        ! grep -E "^$low\($fd,|^(splice|copy_file_range)\([^,]*, [^,]*, $fd," calls | grep -v -e EBADF -e ELF ||
          fail "$command $closed: bytes moved on descriptor $fd"
      done
    done
  done
  # The message must not land in a file that took the place of standard error.
  echo data >in
  (spcopy if=in of=result 2>&-) || :
  equal "$(<result)" data
  (spcat nosuch in 2>&- >result) || :
  equal "$(<result)" data
  (sptee result nosuch/x <in >/dev/null 2>&-) || :
  equal "$(<result)" data
  (sptee result <in >&- 2>/dev/null) || :
  equal "$(<result)" data
}

@test "rule 12: 2000 operands leak no descriptor" {
  local -a names outputs
  make_text F 10
  mapfile -t names < <(yes F | head -n 2000)
  # a limit that a single leak an operand would exceed
  (ulimit -n 32; bounded spcat "${names[@]}" >out)
  equal "$(wc -l <out)" 20000
  (ulimit -n 32; bounded spcat "${names[@]}" | cat >out)
  equal "$(wc -l <out)" 20000
  make_bytes L 300000
  (ulimit -n 32; bounded spcat "${names[@]/F/L}" | helper drain >out)
  equal "$(<out)" 600000000
}

@test "rule 12: memory is constant" {
  sanitized "$SPCAT" && skip "a sanitizer has memory of its own"
  local command
  truncate -s 1G F
  for command in 'spcat F' 'spcat' 'sptee /dev/null' 'spcopy bs=1M status=none' 'spcopy bs=64k status=none if=F'; do
    helper peak peak $command <F | helper drain >count
    equal "$(<count)" 1073741824 "$command"
    [[ $(<peak) -lt 4096 ]] || fail "$command: $(<peak) KiB"
  done
}

# --- 13

@test "rule 13: bytes overwritten in place while in a pipe arrive changed; --no-splice delivers the old" {
  make_bytes F 524288
  cp F old
  head -c 524288 /dev/zero >zeros
  mkfifo pipe
  exec 5<>pipe
  helper capacity 5 1048576
  local program changed
  for program in spcat 'spcopy bs=64k status=none' sptee; do
    cp old F
    bounded $program <F >&5
    dd if=zeros of=F conv=notrunc status=none
    helper take 524288 <&5 >got
    changed=same
    cmp -s got old || changed=changed
    equal "$changed" changed "$program"
    cp old F
    bounded ${program/ / --no-splice } $([[ $program == *' '* ]] || echo --no-splice) <F >&5
    dd if=zeros of=F conv=notrunc status=none
    helper take 524288 <&5 >got
    same_file got old
  done
  exec 5>&-
}
