# jobs.bash - the jobs that people have, and what each must reach: rows of
# bench/run, which loads this.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # commands are text for a shell of their own; bench/run's variables

row cat-splice '$LIMIT drain' \
    spcat '$SPCAT $F | @' cat 'cat $F | @' uutils '$peers/uu-cat $F | @' limit '$LIMIT cat $F | @' || status=1
row cat-read '$LIMIT read' \
    spcat '$SPCAT $F | @' cat 'cat $F | @' uutils '$peers/uu-cat $F | @' limit '$LIMIT cat $F | @' || status=1
row cat-cat-splice '$LIMIT drain' \
    spcat '$SPCAT $F | $SPCAT | @' cat 'cat $F | cat | @' uutils '$peers/uu-cat $F | $peers/uu-cat | @' \
    limit '$LIMIT cat $F | $LIMIT cat | @' || status=1
row cat-one-cpu '$LIMIT drain' \
    spcat 'taskset -c 0 $SPCAT $F | taskset -c 0 @' cat 'taskset -c 0 cat $F | taskset -c 0 @' \
    limit 'taskset -c 0 $LIMIT cat $F | taskset -c 0 @' || status=1
row cat-cat-one-cpu '$LIMIT drain' \
    spcat 'taskset -c 0 $SPCAT $F | taskset -c 0 $SPCAT | taskset -c 0 @' \
    cat 'taskset -c 0 cat $F | taskset -c 0 cat | taskset -c 0 @' \
    limit 'taskset -c 0 $LIMIT cat $F | taskset -c 0 $LIMIT cat | taskset -c 0 @' || status=1
row cat-busy '$LIMIT drain' \
    spcat '$LIMIT busy sh -c "$SPCAT $F | @"' cat '$LIMIT busy sh -c "cat $F | @"' \
    limit '$LIMIT busy sh -c "$LIMIT cat $F | @"' || status=1
row cat-cat-busy '$LIMIT drain' \
    spcat '$LIMIT busy sh -c "$SPCAT $F | $SPCAT | @"' cat '$LIMIT busy sh -c "cat $F | cat | @"' \
    limit '$LIMIT busy sh -c "$LIMIT cat $F | $LIMIT cat | @"' || status=1
row cat-slow-reader '$LIMIT slow' \
    spcat '$SPCAT $F | @' cat 'cat $F | @' limit '$LIMIT cat $F | @' || status=1
row cat-null '' \
    spcat '$SPCAT $F >/dev/null' cat 'cat $F >/dev/null' uutils '$peers/uu-cat $F >/dev/null' \
    limit '$LIMIT cat $F >/dev/null' || status=1
row cat-file '' \
    spcat '$SPCAT $F >$OUT' cat 'cat $F >$OUT' uutils '$peers/uu-cat $F >$OUT' limit '$LIMIT range $F >$OUT' || status=1
row cat-pipe-file '' \
    spcat '$LIMIT cat $F | $SPCAT >$OUT' cat '$LIMIT cat $F | cat >$OUT' uutils '$LIMIT cat $F | $peers/uu-cat >$OUT' \
    limit '$LIMIT cat $F | $LIMIT cat >$OUT' || status=1
row cat-tcp '' \
    spcat '$LIMIT tcp-out $SPCAT $F >/dev/null' cat '$LIMIT tcp-out cat $F >/dev/null' \
    uutils '$LIMIT tcp-out $peers/uu-cat $F >/dev/null' limit '$LIMIT tcp-out $LIMIT cat $F >/dev/null' || status=1
row tcp-cat '' \
    spcat '$LIMIT tcp-in $F $SPCAT >$OUT' cat '$LIMIT tcp-in $F cat >$OUT' \
    uutils '$LIMIT tcp-in $F $peers/uu-cat >$OUT' limit '$LIMIT tcp-in $F $LIMIT cat >$OUT' || status=1
row cat-no-splice '$LIMIT read' \
    spcat '$LIMIT refuse $SPCAT $F | @' cat 'cat $F | @' || status=1
row cat-no-splice-file '' \
    spcat '$LIMIT refuse $SPCAT $F >$OUT' cat '$LIMIT refuse cat $F >$OUT' || status=1
