"""`sonoassist train-screens`: the network that reads screens, from phantom screens alone."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w

from sonoassist import __version__
from sonoassist.commands.common import ProgressBar, Subparsers, refuse_to_replace, say
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.files import ensure_folder, replacing
from sonoassist.core.names import readable
from sonoassist.preprocess.screen_network import FILE

if TYPE_CHECKING:
    from sonoassist.training.screens.start import StartNetwork

CARD = "card.toml"
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
    add("--force", action="store_true", help="write over what is in DIR already")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draw, train and write; returns the exit status.

    Raises:
        UsageError: A number is out of range, or the package onnx is missing.
        SourceError, ModelError: The network to go on from cannot be read, or is none.
        OutputError: The folder cannot be written.
    """
    for name in ("screens", "iterations", "batch"):
        if getattr(args, name) < 1:
            raise UsageError(f"--{name} {getattr(args, name)} is too small", "Choose 1 or more")
    if args.seed < 0:
        raise UsageError(f"the seed {args.seed} is negative", "Choose 0 or more")
    try:
        import onnx  # noqa: F401 (asked for now, not after hours)
    except ImportError as error:
        raise UsageError(
            "the package onnx is missing, which writes the network",
            "Install it: pip install 'sonoassist[screens]'",
        ) from error
    from sonoassist.core.processors import usable_cores
    from sonoassist.training.screens.pictures import draw_pictures, inputs_of
    from sonoassist.training.screens.run import train_network, write_onnx
    from sonoassist.training.screens.start import fit_norms, start_network

    if not args.force:
        refuse_to_replace(args.out, (FILE, CARD))
    start = None if args.start is None else start_network(args.start)
    out = ensure_folder(args.out)
    with ProgressBar(args.screens, "screen") as progress:
        seen = [0]

        def drawn(done: int) -> None:
            progress.step(done - seen[0])
            seen[0] = done

        pictures = draw_pictures(range(args.seed, args.seed + args.screens), usable_cores(), drawn)
    if start is not None:
        fit_norms(start.network, inputs_of(pictures, NORMS_BY))
    network = train_network(
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
    try:
        write_onnx(network, out / FILE)
    except OSError as error:
        raise OutputError(f"{out / FILE} cannot be written: {error}") from error
    with replacing(out / CARD) as temporary:
        temporary.write_text(_card(args, start), encoding="utf-8")
    say(f"written: {out / FILE}, {out / CARD}")
    return 0


def _card(args: argparse.Namespace, start: StartNetwork | None) -> str:
    words = ["sonoassist", "train-screens", "--out", "DIR"]
    for name in ("screens", "iterations", "batch", "seed"):
        words += [f"--{name}", str(getattr(args, name))]
    values: dict[str, object] = {}
    if start is not None:
        name = readable(start.name)
        words += ["--start", name]
        values["started_from"] = f"{name}, SHA-256 {start.sha256}"
    values |= {
        "command": shlex.join(words),
        "seed": args.seed,
        "version": __version__,
        "trained_on": "phantom screens alone, drawn by this program; no real picture",
        "licence": "as SonoAssist",
    }
    head = "# The network that finds the field of view and the kind of a scanner's screen."
    return f"{head}\n{tomli_w.dumps(values)}"
