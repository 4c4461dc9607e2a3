# sptee.bats - does sptee do what the installed tee does?
#
# SPDX-License-Identifier: MIT

load lib/common
load lib/differential
load lib/faults

populate () {
  make_bytes F 300000
  make_bytes G 70001 2
  make_octets octets
  : >empty
  printf 'no newline' >tail
  mkdir dir
  ln -s dir/nothing dangling
  ln -s new link
  mkfifo fifo
}

@test "operands: none, one, many, twice the same, existing, links" {
  stdin=F same tee
  stdin=F same tee one
  stdin=F same tee one two three four five
  stdin=octets same tee one two
  stdin=empty same tee one two
  stdin=tail same tee G
  stdin=F same tee out out
  stdin=F same tee link dangling
  stdin=F same tee -
  stdin=F same tee - one -
  stdin=F same tee -- -odd
  stdin=F same tee one -a two
  same tee one
}

@test "-a appends" {
  stdin=F same tee -a G
  stdin=F same tee -a G new
  stdin=G same tee --append new
  stdin=tail same tee --app new
  stdin=tail same tee -a new new
  stdin=tail same tee -ia new
}

@test "a file that cannot be opened: a message, the others get all, status 1" {
  stdin=F same tee nosuch/one
  stdin=F same tee one nosuch/one two dir
  stdin=F same tee dir
  stdin=F same tee .
  stdin=F same tee ''
  stdin=F same tee F/F
}

@test "a file without permission" {
  ! is_root || skip "root may write everything"
  populate () { echo data >F; echo old >ro; chmod 400 ro; }
  stdin=F same tee ro new
}

@test "odd names are quoted as tee quotes them" {
  local name
  for name in 'a b' "it's" $'new\nline' $'esc\e[31m' 'a:b' $'\377' $'\303\244' '~' ' '; do
    stdin=tail same tee -- "dir/none/$name"
    stdin=tail same tee -- "$name"
  done
}

@test "unknown options, help, version" {
  same tee --unknown
  same tee -Z
  same tee one -Z
  same tee --append=x
  run -0 --separate-stderr sptee --help
  [[ $output == *'Usage: '*--append* && -z $stderr ]]
  run -0 --separate-stderr sptee --version
  [[ $output == *sptee* && $output == *spliceutils* && -z $stderr ]]
  same_script 'tee --help >/dev/full; echo $?'
}

@test "--output-error: what it takes" {
  local mode
  for mode in warn warn-nopipe exit exit-nopipe warn- exit-n w e '' foo warn-nopipes 'a b'; do
    LC_ALL=C.UTF-8 same tee "--output-error=$mode" one
    stdin=F same tee "--output-error=$mode" one two
  done
  stdin=F same tee --output-error one
  stdin=F same tee -p one
  stdin=F same tee -pai one
  same tee --output-err=exit --output-error=foo
}

@test "--output-error: what cannot be opened or is full" {
  local mode
  for mode in -p --output-error={warn,warn-nopipe,exit,exit-nopipe}; do
    stdin=F same tee $mode one nosuch/x two
    rm -f {"$ours","$theirs"}/files/{one,two}
    # after exit, what the others have got by then is a matter of block sizes
    [[ $mode == *=exit* ]] || stdin=F same tee $mode one /dev/full two
    stdin=tail same tee $mode one /dev/full two
    stdin=tail same tee $mode /dev/full one
    rm -f {"$ours","$theirs"}/files/{one,two}
    stdin=F same_script "tee $mode one >/dev/full; echo \$?; rm one"
  done
}

@test "--output-error: a reader that goes away" {
  local mode
  for mode in -p --output-error={warn,warn-nopipe,exit-nopipe}; do
    # which of the two goes first is a race
    same_script "cat F F F F | tee $mode one >(head -c 10 >/dev/null) two 2>err | true; echo \${PIPESTATUS[1]}; cksum one two; sort err; rm err"
    same_script "trap '' PIPE; cat F F F F | tee $mode one | true; echo \${PIPESTATUS[1]}; cksum one"
    same_script "cat F F F F | tee $mode >(head -c 70000 >/dev/null) | cksum; echo \${PIPESTATUS[1]}"
  done
  same_script 'cat F F F F | tee --output-error=exit one | true; echo ${PIPESTATUS[1]}; rm one'
}

@test "-p ends on idle input when the last reader is gone" {
  local options
  for options in -p --output-error=warn-nopipe --output-error=exit-nopipe; do
    mkfifo in out
    bounded sptee $options <in >out 3>&- &
    exec 5>in 6<out
    echo line >&5
    read -r -t "$limit" -u 6 line
    equal "$line" line
    exec 6<&-
    wait $! || fail "$options: status $?"
    exec 5>&-
    rm in out
  done
  # With a file that still wants it, it goes on.
  mkfifo in out
  bounded sptee -p file <in >out 3>&- &
  exec 5>in 6<out
  exec 6<&-
  echo line >&5
  exec 5>&-
  wait $!
  equal "$(<file)" line
}

@test "--no-splice gives the same" {
  populate
  sptee --no-splice one two <F >three
  same_file one F
  same_file two F
  same_file three F
}

