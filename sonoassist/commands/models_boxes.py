"""`sonoassist models fit-boxes`: rules for boxes that are better on frames not fitted on."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoassist.commands.common import ProgressBar, say, say_json
from sonoassist.core.errors import ModelError, SourceError, UsageError
from sonoassist.core.percent import percent
from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.model.box_history import forget_newest, keep_rules, kept_rules
from sonoassist.model.card import Card
from sonoassist.model.store import InstalledModel, ModelStore

if TYPE_CHECKING:
    from sonoassist.datasets.labels import Dataset
    from sonoassist.evaluation.box_held_out import HeldOut

_EXAMS = {"synthetic": "synthetic exams", "real": "real exams"}
DOMAINS = tuple(_EXAMS)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `fit-boxes` takes."""
    parser.description = (
        "Fit how a model's boxes are made to labelled boxes. The figures are of cases that were "
        "not fitted on; a plane gets a new rule only where that is surely better there. The old "
        "rules are kept: --undo brings them back."
    )
    add = parser.add_argument
    add("name", metavar="NAME", help="an own or installed model")
    add(
        "data",
        metavar="DATA",
        nargs="*",
        type=Path,
        help="labelled data, neither trained on nor tested with",
    )
    add(
        "--per-plane",
        type=int,
        default=60,
        metavar="N",
        help="frames of each plane at most (default 60)",
    )
    add(
        "--domain",
        choices=DOMAINS,
        metavar="KIND",
        help="what the data shows: synthetic or real exams; else as it says",
    )
    add(
        "--other-domain",
        action="store_true",
        help="fit a model of real exams on synthetic ones, or the other way round",
    )
    add("--undo", action="store_true", help="bring back the rules of before the last fit")


def fit_boxes(args: argparse.Namespace, store: ModelStore) -> int:
    """Fit, or bring back what was before; returns the exit status.

    Raises:
        SonoAssistError: The model or the data cannot be used, or is of another domain.
    """
    model = store.get(args.name)
    if model.bundled:
        raise ModelError(f"{model.name} comes with the program and is not changed")
    if args.undo:
        return _undo(args, store, model)
    _check(args)
    fits = _fitted(args, store, model)
    taken = {key: fit.rule for key, fit in fits.items() if fit.taken}
    if taken:
        card = store.own_card(model)
        keep_rules(model.folder, card)
        measured = _measured_on(fits, args.data, card)
        store.describe(
            model,
            card.model_copy(
                update={"boxes": {**card.boxes, **taken}, "boxes_measured_on": measured}
            ),
        )
    if args.json:
        say_json({key: _plain(fit) for key, fit in fits.items()})
    _tell(fits, model.name)
    return 0


def _measured_on(fits: Mapping[str, HeldOut], data: Sequence[Path], card: Card) -> str:
    """What the new rules were tried on, for the card, and those of before that stay."""
    taken = {key: fit for key, fit in fits.items() if fit.taken}
    frames = counted(sum(fit.frames for fit in taken.values()), "frame")
    planes = ", ".join(BY_KEY[key].label for key in taken)
    said = f"{frames} of {', '.join(path.name for path in data)}, held out ({planes} alone)"
    stay = card.boxes_measured_on if set(card.boxes) - set(taken) else ""
    return f"{said}; {stay}" if stay else said


def _undo(args: argparse.Namespace, store: ModelStore, model: InstalledModel) -> int:
    if args.data:
        raise UsageError("--undo takes no data", "Leave out one of them")
    kept = kept_rules(model.folder)
    if not kept:
        raise UsageError(f"the boxes of {model.name} were not fitted here: nothing to undo")
    store.describe(model, kept[-1].put_in(store.own_card(model)))
    forget_newest(model.folder)
    if args.json:
        say_json({"undone": model.name, "rules": sorted(kept[-1].boxes)})
    say(f"{model.name} has the rules of before the last fit again")
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.per_plane < 1:
        raise UsageError("--per-plane needs a number above 0")
    if not args.data:
        raise UsageError("labelled data is needed", "Name it behind the model, or give --undo")


def _fitted(
    args: argparse.Namespace, store: ModelStore, model: InstalledModel
) -> dict[str, HeldOut]:
    from sonoassist.analysis.analyser import build_analyser
    from sonoassist.datasets.reading import read_dataset
    from sonoassist.evaluation.box_fitting import drawn, gather
    from sonoassist.evaluation.box_held_out import held_out_fits, split_by
    from sonoassist.evaluation.planning import Scope, make_plan

    datasets = [read_dataset(path, None) for path in args.data]
    _check_domain(datasets, model, args)
    files = drawn(make_plan(datasets, Scope()).files, args.per_plane, 0)
    total = sum(len(file.labels) for file in files)
    analyser = build_analyser(store, model=model.name)
    try:
        with ProgressBar(total, "frame") as progress:
            examples = gather(
                datasets, analyser, args.per_plane, step=progress.step, on_trouble=_left_out
            )
    finally:
        analyser.close()
    if not examples:
        raise SourceError("the data has no frame with a box whose plane the model names")
    say(f"held out {split_by(examples, datasets)}")
    with ProgressBar(len(examples), "plane") as progress:
        return held_out_fits(examples, model.card.boxes, step=progress.step)


def _check_domain(
    datasets: Sequence[Dataset], model: InstalledModel, args: argparse.Namespace
) -> None:
    """Refuse rules from exams of another kind than the model's.

    Raises:
        UsageError: The data is of the other domain, and nobody said that this is meant.
    """
    from sonoassist.evaluation.box_held_out import domain_of

    own = "synthetic" if model.card.domain == "synthetic" else "real"
    for data in datasets:
        domain = args.domain or domain_of(data)
        if domain != own and not args.other_domain:
            raise UsageError(
                f"{data.name} is {domain}, and {model.name} is a model of {_EXAMS[own]}: its boxes "
                "there would become worse",
                "Give data of its own kind (--domain says what data is), or add --other-domain",
            )


def _left_out(line: str) -> None:
    say(f"sonoassist: warning: {line}")


def _plain(fit: HeldOut) -> dict[str, Any]:
    values = {**asdict(fit), "rule": fit.rule.model_dump(mode="json"), "taken": fit.taken}
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in values.items()
    }


def _tell(fits: Mapping[str, HeldOut], name: str) -> None:
    say("on frames that were not fitted on:")
    for key, fit in fits.items():
        what = f"{counted(fit.frames, 'frame')} of {counted(fit.cases, 'case')}"
        figures = ""
        if not math.isnan(fit.before):
            figures = (
                f"mean IoU {fit.before:.2f} -> {fit.after:.2f}, correct "
                f"{percent(fit.correct_before)} -> {percent(fit.correct_after)}, "
            )
        verdict = "new rule" if fit.taken else f"old rule kept: {fit.left}"
        say(f"{key:>10}: {figures}{what}; {verdict}")
    taken = sum(fit.taken for fit in fits.values())
    if taken:
        say(
            f"{counted(taken, 'new rule')} in the card of {name}; undo it with: "
            f"sonoassist models fit-boxes {name} --undo"
        )
    else:
        say(f"{name} is not changed")