# dd_row NAME READER BEFORE OPERANDS AFTER [LIMIT]: spcopy and dd with the same OPERANDS, BEFORE and AFTER them what feeds
# and what drains them, and the bare calls for the same work.
dd_row() {
    local bare=()
    [ $# -lt 6 ] || bare=(limit "$6")
    row "$1" "$2" spcopy "$3\$SPCOPY $4 status=none$5" dd "$3dd $4 status=none$5" \
        uutils "$3\$peers/uu-dd $4 status=none$5" "${bare[@]}" || status=1
}

dd_row dd-null '' '' 'if=$F' ' >/dev/null' '$LIMIT cat $F >/dev/null'
dd_row dd-1M-null '' '' 'if=$F bs=1M' ' >/dev/null' '$LIMIT cat $F >/dev/null'
dd_row dd-file '' '' 'if=$F of=$OUT' '' '$LIMIT range $F >$OUT'
dd_row dd-1M-file '' '' 'if=$F of=$OUT bs=1M' '' '$LIMIT range $F >$OUT'
for size_of_block in 64K 1M; do
    export size_of_block
    dd_row "dd-$size_of_block-splice" '$LIMIT drain' '' 'if=$F bs=$size_of_block' ' | @' '$LIMIT cat $F | @'
    dd_row "dd-$size_of_block-read" '$LIMIT read' '' 'if=$F bs=$size_of_block' ' | @' '$LIMIT cat $F | @'
    for full in '' ' iflag=fullblock'; do
        export full
        dd_row "pipe-dd-$size_of_block${full:+-full}-file" '' '$LIMIT cat $F | ' 'bs=$size_of_block$full of=$OUT' '' \
            '$LIMIT cat $F | $LIMIT cat >$OUT'
        dd_row "pipe-dd-$size_of_block${full:+-full}-pipe" '$LIMIT drain' '$LIMIT cat $F | ' 'bs=$size_of_block$full' ' | @' \
            '$LIMIT cat $F | $LIMIT cat | @'
    done
done
for conversion in ucase swab ebcdic 'block cbs=80'; do
    export conversion
    dd_row "dd-1M-${conversion% *}" '' '' 'if=$F bs=1M conv=$conversion' ' >/dev/null'
done
# As many blocks as a disk can sync in reasonable time.
for size_of_block in 4k 64k 1M; do
    export size_of_block
    input=$work/blocks
    head -c $((512 * $(numfmt --from=iec "${size_of_block^^}") < size * 1048576 ? 512 * $(numfmt --from=iec "${size_of_block^^}") : size * 1048576)) "$F" >"$input"
    export input
    dd_row "dd-direct-$size_of_block" '' '' 'if=$input iflag=direct bs=$size_of_block' ' >/dev/null'
    dd_row "dd-direct-dsync-$size_of_block" '' '' 'if=$input of=$OUT oflag=direct,dsync bs=$size_of_block' ''
done
input=$work/zeros
truncate -s 2G "$input"
dd_row dd-zero-splice '$LIMIT drain' '' 'if=/dev/zero bs=1M count=2048' ' | @' '$LIMIT cat $input | @'
rm -f "$work/zeros" "$work/blocks"
input=$F

row tee-pipeline '$LIMIT drain' \
    spcat+sptee '$SPCAT $F | $SPTEE /dev/null | @' cat+tee 'cat $F | tee /dev/null | @' \
    uutils '$peers/uu-cat $F | $peers/uu-tee /dev/null | @' || status=1

# Formatting: text, then random bytes.
head -c 300000000 "$F" >"$work/random"
find /usr/include "$(dirname "$0")/.." -name '*.[ch]' -exec cat {} + >"$work/sample" 2>/dev/null
while cat "$work/sample"; do :; done 2>/dev/null | head -c 300000000 >"$work/text"
for kind in text random; do
    input=$work/$kind
    export input
    for option in -n -b -s -E -T -v -A; do
        export option
        row "cat$option-$kind-pipe" '$LIMIT read' \
            spcat '$SPCAT $option $input | @' cat 'cat $option $input | @' uutils '$peers/uu-cat $option $input | @' || status=1
        row "cat$option-$kind-null" '' \
            spcat '$SPCAT $option $input >/dev/null' cat 'cat $option $input >/dev/null' \
            uutils '$peers/uu-cat $option $input >/dev/null' || status=1
    done
done
rm "$work/random" "$work/text" "$work/sample"

# Small things: 1,000 files of 4 KiB, and 2,000 starts on one of 6 bytes.
mkdir "$work/small"
export SMALL=$work/small SIX=$work/six
split -a 3 -b 4096 -d <(head -c 4096000 "$F") "$SMALL/"
input=$work/thousand
cat "$SMALL"/* >"$input"
row cat-small-files '' spcat '$SPCAT $SMALL/* >/dev/null' cat 'cat $SMALL/* >/dev/null' || status=1
printf '12345\n' >"$SIX"
input=$SIX
row cat-starts '' \
    spcat '$LIMIT starts 2000 $SPCAT $SIX >/dev/null' cat '$LIMIT starts 2000 cat $SIX >/dev/null' || status=1
