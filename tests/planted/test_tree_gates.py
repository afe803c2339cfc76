# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The gates of the source tree find what is planted in a copy of it."""

from planted import Tree


def test_a_fault_of_format(tree: Tree) -> None:
    tree.passes("format")
    with tree.planted("capi/version.cc", "extern", "  extern"):
        tree.fails("format", r"capi/version\.cc:.*clang-format-violations")


def test_a_fault_of_a_script(tree: Tree) -> None:
    with tree.planted("scripts/format", 'cd "$(dirname "$0")/.."', "cd $(dirname $0)/.."):
        tree.fails("shellcheck", r"scripts/format.*SC2046")


def test_declarations_that_are_not_what_the_header_says(tree: Tree) -> None:
    with tree.planted("bindings/api.json", '"abi_version": ', '"abi_version": 1'):
        tree.fails("generated", r"bindings/api\.json")
