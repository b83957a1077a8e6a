from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.cli import STOPPED, run
from sonoassist.commands import phantom as command
from sonoassist.core import paths
from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Content
from sonoassist.core.planes import KEYS
from sonoassist.phantom.catalogue import BACKGROUND_KEYS, BY_KEY, PLANE_KEYS
from sonoassist.phantom.draw import draw_plane
from sonoassist.phantom.exam import PhantomExam
from sonoassist.phantom.plan import ARRIVE_S, MOVE_S, NEAR, Leg, nearness, plan_exam
from sonoassist.preprocess.content import content_of
from sonoassist.sources import open_source

SMALL = (400, 300)


def truth(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="module")
def exam() -> PhantomExam:
    return PhantomExam(seed=3, fps=20, plan=plan_exam(3, extras=True), size=SMALL)


def legs(exam: PhantomExam, state: str) -> list[Leg]:
    return [leg for leg in exam.plan.legs if leg.state == state]


def index_in(exam: PhantomExam, leg: Leg, part: float = 0.8) -> int:
    return round((leg.start_s + part * (leg.end_s - leg.start_s)) * exam.fps)


def test_the_phantom_shows_the_planes_of_the_program() -> None:
    assert (*PLANE_KEYS, "background") == (*(k for k in KEYS if k != "background"), "background")
    assert not set(BACKGROUND_KEYS) & set(KEYS)


@pytest.mark.parametrize("key", PLANE_KEYS)
def test_each_plane_has_a_picture_with_a_box_in_it(key: str) -> None:
    pixels, box = draw_plane(key, 4, size=(288, 224))
    assert pixels.shape == (224, 288)
    assert pixels.dtype == np.uint8
    assert 10 < pixels.mean() < 140
    assert pixels.std() > 15
    assert box is not None
    assert 0 <= box.left < box.right <= 288
    assert 0 <= box.top < box.bottom <= 224
    assert max(box.width / 288, box.height / 224) > 0.12


@pytest.mark.parametrize("key", BACKGROUND_KEYS)
def test_a_background_section_has_no_box(key: str) -> None:
    pixels, box = draw_plane(key, 4, size=(288, 224))
    assert box is None
    assert pixels.std() > 5


def test_a_near_miss_has_no_box_and_another_picture() -> None:
    hit, _ = draw_plane("abdominal", 2, size=(288, 224))
    miss, box = draw_plane("abdominal", 2, size=(288, 224), near_miss=True)
    assert box is None
    assert (hit != miss).mean() > 0.3


def test_a_picture_is_repeatable_and_another_seed_gives_another() -> None:
    one, other = draw_plane("femur", 9)[0], draw_plane("femur", 9)[0]
    assert (one == other).all()
    assert (one != draw_plane("femur", 10)[0]).any()


def test_a_plane_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="elbow"):
        draw_plane("elbow", 1)


def test_bone_is_bright_and_hides_what_lies_behind() -> None:
    behind, bone = [], []
    for seed in range(4):
        pixels, box = draw_plane("femur", seed, size=(288, 224))
        assert box is not None
        middle = round((box.left + box.right) / 2)
        bottom = round(box.bottom)
        behind.append(pixels[bottom + 14 : bottom + 24, middle - 6 : middle + 6].mean())
        bone.append(pixels[round(box.top) : bottom, middle - 6 : middle + 6].max())
    assert np.mean(behind) < 0.35 * np.mean(bone)
    assert np.mean(bone) > 180


def test_the_heart_beats() -> None:
    structure = BY_KEY["4ch"]
    full = structure.section(1, phase=0.0).layers
    empty = structure.section(1, phase=1.0).layers

    middle = np.s_[200:345, 220:380, 0]  # of the chest
    changed = np.abs(full[middle] - empty[middle]) > 0.2
    assert changed.mean() > 0.03
    assert np.abs(full[:100, ..., 0] - empty[:100, ..., 0]).max() < 0.1


def test_every_plane_is_held_once() -> None:
    plan = plan_exam(5)
    assert sorted(leg.kind for leg in plan.legs if leg.state == "plane") == sorted(PLANE_KEYS)
    assert [leg.kind for leg in plan.legs] != [leg.kind for leg in plan_exam(6).legs]
    assert plan == plan_exam(5)


