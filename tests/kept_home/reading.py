"""What is in a kept home, read through the program's own stores.

The one place here that knows what those are called. Each function gives plain values, as they
are written down in `expected.json`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sqlite3
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kept_home.plain import columns, plain
from plain_screens import PlainScreens
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.core import paths
from sonoassist.core.errors import DamagedFrameError
from sonoassist.core.packets import Box, Floats
from sonoassist.core.planes import INDEX
from sonoassist.core.settings import load_settings, save_settings
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.exam.pacs.outbox import Outbox
from sonoassist.exam.presets import load_preset
from sonoassist.exam.records import (
    Capture,
    Event,
    ExamInfo,
    FrameRow,
    RecordedVideo,
    Tick,
)
from sonoassist.exam.store import ExamStore
from sonoassist.model.card import Card
from sonoassist.model.store import ModelStore
from sonoassist.practice.answers import Word
from sonoassist.practice.examiner import Examiner, Knowledge
from sonoassist.practice.history import PracticeHistory, history_file
from sonoassist.practice.scores import Attempt, QuestionOutcome
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.kept_layouts import KeptLayouts
from sonoassist.preprocess.screen_layout import COLUMNS, ROWS, Furniture, KeptLayout
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.edits import SetMark
from sonoassist.recordings.identity import Identity, fingerprint
from sonoassist.recordings.records import RunState
from sonoassist.review.session import ReviewSession
from sonoassist.sources import open_source
from waiting import wait_until

HERE = Path(__file__).parent
MADE_AT = Path("/tmp/sonoassist-kept-home")
"""Where the home was when it was made: paths in it begin so, and are put right by `unpacked`."""
ANSWER = "profile"
"""What `CountingEngine` says of every frame: what nobody has found in the kept recordings."""


# --- the files ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """A kept home that was unpacked.

    Attributes:
        place: The folder with `home` and `recordings` in it.
        expected: What is in it.
    """

    place: Path
    expected: dict[str, Any]

    @property
    def home(self) -> Path:
        """What SONOASSIST_HOME has to name."""
        return self.place / "home"

    def recording(self, spec: str) -> Path:
        """The file of a recording, by the name that it has in `expected`."""
        if not spec.startswith("exam:"):
            return self.place / "recordings" / spec
        exam_id, _, number = spec.removeprefix("exam:").partition("/")
        return self.home / "exams" / exam_id / "media" / f"recording-{number or 1}.mp4"

    def spec(self, named: str) -> str:
        """What opens a recording, by the name that it has in `expected`."""
        return named if named.startswith("exam:") else str(self.recording(named))


def expected_of(name: str) -> dict[str, Any]:
    """What is in the kept home of this name; newer fields have their first value."""
    told: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    told["settings"].setdefault("keys", {})
    for exam in told["exams"].values():
        for capture in exam["captures"]:
            capture["shot"].setdefault("saw", "")
    return told


def with_boxes_left_out(results: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
    """What of kept results this program takes over.

    A model's own rules were not kept with the boxes that they made: these are found once more.

    Args:
        results: In columns.
        by: What the analysis was made by.
    """
    if not by["card"].get("boxes"):
        return results
    return {**results, "box": [None] * len(results["box"])}


def unpacked(name: str, place: Path) -> Kept:
    """Unpack a kept home, with the times and permissions of its files, and its paths put right.

    Args:
        name: Of the file beside this one, without its suffix.
        place: Folder to unpack into.
    """
    with zipfile.ZipFile(HERE / f"{name}.zip") as archive:
        archive.extractall(place)
        members = archive.infolist()
    _move(place)
    for number, member in enumerate(members):
        path = place / member.filename
        path.chmod(member.external_attr >> 16)
        # In the order of the archive, which is the order in which they were written last.
        os.utime(path, (1.7e9 + number, 1.7e9 + number))
    return Kept(place, expected_of(name))


def _move(place: Path) -> None:
    """Paths are those of this computer; recordings are known by their content all the same."""
    settings = place / "home" / "settings.json"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(str(MADE_AT), str(place)), encoding="utf-8")
    for path in (place / "home" / "reviews").glob("*/review.sqlite"):
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(
                "UPDATE meta SET value = replace(value, ?, ?)", (str(MADE_AT), str(place))
            )


def all_files(folder: Path) -> dict[str, bytes]:
    """Path below `folder` -> content of each file."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


