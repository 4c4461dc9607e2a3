# ends.bats - does spcat do what cat does, whatever its input and output are?
#
# SPDX-License-Identifier: MIT
#
# Files, pipes and closed descriptors are in spcat.bats; here is what needs a
# helper, a privilege or a neighbour that does something meanwhile.

load lib/common
load lib/differential

populate () {
  make_bytes F 300000
  make_text text 300
  printf 'no newline' >tail
}

setup () {
  common_setup
  populate
}

# What has to be undone when the test's processes have gone.
undo=()
teardown () {
  local command
  common_teardown
  for command in "${undo[@]}"; do $command; done
}

# connect_to COMMAND...: COMMAND serves one connection, as under inetd; it is our descriptor 5.
connect_to () {
  local number
  [[ -p port ]] || mkfifo port
  bounded helper serve port "$@" 3>&- &
  server=$!
  read -r -t "$limit" number <port
  exec 5<>"/dev/tcp/127.0.0.1/$number"
}

@test "a FIFO: writers one after the other, and at the same time" {
  populate () { make_text text 3000; mkfifo fifo other; }
  same_script 'cat fifo & exec 5>fifo; cat text >&5; cat text >&5; (seq 9 >&5); exec 5>&-; wait'
  same_script 'exec 5<>fifo 6>fifo 7>fifo 8<fifo 5>&-; cat text >&6 & cat text >&7 & exec 6>&- 7>&-; cat <&8 | wc -c; wait'
  same_script 'cat <fifo & cat text text >fifo; wait'
  same_script 'cat fifo - other <text & cat text >fifo; seq 9 >other; wait'
  same_script 'cat -n fifo & cat text >fifo; wait'
}

@test "a terminal: as input, as output, numbered, left non-blocking" {
  bounded helper pty spcat text tail text >got </dev/null
  cat text tail text | cmp - got
  bounded helper pty spcat -n <text >got
  cat -n text | cmp - got
  bounded helper pty spcat -A - text <text >got
  cat -A text text | cmp - got
  # where cat says "Resource temporarily unavailable"
  bounded helper pty "$HELPER" set 0 nonblock "$SPCAT" <text >got
  same_file got text
  bounded helper pty "$HELPER" set 0 nonblock "$SPCAT" -n F <text >got
  cat -n F | cmp - got
}

