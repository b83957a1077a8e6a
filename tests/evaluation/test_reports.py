"""The files of a run: whole, readable by machines, and one page that needs nothing else."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from seen import BOX, about, one, picture

from sonoassist.core.errors import OutputError
from sonoassist.core.flaws import Flaw
from sonoassist.core.packets import Box, State
from sonoassist.core.planes import KEYS
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.evaluation import outputs
from sonoassist.evaluation.bootstrap import Draws
from sonoassist.evaluation.failures import Failures
from sonoassist.evaluation.hints import measure_hints
from sonoassist.evaluation.html_report import as_html
from sonoassist.evaluation.observed import Observation, Observed
from sonoassist.evaluation.outputs import FILES, as_json, write_results
from sonoassist.evaluation.results import MEASURES, Results, measure
from sonoassist.evaluation.speed import Speed
from sonoassist.evaluation.steadiness import NO_COURSE, LabelCourse, Steadiness
from sonoassist.evaluation.text_report import as_text

NAME = "<b>&data"


def frames() -> list[Observation]:
    made = []
    for case in ("a", "<i>b"):
        for index, key in enumerate(KEYS):
            made.append(
                one(
                    key,
                    key if index % 4 else "lips",
                    case=case,
                    index=index,
                    recording=True,
                    true_box=None if key == "background" else BOX,
                    box=Box(10, 10, 30, 18),
                    dataset=NAME,
                )
            )
    made.append(one(("4ch", "3vv", "rvot", "lvot"), "lvot", dataset=NAME))
    made.append(one("femur", "femur", dataset=NAME, state=State.DOPPLER))
    return made


def looked_at_by_both(one: Observation) -> Observation:
    """With the box of another localiser where there is a true one."""
    return replace(one, other_box=one.box, compared=one.true_box is not None)


def results(wanted: tuple[str, ...] = MEASURES, **fields: object) -> Results:
    seen = Observed([looked_at_by_both(each) for each in frames()], ["a/x.png: <damaged>"])
    failures = Failures()
    for each in seen.frames:
        failures.watch(each, picture(each.index))
    label = LabelledFrame("a", Path("x"), 0, ("femur",))
    data = Dataset(NAME, "exams", (label,), ("labels.csv, line 3: <wrong>",), {"Other": 2})
    speed = Speed(30, 5.0, 15.0, 21.0, (("inference", 15.0),), 30)
    found = measure(
        about(**fields), [data], seen, failures, wanted, speed if "speed" in wanted else None
    )
    raw, steady = LabelCourse(40, 3, 0.1, 80, 90, (0.0, 0.2), 1), NO_COURSE
    still = Steadiness(raw, steady, 1) if "steadiness" in wanted else None
    told = [replace(each, flaws=frozenset({Flaw.MOVING}), hints=()) for each in seen.frames]
    hinted = measure_hints(told, Draws(resamples=100)) if "hints" in wanted else None
    return replace(found, steadiness=still, hints=hinted)


class Balanced(HTMLParser):
    """Follows the tags of a page; what is opened has to be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("measured", [True, False])
def test_boxes_of_a_network_that_was_never_measured_are_called_so(measured: bool) -> None:
    made = results(boxes_measured=measured)
    for text in (as_text(made), as_html(made)):
        assert ("not measured before" in text) is not measured
    labels_alone = replace(made, wanted=("classification",))
    assert "not measured before" not in as_text(labels_alone)


def test_the_page() -> None:
    page = as_html(results(note="Read <this> first."))
    reader = Balanced()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert reader.addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in reader.addresses)
    assert not {"script", "link", "iframe", "b>"} & reader.tags
    assert not re.search(r"url\(|@import|https?://", page)
    # Which rows and files is told in evaluation.txt: their names may be those of persons.
    assert "wrong&gt;" not in page
    assert "x.png" not in page
    assert "&lt;b&gt;&amp;data: 1 row not used" in page
    assert "not readable: 1 frame or file" in page
    assert "Read &lt;this&gt; first." in page
    for words in ("0.798", "90.1", "77.8", "Not for diagnosis", "Worst wrong labels", "43.5"):
        assert words in page
    assert not re.search(r"\bnan\b", page)


def test_the_text() -> None:
    text = as_text(results())
    for words in (
        "as Table III",
        "as Table IV",
        "as Table V;",
        "as Table VI",
        "as Table VII",
        "as Fig. 5",
        "SonoNet-32, paper     ",
        "expected calibration error",
        "4CH / 3VV / RVOT / LVOT",
        "not used: <b>&data: labels.csv, line 3: <wrong>",
        "left out on purpose: <b>&data: 2",
        "not readable: a/x.png",
        "200.0",
        "1 doppler",
        "without 1 frame of coarse labels",
    ):
        assert words in text
    assert "4CH / 3VV / RVOT / LVOT *" in text
    assert "over 14 classes" in text
    assert "* coarse label" in text
    assert "nan" not in text
    assert max(len(line) for line in text.splitlines()) < 220


