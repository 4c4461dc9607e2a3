# operands.bats - are spcopy's operands dd's, wrong ones included?
#
# SPDX-License-Identifier: MIT

load lib/common
load lib/differential

mask=mask_times

populate () {
  make_bytes F 3000
  : >empty
}

conversions=(ascii ebcdic ibm block unblock lcase ucase sparse swab sync excl nocreat notrunc noerror fdatasync fsync)
known_flags=(append count_bytes direct directory dsync fullblock noatime nocache noctty nofollow nonblock seek_bytes skip_bytes sync)

@test "every pair of conversions: accepted or refused" {
  local a b cbs
  for cbs in '' cbs=7; do
    for a in "${conversions[@]}"; do
      for b in "${conversions[@]}"; do
        # shellcheck disable=SC2086
        same dd if=/dev/null $cbs "conv=$a,$b"
      done
    done
  done
  same dd conv=lcase,ucase,ascii,ebcdic,excl,nocreat,block,unblock iflag=direct,nocache cbs=3
  same dd conv=lcase,ucase,excl,nocreat,block,unblock iflag=direct,nocache cbs=3
  same dd conv=lcase,ucase,excl,nocreat iflag=direct,nocache
  same dd conv=excl conv=nocreat iflag=direct,nocache
}

@test "flags: which are known on which side, and which exclude each other" {
  local flag
  for flag in "${known_flags[@]}" binary text cio nolinks '' bogus append,bogus, nofollow,,sync; do
    same dd if=bogus "iflag=$flag"
    same dd if=bogus conv=notrunc "oflag=$flag"
  done
  same dd if=bogus iflag=direct,nocache
  same dd if=bogus oflag=direct oflag=nocache
  same dd if=bogus oflag=direct iflag=nocache
  same dd if=bogus oflag=fullblock conv=lcase,ucase
  same dd if=bogus oflag=fullblock iflag=bogus
  same dd if=bogus oflag=fullblock bs=bogus
  LC_ALL=C.UTF-8 same dd if=bogus "iflag=it's"
}

@test "a number becomes one of bytes by a flag, on its side only" {
  same dd if=F of=count iflag=count_bytes count=1025
  same dd if=F of=count-later count=1025 iflag=count_bytes
  same dd if=F of=skip iflag=skip_bytes,count_bytes skip=700 count=7B
  same dd if=F of=seek oflag=seek_bytes seek=600
  same dd if=F of=wrong-count oflag=count_bytes count=3
  same dd if=F of=wrong-skip oflag=skip_bytes skip=3
  same dd if=F of=wrong-seek iflag=seek_bytes seek=3
}

@test "cbs= is checked as a block is, and may be larger than memory" {
  local size
  for size in 0 -1 x '' 0x1 9223372036854775807 9223372036854775808 99999999999999999999 1k 2x3; do
    same dd if=F of=new "cbs=$size"
  done
}

@test "what the newest dd does: no warning for oflag=append without conv=notrunc" {
  run -1 --separate-stderr spcopy if=bogus oflag=append
  equal "$stderr" "spcopy: failed to open 'bogus': No such file or directory"
}
