"""What can be chosen here, and what becomes of a choice that cannot be had."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from real_models import card_of, random_tensors
from sonoassist.analysis.precision import choosing
from sonoassist.analysis.precision.agreement import Agreement
from sonoassist.analysis.precision.choosing import Workshop
from sonoassist.core import paths
from sonoassist.core.errors import EngineError
from sonoassist.engines import hardware as hardware_module
from sonoassist.engines import openvino_engine, torch_engine
from sonoassist.engines.capabilities import capabilities, has_bf16, has_intel_graphics
from sonoassist.engines.choose import DEVICES, ENGINES, PRECISIONS, EngineChoice, make_engine
from sonoassist.engines.hardware import AUTO, FIELDS, Hardware, find_hardware
from sonoassist.model.architecture import architecture

LAPTOP = Hardware(
    (
        EngineChoice("openvino", "f32", "cpu"),
        EngineChoice("openvino", "int8", "cpu"),
        EngineChoice("torch", "f32", "cpu"),
    )
)
WITH_CARD = Hardware(
    (
        *LAPTOP.ways,
        EngineChoice("torch", "f32", "cuda"),
        EngineChoice("torch", "f16", "cuda"),
    )
)
EVERY_CHOICE = [EngineChoice(*words) for words in itertools.product(ENGINES, PRECISIONS, DEVICES)]


def test_only_what_there_is_is_offered() -> None:
    assert LAPTOP.offered("device") == ["auto", "cpu"]
    assert LAPTOP.offered("precision") == ["auto", "f32", "int8"]
    assert WITH_CARD.offered("device") == ["auto", "cpu", "cuda"]
    assert WITH_CARD.offered("engine") == ["auto", "openvino", "torch"]


@pytest.mark.parametrize(
    ("choice", "expected", "lost"),
    [
        (EngineChoice(device="cuda"), EngineChoice(), ("device",)),
        (EngineChoice("torch", "bf16", "mps"), EngineChoice("torch"), ("precision", "device")),
        (EngineChoice("torch", "int8"), EngineChoice("torch"), ("precision",)),
        (EngineChoice("openvino", "f32", "cpu"), EngineChoice("openvino", "f32", "cpu"), ()),
        (EngineChoice(), EngineChoice(), ()),
    ],
)
def test_what_cannot_be_had_is_left_to_the_program(
    choice: EngineChoice, expected: EngineChoice, lost: tuple[str, ...]
) -> None:
    assert LAPTOP.settled(choice) == (expected, lost)


def test_what_is_left_to_the_program_is_what_it_would_take() -> None:
    """Without a device the card is meant, which has no bf16 here, whatever the processor has."""
    bf16 = EngineChoice("torch", "bf16", "cpu")
    there = Hardware((*WITH_CARD.ways, bf16))
    assert there.has(bf16)
    assert not there.has(EngineChoice("torch", "bf16"))
    assert there.settled(bf16) == (bf16, ())
    assert there.has(EngineChoice(precision="int8"))


def test_nothing_is_given_up_in_vain() -> None:
    wanted = EngineChoice("openvino", "f32", "cuda")
    settled, lost = WITH_CARD.settled(wanted, newest="device")
    assert (settled, lost) == (EngineChoice("auto", "f32", "cuda"), ("engine",))


def test_without_a_working_openvino_torch_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    capabilities.cache_clear()
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "sonoassist.engines.openvino_api", None)
        assert capabilities() == frozenset()
        assert find_hardware().offered("engine") == ["auto", "torch"]
    capabilities.cache_clear()


def test_what_was_chosen_last_stays() -> None:
    before = EngineChoice("openvino", "int8", AUTO)
    wanted = EngineChoice("openvino", "int8", "cuda")
    assert WITH_CARD.settled(wanted, newest="device")[0].device == "cuda"
    assert WITH_CARD.settled(wanted, newest="engine")[0].engine == "openvino"
    assert WITH_CARD.has(before)


@pytest.mark.parametrize("there", [LAPTOP, WITH_CARD])
def test_every_choice_settles_on_one_that_can_be_had(there: Hardware) -> None:
    for choice in EVERY_CHOICE:
        for newest in ("", *FIELDS):
            settled, lost = there.settled(choice, newest)
            assert there.has(settled)
            assert (settled == choice) == (lost == ())
            kept = [field for field in FIELDS if field not in lost]
            assert all(getattr(settled, field) == getattr(choice, field) for field in kept)


def test_a_refusal_says_what_there_is() -> None:
    LAPTOP.check(EngineChoice("openvino", "int8", "cpu"))
    with pytest.raises(EngineError, match="device cuda") as caught:
        LAPTOP.check(EngineChoice(device="cuda"))
    assert "cpu" in caught.value.hint


def test_all_that_is_offered_here_can_be_made() -> None:
    """The real machine, with the smallest network."""
    found = find_hardware()
    spec, tensors = architecture("smallnet"), random_tensors("smallnet")
    for way in found.ways:
        if way.precision == "int8":
            continue  # needs calibration pictures, see tests/analysis/precision
        engine = make_engine(way, spec, tensors)
        assert engine.precision == way.precision
        engine.close()
    assert ("bf16" in found.offered("precision")) is has_bf16()


def test_nothing_else_can_be_made_here() -> None:
    found = find_hardware()
    spec, tensors = architecture("smallnet"), random_tensors("smallnet")
    for choice in EVERY_CHOICE:
        if AUTO not in (choice.engine, choice.precision, choice.device) and not found.has(choice):
            with pytest.raises(EngineError):
                make_engine(choice, spec, tensors)


def test_cards_are_offered_where_torch_sees_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware_module, "has_driver", lambda: True)
    monkeypatch.setattr(torch_engine, "torch_devices", lambda: ["cuda", "cpu"])
    monkeypatch.setattr(torch_engine.torch.cuda, "get_device_capability", lambda: (7, 5))
    assert not find_hardware().has(EngineChoice("torch", "bf16", "cuda"))
    monkeypatch.setattr(torch_engine.torch.cuda, "get_device_capability", lambda: (8, 0))
    found = find_hardware()
    assert found.has(EngineChoice("torch", "bf16", "cuda"))
    assert found.offered("device") == ["auto", "cpu", "cuda"]
    assert found.has(EngineChoice("torch", "f16", "cuda"))
    monkeypatch.setattr(torch_engine, "torch_devices", lambda: ["mps", "cpu"])
    assert find_hardware().has(EngineChoice(device="mps"))
    refused = EngineChoice("torch", "bf16", "mps")
    assert not find_hardware().has(refused)
    with pytest.raises(EngineError, match="no fast bf16 on the Apple GPU"):
        make_engine(refused, architecture("smallnet"), random_tensors("smallnet"))
    monkeypatch.setattr(hardware_module, "has_driver", lambda: False)
    monkeypatch.setattr(hardware_module.sys, "platform", "linux")
    assert find_hardware().offered("device") == ["auto", "cpu"]


@pytest.fixture
def with_graphics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intel graphics, which the processor stands for: its numbers are those of f32."""
    for module in (hardware_module, openvino_engine, choosing):
        monkeypatch.setattr(module, "has_intel_graphics", lambda: True)
    monkeypatch.setattr(openvino_engine, "device_name", lambda device: "Made graphics")
    monkeypatch.setattr(openvino_engine, "GRAPHICS", "CPU")


