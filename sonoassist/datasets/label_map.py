"""From a data set's own class names to our planes, by an editable file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.names import compared
from sonoassist.core.paths import resources
from sonoassist.core.planes import INDEX, PLANES
from sonoassist.core.texts import decoded

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

LEAVE_OUT = "leave_out"

Accepted = tuple[str, ...]


def folded(name: str) -> str:
    """A class name as it is compared: without case, doubled or outer spaces, accents composed."""
    return " ".join(compared(name).split()).casefold()


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Class names and the planes that count as right for them.

    Attributes:
        classes: Folded class name -> accepted plane keys; empty for classes left out.
    """

    classes: Mapping[str, Accepted]

    def accepted(self, *names: str) -> Accepted | None:
        """The planes of the first of `names` that is known.

        Returns:
            Plane keys; empty where the class is left out on purpose; None for unknown names.
        """
        for name in names:
            found = self.classes.get(folded(name))
            if found is not None:
                return found
        return None


def load_label_map(layout: str, own: Path | None = None) -> LabelMap:
    """The planes' own names, the shipped map of `layout`, and the user's file over both.

    Raises:
        UsageError: The user's file cannot be used.
        SourceError: The shipped file is missing.
    """
    classes: dict[str, Accepted] = {}
    for plane in PLANES:
        for name in (plane.key, plane.label, plane.full_name, plane.published_label):
            classes[folded(name)] = (plane.key,)
    shipped = resources() / "label_maps" / f"{layout}.toml"
    if shipped.exists():
        classes.update(_read(shipped))
    if own is not None:
        classes.update(_read(own))
    return LabelMap(classes)


def _read(path: Path) -> dict[str, Accepted]:
    try:
        data = tomllib.loads(decoded(path.read_bytes()))
    except OSError as error:
        raise UsageError(
            f"the mapping {path} cannot be read: {error.strerror or error}", "Check its name"
        ) from error
    except (ValueError, RecursionError) as error:  # also numbers of too many digits
        raise UsageError(f"the mapping {path} is not TOML: {error}", "Correct it") from error
    table = data.get("classes")
    if not isinstance(table, dict):
        raise UsageError(f"the mapping {path} has no [classes]", "Write one line a class below it")
    return {folded(name): _planes(path, name, value) for name, value in table.items()}


def _planes(path: Path, name: str, value: Any) -> Accepted:
    if value == LEAVE_OUT:
        return ()
    keys = [value] if isinstance(value, str) else value
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
        raise UsageError(
            f'the mapping {path} gives {name!r} neither plane keys nor "{LEAVE_OUT}"',
            f"Known keys: {', '.join(INDEX)}",
        )
    for key in keys:
        if key not in INDEX:
            raise UsageError(
                f"the mapping {path} gives {name!r} the plane {key!r}, which does not exist",
                f"Known keys: {', '.join(INDEX)}",
            )
    return tuple(dict.fromkeys(keys))


def need(accepted: Accepted | None, name: str) -> Accepted:
    """The planes of a class the layout cannot do without.

    Raises:
        SourceError: The class is unknown or left out.
    """
    if not accepted:
        raise SourceError(f"the mapping has no planes for {name!r}", "Add a line for it")
    return accepted
