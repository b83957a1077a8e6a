"""Loading a model tells what it does."""

from __future__ import annotations

import numpy as np

from sonoassist.core import paths
from sonoassist.core.settings import Settings
from sonoassist.engines.shared import EngineShelf
from sonoassist.gui.loading import bundled_model, load_analyser
from sonoassist.model.store import AUTO, ModelStore
from sonoassist.sources import open_source


def test_loading_the_bundled_model_tells_each_step() -> None:
    store, told = ModelStore.default(), list[str]()
    settings = Settings(model=bundled_model(store), engine="openvino", crop="full")
    analyser = load_analyser(settings, store, True, told.append)
    try:
        assert analyser.card.name == settings.model
        assert told == [
            "Engine: loading its libraries …",
            "Model: reading SonoNet-32 …",
            "Engine: compiling SonoNet-32 …",
        ]
    finally:
        analyser.close()


def test_two_pages_that_run_the_same_model_share_its_engine() -> None:
    store, shelf = ModelStore.default(), EngineShelf()
    settings = Settings(model=bundled_model(store), engine="openvino", precision="f32")
    told: list[str] = []
    live = load_analyser(settings, store, True, told.append, shelf)
    review = load_analyser(settings.model_copy(update={"crop": "full"}), store, True, str, shelf)
    assert len(shelf) == 1
    with open_source(str(paths.demo_exam())) as source:
        frame = source.read()
    assert frame is not None
    seen = live.analyse(frame).prediction.probabilities
    review.close()
    assert np.array_equal(live.analyse(frame).prediction.probabilities, seen)
    live.close()
    assert len(shelf) == 0


def test_without_a_bundled_model_the_choice_is_automatic(tmp_path: object) -> None:
    store = ModelStore(tmp_path / "own", tmp_path / "shipped")  # type: ignore[operator]
    assert bundled_model(store) == AUTO
