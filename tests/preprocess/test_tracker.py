from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from real_models import frame_of
from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Box, Content, Frame, Pixels
from sonoassist.phantom.screens.draw import draw_screen
from sonoassist.preprocess.crop import PUBLISHED_CROP, centred_crop, parse_crop
from sonoassist.preprocess.field_of_view import FieldOfView, Moving
from sonoassist.preprocess.framing import crop_of_look, framed
from sonoassist.preprocess.screen_network import CONTENTS, MASK_HEIGHT, MASK_WIDTH, Reading
from sonoassist.preprocess.screen_reader import ScreenLook, ScreenReader
from sonoassist.preprocess.screen_tracker import (
    LOOK_EVERY_S,
    MOST_FRAMES,
    SAME_IOU,
    ScreenTracker,
)
from sonoassist.preprocess.tracker import CropTracker

ASPECT = 288 / 224
SIZE = (480, 640)
LOOK_FRAMES = 6
"""Between two looks at 25 frames a second."""
WHOLE = Box(0, 0, 640, 480)


def look_at(
    box: Box | None, content: Content = Content.B_MODE, sureness: float = 0.97
) -> ScreenLook:
    if box is None:
        return ScreenLook(content, 1.0, None)
    mask = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
    return ScreenLook(content, 1.0, FieldOfView(box, sureness, mask, 640, 480))


LEFT, RIGHT = Box(40, 60, 340, 440), Box(300, 60, 600, 440)
NOTHING, ONE, OTHER, DARK, MENU, SPLIT, DOUBTFUL = range(7)
LOOKS = {
    NOTHING: look_at(None),
    ONE: look_at(LEFT),
    OTHER: look_at(RIGHT),
    DARK: look_at(Box(200, 100, 260, 160), sureness=0.5),
    MENU: look_at(None, Content.MENU),
    SPLIT: look_at(RIGHT, Content.SPLIT),
    DOUBTFUL: ScreenLook(Content.MENU, 0.5, None),
}


class Told(ScreenReader):
    """Says what a picture's grey level stands for."""

    def __init__(self, looks: Mapping[int, ScreenLook] = LOOKS) -> None:
        super().__init__()
        self._looks = looks
        self.asked = 0

    def look(
        self, pixels: Pixels, moving: Moving | None = None, thin: Pixels | None = None
    ) -> ScreenLook:
        self.asked += 1
        return self._looks[int(pixels[0, 0])]


class CountedLooks(ScreenReader):
    closer_looks = 0

    def closer(self, look: ScreenLook, pixels: Pixels) -> ScreenLook:
        self.closer_looks += 1
        return super().closer(look, pixels)


def half_of(box: Box) -> Box:
    return Box(box.left, box.top, (box.left + box.right) / 2, box.bottom)


class NarrowCloser(Told):
    """Seen closer, a picture is half as wide."""

    closer_looks = 0

    def closer(self, look: ScreenLook, pixels: Pixels) -> ScreenLook:
        self.closer_looks += 1
        assert look.field is not None
        return replace(look, field=replace(look.field, box=half_of(look.field.box)))


def pixels_of(kind: int) -> Pixels:
    return np.full(SIZE, kind, np.uint8)


def tracker(text: str = "auto", **more: object) -> CropTracker:
    return CropTracker(parse_crop(text), ASPECT, reader=Told(), **more)  # type: ignore[arg-type]


class Film:
    """Frames in a row at 25 a second, shown to one tracker."""

    def __init__(self, crops: CropTracker, step_s: float = 1 / 25) -> None:
        self._crops, self._step_s, self._count = crops, step_s, 0

    def show(self, kind: int, count: int) -> list[Box]:
        found = []
        for _ in range(count):
            time_s = self._count * self._step_s
            frame = frame_of(pixels_of(kind), self._count, time_s=time_s)
            found.append(self._crops.crop_for(frame))
            self._count += 1
        return found


def run(crops: CropTracker, kind: int, count: int, **fields: object) -> list[Box]:
    return [crops.crop_for(frame_of(pixels_of(kind), index, **fields)) for index in range(count)]


