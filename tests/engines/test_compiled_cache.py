"""Compiled graphs on disk: found again, never a wrong or a damaged one, and not without end."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from real_models import random_tensors
from sonoassist.engines import openvino_engine
from sonoassist.engines.base import EngineOutput, Saliency
from sonoassist.engines.compiled_cache import CompiledCache, cache_key
from sonoassist.engines.openvino_engine import OpenVINOEngine
from sonoassist.model.architecture import architecture

SPEC = architecture("smallnet")
INPUT = np.random.default_rng(3).standard_normal((1, 1, 96, 120), np.float32)


def run(folder: Path, seed: int = 0, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
    engine = OpenVINOEngine(SPEC, random_tensors("smallnet", seed), cache=CompiledCache(folder))
    return engine.run(INPUT, saliency)


def same(one: EngineOutput, other: EngineOutput) -> bool:
    return np.array_equal(one.logits, other.logits) and np.array_equal(one.saliency, other.saliency)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is compiled and not read from the disk."""
    names: list[str] = []
    real = openvino_engine.compiled_for_latency

    def spy(model: object, precision: str, device: str) -> object:
        names.append(precision)
        return real(model, precision, device)

    monkeypatch.setattr(openvino_engine, "compiled_for_latency", spy)
    return names


def test_a_graph_is_compiled_once_and_gives_the_same_numbers(
    tmp_path: Path, compiled: list[str]
) -> None:
    first = run(tmp_path)
    second = run(tmp_path)
    assert len(compiled) == 2  # the forward pass, and the backward pass that goes on from it
    assert same(first, second)


def test_other_weights_sizes_and_passes_have_graphs_of_their_own(
    tmp_path: Path, compiled: list[str]
) -> None:
    first, other = run(tmp_path), run(tmp_path, seed=1)
    assert not np.array_equal(first.logits, other.logits)
    run(tmp_path, saliency=Saliency.NONE)
    wider = np.zeros((1, 1, 96, 128), np.float32)
    OpenVINOEngine(SPEC, random_tensors("smallnet"), cache=CompiledCache(tmp_path)).run(wider)
    assert len(compiled) == 7
    assert len(list(tmp_path.iterdir())) == 7


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "other"])
def test_a_damaged_graph_is_compiled_again(
    tmp_path: Path, compiled: list[str], damage: str, which: int
) -> None:
    first = run(tmp_path)
    path = sorted(tmp_path.iterdir())[which]
    whole = path.read_bytes()
    if damage == "other":  # whole, but nothing that OpenVINO can read
        CompiledCache(tmp_path).keep(path.stem, b"not a graph" * 99)
    else:
        half = len(whole) // 2
        flipped = whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :]
        path.write_bytes({"cut": whole[:half], "changed": flipped, "empty": b""}[damage])
    assert same(run(tmp_path), first)
    assert len(compiled) == 3
    assert same(run(tmp_path), first)
    assert len(compiled) == 3  # it was kept again


def test_where_nothing_can_be_kept_it_runs_all_the_same(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert np.isfinite(run(in_the_way).logits).all()
    assert in_the_way.read_text() == ""


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path, limit_bytes=3 * (1000 + 32))
    for age, key in enumerate(("old", "older", "oldest")):
        cache.keep(key, bytes(1000))
        os.utime(tmp_path / f"{key}.compiled", (1000 - age, 1000 - age))
    assert cache.read("oldest") == bytes(1000)  # used now
    cache.keep("new", bytes(1000))
    assert cache.read("older") is None
    assert all(cache.read(key) is not None for key in ("old", "oldest", "new"))
    cache.drop("new")
    cache.drop("new")
    assert cache.read("new") is None


def test_keys_tell_parts_apart() -> None:
    assert cache_key([b"ab", b"c"]) != cache_key([b"a", b"bc"])
    assert cache_key([b"ab", b"c"]) == cache_key(iter([b"ab", b"c"]))
