"""A home that version 0.1 has made is opened with everything in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kept_home import reading
from kept_home.plain import array_of, differences
from kept_home.reading import ANSWER, Kept, expected_of
from kept_home.sections import expected_settings
from sonoassist.cli import run as run_program
from sonoassist.core.planes import INDEX

TOLD = expected_of("home_0_1")
EXAMS = list(TOLD["exams"])
REVIEWED = list(TOLD["reviewed"])
Run = Callable[..., Any]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> Any:
        capsys.readouterr()
        assert run_program([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_settings(kept: Kept) -> None:
    found, notices = reading.settings()
    assert differences(found, expected_settings(kept)) == []
    assert notices == []


def test_screens(kept: Kept) -> None:
    assert differences(reading.layouts(), kept.expected["layouts"]) == []
    assert reading.layouts_trouble() == ""


def test_checklists(kept: Kept) -> None:
    early, usual = kept.expected["checklists"]["early"], kept.expected["checklists"]["20-week"]
    assert differences(reading.checklist("early"), early) == []
    assert differences(reading.checklist("20-week")["items"][-1], usual["last"]) == []


def test_history(kept: Kept) -> None:
    assert differences(reading.history(), kept.expected["history"]) == []


def test_outbox(kept: Kept) -> None:
    entries, damaged = reading.outbox()
    assert differences(entries, kept.expected["outbox"]) == []
    assert damaged == []


def test_own_model(kept: Kept, run: Run) -> None:
    name = kept.expected["model"]["card"]["name"]
    assert differences(reading.model(name), kept.expected["model"]) == []
    assert name in [one["name"] for one in run("models", "list") if one["installed"]]


@pytest.mark.parametrize("exam_id", EXAMS)
def test_exam(kept: Kept, exam_id: str) -> None:
    for _ in range(2):
        assert differences(reading.exam(exam_id), kept.expected["exams"][exam_id]) == []
        reading.go_on_with_exam(exam_id)  # and its files are there after that, too
    media = kept.home / "exams" / exam_id / "media"
    told = kept.expected["exams"][exam_id]
    for capture in told["captures"]:
        assert reading.frames_in(media / capture["still"]) == 1
        assert not capture["clip"] or reading.frames_in(media / capture["clip"]) > 4
    for recording in told["recordings"]:
        frames = reading.frames_in(media / recording["file"])
        assert frames == recording["frames"] or (
            not recording["ended"] and frames > recording["frames"]
        )


def test_exams_by_command(kept: Kept, run: Run) -> None:
    told = kept.expected["exams"]
    rows = run("exam", "list")
    assert [row["exam_id"] for row in rows] == list(told) == reading.exam_ids()
    assert [row["state"] for row in rows] == ["ended", "ended", "cut off"]
    for row in rows:
        expected = told[row["exam_id"]]
        shown = run("exam", "show", row["exam_id"])
        assert row["recordings"] == len(expected["recordings"])
        assert row["note"] == shown["note"] == expected["info"]["note"]
        assert row["study_id"] == expected["info"]["start"]["study_id"]
        assert shown["frames"] == len(expected["frames"]["index"])
        assert differences(shown["events"], expected["events"]) == []
        assert differences(shown["recordings"], expected["recordings"]) == []
        judgements = [one["judgement"] for one in expected["captures"]]
        assert [one["judgement"] for one in shown["captures"]] == judgements
    shown = run("exam", "show", kept.expected["finished"])
    checklist = {line["item"]: line for line in shown["checklist"]}
    assert checklist["4ch"]["state"] == "best"
    assert checklist["kidneys"]["state"] == "kept"
    assert checklist["cord"]["note"] == "three vessels"


@pytest.mark.parametrize("spec", REVIEWED)
def test_review(kept: Kept, spec: str) -> None:
    for _ in range(2):
        found = reading.reviewed(kept.spec(spec))
        assert differences(found, kept.expected["reviewed"][spec]) == []


def test_review_of_a_file_that_was_moved(kept: Kept, tmp_path: Path) -> None:
    video = kept.expected["plain"]
    moved = kept.recording(video).rename(tmp_path / "another name.mp4")
    expected = {**kept.expected["reviewed"][video], "label": moved.name}
    assert differences(reading.reviewed(str(moved)), expected) == []


def test_reviewed_last(kept: Kept) -> None:
    specs = [kept.spec(spec) for spec in kept.expected["reviewed_last"]]
    assert reading.known_recordings() == specs


@pytest.mark.parametrize("place", range(len(TOLD["analysed"])))
def test_analysis_in_review(kept: Kept, place: int) -> None:
    """What was analysed is there, and only the rest is analysed now."""
    told = kept.expected["analysed"][place]
    by = kept.expected["by"][told["by"]]
    expected = reading.with_boxes_left_out(told["results"], by)
    found = reading.analysed(kept.spec(told["spec"]), by)
    assert differences(_without_measures(found.kept), _without_measures(expected)) == []
    count = kept.expected["reviewed"][told["spec"]]["frames"]
    rest = count - len(expected["index"])
    assert found.runs == rest
    assert found.whole["index"] == list(range(count))
    again = reading.analysed(kept.spec(told["spec"]), by)
    assert again.runs == 0
    assert differences(again.kept, found.whole) == []


def test_of_frames_that_are_prepared_otherwise_by_now_the_results_are_begun_anew(
    kept_now: Kept,
) -> None:
    """The person's words stay, and nothing is said of damage."""
    kept = kept_now
    video, by = kept.expected["plain"], kept.expected["by"]["own"]
    count = kept.expected["reviewed"][video]["frames"]
    found = reading.analysed(kept.spec(video), by)
    assert found.kept == {}
    assert found.runs == count
    assert reading.analysed(kept.spec(video), by).runs == 0
    finished = kept.expected["finished"]
    practised = reading.practised(f"exam:{finished}/1", by)
    # What the exam itself has found is part of its record, and counts.
    live = len(kept.expected["exams"][finished]["frames"]["index"])
    assert practised.runs == len(practised.probabilities) - live
    assert practised.notes == ()
    for spec in REVIEWED:
        assert differences(reading.reviewed(kept.spec(spec)), kept.expected["reviewed"][spec]) == []
    assert [name for name in reading.all_files(kept.place) if "damaged" in name] == []


