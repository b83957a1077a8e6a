"""A person's review as the answers of an exam: labels, best frames, and its analysis."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from practice_made import FPS, analysis_of_labels, labels_of

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import OutputError
from sonoassist.core.packets import Box
from sonoassist.core.planes import INDEX
from sonoassist.exam.store import ExamStore
from sonoassist.practice.answers import (
    Answers,
    PlaneView,
    Word,
    answers_from_model,
    answers_from_truth,
)
from sonoassist.practice.examiner import Examiner
from sonoassist.practice.reviewed import KeptReview, corrected
from sonoassist.recordings import correction_store
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.corrections import Corrections, Label
from sonoassist.recordings.edits import SetBest, SetLabel
from sonoassist.recordings.identity import fingerprint
from sonoassist.recordings.recording import look_into_file
from sonoassist.recordings.records import RunState
from sonoassist.review.session import ReviewSession
from waiting import wait_until

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from kept_made import kept
from review_made import EXAM, BrightEngine, give_results, made_analyser, write_recording


def of_model(*stretches: tuple[str, int]) -> Answers:
    """The model's own word, 0.6 sure of each label."""
    labels = labels_of(*stretches)
    return answers_from_model(analysis_of_labels(labels, {}), np.arange(len(labels)) / FPS)


def test_what_a_person_said_outweighs_the_model() -> None:
    answers = of_model(("background", 10), ("femur", 20), ("background", 10))
    made = corrected(answers, Corrections(labels=(Label(10, 19, "kidneys"),)))
    assert made.views == (PlaneView("kidneys", 10, 19), PlaneView("femur", 20, 29))
    assert (made.word, made.corrected) == (Word.REVIEW, True)
    assert "person's review" in made.sentence
    assert answers.views == (PlaneView("femur", 10, 29),)


def test_it_outweighs_the_truth_beside_the_exam_and_takes_its_box_along() -> None:
    labels = labels_of(("femur", 20), ("lips", 20))
    boxes = {5: Box(0, 0, 9, 9), 25: Box(1, 1, 8, 8)}
    answers = answers_from_truth(labels, np.arange(40) / FPS, boxes)
    made = corrected(answers, Corrections(labels=(Label(0, 19, "background"),)))
    assert made.views == (PlaneView("lips", 20, 39),)
    assert set(made.boxes) == {25}
    assert made.word is Word.TRUTH
    assert made.sentence.endswith("corrected in its review.")


def test_nothing_said_changes_nothing() -> None:
    answers = of_model(("femur", 20))
    assert corrected(answers, Corrections(note="nice")) is answers


def test_the_frame_a_person_chose_is_the_best_one() -> None:
    answers = of_model(("femur", 20), ("background", 10))
    made = corrected(answers, Corrections(best={"femur": 17}))
    assert made.best_frame(made.views[0]) == 17
    assert answers.best_frame(answers.views[0]) == 0


def test_a_chosen_frame_that_its_label_contradicts_is_not_the_best_one() -> None:
    answers = of_model(("femur", 20), ("background", 10))
    said = Corrections(labels=(Label(17, 17, "lips"),), best={"femur": 17})
    made = corrected(answers, said)
    assert made.chosen == {}
    assert int(made.labels[17]) == INDEX["lips"]


def test_a_chosen_frame_of_another_view_is_not_its_best() -> None:
    answers = of_model(("femur", 20), ("background", 10), ("femur", 20))
    made = corrected(answers, Corrections(best={"femur": 45}))
    assert [made.best_frame(view) for view in made.views] == [0, 45]


def test_a_chosen_frame_takes_the_contradicted_view_out() -> None:
    """The model says femur where a person chose the best frame of the kidneys."""
    answers = of_model(("femur", 20), ("background", 10), ("lips", 20))
    made = corrected(answers, Corrections(best={"kidneys": 7}))
    assert made.views == (PlaneView("lips", 30, 49),)
    assert int(made.labels[7]) == INDEX["kidneys"]
    assert set(made.labels[[0, 6, 8, 19]]) == {-1}


