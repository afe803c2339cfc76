# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Gives the wheel its platform if it carries the library; all else is in pyproject.toml."""

from pathlib import Path

from setuptools import setup
from wheel.bdist_wheel import bdist_wheel

BUNDLED = Path(__file__).parent / "pygrpc" / "libpygrpc.so.0"


class Wheel(bdist_wheel):  # type: ignore[misc]
    """A wheel for any Python 3, and for one platform."""

    def finalize_options(self) -> None:
        """Says that it is not for all platforms."""
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> "tuple[str, str, str]":
        """The tag of the wheel: no compiled module ties it to one Python."""
        return ("py3", "none", super().get_tag()[2])


setup(cmdclass={"bdist_wheel": Wheel} if BUNDLED.exists() else {})
