"""`sonoassist evaluate calibration`: how far confidences may be believed, and fitting that."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoassist.commands.common import (
    ProgressBar,
    analyser_options,
    engine_choice,
    model_line,
    say,
    say_engine,
    say_json,
)
from sonoassist.core.errors import ModelError, SourceError, UsageError
from sonoassist.core.outside_words import OUTSIDE
from sonoassist.core.percent import at_most_percent, percent, threshold_percent
from sonoassist.core.wording import counted, word
from sonoassist.model.score_history import SCORE_HISTORY, ScoreRules
from sonoassist.model.store import InstalledModel, ModelStore

if TYPE_CHECKING:
    from sonoassist.analysis.analyser import Analyser
    from sonoassist.datasets.labels import Dataset
    from sonoassist.evaluation.calibration_fit import CalibrationFit, Compared, Naming
    from sonoassist.evaluation.outside_fit import Measured, OutsideFit
    from sonoassist.evaluation.planning import EvaluationPlan
    from sonoassist.evaluation.score_fit import ScoreFit

TOLD = 10
_KINDS = {True: "synthetic", False: "real"}


def add_calibration_options(parser: argparse.ArgumentParser) -> None:
    """Add what `evaluate calibration` takes besides."""
    add = parser.add_argument_group("calibration").add_argument
    add(
        "--fit",
        action="store_true",
        help="fit temperature, lapse and threshold of an installed model to the data; all figures "
        "are of cases that were not fitted on, and the old numbers are kept",
    )
    add(
        "--error-rate",
        type=_rate,
        metavar="P",
        help="with --fit: share of what is named that may be wrong (default 0.03)",
    )
    add(
        "--other-kinds",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="with --fit: pictures of other kinds (adults, muscle, phantoms), to fit as well what "
        f"is {OUTSIDE}",
    )
    add(
        "--other-domain",
        action="store_true",
        help="with --fit: real data for a synthetic model, or synthetic for real",
    )
    add(
        "--undo",
        action="store_true",
        help="bring back the numbers of before; DATA is the name of the model then",
    )


def asked_for(args: argparse.Namespace) -> list[str]:
    """Which of these options were given."""
    names = ("fit", "error_rate", "other_kinds", "other_domain", "undo")
    return [f"--{name.replace('_', '-')}" for name in names if getattr(args, name)]


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 0.5")
    return value


def run_fit(args: argparse.Namespace, datasets: Sequence[Dataset], plan: EvaluationPlan) -> int:
    """Fit how the scores of a model are read, and write its card; returns the exit status.

    Raises:
        SonoAssistError: The model or the data cannot be used.
    """
    from sonoassist.analysis.analyser import build_analyser

    store = ModelStore.default()
    synthetic = all(data.layout == "phantom" for data in datasets)
    model = _own(store.get(args.model, synthetic=synthetic))
    _check_domain(datasets, model, args)
    analyser = build_analyser(
        store,
        model=model.name,
        engine=engine_choice(args),
        options=analyser_options(args),
        on_made=say_engine,
    )
    say(f"model: {model_line(model.card)}")
    try:
        found = _fitted(args, datasets, plan, analyser, model)
    finally:
        analyser.close()
    own = store.own_card(model)
    SCORE_HISTORY.keep(model.folder, ScoreRules.of(own))
    outside = own.outside if found.outside is None else found.outside.rule
    rules = ScoreRules(calibration=found.calibration.calibration, outside=outside)
    store.describe(model, rules.put_into(own))
    if args.json:
        say_json(_plain(found, model.name))
    else:
        sys.stdout.write("\n".join(_lines(found, model.name)) + "\n")
    return 0


def undo_fit(args: argparse.Namespace) -> int:
    """Bring back how scores were read before the last fit; returns the exit status.

    Raises:
        SonoAssistError: There is nothing to undo, or the card cannot be written.
    """
    if len(args.data) > 1 or args.fit:
        raise UsageError("--undo takes the name of one model", "Leave out the rest")
    store = ModelStore.default()
    model = _own(store.get(str(args.data[0])))
    kept = SCORE_HISTORY.kept(model.folder)
    if not kept:
        raise UsageError(f"{model.name} was not calibrated here: nothing to undo")
    store.describe(model, kept[-1].put_into(store.own_card(model)))
    SCORE_HISTORY.forget_newest(model.folder)
    if args.json:
        say_json({"undone": model.name, **kept[-1].model_dump(mode="json")})
    say(f"{model.name} has the numbers of before the last fit again")
    return 0


def _own(model: InstalledModel) -> InstalledModel:
    if model.bundled:
        raise ModelError(f"{model.name} comes with the program and is not changed")
    return model


def _check_domain(
    datasets: Sequence[Dataset], model: InstalledModel, args: argparse.Namespace
) -> None:
    own = model.card.domain == "synthetic"
    for data in datasets:
        kind = data.layout == "phantom"
        if kind != own and not args.other_domain:
            raise UsageError(
                f"{data.name} is {_KINDS[kind]}, and the exams of {model.name} are {_KINDS[own]}: "
                "what is fitted there does not hold for these",
                "Give data of its own kind, or add --other-domain",
            )


def _fitted(
    args: argparse.Namespace,
    datasets: Sequence[Dataset],
    plan: EvaluationPlan,
    analyser: Analyser,
    model: InstalledModel,
) -> ScoreFit:
    from sonoassist.evaluation.calibration_fit import ERROR_RATE
    from sonoassist.evaluation.score_fit import fit_scores
    from sonoassist.evaluation.score_gathering import gather_labelled, uncalibrated

    plain = uncalibrated(analyser)
    troubles: list[str] = []
    with ProgressBar(plan.total, "frame") as progress:
        frames = gather_labelled(plan, plain, progress.step, troubles.append)
    others = _others(args.other_kinds or [], plain, troubles)
    for line in troubles[:TOLD]:
        say(f"sonoassist: warning: {line}")
    if args.other_kinds and not others:
        raise SourceError("in none of the pictures of other kinds does the model see a plane")
    names = ", ".join(f"{data.name} ({len(data.frames)})" for data in datasets)
    kinds = ", ".join(f"{path.name or path}" for path in args.other_kinds or [])
    rate = args.error_rate or ERROR_RATE
    return fit_scores(frames, others, rate, names, kinds, model.card.outside)


def _others(paths: Sequence[Path], plain: Analyser, troubles: list[str]) -> list[Measured]:
    from sonoassist.evaluation.score_gathering import gather_others

    with ProgressBar(None, "picture") as progress:
        return gather_others(paths, plain, progress.step, troubles.append)


def _lines(found: ScoreFit, name: str) -> list[str]:
    fit = found.calibration
    rule = fit.calibration
    frames = f"{counted(fit.whole.before.frames, 'frame')} of {counted(fit.cases, 'case')}"
    return [
        f"on {frames}, each by numbers that were fitted on other cases:",
        *_reliability("all", fit.whole),
        *(line for key, one in fit.datasets.items() for line in _reliability(key, one)),
        _named("plain softmax", fit.before),
        _named("calibrated", fit.after),
        *(_outside(found.outside) if found.outside is not None else []),
        *(_left_out(fit.left_out) if fit.left_out else []),
        f"in the card of {name}: temperature {rule.temperature:g}, lapse "
        f"{at_most_percent(rule.lapse)}, threshold {threshold_percent(rule.threshold)} (at most "
        f"{at_most_percent(rule.error_rate)} of what is named is wrong)",
        f"undo it with: sonoassist evaluate calibration {name} --undo",
    ]


def _reliability(name: str, found: Compared) -> list[str]:
    before, after = found.before, found.after
    return [
        f"{name}: negative log-likelihood {before.nll:.3f} -> {after.nll:.3f}, calibration error "
        f"{_tenths(before.error)} -> {_tenths(after.error)}, confidence "
        f"{_tenths(before.confidence)} -> {_tenths(after.confidence)}, right "
        f"{_tenths(after.accuracy)}"
    ]


def _tenths(share: float) -> str:
    return f"{100 * share:.1f} %"


def _named(how: str, found: Naming) -> str:
    return (
        f"{how}, from {threshold_percent(found.threshold)} on: {found.named} of {found.frames} "
        f"named, {found.wrong} of these wrong"
    )


def _outside(found: OutsideFit) -> list[str]:
    kept_out, lost = percent(1 - found.let_through), at_most_percent(found.lost)
    return [
        f"{OUTSIDE}, of {counted(found.outside, 'picture')} of other kinds "
        f"in which it saw a plane: {kept_out}; of {counted(found.inside, 'picture')} named "
        f"rightly: {lost}"
    ]


def _left_out(frames: int) -> list[str]:
    return [
        f"{counted(frames, 'labelled frame')} {word(frames, 'is', 'are')} {OUTSIDE}: left out, as "
        "no plane is named there"
    ]


def _plain(found: ScoreFit, name: str) -> dict[str, Any]:
    fit: CalibrationFit = found.calibration
    data = {**asdict(fit), "calibration": fit.calibration.model_dump(mode="json")}
    outside = None
    if found.outside is not None:
        outside = {**asdict(found.outside), "rule": found.outside.rule.model_dump(mode="json")}
    return {"model": name, **data, "outside": outside}
