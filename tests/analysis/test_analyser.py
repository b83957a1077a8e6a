from __future__ import annotations

import itertools
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fake_weights import published_file
from real_models import (
    EXACT,
    card_of,
    frame_of,
    plane_frames,
    plane_truth,
    published_analyser,
    true_plane,
)
from sonoassist.analysis import analyser as pipeline
from sonoassist.analysis.analyser import Analyser, AnalyserOptions, analyser_for, build_analyser
from sonoassist.analysis.box_wish import BoxWish
from sonoassist.core.errors import EngineError, ModelError, UsageError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats, Frame, State
from sonoassist.core.planes import INDEX, KEYS
from sonoassist.core.settings import Settings
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.scores import probabilities, softmax
from sonoassist.engines.shared import EngineShelf
from sonoassist.localise.choice import Localiser
from sonoassist.model.store import ModelStore
from sonoassist.preprocess.crop import PUBLISHED_CROP, CropChoice, parse_crop
from sonoassist.recordings.records import FrameResult, restated, result_of
from sonoassist.recordings.table import FrameTable
from sonoassist.retrieval.table import PartResults, joined
from sonoassist.temporal.quality import Quality
from sonoassist.temporal.steady import SteadyLabel

pytestmark = pytest.mark.usefixtures("plain_screens")


class FakeEngine(Engine):
    """Gives the logits it is told to; notes what it was asked."""

    name, precision, device = "fake", "f32", "CPU"

    def __init__(self, logits: Floats) -> None:
        self.logits = logits
        self.asked: list[Saliency] = []
        self.closed = 0

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        self.asked.append(saliency)
        assert network_input.shape == (1, 1, 224, 288)
        heat = np.zeros((224, 288), np.float32)
        heat[50:100, 60:160] = 1.0
        return EngineOutput(self.logits, np.zeros((14, 14, 18), np.float32), heat)

    def close(self) -> None:
        self.closed += 1


def logits_for(key: str, confidence: float) -> Floats:
    shares = np.full(14, (1 - confidence) / 13)
    shares[INDEX[key]] = confidence
    return np.log(shares).astype(np.float32)


def made(key: str = "femur", confidence: float = 0.9, **options: object) -> Analyser:
    engine = FakeEngine(logits_for(key, confidence))
    return Analyser(engine, card_of("sononet16"), AnalyserOptions(**options))


NOISE = np.random.default_rng(0).integers(30, 200, (448, 576), np.uint8)
PICTURE = np.asarray(np.kron(NOISE[::56, ::72], np.ones((56, 72))) // 2 + NOISE // 2, np.uint8)
FRAME = frame_of(PICTURE, index=4)


@given(hnp.arrays(np.float32, 14, elements=st.floats(-1e4, 1e4, width=32)))
def test_softmax(logits: Floats) -> None:
    shares = softmax(logits)
    assert shares.dtype == np.float32
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)
    assert shares.min() >= 0
    assert shares[np.argmax(logits)] == shares.max()


@pytest.mark.parametrize(
    ("key", "confidence", "state"),
    [
        ("femur", 0.71, State.PLANE),
        ("femur", 0.69, State.UNSURE),
        ("background", 0.99, State.BACKGROUND),
        ("background", 0.30, State.BACKGROUND),
    ],
)
def test_state(key: str, confidence: float, state: State) -> None:
    analysis = made(key, confidence, crop=parse_crop("full")).analyse(FRAME)
    assert analysis.state is state
    assert analysis.frame is FRAME
    assert analysis.prediction.frame_id == analysis.localisation.frame_id == 4
    assert analysis.prediction.confidence == pytest.approx(confidence, abs=1e-5)
    assert (analysis.shown_box is not None) == (state is State.PLANE)


def test_exactly_at_the_threshold_a_plane_is_named() -> None:
    analyser = made()
    confidence = analyser.analyse(FRAME).prediction.confidence
    for threshold, state in (
        (confidence, State.PLANE),
        (np.nextafter(confidence, 1), State.UNSURE),
    ):
        analyser.configure(AnalyserOptions(threshold=float(threshold)))
        assert analyser.analyse(FRAME).state is state


