"""What of an exam is exported, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sonoassist.core.errors import UsageError
from sonoassist.exam.records import Capture, Judgement


@dataclass(frozen=True, slots=True)
class DicomOptions:
    """What of an exam is exported, and how.

    Attributes:
        captures: Numbers of the captures; empty for all that the user kept.
        unjudged: With no numbers given: those that nobody judged yet as well.
        clips: The clips of the captures as well.
        masked: Only the ultrasound is shown, and captures without a sure one are left out; else
            the pictures are as they were captured, and the objects say that text may be in them.
    """

    captures: tuple[int, ...] = ()
    unjudged: bool = False
    clips: bool = True
    masked: bool = True


def chosen(captures: Iterable[Capture], options: DicomOptions) -> list[Capture]:
    """The captures to export, in their order.

    Raises:
        UsageError: There is none, or one of the numbers is none of the exam's.
    """
    captures = list(captures)
    if options.captures:
        return _numbered(captures, options.captures)
    wanted = {Judgement.KEPT, Judgement.OPEN} if options.unjudged else {Judgement.KEPT}
    found = [one for one in captures if one.judgement in wanted]
    if not found:
        which = "no capture" if options.unjudged else "no capture that was kept"
        raise UsageError(f"the exam has {which}", "Keep some captures, or name them by number")
    return found


def _numbered(captures: list[Capture], numbers: tuple[int, ...]) -> list[Capture]:
    known = {one.capture_id for one in captures}
    unknown = [number for number in numbers if number not in known]
    if unknown:
        raise UsageError(
            f"the exam has no capture {unknown[0]}",
            "See: sonoassist exam show",
            click="Choose one of its captures",
        )
    return [one for one in captures if one.capture_id in numbers]
