"""A model of the public API: loaded once, then asked for pictures."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sonoassist.api import checks
from sonoassist.api.errors import InputError, issue
from sonoassist.api.results import Localisation, ModelInfo, PictureResult
from sonoassist.core.closing import Closing
from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Analysis, Box, Frame, Pixels

if TYPE_CHECKING:
    from sonoassist.analysis.analyser import Analyser
    from sonoassist.preprocess.crop import CropChoice

"""That of the analyser, whose module is not imported for it."""


class Model(Closing):
    """A network with what runs it; made by `load_model`.

    It may be used from several threads, which then wait for each other. Close it, or use it in a
    `with` block, to let go of its memory.
    """

    def __init__(self, analyser: Analyser, *, any_precision: bool) -> None:
        super().__init__()
        self._analyser = analyser
        self._any_precision = any_precision
        self._numbers = itertools.count()

    @property
    def info(self) -> ModelInfo:
        """What it is, and what runs it now."""
        card, engine, options = self._analyser.card, self._analyser.engine, self._analyser.options
        known = card.calibration
        return ModelInfo(
            name=card.name,
            title=card.title,
            architecture=card.architecture,
            domain=card.domain,
            weights_sha256=card.weights_sha256,
            engine=engine.name,
            precision=engine.precision,
            device=engine.device,
            crop=options.crop.text,
            threshold=self._analyser.threshold,
            temperature=None if known is None else known.temperature,
            error_rate=None if known is None or options.threshold is not None else known.error_rate,
        )

    def analyse(self, pixels: Pixels) -> PictureResult:
        """Name the plane of one picture, and find its box.

        Each picture is judged by itself. For the frames of a recording take `sonoassist.analyse`:
        it finds one crop for all of them, and keeps what it finds.

        Args:
            pixels: uint8, (H, W) grey or (H, W, 3) in the order red, green, blue. OpenCV reads blue
                first: give `pixels[..., ::-1]` then. It is not changed.

        Raises:
            InputTypeError: It is no array, or not of uint8.
            InputError: It has another shape, or is smaller than 16 x 16 pixels.
            UsageError: The crop does not fit it, or the model is closed.
            EngineError: The engine failed.
        """
        found = self._analysis(pixels)
        return PictureResult(
            probabilities=found.prediction.probabilities,
            state=found.state.value,
            box=found.localisation.box,
            crop=found.geometry.crop,
        )

    def localise(self, pixels: Pixels) -> Localisation:
        """As `analyse`, with the heat map of the evidence for the likeliest plane.

        Args:
            pixels: As of `analyse`.

        Raises:
            InputTypeError, InputError, UsageError, EngineError: As of `analyse`.
        """
        from sonoassist.api.heat import heat_map_of

        found = self._analysis(pixels)
        return Localisation(
            probabilities=found.prediction.probabilities,
            state=found.state.value,
            box=found.localisation.box,
            crop=found.geometry.crop,
            heat_map=heat_map_of(found),
        )

    def _analysis(self, pixels: object) -> Analysis:
        picture = checks.picture_of(pixels)
        number = next(self._numbers)
        frame = Frame(number, picture, time.monotonic(), 0, 0.0, "pixels", still=True)
        with lent(self) as analyser:
            found = analyser.analyse(frame)
            notices = analyser.engine.take_notices()
        issue(notices, stacklevel=3)
        return found

    def _let_go(self) -> None:
        self._analyser.close()

    def __repr__(self) -> str:
        about = self.info
        return (
            f"Model({about.name!r}, domain={about.domain!r}, engine={about.engine!r},"
            f" precision={about.precision!r}, device={about.device!r})"
        )


@contextmanager
def lent(model: Model) -> Iterator[Analyser]:
    """An analyser of the model without a memory of any frame, for nobody else meanwhile.

    Raises:
        UsageError: The model is closed.
    """
    from sonoassist.analysis.analyser import Analyser

    with model._lock:
        if model.closed:
            raise UsageError("the model is closed", "Load it again with sonoassist.load_model")
        own = model._analyser
        yield Analyser(own.engine, own.card, own.options, own.reader)


def takes_any_precision(model: Model) -> bool:
    """Whether results in other precisions than the model's serve as well: none was asked for."""
    return model._any_precision


