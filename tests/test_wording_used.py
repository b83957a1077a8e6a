"""Numbers of things are put into words by `core.wording` alone."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sonoassist

PACKAGE = Path(sonoassist.__file__).parent
NOUNS = (
    "frames|pictures|exams|rows|places|files|recordings|questions|votes|times|screens|cases|pages|"
    "exercises|corrections|points|planes|iterations|lines|processes|parts|boxes|items|alarms|"
    "classes|views|models|patients|folds|clips"
)
AFTER = re.compile(rf" (?:[a-z-]+ )?(?:{NOUNS})\b")
FIXED = re.compile(r"(?:[a-z_]+\.)?[A-Z_]+|len\([A-Z_]+\)(?: - 1)?")
"""A constant is not one."""
ENDING = re.compile(r"^'s' if|'' if .* == 1 else 's'|'s' if .* else ''")
RATES = {
    "benchmark/text.py": "times quicker, a figure",
    "evaluation/text_tables.py": "a mean: 23.7 background frames",
    "gui/rate_words.py": "a rate: 0.3 boxes a second",
    "evaluation/failures.py": "the number of a row",
}


@functools.cache
def f_strings(text: str) -> tuple[ast.JoinedStr, ...]:
    return tuple(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.JoinedStr))


def plurals(text: str) -> Iterator[str]:
    """The f-strings in which a number stands before a fixed plural, or an s is put on by hand."""
    for node in f_strings(text):
        for value, after in zip(node.values, [*node.values[1:], None], strict=True):
            if not isinstance(value, ast.FormattedValue):
                continue
            told = ast.unparse(value.value)
            if ENDING.search(told):
                yield f"line {node.lineno}: {told}"
            whole = value.format_spec is None or ast.unparse(value.format_spec) in ("f','", "','")
            plural = isinstance(after, ast.Constant) and AFTER.match(str(after.value))
            if whole and plural and not FIXED.fullmatch(told):
                yield f"line {node.lineno}: {{{told}}}{after.value}"


def unlike_its_total(text: str) -> Iterator[str]:
    """The f-strings that say "1234 of 12,200 frames": the two numbers are not written alike."""
    for node in f_strings(text):
        for value, between, total in zip(
            node.values, node.values[1:], node.values[2:], strict=False
        ):
            if (
                isinstance(value, ast.FormattedValue)
                and value.format_spec is None
                and isinstance(between, ast.Constant)
                and between.value == " of "
                and isinstance(total, ast.FormattedValue)
                and ast.unparse(total.value).startswith("counted(")
                and not ast.unparse(value.value).startswith("counted(")
            ):
                yield f"line {node.lineno}: {ast.unparse(value.value)}"


def test_the_test_finds_them() -> None:
    assert list(plurals("f'{n} frames'"))
    assert list(plurals("f'{len(a):,} labelled frames of'"))
    assert list(plurals("""f"{n} exam{'s' if n > 1 else ''}" """))
    assert not list(plurals("f'{counted(n, 1)} of {MOST} frames {x:.1f} frames'"))
    assert list(unlike_its_total("f'{n} of {counted(m, 1)}'"))
    assert not list(unlike_its_total("f'{n:,} of {counted(m, 1)} of {counted(k, 2)}'"))


@pytest.mark.parametrize("room", sorted({one.name for one in PACKAGE.iterdir()} - {"__pycache__"}))
def test_no_plural_is_put_together_by_hand(room: str) -> None:
    files = (
        [PACKAGE / room] if (PACKAGE / room).is_file() else sorted((PACKAGE / room).rglob("*.py"))
    )
    found = {
        f"{path.relative_to(PACKAGE)} {one}"
        for path in files
        if path.relative_to(PACKAGE).as_posix() not in RATES and path.suffix == ".py"
        for one in plurals(path.read_text(encoding="utf-8"))
    }
    assert not found, "use sonoassist.core.wording.counted"


def test_a_number_and_its_total_are_written_alike() -> None:
    found = [
        f"{path.relative_to(PACKAGE)} {one}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for one in unlike_its_total(path.read_text(encoding="utf-8"))
    ]
    assert not found, "write both with a comma for thousands"
