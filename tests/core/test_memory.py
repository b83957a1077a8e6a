"""How much memory there is, and what is made of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import NoReturn

import psutil
import pytest

from sonoassist.core.memory import available_bytes, machine_bytes, resident_mb, usual_history_mb
from sonoassist.core.settings import Settings


@pytest.mark.parametrize(
    ("machine_gib", "history_mb"),
    [(2, 768), (4, 768), (8, 1024), (12, 1536), (16, 2048), (64, 2048)],
)
def test_an_eighth_of_the_memory_within_bounds(
    machine_gib: int, history_mb: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = SimpleNamespace(total=machine_gib * 2**30)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: told)
    assert machine_bytes() == machine_gib * 2**30
    assert usual_history_mb() == history_mb
    assert Settings().history_mb == history_mb
    assert Settings(history_mb=500).history_mb == 500


@pytest.mark.parametrize("error", [PermissionError, psutil.AccessDenied])
def test_a_system_that_does_not_tell(
    error: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise error()

    monkeypatch.setattr(psutil, "virtual_memory", refuse)
    monkeypatch.setattr(psutil.Process, "memory_info", refuse)
    assert machine_bytes() is None
    assert available_bytes() is None
    assert usual_history_mb() == 768
    assert resident_mb() == 0


def test_this_machine_tells() -> None:
    whole, page_bytes = machine_bytes(), os.sysconf("SC_PAGE_SIZE")
    assert whole == os.sysconf("SC_PHYS_PAGES") * page_bytes
    # Before and behind: other programs take and give meanwhile.
    free = [os.sysconf("SC_AVPHYS_PAGES") * page_bytes, available_bytes() or 0]
    free.append(os.sysconf("SC_AVPHYS_PAGES") * page_bytes)
    assert 0 < free[1] <= whole
    assert free[1] > min(free[0], free[2]) / 2


def test_memory_grows_with_what_is_held() -> None:
    before = resident_mb()
    held = bytearray(os.urandom(1) * 60_000_000)
    assert resident_mb() - before > 40
    assert len(held) == 60_000_000
