# differential.bash - does ours what the installed program does?
#
# SPDX-License-Identifier: MIT
#
# One case runs twice, with the installed cat, tee and dd and with ours, in two
# directories with the same content, with the same standard input and
# environment.  What is compared: standard output, standard error, exit status,
# and afterwards the directory: names, types, modes, sizes and content.
#
#     load lib/common; load lib/differential
#     populate () { printf 'x\n' >F; }     # what the directories hold at first
#     @test "..." {
#       same cat F - F                     # the case is one command
#       stdin=F same cat -                 # from the file F, or else /dev/null
#       same_script 'cat F | cat | wc -c'  # the case is a script for this shell
#       mask=mask_times same dd if=F of=G
#     }
#
# Ours are found on PATH under the installed names, so messages begin with the
# same name.  A case costs three forks.  Cases of one test share their
# directories, and what earlier ones left in them; `fresh` begins anew.

theirs=$BATS_TEST_TMPDIR/theirs
ours=$BATS_TEST_TMPDIR/ours
differential_bin=$BATS_TEST_TMPDIR/bin

populate () { :; }

# Both directories as they were at first.
fresh () {
  rm -rf "$theirs" "$ours"
  mkdir -p "$theirs/files" "$ours/files"
  (cd "$theirs/files" && populate)
  (cd "$ours/files" && populate)
  [[ -d $differential_bin ]] && return
  mkdir "$differential_bin"
  ln -s "$SPCAT" "$differential_bin/cat"
  ln -s "$SPTEE" "$differential_bin/tee"
  ln -s "$SPCOPY" "$differential_bin/dd"
}

# differential_run SIDE PATH RUNNER ARGUMENT...: one of the two runs.
differential_run () {
  local side=$1 status=0
  (
    trap - DEBUG ERR # bats's, which would be run for every command
    cd "$side/files" || exit
    PATH=$2
    shift 2
    hash -r
    exec <"${stdin:-/dev/null}" >"$side/stdout" 2>"$side/stderr" 3>&-
    "$@"
  ) || status=$?
  echo "$status" >"$side/status"
}

differential_exec () { exec "$@"; }
differential_eval () { eval "$1"; }

differential_case () {
  local differing
  [[ -d $ours ]] || fresh
  differential_run "$theirs" "$PATH" "$@"
  differential_run "$ours" "$differential_bin:$PATH" "$@"
  if [[ -n ${mask:-} ]]; then
    "$mask" "$theirs/stderr"
    "$mask" "$ours/stderr"
  fi
  differing=$("$HELPER" compare "$theirs" "$ours") || differential_report "$differing" "$@"
}

# same COMMAND ARGUMENT...: the case is one command, its input $stdin (/dev/null).
same () { differential_case differential_exec "$@"; }

# same_script TEXT: the case is a script.
same_script () { differential_case differential_eval "$1"; }

# What differs, and how to see it again.
differential_report () {
  local name command
  if [[ $2 == differential_exec ]]; then
    printf -v command '%q ' "${@:3}"
    command+="<${stdin:-/dev/null}"
  else
    command=$3
  fi
  {
    printf 'DIFFERENT (- installed, + ours): %s\n' "$command"
    printf 'again: cd %q && PATH=%q:$PATH bash -c %q\n' "$ours/files" "$differential_bin" "$command"
    while IFS= read -r name; do
      if [[ -f $theirs/$name && -f $ours/$name ]]; then
        diff -u --label "installed $name" --label "ours $name" \
          <(differential_show "$theirs/$name") <(differential_show "$ours/$name") ||
          continue
        printf '%s: begins alike; size or mode or what follows differs\n' "$name"
      fi
      stat --printf '%n: %F, mode %a, %s bytes\n' "$theirs/$name" "$ours/$name" 2>&1
    done <<<"$1"
  } >&2
  return 1
}

differential_show () { head -c 2000 "$1" | command cat -vet | fold -w 100 | head -n 20; }

# mask_times FILE: dd's time and rate, wherever they have dd's form.
mask_times () {
  local -a lines
  local i number='[0-9][0-9.e+-]*' form
  form="^(.*copied, )$number s, ($number [kMGTP]?B|Infinity B)/s(.*)\$"
  mapfile lines <"$1"
  for i in "${!lines[@]}"; do
    [[ ${lines[i]} =~ $form ]] && lines[i]="${BASH_REMATCH[1]}TIME s, RATE/s${BASH_REMATCH[3]}"
  done
  printf %s "${lines[@]}" >"$1"
}
