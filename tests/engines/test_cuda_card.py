"""The CUDA engine on a real card. Speed is printed and never asserted: `pytest -s -k speed`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from real_models import plane_frames, plane_truth, published, random_tensors, true_plane
from sonoassist.core.packets import Box, Floats
from sonoassist.core.planes import Plane
from sonoassist.engines import fallback
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.cuda_device import CudaDevice
from sonoassist.engines.cuda_engine import CudaEngine
from sonoassist.engines.cuda_graph import StaticGraph, plain_conv_relu
from sonoassist.engines.fallback import FallbackEngine
from sonoassist.engines.scores import softmax
from sonoassist.engines.torch_engine import TorchEngine
from sonoassist.localise.boxes import box_of, evidence_of
from sonoassist.model.architecture import ARCHITECTURES, architecture
from sonoassist.model.box_rule import paper_rule
from sonoassist.preprocess.crop import PUBLISHED_CROP
from sonoassist.preprocess.prepare import prepare
from waiting import wait_until

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="there is no CUDA device, or this torch is without CUDA"
)

HALVES = {"f16": torch.float16, "bf16": torch.bfloat16}
RELATIVE = {"f32": 0.05, "f16": 0.2, "bf16": 0.5}
"""Greatest relative L2 error on networks of random numbers, where a unit that is nearly zero is
on in one order of adding and off in another; a wrong picture or plane gives 1 and more."""


def batch(count: int, height: int = 112, width: int = 144, seed: int = 0) -> Floats:
    x = np.random.default_rng(seed).standard_normal((count, 1, height, width), np.float32)
    return x * np.float32(255)


def card(name: str, precision: str) -> CudaEngine:
    return CudaEngine(architecture(name), random_tensors(name), precision=precision)


def relative(ours: Floats | None, theirs: Floats | None) -> float:
    assert ours is not None
    assert theirs is not None
    assert ours.shape == theirs.shape
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


def assert_close(ours: EngineOutput, theirs: EngineOutput, precision: str) -> None:
    assert relative(ours.logits, theirs.logits) <= RELATIVE[precision]
    assert relative(ours.score_maps, theirs.score_maps) <= RELATIVE[precision]
    if theirs.saliency is None:
        assert ours.saliency is None
    else:
        assert relative(ours.saliency, theirs.saliency) <= RELATIVE[precision]


def box(saliency: Floats | None, plane: Plane) -> Box:
    assert saliency is not None
    rule = paper_rule(plane)
    found = box_of(evidence_of(saliency, rule, np.zeros_like(saliency)), rule)
    assert found is not None
    return found


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
@pytest.mark.parametrize("saliency", list(Saliency))
def test_f32_equals_the_processor(name: str, saliency: Saliency) -> None:
    x = batch(1)
    exact = TorchEngine(architecture(name), random_tensors(name)).run(x, saliency)
    out = card(name, "f32").run(x, saliency)
    assert np.abs(out.logits - exact.logits).max() <= 1e-4 * np.abs(exact.logits).max()
    assert_close(out, exact, "f32")


@pytest.mark.parametrize("precision", ["f32", "f16", "bf16"])
@pytest.mark.parametrize("saliency", [Saliency.PLAIN, Saliency.GUIDED])
def test_a_replayed_graph_gives_what_the_eager_one_gives(
    precision: str, saliency: Saliency
) -> None:
    """The kernels may be others (chosen by trial, fused), so equal but for rounding."""
    engine, device = card("sononet16", precision), CudaDevice(precision)
    dtype = HALVES.get(precision, torch.float32)
    spec, tensors = architecture("sononet16"), random_tensors("sononet16")
    graph = StaticGraph(spec, tensors, device.torch_device, dtype, conv_relu=plain_conv_relu)
    engine.run(batch(1, seed=9), saliency)  # what was there at recording must not stay
    for seed in range(3):
        x = batch(1, seed=seed)
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            eager = graph.run(torch.from_numpy(x).to(device.torch_device), saliency)
        out = engine.run(x, saliency)
        assert relative(out.logits, eager.logits[0].cpu().numpy()) <= 0.02
        assert relative(out.saliency, eager.saliency[0].cpu().numpy()) <= RELATIVE[precision]


@pytest.mark.parametrize("precision", ["f32", "f16"])
def test_a_batch_equals_singles(precision: str) -> None:
    engine, x = card("sononet16", precision), batch(75)
    together = engine.run_batch(x)
    for one, ours in zip(x, together, strict=True):
        assert_close(ours, engine.run(one[None]), precision)


def test_many_kinds_of_work_share_their_memory() -> None:
    """Recorded graphs use the same memory; run in turn, none may spoil another."""
    engine = card("sononet16", "f32")
    exact = TorchEngine(architecture("sononet16"), random_tensors("sononet16"))
    small, large = batch(3, 64, 96), batch(2, 128, 96)
    for _ in range(3):
        for x in (small, large, small[:1]):
            for saliency in Saliency:
                ours = engine.run_batch(x, saliency)
                for out, theirs in zip(ours, exact.run_batch(x, saliency), strict=True):
                    assert_close(out, theirs, "f32")
    engine.close()
    assert_close(engine.run(small[:1]), exact.run(small[:1]), "f32")


@pytest.mark.real
@pytest.mark.parametrize(
    ("precision", "limit", "mean_iou", "worst_iou"),
    [("f32", 2e-3, 0.98, 0.9), ("f16", 0.03, 0.95, 0.85), ("bf16", 0.03, 0.85, 0.6)],
)
def test_published_weights(
    test_data: Path, precision: str, limit: float, mean_iou: float, worst_iou: float
) -> None:
    spec, tensors = published(test_data)
    engine, exact = CudaEngine(spec, tensors, precision=precision), TorchEngine(spec, tensors)
    overlaps = []
    for frame in plane_frames(test_data):
        x = prepare(frame, PUBLISHED_CROP, height_px=224, width_px=288).network_input
        out, plane = engine.run(x), true_plane(test_data, frame.name)
        truth = np.array(plane_truth(test_data)[frame.name]["sononet16_softmax"])
        assert int(out.logits.argmax()) == int(truth.argmax())
        assert np.abs(softmax(out.logits) - truth).max() <= limit
        overlaps.append(box(out.saliency, plane).iou(box(exact.run(x).saliency, plane)))
    assert np.mean(overlaps) >= mean_iou
    assert min(overlaps) >= worst_iou


@pytest.fixture
def little_memory() -> Iterator[Callable[[], None]]:
    """Call it to leave torch 8 MiB more than it has."""
    total = torch.cuda.get_device_properties(0).total_memory

    def squeeze() -> None:
        torch.cuda.empty_cache()
        fraction = (torch.cuda.memory_reserved() + (8 << 20)) / total
        torch.cuda.set_per_process_memory_fraction(fraction)

    yield squeeze
    torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_card_without_memory(little_memory: Callable[[], None]) -> None:
    """A real out-of-memory error: the processor stands in, and the card comes back."""
    now_s = 0.0
    spec, tensors = architecture("sononet32"), random_tensors("sononet32")
    spare: Engine = TorchEngine(spec, tensors)
    engine = FallbackEngine(CudaEngine(spec, tensors), lambda: spare, clock=lambda: now_s)
    x = batch(1, 224, 288)
    little_memory()
    assert_close(engine.run(x), spare.run(x), "f32")
    assert engine.device == "CPU"
    assert "ran out of memory" in engine.take_notices()[0]
    torch.cuda.set_per_process_memory_fraction(1.0)
    now_s += fallback.FIRST_PAUSE_S
    engine.run(x)
    wait_until(lambda: engine._trial is not None and engine._trial.ended, "the trial")
    assert_close(engine.run(x), spare.run(x), "f16")
    assert engine.device == torch.cuda.get_device_name()
    assert "works again" in engine.take_notices()[0]
    engine.close()


def times_ms(work: Callable[[], object], runs: int) -> Floats:
    for _ in range(10):
        work()
    taken = []
    for _ in range(runs):
        begun_s = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - begun_s))
    return np.array(taken, np.float32)


@pytest.mark.parametrize("precision", ["f32", "bf16", "f16"])
@pytest.mark.parametrize("name", ["sononet16", "sononet32", "sononet64", "smallnet"])
def test_speed(name: str, precision: str, capsys: pytest.CaptureFixture[str]) -> None:
    engine = card(name, precision)
    one, many = batch(1, 224, 288), batch(256, 224, 288)
    lines = [f"{name} {precision} on {engine.device}"]
    for saliency in (Saliency.NONE, Saliency.PLAIN):
        single = times_ms(lambda saliency=saliency: engine.run(one, saliency), 1000)
        batched = times_ms(lambda saliency=saliency: engine.run_batch(many, saliency), 20)
        p50, p99 = np.percentile(single, [50, 99])
        lines.append(
            f"  {saliency.value:6} one at a time: {1e3 / single.mean():6.0f} fps, "
            f"p50 {p50:.2f} ms, p99 {p99:.2f} ms; 256 at a time: "
            f"{256e3 / np.median(batched):6.0f} fps"
        )
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert len(engine.run_batch(many[:3])) == 3
