# examples.bats - do the examples do what they say?
#
# SPDX-License-Identifier: MIT
#
# The proxy's clients, and the server behind it, are in load.c.  LONG=1 carries 1 GiB each way.

load lib/common

setup () {
  common_setup
  examples=$top_builddir/examples
  proxy=$examples/proxy
}

load () { "$top_builddir/tests/load" "$@" 3>&-; }

# --- cat, tee, cp

@test "cat: files, standard input, and who is to blame" {
  make_bytes F 300000
  make_text G 100
  "$examples/cat" F - G <F >out
  cat F F G | cmp - out
  "$examples/cat" <F | cmp - F
  run -1 --separate-stderr "$examples/cat" nosuch . G
  [[ $output == "$(<G)" ]]
  equal "$stderr" $'nosuch: No such file or directory\n.: Is a directory'
  run -1 bash -c '"$1" F G >/dev/full' - "$examples/cat"
  equal "$output" 'standard output: No space left on device'
}

@test "tee: every output has all, one that fails is named and the others go on" {
  make_bytes F 3000000
  "$examples/tee" a b <F | cmp - F
  same_file a F
  same_file b F
  run -1 --separate-stderr bash -c '"$1" a /dev/full nosuch/x b <F | cmp - F; exit "${PIPESTATUS[0]}"' - "$examples/tee"
  equal "$output" ''
  equal "$stderr" $'tee: nosuch/x: No such file or directory\ntee: /dev/full: No space left on device'
  same_file a F
  same_file b F
  run -1 bash -c '"$1" a <F | true; exit "${PIPESTATUS[0]}"' - "$examples/tee"
  equal "$output" 'tee: standard output: Broken pipe'
  same_file a F
}

@test "cp: content and mode, over a longer file, and never a file to itself" {
  make_bytes F 3000000
  make_bytes G 5000000
  chmod 700 F
  "$examples/cp" F G
  same_file G F
  "$examples/cp" F new
  same_file new F
  equal "$(stat -c %a new)" 700
  "$examples/cp" F /dev/null
  run -1 "$examples/cp" F ./F
  equal "$output" 'cp: F and ./F are the same file'
  same_file F G
  run -1 "$examples/cp" F /dev/full
  equal "$output" '/dev/full: No space left on device'
  run -1 "$examples/cp" nosuch new
  same_file new F
}

# --- logsplit

# ends_right FILE BYTES: with the first line end from byte number BYTES on.
ends_right () {
  [[ $(tail -c 1 "$1" | od -An -c) == *'\n'* ]] || fail "$1 ends within a line"
  [[ $(stat -c %s "$1") -ge $2 ]] || fail "$1 has $(stat -c %s "$1") bytes"
  [[ $(head -n -1 "$1" | wc -c) -lt $2 ]] || fail "$1 has a line too many"
}

@test "logsplit: every byte is in a file, and each ends with the line" {
  local size n
  seq 1 60000 >F
  printf 'last' >>F
  # A line that is longer than what is looked at, and one than a pipe.
  { head -c 9000 /dev/zero | tr '\0' x; echo; head -c 200000 /dev/zero | tr '\0' y; echo; seq 1 100; } >long
  for size in 1 5 6 7 1000 65536 1000000; do
    for input in F long; do
      [[ $size -gt 10 ]] || head -n 300 $input >few
      [[ $size -le 10 ]] || cp $input few
      rm -f log.*
      cat few | bounded "$examples/logsplit" log $size
      n=$(ls log.* | wc -l)
      for ((i = 0; i < n; i++)); do
        [[ $i -eq $((n - 1)) ]] || ends_right log.$i $size
        cat log.$i
      done | cmp - few || fail "$input, $size"
    done
  done
  rm log.*
  : | "$examples/logsplit" log 10
  [[ ! -e log.0 ]]
  run -1 "$examples/logsplit" log 10 <F
  equal "$output" 'standard input is no pipe: Invalid argument'
}

# in_file FILE TEXT: wait until that is all that FILE has.
in_file () {
  local start=$SECONDS
  until [[ -e $1 && $(<"$1") == "$2" ]]; do
    [[ $((SECONDS - start)) -lt $limit ]] || fail "$1 has '$(<"$1")', not '$2'"
  done
}