@test "standard descriptors closed, in every combination" {
  local closed
  for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    # Without standard output the installed tee writes it into the first file: below.
    [[ $closed != *'>&-'* || $closed == '2>&-' || $closed == '<&- 2>&-' ]] || continue
    same_script "tee one two $closed; echo \$?"
    same_script "tee $closed; echo \$?"
    same_script "tee one nosuch/two $closed; echo \$?"
    same_script "tee one <F ${closed/<&-/}; echo \$?"
    rm -f "$theirs/files/"{one,two} "$ours/files/"{one,two}
  done
  populate
  local status=0
  sptee one two <F >&- 2>err || status=$?
  equal "$status $(<err)" "1 sptee: 'standard output': Bad file descriptor"
  same_file one F
  same_file two F
}

@test "inputs: a directory, proc, pipes, FIFOs, positions" {
  same_script 'tee one <dir; echo $?'
  same_script 'tee one </proc/version'
  same_script 'cat F | command tee one | tee two three | cksum'
  same_script 'tee fifo <F & cat fifo >got; wait'
  same_script '(head -c 1000 >/dev/null; tee one) <F'
  same_script '(tee one; tee two) <F'
  same_script '(echo head; tee one; echo foot) <F >out'
  same_script 'tee one two <F >>G'
  same_script 'seq 1 30000 | tee one two three | cksum'
  same_script 'for i in 1 2 3; do echo $i; done | tee one'
  same_script 'head -c 2000000 /dev/zero | tee one two | cksum'
}

@test "a sink that fails is told, the others get all" {
  same_script 'tee /dev/full one <F; echo $?'
  same_script 'tee one /dev/full two <F >three; echo $?'
  same_script 'tee one <F >/dev/full; echo $?'
  same_script 'cat F F | tee one /dev/full two >three; echo $?'
  same_script 'cat F F | tee one >/dev/full; echo $?'
  same_script 'tee /dev/full <F >/dev/full; echo $?'
  same_script 'tee /dev/full one <tail; echo $?'
  same_script 'tee /dev/full <empty; echo $?'
}

@test "where all outputs fail, an inherited input stands where tee leaves it" {
  local mode
  for mode in '' -p --output-error={warn,warn-nopipe,exit,exit-nopipe}; do
    same_script "(tee $mode /dev/full >/dev/full; echo \$?; helper seek 0 0) <F"
    same_script "(tee $mode one /dev/full; echo \$?; helper seek 0 0) <F"
    same_script "(tee $mode; helper seek 0 0 >position) <F 7<>fifo 8>fifo 7<&- >&8"
    same_script "(ulimit -f 50; trap '' XFSZ; tee $mode one two >/dev/full; echo \$?; helper seek 0 0) <F"
    [[ $mode == *=exit* ]] || same_script "(ulimit -f 50; trap '' XFSZ; tee $mode one; echo \$?; helper seek 0 0) <F >two"
  done
}

@test "one file or pipe as two outputs gets the blocks in turn" {
  populate () { make_bytes F 300000; echo old >G; }
  same_script 'tee -a one one <F'
  same_script 'tee -a one G <F >>one'
  same_script 'tee one <F >>one'
  same_script 'tee /dev/stdout G <F | cat'
  same_script 'cat F | tee -a G - G | cksum'
}

@test "a broken pipe kills silently" {
  same_script 'cat F F F F | tee one | true; echo "${PIPESTATUS[1]}"; rm one'
  same_script 'tee one <F | head -c 1 | wc -c; rm one'
  same_script 'trap "" PIPE; tee one <F | true; echo "${PIPESTATUS[0]}"'
}

@test "-i ignores SIGINT, and without it SIGINT ends tee" {
  local option status
  for option in -i --ignore-interrupts ''; do
    status=0
    mkfifo "fifo$option"
    # env, because a shell's background job is begun with SIGINT ignored
    env --default-signal=INT "$SPTEE" ${option:+"$option"} out <"fifo$option" >/dev/null 3>&- &
    exec 5>"fifo$option"
    echo before >&5
    helper sleeping $!
    kill -INT $!
    if [[ -n $option ]]; then echo after >&5; fi
    exec 5>&-
    wait $! || status=$?
    if [[ -n $option ]]; then
      equal "$status $(<out)" "0 before"$'\n'after "$option"
    else
      equal "$status" 130 "without -i"
    fi
  done
}

@test "the limits of a file's size, reached by one of several" {
  same_script '(ulimit -f 100; trap "" XFSZ; tee one /dev/null <F | cksum; echo "${PIPESTATUS[0]}")'
}

@test "sockets and terminals" {
  populate
  local kind
  for kind in stream tcp; do
    bounded helper feed "$kind" 100000 1 4096 200000 -- sptee one two >got
    helper bytes 1 304097 >wanted
    same_file got wanted
    same_file one wanted
    same_file two wanted
    bounded helper collect "$kind" got sptee one two <F >sizes
    same_file got F
    same_file one F
  done
  make_text text 100
  bounded helper pty sptee one two <text >got
  same_file got text
  same_file one text
  same_file two text
}

