"""Results that tests share are the very numbers of the networks, and made once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import network_memo
from real_models import random_tensors
from sonoassist.analysis.precision.check import PrecisionCheck
from sonoassist.analysis.precision.verdicts import PrecisionVerdict
from sonoassist.core.packets import Floats, Pixels, frozen
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.openvino_engine import OpenVINOEngine
from sonoassist.engines.rounding import ActivationStatistics
from sonoassist.engines.screen_engine import OpenVINOScreenNetwork
from sonoassist.engines.torch_engine import TorchEngine
from sonoassist.model.architecture import architecture
from sonoassist.preprocess.screen_network import Reading, ScreenNetwork, network_file

NAME = "smallnet"
Make = Callable[[int], Engine]
ENGINES: dict[str, Make] = {
    "OpenVINO": lambda seed: OpenVINOEngine(architecture(NAME), random_tensors(NAME, seed)),
    "torch": lambda seed: TorchEngine(architecture(NAME), random_tensors(NAME, seed)),
}


def noise(seed: int) -> Floats:
    return frozen(np.random.default_rng(seed).random((1, 1, 64, 96), np.float32))


def numbers(out: EngineOutput) -> list[Floats]:
    return [out.logits, out.score_maps, *([] if out.saliency is None else [out.saliency])]


def every_pass(engine: Engine, picture: Floats) -> list[list[Floats]]:
    """In an order in which the traces of another input lie between."""
    found = [numbers(engine.run(picture, saliency)) for saliency in Saliency]
    found.append(numbers(engine.run_traced(picture)))
    engine.run_traced(noise(99))
    found += [[engine.backward(picture, one)] for one in (Saliency.PLAIN, Saliency.GUIDED)]
    return found


def same(found: list[list[Floats]], others: list[list[Floats]]) -> bool:
    assert [len(one) for one in found] == [len(one) for one in others]
    pairs = [
        (a, b)
        for one, other in zip(found, others, strict=True)
        for a, b in zip(one, other, strict=True)
    ]
    return all(a.dtype == b.dtype and a.shape == b.shape and np.all(a == b) for a, b in pairs)


@pytest.fixture
def sharing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    return lambda: network_memo.install(monkeypatch, tmp_path / "results")


@pytest.mark.parametrize("name", ENGINES)
def test_all_passes_give_the_very_numbers_with_and_without_it(
    name: str, sharing: Callable[[], None]
) -> None:
    alone = every_pass(ENGINES[name](1), noise(1))
    sharing()
    made = every_pass(ENGINES[name](1), noise(1))
    known = every_pass(ENGINES[name](1), noise(1))
    assert same(alone, made)
    assert same(alone, known)


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_known_is_not_computed_again(
    name: str, sharing: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing()
    first = every_pass(ENGINES[name](1), noise(1))

    def fails(*parts: object) -> None:
        pytest.fail("computed again")

    monkeypatch.setattr(OpenVINOEngine, "_request", fails)
    monkeypatch.setattr(TorchEngine, "_run_piece", fails)
    assert same(first, every_pass(ENGINES[name](1), noise(1)))


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(("seed", "picture"), [(1, 2), (2, 1)], ids=["picture", "weights"])
def test_another_picture_and_other_weights_have_results_of_their_own(
    name: str, seed: int, picture: int, sharing: Callable[[], None]
) -> None:
    alone = every_pass(ENGINES[name](seed), noise(picture))
    sharing()
    first = every_pass(ENGINES[name](1), noise(1))
    other = every_pass(ENGINES[name](seed), noise(picture))
    assert same(alone, other)
    assert not same(first, other)


def test_a_backward_pass_behind_a_label_that_was_known(sharing: Callable[[], None]) -> None:
    """Its traces are not there: the real forward pass is run first."""
    alone = every_pass(ENGINES["OpenVINO"](1), noise(1))
    sharing()
    ENGINES["OpenVINO"](1).run_traced(noise(1))
    assert same(alone, every_pass(ENGINES["OpenVINO"](1), noise(1)))


def test_traces_of_another_precision_have_results_of_their_own(
    sharing: Callable[[], None],
) -> None:
    """The engine's own name of a graph is that of the errors alone."""
    sharing()
    one, other = ENGINES["OpenVINO"](1), ENGINES["OpenVINO"](1)
    assert isinstance(one, OpenVINOEngine)
    assert isinstance(other, OpenVINOEngine)
    other._forward = "bf16"
    names = [network_memo._file_name(engine, noise(1), "plain int8") for engine in (one, other)]
    assert names[0] != names[1]
    assert one._cache_key(64, 96, "plain int8") == other._cache_key(64, 96, "plain int8")


