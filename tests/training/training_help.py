"""Small labelled data sets, and `sonoassist train` in this process or another."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sonoassist.cli import Parser
from sonoassist.commands import train as command
from sonoassist.core.errors import SonoAssistError
from sonoassist.core.opencv import cv2
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.preprocess.crop import CropChoice, CropKind
from sonoassist.training.data import DataOptions, TrainingData, prepare_data
from sonoassist.training.options import PatchStage, TrainOptions
from sonoassist.training.parallel import Ranks, choose_device
from sonoassist.training.preparation import PrepareOptions
from sonoassist.training.trainer import Trainer
from sonoassist.training.validation import ValidationScore

PLANES = ("femur", "lips", "background")
FULL = CropChoice(CropKind.FULL)


def picture(plane: str, seed: int, height: int = 120, width: int = 160) -> np.ndarray:
    """Speckle with a bar, a ring or nothing: what each plane looks like here."""
    rng = np.random.default_rng(seed)
    grey = cv2.GaussianBlur(rng.rayleigh(40, (height, width)).astype(np.float32), (0, 0), 1.2)
    middle = (width // 2 + int(rng.integers(-9, 9)), height // 2 + int(rng.integers(-9, 9)))
    if plane == "femur":
        left, right = (middle[0] - 40, middle[1]), (middle[0] + 40, middle[1])
        cv2.line(grey, left, right, 220, 12)
    elif plane == "lips":
        cv2.circle(grey, middle, 30, 210, 12)
    return np.clip(cv2.GaussianBlur(grey, (0, 0), 1.5), 0, 255).astype(np.uint8)


def write_exams(
    folder: Path, cases: int = 4, each: int = 2, planes: Sequence[str] = PLANES
) -> Path:
    """A folder of exams in the program's own layout."""
    for case in range(cases):
        exam = folder / f"case{case}"
        exam.mkdir(parents=True)
        rows = ["file,frame,plane"]
        for plane in planes:
            for number in range(each):
                name = f"{plane}-{number}.png"
                seed = 1000 * case + 10 * number + len(plane)
                assert cv2.imwrite(str(exam / name), picture(plane, seed))
                rows.append(f"{name},,{plane}")
        (exam / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def dataset(folder: Path, layout: str = "exams", planes: Sequence[str] = PLANES) -> Dataset:
    """The same pictures as `write_exams`, read."""
    frames = []
    for exam in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in sorted(exam.glob("*.png")):
            plane = path.stem.rsplit("-", 1)[0]
            frames.append(LabelledFrame(exam.name, path, 0, (plane,)))
    return Dataset("made", layout, tuple(frames))


def made_data(folder: Path, test_share: float = 0.0, **changes: bool) -> TrainingData:
    """Prepared pictures of four small exams."""
    exams = folder / "exams"
    if not exams.is_dir():
        write_exams(exams)
    options = DataOptions(
        folder / "cache", PrepareOptions(crop=FULL), "full", test_share, **changes
    )  # type: ignore[arg-type]
    return prepare_data([dataset(exams)], options)


def options(**changes: object) -> TrainOptions:
    """A very small run."""
    small: dict[str, object] = {
        "architecture": "smallnet",
        "iterations": 6,
        "patches": (PatchStage(96),),
        "batch_planes": 1,
        "batch_background": 2,
        "val_every": 2,
        "workers": 1,
        "device": "cpu",
        "lr": 0.01,
        "warm_up": 0,
        "channels_last": True,
    }
    return TrainOptions(**{**small, **changes})  # type: ignore[arg-type]


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.losses: list[float] = []
        self.scores: list[ValidationScore] = []

    def began(self, done: int, total: int) -> None:
        self.notes.append(f"began {done} of {total}")

    def learnt(self, row: object) -> None:
        self.losses.append(row.loss)  # type: ignore[attr-defined]

    def validated(self, iteration: int, score: ValidationScore, best: bool) -> None:
        self.scores.append(score)

    def note(self, line: str) -> None:
        self.notes.append(line)


def trainer(run: TrainOptions, data: TrainingData, out: Path) -> Trainer:
    return Trainer(run, data, out, Ranks(0, 1, choose_device("cpu")), Listener())


def train(*words: object) -> int:
    """Run `sonoassist train` here; errors leave as the program lets them leave."""
    parser = Parser(prog="sonoassist")
    commands = parser.add_subparsers(dest="command", required=True)
    command.register(commands)
    try:
        args: argparse.Namespace = parser.parse_args(["train", *(str(word) for word in words)])
        return command.run(args)
    except SonoAssistError as error:
        sys.stderr.write(f"sonoassist: error: {error}\n")
        return 2
