"""The files of one exam: retrieval.json, the pictures, the contact sheet, the kept results."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonoassist.core.names import readable
from sonoassist.core.packets import Box, Pixels
from sonoassist.core.percent import percent, threshold_percent
from sonoassist.core.planes import KEYS
from sonoassist.core.wording import counted
from sonoassist.exam.stills import png_bytes
from sonoassist.model.card import domain_warning
from sonoassist.preprocess.masking import masked
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.retrieval.analysing import Analysed
from sonoassist.retrieval.choosing import choose
from sonoassist.retrieval.counts import Counts
from sonoassist.retrieval.opening import Opening, opened
from sonoassist.retrieval.order import SearchOrder, Task
from sonoassist.retrieval.pictures import frames_at
from sonoassist.retrieval.sheet import Heading, SheetTile, clock, contact_sheet
from sonoassist.retrieval.table import ExamTable
from sonoassist.temporal.equals import equals_words
from sonoassist.temporal.hint_meter import hints_of_picture
from sonoassist.temporal.rules import Pick, Rule

RETRIEVAL, ABOUT = "retrieval.json", "about.json"
SHEET, FRAMES = "contact-sheet.png", "frames.npz"
FRAMES_HASH = "frames_sha256"

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What came of one exam.

    Attributes:
        name: Of its folder.
        files: Their names and bytes.
        about: What `about.json` says.
    """

    name: str
    files: Mapping[str, bytes]
    about: Values


def make_bundle(
    task: Task, order: SearchOrder, analysed: Analysed, opening: Opening = opened
) -> Bundle:
    """Choose the frames of an exam and make all its files.

    The same exam gives the same bytes.

    Raises:
        SourceError: A chosen frame cannot be read again.
        OutputError: A picture cannot be encoded.
    """
    table = analysed.table
    picks = choose(table, order.rule)
    chosen = {key: found[0] for key, found in picks.items() if found}
    pictures = _pictures(task, order, table, {one.row for one in chosen.values()}, opening)
    warning = _domain_warning(order, analysed)
    names = Names.of(task, hidden=order.masked and not analysed.about.synthetic)
    left_out = frozenset(row for row, pixels in pictures.items() if not pixels.any())
    teller = _Teller(
        order,
        table,
        names,
        left_out,
        pictures,
        foreign=bool(warning),
        threshold=order.threshold(synthetic=analysed.about.synthetic),
    )
    told = {key: teller.plane(key, found) for key, found in picks.items()}
    about = _about(task, order, analysed, names, told, warning)
    tiles = {
        key: SheetTile(
            pictures[one.row],
            table.crop_of(one.row) or _whole(pictures[one.row]),
            one.confidence,
            float(table.time_s[one.row]),
            teller.doubt(key, one),
        )
        for key, one in chosen.items()
    }
    files = {
        FRAMES: analysed.to_bytes(),
        **{
            _image(key): png_bytes(pictures[one.row])
            for key, one in chosen.items()
            if one.row not in left_out
        },
        SHEET: contact_sheet(_heading(about, analysed), tiles),
        RETRIEVAL: as_json(told),
    }
    about[FRAMES_HASH] = hashlib.sha256(files[FRAMES]).hexdigest()
    about["files"] = sorted([*files, ABOUT])
    return Bundle(task.name, {**files, ABOUT: as_json(about)}, about)


@dataclass(frozen=True, slots=True)
class Names:
    """What the exam and its recordings are called: a file's name may be a person's.

    Attributes:
        exam: Of the exam.
        recordings: Of its recordings.
        files: Their files' names, which do not appear where names are hidden.
    """

    exam: str
    recordings: tuple[str, ...]
    files: tuple[str, ...]

    @staticmethod
    def of(task: Task, *, hidden: bool) -> Names:
        """The names of an exam."""
        files = tuple(one_line(part.path.name) for part in task.exam.parts)
        if not hidden:
            return Names(_told_apart(task), files, files)
        numbered = tuple(f"recording {number}" for number in range(1, len(files) + 1))
        return Names(f"Exam {task.fingerprint[:8]}", numbered, files)

    def said(self, line: str) -> str:
        """A line about the exam in these names."""
        text = one_line(line)
        for file, name in zip(self.files, self.recordings, strict=True):
            text = text.replace(file, name)
        return text


