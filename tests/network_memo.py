"""Each real picture goes through a network once a run, and all tests that need it share that.

The networks themselves are tested in tests/engines. What the tests of recordings ask is what the
program makes of a network's results: those are the real ones here, computed by the real engine
when they are first asked for and kept on disk under the engine, the weights, the precision, the
pass and the very input. Every pass is kept for itself: labels, the forward pass that leaves its
traces, and the backward pass; and so is what the network that reads screens says of each screen.
Everything else (reading, preparing, boxes, labels, files) is done anew in each test.

    pytestmark = pytest.mark.usefixtures("networks_once")
"""

from __future__ import annotations

import functools
import hashlib
import multiprocessing
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
import pytest
from filelock import FileLock

from sonoassist.analysis.precision import choosing
from sonoassist.analysis.precision.check import PrecisionCheck
from sonoassist.analysis.precision.verdicts import PrecisionVerdict, read_verdict
from sonoassist.core.packets import Floats, Pixels, frozen
from sonoassist.core.planes import PLANES
from sonoassist.engines import openvino_engine
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.openvino_engine import OpenVINOEngine
from sonoassist.engines.screen_engine import OpenVINOScreenNetwork
from sonoassist.preprocess.screen_network import Reading, ScreenNetwork, network_file, squeezed
from sonoassist.retrieval import processes

if TYPE_CHECKING:
    from sonoassist.engines.torch_engine import TorchEngine

CLASSES = len(PLANES)
OPENVINO_METHODS = ("run", "run_traced", "backward")
_checking = threading.local()
_real_check = PrecisionCheck.run
_real_openvino = {name: getattr(OpenVINOEngine, name) for name in OPENVINO_METHODS}


def install(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Share results through a folder, in this process and in the workers of `retrieve`."""
    folder.mkdir(parents=True, exist_ok=True)
    _share_openvino(patch, folder)
    patch.setattr("sonoassist.engines.torch_engine.TorchEngine.run", _torch_run(folder))
    share_screens(patch, folder)
    patch.setattr(processes, "_work", _SharingWork(folder))


def share_screens(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Share through a folder what is read on screens alone, in this process."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in (ScreenNetwork, OpenVINOScreenNetwork):
        loaded, read = _screen_methods(folder, kind)
        patch.setattr(kind, "__init__", loaded)
        patch.setattr(kind, "read", read)


def share_what_is_made(patch: pytest.MonkeyPatch, run_folder: Path) -> None:
    """Models are checked and compiled once a run: each test has a home of its own."""
    patch.setattr(choosing, "verdict_folder", lambda: run_folder / "verdicts")
    patch.setattr(PrecisionCheck, "run", _checked_once(run_folder / "verdicts"))
    patch.setattr(openvino_engine, "compiled_folder", lambda: run_folder / "compiled")


def _checked_once(verdicts: Path) -> Callable[[PrecisionCheck], PrecisionVerdict]:
    """Where two workers want to know of one model, the second one waits for what the first finds.

    But not those that check behind the frames: they may be asked to stop.
    """

    def run(self: PrecisionCheck) -> PrecisionVerdict:
        if self.folder != verdicts or not isinstance(self.turn, nullcontext):
            return _checked(self)
        verdicts.mkdir(parents=True, exist_ok=True)
        with FileLock(str(verdicts / f"{self.key}.lock")):
            found = read_verdict(verdicts, self.key)
            return _checked(self) if found is None else found

    return run


def _checked(check: PrecisionCheck) -> PrecisionVerdict:
    """By real passes: the engines race, and one whose results are known would win."""
    _checking.now = True
    try:
        return _real_check(check)
    finally:
        _checking.now = False


class _SharingWork:
    """The life of a worker of `retrieve`, in its own process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *arguments: Any) -> None:
        work = processes._work
        assert multiprocessing.parent_process() is not None
        with pytest.MonkeyPatch.context() as patch:
            _share_openvino(patch, self._folder)  # for the rest torch would have to be imported
            share_screens(patch, self._folder)
            share_what_is_made(patch, self._folder.parent)
            work(*arguments)


