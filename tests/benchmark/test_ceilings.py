from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bench_made import CPU, made_roof
from sonoassist.benchmark.candidates import NetworkRunner, find_candidates
from sonoassist.benchmark.ceilings import Bandwidth, Roof, measure_roof, probe_work
from sonoassist.core.errors import EngineError
from sonoassist.engines import choose, torch_probes
from sonoassist.engines.capabilities import has_bf16
from sonoassist.engines.probes import ProbeSizes, compute_probes, thread_count
from sonoassist.engines.torch_engine import torch_has_bf16

TINY = ProbeSizes(32, 4, 8, 8, 1, 4096)


def test_the_roof() -> None:
    roof = made_roof()
    assert roof.peak_gflops(CPU, "bf16") == 610
    assert roof.attainable_gflops(CPU, "f32", 2.0) == 2 * 24
    assert roof.attainable_gflops(CPU, "f32", 100.0) == 220
    assert math.isnan(roof.attainable_gflops("TPU", "f32", 100.0))
    assert math.isnan(Roof().attainable_gflops(CPU, "f32", 1.0))


def test_the_better_of_two_measurements() -> None:
    first = made_roof()
    worse = Roof(
        tuple(replace(one, gflops=one.gflops / 2) for one in first.ceilings[::-1]),
        (Bandwidth(CPU, 30.0),),
    )
    best = Roof().best_of(first).best_of(worse)
    assert best.ceilings == first.ceilings
    assert best.bandwidths == (Bandwidth(CPU, 30.0),)


def test_operations_of_the_probes() -> None:
    assert TINY.matrix_flop == 2 * 32**3
    assert TINY.convolution_flop == 2 * 9 * 4 * 4 * 8 * 8


def test_probes_are_run_on_this_machine() -> None:
    found = find_candidates(precisions=["f32"]).found
    done: list[float] = []
    roof = measure_roof(found, sizes=TINY, runs=2, on_work=done.append)
    probes = {(one.engine, one.probe) for one in roof.ceilings}
    assert {("torch", "matrix product"), ("OpenVINO", "convolution")} <= probes
    assert all(one.gflops > 0 for one in roof.ceilings)
    assert roof.bandwidth_gbytes_hz(CPU) > 0
    assert sum(done) == pytest.approx(probe_work(found, 2, TINY))
    assert all(thread_count(engine) >= 1 for engine in ("torch", "openvino"))


def test_a_chain_counts_all_its_products() -> None:
    choice = choose.EngineChoice("openvino", "f32", "cpu")
    assert [probe.amount for probe in compute_probes(choice, TINY)] == [
        3 * TINY.matrix_flop,
        3 * TINY.convolution_flop,
    ]


def test_the_copy_of_torch() -> None:
    """That of an accelerator, run on the processor since every machine has one."""
    probe = torch_probes.copy("cpu", TINY)
    assert probe.amount == 2 * TINY.copied_bytes
    probe.run()


def test_candidates_of_this_machine() -> None:
    found = find_candidates()
    labels = [one.runner.label for one in found.found]
    assert "OpenVINO f32 on CPU" in labels
    assert "torch f32 on CPU" in labels
    assert ("torch bf16 on CPU" in labels) is torch_has_bf16()
    assert ("OpenVINO bf16 on CPU" in labels) is has_bf16()
    assert found.chosen in [one.runner for one in found.found]
    likely = [one.runner.label for one in found.likely().found]
    assert "OpenVINO f32 on CPU" in likely
    assert not any("torch" in label for label in likely)
    chosen = NetworkRunner("OpenVINO", "int8+bf16", "CPU")
    told = find_candidates(["openvino"], ["f32", "int8"], chosen)
    assert [one.runner.part_of(told.chosen) for one in told.found] == [False, True]
    assert [one.runner.forward_only for one in told.found] == [False, True]
    why = {one.what: one.why for one in found.left_out}
    emulated = {"openvino bf16 on cpu": not has_bf16(), "torch bf16 on cpu": not torch_has_bf16()}
    for name in (name for name, one in emulated.items() if one):
        assert "no bf16 instructions" in why[name]  # emulated, it would not end
    assert "OpenVINO does not run 'f16'" in why["openvino f16 on cpu"]


def test_without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "has_openvino", lambda: False)
    assert {one.choice.engine for one in find_candidates().found} == {"torch"}
    with pytest.raises(EngineError, match=r"openvino cannot be measured here: .*not installed"):
        find_candidates(["openvino", "torch"])


def test_a_precision_no_engine_has() -> None:
    with pytest.raises(EngineError, match="f16 cannot be measured here: OpenVINO does not run"):
        find_candidates(["openvino"], ["f32", "f16"])
