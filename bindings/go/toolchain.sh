# shellcheck shell=bash
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
#
# Finds Go for the scripts of the checkout; to be sourced.

# The binding itself is content with 1.24; the newest grpc-go, which tests compare it with, is not.
# shellcheck disable=SC2034 # scripts/setup reads it
readonly GO_WANTED=1.26 GO_TO_GET=1.26.0

_is_go() {
  local version
  version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$GO_WANTED" "${version#go}" | sort --version-sort | head -1) == "$GO_WANTED" ]]
}

# Sets GO to one that is new enough: the system's, or the one that scripts/setup has put into build/go.
find_go() {
  local checkout
  checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  for GO in go "$checkout/build/go/toolchain/bin/go"; do
    if _is_go "$GO"; then return; fi
  done
  return 1
}
