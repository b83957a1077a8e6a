"""The window with the real session, model and recording behind it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from sonoassist.analysis.analyser import Analyser, build_analyser
from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Box, State
from sonoassist.core.planes import BY_KEY, Plane
from sonoassist.core.settings import Settings
from sonoassist.gui.catalogue import Catalogue
from sonoassist.gui.compose import build
from sonoassist.gui.loading import load_analyser
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.ports import Services
from sonoassist.live import keeping_up
from sonoassist.live.session import LiveSession
from sonoassist.live.status import ModelState, PlayState, View
from sonoassist.model.store import ModelStore
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.sources import open_source, stream
from sonoassist.sources.base import Source
from waiting import LIMIT_S

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("networks_once")]

FFMPEG = shutil.which("ffmpeg")

MIDDLES = {37: "kidneys", 485: "brain_tv", 597: "4ch", 1157: "femur"}
"""Frames in the middle of segments of the montage, and their planes."""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures wait for their results, and servers are waited for, on a busy computer too."""
    for name in ("LATE_S", "TIMELY_S"):
        monkeypatch.setattr(keeping_up, name, LIMIT_S)
    for name in ("OPEN_LIMIT_S", "READ_LIMIT_S", "_FIRST_PICTURE_S"):
        monkeypatch.setattr(stream, name, LIMIT_S)


@pytest.fixture
def store(test_data: Path) -> ModelStore:
    made = ModelStore.default()
    made.add(test_data / "weights" / "SonoNet16.npz")
    return made


@pytest.fixture
def reference(store: ModelStore) -> Analyser:
    """An analyser of its own, to know what the window should show."""
    return build_analyser(store)


class Patiently:
    """Opens sources; the first stream is waited for until its server is there."""

    def __init__(self) -> None:
        self._there = False

    def __call__(self, spec: str, stop: threading.Event) -> Source:
        while True:
            try:
                source = open_source(spec, stop)
            except SourceError as error:
                refused = "connection refused" in error.message
                if self._there or not refused or stop.wait(0.1):
                    raise
            else:
                self._there = True
                return source


@pytest.fixture
def real(qtbot: QtBot, store: ModelStore) -> Iterator[tuple[MainWindow, LiveSession]]:
    session = LiveSession(history_s=5.0, history_mb=128, opener=Patiently())
    settings = Settings()
    services = Services(
        list_devices=lambda: [],
        models=Catalogue(store, session.notices),
        make_analyser=lambda wanted, synthetic, tell: load_analyser(wanted, store, synthetic, tell),
        save=lambda _: None,
        reviews=CorrectionStore.default(),
    )
    window = build(session, services, settings, [], 800)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    yield window, session
    window.close()


def begin(window: MainWindow, session: LiveSession, qtbot: QtBot, source: str) -> None:
    window.begin(source)
    qtbot.waitUntil(lambda: session.status().model_state is ModelState.READY)
    qtbot.waitUntil(lambda: session.newest() is not None)


def view_of(window: MainWindow, session: LiveSession, qtbot: QtBot, index: int) -> View:
    """Go to a frame and wait until the viewport itself draws it with its result.

    Its box was looked for then: it may come behind the label.
    """
    session.pause()
    session.seek(index)

    def drawn() -> bool:
        view = window.live.viewport.view
        if view is None or view.frame.index != index or view.analysis is None:
            return False
        return view.analysis.localisation.sought

    qtbot.waitUntil(drawn)
    view = window.live.viewport.view
    assert view is not None
    return view


def near(image: QImage, point: QPointF, plane: Plane, reach_px: int = 3) -> bool:
    """Whether the plane's colour is found within a few pixels of a point."""
    wanted = QColor(plane.colour)
    for dx in range(-reach_px, reach_px + 1):
        for dy in range(-reach_px, reach_px + 1):
            seen = image.pixelColor(round(point.x()) + dx, round(point.y()) + dy)
            parts = zip(seen.getRgb()[:3], wanted.getRgb()[:3], strict=True)
            if all(abs((a or 0) - (b or 0)) <= 12 for a, b in parts):
                return True
    return False


