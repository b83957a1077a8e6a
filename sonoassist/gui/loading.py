"""Loading a model, step by step, on the analysis thread: the heavy imports happen here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sonoassist.core.settings import Settings
from sonoassist.model.folding import Tensors
from sonoassist.model.store import AUTO, InstalledModel, ModelStore

if TYPE_CHECKING:
    from sonoassist.analysis.analyser import Analyser
    from sonoassist.engines.shared import EngineShelf

Tell = Callable[[str], None]


class TellingStore(ModelStore):
    """A store that tells what is read from it, and what comes after that.

    Args:
        store: The models.
        tell: Is told.
    """

    def __init__(self, store: ModelStore, tell: Tell) -> None:
        super().__init__(store.user_folder, store.shipped_folder)
        self._tell = tell

    def load_tensors(self, model: InstalledModel) -> Tensors:
        """The weights of a model."""
        self._tell(f"Model: reading {model.card.title} …")
        tensors = super().load_tensors(model)
        self._tell(f"Engine: compiling {model.card.title} …")
        return tensors


def load_analyser(
    settings: Settings,
    store: ModelStore,
    synthetic: bool,
    tell: Tell,
    shelf: EngineShelf | None = None,
    *,
    at_once: bool = True,
) -> Analyser:
    """Build the analyser that the settings ask for.

    Args:
        settings: Of the user.
        store: The models.
        synthetic: For a synthetic exam.
        tell: Is told what is done.
        shelf: Of engines shared with the other pages; None for an engine of its own.
        at_once: Check quicker precisions behind the frames, not before the first one.

    Raises:
        UsageError: The crop in the settings is not understood.
        ModelError: The model is missing or damaged.
        EngineError: The engine is not to be had here.
    """
    tell("Engine: loading its libraries …")
    # Not at the top: image and array libraries come with it, and the window is up before them.
    from sonoassist.analysis.analyser import analyser_for

    return analyser_for(
        settings, TellingStore(store, tell), synthetic=synthetic, shelf=shelf, at_once=at_once
    )


def bundled_model(store: ModelStore) -> str:
    """Name of the model that comes with the program; "auto" when none does."""
    return next((model.name for model in store.installed() if model.bundled), AUTO)
