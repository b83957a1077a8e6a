"""The limit of a test grows with the machine's slowness, and no test has one of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import limits
from waiting import LIMIT_MS, LIMIT_S

TESTS = Path(__file__).parent


@pytest.mark.parametrize(("taken_s", "times"), [(0.01, 1.0), (0.5, 2.0), (60.0, 4.0)])
def test_a_slow_machine_gets_more(
    monkeypatch: pytest.MonkeyPatch, taken_s: float, times: float
) -> None:
    monkeypatch.setattr(limits, "measured_s", lambda: taken_s)
    assert limits.measured_limit_s() == limits.USUAL_LIMIT_S * times


def test_this_run_has_its_limit_and_waiting_ends_before_it(
    request: pytest.FixtureRequest,
) -> None:
    assert 0 < LIMIT_S < limits.limit_s()
    assert round(1000 * LIMIT_S) == LIMIT_MS
    assert limits.measured_s() > 0


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, node


def named(call: ast.Call) -> str:
    """Its whole name where its last part is in question; writing out all of them takes long."""
    last = getattr(call.func, "attr", None) or getattr(call.func, "id", None)
    return ast.unparse(call.func) if last in ("sleep", "wait", "timeout") else ""


def test_no_test_sleeps_or_has_a_limit_of_its_own() -> None:
    wrong = [
        f"{path.relative_to(TESTS)}:{call.lineno}: {ast.unparse(call)[:80]}"
        for path, call in calls()
        if named(call) in ("time.sleep", "sleep", "qtbot.wait", "pytest.mark.timeout")
        or any(
            word.arg == "timeout"
            and isinstance(word.value, ast.Constant)
            and isinstance(word.value.value, int | float)
            for word in call.keywords
        )
    ]
    assert wrong == []