def test_the_threshold_is_the_one_that_was_used() -> None:
    made = results()
    assert made.calibration is not None
    made = replace(
        made,
        about=replace(made.about, threshold=0.625),
        calibration=replace(made.calibration, threshold=0.625),
    )
    page, text = as_html(made), as_text(made)
    assert "threshold 62.5 %. In brackets" in page
    assert "Plane frames named (threshold 62.5 %), %" in page
    assert "at a threshold of 62.5 %: " in text
    assert "62 %" not in page + text


def test_boxes_of_all_frames_stand_beside_the_papers() -> None:
    """The paper averages over all images of a plane, so that is what is set beside it."""
    found = results()
    assert found.localisation is not None
    every, named = found.localisation.all, found.localisation.named
    assert every.mean.value != named.mean.value
    text, page = as_text(found), as_html(found)
    assert "named rightly, as in the paper" not in text + page
    card = page.split("Boxes correct, all frames</span><b>")[1]
    assert f"mean IoU {every.mean.value:.2f}; paper" in card
    row = next(
        line for line in text.splitlines() if line.startswith("Average    ") and "0.62" in line
    )
    cells = row.replace("[", " ").replace("]", " ").split()
    assert cells[1] == f"{every.mean.value:.2f}"
    assert f"{named.mean.value:.2f}" in cells


def test_the_papers_figures_stand_beside() -> None:
    """Precision, recall and spread too, and the averages of cardiac and other planes."""
    text, page = as_text(results()), as_html(results())
    rows = [line.split() for line in text.splitlines()]
    assert any(row[:1] == ["Profile"] and row[-3:] == ["0.46", "0.91", "0.61"] for row in rows)
    assert any(row[:1] == ["Profile"] and row[-3:] == ["0.60", "0.13", "78.0"] for row in rows)
    for last in ("82.12", "62.0"):
        assert any(row[:1] == ["Cardiac"] and row[-1] == last for row in rows)
    for last in ("95.52", "84.9"):
        assert any(row[:2] == ["Not", "cardiac"] and row[-1] == last for row in rows)
    for words in ("<td>0.46</td><td>0.91</td><td>0.61</td>", "<td>0.60</td><td>0.13</td>", "93.63"):
        assert words in page
    told = as_json(results())["paper"]
    assert told["classification"]["classes"]["profile"]["recall"] == 0.91
    assert told["localisation"]["planes"]["femur"]["std"] == 0.16
    assert told["retrieval"]["kinds"] == {"cardiac": 0.8212, "others": 0.9552}
    assert told["speed"]["sononet32"]["both"] == 27.9


def test_the_card_says_what_its_average_misses() -> None:
    """13 pictures without background are an easier test than the paper's, and must say so."""
    heart = ("4ch", "3vv", "rvot", "lvot")
    seen = {
        "13 of 14 classes, no background; paper": [one(k, k) for k in KEYS if k != "background"],
        "2 of 14 classes, 1 background picture; paper": [
            one("background", "lips"),
            one("lips", "lips"),
        ],
        "2 classes, 1 of them coarse, no background; paper": [
            one(heart, "4ch"),
            one("lips", "lips"),
        ],
        "<span>paper, same network": [one(key, key) for key in KEYS],
    }
    for words, made in seen.items():
        found = measure(about(), [Dataset("d", "planes", ())], Observed(made), Failures(), MEASURES)
        assert words in as_html(found).split("F1-score, average")[1]


def test_the_json() -> None:
    data = json.loads(json.dumps(as_json(results()), allow_nan=False))
    assert data["frames"] == 30
    assert data["classification"]["classes"][0]["group"] == ["brain_cb"]
    assert data["classification"]["f1"].keys() == {"value", "low", "high"}
    assert sum(map(sum, data["classification"]["confusion"])) == 30
    assert data["speed"]["both_fps"] == pytest.approx(1000 / 15)
    assert data["retrieval"]["total"] == 26
    assert data["localisation"]["all"]["count"] == 26
    assert data["about"]["model"] == "sononet16"


