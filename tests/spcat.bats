# spcat.bats - does spcat do what the installed cat does?
#
# SPDX-License-Identifier: MIT

load lib/common
load lib/differential

populate () {
  make_bytes F 300000
  make_bytes G 70001 2
  make_octets octets
  : >empty
  printf 'no newline' >tail
  printf 'x' >'-odd'
  mkdir dir
  ln -s dir/nothing dangling
  ln -s F link
  mkfifo fifo
}

@test "operands: none, one, many, -, twice, empty, links, octets" {
  stdin=F same cat
  stdin=F same cat -
  same cat F
  same cat F G empty tail octets link F
  stdin=G same cat F F - F
  stdin=tail same cat - F -
  same cat -- -odd
  same cat ./-odd
  same cat empty
  same cat empty empty octets empty
  same cat -u F
  same cat F -u G
  same cat -uu F
}

@test "what is no file: a message, the rest is still printed, status 1" {
  same cat nosuch
  same cat nosuch F
  same cat F nosuch G dir tail
  same cat .
  same cat dir F
  same cat dangling F
  same cat ''
  same cat F/F
  same cat "$(printf '%05000d' 0)"
  stdin=dir same cat
  stdin=dir same cat - F
}

@test "a file without permission" {
  ! is_root || skip "root may read everything"
  populate () { echo secret >F; chmod 0 F; echo >G; }
  same cat F G
}

@test "odd names are quoted as cat quotes them" {
  local name
  for name in 'a b' "it's" $'new\nline' $'esc\e[31m' $'tab\t' 'a"b' "it's \"" '$HOME' 'a:b' '*' '~x' '#x' \
    $'\377' $'\303\244' 'a\b' ' ' '-x' 'x-' '=' '!' $'\177' '`' '{' '[' 'a;b' '(a)' '^' $'\r' $'\001\n2' '\'; do
    same cat -- "$name"
  done
  LC_ALL=C.UTF-8 same cat $'\303\244' $'\377' $'\342\200\230' "it's" $'a\nb' $'\302\205'
}

@test "help and version" {
  run -0 --separate-stderr spcat --help
  [[ $output == *'Usage: '* && $output == *'--no-splice'* && -z $stderr ]]
  run -0 --separate-stderr spcat --version
  [[ $output == *spcat* && $output == *spliceutils* && -z $stderr ]]
  same_script 'cat --help >/dev/full; echo $?'
  same_script 'cat --version >/dev/full; echo $?'
}

@test "unknown and ambiguous options" {
  same cat --unknown
  same cat -Z
  same cat --version=3
  same cat F --unknown
  same cat -uZ F
  same_script 'cat -- --unknown'
}

@test "--no-splice prints the same" {
  populate
  spcat F tail G >wanted
  spcat --no-splice F tail G >got
  same_file got wanted
  spcat --no-splice <F | spcat --no-splice >got
  same_file got F
}

@test "acceptance 2: the main uses" {
  sleep 1000 3>&- &
  same_script 'cat F | cat | wc -c'
  same_script 'cat <F >out; cat <G >>out'
  stdin=F same cat F F - F
  same_script 'cat F >>G; cat F >>new'
  same cat /proc/cpuinfo /dev/null
  same_script "grep -v ctxt /proc/$!/status >/dev/null; cat /proc/$!/status | grep -v -e ctxt -e SigQ; cat /proc/$!/status /proc/cpuinfo | wc -l"
  same cat /dev/null
  same cat .
  same cat nosuch F
  same_script 'cat F >/dev/full; echo $?'
  same_script 'cat F | head -c1; echo "${PIPESTATUS[*]}"'
}

@test "standard descriptors closed, in every combination" {
  local closed
  for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    same_script "cat F $closed; echo \$?"
    same_script "cat $closed; echo \$?"
    same_script "cat - F $closed; echo \$?"
    same_script "cat F nosuch G $closed; echo \$?"
    same_script "cat empty $closed; echo \$?"
    same_script "cat /dev/null $closed; echo \$?"
  done
}

