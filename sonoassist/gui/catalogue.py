"""The models there are, as the window wants them: the store and the registry in one list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sonoassist.core.errors import ModelError
from sonoassist.gui.ports import ModelEntry
from sonoassist.live.status import Level, Notice, Notices
from sonoassist.model.download import install
from sonoassist.model.registry import PublishedWeights, load_registry
from sonoassist.model.store import ModelStore


class Catalogue:
    """Installed models first, then published ones that could be installed.

    Args:
        store: Of the models on this computer.
        notices: Where damaged models and registries are reported.
    """

    def __init__(self, store: ModelStore, notices: Notices) -> None:
        self._store = store
        self._notices = notices

    def entries(self) -> Sequence[ModelEntry]:
        """Installed models and published ones that could be installed."""
        inventory = self._store.inventory()
        for problem in inventory.problems:
            self._notices.put(Notice(Level.WARNING, problem.message))
        cards = [model.card for model in inventory.models]
        have = {card.name for card in cards}
        found = [ModelEntry(card.name, card.title, card.domain, True) for card in cards]
        missing = [one for one in self._published() if one.name not in have]
        return found + [ModelEntry(one.name, one.title, "published", False) for one in missing]

    def _published(self) -> tuple[PublishedWeights, ...]:
        try:
            return load_registry().weights
        except ModelError as error:
            self._notices.put(Notice.of(error, Level.WARNING))
            return ()

    def add(self, path: Path) -> str:
        """Import a weights file; returns the name of the model."""
        return self._store.add(path).name

    def install(
        self,
        name: str,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> str:
        """Download a published model; returns its name."""

        def told(done: int, total: int | None) -> None:
            progress(done, total or 0)

        return install(name, self._store, load_registry(), told, cancelled).name
