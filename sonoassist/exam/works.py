"""What a person starts with an exam that takes long, ready for the list of jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.core.errors import OutputError
from sonoassist.core.jobs import JobResult, Work
from sonoassist.core.progress import Meter
from sonoassist.core.wording import counted
from sonoassist.exam.export import Export, write_export
from sonoassist.exam.sending import FILE_STEPS, send_exam
from sonoassist.exam.store import ExamStore

if TYPE_CHECKING:
    from sonoassist.exam.pacs.outcome import RetryReport, SendOutcome, SendReport

PICTURES = "pictures"
OUTBOX = "outbox"
"""Only one work at a time can send what waits there."""
SENT = "what the PACS has stored stays there"


def export_work(store: ExamStore, exam_id: str, folder: Path, export: Export) -> Work:
    """Writing an exam into a folder, reports included; see `write_export`."""

    def run(meter: Meter) -> JobResult:
        left_out: list[str] = []
        files = write_export(store, exam_id, folder, export, warned=left_out.append, meter=meter)
        text = f"{counted(len(files), 'file')} written to {folder}"
        return JobResult(text, folder, tuple(left_out), files)

    # Into one folder one after the other: the label of the first keeps another exam out.
    return Work(
        f"Export of exam {exam_id}", run, PICTURES, "The export failed", shares=f"folder {folder}"
    )


def send_work(store: ExamStore, exam_id: str, node: str, export: Export) -> Work:
    """Sending what was kept of an exam to a PACS; see `send_exam`.

    Where all that is left of it waits in the outbox since the node broke off, to try again sends
    that; else it sends the exam anew.
    """
    waiting = False

    def run(meter: Meter) -> JobResult:
        nonlocal waiting
        left_out: list[str] = []
        if waiting and _waits():
            return _sent(_send_outbox(meter), left_out)
        report = send_exam(store, exam_id, node, export, warned=left_out.append, meter=meter)
        waiting = _only_waits(report)
        return _sent(report, left_out)

    return Work(f"Exam {exam_id} to {node}", run, PICTURES, "Sending failed", SENT, OUTBOX)


def outbox_work() -> Work:
    """Sending what waits in the outbox."""

    def run(meter: Meter) -> JobResult:
        return _sent(_send_outbox(meter), [])

    return Work("Waiting files to the PACS", run, "files", "Sending failed", SENT, OUTBOX)


def waiting_work() -> Work | None:
    """Sending what waits in the outbox; None where nothing waits."""
    return outbox_work() if _waits() else None


def _only_waits(report: SendReport) -> bool:
    """Whether what the node does not have yet waits in the outbox, and nothing was refused."""
    from sonoassist.exam.pacs.outcome import Fate

    return report.count(Fate.WAITING) > 0 and not report.count(Fate.REFUSED)


def _waits() -> bool:
    from sonoassist.exam.pacs.outbox import Outbox

    return Outbox.default().has_any()


def _send_outbox(meter: Meter) -> RetryReport:
    from sonoassist.exam.pacs.sending import retry

    def told(done: int, total: int, _outcome: SendOutcome) -> None:
        meter.at(done * FILE_STEPS, total * FILE_STEPS)

    return retry(told)


def _sent(report: SendReport | RetryReport, left_out: list[str]) -> JobResult:
    """What a report says to a person.

    Raises:
        OutputError: Not all files are there.
    """
    from sonoassist.exam.pacs.outcome import SendReport

    message = "; ".join(report.message.splitlines())
    if not report.complete:
        waits = _only_waits(report) if isinstance(report, SendReport) else _waits()
        raise OutputError(message, "Try again sends what waits" if waits else "")
    return JobResult(message, None, tuple(left_out), report)
