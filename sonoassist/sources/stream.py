"""A network stream: the newest picture of it, in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np
from typing_extensions import override

from sonoassist.core.errors import SourceError, SourceLostError, StalledError
from sonoassist.core.packets import Frame, Pixels
from sonoassist.core.processors import plan_threads
from sonoassist.core.wording import counted, word
from sonoassist.sources.base import Opening, Source, SourceInfo, new_source_id
from sonoassist.sources.libav import (
    INTRA,
    InputContainer,
    PixelReader,
    VideoFrame,
    VideoStream,
    av,
    codec_name,
    video_stream,
)
from sonoassist.sources.pixels import check_size

OPEN_LIMIT_S = 5.0
READ_LIMIT_S = 3.0
STALL_S = 1.0
_FIRST_PICTURE_S = 15.0
"""Some servers send a key frame every ten seconds only."""
_POLL_S = 0.05
_LEAVE_S = 0.3

_LOW_DELAY = {
    "flags": "low_delay",
    # What is read to know the stream is kept and shown at once: the first key frame is in it, and
    # the next one may be many seconds away.
    "probesize": "500000",
    "analyzeduration": "500000",
    "fpsprobesize": "3",
}
_BY_SCHEME = {
    "rtsp": {"rtsp_transport": "tcp"},
    "rtsps": {"rtsp_transport": "tcp"},
    "udp": {"overrun_nonfatal": "1", "fifo_size": "100000"},
}


def label_of(url: str) -> str:
    """The address without user name, password and query, which may be secret."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SourceError("that is no address that can be opened", "Check it") from error
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise SourceError(f"{parts.scheme}://… has no valid port number") from error
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


_HOLDS_BACK = ("h264", "hevc", "vvc", "vp8", "vp9", "av1", "libdav1d")
"""Their decoders give nothing before a picture is whole; others give grey ones."""


