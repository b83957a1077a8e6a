"""A real session without any window: models and exams follow what is opened."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from sonoassist.core.errors import ModelError, SourceLostError
from sonoassist.core.packets import Frame
from sonoassist.core.settings import Settings
from sonoassist.exam.lifecycle import ExamLifecycle
from sonoassist.exam.schema import RecordError
from sonoassist.exam.store import ExamStore
from sonoassist.exam.supervisor import Supervisor
from sonoassist.live import capture
from sonoassist.live.session import LiveSession
from sonoassist.live.source_model import SourceModel
from sonoassist.sources.base import Source, SourceInfo, new_source_id
from waiting import wait_until

KINDS = {"film": "video", "made-up": "video", "cam": "device"}


class GreySource(Source):
    """Grey pictures without an end; a device is lost when it is told so."""

    def __init__(self, spec: str, lost: threading.Event) -> None:
        super().__init__()
        live = KINDS[spec] == "device"
        self._lost = lost if live else threading.Event()
        self._next = 0
        self._info = SourceInfo(
            new_source_id(),
            spec,
            spec,
            "made",
            KINDS[spec],
            64,
            48,
            100.0,
            None if live else 1_000_000,
            None if live else 10_000.0,
            synthetic=spec == "made-up",
        )

    @property
    def info(self) -> SourceInfo:
        return self._info

    def read(self) -> Frame | None:
        if self._lost.wait(0.002):
            self._lost.clear()
            raise SourceLostError("the cable was pulled")
        index, self._next = self._next, self._next + 1
        return self.make_frame(np.full((48, 64), 90, np.uint8), index=index, time_s=index / 100)

    def close(self) -> None:
        pass


@dataclass
class Parts:
    """What a program has that shows nothing."""

    session: LiveSession
    store: ExamStore
    settings: Settings
    life: ExamLifecycle
    supervisor: Supervisor
    lost: threading.Event
    loaded: list[tuple[str, bool]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def exam_of(self, spec: str) -> str:
        """Wait for an exam of this source to run; its name."""
        wait_until(lambda: self._source() == spec, f"an exam of {spec}")
        assert self.life.running is not None
        return self.life.running.exam.exam_id

    def _source(self) -> str:
        running = self.life.running
        try:
            return "" if running is None else running.exam.info().start.source
        except RecordError:
            return ""  # it has just ended


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    monkeypatch.setattr(capture, "RETRY_S", 0.01)
    before, lost = set(threading.enumerate()), threading.Event()
    threads: list[threading.Thread] = []

    def start_work(_name: str, work: Callable[[], None]) -> None:
        threads.append(threading.Thread(target=work))
        threads[-1].start()

    def make_analyser(wanted: Settings, synthetic: bool, _tell: Callable[[str], None]) -> object:
        made.loaded.append((wanted.model, synthetic))
        raise ModelError("no model is installed")

    session = LiveSession(opener=lambda spec, _stop: GreySource(spec, lost))
    store, settings = ExamStore(tmp_path / "exams"), Settings()
    life = ExamLifecycle(session, store, settings, start_work)
    model = SourceModel(session, settings, make_analyser)
    supervisor = Supervisor(session, model, life, lambda info: made.opened.append(info.spec))
    made = Parts(session, store, settings, life, supervisor, lost)
    supervisor.start()
    yield made
    supervisor.stop()
    session.stop()
    life.stop()
    for thread in threads:
        thread.join()
    assert set(threading.enumerate()) <= before


def test_exams_begin_and_end_with_what_is_opened(parts: Parts) -> None:
    parts.session.open("film")
    first = parts.exam_of("film")
    parts.session.open("made-up")
    second = parts.exam_of("made-up")
    parts.session.close_source()
    wait_until(lambda: parts.life.running is None and not parts.life.busy)
    assert parts.store.ids() == sorted([first, second])
    for exam_id in (first, second):
        with parts.store.open(exam_id) as exam:
            assert exam.info().ended
    assert parts.opened == ["film", "made-up"]


def test_a_device_that_was_lost_stays_in_its_exam_and_the_pictures_go_on(parts: Parts) -> None:
    parts.session.open("cam")
    exam_id = parts.exam_of("cam")
    running = parts.life.running
    assert running is not None
    running.record(True)
    wait_until(lambda: running.view.recording_s is not None)
    parts.lost.set()
    wait_until(lambda: len(parts.opened) == 2, "its return")
    running.record(False)
    wait_until(lambda: running.view.recording_s is None)
    assert parts.exam_of("cam") == exam_id
    parts.supervisor.stop()
    parts.session.stop()
    parts.life.stop()
    with parts.store.open(exam_id) as exam:
        assert "cam is back" in [event.text for event in exam.events()]
        assert sum(one.frames for one in exam.recordings()) > 0


def test_a_device_opened_again_by_hand_stays_in_its_exam(parts: Parts) -> None:
    parts.session.open("cam")
    exam_id = parts.exam_of("cam")
    for count in range(2, 8):
        parts.session.open("cam")
        wait_until(lambda count=count: len(parts.opened) == count)  # type: ignore[misc]
    assert parts.exam_of("cam") == exam_id
    assert parts.store.ids() == [exam_id]


def test_the_model_follows_the_kind_of_source_unless_it_was_chosen(parts: Parts) -> None:
    for spec in ("film", "made-up", "film"):
        parts.session.open(spec)
        parts.exam_of(spec)
    assert parts.loaded == [("auto", False), ("auto", True), ("auto", False)]
    parts.settings.model = "sononet16"
    parts.session.open("made-up")
    parts.exam_of("made-up")
    assert len(parts.loaded) == 3


def test_no_part_of_it_loads_qt() -> None:
    code = (
        "import sys, sonoassist.exam.supervisor, sonoassist.live.session;"
        "sys.exit(any(name.startswith('PyQt6') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