@test "a slow sink does not lose what the others get" {
  make_bytes F 3000000
  sptee one >(bounded cksum >slow) <F | helper drain >count
  same_file one F
  equal "$(<count)" 3000000
}

@test "many outputs" {
  populate () { make_bytes F 200000; }
  # shellcheck disable=SC2046
  stdin=F same tee $(seq -f 'out%g' 100)
}

# How many threads made the calls in the file trace?
threads () { grep -v '+++' trace | cut -d ' ' -f 1 | sort -u | wc -l; }

@test "files in a row are written at the same time, each in its order" {
  faults_setup
  make_bytes F 5000000
  strace -f -e trace=splice,write -o trace "$SPTEE" one two three <F >/dev/null
  equal "$(threads)" 3
  for file in one two three; do same_file $file F; done
  rm one two three
  # standard output may be shared, so it is the program's own thread that writes there
  strace -f -e trace=splice,write -o trace "$SPTEE" one two <F >three
  equal "$(threads)" 3
  for file in one two three; do same_file $file F; done
  # appending refuses splice: each thread writes from memory
  strace -f -e trace=splice,write -o trace "$SPTEE" -a one two three <F >/dev/null
  equal "$(threads)" 3
  for file in one two three; do cat F F | cmp - $file; done
}

@test "a large transfer does not touch /dev/null" {
  faults_setup
  make_bytes F 5000000
  strace -f -yy -e trace=tee,splice,write -o trace "$SPTEE" /dev/null one <F >/dev/null
  same_file one F
  equal "$(grep -c 'tee(' trace)" 0
  equal "$(grep -c '</dev/null' trace)" 0
  strace -f -yy -e trace=tee,splice,write -o trace "$SPTEE" /dev/null <F | cmp - F
  equal "$(grep -c 'tee(' trace)" 0
  # where there is nothing else it is read as ever, to its end
  strace -f -yy -e trace=splice -o trace "$SPTEE" /dev/null <F >/dev/null
  grep -q '</dev/null' trace
}

@test "a /dev/null that cannot be written fails like any other" {
  same_script 'tee one <F 1</dev/null'
  same_script 'cat F | tee -p one /dev/null 1</dev/null'
  same_script 'cat F | tee one /dev/null >/dev/null'
  same_script 'cat F | tee -p one >(head -c 10 >/dev/null) /dev/null >/dev/null; cksum one'
}

@test "files are written in turn where the order can be seen" {
  faults_setup
  make_bytes F 5000000
  ln -s one again
  strace -f -e trace=splice,write -o trace "$SPTEE" --output-error=exit one two <F >/dev/null
  equal "$(threads)" 1
  strace -f -e trace=splice,write -o trace "$SPTEE" -a one again <F >/dev/null
  equal "$(threads)" 1
  strace -f -e trace=splice,write -o trace "$SPTEE" one /dev/null two <F >/dev/null
  equal "$(threads)" 1
}

@test "without threads files are written in turn" {
  faults_setup
  make_bytes F 5000000
  strace -f -e inject=clone,clone3:error=EAGAIN -o /dev/null "$SPTEE" one two three <F >four
  for file in one two three four; do same_file $file F; done
}

@test "files that fail at the same time are told in their order" {
  populate () { make_bytes F 5000000; }
  same_script 'trap "" XFSZ; ulimit -f 2000; tee one two three four <F >/dev/null'
  same_script 'trap "" XFSZ; ulimit -f 2000; tee -p one two three four <F | cksum'
}

@test "--peek shows what a pipe holds, twice, and leaves it all to the reader" {
  mkfifo pipe
  exec 5<>pipe
  helper bytes 1 60000 >wanted
  cat wanted >&5
  sptee --peek one <&5 >two
  same_file one wanted
  same_file two wanted
  sptee --peek <&5 | cmp - wanted
  sptee --peek --no-splice <&5 | cmp - wanted
  helper take 60000 <&5 | cmp - wanted
  # now it is empty, and not waited for
  equal "$(bounded sptee --peek <&5)" ''
  exec 5>&-
}

@test "--peek: an input that is no pipe is a clear error, a partial view is told" {
  echo data >F
  run -1 --separate-stderr sptee --peek one <F
  equal "$output/$stderr" '/sptee: standard input: not a pipe'
  run -1 --separate-stderr sptee --peek </dev/null
  equal "$stderr" 'sptee: standard input: not a pipe'
  faults_setup
  mkfifo pipe
  exec 5<>pipe
  helper bytes 1 8192 >&5
  # as where the user's limits allow only a small spare pipe
  run -0 --separate-stderr strace -o /dev/null -e inject=tee:retval=0 "$SPTEE" --peek <&5
  [[ $stderr == *'partial view, 0 of 8192 bytes' ]]
  helper take 8192 <&5 | cmp - <(helper bytes 1 8192)
  exec 5>&-
}

@test "500 outputs, with few descriptors to spare" {
  make_bytes F 300000
  (ulimit -n 520; bounded sptee $(seq -f 'out%g' 500) <F | cmp - F)
  local i
  for i in 1 250 500; do same_file "out$i" F; done
  [[ $(cat out* | wc -c) -eq 150000000 ]]
}