OTHER_OPTIONS: dict[str, object] = {
    "crop": parse_crop("full"),
    "threshold": 0.5,
    "guided": True,
    "carry_boxes": True,
    "heat": True,
    "localiser": Localiser.PAPER,
}
TO_BE_SEEN = ("guided", "heat")
"""These change no box."""


@pytest.mark.parametrize("name", [one.name for one in fields(AnalyserOptions)])
def test_no_box_is_carried_on_over_a_change_of_what_finds_boxes(name: str) -> None:
    analyser = made()
    assert analyser.analyse(frame_of(PICTURE, 0)).shown_box is not None
    moved = [frame_of(np.roll(PICTURE, n, axis=1), n, time_s=n / 25) for n in (1, 2)]
    later = analyser.analyse(moved[0], BoxWish.LATER)
    assert later.shown_box is not None
    assert analyser.unfinished
    analyser.configure(replace(analyser.options, **{name: OTHER_OPTIONS[name]}))
    kept = name in TO_BE_SEEN
    assert analyser.unfinished == kept
    carried = analyser.analyse(moved[1], BoxWish.CARRIED)
    assert carried.state is State.PLANE
    assert (carried.shown_box is not None) == kept


def test_a_box_carried_over_one_frame_is_of_the_options_in_force() -> None:
    analyser = made(carry_boxes=True)
    assert analyser.analyse(FRAME).localisation.sought
    analyser.configure(replace(analyser.options, localiser=Localiser.PAPER))
    assert analyser.analyse(frame_of(PICTURE, time_s=0.04)).localisation.sought


def test_the_background_is_not_searched_for_a_box() -> None:
    analyser = made("background")
    engine = analyser.engine
    assert isinstance(engine, FakeEngine)

    moved = itertools.count()  # a picture that is repeated would not be analysed at all

    def asked(key: str) -> list[Saliency]:
        engine.asked.clear()
        engine.logits = logits_for(key, 0.9)
        analysis = analyser.analyse(frame_of(np.roll(PICTURE, next(moved), axis=1)))
        assert analysis.prediction.plane.key == key
        assert (analysis.localisation.box is None) == (key == "background")
        return list(engine.asked)

    forward, both = [Saliency.NONE], [Saliency.PLAIN]
    assert asked("background") == both  # what comes first is not known
    assert [asked("background") for _ in range(3)] == [forward] * 3
    assert asked("femur") == forward + both
    assert [asked("femur"), asked("lips")] == [both, both]
    assert asked("background") == both
    assert asked("background") == forward


def asked_of(analyser: Analyser) -> list[Saliency]:
    assert isinstance(analyser.engine, FakeEngine)
    asked, analyser.engine.asked = analyser.engine.asked, []
    return asked


def film(*times_s: float, seed: int = 0) -> list[Frame]:
    """Frames of one held view: the same speckle, moved a little further each time."""
    picture = np.random.default_rng(seed).integers(30, 200, (56, 72), np.uint8)
    large = cv2.resize(picture, (576, 448), interpolation=cv2.INTER_CUBIC)
    return [
        frame_of(np.ascontiguousarray(np.roll(large, 2 * n, axis=1)), index=n, time_s=time_s)
        for n, time_s in enumerate(times_s)
    ]


def test_a_repeated_picture_is_not_analysed_again() -> None:
    analyser = made(crop=parse_crop("full"))
    first = analyser.analyse(frame_of(PICTURE, index=1))
    assert len(asked_of(analyser)) == 1
    again = analyser.analyse(frame_of(PICTURE.copy(), index=2))
    assert asked_of(analyser) == []
    assert again.frame.frame_id == 2
    assert again.prediction.frame_id == again.localisation.frame_id == 2
    assert np.array_equal(again.prediction.probabilities, first.prediction.probabilities)
    assert again.localisation.box == first.localisation.box
    changed = PICTURE.copy()
    changed[200:230, 300:330] += 40
    analyser.analyse(frame_of(changed, index=3))
    assert len(asked_of(analyser)) == 1


def test_a_repeated_picture_is_judged_by_the_options_of_now() -> None:
    analyser = made(confidence=0.8, crop=parse_crop("full"))
    assert analyser.analyse(frame_of(PICTURE, index=1)).state is State.PLANE
    analyser.configure(AnalyserOptions(crop=parse_crop("full"), threshold=0.9))
    assert analyser.analyse(frame_of(PICTURE, index=2)).state is State.UNSURE


