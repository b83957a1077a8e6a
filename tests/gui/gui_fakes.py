"""Fakes of the session, the models and the packets, of the same shape as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from sonoassist.core.errors import DownloadError, ModelError
from sonoassist.core.packets import (
    Analysis,
    Box,
    Frame,
    Geometry,
    LiveStats,
    Localisation,
    Pixels,
    Prediction,
    State,
    SteadyState,
    frozen,
)
from sonoassist.core.planes import BY_KEY, INDEX, PLANES
from sonoassist.core.settings import Settings
from sonoassist.gui.ports import ModelEntry, Services
from sonoassist.live.confidences import ConfidenceHistory
from sonoassist.live.loop_pictures import LoopPictures
from sonoassist.live.status import ModelState, Notices, PlayState, SessionStatus, Showing, View
from sonoassist.model.card import Card
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.sources.base import SourceInfo

STATS = LiveStats(1000, 960, 3, 25.0, 24.8, 38.0, 71.0, (("prepare", 2.1), ("network", 31.0)))
RECORDING = SourceInfo(
    "recording",
    "exams/exam.mp4",
    "exam.mp4",
    "H.264 · 400×300 @ 25",
    "video",
    400,
    300,
    25.0,
    500,
    20.0,
)
GRABBER = SourceInfo(
    "grabber",
    "device:USB Capture HDMI",
    "USB Capture HDMI",
    "1920×1080 @ 25",
    "device",
    400,
    300,
    25.0,
    None,
    None,
)


BOX = Box(100, 80, 300, 200)
CROP = Box(50, 40, 350, 260)


def make_card(name: str = "sononet16", domain: Any = "published") -> Card:
    title = name.replace("sononet", "SonoNet-")
    return Card(name=name, title=title, architecture=name, domain=domain, weights_sha256="0" * 64)  # type: ignore[arg-type]


def make_pixels(width: int = 400, height: int = 300, value: int = 60) -> Pixels:
    return frozen(np.full((height, width, 3), value, np.uint8))


def make_frame(
    index: int = 0, pixels: Pixels | None = None, info: SourceInfo = RECORDING, **more: Any
) -> Frame:
    return Frame(
        frame_id=index,
        pixels=make_pixels() if pixels is None else pixels,
        captured_at_s=100.0 + index / 25,
        index=index,
        time_s=index / 25,
        source_id=info.source_id,
        **more,
    )


def shares(key: str, confidence: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    rest = (1.0 - confidence) / (len(PLANES) - 1)
    values = np.full(len(PLANES), rest, np.float32)
    values[INDEX[key]] = confidence
    return frozen(values)


def make_view(
    key: str = "femur",
    confidence: float = 0.9,
    state: State = State.PLANE,
    *,
    frame: Frame | None = None,
    box: Box | None = BOX,
    crop: Box = CROP,
    evidence: Any = None,
    steady: SteadyState | str | None = "same",
    since_s: float = 0.0,
) -> View:
    """A view whose steady label agrees with the frame, unless told otherwise."""
    frame = frame or make_frame()
    probabilities = shares(key, confidence)
    prediction = Prediction(frame.frame_id, probabilities, np.zeros((14, 4, 4), np.float32), None)
    analysis = Analysis(
        frame=frame,
        geometry=Geometry(crop, 288, 224),
        prediction=prediction,
        localisation=Localisation(frame.frame_id, box, evidence),
        state=state,
        timings_ms=(("network", 20.0),),
        finished_at_s=frame.captured_at_s + 0.03,
    )
    if isinstance(steady, str):
        plane = BY_KEY[key] if state is State.PLANE else None
        steady = SteadyState(probabilities, plane, state, since_s)
    return View(frame, analysis, steady)


EMPTY = SessionStatus(
    PlayState.EMPTY,
    None,
    0,
    0.0,
    0.0,
    "",
    ModelState.READY,
    "",
    make_card(),
    "OpenVINO bf16",
    "CPU",
    STATS,
)


@dataclass
class FakeSession:
    """Keeps what it was asked; shows the views and the status a test gives it."""

    notices: Notices = field(default_factory=Notices)
    confidences: ConfidenceHistory = field(default_factory=ConfidenceHistory)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    view: View | None = None
    result: View | None = None
    watchers: list[Callable[[View], None]] = field(default_factory=list)
    analysis_watchers: list[Callable[[Frame], None]] = field(default_factory=list)
    completed_watchers: list[Callable[[View], None]] = field(default_factory=list)
    listeners: list[Callable[[SessionStatus], None]] = field(default_factory=list)
    past: tuple[View, ...] = ()
    looked_back: tuple[LoopPictures | None, int] = (None, 0)
    now: SessionStatus = EMPTY
    stopped: bool = False

    def __setattr__(self, name: str, value: Any) -> None:
        """Tell another status to the listeners, as the session does on a thread of its own."""
        object.__setattr__(self, name, value)
        if name == "now":
            for listener in self.__dict__.get("listeners", ()):
                listener(value)

    def _note(self, *call: Any) -> None:
        self.calls.append(call)

    def open(self, spec: str) -> None:
        self._note("open", spec)

    def close_source(self) -> None:
        self._note("close_source")
        self.now = replace(self.now, play_state=PlayState.EMPTY, source=None)

    def play(self) -> None:
        self._note("play")

    def pause(self) -> None:
        self._note("pause")

    def toggle(self) -> None:
        self._note("toggle")

    def step(self, frames: int) -> None:
        self._note("step", frames)

    def seek(self, index: int) -> None:
        self._note("seek", index)

    def seek_time(self, time_s: float) -> None:
        self._note("seek_time", time_s)

    def set_speed(self, factor: float) -> None:
        self._note("set_speed", factor)

    def set_loop(self, on: bool) -> None:
        self._note("set_loop", on)

    def set_every_frame(self, on: bool) -> None:
        self._note("set_every_frame", on)

    def load_model(self, loader: Callable[[], Any]) -> None:
        self._note("load_model", loader)

    def tell_loading(self, step: str) -> None:
        self._note("tell_loading", step)

    def configure(self, **wishes: Any) -> None:
        self._note("configure", wishes)

    def set_history(self, seconds: float, megabytes: int) -> None:
        self._note("set_history", seconds, megabytes)

    def newest(self) -> View | None:
        return self.view

    def showing(self) -> Showing:
        result = self.result or (self.view if self.view and self.view.analysis else None)
        return Showing(self.view, result)

    def watch(self, watcher: Callable[[View], None]) -> None:
        self.watchers.append(watcher)

    def unwatch(self, watcher: Callable[[View], None]) -> None:
        self.watchers = [one for one in self.watchers if one != watcher]

    def want_box(self, view: View) -> None:
        pass

    def watch_completed(self, watcher: Callable[[View], None]) -> None:
        self.completed_watchers.append(watcher)

    def unwatch_completed(self, watcher: Callable[[View], None]) -> None:
        self.completed_watchers = [one for one in self.completed_watchers if one != watcher]

    def watch_analysis(self, watcher: Callable[[Frame], None]) -> None:
        self.analysis_watchers.append(watcher)

    def unwatch_analysis(self, watcher: Callable[[Frame], None]) -> None:
        self.analysis_watchers = [one for one in self.analysis_watchers if one != watcher]

    def subscribe(self, listener: Callable[[SessionStatus], None]) -> None:
        self.unsubscribe(listener)
        self.listeners.append(listener)
        listener(self.now)

    def unsubscribe(self, listener: Callable[[SessionStatus], None]) -> None:
        self.listeners = [one for one in self.listeners if one != listener]

    def history(self) -> LoopPictures:
        return LoopPictures.of(self.past)

    def look_back(self, pictures: LoopPictures | None, position: int = 0) -> None:
        self.looked_back = (pictures, position)

    def status(self) -> SessionStatus:
        return self.now

    def stop(self) -> None:
        self.stopped = True

    def show(
        self,
        view: View | None,
        info: SourceInfo = RECORDING,
        play_state: PlayState = PlayState.PLAYING,
        **more: Any,
    ) -> None:
        """Have a source open and a view newest."""
        self.view = view
        frame = view.frame if view is not None else None
        self.now = replace(
            self.now,
            play_state=play_state,
            source=info,
            index=frame.index if frame else 0,
            time_s=frame.time_s if frame else 0.0,
            **more,
        )


@dataclass
class FakeModels:
    """One installed model, one that can be installed."""

    found: list[ModelEntry] = field(
        default_factory=lambda: [
            ModelEntry("sononet16", "SonoNet-16", "published", True),
            ModelEntry("sononet32", "SonoNet-32", "published", False),
        ]
    )
    go: threading.Event = field(default_factory=threading.Event)
    fails: bool = False

    def entries(self) -> Sequence[ModelEntry]:
        return self.found

    def add(self, path: Path) -> str:
        if self.fails:
            raise ModelError(f"{path.name} is not a weights file", "Choose another")
        return path.stem

    def install(
        self, name: str, progress: Callable[[int, int], None], cancelled: Callable[[], bool]
    ) -> str:
        progress(10, 40)
        while not self.go.wait(0.01):
            if cancelled():
                raise DownloadError("the download was stopped")
        if self.fails:
            raise DownloadError("cannot reach the server", "Try again later")
        self.found = [replace(one, installed=True) for one in self.found]
        return name


@dataclass(frozen=True)
class FakeDevice:
    name: str


def make_services(
    models: FakeModels, saved: list[Settings], devices: Sequence[str] = ("USB Capture HDMI",)
) -> Services:
    return Services(
        list_devices=lambda: [FakeDevice(name) for name in devices],
        models=models,
        make_analyser=lambda settings, synthetic, tell: ("analyser", settings.model, synthetic),
        save=lambda settings: saved.append(settings.model_copy(deep=True)),
        reviews=CorrectionStore.default(),
    )
