"""Decoding a video file forward from a keyframe, with each frame's place in the recording."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from sonoassist.errors import SourceError
from sonoassist.processors import plan_threads
from sonoassist.sources.libav import Packet, VideoFrame, VideoStream, av
from sonoassist.sources.video_index import VideoIndex, video_stream

_LEAST_THREADS = 3
"""With one or two threads the end of a file that is cut off is read otherwise (by two frames,
measured), and what is read must not depend on the machine."""


class Decoder:
    """Gives the frames from a starting point on.

    It begins with several threads and with the decoder told to refuse damaged pictures rather
    than to patch them up. With several threads an error shows up late and takes good frames
    with it, so `careful` opens it with one thread.

    Attributes:
        errors: Damaged packets met since the last `start`.
    """

    def __init__(self, path: Path, index: VideoIndex, *, careful: bool, strict: bool) -> None:
        self._path = path
        self._index = index
        self._careful = careful
        self._strict = strict
        self._ready: deque[VideoFrame] = deque()
        self._landed: Packet[VideoStream] | None = None
        self._count = 0
        self.errors = 0
        self._open()

    def _open(self) -> None:
        self._container = av.open(str(self._path), metadata_errors="replace")
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
        self._drained = False

    @property
    def codec(self) -> str:
        """FFmpeg's name of the codec."""
        return str(self._stream.codec_context.name)

    def close(self) -> None:
        """Let go of the file."""
        self._ready.clear()
        self._landed = None
        self._packets = iter(())
        self._container.close()

    def start(self, index: int) -> None:
        """Make `next` begin at or before frame `index`."""
        self.errors = 0
        if not self._index.sequential:
            for stamp in self._index.keyframes_before(index):
                if self._land(stamp):
                    return
        self._restart()

    def _restart(self) -> None:
        self.close()
        self._count = 0
        self._open()

    def _land(self, stamp: int) -> bool:
        """Seek to the keyframe `stamp` and make it the next packet; tell whether it was found.

        Some containers only seek roughly, and after that some even give wrong timestamps. So
        the packet has to be the very one in the index.
        """
        self._ready.clear()
        self._drained = False
        self._count = self._index.position(stamp)
        self._landed = None
        try:
            self._container.seek(stamp, stream=self._stream, backward=True)
            self._packets = self._container.demux(self._stream)
            self._landed = self._await(stamp)
        except av.error.FFmpegError:
            return False
        return self._landed is not None

    def _await(self, stamp: int) -> Packet[VideoStream] | None:
        """The packet of the keyframe `stamp`; None when it has been passed or does not come."""
        size = self._index.key_sizes[stamp]
        for packet in self._packets:
            if packet.pts == stamp and packet.size == size:
                return packet
            if packet.is_keyframe and packet.pts is not None and packet.pts >= stamp:
                return None
        return None

    def next(self) -> tuple[int, VideoFrame] | None:
        """The next frame and its index, or None at the end."""
        while not self._ready and not self._drained:
            self._decode_some()
        if not self._ready:
            return None
        frame = self._ready.popleft()
        if self._index.sequential or frame.pts is None:
            place = self._count
        else:
            place = self._index.position(frame.pts)
        self._count = place + 1
        return place, frame

    def _decode_some(self) -> None:
        packet = self._next_packet()
        if packet is None:
            self._drained = True
            return
        try:
            frames = packet.decode()
        except av.error.EOFError:
            self._drained = True
        except av.error.FFmpegError:
            self.errors += 1
        else:
            self._ready.extend(self._whole(frames))

    def _whole(self, frames: list[VideoFrame]) -> Iterator[VideoFrame]:
        for frame in frames:
            if frame.is_corrupt:
                self.errors += 1
            else:
                yield frame

    def _next_packet(self) -> Packet[VideoStream] | None:
        if self._landed is not None:
            packet, self._landed = self._landed, None
            return packet
        try:
            return next(self._packets, None)
        except av.error.FFmpegError:
            # The file cannot be taken apart any further.
            self.errors += 1
            return None
