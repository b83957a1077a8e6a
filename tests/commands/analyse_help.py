"""Running `analyse` in this process, and reading what it wrote."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonoassist.cli import run
from sonoassist.core.opencv import cv2
from sonoassist.core.planes import KEYS

Row = dict[str, str]


def analyse(source: object, out: Path, *words: str) -> int:
    return run(["analyse", str(source), "--out", str(out), *words])


def table(out: Path) -> list[Row]:
    with (out / "analysis.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def shares(row: Row) -> np.ndarray:
    return np.array([float(row[f"p_{key}"]) for key in KEYS])


def winners(out: Path) -> dict[str, str]:
    """File name without its suffix -> plane."""
    return {Path(row["source"]).stem: row["plane"] for row in table(out)}


def summary(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def leftovers(out: Path) -> list[str]:
    """What is in the folder besides finished results."""
    if not out.is_dir():
        return []
    return [path.name for path in out.iterdir() if path.name.startswith(".")]


def assert_refused(
    status: int, capsys: pytest.CaptureFixture[str], *words: str, out: Path | None = None
) -> str:
    """Bad input: status 2, one line of error, and nothing half-written."""
    captured = capsys.readouterr()
    assert status == 2
    errors = [line for line in captured.err.splitlines() if line.startswith("sonoassist: error:")]
    assert len(errors) == 1, captured.err
    assert captured.err.splitlines()[-1] == errors[0]
    assert "Traceback" not in captured.err
    for word in words:
        assert word in errors[0]
    if out is not None:
        assert not out.is_dir() or list(out.iterdir()) == []
    return errors[0]


def noise_picture(height: int = 96, width: int = 128, seed: int = 0) -> np.ndarray:
    """Noise, half of it in blocks: of mere noise nothing would be said."""
    rng = np.random.default_rng(seed)
    fine = rng.integers(0, 256, (height, width))
    coarse = rng.integers(0, 256, (-(-height // 8), -(-width // 8)))
    blocks = np.kron(coarse, np.ones((8, 8), np.int64))[:height, :width]
    return np.asarray((fine + blocks) // 2, np.uint8)


def write_picture(path: Path, pixels: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), pixels)
    return path
