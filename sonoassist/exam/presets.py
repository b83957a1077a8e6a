"""Checklists from editable files: the shipped one and the user's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonoassist.core import paths
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.files import ensure_folder, write_bytes
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.core.texts import NotTextError, decoded
from sonoassist.core.wording import counted
from sonoassist.exam.records import Item

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

DEFAULT_PRESET = "20-week"
SUFFIX = ".toml"
MAX_LABEL = 60
"""Characters; a longer label does not fit on screen."""
MAX_ITEMS = 100

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_FIELDS = ("plane", "key", "label", "required")
_NAMED = tuple(plane.key for plane in DISPLAY_ORDER if not plane.is_background)


@dataclass(frozen=True, slots=True)
class Preset:
    """A checklist as its file has it.

    Attributes:
        name: Of the file, without its suffix; what settings and records call it.
        title: For people.
        items: In the order of the list.
        path: Of the file.
        own: Whether it is the user's.
    """

    name: str
    title: str
    items: tuple[Item, ...]
    path: Path
    own: bool


def preset_names() -> tuple[str, ...]:
    """Names of the checklists, the default one first; a bad file is named too."""
    found = {path.stem for folder in _folders() for path in folder.glob(f"*{SUFFIX}")}
    names = sorted(name for name in found if not name.startswith("."))
    return tuple(sorted(names, key=lambda name: name != DEFAULT_PRESET))


def load_preset(name: str = DEFAULT_PRESET) -> Preset:
    """Read a checklist; the user's own file goes before the shipped one of the same name.

    Raises:
        UsageError: There is none, or its file is bad.
    """
    path = _find(name)
    try:
        text = decoded(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"the checklist {path} cannot be read: {reason}") from error
    except NotTextError as error:
        raise _bad(path, f"is not UTF-8 text: it {error}") from error
    title, items = parse_preset(text, path)
    return Preset(name, title or name, items, path, own=path.parent == paths.user_checklists())


def edit_copy(name: str = DEFAULT_PRESET) -> Path:
    """Copy a shipped checklist to the user's folder, for editing; returns the file there.

    A file of that name that is already there stays as it is.

    Raises:
        UsageError: There is no such checklist.
        OutputError: The file cannot be written.
    """
    path = _find(name)
    own = paths.user_checklists() / path.name
    if path != own:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise OutputError(f"{path} cannot be read: {error.strerror or error}") from error
        ensure_folder(own.parent)
        write_bytes(own, content)
    return own


def parse_preset(text: str, path: Path) -> tuple[str, tuple[Item, ...]]:
    """Title ("" when there is none) and items of a checklist.

    Args:
        text: TOML.
        path: Of the file, for what is said of it.

    Raises:
        UsageError: Something in it is wrong.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(path, f"is not TOML: {error}") from error
    _no_others(data, ("name", "items"), path, "the file")
    title = data.get("name", "")
    if not isinstance(title, str) or (title and not _fits(title)):
        raise _bad(path, f"has no usable name: {_short(title)}")
    return title, _items(data.get("items"), path)


def _folders() -> tuple[Path, Path]:
    return paths.user_checklists(), paths.resources() / "checklists"


def _find(name: str) -> Path:
    for folder in _folders() if name and Path(name).name == name else ():
        path = folder / f"{name}{SUFFIX}"
        with suppress(OSError, ValueError):  # it may be no possible name
            if path.is_file():
                return path
    raise UsageError(
        f"there is no checklist '{name}'", f"Known: {', '.join(preset_names()) or 'none'}"
    )


def _items(tables: Any, path: Path) -> tuple[Item, ...]:
    if tables is None or tables == []:
        raise _bad(path, "has no items", "Write [[items]] and a plane or a key below it")
    if not isinstance(tables, list):
        raise _bad(path, "has items that are no list", "Write [[items]] with two brackets")
    if len(tables) > MAX_ITEMS:
        raise _bad(path, f"has {counted(len(tables), 'item')}, more than {MAX_ITEMS}")
    items = tuple(_item(table, number, path) for number, table in enumerate(tables, start=1))
    _all_different([item.key for item in items], "the key", path)
    # An automatic capture could not tell which of two lines it is for.
    _all_different([item.plane for item in items if item.plane], "the plane", path)
    return items


def _item(table: Any, number: int, path: Path) -> Item:
    where = f"item {number}"
    if not isinstance(table, Mapping):
        raise _bad(path, f"has no table as {where}")
    _no_others(table, _FIELDS, path, where)
    plane = _plane(table, where, path)
    key = table.get("key", plane)
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise _bad(path, f"gives {where} no usable key: {_short(key)}", _KEY_HINT)
    label = table.get("label", BY_KEY[plane].label if plane else "")
    if not isinstance(label, str) or not _fits(label):
        raise _bad(path, f"gives {where} ({key}) no usable label: {_short(label)}", _LABEL_HINT)
    required = table.get("required", bool(plane))
    if not isinstance(required, bool):
        raise _bad(path, f"gives {where} ({key}) required = {_short(required)}", "true or false")
    return Item(key, label, plane, required)


_KEY_HINT = "Up to 40 of a-z, 0-9, _ and -; an item without a plane needs one"
_LABEL_HINT = f"One line of up to {MAX_LABEL} characters; an item without a plane needs one"


def _plane(table: Mapping[str, Any], where: str, path: Path) -> str:
    plane = table.get("plane", "")
    if not isinstance(plane, str) or (plane and plane not in _NAMED):
        raise _bad(
            path,
            f"gives {where} the plane {_short(plane)}, which does not exist",
            f"Known: {', '.join(_NAMED)}",
        )
    return plane


def _fits(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MAX_LABEL and text.isprintable()


def _all_different(values: list[str], what: str, path: Path) -> None:
    for value in values:
        if values.count(value) > 1:
            raise _bad(path, f"has {what} '{value}' twice", "Each may be there once")


def _no_others(table: Mapping[str, Any], known: tuple[str, ...], path: Path, where: str) -> None:
    for name in table:
        if name not in known:
            raise _bad(
                path,
                f"has {_short(name)} in {where}, which means nothing here",
                f"Known: {', '.join(known)}",
            )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 3]}..."


def _bad(path: Path, what: str, hint: str = "") -> UsageError:
    return UsageError(f"the checklist {path} {what}", hint or "Correct it or remove it")
