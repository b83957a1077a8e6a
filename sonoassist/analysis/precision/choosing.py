"""The engine for a model: what was asked for, or the quickest that gives the labels of f32."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonoassist.analysis.precision.calibration import source_digest
from sonoassist.analysis.precision.check import CheckParts, PrecisionCheck, RememberingEngine
from sonoassist.analysis.precision.upgrading import Upgrade, UpgradingEngine
from sonoassist.analysis.precision.verdicts import PrecisionVerdict, read_verdict, verdict_key
from sonoassist.core import paths
from sonoassist.core.errors import SonoAssistError
from sonoassist.core.processors import processor_name, usable_cores
from sonoassist.engines.base import Engine, Saliency
from sonoassist.engines.capabilities import (
    has_apple_graphics,
    has_bf16,
    has_int8,
    has_intel_graphics,
)
from sonoassist.engines.cascade import FORWARD_ONLY, CascadeEngine, CascadeStep
from sonoassist.engines.choose import EngineChoice, make_engine, runs_cuda, runs_openvino
from sonoassist.engines.rounding import ActivationStatistics
from sonoassist.model.architecture import Architecture, architecture
from sonoassist.model.card import Card

if TYPE_CHECKING:
    from sonoassist.engines.openvino_engine import OpenVINOEngine

Tensors = Mapping[str, NDArray[np.float32]]

SURE_GAP = {"bf16": 0.06, "f16": 0.06, "int8": 0.5, "f32": 0.0}
"""Lead of the winner from which a precision's word counts: well above the error of two
probabilities in bf16 (0.02 each, measured). In int8 the winner was another one up to a lead of 0.13
(1,200 frames of five recordings, two networks); above 0.5 a probability is off by 0.08 at most, and
a winner that does not reach one half, the usual threshold, is always asked about in f32."""


INTEL, APPLE = "Intel graphics", "Apple graphics"
"""Devices that race with the processor."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What an engine is made of.

    Attributes:
        card: Of the model.
        tensors: Its folded weights.
        calibration: A recording to calibrate with; None where this build has none.
        folder: Where verdicts are kept.
    """

    card: Card
    tensors: Tensors
    calibration: Path | None
    folder: Path

    @property
    def spec(self) -> Architecture:
        """The network."""
        return architecture(self.card.architecture)


def engine_for(
    card: Card, tensors: Tensors, choice: EngineChoice, *, at_once: bool = False
) -> Engine:
    """Make the engine asked for; with the precision on "auto" the quickest that passed the check.

    Args:
        card: Of the model.
        tensors: Its folded weights.
        choice: What was asked for.
        at_once: Where the check has not been done yet, begin in f32 and do it behind the frames.

    Raises:
        EngineError: What was asked for is not to be had here.
    """
    shop = Workshop(card, tensors, paths.demo_exam(), verdict_folder())
    return engine_from(shop, choice, at_once=at_once)


def verdict_folder() -> Path:
    """Where the verdicts of this user are kept."""
    return paths.cache() / "precision"


def engine_from(shop: Workshop, choice: EngineChoice, *, at_once: bool = False) -> Engine:
    """As `engine_for`, with everything given."""
    if runs_openvino(choice):
        return _processor_engine(shop, choice, at_once=at_once)
    if choice.precision == "auto" and runs_cuda(choice):
        return _card_engine(shop, choice, at_once=at_once)
    return make_engine(choice, shop.spec, shop.tensors)


def candidates() -> list[str]:
    """The precisions this processor has instructions for; f32 is not among them.

    In front of a "+" stands that of the forward pass that gives most labels; behind it that of
    the passes with a box, and, behind a "/", of the errors that go back in them. A device that is
    not the processor stands before it.

    Which is quickest is not known from that: there are processors whose bf16 is slower than
    their f32. The check has them race.
    """
    boxed = ["f32"]
    if has_int8():
        boxed.append("f32/int8")
    if has_bf16():
        boxed += ["f32/bf16", "bf16"]
    if has_int8() and has_bf16():
        boxed.append("bf16/int8")
    quick = [f"int8+{one}" for one in boxed] if has_int8() else []
    there = [
        name for name, has in ((INTEL, has_intel_graphics), (APPLE, has_apple_graphics)) if has()
    ]
    graphics = [f"{name} {precision}" for name in there for precision in ("f16", "f32")]
    return [*graphics, *quick, *(one for one in boxed if one != "f32")]


def same_pass(name: str, saliency: Saliency) -> str:
    """Which precision's pass is the very same work as that of a candidate; see `candidates`.

    What is in front of the "+" has no part in a pass with a box, and the errors none in one
    without.
    """
    if " " in name:
        return name  # on a device of its own
    forward, plus, boxed = name.rpartition("+")
    if saliency is not Saliency.NONE:
        return boxed
    return f"{forward}{plus}{boxed.partition('/')[0]}"


# --- on the processor ---------------------------------------------------------------------------


def _processor_engine(shop: Workshop, choice: EngineChoice, *, at_once: bool) -> Engine:
    if choice.device == "gpu":
        return make_engine(choice, shop.spec, shop.tensors)
    if choice.precision == "f32" or (choice.precision == "auto" and not candidates()):
        return make_engine(replace(choice, precision="f32"), shop.spec, shop.tensors)
    if choice.precision != "auto" and not _wanted(choice):
        return make_engine(choice, shop.spec, shop.tensors)  # says why not
    key = _verdict_name(shop, openvino_parts())
    if key is None:
        return _uncalibrated(shop, choice)
    kept = read_verdict(shop.folder, key)
    if kept is not None:
        return _engine_of(shop, choice, kept)
    exact = _exact(shop)
    if at_once:
        upgrade = _processor_upgrade(shop, choice, key, exact)
        asked = "" if choice.precision == "auto" else choice.precision
        return UpgradingEngine(exact, upgrade, keeps_exact=True, asked=asked)
    try:
        verdict = _processor_check(shop, key, exact).run()
    except SonoAssistError:
        return _uncalibrated(shop, choice)
    return _engine_of(shop, choice, verdict, exact)


def _wanted(choice: EngineChoice) -> list[str]:
    """The candidates that a precision asked for may mean; none where this processor lacks it."""
    return [name for name in candidates() if name.split("+")[0] == choice.precision]


def _exact(shop: Workshop) -> OpenVINOEngine:
    """Runs f32."""
    from sonoassist.engines.openvino_engine import OpenVINOEngine

    return OpenVINOEngine(shop.spec, shop.tensors)


def _uncalibrated(shop: Workshop, choice: EngineChoice) -> Engine:
    """Without calibration pictures; says so where a precision needs them."""
    if choice.precision == "auto":
        choice = EngineChoice("openvino", "f32", "cpu")
    return make_engine(choice, shop.spec, shop.tensors)


def _engine_of(
    shop: Workshop,
    choice: EngineChoice,
    verdict: PrecisionVerdict,
    exact: OpenVINOEngine | None = None,
) -> Engine:
    """The engine that a verdict allows, or the one asked for by its precision."""
    wanted = _wanted(choice)
    if choice.precision == "auto" or not wanted:
        name = best_of(verdict)
    else:
        name = min(wanted, key=lambda one: verdict.passes_s.get(one, math.inf))
    return _engine(shop, name, verdict.statistics, exact)


def best_of(verdict: PrecisionVerdict) -> str:
    """The quickest precision that passed; "f32" where none did."""
    return next((name for name, found in verdict.agreements.items() if found.good), "f32")


def _processor_upgrade(
    shop: Workshop, choice: EngineChoice, key: str, exact: OpenVINOEngine
) -> Upgrade:
    def upgrade(pause: Callable[[float], None], turn: threading.Lock) -> Engine | None:
        check = _processor_check(shop, key, exact)
        verdict = replace(check, pause=pause, turn=turn).run()
        quicker = _engine_of(shop, choice, verdict, exact)
        return None if quicker is exact else quicker

    return upgrade


def _processor_check(shop: Workshop, key: str, exact: OpenVINOEngine) -> PrecisionCheck:
    from sonoassist.engines.openvino_engine import StatisticsMeter

    assert shop.calibration is not None  # there would be no key
    shape = (1, 1, shop.card.input_height_px, shop.card.input_width_px)
    known = RememberingEngine(exact)
    parts = CheckParts(
        card=shop.card,
        exact=known,
        measure=lambda: StatisticsMeter(shop.spec, shop.tensors, shape).measure,
        candidates=candidates(),
        make=lambda name, statistics: _engine(shop, name, statistics, exact, known),
        recording=shop.calibration,
        same_pass=same_pass,
    )
    return PrecisionCheck(parts, shop.folder, key)


def openvino_parts() -> tuple[str, ...]:
    """What a verdict on the processor depends on beside model and pictures."""
    from sonoassist.engines.openvino_engine import openvino_version

    machine = (processor_name(), str(usable_cores()))
    return openvino_version(), ",".join(candidates()), *machine


def has_verdict(card: Card) -> bool:
    """Whether a model has been checked on this processor before, or there is nothing to check."""
    shop = Workshop(card, {}, paths.demo_exam(), verdict_folder())
    if not runs_openvino(EngineChoice()) or not candidates():
        return True
    key = _verdict_name(shop, openvino_parts())
    return key is None or read_verdict(shop.folder, key) is not None


def verdict_of(shop: Workshop) -> PrecisionVerdict | None:
    """The verdict on a model: the one kept, or a new one; None without calibration pictures."""
    key = _verdict_name(shop, openvino_parts())
    if key is None:
        return None
    kept = read_verdict(shop.folder, key)
    if kept is not None:
        return kept
    try:
        return _processor_check(shop, key, _exact(shop)).run()
    except SonoAssistError:
        return None


def _engine(
    shop: Workshop,
    name: str,
    statistics: ActivationStatistics | None = None,
    exact: OpenVINOEngine | None = None,
    doubt: Engine | None = None,
) -> Engine:
    """The engine of one precision, with f32 behind it for frames in doubt.

    Args:
        shop: What it is made of.
        name: One of `candidates`, or "f32".
        statistics: Of the network's activations.
        exact: Runs f32; the engine made takes over its graphs.
        doubt: Asked in place of `exact` about frames in doubt; closing what is made then leaves
            `exact` as it is.
    """
    from sonoassist.engines.openvino_engine import OpenVINOEngine

    def rounded(precision: str) -> Engine:
        return OpenVINOEngine(shop.spec, shop.tensors, precision=precision, statistics=statistics)

    exact = exact or _exact(shop)
    behind = doubt or exact
    device, _, precision = name.rpartition(" ")
    if device:
        step = CascadeStep(
            _on_graphics(shop, device, precision), SURE_GAP[precision], may_fail=True
        )
        return CascadeEngine([step], behind)
    forward, _, boxed = name.rpartition("+")
    masks, _, errors = boxed.partition("/")
    steps = []
    if forward:
        steps.append(CascadeStep(rounded(forward), SURE_GAP[forward], FORWARD_ONLY))
    if masks != "f32":
        steps.append(CascadeStep(rounded(boxed), SURE_GAP[masks]))
    elif errors:
        mixed = exact.with_errors(errors)
        behind = mixed if doubt is None else RememberingEngine(mixed)
    return CascadeEngine(steps, behind) if steps else behind


def _on_graphics(shop: Workshop, device: str, precision: str) -> Engine:
    where = {INTEL: "gpu", APPLE: "mps"}[device]
    return make_engine(EngineChoice(precision=precision, device=where), shop.spec, shop.tensors)


# --- on a graphics card -------------------------------------------------------------------------


def _card_engine(shop: Workshop, choice: EngineChoice, *, at_once: bool) -> Engine:
    """f16 where the graphics card gives the labels of f32 with it, else f32."""
    full, half = (replace(choice, precision=name) for name in ("f32", "f16"))
    exact = make_engine(full, shop.spec, shop.tensors)
    key = _verdict_name(shop, (exact.name, exact.device))
    kept = read_verdict(shop.folder, key) if key is not None else None
    if key is None or (kept is not None and best_of(kept) == "f32"):
        return exact
    if kept is not None:
        exact.close()
        return make_engine(half, shop.spec, shop.tensors)
    check = _card_check(shop, half, key)
    if at_once:
        return UpgradingEngine(exact, _card_upgrade(shop, half, check), keeps_exact=False)
    exact.close()
    with suppress(SonoAssistError):
        if _card_passes(check):
            return make_engine(half, shop.spec, shop.tensors)
    return make_engine(full, shop.spec, shop.tensors)


def _card_upgrade(shop: Workshop, half: EngineChoice, check: PrecisionCheck) -> Upgrade:
    def upgrade(pause: Callable[[float], None], turn: threading.Lock) -> Engine | None:
        if _card_passes(replace(check, pause=pause, turn=turn)):
            return make_engine(half, shop.spec, shop.tensors)
        return None

    return upgrade


def _card_passes(check: PrecisionCheck) -> bool:
    try:
        return best_of(check.run()) == "f16"
    finally:
        check.parts.exact.close()  # the processor is only asked for the check


def _card_check(shop: Workshop, half: EngineChoice, key: str) -> PrecisionCheck:
    """Compared with the processor in f32: the card's own f32 may round, too."""
    assert shop.calibration is not None
    parts = CheckParts(
        card=shop.card,
        exact=make_engine(EngineChoice(precision="f32", device="cpu"), shop.spec, shop.tensors),
        measure=None,
        candidates=("f16",),
        race=False,  # `exact` is the processor, not the card in f32
        make=lambda _name, _statistics: make_engine(half, shop.spec, shop.tensors),
        recording=shop.calibration,
    )
    return PrecisionCheck(parts, shop.folder, key)


def _verdict_name(shop: Workshop, runner: Sequence[str]) -> str | None:
    """Under which name the verdict is kept; None without calibration pictures."""
    if shop.calibration is None:
        return None
    fields = {"weights_sha256", "boxes", "scale", "architecture"}
    about = shop.card.model_dump_json(include=fields)
    try:
        return verdict_key(about, source_digest(shop.calibration), *runner)
    except OSError:
        return None
