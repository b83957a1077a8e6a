from __future__ import annotations

import pytest

READ_ANEW = {"test_screens_commands", "test_benchmark"}
"""They ask about the reading itself."""


@pytest.fixture(scope="module", autouse=True)
def _screens_once(request: pytest.FixtureRequest) -> None:
    """The commands are given the same few films and pictures again and again."""
    if request.module.__name__.rpartition(".")[2] not in READ_ANEW:
        request.getfixturevalue("screens_once")
