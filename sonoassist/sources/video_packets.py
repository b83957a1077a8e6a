"""The packets of a video file, read without decoding them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import SourceError
from sonoassist.sources.libav import (
    DEMUX_ERRORS,
    InputContainer,
    Packet,
    VideoStream,
    open_container,
    video_stream,
)
from sonoassist.sources.picture_headers import CodedPicture, PictureHeaders, headers_for
from sonoassist.sources.pixels import MAX_FRAME_PIXELS, check_not_huge

FALLBACK_FPS = Fraction(25)
_BARE = ("h264", "hevc", "vvc", "evc", "mpegvideo", "m4v", "h263", "h261", "vc1", "dv", "cavsvideo")
"""Containers that are none: the pictures follow each other, and say themselves how quickly."""
_CLOCK = 1 << 33
_VP8_SHOWN = 0x10
"""The bit in the first byte of a VP8 frame that says it is shown (RFC 6386, section 9.1)."""


Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
MISSING = np.iinfo(np.int64).min
"""Stands for a timestamp or a place that the file does not tell."""


@dataclass(frozen=True, slots=True, eq=False)
class PacketTable:
    """The packets of a stream in the order of the file, (n,) each.

    Attributes:
        pts: When each picture is shown, in stream units; `MISSING` where the file does not say.
        dts: When it is decoded.
        duration: For how long it is shown, in stream units; 0 where that is not known.
        size: Bytes.
        pos: Where it begins in the file; `MISSING` where that is not known.
        key: Decoding can begin here.
        shown: A picture comes of it that is meant to be shown.
        corrupt: The container was damaged there.
        discarded: The container says that it is not to be shown.
    """

    pts: Ints
    dts: Ints
    duration: Ints
    size: Ints
    pos: Ints
    key: Flags
    shown: Flags
    corrupt: Flags
    discarded: Flags

    def __len__(self) -> int:
        return len(self.pts)

    @staticmethod
    def of(rows: Sequence[tuple[int | None, ...]]) -> PacketTable:
        """The table of rows in the order of the attributes."""
        columns = list(zip(*rows, strict=True)) if rows else [()] * 9
        pts, dts, duration, size, pos = (
            np.array([MISSING if one is None else one for one in column], np.int64)
            for column in columns[:5]
        )
        key, shown, corrupt, discarded = (np.array(column, np.bool_) for column in columns[5:])
        return PacketTable(pts, dts, duration, size, pos, key, shown, corrupt, discarded)


@dataclass(slots=True)
class VideoPackets:
    """What the packets of a file, and its head, say.

    Attributes:
        table: All packets.
        base: Seconds of a stream unit.
        rate: Nominal frames a second.
        codec: FFmpeg's name of it.
        reordered: Pictures are shown in another order than they are decoded in.
        intra_only: Each picture can be decoded by itself.
        made_up: The container has no display times, and FFmpeg's stand-ins are wrong where
            pictures are reordered.
        promised: Number of packets the file says it has; 0 where it does not say, or not reliably.
        stated_s: Length that the head states, in seconds; 0 where it does not.
        cut_off: The file cannot be taken apart to its end.
        container: FFmpeg's name of it.
        may_hold_fields: A picture may be coded as two fields.
        heads: The head of the picture in each packet, None where it cannot be read; empty where
            that is of no use, as of most files.
        comment: What the file says of itself.
    """

    base: Fraction
    rate: Fraction
    codec: str
    reordered: bool
    intra_only: bool
    made_up: bool
    promised: int
    stated_s: float
    comment: str
    table: PacketTable = field(default_factory=lambda: PacketTable.of(()))
    cut_off: bool = False
    container: str = ""
    may_hold_fields: bool = False
    heads: list[CodedPicture | None] = field(default_factory=list)

    @property
    def bare(self) -> bool:
        """There is no container: the pictures have no times of their own."""
        return self.container in _BARE

    @property
    def transport(self) -> bool:
        """It is a transport stream, of which lost packets are told."""
        return self.container == "mpegts"

    @property
    def clock(self) -> int:
        """Stream units after which the clock of a transport or program stream wraps around."""
        wraps = self.container in ("mpegts", "mpeg") and self.base == Fraction(1, 90_000)
        return _CLOCK if wraps else 0


def read_packets(path: Path) -> VideoPackets:
    """Read all packets of the main video stream.

    Raises:
        SourceError: There is no picture in it, they are too large, or the system could not read
            all of it.
        av.error.FFmpegError: It cannot be opened.
    """
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise SourceError(f"{path.name} has no picture in it", "Choose a video file")
        check_not_huge(path.name, stream.width or 0, stream.height or 0, MAX_FRAME_PIXELS)
        found = _head(container, stream)
        try:
            _read(container, stream, found)
        except OSError as error:
            raise SourceError(
                f"{path.name} could not be read to its end: {error.strerror or error}",
                "Check the disk or the network, then try again",
            ) from error
    if not found.table.shown.any():
        raise SourceError(f"no frame of {path.name} can be read", "The file holds no pictures")
    return found


def read_heads(path: Path) -> list[CodedPicture | None]:
    """Read the heads of the pictures of the main video stream, one for each of its packets.

    Raises:
        av.error.FFmpegError: It cannot be opened.
    """
    found: list[CodedPicture | None] = []
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is None:
            return found
        headers = _headers(stream)
        try:
            for packet in container.demux(stream):
                if is_end(packet):
                    break
                found.append(headers.read(bytes(packet)) if headers and packet.size else None)
        except DEMUX_ERRORS:
            pass  # what cannot be taken apart has no packets either
    return found


def _head(container: InputContainer, stream: VideoStream) -> VideoPackets:
    context, name = stream.codec_context, container.format.name
    headers = _headers(stream)
    # Of a bare stream FFmpeg gives a rate of its own as the average.
    bare = name in _BARE
    average, guessed = stream.average_rate, stream.guessed_rate
    rate = (guessed or average if bare else average or guessed) or FALLBACK_FPS
    reordered = bool(context.has_b_frames)
    # MP4 has a table of its packets; what others state in their heads counts for less.
    counted = "mp4" in name
    return VideoPackets(
        base=Fraction(stream.time_base or Fraction(1, 1000)),
        rate=Fraction(rate),
        codec=str(context.name),
        reordered=reordered,
        intra_only=bool(context.codec.intra_only),
        made_up="avi" in name and reordered,
        promised=int(stream.frames or 0) if counted else 0,
        stated_s=0.0 if counted else _stated_s(container, stream, Fraction(rate)),
        comment=container.metadata.get("comment", ""),
        container=name,
        may_hold_fields=headers is not None and headers.may_hold_fields,
    )


def _headers(stream: VideoStream) -> PictureHeaders | None:
    context = stream.codec_context
    return headers_for(str(context.name), context.extradata)


def _stated_s(container: InputContainer, stream: VideoStream, rate: Fraction) -> float:
    """Length that the head of the file states for the pictures, in seconds; 0 if it does not."""
    if "avi" in container.format.name:
        return float(Fraction(stream.frames or 0) / rate)
    parts = stream.metadata.get("DURATION", "").split(":")
    try:
        hours, minutes, seconds = (float(part) for part in parts)
    except ValueError:
        return 0.0
    return hours * 3600 + minutes * 60 + seconds


def _read(container: InputContainer, stream: VideoStream, found: VideoPackets) -> None:
    """Read the packets as far as the file can be taken apart.

    Raises:
        OSError: The system could not read the file.
    """
    packets = container.demux(stream)
    is_shown = _shown_rule(found.codec)
    headers = _headers(stream) if found.bare or found.may_hold_fields else None
    rows: list[tuple[int | None, ...]] = []
    try:
        for packet in packets:
            size, discarded = packet.size, packet.is_discard
            if size == 0 and is_end(packet):
                break
            if headers is not None:
                found.heads.append(headers.read(bytes(packet)) if size else None)
            shown = size > 0 and not discarded and (is_shown is None or is_shown(packet))
            rows.append(
                (
                    packet.pts,
                    packet.dts,
                    packet.duration or 0,
                    size,
                    packet.pos,
                    packet.is_keyframe,
                    shown,
                    packet.is_corrupt,
                    discarded,
                )
            )
    except DEMUX_ERRORS as error:
        # What the system could not read may be whole; it says nothing of the file.
        if isinstance(error, OSError):
            raise
        found.cut_off = True  # the rest of the file cannot be taken apart
    found.table = PacketTable.of(rows)


def is_end(packet: Packet[VideoStream]) -> bool:
    """Whether it is the empty packet that FFmpeg gives behind the last one."""
    return packet.size == 0 and packet.dts is None and packet.pts is None


def _shown_rule(codec: str) -> Callable[[Packet[VideoStream]], bool] | None:
    """Tells packets whose picture is only there to be referred to; None where none is."""
    if codec in ("vp8", "libvpx"):
        return lambda packet: bool(memoryview(packet)[0] & _VP8_SHOWN)
    return None
