"""Everything the user can do, as one table: menus, buttons, keys and the help are made from it.

A key stands for one action on every page, or for nothing: no key is in two rows. An action that
several places have (one step back, choose this plane) says in each of them what it does there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QWidget

from sonoassist.core.planes import DISPLAY_ORDER

if TYPE_CHECKING:
    from sonoassist.gui.keymap import Keymap
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
    EXAM_END = "exam_end"
    EXAMS = "exams"
    JOBS = "jobs"
    EXAM_MENU = "exam_menu"
    BOX = "box"
    HEAT = "heat"
    GUIDED = "guided"
    CROP_OUTLINE = "crop_outline"
    LABEL = "label"
    THRESHOLD_DOWN = "threshold_down"
    THRESHOLD_UP = "threshold_up"
    TIMING = "timing"
    CONFIDENCES = "confidences"
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
    UNDO = "undo"
    REDO = "redo"
    PLANE_BRAIN_TV = "plane_brain_tv"
    PLANE_BRAIN_CB = "plane_brain_cb"
    PLANE_LIPS = "plane_lips"
    PLANE_PROFILE = "plane_profile"
    PLANE_ABDOMINAL = "plane_abdominal"
    PLANE_KIDNEYS = "plane_kidneys"
    PLANE_FEMUR = "plane_femur"
    PLANE_SPINE_SAG = "plane_spine_sag"
    PLANE_SPINE_COR = "plane_spine_cor"
    PLANE_4CH = "plane_4ch"
    PLANE_LVOT = "plane_lvot"
    PLANE_RVOT = "plane_rvot"
    PLANE_3VV = "plane_3vv"
    PLANE_BACKGROUND = "plane_background"
    CHOICE_1 = "choice_1"
    CHOICE_2 = "choice_2"
    CHOICE_3 = "choice_3"
    CHOICE_4 = "choice_4"
    CHOICE_5 = "choice_5"
    CHOICE_6 = "choice_6"
    CHOICE_7 = "choice_7"
    CHOICE_8 = "choice_8"
    CHOICE_9 = "choice_9"
    CANDIDATE_ON = "candidate_on"
    CANDIDATE_BACK = "candidate_back"
    NEXT_OPEN = "next_open"
    COMPARE = "compare"
    NAME_FRAMES = "name_frames"
    RANGE_IN = "range_in"
    RANGE_OUT = "range_out"
    NOTE_FRAME = "note_frame"
    DRAW_BOX = "draw_box"
    NETWORK_BOX = "network_box"
    EXPORT = "export"
    TO_PRACTICE = "to_practice"
    PAUSE_ANALYSIS = "pause_analysis"
    LARGER = "larger"
    SMALLER = "smaller"
    WHOLE = "whole"
    FINE_LEFT = "fine_left"
    FINE_RIGHT = "fine_right"
    FINE_UP = "fine_up"
    FINE_DOWN = "fine_down"
    TAKE_BACK = "take_back"
    PROGRESS = "progress"
    TRAINEES = "trainees"
    END_EXERCISE = "end_exercise"
    COVER_TEXT = "cover_text"
    QUESTIONS = "questions"
    HELP = "help"
    KEYS = "keys"
    LEAVE = "leave"
    QUIT = "quit"


class Place(Enum):
    """Where keys are listened to: a page, or what lies over one."""

    LIVE = "Live"
    REVIEW = "Review"
    PRACTICE = "Practice"
    NAMES = "Menu of names"
    COMPARE = "Side by side"
    CROP = "Crop of this screen"
    REPORT = "Report"
    EXAM_END = "End of the exam"
    QUESTIONS = "Questions of an exam"


class Group(Enum):
    """Where an action stands in the key sheet."""

    SOURCE = "Source"
    FREEZE = "Freeze and play"
    EXAM = "Exam and checklist"
    DISPLAY = "Display"
    ANALYSIS = "Analysis"
    WINDOW = "Window"
    PLANES = "Planes"
    CHOICES = "Choices"
    REVIEW = "Review"
    PRACTICE = "Practice"
    CROP = "Crop of this screen"


class Needs(Enum):
    """When an action can be used."""

    NOTHING = "nothing"
    SOURCE = "source"
    """A source is open, is being opened, or could not be."""
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
        keys: The first is shown everywhere; the others also work. The user can change them.
        group: Where it stands in the key sheet.
        icon: Name of its icon, or "".
        setting: Name of the setting (bool) that it turns on and off, or "".
        needs: When it can be used on the live page.
        on: The places that have it; none: the whole window has it, on every page.
        words: Place -> (text, short) there, where they differ.
        repeats: It goes on while the key is held down.
        fixed: The user cannot change its keys.
    """

    act: Act
    text: str
    short: str
    keys: tuple[str, ...]
    group: Group
    icon: str = ""
    setting: str = ""
    needs: Needs = Needs.NOTHING
    on: tuple[Place, ...] = ()
    words: Mapping[Place, tuple[str, str]] = field(default_factory=dict)
    repeats: bool = False
    fixed: bool = False

    @property
    def of_window(self) -> bool:
        """Whether the window itself does it, on the live page or everywhere."""
        return not self.on or Place.LIVE in self.on

    def is_on(self, place: Place) -> bool:
        """Whether it can be done there."""
        return not self.on or place in self.on

    def text_on(self, place: Place) -> str:
        """What it does there, for the key sheet and the tooltips."""
        return self.words.get(place, (self.text, ""))[0].rstrip("…")

    def group_on(self, place: Place) -> Group:
        """Where it stands in the key sheet there: what a page does itself stands together."""
        own = _OWN_GROUP.get(place)
        shared = self.group in (Group.EXAM, *_OWN_GROUP.values())
        return own if own is not None and shared and place in self.words else self.group

    def short_on(self, place: Place) -> str:
        """On a button there."""
        return self.words.get(place, ("", self.short))[1]


