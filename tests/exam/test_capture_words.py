"""What a person chose and what the network saw: the same words and numbers in every output."""

from __future__ import annotations

import csv
import html
import io
import json
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from highdicom.sr import srread
from highdicom.sr.utils import find_content_items
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

import sonoassist
from dicom_validator import complaints
from exam import exam_made
from exam.report_made import ITEMS, frame_of, made
from sonoassist.commands.exam_text import show_text
from sonoassist.core.packets import Box, State
from sonoassist.core.percent import percent
from sonoassist.core.planes import BY_KEY
from sonoassist.exam.capture_words import (
    capture_words,
    chosen_by_hand,
    in_a_sentence,
    item_of,
    network_saw,
    own_box,
    own_share,
    plane_of,
    why_words,
)
from sonoassist.exam.checklist import best
from sonoassist.exam.dicom_out import codes
from sonoassist.exam.dicom_out.export import DicomOptions, export_dicom
from sonoassist.exam.exam import Exam
from sonoassist.exam.plain import whole_exam
from sonoassist.exam.raw_tables import write_tables
from sonoassist.exam.records import How, Item, Judgement, Seen, Shot
from sonoassist.exam.report.write import write_report
from sonoassist.exam.store import ExamStore
from sonoassist.preprocess.masking import ultrasound_field
from sonoassist.temporal.choice_words import HIGHEST, SECOND

SURE = 0.996
"""Rounded to the nearest number it would be a hundred per cent."""
SAID = {
    "lvot": "LVOT, chosen by hand; the network saw Spine (cor.) 99 %",
    "bladder": "Bladder, chosen by hand; the network saw Femur 99 %",
    "placenta": "Placenta, chosen by hand; not analysed by the network",
    "femur": "Femur 99 %",
    "kidneys": "Kidneys, chosen by hand; the network was unsure",
    "lips": "Lips, chosen by hand; not judged by the network: colour Doppler",
}
FULL = {
    "lvot": f"{BY_KEY['lvot'].full_name}, chosen by hand; the network saw "
    f"{BY_KEY['spine_cor'].full_name}, 99 %",
    "femur": f"{BY_KEY['femur'].full_name}, 99 %",
    "bladder": f"Bladder, chosen by hand; the network saw {BY_KEY['femur'].full_name}, 99 %",
}
_SAW = {
    "lvot": ("spine_cor", Seen.PLANE),
    "bladder": ("femur", Seen.PLANE),
    "placenta": ("", Seen.NOT_ANALYSED),
    "femur": ("femur", Seen.PLANE),
    "kidneys": ("", Seen.UNSURE),
    "lips": ("", Seen.DOPPLER),
}


def _shot(item: str) -> Shot:
    plane, saw = _SAW[item]
    index, time_s, box, pixels = frame_of(plane or "femur")
    field = ultrasound_field([pixels])
    assert field is not None
    return Shot(
        item=item,
        how=How.AUTO if item == "femur" else How.HAND,
        at_s=time_s,
        index=index,
        time_s=time_s,
        plane=plane,
        confidence=SURE if plane else 0.0,
        quality=0.5,
        why="chosen by the user",
        box=box if plane else None,
        field=field,
        saw=saw,
    )


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory):
    with made(tmp_path_factory.mktemp("exams")) as exam:
        for item in SAID:
            pixels = frame_of(_SAW[item][0] or "femur")[3]
            exam.add_capture(_shot(item), pixels, judgement=Judgement.KEPT)
        yield exam


