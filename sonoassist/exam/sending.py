"""An exam to a PACS node: made into DICOM files, sent, kept in the outbox where that fails."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.exam.export import Export, export_as_dicom
from sonoassist.exam.store import ExamStore

if TYPE_CHECKING:
    from sonoassist.exam.pacs.outcome import Outcome, SendReport


def send_exam(
    store: ExamStore,
    exam_id: str,
    node: str,
    export: Export,
    progress: Callable[[int, int, Outcome], None] | None = None,
    warned: Callable[[str], None] = lambda sentence: None,
) -> SendReport:
    """Send what was kept of an exam.

    Args:
        store: Where the exam is.
        exam_id: Its name.
        node: Where to, "AE@HOST:PORT".
        export: Whether pictures are masked, and whether unreviewed ones go along.
        progress: Is told (number, of how many, what became of it) of each file.
        warned: Is told of each picture and clip that is left out.

    Raises:
        UsageError: The node is not understood, or there is nothing to send.
        RecordError: A picture of the record cannot be read.
        OutputError: The operating system refuses.
    """
    # The network library loads only when something is sent.
    from sonoassist.exam.pacs.node import PacsNode
    from sonoassist.exam.pacs.sending import send

    where = PacsNode.parse(node)
    with tempfile.TemporaryDirectory() as folder, store.open(exam_id) as exam:
        files = export_as_dicom(exam, Path(folder), export, warned)
        return send(files, where, progress)
