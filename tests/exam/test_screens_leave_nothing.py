"""Real scanner screens exported in every format: outside of the fan nothing is lit."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread

from dicom_exam import add_clip, shot_of, start_of
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Content, Pixels
from sonoassist.datasets.screens import ScreenTruth, read_screens
from sonoassist.exam.export import PARTS, Export, write_export
from sonoassist.exam.records import Item, Judgement
from sonoassist.exam.store import ExamStore
from sonoassist.sources import open_source

pytestmark = pytest.mark.real

NOISE, CODED_NOISE = 24, 40
"""Grey levels that an empty screen may show, and what coding leaves beside an edge."""
BLEED_PX = 8
"""A block of a coded picture may bleed over its edge."""
LARGE = 0.9
"""Where the field of view takes more of the screen there is nothing round it."""


def load(truth: ScreenTruth) -> Pixels:
    picture = cv2.imread(str(truth.path))
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def chosen(test_data: Path) -> list[ScreenTruth]:
    """Some screens of each origin with much round their picture, and all that have none."""
    truths = read_screens(test_data / "scanner_screens").truths
    small = [one for one in truths if one.field is not None and covered(one) < LARGE]
    plain = [one for one in small if one.content is not Content.SPLIT]
    return [*plain[::3], *(one for one in truths if one.field is None)]


def covered(truth: ScreenTruth) -> float:
    field = truth.field
    assert field is not None
    height, width = load(truth).shape[:2]
    return field.width * field.height / (width * height)


def lit_outside(picture: Pixels, field: Box, level: int, margin_px: int = 0) -> int:
    """Number of pixels outside of the true field that are lit."""
    lit: NDArray[np.bool_] = picture.reshape(*picture.shape[:2], -1).max(axis=2) > level
    left, top = int(field.left) - margin_px, int(field.top) - margin_px
    right, bottom = int(field.right) + margin_px, int(field.bottom) + margin_px
    lit[max(top, 0) : bottom, max(left, 0) : right] = False
    return int(lit.sum())


@pytest.fixture(scope="module")
def made(
    test_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[ScreenTruth], list[str]]:
    """The exam of the screens, exported in every format; and what was said to be left out."""
    folder, truths, told = tmp_path_factory.mktemp("screens"), chosen(test_data), list[str]()
    store = ExamStore(folder / "exams")
    start = start_of(synthetic=False, source="/tmp/Erika Musterfrau 1964.mp4")
    with store.create(start) as exam:
        for number, truth in enumerate(truths):
            picture = load(truth)
            whole = Box(0, 0, picture.shape[1], picture.shape[0])
            shot = shot_of("4ch", box=None, field=whole, at_s=float(number))
            capture = exam.add_capture(shot, picture, judgement=Judgement.KEPT)
            add_clip(exam, capture, [picture] * 2, [0.0, 0.04])
        exam_id = exam.exam_id
    assert Item("4ch", "Four chambers", "4ch") in start.items
    write_export(store, exam_id, folder / "out", Export(frozenset(PARTS)), warned=told.append)
    return folder / "out", truths, told


Made = tuple[Path, list[ScreenTruth], list[str]]


def test_a_menu_is_left_out_and_that_is_said(made: Made) -> None:
    out, truths, told = made
    menus = [number for number, one in enumerate(truths, 1) if one.field is None]
    assert menus
    for number in menus:
        assert not list(out.rglob(f"*{number:03d}*.png"))
        assert not list(out.rglob(f"*{number:03d}*.dcm"))
        assert not list(out.rglob(f"*{number:03d}*.mp4"))
        assert any(line.startswith(f"Capture {number} is left out") for line in told)
    assert (out / "report.html").read_text().count("Left out: no ultrasound") == len(menus)


def test_stills_clips_and_dicom_show_the_fan_alone(made: Made) -> None:
    out, truths, _ = made
    shown = 0
    for number, truth in enumerate(truths, 1):
        if truth.field is None:
            continue
        for path in sorted(out.rglob(f"*{number:03d}*")):
            for picture, level, margin in pictures_in(path):
                lit = lit_outside(picture, truth.field, level, margin)
                assert lit == 0, f"{path.name} of {truth.path.name}: {lit} lit pixels"
                shown += 1
    assert shown >= 4 * len(truths) // 2


def pictures_in(path: Path) -> list[tuple[Pixels, int, int]]:
    """Pictures of an exported file, with the noise that its coding leaves, and its bleed."""
    if path.suffix == ".png":
        return [(np.asarray(cv2.imread(str(path)), np.uint8), NOISE, 0)]
    with open_source(str(path)) as source:
        coded = path.suffix == ".mp4" or "clip" in path.name
        margin = BLEED_PX if coded else 0
        level = CODED_NOISE if coded else NOISE
        return [(frame.pixels, level, margin) for frame in source]


def test_the_report_shows_no_more_than_the_fan(made: Made) -> None:
    """Its pictures are cut to what is lit, so none is larger than the field with a little room."""
    out, truths, _ = made
    data = re.findall(
        r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", (out / "report.html").read_text()
    )
    fields = [one.field for one in truths if one.field is not None]
    shapes = []
    for one in data:
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(one), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        shapes.append(picture.shape[1] / picture.shape[0])
    assert len(shapes) >= len(fields)
    wanted = [field.width / field.height for field in fields]
    for shape in shapes:
        assert min(abs(shape / one - 1) for one in wanted) < 0.15


def test_no_file_names_the_recording(made: Made) -> None:
    out, _, _ = made
    for path in out.rglob("*"):
        if path.is_file():
            assert "musterfrau" not in path.name.lower()
            assert b"musterfrau" not in path.read_bytes().lower(), path.name


def test_burned_in_annotation_is_denied_under_a_sure_mask_only(made: Made) -> None:
    out, _, _ = made
    for path in (out / "dicom").glob("[sc]*.dcm"):
        assert dcmread(path, stop_before_pixels=True).BurnedInAnnotation == "NO"
