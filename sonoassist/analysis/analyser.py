"""Analyser: frame -> Analysis. No threads; every command and the window use this one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sonoassist.analysis.box_wish import BoxWish
from sonoassist.analysis.outside import measures_of
from sonoassist.analysis.precision.choosing import engine_for
from sonoassist.analysis.preparing import Preparer, Ready
from sonoassist.core.errors import ModelError
from sonoassist.core.packets import (
    Analysis,
    Content,
    Floats,
    Frame,
    Localisation,
    Prediction,
    Prepared,
    Provenance,
    State,
)
from sonoassist.core.planes import BACKGROUND_INDEX
from sonoassist.core.settings import Settings
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.choose import EngineChoice
from sonoassist.engines.lazy import LazyEngine
from sonoassist.engines.scores import probabilities
from sonoassist.engines.screen_engine import make_screen_network
from sonoassist.engines.shared import EngineShelf
from sonoassist.localise.boxes import localise
from sonoassist.localise.carrying import CarriedBox, Found, carried
from sonoassist.localise.choice import Localiser
from sonoassist.model.card import Card
from sonoassist.model.store import ModelStore
from sonoassist.preprocess.crop import CropChoice, parse_crop
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.preprocess.structure import LEAST_STRUCTURE, structure_of

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class AnalyserOptions:
    """What may change while an analyser runs.

    Attributes:
        crop: Which rectangle is analysed.
        threshold: Probability below which no plane is named; None for the model's own.
        guided: Also run the guided backward pass (Eq. 2), for the heat map.
        carry_boxes: While a plane stays, find the box on every other frame only and carry it
            over the frame between by the motion measured.
        heat: The saliency of each frame is looked at, so that each has its own.
        localiser: Whose rules make the boxes.
    """

    crop: CropChoice = field(default_factory=CropChoice)
    threshold: float | None = None
    guided: bool = False
    carry_boxes: bool = False
    heat: bool = False
    localiser: Localiser = Localiser.PLANE

    def finds_as(self, other: AnalyserOptions) -> bool:
        """Whether labels and boxes are found alike: what else is made to be seen does not count."""
        return replace(self, guided=other.guided, heat=other.heat) == other


@dataclass(frozen=True, slots=True)
class _Memory:
    """The frame before: what it was and what was found."""

    prepared: Prepared
    options: AnalyserOptions
    analysis: Analysis


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """A result whose box is still to be found."""

    prepared: Prepared
    analysis: Analysis


class Analyser:
    """Runs preprocessing, the engine and the localisation on one frame after another.

    Used by one thread at a time.

    Args:
        engine: Runs the graph.
        card: Of the weights in the engine.
        options: Changeable later through `configure`.
        reader: Looks at the screens; left out: one with the shipped network.

    Attributes:
        preparer: Makes the network inputs. A thread of its own may use it in the place of
            `analyse`, and `judge` then takes what it made, in order.
    """

    def __init__(
        self,
        engine: Engine,
        card: Card,
        options: AnalyserOptions,
        reader: ScreenReader | None = None,
    ) -> None:
        self.engine = engine
        self.card = card
        self.options = options
        self.reader = reader or ScreenReader(make_screen_network)
        self.preparer = Preparer(card, options.crop, self.reader)
        self._in_background = False
        self._last: _Memory | None = None
        self._followed: CarriedBox | None = None
        self._unfinished: _Unfinished | None = None

    def configure(self, options: AnalyserOptions) -> None:
        """Use other options from the next frame on; no box of before is carried on to it."""
        self.preparer.configure(options.crop)
        if not options.finds_as(self.options):
            self._last = self._followed = self._unfinished = None
        self.options = options

    def forget(self) -> None:
        """Judge the next frame as if it were the first one of its source."""
        self.preparer.forget()
        self.begin_judging()

    def begin_judging(self) -> None:
        """What was found in the frames before has no part in the next one that is judged."""
        self._in_background = False
        self._last = None
        self._followed = self._unfinished = None

    @property
    def provenance(self) -> Provenance:
        """What the results are made by now."""
        card = self.card
        shown = f"{card.input_width_px}x{card.input_height_px} {card.scale:g}"
        if card.reading:
            shown += f"; {card.reading}"
        return Provenance(
            card.weights_sha256,
            shown,
            self.options.crop.text,
            self.engine.precision,
            self.options.localiser.number(card.boxes),
            older_sha256=card.older_sha256 or (),
        )

    @property
    def threshold(self) -> float:
        """Probability below which no plane is named now."""
        asked = self.options.threshold
        return self.card.threshold if asked is None else asked

    def warm_up(self) -> None:
        """Compile and run once, so that the first real frame is not the slow one."""
        shape = (1, 1, self.card.input_height_px, self.card.input_width_px)
        self.engine.warm_up(np.zeros(shape, np.float32))

    def analyse(self, frame: Frame, wish: BoxWish = BoxWish.OWN) -> Analysis:
        """Analyse one frame.

        Args:
            frame: The next one of its source.
            wish: How its box is come by.

        Raises:
            UsageError: The crop does not fit the picture.
            EngineError: The engine failed.
        """
        return self.judge(self.preparer.prepare(frame), wish)

    def judge(self, ready: Ready, wish: BoxWish = BoxWish.OWN) -> Analysis:
        """Run the network on a frame that was made ready.

        Args:
            ready: The next one of its source.
            wish: How its box is come by.

        Raises:
            EngineError: The engine failed.
        """
        frame, prepared = ready.frame, ready.prepared
        watch = _Stopwatch(("preprocess", ready.took_ms))
        repeated = self._repeated(frame, prepared, wish)
        if repeated is not None:
            watch.lap("inference")
            prediction, localisation = repeated
        else:
            prediction, localisation = self._results(frame, prepared, watch, wish)
        watch.lap("localise")
        state = self._state(prepared, prediction)
        if not state.judged:
            localisation = replace(localisation, box=None)
        analysis = Analysis(
            frame=frame,
            geometry=prepared.geometry,
            prediction=prediction,
            localisation=localisation,
            state=state,
            timings_ms=watch.laps(),
            finished_at_s=time.monotonic(),
            frozen=ready.frozen,
            provenance=self.provenance,
        )
        self._last = _Memory(prepared, self.options, analysis)
        later = wish is BoxWish.LATER and state is State.PLANE and not localisation.sought
        self._unfinished = _Unfinished(prepared, analysis) if later else None
        if localisation.sought:
            self._follow(prepared, analysis)
        return analysis

    @property
    def unfinished(self) -> bool:
        """Whether the last frame's box is still to be found."""
        return self._unfinished is not None

    def finish_box(self) -> Analysis | None:
        """Find the box of a frame that was analysed with `BoxWish.LATER`.

        Later frames carry it from then on.

        Returns:
            The frame's result with its own box; None where there is none to be found.

        Raises:
            EngineError: The engine failed.
        """
        unfinished, self._unfinished = self._unfinished, None
        if unfinished is None:
            return None
        watch = _Stopwatch()
        prepared, early = unfinished.prepared, unfinished.analysis
        saliency = self.engine.backward(prepared.network_input, Saliency.PLAIN)
        prediction = replace(early.prediction, saliency=saliency)
        found = self._localised(prediction, prepared)
        watch.lap("box")
        analysis = replace(
            early,
            prediction=prediction,
            localisation=found,
            timings_ms=(*early.timings_ms, *watch.laps()),
        )
        if self._last is not None and self._last.analysis is early:
            self._last = replace(self._last, analysis=analysis)
        self._follow(prepared, analysis)
        return analysis

    def _follow(self, prepared: Prepared, analysis: Analysis) -> None:
        """Carry this frame's own box over the frames behind it, where there is one to be shown."""
        if analysis.shown_box is None:
            self._followed = None
            return
        self._followed = CarriedBox(
            Found(analysis.frame, analysis.prediction.plane, prepared, analysis.localisation)
        )

    def look_back(self, frame: Frame) -> Analysis:
        """Analyse a frame out of its turn: the next ones are judged as if it had not been.

        Its screen is looked at by itself; where it shows the field of view that is held now, that
        is taken. Whether the scanner had frozen it cannot be told.

        Raises:
            UsageError: The crop does not fit the picture.
            EngineError: The engine failed.
        """
        turn = self.preparer, self._in_background, self._last
        boxes = self._followed, self._unfinished
        self.preparer = self.preparer.beside()
        self.begin_judging()
        try:
            return self.analyse(frame)
        finally:
            self.preparer, self._in_background, self._last = turn
            self._followed, self._unfinished = boxes

    def _results(
        self, frame: Frame, prepared: Prepared, watch: _Stopwatch, wish: BoxWish
    ) -> tuple[Prediction, Localisation]:
        if prepared.content is Content.B_MODE and wish is not BoxWish.OWN:
            return self._label_first(frame, prepared, watch, wish)
        found = self._box_to_carry() if prepared.content is Content.B_MODE else None
        moved = carried(found, frame, prepared) if found is not None else None
        if found is not None and moved is not None:
            ahead = self.engine.run(prepared.network_input, Saliency.NONE)
            prediction = self._prediction(prepared, ahead)
            if prediction.plane is found.plane and self._sure(prediction):
                watch.lap("inference")
                return prediction, replace(moved, sought=False)
        prediction = self._predict(prepared)
        watch.lap("inference")
        if prepared.content is not Content.B_MODE:
            return prediction, Localisation(frame.frame_id, None, None)
        return prediction, self._localised(prediction, prepared)

    def _localised(self, prediction: Prediction, prepared: Prepared) -> Localisation:
        """Where the anatomy of a prediction with its saliency lies."""
        rules = self.options.localiser.rules(self.card.boxes)
        return localise(prediction, prepared.geometry, prepared.network_input[0, 0], rules)

    def _label_first(
        self, frame: Frame, prepared: Prepared, watch: _Stopwatch, wish: BoxWish
    ) -> tuple[Prediction, Localisation]:
        """The label, and the box that there is by now."""
        if wish is BoxWish.LATER:
            out = self.engine.run_traced(prepared.network_input)
        else:
            out = self.engine.run(prepared.network_input, Saliency.NONE)
        prediction = self._prediction(prepared, out)
        self._in_background = prediction.is_background
        watch.lap("inference")
        return prediction, self._carried(frame, prepared, prediction)

    def _carried(self, frame: Frame, prepared: Prepared, prediction: Prediction) -> Localisation:
        """The last box found, moved to this frame; it is dropped with its plane."""
        followed = self._followed
        if followed is not None:
            held = prediction.plane is followed.plane and self._sure(prediction)
            moved = followed.moved_to(frame, prepared) if held else None
            if moved is not None:
                return replace(moved, sought=False)
            self._followed = None
        return Localisation(frame.frame_id, None, None, sought=False)

    def _repeated(
        self, frame: Frame, prepared: Prepared, wish: BoxWish
    ) -> tuple[Prediction, Localisation] | None:
        """The results of the frame before, where this one gives the very same input.

        A scanner that is frozen, or whose pictures come slower than the capture card's, shows
        one picture many times.
        """
        last = self._last
        if last is None or last.options != self.options:
            return None
        sought = last.analysis.localisation.sought
        if not sought and wish is not BoxWish.CARRIED:
            return None
        if last.prepared.geometry != prepared.geometry or last.prepared.content != prepared.content:
            return None
        if not np.array_equal(last.prepared.network_input, prepared.network_input):
            return None
        known = last.analysis
        prediction = replace(known.prediction, frame_id=frame.frame_id)
        if not sought:
            return prediction, self._carried(frame, prepared, prediction)
        return prediction, replace(known.localisation, frame_id=frame.frame_id)

    def _box_to_carry(self) -> Found | None:
        """The box of the frame before, where this frame may take it over."""
        last = self._last
        if not self.options.carry_boxes or self.options.guided or last is None:
            return None
        found = last.analysis
        if found.state is not State.PLANE or not found.localisation.sought:
            return None  # a box is carried over one frame, never on and on
        return Found(found.frame, found.prediction.plane, last.prepared, found.localisation)

    def _predict(self, prepared: Prepared) -> Prediction:
        return self._prediction(prepared, self._run(prepared))

    def _prediction(self, prepared: Prepared, out: EngineOutput) -> Prediction:
        guided = None
        if self.options.guided and out.saliency is not None:
            guided = self.engine.run(prepared.network_input, Saliency.GUIDED).saliency
        shares = probabilities(_checked(out), self.card.calibration)
        return Prediction(prepared.frame_id, shares, out.score_maps, out.saliency, guided)

    def _run(self, prepared: Prepared) -> EngineOutput:
        """One pass of the graph, backward only where a box may come of it.

        Most of an exam is background. While it lasts, the forward pass alone is run first; a
        plane that appears then costs that pass once more, and a plane that stays costs nothing.
        """
        boxed = prepared.content is Content.B_MODE
        if not boxed:
            return self.engine.run(prepared.network_input, Saliency.NONE)
        if self._in_background:
            out = self.engine.glance(prepared.network_input)
            if _is_background(out):
                return out
        out = self.engine.run(prepared.network_input, Saliency.PLAIN)
        self._in_background = _is_background(out)
        return out

    def _state(self, prepared: Prepared, prediction: Prediction) -> State:
        if prepared.content is not Content.B_MODE:
            return State.of(prepared.content)
        if prediction.is_background:
            return State.BACKGROUND
        # A network is sure of noise at times; there is nothing in it that could be named.
        if structure_of(prepared, self.card.scale) < LEAST_STRUCTURE:
            return State.NOISE
        rule = self.card.outside
        if rule is not None and measures_of(prediction, prepared).lack(rule) > 0:
            return State.OUTSIDE
        return State.PLANE if self._sure(prediction) else State.UNSURE

    def _sure(self, prediction: Prediction) -> bool:
        return prediction.confidence >= self.threshold

    def close(self) -> None:
        """Let go of the engine's memory."""
        self.engine.close()


