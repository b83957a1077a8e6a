"""What the user can do, and where: the kinds of rows of the table of actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


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
