"""How a stream begins: the first key frame is shown, half pictures before one are not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import pytest
from video_maker import make_video, number_in

from sonoassist.sources import stream as stream_module
from sonoassist.sources.base import Opening
from sonoassist.sources.stream import NetworkStream
from waiting import NEVER_S


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPEN_LIMIT_S", "READ_LIMIT_S", "STALL_S", "_FIRST_PICTURE_S"):
        monkeypatch.setattr(stream_module, name, NEVER_S)


@contextmanager
def served(data: bytes) -> Iterator[str]:
    """Sends these bytes to the first who asks, and then nothing more, without hanging up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            taker, _ = server.accept()
            with taker:
                taker.sendall(data)
                ended.wait(NEVER_S)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()


def packets_of(path: Path) -> list[tuple[int, bool]]:
    with av.open(str(path)) as container:
        return [(one.pos or 0, one.is_keyframe) for one in container.demux(video=0) if one.size]


def test_the_first_key_frame_is_shown_however_far_the_next_one_is(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "a.ts",
        [40 * n for n in range(100)],
        codec="mpeg2video",
        gop=500,
        b_frames=0,
        time_base=Fraction(1, 25),
    )
    packets = packets_of(path)
    assert [key for _, key in packets].count(True) == 1
    with served(path.read_bytes()[: packets[60][0]]) as url, NetworkStream(url) as source:
        assert source.info.warnings == ()
        frame = source.read()
        assert frame is not None
        assert 0 <= number_in(frame.pixels) <= 60


@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
def test_half_pictures_before_the_first_key_frame_are_left_out(tmp_path: Path, codec: str) -> None:
    path = make_video(
        tmp_path / "a.ts",
        [40 * n for n in range(150)],
        codec=codec,
        gop=60,
        b_frames=0,
        time_base=Fraction(1, 25),
    )
    packets = packets_of(path)
    second = [number for number, (_, key) in enumerate(packets) if key][1]
    data = path.read_bytes()
    head = data[: packets[0][0]]  # the tables of the stream
    begin = packets[10][0] // 188 * 188
    opening = Opening()
    with served(head + data[begin:]) as url, NetworkStream(url, opening) as source:
        assert "first" in opening.waits_for
        (said,) = source.info.warnings
        assert "joined in the middle of a group" in said
        frame = source.read()
        assert frame is not None
        assert number_in(frame.pixels) >= second
