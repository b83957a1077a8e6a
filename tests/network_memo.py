"""Each real picture goes through a network once a run, and all tests that need it share that.

The networks themselves are tested in tests/engines. What the tests of recordings ask is what the
program makes of a network's results: those are the real ones here, computed by the real engine
when they are first asked for and kept under the weights, the precision, the pass and the very
input. Everything else (reading, preparing, boxes, labels, files) is done anew in each test.

    pytestmark = pytest.mark.usefixtures("networks_once")
"""

from __future__ import annotations

import hashlib
import multiprocessing
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonoassist.analysis.precision import choosing
from sonoassist.core.packets import Floats, frozen
from sonoassist.core.planes import PLANES
from sonoassist.engines import openvino_engine
from sonoassist.engines.base import EngineOutput, Saliency
from sonoassist.engines.openvino_engine import OpenVINOEngine
from sonoassist.retrieval import processes

CLASSES = len(PLANES)
_real_run = OpenVINOEngine.run


def install(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Share results through a folder, in this process and in the workers of `retrieve`."""
    folder.mkdir(parents=True, exist_ok=True)
    patch.setattr(OpenVINOEngine, "run", _sharing(folder))
    patch.setattr(processes, "_work", _SharingWork(folder))


def share_what_is_made(patch: pytest.MonkeyPatch, run_folder: Path) -> None:
    """Models are checked and compiled once a run: each test has a home of its own."""
    patch.setattr(choosing, "verdict_folder", lambda: run_folder / "verdicts")
    patch.setattr(openvino_engine, "compiled_folder", lambda: run_folder / "compiled")


class _SharingWork:
    """The life of a worker of `retrieve`, in its own process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *arguments: Any) -> None:
        work = processes._work
        assert multiprocessing.parent_process() is not None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(OpenVINOEngine, "run", _sharing(self._folder))
            share_what_is_made(patch, self._folder.parent)
            work(*arguments)


def _sharing(folder: Path) -> Any:
    def run(
        self: OpenVINOEngine, network_input: Floats, saliency: Saliency = Saliency.PLAIN
    ) -> EngineOutput:
        height, width = network_input.shape[2:]
        key = self._cache_key(height, width, saliency)
        picture = hashlib.sha256(np.ascontiguousarray(network_input)).hexdigest()[:32]
        path = folder / f"{key}-{picture}.npy"
        known = _read(path, height, width)
        if known is not None:
            return known
        out = _real_run(self, network_input, saliency)
        _keep(path, out)
        return out

    return run


def _read(path: Path, height: int, width: int) -> EngineOutput | None:
    try:
        with path.open("rb") as file:
            rows, columns = np.fromfile(file, np.int32, 2)
            numbers = np.fromfile(file, np.float32)
    except (OSError, ValueError):
        return None
    maps_end = CLASSES * (1 + rows * columns)
    saliency = numbers[maps_end:]
    return EngineOutput(
        frozen(numbers[:CLASSES].copy()),
        frozen(numbers[CLASSES:maps_end].reshape(CLASSES, rows, columns).copy()),
        frozen(saliency.reshape(height, width).copy()) if saliency.size else None,
    )


def _keep(path: Path, out: EngineOutput) -> None:
    parts = [out.logits, out.score_maps, *([] if out.saliency is None else [out.saliency])]
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with open(handle, "wb") as file:  # noqa: PTH123 (it is open already)
        np.array(out.score_maps.shape[1:], np.int32).tofile(file)
        for part in parts:
            part.tofile(file)
    Path(temporary).replace(path)