def crop_of(kind: int) -> Box:
    return crop_of_look(LOOKS[kind], pixels_of(kind), ASPECT)


def test_a_sequence_is_held_still_and_rarely_looked_at() -> None:
    told = Told()
    crops = CropTracker(parse_crop("auto"), ASPECT, reader=told)
    assert set(Film(crops).show(ONE, 4 * LOOK_FRAMES)) == {crop_of(ONE)}
    assert told.asked == 4


@pytest.mark.parametrize("step_s", [0.5, 0.0])
def test_frames_that_are_far_apart_or_without_time_are_looked_at(step_s: float) -> None:
    told = Told()
    Film(CropTracker(parse_crop("auto"), ASPECT, reader=told), step_s).show(ONE, 2 * MOST_FRAMES)
    assert told.asked == (2 * MOST_FRAMES if step_s > LOOK_EVERY_S else 2)


def test_it_moves_within_two_looks_when_the_layout_really_changes() -> None:
    film = Film(tracker())
    film.show(ONE, 3)
    after = film.show(OTHER, 2 * LOOK_FRAMES)  # half a second
    assert after[0] == crop_of(ONE)
    assert after[-1] == crop_of(OTHER) != crop_of(ONE)


@pytest.mark.parametrize("kind", ["spectral", "split"])
def test_a_screen_that_stands_still_has_one_field_of_view(kind: str) -> None:
    """Of these small pictures a closer look finds other bounds than the first one."""
    reader = CountedLooks()
    screens = ScreenTracker(reader)
    rng = np.random.default_rng(0)
    still = draw_screen(500, kind=kind, size=(1280, 720)).pixels.astype(np.int16)
    fields = set()
    for index in range(40):
        noisy = np.clip(still + rng.integers(-3, 4, still.shape), 0, 255).astype(np.uint8)
        fields.add(id(screens.see(frame_of(noisy, index, time_s=index * LOOK_EVERY_S)).field))
    assert len(fields) == 1
    assert reader.closer_looks == 1


def test_a_field_that_a_closer_look_bounds_otherwise_is_held_and_left() -> None:
    reader = NarrowCloser()
    screens = ScreenTracker(reader)

    def seen(kind: int, first: int) -> list[Box | None]:
        frames = (frame_of(pixels_of(kind), first + n, time_s=first + n) for n in range(6))
        return [None if look.field is None else look.field.box for look in map(screens.see, frames)]

    narrow, other = half_of(LEFT), half_of(RIGHT)
    assert narrow.iou(LEFT) < SAME_IOU
    assert seen(ONE, 0) == [narrow] * 6
    assert reader.closer_looks == 1
    assert seen(OTHER, 6) == [narrow] + [other] * 5
    assert reader.closer_looks == 2


def test_one_odd_look_moves_nothing() -> None:
    film = Film(tracker())
    film.show(ONE, LOOK_FRAMES)
    for turn in (OTHER, ONE, OTHER, ONE):
        assert set(film.show(turn, 1) + film.show(ONE, LOOK_FRAMES - 1)) == {crop_of(ONE)}


@pytest.mark.parametrize("lost", [DARK, NOTHING, MENU])
def test_what_is_lost_for_a_while_is_held(lost: int) -> None:
    film = Film(tracker())
    film.show(ONE, 2)
    assert set(film.show(lost, 6 * LOOK_FRAMES)) == {crop_of(ONE)}


@pytest.mark.parametrize("first", [DARK, NOTHING])
def test_the_first_sure_look_is_taken_at_once(first: int) -> None:
    film = Film(tracker())
    assert film.show(first, 1) == [crop_of(first)]
    assert film.show(ONE, LOOK_FRAMES)[-1] == crop_of(ONE)


@pytest.mark.parametrize("change", ["source", "size"])
def test_another_source_or_size_is_looked_at_at_once(change: str) -> None:
    crops = tracker()
    run(crops, ONE, 2)
    if change == "source":
        assert run(crops, OTHER, 1, source_id="other") == [crop_of(OTHER)]
    else:
        wide = np.full((480, 800), OTHER, np.uint8)
        expected = framed(RIGHT, Box(0, 0, 800, 480), ASPECT, on_screen=False)
        assert crops.crop_for(frame_of(wide)) == expected


