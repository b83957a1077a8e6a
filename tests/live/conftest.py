from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from live_fakes import MadeOpener

from sonoassist.live import capture
from sonoassist.live.session import LiveSession
from sonoassist.sources.base import Source

WORKERS = ("capture", "analysis")

Start = Callable[..., LiveSession]


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name in WORKERS]


@pytest.fixture(autouse=True)
def _noise_stands_for_a_picture(plain_screens: None) -> None:
    """The pictures of these tests are made of noise."""


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Makes sessions; at the end they are stopped, and no thread may be left."""
    monkeypatch.setattr(capture, "RETRY_S", 0.01)
    made: list[LiveSession] = []

    def start(**sources: list[Source | Exception]) -> LiveSession:
        session = LiveSession(history_s=3600, history_mb=768, opener=MadeOpener(**sources))
        made.append(session)
        return session

    yield start
    for session in made:
        session.stop()
    assert workers() == []