_OWN_GROUP = {Place.REVIEW: Group.REVIEW, Place.PRACTICE: Group.PRACTICE}
_S, _F, _X, _D, _A, _W = (
    Group.SOURCE,
    Group.FREEZE,
    Group.EXAM,
    Group.DISPLAY,
    Group.ANALYSIS,
    Group.WINDOW,
)
_PL, _CH, _RV, _PR, _CR = (
    Group.PLANES,
    Group.CHOICES,
    Group.REVIEW,
    Group.PRACTICE,
    Group.CROP,
)
_PIC, _REC, _LIVE = Needs.PICTURE, Needs.RECORDING, Needs.LIVE
_SRC = Needs.SOURCE
_FRZ, _EXAM, _SEEN, _VIEW = Needs.FREEZE, Needs.EXAM, Needs.SEEN, Needs.VIEW
_NOT = Needs.NOTHING
_L, _R, _P, _N = (Place.LIVE,), Place.REVIEW, Place.PRACTICE, Place.NAMES
_LR, _LRP = (*_L, _R), (*_L, _R, _P)
_MOVES = (*_LRP, Place.CROP)

_PLANE_KEYS = {
    "brain_tv": "Shift+T",
    "brain_cb": "Shift+C",
    "lips": "Shift+L",
    "profile": "Shift+P",
    "abdominal": "Shift+A",
    "kidneys": "Shift+K",
    "femur": "Shift+F",
    "spine_sag": "Shift+S",
    "spine_cor": "Shift+O",
    "4ch": "Shift+H",
    "lvot": "Shift+V",
    "rvot": "Shift+R",
    "3vv": "Shift+G",
    "background": "Shift+N",
}
PLANE_ACTS: Mapping[str, Act] = {plane.key: Act(f"plane_{plane.key}") for plane in DISPLAY_ORDER}
"""Key of a plane -> the action that chooses or names it, on every page the same."""
CHOICE_ACTS: tuple[Act, ...] = tuple(Act(f"choice_{number}") for number in range(1, 10))
"""The actions that take the first, second, ... of what is offered."""


