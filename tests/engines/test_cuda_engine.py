"""The CUDA engine on a stand-in device: all of it but the kernels, streams and graphs of CUDA."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from host_device import HostDevice

from real_models import random_tensors
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.engines import cuda_engine
from sonoassist.engines.base import EngineOutput, Saliency
from sonoassist.engines.cuda_engine import CudaEngine
from sonoassist.engines.torch_engine import TorchEngine
from sonoassist.model.architecture import architecture

NAME = "smallnet"
SIZE = (100, 130)
RELATIVE = {"f32": 0.02, "bf16": 0.2, "f16": 0.1}


def engine_on(device: HostDevice, precision: str = "f32") -> CudaEngine:
    return CudaEngine(architecture(NAME), random_tensors(NAME), precision=precision, device=device)


def reference() -> TorchEngine:
    return TorchEngine(architecture(NAME), random_tensors(NAME))


def batch(count: int, seed: int = 0, size: tuple[int, int] = SIZE) -> Floats:
    x = np.random.default_rng(seed).standard_normal((count, 1, *size), np.float32)
    return x * np.float32(255)


def assert_close(
    ours: EngineOutput, theirs: EngineOutput, relative: float = RELATIVE["f32"]
) -> None:
    for mine, other in (
        (ours.logits, theirs.logits),
        (ours.score_maps, theirs.score_maps),
        (ours.saliency, theirs.saliency),
    ):
        if other is None:
            assert mine is None
            continue
        assert mine is not None
        assert mine.shape == other.shape
        assert mine.dtype == np.float32
        assert not mine.flags.writeable
        assert np.linalg.norm(mine - other) <= relative * np.linalg.norm(other)


@pytest.mark.parametrize("precision", ["f32", "bf16", "f16"])
@pytest.mark.parametrize("saliency", list(Saliency))
def test_one_input(precision: str, saliency: Saliency) -> None:
    engine = engine_on(HostDevice(), precision)
    assert (engine.name, engine.precision, engine.device) == ("torch", precision, "Host")
    x = batch(1)
    assert_close(engine.run(x, saliency), reference().run(x, saliency), RELATIVE[precision])


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 23])
def test_batches_of_any_length(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_engine, "MAX_BATCH", 4)
    engine, x = engine_on(HostDevice()), batch(count)
    outputs = engine.run_batch(x)
    assert len(outputs) == count
    for ours, theirs in zip(outputs, reference().run_batch(x), strict=True):
        assert_close(ours, theirs)


def test_the_next_piece_is_sent_before_the_last_one_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cuda_engine, "MAX_BATCH", 2)
    device = HostDevice()
    engine = engine_on(device)
    engine.run_batch(batch(8))
    assert [entry for entry in device.log if entry != "record"] == [
        "send 0",
        "send 1",
        "wait 0",
        "send 2",
        "wait 1",
        "send 3",
        "wait 2",
        "wait 3",
    ]


def test_each_kind_of_work_is_recorded_once() -> None:
    device = HostDevice()
    engine = engine_on(device)
    for _ in range(2):
        engine.run(batch(1))
        engine.run(batch(1), Saliency.NONE)
        engine.run_batch(batch(3))
        engine.run_batch(batch(4))  # as many places as for three
        engine.run(batch(1, size=(120, 120)))
    assert device.log.count("record") == 4


def test_work_that_is_not_used_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_engine, "_KEPT", 2)
    device = HostDevice()
    engine = engine_on(device)
    a, b, c = batch(1), batch(1, size=(104, 130)), batch(1, size=(108, 130))
    for x in (a, b, a, c, a, b):  # c takes the place of b
        assert_close(engine.run(x), reference().run(x))
    assert device.log.count("record") == 4


def test_results_are_the_callers_own() -> None:
    engine = engine_on(HostDevice())
    first = engine.run(batch(1, seed=1))
    kept = np.array(first.saliency)
    engine.run(batch(1, seed=2))
    assert first.saliency is not None
    np.testing.assert_array_equal(first.saliency, kept)


def test_inputs_that_are_not_contiguous() -> None:
    engine, x = engine_on(HostDevice()), batch(6)
    view = x[::2, :, ::-1, ::-1]
    theirs = reference().run_batch(np.ascontiguousarray(view))
    for ours, other in zip(engine.run_batch(view), theirs, strict=True):
        assert_close(ours, other)


def test_bad_inputs() -> None:
    engine = engine_on(HostDevice())
    assert engine.run_batch(batch(0)) == []
    with pytest.raises(EngineError, match="n x 1 x height x width"):
        engine.run_batch(batch(1)[0])
    with pytest.raises(EngineError, match="too small"):
        engine.run(batch(1, size=(8, 8)))
    assert_close(engine.run(batch(1)), reference().run(batch(1)))


def test_overflow_is_an_error_and_the_next_picture_runs() -> None:
    engine, good = engine_on(HostDevice(), "f16"), batch(1)
    with pytest.raises(EngineError, match="beyond the range") as caught:
        engine.run(good * np.float32(1e4))
    assert "bf16" in caught.value.hint
    assert_close(engine.run(good), reference().run(good), RELATIVE["f16"])


def test_an_overflow_in_the_first_piece_leaves_no_mess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_engine, "MAX_BATCH", 1)
    engine, x = engine_on(HostDevice(), "f16"), batch(3)
    spoilt = x.copy()
    spoilt[0] *= 1e4
    with pytest.raises(EngineError, match="beyond the range"):
        engine.run_batch(spoilt)
    for ours, theirs in zip(engine.run_batch(x), reference().run_batch(x), strict=True):
        assert_close(ours, theirs, RELATIVE["f16"])


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: unspecified launch failure\nCompile with ..."),
    ],
)
def test_a_failure_of_the_device_is_one_line_with_its_cause(error: RuntimeError) -> None:
    device = HostDevice()
    engine, x = engine_on(device), batch(1)
    engine.run(x)
    device.fail_with = error
    with pytest.raises(EngineError, match="the graphics card failed") as caught:
        engine.run(x)
    assert caught.value.__cause__ is error
    assert len(str(caught.value).splitlines()) == 1
    assert device.freed == 1
    assert_close(engine.run(x), reference().run(x))
    assert device.log.count("record") == 2  # nothing half made was used again


def test_closing_lets_go_and_running_starts_anew() -> None:
    device = HostDevice()
    engine = engine_on(device)
    before = engine.run(batch(1))
    engine.close()
    engine.close()
    assert_close(engine.run(batch(1)), before)
    assert device.log.count("record") == 2


def test_what_is_not_to_be_had() -> None:
    with pytest.raises(EngineError, match="no precision 'int8'"):
        engine_on(HostDevice(), "int8")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_card_it_says_so() -> None:
    with pytest.raises(EngineError, match="no CUDA device") as caught:
        CudaEngine(architecture(NAME), random_tensors(NAME))
    assert caught.value.hint
