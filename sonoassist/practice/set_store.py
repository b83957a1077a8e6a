"""Keeps question sets: a small file for each recording, named after its content."""

from __future__ import annotations

from pathlib import Path

from sonoassist.core import paths
from sonoassist.core.files import ensure_folder, output_error, write_bytes
from sonoassist.practice.question_set import (
    QuestionSet,
    QuestionSetError,
    is_content,
    question_set_of,
    text_of,
)

LARGEST_BYTES = 1 << 16
"""No question set is anywhere near."""


def read_set(path: Path, recording: str) -> QuestionSet:
    """Read a question set of one recording from a file.

    Args:
        path: Of the file.
        recording: Content of the recording's identity.

    Raises:
        QuestionSetError: It cannot be read, is none, or belongs to another recording.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
        if len(data) > LARGEST_BYTES:
            raise QuestionSetError("the file is too large for a question set")
        made = question_set_of(data.decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise QuestionSetError(f"{path} cannot be read: {reason}", "Check the file") from error
    except QuestionSetError as error:
        raise QuestionSetError(f"{path}: {error.message}", error.hint) from error
    if made.recording != recording:
        raise QuestionSetError(
            f"{path}: the question set belongs to another recording",
            "Open the recording that it was made for",
        )
    return made


def write_set(path: Path, questions: QuestionSet) -> None:
    """Write a question set into a file; a reader never sees half of it.

    Raises:
        OutputError: The operating system refuses.
    """
    write_bytes(path, text_of(questions).encode("utf-8"))


class SetStore:
    """The question sets of this computer.

    Args:
        folder: Where they are; None for the user's own.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def path_of(self, recording: str) -> Path:
        """Of the file for a recording.

        Args:
            recording: Content of its identity.

        Raises:
            ValueError: It is none.
        """
        if not is_content(recording):
            raise ValueError(f"{recording!r} is no content of a recording")
        folder = self._folder or paths.home() / "practice" / "sets"
        return folder / f"{recording}.json"

    def read(self, recording: str) -> QuestionSet | None:
        """The set of a recording; None where there is none.

        Raises:
            QuestionSetError: There is one, but it cannot be used.
        """
        path = self.path_of(recording)
        return read_set(path, recording) if path.exists() else None

    def write(self, questions: QuestionSet) -> None:
        """Keep a set; it takes the place of the one before.

        Raises:
            OutputError: The operating system refuses.
        """
        path = self.path_of(questions.recording)
        ensure_folder(path.parent)
        write_set(path, questions)

    def forget(self, recording: str) -> None:
        """Have no set for a recording any more.

        Raises:
            OutputError: The operating system refuses.
        """
        path = self.path_of(recording)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise output_error(path, error) from error