@test "ends left non-blocking are waited for: pipes and sockets, also numbered" {
  local kind options
  for options in '' --no-splice -n; do
    for kind in pipe stream tcp; do
      bounded helper feed $kind 100000 200000 -- helper set 0 nonblock spcat $options >got
      helper bytes 1 300000 | cat ${options#--no-splice} | cmp - got
      bounded helper collect $kind got helper set 1 nonblock spcat $options F >sizes
      cat ${options#--no-splice} F | cmp - got
    done
  done
}

@test "TCP through the shell's /dev/tcp, both ways" {
  connect_to spcat F text
  spcat <&5 >got
  exec 5>&-
  wait $server
  cat F text | cmp - got
  connect_to sh -c 'exec spcat >received'
  spcat - F <text >&5
  exec 5>&-
  wait $server
  cat text F | cmp - received
  connect_to sh -c 'exec spcat -n >received'
  spcat -n text >&5
  exec 5>&-
  wait $server
  cat -n text | cat -n | cmp - received
}

@test "started for a connection that is its input and output" {
  local options
  for options in '' --no-splice; do
    connect_to spcat $options
    spcat F >&5 3>&- &
    bounded helper take 300000 <&5 >got
    wait $!
    exec 5>&-
    wait $server
    same_file got F
  done
  connect_to spcat text - tail
  spcat tail >&5
  bounded helper take $(($(stat -c %s text) + 10)) <&5 >got
  exec 5>&-
  cat text tail | cmp - got
}

@test "a UNIX socket that is input and output" {
  bounded helper feed stream 300000 -- helper collect stream got spcat >sizes
  helper bytes 1 300000 | cmp - got
  bounded helper feed stream 300000 -- helper collect stream got spcat -A >sizes
  helper bytes 1 300000 | cat -A | cmp - got
}

@test "a reader that goes away: pipe, UNIX socket, TCP" {
  local status
  same_script 'cat F F F F | head -c 70000 | cksum; echo "${PIPESTATUS[0]}"'
  same_script 'trap "" PIPE; cat F F F F | head -c 70000 >/dev/null; echo "${PIPESTATUS[0]}"'
  same_script 'trap "" PIPE; cat -n F F F F | head -c 70000 >/dev/null; echo "${PIPESTATUS[0]}"'
  truncate -s 1G big
  for options in '' -n; do
    connect_to sh -c "trap '' PIPE; exec spcat $options big 2>err"
    head -c 70000 <&5 >/dev/null
    exec 5>&-
    status=0
    wait $server || status=$?
    equal $status 1
    [[ $(<err) == 'spcat: write error: '@(Broken pipe|Connection reset by peer) ]] || fail "$(<err)"
  done
}

# --- block devices

# loop_device FILE: in $device, until the test ends.
loop_device () {
  need_root
  need losetup
  device=$(losetup --find --show "$1" 2>err) || skip "no loop device: $(<err)"
  undo+=("losetup --detach $device")
}

@test "a block device as input" {
  make_bytes disk 1048576
  loop_device disk
  local command
  for command in "spcat $device" "spcat --no-splice $device" "spcat - <$device" "spcat - $device <disk | tail -c 1048576"; do
    eval "$command" >got
    same_file got disk
    eval "$command" | cat | cmp - disk
  done
  spcat -n "$device" | cmp - <(cat -n disk)
  (head -c 5000 >/dev/null; spcat) <"$device" >wanted.spcat
  (head -c 5000 >/dev/null; cat) <"$device" | cmp - wanted.spcat
  # the same device at both ends
  spcat "$device" >"$device"
  cmp "$device" disk
}

@test "a block device as output, and a full one" {
  truncate -s 1M disk
  loop_device disk
  spcat F >"$device"
  cmp -n 300000 "$device" F
  cat F | spcat >"$device"
  cmp -n 300000 "$device" F
  make_bytes large 1500000 3
  local command options
  for options in '' --no-splice; do
    for command in "spcat $options large" "spcat $options <large" "cat large | spcat $options" "spcat $options F large"; do
      run -1 bash -c "$command >$device"
      equal "$output" 'spcat: write error: No space left on device' "$command"
    done
    spcat $options large 2>/dev/null >"$device" || :
    cmp -n 1048576 "$device" large
  done
}

# --- a file system that is full

@test "a file system that fills up" {
  need_root
  need unshare
  unshare -m mount -t tmpfs none "$PWD" 2>err || skip "no private mount: $(<err)"
  make_bytes large 3000000
  make_bytes half 600000
  mkdir full
  cat >try <<'end'
mount -t tmpfs -o size=1M none full && cp half full/source || exit 99
for command in 'cat large' 'cat - <large' 'command cat large | cat' 'cat full/source' 'cat - <full/source' 'cat half half' 'cat -n half' 'cat half >/dev/null; cat half -'; do
  eval "$command" >full/out
  echo "$command: $? $(stat -c %s full/out) $(command cksum <full/out)"
  rm full/out
done
eval 'cat large' >>full/out
echo "append: $? $(stat -c %s full/out)"
end
  unshare -m bash try >wanted 2>wanted.err
  # spcat by the name of cat
  ln -s "$SPCAT" "$BATS_TEST_TMPDIR/programs/cat"
  bounded unshare -m bash try >got 2>got.err
  rm "$BATS_TEST_TMPDIR/programs/cat"
  diff wanted got
  # The installed cat names the input for a failure of copy_file_range.
  equal "$(uniq -c got.err)" "$(sed 's/: .*: /: write error: /' wanted.err | uniq -c)"
  [[ $(grep -c 'cat: write error: No space left' got.err) -ge 6 ]]
}

# --- FUSE

# with_fuse SCRIPT: in a directory where mnt/CLAIM-SIZE... has SIZE bytes and says it has CLAIM.
with_fuse () {
  local status=0
  mkdir -p mnt
  bounded helper fuse mnt bash -c "$1" 2>err || status=$?
  [[ $status -ne 77 ]] || skip "$(<err)"
  return $status
}

@test "FUSE: a size that is too small, nothing, or too large" {
  need_root
  local name
  make_bytes wanted 300000
  # What is read is cached, so all programs see the size; then the kernel asks the server each time.
  with_fuse '
    for name in 300000-300000 100-300000 0-300000 150000-300000 900000-300000; do
      cat mnt/$name >theirs
      for command in "spcat mnt/$name" "spcat <mnt/$name" "spcat --no-splice mnt/$name" "cat mnt/$name | spcat"; do
        eval "$command" | cmp - theirs && eval "$command" >ours && cmp ours theirs || { echo "$command"; exit 1; }
      done
    done
    for claim in 300000 100 0 65537 150000 900000; do
      for kind in direct stream; do
        name=mnt/$claim-300000-$kind
        for command in "spcat $name" "spcat <$name" "spcat - mnt/0-0 <$name"; do
          eval "$command" | cmp - wanted && eval "$command" >ours && cmp ours wanted || { echo "$command"; exit 1; }
        done
      done
    done' || fail "$(<err)"
}

@test "FUSE: an input that fails in mid-file is named, and what was before it came" {
  need_root
  with_fuse '
    for size in 0 4096 70000 300000; do
      for options in "" --no-splice -n; do
        for way in ">got" "| cat >got"; do
          eval "cat ${options#--no-splice} mnt/400000-$size-broken" 2>/dev/null >wanted
          eval "set -o pipefail; spcat $options mnt/400000-$size-broken tail $way"
          [[ $? -eq 1 ]] || exit 1
          cat wanted tail | if [[ $options == -n ]]; then head -c "$(stat -c %s wanted)" | cmp - <(head -c "$(stat -c %s wanted)" got)
            else cmp - got; fi || exit 1
        done
      done
    done' || fail "$(<err)"
  equal "$(sort -u err | wc -l)" 4
  equal "$(grep -c ': Input/output error$' err)" 24
}

# --- kernel files

@test "proc and sys: large, of a wrong size, one page, binary" {
  local file
  for file in /proc/kallsyms /proc/devices /proc/cpuinfo /proc/modules /proc/config.gz /sys/kernel/btf/vmlinux /sys/kernel/notes \
    /sys/class/net/lo/address /sys/class/net/lo/mtu /sys/devices/system/cpu/online /proc/sys/kernel/ostype; do
    [[ -r $file ]] || continue
    same cat "$file"
    stdin=$file same cat
    same_script "cat $file | cksum; cat $file >out; cat $file >>out; cat - $file <$file | wc -c; cat -A $file | cksum"
  done
  same_script 'cat /proc/sys/kernel/ostype >/proc/sys/kernel/ostype; echo $?; cat text >/proc/version; echo $?'
}

# --- files that others change

@test "output open for appending, of two writers: nobody's bytes are lost" {
  local i
  make_text A 20000
  tr '\000-\177' '\200-\377' <A >B
  for i in {1..10}; do
    rm -f out
    ( spcat A >>out & cat A | spcat B >>out & spcat B >>out & wait ) 3>&-
    tr -d '\200-\377' <out | cmp - A
    equal "$(stat -c %s out)" $((3 * $(stat -c %s A)))
  done
}

# meanwhile SCRIPT COMMAND...: run COMMAND, which reads `big', into `got', and SCRIPT while it waits in the middle.
meanwhile () {
  mkfifo middle
  bounded "${@:2}" >middle 3>&- &
  local reader=$!
  exec 5<middle
  helper take 100000 <&5 >got
  eval "$1"
  cat <&5 >>got
  exec 5<&-
  rm middle
  wait $reader
}

@test "an input that grows while it is read is read to its end" {
  local options
  for options in '' --no-splice -u; do
    make_bytes big 8000000
    meanwhile 'cat F text >>big' spcat $options big
    same_file got big
    make_bytes big 8000000
    meanwhile 'cat F text >>big' bash -c "exec spcat $options - <big"
    same_file got big
  done
  make_text big 400000
  meanwhile 'cat text >>big' spcat -n big
  cat -n big | cmp - got
}

@test "an input that is truncated while it is read ends there" {
  local options
  for options in '' --no-splice; do
    make_bytes big 8000000
    meanwhile 'truncate -s 5000001 big' spcat $options big
    same_file got big
    make_bytes big 8000000
    meanwhile 'truncate -s 5000001 big' bash -c "exec spcat $options - <big"
    same_file got big
    make_bytes big 8000000
    meanwhile 'truncate -s 5000001 big' spcat $options big text
    cat big text | cmp - got
  done
}
