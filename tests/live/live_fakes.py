"""A source, an opener and an engine that tests hold in their hands.

Every picture shows one bright band of 14; the engine says which. So a result can be told from
the pixels it belongs to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from real_models import card_of
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.core.errors import SourceError, StalledError
from sonoassist.core.packets import Floats, Frame, Pixels
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.live.session import LiveSession
from sonoassist.preprocess.crop import parse_crop
from sonoassist.sources.base import Source, SourceInfo, new_source_id

HEIGHT_PX, WIDTH_PX, CLASSES = 64, 84, 14
BAND_PX = WIDTH_PX // CLASSES

_CELLS = np.indices((HEIGHT_PX // 16, WIDTH_PX // 6)).sum(axis=0) % 2
_CHECKS = np.kron(_CELLS, np.full((8, 6), 130)).astype(np.uint8)

Script = Callable[[int], None]


def banded(number: int) -> Pixels:
    """A picture whose bright band is the class `number % 14`."""
    pixels = np.full((HEIGHT_PX, WIDTH_PX), 30, np.uint8)
    left = number % CLASSES * BAND_PX
    pixels[:, left : left + BAND_PX] = 220
    lower = pixels[HEIGHT_PX // 2 :]
    np.maximum(lower, _CHECKS, out=lower)  # so that there is more to see than a smooth light
    return pixels


def band_in(pixels: Pixels) -> int:
    return int(np.argmax(pixels[0])) // BAND_PX


class BandEngine(Engine):
    """Names the brightest band of its input.

    Attributes:
        before: Called before each run; may wait or raise.
        runs: How many pictures it was given; a second pass over the same one does not count.
    """

    name, precision, device = "band", "f32", "CPU"

    def __init__(self) -> None:
        self.before: Callable[[], None] = lambda: None
        self.runs = 0
        self._last: Floats | None = None
        self.closed = threading.Event()

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        self.before()
        self.runs += network_input is not self._last
        self._last = network_input
        columns = network_input[0, 0].mean(axis=0).reshape(CLASSES, -1).mean(axis=1)
        logits = np.zeros(CLASSES, np.float32)
        logits[int(np.argmax(columns))] = 8.0
        return EngineOutput(logits, np.zeros((CLASSES, 2, 2), np.float32), network_input[0, 0])

    def close(self) -> None:
        self.closed.set()


def band_analyser(engine: BandEngine | None = None, crop: str = "full") -> Analyser:
    size = {"input_height_px": HEIGHT_PX, "input_width_px": WIDTH_PX}
    card = card_of("smallnet").model_copy(update=size)
    return Analyser(engine or BandEngine(), card, AnalyserOptions(crop=parse_crop(crop)))


class MadeSource(Source):
    """Banded pictures, numbered by their position.

    Args:
        count: How many; a live source then gives nothing more.
        fps: Of a recording.
        kind: As in `SourceInfo`.
        script: Called with the position before each frame is given; may raise. When it raises
            the frame is skipped.
        first_band: Added to the position to choose the band.
        times_s: When each frame is shown; by default evenly by `fps`.
    """

    def __init__(
        self,
        count: int = 50,
        fps: float = 1000.0,
        kind: str = "video",
        *,
        spec: str = "made",
        script: Script = lambda index: None,
        first_band: int = 0,
        times_s: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        live = kind in ("stream", "device")
        self._count, self._fps, self._script = count, fps, script
        self._first_band = first_band
        self._times_s = times_s
        self._next = 0
        self._closing = threading.Event()
        self.seeks: list[int] = []
        self._info = SourceInfo(
            source_id=new_source_id(),
            spec=spec,
            label=spec,
            detail="made",
            kind=kind,
            width_px=WIDTH_PX,
            height_px=HEIGHT_PX,
            fps=fps,
            frame_count=None if live else count,
            duration_s=None if live else count / fps,
        )

    @property
    def info(self) -> SourceInfo:
        return self._info

    @property
    def times_s(self) -> Sequence[float]:
        return super().times_s if self._times_s is None else self._times_s

    @property
    def closed(self) -> bool:
        return self._closing.is_set()

    def read(self) -> Frame | None:
        index = self._next
        if index >= self._count:
            if not self._info.live:
                return None
            self._script(index)
            self._closing.wait(0.01)
            raise StalledError("nothing new")
        self._next += 1
        self._script(index)
        return self.make_frame(
            banded(index + self._first_band),
            index=index,
            time_s=index / self._fps if self._times_s is None else self._times_s[index],
            still=self._info.stills,
        )

    def seek(self, index: int) -> None:
        self.seeks.append(index)
        self._next = index

    def close(self) -> None:
        self._closing.set()


class MadeOpener:
    """Opens what it was given under a name; several things under one name one after another."""

    def __init__(self, **sources: list[Source | Exception]) -> None:
        self._sources = {name: list(given) for name, given in sources.items()}
        self.opened: list[str] = []

    def __call__(self, spec: str, stop: threading.Event) -> Source:
        self.opened.append(spec)
        if not self._sources.get(spec):
            raise SourceError(f"there is no {spec}", "Check the name")
        found = self._sources[spec].pop(0)
        if isinstance(found, Exception):
            raise found
        return found


Start = Callable[..., LiveSession]
"""The fixture that makes sessions: name of a source -> what is opened under it."""
