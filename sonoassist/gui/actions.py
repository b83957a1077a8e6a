"""Everything the user can do, as one table: menus, keys and the help sheet are made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QWidget

from sonoassist.gui.theme import Look


class Act(Enum):
    """One thing the user can do."""

    OPEN_FILE = "open_file"
    OPEN_FOLDER = "open_folder"
    DEVICES = "devices"
    STREAM = "stream"
    DEMO = "demo"
    RECONNECT = "reconnect"
    CLOSE = "close"
    FREEZE = "freeze"
    PLAY = "play"
    BACK = "back"
    FORWARD = "forward"
    BACK_MORE = "back_more"
    FORWARD_MORE = "forward_more"
    START = "start"
    END = "end"
    LOOP = "loop"
    SLOWER = "slower"
    FASTER = "faster"
    EVERY_FRAME = "every_frame"
    MARK = "mark"
    MARK_BACK = "mark_back"
    MARK_ON = "mark_on"
    CAPTURE = "capture"
    KEEP = "keep"
    REJECT = "reject"
    SWAP = "swap"
    LOOK = "look"
    ITEM_UP = "item_up"
    ITEM_DOWN = "item_down"
    RECORD = "record"
    NOTE = "note"
    STUDY = "study"
    EXAM = "exam"
    REPORT = "report"
    EXAMS = "exams"
    EXAM_MENU = "exam_menu"
    BOX = "box"
    HEAT = "heat"
    GUIDED = "guided"
    CROP_OUTLINE = "crop_outline"
    LABEL = "label"
    THRESHOLD_DOWN = "threshold_down"
    THRESHOLD_UP = "threshold_up"
    TIMING = "timing"
    THEME = "theme"
    FULL_SCREEN = "full_screen"
    MODELS = "models"
    INSTALL = "install"
    ADD_WEIGHTS = "add_weights"
    ENGINES = "engines"
    CROPS = "crops"
    OWN_CROP = "own_crop"
    CHECK_CROP = "check_crop"
    DISPLAY = "display"
    SETTINGS = "settings"
    PAGE_LIVE = "page_live"
    PAGE_REVIEW = "page_review"
    PAGE_PRACTICE = "page_practice"
    HELP = "help"
    LEAVE = "leave"
    QUIT = "quit"


class Group(Enum):
    """Where an action stands in the help sheet."""

    SOURCE = "Source"
    FREEZE = "Freeze and play"
    EXAM = "Exam and checklist"
    DISPLAY = "Display"
    ANALYSIS = "Analysis"
    WINDOW = "Window"


class Needs(Enum):
    """When an action can be used."""

    NOTHING = "nothing"
    PICTURE = "picture"
    """A source is open."""
    RECORDING = "recording"
    """A source that can seek is open."""
    LIVE = "live"
    """A device or a stream is open."""
    FREEZE = "freeze"
    """The view is frozen."""
    EXAM = "exam"
    """An exam runs."""
    SEEN = "seen"
    """An exam runs and the picture is not covered."""
    VIEW = "view"
    """The live page is shown, or the start page."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the table.

    Attributes:
        act: What it does.
        text: On the menu.
        short: On a button.
        keys: The first is shown everywhere; the others also work.
        group: Where it stands in the help sheet.
        icon: Name of its icon, or "".
        setting: Name of the setting (bool) that it turns on and off, or "".
        needs: When it can be used.
    """

    act: Act
    text: str
    short: str
    keys: tuple[str, ...]
    group: Group
    icon: str = ""
    setting: str = ""
    needs: Needs = Needs.NOTHING


_S, _F, _X, _D, _A, _W = (
    Group.SOURCE,
    Group.FREEZE,
    Group.EXAM,
    Group.DISPLAY,
    Group.ANALYSIS,
    Group.WINDOW,
)
_PIC, _REC, _LIVE = Needs.PICTURE, Needs.RECORDING, Needs.LIVE
_FRZ, _EXAM, _SEEN, _VIEW = Needs.FREEZE, Needs.EXAM, Needs.SEEN, Needs.VIEW

ACTIONS: tuple[Action, ...] = (
    Action(Act.OPEN_FILE, "Open file…", "Open", ("Ctrl+O",), _S, "file"),
    Action(Act.OPEN_FOLDER, "Open folder…", "Folder", ("Ctrl+Shift+O",), _S, "folder"),
    Action(Act.DEVICES, "Choose a device…", "Device", ("Ctrl+D",), _S, "device"),
    Action(Act.STREAM, "Open a stream…", "Stream", ("Ctrl+U",), _S, "stream"),
    Action(Act.DEMO, "Play the demo exam", "Demo", ("Ctrl+Shift+D",), _S, "demo"),
    Action(Act.RECONNECT, "Connect again", "Reconnect", ("Ctrl+R",), _S, "reconnect", "", _LIVE),
    Action(Act.CLOSE, "Close the source", "Close", ("Ctrl+W",), _S, "home", "", _PIC),
    Action(Act.FREEZE, "Freeze or go on", "Freeze", ("Space",), _F, "freeze", "", _PIC),
    Action(Act.PLAY, "Play or pause", "Play", ("P",), _F, "play", "", _REC),
    Action(Act.BACK, "One frame back", "Back", ("Left",), _F, "back", "", _PIC),
    Action(Act.FORWARD, "One frame on", "On", ("Right",), _F, "forward", "", _PIC),
    Action(Act.BACK_MORE, "Ten frames back", "", ("Shift+Left",), _F, "", "", _PIC),
    Action(Act.FORWARD_MORE, "Ten frames on", "", ("Shift+Right",), _F, "", "", _PIC),
    Action(Act.START, "To the start", "Start", ("Home",), _F, "", "", _PIC),
    Action(Act.END, "To the end", "End", ("End",), _F, "", "", _PIC),
    Action(Act.LOOP, "Loop the recording", "Loop", ("L",), _F, "loop", "loop", _REC),
    Action(Act.SLOWER, "Slower", "Slower", ("-",), _F, "", "", _REC),
    Action(Act.FASTER, "Faster", "Faster", ("+", "="), _F, "", "", _REC),
    Action(
        Act.EVERY_FRAME, "Analyse every frame", "Every frame", ("E",), _F,
        "frames", "every_frame", _REC,
    ),
    Action(Act.MARK, "Mark the frozen picture", "Mark", ("M",), _F, "", "", _FRZ),
    Action(Act.MARK_BACK, "To the mark before", "", ("PgUp",), _F, "", "", _FRZ),
    Action(Act.MARK_ON, "To the next mark", "", ("PgDown",), _F, "", "", _FRZ),
    Action(
        Act.CAPTURE, "Capture the picture on screen", "Capture", ("Return", "Enter"), _X,
        "camera", "", _PIC,
    ),
    Action(Act.KEEP, "Keep it, or tick the item", "Keep", ("K",), _X, "check", "", _EXAM),
    Action(Act.REJECT, "Reject it, or untick the item", "Reject", ("X",), _X, "close", "", _EXAM),
    Action(Act.SWAP, "Take the picture on screen instead", "Swap", ("S",), _X, "swap", "", _SEEN),
    Action(Act.LOOK, "Look at the capture", "Look", ("D",), _X, "look", "", _EXAM),
    Action(Act.ITEM_UP, "Item above", "Above", ("Up",), _X, "", "", _EXAM),
    Action(Act.ITEM_DOWN, "Item below", "Below", ("Down",), _X, "", "", _EXAM),
    Action(Act.RECORD, "Record the video, or stop", "Record", ("V",), _X, "record", "", _EXAM),
    Action(Act.NOTE, "Note on the exam…", "Note", ("N",), _X, "", "", _EXAM),
    Action(Act.STUDY, "Study number…", "Study", ("Shift+N",), _X, "", "", _EXAM),
    Action(Act.EXAM, "Begin or end an exam", "Exam", ("Ctrl+B",), _X, "exam"),
    Action(Act.REPORT, "Report of the exam", "Report", ("Ctrl+P",), _X, "report"),
    Action(Act.EXAMS, "Exams kept so far…", "Exams", ("Ctrl+L",), _X, "recent"),
    Action(Act.EXAM_MENU, "Exam choices…", "Exam", ("Ctrl+J",), _X, "exam"),
    Action(Act.BOX, "Box", "Box", ("B",), _D, "", "show_box", _VIEW),
    Action(Act.HEAT, "Heat map of the evidence", "Heat map", ("H",), _D, "", "show_heat", _VIEW),
    Action(Act.GUIDED, "Guided heat map", "Guided", ("G",), _D, "", "guided_heat", _VIEW),
    Action(Act.CROP_OUTLINE, "Outline of the crop", "Crop", ("C",), _D, "", "show_crop", _VIEW),
    Action(Act.TIMING, "Time of each frame", "Timing", ("I",), _D, "timing", "", _VIEW),
    Action(Act.THEME, "Dark or light theme", "Theme", ("T",), _D, "theme"),
    Action(Act.FULL_SCREEN, "Full screen", "Full screen", ("F", "F11"), _D, "fullscreen"),
    Action(Act.LABEL, "Steady or raw label", "Label", ("R",), _A, "", "", _VIEW),
    Action(Act.THRESHOLD_DOWN, "Lower the threshold", "", ("[",), _A, "", "", _VIEW),
    Action(Act.THRESHOLD_UP, "Raise the threshold", "", ("]",), _A, "", "", _VIEW),
    Action(Act.MODELS, "Choose the model…", "Model", ("Ctrl+M",), _A, "model"),
    Action(Act.INSTALL, "Install SonoNet-32", "Install", ("Ctrl+I",), _A, "install"),
    Action(Act.ADD_WEIGHTS, "Add weights file…", "Add weights…", ("Ctrl+Shift+A",), _A, "add"),
    Action(Act.ENGINES, "Choose the engine…", "Engine", ("Ctrl+E",), _A, "engine"),
    Action(Act.CROPS, "Choose the crop…", "Crop", ("Ctrl+K",), _A, "crop"),
    Action(
        Act.OWN_CROP, "Own rectangle…", "Rectangle", ("Ctrl+Shift+K",), _A, "crop", "", _PIC
    ),
    Action(
        Act.CHECK_CROP, "Crop of this screen…", "Check crop", ("Ctrl+Shift+C",), _A, "crop", "",
        _PIC,
    ),
    Action(Act.DISPLAY, "Display choices…", "Display", ("Ctrl+Y",), _W, "display"),
    Action(Act.SETTINGS, "Settings…", "Settings", ("Ctrl+,",), _W, "settings"),
    Action(Act.PAGE_LIVE, "Live", "Live", ("Ctrl+1",), _W),
    Action(Act.PAGE_REVIEW, "Review an exam", "Review", ("Ctrl+2",), _W, "review"),
    Action(Act.PAGE_PRACTICE, "Practise on an exam", "Practice", ("Ctrl+3",), _W, "practice"),
    Action(Act.HELP, "Keys and help", "Help", ("?", "F1"), _W, "help"),
    Action(Act.LEAVE, "Close what lies on top; leave full screen", "", ("Esc",), _W),
    Action(Act.QUIT, "Quit", "Quit", ("Ctrl+Q",), _W),
)  # fmt: skip

BY_ACT: dict[Act, Action] = {action.act: action for action in ACTIONS}

_SIGNS = {
    "Return": "Enter", "PgUp": "Page ↑", "PgDown": "Page ↓", "Up": "↑", "Down": "↓",
    "Left": "←", "Right": "→", "Shift+Left": "Shift ←", "Shift+Right": "Shift →", "-": "−",
}  # fmt: skip


def key_text(act: Act) -> str:
    """The key of an action as it is shown."""
    key = BY_ACT[act].keys[0]
    return _SIGNS.get(key, key)


def tip(act: Act) -> str:
    """Tooltip of a button of this action, with its key."""
    return f"{BY_ACT[act].text.rstrip('…')}   [{key_text(act)}]"


Handlers = Mapping[Act, Callable[[], None]]


class ActionSet(QObject):
    """The table as Qt actions, with their shortcuts working in the whole window.

    Args:
        window: Gets the shortcuts.
        handlers: What each action calls.
    """

    def __init__(self, window: QWidget, handlers: Handlers) -> None:
        super().__init__(window)
        self._actions: dict[Act, QAction] = {}
        for row in ACTIONS:
            self._actions[row.act] = self._make(row, window, handlers[row.act])

    def _make(self, row: Action, window: QWidget, handler: Callable[[], None]) -> QAction:
        action = QAction(row.text, self)
        action.setShortcuts([QKeySequence(key) for key in row.keys])
        action.setToolTip(tip(row.act))
        action.setCheckable(bool(row.setting))
        action.setAutoRepeat(row.act in _REPEATING)
        action.triggered.connect(lambda _checked=False: handler())
        window.addAction(action)
        return action

    def __getitem__(self, act: Act) -> QAction:
        return self._actions[act]

    def set_look(self, look: Look) -> None:
        """Give the icons the colours of a theme."""
        for row in ACTIONS:
            if row.icon:
                self._actions[row.act].setIcon(look.icon(row.icon))

    def show_settings(self, values: Mapping[str, bool]) -> None:
        """Tick the actions whose setting is on.

        Args:
            values: Setting name -> whether it is on.
        """
        for row in ACTIONS:
            if row.setting in values:
                self._actions[row.act].setChecked(values[row.setting])

    def allow(self, have: set[Needs]) -> None:
        """Enable the actions whose need is in `have`, and those that need nothing."""
        for row in ACTIONS:
            self._actions[row.act].setEnabled(row.needs is Needs.NOTHING or row.needs in have)


_REPEATING = {
    Act.BACK, Act.FORWARD, Act.BACK_MORE, Act.FORWARD_MORE, Act.THRESHOLD_DOWN,
    Act.THRESHOLD_UP, Act.SLOWER, Act.FASTER, Act.ITEM_UP, Act.ITEM_DOWN,
}  # fmt: skip