@given(st.integers(0, 10**6), st.floats(0.1, 0.97), st.booleans())
def test_a_plan_has_no_gaps_and_the_share_asked_for(seed: int, share: float, extras: bool) -> None:
    plan = plan_exam(seed, background_share=share, extras=extras)
    assert plan.legs[0].start_s == 0
    for one, following in zip(plan.legs, plan.legs[1:], strict=False):
        assert one.start_s < one.end_s == following.start_s
    assert plan.background_share == pytest.approx(share, abs=0.01)
    assert plan.duration_s >= 90 - 1e-6


@pytest.mark.parametrize(
    ("seconds", "share"), [(5, 0.5), (90, 1.0), (90, -1), (float("nan"), 0.5), (1e9, 0.5)]
)
def test_impossible_plans_are_refused(seconds: float, share: float) -> None:
    with pytest.raises(UsageError):
        plan_exam(0, seconds=seconds, background_share=share)


def test_frames_are_the_same_in_any_order(exam: PhantomExam) -> None:
    again = PhantomExam(seed=3, fps=20, plan=plan_exam(3, extras=True), size=SMALL)
    for index in (900, 30, 31):
        one, other = exam.frame(index), again.frame(index)
        assert (one.pixels == other.pixels).all()
        assert (one.box, one.state, one.plane) == (other.box, other.state, other.plane)


def test_a_held_plane_has_its_box_within_the_picture(exam: PhantomExam) -> None:
    layout = exam.layout
    for leg in legs(exam, "plane")[::3]:
        frame = exam.frame(index_in(exam, leg))
        assert (frame.state, frame.plane) == ("plane", leg.kind)
        assert frame.pixels.shape == (300, 400, 3)
        box = frame.box
        assert box is not None
        assert layout.left_px <= box.left < box.right <= layout.right_px
        assert layout.top_px <= box.top < box.bottom <= layout.bottom_px


@pytest.mark.parametrize("state", ["background", "near_miss", "doppler", "split", "no_signal"])
def test_everything_else_is_background_without_box(exam: PhantomExam, state: str) -> None:
    frame = exam.frame(index_in(exam, legs(exam, state)[0]))
    assert (frame.state, frame.plane, frame.box) == (state, "background", None)
    assert (frame.pixels.std() == 0) == (state == "no_signal")


def test_colour_doppler_is_seen_as_such(exam: PhantomExam) -> None:
    frame = exam.frame(index_in(exam, legs(exam, "doppler")[0]))
    layout = exam.layout
    shown = frame.pixels[layout.top_px : layout.bottom_px, layout.left_px : layout.right_px]
    assert content_of(shown) is Content.DOPPLER


def test_frozen_frames_are_identical(exam: PhantomExam) -> None:
    leg = legs(exam, "frozen")[0]
    one, other = (exam.frame(index_in(exam, leg, part)) for part in (0.3, 0.8))
    assert one.state == "frozen"
    assert one.plane == leg.kind
    assert one.box == other.box
    assert one.box is not None
    assert (one.pixels == other.pixels).all()


def test_on_the_way_to_a_plane_it_is_not_the_plane_yet(exam: PhantomExam) -> None:
    leg = legs(exam, "plane")[2]
    frame = exam.frame(round((leg.start_s + MOVE_S * 0.3) * exam.fps))
    assert (frame.state, frame.plane, frame.box) == ("near_miss", "background", None)


def test_what_is_left_is_the_plane_until_the_probe_is_away(exam: PhantomExam) -> None:
    plan = exam.plan.legs
    for number, leg in enumerate(plan[:-1]):
        following = plan[number + 1]
        if leg.state == "plane" and following.state in ("background", "near_miss"):
            first = next(i for i in range(len(exam)) if i / exam.fps >= following.start_s)
            seen = [exam.frame(first + step) for step in (0, round(MOVE_S * exam.fps))]
            assert (seen[0].state, seen[0].plane) == ("plane", leg.kind)
            assert seen[0].box is not None
            assert (seen[1].state, seen[1].box) == (following.state, None)
            return
    raise AssertionError("the plan holds no plane that is left for a search")


