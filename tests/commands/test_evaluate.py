"""`evaluate` from the command line, with a network of random numbers and with the published one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from analyse_help import assert_refused, noise_picture, write_picture

from fake_weights import published_file
from sonoassist import cli
from sonoassist.analysis.analyser import Analyser
from sonoassist.analysis.preparing import Ready
from sonoassist.commands import evaluate as command
from sonoassist.core.packets import Analysis
from sonoassist.render.encoder import VideoEncoder

Capture = pytest.CaptureFixture[str]
Published = Callable[..., dict[str, Any]]

EXAM_FRAMES = 12
QUICK = ("--model", "smallnet")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOASSIST_HOME", str(folder))
        assert cli.run(["models", "add", str(published_file(folder / "files"))]) == 0
    return folder


@pytest.fixture(autouse=True)
def _use_home(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(home))
    capsys.readouterr()


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two exams of noise: four frames of femur, the others background, one of them Doppler."""
    folder = tmp_path_factory.mktemp("phantoms")
    for name in ("one", "two"):
        exam = folder / name
        exam.mkdir()
        lines = ["frame,time_s,state,plane,left_px,top_px,right_px,bottom_px"]
        with VideoEncoder(exam / "exam.mp4", 128, 96, 25.0) as encoder:
            for index in range(EXAM_FRAMES):
                encoder.add(np.dstack([noise_picture(seed=index)] * 3), index / 25)
                plane = 4 <= index < 8
                state = "doppler" if index == 9 else "plane" if plane else "background"
                truth = "femur,10,10,60,50" if plane else "background,,,,"
                lines.append(f"{index},{index / 25},{state},{truth}")
        (exam / "truth.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def stills(tmp_path: Path) -> Path:
    """FETAL_PLANES_DB with three pictures; one is damaged, one missing, two are for testing."""
    folder = tmp_path / "stills"
    (folder / "Images").mkdir(parents=True)
    for name in ("a", "b"):
        write_picture(folder / "Images" / f"{name}.png", noise_picture())
    (folder / "Images" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    rows = ["Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train "]
    rows += [
        f"{name};{number};Fetal femur;Not A Brain;Other;Other;{train}"
        for number, (name, train) in enumerate([("a", 1), ("bad", 0), ("b", 0), ("gone", 0)])
    ]
    (folder / "FETAL_PLANES_DB_data.csv").write_text("\n".join(rows) + "\n")
    return folder


def evaluate(*words: object) -> int:
    return cli.run(["evaluate", *(str(word) for word in words), *QUICK])


def printed(capsys: Capture) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def test_all_measures(phantoms: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "new" / "out"
    assert evaluate("all", phantoms, "--out", out, "--every", 3, "--json") == 0
    told = printed(capsys)
    assert told["frames"] == 8  # every third of 12, of two exams
    assert told["classification"]["frames"] == 6  # without the Doppler frame of each
    assert told["classification"]["cases"] == 2
    assert told["datasets"][0]["left_out"] == {"doppler": 2}
    assert [row["plane"] for row in told["retrieval"]["planes"]] == ["femur"]
    assert told["retrieval"]["recordings"] == 2
    assert told["localisation"]["all"]["count"] == 2
    assert told["speed"]["both_fps"] > 0
    assert told["about"]["every"] == 3
    assert "is synthetic" in told["about"]["note"]
    assert sorted(told["files"]) == sorted(str(path) for path in out.iterdir())
    page = (out / "report.html").read_text()
    assert "Worst" in page
    assert json.loads((out / "evaluation.json").read_text())["frames"] == 8


@pytest.mark.parametrize(
    ("measure", "title", "frames"),
    [
        ("classification", "as Table III", 3),
        ("retrieval", "as Table VI", 4),
        ("localisation", "as Table VII", 3),
        ("speed", "as Table IV", 3),
    ],
)
def test_one_measure(
    phantoms: Path, tmp_path: Path, capsys: Capture, measure: str, title: str, frames: int
) -> None:
    """Text on stdout; frames without a label are analysed for the retrieval only."""
    assert evaluate(measure, phantoms / "one", "--every", 3, "--out", tmp_path) == 0
    captured = capsys.readouterr()
    assert title in captured.out
    assert "Not for diagnosis" in captured.out
    assert "SmallNet" in captured.err
    assert json.loads((tmp_path / "evaluation.json").read_text())["frames"] == frames


def test_frames_are_analysed_once(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is measured of them, but for the speed and carried boxes, which tell of a run."""
    real, analysed = Analyser.judge, []

    def judge(self: Analyser, ready: Ready) -> Analysis:
        analysed.append(ready.frame.index)
        return real(self, ready)

    def run(*words: object) -> dict[str, Any]:
        capsys.readouterr()
        analysed.clear()
        assert evaluate(*words, exam, "--json") == 0
        return printed(capsys)

    monkeypatch.setattr(Analyser, "judge", judge)
    exam = tmp_path / "case1"
    exam.mkdir()
    with VideoEncoder(exam / "scan.mp4", 128, 96, 25.0) as encoder:
        for index in range(EXAM_FRAMES):
            encoder.add(np.dstack([noise_picture(seed=50 + index)] * 3), index / 25)
    (exam / "labels.csv").write_text("file,frame,plane\nscan.mp4,5,femur\nscan.mp4,7,lips\n")
    first = run("classification")
    assert analysed == [5, 7]
    whole = run("all")
    assert sorted({5, 7, *analysed}) == list(range(EXAM_FRAMES))
    assert len(analysed) == EXAM_FRAMES - 2
    assert whole["classification"]["f1"] == first["classification"]["f1"]
    assert (whole["speed"]["frames"], whole["speed"]["known"]) == (EXAM_FRAMES - 2, 2)
    assert run("all")["retrieval"] == whole["retrieval"]
    assert analysed == []
    assert evaluate("all", exam) == 0
    told = capsys.readouterr()
    assert f"{EXAM_FRAMES} of {EXAM_FRAMES} frames were analysed before" in told.err
    assert f"not measured, since all {EXAM_FRAMES} frames were analysed before" in told.out
    assert run("speed")["speed"]["frames"] == 2
    assert analysed == [5, 7]
    run("classification", "--carry-boxes")
    assert analysed == [5, 7]


def test_problems_are_listed(stills: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out"
    assert evaluate("classification", stills, "--out", out) == 0
    captured = capsys.readouterr()
    assert "line 5: there is no file gone.png" in captured.err
    assert "bad.png" in captured.err
    assert "1 could not be read" in captured.err
    assert "gone.png" in captured.out
    assert "bad.png" in captured.out
    page = (out / "report.html").read_text()  # it may be passed on: names of files stay here
    assert "1 row not used" in page
    assert "gone.png" not in page
    assert "bad.png" not in page
    assert json.loads((out / "evaluation.json").read_text())["frames"] == 2


def test_parts_of_the_data(stills: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "cases.txt").write_text("0\n")
    for words, patient in ((("--only-test",), "2"), (("--cases", tmp_path / "cases.txt"), "0")):
        out = tmp_path / f"out{patient}"
        assert evaluate("classification", stills, "--out", out, *words) == 0
        rows = (out / "frames.csv").read_text().splitlines()
        assert [row.split(",")[1] for row in rows[1:]] == [patient]


def test_frames_near_a_label_count(tmp_path: Path, capsys: Capture) -> None:
    """The frame retrieved of a recording seldom is the one that somebody labelled."""
    exam = tmp_path / "case1"
    exam.mkdir()
    with VideoEncoder(exam / "scan.mp4", 128, 96, 25.0) as encoder:
        for index in range(EXAM_FRAMES):
            encoder.add(np.dstack([noise_picture(seed=index)] * 3), index / 25)
    (exam / "labels.csv").write_text("file,frame,plane\nscan.mp4,5,femur\n")
    assert evaluate("retrieval", exam, "--tolerance", EXAM_FRAMES, "--json") == 0
    told = printed(capsys)
    assert (told["retrieval"]["right"], told["retrieval"]["total"]) == (1, 1)
    assert told["retrieval"]["retrieved"][0]["shows"] == ["femur"]
    assert told["about"]["tolerance_frames"] == EXAM_FRAMES


def test_a_tolerance_for_other_data_is_told(stills: Path, capsys: Capture) -> None:
    assert evaluate("classification", stills, "--tolerance", 3, "--json") == 0
    assert "--tolerance is for folders of exams" in capsys.readouterr().err


def test_what_is_not_used_is_told(
    stills: Path, phantoms: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert evaluate("classification", stills, phantoms, "--only-test", "--json") == 0
    told = capsys.readouterr().err
    assert f"warning: {phantoms.name} is not used: nothing in it is set aside for testing" in told
    (tmp_path / "cases.txt").write_text("0\nnobody\n99\n")
    words = "--cases", tmp_path / "cases.txt", "--json"
    assert evaluate("classification", stills, phantoms, *words) == 0
    told = capsys.readouterr().err
    assert "--cases names what is no case of the data: 99, nobody" in told
    assert f"warning: {phantoms.name} is not used: it has none of the cases" in told


def test_data_sets_of_one_name(stills: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "copy" / stills.name
    shutil.copytree(stills, copy)
    assert evaluate("classification", stills, copy, "--json") == 0
    told = printed(capsys)
    assert [data["name"] for data in told["datasets"]] == ["stills", "stills (2)"]
    assert [data["frames"] for data in told["datasets"]] == [2, 2]
    assert told["classification"]["cases"] == 4


def test_a_mapping_of_ones_own(stills: Path, tmp_path: Path, capsys: Capture) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[classes]\n"Fetal femur" = ["lips"]\n')
    assert evaluate("classification", stills, "--mapping", own, "--json") == 0
    assert printed(capsys)["classification"]["classes"][0]["group"] == ["lips"]


def test_bad_use(stills: Path, phantoms: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "cases.txt").write_text("nobody\n")
    refused: list[tuple[tuple[object, ...], str]] = [
        (("retrieval", stills), "It needs recordings"),
        (("localisation", stills), "It needs true boxes"),
        (("classification", tmp_path / "nowhere"), "there is no data set"),
        (("classification", tmp_path), "no data set the program knows"),
        (("classification", stills, stills), "a data set is named twice"),
        (("classification", stills, "--cases", tmp_path / "cases.txt"), "no frame is left"),
        (("classification", stills, "--cases", tmp_path / "gone.txt"), "cannot be read"),
        (("classification", stills, "--mapping", tmp_path / "gone.toml"), "cannot be read"),
        (("classification", stills, "--every", 0), "not a number above 0"),
        (("classification", stills, "--seed", "-1"), "--seed needs"),
        (("retrieval", phantoms, "--tolerance", "-1"), "not a number from 0 on"),
        (("beauty", stills), "invalid choice"),
        (("classification",), "DATA"),
    ]
    for words, message in refused:
        out = tmp_path / "out"
        status = evaluate(*words, "--out", out)
        assert_refused(status, capsys, message, out=out)


def test_the_model_is_checked_before_the_folder_is_made(stills: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["evaluate", "classification", str(stills), "--out", str(out), "--model", "nobody"]
    assert cli.run(words) == 2
    assert not out.exists()


def test_a_picture_that_the_crop_does_not_fit(stills: Path, capsys: Capture) -> None:
    """It is listed, and the run goes on with the others."""
    write_picture(stills / "Images" / "b.png", noise_picture(40, 40))
    assert evaluate("classification", stills, "--crop", "0,0,60,60", "--json") == 0
    told = printed(capsys)
    assert told["frames"] == 1
    assert any("2/b.png: the crop 0,0,60,60 reaches outside" in line for line in told["unreadable"])
    refused = evaluate("classification", stills, "--crop", "0,0,9000,9000")
    assert_refused(refused, capsys, "no labelled frame", "reaches outside of the picture")


def test_nothing_readable(stills: Path, capsys: Capture) -> None:
    for name in ("a", "b"):
        (stills / "Images" / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    assert_refused(evaluate("classification", stills), capsys, "no labelled frame", "damaged")


def test_stopped(
    phantoms: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle: said so, and an older result stays as it was."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("older")
    seen = []

    def stop(self: object) -> None:
        seen.append(1)
        if len(seen) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(command.ProgressBar, "step", stop)
    assert evaluate("all", phantoms, "--out", out) == command.STOPPED
    assert "stopped; nothing is written" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["report.html"]
    assert (out / "report.html").read_text() == "older"


@pytest.fixture(scope="module")
def published_home(tmp_path_factory: pytest.TempPathFactory, test_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOASSIST_HOME", str(folder))
        assert cli.run(["models", "add", str(test_data / "weights" / "SonoNet16.npz")]) == 0
    return folder


@pytest.fixture
def published(published_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Published:
    """Evaluates the published SonoNet-16."""
    monkeypatch.setenv("SONOASSIST_HOME", str(published_home))

    def evaluate(*words: object) -> dict[str, Any]:
        capsys.readouterr()
        assert cli.run(["evaluate", *(str(word) for word in words), "--json"]) == 0
        return printed(capsys)

    return evaluate


@pytest.mark.real
@pytest.mark.usefixtures("networks_once")
def test_the_13_planes(published: Published, test_data: Path, tmp_path: Path) -> None:
    told = published(
        "all", test_data / "planes", "--precision", "f32", "--localiser", "paper", "--out", tmp_path
    )
    assert told["classification"]["accuracy"]["value"] == 1.0
    assert told["classification"]["f1"]["value"] == 1.0
    assert len(told["classification"]["classes"]) == 13
    boxes = told["localisation"]["named"]
    assert boxes["mean"]["value"] == pytest.approx(0.530, abs=0.005)
    assert (boxes["hits"], boxes["count"]) == (8, 13)
    assert told["retrieval"] is None
    assert told["about"]["note"] == ""
    both = told["localisers"]
    assert both["used"] == "paper"
    assert both["all"]["paper"]["mean"] == pytest.approx(boxes["mean"]["value"])
    assert both["all"]["plane"]["mean"] >= 0.68
    assert both["all"]["plane"]["correct"] >= 12 / 13 - 0.001


@pytest.mark.real
@pytest.mark.usefixtures("networks_once")
def test_boxes_by_the_rule_of_each_plane(published: Published, test_data: Path) -> None:
    """On stills of other scanners and weeks than the paper's; floors a little below the measured.

    The paper's rules reach 0.58 and 75 % on heads, 0.42 and 48 % on the others.
    """
    heads = published("localisation", test_data / "heads", "--precision", "f32")["localisers"]
    assert heads["all"]["count"] >= 39
    assert heads["all"]["plane"]["mean"] >= 0.87
    assert heads["all"]["plane"]["correct"] >= 0.95
    told = published("localisation", test_data / "anatomy_boxes", "--precision", "f32")
    both = told["localisers"]
    fits = {"/".join(row["group"]): row["plane"] for row in both["planes"]}
    assert fits["femur"]["mean"] >= 0.78
    assert fits["femur"]["correct"] >= 0.92
    assert fits["4ch"]["mean"] >= 0.66
    assert fits["4ch"]["correct"] >= 0.83
    assert fits["abdominal"]["mean"] >= 0.76
    assert fits["abdominal"]["correct"] >= 0.85
    assert both["all"]["plane"]["mean"] >= 0.75
    assert both["all"]["plane"]["correct"] >= 0.92
    assert both["all"]["paper"]["mean"] < 0.5
    sureness = both["sureness"]
    sure = sureness["count"] - sureness["missing"] - sureness["unsure"]
    assert sureness["sure_right"] >= 0.93 * sure
    # Three of the hearts are taken for an outflow tract, whose boxes are never sure.
    assert sureness["unsure"] <= 0.15 * sureness["count"]


@pytest.mark.real
@pytest.mark.usefixtures("networks_once")
def test_heads(published: Published, test_data: Path) -> None:
    told = published("classification", test_data / "heads")
    assert told["classification"]["frames"] == 41
    assert told["classification"]["accuracy"]["value"] >= 0.97


@pytest.mark.real
@pytest.mark.usefixtures("networks_once")
def test_the_montage(published: Published, test_data: Path) -> None:
    told = published("all", test_data / "exam", "--every", 9)
    assert (told["retrieval"]["right"], told["retrieval"]["total"]) == (13, 13)
    assert told["classification"]["accuracy"]["value"] >= 0.98
    assert told["localisation"] is None
    raw, steady = told["steadiness"]["raw"], told["steadiness"]["steady"]
    assert len(steady["delays_s"]) + steady["never"] == 13
    assert steady["changes"] <= 1.3 * 13
    assert steady["right"] >= 0.98 * raw["right"]


def test_an_exam_of_glimpses_cannot_tell_the_steadiness(phantoms: Path, capsys: Capture) -> None:
    assert evaluate("steadiness", phantoms / "one") == 2
    assert "the data cannot tell the steadiness" in capsys.readouterr().err
