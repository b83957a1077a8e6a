"""Whether a PACS node can be used, in words for the person who wrote down where it is."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sonoassist.core.errors import UsageError, window_text
from sonoassist.exam.pacs.node import PacsError, PacsNode

ANSWER_S = 5.0
"""Longest wait for each answer in a test."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of a test.

    Attributes:
        good: Exams can be sent there.
        text: One line.
    """

    good: bool
    text: str


def try_connection(text: str, timeout_s: float = ANSWER_S) -> Tested:
    """Connect to the node "AE@HOST:PORT" and ask whether it is there (C-ECHO).

    Args:
        text: The node as the user wrote it.
        timeout_s: Longest wait for each answer.
    """
    from sonoassist.exam.pacs.sending import echo

    began_s = time.monotonic()
    try:
        node = PacsNode.parse(text, timeout_s=timeout_s)
        echo(node)
    except (UsageError, PacsError) as error:
        words = window_text(error)
        return Tested(False, words[:1].upper() + words[1:])
    took_ms = 1e3 * (time.monotonic() - began_s)
    return Tested(True, f"Reached: {node.called_ae} at {node.address} answers ({took_ms:.0f} ms)")
