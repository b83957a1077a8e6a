"""Storing files on a PACS node (C-STORE), and asking whether it is there (C-ECHO)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.association import Association
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.status import code_to_category

from sonoassist.core.errors import UsageError
from sonoassist.exam.pacs.association import associated, knock
from sonoassist.exam.pacs.files import PLAIN, Object, loaded, offers
from sonoassist.exam.pacs.node import NodeAwayError, NodeRefusesError, PacsNode
from sonoassist.exam.pacs.outcome import Fate

Told = Callable[[int, Fate, str], None]
"""(number of the file, what became of it, why)."""

_SLOWEST_BYTES_S = 125_000.0
"""A file may take as long as a line this slow needs, and the node's time limit on top."""
_MOST_BREAKS = 2
"""After so many broken associations in a row the rest waits."""
_OUT_OF_RESOURCES = range(0xA700, 0xA800)
_REASONS: tuple[tuple[range, str], ...] = (
    (_OUT_OF_RESOURCES, "the node is out of space"),
    (range(0xA900, 0xAA00), "the node says the file does not match its kind"),
    (range(0xB000, 0xB001), "the node changed some elements"),
    (range(0xB006, 0xB007), "the node left some elements out"),
    (range(0xB007, 0xB008), "the node says the file does not match its kind"),
    (range(0xC000, 0xD000), "the node does not understand the file"),
    (range(0x0117, 0x0118), "the node says the file's UID is wrong"),
    (range(0x0122, 0x0123), "the node does not take this kind of file"),
    (range(0x0124, 0x0125), "the node does not allow it"),
)


class _BrokenError(Exception):
    """The association ended in the middle of a file."""


def ask(node: PacsNode) -> None:
    """Ask a node whether it is there (C-ECHO).

    Raises:
        NodeAwayError: It does not answer.
        NodeRefusesError: It does not want to talk to us.
    """
    knock(node)
    with associated(node, [(UID(Verification), list(PLAIN))]) as association:
        status = association.send_c_echo()
    if "Status" not in status:
        raise NodeAwayError(f"the PACS node {node.address} stopped answering")
    if status.Status != 0:
        raise NodeRefusesError(
            f"the PACS node {node.address} answers with an error (0x{status.Status:04X})"
        )


def deliver(node: PacsNode, objects: Sequence[Object], told: Told) -> str:
    """Store files on a node; each file's fate is told as soon as it is known.

    A file at which the node breaks off is left waiting, and the rest goes into a new association:
    one bad file must not block all behind it.

    Returns:
        What is wrong with the node itself, one line; "" where it answered.
    """
    number, breaks = 0, 0
    trouble = ""
    while number < len(objects) and breaks < _MOST_BREAKS:
        try:
            with associated(node, offers(objects[number:])) as association:
                while number < len(objects):
                    told(number, *_store(association, node, objects[number]))
                    number, breaks = number + 1, 0
        except _BrokenError as error:
            trouble = f"the PACS node {node.address} {error}"
            told(number, Fate.WAITING, str(error))
            number, breaks = number + 1, breaks + 1
        except (NodeAwayError, NodeRefusesError) as error:
            away = isinstance(error, NodeAwayError)
            return _give_up(objects, number, told, Fate.WAITING if away else Fate.REFUSED, error)
    for left in range(number, len(objects)):
        told(left, Fate.WAITING, "not tried")
    return trouble if breaks else ""


def _give_up(
    objects: Sequence[Object],
    number: int,
    told: Told,
    fate: Fate,
    error: NodeAwayError | NodeRefusesError,
) -> str:
    for left in range(number, len(objects)):
        told(left, fate, error.message)
    return str(error)


def _store(association: Association, node: PacsNode, one: Object) -> tuple[Fate, str]:
    """Store one file.

    Raises:
        _BrokenError: The association ended.
    """
    accepted = [
        context.transfer_syntax[0]
        for context in association.accepted_contexts
        if context.abstract_syntax == one.sop_class
    ]
    association.dimse_timeout = node.timeout_s + one.size_bytes / _SLOWEST_BYTES_S
    try:
        status = association.send_c_store(loaded(one, accepted))
    except UsageError as error:
        return Fate.REFUSED, error.message
    except ValueError:
        return Fate.REFUSED, "it cannot be put into a form that the node takes"
    except RuntimeError as error:  # there is no association any more
        raise _BrokenError("broke off") from error
    if "Status" not in status:
        with suppress(RuntimeError):
            association.abort()
        raise _BrokenError("broke off")
    return _verdict(status)


def _verdict(status: Dataset) -> tuple[Fate, str]:
    """What a node's answer means."""
    code = int(status.Status)
    category = code_to_category(code)
    if category == "Success":
        return Fate.STORED, ""
    reason = next((text for codes, text in _REASONS if code in codes), "the node refuses the file")
    comment = str(status.get("ErrorComment") or "").strip()
    text = f"{reason}, 0x{code:04X}{f': {comment}' if comment else ''}"
    if category == "Warning":
        return Fate.WARNED, text
    return (Fate.WAITING if code in _OUT_OF_RESOURCES else Fate.REFUSED), text