@test "proc, sys and devices" {
  same cat /proc/version /proc/filesystems /proc/self/comm
  same_script 'cat /proc/self/environ | tr "\0" "\n" | grep -c LC_ALL'
  same cat /sys/kernel/mm/transparent_hugepage/enabled
  same_script 'cat /proc/self/maps | grep -c "stack"'
  same_script 'cat /dev/zero | head -c 3000000 | cksum'
  same_script 'cat /dev/urandom | head -c 100000 | wc -c'
  same_script 'cat /dev/full | head -c 100000 | cksum'
  same_script 'cat F >/dev/null; cat F >/dev/zero; echo $?'
  same_script 'cat /proc/1/mem; echo $?; cat /proc/self/mem; echo $?'
  same_script 'cat </proc/version >out; cat out'
}

@test "standard output: append, overwrite, full, closed pipe, a directory's parent" {
  same_script 'cat F >out; cat F >>out; cat F tail >>out'
  same_script 'cat F 1<>G'
  same_script '(echo head; cat F; echo foot) >out'
  same_script 'cat <F >/dev/full; echo $?'
  same_script 'cat F | cat - F >/dev/full; echo $?'
  same_script 'cat tail >/dev/full; echo $?'
  same_script 'cat empty >/dev/full; echo $?'
  same_script 'cat F F F F | true; echo "${PIPESTATUS[0]}"'
  same_script 'trap "" PIPE; cat F F F F | true; echo "${PIPESTATUS[0]}"'
}

@test "the size limit of files" {
  # The installed cat 9.1 names the input for a failure of the output.
  populate
  (ulimit -f 100; trap "" XFSZ; exec spcat F >out) 2>err && fail "no failure"
  equal "$(<err)" 'spcat: write error: File too large'
  equal "$(stat -c %s out)" 102400
  cmp -n 102400 out F
  same_script '{ (ulimit -f 100; exec cat F >out); } 2>/dev/null; echo $?'
}

@test "input is output" {
  # Where the newest cat and the installed one agree.
  same_script 'cat F >>F; echo $?'
  same_script 'cat G F >>F; echo $?'
  same_script 'cat <F >>F; echo $?'
  same_script 'cat empty >>empty; echo $?'
  same_script 'cat tail >tail; echo $?'
  same_script 'cat /dev/null >/dev/null; echo $?'
}

@test "inherited positions" {
  same_script '(head -c 1000 >/dev/null; cat) <F'
  same_script '(dd bs=1000 count=1 status=none of=/dev/null; cat) <F'
  same_script '(cat; cat) <F'
  same_script '(cat; cat F) <G >out'
  same_script '(cat F; cat G; echo) >out'
  same_script 'exec 5<F; cat <&5 >one; cat <&5 >two'
  same_script '(cat - G; cat) <F | cksum'
  same_script 'exec 5<>out; echo 0123456789 >&5; cat tail >&5; exec 5<>out; cat tail >&5'
}

@test "pipes and FIFOs" {
  same_script 'cat F | cat >out; cat F G | cat - tail >out2'
  same_script 'cat F >fifo & cat fifo; wait'
  same_script 'cat fifo >out & cat F >fifo; wait'
  same_script 'seq 1 20000 | cat | cat | cat | cksum'
  same_script 'cat <(echo one) <(echo two) F'
  same_script 'for i in 1 2 3; do echo $i; done | cat - tail -'
}

@test "sockets" {
  populate
  local kind
  for kind in stream tcp; do
    bounded helper feed "$kind" 100000 1 4096 200000 -- spcat >got
    helper bytes 1 304097 >wanted
    same_file got wanted
    bounded helper collect "$kind" got spcat F G >sizes
    cat F G >wanted
    same_file got wanted
    bounded helper feed "$kind" 300000 -- helper collect tcp got spcat >sizes
    helper bytes 1 300000 >wanted
    same_file got wanted
  done
}