def test_a_chosen_frame_names_the_unsure_view_round_it() -> None:
    answers = of_model(("background", 10), ("kidneys", 20), ("background", 10))
    unsure = np.array(answers.labels)
    unsure[10:30] = -1
    answers = Answers(answers.times_s, unsure, (), Word.MODEL, answers.analysis)
    made = corrected(answers, Corrections(best={"kidneys": 12}))
    assert made.views == (PlaneView("kidneys", 10, 29),)


def test_corrections_behind_the_end_do_no_harm() -> None:
    answers = of_model(("femur", 20))
    said = Corrections(labels=(Label(15, 90, "lips"),), best={"kidneys": 300})
    made = corrected(answers, said)
    assert len(made.labels) == 20
    assert made.views == (PlaneView("femur", 0, 14),)
    assert made.chosen == {}


@pytest.fixture
def running() -> Iterator[list[Examiner]]:
    started: list[Examiner] = []
    yield started
    for one in started:
        one.stop()
    assert not any(thread.name == "practice examiner" for thread in threading.enumerate())


def reviewed(spec: str, reviews: CorrectionStore, exams: ExamStore | None = None) -> None:
    """Review a recording to its end: lips are the kidneys, and frame 45 is the best femur."""
    session = ReviewSession.open(spec, reviews, lambda: None, exams)
    session.begin(made_analyser())
    wait_until(lambda: session.progress().state is RunState.DONE)
    session.review.apply(SetLabel(120, 149, "kidneys"))
    session.review.apply(SetBest("femur", 45))
    session.close()


class NeverAsked(Analyser):
    """Everything is known already."""

    def judge(self, ready: object) -> object:  # type: ignore[override]
        raise AssertionError("the review has analysed it")


def never_asked(_synthetic: bool, _tell: object) -> Analyser:
    made = made_analyser()
    return NeverAsked(made.engine, made.card, made.options, made.reader)


def databases(folder: Path) -> int:
    """Of how many recordings results are kept."""
    return len(list((folder / "analyses").glob("*.sqlite")))


def examine(
    spec: str, running: list[Examiner], make: object, tmp_path: Path, exams: ExamStore | None = None
) -> Examiner:
    reviews = CorrectionStore(tmp_path / "reviews")
    one = Examiner(spec, make, lambda: None, reviews, exams)  # type: ignore[arg-type]
    running.append(one)
    one.start()
    wait_until(lambda: one.knowledge.share == 1.0 or one.knowledge.trouble)
    assert one.knowledge.trouble is None
    return one


def test_a_reviewed_recording_is_asked_at_once_with_the_persons_answers(
    running: list[Examiner], tmp_path: Path
) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    give_results(tmp_path)
    reviewed(str(path), CorrectionStore(tmp_path / "reviews"))
    one = examine(str(path), running, never_asked, tmp_path)
    answers = one.knowledge.answers
    assert answers is not None
    assert answers.word is Word.REVIEW
    assert [view.plane for view in answers.views] == ["femur", "kidneys", "4ch"]
    assert answers.views[1] == PlaneView("kidneys", 120, 149)
    assert answers.best_frame(answers.views[0]) == 45
    assert databases(tmp_path) == 1


def test_a_kept_exam_is_practised_on_by_its_name(running: list[Examiner], tmp_path: Path) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    exam = kept(tmp_path / "exams", path, study_id="S-7")
    exams = ExamStore(tmp_path / "exams")
    spec = f"exam:{exam.exam_id}"
    give_results(tmp_path)
    reviewed(spec, CorrectionStore(tmp_path / "reviews"), exams)
    one = examine(spec, running, never_asked, tmp_path, exams)
    known = one.knowledge
    assert known.name == "S-7"
    assert known.answers is not None
    assert known.answers.word is Word.REVIEW


def test_an_unfinished_review_gives_its_corrections_only(
    running: list[Examiner], tmp_path: Path
) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    reviews = CorrectionStore(tmp_path / "reviews")
    with reviews.open(fingerprint(path)) as review:
        review.apply(SetLabel(120, 149, "kidneys"))
    one = examine(str(path), running, lambda _synthetic, _tell: made_analyser(), tmp_path)
    answers = one.knowledge.answers
    assert answers is not None
    assert [view.plane for view in answers.views] == ["femur", "kidneys", "4ch"]
    assert databases(tmp_path) == 1


