"""What a person's review of an exam adds to its answers: corrected labels, chosen best frames."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import frozen
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX
from sonoassist.practice.answers import Answers, Word, views_of
from sonoassist.practice.truth import UNKNOWN, Labels
from sonoassist.recordings.correction_log import CorrectionLog
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.corrections import Corrections

if TYPE_CHECKING:
    from sonoassist.recordings.recording import Recording

AROUND_S = 10.0
"""The view round a chosen frame is followed so far at most on either side."""


class KeptReview:
    """The review of one recording, as far as there is one.

    Args:
        recording: Whose.
        reviews: Where reviews are kept.
    """

    def __init__(self, recording: Recording, reviews: CorrectionStore) -> None:
        self._reviews = reviews
        self._recording = recording

    def _open(self) -> CorrectionLog | None:
        return self._reviews.look(self._recording.identity.content)

    def corrections(self) -> Corrections:
        """What a person said; empty where nobody did.

        Raises:
            CorrectionError: The review cannot be read.
            SourceError: It was made by an older reading, and cannot be brought to the numbers of
                now.
        """
        # Not at the top: a library for video comes with it, and the window is up before that.
        from sonoassist.recordings.renumbering import corrections_now

        review = self._open()
        if review is None:
            return Corrections()
        with review:
            return corrections_now(self._recording, review)


def corrected(answers: Answers, said: Corrections) -> Answers:
    """The answers with a person's word over them, which outweighs the table and the model.

    Args:
        answers: Without it.
        said: By the person.
    """
    count = len(answers.labels)
    chosen = {plane: frame for plane, frame in said.agreed.items() if frame < count}
    if not chosen and not said.labels:
        return answers
    labels = np.array(answers.labels, np.int8)
    for plane, frame in chosen.items():
        _choose(labels, answers, INDEX[plane], frame)
    for one in said.labels:
        labels[one.first : one.last + 1] = INDEX[one.plane]
    same = labels == answers.labels
    return replace(
        answers,
        labels=frozen(labels),
        views=views_of(labels, answers.times_s),
        word=Word.REVIEW if answers.word is Word.MODEL else answers.word,
        boxes={frame: box for frame, box in answers.boxes.items() if same[frame]},
        chosen=chosen,
        corrected=True,
    )


def _choose(labels: Labels, answers: Answers, plane: int, frame: int) -> None:
    """Let the frame that a person chose show its plane, with the view that it lies in."""
    here = int(labels[frame])
    if here == plane:
        return
    times_s = answers.times_s
    if here not in (UNKNOWN, BACKGROUND_INDEX):
        # It names another plane there, so of its whole view nothing is certain any more.
        labels[_run(labels == here, frame, times_s)] = UNKNOWN
    if answers.analysis is not None:
        winners = answers.analysis.probabilities.argmax(axis=1)
        alike = (winners == plane) & ((labels == UNKNOWN) | (labels == BACKGROUND_INDEX))
        labels[_run(alike, frame, times_s)] = plane
    labels[frame] = plane


def _run(alike: NDArray[np.bool_], frame: int, times_s: NDArray[np.float64]) -> slice:
    """The frames round one that are all alike, not too far away; empty where it is not."""
    if not alike[frame]:
        return slice(frame, frame)
    low, high = (int(at) for at in np.searchsorted(times_s, times_s[frame] + _REACH_S))
    others = np.flatnonzero(~alike[low:high]) + low
    place = int(np.searchsorted(others, frame))
    first = int(others[place - 1]) + 1 if place > 0 else low
    end = int(others[place]) if place < len(others) else high
    return slice(first, end)


_REACH_S = np.array([-AROUND_S, AROUND_S])
