# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs the scenarios and the tests of the contract, and prints TAP."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from pathlib import Path
from typing import Callable, Dict

PACKAGE_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PACKAGE_ROOT))

import asynchronous  # noqa: E402
import blocking  # noqa: E402
import libraries  # noqa: E402
import packages  # noqa: E402
import processes  # noqa: E402
import scenarios  # noqa: E402
from contract_support import Inapplicable  # noqa: E402

Tests = Dict[str, Callable[[], None]]


def all_tests() -> Tests:
    """Every test by its name; the scenarios come first."""
    runner = functools.lru_cache(maxsize=None)(
        lambda: scenarios.Runner(os.environ["PYGRPC_TEST_TARGET"])
    )

    def of_scenario(scenario: dict[str, object]) -> Callable[[], None]:
        return lambda: runner().run(scenario)

    tests: Tests = {each["name"]: of_scenario(each) for each in scenarios.scenarios()}
    for module in (libraries, blocking, asynchronous, processes, packages):
        for test in module.TESTS:
            tests[test.__name__] = test
    return tests


def main() -> int:
    """Runs the tests that are named, or all."""
    tests = all_tests()
    wanted = sys.argv[1:] or list(tests)
    failed = 0
    print(f"1..{len(wanted)}", flush=True)
    for number, name in enumerate(wanted, start=1):
        try:
            tests[name]()
            print(f"ok {number} - {name}", flush=True)
        except Inapplicable as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except BaseException:
            failed += 1
            print(f"not ok {number} - {name}")
            lines = traceback.format_exc().splitlines()
            print("\n".join(f"# {line}" for line in lines), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
