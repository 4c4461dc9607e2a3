# neighbours.bats - do the pipelines that people write work, with the programs
# that they write them with?
#
# SPDX-License-Identifier: MIT
#
# A program that is missing is a skip.  Servers listen on a port that the kernel
# chose, or are started for one connection, as under inetd.

load lib/common
load lib/differential

# Each copies standard input to standard output.
copiers=(spcat sptee 'spcopy bs=64k status=none' 'spcopy status=none')

populate () {
  make_bytes F 3000001
  make_text text 3000
}

setup () {
  common_setup
  populate
}

# The file `got' is F, or the test that ran "$@" fails.
got_all () { same_file got F || fail "with $*"; }

# --- sockets

# listening PID: wait until PID, or what it started, listens on TCP; the port is $port.
listening () {
  local start=$SECONDS link
  local -a processes
  local -i i
  while [[ -e /proc/$1 && $((SECONDS - start)) -lt $limit ]]; do
    processes=("$1")
    for ((i = 0; i < ${#processes[@]}; i++)); do
      processes+=($(cat "/proc/${processes[i]}/task/${processes[i]}/children" 2>/dev/null))
      for link in /proc/"${processes[i]}"/fd/*; do
        link=$(readlink "$link") && [[ $link == socket:* ]] || continue
        port=$(awk -v inode="${link//[^0-9]/}" '$4 == "0A" && $10 == inode { sub (/.*:/, "", $2); print $2 }' /proc/net/tcp)
        [[ -z $port ]] || { port=$((16#$port)); return; }
      done
    done
  done
  fail "nobody listens"
}

# receiver COMMAND...: COMMAND listens and writes what it gets; a copier makes `got' of it.
receiver () {
  { bounded "$@" 127.0.0.1 0 | bounded $copier >got; } 3>&- &
  listening $!
}

# sender COMMAND...: COMMAND listens and sends F, which comes from a copier.
sender () {
  { bounded $copier <F | bounded "$@" 127.0.0.1 0; } 3>&- &
  listening $!
}

@test "nc, as netcat-openbsd has it, sends and receives" {
  [[ $(nc -h 2>&1) == *OpenBSD* ]] || skip "needs netcat-openbsd"
  local copier
  for copier in "${copiers[@]}"; do
    receiver nc -l -d
    bounded $copier <F | bounded nc -N 127.0.0.1 "$port"
    wait $!
    got_all "$copier"
    sender nc -l -N
    bounded nc -d 127.0.0.1 "$port" | bounded $copier >got
    wait $!
    got_all "$copier"
  done
}

@test "ncat sends and receives, and serves a command" {
  need ncat
  local copier
  for copier in "${copiers[@]}"; do
    receiver ncat -l --recv-only
    bounded $copier <F | bounded ncat --send-only 127.0.0.1 "$port"
    wait $!
    got_all "$copier"
    bounded ncat -l 127.0.0.1 0 --sh-exec "exec $copier <F" </dev/null 3>&- &
    listening $!
    bounded ncat --recv-only 127.0.0.1 "$port" | bounded $copier >got
    wait $!
    got_all "$copier"
  done
}

@test "socat gives a command a socket or a pipe, and TCP" {
  need socat
  local copier options
  for copier in "${copiers[@]}"; do
    for options in '' ,pipes; do
      bounded socat -u SYSTEM:"exec $copier <F$options" STDOUT >got
      got_all "$copier"
      bounded socat -u STDIN SYSTEM:"$copier >got.part; mv got.part got$options" <F
      wait_for_all "$copier"
      rm got
    done
    { bounded socat TCP-LISTEN:0,bind=127.0.0.1 SYSTEM:"exec $copier"; } 3>&- &
    listening $!
    bounded $copier <F | bounded socat -t "$limit" STDIO "TCP:127.0.0.1:$port" | bounded $copier >got
    wait $!
    got_all "$copier"
  done
}

# socat does not wait for the command that it sends to.
wait_for_all () {
  local start=$SECONDS
  until [[ -e got ]]; do [[ $((SECONDS - start)) -lt $limit ]] || fail "no output of $*"; done
  got_all "$@"
}

# serve COMMAND...: COMMAND has the first connection to $port as input and output.
serve () {
  [[ -p number ]] || mkfifo number
  bounded helper serve number "$@" 3>&- &
  read -r -t "$limit" port <number
}

@test "bash's /dev/tcp" {
  local copier line got
  for copier in "${copiers[@]}"; do
    serve sh -c "exec $copier >got"
    bounded $copier <F >"/dev/tcp/127.0.0.1/$port"
    wait $!
    got_all "$copier"
    serve sh -c "exec $copier <F"
    bounded $copier <"/dev/tcp/127.0.0.1/$port" >got
    wait $!
    got_all "$copier"
    [[ $copier != 'spcopy status=none' ]] || continue # gathers a block of 512
    serve $copier
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    for line in one 'two words' ''; do
      echo "$line" >&5
      read -r -t "$limit" -u 5 got
      equal "$got" "$line" "$copier"
    done
    exec 5>&-
  done
}

# --- ssh, which leaves its descriptors non-blocking, and so does sshd

# ssh_to_here: keys and files for a server that ssh starts for each connection with `remote'.
ssh_to_here () {
  need ssh
  sshd=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) || skip "needs sshd"
  local name
  for name in host user; do ssh-keygen -q -t ed25519 -N '' -f "$PWD/$name.key"; done
  cat >sshd_config <<end
HostKey $PWD/host.key
AuthorizedKeysFile $PWD/user.key.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
LogLevel ERROR
end
  echo "here $(<host.key.pub)" >known_hosts
  cat >ssh_config <<end
IdentityFile $PWD/user.key
IdentitiesOnly yes
UserKnownHostsFile $PWD/known_hosts
GlobalKnownHostsFile none
HostKeyAlias here
BatchMode yes
LogLevel ERROR
end
  # The daemon wants a directory that only its service makes.
  daemon=("$sshd" -i -f "$PWD/sshd_config" -E "$PWD/sshd.log")
  if is_root && [[ ! -d /run/sshd ]]; then
    unshare -m true 2>/dev/null || skip "needs /run/sshd"
    daemon=(unshare -m sh -c 'mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"' sh "${daemon[@]}")
  fi
  remote true || skip "no sshd on loopback here: $(cat sshd.log)"
}

# remote COMMAND: run it on the other side of a connection.  Standard input is passed on.
remote () {
  local port status=0
  serve "${daemon[@]}"
  bounded ssh -F ssh_config -p "$port" 127.0.0.1 "$1" 3>&- || status=$?
  wait $! || : # the daemon's status tells nothing
  return $status
}

@test "ssh to an sshd on loopback: pulled, pushed, and through both sides" {
  ssh_to_here
  local copier far
  for copier in "${copiers[@]}"; do
    far="PATH=$BATS_TEST_TMPDIR/programs:\$PATH; cd '$PWD'; $copier"
    remote "$far <F" </dev/null | bounded $copier >got
    got_all "$copier"
    bounded $copier <F | remote "$far >got"
    got_all "$copier"
    bounded $copier <F | remote "$far | $copier" | bounded $copier >got
    got_all "$copier"
    # one output of both, which ssh leaves non-blocking for who comes after
    { remote "$far <text" </dev/null; bounded $copier <F; remote "$far <text" </dev/null; bounded $copier <F; } |
      bounded cat >got
    cat text F text F | cmp - got
  done
}

@test "tar over ssh, and a disk image" {
  ssh_to_here
  mkdir tree
  cp F text tree
  bounded tar -cf - tree | sptee copy.tar | remote "cd '$PWD'; mkdir far; $SPCOPY status=none of=far.tar bs=10k; tar -xf far.tar -C far"
  diff -r tree far/tree
  cmp copy.tar far.tar
  spcopy if=copy.tar bs=1M status=none | gzip -1 | remote "cd '$PWD'; gzip -d | $SPCOPY bs=1M of=image status=none"
  cmp copy.tar image
}

# --- compressors, archives, checksums

@test "gzip and zstd, at both ends" {
  local copier program tested=
  for program in gzip zstd; do
    command -v $program >/dev/null || continue
    tested+=$program
    for copier in "${copiers[@]}"; do
      bounded $copier <F | bounded $program -1 -c | bounded $copier | bounded $program -dc | bounded $copier >got
      got_all "$copier, $program"
      bounded $copier <text | $program -c >>text.both
      bounded $copier <text.both | $program -dc | cmp - <(cat text)
      rm text.both
    done
    bounded sptee got <F | $program -c >F.packed
    got_all sptee
    bounded spcopy if=F.packed bs=1M status=none | $program -d | cmp - F
    bounded spcat F.packed F.packed | $program -dc | cmp - <(cat F F)
  done
  [[ $tested == gzipzstd ]] || skip "needs gzip and zstd, has $tested"
}

@test "tar: archives written to and read from pipes" {
  need tar
  local copier
  mkdir tree out
  cp F text tree
  ln -s F tree/link
  truncate -s 2000000 tree/sparse
  for copier in "${copiers[@]}"; do
    bounded tar -cf - tree | bounded $copier | bounded tar -xf - -C out
    diff -r tree out/tree
    rm -r out/tree
    bounded tar -cSf - tree | bounded $copier >tree.tar
    bounded $copier <tree.tar | bounded tar -xf - -C out
    diff -r tree out/tree
    bounded $copier <tree.tar | bounded tar -tf - >list
    rm -r out/tree
    # the writer of an archive that nobody reads to its end
    bounded tar -xOf tree.tar tree/F | bounded $copier | head -c 100000 | cmp - <(head -c 100000 F)
  done
  # as tapes are written
  tar -cf - tree | spcopy obs=10k status=none of=tape
  tar -xOf tape tree/F | cmp - F
  spcopy if=tape ibs=20b status=none | tar -xOf - tree/F | cmp - F
  tar -cf - tree | sptee tape1 tape2 | tar -df -
  same_file tape1 tape2
}

@test "pv, which splices too" {
  need pv
  local copier
  for copier in "${copiers[@]}"; do
    bounded pv -q F | bounded $copier | bounded pv -q | bounded $copier >got
    got_all "$copier"
    # a slow one, and one with little room
    bounded $copier <F | bounded pv -q -L 20m | bounded pv -q -B 4096 | bounded $copier >got
    got_all "$copier"
    bounded pv -q -n F 2>/dev/null | bounded $copier | bounded pv -q -s 3000001 >got
    got_all "$copier"
  done
}

@test "checksums of what is copied, and process substitution" {
  local copier
  sha256sum <F >wanted
  for copier in "${copiers[@]}"; do
    bounded $copier <F | sha256sum | cmp - wanted
    bounded $copier < <(bounded $copier <F) > >(bounded $copier >got; sha256sum <got >got.sum)
    wait $!
    got_all "$copier"
    same_file got.sum wanted
  done
  # Whoever waits for the pipe waits for all of them, since they hold it.
  (bounded sptee >(sha256sum >one) >(bounded sptee copy | sha256sum >two) >(gzip -1 >F.gz) <F | sha256sum >three) | cat
  same_file one wanted && same_file two wanted && same_file three wanted && same_file copy F
  gzip -dc F.gz | cmp - F
  (bounded spcopy if=<(spcat F) of=>(sha256sum >one) bs=64k status=none) | cat
  same_file one wanted
  bounded spcat <(spcat text) <(sptee copy <F) <(spcopy if=text status=none) >got
  cat text F text | cmp - got
  # a substituted reader that does not want everything
  (bounded sptee -p >(head -n 1 >first) >copy <F) | cat
  same_file copy F
  same_file first <(head -n 1 F)
}

@test "what is usual in scripts: here-documents, command substitution, loops, xargs, find" {
  populate () { make_text text 3000; make_text small 3; mkdir d; split -l 100 text d/part.; }
  same_script 'cat <<end
$HOME
end
cat <<<"one line"; printf x | cat <<end - small
y
end'
  same_script 'x=$(cat small); echo "$x"; y=`cat <small | tee copy`; echo "$y"; z=$(dd if=small bs=1 count=3 status=none); echo $z'
  same_script 'while read -r line; do echo "$line"; cat | wc -l; done <text'
  same_script 'while read -r line; do echo "$line" | cat; echo "$line" | tee -a log; done <small'
  same_script '{ read -r line; echo "$line"; cat; } <small; { dd bs=7 count=1 2>/dev/null; cat; } <text'
  same_script 'find d -type f | sort | xargs -n 3 cat; find d -name "part.a?" -exec cat {} + | wc'
  same_script 'ls d | xargs -I{} sh -c "cat d/{} | tee -a all | wc -l"; cat all | sort | cksum'
  same_script 'ls d/* | xargs -P 4 -n 1 cat >>log; sort log | cksum; rm log'
  same_script 'cat text | head -n 1; cat text | tail -n 1; tee copy <text | grep -c 7; cat d/* | sort -u | wc -l'
  same_script 'echo 1 | tee F | tee -a G; cat F G; yes | head -n 1000 | tee F | wc'
  same_script '(cat text > >(tee copy | wc -l)) | cat; diff copy text && echo same'
  same_script '(cat text; cat nosuch; echo $?) 2>&1 | tee log | tail -n 2'
  same_script 'set -o pipefail; cat text | false; echo $?; cat nosuch | cat; echo $?'
  same_script 'coproc cat; echo line >&"${COPROC[1]}"; read -r x <&"${COPROC[0]}"; echo "$x"'
  same_script 'sh -c "cat small >out 2>&1 </dev/null & wait"; sort text | cat - small | uniq -c | wc -l'
}

# --- who has no terminal, and not even descriptors

@test "no terminal, and standard descriptors that are closed, as under cron or a bad daemon" {
  need setsid
  populate () { make_bytes large 300000; make_text F 3; }
  local command closed
  for closed in '' '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    for command in 'cat F' 'cat F - large' 'cat' 'cat -n F large' 'cat nosuch' 'tee out two' 'tee' 'tee -a out nosuch/x' \
      'dd if=large of=out bs=64k status=none' 'dd if=F of=out status=none' 'dd of=out status=none' 'dd if=large status=none' 'dd if=nosuch'; do
      same_script "setsid -w $command ${closed:-<large} ; echo \$? >status; cksum *"
    done
  done
}

# --- who leaves flags behind

@test "make, which sets O_APPEND on its output" {
  need make
  unset MAKEFLAGS MAKELEVEL MFLAGS
  local i
  cat >Makefile <<'end'
all: cat tee dd big
cat: ; @$(SPCAT) text text
tee: ; @$(SPTEE) copy <text
dd: ; @$(SPCOPY) if=text bs=64k status=none
big: ; @$(SPCAT) F; $(SPTEE) copy2 <F; $(SPCOPY) if=F bs=1M status=none; $(SPCAT) F | $(SPCAT)
end
  cat text text text text F F F F >wanted
  make >log
  same_file log wanted
  make | cat >log
  same_file log wanted
  echo begin >log
  make >>log
  cmp log <(echo begin; cat wanted)
  # Where several run at a time no byte is lost, and -O keeps each one's together.
  for i in {1..5}; do
    make -j4 >log
    equal "$(stat -c %s log)" "$(stat -c %s wanted)" 'make -j4: bytes'
    make -j4 -O cat tee dd | sort | cmp - <(cat text text text text | sort)
  done
  # Who runs before and after make has the same description.
  { spcat text; make cat; spcat F; make dd; spcopy if=F bs=64k status=none; } >log
  cat text text text F text F | cmp - log
}

@test "node, which sets O_NONBLOCK, and whose pipes are sockets" {
  need node
  cat >run.js <<'end'
const { spawn, spawnSync } = require('child_process')
const { createHash } = require('crypto')
const fs = require('fs')
const data = fs.readFileSync('F')
const [command, ...rest] = process.argv.slice(2)
// Its own descriptors become non-blocking; then a child inherits them.
process.stdout.write('')
process.stdin.on('error', () => {})
const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
const got = []
child.stdout.on('data', piece => got.push(piece))
child.on('close', status => {
  const same = Buffer.concat(got).equals(data)
  if (status || !same) { console.error('status', status, 'same', same); process.exit(1) }
  const inherited = spawnSync(command, rest, { stdio: [fs.openSync('F', 'r'), 'inherit', 'inherit'] })
  process.exit(inherited.status)
})
child.stdin.end(data)
end
  local copier
  for copier in "${copiers[@]}"; do
    bounded node run.js $copier </dev/null | cat >got
    got_all "$copier"
    bounded node run.js $copier </dev/null >got
    got_all "$copier"
  done
  bounded node -e 'require("fs").createReadStream("F").pipe(process.stdout)' | bounded sptee copy | bounded spcat |
    bounded node -e 'process.stdin.pipe(require("fs").createWriteStream("got"))'
  got_all "a stream of node's"
  same_file copy F
}
