"""Memory for the last seconds, by how much the machine has."""

from __future__ import annotations

import os

import pytest

from sonoassist.core.machine_memory import machine_bytes, usual_history_mb
from sonoassist.core.settings import Settings

_PAGE_BYTES = 4096


@pytest.mark.parametrize(
    ("machine_gib", "history_mb"),
    [(2, 768), (4, 768), (8, 1024), (12, 1536), (16, 2048), (64, 2048)],
)
def test_an_eighth_of_the_memory_within_bounds(
    machine_gib: int, history_mb: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"SC_PHYS_PAGES": machine_gib * 2**30 // _PAGE_BYTES, "SC_PAGE_SIZE": _PAGE_BYTES}
    monkeypatch.setattr(os, "sysconf", told.__getitem__, raising=False)
    assert machine_bytes() == machine_gib * 2**30
    assert usual_history_mb() == history_mb
    assert Settings().history_mb == history_mb
    assert Settings(history_mb=500).history_mb == 500


def test_a_system_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert machine_bytes() is None
    assert usual_history_mb() == 768