def _plane_rows() -> Iterable[Action]:
    """A row a plane: choose it, or name it where a name is asked for."""
    for plane in DISPLAY_ORDER:
        on = (_R, _P, _N) if plane.is_background else (*_LRP, _N)
        keys = (_PLANE_KEYS[plane.key],)
        text = "None of them (background)" if plane.is_background else plane.label
        yield Action(PLANE_ACTS[plane.key], text, "", keys, _PL, "", "", _EXAM, on)


def _choice_rows() -> Iterable[Action]:
    """A row for each number of what is offered."""
    for number, act in enumerate(CHOICE_ACTS, start=1):
        on = (_P, Place.COMPARE) if number <= 4 else (_P,)
        yield Action(act, f"Take number {number}", "", (str(number),), _CH, "", "", _NOT, on)


ACTIONS: tuple[Action, ...] = (
    Action(Act.OPEN_FILE, "Open file…", "Open", ("Ctrl+O",), _S, "file"),
    Action(Act.OPEN_FOLDER, "Open folder…", "Folder", ("Ctrl+Shift+O",), _S, "folder"),
    Action(Act.DEVICES, "Choose a device…", "Device", ("Ctrl+D",), _S, "device"),
    Action(Act.STREAM, "Open a stream…", "Stream", ("Ctrl+U",), _S, "stream"),
    Action(Act.DEMO, "Play the demo exam", "Demo", ("Ctrl+Shift+D",), _S, "demo"),
    Action(
        Act.RECONNECT, "Connect again", "Reconnect", ("Ctrl+R",), _S, "reconnect", "", _LIVE, _L
    ),
    Action(Act.CLOSE, "Close the source", "Close", ("Ctrl+W",), _S, "home", "", _SRC, _L),
    Action(
        Act.FREEZE,
        "Freeze or go on",
        "Freeze",
        ("Space",),
        _F,
        "freeze",
        "",
        _PIC,
        _LRP,
        {
            _R: ("Hold the picture, or play on", "Play"),
            _P: ("Freeze, or play on", "Freeze"),
        },
    ),
    Action(
        Act.PLAY,
        "Play or pause",
        "Play",
        ("P",),
        _F,
        "play",
        "",
        _REC,
        _LR,
        {
            _R: ("Play or pause", ""),
        },
    ),
    Action(
        Act.BACK,
        "One frame back",
        "Back",
        ("Left",),
        _F,
        "back",
        "",
        _PIC,
        _MOVES,
        {
            Place.CROP: ("Move the crop to the left", ""),
        },
        repeats=True,
    ),
    Action(
        Act.FORWARD,
        "One frame on",
        "On",
        ("Right",),
        _F,
        "forward",
        "",
        _PIC,
        _MOVES,
        {
            Place.CROP: ("Move the crop to the right", ""),
        },
        repeats=True,
    ),
    Action(
        Act.BACK_MORE,
        "Ten frames back",
        "",
        ("Shift+Left",),
        _F,
        "",
        "",
        _PIC,
        _MOVES,
        {
            Place.CROP: ("Ten steps to the left", ""),
        },
        repeats=True,
    ),
    Action(
        Act.FORWARD_MORE,
        "Ten frames on",
        "",
        ("Shift+Right",),
        _F,
        "",
        "",
        _PIC,
        _MOVES,
        {
            Place.CROP: ("Ten steps to the right", ""),
        },
        repeats=True,
    ),
    Action(
        Act.START,
        "To the start",
        "Start",
        ("Home",),
        _F,
        "",
        "",
        _PIC,
        _LRP,
        {
            _P: ("To the start of the page", "Start page"),
        },
    ),
    Action(Act.END, "To the end", "End", ("End",), _F, "", "", _PIC, _LR),
    Action(Act.LOOP, "Loop the recording", "Loop", ("Ctrl+Shift+L",), _F, "loop", "loop", _REC, _L),
    Action(Act.SLOWER, "Slower", "Slower", ("-",), _F, "", "", _REC, (*_L, _P), repeats=True),
    Action(Act.FASTER, "Faster", "Faster", ("+", "="), _F, "", "", _REC, (*_L, _P), repeats=True),
    Action(
        Act.EVERY_FRAME,
        "Analyse every frame",
        "Every frame",
        ("E",),
        _F,
        "frames",
        "every_frame",
        _REC,
        _L,
    ),
    Action(
        Act.MARK,
        "Mark the frozen picture",
        "Mark",
        ("M",),
        _F,
        "",
        "",
        _FRZ,
        _LR,
        {
            _R: ("Mark the frame, or take the mark away", "Mark"),
        },
    ),
    Action(Act.MARK_BACK, "To the mark before", "", ("PgUp",), _F, "", "", _FRZ, _LR),
    Action(Act.MARK_ON, "To the next mark", "", ("PgDown",), _F, "", "", _FRZ, _LR),
    Action(
        Act.CAPTURE,
        "Capture the picture on screen",
        "Capture",
        ("Return", "Enter"),
        _X,
        "camera",
        "",
        _PIC,
        (*_LRP, Place.CROP, Place.REPORT, Place.QUESTIONS),
        {
            _R: ("Choose this frame as the best of the plane", "Choose"),
            _P: ("Answer with the frozen frame; go on", "Answer"),
            Place.CROP: ("Keep the crop", ""),
            Place.REPORT: ("Write the report", ""),
            Place.QUESTIONS: ("Save the questions", ""),
        },
    ),
    Action(
        Act.KEEP,
        "Keep it, or tick the item",
        "Keep",
        ("K",),
        _X,
        "check",
        "",
        _EXAM,
        (*_L, Place.EXAM_END, Place.QUESTIONS),
        {
            Place.EXAM_END: ("Keep the picture", ""),
            Place.QUESTIONS: ("Ask the plane, or not", ""),
        },
    ),
    Action(
        Act.REJECT,
        "Reject it, or untick the item",
        "Reject",
        ("X",),
        _X,
        "close",
        "",
        _EXAM,
        (*_L, Place.EXAM_END, Place.QUESTIONS),
        {
            Place.EXAM_END: ("Reject the picture", ""),
            Place.QUESTIONS: ("Mark the plane as absent, or not", ""),
        },
    ),
    Action(
        Act.SWAP, "Take the picture on screen instead", "Swap", ("S",), _X, "swap", "", _SEEN, _L
    ),
    Action(Act.LOOK, "Look at the capture", "Look", ("D",), _X, "look", "", _EXAM, _L),
    Action(
        Act.ITEM_UP,
        "Item above",
        "Above",
        ("Up",),
        _X,
        "",
        "",
        _EXAM,
        (*_LR, Place.CROP, Place.EXAM_END, Place.QUESTIONS),
        {
            _R: ("Plane above", ""),
            Place.EXAM_END: ("The picture before", ""),
            Place.QUESTIONS: ("Plane above", ""),
            Place.CROP: ("Move the crop up", ""),
        },
        repeats=True,
    ),
    Action(
        Act.ITEM_DOWN,
        "Item below",
        "Below",
        ("Down",),
        _X,
        "",
        "",
        _EXAM,
        (*_LR, Place.CROP, Place.EXAM_END, Place.QUESTIONS),
        {
            _R: ("Plane below", ""),
            Place.EXAM_END: ("The next picture", ""),
            Place.QUESTIONS: ("Plane below", ""),
            Place.CROP: ("Move the crop down", ""),
        },
        repeats=True,
    ),
    Action(Act.RECORD, "Record the video, or stop", "Record", ("V",), _X, "record", "", _EXAM, _L),
    Action(
        Act.NOTE,
        "Note on the exam…",
        "Note",
        ("N",),
        _X,
        "",
        "",
        _EXAM,
        _LR,
        {
            _R: ("Note on the recording", ""),
        },
    ),
    Action(Act.STUDY, "Study number…", "Study", ("Ctrl+N",), _X, "", "", _EXAM, _L),
    Action(Act.EXAM, "Begin or end an exam", "Exam", ("Ctrl+B",), _X, "exam"),
    Action(Act.REPORT, "Report of the exam", "Report", ("Ctrl+P",), _X, "report"),
    Action(
        Act.EXAM_END,
        "What the last exam has, and what nobody has reviewed",
        "End",
        ("Ctrl+Shift+X",),
        _X,
    ),
    Action(Act.EXAMS, "Exams kept so far…", "Exams", ("Ctrl+L",), _X, "recent"),
    Action(Act.JOBS, "Exports and other jobs…", "Jobs", ("Ctrl+Shift+J",), _X, "wait"),
    Action(Act.EXAM_MENU, "Exam choices…", "Exam", ("Ctrl+J",), _X, "exam"),
    Action(Act.BOX, "Box", "Box", ("B",), _D, "", "show_box", _VIEW, _LR),
    Action(
        Act.HEAT, "Heat map of the evidence", "Heat map", ("H",), _D, "", "show_heat", _VIEW, _LRP
    ),
    Action(Act.GUIDED, "Guided heat map", "Guided", ("G",), _D, "", "guided_heat", _VIEW, _LR),
    Action(Act.CROP_OUTLINE, "Outline of the crop", "Crop", ("C",), _D, "", "show_crop", _VIEW, _L),
    Action(
        Act.TIMING, "Time of each frame", "Timing", ("Ctrl+Shift+I",), _D, "timing", "", _VIEW, _L
    ),
    Action(
        Act.CONFIDENCES, "Curve of the confidences", "Curve", ("Z",), _D, "curve", "", _VIEW, _LR
    ),
    Action(Act.THEME, "Dark or light theme", "Theme", ("T",), _D, "theme"),
    Action(Act.FULL_SCREEN, "Full screen", "Full screen", ("F", "F11"), _D, "fullscreen"),
    Action(Act.LABEL, "Steady or raw label", "Label", ("R",), _A, "", "", _VIEW, _L),
    Action(
        Act.THRESHOLD_DOWN, "Lower the threshold", "", ("[",), _A, "", "", _VIEW, _L, repeats=True
    ),
    Action(
        Act.THRESHOLD_UP, "Raise the threshold", "", ("]",), _A, "", "", _VIEW, _L, repeats=True
    ),
    Action(Act.MODELS, "Choose the model…", "Model", ("Ctrl+M",), _A, "model"),
    Action(Act.INSTALL, "Install SonoNet-32", "Install", ("Ctrl+I",), _A, "install"),
    Action(Act.ADD_WEIGHTS, "Add weights file…", "Add weights…", ("Ctrl+Shift+A",), _A, "add"),
    Action(Act.ENGINES, "Choose the engine…", "Engine", ("Ctrl+E",), _A, "engine"),
    Action(Act.CROPS, "Choose the crop…", "Crop", ("Ctrl+K",), _A, "crop"),
    Action(
        Act.OWN_CROP, "Own rectangle…", "Rectangle", ("Ctrl+Shift+K",), _A, "crop", "", _PIC, _L
    ),
    Action(
        Act.CHECK_CROP,
        "Crop of this screen…",
        "Check crop",
        ("Ctrl+Shift+C",),
        _A,
        "crop",
        "",
        _PIC,
        _L,
    ),
    Action(
        Act.UNDO,
        "Undo",
        "Undo",
        ("Ctrl+Z",),
        _W,
        "",
        "",
        _EXAM,
        (*_LRP, Place.EXAM_END),
        {
            _R: ("Undo", "Undo"),
            _P: ("Undo: take the last vote back", ""),
            Place.EXAM_END: ("Undo", ""),
        },
    ),
    Action(
        Act.REDO,
        "Redo",
        "Redo",
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        _W,
        "",
        "",
        _EXAM,
        (*_LR, Place.EXAM_END),
        {
            _R: ("Redo", ""),
            Place.EXAM_END: ("Redo", ""),
        },
    ),
    *_plane_rows(),
    *_choice_rows(),
    Action(
        Act.CANDIDATE_ON,
        "Next candidate of the plane",
        "Next",
        (".",),
        _RV,
        "",
        "",
        _NOT,
        (_R,),
        repeats=True,
    ),
    Action(
        Act.CANDIDATE_BACK,
        "Candidate before",
        "Before",
        (",",),
        _RV,
        "",
        "",
        _NOT,
        (_R,),
        repeats=True,
    ),
    Action(
        Act.NEXT_OPEN,
        "Next plane without a sure frame",
        "Missing",
        ("U",),
        _RV,
        "",
        "",
        _NOT,
        (_R,),
        repeats=True,
    ),
    Action(
        Act.COMPARE,
        "Compare up to four candidates",
        "Compare",
        ("A",),
        _RV,
        "",
        "",
        _NOT,
        (_R, Place.COMPARE),
        {Place.COMPARE: ("Back to the page", "")},
    ),
    Action(
        Act.NAME_FRAMES,
        "Correct the label",
        "Label…",
        ("L",),
        _RV,
        "",
        "",
        _NOT,
        (_R, _N),
        {_N: ("Back to the page", "")},
    ),
    Action(Act.RANGE_IN, "First frame of a range to correct", "", ("I",), _RV, "", "", _NOT, (_R,)),
    Action(
        Act.RANGE_OUT, "Last frame of it (or Shift and drag)", "", ("O",), _RV, "", "", _NOT, (_R,)
    ),
    Action(Act.NOTE_FRAME, "Note on the frame", "Note…", ("W",), _RV, "", "", _NOT, (_R,)),
    Action(
        Act.DRAW_BOX,
        "Draw or correct the box of the plane, or end that",
        "Draw box",
        ("Shift+B",),
        _RV,
        "",
        "",
        _NOT,
        (_R,),
    ),
    Action(
        Act.NETWORK_BOX,
        "Take the network's box as a drawn one",
        "",
        ("Ctrl+Shift+B",),
        _RV,
        "",
        "",
        _NOT,
        (_R,),
    ),
    Action(
        Act.EXPORT,
        "Export labels and boxes for training and measuring",
        "Export…",
        ("Ctrl+Shift+E",),
        _RV,
        "",
        "",
        _NOT,
        (_R,),
    ),
    Action(
        Act.TO_PRACTICE, "Practise on this recording", "Practise", ("Q",), _RV, "", "", _NOT, (_R,)
    ),
    Action(
        Act.PAUSE_ANALYSIS,
        "Pause the analysis, go on, or try again",
        "Pause",
        ("Ctrl+Shift+P",),
        _RV,
        "",
        "",
        _NOT,
        (_R,),
    ),
    Action(
        Act.LARGER,
        "Larger",
        "",
        ("Ctrl++", "Ctrl+="),
        _RV,
        "",
        "",
        _NOT,
        (_R, Place.CROP),
        {
            _R: ("Timeline closer (or the wheel)", ""),
            Place.CROP: ("Larger crop", ""),
        },
        repeats=True,
    ),
    Action(
        Act.SMALLER,
        "Smaller",
        "",
        ("Ctrl+-",),
        _RV,
        "",
        "",
        _NOT,
        (_R, Place.CROP),
        {
            _R: ("Timeline further away", ""),
            Place.CROP: ("Smaller crop", ""),
        },
        repeats=True,
    ),
    Action(
        Act.WHOLE,
        "As it was at first",
        "",
        ("Ctrl+0",),
        _RV,
        "",
        "",
        _NOT,
        (_R, Place.CROP),
        {
            _R: ("All of the recording on the timeline", ""),
            Place.CROP: ("The crop as it was found", ""),
        },
    ),
    Action(
        Act.FINE_LEFT,
        "Crop one pixel to the left",
        "",
        ("Ctrl+Left",),
        _CR,
        "",
        "",
        _NOT,
        (Place.CROP,),
        repeats=True,
    ),
    Action(
        Act.FINE_RIGHT,
        "Crop one pixel to the right",
        "",
        ("Ctrl+Right",),
        _CR,
        "",
        "",
        _NOT,
        (Place.CROP,),
        repeats=True,
    ),
    Action(
        Act.FINE_UP,
        "Crop one pixel up",
        "",
        ("Ctrl+Up",),
        _CR,
        "",
        "",
        _NOT,
        (Place.CROP, Place.QUESTIONS),
        {Place.QUESTIONS: ("Ask it earlier", "")},
        repeats=True,
    ),
    Action(
        Act.FINE_DOWN,
        "Crop one pixel down",
        "",
        ("Ctrl+Down",),
        _CR,
        "",
        "",
        _NOT,
        (Place.CROP, Place.QUESTIONS),
        {Place.QUESTIONS: ("Ask it later", "")},
        repeats=True,
    ),
    Action(
        Act.TAKE_BACK,
        "Take it back",
        "",
        ("Backspace",),
        _PR,
        "",
        "",
        _NOT,
        (_P, _N, _R),
        {
            _P: ("Take the last vote back", ""),
            _N: ("As the model says", ""),
            _R: ("Take the drawn box away", ""),
        },
    ),
    Action(
        Act.PROGRESS,
        "Your progress over the exercises",
        "Progress",
        ("Y",),
        _PR,
        "",
        "",
        _NOT,
        (_P,),
    ),
    Action(
        Act.TRAINEES,
        "All trainees side by side",
        "All trainees",
        ("Shift+Y",),
        _PR,
        "",
        "",
        _NOT,
        (_P,),
    ),
    Action(
        Act.COVER_TEXT,
        "Cover the text on the picture, or uncover it",
        "Cover text",
        ("Shift+X",),
        _PR,
        "",
        "",
        _NOT,
        (_P,),
    ),
    Action(
        Act.QUESTIONS,
        "Choose and order the questions, mark planes as absent",
        "Questions…",
        ("Shift+Q",),
        _PR,
        "",
        "",
        _NOT,
        (_P,),
    ),
    Action(Act.END_EXERCISE, "End the exercise", "End", ("Delete",), _PR, "", "", _NOT, (_P,)),
    Action(Act.DISPLAY, "Display choices…", "Display", ("Ctrl+T",), _W, "display"),
    Action(Act.SETTINGS, "Settings…", "Settings", ("Ctrl+,",), _W, "settings"),
    Action(Act.PAGE_LIVE, "Live", "Live", ("Ctrl+1",), _W),
    Action(Act.PAGE_REVIEW, "Review an exam", "Review", ("Ctrl+2",), _W, "review"),
    Action(Act.PAGE_PRACTICE, "Practise on an exam", "Practice", ("Ctrl+3",), _W, "practice"),
    Action(Act.HELP, "Keys and help", "Help", ("?", "F1"), _W, "help"),
    Action(Act.KEYS, "Change the keys…", "Change keys", ("Ctrl+F1",), _W, "settings"),
    Action(Act.LEAVE, "Close what lies on top; leave full screen", "", ("Esc",), _W, fixed=True),
    Action(Act.QUIT, "Quit", "Quit", ("Ctrl+Q",), _W),
)