@pytest.mark.usefixtures("with_graphics")
def test_intel_graphics_is_a_device_like_any_other(tmp_path: Path) -> None:
    found = find_hardware()
    assert "gpu" in found.offered("device")
    assert found.settled(EngineChoice(device="gpu", precision="int8"))[1] == ("precision",)
    spec, tensors = architecture("smallnet"), random_tensors("smallnet")
    x = np.random.default_rng(0).standard_normal((1, 1, 64, 96), np.float32)
    engine = make_engine(EngineChoice(device="gpu"), spec, tensors)
    assert (engine.name, engine.device, engine.precision) == ("OpenVINO", "Made graphics", "f32")
    exact = make_engine(EngineChoice("openvino", "f32", "cpu"), spec, tensors)
    np.testing.assert_array_equal(engine.run(x).saliency, exact.run(x).saliency)
    with pytest.raises(EngineError, match="does not run 'int8' on graphics"):
        make_engine(EngineChoice("openvino", "int8", "gpu"), spec, tensors)


@pytest.mark.usefixtures("with_graphics")
def test_intel_graphics_races_and_is_checked_like_the_processor(tmp_path: Path) -> None:
    names = choosing.candidates()
    assert [f"{choosing.INTEL} {one}" for one in ("f16", "f32")] == names[:2]
    card = card_of("smallnet")
    shop = Workshop(card, random_tensors("smallnet"), paths.demo_exam(), tmp_path)
    verdict = choosing.verdict_of(shop)
    assert verdict is not None
    assert verdict.passes_s.keys() >= {"f32", names[1]}
    passed = replace(verdict, agreements={names[1]: Agreement(32, 1.0, 0.0, boxes=9, box_iou=1.0)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "read_verdict", lambda *_: passed)
        engine = choosing.engine_from(shop, EngineChoice(device="auto", engine="openvino"))
    assert (engine.device, engine.precision) == ("Made graphics", "f32")
    engine.close()


def test_intel_graphics_that_is_not_there_is_neither_offered_nor_had() -> None:
    if has_intel_graphics():
        pytest.skip("this computer has Intel graphics")
    assert "gpu" not in find_hardware().offered("device")
    assert not any(choosing.INTEL in name for name in choosing.candidates())
    spec, tensors = architecture("smallnet"), random_tensors("smallnet")
    with pytest.raises(EngineError, match="no Intel graphics"):
        make_engine(EngineChoice(device="gpu"), spec, tensors)
