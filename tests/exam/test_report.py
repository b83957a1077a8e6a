"""What is handed over: right, whole, nothing from elsewhere in it, and never surer than it is."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from exam.report_made import (
    ITEMS,
    KEPT,
    MODEL,
    NOTE,
    OPEN,
    REJECTED,
    demo_record,
    frame_of,
    full_name,
    made,
)
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box
from sonoassist.core.planes import BY_KEY, KEYS
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import How, Judgement, Shot, Tick
from sonoassist.exam.report import words
from sonoassist.exam.report.data import ReportOptions, gather
from sonoassist.exam.report.html import as_html
from sonoassist.exam.report.pdf import as_pdf
from sonoassist.exam.report.pdf_text import latin, loses
from sonoassist.exam.report.stills import GONE, LEFT_OUT, without_margins
from sonoassist.exam.report.tables import COLUMNS
from sonoassist.exam.report.timeline import STEPS
from sonoassist.exam.report.write import write_report

REQUIRED = [item for item in ITEMS if item.required]


class Balanced(HTMLParser):
    """Follows the tags of a page; what is opened has to be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def read(page: str) -> Balanced:
    reader = Balanced()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exam]:
    with demo_record(tmp_path_factory.mktemp("exams")) as record:
        yield record


@pytest.fixture(scope="module")
def folder(exam: Exam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("out") / "new" / "report"
    paths = write_report(exam, target)
    assert sorted(paths) == sorted(path for path in target.rglob("*") if path.is_file())
    return target


def page_of(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_else(folder: Path) -> None:
    page = page_of(folder)
    reader = read(page)
    assert len(reader.addresses) == len(KEPT) + len(OPEN) + 1
    assert all(address.startswith("data:image/jpeg;base64,") for address in reader.addresses)
    assert not {"script", "link", "iframe", "object", "b>"} & set(reader.tags)
    assert not re.search(r"url\(|@import|https?://", page)
    for address in reader.addresses:
        jpeg = base64.b64decode(address.partition(",")[2])
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert min(picture.shape[:2]) > 300


def test_the_users_words_are_words(folder: Path) -> None:
    page = page_of(folder)
    assert "<script>" not in page
    assert "&lt;script&gt;alert" in page
    assert "again next time &lt;b&gt;" in page
    assert NOTE in read(page).text


def test_the_page_tells_the_numbers(folder: Path) -> None:
    text = read(page_of(folder)).text
    assert f"{len(KEPT) + 1} of {len(REQUIRED)}" in text
    assert "Missing:\n Kidneys, Spine (sag.)." in text
    for value in (
        "S-17",
        "01:29",
        "exam.mp4 (synthetic)",
        MODEL["weights_sha256"],
        "70 % at its start",
    ):
        assert value in text
    assert "recording-1.mp4: from 00:03, 950 frames, finished" in text
    assert "recording-2.mp4: from 01:00, 12 frames, stopped by itself: disk full" in text
    assert "Synthetic exam: no patient." in text
    assert "not reliable" not in text
    assert text.rstrip().count(words.FOOTER) == 1
    femur = frame_of("femur")[1]
    assert f"Femur, full length, 84 %, at {words.clock(femur)}" in text


def test_nothing_doubtful_is_shown_as_sure(folder: Path) -> None:
    page = page_of(folder)
    figures = re.findall(r"<figcaption>.*?</figcaption>", page)
    assert len(figures) == len(KEPT) + len(OPEN) + 1
    for figure in figures:
        is_open = any(full_name(key) in figure for key in OPEN)
        assert ("not reviewed" in figure) == is_open
        assert (">kept<" in figure) != is_open
    assert page.count("best so far, not reviewed") == len(OPEN)
    for key in REJECTED:
        assert full_name(key) not in "".join(figures)


def test_the_timeline_has_a_row_a_plane_in_its_colour(folder: Path) -> None:
    svg = re.search(r"<svg.*?</svg>", page_of(folder))
    assert svg is not None
    for key in KEYS:
        if key != "background":
            assert f">{BY_KEY[key].label}</text>" in svg[0]
            assert f'fill="{BY_KEY[key].colour}"' in svg[0]
    assert svg[0].count('class="mark kept"') == len(KEPT) + 1
    assert svg[0].count('class="mark"') == len(OPEN)


def test_the_timeline_is_right(exam: Exam) -> None:
    line = gather(exam, ReportOptions()).timeline
    rows = {plane.key: row for row, plane in enumerate(line.planes)}
    assert "background" not in rows
    for key in ("femur", "lips"):
        at = int(frame_of(key)[1] / line.length_s * STEPS)
        assert line.levels[rows[key], at] > 0.7
        assert np.nanmax(np.delete(line.levels[:, at], rows[key])) < 0.5
        run = next(
            run for run in line.runs(rows[key]) if run.begin <= at / STEPS and at / STEPS < run.end
        )
        assert run.confidence == pytest.approx(float(line.levels[rows[key], at]), abs=0.06)
    assert line.shade(0.69) < 0.36
    assert line.shade(0.71) > 0.6
    assert line.ticks_s()[:3] == [0, 10, 20]


def test_what_is_not_ultrasound_is_black(folder: Path) -> None:
    _, _, box, frame = frame_of("4ch")
    still = next((folder / "stills").glob("4ch-*.png"))
    shown = cv2.cvtColor(cv2.imread(str(still)), cv2.COLOR_BGR2RGB)
    assert shown.shape == frame.shape
    assert (frame[:30] > 60).any()
    assert not shown[:30].any()
    drawn = (shown != frame).any(axis=2) & shown.any(axis=2)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    outline = Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert outline.iou(box) > 0.93


def test_masking_and_boxes_can_be_switched_off(exam: Exam, tmp_path: Path) -> None:
    options = ReportOptions(boxes=False, mask=False, formats=("html", "stills"))
    write_report(exam, tmp_path, options)
    _, _, _, frame = frame_of("4ch")
    still = next((tmp_path / "stills").glob("4ch-*.png"))
    assert (cv2.cvtColor(cv2.imread(str(still)), cv2.COLOR_BGR2RGB) == frame).all()
    assert "not masked: texts on the scanner" in page_of(tmp_path).replace("&#x27;", "'")
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "stills"}


def test_only_what_was_kept(exam: Exam) -> None:
    data = gather(exam, ReportOptions(only_kept=True))
    assert len(data.stills) == len(KEPT) + 1
    assert all(still.reviewed for still in data.stills)
    page = as_html(data)
    assert page.count("best so far, not reviewed") == len(OPEN)
    assert "only pictures that a person kept" in page


def test_the_table(folder: Path) -> None:
    text = (folder / "checklist.csv").read_text(encoding="utf-8")
    rows = {row["item"]: row for row in csv.DictReader(io.StringIO(text))}
    assert tuple(csv.reader(io.StringIO(text)).__next__()) == COLUMNS
    assert list(rows) == [item.key for item in ITEMS]
    femur = rows["femur"]
    assert (femur["state"], femur["reviewed"], femur["captures"]) == ("kept", "1", "1")
    assert float(femur["confidence"]) == pytest.approx(0.84)
    assert float(femur["time_s"]) == pytest.approx(frame_of("femur")[1], abs=1e-3)
    assert (folder / "stills" / femur["still"]).is_file()
    assert (rows["3vv"]["state"], rows["3vv"]["reviewed"]) == ("best", "0")
    assert rows["kidneys"]["note"] == "again next time <b>"
    assert (rows["kidneys"]["state"], rows["kidneys"]["rejected"]) == ("rejected", "1")
    assert rows["kidneys"]["confidence"] == rows["kidneys"]["still"] == ""
    assert (rows["bladder"]["state"], rows["bladder"]["ticked"]) == ("ticked", "1")


def test_the_json(folder: Path, exam: Exam) -> None:
    text = (folder / "report.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert data["exam"]["note"] == NOTE
    assert data["exam"]["model"] == MODEL
    assert data["completeness"] == {
        "found": 12,
        "done": 9,
        "not_reviewed": 3,
        "total": 14,
        "missing": ["kidneys", "spine_sag"],
    }
    assert len(data["captures"]) == len(exam.captures())
    assert data["frames"] == exam.frame_count()
    by_id = {one.capture_id: one for one in exam.captures()}
    for one in data["captures"]:
        shot = by_id[one["capture"]].shot
        assert one["box_px"] == [shot.box.left, shot.box.top, shot.box.right, shot.box.bottom]
        assert (one["still"] is None) == (one["judgement"] == "rejected")
    assert [one["file"] for one in data["recordings"]] == ["recording-1.mp4", "recording-2.mp4"]
    assert {len(row) for row in data["timeline"]["confidence"].values()} == {STEPS}
    assert "/data/exam.mp4" not in text  # where a file lies may name somebody


def poppler(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        reason = f"{name} (poppler-utils) is not installed"
        if os.environ.get("SONOASSIST_REQUIRE_TEST_DATA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def pdf_pages(path: Path) -> list[str]:
    command = [poppler("pdftotext"), "-layout", str(path), "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split("\f")[:-1]


def test_the_document(folder: Path) -> None:
    pages = pdf_pages(folder / "report.pdf")
    assert len(pages) == 4
    for number, page in enumerate(pages, start=1):
        assert page.count(words.FOOTER) == 1
        assert f"Page {number} of 4" in page
    whole = re.sub(r"\s+", " ", " ".join(pages))
    for value in (
        "Fetal ultrasound exam",
        "S-17",
        "exam.mp4 (synthetic)",
        "9 of 14",
        "Synthetic exam",
        "Missing: Kidneys, Spine (sag.).",
        '<script>alert("x")</script>',
        "Lódz",
        "again next time <b>",
        "best so far, not reviewed",
        "Timeline",
        "01:00",
        "recording-1.mp4",
        "synthetic exams only",
        str(MODEL["weights_sha256"])[:20],
    ):
        assert value in whole, value
    assert whole.count("not reviewed") >= 2 * len(OPEN)


def test_the_documents_pictures_are_not_distorted(folder: Path, tmp_path: Path) -> None:
    subprocess.run(
        [poppler("pdfimages"), "-all", str(folder / "report.pdf"), str(tmp_path / "p")], check=True
    )
    taken = sorted(tmp_path.glob("p-*.jpg"))
    assert len(taken) == len(KEPT) + len(OPEN) + 1
    listed = subprocess.run(
        [poppler("pdfimages"), "-list", str(folder / "report.pdf")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()[2:]
    for line in listed:
        across, down = (int(value) for value in line.split()[12:14])
        assert across == pytest.approx(down, rel=0.02)
        assert across > 150  # pixels an inch: sharp on paper
    shown = without_margins(gather_one(folder, "brain_tv"))
    first = cv2.cvtColor(cv2.imread(str(taken[0])), cv2.COLOR_BGR2RGB)
    inner = without_margins(np.where(first > 24, first, 0).astype(np.uint8))
    shape, wanted = inner.shape, shown.shape
    assert shape[1] / shape[0] == pytest.approx(wanted[1] / wanted[0], rel=0.05)


def gather_one(folder: Path, item: str) -> np.ndarray:
    still = next((folder / "stills").glob(f"{item}-*.png"))
    return np.asarray(cv2.cvtColor(cv2.imread(str(still)), cv2.COLOR_BGR2RGB), np.uint8)


def test_each_page_can_be_drawn(folder: Path, tmp_path: Path) -> None:
    command = [poppler("pdftoppm"), "-r", "40", "-png", str(folder / "report.pdf")]
    done = subprocess.run([*command, str(tmp_path / "p")], check=True, capture_output=True)
    assert done.stderr == b""
    drawn = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(tmp_path.iterdir())]
    assert len(drawn) == 4
    for page in drawn:
        assert (page < 128).mean() > 0.001
        for margin in (page[:, :20], page[:, -20:], page[:18], page[-8:]):
            assert margin.min() > 200  # nothing runs out of the page


def test_an_empty_exam(tmp_path: Path) -> None:
    with made(tmp_path / "exams", items=(), model={}, settings={}, study_id="") as exam:
        paths = write_report(exam, tmp_path / "out")
    assert {path.name for path in paths} == {
        "report.html",
        "report.pdf",
        "checklist.csv",
        "report.json",
    }
    text = read(page_of(tmp_path / "out")).text
    for value in ("0 of 0", "No frame was analysed.", "No picture to show.", "no checklist"):
        assert value in text
    assert "goes on or was cut off" in text
    assert json.loads((tmp_path / "out" / "report.json").read_text())["captures"] == []
    assert len(pdf_pages(tmp_path / "out" / "report.pdf")) == 1


@pytest.mark.parametrize(
    ("domain", "synthetic", "said"),
    [
        ("synthetic", False, "Model trained on synthetic exams only: labels on real pictures"),
        ("published", True, "Model made for real exams: labels on this synthetic exam"),
        ("published", False, ""),
    ],
)
def test_a_model_that_does_not_fit_is_told(
    tmp_path: Path, domain: str, synthetic: bool, said: str
) -> None:
    with made(tmp_path, model={**MODEL, "domain": domain}, synthetic=synthetic) as exam:
        exam.end(1.0)
        data = gather(exam, ReportOptions())
    found = [line for line in data.warnings if "not reliable" in line]
    assert len(found) == bool(said)
    for text in (as_html(data), " ".join(data.warnings)):
        assert (said in text) if said else ("not reliable" not in text)
    assert ("(synthetic)" if synthetic else "(real)") in as_html(data)


def capture(exam: Exam, picture: np.ndarray, judgement: Judgement = Judgement.KEPT) -> None:
    index, time_s, box, _ = frame_of("femur")
    field = Box(0, 0, picture.shape[1], picture.shape[0])
    shot = Shot("femur", How.AUTO, time_s, index, time_s, "femur", 0.9999, 0.5, "why", box, field)
    exam.add_capture(shot, picture, judgement=judgement)


def test_pictures_that_cannot_be_shown_are_told(tmp_path: Path) -> None:
    with made(tmp_path / "exams") as exam:
        capture(exam, np.full((600, 800, 3), 70, np.uint8))
        capture(exam, frame_of("femur")[3])
        capture(exam, frame_of("femur")[3])
        gone, damaged = exam.captures()[1:]
        (exam.media / gone.still).unlink()
        (exam.media / damaged.still).write_bytes(b"no picture")
        paths = write_report(exam, tmp_path / "out")
    assert not any(path.suffix == ".png" for path in paths)
    text = read(page_of(tmp_path / "out")).text
    assert text.count(GONE) == 2
    assert text.count(LEFT_OUT) == 1
    assert "99 %" in text
    assert "100 %" not in text
    whole = " ".join(pdf_pages(tmp_path / "out" / "report.pdf"))
    assert "ultrasound picture was surely found" in whole


def test_long_words_fit_on_the_page(tmp_path: Path) -> None:
    """Notes of any length, without a place to break, in letters the font has not."""
    long = "Ω" * 400 + " " + "word " * 900
    with made(tmp_path / "exams", study_id="x" * 200, preset="p" * 90) as exam:
        exam.set_note(long)
        exam.tick(Tick("femur", True, long))
        exam.tick(Tick("bladder", False, "y" * 3000))
        (path,) = write_report(exam, tmp_path / "one.pdf")
    pages = pdf_pages(path)
    assert len(pages) >= 3
    whole = " ".join(pages)
    assert "Letters shown as ? are not in this document" in re.sub(r"\s+", " ", whole)
    assert "(more in report.html)" in whole
    assert all(words.FOOTER in page for page in pages)


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("a.html", lambda data: data.startswith(b"<!doctype html>")),
        ("a.PDF", lambda data: data.startswith(b"%PDF-")),
        ("a.csv", lambda data: data.startswith(b"item,label")),
        ("a.json", lambda data: json.loads(data)["format"] == 1),
    ],
)
def test_one_file_alone(
    exam: Exam, tmp_path: Path, name: str, check: Callable[[bytes], bool]
) -> None:
    target = tmp_path / "sub" / name
    assert write_report(exam, target) == [target]
    assert check(target.read_bytes())
    assert list(target.parent.iterdir()) == [target]


def test_an_unknown_format(exam: Exam, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'docx' is no format"):
        write_report(exam, tmp_path, ReportOptions(formats=("html", "docx")))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_all_as_it_was(
    exam: Exam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(exam, tmp_path, ReportOptions(formats=("html", "csv")))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.suffix == ".json":
            write(self, data[:100])
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError) as caught:
        write_report(exam, tmp_path, ReportOptions(only_kept=True, formats=("html", "csv", "json")))
    assert "No space left on device" in str(caught.value)
    assert "report.json" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_made(exam: Exam, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_report(exam, tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("text", "shown", "lost"),
    [
        ("Grüße – „Ärztin“ … 3 ≥ 2", 'Grüße - "Ärztin" ... 3 >= 2', False),
        ("Łódź Škoda Đặng", "Lódz Skoda Dang", False),
        ("Мать", "????", True),
        ("why? 100 %", "why? 100 %", False),
        ("a\u200bb\x07c\u0301", "ab c", False),
        ("½ cm² µ", "½ cm² µ", False),
    ],
)
def test_letters_that_the_font_has_not(text: str, shown: str, lost: bool) -> None:
    assert latin(text) == shown
    assert loses(text) == lost
    latin(text).encode("latin-1")


@pytest.mark.parametrize(
    ("time_s", "shown"), [(0, "00:00"), (59.99, "00:59"), (61, "01:01"), (3725, "1:02:05")]
)
def test_the_clock(time_s: float, shown: str) -> None:
    assert words.clock(time_s) == shown


def test_a_pdf_without_a_frame_but_with_pictures(tmp_path: Path) -> None:
    with made(tmp_path) as exam:
        capture(exam, frame_of("femur")[3], Judgement.OPEN)
        data = gather(exam, ReportOptions())
    assert data.timeline.empty
    assert as_pdf(data).startswith(b"%PDF-")
    assert "No frame was analysed." in as_html(data)
