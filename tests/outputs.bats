# outputs.bats - do sptee's outputs keep out of each other's way: at once,
# one that fails, five hundred?
#
# SPDX-License-Identifier: MIT

load lib/common
load lib/differential

setup () {
  common_setup
  make_bytes F 300000
}

modes=('' -p --output-error={warn,warn-nopipe,exit,exit-nopipe})

# --- at once: a piece is at every output before the next is written

# begin KIND ARGUMENT...: sptee reads our descriptor 5 and its standard output, of that KIND, is our descriptor 6.
begin () {
  local kind=$1
  shift
  rm -f in got out data
  mkfifo in got
  case $kind in
    pipe) bounded sptee "$@" <in >got 3>&- & ;;
    file) bounded sptee "$@" <in >out 3>&- & ;;
    append) bounded sptee "$@" <in >>out 3>&- & ;;
    null) bounded sptee "$@" <in >/dev/null 3>&- & ;;
    terminal) bounded helper pty sh -c 'exec sptee "$@" <in' sh "$@" </dev/null >got 3>&- & ;;
    stream | tcp) bounded helper collect "$kind" data sptee "$@" <in >got 3>&- & ;;
  esac
  started=$!
  exec 6<>got 5>in
}

# arrived KIND TEXT SIZE: standard output has TEXT now, and has had SIZE bytes.
arrived () {
  local got left=${#2}
  case $1 in
    pipe | terminal)
      read -r -t "$limit" -N ${#2} -u 6 got
      equal "$got" "$2"
      ;;
    stream | tcp)
      while [[ $left -gt 0 ]]; do
        read -r -t "$limit" -u 6 got || return
        left=$((left - got))
      done
      equal $left 0
      ;;
    file | append) helper await out "$3" ;;
  esac
}

