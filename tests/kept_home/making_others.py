"""What else is in the kept home: settings, screens, checklists, history, outbox, a model."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from fake_weights import published_arrays, write_npz
from kept_home.phantom_frames import OWN_CROP, SCREEN_PX, Part, phantom
from kept_home.plain import plain
from kept_home.reading import layout_values
from sonoassist.core import paths
from sonoassist.core.packets import Box
from sonoassist.core.settings import Settings
from sonoassist.exam.export import Export, write_export
from sonoassist.exam.pacs.node import PacsNode
from sonoassist.exam.pacs.outbox import Outbox
from sonoassist.exam.presets import edit_copy
from sonoassist.exam.records import Item
from sonoassist.exam.store import ExamStore
from sonoassist.model.store import ModelStore
from sonoassist.practice.answers import Word
from sonoassist.practice.history import PracticeHistory, history_file
from sonoassist.practice.scores import Attempt, QuestionOutcome
from sonoassist.preprocess.kept_layouts import KeptLayouts
from sonoassist.preprocess.screen_layout import KeptLayout, furniture_of
from sonoassist.preprocess.screen_reader import ScreenReader

ROOM, OWN_LIST = "Room 2 (small)", "early"
NODE = "ARCHIVE@192.0.2.20:104"
_LIST = """# Our own list
name = "Early scan"

[[items]]
plane = "4ch"
label = "Heart, four chambers"

[[items]]
plane = "kidneys"
required = false

[[items]]
plane = "abdominal"

[[items]]
key = "cord"
label = "Nabelschnur: Gefäße"
required = true