def edge_points(window: MainWindow, box: Box) -> list[QPointF]:
    """A quarter down or along each side: away from the ticks in the middle and from the tag."""
    placement = window.live.viewport.placement()
    assert placement is not None
    rect = placement.to_widget(box)
    x, y = rect.left() + 0.75 * rect.width(), rect.top() + 0.75 * rect.height()
    return [
        QPointF(rect.left(), y),
        QPointF(rect.right(), y),
        QPointF(x, rect.bottom()),
    ]


def test_label_and_box_are_those_of_the_frame_on_screen(
    real: tuple[MainWindow, LiveSession], reference: Analyser, test_data: Path, qtbot: QtBot
) -> None:
    window, session = real
    path = str(test_data / "exam" / "montage.mp4")
    begin(window, session, qtbot, path)
    with open_source(path) as recording:
        for index, key in MIDDLES.items():
            view = view_of(window, session, qtbot, index)
            recording.seek(index)
            frame = recording.read()
            assert frame is not None
            expected = reference.analyse(frame)
            assert expected.prediction.plane.key == key
            assert (view.frame.pixels == frame.pixels).all()
            analysis = view.analysis
            assert analysis is not None
            assert analysis.state is State.PLANE
            assert analysis.prediction.plane.key == key
            box, wanted = analysis.shown_box, expected.shown_box
            assert box is not None
            assert wanted is not None
            assert box.iou(wanted) > 0.99
            image = window.live.viewport.grab().toImage()
            plane = BY_KEY[key]
            assert all(near(image, point, plane) for point in edge_points(window, box))
            assert window.live.headline.verdict.plane is plane


def test_playing_draws_every_picture_with_its_own_result(
    real: tuple[MainWindow, LiveSession], reference: Analyser, test_data: Path, qtbot: QtBot
) -> None:
    window, session = real
    window.controller.settings.loop = True  # however few pictures a second are analysed
    begin(window, session, qtbot, str(test_data / "exam" / "montage.mp4"))
    seen: dict[int, View] = {}

    def enough() -> bool:
        view = window.live.viewport.view
        if view is not None and view.analysis is not None:
            assert view.analysis.frame is view.frame
            seen[view.frame.index] = view
        return len(seen) >= 12

    qtbot.waitUntil(enough)
    for view in list(seen.values())[::4]:
        again = reference.analyse(view.frame)
        assert view.analysis is not None
        assert view.analysis.prediction.plane is again.prediction.plane


def test_closing_ends_every_thread(
    real: tuple[MainWindow, LiveSession], test_data: Path, qtbot: QtBot
) -> None:
    window, session = real
    begin(window, session, qtbot, str(test_data / "exam" / "montage.mp4"))
    assert {"capture", "analysis"} <= {thread.name for thread in threading.enumerate()}
    window.close()
    assert not {"capture", "analysis"} & {thread.name for thread in threading.enumerate()}


@pytest.mark.skipif(FFMPEG is None, reason="the ffmpeg program is not installed")
def test_a_stream_that_dies_comes_back(
    real: tuple[MainWindow, LiveSession], test_data: Path, qtbot: QtBot
) -> None:
    window, session = real
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def serve() -> subprocess.Popen[bytes]:
        assert FFMPEG is not None
        video = str(test_data / "exam" / "montage.mp4")
        where = ["-f", "mpegts", f"tcp://127.0.0.1:{port}?listen=1"]
        command = [FFMPEG, "-v", "quiet", "-re", "-stream_loop", "-1", "-i", video, "-c", "copy"]
        return subprocess.Popen([*command, *where], stdin=subprocess.DEVNULL)

    def playing() -> bool:
        view = window.live.viewport.view
        return (
            session.status().play_state is PlayState.PLAYING
            and view is not None
            and view.analysis is not None
            and view.frame.source_id == getattr(session.status().source, "source_id", None)
        )

    url = f"tcp://127.0.0.1:{port}"
    server = serve()
    try:
        window.begin(url)
        qtbot.waitUntil(playing)
        server.kill()
        server.wait()
        qtbot.waitUntil(lambda: session.status().play_state is PlayState.LOST)
        server = serve()
        qtbot.waitUntil(playing)
    finally:
        server.kill()
        server.wait()
