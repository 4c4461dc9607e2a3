# differential-sptee.bats - does sptee do what the installed tee does, whatever
# it is asked?
#
# SPDX-License-Identifier: MIT
#
# The generator makes cases of options, up to 20 operands, a standard input and
# a standard output of some kind.  SEED repeats a run, CASES makes it longer.  A
# case that differs is made as small as it gets and printed with what it needs.
#
# Not asked, because ours differs on purpose: tee 9.1 whose standard output is
# closed writes standard output into the first file that it opens.

load lib/common
load lib/differential

setup () {
  common_setup
  mkdir inputs
  local size
  for size in 0 1 4095 4096 65536 65537 3145728; do make_input $size; done
  mkdir "$BATS_TEST_TMPDIR/template"
  (cd "$BATS_TEST_TMPDIR/template" && eval "$files")
}

# make_input SIZE
make_input () { make_bytes "inputs/$1" "$1" "$1"; }

# What each case finds.
files='printf "was there\n" >old; helper bytes 5 100000 >long; echo before >ro; chmod 400 ro; mkdir dir
ln -s new link; ln -s loop loop; mkfifo fifo gone ended'
populate () { cp -a "$BATS_TEST_TMPDIR/template/." .; }

# What a case picks from.
options=(-a -a --append --app -i --ignore-interrupts --ig -p -p -ai -pa
  --output-error --output-error={warn,warn-nopipe,exit,exit-nopipe} --output-error={warn,exit,exit-nopipe}
  --output=exit --out=exit-n --o=warn-)
bad_options=(--output-error={w,e,foo,,warn-nopipes,'a b'} --append=x --unknown -Z -pZ --output-errors=warn --ignore=)
names=(one two three ./one new link old long dir/in 'a b' "it's" $'new\nline' $'\377' '#' ~x 'a:b' -- - - o{1..12})
bad_names=(dir dir/ . '' nosuch/x 'no such/x' old/x loop ro /sys/kernel/notes
  /dev/full /dev/full /dev/full /dev/null fifo fifo gone /dev/stdout "$(printf '%0300d' 0)")
sources=(file file file cat cat pieces pieces zeros null closed directory)
sinks=(file file pipe pipe pipe append same same-append full null dead)
sizes=(0 1 4095 4096 65536 65537 65537 any any any any 3145728)

