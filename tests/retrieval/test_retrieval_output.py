from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest
from orders_made import bundle_of, exam_at, order

from sonoassist.analysis.analyser import AnalyserOptions
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.packets import Box
from sonoassist.preprocess.crop import parse_crop
from sonoassist.retrieval.exams import RecordedExam
from sonoassist.retrieval.order import Task
from sonoassist.retrieval.output import LOCK, OutputFolder, OutputPlace
from sonoassist.temporal.rules import Rule

ORDER = order()


def output_in(folder: Path) -> OutputFolder:
    (folder / "out").mkdir(exist_ok=True)
    return OutputFolder(folder / "out")


def places(output: OutputFolder, *exams: RecordedExam) -> list[OutputPlace]:
    return output.places([(exam, exam.fingerprint()) for exam in exams])


def names(output: OutputFolder, *exams: RecordedExam) -> list[str]:
    return [place.name for place in places(output, *exams)]


def write(output: OutputFolder, exam: RecordedExam, name: str, **about: object) -> None:
    output.write(bundle_of(Task(exam, name, exam.fingerprint()), ORDER, **about), exam)


def test_an_exam_is_named_after_its_file(tmp_path: Path) -> None:
    exams = [exam_at(tmp_path / "in" / name) for name in ("a.mp4", "b b.mp4", "c.tar.mkv", "Ü.avi")]
    assert names(output_in(tmp_path), *exams) == ["a", "b b", "c.tar", "Ü"]


def test_files_of_the_same_name_are_named_after_their_folders(tmp_path: Path) -> None:
    exams = [exam_at(tmp_path / "in" / name / "exam.mp4") for name in ("x", "y")]
    single = exam_at(tmp_path / "in" / "z.mp4")
    assert names(output_in(tmp_path), *exams, single) == ["x", "y", "z"]
    several = [
        exam_at(tmp_path / "in" / folder / f"scan{n}.mp4") for folder in ("p", "q") for n in (1, 2)
    ]
    found = names(output_in(tmp_path), *several)
    assert found == ["p-scan1", "p-scan2", "q-scan1", "q-scan2"]
    other = [exam_at(tmp_path / place / "p" / "scan1.mp4") for place in ("one", "two")]
    assert names(output_in(tmp_path), *other) == ["one-p-scan1", "two-p-scan1"]


def test_names_that_differ_in_case_only_are_the_same_to_some_disks(tmp_path: Path) -> None:
    exams = [exam_at(tmp_path / "one" / "Exam.mp4"), exam_at(tmp_path / "two" / "exam.mp4")]
    assert names(output_in(tmp_path), *exams) == ["one", "two"]


def test_the_same_name_with_another_ending(tmp_path: Path) -> None:
    exams = [exam_at(tmp_path / "in" / f"exam{end}") for end in (".mp4", ".mkv")]
    found = names(output_in(tmp_path), *exams)
    assert len({name.casefold() for name in found}) == 2


def test_one_run_after_another_overwrites_nothing(tmp_path: Path) -> None:
    """A loop over files of one name, each in a run of its own."""
    output = output_in(tmp_path)
    exams = [exam_at(tmp_path / folder / "exam.mp4") for folder in ("x", "y", "z")]
    for exam in exams:
        (name,) = names(output, exam)
        write(output, exam, name)
    kept = names(output, *exams)
    assert len(set(kept)) == 3
    assert kept == [names(output, exam)[0] for exam in exams]
    assert kept == names(output, *exams[::-1])[::-1]