# --- settings and other small things --------------------------------------------------------


def settings() -> tuple[dict[str, Any], list[str]]:
    """All settings, and what is said of them."""
    kept, notices = load_settings(paths.settings_file())
    return kept.model_dump(mode="json"), notices


def save_settings_again() -> None:
    """Change a setting, as the window does."""
    kept, _ = load_settings(paths.settings_file())
    kept.remember("another.mp4")
    save_settings(paths.settings_file(), kept)


def layouts() -> list[dict[str, Any]]:
    """The screens whose crop was checked, the newest first."""
    kept = KeptLayouts(paths.screen_layouts())
    found = kept.all()
    for layout in found:
        assert kept.find(layout.width_px, layout.height_px, layout.furniture) is layout
    return [layout_values(layout) for layout in found]


def layouts_trouble() -> str:
    """What is said of the kept screens, or ""."""
    return KeptLayouts(paths.screen_layouts()).trouble


def layout_values(layout: KeptLayout) -> dict[str, Any]:
    """One of them."""
    return {
        "name": layout.name,
        "size_px": [layout.width_px, layout.height_px],
        "crop": plain(layout.crop),
        "field": plain(layout.field),
        "cells": hashlib.sha256(layout.furniture.cells.tobytes()).hexdigest(),
        "beside": base64.b64encode(np.packbits(layout.furniture.beside).tobytes()).decode(),
    }


def keep_another_screen(known: dict[str, Any]) -> None:
    """Check the crop of another scanner.

    Args:
        known: One that is kept already; the other one is larger.
    """
    width_px, height_px = (2 * side for side in known["size_px"])
    box = Box(0, 0, width_px, height_px)
    furniture = Furniture(np.zeros((ROWS, COLUMNS), np.uint8), np.ones((ROWS, COLUMNS), bool))
    kept = KeptLayouts(paths.screen_layouts())
    kept.keep(KeptLayout("another", width_px, height_px, box, box, furniture))


def checklist(name: str) -> dict[str, Any]:
    """A checklist of the user."""
    preset = load_preset(name)
    assert preset.own
    return {"title": preset.title, "items": plain(preset.items)}


def history() -> dict[str, Any]:
    """Each trainee's exercises, under the nickname in small letters."""
    kept = PracticeHistory(history_file())
    exercises = {name.casefold(): plain(kept.exercises(name)) for name in kept.trainees()}
    for past in exercises.values():
        for one in past:
            one["began_at"] = one["began_at"].isoformat()
    return {
        "exercises": exercises,
        "begun": {name.casefold(): count for name, count in kept.counts().items()},
    }


def practise_more() -> None:
    """Another exercise of somebody else."""
    kept = PracticeHistory(history_file())
    exercise = kept.begin("Neu", "b.mp4", Word.TRUTH, class_mode=False, asked=1, seed=3)
    kept.add(exercise, 0, Attempt("femur", QuestionOutcome.WRONG, "lips"))


def outbox() -> tuple[list[dict[str, Any]], list[str]]:
    """What waits to be sent, oldest first, and what is said of what cannot be read."""
    entries, damaged = Outbox.default().read()
    told = [
        {
            "node": entry.node.as_values(),
            "name": entry.name,
            "tries": entry.tries,
            "trouble": entry.trouble,
            "sha256": hashlib.sha256(entry.file.read_bytes()).hexdigest(),
        }
        for entry in entries
    ]
    return told, damaged


