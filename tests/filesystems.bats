# filesystems.bats - does it work on every file system, also where one is full,
# read-only, under quota, lies or breaks?
#
# SPDX-License-Identifier: MIT
#
# Each test makes a file system and mounts it in a namespace of its own, with
# which it goes away.  That needs root; what else is missing, a skip names.

load lib/common

# Each copies standard input to standard output.
copiers=(spcat 'spcat --no-splice' sptee 'spcopy bs=64k status=none' 'spcopy bs=1M status=none' 'spcopy status=none')

setup () {
  common_setup
  need_root
  need unshare
  PATH=$PATH:/usr/sbin:/sbin
  mkdir mnt
  make_bytes F 1500001
}

# --- how a file system comes to be

# image_of KIND: a file system in the file `image', not mounted.
image_of () {
  local size=64M
  local -a options=()
  case $1 in
    ext4-1k) options=(-b 1024) ;;
    btrfs) size=256M ;;
    xfs) size=320M ;;
  esac
  need "mkfs.${1%-*}"
  truncate -s $size image
  "mkfs.${1%-*}" -q "${options[@]}" image >mkfs.log 2>&1 || skip "mkfs.${1%-*}: $(tail -n 1 mkfs.log)"
}

# mount_it KIND: mount it on mnt, within the namespace.
mount_it () {
  case $1 in
    tmpfs) mount -t tmpfs -o size=64M none mnt ;;
    overlay)
      mount -t tmpfs -o size=64M none mnt
      mkdir mnt/lower mnt/upper mnt/work
      cp F mnt/lower/F
      mount -t overlay -o lowerdir=mnt/lower,upperdir=mnt/upper,workdir=mnt/work none mnt
      ;;
    *) mount -o loop image mnt ;;
  esac || exit 77
}

# file_system KIND FUNCTION: run FUNCTION where mnt is a new file system.
file_system () {
  local status=0
  case $1 in
    tmpfs | overlay) ;;
    *) image_of "$1" ;;
  esac
  {
    declare -f bounded equal fail fails_with all_fail_with got_is make_bytes matrix mount_it same_file shares "$2"
    declare -p copiers limit
    echo 'set -eEo pipefail'
    echo "mount_it $1"
    echo "$2 $1"
  } >script
  unshare -m bash script >script.log 2>&1 3>&- || status=$?
  [[ $status -ne 77 ]] || skip "$1 cannot be mounted: $(tail -n 1 script.log)"
  [[ $status -eq 0 ]] || fail "on $1: $(tail -n 20 script.log | cat -v | cut -c 1-200)"
}

# --- program x {file, pipe} x {file, pipe, append}

got_is () { cmp "$1" "$2" || fail "$copier: $3"; }

# In mnt, and between it and here.
matrix () {
  local copier begin
  cat F F >twice
  cp F mnt/F
  for copier in "${copiers[@]}"; do
    $copier <mnt/F >mnt/new
    got_is mnt/new F 'file to new file'
    cp twice mnt/old
    $copier <mnt/F >mnt/old
    got_is mnt/old F 'file to truncated file'
    cp twice mnt/old
    exec 7<>mnt/old
    $copier <mnt/F >&7
    exec 7>&-
    got_is mnt/old twice 'file over the beginning of a file'
    $copier <mnt/F | cat >got
    got_is got F 'file to pipe'
    cat F | $copier >mnt/new
    got_is mnt/new F 'pipe to file'
    $copier <mnt/F >>mnt/new
    got_is mnt/new twice 'file appended'
    cp F mnt/new
    cat F | $copier >>mnt/new
    got_is mnt/new twice 'pipe appended'
    { $copier <mnt/F; cat F | $copier; } >mnt/new
    got_is mnt/new twice 'one output after the other'
    for begin in 1 4096 70001; do
      { head -c $begin F; { head -c $begin >begin; $copier; } <mnt/F; } >mnt/new
      got_is mnt/new F "from $begin on"
    done
    $copier <mnt/F >got
    got_is got F 'to another file system'
    $copier <F >mnt/new
    got_is mnt/new F 'from another file system'
    $copier <mnt/sparse >mnt/new
    got_is mnt/new mnt/sparse 'a sparse file'
  done
  spcat mnt/F - F <mnt/F >mnt/new
  cat F F F | cmp - mnt/new
  spcat -n mnt/F >mnt/new
  cat -n F | cmp - mnt/new
  sptee mnt/a mnt/b got <mnt/F >mnt/c
  for copy in mnt/[abc] got; do got_is $copy F 'sptee to several'; done
  cat F | sptee -a mnt/a mnt/b >mnt/c
  got_is mnt/a twice 'sptee -a'
  got_is mnt/b twice 'sptee -a'
  got_is mnt/c F 'sptee'
  for size in 512 4k 1000 64k 1M; do
    spcopy if=mnt/F of=mnt/new bs=$size status=none
    got_is mnt/new F "spcopy bs=$size"
    dd if=mnt/F of=theirs bs=$size count=3 skip=1 seek=2 conv=notrunc status=none
    spcopy if=mnt/F of=mnt/part bs=$size count=3 skip=1 seek=2 conv=notrunc status=none
    cmp -n "$(stat -c %s mnt/part)" mnt/part theirs
    rm mnt/part theirs
  done
}