def load_model(
    name: str = "auto",
    *,
    engine: str = "auto",
    precision: str = "auto",
    device: str = "auto",
    crop: str | Box = "default",
    threshold: float | None = None,
    synthetic: bool = False,
    localiser: str = "plane",
) -> Model:
    """Load a model and make it ready to run.

    With the precision "auto" the quickest one is taken that gives the labels of f32; the first time
    on a computer that is checked, which takes up to some minutes. The same numbers on every
    computer, up to rounding, come of `engine="openvino", precision="f32"`.

    A `SonoAssistWarning` says when the model is not made for the pictures that `synthetic` tells
    of.

    Args:
        name: One of `list_models`; "auto" for the best of them: published or own weights before
            synthetic ones, with `synthetic` the other way round.
        engine: "auto", "openvino" or "torch".
        precision: "auto", "f32", "bf16", "f16", "int8", "f32/int8", "f32/bf16" or "bf16/int8".
        device: "auto", "cpu", "cuda", "mps" or "gpu" (Intel graphics).
        crop: What the network sees of a picture: "default" (the published crop on pictures of the
            published screen's size, else "auto"), "auto" (the live ultrasound picture is found),
            "full" (the largest centred part of the input's shape), "published", "L,T,W,H" in
            pixels, the name of a crop kept in the window, or a `Box` of whole pixels.
        threshold: Confidence below which no plane is named, 0 to 1; None for the model's own.
        synthetic: The pictures are synthetic exams, made by `sonoassist phantom`.
        localiser: What boxes are found by: "plane" (the model's rule of each plane, which may look
            at the picture too) or "paper" (the paper's rules).

    Raises:
        InputTypeError, InputError: An argument is wrong.
        ModelError: There is no such model, or it is damaged.
        EngineError: The engine, precision or device is not to be had on this computer.
    """
    from sonoassist.analysis.analyser import AnalyserOptions, build_analyser
    from sonoassist.engines.choose import DEVICES, ENGINES, PRECISIONS, EngineChoice
    from sonoassist.localise.choice import LOCALISERS, Localiser
    from sonoassist.model.card import domain_warning
    from sonoassist.model.store import ModelStore

    if not checks.text("name", name).strip():
        raise InputError("name is empty", "Give the name of a model, or auto")
    choice = EngineChoice(
        checks.one_of("engine", engine, ENGINES),
        checks.one_of("precision", precision, PRECISIONS),
        checks.one_of("device", device, DEVICES),
    )
    options = AnalyserOptions(
        crop=_crop_choice(crop),
        threshold=None if threshold is None else checks.share("threshold", threshold),
        localiser=Localiser(checks.one_of("localiser", localiser, LOCALISERS)),
    )
    synthetic = checks.flag("synthetic", synthetic)
    analyser = build_analyser(
        ModelStore.default(), model=name, engine=choice, options=options, synthetic=synthetic
    )
    warning = domain_warning(analyser.card, synthetic=synthetic)
    issue([warning] if warning else [], stacklevel=2)
    return Model(analyser, any_precision=precision == "auto")


def list_models() -> tuple[str, ...]:
    """Names of the models on this computer, the one that "auto" takes first."""
    from sonoassist.model.store import ModelStore

    return tuple(model.name for model in ModelStore.default().installed())


def _crop_choice(crop: object) -> CropChoice:
    from sonoassist.core.paths import settings_file
    from sonoassist.core.settings import load_settings
    from sonoassist.preprocess.crop import parse_crop

    words = checks.crop_text(crop)
    try:
        return parse_crop(words, load_settings(settings_file())[0].own_crops)
    except UsageError as error:
        raise InputError(error.message, error.hint) from error
