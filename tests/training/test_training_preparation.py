from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training_help import FULL, dataset, made_data, picture, write_exams

from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box
from sonoassist.core.planes import INDEX
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.datasets.reading import read_dataset
from sonoassist.preprocess import PREPROCESSING
from sonoassist.preprocess.crop import parse_crop
from sonoassist.training import cache as cache_module
from sonoassist.training.cache import cached_case
from sonoassist.training.data import DataOptions, prepare_data
from sonoassist.training.preparation import (
    BACKGROUND_BITS,
    PreparedCase,
    PrepareOptions,
    label_bits,
    planes_in,
    prepare_case,
)
from sonoassist.training.recordings import MATCH, distance
from sonoassist.training.split import Case, gather_cases
from sources.video_maker import make_video

pytestmark = pytest.mark.usefixtures("plain_screens")

STILL, MOVING = 12, 12


def moving_film(path: Path) -> tuple[Path, list[np.ndarray]]:
    """Twelve frames held still on a femur, then twelve that drift."""
    held = picture("femur", 1)
    others = [picture("background", 50 + n) for n in range(MOVING)]
    others = [cv2.GaussianBlur(one, (0, 0), 4) for one in others]
    ramps = [
        np.roll(np.tile(np.linspace(30, 220, 160), (120, 1)), 13 * n, 1) for n in range(MOVING)
    ]
    moved = [
        (0.5 * one + 0.5 * ramp).astype(np.uint8) for one, ramp in zip(others, ramps, strict=True)
    ]
    grey = [held] * STILL + moved
    pictures = [np.dstack([one] * 3) for one in grey]
    return make_video(path, [40 * n for n in range(len(grey))], pictures=pictures), grey


def case_of(*frames: LabelledFrame) -> Case:
    return Case("made/a", frames, synthetic=False)


OPTIONS = PrepareOptions(crop=FULL, background=6)


def test_background_is_drawn_where_the_probe_moves(tmp_path: Path) -> None:
    film, _ = moving_film(tmp_path / "scan.mp4")
    case = case_of(LabelledFrame("a", film, 3, ("femur",)))
    made = prepare_case(case, OPTIONS)
    drawn = [
        int(origin.split("#")[1])
        for origin, bits in zip(made.origins, made.labels, strict=True)
        if bits == BACKGROUND_BITS
    ]
    assert len(drawn) == 6 == len(set(drawn))
    assert min(drawn) >= STILL
    assert made.problems == []
    assert sorted(made.labels)[-1] == 1 << INDEX["femur"]
    assert all(image.shape == (224, 288) and image.dtype == np.uint8 for image in made.images)
    again = prepare_case(case, OPTIONS)
    assert again.origins == made.origins
    assert prepare_case(case, replace(OPTIONS, seed=1)).origins != made.origins


def drawn_from(made: PreparedCase, plane: str) -> list[str]:
    return [
        origin
        for origin, bits in zip(made.origins, made.labels, strict=True)
        if bits == 1 << INDEX[plane]
    ]


def test_a_video_without_a_row_gives_background_and_the_frames_of_freeze_frames(
    tmp_path: Path,
) -> None:
    exam = tmp_path / "exams" / "case0"
    exam.mkdir(parents=True)
    _, grey = moving_film(exam / "scan.mp4")
    assert cv2.imwrite(str(exam / "freeze.png"), grey[5])
    (exam / "labels.csv").write_text("file,frame,plane\nfreeze.png,,femur\n", encoding="utf-8")
    (case,) = gather_cases([read_dataset(tmp_path / "exams")])
    assert [path.name for path in case.recordings] == ["scan.mp4"]
    made = prepare_case(case, OPTIONS)
    assert made.matched == 1
    assert len(drawn_from(made, "femur")) == 2
    background = drawn_from(made, "background")
    assert 0 < len(background) <= 6
    assert all(origin.startswith("scan.mp4#") for origin in background)