[[items]]
key = "placenta"
label = "Placenta"
"""
_ITEMS = (
    Item("4ch", "Heart, four chambers", "4ch"),
    Item("kidneys", "Kidneys", "kidneys", required=False),
    Item("abdominal", "Abdomen", "abdominal"),
    Item("cord", "Nabelschnur: Gefäße"),
    Item("placenta", "Placenta", required=False),
)


def made_settings(place: Path) -> Settings:
    """Settings of which none is as it comes."""
    return Settings(
        model="sononet32-synthetic",
        engine="openvino",
        precision="f32",
        device="cpu",
        crop=ROOM,
        threshold=0.6,
        theme="light",
        label="raw",
        show_box=False,
        show_heat=False,
        guided_heat=True,
        show_crop=True,
        carry_boxes=False,
        loop=True,
        speed=0.5,
        every_frame=True,
        history_s=12.5,
        history_mb=256,
        exam_with_source="live",
        checklist=OWN_LIST,
        clip_s=1.5,
        pacs_node=NODE,
        recent=[str(place / "recordings" / "plain.mp4"), "rtsp://192.0.2.7/scanner", "device:0"],
        own_crops={ROOM: OWN_CROP, "Große Straße": "81,115,793,619"},
        window_geometry="AdnQywADAAAAAAAAAAAAAAAABQAAAAMgAAAAAAAAAAAAAAUAAAADIAAAAAAAAAAAB4A=",
    )


def checklists() -> dict[str, Any]:
    """A checklist written by hand, and a copy of the shipped one that was changed."""
    path = paths.user_checklists() / f"{OWN_LIST}.toml"
    path.parent.mkdir(parents=True)
    path.write_text(_LIST, encoding="utf-8")
    copy = edit_copy()
    text = copy.read_text(encoding="utf-8") + '\n[[items]]\nkey = "gall"\nlabel = "Gall bladder"\n'
    copy.write_text(text, encoding="utf-8")
    return {
        OWN_LIST: {"title": "Early scan", "items": plain(_ITEMS)},
        "20-week": {"last": plain(Item("gall", "Gall bladder", required=False))},
    }


def layouts() -> list[dict[str, Any]]:
    """Two scanners whose crop was checked, the newest first."""
    kept, reader, made = KeptLayouts(paths.screen_layouts()), ScreenReader(), []
    scanners = ((3, SCREEN_PX, "Scanner, Raum 1"), (29, (400, 300), "Old one"))
    for seed, size_px, name in scanners:
        exam = phantom(seed, (Part("femur", "plane", 1.0),), size_px)
        pixels = exam.frame(8).pixels
        found = furniture_of(pixels, reader.look(pixels))
        assert found is not None, name
        at = exam.layout
        crop = Box(at.left_px + 4, at.top_px + 4, at.right_px - 4, at.bottom_px - 4)
        field = Box(at.left_px, at.top_px, at.right_px, at.bottom_px)
        layout = KeptLayout(name, pixels.shape[1], pixels.shape[0], crop, field, found)
        kept.keep(layout)
        made.insert(0, layout_values(layout))
    return made


def history() -> dict[str, Any]:
    """Exercises of two trainees and a class; one was begun only."""
    began = datetime(2026, 3, 1, 9, 0, tzinfo=timezone.utc)
    moments = [began + timedelta(minutes=20 * number) for number in range(4)]
    clock = iter(moments)
    kept = PracticeHistory(history_file(), now=lambda: next(clock))
    found = Attempt(
        "4ch", QuestionOutcome.FOUND, "4ch", 1.25, 31, 29, 2, 0.125, ("lips", "femur"), 78.5, 0
    )
    outside = Attempt("kidneys", QuestionOutcome.WRONG, "femur", 2.5, 60, None, 7, None, (), 0.0, 7)
    missed = Attempt("abdominal", QuestionOutcome.MISSED)
    voted = Attempt(
        "4ch",
        QuestionOutcome.FOUND,
        "4ch",
        4.0,
        points=62.5,
        votes={"4ch": 5, "lips": 2, "background": 1},
    )
    exercises = (
        ("Anna", "S-0042", Word.REVIEW, False, (found, outside, missed)),
        ("Klasse 3b", "plain.mp4", Word.MODEL, True, (voted,)),
        ("Øystein", "plain.mp4", Word.TRUTH, False, ()),
        ("anna", "plain.mp4", Word.MODEL, False, (missed,)),
    )
    told: dict[str, list[Any]] = {}
    for number, (trainee, exam, word, class_mode, attempts) in enumerate(exercises):
        exercise = kept.begin(trainee, exam, word, class_mode=class_mode, asked=5, seed=40 + number)
        for place, attempt in enumerate(attempts):
            kept.add(exercise, place, attempt)
        past = {
            "began_at": moments[number].isoformat(),
            "exam": exam,
            "word": word.value,
            "class_mode": class_mode,
            "asked": 5,
            "attempts": plain(attempts),
        }
        told.setdefault(trainee.casefold(), []).extend([past] if attempts else [])
    # SQLite gives one of the two spellings of a nickname; PracticeHistory takes them for one.
    return {"exercises": told, "begun": {"anna": 2, "klasse 3b": 1, "øystein": 1}}


def outbox(exam_id: str, folder: Path) -> list[dict[str, Any]]:
    """What was kept of an exam waits to be sent; the first of it was tried in vain."""
    export = Export(frozenset({"dicom"}), masked=False)
    files = write_export(ExamStore.default(), exam_id, folder, export)
    dicom = [path for path in files if path.suffix == ".dcm"]
    node = PacsNode.parse(NODE, timeout_s=7.5)
    entries = Outbox.default().add_all(dicom, node)
    Outbox.default().note(entries[0], "the node does not answer")
    return [
        {
            "node": node.as_values(),
            "name": path.name,
            "tries": int(number == 0),
            "trouble": "the node does not answer" if number == 0 else "",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for number, path in enumerate(dicom)
    ]


def model(folder: Path) -> dict[str, Any]:
    """An own network; all its weights are alike, so that they need no space here."""
    arrays = [np.full_like(one, 0.125) for one in published_arrays("smallnet")]
    file = write_npz(folder / "Unser-Netz.npz", arrays)
    added = ModelStore.default().add(file)
    card = added.card.model_copy(update={"notes": "made by hand", "domain": "own"})
    ModelStore.default().describe(added, card)
    return {"card": plain(card.model_dump(mode="json")), "weight": 0.125}
