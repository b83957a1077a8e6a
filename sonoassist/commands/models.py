"""`sonoassist models`: list, explain, add, install and remove weights."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from sonoassist.commands.console import json_text
from sonoassist.commands.models_boxes import add_options, fit_boxes
from sonoassist.core.errors import ModelError
from sonoassist.core.outside_words import OUTSIDE
from sonoassist.core.percent import at_most_percent, threshold_percent
from sonoassist.model.architecture import architecture
from sonoassist.model.card import BOXES_UNMEASURED, DEFAULT_ARCHITECTURE
from sonoassist.model.registry import PublishedWeights, Registry, load_registry, loose
from sonoassist.model.store import InstalledModel, Inventory, ModelStore

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

STOPPED = 130
"""Exit status after Ctrl-C, as shells count it."""

_PLAIN_STEPS = 10


def register(subparsers: Subparsers) -> None:
    """Add `models` to the command line."""
    parser = subparsers.add_parser("models")
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _action(actions, "list", _list, "the models that are installed or can be")
    info = _action(actions, "info", _info, "all that is known of one model, with a check of it")
    info.add_argument("name", metavar="NAME", help='model, or "auto" for the one in use')
    add = _action(actions, "add", _add, "import a weights file (.npz, .pth, .safetensors)")
    add.add_argument("file", metavar="FILE", type=Path, help="the weights file")
    add.add_argument("--name", help="name of the model (default: that of the file)")
    install = _action(actions, "install", _install, "download published weights")
    install.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        default=DEFAULT_ARCHITECTURE,
        help=f"published weights (default: {DEFAULT_ARCHITECTURE})",
    )
    fit = _action(actions, "fit-boxes", fit_boxes, "fit a model's boxes to data with true boxes")
    add_options(fit)
    remove = _action(actions, "remove", _remove, "remove an installed or own model")
    remove.add_argument("name", metavar="NAME", help="model")


def run(args: argparse.Namespace) -> int:
    """Do what `args` asks for; returns the exit status.

    Raises:
        SonoAssistError: It cannot be done.
    """
    action: Callable[[argparse.Namespace, ModelStore], int] = args.models_action
    return action(args, ModelStore.default())


def _action(
    actions: Subparsers,
    name: str,
    do: Callable[[argparse.Namespace, ModelStore], int],
    about: str,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(models_action=do)
    return parser


def _list(args: argparse.Namespace, store: ModelStore) -> int:
    inventory = store.inventory()
    rows = _rows(inventory, load_registry())
    if args.json:
        _say_json(rows)
    else:
        _say_table(rows)
        _say_default(inventory)
    for problem in inventory.problems:
        _warn(f"{problem.name} is not usable: {problem.message}")
    return 0


def _rows(inventory: Inventory, registry: Registry) -> list[dict[str, Any]]:
    rows = [
        {**_installed_row(model), "default": index == 0}
        for index, model in enumerate(inventory.models)
    ]
    names = {model.name for model in inventory.models}
    for entry in registry.weights:
        if entry.name not in names:
            rows.append({**_published_row(entry), "default": False})
    return rows


def _installed_row(model: InstalledModel) -> dict[str, Any]:
    card = model.card
    return {
        "name": card.name,
        "title": card.title,
        "architecture": card.architecture,
        "domain": card.domain,
        "installed": True,
        "bundled": model.bundled,
        "licence": card.licence,
        "size_bytes": model.size_bytes,
        "source": card.source,
    }


def _published_row(entry: PublishedWeights) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "architecture": entry.architecture,
        "domain": "published",
        "installed": False,
        "bundled": False,
        "licence": entry.licence,
        "size_bytes": entry.size_bytes,
        "source": entry.source,
    }


def _say_table(rows: Sequence[dict[str, Any]]) -> None:
    table = [("", "NAME", "NETWORK", "TRAINED ON", "STATE", "SIZE", "LICENCE")]
    table += [
        (
            "*" if row["default"] else "",
            row["name"],
            architecture(row["architecture"]).title,
            _TRAINED_ON[row["domain"]],
            _state(row),
            _size(row["size_bytes"]),
            row["licence"],
        )
        for row in rows
    ]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(table[0]))]
    for cells in table:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        _say("  ".join(padded).rstrip())


_TRAINED_ON = {"published": "published exams", "synthetic": "synthetic", "own": "own exams"}


def _state(row: dict[str, Any]) -> str:
    if not row["installed"]:
        return "not installed"
    return "bundled" if row["bundled"] else "installed"


def _size(count: int | None) -> str:
    return "" if count is None else f"{count / 1e6:.1f} MB"


def _say_default(inventory: Inventory) -> None:
    wanted = architecture(DEFAULT_ARCHITECTURE).title
    how = f"sonoassist models install {DEFAULT_ARCHITECTURE}"
    if not inventory.models:
        _say(f"\nNo model is installed. {wanted} is the recommended one: {how}")
        return
    card = inventory.models[0].card
    line = f"\n* runs when no --model is given: {card.title}"
    if card.architecture != DEFAULT_ARCHITECTURE or card.domain == "synthetic":
        line += f", since {wanted} with real weights is not installed: {how}"
    _say(line)


def _info(args: argparse.Namespace, store: ModelStore) -> int:
    facts = _facts(args.name, store)
    if args.json:
        _say_json(facts)
        return 0
    width = max(len(key) for key in facts)
    for key, value in facts.items():
        if value not in ("", None, (), []) and key not in _TOLD_APART:
            _say(f"{key.replace('_', ' ').ljust(width)}  {_in_words(value)}")
    for line in _reading(facts):
        _say(line)
    return 0


_TOLD_APART = ("boxes_measured_on", "calibration", "outside")


def _reading(facts: dict[str, Any]) -> list[str]:
    """How the scores of a model are read, and what is known of its boxes, in sentences."""
    known, outside = facts.get("calibration"), facts.get("outside")
    boxes = facts.get("boxes_measured_on")
    if known is None:
        lines = ["uncalibrated: confidences are the plain softmax, the threshold is a guess"]
    else:
        lines = [
            f"calibrated: temperature {known['temperature']:g}, lapse "
            f"{at_most_percent(known['lapse'])}; from {threshold_percent(known['threshold'])} on a "
            f"plane is named, and at most {at_most_percent(known['error_rate'])} of what is named "
            "was wrong, measured on "
            f"{known['fitted_on'] or 'data that nobody has named'}"
        ]
    if outside is None:
        lines.append(f"pictures {OUTSIDE} are not told apart")
    else:
        fitted = outside["fitted_on"] or "pictures that nobody has named"
        lines.append(f"pictures {OUTSIDE} are told apart, by {fitted}")
    lines.append(f"boxes were measured on {boxes}" if boxes else BOXES_UNMEASURED)
    return lines


def _facts(name: str, store: ModelStore) -> dict[str, Any]:
    try:
        model = store.get(name)
    except ModelError:
        published = [entry for entry in load_registry().weights if loose(entry.name) == loose(name)]
        damaged = any(loose(problem.name) == loose(name) for problem in store.problems())
        if damaged or not published:
            raise
        entry = published[0]
        shown = entry.model_dump(mode="json", exclude={"copies", "name"})
        how = f"sonoassist models install {entry.name}"
        return {**_published_row(entry), **shown, "install": how}
    facts = {**_installed_row(model), **model.card.model_dump(mode="json")}
    return {**facts, "folder": str(model.folder), **_checked(model, store)}


def _checked(model: InstalledModel, store: ModelStore) -> dict[str, Any]:
    try:
        tensors = store.load_tensors(model)
    except ModelError as error:
        return {"usable": False, "problem": str(error)}
    return {"usable": True, "parameters": sum(values.size for values in tensors.values())}


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _add(args: argparse.Namespace, store: ModelStore) -> int:
    model = store.add(args.file, args.name)
    _say_done(args, model, "added")
    return 0


def _install(args: argparse.Namespace, store: ModelStore) -> int:
    from sonoassist.model.download import DownloadStopped, install

    registry = load_registry()
    entry = registry.get(args.name)
    with _Progress(entry.file) as progress:
        try:
            model = install(entry.name, store, registry, progress.update)
        except (KeyboardInterrupt, DownloadStopped):
            progress.close()
            _warn(f"stopped; what has arrived of {entry.file} is kept, run it again to resume")
            return STOPPED
    done = "installed" if progress.moved.is_set() else "installed already"
    _say_done(args, model, done)
    return 0


def _say_done(args: argparse.Namespace, model: InstalledModel, done: str) -> None:
    if args.json:
        _say_json({**_installed_row(model), "folder": str(model.folder)})
        return
    card = model.card
    about = _TRAINED_ON[card.domain]
    _say(f"{done} {card.name}: {card.title}, {about}, licence {card.licence}")


def _remove(args: argparse.Namespace, store: ModelStore) -> int:
    name = store.remove(args.name)
    if args.json:
        _say_json({"removed": name})
    else:
        _say(f"removed {name}")
    return 0


class _Progress:
    """A bar on a terminal, a line each tenth elsewhere; both on stderr.

    Attributes:
        moved: Set once any byte was announced.
    """

    def __init__(self, title: str) -> None:
        self.moved = threading.Event()
        self._title = title
        self._bar: Any = None
        self._plain = not sys.stderr.isatty()
        self._step = -1

    def __enter__(self) -> _Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def update(self, done: int, total: int | None) -> None:
        """Show that `done` of `total` bytes are here."""
        self.moved.set()
        if self._plain:
            self._update_plain(done, total)
            return
        if self._bar is None:
            self._bar = tqdm(
                total=total,
                initial=done,
                unit="B",
                unit_scale=True,
                desc=self._title,
                file=sys.stderr,
                leave=False,
            )
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _update_plain(self, done: int, total: int | None) -> None:
        unit = total / _PLAIN_STEPS if total else 1e7
        step = int(done / unit)
        if step == self._step:
            return
        self._step = step
        share = f" of {_size(total)} ({100 * done // total} %)" if total else ""
        _warn(f"{self._title}: {_size(done)}{share}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _say_json(value: object) -> None:
    _say(json_text(value))


def _warn(line: str) -> None:
    sys.stderr.write(f"{line}\n")
