# tee.bash - sptee's jobs: what comes in goes to several outputs.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # commands are text for a shell of their own; read by bench/run

# tee_row NAME READER COMMAND: COMMAND with each program in place of TEE.
tee_row() {
    row "$1" "$2" sptee "${3//TEE/'$SPTEE'}" tee "${3//TEE/tee}" uutils "${3//TEE/'$peers/uu-tee'}" \
        busybox "${3//TEE/'$peers/bb-tee'}" toybox "${3//TEE/'$peers/toy-tee'}" || status=1
}

input=$F prepare=
export MEBIBYTES=$size FIFOS=$work/fifos MEMORY=/dev/shm
mkdir "$FIFOS"
mkfifo "$FIFOS/"{1..7}

for kind in splice:drain read:read; do
    reader="\$LIMIT ${kind#*:}" kind=${kind%:*}
    tee_row "tee-file-$kind" "$reader" '$LIMIT cat $F | TEE $OUT | @ VERIFY'
    tee_row "tee-null-$kind" "$reader" '$LIMIT cat $F | TEE /dev/null | @'
    tee_row "tee-stdin-file-$kind" "$reader" 'TEE /dev/null <$F | @'
    tee_row "tee-stdin-zero-$kind" "$reader" '{ TEE /dev/null </dev/zero || :; } | $LIMIT first $MEBIBYTES | @'
    row "tee-classic-$kind" "$reader" \
        spcat+sptee '$SPCAT $F | $SPTEE $OUT | @ VERIFY' cat+tee 'cat $F | tee $OUT | @ VERIFY' \
        uutils '$peers/uu-cat $F | $peers/uu-tee $OUT | @ VERIFY' || status=1
    tee_row "tee-eight-pipes-$kind" "$reader" \
        'for i in 1 2 3 4 5 6 7; do @ <$FIFOS/$i & done; $LIMIT cat $F | TEE $FIFOS/{1..7} | @; wait'
done

# Both files are written anew: one on the disk after the other in memory.
tee_row tee-two-files-disk '' '$LIMIT cat $F | TEE $OUT.2 >$OUT VERIFY'
if [ -w $MEMORY ]; then
    TWO=$(mktemp -d "$MEMORY/bench.XXXXXX")
    export TWO
    trap 'rm -rf "$work" "$TWO"' EXIT
    keep=$OUT OUT=$TWO/output
    tee_row tee-two-files-tmpfs '' '$LIMIT cat $F | TEE $OUT.2 >$OUT VERIFY'
    rm -rf "$TWO"
    OUT=$keep
fi
rm -f "$OUT"*

tee_row tee-tcp '' '$LIMIT tcp-out TEE /dev/null <$F >/dev/null'

# What comes in small pieces is not held back, and costs no more.
input=$work/pieces
head -c 10000 /dev/zero >"$input"
tee_row tee-bytes '$LIMIT read' '$LIMIT drip 10000 | TEE $OUT | @ VERIFY'
seq 100000 >"$input"
tee_row tee-lines 'cat >/dev/null' 'stdbuf -oL seq 100000 | TEE $OUT | @ VERIFY'
input=$F