def model(name: str) -> dict[str, Any]:
    """An own network: its card, and the weight that all its weights have."""
    store = ModelStore.default()
    found = store.get(name)
    weights = store.load_tensors(found)
    (weight,) = {float(value) for one in weights.values() for value in np.unique(one)}
    card = plain(found.card.model_dump(mode="json"))
    # Weights are known by their tensors since; the hash that the card had stands beside that.
    (card["weights_sha256"],) = card.pop("older_sha256")
    return {"card": card, "weight": weight}


# --- exams ----------------------------------------------------------------------------------


def exam_values(
    info: ExamInfo,
    events: Iterable[Event],
    frames: Sequence[FrameRow],
    captures: Iterable[Capture],
    recordings: Iterable[RecordedVideo],
    ticks: Iterable[Tick],
) -> dict[str, Any]:
    """An exam's record."""
    return {
        "info": plain(info),
        "events": plain(list(events)),
        "frames": _as_before(columns(frames)),
        "captures": plain(list(captures)),
        "recordings": plain(list(recordings)),
        "ticks": plain(sorted(ticks, key=lambda tick: tick.item)),
    }


def exam_ids() -> list[str]:
    """Names of the exams, oldest first."""
    return ExamStore.default().ids()


def exam(exam_id: str) -> dict[str, Any]:
    """All that the record of an exam has."""
    with ExamStore.default().open(exam_id) as kept:
        return exam_values(
            kept.info(),
            kept.events(),
            list(kept.frames()),
            kept.captures(),
            kept.recordings(),
            kept.ticks(),
        )


def go_on_with_exam(exam_id: str) -> None:
    """Open an exam as its writer, which removes what nothing speaks of."""
    with ExamStore.default().open(exam_id, write=True):
        pass


def note(exam_id: str, text: str) -> None:
    """Write a note on an exam."""
    with ExamStore.default().open(exam_id, write=True) as kept:
        kept.set_note(text)


def unlisted(exam_id: str) -> list[str]:
    """Files of an exam that its record does not speak of."""
    with ExamStore.default().open(exam_id) as kept:
        return list(kept.unlisted())


def frames_in(path: Path) -> int:
    """How many pictures of a video or a still can be read."""
    count = 0
    with open_source(str(path)) as source:
        while True:
            try:
                if source.read() is None:
                    return count
            except DamagedFrameError:
                continue
            count += 1


# --- recordings: what is known of them, in Review and in Practice ---------------------------


class CountingEngine(Engine):
    """Says the same of every frame, and counts how often it was asked."""

    name, precision, device = "counting", "f32", "CPU"

    def __init__(self) -> None:
        self.runs = 0

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """The surest that can be."""
        self.runs += 1
        logits = np.zeros(len(INDEX), np.float32)
        logits[INDEX[ANSWER]] = 20.0
        heat = np.ones(network_input.shape[2:], np.float32)
        return EngineOutput(logits, np.zeros((len(INDEX), 2, 2), np.float32), heat)

    def close(self) -> None:
        """Nothing is held."""


def counting_analyser(by: dict[str, Any]) -> tuple[Analyser, CountingEngine]:
    """An analyser that counts as the one that made an analysis, and its engine.

    Args:
        by: The card, the crop and the threshold, as `expected` tells them.
    """
    engine = CountingEngine()
    options = AnalyserOptions(parse_crop(by["crop"]), by["threshold"])
    card = Card.model_validate(by["card"])
    return Analyser(engine, card, options, ScreenReader(PlainScreens)), engine


def known_recordings() -> list[str]:
    """What opens the recordings that were reviewed, the newest first."""
    return [known.spec for known in CorrectionStore.default().newest()]


def reviewed(spec: str) -> dict[str, Any]:
    """What a person said of a recording, step by step back and on; leaves it as it was."""
    session = ReviewSession.open(spec, CorrectionStore.default(), lambda: None)
    try:
        review = session.review
        said, again, back = plain(review.corrections), [], []
        while review.redo() is not None:
            again.append(plain(review.corrections))
        for _ in again:
            review.undo()
        while review.undo() is not None:
            back.append(plain(review.corrections))
        for _ in back:
            review.redo()
        return {
            "label": session.recording.label,
            "frames": len(session.table),
            "place": session.place,
            "said": said,
            "again": again,
            "back": back,
        }
    finally:
        session.close(session.place)


