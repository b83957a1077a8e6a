"""Loading a model tells what it does."""

from __future__ import annotations

from sonoassist.gui.loading import bundled_model, load_analyser
from sonoassist.model.store import AUTO, ModelStore
from sonoassist.settings import Settings


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


def test_without_a_bundled_model_the_choice_is_automatic(tmp_path: object) -> None:
    store = ModelStore(tmp_path / "own", tmp_path / "shipped")  # type: ignore[operator]
    assert bundled_model(store) == AUTO