def _told_apart(task: Task) -> str:
    """The name of the exam's file; with that of its folder where other exams share it."""
    label = one_line(task.exam.label)
    own = task.name in (task.exam.path.name, task.exam.path.stem)
    return label if own else f"{one_line(task.name)}: {label}"


def as_json(values: object) -> bytes:
    """A JSON file."""
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()


def one_line(text: str) -> str:
    """A name as it can be written: without line breaks, or bytes that are no characters."""
    return "".join(letter if letter.isprintable() else " " for letter in readable(text))


def _image(key: str) -> str:
    return f"{key}.png"


def _pictures(
    task: Task, order: SearchOrder, table: ExamTable, rows: set[int], opening: Opening
) -> dict[int, Pixels]:
    """The pictures of some frames, by their row."""
    found: dict[int, Pixels] = {}
    reader = ScreenReader()  # loads its network once for all pictures
    for number, part in enumerate(task.exam.parts):
        here = {int(table.frame[row]): row for row in rows if table.part[row] == number}
        if not here:
            continue
        for frame, pixels in frames_at(part.path, here, opening).items():
            row = here[frame]
            found[row] = masked(pixels, table.crop_of(row), reader) if order.masked else pixels
    return found


class _Teller:
    """Says in plain values what was found.

    Args:
        order: What is asked for.
        table: Results of its frames.
        names: Of the exam.
        left_out: Rows of frames on which no ultrasound was surely found.
        pictures: Of the chosen frames, by row.
        foreign: The model was not made for such exams; then nothing it says is sure.
        threshold: Probability below which nothing is sure.
    """

    def __init__(
        self,
        order: SearchOrder,
        table: ExamTable,
        names: Names,
        left_out: frozenset[int],
        pictures: Mapping[int, Pixels],
        *,
        foreign: bool,
        threshold: float,
    ) -> None:
        self._threshold = threshold
        self._order, self._table, self._names = order, table, names
        self._left_out, self._foreign, self._pictures = left_out, foreign, pictures
        self._winner = table.probabilities.argmax(axis=1)

    def plane(self, key: str, picks: Sequence[Pick]) -> Values | None:
        """One plane of `retrieval.json`; None where it was not found."""
        if not picks:
            return None
        best = picks[0]
        return {
            **self._frame(key, best),
            "image": None if best.row in self._left_out else _image(key),
            "why": self.why(key, picks),
            "hints": self._hints(key, best.row),
            "candidates": [self._frame(key, one) for one in picks],
        }

    def _frame(self, key: str, pick: Pick) -> Values:
        table, row = self._table, pick.row
        return {
            "frame": int(table.frame[row]),
            "time_s": _rounded(float(table.time_s[row])),
            "confidence": _rounded(pick.confidence),
            "steady_confidence": _rounded(pick.steady_confidence),
            "sure": not self.doubt(key, pick),
            "quality": _measure(pick.quality.together),
            "sharpness": _measure(pick.quality.sharpness),
            "stillness": _measure(pick.quality.stillness),
            "view_s": [_rounded(max(pick.begin_s, 0.0)), _rounded(pick.end_s)],
            "box": _edges(table.box_of(row) if self._shows(key, row) else None),
            "recording": self._names.recordings[int(table.part[row])],
        }

    def _hints(self, key: str, row: int) -> Values | None:
        """What could be better in a chosen picture; None where it may show another plane."""
        pixels = self._pictures[row]
        if row in self._left_out or not self._shows(key, row):
            return None
        crop = self._table.crop_of(row) or _whole(pixels)
        found = hints_of_picture(pixels, key, self._table.box_of(row), crop)
        return {one.flaw.value: _rounded(one.strength) for one in found}

    def _shows(self, key: str, row: int) -> bool:
        """Whether the plane is the likeliest class of the frame: boxes belong to that one."""
        return KEYS[int(self._winner[row])] == key

    def doubt(self, key: str, pick: Pick) -> str:
        """Why a frame must not be shown as a sure result, in a few words; "" where it may."""
        if pick.row in self._left_out:
            return "left out: not surely ultrasound"
        threshold = self._threshold
        if pick.confidence < threshold:
            return f"doubtful: below {threshold_percent(threshold)}"
        # The paper's rule may name a frame at the edge of a view, but a view it has to be.
        paper = self._order.rule is Rule.PAPER
        if (pick.steadiest if paper else pick.steady_confidence) < threshold:
            return "doubtful: not steady"
        if not self._shows(key, pick.row):
            return "doubtful: not the likeliest"
        return "doubtful: model of another domain" if self._foreign else ""

    def why(self, key: str, picks: Sequence[Pick]) -> str:
        """Why the first of the picks was chosen, in words."""
        best = picks[0]
        if self._order.rule is Rule.PAPER:
            words = f"highest confidence of a single frame {percent(best.confidence)}"
        else:
            words = f"highest confidence over time {percent(best.steady_confidence)}"
            words += f" in a view of {best.view_s:.1f} s"
            words += equals_words(best.equals, spared=best.spared) + best.over.value
        doubt = self.doubt(key, best)
        return f"{doubt}; {words}" if doubt else words


