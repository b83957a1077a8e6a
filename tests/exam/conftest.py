from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def _screens_once(screens_once: None) -> None:
    """Reports and exports look at the same few pictures again and again, to mask them."""
