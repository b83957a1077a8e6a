"""The engine for a model: what was asked for, or the quickest that gives the labels of f32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist import paths
from sonoassist.engines.base import Engine
from sonoassist.engines.cascade import FORWARD_ONLY, CascadeEngine, Step
from sonoassist.engines.choose import EngineChoice, make_engine, runs_cuda, runs_openvino
from sonoassist.engines.rounding import ActivationStatistics
from sonoassist.errors import SonoAssistError
from sonoassist.model.architecture import Architecture, architecture
from sonoassist.model.card import Card
from sonoassist.packets import Prepared
from sonoassist.precision.agreement import Agreement, agreement, exact_results
from sonoassist.precision.calibration import calibration_pictures, source_digest
from sonoassist.precision.verdicts import Verdict, keep_verdict, read_verdict, verdict_key

Tensors = Mapping[str, NDArray[np.float32]]

SURE_GAP = {"bf16": 0.06, "int8": 0.8}
"""Lead of the winner from which a precision's word counts: well above the error of two
probabilities in bf16 (0.02 each, measured), and where an error of int8 (0.07) has shrunk to
0.02, as it does the nearer a probability is to 1."""


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


def engine_for(card: Card, tensors: Tensors, choice: EngineChoice) -> Engine:
    """Make the engine asked for; with the precision on "auto" the quickest that passed the check.

    Raises:
        EngineError: What was asked for is not to be had here.
    """
    return engine_from(Workshop(card, tensors, paths.demo_exam(), verdict_folder()), choice)


def verdict_folder() -> Path:
    """Where the verdicts of this user are kept."""
    return paths.cache() / "precision"


def engine_from(shop: Workshop, choice: EngineChoice) -> Engine:
    """As `engine_for`, with everything given."""
    if not runs_openvino(choice):
        if choice.precision == "auto" and runs_cuda(choice):
            choice = replace(choice, precision=_card_precision(shop, choice))
        return make_engine(choice, shop.spec, shop.tensors)
    if choice.precision == "f32":
        return make_engine(choice, shop.spec, shop.tensors)
    verdict = verdict_of(shop)
    if verdict is None:
        return _uncalibrated(shop, choice)
    if choice.precision == "auto":
        name = next((name for name, found in verdict.agreements.items() if found.good), "f32")
        return _engine(shop, name, verdict.statistics)
    wanted = next((n for n in candidates() if n.split("+")[0] == choice.precision), None)
    if wanted is None:
        return make_engine(choice, shop.spec, shop.tensors)  # says why not
    return _engine(shop, wanted, verdict.statistics)


def _uncalibrated(shop: Workshop, choice: EngineChoice) -> Engine:
    if choice.precision == "auto":
        return make_engine(EngineChoice("openvino", "f32", "cpu"), shop.spec, shop.tensors)
    return make_engine(choice, shop.spec, shop.tensors)


def candidates() -> list[str]:
    """The precisions of this processor, quickest first; f32 is not among them."""
    from sonoassist.engines.openvino_engine import supports_bf16, supports_int8

    found = []
    if supports_int8():
        found.append("int8+bf16" if supports_bf16() else "int8")
    if supports_bf16():
        found.append("bf16")
    return found


def verdict_of(shop: Workshop) -> Verdict | None:
    """The verdict on a model: the one kept, or a new one; None without calibration pictures."""
    if shop.calibration is None:
        return None
    from sonoassist.engines.openvino_engine import openvino_version

    try:
        key = verdict_key(
            shop.card.model_dump_json(include={"weights_sha256", "boxes", "scale", "architecture"}),
            source_digest(shop.calibration), openvino_version(), ",".join(candidates()),
        )  # fmt: skip
        kept = read_verdict(shop.folder, key)
        if kept is not None:
            return kept
        pictures = calibration_pictures(shop.calibration, shop.card)
    except (OSError, SonoAssistError):
        return None
    verdict = _judge(shop, pictures)
    keep_verdict(shop.folder, key, verdict)
    return verdict


def _card_precision(shop: Workshop, choice: EngineChoice) -> str:
    """f16 where the graphics card gives the labels of f32 with it, else f32."""
    half = make_engine(replace(choice, precision="f16"), shop.spec, shop.tensors)
    try:
        verdict = _card_verdict(shop, half)
    finally:
        half.close()
    return "f16" if verdict is not None and verdict.agreements["f16"].good else "f32"


def _card_verdict(shop: Workshop, half: Engine) -> Verdict | None:
    if shop.calibration is None:
        return None
    try:
        key = verdict_key(_about(shop), source_digest(shop.calibration), half.name, half.device)
        kept = read_verdict(shop.folder, key)
        if kept is not None and "f16" in kept.agreements:
            return kept
        pictures = calibration_pictures(shop.calibration, shop.card)
    except (OSError, SonoAssistError):
        return None
    exact = make_engine(EngineChoice(precision="f32", device="cpu"), shop.spec, shop.tensors)
    truths = exact_results(exact, pictures)
    exact.close()
    found = {"f16": agreement(half, truths, pictures, shop.card)}
    verdict = Verdict(ActivationStatistics((), ()), found)
    keep_verdict(shop.folder, key, verdict)
    return verdict


def _about(shop: Workshop) -> str:
    """What of a model a verdict depends on."""
    fields = {"weights_sha256", "boxes", "scale", "architecture"}
    return shop.card.model_dump_json(include=fields)


def _judge(shop: Workshop, pictures: Sequence[Prepared]) -> Verdict:
    from sonoassist.engines.openvino_engine import measure_statistics

    inputs = [picture.network_input for picture in pictures]
    statistics = measure_statistics(shop.spec, shop.tensors, inputs)
    truths = exact_results(_engine(shop, "f32", statistics), pictures)
    found: dict[str, Agreement] = {}
    for name in candidates():
        quick = _engine(shop, name, statistics)
        found[name] = agreement(quick, truths, pictures, shop.card)
        quick.close()
        if found[name].good:
            break  # slower ones would not be taken
    return Verdict(statistics, found)


def _engine(shop: Workshop, name: str, statistics: ActivationStatistics) -> Engine:
    """The engine of one precision, with f32 behind it for frames in doubt."""
    from sonoassist.engines.openvino_engine import OpenVINOEngine

    steps = []
    for precision in name.split("+") if name != "f32" else []:
        engine = OpenVINOEngine(shop.spec, shop.tensors, precision=precision, statistics=statistics)
        forward = {"passes": FORWARD_ONLY} if precision == "int8" else {}
        steps.append(Step(engine, SURE_GAP[precision], **forward))
    exact = OpenVINOEngine(shop.spec, shop.tensors)
    return CascadeEngine(steps, exact) if steps else exact