def test_a_frame_whose_row_cannot_be_used_is_not_taken_for_background(tmp_path: Path) -> None:
    exam = tmp_path / "exams" / "case0"
    exam.mkdir(parents=True)
    moving_film(exam / "scan.mp4")
    assert cv2.imwrite(str(exam / "a.png"), picture("lips", 4))
    rows = "file,frame,plane\na.png,,lips\nscan.mp4,20,femurr\n"
    (exam / "labels.csv").write_text(rows, encoding="utf-8")
    data = read_dataset(tmp_path / "exams")
    assert any("femurr" in line for line in data.problems)
    (case,) = gather_cases([data])
    indexes = [int(o.split("#")[1]) for o in drawn_from(prepare_case(case, OPTIONS), "background")]
    assert indexes == [12, 13, 14]  # the probe moves from frame 12 on; the others are near to 20
    clean = replace(case, named=frozenset())
    assert len(drawn_from(prepare_case(clean, OPTIONS), "background")) == 6


def test_what_somebody_called_background_is_taken_first(tmp_path: Path) -> None:
    film, _ = moving_film(tmp_path / "scan.mp4")
    told = [LabelledFrame("a", film, index, ("background",)) for index in (0, 4)]
    made = prepare_case(case_of(*told), replace(OPTIONS, background=3))
    origins = drawn_from(made, "background")
    assert {"scan.mp4#0", "scan.mp4#4"} < set(origins)
    assert len(origins) == 3
    assert prepare_case(case_of(*told), replace(OPTIONS, background=0)).images == []


def test_frames_beyond_the_number_are_counted(tmp_path: Path) -> None:
    film, _ = moving_film(tmp_path / "scan.mp4")
    frames = [LabelledFrame("a", film, index, ("femur",)) for index in range(5)]
    made = prepare_case(case_of(*frames), replace(OPTIONS, background=0, per_plane=2))
    assert len(made.images) == 2
    assert made.dropped["further frames of a plane in a recording"] == 3


def test_pictures_are_cleaned_before_they_are_learnt(tmp_path: Path) -> None:
    """Calipers in colour and the crop: as in Table II."""
    colour = np.dstack([picture("lips", 1)] * 3)
    drawn = colour.copy()
    for left in range(20, 140, 12):
        cv2.line(drawn, (left, 20), (left + 6, 20), (0, 255, 255), 1)
    assert cv2.imwrite(str(tmp_path / "a.png"), drawn)
    frame = LabelledFrame("a", tmp_path / "a.png", 0, ("lips",))
    cleaned = prepare_case(case_of(frame), OPTIONS).images[0]
    plain = cv2.resize(colour[..., 0], (288, 224))
    marked = cv2.resize(drawn.max(axis=2), (288, 224))
    rows = np.s_[34:42]  # where the calipers lie in the network's input
    before = np.abs(marked[rows].astype(int) - plain[rows]).mean()
    assert np.abs(cleaned[rows].astype(int) - plain[rows]).mean() < 0.5 * before
    part = prepare_case(case_of(frame), replace(OPTIONS, crop=parse_crop("0,0,80,60", {})))
    assert np.abs(part.images[0].astype(int) - cleaned).mean() > 5


def test_most_frames_labelled_means_the_rest_was_left_out(tmp_path: Path) -> None:
    film, grey = moving_film(tmp_path / "scan.mp4")
    labels = [
        LabelledFrame("a", film, n, ("femur",) if n < STILL else ("background",))
        for n in range(len(grey) - 4)
    ]
    made = prepare_case(case_of(*labels), replace(OPTIONS, background=50, per_plane=3))
    assert sum(bits != BACKGROUND_BITS for bits in made.labels) == 3
    last = max(int(origin.split("#")[1]) for origin in made.origins)
    assert last < len(grey) - 4