def mark(spec: str) -> None:
    """Mark a frame of a recording in Review."""
    session = ReviewSession.open(spec, CorrectionStore.default(), lambda: None)
    try:
        session.review.apply(SetMark(2, True, "new"))
    finally:
        session.close(session.place)


@dataclass(frozen=True)
class Analysed:
    """A recording in Review.

    Attributes:
        kept: The results that were there when it was opened.
        whole: All results when it was done.
        runs: How often the network was asked meanwhile.
    """

    kept: dict[str, Any]
    whole: dict[str, Any]
    runs: int


def analysed(spec: str, by: dict[str, Any], *, on: bool = True) -> Analysed:
    """Open a recording in Review and, unless told, let the analysis go on to its end.

    Args:
        spec: What opens it.
        by: What the analysis was made by.
        on: Let it go on.
    """
    session = ReviewSession.open(spec, CorrectionStore.default(), lambda: None)
    try:
        analyser, engine = counting_analyser(by)
        session.begin(analyser, paused=True)
        kept = _results(session)
        if on:
            session.pause(False)
            _wait_for_end(session)
        return Analysed(kept, _results(session), engine.runs)
    finally:
        session.close(session.place)


def _wait_for_end(session: ReviewSession) -> None:
    states = (RunState.DONE, RunState.FAILED)
    wait_until(lambda: session.progress().state in states, "the analysis")
    assert session.progress().state is RunState.DONE, session.progress().message


def _results(session: ReviewSession) -> dict[str, Any]:
    return _as_before(columns(list(session.table.results())))


def _as_before(found: dict[str, Any]) -> dict[str, Any]:
    """What was kept of a frame when the home was made."""
    later = ("crop", "boxed", "frozen", "provenance")
    return {name: values for name, values in found.items() if name not in later}


def small_pictures(recording: Path) -> dict[str, str]:
    """Frame -> digest of its small picture, of those that are kept."""
    content, kept = fingerprint(recording), {}
    store = CorrectionStore.default()
    store.open(content).close()  # what it holds of results is taken over
    with store.cache.open(Identity(content)) as found:
        for (number,) in found._all("SELECT id FROM analyses"):
            analysis = int(str(number))
            kept |= {frame: found.picture(analysis, frame) for frame in found.pictured(analysis)}
    return {str(frame): hashlib.sha256(jpeg or b"").hexdigest() for frame, jpeg in kept.items()}


@dataclass(frozen=True)
class Practised:
    """A recording in Practice.

    Attributes:
        probabilities: Of the analysis that the answers stand on.
        word: Whose word the answers are.
        corrected: Whether a person's review is in them.
        runs: How often the network was asked.
        notes: What is said of it.
    """

    probabilities: Floats
    word: str
    corrected: bool
    runs: int
    notes: tuple[str, ...]


def practised(spec: str, by: dict[str, Any]) -> Practised:
    """Open a recording in Practice and wait until its answers are whole."""
    analyser, engine = counting_analyser(by)
    examiner = Examiner(spec, lambda _synthetic, _tell: analyser, lambda: None)
    examiner.start()

    def settled() -> Knowledge | None:
        known = examiner.knowledge
        return known if known.share == 1.0 or known.trouble is not None else None

    try:
        wait_until(settled, "the examiner")
        known = examiner.knowledge
        if known.trouble is not None:
            raise known.trouble
        assert known.answers is not None
        assert known.answers.analysis is not None
        return Practised(
            known.answers.analysis.probabilities,
            known.answers.word.value,
            known.answers.corrected,
            engine.runs,
            known.notes,
        )
    finally:
        examiner.stop()