def test_the_files(tmp_path: Path) -> None:
    made = write_results(results(), tmp_path / "new" / "out")
    assert {path.name for path in made} == FILES
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == FILES
    for path in made:
        text = path.read_text(encoding="utf-8")
        assert text.strip()
        if path.suffix == ".csv":
            rows = list(csv.reader(io.StringIO(text)))
            assert len({len(row) for row in rows}) == 1
            assert not any("nan" in cell for row in rows for cell in row)
    with (tmp_path / "new" / "out" / "frames.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 30
    assert table[0]["truth"] == table[0]["predicted"].replace("lips", "3vv")
    assert sum(float(table[0][f"p_{key}"]) for key in KEYS) == pytest.approx(1)
    ious = {row["right"]: row["iou"] for row in table if row["true_left_px"]}
    assert ious == {"0": "0.000000", "1": "0.400000"}  # the box of a wrong plane counts nothing
    edges = [float(table[0][f"{edge}_px"]) for edge in ("left", "top", "right", "bottom")]
    assert edges == [10, 10, 30, 18]
    assert float(table[0]["true_bottom_px"]) == 30
    assert table[-1]["left_px"] == table[-1]["true_left_px"] == table[-1]["iou"] == ""


def test_averages_in_the_tables(tmp_path: Path) -> None:
    found = results()
    assert found.classification is not None
    assert found.calibration is not None
    write_results(found, tmp_path)

    def rows(name: str) -> list[dict[str, str]]:
        with (tmp_path / name).open(newline="") as file:
            return list(csv.DictReader(file))

    accuracy = float(rows("classification.csv")[-1]["accuracy"])
    assert accuracy == pytest.approx(found.classification.accuracy.value, abs=1e-6)
    *bins, whole = rows("calibration.csv")
    assert len(bins) == len(found.calibration.bins)
    assert float(whole["error"]) == pytest.approx(found.calibration.error.value, abs=1e-6)
    assert float(whole["accuracy"]) == pytest.approx(found.calibration.accuracy, abs=1e-6)
    assert int(whole["frames"]) == found.calibration.frames
    gaps = sum(int(one["frames"]) * float(one["error"]) for one in bins) / int(whole["frames"])
    assert gaps == pytest.approx(found.calibration.error.value, abs=1e-5)
    passes = {one["pass"]: (float(one["median_ms"]), one["fps"]) for one in rows("speed.csv")}
    assert passes["detection"] == (5.0, "200.000000")
    assert passes["localisation"] == (10.0, "100.000000")
    assert passes["of it: inference"] == (15.0, "")


def test_only_what_was_asked_for(tmp_path: Path) -> None:
    alone = results(("localisation",))
    assert (alone.classification, alone.retrieval, alone.speed) == (None, None, None)
    names = {path.name for path in write_results(alone, tmp_path)}
    assert names == {
        "evaluation.txt",
        "evaluation.json",
        "frames.csv",
        "localisation.csv",
        "localisers.csv",
        "report.html",
    }
    assert "Confusion" not in as_html(alone)


def test_files_of_an_older_run_go(tmp_path: Path) -> None:
    """Only those of a run: what the user keeps in the folder stays."""
    (tmp_path / "retrieval.csv").write_text("my own")
    write_results(results(("localisation",)), tmp_path)
    assert (tmp_path / "retrieval.csv").read_text() == "my own"
    write_results(results(), tmp_path)
    (tmp_path / "notes.txt").write_text("my own")
    made = write_results(results(("localisation",)), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in made} | {
        "notes.txt"
    }


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is whole; what is not is not there."""
    written: list[str] = []

    def write(path: Path, text: str) -> None:
        if len(written) == 2:
            raise OutputError("no space left")
        written.append(path.name)

    monkeypatch.setattr(outputs, "write_text", write)
    with pytest.raises(OutputError):
        write_results(results(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_thinned_recordings_are_told() -> None:
    words = "of recordings, one frame in 3, and of folders of exams each labelled frame besides"
    assert words in as_text(results(every=3))
    assert words in as_html(results(every=3))


def test_retrieved_frames_without_a_label() -> None:
    """Nobody can tell whether they are right, and the report says so."""
    seen = Observed(
        [
            one("femur", "femur", recording=True, confidence=0.5),
            one((), "femur", index=1, recording=True, confidence=0.9),
            one("lips", "lips", case="b", recording=True, confidence=0.5),
            one("background", "lips", case="b", index=1, recording=True, confidence=0.9),
        ]
    )
    data = Dataset("d", "exams", ())
    for near, words in ((0, "only a labelled frame itself"), (5, "up to 5 frames from a label")):
        found = measure(about(tolerance_frames=near), [data], seen, Failures(), MEASURES)
        for text in (as_text(found), as_html(found)):
            assert (
                "cannot be verified: a/a.mp4: Femur at frame 1 (90 %), which has no label" in text
            )
            assert "wrong: b/b.mp4: Lips at frame 1 (90 %), which shows Background" in text
            assert "0 of 2 frames right, 1 cannot be verified" in text
            assert words in text


def test_what_the_data_cannot_tell_is_said() -> None:
    """A table that is simply missing would look like an oversight."""
    lines = (
        "Retrieval: not measured; it needs recordings of planes",
        "Localisation: not measured; it needs true boxes",
    )
    seen = Observed([one("femur", "femur")])
    for wanted, said in ((MEASURES, True), (("classification",), False)):
        found = measure(about(), [Dataset("d", "exams", ())], seen, Failures(), wanted)
        for text in (as_text(found), as_html(found)):
            assert all((line in text) == said for line in lines)
        assert as_json(found)["wanted"] == list(wanted)


def test_one_frame_alone() -> None:
    """The smallest run there can be has all its tables, and no interval."""
    seen = Observed([one("femur", "femur", true_box=BOX, box=BOX, recording=True)])
    data = Dataset("d", "exams", ())
    alone = measure(about(), [data], seen, Failures(), MEASURES)
    text, page = as_text(alone), as_html(alone)
    assert "[" not in text.replace("[..]", "")
    assert "nan" not in text
    assert "Worst" not in page
