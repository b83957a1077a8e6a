from __future__ import annotations

import pytest

from real_models import random_tensors
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.engines import choose, cuda_engine, openvino_engine, torch_engine
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.choose import EngineChoice, make_engine
from sonoassist.engines.fallback import FallbackEngine
from sonoassist.model.architecture import architecture


def make(engine: str = "auto", precision: str = "auto", device: str = "auto") -> Engine:
    choice = EngineChoice(engine, precision, device)
    return make_engine(choice, architecture("smallnet"), random_tensors("smallnet"))


@pytest.fixture
def cpu_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "_has_accelerator", lambda: False)
    monkeypatch.setattr(torch_engine, "torch_devices", lambda: ["cpu"])
    monkeypatch.setattr(openvino_engine, "has_bf16", lambda: False)
    monkeypatch.setattr(torch_engine, "torch_has_bf16", lambda: False)


@pytest.mark.usefixtures("cpu_only")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, ("OpenVINO", "f32")),
        ({"engine": "openvino"}, ("OpenVINO", "f32")),
        ({"engine": "torch"}, ("torch", "f32")),
        ({"precision": "f32"}, ("OpenVINO", "f32")),
        ({"device": "cpu"}, ("OpenVINO", "f32")),
    ],
)
def test_what_is_chosen(words: dict[str, str], expected: tuple[str, str]) -> None:
    engine = make(**words)
    assert (engine.name, engine.precision) == expected


@pytest.mark.usefixtures("cpu_only")
def test_without_openvino_torch_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "has_openvino", lambda: False)
    assert make().name == "torch"
    with pytest.raises(EngineError, match="OpenVINO is not installed") as caught:
        make("openvino")
    assert "torch" in caught.value.hint


def test_low_precision_is_taken_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "_has_accelerator", lambda: False)
    monkeypatch.setattr(openvino_engine, "has_bf16", lambda: True)
    assert make().precision == "f32"
    assert make(precision="bf16").precision == "bf16"


@pytest.mark.usefixtures("cpu_only")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"engine": "abacus"}, "no engine called 'abacus'"),
        ({"precision": "int4"}, "no precision called 'int4'"),
        ({"precision": "int8"}, "int8 needs calibration pictures"),
        ({"device": "tpu"}, "no device called 'tpu'"),
        ({"device": "cuda"}, "torch has no device 'cuda' here"),
        ({"device": "mps"}, "torch has no device 'mps' here"),
        ({"engine": "torch", "device": "cuda"}, "torch has no device 'cuda' here"),
        ({"engine": "openvino", "device": "cuda"}, "does not run on cuda"),
        ({"engine": "openvino", "precision": "f16"}, "does not run 'f16'"),
        ({"engine": "openvino", "precision": "bf16"}, "no bf16 instructions"),
        ({"engine": "torch", "precision": "bf16"}, "no bf16 instructions"),
        ({"engine": "torch", "precision": "f16"}, "no fast f16 on the CPU"),
        ({"precision": "f16"}, "no fast f16 on the CPU"),
    ],
)
def test_what_is_not_to_be_had_here(words: dict[str, str], message: str) -> None:
    with pytest.raises(EngineError, match=message) as caught:
        make(**words)
    assert caught.value.hint


class FakeCard(Engine):
    """A graphics card that says what it is."""

    name, device = "torch", "a card"

    def __init__(self, spec: object, tensors: object, *, precision: str) -> None:
        self.precision = precision

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        raise AssertionError("it is only looked at")


def test_an_accelerator_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "_has_accelerator", lambda: True)
    monkeypatch.setattr(torch_engine, "torch_devices", lambda: ["cuda", "cpu"])
    monkeypatch.setattr(cuda_engine, "CudaEngine", FakeCard)
    assert choose.runs_cuda(EngineChoice())
    assert not choose.runs_cuda(EngineChoice(device="cpu"))
    assert not choose.runs_cuda(EngineChoice(engine="openvino"))
    for precision, expected in (("auto", "f32"), ("f32", "f32"), ("f16", "f16")):
        engine = make(precision=precision)
        assert isinstance(engine, FallbackEngine)
        assert (engine.device, engine.precision) == ("a card", expected)
        engine.close()
    assert make(device="cpu").name == "OpenVINO"


def test_no_driver_means_no_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose.sys, "platform", "linux")
    monkeypatch.setattr(choose.Path, "exists", lambda path: False)
    assert choose._has_accelerator() is False
    monkeypatch.setattr(choose.Path, "exists", lambda path: True)
    for devices, expected in ((["cuda", "cpu"], True), (["cpu"], False), (["mps", "cpu"], False)):
        monkeypatch.setattr(torch_engine, "torch_devices", lambda found=devices: found)
        assert choose._has_accelerator() is expected
