from __future__ import annotations

from pathlib import Path

import pytest

from sonoassist.model.store import ModelStore


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SONOASSIST_REGISTRY", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """A store with an empty user folder and an empty shipped folder."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    return ModelStore(tmp_path / "home" / "models", shipped)