# The same, and all of it still there when it has been mounted again.
matrix_and_again () {
  truncate -s 3000000 mnt/sparse
  printf data | dd of=mnt/sparse bs=1 seek=1500000 conv=notrunc status=none
  matrix
  if [[ -e image ]]; then
    umount mnt
    mount -o loop image mnt
    cmp mnt/F F
    cmp mnt/c F
    cmp mnt/a twice
    cmp mnt/new F
  fi
}

@test "ext4" { file_system ext4 matrix_and_again; }
@test "ext4 with blocks smaller than pages" { file_system ext4-1k matrix_and_again; }
@test "XFS" { file_system xfs matrix_and_again; }
@test "btrfs" { file_system btrfs matrix_and_again; }
@test "tmpfs" { file_system tmpfs matrix_and_again; }
@test "overlayfs" { file_system overlay matrix_and_again; }

# --- reflinks

# shares SHARED COMMAND: COMMAND makes mnt/new from mnt/F, of which SHARED bytes are one on the disk.
shares () {
  rm -f mnt/new
  eval "$2"
  cmp mnt/new mnt/F || fail "$2"
  equal "$(helper shared mnt/new)" "$1" "$2: bytes shared"
}

reflinks () {
  local command whole=$(((1500001 + 4095) / 4096 * 4096))
  cp --reflink=never F mnt/F
  equal "$(helper shared mnt/F)" 0 'before'
  shares 0 'cat <mnt/F | spcat >mnt/new'
  shares 0 'spcat --no-splice mnt/F >mnt/new'
  shares 0 'spcat mnt/F >>mnt/new'
  for command in 'spcat mnt/F >mnt/new' 'spcat <mnt/F >mnt/new' 'sptee <mnt/F >mnt/new' \
    'spcopy if=mnt/F of=mnt/new bs=64k status=none' 'spcopy bs=1M status=none <mnt/F >mnt/new' \
    'spcopy if=mnt/F bs=1G status=none >mnt/new'; do
    shares $whole "$command"
  done
  # the second half of a file, over a part of another
  head -c 1 F >mnt/new
  spcopy if=mnt/F of=mnt/new bs=4k skip=100 seek=200 conv=notrunc status=none
  cmp -i 819200:409600 mnt/new mnt/F
}

@test "XFS shares the extents of what is copied" { file_system xfs reflinks; }
@test "btrfs shares the extents of what is copied" { file_system btrfs reflinks; }

# --- full, under quota, read-only

# fails_with MESSAGE COMMAND: COMMAND, which makes mnt/new of big, says MESSAGE, and what is there is a beginning.
fails_with () {
  local status=0
  rm -f mnt/new
  eval "$2" 2>err || status=$?
  equal $status 1 "$2: status"
  [[ $(<err) == *"$1" && $(wc -l <err) -eq 1 ]] || fail "$2: $(<err)"
  cmp -n "$(stat -c %s mnt/new)" mnt/new big || fail "$2: not its beginning"
  [[ $(stat -c %s mnt/new) -lt $(stat -c %s big) ]] || fail "$2: everything fits"
}

all_fail_with () {
  local command
  for command in 'spcat big >mnt/new' 'spcat <big >mnt/new' 'cat big | spcat >mnt/new' 'spcat big >>mnt/new' \
    'spcat --no-splice big >mnt/new' 'spcat -u big big >mnt/new' 'sptee <big >mnt/new' 'sptee mnt/new <big >/dev/null' \
    'cat big | sptee mnt/new >/dev/null' 'spcopy if=big of=mnt/new bs=64k status=none' 'spcopy if=big of=mnt/new status=none' \
    'cat big | spcopy of=mnt/new bs=64k status=none' 'spcopy bs=1M status=none <big >>mnt/new'; do
    fails_with "$1" "$command"
  done
  # Who can go on does: the other sink has everything.
  rm -f mnt/new
  ! sptee mnt/new <big >other 2>err || fail 'sptee: status'
  equal "$(<err)" "sptee: mnt/new: $1"
  cmp other big
  cmp -n "$(stat -c %s mnt/new)" mnt/new big
}

