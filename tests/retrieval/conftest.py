from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results that another test has kept would be taken in the place of an analysis."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("SONOASSIST_HOME", str(home))
    return home
