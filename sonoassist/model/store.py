"""The models on this computer: bundled, installed and own."""

from __future__ import annotations

import datetime
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from sonoassist.core.errors import ModelError
from sonoassist.core.paths import shipped_models, user_models
from sonoassist.model.architecture import ARCHITECTURES
from sonoassist.model.card import DEFAULT_ARCHITECTURE, WEIGHTS_NAME, Card, read_card, write_card
from sonoassist.model.checkpoint import decode, encode_folded, read_folded
from sonoassist.model.folders import folder_of, model_names, remove_model, write_model
from sonoassist.model.folding import Tensors
from sonoassist.model.registry import REGISTRY_NAME, Registry, load_registry, loose
from sonoassist.model.weights_hash import tensors_sha256
from sonoassist.model.weights_import import ImportedWeights, import_weights

AUTO = "auto"

_BY_PREFERENCE = (DEFAULT_ARCHITECTURE, "sononet64", "sononet16", "smallnet")
_DOMAINS = ("published", "own", "synthetic")

_OWN_CARD_FIELDS = (
    "title",
    "input_height_px",
    "input_width_px",
    "scale",
    "crop",
    "source",
    "licence",
    "citation",
    "notes",
)
"""What the metadata of our own files may say about them, under the names of the card."""


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that can be used.

    Attributes:
        card: What it is.
        folder: Where its card and weights are.
        bundled: Whether it came with the program; such a model cannot be removed.
    """

    card: Card
    folder: Path
    bundled: bool

    @property
    def name(self) -> str:
        """Name on the command line."""
        return self.card.name

    @property
    def weights_path(self) -> Path:
        """The safetensors file."""
        return self.folder / WEIGHTS_NAME

    @property
    def size_bytes(self) -> int:
        """Size of the weights file; 0 when it has gone."""
        try:
            return self.weights_path.stat().st_size
        except OSError:
            return 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A folder that should hold a model but does not.

    Attributes:
        name: Of the folder.
        message: What is wrong and what to do, one line.
    """

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is in the folders of models.

    Attributes:
        models: Usable ones; an own model hides a bundled one of the same name.
        problems: Damaged ones.
    """

    models: tuple[InstalledModel, ...]
    problems: tuple[Problem, ...]


class ModelStore:
    """The models of a user and of the program.

    Args:
        user_folder: Installed and own models; made when the first one is added.
        shipped_folder: Bundled models, and the registry, whose rules for boxes published models
            have where their cards have none; only read.
    """

    def __init__(self, user_folder: Path, shipped_folder: Path) -> None:
        self.user_folder = user_folder
        self.shipped_folder = shipped_folder
        self._hashes: dict[tuple[str, int, int], str] = {}

    @classmethod
    def default(cls) -> ModelStore:
        """The store of this user and this program."""
        return cls(user_models(), shipped_models())

    def inventory(self) -> Inventory:
        """Look at all folders; damaged ones are reported, never raised."""
        models: dict[str, InstalledModel] = {}
        registry, problems = self._registry()
        for parent, bundled in ((self.shipped_folder, True), (self.user_folder, False)):
            names, unreadable = _names(parent)
            problems += unreadable
            for name in names:
                try:
                    models[name] = self._open(folder_of(parent, name), name, bundled, registry)
                except ModelError as error:
                    problems.append(Problem(name, str(error)))
        return Inventory(tuple(sorted(models.values(), key=_rank)), tuple(problems))

    def installed(self) -> list[InstalledModel]:
        """Usable models, the preferred one first."""
        return list(self.inventory().models)

    def problems(self) -> list[Problem]:
        """Damaged models."""
        return list(self.inventory().problems)

    def get(self, name: str = AUTO, *, synthetic: bool = False) -> InstalledModel:
        """A model by name, or the preferred one for "auto".

        "SonoNet-32" is the same as "sononet32". Preferred are real weights before synthetic
        ones, then SonoNet-32, -64, -16 and SmallNet; the card of the result says which it is.

        Args:
            name: Of the model, or "auto".
            synthetic: The source is a synthetic exam: synthetic weights come before real ones.

        Raises:
            ModelError: It is not installed or damaged.
        """
        inventory = self.inventory()
        if loose(name) in ("", AUTO):
            if inventory.models:
                # The order within each kind stays: the sort is stable.
                return min(
                    inventory.models, key=lambda one: (one.card.domain == "synthetic") != synthetic
                )
            raise ModelError(
                "no model is installed", _install_hint(DEFAULT_ARCHITECTURE), click=_INSTALL_CLICK
            )
        exact = [model for model in inventory.models if model.name == name]
        similar = [model for model in inventory.models if loose(model.name) == loose(name)]
        for model in exact + similar:
            return model
        raise _unknown(name, inventory)

    def add(
        self, path: Path, name: str | None = None, registry: Registry | None = None
    ) -> InstalledModel:
        """Import a weights file; a model of the same name is replaced.

        Args:
            path: A published `.npz`, the port's `.pth` or an own `.safetensors`.
            name: Of the model; by default that of the file in lower case.
            registry: To recognise published files by; by default the bundled one.

        Raises:
            ModelError: The file cannot be used.
            OutputError: The model cannot be written.
        """
        return self.add_imported(import_weights(path), name or path.name, path.name, registry)

    def add_imported(
        self,
        weights: ImportedWeights,
        name: str,
        file_name: str,
        registry: Registry | None = None,
    ) -> InstalledModel:
        """Store weights that were read already; otherwise like `add`.

        Args:
            weights: As read.
            name: Of the model, or a file name to take it from.
            file_name: For the card.
            registry: To recognise published files by; by default the bundled one.

        Raises:
            ModelError: The name cannot be used.
            OutputError: The model cannot be written.
        """
        data = encode_folded(weights.architecture.name, weights.tensors)
        digest = tensors_sha256(weights.tensors)
        fields = {
            "name": model_name(name),
            "architecture": weights.architecture.name,
            "weights_sha256": digest,
            "older_sha256": self._older(digest),
            "added": datetime.date.today().isoformat(),
        }
        described = _describe(weights, file_name, registry or load_registry())
        card = _card({**described, **fields}, file_name)
        folder = write_model(self.user_folder, card, data)
        return InstalledModel(_with_rules(card, self._registry()[0]), folder, bundled=False)

    def describe(self, model: InstalledModel, card: Card) -> InstalledModel:
        """Give a model another card; its weights stay as they are.

        Raises:
            ModelError: The model came with the program, or the card is of other weights.
            OutputError: The card cannot be written.
        """
        if model.bundled:
            raise ModelError(f"{model.name} comes with the program and is not changed")
        if (card.name, card.weights_sha256) != (model.name, model.card.weights_sha256):
            raise ModelError(f"this card does not belong to {model.name}")
        write_card(model.folder, card)
        known = _with_rules(card, self._registry()[0])
        return InstalledModel(known, model.folder, bundled=False)

    def own_card(self, model: InstalledModel) -> Card:
        """The card as it is kept, without the rules that the registry adds.

        Raises:
            ModelError: It cannot be read.
        """
        return self._by_tensors(read_card(model.folder), model.folder)

    def _open(
        self, folder: Path, name: str, bundled: bool, registry: Registry | None
    ) -> InstalledModel:
        card = _with_rules(self._by_tensors(read_card(folder), folder), registry)
        if card.name != name:
            raise ModelError(
                f"the folder {folder} holds the card of {card.name!r}",
                "Rename it, or add it again",
            )
        model = InstalledModel(card, folder, bundled)
        if not model.size_bytes:
            raise ModelError(f"the weights of {name} are missing in {folder}", _repair_hint(name))
        return model

    def _by_tensors(self, card: Card, folder: Path) -> Card:
        """A card of an earlier program, which has the hash of the file, with that of the tensors.

        Weights that are missing or damaged are told by whoever loads them.
        """
        if card.older_sha256 is not None:
            return card
        path = folder / WEIGHTS_NAME
        with suppress(OSError, ModelError):
            stat = path.stat()
            key = (str(path), stat.st_size, stat.st_mtime_ns)
            if key not in self._hashes:
                data = path.read_bytes()
                if hashlib.sha256(data).hexdigest() != card.weights_sha256:
                    return card
                self._hashes[key] = tensors_sha256(decode(data, WEIGHTS_NAME)[0])
            was = card.weights_sha256
            return card.model_copy(
                update={"weights_sha256": self._hashes[key], "older_sha256": (was,)}
            )
        return card

    def _older(self, weights_sha256: str) -> tuple[str, ...]:
        """The older hashes of equal weights that are there: results are kept under them."""
        same = [one.card for one in self.installed() if one.card.weights_sha256 == weights_sha256]
        return tuple(dict.fromkeys(old for card in same for old in card.older_sha256 or ()))

    def _registry(self) -> tuple[Registry | None, list[Problem]]:
        path = self.shipped_folder / REGISTRY_NAME
        if not path.is_file():
            return None, []
        try:
            return load_registry(path), []
        except ModelError as error:
            return None, [Problem(REGISTRY_NAME, str(error))]

    def remove(self, name: str) -> str:
        """Remove an installed or own model, also a damaged one; returns its name.

        Raises:
            ModelError: There is none, or it came with the program.
            OutputError: The operating system refuses.
        """
        names, _ = _names(self.user_folder)
        found = [own for own in names if own == name] or [
            own for own in names if loose(own) == loose(name)
        ]
        if found:
            remove_model(self.user_folder, found[0])
            return found[0]
        if any(loose(own) == loose(name) for own in _names(self.shipped_folder)[0]):
            raise ModelError(f"{name} comes with the program and cannot be removed")
        raise ModelError(
            f"no model called {name!r} is installed",
            "See `sonoassist models list`",
            click="Choose another one in the menu of models",
        )

    def load_tensors(self, model: InstalledModel) -> Tensors:
        """The weights, checked against the card and the network.

        Returns:
            conv00.weight (out, in, k, k), conv00.bias (out,) and so on, float32.

        Raises:
            ModelError: They are missing, changed or do not fit.
        """
        what, hint = f"{model.name}/{WEIGHTS_NAME}", _repair_hint(model.name)
        try:
            data = model.weights_path.read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ModelError(f"cannot read {what}: {reason}", hint) from error
        if not _are_described(data, model.card, what):
            raise ModelError(f"{what} is damaged: it is not the file its card describes", hint)
        network, tensors = read_folded(data, what)
        if network.name != model.card.architecture:
            raise ModelError(
                f"{what} holds {network.title}, its card says {model.card.architecture}", hint
            )
        return tensors


def model_name(text: str) -> str:
    """A model name from a file name or what the user typed: "SonoNet16.npz" is "sononet16".

    Raises:
        ModelError: Nothing usable is left.
    """
    stem = re.sub(r"\.(npz|pth|pt|safetensors)$", "", Path(text).name.lower())
    name = re.sub(r"[^a-z0-9._-]+", "-", stem).strip("._-")[:64].rstrip("._-")
    if not name or loose(name) == AUTO:
        raise ModelError(
            f"{text!r} gives no usable name for a model",
            "Choose one with --name",
            click="Rename the file",
        )
    return name


def _names(parent: Path) -> tuple[list[str], list[Problem]]:
    try:
        return model_names(parent), []
    except OSError as error:
        reason = error.strerror or str(error)
        return [], [Problem(parent.name, f"cannot look into {parent}: {reason}")]


def _are_described(data: bytes, card: Card, what: str) -> bool:
    """Whether weights are those of a card, by their tensors or, in an older one, by their file."""
    if hashlib.sha256(data).hexdigest() in (card.weights_sha256, *(card.older_sha256 or ())):
        return True
    try:
        return tensors_sha256(decode(data, what)[0]) == card.weights_sha256
    except ModelError:
        return False


def _with_rules(card: Card, registry: Registry | None) -> Card:
    """With the registry's rules where a published model has none of its own."""
    return card if registry is None else registry.completed(card)