@pytest.fixture(scope="module")
def folder(exam: Exam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    write_report(exam, folder)
    write_tables(exam, folder)
    export_dicom(exam, folder, DicomOptions())
    return folder


def _rows(path: Path) -> dict[str, dict[str, str]]:
    return {row["item"]: row for row in csv.DictReader(io.StringIO(path.read_text("utf-8")))}


def test_tables(exam: Exam, folder: Path) -> None:
    checklist, captures = _rows(folder / "checklist.csv"), _rows(folder / "captures.csv")
    report = json.loads((folder / "report.json").read_text("utf-8"))
    by_item = {one["item"]: one for one in report["captures"]}
    plain = {one["item"]: one for one in whole_exam(exam, running=True)["captures"]}
    lines = {one["item"]: one for one in report["checklist"]}
    for item, said in SAID.items():
        found = (checklist, captures, by_item, plain, lines)
        assert [one[item]["said"] for one in found] == [said] * len(found)
        by_hand = item != "femur"
        assert checklist[item]["chosen_by_hand"] == captures[item]["chosen_by_hand"]
        assert captures[item]["chosen_by_hand"] == str(int(by_hand))
        assert by_item[item]["chosen_by_hand"] == plain[item]["chosen_by_hand"] == by_hand
        assert captures[item]["saw"] == by_item[item]["saw"] == plain[item]["saw"]
        # A row's confidence is that of its own plane; the network's stands in a column of its own.
        assert checklist[item]["confidence"] == ("" if by_hand else "0.9960")
        plane = _SAW[item][0]
        assert checklist[item]["network_plane"] == plane
        assert checklist[item]["network_confidence"] == ("0.9960" if plane else "")


def test_page_and_document(folder: Path) -> None:
    page = html.unescape((folder / "report.html").read_text("utf-8"))
    pdf = subprocess.run(
        ["pdftotext", "-layout", folder / "report.pdf", "-"], capture_output=True, check=True
    ).stdout.decode("utf-8")
    raw = subprocess.run(
        ["pdftotext", "-raw", folder / "report.pdf", "-"], capture_output=True, check=True
    ).stdout.decode("utf-8")
    for text in (page, " ".join(raw.split())):
        for said in FULL.values():
            assert said in text
    for text in (page, pdf):
        assert "100 %" not in text
    rows = [line for line in pdf.splitlines() if "kept" in line and "%" in line]
    assert [line.split()[0] for line in rows] == ["Femur"]


def test_list_in_words(exam: Exam) -> None:
    lines = [" ".join(line.split()) for line in show_text(exam, running=True).splitlines()]
    lvot = next(line for line in lines if line.startswith("LVOT"))
    assert lvot.endswith("chosen by hand; the network saw Spine (cor.) 99 %")
    assert next(line for line in lines if line.startswith("Femur")).endswith("99 %")


def test_pictures_as_dicom(folder: Path) -> None:
    found = {path.stem[10:]: dcmread(path) for path in folder.glob("still-*.dcm")}
    assert set(found) == {"lvot", "capture", "femur", "kidneys", "lips"}  # two manual items
    for key in ("lvot", "femur"):
        assert FULL[key] in found[key].ImageComments
        view, site = codes.plane_term(key), codes.site_term(key)
        assert view is not None
        assert site is not None
        assert found[key].ViewCodeSequence[0].CodeValue == view.value
        assert found[key].AnatomicRegionSequence[0].CodeValue == site.value
    comments = [dcmread(path).ImageComments for path in sorted(folder.glob("still-*.dcm"))]
    assert FULL["bladder"] in comments[1]
    assert SAID["placenta"] in comments[2]
    assert all("100 %" not in text for text in comments)


def test_the_structured_report_says_both(folder: Path) -> None:
    content = srread(folder / "report.dcm").content
    regions = content.get_planar_roi_measurement_groups()
    groups = [*regions, *content.get_image_measurement_groups()]
    told = {}
    for group in groups:
        name = group.tracking_identifier
        kind = group.finding_type.value if group.finding_type is not None else ""
        sure = [float(m.value) for m in group.get_measurements() if m.name.value == "111012"]
        judged = list(group.get_qualitative_evaluations())
        # What a person kept is what was chosen, never what the network saw beside it.
        assert bool(judged) is not name.endswith("the network saw")
        told[name] = (kind, sure, any(group is one for one in regions))
    lvot, spine, femur = (codes.plane_term(key) for key in ("lvot", "spine_cor", "femur"))
    assert lvot is not None
    assert spine is not None
    assert femur is not None
    assert told["Capture 1"] == (lvot.value, [], False)
    assert told["Capture 1, what the network saw"] == (spine.value, [99.0], True)
    assert told["Capture 2"] == ("", [], False)
    assert told["Capture 2, what the network saw"] == (femur.value, [99.0], True)
    assert told["Capture 4"] == (femur.value, [99.0], True)
    assert "Capture 5, what the network saw" not in told
    texts = find_content_items(content[0], value_type="TEXT", recursive=True)
    assert set(SAID.values()) <= {one.value for one in texts}


def test_the_validator_finds_no_fault(folder: Path) -> None:
    for path in folder.glob("*.dcm"):
        assert complaints(path) == [], path.name


def test_window(exam: Exam) -> None:
    """The words of list, tooltip and capture view; no window is needed for them."""
    pytest.importorskip("PyQt6")
    from sonoassist.exam.checklist import checklist
    from sonoassist.gui.capture_sheet import title_of
    from sonoassist.gui.exam_marks import share_text, state_text, tip_text
    from sonoassist.gui.keymap import Keymap

    lines = {one.item.key: one for one in checklist(ITEMS, exam.captures())}
    for item, said in SAID.items():
        line = lines[item]
        assert said in tip_text(line, Keymap())
        assert share_text(line) == ("99 %" if item == "femur" else "")
        assert ("by hand" in state_text(line)) == (item != "femur")
    assert title_of(lines["lvot"]) == f"{SAID['lvot']}  ·  kept"
    assert title_of(lines["femur"]) == "Femur  99 %  ·  kept"


# --- moved, older, and the rule itself --------------------------------------------------------


def test_a_capture_that_is_moved_keeps_its_history(tmp_path: Path) -> None:
    with made(tmp_path) as exam:
        shot = replace(_shot("femur"), why="highest steady confidence 100 % (sharpness 71 %)")
        one = exam.add_capture(shot, frame_of("femur")[3])
        exam.move_capture(one.capture_id, "lvot")
        exam.move_capture(one.capture_id, "lvot")
        moved = exam.capture(one.capture_id).shot
        item = item_of(moved, ITEMS)
        assert capture_words(moved, item) == "LVOT, chosen by hand; the network saw Femur 99 %"
        assert plane_of(moved, item) == "lvot"
        assert own_box(moved, item) is None
        assert [event.text for event in exam.events() if event.kind == "moved"] == [
            "Capture 1 moved by hand: Femur -> LVOT"
        ]
        first = export_dicom(exam, tmp_path / "1", DicomOptions(unjudged=True))[0]
        exam.move_capture(one.capture_id, "rvot")
        second = export_dicom(exam, tmp_path / "2", DicomOptions(unjudged=True))[0]
        assert dcmread(first).SOPInstanceUID != dcmread(second).SOPInstanceUID
        # What an earlier program has written is not contradicted by the number beside it.
        assert why_words(moved) == "highest steady confidence 99 % (sharpness 71 %)"


@pytest.mark.parametrize("begin", [HIGHEST, SECOND])
def test_the_number_in_the_reason_is_that_beside_it(begin: str) -> None:
    shot = replace(_shot("femur"), why=f"{begin} 100 %, steady for 1.0 s (sharpness 71 %)")
    assert why_words(shot) == f"{begin} 99 %, steady for 1.0 s (sharpness 71 %)"


def test_an_exam_of_an_earlier_program(tmp_path: Path) -> None:
    store = ExamStore(tmp_path)
    with store.create(exam_made.start()) as exam:
        exam.add_capture(exam_made.shot("bladder", plane="femur"), exam_made.picture())
        exam.add_capture(exam_made.shot("bladder", plane=""), exam_made.picture())
        exam_id, path = exam.exam_id, exam.folder / "exam.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE captures DROP COLUMN saw")
        database.execute("ALTER TABLE captures DROP COLUMN hints")
        database.execute("PRAGMA user_version = 2")
    database.close()
    with store.open(exam_id) as exam:
        items = exam.info().start.items
        assert [capture_words(one.shot, item_of(one.shot, items)) for one in exam.captures()] == [
            "Bladder, chosen by hand; the network saw Femur 90 %",
            "Bladder, chosen by hand; the network named no plane",
        ]
        assert {one.shot.saw for one in exam.captures()} == {Seen.UNKNOWN}


