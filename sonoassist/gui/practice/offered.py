"""The exams offered at the start of practice: the demo, reviewed ones, and what was opened last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sonoassist.core.wording import counted
from sonoassist.gui.practice.services import PracticeServices
from sonoassist.gui.start_page import is_missing, recent_text, shortened
from sonoassist.recordings.correction_store import Known
from sonoassist.recordings.spec import EXAM
from sonoassist.sources import VIDEO_SUFFIXES

MOST = 6
"""So many exams are offered."""
_GAP = "   "


@dataclass(frozen=True, slots=True)
class Offer:
    """One exam.

    Attributes:
        spec: What opens it.
        text: For people.
    """

    spec: str
    text: str

    @property
    def parts(self) -> tuple[str, str]:
        """The name, and what is said of it or ""."""
        name, gap, note = self.text.rpartition(_GAP)
        return (name, note) if gap else (note, "")


def offers(services: PracticeServices) -> list[Offer]:
    """The exams that can be practised on at once, those that came last first."""
    known = [one for one in services.reviewed() if _is_there(one.spec, services)]
    reviewed = {one.spec: one for one in known}
    made: dict[str, Offer] = {}
    if services.demo is not None:
        spec = str(services.demo)
        note = _review_text(reviewed.get(str(services.demo.resolve())))
        made[str(services.demo.resolve())] = Offer(spec, _joined("Demo exam (synthetic)", note))
    for one in known:
        made.setdefault(one.spec, Offer(one.spec, _joined(one.label, _review_text(one))))
    for spec in _videos(services.recent()):
        name, where = recent_text(spec)
        made.setdefault(str(Path(spec).resolve()), Offer(spec, _joined(name, shortened(where))))
    return list(made.values())[:MOST]


def _videos(specs: Iterable[str]) -> list[str]:
    return [
        spec
        for spec in specs
        if Path(spec).suffix.lower() in VIDEO_SUFFIXES and not is_missing(spec)
    ]


def _is_there(spec: str, services: PracticeServices) -> bool:
    if not spec.startswith(EXAM):
        return not is_missing(spec)
    exam_id = spec.removeprefix(EXAM).partition("/")[0]  # behind it the number of a recording
    return services.exams is not None and exam_id in services.exams.ids()


def _review_text(known: Known | None) -> str:
    if known is None:
        return ""
    if not known.corrected:
        return "in Review"
    many = counted(known.corrected, "correction")
    return f"reviewed, {many}"


def _joined(name: str, note: str) -> str:
    return f"{name}{_GAP}{note}" if note else name