def test_two_who_want_to_know_of_one_model_have_it_checked_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    network_memo.share_what_is_made(monkeypatch, tmp_path)
    begun: list[str] = []
    verdict = PrecisionVerdict(ActivationStatistics((), ()), {}, {"f32": 1.0})

    def checked(check: PrecisionCheck) -> PrecisionVerdict:
        begun.append(check.key)
        return verdict

    monkeypatch.setattr(PrecisionCheck, "_run", checked)
    parts: Any = None  # nothing is asked of them
    with ThreadPoolExecutor(4) as pool:
        for key in ("one", "one", "other", "one"):
            pool.submit(PrecisionCheck(parts, tmp_path / "verdicts", key).run)
    assert sorted(begun) == ["one", "other"]
    PrecisionCheck(parts, tmp_path / "elsewhere", "one").run()
    PrecisionCheck(parts, tmp_path / "verdicts", "one", turn=threading.Lock()).run()
    assert sorted(begun) == ["one", "one", "one", "other"]


def test_engines_that_race_in_a_check_run_for_real(
    sharing: Callable[[], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sharing()
    network_memo.share_what_is_made(monkeypatch, tmp_path)
    engine = ENGINES["OpenVINO"](1)
    known = every_pass(engine, noise(1))
    before = len(list((tmp_path / "results").iterdir()))
    real: list[str] = []

    def raced(check: PrecisionCheck) -> PrecisionVerdict:
        inference = OpenVINOEngine._run_forward

        def counted(self: OpenVINOEngine, network_input: Floats, name: str) -> Any:
            real.append(name)
            return inference(self, network_input, name)

        with monkeypatch.context() as patch:
            patch.setattr(OpenVINOEngine, "_run_forward", counted)
            assert same(known, every_pass(engine, noise(1)))
        return PrecisionVerdict(ActivationStatistics((), ()), {}, {})

    monkeypatch.setattr(PrecisionCheck, "_run", raced)
    parts: Any = None
    PrecisionCheck(parts, tmp_path / "verdicts", "one").run()
    assert len(real) >= len(Saliency) + 2
    assert len(list((tmp_path / "results").iterdir())) == before
    real.clear()
    every_pass(engine, noise(1))
    assert real == []


def test_results_are_whole_or_not_there(
    sharing: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing()
    engine = ENGINES["OpenVINO"](1)

    def cut_off(*parts: object, **options: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(network_memo, "_write", cut_off)
        with pytest.raises(OSError, match="disk is full"):
            engine.run(noise(1), Saliency.NONE)
    assert not list((tmp_path / "results").glob("*.npy"))
    first = engine.run(noise(1), Saliency.NONE)
    assert same([numbers(first)], [numbers(engine.run(noise(1), Saliency.NONE))])
    assert len(list((tmp_path / "results").glob("*.npy"))) == 1


@pytest.mark.parametrize("kind", [ScreenNetwork, OpenVINOScreenNetwork])
def test_what_is_read_on_a_screen_is_read_once(
    kind: type[ScreenNetwork | OpenVINOScreenNetwork],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(3)
    one, other = rng.integers(0, 256, (2, 120, 160, 3), dtype=np.uint8)
    alone = [kind().read(screen) for screen in (one, other)]
    real: list[int] = []
    read = kind.read

    def counted(network: Any, pixels: Pixels) -> Reading:
        real.append(1)
        return read(network, pixels)

    monkeypatch.setattr(kind, "read", counted)
    network_memo.share_screens(monkeypatch, tmp_path / "results")
    for _ in range(2):
        found = [kind().read(screen) for screen in (one, other)]
        assert same(
            [[each.mask, each.contents] for each in alone],
            [[each.mask, each.contents] for each in found],
        )
    assert len(real) == 2
    weights = tmp_path / "others.onnx"
    other = network_file().read_bytes() + b"\x12\x00"  # but for the name of its maker the same
    weights.write_bytes(other)
    kind(weights).read(one)
    assert len(real) == 3
