"""A scanner's screen is known again by its size and furniture, whatever names it shows."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from preprocess.screens_made import bounds, fan_mask
from sonoassist.core.errors import OutputError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Content, Pixels
from sonoassist.preprocess.field_of_view import FieldOfView
from sonoassist.preprocess.kept_layouts import MOST, KeptLayouts
from sonoassist.preprocess.screen_layout import Furniture, KeptLayout, furniture_of
from sonoassist.preprocess.screen_network import MASK_HEIGHT, MASK_WIDTH
from sonoassist.preprocess.screen_reader import ScreenLook

SIZE = (960, 720)


def screen_of(
    kind: int, words: str, apex: tuple[float, float] = (520, 90), radius: float = 560
) -> tuple[Pixels, ScreenLook]:
    """A screen of one of several scanners, and a look that found its fan."""
    width, height = SIZE
    picture = np.zeros((height, width, 3), np.uint8)
    rng = np.random.default_rng(kind)
    for _ in range(9):  # keys and bars, each scanner's own
        left, top = int(rng.integers(0, 130)), int(rng.integers(60, 640))
        ink = (int(rng.integers(40, 220)),) * 3
        cv2.rectangle(picture, (left, top), (left + 70, top + 40), ink, -1)
    picture[: 40 + 5 * kind] = 50 + 30 * kind
    cv2.putText(picture, words, (200, 26), 0, 0.7, (230,) * 3, 1, cv2.LINE_AA)
    mask = fan_mask(height, width, apex, radius)
    picture[mask] = rng.integers(30, 200, (int(mask.sum()), 1))
    small = cv2.resize(
        mask.astype(np.float32), (MASK_WIDTH, MASK_HEIGHT), interpolation=cv2.INTER_AREA
    )
    field = FieldOfView(bounds(mask), 0.98, np.asarray(small, np.float32), width, height)
    return picture, ScreenLook(Content.B_MODE, 1.0, field)


def furniture(kind: int, words: str = "", **more: object) -> Furniture:
    found = furniture_of(*screen_of(kind, words, **more))  # type: ignore[arg-type]
    assert found is not None
    return found


def layout(kind: int, name: str = "one") -> KeptLayout:
    _, look = screen_of(kind, "")
    assert look.field is not None
    crop = Box(200, 100, 776, 548)
    return KeptLayout(name, *SIZE, crop, look.field.box, furniture(kind, "Muster, Eva"))


def test_a_screen_is_known_again_with_another_name_and_picture() -> None:
    kept = layout(1)
    assert kept.is_screen(*SIZE, furniture(1, "Sample, Ida 12.03.2024"))
    assert kept.is_screen(*SIZE, furniture(1, "", radius=500))
    assert kept.furniture.known


def test_other_scanners_and_sizes_are_others() -> None:
    kept = layout(1)
    for other in (2, 3, 4, 5):
        assert not kept.is_screen(*SIZE, furniture(other, "Muster, Eva"))
    assert not kept.is_screen(1280, 720, furniture(1))


def test_a_picture_that_moved_no_longer_fits() -> None:
    kept = layout(1)
    for radius, fits in ((560, True), (500, True), (200, False)):
        _, look = screen_of(1, "", radius=radius)
        assert look.field is not None
        assert bool(kept.fits(look.field.box)) is fits


def test_without_a_sure_field_nothing_is_known() -> None:
    picture, look = screen_of(1, "")
    assert look.field is not None
    doubtful = dataclasses.replace(look.field, sureness=0.5)
    for field in (None, doubtful):
        assert furniture_of(picture, ScreenLook(Content.B_MODE, 1.0, field)) is None


def test_a_bare_picture_has_no_furniture() -> None:
    picture = np.zeros((720, 960, 3), np.uint8)
    _, look = screen_of(1, "")
    found = furniture_of(picture, look)
    assert found is not None
    assert not found.known
    assert found.alike(found) == 0.0


def test_layouts_are_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "home" / "screens.json"
    layouts = KeptLayouts(path)
    assert layouts.all() == ()
    for kind in (1, 2):
        layouts.keep(layout(kind, f"scanner {kind}"))
    again = KeptLayouts(path)
    assert [one.name for one in again.all()] == ["scanner 2", "scanner 1"]
    found = again.find(*SIZE, furniture(1, "Nobody, Mia"))
    assert found is not None
    assert (found.name, found.crop) == ("scanner 1", Box(200, 100, 776, 548))
    assert again.find(*SIZE, furniture(3)) is None
    again.keep(layout(1, "renamed"))
    assert [one.name for one in KeptLayouts(path).all()] == ["renamed", "scanner 2"]
    again.forget(again.all()[0])
    assert [one.name for one in KeptLayouts(path).all()] == ["scanner 2"]


def test_no_more_than_some_are_kept(tmp_path: Path) -> None:
    layouts, base = KeptLayouts(tmp_path / "screens.json"), layout(1)
    for number in range(MOST + 3):
        layouts.keep(dataclasses.replace(base, name=str(number), width_px=number))
    assert len(layouts.all()) == MOST
    assert layouts.all()[0].name == str(MOST + 2)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"version": 9, "layouts": []}',
        '{"version": 1, "layouts": [{}]}',
        '{"version": 1, "layouts": [7]}',
        '{"version": 1e999, "layouts": []}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_told_and_never_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "screens.json"
    path.write_text(text)
    layouts = KeptLayouts(path)
    assert layouts.all() == ()
    assert "cannot be read" in layouts.trouble
    with pytest.raises(OutputError, match="cannot be read"):
        layouts.keep(layout(1))
    assert path.read_text() == text


def test_a_box_without_an_area_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "screens.json"
    KeptLayouts(path).keep(layout(1))
    data = json.loads(path.read_text())
    data["layouts"][0]["crop_px"] = [9, 9, 9, 9]
    path.write_text(json.dumps(data))
    assert "no area" in KeptLayouts(path).trouble