pick () { local -n list=$1; picked=${list[RANDOM % ${#list[@]}]}; }

# asks NAME: is it among the arguments?
asks () {
  local argument
  for argument in "${arguments[@]}"; do
    [[ $argument != "$1" ]] || return 0
  done
  return 1
}

generate () {
  local i
  arguments=()
  for ((i = RANDOM % 3; i > 0; i--)); do
    pick options
    ((RANDOM % 15)) || pick bad_options
    arguments+=("$picked")
  done
  for ((i = RANDOM % (RANDOM % 5 ? 5 : 21); i > 0; i--)); do
    pick names
    ((RANDOM % 4)) || pick bad_names
    # A second reader for the FIFO that loses its only one would never come.
    [[ $picked != gone ]] || ! asks gone || continue
    arguments+=("$picked")
    ((RANDOM % 8)) || { pick options; arguments+=("$picked"); }
  done
  pick sources; source=$picked
  pick sinks; sink=$picked
  pick sizes; size=$picked
  [[ ${#arguments[@]} -gt 0 || $((RANDOM % 3)) -gt 0 ]] || sink=closed
  # To open a FIFO without a reader takes for ever.
  [[ $sink != dead ]] || ! asks /dev/stdout || sink=file
  if [[ $size == any ]]; then
    size=$((RANDOM * 8 % 250000))
    make_input $size
  fi
  pieces=()
  for ((i = RANDOM % 6; i >= 0; i--)); do
    pieces+=($((RANDOM % (RANDOM % 3 ? 9000 : 120000) + 1)))
  done
}

# The case as a script; RUNNER is put in front of tee.
script () {
  local runner=$1 body before= after= feed= file=$PWD/inputs/$size
  printf -v body ' %q' "${arguments[@]}"
  [[ ${#arguments[@]} -gt 0 ]] || body=
  body="$runner tee$body"
  case $sink in
    file) body+=' >got' ;;
    append) body+=' >>old' ;;
    same) body+=' >one' ;;
    same-append) body+=' >>one' ;;
    full | null) body+=" >/dev/$sink" ;;
    dead) body+=' 7<>ended 8>ended 7<&- >&8' ;;
    closed) body+=' >&-' ;;
  esac
  case $source in
    file) ;;
    cat) feed="cat $file" ;;
    pieces) feed="helper trickle ${pieces[*]}" ;;
    zeros) feed="head -c $size /dev/zero" ;;
    null) file=/dev/null ;;
    directory) file=dir ;;
  esac
  if asks fifo; then
    before+='exec 6<>fifo 5<fifo; cat <&5 >read 6>&- & exec 5<&-; '
    body+=' 6>&-'
    after='; exec 6>&-; wait'
  fi
  if asks gone; then
    # Its reader leaves as soon as tee has opened it; if tee does not, somebody else must.
    body="{ exec 4<gone 4<&-; ${feed:-cat $PWD/inputs/$size}; } | { $body; echo \$? >status; exec 4<>gone; cat >null; rm null; }"
  elif [[ -n $feed ]]; then
    body="$feed | { $body; echo \$? >status; cat >null; rm null; }"
  elif [[ $source == closed ]]; then
    body="$body <&-; echo \$? >status"
  else
    body="{ $body; echo \$? >status; [[ ! -f /dev/stdin ]] || helper seek 0 0 >position; } <$file"
  fi
  [[ $sink != pipe ]] || body="{ $body; } | cat >got"
  printf '%s' "$before$body$after"
}

try () { fresh; same_script "$(script "timeout -k 1 $limit")"; }

# simpler VARIABLE VALUE: keep it where the case still differs.
simpler () {
  local -n variable=$1
  local kept=$variable
  variable=$2
  ! try 2>/dev/null || variable=$kept
}

# Leave out what the difference does not need, and show the rest.
shrink () {
  local i kept
  for ((i = ${#arguments[@]} - 1; i >= 0; i--)); do
    kept=("${arguments[@]}")
    arguments=("${arguments[@]:0:i}" "${arguments[@]:i + 1}")
    ! try 2>/dev/null || arguments=("${kept[@]}")
  done
  simpler source file
  simpler sink file
  for i in 65537 65536 4096 1 0; do simpler size $i; done
  try || :
  local text=$files$'\n'"helper bytes $size $size >input"$'\n'$(script '')
  printf 'The smallest: mkdir new && cd new && ln -s %q helper && ln -s %q tee && PATH=.:$PATH bash -c %q\n' \
    "$HELPER" "$SPTEE" "${text//"$PWD/inputs/$size"/input}" >&2
}

@test "generated cases give the same" {
  local i seed=${SEED:-4} source sink size picked
  local -a arguments pieces
  echo "SEED=$seed"
  RANDOM=$seed
  for ((i = 0; i < ${CASES:-150}; i++)); do
    generate
    export LC_ALL
    ((i % 2)) && LC_ALL=C.UTF-8 || LC_ALL=C
    try 2>report || { cat report >&2; shrink; fail "case $i"; }
  done
}

@test "an input without end, and no output left" {
  local mode
  for mode in '' -p --output-error={warn,warn-nopipe,exit,exit-nopipe}; do
    same_script "timeout -k 1 $limit tee $mode /dev/full nosuch/x </dev/zero >/dev/full; echo \$?"
    same_script "timeout -k 1 $limit tee $mode </dev/zero 7<>ended 8>ended 7<&- >&8; echo \$?"
    same_script "yes | timeout -k 1 $limit tee $mode /dev/full >/dev/full; echo \$?"
  done
}
