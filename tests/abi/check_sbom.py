#!/usr/bin/env python3
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The bill of materials has the shape of CycloneDX, and names all that the library is linked to.

usage: check_sbom.py SBOM LIBRARY
"""
# ruff: noqa: PT009 (unittest, which says what is not equal without pytest)

import json
import re
import subprocess
import sys
import unittest
from typing import Any

SBOM: dict[str, Any] = {}
LIBRARY = ""

# The identifiers of SPDX that may be here; another licence wants a look.
LICENCES = {
    "Apache-2.0",
    "BSD-3-Clause",
    "GPL-3.0-or-later WITH GCC-exception-3.1",
    "LGPL-2.1-or-later",
    "MIT",
    "Zlib",
}


def component_of(held: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [
        component
        for component in SBOM["components"]
        if {"name": "pygrpc:holds", "value": held} in component["properties"]
    ]
    assert len(found) == 1, f"{held}: {found}"
    return found[0]


class Sbom(unittest.TestCase):
    def test_is_of_cyclonedx(self) -> None:
        self.assertEqual((SBOM["bomFormat"], SBOM["specVersion"]), ("CycloneDX", "1.5"))
        self.assertEqual(SBOM["version"], 1)
        self.assertEqual(SBOM["metadata"]["component"]["name"], "pygrpc")

    def test_every_component_is_identified(self) -> None:
        for component in [SBOM["metadata"]["component"], *SBOM["components"]]:
            with self.subTest(component["name"]):
                self.assertEqual(component["type"], "library")
                self.assertRegex(component["version"], r"^\d")
                self.assertRegex(component["purl"], r"^pkg:\w+/[^@]+@[^@]+$")
                self.assertEqual(component["bom-ref"], component["purl"])

    def test_every_licence_is_known(self) -> None:
        for component in SBOM["components"]:
            with self.subTest(component["name"]):
                expressions = [each["expression"] for each in component.get("licenses", [])]
                self.assertEqual(len(expressions), 1)
                self.assertLessEqual(set(expressions), LICENCES)

    def test_has_every_library_that_is_needed(self) -> None:
        section = subprocess.run(
            ["readelf", "--dynamic", "--wide", LIBRARY], capture_output=True, text=True, check=True
        ).stdout
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", section)
        self.assertIn("libgrpc.so.29", needed)
        reference = SBOM["metadata"]["component"]["bom-ref"]
        direct = next(each for each in SBOM["dependencies"] if each["ref"] == reference)
        for soname in needed:
            self.assertIn(component_of(soname)["bom-ref"], direct["dependsOn"])

    def test_has_what_is_compiled_in(self) -> None:
        self.assertEqual(component_of("headers")["name"], "nlohmann-json3-dev")
        self.assertEqual(component_of("google/protobuf/*.proto")["name"], "libprotobuf-dev")

    def test_dependencies_are_of_components(self) -> None:
        components = [SBOM["metadata"]["component"], *SBOM["components"]]
        references = {component["bom-ref"] for component in components}
        self.assertEqual(len(references), len(components))
        self.assertEqual({each["ref"] for each in SBOM["dependencies"]}, references)
        for each in SBOM["dependencies"]:
            self.assertLessEqual(set(each["dependsOn"]), references)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as sbom:
        SBOM = json.load(sbom)
    LIBRARY = sys.argv[2]
    unittest.main(argv=sys.argv[:1], verbosity=2)