full () {
  local command
  make_bytes big 20000000
  cp big mnt/source
  sync mnt/source
  fallocate -l $(($(stat -f -c '%a * %S' mnt) - 6000000)) mnt/filler
  all_fail_with 'No space left on device'
  # Where nothing can be shared, copy_file_range meets the same end.
  [[ $1 == ext4 || $1 == tmpfs ]] || return 0
  for command in 'spcat mnt/source >mnt/new' 'sptee <mnt/source >mnt/new' 'spcopy if=mnt/source of=mnt/new bs=1M status=none'; do
    fails_with 'No space left on device' "$command"
  done
}

@test "a full ext4" { file_system ext4 full; }
@test "a full XFS" { file_system xfs full; }
@test "a full btrfs" { file_system btrfs full; }
@test "a full tmpfs" { file_system tmpfs full; }

quota () {
  make_bytes big 40000000
  btrfs quota enable mnt && btrfs subvolume create mnt/limited && btrfs qgroup limit 8M mnt/limited || exit 77
  umount mnt && mount -o loop,subvol=limited image mnt
  all_fail_with 'Disk quota exceeded'
}

@test "a btrfs under quota" {
  need btrfs
  file_system btrfs quota
}

read_only () {
  local command
  cp F mnt/F
  mount -o remount,ro mnt
  for command in 'spcat mnt/F' 'spcat <mnt/F' 'sptee <mnt/F' 'spcopy if=mnt/F bs=64k status=none' 'spcat - <mnt/F | cat'; do
    eval "$command" >new
    cmp new F || fail "$command"
  done
  ! sptee mnt/new other <F 2>err >new || fail 'sptee: status'
  equal "$(<err)" 'sptee: mnt/new: Read-only file system'
  cmp new F
  cmp other F
  ! spcopy if=F of=mnt/new 2>err || fail 'spcopy: status'
  equal "$(<err)" "spcopy: failed to open 'mnt/new': Read-only file system"
}

@test "a read-only ext4" { file_system ext4 read_only; }

# --- FUSE: what the kernel asks a server that lies, or breaks

# with_fuse SCRIPT: in a directory where mnt/CLAIM-SIZE... has SIZE bytes and says it has CLAIM.
with_fuse () {
  local status=0 limit=$((10 * limit)) # hundreds of programs
  bounded helper fuse mnt bash -c "$1" >fuse.log 2>&1 || status=$?
  [[ $status -ne 77 ]] || skip "$(<fuse.log)"
  [[ $status -eq 0 ]] || fail "$status: $(tail -n 20 fuse.log | cat -v)"
}

@test "FUSE: sizes that are lies, of cached files and of those that the server is asked for each time" {
  make_bytes F 300000
  with_fuse '
    for name in mnt/{300000,100,0,65537,900000}-300000{,-direct,-stream}; do
      cat $name >wanted
      [[ $name == *000 ]] || cmp wanted F || exit 1
      for command in "spcat $name" "spcat <$name" "sptee <$name" "sptee copy <$name" "spcopy if=$name status=none" \
        "spcopy if=$name bs=64k status=none" "spcopy bs=1M status=none <$name" "cat $name | spcopy bs=4k status=none"; do
        eval "$command" >got && cmp got wanted && eval "$command" | cmp - wanted && : >log && eval "$command" >>log && cmp log wanted || {
          echo "$command"
          exit 1
        }
        [[ $command != *copy\ * ]] || cmp copy wanted || exit 1
      done
    done'
}

@test "FUSE: a file that breaks off in the middle is named, and what was before it is there" {
  with_fuse '
    for size in 0 4096 70000 262144 300000; do
      name=mnt/400000-$size-broken
      for program in "cat $name" "cat - <$name" "tee <$name" "tee copy <$name" "dd if=$name bs=64k status=none" "dd if=$name status=none"; do
        eval "$program" 2>/dev/null >wanted
        ours=sp${program/#dd/copy}
        for command in "$ours >got" "$ours | cat >got; exit \${PIPESTATUS[0]}"; do
          (eval "$command") 2>err
          status=$?
          [[ $status -eq 1 && $(<err) == *"Input/output error" && $(<err) != *"write error"* && $(<err) != *writing* ]] &&
            cmp got wanted || { echo "$command: $status, $(<err)"; exit 1; }
        done
      done
    done'
}