@test "logsplit: what comes is in the file at once, and SIGHUP begins another" {
  mkfifo log
  "$examples/logsplit" part 1000 <log 3>&- &
  exec 5>log
  printf 'half a ' >&5
  in_file part.0 'half a '
  kill -HUP $!
  printf 'line\nmore' >&5
  in_file part.1 more
  equal "$(<part.0)" 'half a line'
  exec 5>&-
  wait $!
  equal "$(ls part.*)" $'part.0\npart.1'
}

# --- http

# start PROGRAM ARGUMENT...: in the background; its port goes into $port.
start () {
  rm -f port
  mkfifo port
  "$@" >port 3>&- &
  read -r -t "$limit" port <port
}

# request LINE...: send one request (the last) and print the answer.
request () {
  local connection
  exec {connection}<>"/dev/tcp/127.0.0.1/$port"
  printf '%s\r\n' "$@" 'Host: here' 'Connection: close' '' >&$connection
  bounded cat <&$connection
  exec {connection}>&-
}

body () { sed '1,/^\r$/d'; }

# answers STATUS LINE...
answers () {
  local wanted=$1 got
  shift
  got=$(request "$@" | head -n 1)
  equal "$got" "HTTP/1.1 $wanted"$'\r' "$1"
}

@test "http: whole and in ranges, to many at once, from one descriptor" {
  local i size=3000000 first length
  make_bytes F $size
  start "$examples/http" 0 F
  request 'GET / HTTP/1.1' | body | cmp - F
  request 'GET http://here/F?x HTTP/1.1' | body | cmp - F
  request 'GET / HTTP/1.0' | body | cmp - F
  for i in {0..19}; do
    first=$((i * 77777)) length=$((1 + i * 60000))
    (request 'GET / HTTP/1.1' "Range: bytes=$first-$((first + length - 1))" | body >"got$i") &
    pids[i]=$!
  done
  for i in {0..19}; do
    wait "${pids[i]}"
    first=$((i * 77777)) length=$((1 + i * 60000))
    tail -c +$((first + 1)) F | head -c $length | cmp - "got$i" || fail "range $i"
  done
}

@test "http: a connection carries one request after the other, also before they are answered" {
  local connection
  seq 100000 116665 >F
  echo >>F
  start "$examples/http" 0 "$PWD/F"
  exec {connection}<>"/dev/tcp/127.0.0.1/$port"
  printf '%s\r\n' 'GET / HTTP/1.1' 'Host: x' '' 'HEAD / HTTP/1.1' 'Host: x' '' 'GET /no HTTP/1.1' 'Host: x' '' \
    'GET /F HTTP/1.1' 'Host: x' 'Range: bytes=-10' '' 'GET / HTTP/1.1' 'host:  x' 'connection: close' '' >&$connection
  bounded cat <&$connection >out
  equal "$(grep -a ^HTTP out | tr '\r\n' ' ,')" \
    'HTTP/1.1 200 OK ,HTTP/1.1 200 OK ,HTTP/1.1 404 Not Found ,HTTP/1.1 206 Partial Content ,HTTP/1.1 200 OK ,'
  equal "$(grep -a ^Content-Range out)" $'Content-Range: bytes 116653-116662/116663\r'
  tail -c 116663 out | cmp - F
}

@test "http: what it refuses, and that the file may grow" {
  make_bytes F 100
  start "$examples/http" 0 F
  answers '200 OK' 'HEAD / HTTP/1.1'
  answers '404 Not Found' 'GET /G HTTP/1.1'
  answers '404 Not Found' 'GET F HTTP/1.1'
  answers '405 Method Not Allowed' 'POST / HTTP/1.1' 'Content-Length: 5'
  answers '400 Bad Request' 'GET /'
  answers '400 Bad Request' 'nonsense'
  answers '400 Bad Request' 'GET / HTTP/1.1x'
  answers '431 Request Header Fields Too Large' 'GET / HTTP/1.1' "X: $(head -c 9000 /dev/zero | tr '\0' x)"
  answers '416 Range Not Satisfiable' 'GET / HTTP/1.1' 'Range: bytes=100-'
  answers '416 Range Not Satisfiable' 'GET / HTTP/1.1' 'Range: bytes=-0'
  answers '206 Partial Content' 'GET / HTTP/1.1' 'Range: bytes=99-200'
  for ignored in 'bytes=5-4' 'bytes=1-2,4-5' 'lines=1-2' 'bytes=-' 'bytes=x'; do
    answers '200 OK' 'GET / HTTP/1.1' "Range: $ignored"
  done
  answers '200 OK' 'GET / HTTP/1.1' 'Range: bytes=1-2' 'If-Range: "x"'
  make_bytes F 70000
  request 'GET / HTTP/1.1' | body | cmp - F
  : >F
  equal "$(request 'GET / HTTP/1.1' | body)" ''
}