def test_the_box_follows_the_anatomy_as_the_probe_arrives(exam: PhantomExam) -> None:
    held = legs(exam, "plane")[1]
    times_s = [held.start_s + ARRIVE_S + 0.06, held.start_s + MOVE_S + 0.01]
    boxes = [exam.frame(round(time_s * exam.fps)).box for time_s in times_s]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0] != boxes[1]
    assert boxes[0].iou(boxes[1]) > 0.6


@given(st.floats(-1, 20))
def test_nearness_rises_from_nothing_to_all(into_s: float) -> None:
    assert 0 <= nearness(into_s) <= nearness(into_s + 0.1) <= 1
    assert nearness(0.98 * ARRIVE_S) < NEAR < nearness(1.01 * ARRIVE_S)


@pytest.mark.parametrize("size", [(10, 10), (9000, 700)])
def test_screens_out_of_range_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError):
        PhantomExam(size=size)


@pytest.mark.parametrize("seed", range(6))
def test_layouts_keep_the_picture_on_the_screen(seed: int) -> None:
    layout = PhantomExam(seed).layout
    width, height = layout.picture_px
    assert 0 <= layout.left_px < layout.right_px <= layout.width_px
    assert 0 < layout.top_px < layout.bottom_px <= layout.height_px
    assert 1.0 < width / height < 1.6


def test_the_command_writes_exams_and_their_truth(tmp_path: Path) -> None:
    line = [
        "phantom",
        "--out",
        str(tmp_path),
        "--fps",
        "0.5",
        "--seconds",
        "28",
        "--size",
        "400x300",
    ]
    assert run([*line, "--seed", "7", "--exams", "2", "--extras"]) == 0
    for seed in (7, 8):
        rows = truth(tmp_path / f"exam-{seed}" / "truth.csv")
        with av.open(str(tmp_path / f"exam-{seed}" / "exam.mp4")) as video:
            times_s = [frame.time for frame in video.decode(video=0)]
        assert len(rows) == len(times_s) == 14
        with open_source(str(tmp_path / f"exam-{seed}" / "exam.mp4")) as source:
            assert source.info.synthetic
        for row, time_s in zip(rows, times_s, strict=True):
            assert float(row["time_s"]) == pytest.approx(time_s, abs=1e-3)
            assert (row["plane"] != "background") == (row["state"] in ("plane", "frozen"))
            assert bool(row["left_px"]) == (row["plane"] != "background")


@pytest.mark.parametrize(
    "options",
    [
        ["--seed", "-1"],
        ["--exams", "0"],
        ["--quality", "77"],
        ["--fps", "0"],
        ["--fps", "nan"],
        ["--size", "big"],
        ["--size", "5x5"],
        ["--seconds", "3"],
        ["--background", "1"],
    ],
)
def test_bad_options_are_refused_in_one_line(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["phantom", "--out", str(tmp_path / "exam"), *options]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "exam" / "exam.mp4").exists()


@pytest.mark.parametrize("done", [0, 1])
def test_an_exam_that_is_stopped_leaves_no_folder(
    done: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the second frame of an exam; what is finished stays."""
    steps: list[int] = []

    def stop(self: object) -> None:
        steps.append(1)
        if len(steps) == 14 * done + 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(command.ProgressBar, "step", stop)
    out = tmp_path / "new"
    line = ["phantom", "--out", str(out), "--fps", "0.5", "--seconds", "28", "--size", "400x300"]
    assert run([*line, "--exams", "3"]) == STOPPED
    made = sorted(path.name for path in out.iterdir()) if out.exists() else []
    assert made == ["exam-0"][:done]
    assert out.exists() == bool(done)


def test_the_demo_exam_is_there_small_and_complete() -> None:
    path = paths.demo_exam()
    assert path is not None
    assert path.stat().st_size < 8 * 2**20
    rows = truth(path.parent / "truth.csv")
    with av.open(str(path)) as video:
        assert video.streams.video[0].frames == len(rows)
    held = Counter(row["plane"] for row in rows)
    assert set(held) == set(KEYS)
    with open_source(str(path)) as source:
        assert source.info.synthetic
