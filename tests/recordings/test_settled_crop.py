"""The crop of a whole recording, by looks that do not quite agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Box, Content, Pixels
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.field_of_view import FieldOfView, Moving
from sonoassist.preprocess.framing import crop_of_look
from sonoassist.preprocess.screen_network import MASK_HEIGHT, MASK_WIDTH
from sonoassist.preprocess.screen_reader import ScreenLook, ScreenReader
from sonoassist.recordings import reader
from sonoassist.recordings.crops import LOOKS, Settled, settle
from sonoassist.recordings.recording import look_into_file
from sources.video_maker import make_video

ASPECT = 288 / 224
WIDTH, HEIGHT, BAR = 640, 480, 50
"""Pixels; the bar's are rows."""


def look_from(top: float) -> ScreenLook:
    mask = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
    field = FieldOfView(Box(20, top, 620, HEIGHT), 0.97, mask, WIDTH, HEIGHT)
    return ScreenLook(Content.B_MODE, 1.0, field)


class InTurn(ScreenReader):
    """Says that the picture begins at these rows, one after the other."""

    def __init__(self, tops: Sequence[float]) -> None:
        super().__init__()
        self._tops = list(tops)

    def look(
        self, pixels: Pixels, moving: Moving | None = None, thin: Pixels | None = None
    ) -> ScreenLook:
        return look_from(self._tops.pop(0))

    def closer(self, look: ScreenLook, pixels: Pixels) -> ScreenLook:
        return look


def screen(bar: bool) -> Pixels:
    pixels = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    pixels[: BAR if bar else 0] = 140
    return pixels


def settled(folder: Path, tops: Sequence[float], bar: bool) -> Settled:
    recording = look_into_file(a_film(folder, bar))
    with recording.open() as source:
        return settle(recording, source, parse_crop("auto"), ASPECT, InTurn(tops))


@pytest.mark.parametrize("bar", [True, False])
@pytest.mark.parametrize("place", range(0, LOOKS + 1, 3))
def test_the_end_of_a_bar_is_where_it_was_seen_lowest(
    tmp_path: Path, place: int, bar: bool
) -> None:
    """Coding softens its last rows; what is further off is no end of the same bar."""
    tops = [47.0] * (LOOKS + 1)
    tops[place], tops[place - 1] = 50.0, 70.0
    found = settled(tmp_path, tops, bar)
    assert found.crop == crop_of_look(look_from(50 if bar else 47), screen(bar), ASPECT)
    assert found.field is not None
    assert found.field.field is not None
    assert found.field.field.box.top == (50 if bar else 47)
    assert found.field.field.outline()[:, 1].min() == found.field.field.box.top
    assert found.field.crop == found.crop


@pytest.mark.parametrize(("damaged", "reads"), [(0, 1), (3, 4)])
def test_a_fixed_crop_needs_one_frame_that_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: int, reads: int
) -> None:
    recording = look_into_file(a_film(tmp_path))
    with recording.open() as source:
        asked = breaking(monkeypatch, damaged)
        found = settle(recording, source, parse_crop("full"), ASPECT, InTurn([]))
    assert (found.width_px, found.height_px, found.field) == (WIDTH, HEIGHT, None)
    assert len(asked) == reads


def test_a_recording_of_which_nothing_can_be_read_has_no_crop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = look_into_file(a_film(tmp_path))
    with recording.open() as source:
        asked = breaking(monkeypatch, LOOKS + 1)
        with pytest.raises(SourceError, match="cannot be read"):
            settle(recording, source, parse_crop("full"), ASPECT, InTurn([]))
    assert len(asked) == LOOKS + 1


def a_film(folder: Path, bar: bool = False) -> Path:
    return make_video(folder / "a.mp4", [40 * n for n in range(50)], pictures=[screen(bar)] * 50)


def breaking(monkeypatch: pytest.MonkeyPatch, damaged: int) -> list[int]:
    """Have the first frames that are read be damaged; tells which ones were asked for."""
    asked: list[int] = []
    real = reader._Cursor.at

    def at(cursor: reader._Cursor, index: int) -> reader.ReadFrame:
        asked.append(index)
        found = real(cursor, index)
        return replace(found, frame=None) if len(asked) <= damaged else found

    monkeypatch.setattr(reader._Cursor, "at", at)
    return asked