def _rounded(value: float) -> float:
    return round(value, 6)


def _measure(value: float) -> float | None:
    """None for what was not measured: JSON has no other word for it."""
    return None if math.isnan(value) else _rounded(value)


def _whole(pixels: Pixels) -> Box:
    return Box(0, 0, pixels.shape[1], pixels.shape[0])


def _edges(box: Box | None) -> Values | None:
    if box is None:
        return None
    return {
        f"{edge}_px": round(getattr(box, edge), 2) for edge in ("left", "top", "right", "bottom")
    }


def _domain_warning(order: SearchOrder, analysed: Analysed) -> str:
    synthetic = analysed.about.synthetic
    return domain_warning(order.model(synthetic=synthetic).card, synthetic=synthetic)


def _about(
    task: Task,
    order: SearchOrder,
    analysed: Analysed,
    names: Names,
    told: Mapping[str, Values | None],
    warning: str,
) -> Values:
    """What `about.json` says; no dates, so that the same exam gives the same file."""
    about, table = analysed.about, analysed.table
    card = order.model(synthetic=about.synthetic).card
    doubtful = [key for key, one in told.items() if one is not None and not one["sure"]]
    missing = [key for key, one in told.items() if one is None]
    return {
        "exam": names.exam,
        "recordings": list(names.recordings),
        "formats": list(about.details),
        "synthetic": about.synthetic,
        "frames": len(table),
        "length_s": _rounded(about.length_s),
        "found": Counts.of(doubtful, missing).found,
        "doubtful": doubtful,
        "missing": missing,
        "damaged": [names.said(line) for line in about.damaged],
        "warnings": [*([warning] if warning else []), *about.warnings],
        "rule": order.rule.value,
        "threshold": order.threshold(synthetic=about.synthetic),
        "masked": order.masked,
        "model": card.name,
        "title": card.title,
        "domain": card.domain,
        "weights_sha256": card.weights_sha256,
        "engine": about.engine,
        "precision": about.precision,
        "device": about.device,
        "fingerprint": task.fingerprint,
        "analysis": about.key,
        "result": order.result_key(about.key),
    }


def _heading(about: Values, analysed: Analysed) -> Heading:
    rule = {"best": "best steady frames", "paper": "rule of the paper"}[about["rule"]]
    words = (
        f"{about['title']} ({about['domain']})",
        rule,
        clock(about["length_s"]),
        f"{counted(about['frames'], 'frame')}",
    )
    notes = list(about["warnings"])
    if about["synthetic"]:
        notes.insert(0, "Synthetic exam: no patient.")
    if about["damaged"]:
        notes.append(
            f"{counted(len(about['damaged']), 'place')} of the recording could not be read."
        )
    return Heading(about["exam"], "  ·  ".join(words), notes)
