# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
#
# Completion of the command pygrpc for fish; the command itself knows what to offer.

function __pygrpc_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    for line in ($program __complete fish $words[2..-1] "$word" 2>/dev/null)
        if string match -q -r '^:(files|directories) ' -- $line
            set -l prefix (string replace -r '^:\w+ ' '' -- $line)
            set -l start (string sub -s (math (string length -- "$prefix") + 1) -- "$word")
            if string match -q ':files*' -- $line
                printf '%s\n' "$prefix"(__fish_complete_path "$start")
            else
                printf '%s\n' "$prefix"(__fish_complete_directories "$start")
            end
        else
            printf '%s\n' $line
        end
    end
end

complete -c pygrpc -f -a '(__pygrpc_complete)'
