"""The kept home, unpacked and in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from kept_home.reading import Kept, unpacked

NAME = "home_0_1"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    made = unpacked(NAME, tmp_path)
    monkeypatch.setenv("SONOASSIST_HOME", str(made.home))
    return made