def test_every_state_of_a_frame_can_be_kept_and_said() -> None:
    assert {one.value for one in State} <= {one.value for one in Seen}
    item = Item("bladder", "Bladder")
    said = {capture_words(replace(_shot("placenta"), saw=saw), item) for saw in Seen}
    assert len(said) >= len(Seen) - 1


def test_the_confidence_of_another_plane_makes_no_capture_the_best() -> None:
    item = Item("lvot", "LVOT", "lvot")
    own = exam_made.capture(1, "lvot", confidence=0.8)
    other = exam_made.capture(2, "lvot", plane="spine_cor", confidence=0.99)
    assert best([own, other], item) is own
    assert own_share(other.shot, item) == ""
    assert chosen_by_hand(other.shot, item)
    assert own_box(own.shot, item) == Box(10.5, 12.0, 30.0, 40.25)


@given(st.floats(0, 1, width=32))
def test_a_share_is_never_rounded_up(share: float) -> None:
    whole = int(percent(share).removesuffix(" %"))
    assert whole <= 100 * share + 1e-4
    assert whole > 100 * share - 1 - 1e-4


def test_shares_as_they_are_written() -> None:
    shares = (0.996, 0.9999, 1.0, 0.699, 0.7, 0.29, 0.57)
    assert [percent(one) for one in shares] == [
        "99 %",
        "99 %",
        "100 %",
        "69 %",
        "70 %",
        "29 %",
        "57 %",
    ]


