"""From what the user names to an open source."""

from __future__ import annotations

import threading

from sonoassist.core.errors import SourceError
from sonoassist.sources.base import Source
from sonoassist.sources.kinds import kind_of, known_words


def open_source(spec: str, stop: threading.Event | None = None) -> Source:
    """Open a source of one of the kinds in the table, see `kinds.KINDS`.

    Args:
        spec: A path, `device:NAME`, `device:INDEX`, `grows:FOLDER`, or a URL.
        stop: When set by another thread, opening a live source is given up.

    Raises:
        SourceError: It cannot be opened; the message says why.
    """
    spec = spec.strip()
    if not spec:
        raise SourceError("no source is named", f"Known: {known_words()}")
    kind = kind_of(spec)
    if kind.on_disk and not kind.rest(spec):
        raise SourceError("no folder is named", f"Name it like this: {kind.words}")
    return kind.opener(kind.rest(spec), stop)
