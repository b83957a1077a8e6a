"""Checks of a whole product of cases as one test: thousands of tests would cost far more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def holds_for_each(check: Callable[..., object], cases: Iterable[tuple[Any, ...]]) -> None:
    """Call `check` with each of the `cases`; fail with all those for which it does not hold.

    The values of the first of them are shown with its own failure, above the list.

    Raises:
        AssertionError: There is no case, or `check` fails for some of them.
    """
    count, failures = 0, []
    for count, case in enumerate(cases, 1):  # noqa: B007
        try:
            check(*case)
        except AssertionError as failure:
            failures.append((case, failure))
    assert count, "no case at all"
    if failures:
        told = "\n".join(str(case) for case, _failure in failures[:20])
        raise AssertionError(f"{len(failures)} of {count} cases:\n{told}") from failures[0][1]
