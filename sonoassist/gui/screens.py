"""What is written over the picture when there is something to say about it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from sonoassist.core.wording import sentence
from sonoassist.gui.acts import Act
from sonoassist.live.status import ModelState, PlayState, SessionStatus
from sonoassist.sources import kind_of

STALE_AFTER_S = 1.5
LOADING = "Loading the model …"
SIGNAL_LOST = "Signal lost"
SHOWN_AS_NOW_S = 0.05


@dataclass(frozen=True, slots=True)
class MessageCard:
    """A message in the middle, over a dimmed picture or none.

    Attributes:
        icon: Name of an icon.
        title: Large words.
        text: What to do or why.
        acts: Offered as buttons.
        names: What the buttons say; left out: what the actions are called.
    """

    icon: str
    title: str
    text: str = ""
    acts: tuple[Act, ...] = ()
    names: tuple[str, ...] = ()


_AGAIN = (
    (Act.RECONNECT, Act.DEVICES, Act.CLOSE),
    ("Try again", "Choose another", "Close"),
)
"""What can be done where a device or a stream gives nothing."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A short mark in the picture's corner; the picture stays as it is.

    Attributes:
        icon: Name of an icon.
        text: Words.
        tone: Colour of the palette.
        act: What a click on it does, or None.
        room_for: The longest that its words become while they change; it is as wide as this.
        short: What it says where there is no room for its words; "": as many letters as fit.
        extra: Left out where there is no room for its words.
    """

    icon: str
    text: str
    tone: str = "muted"
    act: Act | None = None
    room_for: str = ""
    short: str = ""
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything written over the picture.

    Attributes:
        card: In the middle, or None.
        chips: In the corner, from left to right.
    """

    card: MessageCard | None = None
    chips: tuple[Chip, ...] = ()


def seconds_back(age_s: float) -> str:
    """Time back from the moment of freezing, e.g. "−2.4 s"."""
    return f"−{age_s:.1f} s" if age_s >= SHOWN_AS_NOW_S else "now"


def screen_for(
    status: SessionStatus,
    has_picture: bool,
    frozen_back_s: float | None,
    more: tuple[Chip, ...] = (),
) -> Screen:
    """Say what is to be written over the picture.

    Args:
        status: Of the session.
        has_picture: Whether there is a picture to draw.
        frozen_back_s: How far back the frozen picture lies, in seconds; None when not frozen.
        more: Chips that somebody else has, behind the others.
    """
    if frozen_back_s is not None:
        gone = _gone_chips(status)
        # Nothing is "now" where nothing comes any more.
        when = "" if gone and frozen_back_s < SHOWN_AS_NOW_S else seconds_back(frozen_back_s)
        longest = f"FROZEN {seconds_back(88.8)}"  # the picture stays where it is while stepping
        words = f"FROZEN {when}".rstrip()
        chip = Chip("freeze", words, "accent", Act.FREEZE, longest, "FROZEN")
        return Screen(None, (*gone, chip, *_model_chips(status)))
    card = _card(status, has_picture)
    if card is not None:
        return Screen(card, ())
    chips = (*_opening_chips(status), *_play_chips(status), *_model_chips(status), *more)
    return Screen(None, chips)


def _card(status: SessionStatus, has_picture: bool) -> MessageCard | None:
    name = status.source.label if status.source is not None else ""
    state = status.play_state
    if state is PlayState.EMPTY:
        acts = (Act.OPEN_FILE, Act.DEVICES, Act.STREAM)
        return MessageCard("file", "Choose a source", "or drop a file on this window", acts)
    if state is PlayState.FAILED:
        text = sentence(status.play_message) or "The source cannot be read"
        again = (Act.RECONNECT, Act.DEVICES, Act.OPEN_FILE, Act.CLOSE)
        names = ("Try again", "Another device", "Another file", "Close")
        return MessageCard("error", "The source failed", text, again, names)
    if state is PlayState.LOST:
        text = sentence(status.play_message) or "It is opened again as soon as it is back"
        return MessageCard("nosignal", SIGNAL_LOST, text, *_AGAIN)
    if state is PlayState.OPENING or not has_picture:
        name = name or kind_of(status.play_message).short_name(status.play_message)
        loading = status.model_message if status.model_state is ModelState.LOADING else ""
        title = f"Opening {name} …".replace("  ", " ")
        return MessageCard("wait", title, status.waits_for or loading, (Act.CLOSE,))
    if _no_signal(status):
        text = "Is the scanner on, and its video output connected?"
        title = f"No signal since {int(status.signal_age_s)} s"
        return MessageCard("nosignal", title, text, *_AGAIN)
    return None


def _gone_chips(status: SessionStatus) -> tuple[Chip, ...]:
    """What a frozen picture has to say of a source that gives nothing any more."""
    if status.play_state is PlayState.FAILED:
        return (Chip("error", "The source failed", "error", Act.RECONNECT),)
    if status.play_state is PlayState.LOST or _no_signal(status):
        return (Chip("nosignal", SIGNAL_LOST, "error", Act.RECONNECT),)
    return ()


def _no_signal(status: SessionStatus) -> bool:
    live = status.source is not None and status.source.live
    playing = status.play_state is PlayState.PLAYING
    return live and playing and status.signal_age_s >= STALE_AFTER_S


def _opening_chips(status: SessionStatus) -> tuple[Chip, ...]:
    if not status.opens_beside:
        return ()
    name = kind_of(status.opens_beside).short_name(status.opens_beside)
    return (Chip("wait", f"Opening {name} …", "text", short="Opening …"),)


def _play_chips(status: SessionStatus) -> tuple[Chip, ...]:
    stills = status.source is not None and status.source.stills
    if status.play_state is PlayState.PAUSED and not stills:
        return (Chip("pause", "Paused", "text", Act.PLAY),)
    if status.play_state is PlayState.ENDED:
        return (Chip("end", "End of recording", "text", Act.START),)
    return ()


def _model_chips(status: SessionStatus) -> tuple[Chip, ...]:
    state = status.model_state
    if state is ModelState.MISSING:
        return (
            Chip("warning", "Model missing: install", "warning", Act.INSTALL, short="No model"),
        )
    if state is ModelState.LOADING:
        return (Chip("wait", status.model_message or LOADING, "text", short="Loading …"),)
    if state is ModelState.FAILED:
        why = status.model_message or "see the notice"
        return (Chip("error", f"No analysis: {why}", "error", Act.MODELS, short="No analysis"),)
    return ()


def model_words(status: SessionStatus) -> str:
    """Why a picture has no result, in a few words; "" when the analysis is running."""
    return {
        ModelState.MISSING: "no model is installed",
        ModelState.LOADING: "the model is being loaded",
        ModelState.FAILED: status.model_message or "the analysis failed",
        ModelState.READY: "",
    }[status.model_state]
