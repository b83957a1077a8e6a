"""The annotated video shows the ultrasound and the results, not what stands beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from analyse_help import analyse

from fake_weights import published_file
from sonoassist.cli import run
from sonoassist.core.packets import Box
from sonoassist.phantom.screens.draw import PhantomScreen, draw_screen
from sonoassist.sources import open_source
from sources.video_maker import make_video

FRAMES = 6


@pytest.fixture
def screen() -> PhantomScreen:
    """A scanner's screen with much beside its picture, as a video."""
    found = (draw_screen(seed, size=(640, 480), kind="b_mode") for seed in range(900_000, 900_060))
    return next(one for one in found if beside(one, one.pixels) > 4000)


def beside(screen: PhantomScreen, picture: np.ndarray) -> int:
    """Lit pixels beside the picture, but where the program writes itself."""
    box = screen.box
    assert isinstance(box, Box)
    lit = picture.max(axis=2) > 60
    lit[round(box.top) - 8 : round(box.bottom) + 8, round(box.left) - 8 : round(box.right) + 8] = 0
    lit[:60, :330], lit[-40:] = 0, 0
    return int(lit.sum())


@pytest.mark.parametrize("masked", [True, False])
def test_what_stands_beside_the_picture_is_black_unless_asked_for(
    screen: PhantomScreen,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    masked: bool,
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    assert run(["models", "add", str(published_file(tmp_path / "files"))]) == 0
    film = make_video(
        tmp_path / "film.mp4", [40 * n for n in range(FRAMES)], pictures=[screen.pixels] * FRAMES
    )
    words = ["--video"] if masked else ["--video", "--no-mask"]
    capsys.readouterr()
    assert analyse(film, tmp_path / "out", *words) == 0
    assert ("may name a person" in capsys.readouterr().err) is not masked
    with open_source(str(tmp_path / "out" / "annotated.mp4")) as video:
        lit = [beside(screen, frame.pixels) for frame in video]
    assert len(lit) == FRAMES
    assert (max(lit) == 0) if masked else (min(lit) > 2000)
