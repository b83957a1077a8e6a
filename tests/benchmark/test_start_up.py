from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sonoassist.benchmark.start import (
    BARE,
    STARTS,
    StartBenchmark,
    imported,
    run_python,
    total_starts,
)
from sonoassist.benchmark.window_start import (
    FIRST,
    LABEL,
    SECOND,
    WINDOW,
    WindowStart,
    WindowStartBenchmark,
    open_window,
)
from sonoassist.core import paths
from sonoassist.core.errors import UsageError

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
    assert len(steps) == total_starts(4) == (1 + 2 + 4) * 5
    assert asked[:2] == [
        ("-X", "importtime", "-c", "pass"),
        ("-X", "importtime", "-c", "import sonoassist"),
    ]


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


def test_the_window_is_started_in_pairs_with_nothing_kept_at_first(tmp_path: Path) -> None:
    homes: list[Path] = []
    filled: list[bool] = []

    def window(home: Path) -> dict[str, float]:
        homes.append(home)
        filled.append((home / "kept").exists())
        (home / "kept").write_text("")
        return {WINDOW: 0.5, LABEL: 3.0 if filled[-1] else 5.0}

    steps: list[int] = []
    bench = WindowStartBenchmark("exam.mp4", 2, window=window, step=lambda: steps.append(1))
    assert bench.found() == ()
    bench.run()
    assert bench.found() == (WindowStart(FIRST, 2, 0.5, 5.0), WindowStart(SECOND, 2, 0.5, 3.0))
    assert filled == [False, True, False, True]
    assert len(set(homes)) == 2
    assert not any(home.exists() for home in homes)
    assert len(steps) == 4


def test_the_real_window_tells_its_moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    told = open_window(str(paths.demo_exam()), tmp_path / "home")
    assert 0 < told[WINDOW] < told[LABEL]
    assert list((tmp_path / "home" / "cache" / "compiled").iterdir())
    with pytest.raises(UsageError, match=r"did not show a result: .*no-such-file"):
        open_window("no-such-file.mp4", tmp_path / "home")
