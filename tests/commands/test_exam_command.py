"""`sonoassist exam` on records of the bundled synthetic exam."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

import sonoassist
from dicom_exam import made_exam, start_of
from pacs_server import HOST, PATIENCE_S, free_port, running_node
from sonoassist.cli import run as run_program
from sonoassist.exam.pacs.node import PacsNode
from sonoassist.exam.records import Tick
from sonoassist.exam.store import ExamStore
from sonoassist.practice.question_set import QuestionSet
from sonoassist.practice.set_store import SetStore
from sonoassist.recordings.identity import fingerprint

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = run_program(["exam", *map(str, words)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def exam_id() -> str:
    """An exam with two kept captures, both with a clip, and one that nobody judged."""
    with made_exam(ExamStore.default()) as exam:
        exam.add_event(0.0, "started", "Exam begun")
        exam.tick(Tick("4ch", False, "seen twice"))
        number = exam.begin_recording("whole.mkv", 0.5)
        exam.note_recording(number, 1500, trouble="No space left on device")
        exam.end(61.0)
        return exam.exam_id


@pytest.fixture
def patient_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nodes are on this computer, and answer when it comes to it."""
    known = PacsNode.parse.__func__.__kwdefaults__  # type: ignore[attr-defined]
    monkeypatch.setitem(known, "timeout_s", PATIENCE_S)


def damaged() -> str:
    with ExamStore.default().create(start_of()) as exam:
        pass
    (exam.folder / "exam.sqlite").write_bytes(b"nothing of the kind")
    return exam.exam_id


def refused(answer: tuple[int, str, str], *words: str) -> None:
    """Bad use or bad input: one line on stderr, nothing on stdout."""
    status, out, err = answer
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("sonoassist: error: ")
    assert all(word in line for word in words), line


def test_nothing_there(run: Run) -> None:
    assert run("list") == (0, "", f"no exam is kept in {ExamStore.default().folder}\n")
    assert run("list", "--json") == (0, "[]\n", "")
    for words in (["show", "last"], ["note", "last", "x"], ["delete", "last", "--yes"]):
        refused(run(*words), "'last' is not an exam", "sonoassist exam list")


def test_list(run: Run, exam_id: str) -> None:
    bad = damaged()
    with ExamStore.default().create(start_of(study_id="")) as running:
        status, out, err = run("list")
        rows = json.loads(run("list", "--json")[1])
    (cut_off,) = json.loads(run("list", "--json")[1])[2:]
    assert (status, err) == (0, "")
    head, first, second, third = out.splitlines()
    assert head.split() == [
        "EXAM",
        "BEGAN",
        "LENGTH",
        "KEPT",
        "NOT",
        "REVIEWED",
        "MISSING",
        "STATE",
        "STUDY",
        "SOURCE",
    ]
    assert first.split()[0] == exam_id
    assert first.split()[3:] == ["01:01", "1/2", "1", "0", "ended", "T-17", "Demo", "(synthetic)"]
    assert second.startswith(bad)
    assert "damaged: the exam" in second
    assert third.startswith(running.exam_id)
    assert third.split()[4:7] == ["0/2", "0", "2"]
    assert third.split()[7] == "running"
    assert [row["exam_id"] for row in rows] == [exam_id, bad, running.exam_id]
    assert [row["state"] for row in rows] == ["ended", "damaged", "running"]
    assert cut_off["state"] == "cut off"
    assert rows[0] | {"started_at": "", "ended_at": ""} == {
        "exam_id": exam_id,
        "state": "ended",
        "reason": "",
        "started_at": "",
        "ended_at": "",
        "length_s": 61.0,
        "study_id": "T-17",
        "source": "Demo",
        "source_path": "demo",
        "synthetic": True,
        "preset": "anomaly",
        "note": "",
        "done": 1,
        "found": 2,
        "total": 2,
        "missing": [],
        "captures": 3,
        "recordings": 1,
    }
    assert cut_off["missing"] == ["4ch", "placenta"]
    assert rows[1].keys() == rows[0].keys()
    assert rows[1]["reason"]
    assert rows[1]["length_s"] is rows[1]["found"] is rows[1]["missing"] is None