def _rank(model: InstalledModel) -> tuple[bool, int, int, bool, str]:
    card = model.card
    return (
        card.domain == "synthetic",
        _BY_PREFERENCE.index(card.architecture),
        _DOMAINS.index(card.domain),
        card.name != card.architecture,
        card.name,
    )


_INSTALL_CLICK = "Install one, or add a weights file: the start page has a button for each"


def _install_hint(name: str) -> str:
    return (
        f"Run `sonoassist models install {name}`, or `sonoassist models add FILE` for a file you "
        "have"
    )


def _repair_hint(name: str) -> str:
    return "Install it again" if name in ARCHITECTURES else "Add it again"


def _unknown(name: str, inventory: Inventory) -> ModelError:
    for problem in inventory.problems:
        if loose(problem.name) == loose(name):
            return ModelError(problem.message)
    for known in ARCHITECTURES.values():
        if loose(known.name) == loose(name):
            return ModelError(
                f"{known.title} is not installed", _install_hint(known.name), click=_INSTALL_CLICK
            )
    names = ", ".join(model.name for model in inventory.models)
    if names:
        return ModelError(f"no model is called {name!r}", f"Installed: {names}")
    return ModelError(
        f"no model is called {name!r}", _install_hint(DEFAULT_ARCHITECTURE), click=_INSTALL_CLICK
    )


