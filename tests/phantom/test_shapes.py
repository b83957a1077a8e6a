from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.phantom.canvas import BONE, COVER, FLUID, Canvas
from sonoassist.phantom.scan import ProbeView
from sonoassist.phantom.shapes import Pose, arc, curve, moved, oval, rough

LENGTH = st.floats(-40, 40)


@given(
    st.floats(-60, 60),
    st.floats(0, 110),
    st.floats(-3, 3),
    st.floats(0.2, 3),
    st.booleans(),
    st.floats(0.6, 1.6),
    LENGTH,
    LENGTH,
)
def test_a_pose_maps_there_and_back(
    x: float,
    z: float,
    angle: float,
    scale: float,
    mirrored: bool,
    stretch: float,
    u: float,
    v: float,
) -> None:
    pose = Pose(x, z, angle, scale, mirrored, stretch)
    back_u, back_v = pose.local(*pose.to_picture(np.float64([[u]]), np.float64([[v]])))
    assert math.isclose(back_u[0, 0], u, abs_tol=1e-3)
    assert math.isclose(back_v[0, 0], v, abs_tol=1e-3)


def test_a_mirrored_pose_changes_left_and_right_of_the_picture_only() -> None:
    u, v = np.float64([3.0]), np.float64([-5.0])
    x, z = Pose(0, 50, 0.4).to_picture(u, v)
    mirrored_x, mirrored_z = Pose(0, 50, 0.4, mirrored=True).to_picture(u, v)
    assert np.allclose(mirrored_x, -x)
    assert np.allclose(mirrored_z, z)


@given(LENGTH, LENGTH, st.floats(0.05, 0.4), st.floats(-80, 0), st.floats(-1, 60))
def test_a_view_maps_there_and_back(
    x: float, z: float, mm_per_px: float, left: float, top: float
) -> None:
    view = ProbeView(50, 0.6, 100, left, top, mm_per_px, 640, 480)
    back_x, back_z = view.to_mm(*view.to_px(np.float64([x]), np.float64([z])))
    assert np.allclose((back_x[0], back_z[0]), (x, z))


@given(st.floats(1, 40), st.floats(1, 40), LENGTH, LENGTH, st.floats(-3, 3))
def test_an_oval_lies_round_its_middle(a: float, b: float, u: float, v: float, turn: float) -> None:
    points = oval(a, b, (u, v), turn)
    assert np.allclose(points.mean(axis=0), (u, v), atol=1e-6)
    distance = np.hypot(*(points - (u, v)).T)
    assert distance.max() <= max(a, b) + 1e-6
    assert distance.min() >= min(a, b) - 1e-6


def test_a_curve_goes_through_its_corners() -> None:
    corners = [(0.0, 0.0), (4.0, 1.0), (9.0, -2.0)]
    line = curve(corners, steps=5)
    for corner in corners:
        assert np.hypot(*(line - corner).T).min() < 1e-9
    ring = curve(corners, closed=True, steps=5)
    assert len(ring) == 15


def test_turning_goes_clockwise_on_the_screen() -> None:
    assert np.allclose(moved(np.float64([[1.0, 0.0]]), (0, 0), math.pi / 2), [[0, 1]])
    assert np.allclose(arc(2, 1, 0, 90)[-1], (0, 1))


def test_rough_outlines_differ_by_seed_and_stay_near() -> None:
    plain = oval(10, 10)
    one = rough(plain, np.random.default_rng(1), 0.02)
    assert (one == rough(plain, np.random.default_rng(1), 0.02)).all()
    assert np.abs(np.hypot(*one.T) - 10).max() < 2


def test_what_is_painted_is_found_where_it_was_painted() -> None:
    canvas = Canvas(np.random.default_rng(0), (20, 20))
    canvas.fill(oval(8, 8), FLUID)
    canvas.fill(oval(2, 2, (5, 0)), BONE)
    section = canvas.finish(oval(8, 8), warp_mm=0, lumps_db=0)
    at = section.at(np.float32([[5, -5, 15]]), np.float32([[0, 0, 0]]))[0]
    assert np.allclose(at[0], BONE.vector(), rtol=0.05)
    assert np.allclose(at[1], FLUID.vector(), atol=0.05)
    assert at[2][COVER] == 0


def test_a_landmark_is_missing_out_of_the_plane_and_nothing_outside_is_painted() -> None:
    canvas = Canvas(np.random.default_rng(0), (20, 20), tilt=1.0)
    canvas.fill(oval(8, 8), FLUID, landmark=True)
    canvas.line(oval(3, 3, (500, 0)), 1.0, BONE)
    canvas.grain(oval(3, 3, (500, 0)), 3, 2)
    assert canvas.finish(oval(1, 1)).layers[..., COVER].max() == 0