def test_boxes_are_carried_over_every_other_frame_of_a_held_plane() -> None:
    analyser = made(crop=parse_crop("full"), carry_boxes=True)
    found = [analyser.analyse(frame) for frame in film(0.0, 0.04, 0.08, 0.12)]
    both, forward = Saliency.PLAIN, Saliency.NONE
    assert asked_of(analyser) == [both, forward, both, forward]
    assert [one.localisation.age_s for one in found] == pytest.approx([0, 0.04, 0, 0.04])
    own, carried = (one.localisation.box for one in found[:2])
    assert own is not None
    assert carried is not None
    assert carried.left - own.left == pytest.approx(2, abs=0.6)


def test_boxes_are_found_anew_where_they_cannot_be_carried() -> None:
    both = Saliency.PLAIN
    slow = made(crop=parse_crop("full"), carry_boxes=True)
    for frame in film(0.0, 0.1, 0.2):
        assert slow.analyse(frame).localisation.age_s == 0
    assert asked_of(slow) == [both] * 3
    other = made(crop=parse_crop("full"), carry_boxes=True)
    one, two = film(0.0, 0.04)
    other.analyse(one)
    assert isinstance(other.engine, FakeEngine)
    other.engine.logits = logits_for("lips", 0.9)
    changed = other.analyse(two)
    assert (changed.prediction.plane.key, changed.localisation.age_s) == ("lips", 0)
    assert asked_of(other) == [both, Saliency.NONE, both]
    plain = made(crop=parse_crop("full"))
    for frame in film(0.0, 0.04):
        assert plain.analyse(frame).localisation.age_s == 0


def test_a_label_does_not_wait_for_its_box() -> None:
    analyser = made(crop=parse_crop("full"))
    one, two, three = film(0.0, 0.04, 0.08)
    early = analyser.analyse(one, BoxWish.LATER)
    assert (early.state, early.localisation.sought) == (State.PLANE, False)
    assert early.shown_box is None
    assert asked_of(analyser) == [Saliency.NONE]
    assert analyser.unfinished
    own = analyser.finish_box()
    assert own is not None
    assert own.frame is one
    assert (own.localisation.sought, own.localisation.age_s) == (True, 0)
    assert own.own_box is not None
    assert asked_of(analyser) == [Saliency.PLAIN]
    assert analyser.finish_box() is None
    carried = [analyser.analyse(frame, BoxWish.CARRIED) for frame in (two, three)]
    assert asked_of(analyser) == [Saliency.NONE, Saliency.NONE]
    assert [each.localisation.age_s for each in carried] == pytest.approx([0.04, 0.08])
    assert not any(each.localisation.sought or each.own_box for each in carried)
    # What is carried says so, and has no map of its own: that is of another picture.
    assert all(each.localisation.evidence is None for each in carried)
    assert own.shown_box is not None
    assert carried[1].shown_box is not None
    assert carried[1].shown_box.left - own.shown_box.left == pytest.approx(4, abs=0.8)


def test_a_carried_box_goes_with_its_plane_and_does_not_come_back() -> None:
    analyser = made(crop=parse_crop("full"))
    one, two, three = film(0.0, 0.04, 0.08)
    analyser.analyse(one)
    assert isinstance(analyser.engine, FakeEngine)
    for other in (logits_for("lips", 0.9), logits_for("femur", 0.5)):
        analyser.analyse(one)
        analyser.engine.logits = other
        assert analyser.analyse(two, BoxWish.CARRIED).localisation.box is None
        analyser.engine.logits = logits_for("femur", 0.9)
        assert analyser.analyse(three, BoxWish.CARRIED).localisation.box is None


@pytest.mark.parametrize("key", ["background", "femur"])
def test_no_box_is_looked_for_where_none_would_be_shown(key: str) -> None:
    analyser = made(key, confidence=0.5, crop=parse_crop("full"))
    analyser.analyse(FRAME, BoxWish.LATER)
    assert not analyser.unfinished
    assert asked_of(analyser) == [Saliency.NONE]


