"""Other work beside a measurement is seen and said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonoassist.core import busy
from sonoassist.core.busy import OtherWork, busy_s, other_work_line

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def stat(path: Path, busy_ticks: int) -> Path:
    """As Linux tells it: each core has been busy for so many ticks, and idle for many more."""
    row = f"{busy_ticks} 0 0 90000 500 0 0 0 7 7"
    rows = [f"cpu{number} {row}" for number in range(512)]
    path.write_text("\n".join(["cpu  1 1 1 1 1 1 1 1 1 1", *rows, "intr 5 0", "ctxt 9"]) + "\n")
    return path


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux tells it")
def test_only_the_cores_of_this_process_count(tmp_path: Path) -> None:
    usable = len(os.sched_getaffinity(0))
    assert busy_s(stat(tmp_path / "stat", 3 * TICKS)) == pytest.approx(3 * usable)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux tells it")
def test_what_this_process_does_is_no_other_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usable, now = len(os.sched_getaffinity(0)), {"wall": 100.0, "own": 5.0}
    monkeypatch.setattr(busy.time, "monotonic", lambda: now["wall"])
    monkeypatch.setattr(busy, "_own_s", lambda: now["own"])
    others = OtherWork(stat(tmp_path / "stat", 0))
    now.update(wall=110.0, own=5.0 + 10 * usable)
    stat(tmp_path / "stat", 10 * TICKS)
    assert others.cores() == 0.0
    now.update(own=5.0 + 2 * usable)
    assert others.cores() == pytest.approx(0.8 * usable)


@pytest.mark.parametrize("text", [None, "", "cpu0 1 2", "cpu0 a b c d e f g h i"])
def test_where_nothing_is_told_nothing_is_claimed(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "stat"
    if text is not None:
        path.write_text(text)
    assert OtherWork(path).cores() is None


def test_it_is_said_beside_the_speed() -> None:
    assert other_work_line(0.1) == ""
    assert "1.2 cores busy" in other_work_line(1.2)
    assert "not known" in other_work_line(None)
