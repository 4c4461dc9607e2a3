# constant.bats - do memory and descriptors stay as they are, however many the
# operands and however long the data?
#
# SPDX-License-Identifier: MIT
#
# LONG=1 adds what takes more than a few seconds.

load lib/common

setup () {
  common_setup
  sanitized "$SPCAT" && memory_known= || memory_known=yes
}

# The most that any run may have resident, and the most that it may grow, in KiB:
# the names themselves take 200, and what the kernel counts is vague.
most=4096
growth=1024

# small KIB: the run of `helper peak peak' had no more resident, unless a sanitizer has memory of its own.
small () { [[ -z $memory_known || $(<peak) -le $1 ]] || fail "$(<peak) KiB, more than $1"; }

@test "10,000 operands, small and large: descriptors and memory" {
  seq 9800 | split -l 1 -a 4 - small.
  make_bytes large 300000
  local -a names=(small.*)
  local i few output options
  for ((i = 0; i < 200; i++)); do names+=(large "${names[@]:49 * i:49}"); done
  names=("${names[@]:9800}")
  equal ${#names[@]} 10000
  cat "${names[@]}" >wanted
  # enough for the standard ones, an input, a pipe and what bats holds; not for a leak
  ulimit -n 16
  for options in '' --no-splice -n; do
    for output in '>got' '| helper take 1000000000 >got || :'; do
      eval "helper peak peak spcat $options \"\${names[@]:0:100}\" $output"
      few=$(<peak)
      eval "helper peak peak spcat $options \"\${names[@]}\" $output"
      small $most
      small $((few + growth))
      if [[ $options == -n ]]; then cat -n wanted | cmp - got; else same_file got wanted; fi
    done
  done
}

# sparse SIZE: a file without data, of that size.
sparse () { truncate -s "$1" sparse 2>err || skip "no sparse file of $1 here: $(<err)"; }

@test "the beginning of a sparse file of 1 TiB" {
  sparse 1T
  local size=64M status
  [[ -z ${LONG:-} ]] || size=1G
  { status=0; helper peak peak spcat sparse || status=$?; echo $status >status; } | head -c $size | wc -c >count
  equal "$(<count)" "$(numfmt --from=iec $size)"
  equal "$(<status)" 141
  small $most
}

@test "a long sparse file through wc -c" {
  local size=512M
  [[ -z ${LONG:-} ]] || size=100G
  sparse $size
  helper peak peak spcat sparse | wc -c >count
  equal "$(<count)" "$(numfmt --from=iec $size)"
  small $most
}
