"""The small exception tree: each error has a sentence for the user and a hint what to do."""

from __future__ import annotations

import unicodedata

_STAND_INS = {"Cc": " ", "Zl": " ", "Zp": " ", "Cs": "?"}
"""Kind of character -> what is shown in its place: it would break a line, or move the cursor."""


def shown(text: str) -> str:
    """A text with words of a file in it as it may be shown: in one line, without control codes."""
    if text.isprintable():
        return text
    return "".join(_STAND_INS.get(unicodedata.category(one), one) for one in text)


class SonoAssistError(Exception):
    """An error the user can understand and act upon.

    Args:
        message: What is wrong, one line, no full stop needed.
        hint: What to do about it, one line; may be empty.
        click: The hint in the window, where `hint` names a command or an option.

    Attributes:
        message: As given.
        hint: As given.
        window_hint: What to do about it with the mouse or a key.
    """

    def __init__(self, message: str, hint: str = "", *, click: str = "") -> None:
        self.message = shown(message)
        super().__init__(self.message)
        self.hint = shown(hint)
        self.window_hint = shown(click) or self.hint

    def __str__(self) -> str:
        """One line: the message and, where there is one, the hint."""
        return _line(self.message, self.hint)

    def in_window(self) -> str:
        """One line as it is read in the window, which has buttons where a shell has commands."""
        return _line(self.message, self.window_hint)


def window_text(error: BaseException) -> str:
    """An error in one line, as it is read in the window."""
    return error.in_window() if isinstance(error, SonoAssistError) else str(error)


def _line(message: str, hint: str) -> str:
    return " ".join((f"{message.rstrip('.')}. {hint}" if hint else message).split())


class UsageError(SonoAssistError):
    """A command, an option or a setting is used wrongly."""


class SourceError(SonoAssistError):
    """A source of frames cannot be opened or read."""


class DamagedFrameError(SourceError):
    """One frame is damaged; the source goes on with the next `read`."""


class StalledError(SourceError):
    """A live source gave nothing new within its time limit; it may still recover by itself."""


class SourceLostError(SourceError):
    """A live source is gone (unplugged, server dead); it has to be opened again."""


class ModelError(SonoAssistError):
    """Weights or a weights card are missing, damaged or do not match."""


class DownloadError(ModelError):
    """A published file could not be downloaded, or its bytes are not the published ones."""


class EngineError(SonoAssistError):
    """An inference engine cannot be used, or failed while running."""


class OutputError(SonoAssistError):
    """A result cannot be written."""
