"""How well screens are read: field of view, content and time, by origin and over all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sonoassist.core.packets import Box, Content, Pixels
from sonoassist.datasets.screens import WORDS, ScreenTruth
from sonoassist.preprocess.screen_reader import ScreenReader

RIGHT_IOU = 0.9
WORD_OF = {content: word for word, content in WORDS.items()}


@dataclass(frozen=True, slots=True)
class ScreenResult:
    """One screen and what was found on it.

    Attributes:
        truth: What is true.
        content: What was said.
        field: Box found, px, or None.
        sureness: Of the field, 0 without one.
        look_ms: Time of the look, without the closer one, which is for fields that are used.
    """

    truth: ScreenTruth
    content: Content
    field: Box | None
    sureness: float
    look_ms: float

    @property
    def iou(self) -> float | None:
        """Overlap of the boxes; None where the truth has none."""
        if self.truth.field is None:
            return None
        return 0.0 if self.field is None else self.field.iou(self.truth.field)

    @property
    def content_right(self) -> bool:
        """Whether the kind of screen was named rightly."""
        return self.content is self.truth.content


def read_all(
    truths: Sequence[ScreenTruth],
    load: Callable[[ScreenTruth], Pixels],
    reader: ScreenReader,
    on_progress: Callable[[], None] = lambda: None,
) -> list[ScreenResult]:
    """Look at each screen by itself."""
    results = []
    for truth in truths:
        pixels = load(truth)
        start_s = time.perf_counter()
        look = reader.look(pixels)
        took_ms = 1e3 * (time.perf_counter() - start_s)
        # What is used of a look has the bounds that a closer one gives.
        field = reader.closer(look, pixels).field
        results.append(
            ScreenResult(
                truth,
                look.content,
                field.box if field else None,
                field.sureness if field else 0.0,
                took_ms,
            )
        )
        on_progress()
    return results


def figures(results: Sequence[ScreenResult]) -> dict[str, Any]:
    """The figures of some screens, as `evaluate screens --json` gives them."""
    ious = [one.iou for one in results if one.iou is not None]
    by_class = _by(results, lambda one: WORD_OF[one.truth.content])
    return {
        "pictures": len(results),
        "fields": len(ious),
        "iou_mean": _mean(ious),
        "iou_90_share": _mean([value >= RIGHT_IOU for value in ious]),
        "content_right_share": _mean([one.content_right for one in results]),
        "content_recall": {
            word: _mean([one.content_right for one in by_class[word]])
            for word in WORDS
            if word in by_class
        },
        "look_median_ms": float(np.median([one.look_ms for one in results])) if results else None,
    }


def by_origin(results: Sequence[ScreenResult]) -> dict[str, dict[str, Any]]:
    """The figures of each origin."""
    groups = _by(results, lambda one: one.truth.origin)
    return {origin: figures(groups[origin]) for origin in sorted(groups)}


def as_text(results: Sequence[ScreenResult]) -> str:
    """A table by origin and over all, and the screens that were read wrongly."""
    lines = [f"{'origin':<10}{'pictures':>9}{'IoU':>8}{'>= 0.9':>9}{'content':>9}"]
    rows: Iterable[tuple[str, Mapping[str, Any]]] = [
        *by_origin(results).items(),
        ("all", figures(results)),
    ]
    for name, one in rows:
        lines.append(
            f"{name:<10}{one['pictures']:>9}{_number(one['iou_mean']):>8}"
            f"{_percent(one['iou_90_share']):>9}{_percent(one['content_right_share']):>9}"
        )
    lines.append("")
    lines += [
        f"{word:<16} recalled {_percent(share)}"
        for word, share in figures(results)["content_recall"].items()
    ]
    lines += [
        f"{result.truth.path.name}: {WORD_OF[result.truth.content]} said to be "
        f"{WORD_OF[result.content]}, IoU {_number(result.iou)}"
        for result in results
        if not result.content_right or (result.iou is not None and result.iou < RIGHT_IOU)
    ]
    return "\n".join(lines) + "\n"


def _by(
    results: Iterable[ScreenResult], key: Callable[[ScreenResult], str]
) -> dict[str, list[ScreenResult]]:
    groups: dict[str, list[ScreenResult]] = {}
    for one in results:
        groups.setdefault(key(one), []).append(one)
    return groups


def _mean(values: Sequence[float | bool]) -> float | None:
    return float(np.mean(values)) if values else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