# --- proxy

@test "proxy: 200 connections of uneven speed, each way at once" {
  load -n 200 -b 200000 "$proxy"
}

@test "proxy: ends and resets at random moments: what was sent before an end arrives, and no cut is told as one" {
  local seed
  for seed in {1..12}; do
    load -r -s "$seed" -n 100 -b 150000 "$proxy"
  done
  for seed in {1..4}; do
    load -r -s "$seed" -n 6 -b 20000000 "$proxy"
  done
}

@test "proxy: SIGINT lets what is under way arrive, refuses the next, and ends it with 0" {
  load -d -n 50 -b 300000 "$proxy"
  load -d -r -n 50 -b 300000 "$proxy"
}

@test "proxy: who finds no descriptor waits, and all are served" {
  load -n 100 -b 30000 bash -c 'ulimit -n 40; exec "$@"' - "$proxy"
}

@test "proxy: a small part is passed on at once, also while the one before is not acknowledged" {
  load -e "$proxy"
}

@test "proxy: all that was sent arrives, also when nothing follows a large part for long" {
  load -p -b 9000001 "$proxy"
}

# low_water LOAD-OPTION...: the low-water marks that the proxy sets under that load, each once.
low_water () {
  local start=$SECONDS
  rm -f calls
  ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS} load "$@" strace -D -o calls -e trace=setsockopt "$proxy" || return
  until grep -q '^+++ exited' calls; do [[ $((SECONDS - start)) -lt $limit ]] || fail "no end of calls"; done
  grep -o 'SO_RCVLOWAT, \[[0-9]*\]' calls | sort -u
}

@test "proxy: it is woken less often while one sends much, never in a conversation" {
  need strace
  strace -o /dev/null true 2>/dev/null || skip "ptrace is not permitted here"
  equal "$(low_water -p -b 9000001)" $'SO_RCVLOWAT, [1]\nSO_RCVLOWAT, [393216]'
  equal "$(low_water -e)" ''
}

@test "proxy: idle connections hold no pipe" {
  run load -i -n 10000 "$proxy"
  echo "$output"
  [[ $status -eq 0 && $output =~ ^([0-9]+)' connections, '([0-9]+)' sockets, '([0-9]+)' pipe ends'$ ]]
  equal "${BASH_REMATCH[2]}" $((2 * BASH_REMATCH[1])) sockets
  [[ ${BASH_REMATCH[1]} -ge 100 ]]
  # one pipe in the pool
  [[ ${BASH_REMATCH[3]} -le 2 ]]
}

@test "proxy: under valgrind, without an error or a leak" {
  need valgrind
  sanitized "$proxy" && skip "a sanitizer looks for the same"
  run valgrind "$proxy"
  [[ $output != *'debuginfo reader'* ]] || skip "this valgrind cannot read what this compiler writes"
  local options
  for options in '-n 50 -b 20000' '-r -n 50 -b 20000' '-d -n 20 -b 20000' '-p -b 5000000'; do
    load $options valgrind -q --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all --error-exitcode=9 \
      "$proxy"
  done
}

@test "proxy: a client that ends before it has sent anything has its answer" {
  need nc
  nc -h 2>&1 | grep -q OpenBSD || skip "needs OpenBSD's nc"
  mkfifo back
  helper serve back wc -c 3>&- &
  read -r -t "$limit" behind <back
  start "$proxy" 0 127.0.0.1 "$behind"
  equal "$(bounded nc -N 127.0.0.1 "$port" </dev/null)" 0
}

@test "proxy: a server that cannot be reached closes the client" {
  local nobody i
  start "$proxy" 0 127.0.0.1 1
  kill $!
  wait $! || :
  nobody=$port
  start "$proxy" 0 127.0.0.1 "$nobody"
  for i in {1..3}; do
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    run bounded cat <&5
    [[ $output == '' || $output == *'reset by peer' ]]
    [[ $status -ne 124 ]]
    exec 5>&-
  done
}

@test "proxy: 1 GiB each way, over one connection and over 200" {
  [[ -n ${LONG:-} ]] || skip "takes a minute: LONG=1"
  load -n 1 -b 1073741824 "$proxy"
  load -n 200 -b 5368710 "$proxy"
  local seed
  for seed in {1..100}; do
    load -r -s "$seed" "$proxy"
  done
}