def test_a_freeze_frame_is_found_in_the_video_and_both_are_used(tmp_path: Path) -> None:
    film, grey = moving_film(tmp_path / "scan.mp4")
    freeze = np.clip(1.2 * grey[5].astype(float) + 6, 0, 255).astype(np.uint8)
    assert cv2.imwrite(str(tmp_path / "freeze.png"), freeze)
    assert cv2.imwrite(str(tmp_path / "other.png"), picture("lips", 4))
    made = prepare_case(
        case_of(
            LabelledFrame("a", tmp_path / "freeze.png", 0, ("femur",)),
            LabelledFrame("a", tmp_path / "other.png", 0, ("lips",)),
            LabelledFrame("a", film, 20, ("background",)),
        ),
        OPTIONS,
    )
    assert made.matched == 1
    femurs = [
        origin
        for origin, bits in zip(made.origins, made.labels, strict=True)
        if planes_in(bits) == [INDEX["femur"]]
    ]
    assert femurs[0] == "freeze.png"
    name, index = femurs[1].split("#")
    assert name == "scan.mp4"
    assert int(index) < STILL


def test_the_distance_ignores_gain() -> None:
    thumb = picture("femur", 2, 56, 72)
    louder = np.clip(1.3 * thumb.astype(float) + 10, 0, 255).astype(np.uint8)
    assert distance(thumb, thumb) == 0
    assert distance(thumb, louder) < 0.1 * MATCH
    assert distance(thumb, picture("lips", 3, 56, 72)) > MATCH


def test_doppler_and_black_pictures_are_left_out(tmp_path: Path) -> None:
    grey = np.dstack([picture("lips", 1)] * 3)
    doppler = grey.copy()
    doppler[40:80, 60:100] = (0, 40, 230)
    pictures = {"ok": grey, "doppler": doppler, "black": 0 * grey}
    frames = []
    for name, pixels in pictures.items():
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
        frames.append(LabelledFrame("a", tmp_path / f"{name}.png", 0, ("lips",)))
    made = prepare_case(case_of(*frames), OPTIONS)
    assert made.origins == ["ok.png"]
    assert made.dropped == {"Doppler": 1, "no signal": 1}


def test_an_unreadable_picture_in_the_middle_is_named_and_passed_over(tmp_path: Path) -> None:
    write_exams(tmp_path / "exams")
    (tmp_path / "exams" / "case1" / "lips-1.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    (tmp_path / "exams" / "case2" / "femur-0.png").write_bytes(b"")
    data = made_data(tmp_path)
    assert len(data.train) + len(data.validation) + len(data.test) == 4 * 6 - 2
    assert any("lips-1.png" in line for line in data.notes)
    assert any("femur-0.png" in line and "empty" in line for line in data.notes)
    with pytest.raises(UsageError, match=r"\.png"):
        made_data(tmp_path, strict=True)


def test_a_recording_without_signal_in_part(tmp_path: Path) -> None:
    lit = [np.dstack([picture("background", n)] * 3) for n in range(20)]
    pictures = [*lit, *(0 * one for one in lit[:3])]
    film = make_video(
        tmp_path / "scan.mp4", [40 * n for n in range(len(pictures))], pictures=pictures
    )
    kept = cached_case(case_of(LabelledFrame("a", film, 2, ("lips",))), OPTIONS, tmp_path / "cache")
    assert kept.about["dropped"] == {"no plain B-mode picture": 3}
    assert len(kept) == 1 + 6  # the labelled one, and of those that move as many as asked for


def test_labels_of_several_planes(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "a.png"), picture("lips", 1))
    frame = LabelledFrame("a", tmp_path / "a.png", 0, ("4ch", "lvot"))
    assert planes_in(label_bits(frame)) == [INDEX["4ch"], INDEX["lvot"]]
    assert prepare_case(case_of(frame), OPTIONS).dropped == {"label of several planes": 1}
    kept = prepare_case(case_of(frame), replace(OPTIONS, coarse=True))
    assert kept.labels == [label_bits(frame)]


