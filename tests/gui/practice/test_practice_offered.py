"""Which exams practice offers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sonoassist.exam.store import ExamStore
from sonoassist.gui.practice.offered import MOST, Offer, offers
from sonoassist.gui.practice.services import PracticeServices
from sonoassist.practice.history import PracticeHistory
from sonoassist.recordings.correction_store import Known

sys.path.insert(0, str(Path(__file__).parents[2] / "exam"))

from exam_made import start


def services(
    folder: Path, known: list[Known], recent: list[str], demo: Path | None = None
) -> PracticeServices:
    return PracticeServices(
        make_analyser=lambda _synthetic, _tell: None,  # type: ignore[arg-type,return-value]
        history=PracticeHistory(folder / "history.sqlite"),
        demo=demo,
        recent=lambda: recent,
        reviewed=lambda: known,
        exams=ExamStore(folder / "exams"),
    )


@pytest.fixture
def videos(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"exam{number}.mp4" for number in range(9)]
    for path in paths:
        path.touch()
    return [str(path) for path in paths]


def test_demo_reviewed_and_recent_exams_each_once(tmp_path: Path, videos: list[str]) -> None:
    demo, reviewed, recent = videos[:3]
    known = [Known(reviewed, "exam1.mp4", 3), Known(demo, "exam0.mp4", 1)]
    found = offers(services(tmp_path, known, [reviewed, recent, demo], Path(demo)))
    assert found[0] == Offer(demo, "Demo exam (synthetic)   reviewed, 1 correction")
    assert found[1] == Offer(reviewed, "exam1.mp4   reviewed, 3 corrections")
    assert [one.spec for one in found] == [demo, reviewed, recent]
    assert found[2].text.startswith("exam2.mp4   ")


def test_what_is_not_there_any_more_is_not_offered(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.mp4")
    known = [Known(gone, "gone.mp4", 1), Known("exam:20260101-000000-zzzz", "S-1", 1)]
    assert offers(services(tmp_path, known, [gone])) == []


def test_a_kept_exam_is_offered_by_its_name(tmp_path: Path) -> None:
    with ExamStore(tmp_path / "exams").create(start()) as exam:
        known = [Known(f"exam:{exam.exam_id}", "S-1", 0)]
        (one,) = offers(services(tmp_path, known, []))
    assert one == Offer(f"exam:{exam.exam_id}", "S-1   in Review")


def test_a_second_recording_of_an_exam_is_offered(tmp_path: Path) -> None:
    with ExamStore(tmp_path / "exams").create(start()) as exam:
        spec = f"exam:{exam.exam_id}/2"
        assert [one.spec for one in offers(services(tmp_path, [Known(spec, "S", 1)], []))] == [spec]


def test_pictures_and_streams_are_not_offered_and_no_more_than_fit(
    tmp_path: Path, videos: list[str]
) -> None:
    recent = ["rtsp://scanner/1", str(tmp_path / "a.png"), *videos]
    found = offers(services(tmp_path, [], recent))
    assert [one.spec for one in found] == videos[:MOST]