def test_show(run: Run, exam_id: str) -> None:
    status, out, err = run("show", exam_id[-4:])
    assert (status, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "CHECKLIST: 1 kept, 1 not reviewed, none missing, of 2" in lines
    assert "Four chambers kept #1 00:01 97 % with clip seen twice" in lines
    placenta = "Placenta best so far, not reviewed #3 00:04"
    assert f"{placenta} chosen by hand; the network named no plane" in lines
    assert "RVOT kept #2 00:02 81 % with clip" in lines[lines.index("CAPTURES OUTSIDE THE LIST") :]
    assert "whole.mkv from 00:00 1,500 frames stopped: No space left on device" in lines
    assert "01:01 Exam ended" in lines
    assert lines[-1] == "Research and training only. Not for diagnosis."
    assert not any(line.startswith("missing") for line in lines)


def test_show_as_json(run: Run, exam_id: str) -> None:
    found = json.loads(run("show", "last", "--json")[1])
    assert (found["exam_id"], found["state"], found["frames"]) == (exam_id, "ended", 0)
    assert found["completeness"] == {"done": 1, "found": 2, "total": 2, "missing": []}
    assert [line["state"] for line in found["checklist"]] == ["kept", "best"]
    assert found["checklist"][0]["note"] == "seen twice"
    assert [one["judgement"] for one in found["captures"]] == ["kept", "kept", "open"]
    assert found["captures"][0]["box_px"] == [120.25, 80.5, 301.75, 244.125]
    assert found["captures"][2]["box_px"] is None
    media = Path(found["folder"]) / "media"
    assert all((media / one["still"]).is_file() for one in found["captures"])
    assert [one["kind"] for one in found["events"]] == ["started", "ended"]
    assert found["recordings"][0]["trouble"] == "No space left on device"


def test_show_while_it_runs(run: Run) -> None:
    with made_exam(ExamStore.default()):
        assert json.loads(run("show", "last", "--json")[1])["state"] == "running"


def test_damaged_exams_are_no_crash(run: Run) -> None:
    bad = damaged()
    refused(run("show", bad), "cannot be read")
    refused(run("note", bad, "x"), "cannot be read")
    refused(run("export", bad, "--out", "nowhere"), "cannot be read")
    refused(run("report", bad, "--out", "nowhere"), "cannot be read")
    assert not Path("nowhere").exists()
    status, _, err = run("delete", bad, "--yes")
    assert (status, err) == (0, f"deleted {bad}\n")


def test_note(run: Run, exam_id: str) -> None:
    assert run("note", "last", "Mother moved") == (0, "", f"exam {exam_id}: the note is kept\n")
    assert "Mother moved" in run("show", "last")[1]
    assert json.loads(run("note", "last", "zwei", "--json")[1]) == {
        "exam_id": exam_id,
        "note": "zwei",
    }
    assert run("note", "last", "")[2] == f"exam {exam_id}: the note is taken away\n"
    with ExamStore.default().open(exam_id, write=True):
        refused(run("note", "last", "x"), "in use by another window")


def test_delete(run: Run, exam_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ExamStore.default()
    refused(run("delete", exam_id), "nobody is here to be asked", "--yes")
    with store.open(exam_id, write=True):
        refused(run("delete", exam_id, "--yes"), "is running")
    for answer, wanted in (("\n", [exam_id]), ("no\n", [exam_id]), ("Yes\n", [])):
        keyboard = io.StringIO(answer)
        monkeypatch.setattr(keyboard, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stdin", keyboard)
        status, _, err = run("delete", "last")
        assert status == 0
        assert f"Delete the exam {exam_id} (01:01, 3 pictures, 1 recording)? [y/N] " in err
        assert store.ids() == wanted
    assert list(store.folder.iterdir()) == []


def test_delete_takes_question_sets_along(run: Run, exam_id: str) -> None:
    media = ExamStore.default().folder / exam_id / "media"
    content = fingerprint(next(one for one in media.iterdir() if one.is_file()))
    sets = SetStore()
    sets.write(QuestionSet(content, ("lips",)))
    assert run("delete", exam_id, "--yes")[0] == 0
    assert sets.read(content) is None


def test_delete_sweeps_what_an_earlier_one_left(run: Run, exam_id: str) -> None:
    left = ExamStore.default().folder / ".deleted-2020-01-01-000000-abcd"
    left.mkdir()
    assert json.loads(run("delete", exam_id, "--yes", "--json")[1]) == {"deleted": exam_id}
    assert not left.exists()


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


TABLES = {"checklist.csv", "captures.csv", "frames.csv", "events.csv"}
STILLS = {"stills/4ch-001.png", "stills/rvot-002.png", "stills/placenta-003.png"}
CLIPS = {"clips/4ch-001.mp4", "clips/rvot-002.mp4"}


def test_export_of_all_but_dicom(run: Run, exam_id: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    status, said, err = run("export", exam_id, "--out", out)
    assert (status, said) == (0, "")
    assert names(out) == {"exam.txt", "report.json", *TABLES, *STILLS, *CLIPS}
    assert f"written: {out / 'clips/4ch-001.mp4'}" in err
    assert err.endswith(f"exam {exam_id}: 11 files written into {out}\n")
    assert json.loads((out / "report.json").read_text())["exam"]["exam_id"] == exam_id
    text = (out / "exam.txt").read_text()
    assert text.startswith(f"Exam {exam_id}\n")
    assert "Pictures: masked" in text


@pytest.mark.parametrize(
    ("option", "files"),
    [
        ("--json", {"report.json"}),
        ("--csv", TABLES),
        ("--stills", STILLS),
        ("--clips", CLIPS),
    ],
)
def test_export_of_parts(
    run: Run, exam_id: str, tmp_path: Path, option: str, files: set[str]
) -> None:
    assert run("export", exam_id, "--out", tmp_path / "out", option)[0] == 0
    assert names(tmp_path / "out") == {"exam.txt", *files}


def test_export_as_dicom(run: Run, exam_id: str, tmp_path: Path) -> None:
    assert run("export", exam_id, "--out", tmp_path / "out", "--dicom")[0] == 0
    found = {name.removeprefix("dicom/") for name in names(tmp_path / "out")} - {"exam.txt"}
    kept = {"still-001-4ch.dcm", "still-002-rvot.dcm", "clip-001-4ch.dcm", "clip-002-rvot.dcm"}
    assert found == {*kept, "report.dcm"}
    still = pydicom.dcmread(tmp_path / "out" / "dicom" / "still-001-4ch.dcm")
    assert still.BurnedInAnnotation == "NO"
    run("export", exam_id, "--out", tmp_path / "all", "--dicom", "--unreviewed", "--no-mask")
    found = {name.removeprefix("dicom/") for name in names(tmp_path / "all")} - {"exam.txt"}
    assert found == {*kept, "report.dcm", "still-003-capture.dcm"}
    still = pydicom.dcmread(tmp_path / "all" / "dicom" / "still-001-4ch.dcm")
    assert still.BurnedInAnnotation == "YES"


def test_unmasked_pictures_are_warned_of(run: Run, exam_id: str, tmp_path: Path) -> None:
    _, _, err = run("export", exam_id, "--out", tmp_path / "out", "--stills", "--no-mask")
    assert "warning: the pictures are not masked" in err
    assert "NOT masked" in (tmp_path / "out" / "exam.txt").read_text()
    _, _, err = run("report", exam_id, "--out", tmp_path / "r.html", "--no-mask")
    assert "warning: the pictures are not masked" in err


def test_two_exams_do_not_mix(run: Run, exam_id: str, tmp_path: Path) -> None:
    with made_exam(ExamStore.default()) as other:
        pass
    out = tmp_path / "out"
    assert run("export", exam_id, "--out", out, "--stills")[0] == 0
    before = names(out)
    refused(
        run("export", other.exam_id, "--out", out, "--csv"), f"holds another exam: Exam {exam_id}"
    )
    assert names(out) == before
    assert run("export", exam_id, "--out", out, "--csv")[0] == 0


def test_report(run: Run, exam_id: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = json.loads(run("report", "last", "--out", out, "--json")[1])
    assert found == {
        "exam_id": exam_id,
        "files": [str(out / "report.html"), str(out / "report.pdf")],
    }
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert run("report", "last", "--out", tmp_path / "a" / "b.pdf")[0] == 0
    assert (tmp_path / "a" / "b.pdf").read_bytes().startswith(b"%PDF-")
    assert run("report", "last", "--out", tmp_path / "c", "--html")[0] == 0
    assert names(tmp_path / "c") == {"report.html"}
    refused(run("report", "last", "--out", tmp_path / "d.html", "--pdf"), "is no PDF file")


def test_no_place_to_write(run: Run, exam_id: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(run("export", exam_id, "--out", tmp_path / "file" / "x"), "cannot write")
    refused(run("report", exam_id, "--out", tmp_path / "file" / "x"), "cannot write")


@pytest.mark.usefixtures("patient_nodes")
def test_send(run: Run, exam_id: str) -> None:
    with running_node() as made:
        node = f"ARCHIVE@{HOST}:{made.node.port}"
        status, out, err = run("send", "last", "--node", node)
        assert (status, out) == (0, "")
        assert err.splitlines()[-1] == f"5 files stored by ARCHIVE at {HOST}:{made.node.port}"
        assert len(made.received) == 5
        assert all(one.BurnedInAnnotation == "NO" for one in made.received if "Rows" in one)
        found: dict[str, Any] = json.loads(run("send", "last", "--node", node, "--json")[1])
    assert found["complete"]
    assert {one["fate"] for one in found["files"]} == {"stored"}


@pytest.mark.usefixtures("patient_nodes")
def test_send_later(run: Run, exam_id: str) -> None:
    """What a node has no room for waits, and is sent later."""
    with running_node(answer=lambda _number, _event: 0xA700) as full:
        port = full.node.port
        status, out, err = run("send", exam_id, "--node", f"ARCHIVE@{HOST}:{port}")
    assert (status, out) == (2, "")
    assert "5 files kept in the outbox" in err.splitlines()[-1]
    with running_node(port=port) as made:
        status, out, err = run("send", "--retry")
        assert (status, len(made.received)) == (0, 5)
        assert "5 files stored" in err
        assert run("send", "--retry")[2] == "nothing waits in the outbox\n"


def test_a_port_that_refuses_is_told_before_any_file_is_made(
    run: Run, exam_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    monkeypatch.setattr("sonoassist.exam.sending.export_as_dicom", lambda *one: made.append(one))
    status, out, err = run("send", exam_id, "--node", f"ARCHIVE@{HOST}:{free_port()}")
    assert (status, out, made) == (2, "", [])
    (line,) = err.splitlines()
    assert "the connection is refused" in line
    assert "sonoassist exam" not in line
    assert run("send", "--retry")[2] == "nothing waits in the outbox\n"


def test_ctrl_c_leaves_nothing_of_an_export(
    run: Run, exam_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sonoassist.exam.clip_export._encode", stopped)
    out = tmp_path / "new" / "out"
    assert run("export", exam_id, "--out", out, "--json", "--stills", "--clips")[0] == 130
    assert not out.parent.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["send"], "--retry alone"),
        (["send", "last"], "--node are needed"),
        (["send", "--node", "A@b:1"], "--node are needed"),
        (["send", "last", "--retry"], "--retry alone"),
        (["send", "last", "--node", "nowhere"], "is not a PACS node"),
        (["show", "zzzz"], "'zzzz' is not an exam"),
        (["show", ""], "'' is not an exam"),
        (["show", "../home"], "is not an exam"),
        (["export", "last"], "--out"),
        (["dance"], "--help"),
        ([], "--help"),
    ],
)
def test_bad_use(run: Run, exam_id: str, words: list[str], said: str) -> None:
    refused(run(*words), said)


def test_torch_and_qt_stay_out(exam_id: str, tmp_path: Path) -> None:
    words = (
        ["list"],
        ["show", "last"],
        ["note", "last", "x"],
        ["export", "last", "--out", str(tmp_path / "out"), "--csv", "--clips"],
        ["delete", "last", "--yes"],
    )
    program = (
        "import sys\nfrom sonoassist.cli import run\n"
        f"for words in {words!r}:\n    assert run(['exam', *words]) == 0, words\n"
        "assert not {'torch', 'PyQt6', 'pydicom', 'fpdf'} & set(sys.modules), sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(sonoassist.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