@test "what is written is at every output before more is written" {
  local kind options piece size got
  mkfifo fifo
  for options in '' -a -p --no-splice -ap; do
    for kind in pipe file append null terminal stream tcp; do
      rm -f one two
      exec 7<>fifo
      begin "$kind" $options one fifo /dev/null two
      size=0
      for piece in $'a line\n' x $'y\n' z "$(printf '%9000d' 1)" $'\n' "$(printf '%9000d' 2)" $'the last line\n'; do
        printf %s "$piece" >&5
        size=$((size + ${#piece}))
        arrived "$kind" "$piece" $size || fail "$options $kind: '${piece:0:20}' does not arrive"
        read -r -t "$limit" -N ${#piece} -u 7 got
        equal "$got" "$piece" "$options $kind: the FIFO"
        helper await one $size || fail "$options $kind: one"
        helper await two $size || fail "$options $kind: two"
      done
      exec 5>&-
      wait $started || fail "$options $kind: status $?"
      exec 6<&- 7<&-
    done
  done
}

@test "-p: the reader of a socket goes away while no input comes" {
  mkfifo idle
  exec 5<>idle
  echo line >&5
  equal "$(bounded helper leave stream sptee -p <idle)" line
  exec 5<&-
}

# --- one that fails

@test "one of three readers goes away: the others get every byte" {
  local mode which
  populate () { make_bytes big 3000000; mkfifo fifo other; }
  for mode in "${modes[@]}"; do
    for which in '| head -c 1000; first=cat second=cat' '| cat; first="head -c 1000" second=cat' '| cat; first=cat second="head -c 1000"'; do
      same_script "
        ${which#*;}
        \$first <fifo >first & \$second <other >second &
        tee $mode fifo other <big 2>err ${which%%;*} >third; status=\${PIPESTATUS[0]}
        wait; cat err; echo \$status
        # where tee itself ends, how far the others have got by then is anybody's guess
        for out in first second third; do
          cmp -s \$out big || [[ \$(helper prefix \$out big; echo \$?) -eq 1 ]] || echo \$out differs
          [[ \$status -ne 141 && '$mode' != *=exit ]] || rm \$out
        done; rm err"
    done
  done
}

@test "a device that is full, one that fills up: the others get every byte" {
  local mode
  need_root
  need unshare
  unshare -m mount -t tmpfs none "$PWD" 2>err || skip "no private mount: $(<err)"
  mkdir full
  make_bytes big 3000000
  cat >try <<'end'
mount -t tmpfs -o size=1M none full || exit 99
for mode in '' -p --output-error={warn,warn-nopipe,exit,exit-nopipe}; do
  for command in 'tee $mode full/out one >two' 'tee $mode one full/out two >three' 'tee $mode one two >full/out' \
    'tee $mode one full/out /dev/full' 'tee $mode full/out /dev/full >/dev/full' 'command cat big | tee $mode one full/out | command cat >three'; do
    rm -f one two three full/*
    eval "$command" <big
    echo "$command $mode: $? ${PIPESTATUS[*]} $(stat -c %s full/out)"
    for out in one two three full/out; do
      [[ -e $out ]] || continue
      helper prefix $out big
      kind=$?
      # where a failure ends all, how far the others have got is a matter of block sizes
      [[ $out == full/out || $mode != *=exit* ]] || kind=$((kind / 2))
      echo "$out: $kind"
    done
  done
done
end
  unshare -m bash try >wanted 2>wanted.err
  ln -s "$SPTEE" "$BATS_TEST_TMPDIR/programs/tee"
  bounded unshare -m bash try >got 2>got.err
  rm "$BATS_TEST_TMPDIR/programs/tee"
  diff wanted got
  diff wanted.err got.err
  [[ $(grep -c 'No space left' got.err) -gt 36 ]]
}

# --- many

# as_user COMMAND...: an ordinary user, whom the limits of pipes bind, in a directory of his own.
as_user () {
  local -a user=()
  if is_root; then
    need setpriv
    user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    mkdir -p user
    chmod 777 user
    chmod a+x "$BATS_RUN_TMPDIR"
    "${user[@]}" sh -c 'cd user && test -x "$SPTEE"' 2>err || skip "an ordinary user cannot get here: $(<err)"
  fi
  mkdir -p user
  (cd user && "${user[@]}" bash -c "$1")
}

@test "500 outputs for an ordinary user: files" {
  export LIMIT=$limit
  as_user '
    set -e -o pipefail
    timeout -k 1 $LIMIT "$SPTEE" $(seq -f out%g 500) <../F | cmp - ../F
    for i in 1 250 500; do cmp out$i ../F; done
    [[ $(cat out* | wc -c) -eq 150000000 ]]'
}

@test "500 outputs for an ordinary user: FIFOs, with all pipe pages used up" {
  [[ $(ulimit -Hn) == unlimited || $(ulimit -Hn) -ge 4096 ]] || skip "at most $(ulimit -Hn) descriptors"
  [[ $(</proc/sys/fs/pipe-user-pages-soft) -eq 16384 ]] || skip "another limit of pipe pages"
  export LIMIT=$limit
  as_user '
    set -e -o pipefail
    ulimit -n 4096
    head -c 100000 ../F >input
    mkfifo $(seq -f fifo%g 500) $(seq -f more%g 1100)
    # the default is 64 MiB, 1,024 pipes, for a user
    for i in {1..1100}; do exec {fd}<>more$i; done
    for i in {1..500}; do exec {fd}<>fifo$i; fds[i]=$fd; done
    [[ $("$HELPER" capacity ${fds[500]}) -lt 65536 ]]
    timeout -k 1 $LIMIT "$SPTEE" fifo{1..500} <input >whole 3>&- &
    "$HELPER" gather input ${fds[@]}
    wait $!
    cmp whole input'
}

@test "50 runs at once for an ordinary user" {
  export LIMIT=$limit
  as_user '
    set -e -o pipefail
    for i in {1..50}; do
      timeout -k 1 $LIMIT cat ../F ../F ../F | "$SPTEE" a$i b$i | cmp - <(cat ../F ../F ../F) &
      jobs[i]=$!
    done
    for i in {1..50}; do
      wait ${jobs[i]}
      cmp a$i <(cat ../F ../F ../F)
      cmp b$i a$i
    done'
}