BY_ACT: dict[Act, Action] = {action.act: action for action in ACTIONS}


def tip(act: Act, keys: Keymap, place: Place = Place.LIVE) -> str:
    """Tooltip of a button of this action, with its key."""
    text, key = BY_ACT[act].text_on(place), keys.text(act)
    return f"{text}   [{key}]" if key else text


def menu_text(text: str, shortcut: QKeySequence, key: str) -> str:
    """Text of a row of a menu, with its key where it is written other than Qt would."""
    return text if key == shortcut.toString() else f"{text}\t{key}"


Handlers = Mapping[Act, Callable[[], None]]


class ActionSet(QObject):
    """The window's own actions as Qt actions, with their shortcuts working in the whole window.

    Args:
        window: Gets the shortcuts.
        handlers: What each action calls.
        keys: Which keys each has.
    """

    def __init__(self, window: QWidget, handlers: Handlers, keys: Keymap) -> None:
        super().__init__(window)
        self._actions: dict[Act, QAction] = {}
        for row in ACTIONS:
            if row.of_window:
                self._actions[row.act] = self._make(row, window, handlers[row.act])
        self.set_keys(keys)

    def _make(self, row: Action, window: QWidget, handler: Callable[[], None]) -> QAction:
        action = QAction(row.text, self)
        action.setCheckable(bool(row.setting))
        action.setAutoRepeat(row.repeats)
        action.triggered.connect(lambda _checked=False: handler())
        window.addAction(action)
        return action

    def __getitem__(self, act: Act) -> QAction:
        return self._actions[act]

    def set_keys(self, keys: Keymap) -> None:
        """Listen to these keys, and show them."""
        for act, action in self._actions.items():
            action.setShortcuts([QKeySequence(key) for key in keys.of(act)])
            action.setText(menu_text(BY_ACT[act].text, action.shortcut(), keys.text(act)))
            action.setToolTip(tip(act, keys))

    def set_look(self, look: Look) -> None:
        """Give the icons the colours of a theme."""
        for act, action in self._actions.items():
            icon = BY_ACT[act].icon
            if icon:
                action.setIcon(look.icon(icon))

    def show_settings(self, values: Mapping[str, bool]) -> None:
        """Tick the actions whose setting is on.

        Args:
            values: Setting name -> whether it is on.
        """
        for act, action in self._actions.items():
            setting = BY_ACT[act].setting
            if setting in values:
                action.setChecked(values[setting])

    def allow(self, have: set[Needs]) -> None:
        """Enable the actions whose need is in `have`, and those that need nothing."""
        for act, action in self._actions.items():
            needs = BY_ACT[act].needs
            action.setEnabled(needs is Needs.NOTHING or needs in have)


