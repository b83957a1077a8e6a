"""What a recording does not hold as it says is told with the results, also where it is watched."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from analyse_help import analyse, noise_picture, summary, table

from fake_weights import published_file
from sonoassist.cli import run
from sonoassist.live.session import LiveSession
from sonoassist.live.status import Level
from sources.video_maker import make_video
from waiting import wait_until


@pytest.fixture
def joined(tmp_path: Path) -> Path:
    """Two recordings in one file."""
    stamps = [40 * number for number in range(10)]
    pictures = [np.dstack([noise_picture(seed=number)] * 3) for number in range(10)]
    part = make_video(
        tmp_path / "part.ts",
        stamps,
        codec="mpeg2video",
        time_base=Fraction(1, 25),
        pictures=pictures,
    )
    path = tmp_path / "joined.ts"
    path.write_bytes(part.read_bytes() * 2)
    return path


def test_analyse_tells_it(
    joined: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    assert run(["models", "add", str(published_file(tmp_path / "files"))]) == 0
    capsys.readouterr()
    assert analyse(joined, tmp_path / "out", "--model", "smallnet", "--json") == 0
    told = summary(capsys)
    assert told["warnings"] == [
        "joined.ts: the file holds 2 joined recordings, shown one after another"
    ]
    times = [float(row["time_s"]) for row in table(tmp_path / "out")]
    assert times == pytest.approx([0.04 * number for number in range(20)])
    assert analyse(joined, tmp_path / "out", "--model", "smallnet") == 0
    assert "warning: joined.ts: the file holds 2 joined recordings" in capsys.readouterr().err


def test_the_window_tells_it(joined: Path) -> None:
    session = LiveSession()
    try:
        session.open(str(joined))
        found = []
        wait_until(lambda: found.extend(session.notices.take()) or found)
        assert (found[0].level, "2 joined recordings" in found[0].title) == (Level.WARNING, True)
    finally:
        session.stop()
