from __future__ import annotations

import csv
import math
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist import paths
from sonoassist.cli import run
from sonoassist.phantom.anatomy import STRUCTURES
from sonoassist.phantom.exam import CYCLE_S, TOP_PX, PhantomExam, nearness
from sonoassist.phantom.scan import Probe
from sonoassist.phantom.shapes import Pose, ellipse, inside, segment
from sonoassist.planes import BY_KEY

ON_PLANE_S = 4.5
"""Into a cycle the probe holds still."""


def truth(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="module")
def exam() -> PhantomExam:
    return PhantomExam(seed=3)


@given(
    st.floats(-60, 60), st.floats(0, 110), st.floats(-3, 3), st.floats(0.2, 3),
    st.floats(-40, 40), st.floats(-40, 40),
)  # fmt: skip
def test_a_pose_maps_there_and_back(
    x: float, z: float, angle: float, scale: float, u: float, v: float
) -> None:
    pose = Pose(x, z, angle, scale)
    px, pz = pose.to_picture(u, v)
    back_u, back_v = pose.local(np.float64([[px]]), np.float64([[pz]]))
    assert math.isclose(back_u[0, 0], u, abs_tol=1e-3)
    assert math.isclose(back_v[0, 0], v, abs_tol=1e-3)


def test_shapes_are_negative_inside_and_positive_outside() -> None:
    u, v = np.meshgrid(np.linspace(-50, 50, 101), np.linspace(-50, 50, 101))
    distance = ellipse(u, v, 30, 20)
    assert distance[50, 50] < 0 < distance[50, 0]
    assert abs(float(distance[50, 80])) < 1e-4  # u = 30, on the rim
    bar = segment(u, v, (-10, 0), (10, 0), 4)
    assert float(bar[50, 50]) == pytest.approx(-2)
    assert float(bar[55, 50]) == pytest.approx(3)
    assert 0.49 < float(inside(np.zeros((1, 1)))[0, 0]) < 0.51


def test_the_same_seed_gives_the_same_exam() -> None:
    one, other = PhantomExam(seed=5).frame(110), PhantomExam(seed=5).frame(110)
    assert (one.pixels == other.pixels).all()
    assert one.box == other.box
    assert (PhantomExam(seed=6).frame(110).pixels != one.pixels).any()


@pytest.mark.parametrize("number", range(len(STRUCTURES)))
def test_each_plane_is_held_with_a_box_inside_of_the_screen(exam: PhantomExam, number: int) -> None:
    frame = exam.frame(round((number * CYCLE_S + ON_PLANE_S) * exam.fps))
    assert frame.plane == STRUCTURES[number].key
    assert frame.plane in BY_KEY
    box = frame.box
    assert box is not None
    height, width = frame.pixels.shape[:2]
    assert 0 <= box.left < box.right <= width
    assert TOP_PX <= box.top < box.bottom <= height


def test_the_box_of_the_head_is_where_the_bright_skull_is(exam: PhantomExam) -> None:
    frame = exam.frame(round(ON_PLANE_S * exam.fps))
    box = frame.box
    assert box is not None
    grey = frame.pixels[..., 0].astype(np.float32)
    middle = round((box.left + box.right) / 2)
    column = grey[:, middle - 8 : middle + 8].mean(axis=1)
    top = column[round(box.top) - 2 : round(box.top) + 14].max()
    inner = column[round(box.top) + 30 : round(box.top) + 60].mean()
    assert top > 3 * inner


def test_searching_shows_no_plane(exam: PhantomExam) -> None:
    frame = exam.frame(round(1.0 * exam.fps))
    assert frame.plane == "background"
    assert frame.box is None


def test_bone_casts_a_shadow(exam: PhantomExam) -> None:
    number = next(i for i, one in enumerate(STRUCTURES) if one.key == "femur")
    frame = exam.frame(round((number * CYCLE_S + ON_PLANE_S) * exam.fps))
    box = frame.box
    assert box is not None
    middle = round((box.left + box.right) / 2)
    bottom = round(box.bottom)
    behind = frame.pixels[bottom + 70 : bottom + 130, middle - 20 : middle + 20, 0].mean()
    bone = frame.pixels[round(box.top) : bottom, middle - 20 : middle + 20, 0].max()
    assert behind < 0.1 * bone


@given(st.floats(-1, 20))
def test_nearness_stays_between_nothing_and_all(into_s: float) -> None:
    assert 0 <= nearness(into_s) <= 1


def test_the_grid_starts_at_the_probe_and_ends_at_its_depth() -> None:
    probe = Probe()
    x, z = probe.grid()
    assert x.shape == z.shape == (probe.samples, probe.lines)
    middle = probe.lines // 2
    assert abs(float(z[0, middle])) < 0.1
    assert float(z[-1, middle]) == pytest.approx(probe.depth_mm, abs=0.1)


def test_the_command_writes_a_video_and_its_truth(tmp_path: Path) -> None:
    assert run(["phantom", "--out", str(tmp_path / "exam"), "--fps", "2"]) == 0
    rows = truth(tmp_path / "exam" / "truth.csv")
    with av.open(str(tmp_path / "exam" / "exam.mp4")) as video:
        times_s = [frame.time for frame in video.decode(video=0)]
    assert len(rows) == len(times_s) == round(2 * CYCLE_S * len(STRUCTURES))
    for row, time_s in zip(rows, times_s, strict=True):
        assert float(row["time_s"]) == pytest.approx(time_s, abs=1e-3)
    assert {row["plane"] for row in rows} == {one.key for one in STRUCTURES} | {"background"}


def test_the_demo_exam_is_there_and_small() -> None:
    path = paths.demo_exam()
    assert path is not None
    assert path.stat().st_size < 8 * 2**20
    rows = truth(path.parent / "truth.csv")
    with av.open(str(path)) as video:
        assert video.streams.video[0].frames == len(rows)
