"""Seeds of model folders: cards, weights and the registry of published ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from fuzz.format import Seed, each
from fuzz.steady import sorted_head
from real_models import card_of, random_tensors
from sonoassist.core import paths
from sonoassist.model.card import CARD_NAME, WEIGHTS_NAME, domain_warning, write_card
from sonoassist.model.checkpoint import encode_folded
from sonoassist.model.registry import REGISTRY_NAME, load_registry
from sonoassist.model.store import ModelStore


def cards(folder: Path) -> list[Seed]:
    """A folder of models with two, and a registry."""
    data = sorted_head(encode_folded("smallnet", random_tensors("smallnet")))
    files = {}
    for name, domain in (("mine", "own"), ("made", "synthetic")):
        card = card_of("smallnet").model_copy(
            update={
                "name": name,
                "domain": domain,
                "weights_sha256": hashlib.sha256(data).hexdigest(),
                "screen_px": (975, 735),
                "notes": 'A line.\nAnother "one".',
                "added": "2026-01-02",
            }
        )
        (folder / name).mkdir()
        write_card(folder / name, card)
        files[f"models/{name}/{CARD_NAME}"] = (folder / name / CARD_NAME).read_bytes()
    targets = (*files, *files, "registry.toml")
    files |= {f"models/{name}/{WEIGHTS_NAME}": data for name in ("mine", "made")}
    files["registry.toml"] = (paths.shipped_models() / REGISTRY_NAME).read_bytes()
    return [Seed("models", files, targets)]


def use(folder: Path, seed: Seed) -> str:
    """The list of models, and loading each of them."""
    store = ModelStore(folder / seed.name, folder / "shipped")
    inventory = store.inventory()
    for problem in inventory.problems:
        assert len(problem.message.splitlines()) == 1, problem.message

    def load(name: str) -> Callable[[], object]:
        return lambda: store.load_tensors(store.get(name))

    def describe() -> None:
        for model in inventory.models:
            domain_warning(model.card, synthetic=True)
            assert store.describe(model, model.card) == model
        assert store.inventory() == inventory

    registry = folder / "registry.toml"
    each(load("mine"), load("made"), load("auto"), describe, lambda: load_registry(registry))
    return "refused" if inventory.problems else "result"