class _Receiver:
    """Decodes the stream in a thread of its own and keeps the newest picture only.

    Pictures before the first whole one are left out and counted.

    FFmpeg cannot be interrupted while it waits for the network, only limited, so the thread is
    left to end by itself when the source is closed at such a moment.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._newest: tuple[int, float, Pixels] | None = None
        self._count = 0
        self.fresh = threading.Condition()
        self.waits_for = "Waiting for the server and its first key frame"
        self.left_out = 0
        self.codec = ""
        self.fps: float | None = None
        self.ended: str | None = None
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)
        self._thread.start()

    def take(self) -> tuple[int, float, Pixels] | None:
        """Index, arrival and picture not taken before; call with `fresh` held."""
        newest, self._newest = self._newest, None
        return newest

    def stop(self) -> None:
        """Ask the thread to end and wait for it a little."""
        self._stop.set()
        with self.fresh:
            self.fresh.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(_LEAVE_S)

    def _run(self) -> None:
        try:
            self._receive()
            why = "the server ended it"
        except (av.error.FFmpegError, OSError, ValueError) as error:
            why = _reason(error)
        except Exception as error:  # noqa: BLE001  (the top of the thread: reported by `read`)
            why = f"it cannot be decoded ({error})"
        with self.fresh:
            self.ended = why
            self.fresh.notify_all()

    def _receive(self) -> None:
        options = _LOW_DELAY | _BY_SCHEME.get(urlsplit(self._url).scheme.lower(), {})
        with av.open(
            self._url,
            options=options,
            timeout=(OPEN_LIMIT_S, READ_LIMIT_S),
            metadata_errors="replace",
        ) as container:
            stream = video_stream(container)
            if stream is None:
                raise ValueError("it has no picture")
            reader = PixelReader(stream.sample_aspect_ratio)
            for frame in self._frames(container, stream):
                if self._stop.is_set():
                    return
                self._put(frame, reader)

    def _frames(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        # Decoding whole frames in parallel would hold each back for several frame times.
        stream.codec_context.thread_type = "SLICE"
        stream.codec_context.thread_count = plan_threads().media
        self.codec = codec_name(stream.codec_context.name)
        rate = stream.average_rate or stream.guessed_rate
        self.fps = float(rate) if rate else None
        self.waits_for = "Waiting for the first whole picture"
        holds_back = stream.codec_context.name in _HOLDS_BACK
        whole, key_came = False, False
        for packet in container.demux(stream):
            if self._stop.is_set():
                return
            key_came = key_came or packet.is_keyframe
            if not whole and not key_came:
                self.left_out += 1
                self.waits_for = (
                    f"Waiting for a key frame ({counted(self.left_out, 'picture')} left out)"
                )
            try:
                frames = packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                # Joining in the middle of a stream begins with packets that cannot be decoded.
                continue
            for frame in frames:
                whole = whole or holds_back or frame.key_frame or frame.pict_type in INTRA
                if whole:
                    yield frame

    def _put(self, frame: VideoFrame, reader: PixelReader) -> None:
        if frame.is_corrupt:
            return
        arrived_s = time.monotonic()
        pixels = reader.pixels(frame)
        with self.fresh:
            self._newest = self._count, arrived_s, pixels
            self._count += 1
            self.fresh.notify_all()


def _warnings(left_out: int) -> tuple[str, ...]:
    if not left_out:
        return ()
    pictures = f"{counted(left_out, 'half picture')} {word(left_out, 'is', 'are')}"
    return (f"the stream was joined in the middle of a group, {pictures} left out",)


def _reason(error: Exception) -> str:
    if isinstance(error, av.error.ExitError):
        return "the server is silent"
    text = getattr(error, "strerror", None) or str(error)
    return str(text)[:1].lower() + str(text)[1:]


class NetworkStream(Source):
    """A stream from a server.

    `read` waits for a picture newer than the last one; older ones are dropped. After `STALL_S`
    without one it raises `StalledError`; when the server is gone or silent for `READ_LIMIT_S`,
    `SourceLostError`. `time_s` counts from the first picture.

    `close` may be called from another thread; a `read` that waits then returns None.

    Args:
        url: With one of `kinds.URL_SCHEMES`.
        stop: When set, opening is given up.

    Raises:
        SourceError: The server does not answer or sends no picture.
    """

    def __init__(self, url: str, stop: threading.Event | None = None) -> None:
        super().__init__()
        self._label = label_of(url)
        self._closed = threading.Event()
        self._receiver = _Receiver(url)
        try:
            first = self._first(stop or threading.Event())
            height, width = first[2].shape[:2]
            check_size(self._label, width, height)
        except SourceError:
            self._receiver.stop()
            raise
        self._first_at_s = self._last_at_s = first[1]
        self._pending: tuple[int, float, Pixels] | None = first
        self._info = self._describe(url, width, height)

    def _first(self, stop: threading.Event) -> tuple[int, float, Pixels]:
        end_s = time.monotonic() + OPEN_LIMIT_S + _FIRST_PICTURE_S
        receiver = self._receiver
        with receiver.fresh:
            while (first := receiver.take()) is None:
                if receiver.ended is not None:
                    raise self._unopened(receiver.ended)
                if stop.is_set():
                    raise SourceError(f"opening {self._label} was stopped")
                if isinstance(stop, Opening):
                    stop.waits_for = receiver.waits_for
                if time.monotonic() > end_s:
                    raise self._unopened("no picture came")
                receiver.fresh.wait(_POLL_S)
        return first

    def _unopened(self, why: str) -> SourceError:
        return SourceError(
            f"{self._label} cannot be opened: {why}", "Check the address and that the server runs"
        )

    def _describe(self, url: str, width: int, height: int) -> SourceInfo:
        receiver = self._receiver
        rate = "" if receiver.fps is None else f" @ {receiver.fps:.4g}"
        return SourceInfo(
            source_id=new_source_id(),
            spec=url,
            label=self._label,
            detail=f"{receiver.codec} · {width}×{height}{rate}",
            kind="stream",
            width_px=width,
            height_px=height,
            fps=receiver.fps,
            frame_count=None,
            duration_s=None,
            warnings=_warnings(receiver.left_out),
        )

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @override
    def read(self) -> Frame | None:
        first, self._pending = self._pending, None
        newest = first or self._newest()
        if newest is None:
            return None
        index, arrived_s, pixels = newest
        self._last_at_s = arrived_s
        return self.make_frame(
            np.ascontiguousarray(pixels),
            index=index,
            time_s=arrived_s - self._first_at_s,
            captured_at_s=arrived_s,
        )

    def _newest(self) -> tuple[int, float, Pixels] | None:
        """Wait for a new picture; None when closed."""
        end_s = time.monotonic() + STALL_S
        receiver = self._receiver
        with receiver.fresh:
            while not self._closed.is_set():
                newest = receiver.take()
                if newest is not None:
                    return newest
                if receiver.ended is not None:
                    raise SourceLostError(
                        f"{self._label} is gone: {receiver.ended}",
                        "It is opened again when the server is back",
                    )
                left_s = end_s - time.monotonic()
                if left_s <= 0:
                    silent_s = time.monotonic() - self._last_at_s
                    raise StalledError(f"no picture from {self._label} since {silent_s:.0f} s")
                receiver.fresh.wait(left_s)
        return None

    @override
    def close(self) -> None:
        self._closed.set()
        self._receiver.stop()
