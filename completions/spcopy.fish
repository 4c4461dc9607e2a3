# fish completion for spcopy
# SPDX-License-Identifier: MIT

# The list of OPERAND=a,b,c that is being typed, continued with each of the words given.
function __spcopy_list
    set -l token (commandline -ct)
    set -l head (string replace -r '[^=,]*$' '' -- $token)
    string match -q "$argv[1]=*" -- $token; or set head "$argv[1]="
    printf '%s\n' $head$argv[2..]
end

# The files of OPERAND=FILE.
function __spcopy_files
    set -l token (commandline -ct)
    string match -q "$argv[1]=*" -- $token; or return
    printf '%s\n' "$argv[1]="(__fish_complete_path (string replace -r '^[^=]*=' '' -- $token) | string replace -r '\t.*' '')
end

set -l flags append direct directory dsync noatime nocache noctty nofollow nonblock sync
complete -c spcopy -f
complete -c spcopy -l debug -d 'Tell how the bytes were moved'
complete -c spcopy -l no-splice -d 'Copy the bytes through memory'
complete -c spcopy -l help -d 'Display help and exit'
complete -c spcopy -l version -d 'Output version information and exit'
complete -c spcopy -a 'if= of= bs= ibs= obs= cbs= count= skip= iseek= seek= oseek='
complete -c spcopy -a '(__spcopy_files if)' -d 'Input file'
complete -c spcopy -a '(__spcopy_files of)' -d 'Output file'
complete -c spcopy -a '(__spcopy_list conv ascii ebcdic ibm block unblock lcase ucase sparse swab sync excl nocreat notrunc noerror fdatasync fsync)' -d Conversion
complete -c spcopy -a "(__spcopy_list iflag $flags fullblock count_bytes skip_bytes)" -d 'Input flag'
complete -c spcopy -a "(__spcopy_list oflag $flags seek_bytes)" -d 'Output flag'
complete -c spcopy -a '(__spcopy_list status none noxfer progress bar)' -d 'What to tell'
