"""A folder that grows while it is watched."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

from fake_weights import published_file
from sonoassist.cli import run
from sonoassist.core.errors import DamagedFrameError, SourceError, StalledError
from sonoassist.core.opencv import cv2
from sonoassist.gui.start_page import is_missing, recent_text
from sonoassist.live.session import LiveSession
from sonoassist.live.status import PlayState
from sonoassist.sources import growing, open_source
from sonoassist.sources.base import Source
from sonoassist.sources.growing import GrowingFolder
from sources.video_maker import number_in, numbered
from waiting import wait_until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "drops"
    made.mkdir()
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GrowingFolder, "stall_s", 0.1)
    monkeypatch.setattr(GrowingFolder, "unreadable_s", 0.3)


def encoded(number: int, suffix: str = ".png") -> bytes:
    good, data = cv2.imencode(suffix, numbered(number))
    assert good
    return data.tobytes()


def drop(folder: Path, *numbers: int, suffix: str = ".png") -> None:
    for number in numbers:
        (folder / f"frame{number}{suffix}").write_bytes(encoded(number, suffix))


def seen(source: Source, count: int) -> list[int]:
    return [number_in(frame.pixels) for frame in islice(source, count)]


def test_a_folder_that_nobody_writes_to_is_not_gone_through_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans, now_s, scandir = [0], [100.0], os.scandir

    def counted(path: Path) -> object:
        scans[0] += 1
        return scandir(path)

    monkeypatch.setattr(growing.os, "scandir", counted)
    drop(folder, 1, 2)
    with GrowingFolder(folder) as source:
        assert source.poll() is not None
        monkeypatch.setattr(growing, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
        source.poll()
        before = scans[0]
        for _ in range(50):
            assert source.poll() is None
        assert scans[0] == before
        drop(folder, 3)
        found = source.poll()
        assert found is not None
        assert number_in(found.pixels) == 3
        # Two changes within one tick of the file system's clock leave one time.
        changed = folder.stat()
        assert source.poll() is None
        drop(folder, 4)
        os.utime(folder, ns=(changed.st_atime_ns, changed.st_mtime_ns))
        assert source.poll() is None
        now_s[0] += GrowingFolder.rescan_s
        found = source.poll()
        assert found is not None
        assert number_in(found.pixels) == 4


def read_on(source: Source) -> None:
    """Read until something but a stall is raised."""
    while True:
        with suppress(StalledError):
            source.read()


def test_pictures_come_as_they_appear(folder: Path, quick: None) -> None:
    drop(folder, 10, 2)
    with open_source(f"grows:{folder}") as source:
        info = source.info
        assert (info.kind, info.live, info.stills, info.frame_count) == ("grows", True, False, None)
        assert (info.spec, info.label) == (f"grows:{folder}", "drops")
        assert seen(source, 2) == [2, 10]
        with pytest.raises(StalledError, match="no picture from drops"):
            source.read()
        drop(folder, 100, 11, suffix=".jpg")
        (folder / "notes.txt").write_text("no picture")
        frames = list(islice(source, 2))
        assert [number_in(frame.pixels) for frame in frames] == [11, 100]
        assert [frame.index for frame in frames] == [2, 3]
        assert 0 < frames[0].time_s <= frames[1].time_s
        assert not frames[0].name  # no picture by itself: the steady label goes on
        with pytest.raises(SourceError, match="live"):
            source.seek(0)


def test_it_stalls_within_about_a_second(folder: Path) -> None:
    drop(folder, 1)
    with open_source(f"grows:{folder}") as source:
        source.read()
        begin_s = time.monotonic()
        with pytest.raises(StalledError):
            source.read()
        assert time.monotonic() - begin_s >= 0.9


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_half_written_picture_is_never_shown_half(
    folder: Path, quick: None, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GrowingFolder, "unreadable_s", 60.0)
    drop(folder, 1)
    data = encoded(2, suffix)
    with open_source(f"grows:{folder}") as source:
        assert seen(source, 1) == [1]
        for part in (0, len(data) // 2, len(data) - 1):
            (folder / f"frame2{suffix}").write_bytes(data[:part])
            with pytest.raises(StalledError):
                source.read()
            drop(folder, 3)  # waits for its turn
        (folder / f"frame2{suffix}").write_bytes(data)
        assert seen(source, 2) == [2, 3]


def test_a_damaged_picture_is_left_out_once(folder: Path, quick: None) -> None:
    drop(folder, 1)
    with open_source(f"grows:{folder}") as source:
        assert seen(source, 1) == [1]
        (folder / "frame2.png").write_bytes(encoded(2)[:-20])
        drop(folder, 3)
        with pytest.raises(StalledError):
            source.read()
        with pytest.raises(DamagedFrameError, match=r"frame2\.png"):
            read_on(source)
        assert seen(source, 1) == [3]


def test_times_are_those_of_the_files(folder: Path) -> None:
    drop(folder, 1, 2, 3, 4)
    for number, written_at_s in ((1, 5000.0), (2, 5000.5), (3, 1000.0), (4, 1000.25)):
        os.utime(folder / f"frame{number}.png", (written_at_s, written_at_s))
    with open_source(f"grows:{folder}") as source:
        assert [frame.time_s for frame in islice(source, 4)] == [0.0, 0.5, 0.5, 0.75]


def test_a_folder_that_is_gone_may_come_back(folder: Path, quick: None) -> None:
    drop(folder, 1)
    with open_source(f"grows:{folder}") as source:
        assert seen(source, 1) == [1]
        folder.rename(folder.with_name("away"))
        with pytest.raises(StalledError):
            source.read()
        folder.with_name("away").rename(folder)
        drop(folder, 2)
        assert seen(source, 1) == [2]


def test_opening_waits_for_the_first_whole_picture(folder: Path, quick: None) -> None:
    (folder / "frame1.png").write_bytes(b"no picture")
    later = threading.Timer(0.5, drop, (folder, 2))
    later.start()
    with open_source(f"grows:{folder}") as source:
        assert source.info.warnings == ("frame1.png cannot be read and is left out",)
        assert seen(source, 1) == [2]
    later.join()


def test_what_cannot_be_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(SourceError, match="was stopped"):
        open_source(f"grows:{folder}", stop)
    monkeypatch.setattr(GrowingFolder, "open_limit_s", 0.1)
    with pytest.raises(SourceError, match="no picture came"):
        open_source(f"grows:{folder}")
    with pytest.raises(SourceError, match="there is no folder"):
        open_source(f"grows:{folder / 'nowhere'}")
    with pytest.raises(SourceError, match="no folder is named"):
        open_source("grows: ")


def test_closing_wakes_a_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GrowingFolder, "stall_s", 600.0)
    drop(folder, 1)
    source = open_source(f"grows:{folder}")
    source.read()
    threading.Timer(0.1, source.close).start()
    assert source.read() is None


@pytest.fixture
def dropping(folder: Path) -> Iterator[threading.Event]:
    """Numbered pictures come into the folder until this is set."""
    enough = threading.Event()

    def go_on() -> None:
        for number in range(1, 4000):
            drop(folder, number)
            if enough.wait(0.03):
                return

    thread = threading.Thread(target=go_on)
    thread.start()
    yield enough
    enough.set()
    thread.join()


def test_the_command_analyses_it(
    folder: Path,
    tmp_path: Path,
    dropping: threading.Event,
    plain_screens: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    assert run(["models", "add", str(published_file(tmp_path / "files"))]) == 0
    out = str(tmp_path / "out")
    assert run(["analyse", f"grows:{folder}", "--frames", "5", "--out", out]) == 0
    lines = (tmp_path / "out" / "analysis.csv").read_text().splitlines()[1:]
    assert [line.split(",")[:2] for line in lines] == [["drops", str(n)] for n in range(5)]
    assert run(["analyse", f"grows:{folder}", "--out", out]) == 2
    assert "no end" in capsys.readouterr().err


def test_the_session_of_the_window_plays_it(folder: Path, dropping: threading.Event) -> None:
    session = LiveSession(history_s=60, history_mb=64)
    try:
        session.open(f"grows:{folder}")
        wait_until(lambda: session.status().play_state is PlayState.PLAYING)
        wait_until(lambda: session.status().index > 3)
        dropping.set()
        wait_until(lambda: "no picture" in session.status().play_message)
    finally:
        session.stop()


def test_it_stays_among_the_recent_ones(folder: Path) -> None:
    assert not is_missing(f"grows:{folder}")
    assert is_missing(f"grows:{folder / 'nowhere'}")
    assert recent_text(f"grows:{folder}") == ("drops", str(folder.parent))
