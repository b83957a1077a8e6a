"""`sonoassist train`: teach a network one's own data (paper, Section II-D)."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoassist.commands.common import ProgressBar, Subparsers, say, say_json
from sonoassist.commands.train_progress import Telling
from sonoassist.core.errors import UsageError
from sonoassist.core.files import ensure_folder, write_text
from sonoassist.core.paths import cache, settings_file
from sonoassist.core.settings import load_settings
from sonoassist.model.architecture import ARCHITECTURES
from sonoassist.model.card import DEFAULT_ARCHITECTURE
from sonoassist.preprocess.crop import parse_crop

if TYPE_CHECKING:
    from sonoassist.model.folding import Tensors
    from sonoassist.training.data import DataOptions, TrainingData
    from sonoassist.training.options import TrainOptions
    from sonoassist.training.parallel import Ranks
    from sonoassist.training.trainer import TrainingOutcome

SIGNALLED = 128
"""Shells add this to the number of a signal that stopped a program."""
NOTES_SHOWN = 10
NOTES = "notes.txt"
"""All that was left out or could not be read, a line each."""


def register(subparsers: Subparsers) -> None:
    """Add `train` to the command line."""
    parser = subparsers.add_parser(
        "train",
        description="Train a network on DATA (phantom exams, folders of exams, FETAL_PLANES_DB) "
        "into DIR/model.safetensors. Several GPUs: torchrun --nproc-per-node N -m sonoassist "
        "train ...",
    )
    parser.add_argument("data", nargs="+", type=Path, metavar="DATA", help="data sets")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of the run")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint in DIR"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    _add_recipe(parser.add_argument_group("recipe"))
    _add_data(parser.add_argument_group("data"))
    _add_machine(parser.add_argument_group("machine"))
    parser.set_defaults(run=run)


def _add_recipe(group: Any) -> None:
    group.add_argument("--architecture", default=DEFAULT_ARCHITECTURE, choices=list(ARCHITECTURES))
    group.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="fine-tune an installed model, or a weights file",
    )
    group.add_argument(
        "--iterations",
        type=int,
        metavar="N",
        help="batches at most (default 20000; with --from 200)",
    )
    group.add_argument(
        "--patch",
        default="224",
        metavar="SIZE",
        help="side of the patches in pixels, or a curriculum such as 112:3000,160:2000,224 "
        "(size:iterations)",
    )
    group.add_argument(
        "--batch-planes", type=int, default=2, metavar="N", help="pictures of each plane in a batch"
    )
    group.add_argument(
        "--batch-background",
        type=int,
        default=26,
        metavar="N",
        help="background pictures in a batch",
    )
    group.add_argument(
        "--lr",
        type=float,
        metavar="RATE",
        help="first learning rate (default 0.1; SmallNet 0.001; with --from 0.0003)",
    )
    group.add_argument(
        "--warm-up",
        type=int,
        metavar="N",
        help="iterations before it, at 0.01 (default 500 where the rate is higher); with --from "
        "and a lower rate, rising up to it (default 20)",
    )
    group.add_argument("--seed", type=int, default=0, help="of everything random")
    group.add_argument(
        "--val-every",
        type=int,
        metavar="N",
        help="iterations between validations (default 500; with --from 25)",
    )
    group.add_argument(
        "--patience",
        type=int,
        default=3,
        metavar="N",
        help="validations without a better one before the rate is divided by 10",
    )
    group.add_argument(
        "--drops",
        type=int,
        default=3,
        metavar="N",
        help="divisions before the training stops early",
    )
    group.add_argument(
        "--drop-at",
        default="",
        metavar="N,N",
        help="divide the rate behind these iterations instead of when validation says so",
    )


def _add_data(group: Any) -> None:
    group.add_argument("--mapping", type=Path, metavar="FILE", help="from classes to planes")
    group.add_argument(
        "--crop",
        default="default",
        metavar="CROP",
        help="auto, full, published, L,T,W,H in pixels, or a kept rectangle",
    )
    group.add_argument(
        "--test-share", type=float, default=0.2, metavar="P", help="share of the cases for testing"
    )
    group.add_argument(
        "--validation-share",
        type=float,
        default=0.2,
        metavar="P",
        help="share of the training cases that validate",
    )
    group.add_argument(
        "--background",
        type=int,
        default=50,
        metavar="N",
        help="background frames drawn from each training video",
    )
    group.add_argument(
        "--per-plane",
        type=int,
        default=12,
        metavar="N",
        help="labelled frames of one plane taken from one video at most",
    )
    group.add_argument(
        "--coarse", action="store_true", help="also learn from labels that name several planes"
    )
    group.add_argument(
        "--strict", action="store_true", help="refuse data with bad rows, files or empty planes"
    )
    group.add_argument("--cache", type=Path, metavar="DIR", help="folder of prepared cases")


def _add_machine(group: Any) -> None:
    group.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    group.add_argument(
        "--amp", default="off", choices=("off", "bf16", "f16"), help="mixed precision"
    )
    group.add_argument(
        "--channels-last",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="memory order of the pictures",
    )
    group.add_argument("--workers", type=int, default=2, metavar="N", help="threads that read data")
    group.add_argument(
        "--save-minutes",
        type=float,
        default=10.0,
        metavar="M",
        help="longest time between two checkpoints",
    )


def run(args: argparse.Namespace) -> int:
    """Train; returns the exit status.

    Raises:
        SonoAssistError: The data, the options or the folder cannot be used.
    """
    from sonoassist.training.parallel import join_ranks

    folded, start = _start(args)
    options, data_options = _options(args, start), _data_options(args)
    _check_folder(args)
    with _alone(args.out), join_ranks(options.device) as ranks:
        _warn_of_emulation(args, ranks)
        data = _prepared(args, data_options, ranks)
        outcome = _train(args, options, data, ranks, folded)
    if ranks.first:
        _report(args, options, data, outcome)
    return SIGNALLED + outcome.signal if outcome.signal else 0


def _warn_of_emulation(args: argparse.Namespace, ranks: Ranks) -> None:
    """Hours go by before one wonders why it is so slow."""
    from sonoassist.engines.torch_engine import torch_has_bf16

    if args.amp == "bf16" and ranks.device.type == "cpu" and ranks.first and not torch_has_bf16():
        say(
            "sonoassist: warning: this processor has no bf16 instructions, they are emulated: "
            "--amp off is many times quicker here"
        )


def _start(args: argparse.Namespace) -> tuple[Tensors | None, str]:
    """The weights to fine-tune and their name; the network is theirs."""
    if not args.start:
        return None, ""
    from sonoassist.model.store import ModelStore
    from sonoassist.model.weights_import import import_weights

    path = Path(args.start).expanduser()
    if path.is_file():
        weights = import_weights(path)
        name, found = weights.architecture.name, weights.tensors
        start = f"{path.name} {weights.sha256[:12]}"
    else:
        store = ModelStore.default()
        model = store.get(args.start)
        name, found = model.card.architecture, store.load_tensors(model)
        start = f"{model.name} {model.card.weights_sha256[:12]}"
    if args.architecture not in (name, DEFAULT_ARCHITECTURE):
        raise UsageError(f"{args.start} is a {name}, not a {args.architecture}")
    args.architecture = name
    return found, start


def _usual(given: int | None, usual: int) -> int:
    return usual if given is None else given


def _options(args: argparse.Namespace, start: str) -> TrainOptions:
    from sonoassist.training.options import (
        ITERATIONS,
        ITERATIONS_FINE_TUNING,
        VAL_EVERY,
        VAL_EVERY_FINE_TUNING,
        TrainOptions,
        parse_drops,
        parse_patches,
    )

    return TrainOptions(
        architecture=args.architecture,
        iterations=_usual(args.iterations, ITERATIONS_FINE_TUNING if start else ITERATIONS),
        patches=parse_patches(args.patch),
        batch_planes=args.batch_planes,
        batch_background=args.batch_background,
        lr=args.lr,
        warm_up=args.warm_up,
        seed=args.seed,
        workers=args.workers,
        device=args.device,
        amp=args.amp,
        channels_last=args.channels_last,
        start=start,
        val_every=_usual(args.val_every, VAL_EVERY_FINE_TUNING if start else VAL_EVERY),
        patience=args.patience,
        drops=args.drops,
        drop_at=parse_drops(args.drop_at),
        save_every_s=60 * args.save_minutes,
        coarse=args.coarse,
        strict=args.strict,
    )


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Two runs must not write into one folder; the other ranks belong to the first one's run."""
    from filelock import FileLock, Timeout

    if _rank():
        yield
        return
    lock = FileLock(str(out / "run.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(
            f"another training writes into {out}", "Wait for it, or choose another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))


def _check_folder(args: argparse.Namespace) -> None:
    """What would be refused after the data is prepared, which may take hours."""
    from sonoassist.training.checkpoints import Checkpoints

    there = bool(Checkpoints(args.out).paths())
    if there and not args.resume:
        raise UsageError(
            f"{args.out} holds a training already",
            "Add --resume to go on with it, or choose another folder",
        )
    if args.resume and not there:
        raise UsageError(f"there is no checkpoint in {args.out}", "Leave out --resume to start")
    if not _rank():
        ensure_folder(args.out)


def _data_options(args: argparse.Namespace) -> DataOptions:
    from sonoassist.training.data import DataOptions
    from sonoassist.training.preparation import PrepareOptions

    if not 0 <= args.test_share < 1:
        raise UsageError(f"--test-share {args.test_share} is not between 0 and 1")
    if not 0 < args.validation_share < 1:
        raise UsageError(f"--validation-share {args.validation_share} is not between 0 and 1")
    presets = load_settings(settings_file())[0].own_crops
    return DataOptions(
        cache=args.cache or cache() / "training",
        prepare=PrepareOptions(
            crop=parse_crop(args.crop, presets),
            background=args.background,
            per_plane=args.per_plane,
            seed=args.seed,
            coarse=args.coarse,
        ),
        crop_name=args.crop,
        test_share=args.test_share,
        validation_share=args.validation_share,
        workers=args.workers,
        strict=args.strict,
    )


def _prepared(args: argparse.Namespace, options: DataOptions, ranks: Ranks) -> TrainingData:
    """The data; the first process prepares it, the others find it in the cache."""
    from sonoassist.training.data import prepare_data

    ready = False
    try:
        if not ranks.first and ranks.wait():
            raise UsageError("the first process could not prepare the data")
        from sonoassist.datasets.reading import read_dataset
        from sonoassist.training.split import gather_cases

        datasets = [read_dataset(path, args.mapping) for path in args.data]
        cases = len(gather_cases(datasets))
        with ProgressBar(cases, "case", quiet=not ranks.first) as progress:
            data = prepare_data(datasets, options, lambda name: progress.step())
        ready = True
    finally:
        if ranks.first:
            ranks.wait(failed=not ready)
    if ranks.first:
        _say_data(data, args.out)
    return data


def _train(
    args: argparse.Namespace,
    options: TrainOptions,
    data: TrainingData,
    ranks: Ranks,
    folded: Tensors | None,
) -> TrainingOutcome:
    from sonoassist.training.trainer import Trainer

    with Telling(ranks.first) as watcher:
        trainer = Trainer(options, data, args.out, ranks, watcher, folded, _command())
        if args.resume:
            trainer.resume()
        return trainer.run()


def _command() -> str:
    """The command line as it was typed, with the program's own name in front."""
    return shlex.join(["sonoassist", *sys.argv[1:]])


def _say_data(data: TrainingData, out: Path) -> None:
    split = data.split
    say(
        f"cases: {len(split.train)} for training, {len(split.validation)} for validation, "
        f"{len(split.test)} for testing"
    )
    say(
        f"pictures: {len(data.train)} for training, {len(data.validation)} for validation, "
        f"{len(data.test)} for testing"
    )
    for line in data.notes[:NOTES_SHOWN]:
        say(f"note: {line}")
    if len(data.notes) > NOTES_SHOWN:
        say(f"note: and {len(data.notes) - NOTES_SHOWN} more, all in {out / NOTES}")
    if data.notes:
        write_text(out / NOTES, "\n".join(data.notes) + "\n")


def _report(
    args: argparse.Namespace, options: TrainOptions, data: TrainingData, outcome: TrainingOutcome
) -> None:
    if args.json:
        say_json(_summary(options, data, outcome))
        return
    if outcome.signal:
        say(
            f"stopped behind iteration {outcome.iterations}; everything is saved. Go on with: "
            f"{_command()}{'' if args.resume else ' --resume'}"
        )
        return
    if outcome.plateau:
        say("validation no longer improves: stopped early")
    for name, score in (("test before", outcome.start_test), ("test", outcome.test)):
        if score is not None:
            say(f"{name}: accuracy {100 * score.accuracy:.1f} %, F1 {score.f1:.3f}")
    if outcome.start_kept:
        say(f"nothing was better than the start: {options.start} is kept, no model is written")
        say(f"written: {', '.join(str(path) for path in outcome.files)}")
        return
    say(f"written: {', '.join(str(path) for path in outcome.files)}")
    say(f"use it: sonoassist models add {args.out / 'model.safetensors'} --name NAME")
    say("Research and training only. Not for diagnosis.")


def _summary(options: TrainOptions, data: TrainingData, outcome: TrainingOutcome) -> dict[str, Any]:
    return {
        "architecture": options.architecture,
        "iterations": outcome.iterations,
        "best_iteration": outcome.best_iteration,
        "start_kept": outcome.start_kept,
        "start": asdict(outcome.start) if outcome.start else None,
        "start_test": asdict(outcome.start_test) if outcome.start_test else None,
        "stopped": bool(outcome.signal),
        "stopped_early": outcome.plateau,
        "domain": "synthetic" if data.synthetic else "own",
        "train_pictures": data.train.counts(),
        "notes": list(data.notes),
        "validation": asdict(outcome.validation) if outcome.validation else None,
        "test": asdict(outcome.test) if outcome.test else None,
        "files": [str(path) for path in outcome.files],
    }