class PlaceKeys(QObject):
    """The keys of a page, or of what lies over one: they work while it has the focus.

    Args:
        widget: The place.
        place: Which one.
        handlers: What can be done there; rows of the table that are on `place`.
        keys: Which keys each has.
    """

    def __init__(self, widget: QWidget, place: Place, handlers: Handlers, keys: Keymap) -> None:
        super().__init__(widget)
        self.place = place
        self._actions: dict[Act, QAction] = {}
        for act, handler in handlers.items():
            assert place in BY_ACT[act].on, (act, place)
            action = QAction(BY_ACT[act].text_on(place), self)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setAutoRepeat(BY_ACT[act].repeats)
            action.triggered.connect(lambda _checked=False, handler=handler: handler())
            widget.addAction(action)
            self._actions[act] = action
        self.set_keys(keys)

    @property
    def acts(self) -> set[Act]:
        """What can be done there."""
        return set(self._actions)

    def set_keys(self, keys: Keymap) -> None:
        """Listen to these keys."""
        for act, action in self._actions.items():
            action.setShortcuts([QKeySequence(key) for key in keys.of(act)])

    def listen(self, on: bool) -> None:
        """Listen to the keys or not, e.g. while something else lies over the place."""
        for action in self._actions.values():
            action.setEnabled(on)