def test_a_repeated_picture_costs_no_second_label() -> None:
    analyser = made(crop=parse_crop("full"))
    analyser.analyse(frame_of(PICTURE, index=1), BoxWish.CARRIED)
    again = analyser.analyse(frame_of(PICTURE, index=2), BoxWish.CARRIED)
    assert again.state is State.PLANE
    assert len(asked_of(analyser)) == 1
    own = analyser.analyse(frame_of(PICTURE, index=3))
    assert own.own_box is not None  # it was not looked for before


def test_looking_back_leaves_what_is_carried_and_unfinished() -> None:
    analyser = made(crop=parse_crop("full"))
    one, two, three = film(0.0, 0.04, 0.08)
    analyser.analyse(one)
    analyser.analyse(two, BoxWish.LATER)
    assert analyser.look_back(one).own_box is not None
    own = analyser.finish_box()
    assert own is not None
    assert own.frame is two
    assert analyser.analyse(three, BoxWish.CARRIED).localisation.age_s == pytest.approx(0.04)


def test_no_box_is_carried_onto_a_doppler_picture() -> None:
    analyser = made(crop=parse_crop("full"), carry_boxes=True)
    one, two = film(0.0, 0.04)
    analyser.analyse(one)
    colour = np.dstack([two.pixels] * 3)
    colour[:60, :200] = (220, 30, 20)  # beside the box, so that its motion can be measured
    analysis = analyser.analyse(frame_of(np.ascontiguousarray(colour), index=1))
    assert analysis.state is State.DOPPLER
    assert analysis.localisation.box is None


