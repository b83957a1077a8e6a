"""Decoding a video file forward from a key frame, with the packet that each frame comes of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.core.processors import plan_threads
from sonoassist.sources.base import system_failed, unreadable_now
from sonoassist.sources.libav import (
    Packet,
    VideoFrame,
    VideoStream,
    av,
    open_container,
    video_stream,
)
from sonoassist.sources.video_index import Join, Key
from sonoassist.sources.video_packets import is_end

_LEAST_THREADS = 3
"""With one or two threads the end of a file that is cut off is read otherwise (by two frames,
measured), and what is read must not depend on the machine."""
_MOST_AWAITED = 2000
"""Packets looked at for a key frame after a jump."""


class Decoder:
    """Gives the frames from a starting point on.

    It begins with several threads and with the decoder told to refuse damaged pictures rather
    than to patch them up. With several threads an error shows up late and takes good frames
    with it, so `careful` opens it with one thread. What `joins` leave out is not decoded.

    Attributes:
        errors: Damaged packets met since the last `start`.
    """

    def __init__(
        self,
        path: Path,
        first: int = 0,
        joins: Sequence[Join] = (),
        *,
        careful: bool = False,
        strict: bool = True,
    ) -> None:
        self._path = path
        self._first = first
        self._left_out = frozenset(number for join in joins for number in join.packets)
        self._restarts = frozenset(join.restart for join in joins)
        self._careful = careful
        self._strict = strict
        self._ready: deque[tuple[int, VideoFrame]] = deque()
        self._landed: Packet[VideoStream] | None = None
        self._number = 0
        self._failed: list[int] = []
        self.errors = 0
        self._open()

    def _open(self) -> None:
        self._container = open_container(self._path)
        stream = video_stream(self._container)
        if stream is None:
            raise SourceError(f"{self._path.name} has no picture in it", "Choose a video file")
        self._stream = stream
        context = stream.codec_context
        context.options = {"err_detect": "explode"} if self._strict else {}
        if self._careful:
            context.thread_type = "NONE"
            context.thread_count = 1
        else:
            context.thread_type = "AUTO"
            # One of them waits for its packet, hence one more than work.
            context.thread_count = max(plan_threads().media + 1, _LEAST_THREADS)
        self._packets = self._container.demux(stream)
        self._number = 0
        self._drained = False

    @property
    def codec(self) -> str:
        """FFmpeg's name of the codec."""
        return str(self._stream.codec_context.name)

    @property
    def stream(self) -> VideoStream:
        """What is decoded."""
        return self._stream

    def close(self) -> None:
        """Let go of the file."""
        self._ready.clear()
        self._landed = None
        self._packets = iter(())
        self._container.close()

    def start(self, key: Key | None) -> bool:
        """Make `next` begin at a key frame, or at the beginning; tell whether that was possible."""
        self.errors = 0
        self._failed = []
        if key is not None:
            return self._land(key)
        self.close()
        self._open()
        return True

    def _land(self, key: Key) -> bool:
        """Seek to a key frame and make its packet the next one; tell whether it was found.

        Some containers only seek roughly, and after that some even give wrong timestamps. So
        the packet has to be the very one in the table.
        """
        for by_bytes in (False, True):
            offset = key.pos if by_bytes else key.pts
            if offset is None or (offset < 0 and by_bytes):
                continue
            self._ready.clear()
            self._drained = False
            try:
                if by_bytes:
                    self._container.seek(offset, unsupported_byte_offset=True)
                else:
                    self._container.seek(offset, stream=self._stream)
                self._packets = self._container.demux(self._stream)
                self._landed = self._await(key, by_bytes=by_bytes)
            except av.error.FFmpegError as error:
                if system_failed(error):
                    raise unreadable_now(self._path.name, error) from error
                continue
            if self._landed is not None:
                self._number = key.number
                return True
        return False

    def _await(self, key: Key, *, by_bytes: bool) -> Packet[VideoStream] | None:
        """The packet of a key frame; None when it has been passed or does not come."""
        for packet, _ in zip(self._packets, range(_MOST_AWAITED), strict=False):
            pos = -1 if packet.pos is None else packet.pos
            same_place = pos == key.pos or min(pos, key.pos) < 0
            if packet.pts == key.pts and packet.size == key.size and same_place:
                return packet
            if by_bytes and pos > key.pos:
                return None
            passed = packet.pts is not None and key.pts is not None and packet.pts >= key.pts
            if not by_bytes and packet.is_keyframe and passed:
                return None
        return None

    def next(self) -> tuple[int, VideoFrame] | None:
        """The next frame and the number of its packet, or None at the end."""
        while not self._ready and not self._drained:
            self._decode_some()
        return self._ready.popleft() if self._ready else None

    def take_failed(self) -> list[int]:
        """Packets that could not be decoded since this was asked; exact when careful."""
        failed, self._failed = self._failed, []
        return failed

    def _decode_some(self) -> None:
        packet = self._next_packet()
        if packet is None:
            self._drained = True
            return
        number = self._number
        self._number += not is_end(packet)
        left_out = number < self._first or number in self._left_out
        if not is_end(packet) and (left_out or packet.size == 0):
            return  # nothing can be made of it, or not without what came before
        if number in self._restarts:
            self._begin_anew()
        # So a frame says of which packet it comes. An object that PyAV attaches would do, but one
        # of its threads may let go of it while this one waits for that thread, forever.
        packet.pts = number
        try:
            frames = packet.decode()
        except av.error.EOFError:
            self._drained = True
        except av.error.FFmpegError:
            self.errors += 1
            self._failed.append(number)
        else:
            self._ready.extend(self._whole(frames))

    def _begin_anew(self) -> None:
        """Take out what the decoder holds back, and have it forget what came before."""
        context = self._stream.codec_context
        try:
            self._ready.extend(self._whole(context.decode(None)))
        except av.error.EOFError:
            pass
        except av.error.FFmpegError:
            self.errors += 1
        context.flush_buffers()

    def _whole(self, frames: list[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
        for frame in frames:
            if frame.is_corrupt or frame.pts is None:
                self.errors += 1
            else:
                yield frame.pts, frame

    def _next_packet(self) -> Packet[VideoStream] | None:
        if self._landed is not None:
            packet, self._landed = self._landed, None
            return packet
        try:
            return next(self._packets, None)
        except av.error.FFmpegError as error:
            if system_failed(error):
                # Its packets were all there when their table was made: it is the disk's fault.
                raise unreadable_now(self._path.name, error) from error
            # The file cannot be taken apart any further.
            self.errors += 1
            return None


def decoded_frames(
    path: Path, begin: int, joins: Sequence[Join] = ()
) -> Iterator[tuple[int, VideoFrame]]:
    """The frames that come out, up to the first damaged one, with the numbers of their packets.

    Args:
        path: Of the file.
        begin: The first packet that is decoded.
        joins: What is left out.
    """
    decoder = Decoder(path, begin, joins, strict=False)
    try:
        while (found := decoder.next()) is not None and not decoder.errors:
            yield found
    finally:
        decoder.close()


def decoded_numbers(
    path: Path, begin: int, count: int | None = None, joins: Sequence[Join] = ()
) -> list[int]:
    """The packets that the frames come of which are decoded from one on, in their order.

    Args:
        path: Of the file.
        begin: The first packet that is decoded.
        count: So many frames; None for all up to the first damaged one.
        joins: What is left out.
    """
    return [number for number, _ in islice(decoded_frames(path, begin, joins), count)]
