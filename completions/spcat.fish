# fish completion for spcat
# SPDX-License-Identifier: MIT

complete -c spcat -s A -l show-all -d 'Equivalent to -vET'
complete -c spcat -s b -l number-nonblank -d 'Number nonempty output lines'
complete -c spcat -s e -d 'Equivalent to -vE'
complete -c spcat -s E -l show-ends -d 'Display $ at end of each line'
complete -c spcat -s n -l number -d 'Number all output lines'
complete -c spcat -s s -l squeeze-blank -d 'Suppress repeated empty output lines'
complete -c spcat -s t -d 'Equivalent to -vT'
complete -c spcat -s T -l show-tabs -d 'Display TAB characters as ^I'
complete -c spcat -s u -d 'Ignored'
complete -c spcat -s v -l show-nonprinting -d 'Use ^ and M- notation'
complete -c spcat -l debug -d 'Tell how the bytes were moved'
complete -c spcat -l no-splice -d 'Copy the bytes through memory'
complete -c spcat -l progress -f -a 'auto always never' -d 'Show a progress line'
complete -c spcat -l help -d 'Display help and exit'
complete -c spcat -l version -d 'Output version information and exit'
