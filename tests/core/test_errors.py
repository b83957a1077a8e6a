"""Errors speak of commands in a shell and of clicks in the window."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sonoassist
from sonoassist.core.errors import ModelError, UsageError, shown, window_text
from sonoassist.live.status import Notice

PACKAGE = Path(sonoassist.__file__).parent
SHELL_ONLY = {
    "commands",
    "training",
    "evaluation",
    "benchmark",
    "phantom",
    "datasets",
    "cli.py",
    "retrieval",
    "gui/platform.py",
    "exam/report/style.py",
}
"""What only a shell shows; without a display there is no window to say it in. The last is CSS."""
TRAINING = "sonoassist train "
"""The one command that the window names: training has no button."""
SHELL = re.compile(r"(^|\s|`)--[a-z]|\bsonoassist [a-z]")
MAY_BE_SHELL = re.compile(r"--[a-z]|\bsonoassist[^.\w]")
"""In each file with such a text, wherever its literals begin and end."""


def test_an_error_has_a_hint_for_each_place() -> None:
    error = ModelError("no model", "Run: sonoassist models list", click="Open the menu")
    assert str(error) == "no model. Run: sonoassist models list"
    assert error.in_window() == window_text(error) == "no model. Open the menu"
    assert Notice.of(error).hint == "Open the menu"
    plain = UsageError("it is wrong.", "Mend it")
    assert str(plain) == plain.in_window() == "it is wrong. Mend it"
    assert window_text(ValueError("other")) == "other"


def test_words_of_a_file_neither_break_the_line_nor_move_the_cursor() -> None:
    error = ModelError("a\nb\u2028c\x1b[2Jd\x00e \udcff", "f\tg")
    assert error.message == "a b c [2Jd e ?"
    assert str(error) == "a b c [2Jd e ?. f g"
    assert shown("Größe\u00a0é ☺ 図") == "Größe\u00a0é ☺ 図"


@functools.cache
def texts() -> tuple[tuple[Path, ast.Constant, list[ast.AST]], ...]:
    """Texts of the rooms behind the window, with the nodes they stand in.

    Of the files that may name a command.
    """
    return tuple(read_texts())


def read_texts() -> Iterator[tuple[Path, ast.Constant, list[ast.AST]]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name in SHELL_ONLY or name.split("/")[0] in SHELL_ONLY or "_data" in name:
            continue
        written = path.read_text("utf-8")
        if not MAY_BE_SHELL.search(written):
            continue  # it takes long to parse all of them
        stack: list[tuple[ast.AST, list[ast.AST]]] = [(ast.parse(written), [])]
        while stack:
            node, above = stack.pop()
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node, above
            stack += [(child, [*above, node]) for child in ast.iter_child_nodes(node)]


def is_docstring(above: list[ast.AST]) -> bool:
    return bool(above) and isinstance(above[-1], ast.Expr)


def has_click(above: list[ast.AST]) -> bool:
    """Whether the text is of an error with a hint of its own for the window."""
    return any(
        isinstance(node, ast.Call) and any(word.arg == "click" for word in node.keywords)
        for node in above
    )


def of_hint_function(above: list[ast.AST]) -> bool:
    """Functions that make the hint of the shell, beside one for the window."""
    names = {node.name for node in above if isinstance(node, ast.FunctionDef)}
    return bool(names & {"_install_hint", "_by_hand"})


@pytest.mark.parametrize("path", ["model/store.py", "model/download.py", "exam/store.py"])
def test_the_search_sees_the_texts(path: str) -> None:
    found = [node for where, node, _ in texts() if where == PACKAGE / path]
    assert any(SHELL.search(node.value) for node in found)


def test_no_text_behind_the_window_names_a_command() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}: {node.value}"
        for path, node, above in texts()
        if SHELL.search(node.value)
        and not node.value.startswith((TRAINING, " --test-share"))
        and not (is_docstring(above) or has_click(above) or of_hint_function(above))
    ]
    assert wrong == []
