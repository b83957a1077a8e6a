from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of the real test data."""
    named = os.environ.get("SONOASSIST_TEST_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("SONOASSIST_TEST_DATA does not name the folder of the real test data")
    return Path(named)
