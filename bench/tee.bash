# tee.bash - sptee's jobs: what comes in goes to several outputs.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # commands are text for a shell of their own; read by bench/run

# tee_row NAME READER COMMAND [LIMIT]: COMMAND with each program in place of TEE, and the bare calls where there are some.
tee_row() {
    local bare=()
    [ $# -lt 4 ] || bare=(limit "${3//TEE/$4}")
    row "$1" "$2" sptee "${3//TEE/'$SPTEE'}" tee "${3//TEE/tee}" uutils "${3//TEE/'$peers/uu-tee'}" \
        busybox "${3//TEE/'$peers/bb-tee'}" toybox "${3//TEE/'$peers/toy-tee'}" "${bare[@]}" || status=1
}

input=$F make_input=: prepare=
export MEBIBYTES=$size FIFOS=$work/fifos MEMORY=/dev/shm
mkdir "$FIFOS"
mkfifo "$FIFOS/"{1..7}
SEVEN=$(echo "$FIFOS/"{1..7})
export SEVEN

for kind in splice:drain read:read; do
    reader="\$LIMIT ${kind#*:}" kind=${kind%:*}
    tee_row "tee-file-$kind" "$reader" '$LIMIT cat $F | TEE $OUT | @ VERIFY' '$LIMIT tee'
    tee_row "tee-null-$kind" "$reader" '$LIMIT cat $F | TEE /dev/null | @' '$LIMIT tee'
    tee_row "tee-stdin-file-$kind" "$reader" 'TEE /dev/null <$F | @' '$LIMIT tee'
    tee_row "tee-stdin-zero-$kind" "$reader" '{ TEE /dev/null </dev/zero || :; } | $LIMIT first $MEBIBYTES | @' '$LIMIT tee'
    row "tee-classic-$kind" "$reader" \
        spcat+sptee '$SPCAT $F | $SPTEE $OUT | @ VERIFY' cat+tee 'cat $F | tee $OUT | @ VERIFY' \
        uutils '$peers/uu-cat $F | $peers/uu-tee $OUT | @ VERIFY' \
        busybox '$peers/bb-cat $F | $peers/bb-tee $OUT | @ VERIFY' \
        toybox '$peers/toy-cat $F | $peers/toy-tee $OUT | @ VERIFY' \
        limit '$LIMIT cat $F | $LIMIT tee $OUT | @ VERIFY' || status=1
    tee_row "tee-eight-pipes-$kind" "$reader" \
        'for i in 1 2 3 4 5 6 7; do @ <$FIFOS/$i & done; $LIMIT cat $F | TEE $SEVEN | @; wait'
done

# Both files are written anew: one on the disk after the other in memory.
tee_row tee-two-files-disk '' '$LIMIT cat $F | TEE $OUT.2 >$OUT VERIFY' '$LIMIT tee'
if [ -w $MEMORY ]; then
    TWO=$(mktemp -d "$MEMORY/bench.XXXXXX")
    keep=$OUT OUT=$TWO/output
    tee_row tee-two-files-tmpfs '' '$LIMIT cat $F | TEE $OUT.2 >$OUT VERIFY' '$LIMIT tee'
    rm -rf "$TWO"
    OUT=$keep
else
    not_timed tee-two-files-tmpfs sptee "cannot write to $MEMORY"
fi
rm -f "$OUT"*

tee_row tee-tcp '' '$LIMIT tcp-out TEE /dev/null <$F >/dev/null' '$LIMIT tee'

# What comes in small pieces is not held back, and costs no more: seconds.
input=
tee_row tee-bytes '$LIMIT read' '$LIMIT drip 2000 | TEE $OUT | @ VERIFY'
tee_row tee-lines 'cat >/dev/null' 'stdbuf -oL seq 100000 | TEE $OUT | @ VERIFY'
