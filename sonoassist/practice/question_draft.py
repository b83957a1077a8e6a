"""A question set while it is made: any step is allowed, and what it comes to is told."""

from __future__ import annotations

from sonoassist.practice.question_set import ASKABLE, QuestionOrder, QuestionSet


class QuestionDraft:
    """All planes in an order; each is asked, left out, or absent.

    Args:
        questions: To begin with; None for everything asked, in the order of the lists on screen.

    Attributes:
        planes: Keys of all planes that can be asked, in their order.
        order: In which the planes are asked.
    """

    def __init__(self, questions: QuestionSet | None = None) -> None:
        asked = ASKABLE if questions is None else questions.planes
        self.planes = [*asked, *(plane for plane in ASKABLE if plane not in asked)]
        self.order = QuestionOrder.AS_SET if questions is None else questions.order
        self._asked = set(asked)
        self._absent = set() if questions is None else set(questions.absent)

    @property
    def asked(self) -> tuple[str, ...]:
        """Keys of the planes asked, in their order."""
        return tuple(plane for plane in self.planes if plane in self._asked)

    @property
    def absent(self) -> tuple[str, ...]:
        """Keys of the planes marked as absent, in the order of the lists on screen."""
        return tuple(plane for plane in ASKABLE if plane in self._absent)

    def ask(self, plane: str, on: bool) -> None:
        """Ask a plane, which is not absent then, or leave it out."""
        self._asked.discard(plane)
        if on:
            self._asked.add(plane)
            self._absent.discard(plane)

    def mark_absent(self, plane: str, on: bool) -> None:
        """Mark a plane as absent, which is not asked then, or take that back."""
        self._absent.discard(plane)
        if on:
            self._absent.add(plane)
            self._asked.discard(plane)

    def move(self, plane: str, steps: int) -> None:
        """Move a plane down by so many places, up where they are below 0; the ends hold it."""
        at = self.planes.index(plane)
        self.planes.remove(plane)
        self.planes.insert(min(max(at + steps, 0), len(self.planes)), plane)

    def made(self, recording: str) -> QuestionSet:
        """The set.

        Args:
            recording: Content of the recording's identity.

        Raises:
            QuestionSetError: No plane is asked.
        """
        return QuestionSet(recording, self.asked, self.absent, self.order)
