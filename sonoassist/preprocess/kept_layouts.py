"""The screen layouts whose crop the user has checked, in one file."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sonoassist.core.errors import OutputError, shown
from sonoassist.core.files import ensure_folder, write_text
from sonoassist.core.packets import Box
from sonoassist.preprocess.screen_layout import COLUMNS, ROWS, Furniture, KeptLayout

VERSION = 1
MOST = 40
"""So many layouts are kept; the oldest go."""
_EDGES = ("left", "top", "right", "bottom")


class KeptLayouts:
    """The kept layouts, newest first.

    Args:
        path: Of their file; what cannot be read in it is left out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.trouble = ""
        """Why the file could not be used, one line, or ""."""
        self._layouts = self._read()

    def all(self) -> Sequence[KeptLayout]:
        """All of them."""
        return tuple(self._layouts)

    def find(self, width_px: int, height_px: int, furniture: Furniture) -> KeptLayout | None:
        """The layout that a screen has, or None."""
        fits = (one for one in self._layouts if one.is_screen(width_px, height_px, furniture))
        return max(fits, key=lambda one: one.furniture.alike(furniture), default=None)

    def keep(self, layout: KeptLayout) -> None:
        """Keep a layout, in the place of the one that the same screen had.

        Raises:
            OutputError: The file cannot be written; nothing is changed then.
        """
        size = (layout.width_px, layout.height_px)
        others = [one for one in self._layouts if not one.is_screen(*size, layout.furniture)]
        self._write([layout, *others][:MOST])

    def forget(self, layout: KeptLayout) -> None:
        """Keep a layout no more.

        Raises:
            OutputError: The file cannot be written; nothing is changed then.
        """
        self._write([one for one in self._layouts if one is not layout])

    def _write(self, layouts: list[KeptLayout]) -> None:
        if self.trouble and self._path.exists():
            raise OutputError(self.trouble, f"Move {self._path.name} away first")
        ensure_folder(self._path.parent)
        data = {"version": VERSION, "layouts": [_plain(one) for one in layouts]}
        write_text(self._path, json.dumps(data, indent=1) + "\n")
        self._layouts = layouts

    def _read(self) -> list[KeptLayout]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            if data["version"] != VERSION:
                raise ValueError(f"version {data['version']}")
            return [_layout(one) for one in data["layouts"]]
        except FileNotFoundError:
            return []
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            self.trouble = f"the kept screens in {self._path} cannot be read ({shown(str(error))})"
            return []


def _plain(layout: KeptLayout) -> dict[str, Any]:
    return {
        "name": layout.name,
        "width_px": layout.width_px,
        "height_px": layout.height_px,
        "crop_px": [float(getattr(layout.crop, edge)) for edge in _EDGES],
        "field_px": [float(getattr(layout.field, edge)) for edge in _EDGES],
        "cells": base64.b64encode(layout.furniture.cells.tobytes()).decode("ascii"),
        "beside": base64.b64encode(np.packbits(layout.furniture.beside).tobytes()).decode("ascii"),
    }


def _layout(data: dict[str, Any]) -> KeptLayout:
    cells = np.frombuffer(base64.b64decode(data["cells"]), np.uint8).reshape(ROWS, COLUMNS)
    bits = np.frombuffer(base64.b64decode(data["beside"]), np.uint8)
    beside = np.unpackbits(bits, count=ROWS * COLUMNS).reshape(ROWS, COLUMNS) > 0
    return KeptLayout(
        str(data["name"]),
        int(data["width_px"]),
        int(data["height_px"]),
        _box(data["crop_px"]),
        _box(data["field_px"]),
        Furniture(cells, beside),
    )


def _box(edges: Sequence[float]) -> Box:
    left, top, right, bottom = (float(edge) for edge in edges)
    if right <= left or bottom <= top:
        raise ValueError("a box has no area")
    return Box(left, top, right, bottom)
