# differential-spcopy.bats - does spcopy do what the installed dd does, for any
# mix of operands on files, pipes, FIFOs, sockets and devices?
#
# SPDX-License-Identifier: MIT
#
# cases-spcopy.c makes the cases, runs them, and names the exceptions.  SEED
# repeats a run, CASES makes it longer; from CASES=3000 on every pair of conv=
# words and every flag alone is run on every kind of file, below that a part.

load lib/common

cases=${CASES:-300}

# The pairs and flags have thousands of cases: N of them.
every () { ((cases >= 3000)) && echo 1 || echo "$1"; }

differential () {
  "${HELPER%/*}/cases-spcopy" "$(type -P dd)" "$SPCOPY" "$@" >report || fail "$(<report)"
  tail -n 1 report
  # as many as there should be, or the generator is at fault
  [[ $(tail -n 1 report) == *', 0 differences' ]]
}

@test "generated cases" {
  local seed=${SEED:-1}
  echo "SEED=$seed"
  # each case has a seed of its own, so these follow one another
  differential random "$((seed * 1000000))" "$cases"
}

@test "every pair of conv= words" { differential pairs "$(every 3)"; }

@test "every flag alone, as iflag= and oflag=" { differential flags "$(every 19)"; }
