"""`sonoassist train-screens`: the network that reads screens, from phantom screens alone."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.commands.common import ProgressBar, Subparsers, refuse_to_replace, say
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.files import ensure_folder
from sonoassist.core.names import readable
from sonoassist.preprocess.screen_network import CARD, FILE

if TYPE_CHECKING:
    from sonoassist.training.screens.network import ScreenNet
    from sonoassist.training.screens.start import StartNetwork

NORMS_BY = 200
"""Screens that the norms of a network to go on from are set by."""


def register(subparsers: Subparsers) -> None:
    """Add `train-screens` to the command line."""
    parser = subparsers.add_parser(
        "train-screens",
        description="Draw phantom screens and train the network that finds the field of view and "
        f"the kind of a screen on them. Writes DIR/{FILE} and DIR/{CARD}. Needs the package onnx.",
    )
    add = parser.add_argument
    add("--out", required=True, type=Path, metavar="DIR", help="folder of results")
    add("--screens", type=int, default=12000, metavar="N", help="screens to draw (default 12000)")
    add("--iterations", type=int, default=10000, metavar="N", help="steps (default 10000)")
    add("--batch", type=int, default=32, metavar="N", help="screens a step (default 32)")
    add("--seed", type=int, default=0, help="of the screens and of the training (default 0)")
    add("--start", type=Path, metavar="FILE", help="go on from this network (screen-network.onnx)")
    add(
        "--average",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="train nothing: write the mean of these networks, which went on from one and the same",
    )
    add("--force", action="store_true", help="write over what is in DIR already")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draw and train, or average, and write; returns the exit status.

    Raises:
        UsageError: A number is out of range, the options contradict each other, or the package
            onnx is missing.
        SourceError, ModelError: The network to go on from cannot be read, or is none.
        OutputError: The folder cannot be written.
    """
    _check(args)
    try:
        import onnx  # noqa: F401 (asked for now, not after hours)
    except ImportError as error:
        raise UsageError(
            "the package onnx is missing, which writes the network",
            "Install it: pip install 'sonoassist[screens]'",
        ) from error
    from sonoassist.training.screens.start import mean_network, start_network

    if not args.force:
        refuse_to_replace(args.out, (FILE, CARD))
    if args.average:
        before = [start_network(path) for path in args.average]
        ensure_folder(args.out)
        network = mean_network([one.network for one in before])
        options = ["--average", *(readable(one.name) for one in before)]
    else:
        before = [] if args.start is None else [start_network(args.start)]
        ensure_folder(args.out)
        network = _train(args, before[0] if before else None)
        options = _options(args)
        options += ["--start", readable(before[0].name)] if before else []
    _write(args.out, network, options, before, None if args.average else args.seed)
    return 0


def _check(args: argparse.Namespace) -> None:
    for name in ("screens", "iterations", "batch"):
        if getattr(args, name) < 1:
            raise UsageError(f"--{name} {getattr(args, name)} is too small", "Choose 1 or more")
    if args.seed < 0:
        raise UsageError(f"the seed {args.seed} is negative", "Choose 0 or more")
    if args.average and args.start:
        raise UsageError("--average trains nothing, so it has no --start", "Leave out one of them")


def _options(args: argparse.Namespace) -> list[str]:
    names = ("screens", "iterations", "batch", "seed")
    return [word for name in names for word in (f"--{name}", str(getattr(args, name)))]


def _train(args: argparse.Namespace, start: StartNetwork | None) -> ScreenNet:
    from sonoassist.core.processors import usable_cores
    from sonoassist.training.screens.pictures import draw_pictures, inputs_of
    from sonoassist.training.screens.run import train_network
    from sonoassist.training.screens.start import fit_norms

    with ProgressBar(args.screens, "screen") as progress:
        seen = [0]

        def drawn(done: int) -> None:
            progress.step(done - seen[0])
            seen[0] = done

        pictures = draw_pictures(range(args.seed, args.seed + args.screens), usable_cores(), drawn)
    if start is not None:
        fit_norms(start.network, inputs_of(pictures, NORMS_BY))
    return train_network(
        pictures,
        iterations=args.iterations,
        batch=args.batch,
        seed=args.seed,
        start=None if start is None else start.network,
        on_progress=lambda one: say(
            f"iteration {one.iteration} of {args.iterations}: mask {one.mask:.4f}, "
            f"content {one.content:.4f}"
        ),
    )


def _write(
    out: Path,
    network: ScreenNet,
    options: Sequence[str],
    before: Sequence[StartNetwork],
    seed: int | None,
) -> None:
    from sonoassist.training.screens.card import write_card
    from sonoassist.training.screens.run import write_onnx

    try:
        write_onnx(network, out / FILE)
        card = write_card(out / FILE, options, before, seed)
    except OSError as error:
        raise OutputError(f"{out / FILE} cannot be written: {error}") from error
    say(f"written: {out / FILE}, {card}")
