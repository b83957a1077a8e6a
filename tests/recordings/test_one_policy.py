"""What becomes of a recording with trouble in it, in each of the ways in which one is analysed.

The measure is one policy for all: a damaged frame is named and left out; what the system could
not read never passes as a finished analysis; nothing is lost without a word. Where a way falls
short of it, its test is expected to fail, and says so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from characterise import WAYS, Exam, Outcome, by_evaluate_labelled
from troubled import (
    BROKEN,
    CINE_BROKEN,
    CINE_COUNT,
    COUNT,
    DAMAGED,
    FROZEN,
    SMALL,
    SMALL_PX,
    UNSURE,
    Ending,
    TroubledSource,
    cut,
    disk_error_in_cine,
    disk_error_in_film,
    items,
    pictures,
    write_cine,
    write_film,
)

from review.review_made import BrightEngine
from sonoassist.core.errors import DamagedFrameError, SonoAssistError
from sonoassist.core.packets import Analysis
from sonoassist.sources import open_source

READABLE = frozenset(range(COUNT)) - {DAMAGED}
BEFORE_THE_END = frozenset(range(BROKEN)) - {DAMAGED}
OTHER_SIZE = frozenset(SMALL)

Run = Callable[[str, Ending], Outcome]
Misfit = Callable[[str], Outcome]


def ways(*without: str, **short: str) -> pytest.MarkDecorator:
    """All ways but some; those with a reason fall short of what is tested."""
    return pytest.mark.parametrize(
        "way",
        [
            pytest.param(
                name,
                marks=pytest.mark.xfail(strict=True, raises=AssertionError, reason=short[name]),
            )
            if name in short
            else name
            for name in WAYS
            if name not in without
        ],
    )


@pytest.fixture(scope="module", autouse=True)
def _plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Noise is taken for a picture, and the home is an empty one."""
    from plain_screens import PlainScreens
    from sonoassist.preprocess.screen_network import ScreenNetwork

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOASSIST_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr("sonoassist.analysis.analyser.make_screen_network", PlainScreens)
        patch.setattr(ScreenNetwork, "read", PlainScreens.read)
        yield


