# spcopy-signals.bats - are SIGUSR1 and SIGINT heard at once, with true numbers
# and no byte lost?
#
# SPDX-License-Identifier: MIT

load lib/common

# start OPERAND...: spcopy in the background, from the pipe in (5) to the pipe out
# (6), as a terminal would start it; its messages come from 7.
start () {
  env --default-signal=INT,USR1 spcopy "$@" <&8 >&9 2>err 3>&- 5>&- 6>&- 7<&- 8<&- 9>&- &
  pid=$!
  exec 7<err
}

pipes () {
  mkfifo in out err
  exec 5<>in 6<>out 8<&5 9>&6
}

# statistics: the next three lines, without times.
statistics () {
  local line
  heard=
  for _ in 1 2 3; do
    IFS= read -r -t "$limit" -u 7 line || fail "no statistics, only: $heard"
    heard+="${line%% bytes*} "
  done
}

# signal NAME WANTED: the process sleeps, is signalled, and says so.
signalled () {
  helper sleeping "$pid"
  kill -s "$1" "$pid"
  statistics
  [[ $heard == "$2" ]] || fail "$1: got '$heard', wanted '$2'"
}

# listens PID: wait until it catches SIGUSR1.
listens () {
  local caught=0 begin=$SECONDS
  until ((caught & 1 << 9)); do
    caught=0x$(sed -n 's/^SigCgt:[^0-9a-f]*//p' "/proc/$1/status")
    ((SECONDS - begin < limit)) || fail "it never listens"
  done
}

ends_by_interrupt () {
  local status=0
  wait "$pid" || status=$?
  equal "$status" 130 status
}

@test "in a blocked read: single blocks, gathered blocks, whole blocks, splices" {
  local operands wanted
  # 12,345 bytes are there
  while IFS=: read -r operands wanted; do
    pipes
    # shellcheck disable=SC2086
    start $operands
    helper bytes 1 12345 >&5
    for _ in 1 2 3; do signalled USR1 "$wanted"; done
    kill -INT "$pid"
    statistics
    ends_by_interrupt
    [[ ${heard##* records out } == "${wanted##* records out }" ]] || fail "$operands: $heard"
    exec 5>&- 6>&- 7<&- 8<&- 9>&-
    rm in out err
  done <<'EOF'
bs=12345:1+0 records in 1+0 records out 12345 
ibs=12345 obs=1000:1+0 records in 12+0 records out 12000 
bs=64k:0+1 records in 0+1 records out 12345 
bs=5000 iflag=fullblock:2+0 records in 2+0 records out 10000 
bs=10000 iflag=fullblock:1+0 records in 1+0 records out 12345 
ibs=12345 conv=noerror obs=5000:1+0 records in 2+0 records out 10000 
EOF
}

@test "in a blocked write: what is told has arrived, and goes on without a byte lost" {
  local operands got
  make_bytes F 1000000
  for operands in bs=512 bs=64k bs=1M 'ibs=100 obs=10000' 'bs=5000 conv=noerror'; do
    pipes
    exec 8<F
    # shellcheck disable=SC2086
    start $operands
    helper sleeping "$pid"
    kill -USR1 "$pid"
    statistics
    got=${heard##* out }
    # the pipe is full, but for a block that does not fit
    [[ $got -gt 50000 && $got -le 1048576 ]] || fail "$operands: $heard"
    helper take 1000000 <&6 >arrived
    wait "$pid"
    same_file arrived F
    statistics
    [[ $heard == *' 1000000 ' ]] || fail "$operands: $heard"
    exec 5>&- 6>&- 7<&- 8<&- 9>&-
    rm in out err
  done
}

@test "interrupted in a blocked write: the sum of what was told, what arrived and where the input stands" {
  local operands block told position
  make_bytes F 3000000
  for operands in bs=512 bs=64k bs=1M bs=5000 'ibs=1000 obs=7000'; do
    pipes
    exec 8<F
    # shellcheck disable=SC2086
    start $operands
    helper sleeping "$pid"
    kill -INT "$pid"
    statistics
    ends_by_interrupt
    told=${heard##* out }
    told=${told% }
    exec 9>&-
    (helper set 6 nonblock; cat <&6 >arrived 2>/dev/null) || :
    equal "$(wc -c <arrived)" "$told" "$operands: told"
    cmp -n "$told" arrived F
    position=$(helper seek 8 0)
    block=${operands#*bs=}
    block=$(numfmt --from=iec "$(tr k K <<<"${block%% *}")")
    equal $((position % block)) 0 "$operands: $position"
    equal "${heard%%+*}" $((position / block)) "$operands: records in"
    [[ $position -ge $told && $position -le $((told + 2 * 1048576)) ]] || fail "$operands: $position after $told"
    exec 5>&- 6>&- 7<&- 8<&-
    rm in out err
  done
}

@test "in the middle of a move: from /dev/zero to /dev/null, at once" {
  pipes
  exec 8</dev/zero 9>/dev/null
  start bs=1M
  listens "$pid"
  local before=0 bytes
  for _ in 1 2 3 4 5; do
    kill -USR1 "$pid"
    statistics
    bytes=${heard##* out }
    [[ $bytes -ge $before ]] || fail "$heard after $before"
    before=$bytes
  done
  kill -INT "$pid"
  statistics
  ends_by_interrupt
}

@test "a file to a file: interrupted in mid-move, the statistics are the size and the input stands behind it" {
  truncate -s 4G F
  printf x | spcopy of=F seek=4G oflag=seek_bytes conv=notrunc status=none
  mkfifo err
  local status=0 size told
  exec 8<F
  env --default-signal=INT,USR1 spcopy bs=1000 of=G <&8 2>err 3>&- &
  pid=$!
  exec 7<err
  while [[ ! -s G ]]; do :; done
  kill -INT $pid
  statistics
  ends_by_interrupt
  size=$(stat -c %s G)
  told=${heard##* out }
  equal "${told% }" "$size"
  equal "$(helper seek 8 0)" $(((size + 999) / 1000 * 1000)) position
}

@test "SIGINT that is ignored stays so; a skip that waits hears signals too" {
  mkfifo in err
  (trap '' INT; exec spcopy bs=5 skip=2 <in >got 2>err 3>&-) &
  pid=$!
  exec 5>in 7<err
  printf 1234 >&5
  helper sleeping $pid
  kill -INT $pid
  signalled USR1 '0+0 records in 0+0 records out 0 '
  printf 56789 >&5
  helper sleeping $pid
  printf abcde >&5
  exec 5>&-
  wait $pid
  equal "$(<got)" abcde
}
