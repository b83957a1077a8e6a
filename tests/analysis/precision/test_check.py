"""The check of low precisions: cut off at any step it goes on, and says the same in the end."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from real_models import card_of, random_tensors
from sonoassist.analysis.precision import check as check_module
from sonoassist.analysis.precision.agreement import Agreement
from sonoassist.analysis.precision.calibration import calibration_pictures
from sonoassist.analysis.precision.check import (
    CheckParts,
    CheckStopped,
    PrecisionCheck,
    RememberingEngine,
    SamePass,
)
from sonoassist.analysis.precision.check_notes import CheckNotes, keep_notes, read_notes
from sonoassist.analysis.precision.verdicts import PrecisionVerdict, read_verdict
from sonoassist.core import paths
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats, Prepared
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.openvino_engine import OpenVINOEngine, StatisticsMeter
from sonoassist.engines.rounding import ActivationStatistics
from sonoassist.model.architecture import architecture

CARD = card_of("smallnet")
SPEC = architecture("smallnet")
TENSORS = random_tensors("smallnet")
PICTURES = 5


RACED = 2 * min(PICTURES, check_module.RACE_PICTURES)
"""Passes of each engine in the race."""


@functools.cache
def network(seed: int) -> OpenVINOEngine:
    """Compiled once: it is the same one, however many engines of this seed there are."""
    return OpenVINOEngine(SPEC, random_tensors("smallnet", seed))


@functools.cache
def meter() -> StatisticsMeter:
    return StatisticsMeter(SPEC, TENSORS, (1, 1, 224, 288))


class Clock:
    """Stands still but for the passes that run by it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Counting(Engine):
    """An engine that counts its passes, each of which takes so long by a clock."""

    name, precision, device = "counting", "f32", "CPU"

    def __init__(self, seed: int = 0, clock: Clock | None = None, cost_s: float = 1.0) -> None:
        self.engine = network(seed)
        self.clock, self.cost_s = clock or Clock(), cost_s
        self.passes = 0

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        self.passes += 1
        self.clock.now_s += self.cost_s
        return self.engine.run(network_input, saliency)


@pytest.fixture(scope="module")
def pictures() -> list[Prepared]:
    exam = paths.demo_exam()
    assert exam is not None
    return calibration_pictures(exam, CARD, PICTURES)


