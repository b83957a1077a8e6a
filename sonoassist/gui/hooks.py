"""Exceptions nobody caught: written to a file, and shown as a toast."""

from __future__ import annotations

import datetime
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from sonoassist.core.errors import OutputError, SonoAssistError
from sonoassist.core.files import ensure_folder, write_text
from sonoassist.live.status import Level, Notice, Notices

_log = logging.getLogger(__name__)
KEPT_REPORTS = 20


def install_hooks(notices: Notices, folder: Path) -> Callable[[], None]:
    """Report uncaught exceptions of all threads.

    Args:
        notices: Is told.
        folder: Gets a file for each.

    Returns:
        A function that puts the hooks back as they were.
    """
    before, before_threads = sys.excepthook, threading.excepthook

    def main_hook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            before(kind, error, trace)
        else:
            report(error, notices, folder)

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            report(args.exc_value, notices, folder)

    sys.excepthook, threading.excepthook = main_hook, thread_hook

    def restore() -> None:
        sys.excepthook, threading.excepthook = before, before_threads

    return restore


def report(error: BaseException, notices: Notices, folder: Path) -> None:
    """Write an exception to a file and tell the user."""
    details = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    _log.error("uncaught exception\n%s", details)
    if isinstance(error, SonoAssistError):
        notices.put(Notice.of(error, Level.ERROR, details))
        return
    where = _write(details, folder)
    hint = f"The report is in {where}" if where else "The report could not be written"
    title = f"Something went wrong inside the program: {type(error).__name__}"
    notices.put(Notice(Level.ERROR, title, hint, details))


def _write(details: str, folder: Path) -> Path | None:
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    path = folder / f"crash-{stamp}.txt"
    try:
        ensure_folder(folder)
        write_text(path, details)
        for old in sorted(folder.glob("crash-*.txt"))[:-KEPT_REPORTS]:
            old.unlink(missing_ok=True)
    except (OutputError, OSError) as error:
        _log.warning("no crash report: %s", error)
        return None
    return path
