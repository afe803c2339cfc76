# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Builds a wheel that carries the library, and leaves the checkout as it was.

It wants setuptools and wheel to be installed. The wheel is for this platform: what the library
itself needs (see ldd) is not in it.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = ("pyproject.toml", "setup.py", "README.md")


def main() -> None:
    """Builds it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True, help="libpygrpc.so.0")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="where the wheel goes")
    arguments = parser.parse_args()
    here = Path(__file__).resolve().parent
    with tempfile.TemporaryDirectory() as scratch:
        stage = Path(scratch) / "pygrpc"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(here / "pygrpc", stage / "pygrpc", ignore=ignore)
        for name in SOURCES:
            shutil.copy(here / name, stage)
        shutil.copy(arguments.library, stage / "pygrpc" / "libpygrpc.so.0")
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--no-build-isolation"]
        command += ["--wheel-dir", str(arguments.out.resolve()), str(stage)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
