"""Errors and warnings of the public API; each is also what Python calls such a mistake."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from sonoassist.core.errors import SonoAssistError, UsageError


class InputError(UsageError, ValueError):
    """An argument has the right type and cannot be used all the same."""


class InputTypeError(UsageError, TypeError):
    """An argument has the wrong type."""


class MissingExtraError(SonoAssistError, ImportError):
    """A package is not installed that only this needs."""


class SonoAssistWarning(UserWarning):
    """What must be known before a result is believed."""


def issue(sentences: Iterable[str], *, stacklevel: int) -> None:
    """Issue each sentence as a warning.

    Args:
        sentences: What must be known.
        stacklevel: As of `warnings.warn`, counted from the caller of this.
    """
    for sentence in sentences:
        warnings.warn(sentence, SonoAssistWarning, stacklevel=stacklevel + 1)
