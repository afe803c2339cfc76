# shellcheck shell=bash
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
#
# Completion of the command pygrpc for bash; the command itself knows what to offer.

# Bash divides words at = : and @, too: this puts the parts of each word of the line together, up to
# the cursor, in $words.
_pygrpc_words() {
  local line=${COMP_LINE:0:COMP_POINT} part
  words=()
  for part in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ ${#words[@]} == 0 || $line == [[:space:]]* ]]; then
      words+=("")
      line=${line#"${line%%[![:space:]]*}"}
    fi
    # The cursor may stand within the last part.
    [[ $line == "$part"* ]] || part=$line
    words[-1]+=$part
    line=${line#"$part"}
  done
}

_pygrpc() {
  local IFS=$' \t\n' words=() word line prefix candidate
  _pygrpc_words
  word=${words[-1]}
  local kept=${word%"$2"} # bash replaces only the last part
  while IFS= read -r line; do
    case $line in
      :files\ * | :directories\ *)
        prefix=${line#:* }
        local action=-f
        [[ $line == :files* ]] || action=-d
        compopt -o filenames
        while IFS= read -r candidate; do
          candidate=$prefix$candidate
          COMPREPLY+=("${candidate#"$kept"}")
        done < <(compgen "$action" -- "${word#"$prefix"}")
        ;;
      *)
        candidate=${line%%$'\t'*}
        [[ $candidate != *[=.] ]] || compopt -o nospace
        printf -v candidate %q "$candidate"
        COMPREPLY+=("${candidate#"$kept"}")
        ;;
    esac
  done < <("${words[0]/#~\//$HOME/}" __complete bash "${words[@]:1}" 2>/dev/null)
}

complete -F _pygrpc pygrpc