def _without_measures(results: dict[str, Any]) -> dict[str, Any]:
    """Stillness of what was analysed coarsely is measured later."""
    return {name: values for name, values in results.items() if name != "stillness"}


def test_measures_of_a_whole_analysis(kept: Kept) -> None:
    (told,) = (one for one in kept.expected["analysed"] if len(one["results"]["index"]) == 52)
    by = kept.expected["by"][told["by"]]
    found = reading.analysed(kept.spec(told["spec"]), by, on=False)
    assert differences(found.kept, reading.with_boxes_left_out(told["results"], by)) == []
    assert None not in found.kept["stillness"]


def test_small_pictures(kept: Kept) -> None:
    for spec, smalls in kept.expected["small"].items():
        assert reading.small_pictures(kept.recording(spec)) == smalls


def test_results_of_the_exam_in_review(kept: Kept) -> None:
    """A recording that was never reviewed begins with what the exam itself has found."""
    exam_id = kept.expected["cut_off"]
    told = kept.expected["exams"][exam_id]
    found = reading.analysed(f"exam:{exam_id}", kept.expected["by"]["full"])
    indexes = found.kept["index"]
    assert indexes == told["frames"]["index"][: len(indexes)]
    assert len(indexes) >= told["recordings"][0]["frames"] - 1
    rows = array_of(told["frames"]["probabilities"])[: len(indexes)]
    assert np.allclose(array_of(found.kept["probabilities"]), rows, rtol=0, atol=1e-3)
    assert found.runs == len(found.whole["index"]) - len(indexes)


@pytest.mark.parametrize("spec", TOLD["practised"])
def test_practice(kept: Kept, spec: str) -> None:
    told = kept.expected["practised"][spec]
    expected, done = array_of(told["probabilities"]), told["done"]
    found = reading.practised(spec, kept.expected["by"]["own"])
    assert found.notes == ()
    assert found.probabilities.shape == expected.shape
    kept_as_it_was = np.isclose(found.probabilities, expected, rtol=0, atol=1e-3).all(axis=1)
    assert kept_as_it_was[:done].mean() > 0.75
    # Of some frames it was not kept what may be said of them: they are analysed again.
    assert (found.probabilities[~kept_as_it_was, INDEX[ANSWER]] > 0.99).all()
    assert found.runs == np.count_nonzero(~kept_as_it_was)
    reviews = {name if "/" in name else f"{name}/1" for name in kept.expected["reviewed"]}
    assert found.corrected == (spec in reviews)
    again = reading.practised(spec, kept.expected["by"]["own"])
    assert again.runs == 0
    assert np.array_equal(again.probabilities, found.probabilities)


def test_practice_on_what_is_half_reviewed(kept: Kept) -> None:
    """Review has not come to its end: its labels count, and the rest is analysed for practice."""
    video = kept.expected["plain"]
    found = reading.practised(kept.spec(video), kept.expected["by"]["own"])
    assert found.corrected
    assert found.word == "review"
    (begun,) = (
        one for one in kept.expected["analysed"] if (one["spec"], one["by"]) == (video, "own")
    )
    count = kept.expected["reviewed"][video]["frames"]
    assert found.runs == count - len(begun["results"]["index"])


def test_what_the_user_has_stays_as_it_is(kept: Kept, tmp_path: Path) -> None:
    before = reading.all_files(kept.place)
    for spec in REVIEWED:
        reading.reviewed(kept.spec(spec))
        reading.analysed(kept.spec(spec), kept.expected["by"]["own"], on=False)
    for exam_id in EXAMS:
        reading.go_on_with_exam(exam_id)
    after = reading.all_files(kept.place)
    for name, content in before.items():
        if not name.endswith((".sqlite", "-wal", "-shm")):
            assert after[name] == content, name
