"""Any number of cases, from the command line."""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from fuzz.formats import NAMES
from fuzz.running import START, Failure, run


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; returns 1 where a case broke the program."""
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "--format", action="append", choices=NAMES, help="may be repeated; all, left out"
    )
    parser.add_argument("--count", type=int, default=300, help="cases of each format")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=START, help="what the cases are drawn from")
    parser.add_argument("--hang", type=float, help="seconds after which a case hangs")
    parser.add_argument("--deaths", type=int, default=100, help="crashes after which it ends")
    parser.add_argument("--data", type=Path, help="folder of the real test data, for more seeds")
    parser.add_argument("--keep", type=Path, help="folder for the files of the cases")
    told = parser.parse_args(arguments)
    failed = 0
    for name in told.format or NAMES:
        seen: dict[str, list[int]] = {}
        began_s = time.perf_counter()
        batch = run(
            name,
            told.count,
            start=told.seed,
            first=told.first,
            hang=told.hang,
            keep=told.keep,
            data=told.data,
            deaths=told.deaths,
            told=functools.partial(_tell, seen),
        )
        outcomes = ", ".join(f"{count} {what}" for what, count in batch.outcomes.most_common())
        slow_s, slow = batch.slowest
        _say(
            f"{name}: {batch.done} cases in {time.perf_counter() - began_s:.0f} s: {outcomes}; "
            f"{len(batch.failures)} failed; slowest {slow_s:.1f} s (number {slow})"
        )
        for kind, numbers in seen.items():
            _say(f"  {len(numbers)} times {kind}: {', '.join(map(str, numbers[:12]))}")
        failed += len(batch.failures)
    return 1 if failed else 0


def _tell(seen: dict[str, list[int]], failure: Failure) -> None:
    """Failures of one cause are shown once."""
    numbers = seen.setdefault(failure.kind, [])
    numbers.append(failure.number)
    if len(numbers) == 1:
        _say(f"{failure}\n")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
