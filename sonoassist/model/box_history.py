"""Rules for boxes that a model had before others were fitted, kept beside its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sonoassist.core.errors import ModelError, OutputError
from sonoassist.core.files import output_error, write_bytes
from sonoassist.model.box_rule import BoxRule

FILE = "boxes-before.json"
_HISTORY: TypeAdapter[list[dict[str, BoxRule]]] = TypeAdapter(list[dict[str, BoxRule]])


def keep_rules(folder: Path, rules: Mapping[str, BoxRule]) -> None:
    """Remember the rules that a model has, the newest last.

    Raises:
        ModelError: What was kept before is damaged.
        OutputError: The operating system refuses.
    """
    write_bytes(folder / FILE, _HISTORY.dump_json([*kept_rules(folder), dict(rules)], indent=1))


def forget_newest(folder: Path) -> None:
    """Forget the rules that were kept last, since they are in the card again.

    Raises:
        ModelError: What was kept is damaged.
        OutputError: The operating system refuses.
    """
    rest = kept_rules(folder)[:-1]
    if rest:
        write_bytes(folder / FILE, _HISTORY.dump_json(rest, indent=1))
        return
    try:
        (folder / FILE).unlink(missing_ok=True)
    except OSError as error:
        raise output_error(folder / FILE, error) from error


def kept_rules(folder: Path) -> list[dict[str, BoxRule]]:
    """All rules that were kept, the newest last; none where none were replaced.

    Raises:
        ModelError: They are damaged.
    """
    path = folder / FILE
    try:
        return _HISTORY.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        raise ModelError(f"{path} is damaged", "Remove it: the rules in it are lost") from error
