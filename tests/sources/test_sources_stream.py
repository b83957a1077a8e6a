from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from video_maker import make_video
from wishes import AskedTwice

from sonoassist.core.errors import SourceError, SourceLostError, StalledError
from sonoassist.core.packets import Frame
from sonoassist.sources import stream as stream_module
from sonoassist.sources.base import Source
from sonoassist.sources.opening import open_source
from sonoassist.sources.stream import NetworkStream, label_of
from waiting import LIMIT_S, NEVER_S, wait_until

FFMPEG = shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="the ffmpeg program is not installed")

Server = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers are on this computer, and send when it comes to it."""
    for name in ("OPEN_LIMIT_S", "READ_LIMIT_S", "STALL_S", "_FIRST_PICTURE_S"):
        monkeypatch.setattr(stream_module, name, NEVER_S)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def serve() -> Iterator[Server]:
    """Starts ffmpeg with a red 64x48 picture at 25 frames a second on an address."""
    running: list[subprocess.Popen[bytes]] = []

    def start(url: str, *options: str, seconds: float = 0.0) -> subprocess.Popen[bytes]:
        assert FFMPEG is not None
        picture = "color=c=0xC81E14:size=64x48:rate=25"
        picture += f":duration={seconds}" if seconds else ""  # else without end
        command = [FFMPEG, "-v", "quiet", "-re", "-f", "lavfi", "-i", picture]
        command += ["-c:v", "mpeg2video", "-g", "5", "-b:v", "400k", "-f", "mpegts", *options, url]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


def open_when_there(url: str) -> Source:
    """Open a stream whose server is just starting."""
    found: list[Source] = []

    def opened() -> bool:
        try:
            found.append(open_source(url))
        except SourceError:
            return False
        return True

    wait_until(opened, f"the server of {url}")
    return found[0]


def read_some(source: Source, count: int) -> list[Frame]:
    frames: list[Frame] = []
    while len(frames) < count:
        try:
            frame = source.read()
        except StalledError:
            continue
        assert frame is not None
        frames.append(frame)
    return frames


def until_lost(source: Source) -> tuple[int, str]:
    """Read on; how often it stalled and why it is lost."""
    stalls = 0
    for _ in range(1000):
        try:
            source.read()
        except StalledError:
            stalls += 1
        except SourceLostError as error:
            return stalls, error.message
    raise AssertionError("it is not lost")


def until_stalled(source: Source, times: int) -> list[str]:
    """Read until so many reads have stalled: first comes what is still on its way."""
    stalls: list[str] = []
    while len(stalls) < times:
        try:
            assert source.read() is not None
        except StalledError as error:
            stalls.append(error.message)
    return stalls


def receiving() -> bool:
    return any(thread.name == "stream" for thread in threading.enumerate())


@needs_ffmpeg
@pytest.mark.parametrize("protocol", ["tcp", "http", "udp"])
def test_frames_arrive(serve: Server, protocol: str) -> None:
    address = f"{protocol}://127.0.0.1:{free_port()}"
    if protocol == "tcp":
        serve(f"{address}?listen=1")
    elif protocol == "http":
        serve(f"{address}/live", "-listen", "1")
        address += "/live"
    else:
        serve(f"{address}?pkt_size=1316")
    with open_when_there(address) as source:
        info = source.info
        assert (info.kind, info.live, info.frame_count) == ("stream", True, None)
        assert (info.width_px, info.height_px, info.label, info.spec) == (64, 48, address, address)
        assert info.detail.startswith("MPEG-2 · 64×48")
        frames = read_some(source, 20)
        with pytest.raises(SourceError, match="cannot go to frame"):
            source.seek(3)
    wait_until(lambda: not receiving(), "the end of the thread")
    assert frames[-1].pixels[20, 20].astype(int) == pytest.approx([200, 30, 20], abs=12)
    indices = [frame.index for frame in frames]
    assert indices == sorted(set(indices))
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)
    assert frames[-1].captured_at_s <= time.monotonic()


@needs_ffmpeg
def test_newest_only(serve: Server) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    serve(f"{address}?listen=1")
    with open_when_there(address) as source:
        assert isinstance(source, NetworkStream)
        receiver = source._receiver
        before = read_some(source, 5)[-1]
        now_s, count = time.monotonic(), receiver._count
        wait_until(lambda: receiver._count > count + 8, "more frames than are read")
        there = receiver._count
        after = read_some(source, 1)[0]
        assert after.index - before.index >= 8
        assert after.index + 1 >= there  # none of those that came meanwhile
        assert now_s < after.captured_at_s <= time.monotonic()


@needs_ffmpeg
def test_server_dies_and_comes_back(serve: Server) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    server = serve(f"{address}?listen=1")
    with open_when_there(address) as source:
        read_some(source, 3)
        server.kill()
        server.wait()
        stalls, why = until_lost(source)  # the line is cut: nobody waits for a limit
        assert stalls == 0
        assert why.startswith(f"{address} is gone: ")
        with pytest.raises(SourceLostError):
            source.read()
    with pytest.raises(SourceError, match="cannot be opened: connection refused"):
        open_source(address)
    serve(f"{address}?listen=1")
    with open_when_there(address) as again:
        assert len(read_some(again, 3)) == 3


@needs_ffmpeg
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")
def test_quiet_server_stalls(serve: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    server = serve(f"{address}?listen=1")
    with open_when_there(address) as source:
        read_some(source, 3)
        server.send_signal(signal.SIGSTOP)
        with monkeypatch.context() as patch:
            patch.setattr(stream_module, "STALL_S", 0.1)
            stalls = until_stalled(source, 3)
        assert all(one.startswith(f"no picture from {address} since") for one in stalls)
        server.kill()
    wait_until(lambda: not receiving(), "the end of the thread")


def test_server_that_falls_silent_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamps_ms = [40 * number for number in range(200)]
    film = make_video(
        tmp_path / "film.ts", stamps_ms, codec="mpeg2video", gop=5, time_base=Fraction(1, 25)
    ).read_bytes()
    monkeypatch.setattr(stream_module, "READ_LIMIT_S", 0.3)
    silent = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        answering: list[threading.Thread] = []

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.sendall(film)
                silent.wait()

        def serve() -> None:
            while not silent.is_set():
                connection, _ = listener.accept()
                answering.append(threading.Thread(target=answer, args=(connection,)))
                answering[-1].start()

        server = threading.Thread(target=serve)
        server.start()
        try:
            # Its limit is short: on a busy computer it may be over before the first picture.
            with open_when_there(address) as source:
                _, why = until_lost(source)
            assert why == f"{address} is gone: the server is silent"
            wait_until(lambda: not receiving(), "the end of the thread")
        finally:
            silent.set()
            socket.create_connection(listener.getsockname()).close()  # so that it looks
            server.join()
            for one in answering:
                one.join()


@needs_ffmpeg
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")
def test_close_does_not_wait_for_a_quiet_server(
    serve: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    server = serve(f"{address}?listen=1")
    source = open_when_there(address)
    assert isinstance(source, NetworkStream)
    read_some(source, 3)
    server.send_signal(signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr(stream_module, "STALL_S", 0.1)
        until_stalled(source, 2)
    waiting, fresh = threading.Event(), source._receiver.fresh
    wait = fresh.wait

    def waited(limit_s: float | None = None) -> bool:
        if threading.current_thread() is threading.main_thread():
            waiting.set()
        return wait(limit_s)

    def close() -> None:
        assert waiting.wait(LIMIT_S)
        source.close()

    monkeypatch.setattr(fresh, "wait", waited)
    closer = threading.Thread(target=close)
    closer.start()
    while source.read() is not None:  # where nothing comes any more it would wait for ever
        pass
    closer.join(LIMIT_S)
    assert not closer.is_alive()
    server.kill()
    wait_until(lambda: not receiving(), "the end of the thread")


@needs_ffmpeg
def test_end_of_the_stream(serve: Server) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    serve(f"{address}?listen=1", seconds=1.5)
    with open_when_there(address) as source:
        _, why = until_lost(source)
    assert why == f"{address} is gone: the server ended it"


def test_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "OPEN_LIMIT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(SourceError, match="cannot be opened: the server is silent"):
            NetworkStream(url)


def test_opening_can_be_stopped() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(SourceError, match="was stopped"),
    ):
        NetworkStream(f"tcp://127.0.0.1:{server.getsockname()[1]}", AskedTwice())
    wait_until(lambda: not receiving(), "the end of the thread")


def test_server_that_sends_text() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"no video here\n" * 2000)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(SourceError, match="cannot be opened"):
            NetworkStream(f"http://127.0.0.1:{server.getsockname()[1]}/x")
        thread.join(LIMIT_S)


def test_secrets_are_not_shown() -> None:
    url = "rtsp://user:secret@127.0.0.1:554/live?token=abc"
    assert label_of(url) == "rtsp://127.0.0.1:554/live"
    with pytest.raises(SourceError, match="no valid port") as caught:
        NetworkStream("rtsp://user:secret@127.0.0.1:99999999/live")
    assert "secret" not in str(caught.value)
    with pytest.raises(SourceError, match="cannot be opened") as refused:
        NetworkStream(f"http://user:secret@127.0.0.1:{free_port()}/live?token=abc")
    assert "secret" not in str(refused.value)
    assert "abc" not in str(refused.value)