def test_the_cache_gives_the_same_pictures_and_notices_changes(tmp_path: Path) -> None:
    write_exams(tmp_path / "exams", cases=1)
    frames = dataset(tmp_path / "exams").frames
    case, cache = case_of(*frames), tmp_path / "cache"
    made, kept = prepare_case(case, OPTIONS), cached_case(case, OPTIONS, cache)
    assert len(kept) == len(made.images)
    for number, image in enumerate(made.images):
        np.testing.assert_array_equal(kept.image(number), image)
    (file,) = cache.iterdir()
    stamp = file.stat().st_mtime_ns
    assert cached_case(case, OPTIONS, cache).about == kept.about
    assert file.stat().st_mtime_ns == stamp
    cached_case(case, replace(OPTIONS, seed=9), cache)
    assert cv2.imwrite(str(frames[0].path), picture("lips", 77))
    changed = cached_case(case, OPTIONS, cache)
    assert changed.about["digest"] != kept.about["digest"]
    assert len(list(cache.iterdir())) == 3


def test_a_case_that_was_prepared_otherwise_is_prepared_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_exams(tmp_path / "exams", cases=1)
    case, cache = case_of(*dataset(tmp_path / "exams").frames), tmp_path / "cache"
    with monkeypatch.context() as before:
        before.setattr(cache_module, "PREPROCESSING", PREPROCESSING - 1)
        older = cached_case(case, OPTIONS, cache)
    assert cached_case(case, OPTIONS, cache).path != older.path


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    write_exams(tmp_path / "exams", cases=1)
    case = case_of(*dataset(tmp_path / "exams").frames)
    kept = cached_case(case, OPTIONS, tmp_path / "cache")
    whole = kept.path.read_bytes()
    for damage in (b"", whole[: len(whole) // 2], b"x" * 100):
        kept.path.write_bytes(damage)
        assert cached_case(case, OPTIONS, tmp_path / "cache").about == kept.about
    for odd in ({"labels": kept.labels.astype(np.int8)}, {"about": np.array([123, 125], np.uint8)}):
        with np.load(kept.path) as arrays:
            np.savez(kept.path, **{**arrays, **odd})
        assert cached_case(case, OPTIONS, tmp_path / "cache").about == kept.about
    kept.path.unlink()
    with pytest.raises(SourceError, match="cannot read"):
        kept.image(0)


def test_a_plane_without_examples_is_said_plainly(tmp_path: Path) -> None:
    data = made_data(tmp_path)
    assert "no training picture of: 3vv, 4ch" in data.notes[-1]
    with pytest.raises(UsageError, match="no training picture of"):
        made_data(tmp_path, strict=True)


def test_one_case_validates_by_picture(tmp_path: Path) -> None:
    write_exams(tmp_path / "exams", cases=1, each=5)
    options = DataOptions(tmp_path / "cache", OPTIONS, test_share=0)
    data = prepare_data([dataset(tmp_path / "exams")], options)
    assert (len(data.train), len(data.validation), len(data.test)) == (12, 3, 0)
    assert {k: v for k, v in data.validation.counts().items() if v} == {
        "femur": 1,
        "lips": 1,
        "background": 1,
    }


def test_data_without_use(tmp_path: Path) -> None:
    write_exams(tmp_path / "exams", planes=("femur",))
    options = DataOptions(tmp_path / "cache", OPTIONS)
    with pytest.raises(UsageError, match="all training pictures show the same: femur"):
        prepare_data([dataset(tmp_path / "exams")], options)
    gone = [LabelledFrame(f"c{n}", tmp_path / f"{n}.png", 0, ("femur",)) for n in range(5)]
    with pytest.raises(UsageError, match="no picture of the training cases"):
        prepare_data([Dataset("gone", "exams", tuple(gone))], options)


def test_the_crop_that_came_with_a_frame_is_used(tmp_path: Path) -> None:
    whole = picture("lips", 1)
    assert cv2.imwrite(str(tmp_path / "a.png"), whole)
    frame = LabelledFrame("a", tmp_path / "a.png", 0, ("lips",), crop=Box(40, 20, 112, 76))
    auto = replace(OPTIONS, crop=parse_crop("default"))
    made, full = prepare_case(case_of(frame), auto), prepare_case(case_of(frame), OPTIONS)
    cut = cv2.resize(whole[20:76, 40:112], (288, 224), interpolation=cv2.INTER_LINEAR)
    assert np.abs(made.images[0].astype(int) - cut).mean() < 1
    assert np.abs(full.images[0].astype(int) - cut).mean() > 5
