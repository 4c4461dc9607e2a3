# jobs.bash - the jobs that people have, where matrix.bash has them not: rows of
# bench/run, which loads this.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # commands are text for a shell of their own; bench/run's variables

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
make_blocks() {
    local bytes=$((512 * $(numfmt --from=iec "${size_of_block^^}")))
    head -c $((bytes < size * 1048576 ? bytes : size * 1048576)) "$F" >"$1"
}
make_input=make_blocks
for size_of_block in 4k 64k 1M; do
    input=$work/blocks-$size_of_block
    export size_of_block input
    dd_row "dd-direct-$size_of_block" '' '' 'if=$input iflag=direct bs=$size_of_block' ' >/dev/null'
    dd_row "dd-direct-dsync-$size_of_block" '' '' 'if=$input of=$OUT oflag=direct,dsync bs=$size_of_block' ''
    rm -f "$input"
done
input=$F

row tee-pipeline '$LIMIT drain' \
    spcat+sptee '$SPCAT $F | $SPTEE /dev/null | @' cat+tee 'cat $F | tee /dev/null | @' \
    uutils '$peers/uu-cat $F | $peers/uu-tee /dev/null | @' limit '$LIMIT cat $F | $LIMIT tee /dev/null | @' || status=1

# Formatting: source text, then random bytes, at most 300 MB.
make_text() {
    find /usr/include "$here/.." -name '*.[ch]' -exec cat {} + 2>/dev/null >"$work/sample"
    while cat "$work/sample"; do :; done 2>/dev/null | head -c "$(stat -c %s "$work/random")" >"$1"
    rm "$work/sample"
}
make_random() { head -c 300000000 "$F" >"$1"; }
for kind in random text; do
    input=$work/$kind make_input=make_$kind
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
rm -f "$work/random" "$work/text"

# Small things: 1,000 and 10,000 files of 4 KiB, and 2,000 starts on one of 6 bytes.
make_small() {
    head -c $((files * 4096)) /dev/urandom >"$1"
    mkdir "$1.d"
    split -a 5 -b 4096 -d "$1" "$1.d/"
}
make_input=make_small
for files in 1000 10000; do
    input=$work/small-$files
    export input
    row "cat-$files-files" '' spcat '$SPCAT $input.d/* >/dev/null' cat 'cat $input.d/* >/dev/null' \
        uutils '$peers/uu-cat $input.d/* >/dev/null' busybox '$peers/bb-cat $input.d/* >/dev/null' || status=1
    rm -rf "$work/small-$files"*
done
export SIX=$work/six
printf '12345\n' >"$SIX"
input=
row cat-starts '' \
    spcat '$LIMIT starts 2000 $SPCAT $SIX >/dev/null' cat '$LIMIT starts 2000 cat $SIX >/dev/null' || status=1
