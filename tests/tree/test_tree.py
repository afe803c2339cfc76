# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The rules of the source tree that no compiler keeps."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    if name and (ROOT / name).is_file()
]
CODE = [path for path in FILES if path.suffix in {".c", ".h", ".cc", ".py", ".proto"}]

# A layer may include itself and what stands before it.
LAYERS = ["base", "schema", "transcode", "rpc"]
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)


def includes(path: Path) -> list[str]:
    return INCLUDE.findall(path.read_text())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def of(*parts: str) -> list[Path]:
    found = [path for path in CODE if path.is_relative_to(ROOT.joinpath(*parts))]
    assert found
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_includes_only_what_is_below(layer: str) -> None:
    above = LAYERS[LAYERS.index(layer) + 1 :]
    wrong = [
        f"{name(path)} includes {included}"
        for path in of("src", layer)
        for included in includes(path)
        if included.split("/")[0] in above
    ]
    assert wrong == []


def test_the_engine_does_not_know_the_c_header() -> None:
    assert [name(path) for path in of("src") if "pygrpc.h" in includes(path)] == []


def test_the_library_has_no_generated_code() -> None:
    # Two objects with a generated file of the same name abort the process that loads both.
    wrong = [
        f"{name(path)} includes {included}"
        for path in [*of("src"), *of("capi")]
        for included in includes(path)
        if included.endswith(".pb.h")
    ]
    # protobuf's own, which is in libprotobuf: the form of descriptors.
    allowed = "google/protobuf/descriptor.pb.h"
    assert [line for line in wrong if not line.endswith(allowed)] == []


def test_every_source_file_names_its_licence() -> None:
    def is_licensed(path: Path) -> bool:
        head = path.read_text()[:400]
        return (
            "Copyright 2026 The pygrpc Authors" in head
            and "SPDX-License-Identifier: Apache-2.0" in head
        )

    assert [name(path) for path in CODE if not is_licensed(path)] == []


def test_pages_link_to_what_is_there() -> None:
    wrong = []
    for page in (path for path in FILES if path.suffix == ".md"):
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if "://" not in link and not (page.parent / link).exists():
                wrong.append(f"{name(page)} links to {link}")
    assert wrong == []
