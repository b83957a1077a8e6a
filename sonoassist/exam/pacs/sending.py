"""Sending files to a PACS node by way of the outbox, and sending what waits there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sonoassist.core.errors import UsageError
from sonoassist.core.progress import CancelledError
from sonoassist.exam.pacs.node import PacsNode
from sonoassist.exam.pacs.outbox import Outbox, WaitingFile
from sonoassist.exam.pacs.outcome import Fate, Progress, RetryReport, SendOutcome, SendReport

__all__ = ["PacsNode", "RetryReport", "SendReport", "echo", "retry", "send"]


def echo(node: PacsNode) -> None:
    """Ask a node whether it is there.

    Raises:
        PacsError: It does not answer, or refuses; one line says what.
    """
    from sonoassist.exam.pacs.delivery import ask  # pynetdicom is slow to import

    ask(node)


def send(
    files: Sequence[Path],
    node: PacsNode,
    progress: Progress | None = None,
    outbox: Outbox | None = None,
) -> SendReport:
    """Send DICOM files to a node.

    All are put into the outbox first and taken out one by one as the node stores them, so nothing
    is forgotten when the program or the node dies in the middle. What the node refuses for good
    is taken out as well: the files are where they were.

    Args:
        files: To send.
        node: Where to.
        progress: Told of each file.
        outbox: Where they wait; None for the user's.

    Raises:
        CancelledError: `progress` ended it; what was not sent by then does not wait either.
        UsageError: There are no files, one is not a DICOM file, or another program is sending;
            none was sent.
        OutputError: The outbox cannot be written to.
    """
    from sonoassist.exam.pacs.files import offers, read_object

    if not files:
        raise UsageError("there is nothing to send", "Name some files")
    outbox = outbox or Outbox.default()
    offers([read_object(path) for path in files])
    # Held from before they are in the box: whoever sends what waits there must not send them too.
    with outbox.sending():
        entries = outbox.add_all(files, node)
        try:
            return _Posting(outbox, progress, list(files), keep_refused=False).post(node, entries)
        except (CancelledError, KeyboardInterrupt):
            # Whoever ends it does not want it sent later, behind his back.
            for entry in entries:
                outbox.remove(entry)
            raise


def retry(progress: Progress | None = None, outbox: Outbox | None = None) -> RetryReport:
    """Send what waits in the outbox.

    What a node refuses stays in the outbox, as the original may be gone.

    Args:
        progress: Told of each file; counts begin anew with each node.
        outbox: Where files wait; None for the user's.

    Raises:
        UsageError: Another program is sending the outbox.
    """
    outbox = outbox or Outbox.default()
    if not outbox.has_any():
        return RetryReport((), ())
    with outbox.sending():
        entries, damaged = outbox.read()
        reports = [
            _Posting(outbox, progress, [Path(one.name) for one in group], keep_refused=True).post(
                node, group
            )
            for node, group in _by_node(entries).items()
        ]
    return RetryReport(tuple(reports), tuple(damaged))


def _by_node(entries: Iterable[WaitingFile]) -> dict[PacsNode, list[WaitingFile]]:
    found: dict[PacsNode, list[WaitingFile]] = {}
    for entry in entries:
        found.setdefault(entry.node, []).append(entry)
    return found


class _Posting:
    """Delivers entries of the outbox and keeps it in step with what the node said.

    Args:
        outbox: Where they are.
        progress: Told of each file, or None.
        names: Of the files, for people.
        keep_refused: What the node refuses stays in the outbox.
    """

    def __init__(
        self, outbox: Outbox, progress: Progress | None, names: list[Path], *, keep_refused: bool
    ) -> None:
        self._outbox = outbox
        self._progress = progress
        self._names = names
        self._keep_refused = keep_refused
        self._outcomes: list[SendOutcome] = []

    def post(self, node: PacsNode, entries: list[WaitingFile]) -> SendReport:
        """Deliver the entries, all of which go to `node`."""
        from sonoassist.exam.pacs.delivery import deliver
        from sonoassist.exam.pacs.files import Object, read_object

        readable: list[int] = []
        objects: list[Object] = []

        def told(number: int, fate: Fate, text: str) -> None:
            self._settle(entries, number, fate, text)

        for number, entry in enumerate(entries):
            try:
                objects.append(read_object(entry.file))
                readable.append(number)
            except UsageError:
                told(number, Fate.REFUSED, "the waiting file is damaged")
        trouble = deliver(node, objects, lambda index, *what: told(readable[index], *what))
        return SendReport(node, tuple(self._outcomes), trouble)

    def _settle(self, entries: list[WaitingFile], number: int, fate: Fate, text: str) -> None:
        if fate is Fate.WAITING or (fate is Fate.REFUSED and self._keep_refused):
            self._outbox.note(entries[number], text)
        else:
            self._outbox.remove(entries[number])
        outcome = SendOutcome(self._names[number], fate, text)
        self._outcomes.append(outcome)
        if self._progress is not None:
            self._progress(len(self._outcomes), len(entries), outcome)
