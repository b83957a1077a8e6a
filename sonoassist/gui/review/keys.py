"""What can be done on the review page, as one table: buttons, keys and help are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Do(Enum):
    """One thing that can be done."""

    BACK = "back"
    ON = "on"
    BACK_MORE = "back_more"
    ON_MORE = "on_more"
    START = "start"
    END = "end"
    PLAY = "play"
    ROW_UP = "row_up"
    ROW_DOWN = "row_down"
    NEXT = "next"
    BEFORE = "before"
    MISSING = "missing"
    CHOOSE = "choose"
    COMPARE = "compare"
    LABEL = "label"
    RANGE_IN = "range_in"
    RANGE_OUT = "range_out"
    MARK = "mark"
    NEXT_MARK = "next_mark"
    NOTE = "note"
    NOTE_ALL = "note_all"
    UNDO = "undo"
    REDO = "redo"
    DRAW = "draw"
    TAKE_BOX = "take_box"
    DELETE_BOX = "delete_box"
    BOX = "box"
    HEAT = "heat"
    GUIDED = "guided"
    CLOSER = "closer"
    FURTHER = "further"
    WHOLE = "whole"
    EXPORT = "export"
    PRACTISE = "practise"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Attributes:
        do: What.
        text: For the help and the tooltip.
        short: On a button; "" for none.
        keys: As Qt writes them; the first is shown.
        shown: How the first key is shown, where that differs.
        repeats: While the key is held down.
    """

    do: Do
    text: str
    short: str
    keys: tuple[str, ...]
    shown: str = ""
    repeats: bool = False

    @property
    def key(self) -> str:
        """The key as it is shown."""
        return self.shown or self.keys[0]


ROWS: tuple[Row, ...] = (
    Row(Do.CHOOSE, "Choose this frame as the best of the plane", "Choose", ("Return", "Enter"),
        "Enter"),
    Row(Do.NEXT, "Next candidate of the plane", "Next", ("N",), repeats=True),
    Row(Do.BEFORE, "Candidate before", "Before", ("P",), repeats=True),
    Row(Do.MISSING, "Next plane without a sure frame", "Missing", ("M",), repeats=True),
    Row(Do.COMPARE, "Compare up to four candidates", "Compare", ("C",)),
    Row(Do.LABEL, "Correct the label", "Label…", ("L",)),
    Row(Do.MARK, "Mark the frame, or take the mark away", "Mark", ("K",)),
    Row(Do.NOTE, "Note on the frame", "Note…", ("W",)),
    Row(Do.NOTE_ALL, "Note on the recording", "", ("Shift+W",), "Shift W"),
    Row(Do.UNDO, "Undo", "Undo", ("Ctrl+Z",)),
    Row(Do.REDO, "Do again", "", ("Ctrl+Shift+Z",), "Ctrl+Shift+Z"),
    Row(Do.DRAW, "Draw or correct the box of the plane, or end that", "Draw box", ("D",)),
    Row(Do.TAKE_BOX, "Take the network's box as a drawn one", "", ("Shift+D",), "Shift D"),
    Row(Do.DELETE_BOX, "Take the drawn box away", "", ("Del", "Backspace")),
    Row(Do.BOX, "Box", "Box", ("B",)),
    Row(Do.HEAT, "Heat map of the evidence", "Heat map", ("H",)),
    Row(Do.GUIDED, "Guided heat map", "Guided", ("G",)),
    Row(Do.PLAY, "Play or pause", "Play", ("Space",)),
    Row(Do.EXPORT, "Export the corrections as training labels", "Export…", ("E",)),
    Row(Do.PRACTISE, "Practise on this recording", "Practise", ("Q",)),
    Row(Do.NEXT_MARK, "Next mark", "", ("X",), repeats=True),
    Row(Do.BACK, "One frame back", "", ("Left",), "←", True),
    Row(Do.ON, "One frame on", "", ("Right",), "→", True),
    Row(Do.BACK_MORE, "Ten frames back", "", ("Shift+Left",), "Shift ←", True),
    Row(Do.ON_MORE, "Ten frames on", "", ("Shift+Right",), "Shift →", True),
    Row(Do.START, "To the start", "", ("Home",)),
    Row(Do.END, "To the end", "", ("End",)),
    Row(Do.ROW_UP, "Plane above", "", ("Up",), "↑", True),
    Row(Do.ROW_DOWN, "Plane below", "", ("Down",), "↓", True),
    Row(Do.RANGE_IN, "First frame of a range to correct", "", ("I",)),
    Row(Do.RANGE_OUT, "Last frame of it (or Shift and drag)", "", ("O",)),
    Row(Do.CLOSER, "Timeline closer (or the wheel)", "", ("+", "="), "+", True),
    Row(Do.FURTHER, "Timeline further away", "", ("-",), "−", True),
    Row(Do.WHOLE, "All of the recording", "", ("0",)),
    Row(Do.PAUSE, "Pause the analysis, go on, or try again", "Pause", ("A",)),
)  # fmt: skip

BY_DO: dict[Do, Row] = {row.do: row for row in ROWS}

LETTERS: dict[str, str] = {
    "brain_tv": "T", "brain_cb": "C", "lips": "L", "profile": "P", "abdominal": "A",
    "kidneys": "K", "femur": "F", "spine_sag": "S", "spine_cor": "O", "4ch": "H",
    "lvot": "V", "rvot": "R", "3vv": "3", "background": "B",
}  # fmt: skip
"""Key of a plane -> its letter in the menu of labels."""
TAKE_BACK = "X"
"""Letter for the model's own word."""
