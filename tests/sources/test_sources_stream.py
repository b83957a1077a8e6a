from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from sonoassist.errors import SourceError, SourceLostError, StalledError
from sonoassist.packets import Frame
from sonoassist.sources import stream as stream_module
from sonoassist.sources.base import Source
from sonoassist.sources.opening import open_source
from sonoassist.sources.stream import NetworkStream, label_of

FFMPEG = shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="the ffmpeg program is not installed")

Server = Callable[..., "subprocess.Popen[bytes]"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def serve() -> Iterator[Server]:
    """Starts ffmpeg with a red 64x48 picture at 25 frames a second on an address."""
    running: list[subprocess.Popen[bytes]] = []

    def start(url: str, *options: str, seconds: float = 60.0) -> subprocess.Popen[bytes]:
        assert FFMPEG is not None
        picture = f"color=c=0xC81E14:size=64x48:rate=25:duration={seconds}"
        command = [FFMPEG, "-v", "quiet", "-re", "-f", "lavfi", "-i", picture]
        command += ["-c:v", "mpeg2video", "-g", "5", "-b:v", "400k", "-f", "mpegts", *options, url]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


def open_when_there(url: str, limit_s: float = 15.0) -> Source:
    """Open a stream whose server is just starting."""
    end_s = time.monotonic() + limit_s
    while True:
        try:
            return open_source(url)
        except SourceError:
            if time.monotonic() > end_s:
                raise
            threading.Event().wait(0.1)


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
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 0.5
    assert frames[-1].pixels[20, 20].astype(int) == pytest.approx([200, 30, 20], abs=12)
    indices = [frame.index for frame in frames]
    assert indices == sorted(set(indices))
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)
    # 25 frames a second, whatever was queued up at the beginning.
    assert frames[-1].captured_at_s <= time.monotonic()
    assert not any(thread.name == "stream" for thread in threading.enumerate())


@needs_ffmpeg
def test_newest_only(serve: Server) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    serve(f"{address}?listen=1")
    with open_when_there(address) as source:
        before = read_some(source, 5)[-1]
        threading.Event().wait(0.6)
        after = read_some(source, 1)[0]
        assert after.index - before.index >= 8
        assert time.monotonic() - after.captured_at_s < 0.2


@needs_ffmpeg
def test_server_dies_and_comes_back(serve: Server) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    server = serve(f"{address}?listen=1")
    with open_when_there(address) as source:
        read_some(source, 3)
        server.kill()
        server.wait()
        began_s = time.monotonic()
        _, why = until_lost(source)
        assert time.monotonic() - began_s < 4.5
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
def test_quiet_server_stalls_then_is_lost(serve: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "STALL_S", 0.3)
    monkeypatch.setattr(stream_module, "READ_LIMIT_S", 1.2)
    address = f"tcp://127.0.0.1:{free_port()}"
    server = serve(f"{address}?listen=1")
    with open_when_there(address) as source:
        read_some(source, 3)
        server.send_signal(signal.SIGSTOP)
        stalls, why = until_lost(source)
    assert stalls >= 2
    assert why == f"{address} is gone: the server is silent"


@needs_ffmpeg
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")
def test_close_does_not_wait_for_a_quiet_server(
    serve: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "READ_LIMIT_S", 1.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    server = serve(f"{address}?listen=1")
    source = open_when_there(address)
    read_some(source, 3)
    server.send_signal(signal.SIGSTOP)
    threading.Timer(0.3, source.close).start()
    began_s = time.monotonic()
    while True:
        try:
            if source.read() is None:
                break
        except StalledError:
            continue
    assert time.monotonic() - began_s < 1.0
    for thread in threading.enumerate():
        if thread.name == "stream":
            thread.join(4.0)
            assert not thread.is_alive()


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


def test_opening_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "OPEN_LIMIT_S", 1.5)
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with socket.create_server(("127.0.0.1", 0)) as server:
        began_s = time.monotonic()
        with pytest.raises(SourceError, match="was stopped"):
            NetworkStream(f"tcp://127.0.0.1:{server.getsockname()[1]}", stop)
        assert time.monotonic() - began_s < 1.0


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
        thread.join(5)


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
