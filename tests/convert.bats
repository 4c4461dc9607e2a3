# convert.bats - do the conversions change bytes as dd's do?
#
# SPDX-License-Identifier: MIT

load lib/common
load lib/differential

mask=mask_times

populate () {
  make_octets octets
  # lines of every length around cbs=, spaces at their ends, no last newline
  {
    local length
    for length in {0..9} 79 80 81 200; do
      printf '%*s\n' "$length" x
      printf '%-*s\n' "$length" x
      printf '%*s\n' "$length" ''
    done
    printf 'Odd and Even  '
  } >lines
  make_bytes F 200001
  : >empty
  printf '   ' >spaces
}

tables=(ascii ebcdic ibm lcase ucase ebcdic,ucase ebcdic,lcase ibm,ucase ibm,lcase ascii,ucase ascii,lcase swab ucase,swab ibm,lcase,swab)

@test "all 256 bytes, every table and case, in blocks small and large" {
  local conv locale
  for locale in C C.UTF-8; do
    for conv in "${tables[@]}"; do
      LC_ALL=$locale same dd if=octets "conv=$conv"
      LC_ALL=$locale same dd if=octets of=new "conv=$conv" bs=7
      LC_ALL=$locale same dd if=F of=new "conv=$conv" bs=100k
    done
  done
}

@test "case changes with the locale's letters" {
  need localedef
  mkdir locales
  localedef -i de_DE -f ISO-8859-1 locales/de_DE.ISO-8859-1 2>/dev/null || skip "no sources of locales here"
  export LOCPATH=$PWD/locales LC_ALL=de_DE.ISO-8859-1
  local conv
  for conv in ucase lcase ucase,ebcdic ascii,lcase; do
    same dd if=octets "conv=$conv" status=none
  done
  equal "$(printf '\344' | spcopy conv=ucase status=none | od -An -tx1)" ' c4'
}

@test "records: block and unblock, lines and ends of every length" {
  local conv cbs input
  for conv in block unblock ebcdic ibm ascii block,ucase unblock,swab ebcdic,swab block,sync unblock,sync ascii,sync; do
    for cbs in 1 3 8 80; do
      for input in lines octets empty spaces; do
        same dd if=$input of=new "conv=$conv" cbs=$cbs
        same dd if=$input of=new "conv=$conv" cbs=$cbs bs=5
        same dd if=$input of=new "conv=$conv" cbs=$cbs ibs=3 obs=100
      done
    done
    same dd if=lines "conv=$conv" ibs=17 count=3
    same dd if=lines "conv=$conv" cbs=100000
  done
}

@test "a record larger than any memory of ours" {
  same_script 'dd if=lines conv=block cbs=3000000 bs=1M status=noxfer | cksum'
  same_script 'dd if=/dev/zero bs=1M count=3 status=none | tr "\0" " " | dd conv=unblock cbs=3145727 status=none | cksum'
  same_script '{ dd if=/dev/zero bs=1M count=3 status=none | tr "\0" " "; echo x; } | dd conv=unblock cbs=4M status=none | cksum'
}

@test "swab carries an odd byte into the next block" {
  local size
  for size in 1 2 3 5 8 9 17 66001; do
    same dd if=F of=new conv=swab bs=$size count=33
    same dd if=F of=new conv=swab ibs=$size obs=10 count=7
    same dd if=F of=new conv=swab,sync bs=$size count=33
  done
  same_script 'for n in 1 2 3 4 5 6 7 8 9 10 11; do head -c $n octets | dd conv=swab status=none; done'
  same_script 'bounded helper trickle 3 1 4 1 5 9 2 6 2>/dev/null | bounded dd conv=swab bs=100 of=new'
}

@test "a seeded mix of conversions" {
  local -a convs=(ascii ebcdic ibm block unblock lcase ucase swab sync) blocks=('' bs=1 bs=7 bs=512 bs=70000 'ibs=7 obs=5' 'ibs=100 obs=64')
  local -a records=('' cbs=1 cbs=4 cbs=80 cbs=512) inputs=(octets lines F empty spaces) counts=('' count=3 count=11B)
  local i conv seed=${SEED:-$RANDOM$RANDOM}
  echo "SEED=$seed"
  RANDOM=$seed
  for ((i = 0; i < 300; i++)); do
    conv=$(pick convs),$(pick convs),$(pick convs)
    # shellcheck disable=SC2046
    same dd if="$(pick inputs)" of=new "conv=$conv" $(pick blocks) $(pick records) $(pick counts)
  done
}

pick () {
  local -n choices=$1
  echo "${choices[RANDOM % ${#choices[@]}]}"
}