NOT_NAMED = {
    Seen.UNKNOWN: "the network named no plane",
    Seen.NOT_ANALYSED: "not analysed by the network",
    Seen.PLANE: "the network named no plane",
    Seen.UNSURE: "the network was unsure",
    Seen.BACKGROUND: "the network saw no standard plane",
    Seen.DOPPLER: "not judged by the network: colour Doppler",
    Seen.NO_SIGNAL: "not judged by the network: no picture",
    Seen.SPLIT: "not judged by the network: split screen",
    Seen.SPECTRAL: "not judged by the network: spectrum or M-mode",
    Seen.THREE_D: "not judged by the network: 3D picture",
    Seen.MENU: "not judged by the network: menu or report",
    Seen.NOISE: "not judged by the network: only noise",
    Seen.OUTSIDE: "the picture is outside of what the model knows",
}


@pytest.mark.parametrize("saw", Seen)
def test_all_sentences_that_can_be_made(saw: Seen) -> None:
    """Every one is written out, so that it can be read."""
    shot = replace(exam_made.shot("", plane="", confidence=0.0), saw=saw)
    said = NOT_NAMED[saw]
    lvot, bladder = Item("lvot", "LVOT", "lvot"), Item("bladder", "Bladder")
    assert capture_words(shot, None) == f"No plane named; {said}"
    assert capture_words(shot, lvot) == f"LVOT, chosen by hand; {said}"
    assert capture_words(shot, bladder) == f"Bladder, chosen by hand; {said}"
    assert capture_words(shot, lvot, full=True) == (
        f"Left ventricular outflow tract, chosen by hand; {said}"
    )
    assert in_a_sentence(capture_words(shot, lvot), "at 00:10") == (
        f"LVOT, chosen by hand; {said}; at 00:10"
    )
    named = exam_made.shot("femur", plane="femur", confidence=0.9, saw=saw)
    assert in_a_sentence(capture_words(named, None), "at 00:10") == "Femur 90 %, at 00:10"


def test_what_is_outside_is_called_so_everywhere() -> None:
    from sonoassist.commands.models import _reading
    from sonoassist.gui.verdict import UNANALYSED, VerdictKind, _unanalysed

    assert VerdictKind.OUTSIDE in UNANALYSED
    chip = _unanalysed(VerdictKind.OUTSIDE)
    said = (
        f"{chip.title}: {chip.detail}",
        network_saw(replace(exam_made.shot("", plane=""), saw=Seen.OUTSIDE)),
        *_reading({}),
        *_reading({"outside": {"fitted_on": "muscle"}}),
    )
    assert [one for one in said if "outside of what the model knows" in one] == [
        "Unknown picture: outside of what the model knows: no plane is named",
        "the picture is outside of what the model knows",
        "pictures outside of what the model knows are not told apart",
        "pictures outside of what the model knows are told apart, by muscle",
    ]


def test_no_other_words_are_used_for_it() -> None:
    """The words stand in one place; elsewhere they are taken from there."""
    package = Path(sonoassist.__file__).parent
    others = ("outside of what the model knows", "another kind than it knows", "Unknown picture")
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for one in others
        if f'"{one}' in path.read_text(encoding="utf-8")
    }
    assert found == {"core/outside_words.py"}