def test_each_still_is_looked_at_by_itself() -> None:
    crops = tracker()
    seen = [run(crops, kind, 1, still=True)[0] for kind in (ONE, OTHER, ONE)]
    assert seen == [crop_of(ONE), crop_of(OTHER), crop_of(ONE)]


def test_another_kind_of_screen_is_told_after_two_looks() -> None:
    crops = tracker()
    film = Film(crops)
    film.show(ONE, 1)
    assert crops.content is None
    told = []
    for _ in range(2 * LOOK_FRAMES):
        film.show(MENU, 1)
        told.append(crops.content)
    assert told[LOOK_FRAMES - 1] is None  # one look may err
    assert told[-1] is Content.MENU
    film.show(ONE, 2 * LOOK_FRAMES)
    assert crops.content is None


def test_the_live_half_of_a_split_screen_is_judged_alone() -> None:
    crops = tracker()
    assert run(crops, SPLIT, 1) == [crop_of(OTHER)]
    assert crops.content is None
    fixed = tracker("full", reads_content=True)
    run(fixed, SPLIT, 1)
    assert fixed.content is Content.SPLIT  # the crop is not that of one half


def test_a_doubtful_word_is_not_taken() -> None:
    crops = tracker()
    run(crops, DOUBTFUL, 1)
    assert crops.content is None


def test_fixed_crops() -> None:
    published_size = np.zeros((735, 975), np.uint8)
    for text, pixels, expected in (
        ("published", published_size, PUBLISHED_CROP),
        ("default", published_size, PUBLISHED_CROP),
        ("default", pixels_of(ONE), crop_of(ONE)),
        ("full", pixels_of(ONE), centred_crop(WHOLE, ASPECT)),
        ("10,20,300,200", pixels_of(ONE), Box(10, 20, 310, 220)),
    ):
        told = Told()
        crops = CropTracker(parse_crop(text), ASPECT, reader=told)
        assert crops.crop_for(frame_of(pixels)) == expected
        assert told.asked == (text == "default" and pixels is not published_size)


def test_an_own_crop_outside_of_the_picture() -> None:
    with pytest.raises(UsageError, match="outside"):
        run(tracker("400,0,300,200"), ONE, 1)


def test_a_frame_of_a_real_reader() -> None:
    """With the shipped network: the crop lies in the frame, whatever the picture."""
    frame: Frame = frame_of(np.random.default_rng(0).integers(0, 256, SIZE).astype(np.uint8))
    crop = CropTracker(parse_crop("auto"), ASPECT).crop_for(frame)
    assert crop.left >= 0
    assert crop.top >= 0
    assert crop.right <= 640
    assert crop.bottom <= 480


class TwoPictures:
    """Takes both halves of a screen for the picture, the left one for the larger."""

    def read(self, pixels: Pixels) -> Reading:
        mask = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
        mask[20:80, 4:64], mask[20:76, 68:124] = 0.99, 0.99
        return Reading(mask, np.eye(7, dtype=np.float32)[CONTENTS.index(Content.SPLIT)])


def test_of_two_pictures_the_one_that_changes_is_live() -> None:
    """A still cannot tell; a sequence can, within half a second."""
    rng = np.random.default_rng(2)
    still = rng.integers(40, 200, (480, 640), np.uint8)
    crops = CropTracker(parse_crop("auto"), ASPECT, reader=ScreenReader(TwoPictures))
    found = []
    for index in range(5 * LOOK_FRAMES):
        pixels = still.copy()
        pixels[100:400, 330:630] = rng.integers(40, 200, (300, 300))
        found.append(crops.crop_for(frame_of(pixels, index)))
        if index == 0:
            assert crops.content is Content.SPLIT  # which half is live is in doubt: not judged
    assert found[0].left < 320
    assert found[-1].left > 300
    assert crops.content is None  # the live half is judged
