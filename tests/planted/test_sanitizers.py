# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The sanitizers and valgrind find what faulty programs do."""

import pytest
from planted import Tree


@pytest.fixture(scope="module", autouse=True)
def _built(original: Tree) -> None:
    for preset in ("release", "asan", "tsan"):
        original.configure(preset)
        original.build("tests/planted/all", preset=preset)


def test_a_leaked_handle(original: Tree) -> None:
    original.fails(
        "asan", r"LeakSanitizer: detected memory leaks.*pygrpc_client_new", "^planted.leak$"
    )


def test_a_handle_used_after_it_was_freed(original: Tree) -> None:
    message = r"AddressSanitizer: heap-use-after-free.*pygrpc_services"
    original.fails("asan", message, "^planted.use_after_free$")


def test_undefined_behaviour(original: Tree) -> None:
    original.fails("asan", r"runtime error: signed integer overflow", "^planted.undefined$")


def test_a_data_race(original: Tree) -> None:
    message = r"ThreadSanitizer: data race.*pygrpc_client_new"
    original.fails("tsan", message, "^planted.race$")


def test_a_leaked_handle_under_valgrind(original: Tree) -> None:
    message = r"definitely lost.*pygrpc_client_new"
    original.fails("valgrind", message, "^valgrind.planted.leak$")


def test_a_handle_used_after_it_was_freed_under_valgrind(original: Tree) -> None:
    message = r"Invalid read.*pygrpc_services"
    original.fails("valgrind", message, "^valgrind.planted.use_after_free$")
