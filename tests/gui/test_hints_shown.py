"""Hints beside the picture: said when they stand, whole or in short."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gui_fakes import make_frame, make_view
from pytestqt.qtbot import QtBot

from sonoassist.core.flaws import Flaw, Hint, Hints
from sonoassist.core.packets import State
from sonoassist.core.planes import PLANES
from sonoassist.gui.headline import MOST_HINTS, Headline
from sonoassist.gui.review.texts import best_tiles, candidate_tiles
from sonoassist.gui.review.tiles import PictureTile, Tiles, hint_mark
from sonoassist.gui.theme import DARK, LIGHT, Look, help_file
from sonoassist.gui.verdict import Verdict, decide, decide_past
from sonoassist.recordings.corrections import Corrections
from sonoassist.review.candidates import Peak

SMALL, ASIDE, MOVING = (
    Hint(flaw, strength)
    for flaw, strength in ((Flaw.TOO_SMALL, 0.2), (Flaw.OFF_CENTRE, 0.9), (Flaw.MOVING, 0.5))
)


def verdict(hints: Hints, state: State = State.PLANE, plane: str = "femur") -> Verdict:
    view = make_view(plane, 0.95, state, frame=make_frame(50), since_s=0.2)
    return decide(replace(view, hints=hints, steady_hints=hints), "steady", 0.7)


@pytest.fixture
def headline(qtbot: QtBot, look: Look) -> Headline:
    widget = Headline(look)
    qtbot.addWidget(widget)
    widget.resize(1100, 84)
    return widget


def test_the_gravest_hints_stand_beside_the_name(headline: Headline) -> None:
    headline.show_verdict(verdict((SMALL, ASIDE, MOVING)))
    assert headline.hint_lines() == [Flaw.OFF_CENTRE.advice, Flaw.MOVING.advice]
    assert len(headline.hint_lines()) == MOST_HINTS
    assert Flaw.OFF_CENTRE.advice in headline.spoken
    headline.grab()


def test_hints_that_have_not_stood_are_not_said(headline: Headline) -> None:
    view = make_view("femur", 0.95, frame=make_frame(50))
    headline.show_verdict(decide(replace(view, hints=(SMALL,)), "steady", 0.7))
    assert headline.hint_lines() == []


@pytest.mark.parametrize("state", [one for one in State if one is not State.PLANE])
def test_without_a_plane_there_is_no_hint(state: State) -> None:
    assert verdict((SMALL,), state).hints == ()


def test_a_result_of_the_past_has_none() -> None:
    assert decide_past(verdict((SMALL,)), 0.2).hints == ()


@pytest.mark.parametrize("plane", [one.key for one in PLANES if not one.is_background])
@pytest.mark.parametrize("wide", [560, 700, 1100])
def test_what_is_painted_is_a_hint_or_its_beginning(
    headline: Headline, monkeypatch: pytest.MonkeyPatch, plane: str, wide: int
) -> None:
    """Never half a word: where there is no room for the advice, what is wrong is said alone."""
    said: list[str] = []
    painter = "sonoassist.gui.headline.QPainter.drawText"
    monkeypatch.setattr(painter, lambda self, *args: said.append(args[-1]))
    headline.resize(wide, 84)
    headline.show_verdict(verdict(tuple(Hint(flaw, 0.5) for flaw in Flaw), plane=plane))
    headline.grab()
    short = {flaw.advice.partition(":")[0] for flaw in Flaw}
    whole = {flaw.advice for flaw in Flaw}
    hints = [one for one in said if one.partition(":")[0] in short]
    assert set(hints) <= short | whole
    assert len(hints) == (MOST_HINTS if wide == 1100 else len(hints))
    assert not any("…" in one for one in said if one.startswith(tuple(short)))


def test_candidates_and_best_frames_have_their_hints() -> None:
    peak = Peak(7, 1.0, 0.9, 0.5, True, False, 5, 9, (SMALL, ASIDE))
    assert candidate_tiles([peak], 7, "femur", None)[0].hints == (SMALL, ASIDE)
    tiles = best_tiles({"femur": (peak,)}, Corrections(), "femur", surveyed=True)
    assert {tile.key: tile.hints for tile in tiles if tile.hints} == {"femur": (SMALL, ASIDE)}
    assert hint_mark((SMALL, ASIDE)) == "off centre +1"
    assert hint_mark((SMALL,)) == "too small"


@pytest.mark.parametrize("palette", [DARK, LIGHT])
@pytest.mark.parametrize(("size", "low"), [((900, 190), False), ((340, 150), True)])
def test_words_lie_on_a_picture_that_has_room_for_them(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, palette: object, size: tuple, low: bool
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        "sonoassist.gui.review.tiles.QPainter.drawText",
        lambda self, *args: said.append(args[-1]),
    )
    tiles = Tiles(Look(palette), rows=2, most_px=190, name="x", over=True)  # type: ignore[arg-type]
    qtbot.addWidget(tiles)
    tiles.resize(*size)
    tiles.set_low(low, 2)
    tiles.show_tiles(
        [PictureTile(str(n), n, "Femur", "99 %", "#fff", hints=(SMALL,)) for n in range(13)]
    )
    tiles.grab()
    assert ("too small" in said) is not low
    assert "!" not in said


def test_the_help_explains_each_hint() -> None:
    words = help_file("live.md").read_text(encoding="utf-8").lower()
    for flaw in Flaw:
        assert f"*{flaw.short}*" in words, flaw