class _Stopwatch:
    def __init__(self, *earlier: tuple[str, float]) -> None:
        self._laps = list(earlier)
        self._last_s = time.perf_counter()

    def lap(self, stage: str) -> None:
        now_s = time.perf_counter()
        self._laps.append((stage, 1e3 * (now_s - self._last_s)))
        self._last_s = now_s

    def laps(self) -> tuple[tuple[str, float], ...]:
        return tuple(self._laps)


def _is_background(out: EngineOutput) -> bool:
    return int(out.logits.argmax()) == BACKGROUND_INDEX


def _checked(out: EngineOutput) -> Floats:
    """The logits, refused when they are not numbers: a wrong zero would look like 'nothing'."""
    if not np.isfinite(out.logits).all():
        raise ModelError("the model gives values that are not numbers", "Add the model again")
    return out.logits


def warmed(engine: Engine, card: Card) -> Engine:
    """The engine, compiled and run once; it is closed where that fails.

    Raises:
        EngineError: It cannot run here.
    """
    try:
        engine.warm_up(np.zeros((1, 1, card.input_height_px, card.input_width_px), np.float32))
    except BaseException:
        engine.close()
        raise
    return engine


def build_analyser(
    store: ModelStore,
    *,
    model: str = "auto",
    engine: EngineChoice | None = None,
    options: AnalyserOptions | None = None,
    synthetic: bool = False,
    shelf: EngineShelf | None = None,
    at_once: bool = False,
    on_made: Callable[[Engine], None] | None = None,
) -> Analyser:
    """Load a model, choose an engine, and warm both up.

    Args:
        store: Where the models are.
        model: Name of the model; "auto" chooses by the source.
        engine: What runs it; None for the fastest here.
        options: How frames are analysed.
        synthetic: The source is a synthetic exam.
        shelf: Of engines that are shared with other analysers; None for one of its own.
        at_once: Begin in f32 where the check of quicker precisions has not been done yet, and do
            it behind the frames.
        on_made: The engine is made when the first frame needs it, and told to this; what is wrong
            with it is raised there.

    Raises:
        ModelError: The model is missing or damaged.
        EngineError: The engine asked for is not to be had here.
    """
    installed = store.get(model, synthetic=synthetic)
    card, choice = installed.card, engine or EngineChoice()

    def make() -> Engine:
        return engine_for(card, store.load_tensors(installed), choice, at_once=at_once)

    def ready() -> Engine:
        return warmed(make(), card)

    if on_made is not None:
        lazy = LazyEngine(ready, choice.precision, on_made)
        return Analyser(lazy, card, options or AnalyserOptions())
    key = (card.architecture, card.weights_sha256, choice)
    made = make() if shelf is None else shelf.lease(key, make)
    analyser = Analyser(made, card, options or AnalyserOptions())
    try:
        analyser.warm_up()
    except BaseException:
        analyser.close()  # others may have its engine on the shelf
        raise
    return analyser


def analyser_for(
    settings: Settings,
    store: ModelStore | None = None,
    *,
    synthetic: bool = False,
    shelf: EngineShelf | None = None,
    at_once: bool = True,
) -> Analyser:
    """Build the analyser that the user's settings ask for, for a synthetic exam or a real one.

    Unless told otherwise it gives results at once, see `build_analyser`.

    Raises:
        UsageError: The crop in the settings is not understood.
        ModelError: The model is missing or damaged.
        EngineError: The engine is not to be had here.
    """
    return build_analyser(
        store or ModelStore.default(),
        model=settings.model,
        engine=EngineChoice(settings.engine, settings.precision, settings.device),
        options=AnalyserOptions(
            crop=parse_crop(settings.crop, settings.own_crops),
            threshold=settings.threshold,
            guided=settings.show_heat and settings.guided_heat,
            heat=settings.show_heat,
            localiser=Localiser(settings.localiser),
        ),
        synthetic=synthetic,
        shelf=shelf,
        at_once=at_once,
    )
