# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The checks of the header and of the built library find what breaks the ABI."""

import pytest
from planted import Tree

HEADER = "capi/pygrpc.h"
SHIM = "capi/version.cc"
DESCRIPTION = "pygrpc_abi_description"

VERSION = "const char *pygrpc_version(void)"
ABI_VERSION = "int32_t pygrpc_abi_version(void)"


@pytest.fixture(scope="module", autouse=True)
def _without_fault(tree: Tree) -> None:
    tree.build("pygrpc", DESCRIPTION)
    tree.passes("release", "^abi$|^abi.stored$|^abi.leftovers$")


def expect_difference(
    tree: Tree, message: str, header: tuple[str, str], shim: tuple[str, str]
) -> None:
    """The comparison with the stored description says what was changed, each from old to new."""
    with tree.planted(HEADER, *header), tree.planted(SHIM, *shim):
        tree.build(DESCRIPTION)
        tree.fails("release", message, "^abi.stored$")


def test_a_function_that_was_removed(tree: Tree) -> None:
    expect_difference(
        tree,
        r"1 Removed.*pygrpc_version.*an incompatible change",
        header=(f"{VERSION};", ""),
        shim=(VERSION, f"static {VERSION}"),
    )


def test_a_signature_that_was_changed(tree: Tree) -> None:
    new = ABI_VERSION.replace("int32_t", "int64_t")
    expect_difference(
        tree,
        r"1 Changed.*pygrpc_abi_version.*an incompatible change",
        header=(f"{ABI_VERSION};", f"{new};"),
        shim=(f"{ABI_VERSION} {{", f"{new} {{"),
    )


def test_a_function_that_was_not_stored(tree: Tree) -> None:
    new = "int32_t pygrpc_planted(void)"
    expect_difference(
        tree,
        r"1 Added.*pygrpc_planted.*does not have all functions",
        header=(f"{ABI_VERSION};", f"{ABI_VERSION};\n{new};"),
        shim=(f"{ABI_VERSION} {{", f"{new} {{ return 1; }}\n\n{ABI_VERSION} {{"),
    )


def test_a_symbol_that_the_header_does_not_declare(tree: Tree) -> None:
    new = 'extern "C" __attribute__((visibility("default"))) int planted() { return 1; }'
    with (
        tree.planted("cmake/VersionScript.cmake", "  global:\\n", "  global:\\n    planted;\\n"),
        tree.planted(SHIM, f"{ABI_VERSION} {{", f"{new}\n\n{ABI_VERSION} {{"),
    ):
        tree.build("pygrpc")
        tree.fails("release", r"exported only: \['planted'\]", "^abi$")


def test_a_library_that_is_not_hardened(tree: Tree) -> None:
    with (
        tree.planted("CMakeLists.txt", "-Wl,-z,now", "-Wl,-z,lazy"),
        tree.planted("CMakeLists.txt", "-Wl,-z,noexecstack", "-Wl,-z,execstack"),
    ):
        tree.build("pygrpc")
        message = r"FAIL: test_binds_all_symbols.*FAIL: test_has_no_stack_that_can_be_executed"
        tree.fails("release", message, "^abi.leftovers$")


def test_a_header_that_is_no_c(tree: Tree) -> None:
    with tree.planted(HEADER, f"{ABI_VERSION};", f"{ABI_VERSION};\nusing pygrpc_number = int32_t;"):
        tree.fails("release", r"not ok \d+ - compiles as c99", "^abi$")


def test_a_header_that_ffis_cannot_read(tree: Tree) -> None:
    with tree.planted(
        HEADER, f"{ABI_VERSION};", f"{ABI_VERSION};\nstruct pygrpc_pair {{ int a; }};"
    ):
        tree.fails("release", r"pygrpc_pair", "^abi.leftovers$")
