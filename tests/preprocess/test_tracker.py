from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from preprocess.screens_made import screen
from real_models import frame_of
from sonoassist.errors import UsageError
from sonoassist.packets import Box, Frame
from sonoassist.preprocess import tracker
from sonoassist.preprocess.crop import PUBLISHED_CROP, centred_crop, parse_crop
from sonoassist.preprocess.field_of_view import auto_crop
from sonoassist.preprocess.tracker import CHECK_EVERY_FRAMES, CropTracker

ASPECT = 288 / 224
LEFT = screen((640, 480), (240, 60), 380)[0]
RIGHT = screen((640, 480), (440, 60), 380)[0]


def run(crops: CropTracker, pixels: NDArray[np.uint8], count: int, **fields: object) -> list[Box]:
    return [crops.crop_for(frame_of(pixels, index, **fields)) for index in range(count)]


def test_a_sequence_is_held_still_and_rarely_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Frame] = []

    def counted(pixels: NDArray[np.uint8], aspect: float) -> Box:
        looks.append(pixels)
        return auto_crop(pixels, aspect)

    monkeypatch.setattr(tracker, "auto_crop", counted)
    crops = CropTracker(parse_crop("auto"), ASPECT)
    rng = np.random.default_rng(0)
    boxes = set()
    for index in range(4 * CHECK_EVERY_FRAMES):
        noisy = np.clip(LEFT + rng.integers(-9, 10, LEFT.shape), 0, 255).astype(np.uint8)
        boxes.add(crops.crop_for(frame_of(noisy, index)))
    assert len(boxes) == 1
    assert len(looks) == 4


def test_it_moves_when_the_layout_really_changes() -> None:
    crops = CropTracker(parse_crop("auto"), ASPECT)
    before = run(crops, LEFT, 3)[-1]
    after = run(crops, RIGHT, 2 * CHECK_EVERY_FRAMES)
    assert after[0] == before
    assert after[-1] == auto_crop(RIGHT, ASPECT) != before


def test_one_odd_look_moves_nothing() -> None:
    crops = CropTracker(parse_crop("auto"), ASPECT)
    before = run(crops, LEFT, CHECK_EVERY_FRAMES)[0]
    run(crops, RIGHT, 1)  # just the frame that is looked at
    for turn in (LEFT, RIGHT, LEFT):
        after = run(crops, LEFT, CHECK_EVERY_FRAMES - 1) + run(crops, turn, 1)
        assert set(after) == {before}


@pytest.mark.parametrize("change", ["source", "size"])
def test_another_source_or_size_is_looked_at_at_once(change: str) -> None:
    crops = CropTracker(parse_crop("auto"), ASPECT)
    run(crops, LEFT, 2)
    pixels = RIGHT if change == "source" else screen()[0]
    fields = {"source_id": "other"} if change == "source" else {}
    assert run(crops, pixels, 1, **fields) == [auto_crop(pixels, ASPECT)]


def test_each_still_is_looked_at_by_itself() -> None:
    crops = CropTracker(parse_crop("auto"), ASPECT)
    seen = [run(crops, pixels, 1, still=True)[0] for pixels in (LEFT, RIGHT, LEFT)]
    assert seen == [auto_crop(pixels, ASPECT) for pixels in (LEFT, RIGHT, LEFT)]
    assert seen[0] != seen[1]


def test_fixed_crops() -> None:
    published_size = np.zeros((735, 975), np.uint8)
    for text, pixels, expected in (
        ("published", published_size, PUBLISHED_CROP),
        ("default", published_size, PUBLISHED_CROP),
        ("default", LEFT, auto_crop(LEFT, ASPECT)),
        ("full", LEFT, centred_crop(Box(0, 0, 640, 480), ASPECT)),
        ("10,20,300,200", LEFT, Box(10, 20, 310, 220)),
    ):
        assert run(CropTracker(parse_crop(text), ASPECT), pixels, 1) == [expected]


def test_an_own_crop_outside_of_the_picture() -> None:
    with pytest.raises(UsageError, match="outside"):
        run(CropTracker(parse_crop("400,0,300,200"), ASPECT), LEFT, 1)
