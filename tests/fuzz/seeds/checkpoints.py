"""Seeds of training checkpoints."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from fuzz.format import Seed
from sonoassist.training.checkpoints import FOLDER
from sonoassist.training.data import TrainingData
from training.training_help import made_data, options, trainer

_RUN = options(iterations=2)
_pictures = tempfile.TemporaryDirectory(prefix="sonoassist-fuzz-pictures-")
"""Until the process ends: the data set reads from there."""


@functools.cache
def _data() -> TrainingData:
    return made_data(Path(_pictures.name))


def checkpoints(folder: Path) -> list[Seed]:
    """What a run leaves behind."""
    run = trainer(_RUN, _data(), folder / "run")
    run.run()
    found = sorted((folder / "run" / FOLDER).glob("*.safetensors"))
    files = {f"run/{FOLDER}/{path.name}": path.read_bytes() for path in found[-1:]}
    files["run/log.csv"] = (folder / "run" / "log.csv").read_bytes()
    return [Seed("run", files, (*files, *list(files)[:1] * 3))]


def use(folder: Path, seed: Seed) -> str:
    """`train --resume`."""
    trainer(_RUN, _data(), folder / seed.name).resume()
    return "result"
