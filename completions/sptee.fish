# fish completion for sptee
# SPDX-License-Identifier: MIT

complete -c sptee -s a -l append -d 'Append to the files'
complete -c sptee -s i -l ignore-interrupts -d 'Ignore interrupt signals'
complete -c sptee -s p -d 'The same as --output-error=warn-nopipe'
complete -c sptee -l output-error -f -a 'warn warn-nopipe exit exit-nopipe' -d 'What to do when an output fails'
complete -c sptee -l debug -d 'Tell how the bytes were moved'
complete -c sptee -l no-splice -d 'Copy the bytes through memory'
complete -c sptee -l peek -d 'Show what the pipe holds and leave it there'
complete -c sptee -l progress -f -a 'auto always never' -d 'Show a progress line'
complete -c sptee -l help -d 'Display help and exit'
complete -c sptee -l version -d 'Output version information and exit'
