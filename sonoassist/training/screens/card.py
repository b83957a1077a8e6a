"""The card beside a network that reads screens: what made it, so that it can be made again."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from pathlib import Path

import tomli_w

from sonoassist import __version__
from sonoassist.core.files import replacing
from sonoassist.core.names import readable
from sonoassist.preprocess.screen_network import CARD
from sonoassist.training.screens.start import StartNetwork

KEPT = ("command", "note", "before")
"""What a card says of a network that another was made from; a note is a person's."""
_HEAD = "# The network that finds the field of view and the kind of a scanner's screen."


def write_card(
    file: Path, options: Sequence[str], before: Sequence[StartNetwork], seed: int | None
) -> Path:
    """Write what made a network beside its file; returns where.

    Args:
        file: The network.
        options: Of the command, without the folder of results.
        before: Networks that it was made from, in their order; their own cards are kept in this
            one, where they lie beside them.
        seed: Of the screens and of the training; None where there was neither.

    Raises:
        OSError: The folder refuses.
    """
    values: dict[str, object] = {
        "command": shlex.join(["sonoassist", "train-screens", "--out", "DIR", *options])
    }
    if seed is not None:
        values["seed"] = seed
    values |= {
        "version": __version__,
        "trained_on": "phantom screens alone, drawn by this program; no real picture",
        "licence": "as SonoAssist",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    if before:
        values["before"] = [_before(one) for one in before]
    path = file.parent / CARD
    with replacing(path) as temporary:
        temporary.write_text(f"{_HEAD}\n{tomli_w.dumps(values)}", encoding="utf-8")
    return path


def _before(network: StartNetwork) -> dict[str, object]:
    """A network that another was made from: its name, its sum, and the words of its card."""
    card = {key: network.card[key] for key in KEPT if key in network.card}
    return {"file": readable(network.name), "sha256": network.sha256} | card
