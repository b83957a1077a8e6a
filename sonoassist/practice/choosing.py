"""Which views the next exercise asks for: weak planes first, spaced, and the same for a seed.

The weakness of a plane is one minus the mean of what was reached (0 to 1), in which an attempt
counts `FADING` times as much as the one after it, and one attempt half reached is added so that
a plane never asked for lies in the middle: w = (0.5 + sum f^i (1 - s_i)) / (1 + sum f^i), where
i counts back from the newest attempt.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sonoassist.practice.answers import Answers, PlaneView
from sonoassist.practice.exercise import EARLY_S, Question
from sonoassist.practice.question_set import QuestionOrder, QuestionSet
from sonoassist.practice.scores import FULL_POINTS, Attempt

FADING = 0.7
UNTRIED = 0.5
"""Weakness of a plane that was never asked for."""
TIE = 0.05
LOOSENING = 4.0
"""By so many places the order may differ from that of weakness, so that it gives nothing away."""
LEAD_S = (1.5, 4.0)
"""Before each view so much of the exam is played, so that its beginning cannot be guessed."""
TAIL_S = 1.0
"""So long behind its end a view may still be named: people need a moment."""


def weakness(points: Sequence[float]) -> float:
    """Weakness of a plane, 0 (sure) to 1.

    Args:
        points: Of its attempts, 0 to 100 each, oldest first.
    """
    weights = [FADING**back for back in range(len(points))]
    lost = sum(
        weight * (1 - one / FULL_POINTS)
        for weight, one in zip(weights, reversed(points), strict=True)
    )
    return (UNTRIED + lost) / (1 + sum(weights))


def weaknesses(attempts: Iterable[Attempt]) -> dict[str, float]:
    """Weakness of each plane that was asked for.

    Args:
        attempts: Oldest first.
    """
    points: defaultdict[str, list[float]] = defaultdict(list)
    for attempt in attempts:
        points[attempt.plane].append(attempt.points)
    return {plane: weakness(values) for plane, values in points.items()}


def next_exercise(
    answers: Answers,
    weak: Mapping[str, float],
    count: int,
    seed: int,
    asked: QuestionSet | None = None,
) -> tuple[Question, ...]:
    """Choose the questions of an exercise.

    Args:
        answers: Of the exam.
        weak: Weakness of planes; those left out count as `UNTRIED`.
        count: How many questions at most; no view is asked for twice. A set in an order of its own
            has as many questions as it has planes.
        seed: The same one gives the same questions.
        asked: A teacher's set, which alone is asked; None asks for all planes.
    """
    rng = random.Random(seed)  # not for secrets: a seed gives the same exercise again
    if asked is not None and asked.order is QuestionOrder.AS_SET:
        picked = _in_order(answers.views, asked.planes, rng)
    else:
        open_for = [
            at
            for at, view in enumerate(answers.views)
            if asked is None or view.plane in asked.planes
        ]
        picked = _loosened(_weakest(answers.views, open_for, weak, count, rng), rng)
        picked = _spaced(picked, answers.views)
    return tuple(_question(answers, answers.views[at], rng.uniform(*LEAD_S)) for at in picked)


def _in_order(views: Sequence[PlaneView], planes: Sequence[str], rng: random.Random) -> list[int]:
    """Indices of views, one of each plane that has any, in the order of the planes."""
    pools = [[at for at, view in enumerate(views) if view.plane == plane] for plane in planes]
    return [rng.choice(pool) for pool in pools if pool]


def _weakest(
    views: Sequence[PlaneView],
    open_for: Sequence[int],
    weak: Mapping[str, float],
    count: int,
    rng: random.Random,
) -> list[int]:
    """Indices of views, one of each weak plane before a second one of any."""
    pool: defaultdict[str, list[int]] = defaultdict(list)
    for at in rng.sample(open_for, len(open_for)):
        pool[views[at].plane].append(at)
    ties = {plane: rng.uniform(0, TIE) for plane in sorted(pool)}
    taken: Counter[str] = Counter()
    picked: list[int] = []
    while pool and len(picked) < count:
        plane = max(pool, key=lambda one: weak.get(one, UNTRIED) / (1 + taken[one]) + ties[one])
        picked.append(pool[plane].pop())
        taken[plane] += 1
        if not pool[plane]:
            del pool[plane]
    return picked


def _loosened(picked: Sequence[int], rng: random.Random) -> list[int]:
    places = {at: place + rng.uniform(0, LOOSENING) for place, at in enumerate(picked)}
    return sorted(picked, key=lambda at: places[at])


def _spaced(picked: Sequence[int], views: Sequence[PlaneView]) -> list[int]:
    """No plane twice in a row, as far as there are others."""
    left, spaced = list(picked), list[int]()
    while left:
        last = views[spaced[-1]].plane if spaced else ""
        often, count = Counter(views[at].plane for at in left).most_common(1)[0]
        # A plane that fills more than half of what is left would be left over at the end.
        wanted = {often} if 2 * count > len(left) else {views[at].plane for at in left}
        wanted.discard(last)
        spaced.append(next((at for at in left if views[at].plane in wanted), left[0]))
        left.remove(spaced[-1])
    return spaced


def _question(answers: Answers, view: PlaneView, lead_s: float) -> Question:
    times_s = answers.times_s
    start = int(times_s.searchsorted(times_s[view.first] - lead_s))
    end = int(times_s.searchsorted(times_s[view.last] + TAIL_S, side="right")) - 1
    for other in answers.views:
        if other.last < view.first:
            # A moment behind the view before: a picture of it must not be the first one shown.
            clear = int(times_s.searchsorted(times_s[other.last] + EARLY_S, side="right"))
            start = max(start, min(clear, view.first), other.last + 1)
        elif other.first > view.last:
            end = min(end, other.first - 1)
            break
    return Question(view, start, end)
