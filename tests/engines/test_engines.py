from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from exact_networks import SPECS, flat_input, integer_tensors
from real_models import plane_frames, plane_truth, published, random_tensors, true_plane
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Box, Floats
from sonoassist.core.planes import Plane
from sonoassist.engines import openvino_api
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.capabilities import capabilities, has_bf16
from sonoassist.engines.openvino_api import ov
from sonoassist.engines.openvino_engine import OpenVINOEngine
from sonoassist.engines.scores import softmax
from sonoassist.engines.torch_engine import TorchEngine, torch_has_bf16
from sonoassist.localise.boxes import box_of, evidence_of
from sonoassist.model.architecture import ARCHITECTURES, architecture
from sonoassist.model.box_rule import paper_rule
from sonoassist.preprocess.crop import PUBLISHED_CROP
from sonoassist.preprocess.prepare import prepare
from waiting import LIMIT_S

ENGINES = (TorchEngine, OpenVINOEngine)
NEEDS_BF16 = pytest.mark.skipif(not has_bf16(), reason="this processor has no bf16 instructions")

SALIENCY_ERROR = 1e-2
"""Greatest relative L2 error of the saliency between engines. A unit whose input is nearly zero
is on in one engine and off in the other, since they add in another order; each such flip
changes the gradient by a jump. Autograd in f32 against f64 differs by 2e-4 to 6e-4 itself;
5.1e-3 is the most seen, on a SonoNet-64 of random numbers."""


def noise(height: int, width: int, seed: int = 0) -> Floats:
    x = np.random.default_rng(seed).standard_normal((1, 1, height, width), np.float32)
    return x * np.float32(255)


def engine_pair(name: str) -> tuple[Engine, Engine]:
    spec, tensors = architecture(name), random_tensors(name)
    return TorchEngine(spec, tensors), OpenVINOEngine(spec, tensors)


