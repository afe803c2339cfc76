# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The gates of the source tree find what is planted in a copy of it."""

from planted import Tree


def test_a_fault_of_format(tree: Tree) -> None:
    with tree.planted("capi/version.cc", "int32_t pygrpc_abi", "  int32_t pygrpc_abi"):
        tree.fails("format", r"capi/version\.cc:.*clang-format-violations")


def test_a_fault_of_a_script(tree: Tree) -> None:
    with tree.planted("scripts/format", 'cd "$(dirname "$0")/.."', "cd $(dirname $0)/.."):
        tree.fails("shellcheck", r"scripts/format.*SC2046")


def test_a_fault_that_clang_tidy_knows(tree: Tree) -> None:
    with tree.planted("capi/version.cc", "  // NOLINT: the shims speak of little else", ""):
        tree.fails("tidy", r"google-build-using-namespace", "", "capi/version.cc")


def test_a_fault_that_cppcheck_knows(tree: Tree) -> None:
    planted = "{ int numbers[2]; return numbers[2]; }"
    with tree.planted("capi/version.cc", "{ return PYGRPC_ABI_VERSION; }", planted):
        tree.fails("cppcheck", r"arrayIndexOutOfBounds", "", "capi/version.cc")


def test_declarations_that_are_not_what_the_header_says(tree: Tree) -> None:
    with tree.planted("bindings/api.json", '"abi_version": ', '"abi_version": 1'):
        tree.fails("generated", r"bindings/api\.json")


def test_a_page_that_is_not_what_the_promises_say(tree: Tree) -> None:
    with tree.planted("tests/promises.json", "is C99, and", "is C89, and"):
        tree.fails("reliability", r"-.*is C99, and.*\+.*is C89, and")
