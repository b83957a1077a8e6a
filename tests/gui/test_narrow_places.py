"""Widgets of Review and Practice in the least room they get: nothing of what they say is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PyQt6.QtCore import QRectF
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from screen_checks.checks import look_at
from screen_checks.painted import listening

from sonoassist.core.flaws import Flaw, Hint
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.gui.fonts import family
from sonoassist.gui.headline import Headline
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.review.labels import LabelMenu
from sonoassist.gui.review.texts import best_tiles, candidate_tiles, found_text
from sonoassist.gui.review.tiles import UNSURE, Tiles
from sonoassist.gui.theme import DARK, LIGHT, Look
from sonoassist.gui.verdict import Verdict, VerdictKind
from sonoassist.recordings.corrections import Corrections
from sonoassist.review.candidates import Peak

SCOPES = (
    ("The selected frames: 11 frames, 0.4 s", 0, 10),
    ("This view: 96 frames, 3.8 s", 0, 95),
    ("This frame only", 5, 5),
)
PICTURE = QRectF(16, 12, 604, 455)
"""As a picture of 4:3 lies on the page in a window of 1024 x 768: it leaves 404 px beside it."""


@pytest.fixture(params=[DARK, LIGHT], ids=["dark", "light"])
def narrow(request: pytest.FixtureRequest) -> Look:
    return Look(request.param, 0.9, family())


@pytest.fixture
def under(qtbot: QtBot) -> QWidget:
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(1024, 700)
    page.show()
    return page


@pytest.mark.parametrize("keys", [{}, {"plane_4ch": ["Ctrl+Shift+F12"]}], ids=["usual", "long"])
def test_the_menu_of_labels_says_everything_beside_a_wide_picture(
    under: QWidget, narrow: Look, keys: dict[str, list[str]]
) -> None:
    look = Look(narrow.palette, narrow.scale, narrow.family, Keymap.made(keys))
    menu = LabelMenu(under, look)
    menu.ask(SCOPES, PICTURE, "What does frame 1,133 show?")
    with listening() as painted:
        under.grab()
    said = [one.text for one in painted]
    assert "As the model says" in said
    assert "Four chambers" in said
    assert not [str(one) for one in look_at(under)]


def test_only_the_stretch_that_tab_comes_to_says_so(under: QWidget, narrow: Look) -> None:
    menu = LabelMenu(under, narrow)
    menu.ask(SCOPES, PICTURE, "What does frame 6 show?")
    for turn in range(len(SCOPES)):
        with listening() as painted:
            menu.grab()
        hinted = [one.text.partition("   ")[0] for one in painted if one.text.endswith("   Tab")]
        assert hinted == [SCOPES[(turn + 1) % len(SCOPES)][0]]
        menu.focusNextPrevChild(True)


@pytest.mark.parametrize("plane", ["brain_cb", "4ch", "3vv"])
def test_a_corrected_label_and_the_models_word_fit_beside_each_other(
    under: QWidget, narrow: Look, plane: str
) -> None:
    headline = Headline(narrow, under)
    headline.setFixedSize(372, narrow.px(46))
    detail = "your label; the model says Brain (tv.) 99 %"
    named = BY_KEY[plane]
    headline.show_verdict(
        Verdict(VerdictKind.PLANE, named.label, plane=named, guess=named, detail=detail)
    )
    headline.show()
    with listening() as painted:
        under.grab()
    assert " ".join(one.text for one in painted if one.text != named.label) == detail
    assert not [str(one) for one in look_at(under)]


@pytest.mark.parametrize("high", [40, 46, 60, 84])
@pytest.mark.parametrize("count", range(4))
def test_small_lines_beside_a_name_are_whole_or_not_there(
    under: QWidget, narrow: Look, high: int, count: int
) -> None:
    headline = Headline(narrow, under)
    headline.setFixedSize(620, narrow.px(high))
    hints = tuple(Hint(flaw, 0.5 + number / 10) for number, flaw in enumerate(Flaw))[:count]
    named = BY_KEY["kidneys"]
    verdict = Verdict(
        VerdictKind.PLANE,
        named.label,
        plane=named,
        guess=named,
        confidence=0.98,
        detail="Both kidneys",
        steady_s=2.1,
        hints=hints,
    )
    headline.show_verdict(verdict)
    headline.show()
    with listening() as painted:
        under.grab()
    small = [one for one in painted if one.room is not None]
    assert small
    for one in small:
        assert one.ink.top() >= 0, one.text
        assert one.ink.bottom() <= headline.height(), one.text
    gravest = max(hints, key=lambda one: one.strength, default=None)
    if gravest is not None:
        short = gravest.flaw.advice.partition(":")[0]
        assert [one for one in small if one.text.startswith(short)]


def test_how_long_a_view_is_steady_keeps_its_number_where_there_is_little_room(
    under: QWidget, narrow: Look
) -> None:
    headline = Headline(narrow, under)
    headline.setFixedSize(372, narrow.px(46))
    named = BY_KEY["3vv"]
    headline.show_verdict(
        Verdict(
            VerdictKind.PLANE, named.label, named, named, 0.7, "Three vessel view", steady_s=1.9
        )
    )
    headline.show()
    with listening() as painted:
        under.grab()
    assert "for 1.9 s" in [one.text for one in painted]


def made_tiles(under: QWidget, look: Look, *, wide: int, high: int, rows: int) -> Tiles:
    tiles = Tiles(look, rows=rows, most_px=190, name="Best frames", over=True)
    tiles.setParent(under)
    tiles.show_tiles(best_tiles({}, Corrections(), "femur", surveyed=True))
    tiles.setGeometry(0, 0, wide, high)
    tiles.show()
    return tiles


@pytest.mark.parametrize(("wide", "high", "rows"), [(372, 56, 1), (372, 84, 1), (990, 168, 2)])
def test_each_small_picture_has_its_whole_name(
    under: QWidget, narrow: Look, wide: int, high: int, rows: int
) -> None:
    tiles = made_tiles(under, narrow, wide=wide, high=high, rows=rows)
    with listening() as painted:
        tiles.grab()
    titles = [one.text for one in painted if one.text != "missing"]
    assert titles == [tile.title for tile in tiles.shown()]
    assert "Femur" in titles
    assert len(titles) == 13 or rows == 1
    rects = [tiles.tile_rect(number) for number in range(len(titles))]
    assert all(one.right() <= wide for one in rects)
    assert not any(one.intersects(other) for one, other in pairwise(rects))


def test_planes_that_are_missing_are_named_where_they_are_few() -> None:
    keys = [plane.key for plane in DISPLAY_ORDER if not plane.is_background]
    few, many = found_text(keys[:2], surveyed=True), found_text(keys[1:], surveyed=True)
    assert few == "11 of 13 planes found  ·  missing: Brain (tv.), Brain (cb.)"
    assert many == "1 of 13 planes found  ·  12 missing"
    assert found_text(keys, surveyed=True) == "0 of 13 planes found  ·  all missing"
    assert found_text(keys, surveyed=False) == "0 of 13 planes found so far"


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("high", [56, 62, 168])
def test_an_unsure_small_picture_says_so_in_a_whole_word(
    under: QWidget, narrow: Look, high: int, over: bool
) -> None:
    peak = Peak(7, 1.0, 0.36, 0.5, False, False, 5, 9)
    tiles = Tiles(narrow, rows=1, most_px=270, name="Candidates", over=over)
    tiles.setParent(under)
    if over:
        tiles.show_tiles(best_tiles({"femur": (peak,)}, Corrections(), "femur", surveyed=True))
    else:
        tiles.show_tiles(candidate_tiles([peak], 7, "femur", None))
    tiles.setGeometry(0, 0, 372, high)
    tiles.show()
    with listening() as painted:
        tiles.grab()
    said = [one.text for one in painted if one.text.startswith("uns")]
    assert len(said) == 1
    assert said[0] in (UNSURE, f"{UNSURE} 36 %")


@pytest.mark.parametrize("high", [62, 84, 168])
def test_a_doubt_is_said_within_its_own_small_picture(
    under: QWidget, narrow: Look, high: int
) -> None:
    chosen = Corrections(best={"lips": 5, "femur": 7})
    tiles = Tiles(narrow, rows=1, most_px=190, name="Best frames", over=True)
    tiles.setParent(under)
    tiles.show_tiles(best_tiles({}, chosen, "lips", surveyed=True, doubted={"lips"}))
    tiles.setGeometry(0, 0, 372, high)
    tiles.show()
    with listening() as painted:
        tiles.grab()
    number = [tile.key for tile in tiles.shown()].index("lips")
    (said,) = (one for one in painted if one.text.endswith("in doubt"))
    assert tiles.tile_rect(number).contains(said.ink.center())
    assert said.ink.right() <= tiles.tile_rect(number).right()
