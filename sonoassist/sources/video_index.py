"""The table of frames of a video file, made by reading its packets without decoding them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from sonoassist.errors import SourceError
from sonoassist.sources.libav import InputContainer, VideoStream, av

_FALLBACK_FPS = Fraction(25)
_LIST_LENGTH = 8
_GRACE_S = 0.5


@dataclass(frozen=True, slots=True)
class VideoIndex:
    """When each frame of a video is shown, and where decoding can begin.

    Attributes:
        stamps: Timestamps of the frames in stream units, rising; position = frame index.
        times_s: The same in seconds, the first at 0.
        keyframes: Timestamps at which decoding can begin, rising.
        key_sizes: Bytes of the packet at each of them, to know it again.
        sequential: The packets carry no usable timestamps: frames are counted from the start.
        promised: Number of packets the file says it has (0: it does not say, or not reliably).
        packets: Number of packets found.
        cut_off: The file stops before the end that it states, or in the middle of a packet.
        fps: Nominal rate.
        duration_s: From the first frame to the end of the last.
        comment: What the file says of itself.
    """

    stamps: tuple[int, ...]
    times_s: tuple[float, ...]
    keyframes: tuple[int, ...]
    key_sizes: dict[int, int]
    sequential: bool
    promised: int
    packets: int
    cut_off: bool
    fps: float
    duration_s: float
    comment: str = ""

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def ends_early(self) -> bool:
        """Whether frames that the file should have are not in it."""
        return self.cut_off or self.packets < self.promised

    @property
    def promised_frames(self) -> int:
        """Number of frames there should be; at least the number there are."""
        return max(len(self), self.promised - (self.packets - len(self)))

    def position(self, stamp: int) -> int:
        """Index of the frame with timestamp `stamp`, or of the next one."""
        return bisect_left(self.stamps, stamp)

    def index_at(self, time_s: float) -> int:
        """Index of the frame shown at `time_s`, clamped to the recording."""
        # A microsecond of grace: times come back rounded from text files.
        found = bisect_right(self.times_s, time_s + 1e-6) - 1
        return min(max(found, 0), len(self) - 1)

    def keyframes_before(self, index: int) -> list[int]:
        """Timestamps to begin decoding at to reach `index`, best first, at most a few."""
        end = bisect_right(self.keyframes, self.stamps[index])
        return list(reversed(self.keyframes[max(end - _LIST_LENGTH, 0) : end]))

    def has_keyframe_between(self, after: int, index: int) -> bool:
        """Whether a keyframe lies behind frame `after`, up to and including `index`."""
        low, high = self.stamps[after], self.stamps[index]
        return bisect_right(self.keyframes, high) > bisect_right(self.keyframes, low)


@dataclass(slots=True)
class _Found:
    """What the packets say."""

    pts: list[int | None] = field(default_factory=list)
    dts: list[int | None] = field(default_factory=list)
    key_sizes: dict[int, int] = field(default_factory=dict)
    last_duration: int = 0
    packets: int = 0
    cut_off: bool = False
    untimed: bool = False


def video_stream(container: InputContainer) -> VideoStream | None:
    """The first stream of pictures that is not a cover picture."""
    streams = container.streams.video
    # An unknown codec has no context.
    moving = [one for one in streams if one.codec_context is not None and not _is_cover(one)]
    return moving[0] if moving else None


def _is_cover(stream: VideoStream) -> bool:
    return "attached_pic" in str(getattr(stream, "disposition", ""))


def build_index(path: Path) -> VideoIndex:
    """Read the packets of `path`.

    Raises:
        SourceError: There is no picture in it, or the system could not read all of it.
        av.error.FFmpegError: It cannot be opened.
    """
    with av.open(str(path), metadata_errors="replace") as container:
        stream = video_stream(container)
        if stream is None:
            raise SourceError(f"{path.name} has no picture in it", "Choose a video file")
        try:
            found = _read_packets(container, stream)
        except OSError as error:
            raise SourceError(
                f"{path.name} could not be read to its end: {error.strerror or error}",
                "Check the disk or the network, then try again",
            ) from error
        # AVI has no display times: what FFmpeg makes up is wrong where frames are reordered.
        found.untimed = "avi" in container.format.name and stream.codec_context.has_b_frames
        rate = stream.average_rate or stream.guessed_rate or _FALLBACK_FPS
        base = stream.time_base or Fraction(1, 1000)
        # MP4 has a table of its packets; what others state in their heads counts for less.
        counted = "mp4" in container.format.name
        promised = int(stream.frames or 0) if counted else 0
        stated_s = 0.0 if counted else _stated_s(container, stream, Fraction(rate))
        comment = container.metadata.get("comment", "")
    if not found.pts:
        raise SourceError(f"no frame of {path.name} can be read", "The file holds no pictures")
    table = _table(found, Fraction(rate), Fraction(base), promised, stated_s)
    return replace(table, comment=comment)


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


def _read_packets(container: InputContainer, stream: VideoStream) -> _Found:
    """Read the packets as far as the file can be taken apart.

    Raises:
        OSError: The system could not read the file.
    """
    found = _Found()
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError as error:
            # What the system could not read may be whole; it says nothing of the file.
            if isinstance(error, OSError):
                raise
            # The rest of the file cannot be taken apart.
            found.cut_off = True
            break
        if packet is None or (packet.size == 0 and packet.dts is None and packet.pts is None):
            break
        found.packets += 1
        if packet.is_discard or packet.size == 0:
            continue
        found.pts.append(packet.pts)
        found.dts.append(packet.dts)
        found.last_duration = int(packet.duration or 0)
        found.cut_off = packet.is_corrupt
        if packet.is_keyframe and packet.pts is not None:
            found.key_sizes[packet.pts] = packet.size
    return found


def _table(
    found: _Found, rate: Fraction, base: Fraction, promised: int, stated_s: float
) -> VideoIndex:
    pts = [one for one in found.pts if one is not None]
    sequential = found.untimed or len(pts) < len(found.pts)
    stamps = _counted(found, rate, base) if sequential else sorted(set(pts))
    times = tuple(float((stamp - stamps[0]) * base) for stamp in stamps)
    duration_s = times[-1] + (float(found.last_duration * base) or float(1 / rate))
    return VideoIndex(
        stamps=tuple(stamps),
        times_s=times,
        keyframes=tuple(sorted(found.key_sizes)),
        key_sizes=found.key_sizes,
        sequential=sequential,
        promised=promised,
        packets=found.packets,
        cut_off=found.cut_off or duration_s < stated_s - _GRACE_S,
        fps=float(rate),
        duration_s=duration_s,
    )


def _counted(found: _Found, rate: Fraction, base: Fraction) -> list[int]:
    """Timestamps for packets without any: the decoding times, else an even rate."""
    dts = [one for one in found.dts if one is not None]
    if len(dts) == len(found.dts) and len(set(dts)) == len(dts):
        return sorted(dts)
    return [round(number / rate / base) for number in range(len(found.pts))]
