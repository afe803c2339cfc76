# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The sanitizers and valgrind find what faulty programs do."""

from planted import Tree


def test_a_leaked_handle(original: Tree) -> None:
    original.prepare("asan", "tests/planted/all")
    original.fails(
        "asan", r"LeakSanitizer: detected memory leaks.*pygrpc_client_new", "^planted.leak$"
    )


def test_a_handle_used_after_it_was_freed(original: Tree) -> None:
    original.prepare("asan", "tests/planted/all")
    message = r"AddressSanitizer: heap-use-after-free.*pygrpc_services"
    original.fails("asan", message, "^planted.use_after_free$")


def test_undefined_behaviour(original: Tree) -> None:
    original.prepare("asan", "tests/planted/all")
    original.fails("asan", r"runtime error: signed integer overflow", "^planted.undefined$")


def test_a_data_race(original: Tree) -> None:
    original.prepare("tsan", "tests/planted/all")
    message = r"ThreadSanitizer: data race.*pygrpc_client_new"
    original.fails("tsan", message, "^planted.race$")


def test_a_leaked_handle_under_valgrind(original: Tree) -> None:
    original.prepare("release", "tests/planted/all")
    message = r"definitely lost.*pygrpc_client_new"
    original.fails("valgrind", message, "^valgrind.planted.leak$")


def test_a_handle_used_after_it_was_freed_under_valgrind(original: Tree) -> None:
    original.prepare("release", "tests/planted/all")
    message = r"Invalid read.*pygrpc_services"
    original.fails("valgrind", message, "^valgrind.planted.use_after_free$")
