# matrix.bash - every pair of source and sink, throughput against block size and
# pipe capacity, and whole pipelines: rows of bench/run, which loads this.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2154  # commands are text for a shell of their own; bench/run's variables

# from SOURCE PROGRAM [FILE-OPERAND]: the command that moves the input from SOURCE through PROGRAM
from() {
    case $1 in
    file) echo "$2 ${3-\$F}" ;;
    zero) echo "$2" ;;
    pipe) echo "\$LIMIT cat \$F | $2" ;;
    tcp) echo "\$LIMIT tcp-in \$F $2" ;;
    esac
}

# pair SOURCE SINK [PROGRAM COMMAND]...: a row, COMMAND being one of a program that copies standard input,
# or with the source `file' its last operand, to standard output
pair() {
    local source=$1 sink=$2 reader='' commands=() command
    shift 2
    prepare=
    while [ $# -gt 0 ]; do
        command=$2
        case $source-$sink-$1 in        # what is not a loop of splice into a private pipe and out
        file-new-limit | file-existing-limit) command='$LIMIT range' ;;
        *-append-limit) command=${2/LIMIT cat/LIMIT copy} ;;
        esac
        [ "$sink" != tcp ] || command="\$LIMIT tcp-out $command"
        command=$(from "$source" "$command")
        case $sink in
        splice | read) command+=' | @' ;;
        null | tcp) command+=' >/dev/null' ;;
        new) command+=' >$OUT' prepare='rm -f $OUT' ;;
        existing) command+=' 1<>$OUT' prepare='test -s $OUT || cp $F $OUT' ;;
        append) command+=' >>$OUT' prepare=': >$OUT' ;;     # it refuses splice
        esac
        commands+=("$1" "$command")
        shift 2
    done
    case $sink in
    splice) reader='$LIMIT drain' ;;
    read) reader='$LIMIT read' ;;
    esac
    row "$source-$sink" "$reader" "${commands[@]}" || status=1
    prepare=
}

sinks='splice read null new existing append tcp'
for source in file pipe tcp; do
    for sink in $sinks; do
        pair $source $sink spcat '$SPCAT' cat cat uutils '$peers/uu-cat' busybox '$peers/bb-cat' toybox '$peers/toy-cat' \
            pv '$peers/pv -q' limit '$LIMIT cat'
    done
done
export MEBIBYTES=$size
zeros='if=/dev/zero bs=1M count=$MEBIBYTES status=none'
for sink in $sinks; do
    case $sink in
    splice | read) zero='vmsplice $MEBIBYTES' ;;
    null) zero='copy /dev/zero $MEBIBYTES' ;;
    *) zero='zeros $MEBIBYTES' ;;
    esac
    pair zero $sink spcopy "\$SPCOPY $zeros" dd "dd $zeros" uutils "\$peers/uu-dd $zeros" busybox "\$peers/bb-dd $zeros" \
        limit "\$LIMIT $zero"
done

for block in 512 4K 64K 1M 4M; do
    options="if=\$F bs=$block status=none"
    row "block-$block" '' spcopy "\$SPCOPY $options >/dev/null" dd "dd $options >/dev/null" \
        uutils "\$peers/uu-dd $options >/dev/null" busybox "\$peers/bb-dd $options >/dev/null" \
        limit '$LIMIT cat $F >/dev/null' || status=1
done

for capacity in 4096 16384 65536 262144 1048576; do
    row "capacity-$capacity" '$LIMIT drain' \
        spcat "\$LIMIT capacity $capacity \$SPCAT \$F | @" cat "\$LIMIT capacity $capacity cat \$F | @" \
        uutils "\$LIMIT capacity $capacity \$peers/uu-cat \$F | @" \
        limit "\$LIMIT capacity $capacity \$LIMIT loop \$F | @" || status=1
done

# Whole pipelines; spcat F | sptee G | reader is among sptee's.
make_blocks() { head -c 64M "$F" >"$1"; }
input=$work/blocks make_input=make_blocks
export BLOCKS=$input
row pipeline-gzip '$LIMIT read' \
    spcopy '$SPCOPY if=$BLOCKS bs=1M status=none | gzip -1 | @' dd 'dd if=$BLOCKS bs=1M status=none | gzip -1 | @' || status=1
rm -f "$input"
input=$F
row pipeline-tar '' \
    spcopy 'tar cf - --mtime=@0 -C "${F%/*}" input | $SPCOPY of=$OUT bs=64K iflag=fullblock status=none' \
    dd 'tar cf - --mtime=@0 -C "${F%/*}" input | dd of=$OUT bs=64K iflag=fullblock status=none' || status=1
