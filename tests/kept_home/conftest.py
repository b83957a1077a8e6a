"""The kept home, unpacked and in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from kept_home.reading import Kept, unpacked
from older_reviews import prepared_as_then

NAME = "home_0_1"


@pytest.fixture
def kept_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """By this program, which prepares frames otherwise."""
    made = unpacked(NAME, tmp_path)
    monkeypatch.setenv("SONOASSIST_HOME", str(made.home))
    return made


@pytest.fixture
def kept(kept_now: Kept, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The results in it serve."""
    prepared_as_then(monkeypatch)
    return kept_now