def _describe(weights: ImportedWeights, file_name: str, registry: Registry) -> dict[str, Any]:
    """What the card says about these weights besides name, network and hash."""
    known = registry.recognise(weights.git_blob, weights.sha256)
    if known is not None:
        entry, file = known
        shared = registry.defaults.model_dump(exclude={"boxes"})
        about = {"title": entry.title, "domain": "published", "licence": file.licence}
        return {**shared, **about, "source": f"{file.source}, {file.file}", "notes": file.notes}
    return {
        "title": f"{weights.architecture.title} ({Path(file_name).stem})",
        "source": file_name,
        **_own_fields(weights),
    }


def _own_fields(weights: ImportedWeights) -> dict[str, Any]:
    metadata = weights.metadata
    fields: dict[str, Any] = {key: metadata[key] for key in _OWN_CARD_FIELDS if key in metadata}
    if "screen_px" in metadata:
        fields["screen_px"] = tuple(metadata["screen_px"].split("x"))
    # A file may call itself synthetic or own; that it is published only its hash can say.
    synthetic = metadata.get("domain") == "synthetic"
    domain: Literal["synthetic", "own"] = "synthetic" if synthetic else "own"
    return {**fields, "domain": domain}


def _card(fields: dict[str, Any], file_name: str) -> Card:
    try:
        return Card.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ModelError(
            f"{file_name} describes itself wrongly: {field}: {first['msg']}",
            "Make the file again",
        ) from error