def made(folder: Path, ending: Ending = Ending.WHOLE, broken: int = BROKEN) -> Exam:
    """The exam that is made up; its file is always the same."""
    path = folder / "exam.mp4"
    path.write_bytes(b"stands for a recording")
    return Exam(path, lambda: TroubledSource(path, items(ending, broken)))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Analyses the made exam in one of the ways, once."""

    @functools.cache
    def once(way: str, ending: Ending) -> Outcome:
        folder = tmp_path_factory.mktemp("made")
        return WAYS[way](made(folder, ending), folder / "out")

    return once


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Analysis]:
    """The analysis of each readable frame, by no loop at all."""
    exam = made(tmp_path_factory.mktemp("truth"))
    analyser = exam.analyser()
    source = TroubledSource(exam.path, pictures())
    return {frame.index: analyser.analyse(frame) for frame in source if frame.index != DAMAGED}


# --- what all have in common -----------------------------------------------------------------


@ways()
def test_every_readable_frame_has_its_result(
    run: Run, way: str, truth: dict[int, Analysis]
) -> None:
    found = run(way, Ending.WHOLE).frames
    assert set(found) == READABLE
    for index, one in found.items():
        wanted = truth[index].prediction.probabilities
        assert one.probabilities == pytest.approx(wanted, abs=1e-6), index


@ways()
def test_a_sure_plane_has_its_box_wherever_boxes_are_kept(
    run: Run, way: str, truth: dict[int, Analysis]
) -> None:
    for index, one in run(way, Ending.WHOLE).frames.items():
        wanted = truth[index].shown_box
        if way == "practice":  # asks for a plane and a time only
            assert one.box is None
        elif wanted is not None:
            assert one.box is not None
            assert one.box.iou(wanted) > 0.999


@ways()
def test_a_frozen_picture_is_judged_each_time(run: Run, way: str) -> None:
    found = run(way, Ending.WHOLE).frames
    first = found[FROZEN[0]]
    for index in FROZEN:
        assert np.array_equal(found[index].probabilities, first.probabilities)
        assert (found[index].state, found[index].box) == (first.state, first.box)


@ways()
def test_pictures_of_another_size_have_a_crop_of_their_own(run: Run, way: str) -> None:
    for index in SMALL:
        one = run(way, Ending.WHOLE).frames[index]
        if one.box is not None:
            assert one.box.right <= SMALL_PX[0]
            assert one.box.bottom <= SMALL_PX[1]


@ways()
def test_what_the_source_warns_of_is_said(run: Run, way: str) -> None:
    assert "it is made up" in run(way, Ending.WHOLE).said


@ways()
def test_a_damaged_frame_is_named(run: Run, way: str) -> None:
    outcome = run(way, Ending.WHOLE)
    named = f"frame {DAMAGED}" in outcome.said or DAMAGED in outcome.unreadable
    assert named


@ways()
def test_a_damaged_frame_is_named_once(run: Run, way: str) -> None:
    notes = "\n".join(run(way, Ending.WHOLE).notes)
    assert notes.count(f"frame {DAMAGED}") <= 1


@ways()
def test_of_a_recording_with_a_bad_end_all_the_rest_has_results(run: Run, way: str) -> None:
    assert set(run(way, Ending.CUT_OFF).frames) == BEFORE_THE_END


@ways()
def test_wherever_the_bad_end_begins_what_comes_before_has_results(
    tmp_path: Path, way: str
) -> None:
    broken = 80  # is among the frames that a review begins with
    outcome = WAYS[way](made(tmp_path, Ending.CUT_OFF, broken), tmp_path / "out")
    assert set(outcome.frames) == frozenset(range(broken)) - {DAMAGED}


@ways(
    "analyse",  # whose status tells of any damage, see below
)
def test_a_recording_with_a_bad_end_is_finished(run: Run, way: str) -> None:
    assert run(way, Ending.CUT_OFF).finished


@ways()
def test_a_bad_end_is_said(run: Run, way: str) -> None:
    assert "the rest of it cannot be read" in run(way, Ending.CUT_OFF).said


@ways()
def test_a_disk_error_never_passes_as_a_finished_analysis(run: Run, way: str) -> None:
    outcome = run(way, Ending.DISK)
    assert not outcome.finished
    assert "Input/output error" in outcome.said


@ways()
def test_nor_does_the_systems_own_error(run: Run, way: str) -> None:
    outcome = run(way, Ending.BARE_DISK)
    assert not outcome.finished
    assert "Input/output error" in outcome.said


@ways()
def test_the_systems_own_error_is_said_as_one_of_the_recording(run: Run, way: str) -> None:
    outcome = run(way, Ending.BARE_DISK)
    assert "exam.mp4 cannot be read: Input/output error" in outcome.trouble
    assert "disk" in outcome.trouble
    assert outcome.raised is None or isinstance(outcome.raised, SonoAssistError)


@pytest.mark.parametrize("ending", [Ending.DISK, Ending.BARE_DISK])
@ways()
def test_another_time_all_of_it_is_read(tmp_path: Path, way: str, ending: Ending) -> None:
    WAYS[way](made(tmp_path, ending), tmp_path / "out")
    assert set(WAYS[way](made(tmp_path), tmp_path / "out").frames) == READABLE


class _Speaking(BrightEngine):
    """Has something to say after the first pictures."""

    def take_notices(self) -> list[str]:
        return ["the graphics card is gone"] if self.runs == 3 else []


@ways()
def test_what_the_engine_has_to_say_is_said(tmp_path: Path, way: str) -> None:
    exam = made(tmp_path)
    outcome = WAYS[way](Exam(exam.path, exam.opens, engine=_Speaking), tmp_path / "out")
    assert "the graphics card is gone" in outcome.said


# --- real files ------------------------------------------------------------------------------


def readable(path: Path) -> set[int]:
    """The frames that a file gives, one after another."""
    found = set()
    with open_source(str(path)) as source:
        while True:
            try:
                frame = source.read()
            except DamagedFrameError:
                continue
            if frame is None:
                return found
            found.add(frame.index)


@ways()
def test_a_film_with_a_damaged_picture(tmp_path: Path, way: str) -> None:
    outcome = WAYS[way](Exam(write_film(tmp_path / "exam.avi")), tmp_path / "out")
    assert set(outcome.frames) == READABLE


@ways()
def test_a_film_that_is_cut_off_is_named_as_such_and_all_the_rest_has_results(
    tmp_path: Path, way: str
) -> None:
    exam = Exam(cut(write_film(tmp_path / "exam.avi")))
    outcome = WAYS[way](exam, tmp_path / "out")
    assert "the recording ends early" in outcome.said
    there = readable(exam.path)
    assert BROKEN not in there
    assert set(outcome.frames) == there


@ways()
def test_a_cine_that_is_cut_off_is_named_as_such(tmp_path: Path, way: str) -> None:
    outcome = WAYS[way](Exam(cut(write_cine(tmp_path / "exam.dcm"))), tmp_path / "out")
    assert set(outcome.frames) == set(range(17))
    assert f"the recording ends early: 17 of {CINE_COUNT} frames are there" in outcome.said


@ways()
def test_a_disk_error_in_a_film_is_named_as_such(tmp_path: Path, way: str) -> None:
    with disk_error_in_film():
        outcome = WAYS[way](Exam(write_film(tmp_path / "exam.avi")), tmp_path / "out")
    assert not outcome.finished
    assert "Input/output error" in outcome.said


@ways()
def test_a_disk_error_in_a_cine_is_named_as_such(tmp_path: Path, way: str) -> None:
    with disk_error_in_cine():
        outcome = WAYS[way](Exam(write_cine(tmp_path / "exam.dcm")), tmp_path / "out")
    assert not outcome.finished
    assert "Input/output error" in outcome.said


@ways()
def test_after_a_disk_error_in_a_cine_another_time_all_of_it_is_read(
    tmp_path: Path, way: str
) -> None:
    exam = Exam(write_cine(tmp_path / "exam.dcm"))
    with disk_error_in_cine():
        outcome = WAYS[way](exam, tmp_path / "out")
    assert set(outcome.frames) <= set(range(CINE_COUNT)) - {CINE_BROKEN}
    assert set(WAYS[way](exam, tmp_path / "out").frames) == set(range(CINE_COUNT))


# --- differences that are meant --------------------------------------------------------------


def test_analyse_ends_with_an_error_where_anything_was_left_out(run: Run) -> None:
    """A script looks at the status of a command and at nothing else."""
    for ending in (Ending.WHOLE, Ending.CUT_OFF):
        outcome = run("analyse", ending)
        assert isinstance(outcome.raised, SonoAssistError)
        assert "The table holds all the others" in outcome.trouble


def test_analyse_keeps_its_rows_and_retrieve_none_where_the_disk_fails(run: Run) -> None:
    """A table is looked at once; results of `retrieve` are kept as all there is of an exam."""
    assert set(run("analyse", Ending.DISK).frames) == BEFORE_THE_END
    assert not run("retrieve", Ending.DISK).frames


def test_evaluate_names_the_case_and_counts_the_labels_that_are_lost(run: Run) -> None:
    """Its files have the same names from case to case, and its figures are of labels."""
    notes = run("evaluate", Ending.CUT_OFF).notes
    assert notes[1] == f"case/exam.mp4: frame {DAMAGED} of it is damaged. It is left out"
    assert notes[-1].startswith("case/exam.mp4: the rest of it cannot be read")
    assert notes[-1].endswith("(5 labelled frames are lost)")


def test_practice_leaves_a_damaged_frame_unknown(run: Run) -> None:
    """It has to have an answer for each frame, and asks for none that it does not know."""
    outcome = run("practice", Ending.WHOLE)
    assert outcome.finished
    assert DAMAGED not in outcome.frames


def test_review_keeps_that_a_frame_is_damaged(run: Run) -> None:
    """Its frames come in any order: what is not known would be tried again for ever."""
    for way in WAYS:
        wanted = frozenset({DAMAGED}) if way == "review" else frozenset()
        assert run(way, Ending.WHOLE).unreadable == wanted


def test_review_keeps_whole_stretches_where_the_disk_fails(run: Run) -> None:
    """A stretch is kept as a whole or not at all; the frames surveyed first are one."""
    found = run("review", Ending.DISK).frames
    assert set(found) == ({*range(64), 64, 80} - {DAMAGED})


def test_practice_keeps_what_was_analysed_before_the_disk_failed(run: Run) -> None:
    assert run("practice", Ending.DISK).frames


def test_only_review_shows_no_box_of_an_unsure_frame(run: Run, truth: dict[int, Analysis]) -> None:
    """The others keep the box whatever the threshold; review has it made when it is asked for."""
    for index in UNSURE:
        assert truth[index].localisation.box is not None
        assert run("review", Ending.WHOLE).frames[index].box is None
        for way in ("analyse", "retrieve", "evaluate"):
            assert run(way, Ending.WHOLE).frames[index].box is not None


def test_retrieve_keeps_the_kind_of_a_picture_and_no_state(
    run: Run, truth: dict[int, Analysis]
) -> None:
    """By another threshold the same results count; the others keep the state itself."""
    for index, analysis in truth.items():
        assert run("retrieve", Ending.WHOLE).frames[index].state == "b_mode"
        for way in ("analyse", "review", "evaluate"):
            assert run(way, Ending.WHOLE).frames[index].state == analysis.state.value


def test_only_analyse_and_practice_follow_a_steady_label_and_it_is_the_same(run: Run) -> None:
    """Of the others some steady what they have kept when it is looked at; `evaluate` never does."""
    analysed, practised = (run(way, Ending.WHOLE).frames for way in ("analyse", "practice"))
    for index in READABLE:
        assert analysed[index].steady == practised[index].steady
    for way in ("retrieve", "review", "evaluate"):
        assert {one.steady for one in run(way, Ending.WHOLE).frames.values()} == {None}


# --- an own crop that does not fit pictures of another size ---------------------------------

OWN = "20,0,190,174"


@pytest.fixture(scope="module")
def misfit(tmp_path_factory: pytest.TempPathFactory) -> Misfit:
    """Analyses the made exam with that crop in one of the ways, once."""

    @functools.cache
    def once(way: str) -> Outcome:
        folder = tmp_path_factory.mktemp("misfit")
        exam = made(folder)
        return WAYS[way](Exam(exam.path, exam.opens, crop=OWN), folder / "out")

    return once


@pytest.mark.parametrize("way", ["analyse", "retrieve"])
def test_where_an_own_crop_does_not_fit_one_is_found_and_that_is_said(
    misfit: Misfit, way: str
) -> None:
    """The results are those that the review keeps and shows."""
    outcome = misfit(way)
    assert set(outcome.frames) == READABLE
    assert f"the crop {OWN} does not fit {len(SMALL)} pictures" in outcome.said


@pytest.mark.parametrize("way", ["review", "practice"])
def test_a_crop_is_found_where_an_own_one_does_not_fit(misfit: Misfit, way: str) -> None:
    """A person sees by the picture what was judged."""
    assert set(misfit(way).frames) == READABLE


def test_evaluate_leaves_out_only_what_an_own_crop_does_not_fit(
    misfit: Misfit,
) -> None:
    assert set(misfit("evaluate").frames) == READABLE - OTHER_SIZE


def test_evaluate_counts_the_labels_that_are_lost_to_a_crop(
    misfit: Misfit,
) -> None:
    outcome = misfit("evaluate")
    lost = len(READABLE - set(outcome.frames))
    assert f"({lost} labelled frames are lost)" in outcome.said


# --- evaluate, where only labelled frames are read -------------------------------------------


def test_labelled_frames_alone_give_the_same_results(run: Run, tmp_path: Path) -> None:
    found = by_evaluate_labelled(made(tmp_path), tmp_path / "out")
    every = run("evaluate", Ending.WHOLE).frames
    assert set(found.frames) == set(every)
    for index, one in found.frames.items():
        assert np.array_equal(one.probabilities, every[index].probabilities)
    assert f"case/exam.mp4: frame {DAMAGED} of it is damaged. It is left out" in found.notes


def test_a_damaged_labelled_frame_of_a_recording_with_a_bad_end_is_named(tmp_path: Path) -> None:
    outcome = by_evaluate_labelled(made(tmp_path, Ending.CUT_OFF), tmp_path / "out")
    assert f"frame {DAMAGED}" in outcome.said


# --- frozen pictures -------------------------------------------------------------------------


# Whether a picture is frozen is found by the analyser each time, and kept by nobody.
def test_only_analyse_counts_frozen_pictures(run: Run) -> None:
    counted = {way: run(way, Ending.WHOLE).frozen for way in WAYS}
    assert counted.pop("analyse") == 11  # from half a second on
    assert set(counted.values()) == {None}
