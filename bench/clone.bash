# clone.bash - a file to a file where the file system can share its blocks: an
# instant, so in seconds.  Rows of bench/run, which loads this.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # commands are text for a shell of their own; read by bench/run

# mounted KIND: a new file system with the input in it, at $work/mount-KIND; what is missing is said.
mounted() {
    local image=$work/$1.image folder=$work/mount-$1
    [ "$(id -u)" -eq 0 ] || { echo 'a loop device needs root'; return 1; }
    command -v "mkfs.$1" >/dev/null || { echo "mkfs.$1 is missing"; return 1; }
    mkdir "$folder"
    truncate -s $((size * 3 + 512))M "$image"
    { "mkfs.$1" -q "$image" && mount -o loop "$image" "$folder" && cp "$F" "$folder/input" && sync -f "$folder/input"; } 2>&1
}

outside=$F outside_output=$OUT
input= make_input=: prepare=
for kind in btrfs xfs; do
    wanted "cat-clone-$kind" || wanted "dd-clone-$kind" || continue
    if why=$(PATH=$PATH:/usr/sbin:/sbin mounted $kind); then
        F=$work/mount-$kind/input OUT=$work/mount-$kind/output
        row cat-clone-$kind '' spcat '$SPCAT $F >$OUT' cat 'cat $F >$OUT' uutils '$peers/uu-cat $F >$OUT' \
            limit '$LIMIT range $F >$OUT' || status=1
        row dd-clone-$kind '' spcopy '$SPCOPY if=$F of=$OUT bs=1M status=none' dd 'dd if=$F of=$OUT bs=1M status=none' \
            uutils '$peers/uu-dd if=$F of=$OUT bs=1M status=none' limit '$LIMIT range $F >$OUT' || status=1
        F=$outside OUT=$outside_output
    else
        not_timed cat-clone-$kind spcat "$why"
        not_timed dd-clone-$kind spcopy "$why"
    fi
    umount "$work/mount-$kind" 2>/dev/null
    rm -rf "$work/$kind.image" "$work/mount-$kind"
done