def test_an_analysis_by_other_weights_does_not_count(
    running: list[Examiner], tmp_path: Path
) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    give_results(tmp_path)
    reviewed(str(path), CorrectionStore(tmp_path / "reviews"))
    one = examine(str(path), running, never_asked, tmp_path)
    answers = one.knowledge.answers
    assert answers is not None
    assert answers.analysis is not None
    assert int(answers.analysis.steady[60]) == INDEX["femur"]
    assert answers.analysis.model == made_analyser().card.title
    other = made_analyser(sha="1" * 64)
    assert isinstance(other.engine, BrightEngine)
    examine(str(path), running, lambda _synthetic, _tell: other, tmp_path)
    assert other.engine.runs >= 200


def test_nor_does_one_of_another_recording(running: list[Examiner], tmp_path: Path) -> None:
    give_results(tmp_path)
    reviewed(str(write_recording(tmp_path / "a.mp4")), CorrectionStore(tmp_path / "reviews"))
    path = write_recording(tmp_path / "b.mp4", (*EXAM, ("background", 1)))
    analyser = made_analyser()
    assert isinstance(analyser.engine, BrightEngine)
    one = examine(str(path), running, lambda _synthetic, _tell: analyser, tmp_path)
    assert analyser.engine.runs >= 201
    assert one.knowledge.answers is not None
    assert one.knowledge.answers.word is Word.MODEL


def test_another_threshold_costs_no_look_at_any_picture(
    running: list[Examiner], tmp_path: Path
) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    examine(str(path), running, lambda _synthetic, _tell: made_analyser(), tmp_path)

    def strict(_synthetic: bool, _tell: object) -> Analyser:
        made = made_analyser(threshold=1.0)
        return NeverAsked(made.engine, made.card, made.options, made.reader)

    one = examine(str(path), running, strict, tmp_path)
    assert one.knowledge.answers is not None
    assert one.knowledge.answers.views == ()


def test_a_damaged_review_is_told_and_left_out(running: list[Examiner], tmp_path: Path) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    give_results(tmp_path)
    reviews = CorrectionStore(tmp_path / "reviews")
    reviewed(str(path), reviews)
    (database,) = (tmp_path / "reviews").glob("*/review.sqlite")
    database.write_bytes(b"no database" * 400)
    one = examine(str(path), running, lambda _synthetic, _tell: made_analyser(), tmp_path)
    known = one.knowledge
    assert "cannot be read" in known.notes[0]
    assert known.answers is not None
    assert known.answers.word is Word.MODEL


def test_what_a_person_says_later_counts_when_it_is_read_again(
    running: list[Examiner], tmp_path: Path
) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    reviews = CorrectionStore(tmp_path / "reviews")
    one = examine(str(path), running, lambda _synthetic, _tell: made_analyser(), tmp_path)
    assert one.knowledge.answers is not None
    assert one.knowledge.answers.word is Word.MODEL
    with reviews.open(fingerprint(path)) as review:
        review.apply(SetLabel(120, 149, "kidneys"))
        one.read_review_again()
        wait_until(lambda: one.knowledge.answers and one.knowledge.answers.corrected)
        review.undo()
        one.read_review_again()
        wait_until(lambda: one.knowledge.answers and not one.knowledge.answers.corrected)


def said_of(path: Path, reviews: CorrectionStore) -> Corrections:
    return KeptReview(look_into_file(path), reviews).corrections()


def test_a_review_that_cannot_be_opened_for_writing_is_read(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    give_results(tmp_path)
    reviews = CorrectionStore(tmp_path / "reviews")
    reviewed(str(path), reviews)

    def refuse(folder: Path) -> object:
        raise OutputError("the review cannot be kept: attempt to write a readonly database")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(correction_store, "_database", refuse)
        said = said_of(path, reviews)
    assert said.best == {"femur": 45}


def test_it_is_read_while_another_window_reviews_it(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    reviews = CorrectionStore(tmp_path / "reviews")
    with reviews.open(fingerprint(path)) as review:
        review.apply(SetBest("femur", 45))
        assert said_of(path, reviews).best == {"femur": 45}
        review.apply(SetBest("femur", 46))
        assert said_of(path, reviews).best == {"femur": 46}
