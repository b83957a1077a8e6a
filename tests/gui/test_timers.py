"""A timer may fire while its window goes away: what it calls must not hold on to a widget.

A method of a QObject is let go with its object; a function made on the spot is not.
"""

from __future__ import annotations

import re
from pathlib import Path

import sonoassist.gui

ROOM = Path(sonoassist.gui.__file__).parent
HOLDS = re.compile(r"(timeout\.connect|singleShot)\([^()]*lambda[^:]*:(?!\s*None\b)")


def test_no_timer_calls_a_function_that_holds_on_to_a_widget() -> None:
    assert HOLDS.search("self._timer.timeout.connect(lambda: self.dismissed.emit(self))")
    found = [
        str(path.relative_to(ROOM))
        for path in sorted(ROOM.rglob("*.py"))
        if HOLDS.search(path.read_text(encoding="utf-8"))
    ]
    assert not found
