# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of planted faults share."""

import planted
import pytest
from planted import Tree


@pytest.fixture(scope="session")
def tree() -> Tree:
    """A copy of the tree to plant faults in."""
    return planted.copy()


@pytest.fixture(scope="session")
def original() -> Tree:
    """The tree itself, to run the faulty programs that it has built."""
    return planted.original()
