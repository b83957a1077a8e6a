"""A name of a class says which one is meant: no two public classes share one."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import sonoassist

PACKAGE = Path(sonoassist.__file__).parent
SHARED = {"Localisation": {"api/results.py", "core/packets.py"}}
"""The public API shows the packet's result under the packet's name."""


def test_no_two_public_classes_of_one_name() -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(path.relative_to(PACKAGE).as_posix())
    assert len(places) > 500  # the search sees them
    assert {name: files for name, files in places.items() if len(files) > 1} == SHARED