# The most that one splice(2) in the file trace offers standard output.
largest_offer() {
  sed -n 's/^splice([0-9]*, NULL, 1, NULL, \([0-9]*\),.*/\1/p' trace | sort -n | tail -n 1
}

@test "TCP over loopback is spliced no more than a segment holds, another socket all there is" {
  need strace
  strace -o /dev/null true 2>/dev/null || skip "ptrace is not permitted here"
  export ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
  helper bytes 1 4000000 >in
  bounded helper collect tcp got strace -o trace -e trace=splice spcat in >sizes
  same_file got in
  [[ $(largest_offer) -eq 61440 ]]
  bounded helper collect tcp got strace -o trace -e trace=splice,getsockopt -e inject=getsockopt:error=ENOPROTOOPT:when=2 spcat in >sizes
  same_file got in
  [[ $(largest_offer) -gt 61440 ]]
  bounded helper collect stream got strace -o trace -e trace=splice spcat in >sizes
  same_file got in
  [[ $(largest_offer) -gt 61440 ]]
}

@test "a terminal on both sides" {
  make_text text 200
  bounded helper pty spcat <text >got
  same_file got text
  bounded helper pty spcat text >got </dev/null
  same_file got text
  run -1 bounded helper pty spcat - nosuch <text
  [[ $output == *'line 200 of'*'nosuch: No such file or directory'* ]]
}

@test "nothing is left of a private pipe in what a child inherits" {
  # spcat runs nothing, but it must also not disturb what it inherits.
  populate
  exec 7<F 8>out
  spcat <&7 >&8
  spcat tail >&8
  exec 7<&- 8>&-
  cat F tail >wanted
  same_file out wanted
}

@test "a seeded mix of operands" {
  local -a names=(F G empty tail octets link - nosuch dir dangling -u ./-odd /dev/null) arguments
  local i j seed=${SEED:-$RANDOM$RANDOM}
  echo "SEED=$seed"
  RANDOM=$seed
  for ((i = 0; i < 300; i++)); do
    arguments=()
    for ((j = RANDOM % 5; j >= 0; j--)); do arguments+=("${names[RANDOM % ${#names[@]}]}"); done
    stdin=${names[RANDOM % 6]} same cat "${arguments[@]}"
  done
}

@test "--debug tells by which means the bytes moved, and why" {
  make_bytes F 300000
  echo few >few
  run -0 --separate-stderr spcat --debug F few
  [[ ${stderr_lines[0]} == 'spcat: F: 0 bytes through user space, splice 300000 bytes in '* ]]
  equal "${stderr_lines[1]}" \
    'spcat: few: 4 bytes through user space (too few at a time to be worth a pipe), read 4 bytes in 2 calls, write 4 bytes in 1 calls'
  spcat --debug F >copy 2>err
  [[ $(<err) == 'spcat: F: 0 bytes through user space, copy_file_range '* ]]
  spcat --debug F >>copy 2>err
  [[ $(<err) == *'300000 bytes through user space (the output refuses splice)'* ]]
  spcat --debug --no-splice F 2>err >copy
  [[ $(<err) == *'300000 bytes through user space (asked for by --no-splice)'* ]]
  spcat --debug -n F 2>err >copy
  equal "$(<err)" 'spcat: F: 300000 bytes through user space (they are changed)'
}

@test "--progress draws on standard error only, and ends its line" {
  make_bytes F 300000
  run -0 --separate-stderr spcat --progress=always F
  [[ $stderr == $'\r300 kB'* ]]
  spcat --progress=always F nosuch F 2>err >out || :
  cat F F | cmp - out
  [[ $(<err) == *'spcat: nosuch: No such file or directory'* ]]
  equal "$(tail -c 1 err | od -An -tx1)" ' 0a'
  # not a terminal: nothing
  run -0 --separate-stderr spcat --progress F
  equal "$stderr" ''
}