def relative(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


def assert_same(ours: EngineOutput, theirs: EngineOutput) -> None:
    assert np.abs(ours.logits - theirs.logits).max() <= 1e-4 * np.abs(theirs.logits).max()
    assert relative(ours.score_maps, theirs.score_maps) <= 1e-4
    assert ours.saliency is not None
    assert theirs.saliency is not None
    assert ours.saliency.shape == theirs.saliency.shape
    assert relative(ours.saliency, theirs.saliency) <= SALIENCY_ERROR


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
@pytest.mark.parametrize("saliency", [Saliency.PLAIN, Saliency.GUIDED])
def test_both_engines_give_the_same_numbers(name: str, saliency: Saliency) -> None:
    one, other = engine_pair(name)
    x = noise(64, 96)
    assert_same(one.run(x, saliency), other.run(x, saliency))


@pytest.mark.parametrize("name", ["sononet16", "smallnet"])
@pytest.mark.parametrize("size", [(224, 288), (97, 131)])
def test_one_engine_takes_inputs_of_many_sizes(name: str, size: tuple[int, int]) -> None:
    one, other = engine_pair(name)
    for height, width in (size, (64, 64), size):
        x = noise(height, width)
        assert_same(one.run(x), other.run(x))


@pytest.mark.parametrize("name", sorted(SPECS))
@pytest.mark.parametrize("saliency", [Saliency.PLAIN, Saliency.GUIDED])
def test_ties_are_the_same_in_both_engines(name: str, saliency: Saliency) -> None:
    spec, tensors = SPECS[name], integer_tensors(name, seed=1)
    x = flat_input(1, 101, 134)
    one = TorchEngine(spec, tensors).run(x, saliency)
    other = OpenVINOEngine(spec, tensors).run(x, saliency)
    np.testing.assert_array_equal(one.score_maps, other.score_maps)
    np.testing.assert_array_equal(one.saliency, other.saliency)


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("saliency", [Saliency.PLAIN, Saliency.GUIDED])
def test_in_two_halves_it_is_the_same(
    make: type[TorchEngine] | type[OpenVINOEngine], saliency: Saliency
) -> None:
    engine = make(architecture("smallnet"), random_tensors("smallnet"))
    one, other = noise(100, 130, seed=1), noise(100, 130, seed=2)
    whole = engine.run(one, saliency)
    ahead = engine.run_traced(one)
    assert ahead.saliency is None
    np.testing.assert_allclose(ahead.logits, whole.logits, rtol=1e-5, atol=1e-3)
    engine.run(other, Saliency.NONE)  # the label of the next frame lies between
    np.testing.assert_array_equal(engine.backward(one, saliency), whole.saliency)
    engine.run(other)  # and here another box: what the first forward pass left is gone
    np.testing.assert_array_equal(engine.backward(one, saliency), whole.saliency)


def test_a_box_is_never_made_of_what_no_forward_pass_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another thread lets go of the graphs while the forward pass runs."""
    engine = OpenVINOEngine(architecture("smallnet"), random_tensors("smallnet"))
    picture, request = noise(100, 130), engine._request
    whole = engine.run(picture)

    def let_go(shape: tuple[int, ...], name: str) -> object:
        found = request(shape, name)
        engine.close()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(engine, "_request", let_go)
        engine.run_traced(picture)
    np.testing.assert_array_equal(engine.backward(picture), whole.saliency)


@pytest.mark.parametrize("name", ["sononet16", "smallnet"])
@pytest.mark.parametrize("saliency", [Saliency.PLAIN, Saliency.GUIDED])
def test_errors_in_int8_are_nearly_those_of_f32(name: str, saliency: Saliency) -> None:
    check_errors_in_int8(name, saliency)


def test_without_vnni_errors_in_int8_do_not_overflow() -> None:
    """Older processors add two products in 16 bits; this one is told to do so, too."""
    asked = (
        "from test_engines import Saliency, check_errors_in_int8;"
        "check_errors_in_int8('smallnet', Saliency.PLAIN)"
    )
    here = Path(__file__).parent
    folders = os.pathsep.join([str(here), str(here.parent), *sys.path])
    told = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "PYTHONPATH": folders, "ONEDNN_MAX_CPU_ISA": "AVX2"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert told.returncode == 0, told.stderr


def check_errors_in_int8(name: str, saliency: Saliency) -> None:
    spec, tensors = architecture(name), random_tensors(name)
    exact = OpenVINOEngine(spec, tensors)
    mixed = exact.with_errors("int8")
    assert (exact.precision, mixed.precision) == ("f32", "f32/int8")
    for size, times in (((224, 288), 1.0), ((97, 131), 1.0), ((97, 131), 1e-3)):
        x = noise(*size) * np.float32(times)  # errors of all sizes have a scale of their own
        one, other = exact.run(x, saliency), mixed.run(x, saliency)
        np.testing.assert_array_equal(one.logits, other.logits)
        assert one.saliency is not None
        assert other.saliency is not None
        pair = one.saliency.ravel(), other.saliency.ravel()
        assert np.corrcoef(*pair)[0, 1] >= 0.99
        assert np.linalg.norm(pair[1]) == pytest.approx(np.linalg.norm(pair[0]), rel=0.05)
    exact.close()
    assert not mixed.is_compiled((1, 1, 97, 131), saliency)  # their graphs are the same ones


def test_where_no_unit_is_on_there_is_no_saliency() -> None:
    spec, tensors = architecture("smallnet"), random_tensors("smallnet")
    last = f"conv{len(spec.convs) - 1:02d}"
    tensors = {**tensors, f"{last}.weight": 0 * tensors[f"{last}.weight"]}
    for precision in ("f32", "f32/int8"):
        out = OpenVINOEngine(spec, tensors, precision=precision).run(noise(64, 96))
        np.testing.assert_array_equal(out.saliency, np.zeros((64, 96), np.float32))


@pytest.mark.parametrize("precision", ["f32/f16", "f16/int8", "int8/int8"])
def test_mixtures_that_are_not_to_be_had(precision: str) -> None:
    with pytest.raises(EngineError):
        OpenVINOEngine(architecture("smallnet"), random_tensors("smallnet"), precision=precision)


def test_of_two_equal_classes_the_first_wins() -> None:
    spec, tensors = SPECS["tiny"], integer_tensors("tiny", seed=0)
    for part in ("weight", "bias"):
        last = tensors[f"conv04.{part}"]
        last[:] = last[0]  # all classes have the same score
    tensors["conv04.bias"][5:] += 3  # classes 5 to 13 tie for the first place
    x = flat_input(0, 101, 134)
    one, other = TorchEngine(spec, tensors).run(x), OpenVINOEngine(spec, tensors).run(x)
    assert int(np.argmax(one.logits)) == int(np.argmax(other.logits)) == 5
    np.testing.assert_array_equal(one.saliency, other.saliency)


@pytest.mark.parametrize("make", ENGINES)
def test_without_saliency(make: type[TorchEngine] | type[OpenVINOEngine]) -> None:
    engine = make(architecture("smallnet"), random_tensors("smallnet"))
    x = noise(100, 130)
    bare, full = engine.run(x, Saliency.NONE), engine.run(x)
    assert bare.saliency is None
    np.testing.assert_allclose(bare.logits, full.logits, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("make", ENGINES)
def test_results_are_the_callers_own(make: type[TorchEngine] | type[OpenVINOEngine]) -> None:
    engine = make(architecture("smallnet"), random_tensors("smallnet"))
    first = engine.run(noise(100, 130, seed=1))
    kept = [np.array(one) for one in (first.logits, first.score_maps, first.saliency)]
    engine.run(noise(100, 130, seed=2))
    for now, before in zip((first.logits, first.score_maps, first.saliency), kept, strict=True):
        np.testing.assert_array_equal(now, before)
        assert now is not None
        assert not now.flags.writeable
        assert now.dtype == np.float32
    engine.close()
    engine.close()


@pytest.mark.parametrize("make", ENGINES)
def test_an_input_that_is_too_small_is_an_engine_error(
    make: type[TorchEngine] | type[OpenVINOEngine],
) -> None:
    engine = make(architecture("sononet16"), random_tensors("sononet16"))
    with pytest.raises(EngineError, match="failed") as caught:
        engine.run(noise(8, 8))
    assert len(str(caught.value).splitlines()) == 1


def test_engines_say_what_they_are() -> None:
    one, other = engine_pair("smallnet")
    assert (one.name, one.precision, one.device) == ("torch", "f32", "CPU")
    assert (other.name, other.precision, other.device) == ("OpenVINO", "f32", "CPU")


def inputs(test_data: Path) -> list[tuple[str, Floats]]:
    return [
        (frame.name, prepare(frame, PUBLISHED_CROP, height_px=224, width_px=288).network_input)
        for frame in plane_frames(test_data)
    ]


def _box(saliency: Floats, plane: Plane) -> Box | None:
    rule = paper_rule(plane)
    return box_of(evidence_of(saliency, rule, 0 * saliency), rule)


@pytest.mark.real
def test_published_weights_in_both_engines(test_data: Path) -> None:
    spec, tensors = published(test_data)
    one, other = TorchEngine(spec, tensors), OpenVINOEngine(spec, tensors)
    for name, x in inputs(test_data):
        exact, fast = one.run(x), other.run(x)
        assert_same(fast, exact)
        truth = np.array(plane_truth(test_data)[name]["sononet16_softmax"])
        assert np.abs(softmax(exact.logits) - truth).max() <= 2e-3
        assert np.abs(softmax(fast.logits) - truth).max() <= 2e-3
        boxes = [
            _box(out.saliency, true_plane(test_data, name))
            for out in (exact, fast)
            if out.saliency is not None
        ]
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert boxes[0].iou(boxes[1]) >= 0.95


@pytest.mark.real
@pytest.mark.skipif(not torch_has_bf16(), reason="torch has no bf16 instructions here")
def test_torch_bf16_keeps_the_label(test_data: Path) -> None:
    spec, tensors = published(test_data)
    engine = TorchEngine(spec, tensors, precision="bf16")
    for name, x in inputs(test_data)[1:3]:
        out = engine.run(x, Saliency.NONE)
        truth = np.array(plane_truth(test_data)[name]["sononet16_softmax"])
        assert out.logits.dtype == np.float32
        assert np.abs(softmax(out.logits) - truth).max() <= 0.03


@NEEDS_BF16
@pytest.mark.real
def test_openvino_bf16_is_close_to_the_truth(test_data: Path) -> None:
    spec, tensors = published(test_data)
    engine = OpenVINOEngine(spec, tensors, precision="bf16")
    for name, x in inputs(test_data):
        truth = np.array(plane_truth(test_data)[name]["sononet16_softmax"])
        assert np.abs(softmax(engine.run(x).logits) - truth).max() <= 0.03


@pytest.mark.skipif(has_bf16(), reason="this processor has bf16 instructions")
def test_openvino_bf16_is_refused_without_instructions() -> None:
    with pytest.raises(EngineError, match="bf16") as caught:
        OpenVINOEngine(architecture("smallnet"), random_tensors("smallnet"), precision="bf16")
    assert "f32" in caught.value.hint


def test_has_bf16_asks_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    for told, compiles, expected in (
        (["FP32", "BF16"], True, True),
        (["FP32", "BF16"], False, False),  # its instructions are limited
        (["FP32", "INT8"], True, False),
    ):
        capabilities.cache_clear()
        with monkeypatch.context() as patched:
            patched.setattr(ov.Core, "get_property", lambda self, device, name, found=told: found)
            patched.setattr(openvino_api, "compiles_bf16", lambda found=compiles: found)
            assert has_bf16() is expected
    capabilities.cache_clear()


def test_a_limited_processor_has_what_its_limit_leaves() -> None:
    """With the instructions of AVX2 alone there is no bf16 on any machine, and none is offered."""
    asked = (
        "from sonoassist.engines.capabilities import has_bf16\n"
        "from sonoassist.engines.torch_engine import torch_has_bf16\n"
        "from sonoassist.analysis.precision.choosing import candidates\n"
        "print(has_bf16(), torch_has_bf16(), *candidates())"
    )
    limits = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    told = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, **limits},
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT_S,
    )
    openvino, torch_too, *left = told.stdout.split()
    assert (openvino, torch_too) == ("False", "False")
    assert not any("bf16" in name for name in left)
