"""Video files: exact timestamps, frame-exact seeking, damage that is reported and survived."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from typing_extensions import override

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame, Pixels
from sonoassist.core.wording import counted, word
from sonoassist.sources.base import SYNTHETIC_MARK, Source, SourceInfo, new_source_id
from sonoassist.sources.libav import PixelReader, VideoFrame, av, codec_name
from sonoassist.sources.pixels import check_size
from sonoassist.sources.video_decoder import Decoder
from sonoassist.sources.video_index import VideoIndex
from sonoassist.sources.video_opening import build_index
from sonoassist.sources.video_order import FrameOrder

_KEPT_FRAMES, _KEPT_BYTES = 16, 1 << 28
"""Decoded frames kept so that stepping back does not decode from the keyframe each time: so many,
or as many as fit into so much memory."""
_LANDINGS = 2
"""A frame that comes out behind none of so many key frames is not in the file: some packets of
some codecs give no picture."""
_LATE_FRAMES = 12
"""A frame may come so many later than its timestamp says."""

_JOINED = "a joined recording begins"


def _atoms(path: Path) -> set[bytes]:
    """Names of the top-level boxes of an MP4 file that are there as a whole."""
    names: set[bytes] = set()
    size_of_file = path.stat().st_size
    place = 0
    with path.open("rb") as file:
        while place + 8 <= size_of_file and len(names) < 64:
            file.seek(place)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1 and len(head) == 16:
                length = int.from_bytes(head[8:16], "big")
            if length < 8 or place + length > size_of_file:
                break
            names.add(head[4:8])
            place += length
    return names


def unreadable(path: Path, error: Exception) -> SourceError:
    """The sentence for a file that FFmpeg cannot open."""
    try:
        atoms = _atoms(path)
    except OSError:
        atoms = set()
    if b"ftyp" in atoms and b"moov" not in atoms:
        return SourceError(
            f"{path.name} is cut off: its index (moov) is missing",
            "The recording was not finished or copied completely; copy or record it again",
        )
    if isinstance(error, PermissionError):
        return SourceError(f"{path} may not be read", "Permission denied")
    return SourceError(
        f"{path.name} is not a video that can be read",
        "Choose a video, a picture, a DICOM file or a folder of pictures",
    )


class VideoFile(Source):
    """A video file.

    A frame is known by the packet that it comes of, so that seeking gives the very frame that
    reading in order gives, and timed by the timestamps in the file, so that variable rates are
    exact. Its pixels are square, and turned and mirrored as the file says.

    A frame that cannot be decoded raises `DamagedFrameError`, once for a run of such frames; the
    next `read` gives the frame behind the run. When the file ends before the number of frames it
    promises, that is said once, too, before the end.

    Args:
        path: The file.
        index: Its table of frames, where it is known already.

    Raises:
        SourceError: It is not a video that can be read.
    """

    def __init__(self, path: Path, index: VideoIndex | None = None) -> None:
        super().__init__()
        self._path = path
        self._kept: deque[tuple[int, VideoFrame]] = deque(maxlen=_KEPT_FRAMES)
        self._next = 0
        self._reached = -1
        self._said_end = False
        self._readable: int | None = None
        self._careful = False
        self._closed = False
        try:
            self._index = build_index(path) if index is None else index
            self._strict = self._index.checked
            self._decoder = self._open_decoder()
        except av.error.FFmpegError as error:
            raise unreadable(path, error) from error
        self._order = FrameOrder(self._index)
        self._pixels = PixelReader(self._decoder.stream.sample_aspect_ratio)
        try:
            self._info = self._describe(*self._first_picture())
        except SourceError:
            self.close()
            raise

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @property
    @override
    def times_s(self) -> tuple[float, ...]:
        return self._index.times_s

    @property
    def index(self) -> VideoIndex:
        """The table of frames."""
        return self._index

    def _open_decoder(self) -> Decoder:
        first = self._index.first
        joins = self._index.joins
        return Decoder(self._path, first, joins, careful=self._careful, strict=self._strict)

    def _first_picture(self) -> tuple[VideoFrame, Pixels]:
        """The first picture that can be decoded; leaves the reading position at the start."""
        first = self._decode_next()
        if first is None and self._strict:
            # Some recorders write streams that the strict decoder refuses altogether.
            self._strict = False
            self._reopen()
            first = self._decode_next()
        if first is None:
            raise SourceError(
                f"no frame of {self._path.name} can be decoded", "The file is damaged"
            )
        return first[1], self._picture(first[1])

    def _describe(self, stored: VideoFrame, first: Pixels) -> SourceInfo:
        height, width = first.shape[:2]
        fitting = max(_KEPT_BYTES // first.nbytes, 1)
        self._kept = deque(self._kept, maxlen=min(_KEPT_FRAMES, fitting))
        check_size(self._path.name, width, height)
        index = self._index
        codec = codec_name(self._decoder.codec)
        size = f"{width}×{height}"
        if {width, height} != {stored.width, stored.height}:
            size = f"{stored.width}×{stored.height} shown as {size}"
        return SourceInfo(
            source_id=new_source_id(),
            spec=str(self._path),
            label=self._path.name,
            detail=f"{codec} · {size} @ {index.fps:.4g}",
            kind="video",
            width_px=width,
            height_px=height,
            fps=index.fps,
            frame_count=len(index),
            duration_s=index.duration_s,
            synthetic=index.comment == SYNTHETIC_MARK,
            warnings=_warnings(index),
        )

    @override
    def read(self) -> Frame | None:
        if self._closed:
            raise SourceError(f"{self._path.name} is closed")
        if self._next >= len(self._index):
            self._end()
            return None
        try:
            found = self._find(self._next)
        except av.error.FFmpegError as error:
            raise unreadable(self._path, error) from error  # it was moved, or the disk is gone
        if found is None:
            return self._missing(len(self._index))
        place, frame = found
        if place > self._next and self._decoder.errors:
            return self._missing(place)
        self._next = place + 1
        time_s = self._index.times_s[place]
        return self.make_frame(self._picture(frame), index=place, time_s=time_s)

    def _missing(self, until: int) -> Frame | None:
        """Report that the frames up to `until` cannot be read, and go on behind them."""
        first, self._next = self._next, until
        damaged, self._decoder.errors = self._decoder.errors > 0, 0
        if until >= len(self._index) and (self._index.ends_early or not damaged):
            self._readable = first
            self._end()
            return None
        several = until - first > 1
        if several:
            what = f"frames {first} to {until - 1} of {self._path.name} are damaged"
        else:
            what = f"frame {first} of {self._path.name} is damaged"
        raise DamagedFrameError(what, "They are left out" if several else "It is left out")

    def _end(self) -> None:
        lost = self._readable is not None and self._index.exact
        if self._said_end or not (self._index.ends_early or lost):
            return
        self._said_end = True
        there = len(self._index) if self._readable is None else self._readable
        promised = self._index.promised_frames
        if promised > there:
            what = (
                f"the recording ends early: {there:,} of {counted(promised, 'frame')} could be read"
            )
        else:
            what = f"the recording ends early: only {counted(there, 'frame')} could be read"
        raise DamagedFrameError(what, f"{self._path.name} is cut off")

    @override
    def seek(self, index: int) -> None:
        self._next = min(max(index, 0), len(self._index) - 1)
        self._said_end = False

    def _find(self, index: int) -> tuple[int, VideoFrame] | None:
        """Frame `index`, or the next one that can be decoded; None when there is none."""
        for place, frame in self._kept:
            if place == index:
                return place, frame
        if index > self._reached and not self._worth_jumping(index):
            found = self._decode_to(index)
        else:
            found = self._jump_to(index)
        ends = found is None and not self._index.ends_early  # nobody has said that it would
        if not self._careful and (self._decoder.errors or ends):
            self._careful = True
            self._order = FrameOrder(self._index)  # places learned behind an error may be wrong
            self._reopen()
            return self._find(index)
        return found

    def _worth_jumping(self, index: int) -> bool:
        if index <= self._reached + 1:
            return False
        return self._order.has_key_between(max(self._reached, 0), index)

    def _jump_to(self, index: int) -> tuple[int, VideoFrame] | None:
        """As `_find`, from the nearest key frame from which the frame itself comes out."""
        found, landings = None, 0
        for key in (*self._order.keys_before(index), None):
            self._kept.clear()
            self._reached = -1
            if not self._decoder.start(key):
                continue
            found = self._decode_to(index)
            landings += 1
            there = found is not None and found[0] == index
            if there or self._decoder.errors or landings == _LANDINGS:
                break
        return found

    def _decode_to(self, index: int) -> tuple[int, VideoFrame] | None:
        """Decode on until frame `index` has come, or it is certain that it does not."""
        nearest = None
        late = 0
        while late < _LATE_FRAMES and (found := self._decode_next()) is not None:
            if found[0] == index:
                return found
            if self._decoder.errors and not self._careful:
                return found
            if found[0] > index:
                late += 1
                nearest = found if nearest is None or found[0] < nearest[0] else nearest
                if self._decoder.errors:
                    break
        return nearest

    def _decode_next(self) -> tuple[int, VideoFrame] | None:
        """The next frame that is one of the recording, and its place."""
        while (decoded := self._decoder.next()) is not None:
            for number in self._decoder.take_failed():
                self._order.place_of(number)  # it has a place, though nothing comes of it
            place = self._order.place_of(decoded[0])
            if place >= 0:
                self._kept.append((place, decoded[1]))
                self._reached = max(self._reached, place)
                return place, decoded[1]
        return None

    def _reopen(self) -> None:
        self._decoder.close()
        self._decoder = self._open_decoder()
        self._kept.clear()
        self._reached = -1

    def _picture(self, frame: VideoFrame) -> Pixels:
        return self._pixels.pixels(frame)

    @override
    def close(self) -> None:
        self._closed = True
        self._kept.clear()
        self._decoder.close()


def _warnings(index: VideoIndex) -> tuple[str, ...]:
    """What a user must know of a recording before any of it is shown."""
    found = []
    if index.left_out:
        halves = _half_pictures(index.left_out)
        found.append(f"the recording begins in the middle of a group, {halves} left out")
    if index.parts > 1:
        found.append(
            f"the file holds {counted(index.parts, 'joined recording')}, shown one after another"
        )
    if index.joins:
        several = len(index.joins) > 1
        begin = f"{counted(len(index.joins), 'joined recording')} begin" if several else _JOINED
        halves = _half_pictures(index.torn)
        found.append(f"{begin} in the middle of a group, {halves} left out")
    if index.blended:
        found.append(f"{_JOINED} in the middle of a group, with pictures that may blend")
    return tuple(found)


def _half_pictures(count: int) -> str:
    return f"{counted(count, 'half picture')} {word(count, 'is', 'are')}"