class Bench:
    """Makes checks whose passes are counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.exact = Counting(clock=self.clock, cost_s=4.0)
        self.measured = 0
        self.made: list[tuple[str, Counting]] = []
        self.seeds = {"wrong": 9, "right": 0}
        self.costs_s = {"wrong": 1.0, "right": 2.0}
        self.same_pass: SamePass = lambda name, saliency: name

    def check(self) -> PrecisionCheck:
        parts = CheckParts(
            card=CARD,
            exact=self.exact,
            measure=self._measure,
            candidates=tuple(self.seeds),
            make=self._make,
            recording=Path("exam.mp4"),
            same_pass=self.same_pass,
        )
        return PrecisionCheck(parts, self.folder, "key", clock=self.clock)

    def _measure(self):  # type: ignore[no-untyped-def]
        def measure(network_input: Floats) -> ActivationStatistics:
            self.measured += 1
            return meter().measure(network_input)

        return measure

    def _make(self, name: str, statistics: ActivationStatistics) -> Engine:
        assert len(statistics.means) == len(SPEC.convs)
        self.made.append((name, Counting(self.seeds[name], self.clock, self.costs_s[name])))
        return self.made[-1][1]


@pytest.fixture
def bench(tmp_path: Path, pictures: list[Prepared], monkeypatch: pytest.MonkeyPatch) -> Bench:
    def prepared(_recording: object, _card: object, after_each):  # type: ignore[no-untyped-def]
        for _ in pictures:
            after_each()
        return pictures

    monkeypatch.setattr(check_module, "calibration_pictures", prepared)
    return Bench(tmp_path)


def same(one: PrecisionVerdict, other: PrecisionVerdict) -> bool:
    means = zip(one.statistics.means, other.statistics.means, strict=True)
    return (
        (one.agreements, one.passes_s) == (other.agreements, other.passes_s)
        and one.statistics.peaks == other.statistics.peaks
        and all(np.array_equal(mine, theirs) for mine, theirs in means)
    )


def test_the_first_that_agrees_is_found_and_a_bad_one_given_up_early(bench: Bench) -> None:
    verdict = bench.check().run()
    assert [name for name, found in verdict.agreements.items() if found.good] == ["right"]
    assert (bench.measured, bench.exact.passes) == (PICTURES, PICTURES + RACED)
    raced, tried = bench.made[:2], bench.made[2:]
    assert [engine.passes for _, engine in raced] == [RACED, RACED]
    wrong, right = (engine.passes for _, engine in tried)
    assert right == 2 * PICTURES
    assert wrong < right
    assert verdict.passes_s == {"f32": 8.0, "wrong": 2.0, "right": 4.0}
    kept = read_verdict(bench.folder, "key")
    assert kept is not None
    assert same(kept, verdict)
    assert [path.name for path in bench.folder.iterdir()] == ["key.npz"]


def test_the_quickest_here_is_tried_first_and_what_is_no_quicker_than_f32_never(
    bench: Bench,
) -> None:
    bench.seeds = {"slow": 0, "quick": 0, "quicker": 0}
    bench.costs_s = {"slow": 3.875, "quick": 3.0, "quicker": 2.0}
    verdict = bench.check().run()
    assert [name for name, _ in bench.made[3:]] == ["quicker"]
    assert list(verdict.agreements) == ["quicker"]
    assert verdict.passes_s == {"f32": 8.0, "slow": 7.75, "quick": 6.0, "quicker": 4.0}
    again = Bench(bench.folder / "other")
    again.seeds, again.costs_s = {"slow": 0}, {"slow": 3.875}
    assert again.check().run().agreements == {}


def test_passes_that_are_the_same_work_race_once(bench: Bench) -> None:
    """Here "both" is the forward pass of "quick" with the box of f32."""
    bench.seeds = {"quick": 0, "both": 0}
    bench.costs_s = {"quick": 1.0, "both": 1.0}

    def same_pass(name: str, saliency: Saliency) -> str:
        if name == "both":
            return "quick" if saliency is Saliency.NONE else "f32"
        return name

    bench.same_pass = same_pass
    verdict = bench.check().run()
    assert verdict.passes_s == {"f32": 8.0, "quick": 2.0, "both": 5.0}
    assert [(name, engine.passes) for name, engine in bench.made] == [
        ("quick", RACED),
        ("quick", 2 * PICTURES),
    ]
    assert bench.exact.passes == PICTURES + RACED


def test_a_check_cut_off_at_every_step_goes_on_and_says_the_same(
    bench: Bench, tmp_path: Path
) -> None:
    at_once = Bench(tmp_path / "other")
    expected = at_once.check().run()

    class Stopper:
        def __init__(self, after: int) -> None:
            self.left = after

        def __call__(self, _took_s: float) -> None:
            self.left -= 1
            if self.left < 0:
                raise CheckStopped

    done = None
    rounds = 0
    while done is None:
        # Two steps further each time: pictures are prepared anew, passes are not run again.
        stopper = Stopper(PICTURES + 5)
        try:
            done = replace(bench.check(), pause=stopper).run()
        except CheckStopped:
            assert read_verdict(bench.folder, "key") is None
        rounds += 1
        assert rounds < 50
    assert rounds > 3
    assert same(done, expected)
    assert bench.measured == PICTURES
    # A picture of the race that was cut off between its two passes is run again.
    assert PICTURES + RACED <= bench.exact.passes <= PICTURES + RACED + rounds


class Failing(Counting):
    """A candidate that cannot run."""

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        raise EngineError("it does not compile")


class Fallen(Counting):
    """A candidate for which another device stands in."""

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        self.device = "another"
        return super().run(network_input, saliency)


@pytest.mark.parametrize("bad", [Failing, Fallen])
def test_a_candidate_that_fails_is_passed_over_and_tried_the_next_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, bad: type[Counting]
) -> None:
    real = bench._make

    def make(name: str, statistics: ActivationStatistics) -> Engine:
        return bad() if name == "wrong" else real(name, statistics)

    monkeypatch.setattr(bench, "_make", make)
    verdict = bench.check().run()
    assert [name for name, found in verdict.agreements.items() if found.good] == ["right"]
    assert "wrong" not in verdict.agreements
    assert read_verdict(bench.folder, "key") is None


def test_what_was_found_is_kept_on_the_way_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as a process that is killed: nothing is written when that happens."""
    monkeypatch.setattr(check_module, "KEEP_EVERY", 2)
    seen: list[int] = []

    def pause(_took_s: float) -> None:
        seen.append(len(read_notes(bench.folder, "key").statistics))

    replace(bench.check(), pause=pause).run()
    assert max(seen) >= PICTURES - 1


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing", None])
def test_damaged_notes_and_those_of_more_pictures_are_not_used(
    bench: Bench, damage: bytes | None
) -> None:
    expected = Bench(bench.folder / "other").check().run()
    if damage is None:
        statistics = expected.statistics
        notes = CheckNotes([statistics] * (PICTURES + 1), [], {})
        keep_notes(bench.folder, "key", notes)
    else:
        (bench.folder / "key.part.npz").write_bytes(damage)
    assert same(bench.check().run(), expected)


def test_more_pictures_cannot_mend_a_wrong_label() -> None:
    fine = Agreement(pictures=20, labels_same=1.0, softmax_error=0.01, boxes=3, box_iou=0.5)
    assert fine.may_pass
    assert not fine.good
    assert not replace(fine, labels_same=0.975).may_pass
    assert not replace(fine, softmax_error=0.04).may_pass


def test_f32_is_asked_once_about_a_picture(pictures: list[Prepared]) -> None:
    exact = Counting()
    engine = RememberingEngine(exact)
    first, second = (picture.network_input for picture in pictures[:2])
    outs = [engine.run(first), engine.run(first), engine.run(first, Saliency.NONE)]
    assert outs[0] is outs[1]
    assert outs[2].saliency is None
    assert exact.passes == 2
    assert not np.array_equal(engine.run(second).logits, outs[0].logits)
    engine.close()
    assert np.array_equal(engine.run(first).logits, outs[0].logits)
    assert exact.passes == 4
