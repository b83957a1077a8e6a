from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sonoassist.cli import run
from sonoassist.core.flaws import Flaw
from sonoassist.core.packets import Box
from sonoassist.datasets.reading import read_dataset
from sonoassist.phantom.catalogue import PLANE_KEYS
from sonoassist.phantom.exam import PhantomExam, PhantomFrame
from sonoassist.phantom.flaws import LONGER, plan_flawed
from sonoassist.phantom.plan import ExamPlan, Leg, plan_exam
from sonoassist.temporal.hint_meter import light_of, thin_picture
from sonoassist.temporal.hints import Placed, hints_of

FPS = 25.0
INTO_S = 1.3
SIZE = (640, 480)


@pytest.fixture(scope="module")
def exam() -> PhantomExam:
    return PhantomExam(seed=42, fps=FPS, plan=plan_flawed(42), size=SIZE)


@pytest.fixture(scope="module")
def frames(exam: PhantomExam) -> list[tuple[Leg, PhantomFrame]]:
    """The middle of the hold of each leg."""
    return [(leg, exam.frame(round((leg.start_s + INTO_S) * FPS))) for leg in exam.plan.legs]


def test_each_plane_is_held_well_and_with_each_flaw(exam: PhantomExam) -> None:
    assert Counter((leg.kind, leg.flaw) for leg in exam.plan.legs) == {
        (plane, flaw): 1 for plane in PLANE_KEYS for flaw in (None, *Flaw)
    }


def test_what_is_done_wrong_is_what_is_wrong(frames: list[tuple[Leg, PhantomFrame]]) -> None:
    """Probes that shake stand still at their turning points, and gains differ from the start."""
    for flaw in Flaw:
        spoiled = [
            flaw in frame.flaws
            for leg, frame in frames
            if leg.flaw is flaw and not (flaw is Flaw.CUT_OFF and leg.kind in LONGER)
        ]
        assert np.mean(spoiled) > 0.6, flaw
        others = [flaw in frame.flaws for leg, frame in frames if leg.flaw is None]
        assert np.mean(others) < 0.1, flaw


def test_all_frames_show_their_plane(frames: list[tuple[Leg, PhantomFrame]]) -> None:
    for leg, frame in frames:
        assert (frame.state, frame.plane) == ("plane", leg.kind)
        assert frame.box is not None


def test_light_is_truth_by_the_settings(frames: list[tuple[Leg, PhantomFrame]]) -> None:
    level = {flaw: [] for flaw in (None, Flaw.TOO_DARK, Flaw.TOO_BRIGHT)}
    for leg, frame in frames:
        if leg.flaw in level:
            level[leg.flaw].append(float(frame.pixels.mean()))
    dark, usual, bright = (np.median(level[one]) for one in (Flaw.TOO_DARK, None, Flaw.TOO_BRIGHT))
    assert dark < 0.6 * usual
    assert bright > 1.5 * usual


def test_exams_without_flaws_are_as_they_were() -> None:
    plan = plan_exam(3)
    assert all(leg.flaw is None for leg in plan.legs)
    frame = PhantomExam(3, 5, ExamPlan(3, plan.legs), SIZE).frame(40)
    assert frame.pixels.shape == (SIZE[1], SIZE[0], 3)


def test_hints_by_the_true_box_are_right(
    exam: PhantomExam, frames: list[tuple[Leg, PhantomFrame]]
) -> None:
    """How good the rules are where the box is; limits were chosen on other seeds."""
    layout = exam.layout
    picture = Box(
        layout.left_px,
        layout.top_px,
        layout.left_px + layout.picture_px[0],
        layout.top_px + layout.picture_px[1],
    )
    corners = (
        (picture.left, picture.top),
        (picture.right, picture.top),
        (picture.right, picture.bottom),
        (picture.left, picture.bottom),
    )
    hits: Counter[Flaw] = Counter()
    said: Counter[Flaw] = Counter()
    true: Counter[Flaw] = Counter()
    for leg, frame in frames:
        assert frame.box is not None
        light = light_of(thin_picture(frame.pixels, picture), picture, corners)
        placed = Placed(leg.kind, frame.box, picture, corners)
        found = {one.flaw for one in hints_of(placed, light)}
        said.update(found)
        true.update(frame.flaws)
        hits.update(found & frame.flaws)
    for flaw in Flaw:
        if flaw is not Flaw.MOVING:
            assert hits[flaw] / max(said[flaw], 1) > 0.6, (flaw, hits, said)
            assert hits[flaw] / true[flaw] > 0.5, (flaw, hits, true)


def test_the_command_writes_the_truth_and_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = ExamPlan(7, plan_flawed(7).legs[:3])
    monkeypatch.setattr("sonoassist.commands.phantom.plan_flawed", lambda seed: short)
    out = tmp_path / "exam"
    args = ["phantom", "--flaws", "--seed", "7", "--fps", "5", "--size", "320x240"]
    assert run([*args, "--out", str(out)]) == 0
    rows = list(csv.DictReader((out / "truth.csv").read_text().splitlines()))
    assert {"flaws"} <= set(rows[0])
    known = {flaw.value for flaw in Flaw}
    assert {name for row in rows for name in row["flaws"].split("|") if name} <= known
    data = read_dataset(out, None)
    read = {one.index: one.flaws for one in data.frames}
    for row in rows:
        if int(row["frame"]) in read:
            told = frozenset(Flaw(name) for name in row["flaws"].split("|") if name)
            assert read[int(row["frame"])] == told


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short exam by the command, to be copied."""
    out = tmp_path_factory.mktemp("drawn") / "exam"
    args = ["phantom", "--seconds", "40", "--fps", "1", "--size", "320x240"]
    assert run([*args, "--out", str(out)]) == 0
    return out


@pytest.fixture
def written(drawn: Path, tmp_path: Path) -> Path:
    return shutil.copytree(drawn, tmp_path / "exam")


def test_exams_of_earlier_programs_do_not_tell(written: Path) -> None:
    table = written / "truth.csv"
    rows = list(csv.reader(table.read_text().splitlines()))
    table.write_text("\n".join(",".join(row[:-1]) for row in rows))
    assert {one.flaws for one in read_dataset(written, None).frames} == {None}


def test_a_flaw_that_there_is_not_is_a_mistake_in_its_row(written: Path) -> None:
    table = written / "truth.csv"
    lines = table.read_text().splitlines()
    lines[3] += "upside_down"
    table.write_text("\n".join(lines))
    (problem,) = read_dataset(written, None).problems
    assert "upside_down" in problem
