"""What is told of chosen frames: which of them may be shown as sure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from orders_made import order
from tables_made import shares, table_of

from commands.retrieve_help import film
from real_models import card_of
from sonoassist.core.flaws import Flaw
from sonoassist.retrieval.analysing import Analysed, ExamFacts
from sonoassist.retrieval.exams import of_file
from sonoassist.retrieval.order import LoadedModel, SearchOrder, Task
from sonoassist.retrieval.result import RETRIEVAL, SHEET, Bundle, make_bundle
from sonoassist.retrieval.sheet import SMALL_PX, TILE_PX, _Sheet, clock
from sonoassist.temporal.rules import Rule

STEADY = [0.02] * 20 + [0.95] * 40 + [0.02] * 20
FLICKER = [0.02] * 40 + [0.95] + [0.02] * 39


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("films") / "exam.mp4", frames=80)


def bundle(video: Path, values: Sequence[float], wanted: SearchOrder, *, synthetic: bool) -> Bundle:
    """Files of an exam whose frames show the femur with these probabilities."""
    about = ExamFacts("key", synthetic, ("",), 3.2, "torch", "f32", "cpu")
    task = Task(of_file(video), "exam", "")
    return make_bundle(task, wanted, Analysed(table_of(shares("femur", values)), about))


def femur(found: Bundle) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(found.files[RETRIEVAL])["femur"]
    return told


@pytest.mark.parametrize("rule", list(Rule))
def test_a_steady_view_is_sure_and_a_lone_frame_is_not(video: Path, rule: Rule) -> None:
    steady = bundle(video, STEADY, order(rule=rule, masked=False), synthetic=False)
    assert femur(steady)["sure"]
    assert "femur" not in steady.about["doubtful"]
    lone = bundle(video, FLICKER, order(rule=rule, masked=False), synthetic=False)
    if rule is Rule.BEST:  # what passes by in one frame is below the floor
        assert femur(lone) is None
        return
    assert not femur(lone)["sure"]
    assert femur(lone)["frame"] == 40
    assert femur(lone)["why"].startswith("doubtful: not steady")
    assert "femur" in lone.about["doubtful"]


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize(("domain", "synthetic"), [("synthetic", False), ("published", True)])
def test_a_model_of_another_domain_is_never_sure(
    video: Path, rule: Rule, domain: str, synthetic: bool
) -> None:
    model = LoadedModel(card_of("sononet16").model_copy(update={"domain": domain}), {})
    wanted = order(rule=rule, real=model, synthetic=model, masked=False)
    at_home = bundle(video, STEADY, wanted, synthetic=not synthetic)
    assert femur(at_home)["sure"]
    abroad = bundle(video, STEADY, wanted, synthetic=synthetic)
    assert abroad.about["warnings"]
    told = femur(abroad)
    assert not any(one["sure"] for one in (told, *told["candidates"]))
    assert told["why"].startswith("doubtful: model of another domain")
    assert told["frame"] == femur(at_home)["frame"]
    assert "femur" in abroad.about["doubtful"]
    assert abroad.files[SHEET] != at_home.files[SHEET]


def test_the_longest_doubt_has_room_beside_the_time() -> None:
    sheet = _Sheet()
    room = TILE_PX[0] - 14 - sheet._width(clock(3700), SMALL_PX)
    assert sheet._width("doubtful: model of another domain", SMALL_PX) < room - 8


@pytest.mark.usefixtures("plain_screens")
def test_names_of_files_are_hidden_with_what_is_masked(video: Path) -> None:
    about = ExamFacts(
        "key", False, ("",), 3.2, "torch", "f32", "cpu", ("exam.mp4: frame 3 is damaged",)
    )
    task = Task(of_file(video), "exam", "0123456789")
    analysed = Analysed(table_of(shares("femur", STEADY)), about)
    for masked, name, exam in (
        (True, "recording 1", "Exam 01234567"),
        (False, "exam.mp4", "exam.mp4"),
    ):
        found = make_bundle(task, order(masked=masked), analysed)
        assert femur(found)["recording"] == name
        assert found.about["exam"] == exam
        assert found.about["recordings"] == [name]
        assert found.about["damaged"] == [f"{name}: frame 3 is damaged"]
        assert any(b"exam.mp4" in data for data in found.files.values()) is not masked


def test_a_frame_that_is_not_surely_ultrasound_is_left_out(video: Path) -> None:
    found = bundle(video, STEADY, order(), synthetic=False)
    told = femur(found)
    assert (told["image"], told["sure"]) == (None, False)
    assert told["why"].startswith("left out: not surely ultrasound")
    assert "femur.png" not in found.files
    assert "femur" in found.about["doubtful"]


def test_what_could_be_better_in_a_chosen_picture(video: Path) -> None:
    about = ExamFacts("key", False, ("",), 3.2, "torch", "f32", "cpu")
    box = np.tile(np.array([30, 22, 33, 25], np.float32), (len(STEADY), 1))
    table = table_of(shares("femur", STEADY), box=box)
    made = make_bundle(
        Task(of_file(video), "exam", ""), order(masked=False), Analysed(table, about)
    )
    told = femur(made)
    assert told["hints"]["too_small"] > 0.5
    assert set(told["hints"]) <= {flaw.value for flaw in Flaw}
    assert all("hints" not in one for one in told["candidates"])


def test_of_a_picture_that_may_show_another_plane_nothing_is_hinted(video: Path) -> None:
    doubtful = [0.02] * 20 + [0.4] * 40 + [0.02] * 20
    assert femur(bundle(video, doubtful, order(masked=False), synthetic=False))["hints"] is None
