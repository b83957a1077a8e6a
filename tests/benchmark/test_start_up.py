from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from sonoassist.benchmark.start import (
    BARE,
    STARTS,
    StartBenchmark,
    imported,
    run_python,
    total_starts,
)
from sonoassist.errors import UsageError

TOLD = """import time: self [us] | cumulative | imported package
import time:       120 |        120 | _io
import time:        50 |        170 |   cv2.gapi
import time:      5000 |       5170 | torch
a line of another kind | torchvision
"""


def test_what_importtime_tells() -> None:
    assert imported(TOLD) == ("_io", "cv2.gapi", "torch")
    assert imported("") == ()


def test_starts_are_counted_and_their_packages_named() -> None:
    asked: list[tuple[str, ...]] = []

    def python(words: Sequence[str]) -> str:
        asked.append(tuple(words))
        return TOLD if "models" in words else ""

    steps: list[int] = []
    bench = StartBenchmark(4, python=python, step=lambda: steps.append(1))
    assert bench.found() == ()
    bench.run()
    found = {one.what: one for one in bench.found()}
    assert list(found) == list(STARTS)
    assert found["sonoassist models list"].heavy == ("torch", "cv2")
    assert found["sonoassist models list"].modules == 3
    assert found[BARE].heavy == ()
    assert found[BARE].times_bare == 1.0
    assert {one.runs for one in found.values()} == {4}
    assert len(steps) == total_starts(4) == 20
    assert asked[:2] == [("-X", "importtime", "-c", "pass"),
                         ("-X", "importtime", "-c", "import sonoassist")]  # fmt: skip


def test_a_start_that_fails_is_an_error() -> None:
    def python(words: Sequence[str]) -> str:
        if "--help" in words and "-X" not in words:
            raise UsageError("it failed")
        return ""

    with pytest.raises(UsageError, match="it failed"):
        StartBenchmark(2, python=python).run()


def test_real_starts() -> None:
    assert "_io" in imported(run_python(("-X", "importtime", "-c", "import sonoassist")))
    with pytest.raises(UsageError, match="failed: ZeroDivisionError"):
        run_python(("-c", "1 / 0"))


def test_a_bundle_has_no_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(UsageError, match="bundled program"):
        StartBenchmark(2, python=lambda words: "").run()
