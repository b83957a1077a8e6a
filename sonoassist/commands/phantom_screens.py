"""`sonoassist phantom --screens`: pictures of made-up scanners' screens with their truth."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from sonoassist.commands.common import ProgressBar, refuse_to_replace, say
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.files import ensure_folder, replacing
from sonoassist.core.opencv import cv2
from sonoassist.core.wording import counted
from sonoassist.datasets.screens import COLUMNS, TABLE
from sonoassist.phantom.screens.draw import PhantomScreen, draw_screen

MAX_SCREENS = 100_000


def run_screens(args: argparse.Namespace) -> int:
    """Draw the screens; what is finished when it is stopped stays, with its truth.

    Raises:
        UsageError: An option is out of range, or belongs to exams.
        OutputError: A picture cannot be written.
    """
    if not 1 <= args.screens <= MAX_SCREENS:
        raise UsageError(
            f"{counted(args.screens, 'screen')} cannot be made", f"Choose 1 to {MAX_SCREENS}"
        )
    if args.exams is not None:
        raise UsageError("--screens and --exams exclude each other", "Choose one of them")
    if not args.force:
        refuse_to_replace(args.out, (TABLE,))
    folder = ensure_folder(args.out)
    rows: list[list[object]] = []
    try:
        with ProgressBar(args.screens, "screen") as progress:
            for seed in range(args.seed, args.seed + args.screens):
                screen = draw_screen(seed, size=args.size)
                name = f"phantom_{seed:06d}.png"
                _write_picture(folder / name, screen)
                rows.append(_row(name, screen))
                progress.step()
    finally:
        if rows:
            _write_table(folder / TABLE, rows)
    say(f"written: {folder} ({counted(len(rows), 'screen')})")
    return 0


def _row(name: str, screen: PhantomScreen) -> list[object]:
    height, width = screen.pixels.shape[:2]
    box = screen.box
    edges = (
        [round(edge) for edge in (box.left, box.top, box.right, box.bottom)] if box else [""] * 4
    )
    panes = [[round(e) for e in (p.left, p.top, p.right, p.bottom)] for p in screen.panes]
    return [
        name,
        width,
        height,
        screen.content,
        screen.shape,
        *edges,
        json.dumps(panes) if panes else "",
    ]


def _write_picture(path: Path, screen: PhantomScreen) -> None:
    done, coded = cv2.imencode(".png", cv2.cvtColor(screen.pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise OutputError(f"{path} cannot be written: the picture cannot be coded")
    with replacing(path) as temporary:
        temporary.write_bytes(coded.tobytes())


def _write_table(path: Path, rows: list[list[object]]) -> None:
    with (
        replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, "panes"])
        writer.writerows(rows)
