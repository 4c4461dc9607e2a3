# format.bats - does spcat change bytes as the installed cat does?
#
# SPDX-License-Identifier: MIT
#
# The generator makes commands of up to four options and five operands over
# files of every kind.  SEED repeats a run, CASES makes it longer.

load lib/common
load lib/differential

# A file of pieces that are likely to meet a corner: newlines in a row, CR with and
# without LF, tabs, every byte, long lines, no newline at the end.
make_pieces () {
  local -a pieces=($'\n' $'\n\n' $'\n\n\n\n' $'\r\n' $'\r' $'\r\r\n' $'\t' a ab $'word word\n' $'\177' $'\200\n' $'\377' $'\033[m' $'\n\r' $' \n' é)
  local i
  for ((i = RANDOM % 30; i > 0; i--)); do
    case $((RANDOM % 16)) in
      0) "$HELPER" octets ;;
      1) "$HELPER" bytes "$RANDOM" $((RANDOM % 3000)) ;;
      2) printf "%$((RANDOM % 5000))s" '' ;;
      *) printf %s "${pieces[RANDOM % ${#pieces[@]}]}" ;;
    esac
  done
}

# Runs once for each side, and must do the same.
populate () {
  local i
  RANDOM=${files_seed:-1}
  : >empty
  mkdir dir
  for i in {1..12}; do
    make_pieces >"f$i"
  done
  seq 999990 1000010 >wide
  seq 120000 >many
  head -c 200000 /dev/zero | tr '\0' '\n' >blank
  "$HELPER" bytes 7 400000 >large
  "$HELPER" octets >octets
}

# What one case picks from.
options=(-A -b -e -E -n -s -t -T -u -v --show-all --number-nonblank --show-ends --number --squeeze-blank --show-tabs
  --show-nonprinting --show-n --num -vET -nsb)
operands=(f{1..12} f{1..12} empty octets wide - - nosuch dir -- large blank many)

generate () {
  local i
  arguments=()
  for ((i = RANDOM % 5; i > 0; i--)); do
    arguments+=("${options[RANDOM % ${#options[@]}]}")
  done
  for ((i = RANDOM % 5; i > 0; i--)); do
    arguments+=("${operands[RANDOM % (RANDOM % 4 ? 27 : ${#operands[@]})]}")
    ((RANDOM % 12)) || arguments+=("${options[RANDOM % ${#options[@]}]}")
  done
}

try () { stdin=$input same cat "${arguments[@]}" 2>/dev/null; }

# Leave out what the difference does not need, of the arguments and of the files, and show the rest.
shrink () {
  local i name part half kept
  local -a all
  for ((i = ${#arguments[@]} - 1; i >= 0; i--)); do
    all=("${arguments[@]}")
    unset "arguments[i]"
    arguments=("${arguments[@]}")
    ! try || arguments=("${all[@]}")
  done
  for name in $(printf '%s\n' "$input" "${arguments[@]}" | sort -u); do
    [[ -f $ours/files/$name ]] || continue
    for ((part = 2; part <= $(stat -c %s "$ours/files/$name"); part *= 2)); do
      for ((i = 0; i < part && part <= 4096; i++)); do
        kept=$BATS_TEST_TMPDIR/kept
        cp "$ours/files/$name" "$kept"
        half=$(($(stat -c %s "$kept") / part + 1))
        { head -c $((i * half)) "$kept"; tail -c +$(((i + 1) * half + 1)) "$kept"; } | tee "$ours/files/$name" >"$theirs/files/$name"
        ! try || tee "$ours/files/$name" >"$theirs/files/$name" <"$kept"
      done
    done
    [[ $(stat -c %s "$ours/files/$name") -gt 500 ]] ||
      printf 'The smallest: printf %q >%s\n' "$(od -An -v -to1 -w1 "$ours/files/$name" | tr ' ' '\\' | tr -d '\n')" "$name" >&2
  done
  stdin=$input same cat "${arguments[@]}"
}

@test "generated commands give the same" {
  local i seed=${SEED:-$RANDOM$RANDOM} locale input
  local -a arguments
  echo "SEED=$seed"
  RANDOM=$seed
  for ((i = 0; i < ${CASES:-300}; i++)); do
    ((i % 100)) || { files_seed=$RANDOM; fresh; }
    generate
    locale=$((RANDOM % 2))
    export LC_ALL
    ((locale)) && LC_ALL=C.UTF-8 || LC_ALL=C
    input=f$((RANDOM % 12 + 1))
    try || shrink
  done
}

@test "line numbers wider than six digits grow" {
  seq 999990 1000010 >wide
  populate () { yes | head -n 1000010 >F; }
  stdin=F same cat -n
}

@test "what is split over reads and files is formatted as a whole" {
  local options piece
  for options in -E -A -n -s -ns -bE -sE -v; do
    for piece in '\r' 'a\r' '\n' '\r\r' 'x'; do
      same_script "{ printf '$piece'; printf '\\n'; } | cat $options; printf '$piece' >one; printf '\\nb\\r' >two; cat $options one two; cat $options one empty two one"
    done
    same_script "head -c 131071 /dev/zero | tr '\\0' x >one; printf '\\r' >>one; printf '\\n\\n' >two; cat one two | cat $options"
  done
}

@test "POSIXLY_CORRECT ends the options at the first operand" {
  populate () { printf 'a\n\tb\n' >F; }
  same_script 'POSIXLY_CORRECT=1 cat F -n'
  same_script 'POSIXLY_CORRECT=1 cat -E F -- -n'
  same cat F -n
}

@test "what is there is shown before more is waited for" {
  local options line
  mkfifo in out
  for options in -n -A -s -E -b -v -T; do
    bounded spcat $options <in >out 3>&- &
    exec 5>in 6<out
    for line in one two ''; do
      echo "$line" >&5
      read -r -t "$limit" -u 6 got || fail "$options holds back '$line'"
      [[ $got == *"$line"* ]] || fail "$options shows '$got' for '$line'"
    done
    exec 5>&-
    wait $!
    exec 6<&-
  done
}

@test "formatting: an output that is at the input's position is refused, since it would grow for ever" {
  printf 'a\nb\n' >F
  run -1 bash -c 'exec spcat -n <F 1<>F'
  [[ $output == 'spcat: -: input file is output file' ]]
  equal "$(<F)" $'a\nb'
  spcat <F 1<>F
  equal "$(<F)" $'a\nb'
}

@test "formatting: failures are told and nothing is lost before them" {
  populate () { seq 100000 >F; mkdir dir; }
  same_script 'cat -n F >/dev/full; echo $?'
  same_script 'cat -n F | head -c 100'
  same_script 'cat -n dir F nosuch | cksum'
  same_script 'cat -E <&-; cat -E F >&-'
}
