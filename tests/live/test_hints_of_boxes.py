"""Boxes and hints that hold no longer are neither shown nor kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from live_fakes import BandEngine, MadeSource, Start, band_analyser, banded

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.analysis import analyser as pipeline
from sonoassist.analysis.box_wish import BoxWish
from sonoassist.core.flaws import Flaw, Hint
from sonoassist.core.packets import Analysis, Box, Floats, Geometry, Localisation, Prediction
from sonoassist.core.planes import PLANES
from sonoassist.live.cadence import Cadence
from sonoassist.live.loop_pictures import LoopPicture
from sonoassist.live.session import LiveSession
from sonoassist.live.status import ModelState, View
from sonoassist.model.box_rule import BoxRule, Method
from waiting import wait_until

OWN, OTHER = Box(0, 0, 30, 30), Box(50, 30, 80, 60)
"""By the model's rules, and by the paper's."""
UNSOUGHT = Localisation(0, None, None, sought=False)
PICTURE = np.random.default_rng(4).integers(60, 140, (48, 64), np.uint8)
HINTS = (Hint(Flaw.OFF_CENTRE, 0.9), Hint(Flaw.TOO_DARK, 0.2), Hint(Flaw.MOVING, 0.3))


def _localise(
    prediction: Prediction, geometry: Geometry, picture: Floats, rules: Mapping[str, BoxRule]
) -> Localisation:
    return Localisation(prediction.frame_id, OWN if rules else OTHER, None)


@pytest.fixture
def held(start: Start, monkeypatch: pytest.MonkeyPatch) -> LiveSession:
    """One plane has been shown for some frames, and the picture stands."""
    monkeypatch.setattr("live_fakes.banded", lambda number: banded(0))
    monkeypatch.setattr(pipeline, "localise", _localise)
    analyser = band_analyser(BandEngine())
    rules = {PLANES[0].key: BoxRule(method=Method.COMPONENT, polarity=PLANES[0].polarity)}
    analyser.card = analyser.card.model_copy(update={"boxes": rules})
    session = start(film=[MadeSource(100, fps=25)])
    session.load_model(lambda: analyser)
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("film")
    session.pause()
    session.seek(0)
    for index in range(1, 40):
        session.step(1)
        wait_until(lambda wanted=index: _shown_at(session, wanted))  # type: ignore[misc]
    return session


def _shown_at(session: LiveSession, index: int) -> bool:
    view = session.newest()
    return view is not None and view.frame.index == index and view.analysis is not None


def _box_of(session: LiveSession) -> Box | None:
    view = session.newest()
    steady = None if view is None else view.steady
    return None if steady is None or steady.box is None else steady.box.box


def test_what_is_drawn_is_by_the_localiser_that_was_chosen(held: LiveSession) -> None:
    first = held.newest()
    assert first is not None
    assert _box_of(held) == OWN
    assert Flaw.OFF_CENTRE in {one.flaw for one in first.steady_hints}
    held.configure(localiser="paper")
    wait_until(lambda: held.newest() is not first)
    second = held.newest()
    assert second is not None
    assert second.analysis is not None
    assert second.analysis.shown_box == OTHER
    assert _box_of(held) == OTHER
    assert second.steady_hints == ()  # those were by the old box


def test_hints_are_those_of_the_model_in_use(held: LiveSession) -> None:
    first = held.newest()
    assert first is not None
    assert first.steady_hints
    held.load_model(lambda: band_analyser(BandEngine()))
    wait_until(lambda: held.status().model_state is ModelState.READY)
    wait_until(lambda: (view := held.newest()) is not first and view is not None and view.analysis)
    second = held.newest()
    assert second is not None
    assert second.steady_hints == ()


def test_what_else_is_made_to_be_seen_takes_no_hint_away(held: LiveSession) -> None:
    first = held.newest()
    assert first is not None
    held.configure(heat=True)
    wait_until(lambda: held.newest() is not first)
    second = held.newest()
    assert second is not None
    assert second.steady_hints == first.steady_hints != ()


def seen(box: Box | None, localisation: Localisation | None = None) -> Analysis:
    made = analysis_of(frame_of(PICTURE), shares_of("femur"), box=box)
    return made if localisation is None else replace(made, localisation=localisation)


def test_a_picture_looked_at_has_the_hints_of_its_own_box() -> None:
    early = seen(None, UNSOUGHT)
    view = View(early.frame, early, None, HINTS, HINTS)
    done = view.looked_at(seen(Box(16, 12, 48, 36)), None)
    assert done.hints == done.steady_hints == HINTS[1:]
    assert view.looked_at(early, None).hints == HINTS  # nobody has looked
    assert View(early.frame).looked_at(seen(None), None).hints is None


def test_so_has_one_of_a_freeze() -> None:
    early = seen(None, UNSOUGHT)
    picture = LoopPicture(View(early.frame, early, None, HINTS, HINTS))
    picture.put_result(seen(Box(16, 12, 48, 36)), None)
    assert picture.kept().view.hints == HINTS[1:]
    assert picture.kept().view.frame is early.frame


class Behind(Cadence):
    """Every box comes behind its label."""

    finishes = True  # type: ignore[assignment]

    def wish(self, *_: object, **__: object) -> BoxWish:
        return BoxWish.LATER


@pytest.mark.parametrize("way", ["behind its label", "asked for"])
def test_a_box_that_comes_brings_its_hints(
    start: Start, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr("live_fakes.banded", lambda number: banded(0))
    monkeypatch.setattr(pipeline, "localise", _localise)
    session = start(film=[MadeSource(1, kind="stream")])
    session._analysis._cadence = cadence = Behind()
    cadence.finishes = way == "behind its label"  # else: as the picture stands
    early: list[View] = []
    completed: list[View] = []
    session.watch(early.append)
    session.watch_completed(completed.append)
    session.load_model(lambda: band_analyser(BandEngine()))
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("film")
    wait_until(lambda: completed)
    before = next(view for view in early if view.analysis is not None)
    assert Flaw.OFF_CENTRE not in {one.flaw for one in before.hints or ()}
    assert Flaw.OFF_CENTRE in {one.flaw for one in completed[0].hints or ()}
