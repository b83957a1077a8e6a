"""What a finished model says of itself: its metadata, and model-card.toml beside it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from sonoassist.core.files import write_text
from sonoassist.core.wording import counted
from sonoassist.training.data import TrainingData
from sonoassist.training.options import TrainOptions
from sonoassist.training.pool import PicturePool
from sonoassist.training.split import Case
from sonoassist.training.validation import ValidationScore

CARD = "model-card.toml"
MODEL = "model.safetensors"


@dataclass(frozen=True, slots=True)
class Story:
    """How a model came about.

    Attributes:
        options: Of the run.
        data: What it learnt from.
        command: The command line.
        iterations: Run so far.
        best_iteration: Whose weights these are.
        validation: Figures of these weights.
        test: Figures on the test cases; None before the end, or without any.
        start: Validation of the model that was fine-tuned; None from random weights.
        start_test: The same on the test cases.
    """

    options: TrainOptions
    data: TrainingData
    command: str
    iterations: int
    best_iteration: int
    validation: ValidationScore
    test: ValidationScore | None = None
    start: ValidationScore | None = None
    start_test: ValidationScore | None = None


def metadata(story: Story) -> dict[str, str]:
    """What the weights file itself says; `ModelStore` takes it into the card of the model."""
    data = story.data
    kind = "synthetic exams" if data.synthetic else "own data"
    return {
        "title": f"{story.options.spec.title} ({kind})",
        "domain": "synthetic" if data.synthetic else "own",
        "source": f"Trained on {', '.join(data.names)}",
        "crop": data.crop_name,
        "notes": _notes(story),
    }


def _notes(story: Story) -> str:
    split = story.data.split
    lines = [
        f"{story.best_iteration:,} of {counted(story.iterations, 'iteration')}"
        f", seed {story.options.seed}, "
        f"{datetime.date.today().isoformat()}.",
        f"{len(split.train)} training, {len(split.validation)} validation and "
        f"{counted(len(split.test), 'test case')}.",
        f"Validation: accuracy {story.validation.accuracy:.3f}, F1 {story.validation.f1:.3f} "
        "(means over the classes).",
    ]
    if story.start is not None:
        lines.append(
            f"Before: accuracy {story.start.accuracy:.3f}, F1 {story.start.f1:.3f} "
            f"({story.options.start})."
        )
    if story.test is not None:
        lines.append(f"Test: accuracy {story.test.accuracy:.3f}, F1 {story.test.f1:.3f}.")
    lines.append(f"Command: {story.command}")
    return " ".join(lines)


def write_card(out: Path, story: Story) -> Path:
    """Write the whole story as TOML.

    Raises:
        OutputError: The operating system refuses.
    """
    data = story.data
    card: dict[str, Any] = {
        **metadata(story),
        "architecture": story.options.architecture,
        "date": datetime.date.today().isoformat(),
        "command": story.command,
        "training": {
            **{key: value for key, value in story.options.settings().items() if value != ""},
            "iterations": story.iterations,
            "best_iteration": story.best_iteration,
        },
        "data": {
            "names": list(data.names),
            "digest": data.digest,
            "train_pictures": _counts(data.train),
            "validation_pictures": _counts(data.validation),
            "test_pictures": _counts(data.test),
            "notes": list(data.notes),
        },
        "split": {
            "seed": story.options.seed,
            "by": "case" if data.split.validation else "case; validation by picture",
            "train": _names(data.split.train),
            "validation": _names(data.split.validation),
            "test": _names(data.split.test),
        },
        "validation": _figures(story.validation),
    }
    told = {"test": story.test, "start": story.start, "start_test": story.start_test}
    card |= {name: _figures(score) for name, score in told.items() if score is not None}
    path = out / CARD
    write_text(path, tomli_w.dumps(card))
    return path


def _counts(pool: PicturePool) -> dict[str, int]:
    return {key: count for key, count in pool.counts().items() if count}


def _names(cases: Sequence[Case]) -> list[str]:
    return [case.name for case in cases]


def _figures(score: ValidationScore) -> dict[str, Any]:
    return {
        "pictures": score.pictures,
        "mean_accuracy": round(score.accuracy, 5),
        "mean_f1": round(score.f1, 5),
        "mean_loss": round(score.loss, 5),
        "recall": {key: round(value, 4) for key, value in score.recall.items()},
        "precision": {key: round(value, 4) for key, value in score.precision.items()},
    }
