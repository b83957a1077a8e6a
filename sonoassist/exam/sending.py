"""An exam to a PACS node: made into DICOM files, sent, kept in the outbox where that fails."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.core.progress import Meter
from sonoassist.exam.export import Export, dicom_files, dicom_pictures, export_as_dicom
from sonoassist.exam.store import ExamStore

if TYPE_CHECKING:
    from sonoassist.exam.pacs.outcome import SendOutcome, SendReport


FILE_STEPS = 5
"""Sending a file counts as so many pictures."""


def send_exam(
    store: ExamStore,
    exam_id: str,
    node: str,
    export: Export,
    progress: Callable[[int, int, SendOutcome], None] | None = None,
    warned: Callable[[str], None] = lambda sentence: None,
    meter: Meter | None = None,
) -> SendReport:
    """Send what was kept of an exam.

    The node is asked first: one that is not there costs nobody the time that the files take.

    Args:
        store: Where the exam is.
        exam_id: Its name.
        node: Where to, "AE@HOST:PORT".
        export: Whether pictures are masked, and whether unreviewed ones go along.
        progress: Is told (number, of how many, what became of it) of each file.
        warned: Is told of each picture and clip that is left out.
        meter: Counts the pictures that are made into files, and each file again when it is sent.

    Raises:
        CancelledError: A person has ended it; nothing of it waits in the outbox.
        UsageError: The node is not understood, or there is nothing to send.
        PacsError: The node is not there or refuses us; nothing was made or sent.
        RecordError: A picture of the record cannot be read.
        OutputError: The operating system refuses.
    """
    # The network library loads only when something is sent.
    from sonoassist.exam.pacs.node import KindsRefusedError, PacsNode
    from sonoassist.exam.pacs.sending import echo, send

    where, meter = PacsNode.parse(node), meter or Meter()
    with suppress(KindsRefusedError):  # it may take files all the same
        echo(where)

    def told(done: int, total: int, outcome: SendOutcome) -> None:
        if progress is not None:
            progress(done, total, outcome)
        meter.step(FILE_STEPS)

    with (
        tempfile.TemporaryDirectory() as folder,
        store.held(exam_id),
        store.open(exam_id) as exam,
    ):
        meter.expect(dicom_pictures(exam, export) + FILE_STEPS * dicom_files(exam, export))
        files = export_as_dicom(exam, Path(folder), export, warned, meter)
        return send(files, where, told)
