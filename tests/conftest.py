from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonoassist.precision import choosing

REASON = "SONOASSIST_TEST_DATA does not name the folder of the real test data"


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of the real test data."""
    named = os.environ.get("SONOASSIST_TEST_DATA")
    if named and Path(named).is_dir():
        return Path(named)
    if os.environ.get("SONOASSIST_REQUIRE_TEST_DATA"):
        pytest.fail(REASON)
    pytest.skip(REASON)


@pytest.fixture(autouse=True)
def _verdicts_are_shared(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A model is calibrated once for all tests: each has a home of its own, the weights are few."""
    folder = tmp_path_factory.getbasetemp() / "verdicts"
    monkeypatch.setattr(choosing, "verdict_folder", lambda: folder)
