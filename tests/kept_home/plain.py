"""Values of the program as JSON, and how far two of them are apart."""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

ARRAY = "float32:"
"""Text of an array: this, its shape as AxB, a colon, and its bytes in base64."""
NEAR = 1e-6
"""Numbers that differ by less are the same, in proportion."""
NEAR_SHARE = 1e-3
"""Numbers of arrays (probabilities) that differ by less are the same: an exam keeps halves."""


def plain(value: Any) -> Any:
    """A value of the program as JSON has it: tables, lists, texts, numbers; nan is None."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value, "<f4").tobytes()
        shape = "x".join(map(str, value.shape))
        return f"{ARRAY}{shape}:{base64.b64encode(data).decode('ascii')}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float | np.floating):
        return None if math.isnan(value) else float(value)
    if isinstance(value, np.integer):
        return int(value)
    return str(value) if isinstance(value, Path) else value


def columns(rows: Sequence[Any]) -> dict[str, Any]:
    """Records of one kind: name of a field -> its value in each of them."""
    if not rows:
        return {}
    names = [field.name for field in dataclasses.fields(rows[0])]
    table: dict[str, Any] = {}
    for name in names:
        values = [getattr(row, name) for row in rows]
        arrays = isinstance(values[0], np.ndarray)
        table[name] = plain(np.stack(values) if arrays else values)
    return table


def array_of(text: str) -> np.ndarray:
    """The inverse of `plain` for an array."""
    shape, _, data = text.removeprefix(ARRAY).partition(":")
    sides = [int(side) for side in shape.split("x")]
    return np.frombuffer(base64.b64decode(data), "<f4").reshape(sides)


def differences(found: Any, expected: Any, where: str = "") -> list[str]:
    """What is not as it was, one line each; nothing where all of it is."""
    if isinstance(expected, dict) and isinstance(found, dict):
        missing = [f"{where}.{key} is gone" for key in expected.keys() - found.keys()]
        # What a later program also keeps is there, and says nothing of what an earlier one kept.
        told = [key for key in found.keys() - expected.keys() if found[key]]
        more = [f"{where}.{key} is new" for key in told]
        both = [key for key in expected if key in found]
        inside = [differences(found[key], expected[key], f"{where}.{key}") for key in both]
        return [*missing, *more, *(line for lines in inside for line in lines)]
    if isinstance(expected, list) and isinstance(found, list):
        if len(found) != len(expected):
            return [f"{where}: {len(found)} instead of {len(expected)}"]
        pairs = zip(found, expected, strict=True)
        inside = [differences(*pair, f"{where}[{at}]") for at, pair in enumerate(pairs)]
        return [line for lines in inside for line in lines]
    return [] if _same(found, expected) else [f"{where}: {found!r} instead of {expected!r}"]


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, str) and expected.startswith(ARRAY) and isinstance(found, str):
        one, other = array_of(found), array_of(expected)
        return one.shape == other.shape and np.allclose(
            one, other, rtol=0, atol=NEAR_SHARE, equal_nan=True
        )
    if _is_number(expected) and _is_number(found):
        return math.isclose(found, expected, rel_tol=NEAR, abs_tol=NEAR)
    return bool(found == expected) and type(found) is type(expected)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