def test_another_recording_in_the_same_place_takes_the_folder_of_the_first(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    exams = [exam_at(tmp_path / "in" / f"{letter}.mp4") for letter in "ab"]
    for exam in exams:
        write(output, exam, names(output, exam)[0])
    again = exam_at(tmp_path / "in" / "a.mp4", "another one")
    found = places(output, again, exams[1])
    assert [(place.name, place.outdated) for place in found] == [("a", True), ("b", False)]
    assert found[0].about is None
    assert not output.finished(found[0], ORDER)
    write(output, again, "a")
    assert [place.outdated for place in places(output, again, exams[1])] == [False, False]
    assert [path.name for path in sorted(output.folder.iterdir())] == ["a", "b"]
    elsewhere = exam_at(tmp_path / "other" / "a.mp4")
    assert names(output, elsewhere) == ["other-a"]


def test_recordings_that_changed_places_are_done_anew(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    exams = [exam_at(tmp_path / "in" / f"{letter}.mp4", letter) for letter in "ab"]
    for exam in exams:
        write(output, exam, names(output, exam)[0])
    swapped = [exam_at(tmp_path / "in" / "a.mp4", "b"), exam_at(tmp_path / "in" / "b.mp4", "a")]
    found = places(output, *swapped)
    assert [(place.name, place.outdated) for place in found] == [("a", True), ("b", True)]


def test_copies_have_a_folder_each(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    exams = [exam_at(tmp_path / folder / "exam.mp4", "the same") for folder in ("x", "y")]
    first = names(output, *exams)
    assert len(set(first)) == 2
    for exam, name in zip(exams, first, strict=True):
        write(output, exam, name)
    assert names(output, *exams) == first


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    theirs = output.folder / "a" / "notes.txt"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    exam = exam_at(tmp_path / "in" / "a.mp4")
    (name,) = names(output, exam)
    write(output, exam, name)
    assert name != "a"
    assert theirs.read_text() == "mine"


@pytest.mark.parametrize("name", ["...mp4", ".hidden.mp4", "x" * 240 + ".mp4", "ß" * 120 + ".mp4"])
def test_odd_names_give_usable_folders(tmp_path: Path, name: str) -> None:
    output = output_in(tmp_path)
    exam = exam_at(tmp_path / "in" / name)
    (found,) = names(output, exam)
    assert not found.startswith(".")
    write(output, exam, found)
    assert (output.folder / found / "retrieval.json").is_file()
    assert names(output, exam) == [found]


def test_long_names_that_begin_alike_stay_apart(tmp_path: Path) -> None:
    exams = [exam_at(tmp_path / "in" / f"{'x' * 240}{n}.mp4") for n in (1, 2)]
    assert len(set(names(output_in(tmp_path), *exams))) == 2


def test_finished_means_all_files_of_this_very_order(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    exam = exam_at(tmp_path / "in" / "a.mp4")
    assert not output.finished(places(output, exam)[0], ORDER)
    write(output, exam, "a")
    (place,) = places(output, exam)
    assert output.finished(place, ORDER)
    others = [
        order(rule=Rule.PAPER),
        order(masked=False),
        order(options=AnalyserOptions(threshold=0.5)),
        order(options=AnalyserOptions(crop=parse_crop("full"))),
        order(options=AnalyserOptions(crop=parse_crop("0,0,40,30"))),
    ]
    assert not any(output.finished(place, other) for other in others)
    (output.folder / "a" / "retrieval.json").unlink()
    assert not output.finished(place, ORDER)


def test_the_threshold_asks_for_other_results_but_for_no_other_analysis() -> None:
    one, other = order(), order(options=AnalyserOptions(threshold=0.5), rule=Rule.PAPER)
    key = one.analysis_key("x", synthetic=False)
    assert other.analysis_key("x", synthetic=False) == key
    assert one.result_key(key) != other.result_key(key)
    crop = order(options=AnalyserOptions(crop=parse_crop("full")))
    assert crop.analysis_key("x", synthetic=False) != key
    assert one.analysis_key("y", synthetic=False) != key


def test_kept_results_count_only_as_they_were_written(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    exam = exam_at(tmp_path / "in" / "a.mp4")
    write(output, exam, "a", frames_sha256=hashlib.sha256(b"frames").hexdigest())
    (place,) = places(output, exam)
    assert output.kept(place) == b"frames"
    (output.folder / "a" / "frames.npz").write_bytes(b"framez")
    assert output.kept(place) == b""
    (output.folder / "a" / "frames.npz").unlink()
    assert output.kept(place) == b""
    assert output.kept(OutputPlace("a", None)) == b""


def test_a_damaged_about_is_not_believed(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    exam = exam_at(tmp_path / "in" / "a.mp4")
    write(output, exam, "a")
    for text in ("", "[]", "{", '{"fingerprint": 3}'):
        (output.folder / "a" / "about.json").write_text(text)
        (place,) = places(output, exam)
        assert place.about is None


def test_new_results_take_the_place_of_old_ones_whole(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    exam = exam_at(tmp_path / "in" / "a.mp4")
    write(output, exam, "a")
    (output.folder / "a" / "old.png").touch()
    write(output, exam, "a")
    assert {path.name for path in (output.folder / "a").iterdir()} == {
        ".source",
        "about.json",
        "frames.npz",
        "retrieval.json",
    }
    assert [path.name for path in output.folder.iterdir()] == ["a"]


def test_what_a_killed_program_left_is_cleared_away(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    exam = exam_at(tmp_path / "in" / "a.mp4")
    write(output, exam, "a")
    (output.folder / ".making-b").mkdir()
    (output.folder / ".making-b" / "x.png").touch()
    (output.folder / "a").rename(output.folder / ".old-a")  # between its two renamings
    write(output, exam, "c")
    (output.folder / ".old-c").mkdir()
    with output.taken():
        assert {path.name for path in output.folder.iterdir()} == {"a", "c", LOCK}


def test_two_programs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    output = output_in(tmp_path)
    other = OutputFolder(output.folder)
    with output.taken(), pytest.raises(UsageError, match="another program"), other.taken():
        pass
    with OutputFolder(output.folder).taken():
        pass


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = output_in(tmp_path)
    exam = exam_at(tmp_path / "in" / "a.mp4")
    write(output, exam, "a")
    before = (output.folder / "a" / "about.json").read_bytes()

    def full(path: Path, data: bytes) -> None:
        raise OutputError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr("sonoassist.retrieval.output.write_bytes", full)
    with pytest.raises(OutputError, match="No space"):
        write(output, exam, "a", frames=6)
    assert (output.folder / "a" / "about.json").read_bytes() == before
    assert [path.name for path in output.folder.iterdir()] == ["a"]


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="nothing is forbidden to root"
)
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot write"), OutputFolder(tmp_path / "out").taken():
        pass


def test_an_own_rectangle_is_told_apart_exactly() -> None:
    boxes = [order(options=AnalyserOptions(crop=parse_crop(f"0,0,{w},30"))) for w in (40, 41)]
    keys = {one.analysis_key("x", synthetic=False) for one in boxes}
    assert len(keys) == 2
    assert repr(Box(0, 0, 40, 30)) in repr(boxes[0].options.crop)