def _share_openvino(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for name, method in zip(OPENVINO_METHODS, _openvino_methods(folder), strict=True):
        patch.setattr(OpenVINOEngine, name, method)


# --- OpenVINO -----------------------------------------------------------------------------------


def _openvino_methods(folder: Path) -> Sequence[Callable[..., Any]]:
    """Stand for `OPENVINO_METHODS`."""

    def run(
        self: OpenVINOEngine, network_input: Floats, saliency: Saliency = Saliency.PLAIN
    ) -> EngineOutput:
        real = functools.partial(_real_openvino["run"], self, network_input, saliency)
        if saliency is not Saliency.NONE:
            return real()  # by the two below
        return _shared_output(folder / _file_name(self, network_input, "forward"), real)

    def run_traced(self: OpenVINOEngine, network_input: Floats) -> EngineOutput:
        self._graphs.traced = None  # where the result is known no traces are left of it
        real = functools.partial(_real_openvino["run_traced"], self, network_input)
        return _shared_output(folder / _file_name(self, network_input, "traced"), real)

    def backward(
        self: OpenVINOEngine, network_input: Floats, saliency: Saliency = Saliency.PLAIN
    ) -> Floats:
        def real() -> list[Floats]:
            traced = self._graphs.traced
            if traced is None or traced[0] is not network_input:
                _real_openvino["run_traced"](self, network_input)
            return [_real_openvino["backward"](self, network_input, saliency)]

        name = self._backward_name(saliency)
        return _shared(folder / _file_name(self, network_input, name), real)[0]

    return run, run_traced, backward


def _file_name(engine: OpenVINOEngine, network_input: Floats, name: str) -> str:
    # The engine's own key of a backward pass does not say by what forward pass the traces are.
    key = engine._cache_key(*network_input.shape[2:], name)
    return f"{key}-{engine._forward}-{_digest(network_input)}"


# --- torch --------------------------------------------------------------------------------------


def _torch_run(folder: Path) -> Callable[..., EngineOutput]:
    from sonoassist.engines.torch_engine import TorchEngine  # not before it is needed

    weights: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()
    real_run = TorchEngine.run

    def run(
        self: TorchEngine, network_input: Floats, saliency: Saliency = Saliency.PLAIN
    ) -> EngineOutput:
        real = functools.partial(real_run, self, network_input, saliency)
        if type(self) is not TorchEngine:
            return real()
        if self not in weights:
            weights[self] = _torch_weights(self)
        one = network_input[:1]
        key = f"{weights[self]}-{self.device}-{self.precision}-{saliency.value}"
        return _shared_output(folder / f"torch-{key}-{_digest(one)}", real)

    return run


def _torch_weights(engine: TorchEngine) -> str:
    whole = hashlib.blake2b(digest_size=16)
    for name, tensor in engine._graphs[Saliency.NONE].state_dict().items():
        whole.update(name.encode())
        whole.update(tensor.float().cpu().contiguous().numpy().tobytes())
    return whole.hexdigest()


# --- screens ------------------------------------------------------------------------------------


def _screen_methods(
    folder: Path, kind: type[ScreenNetwork | OpenVINOScreenNetwork]
) -> tuple[Callable[..., None], Callable[..., Reading]]:
    """Stand for how such a network is loaded, and how it reads.

    The shipped one is not loaded before it has to look at a screen that is not known.
    """
    weights: WeakKeyDictionary[object, str] = WeakKeyDictionary()
    unloaded: WeakSet[object] = WeakSet()
    real_load, real_read = kind.__init__, kind.read

    def load(self: Any, path: Path | None = None) -> None:
        if path is None and network_file().is_file():
            unloaded.add(self)
        else:
            real_load(self, path)
        data = (path or network_file()).read_bytes()
        weights[self] = hashlib.blake2b(data, digest_size=16).hexdigest()

    def read(self: Any, pixels: Pixels) -> Reading:
        if self not in weights:
            return real_read(self, pixels)

        def parts() -> list[Floats]:
            if self in unloaded:
                real_load(self)
                unloaded.discard(self)
            found = real_read(self, pixels)
            return [found.mask, found.contents]

        name = f"{kind.__name__}-{weights[self]}-{_digest(squeezed(pixels))}"
        return Reading(*_shared(folder / name, parts))

    return load, read


# --- on disk ------------------------------------------------------------------------------------


def _digest(values: Floats | Pixels) -> str:
    shape = "x".join(str(side) for side in values.shape)
    whole = hashlib.blake2b(np.ascontiguousarray(values), digest_size=16)
    return f"{values.dtype}-{shape}-{whole.hexdigest()}"


def _shared_output(path: Path, real: Callable[[], EngineOutput]) -> EngineOutput:
    def parts() -> list[Floats]:
        out = real()
        saliency = [] if out.saliency is None else [out.saliency]
        return [out.logits, out.score_maps, *saliency]

    logits, score_maps, *saliency = _shared(path, parts)
    return EngineOutput(logits, score_maps, saliency[0] if saliency else None)


def _shared(path: Path, real: Callable[[], list[Floats]]) -> list[Floats]:
    """The arrays kept under a path; where there are none they are made and kept."""
    if getattr(_checking, "now", False):
        return real()
    path = path.with_name(path.name.replace("/", "_").replace(" ", "_") + ".npy")
    try:
        return _read(path)
    except FileNotFoundError:
        made = real()
        _keep(path, made)
        return made


_HEAD = np.dtype("<u4")
"""Of the numbers before the values of an array: how many sides it has, and how long each is."""


def _read(path: Path) -> list[Floats]:
    """No `numpy.load`: it parses a header as Python, and 3.11 cannot do that in two threads."""
    found = []
    with path.open("rb") as file:
        for _ in range(int.from_bytes(file.read(1), "little")):
            sides = int(np.frombuffer(file.read(_HEAD.itemsize), _HEAD)[0])
            shape = np.frombuffer(file.read(sides * _HEAD.itemsize), _HEAD).tolist()
            size = int(np.prod(shape, dtype=np.int64)) * np.dtype(np.float32).itemsize
            values = np.frombuffer(file.read(size), np.float32)
            found.append(frozen(values.reshape(shape).copy()))
    return found


def _write(file: IO[bytes], part: Floats) -> None:
    assert part.dtype == np.float32
    file.write(np.array([part.ndim, *part.shape], _HEAD).tobytes())
    file.write(np.ascontiguousarray(part).tobytes())


def _keep(path: Path, parts: Sequence[Floats]) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with open(handle, "wb") as file:  # noqa: PTH123 (it is open already)
        file.write(len(parts).to_bytes(1, "little"))
        for part in parts:
            _write(file, part)
    Path(temporary).replace(path)
