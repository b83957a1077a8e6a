"""`retrieve` with a network of random numbers: everything but what is found."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from analyse_help import assert_refused, summary
from retrieve_help import CrewHere, contents, film, folders, picture, program, result, retrieve

from exam.recording_help import make_exam
from fake_weights import published_arrays, write_npz
from sonoassist import cli
from sonoassist.core.planes import KEYS
from sonoassist.exam.store import ExamStore
from sonoassist.retrieval.pictures import frames_at
from sonoassist.retrieval.sheet import PLANES
from waiting import wait_until

FRAMES = 12
"""Of each of the films."""
WANTED = {key for key in KEYS if key != "background"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a SmallNet of random numbers that is not too sure of itself."""
    folder = tmp_path_factory.mktemp("home")
    arrays = published_arrays("smallnet")
    arrays[-2] *= 0.02
    weights = write_npz(folder / "smallnet.npz", arrays)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOASSIST_HOME", str(folder))
        assert cli.run(["models", "add", str(weights)]) == 0
    return folder


@pytest.fixture
def new_home(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Calling it gives the program a home with the model and no results of frames.

    Those that were kept before would be taken in the place of an analysis.
    """

    def make() -> None:
        own = tmp_path_factory.mktemp("home")
        shutil.copytree(home / "models", own / "models")
        monkeypatch.setenv("SONOASSIST_HOME", str(own))

    return make


@pytest.fixture(autouse=True)
def _use_home(new_home: Callable[[], None]) -> None:
    new_home()


@pytest.fixture
def searches_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: what is searched, written and said is the same as that of workers."""
    monkeypatch.setattr("sonoassist.retrieval.processes.ProcessCrew", CrewHere)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for number in range(3):
        film(folder / f"exam {number}.mp4", number, FRAMES)
    return folder


@pytest.fixture(scope="module")
def searched(films: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the three films by the paper's rule, unmasked."""
    out = tmp_path_factory.mktemp("searched") / "new" / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOASSIST_HOME", str(home))
        assert retrieve(out, films, "--rule", "paper", "--no-mask", "--jobs", "1") == 0
    return out


def test_each_exam_has_its_planes_pictures_and_sheet(searched: Path, films: Path) -> None:
    assert folders(searched) == ["exam 0", "exam 1", "exam 2"]
    for name in folders(searched):
        found = result(searched, name)
        assert set(found) == WANTED
        frames = frames_at(films / f"{name}.mp4", {one["frame"] for one in found.values()})
        for key, one in found.items():
            assert one["image"] == f"{key}.png"
            assert one["time_s"] == pytest.approx(one["frame"] * 0.04)
            shown = picture(searched / name / one["image"])
            assert np.array_equal(shown, frames[one["frame"]])
            assert one["candidates"][0]["frame"] == one["frame"]
            assert one["recording"] == f"{name}.mp4"
        sheet = picture(searched / name / "contact-sheet.png")
        assert sheet.shape[0] > 800
        assert sheet.shape[1] > 1600


def test_the_paper_s_rule_is_that_of_a_table_of_all_frames(
    searched: Path, films: Path, tmp_path: Path
) -> None:
    import csv

    words = ["--out", str(tmp_path), "--precision", "f32", "--crop", "full"]
    assert cli.run(["analyse", str(films / "exam 1.mp4"), *words]) == 0
    with (tmp_path / "analysis.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for key, one in result(searched, "exam 1").items():
        most = max(float(row[f"p_{key}"]) for row in rows)
        assert one["confidence"] == pytest.approx(most, abs=1e-6)
        assert float(rows[one["frame"]][f"p_{key}"]) == pytest.approx(most, abs=1e-6)


def test_what_is_below_the_threshold_is_never_sure(searched: Path) -> None:
    found = [one for name in folders(searched) for one in result(searched, name).values()]
    assert {one["sure"] for one in found} >= {False}
    for one in found:
        both = min(one["confidence"], one["steady_confidence"])
        # By the paper's rule the view has to be steady, not its best frame.
        assert one["sure"] or both < 0.7 or "likeliest" in one["why"]
        assert one["confidence"] >= 0.7 or not one["sure"]
        assert ("doubtful" in one["why"]) is not one["sure"]


def test_the_same_exam_gives_the_same_bytes_however_many_work_on_it(
    searched: Path, films: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for number in (2, 0, 1):
        (copy / f"exam {number}.mp4").write_bytes((films / f"exam {number}.mp4").read_bytes())
    words = ("--rule", "paper", "--no-mask", "--jobs", "2")
    assert retrieve(tmp_path / "out", *sorted(copy.iterdir(), reverse=True), *words) == 0
    assert contents(tmp_path / "out") == contents(searched)


@pytest.mark.usefixtures("searches_here")
def test_finished_exams_are_not_touched_and_again_does_them_anew(
    films: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    new_home: Callable[[], None],
) -> None:
    out = tmp_path / "out"
    assert retrieve(out, films / "exam 0.mp4") == 0
    before = (out / "exam 0").stat().st_ino
    capsys.readouterr()
    assert retrieve(out, films / "exam 0.mp4", films / "exam 1.mp4", "--json") == 0
    told = summary(capsys)
    assert [(one["name"], one["done_before"]) for one in told["exams"]] == [
        ("exam 0", True),
        ("exam 1", False),
    ]
    assert (out / "exam 0").stat().st_ino == before
    kept = contents(out)
    assert retrieve(out, films / "exam 0.mp4", "--again") == 0
    assert (out / "exam 0").stat().st_ino != before
    assert contents(out) == kept
    new_home()
    assert retrieve(out, films / "exam 0.mp4", "--again") == 0
    assert contents(out) == kept


@pytest.mark.usefixtures("searches_here")
def test_another_rule_replaces_the_results(films: Path, tmp_path: Path, searched: Path) -> None:
    out = tmp_path / "out"
    assert retrieve(out, films / "exam 0.mp4") == 0
    assert retrieve(out, films / "exam 0.mp4", "--rule", "paper", "--no-mask") == 0
    expected = {k: v for k, v in contents(searched).items() if k.startswith("exam 0")}
    assert contents(out) == expected


@pytest.mark.usefixtures("searches_here")
def test_pictures_are_masked_unless_the_user_says_otherwise(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exam = films / "exam 0.mp4"
    assert retrieve(tmp_path / "masked", exam, "--rule", "paper", "--json") == 0
    assert summary(capsys)["exams"][0]["masked"] is True
    for key in WANTED:
        # Nothing in this noise is surely ultrasound, and what is not is left out.
        assert not (tmp_path / "masked" / "exam 0" / f"{key}.png").exists()
        one = result(tmp_path / "masked", "exam 0")[key]
        assert (one["image"], one["sure"], one["recording"]) == (None, False, "recording 1")
        assert "left out" in one["why"]
    for path in (tmp_path / "masked" / "exam 0").iterdir():
        assert b"exam 0.mp4" not in path.read_bytes()
    assert retrieve(tmp_path / "whole", exam, "--rule", "paper", "--no-mask") == 0
    assert "may name a person" in capsys.readouterr().err


def test_a_run_that_is_killed_goes_on_where_it_was(
    tmp_path: Path, new_home: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{letter}.mp4" for letter in "abcd"]
    for seed, name in enumerate(names):
        film(tmp_path / "in" / name, seed, frames=6)
    out = tmp_path / "out"
    running = program(out, tmp_path / "in", "--jobs", "1", "--rule", "paper", most=2)
    with running:
        wait_until(lambda: (out / "b" / "retrieval.json").exists(), "the second exam")
        running.kill()
    done = [name for name in folders(out) if not name.startswith(".")]
    assert done[:2] == ["a", "b"]
    assert len(done) < len(names)
    before = {name: (out / name).stat().st_ino for name in done}
    with program(out, tmp_path / "in", "--jobs", "1", "--rule", "paper", "--json") as again:
        printed, errors = again.communicate()
    assert again.returncode == 0, errors
    told = json.loads(printed)["exams"]
    assert [one["name"] for one in told if one["done_before"]] == done
    assert folders(out) == list("abcd")
    assert before == {name: (out / name).stat().st_ino for name in done}
    new_home()
    monkeypatch.setattr("sonoassist.retrieval.processes.ProcessCrew", CrewHere)
    assert retrieve(tmp_path / "whole", tmp_path / "in", "--rule", "paper") == 0
    assert contents(out) == contents(tmp_path / "whole")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_the_workers_of_a_killed_program_end(tmp_path: Path) -> None:
    exam = film(tmp_path / "a.mp4", frames=40)
    with program(tmp_path / "out", exam, "--jobs", "2", most=0) as running:
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        wait_until(lambda: children.read_text().split(), "a worker")
        workers = [Path(f"/proc/{pid}") for pid in children.read_text().split()]
        running.kill()
    wait_until(lambda: not any(one.exists() for one in workers), "the workers' end")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path: Path) -> None:
    for seed, name in enumerate("abc"):
        film(tmp_path / "in" / f"{name}.mp4", seed, frames=6)
    out = tmp_path / "out"
    with program(out, tmp_path / "in", "--jobs", "1", most=1) as running:
        wait_until(lambda: (out / "a" / "retrieval.json").exists(), "the first exam")
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate()
    assert running.returncode == 130
    assert "stopped; the same command goes on from here" in errors
    assert "Traceback" not in errors
    assert folders(out) == ["a"]
    assert not [name for name in folders(out) if name.startswith(".")]


@pytest.mark.usefixtures("searches_here")
def test_a_damaged_file_is_reported_and_the_others_are_done(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    whole = (films / "exam 0.mp4").read_bytes()
    (tmp_path / "in" / "a cut.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "in" / "b empty.mp4").touch()
    (tmp_path / "in" / "c text.mp4").write_text("no video at all")
    (tmp_path / "in" / "d good.mp4").write_bytes(whole)
    status = retrieve(tmp_path / "out", tmp_path / "in", "--json")
    printed = capsys.readouterr()
    assert status == 2
    told = json.loads(printed.out)
    assert [one["name"] for one in told["exams"]] == ["d good"]
    assert [Path(one["exam"]).name for one in told["failed"]] == [
        "a cut.mp4",
        "b empty.mp4",
        "c text.mp4",
    ]
    assert all(one["reason"] and "\n" not in one["reason"] for one in told["failed"])
    assert "3 exams could not be searched" in printed.err.splitlines()[-1]
    assert folders(tmp_path / "out") == ["d good"]


@pytest.mark.usefixtures("searches_here")
def test_an_exam_with_damaged_places_is_searched_and_they_are_named(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray((films / "exam 0.mp4").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(2).bytes(3000)
    exam = tmp_path / "hurt.mp4"
    exam.write_bytes(bytes(data))
    assert retrieve(tmp_path / "out", exam, "--rule", "paper", "--json") == 0
    (told,) = summary(capsys)["exams"]
    assert told["damaged"]
    assert told["frames"] < FRAMES
    assert set(result(tmp_path / "out", "hurt")) == WANTED


@pytest.mark.usefixtures("searches_here")
def test_paths_with_odd_characters(films: Path, tmp_path: Path) -> None:
    data = (films / "exam 0.mp4").read_bytes()
    odd = [
        "Ünïcode 検査.mp4",
        "a'b\"c & $(x);%20#?.mp4",
        " leading.mp4",
        "new\nline.mp4",
        "[1]{2}.mp4",
    ]
    if sys.platform != "linux":
        odd = odd[:1]
    else:
        odd.append(os.fsdecode(b"latin-\xff.mp4"))
    folder = tmp_path / "with space" / "ö"
    folder.mkdir(parents=True)
    for name in odd:
        (folder / name).write_bytes(data)
    assert retrieve(tmp_path / "o ut", folder, "--json") == 0
    assert len(folders(tmp_path / "o ut")) == len(odd)
    for name in folders(tmp_path / "o ut"):
        assert set(result(tmp_path / "o ut", name)) == WANTED


@pytest.mark.usefixtures("searches_here")
def test_two_exams_with_the_same_file_name(films: Path, tmp_path: Path) -> None:
    for number, name in ((0, "anna"), (1, "berta")):
        (tmp_path / "in" / name).mkdir(parents=True)
        data = (films / f"exam {number}.mp4").read_bytes()
        (tmp_path / "in" / name / "exam.mp4").write_bytes(data)
    words = ("--rule", "paper", "--no-mask")
    assert retrieve(tmp_path / "out", tmp_path / "in", *words) == 0
    assert folders(tmp_path / "out") == ["anna", "berta"]
    found = [picture(tmp_path / "out" / name / "femur.png") for name in ("anna", "berta")]
    assert not np.array_equal(*found)
    told = [
        json.loads((tmp_path / "out" / name / "about.json").read_bytes())
        for name in ("anna", "berta")
    ]
    assert [one["exam"] for one in told] == ["anna: exam.mp4", "berta: exam.mp4"]


@pytest.mark.usefixtures("searches_here")
def test_table_and_json_count_the_same_and_stdout_is_json_alone(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (films / "exam 0.mp4", films / "exam 1.mp4", "--rule", "paper", "--no-mask")
    assert retrieve(tmp_path / "out", *words) == 0
    table = [line.split() for line in capsys.readouterr().err.splitlines()]
    rows = {line[1]: line for line in table if line[:1] == ["exam"] and line[1:2] in (["0"], ["1"])}
    assert retrieve(tmp_path / "again", *words, "--json") == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert "exam 0: 1 plane found; doubtful: " in printed.err
    for number, one in enumerate(told["exams"]):
        found, doubtful, missing = one["found"], one["doubtful"], one["missing"]
        assert len(doubtful) > 0
        assert found + len(doubtful) + len(missing) == len(WANTED)
        cells = rows[str(number)][3:6]
        assert cells == [str(found), str(len(doubtful) or "-"), str(len(missing) or "-")]
        assert one["sources"] == [str(films / f"exam {number}.mp4")]
        about = json.loads((tmp_path / "again" / one["name"] / "about.json").read_bytes())
        assert about["found"] == found


@pytest.mark.usefixtures("searches_here")
def test_the_flat_table_names_recordings_and_pictures(films: Path, tmp_path: Path) -> None:
    import csv

    out = tmp_path / "out"

    def rows() -> list[dict[str, str]]:
        with (out / "retrieval.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    assert retrieve(out, films / "exam 1.mp4", "--rule", "paper", "--no-mask") == 0
    assert retrieve(out, films / "exam 0.mp4", "--rule", "paper", "--no-mask") == 0
    found = rows()
    assert [row["exam"] for row in found] == ["exam 0"] * len(WANTED) + ["exam 1"] * len(WANTED)
    for row in found:
        told = result(out, row["exam"])[row["plane"]]
        assert row["source"] == str(films / f"{row['exam']}.mp4")
        assert (int(row["frame"]), float(row["time_s"])) == (told["frame"], told["time_s"])
        assert float(row["confidence"]) == pytest.approx(told["confidence"], abs=1e-6)
        assert row["doubtful"] == ("no" if told["sure"] else "yes")
        assert (out / row["image"]).is_file()
    shutil.rmtree(out / "exam 1")
    assert retrieve(out, films / "exam 0.mp4", "--rule", "paper", "--no-mask") == 0
    assert {row["exam"] for row in rows()} == {"exam 0"}


@pytest.mark.usefixtures("searches_here")
def test_a_replaced_file_replaces_its_results_and_that_is_said(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exam, out = tmp_path / "in" / "a.mp4", tmp_path / "out"
    exam.parent.mkdir()
    exam.write_bytes((films / "exam 0.mp4").read_bytes())
    assert retrieve(out, exam) == 0
    assert "another one" not in capsys.readouterr().err
    before = contents(out)
    exam.write_bytes((films / "exam 1.mp4").read_bytes())
    assert retrieve(out, exam) == 0
    said = capsys.readouterr().err
    assert said.count("warning: a: the recording is another one than before") == 1
    assert folders(out) == ["a"]
    assert contents(out)["a/retrieval.json"] != before["a/retrieval.json"]


@pytest.mark.usefixtures("searches_here")
def test_the_recordings_of_an_exam_record_are_searched_as_one(
    films: Path, home: Path, tmp_path: Path
) -> None:
    with make_exam(ExamStore.default().folder) as exam:
        for number, began_s in ((1, 10.0), (2, 100.0)):
            data = (films / f"exam {number}.mp4").read_bytes()
            (exam.media / f"recording-{number}.mp4").write_bytes(data)
            recording = exam.begin_recording(f"recording-{number}.mp4", began_s)
            exam.note_recording(recording, FRAMES, ended=True)
        name = exam.exam_id
    words = ("--rule", "paper", "--no-mask")
    assert retrieve(tmp_path / "out", name, *words) == 0
    found = result(tmp_path / "out", name)
    began_s = {"recording-1.mp4": 10.0, "recording-2.mp4": 100.0}
    for key, one in found.items():
        expected_s = began_s[one["recording"]] + 0.04 * one["frame"]
        assert one["time_s"] == pytest.approx(expected_s)
        number = one["recording"].removeprefix("recording-").removesuffix(".mp4")
        (frame,) = frames_at(films / f"exam {number}.mp4", {one["frame"]}).values()
        assert np.array_equal(picture(tmp_path / "out" / name / f"{key}.png"), frame)


def test_folders_without_exams_and_names_of_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    assert_refused(retrieve(out, tmp_path / "empty"), capsys, "no recording in the folder", out=out)
    assert_refused(retrieve(out, tmp_path / "x.mp4"), capsys, "there is no file", out=out)
    assert_refused(retrieve(out, "2031"), capsys, "neither a file nor an exam record", out=out)
    assert not out.exists()


def test_an_output_folder_that_cannot_be_written_to(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    status = retrieve(tmp_path / "file" / "out", films)
    assert_refused(status, capsys, "cannot write")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("searches_here")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--jobs", "0"), "not a number from 1 on"),
        (("--jobs", "many"), "not a number from 1 on"),
        (("--rule", "worst"), "invalid choice"),
        (("--model", "unknown"), "no model is called"),
        (("--crop", "nonsense"), "nonsense"),
        (("--engine", "openvino", "--device", "cuda"), "does not run on cuda"),
        (("--engine", "torch", "--device", "mps"), "mps"),
    ],
)
def test_options_that_cannot_be_used(
    films: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    status = retrieve(tmp_path / "out", films, *words)
    assert said in assert_refused(status, capsys)
    assert not (tmp_path / "out").exists() or folders(tmp_path / "out") == []


def test_without_ray_a_cluster_names_the_extra(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    status = retrieve(tmp_path / "out", films, "--cluster", "local")
    assert_refused(status, capsys, "sonoassist[cluster]", out=tmp_path / "out")


@pytest.mark.usefixtures("searches_here")
def test_the_table_on_a_terminal(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retrieve(tmp_path / "out", films) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("exam  "))
    assert [line.split()[:3] for line in lines[head + 1 : head + 4]] == [
        ["exam", str(number), str(FRAMES)] for number in range(3)
    ]
    assert lines[-1] == "Research and training only. Not for diagnosis."
    assert len(PLANES) == 13
