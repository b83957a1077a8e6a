"""All that is written over the picture, over the product of the states."""

from __future__ import annotations

import itertools
from dataclasses import replace

from gui_fakes import EMPTY, GRABBER, RECORDING

from every_case import holds_for_each
from sonoassist.gui.screens import SIGNAL_LOST, Screen, screen_for
from sonoassist.live.status import ModelState, PlayState, SessionStatus

SOURCES = (None, RECORDING, GRABBER)
CASES = list(
    itertools.product(
        PlayState, SOURCES, (0.0, 0.9, 5.0), ModelState, (True, False), (None, 0.0, 2.4)
    )
)
MOST_LETTERS = 24
"""So many have room over the smallest picture."""


def words(screen: Screen) -> str:
    card = [screen.card.title, screen.card.text] if screen.card is not None else []
    return " | ".join([*card, *(chip.text for chip in screen.chips)])


def status_of(play: PlayState, source: object, age_s: float, model: ModelState) -> SessionStatus:
    return replace(
        EMPTY,
        play_state=play,
        source=source,
        signal_age_s=age_s,
        model_state=model,
        play_message="film.mp4",
    )  # type: ignore[arg-type]


def test_what_is_written_is_true() -> None:
    holds_for_each(_is_true, CASES)


def _is_true(
    play: PlayState,
    source: object,
    age_s: float,
    model: ModelState,
    has_picture: bool,
    back_s: float | None,
) -> None:
    status = status_of(play, source, age_s, model)  # type: ignore[arg-type]
    screen = screen_for(status, has_picture, back_s)  # type: ignore[arg-type]
    said = words(screen)
    live = source is GRABBER
    frozen = back_s is not None
    lost = play is PlayState.LOST
    silent = live and play is PlayState.PLAYING and age_s == 5.0
    assert ("FROZEN" in said) is frozen
    if lost or silent or play is PlayState.FAILED:
        assert "FROZEN now" not in said
    if lost:
        assert SIGNAL_LOST in said
    if silent and frozen:
        assert SIGNAL_LOST in said
    if frozen:
        assert screen.card is None  # the picture of a freeze is there whatever became of the source
        assert ("−2.4 s" in said) is (back_s == 2.4)
    elif play in (PlayState.EMPTY, PlayState.FAILED, PlayState.LOST, PlayState.OPENING):
        assert screen.card is not None
        assert screen.chips == ()
    elif has_picture:
        assert ("Paused" in said) is (play is PlayState.PAUSED)
        assert ("End of recording" in said) is (play is PlayState.ENDED)
        assert ("No signal since 5 s" in said) is silent
    if screen.card is None:
        assert ("Loading the model" in said) is (model is ModelState.LOADING)
        assert ("Model missing" in said) is (model is ModelState.MISSING)
        assert ("No analysis" in said) is (model is ModelState.FAILED)


def test_what_is_opened_beside_is_told_over_the_picture_that_goes_on() -> None:
    status = replace(EMPTY, play_state=PlayState.PLAYING, source=GRABBER, opens_beside="b/film.mp4")
    assert words(screen_for(status, True, None)) == "Opening film.mp4 …"


def test_each_chip_has_words_for_the_smallest_picture() -> None:
    holds_for_each(_has_words_for_the_smallest_picture, CASES)


def _has_words_for_the_smallest_picture(
    play: PlayState,
    source: object,
    age_s: float,
    model: ModelState,
    has_picture: bool,
    back_s: float | None,
) -> None:
    long = "words " * 30
    status = replace(
        status_of(play, source, age_s, model),  # type: ignore[arg-type]
        opens_beside=f"b/{long}.mp4",
        model_message=long,
    )
    screen = screen_for(status, has_picture, back_s)  # type: ignore[arg-type]
    said = [chip.short or chip.text for chip in screen.chips]
    assert all(len(words) <= MOST_LETTERS for words in said), said