def test_no_signal_and_doppler_have_no_box() -> None:
    colour = np.dstack([PICTURE // 2] * 3)
    colour[150:250, 200:350] = (220, 30, 20)
    flat = np.zeros((448, 576, 3), np.uint8)
    for pixels, state in ((flat, State.NO_SIGNAL), (colour, State.DOPPLER)):
        analysis = made(crop=parse_crop("full")).analyse(frame_of(pixels))
        assert analysis.state is state
        assert analysis.localisation.box is None
        assert analysis.shown_box is None


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_logits_that_are_no_numbers_are_a_model_error(wrong: float) -> None:
    analyser = made()
    analyser.engine.logits[3] = wrong
    with pytest.raises(ModelError, match="not numbers"):
        analyser.analyse(FRAME)


def test_options_change_the_crop() -> None:
    analyser = made(crop=parse_crop("full"))
    assert analyser.analyse(FRAME).geometry.crop == Box(0, 0, 576, 448)
    analyser.configure(AnalyserOptions(crop=parse_crop("10,20,288,224")))
    analysis = analyser.analyse(FRAME)
    assert analysis.geometry.crop == Box(10, 20, 298, 244)
    assert analysis.localisation.box is not None
    assert analysis.localisation.box.iou(Box(70, 70, 170, 120)) > 0.85
    analyser.configure(AnalyserOptions(crop=parse_crop("500,0,288,224")))
    with pytest.raises(UsageError, match="outside"):
        analyser.analyse(FRAME)


def test_the_guided_pass_is_run_only_when_asked_for() -> None:
    analyser = made()
    assert analyser.analyse(FRAME).prediction.guided is None
    assert analyser.engine.asked == [Saliency.PLAIN]
    analyser.configure(AnalyserOptions(guided=True))
    assert analyser.analyse(FRAME).prediction.guided is not None
    assert analyser.engine.asked[1:] == [Saliency.PLAIN, Saliency.GUIDED]


def test_stages_are_timed() -> None:
    analysis = made().analyse(FRAME)
    assert [stage for stage, _ in analysis.timings_ms] == ["preprocess", "inference", "localise"]
    assert all(took >= 0 for _, took in analysis.timings_ms)


def test_warm_up_and_close() -> None:
    analyser = made()
    analyser.warm_up()
    assert analyser.engine.asked == [Saliency.NONE, Saliency.PLAIN]
    analyser.close()
    assert analyser.engine.closed == 1


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    (tmp_path / "shipped").mkdir()
    return ModelStore(tmp_path / "models", tmp_path / "shipped")


def test_without_a_model(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="no model is installed") as caught:
        build_analyser(store)
    assert "models install" in caught.value.hint


def test_a_model_that_does_not_exist(store: ModelStore, tmp_path: Path) -> None:
    store.add(published_file(tmp_path / "files"))
    with pytest.raises(ModelError, match="no model is called 'vgg'") as caught:
        build_analyser(store, model="vgg")
    assert caught.value.hint


def test_settings_make_an_analyser(store: ModelStore, tmp_path: Path) -> None:
    store.add(published_file(tmp_path / "files"))
    settings = Settings(
        engine="torch",
        precision="f32",
        device="cpu",
        crop="Room 3",
        threshold=0.5,
        own_crops={"Room 3": "1,2,300,200"},
        show_heat=True,
        guided_heat=True,
    )
    analyser = analyser_for(settings, store)
    assert analyser.engine.name == "torch"
    assert analyser.card.architecture == "smallnet"
    assert analyser.options == AnalyserOptions(
        crop=CropChoice(parse_crop("0,0,16,16").kind, Box(1, 2, 301, 202)),
        threshold=0.5,
        guided=True,
        heat=True,
    )
    assert analyser.analyse(FRAME).prediction.guided is not None
    with pytest.raises(UsageError, match="not understood"):
        analyser_for(Settings(crop="Room 3"), store)
    with pytest.raises(EngineError):
        analyser_for(Settings(engine="openvino", device="cuda"), store)


@pytest.mark.real
@pytest.mark.parametrize(("choice", "limit"), [(EXACT, 2e-3), (None, 0.03)], ids=["f32", "auto"])
def test_the_13_planes(test_data: Path, choice: object, limit: float) -> None:
    analyser = published_analyser(test_data, choice=choice)
    for frame in plane_frames(test_data):
        analysis = analyser.analyse(frame)
        truth = np.array(plane_truth(test_data)[frame.name]["sononet16_softmax"])
        assert analysis.prediction.plane is true_plane(test_data, frame.name)
        # The table has the plain softmax; what the program itself takes is calibrated.
        scores = np.log(np.maximum(truth, 1e-6)).astype(np.float32)
        meant = probabilities(scores, analyser.card.calibration)
        assert np.abs(analysis.prediction.probabilities - meant).max() <= limit
        assert analysis.geometry.crop == PUBLISHED_CROP
        sure = analysis.prediction.confidence >= analyser.threshold
        assert analysis.state is (State.PLANE if sure else State.UNSURE)
    assert len(plane_frames(test_data)) == len(KEYS) - 1


def test_an_engine_that_cannot_warm_up_does_not_stay_on_the_shelf(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Cold(Engine):
        name, precision, device = "cold", "f32", "CPU"
        closed = 0

        def run(self, network_input: object, saliency: object = None) -> EngineOutput:
            raise EngineError("out of memory")

        def close(self) -> None:
            self.closed += 1

    made, shelf = Cold(), EngineShelf()
    monkeypatch.setattr(pipeline, "engine_for", lambda *_, **__: made)
    with pytest.raises(EngineError):
        build_analyser(ModelStore.default(), synthetic=True, shelf=shelf)
    assert (len(shelf), made.closed) == (0, 1)


def test_noise_is_never_named_however_sure_the_network_is() -> None:
    options = AnalyserOptions()
    analyser = Analyser(FakeEngine(logits_for("lips", 0.99)), card_of("sononet16"), options)
    assert analyser.analyse(FRAME).state is State.PLANE
    noise = analyser.analyse(frame_of(NOISE, index=5))
    assert noise.state is State.NOISE
    assert not noise.state.judged
    # Nor by what is made of the results: the steady label, and the frames that are kept.
    steady = SteadyLabel(0.7)
    assert steady.update(analyser.analyse(FRAME)).plane is not None
    assert steady.update(noise).plane is None
    table = FrameTable([0.0])
    table.add([replace(result_of(noise, Quality(1.0, 1.0)), index=0)])
    assert not table.snapshot().judged.any()
    part = PartResults(0, 0.0, table.snapshot(), np.zeros(1, np.int32), still=False)
    assert not joined([part]).judged.any()
    kept = FrameResult(5, noise.state, noise.prediction.probabilities, None, 1.0)
    assert restated(kept, 0.1).state is State.NOISE
