"""The clip of a capture as an Ultrasound Multi-frame Image of JPEG frames.

Uncompressed, five seconds of a scanner's screen are half a gigabyte, and RLE gains little on
speckle. JPEG baseline is the one lossy form that nearly every archive and viewer takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from pydicom.uid import JPEGBaseline8Bit, UltrasoundMultiFrameImageStorage

from sonoassist.core.errors import OutputError
from sonoassist.core.packets import Pixels
from sonoassist.core.progress import Meter
from sonoassist.core.wording import counted
from sonoassist.exam.dicom_out import header, uids
from sonoassist.exam.dicom_out.exported import NothingShownError
from sonoassist.exam.dicom_out.pixels import as_stored, describe, is_grey, jpeg
from sonoassist.exam.dicom_out.stills import read_still
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture, ExamInfo
from sonoassist.exam.schema import RecordError
from sonoassist.preprocess.masking import SequenceMask, with_mask
from sonoassist.sources.libav import PixelReader, av, frame_count, open_container

_METHODS = {"h264": "ISO_14496_10", "hevc": "ISO_23008_2"}
"""The defined terms (PS3.3, C.7.6.1.1.5.1) for the codecs of clips."""
_LONGEST_VECTOR = 65534
"""Bytes of the longest list of numbers in explicit VR."""
_SAME_MS = 0.02
"""Frames whose gaps differ by less have one frame time: the clock of videos is that coarse."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a clip after a first look at all its frames.

    Attributes:
        times_ms: When each frame is shown, from the first.
        grey: No frame has colour.
        codec: FFmpeg's name of the compression.
        fps: Nominal rate.
        shape: (H, W) of the frames.
    """

    times_ms: tuple[float, ...]
    grey: bool
    codec: str
    fps: float
    shape: tuple[int, int]


def clip_steps(exam: Exam, capture: Capture, *, mask: bool) -> int:
    """Pictures that `clip_object` will count: it goes over them to mask, to look, and to pack."""
    return (3 if mask else 2) * frame_count(exam.media / capture.clip)


def clip_object(
    exam: Exam, info: ExamInfo, capture: Capture, *, mask: bool, meter: Meter | None = None
) -> Dataset:
    """The clip of a capture as an Ultrasound Multi-frame Image.

    Args:
        exam: Open.
        info: Of the exam.
        capture: With a clip.
        mask: Black out what is not ultrasound.
        meter: Counts the pictures, see `clip_steps`.

    Raises:
        RecordError: The clip cannot be read.
        OutputError: It is too long or too large for DICOM, or cannot be masked.
        NothingShownError: No ultrasound picture was surely found on any frame.
    """
    path, meter = exam.media / capture.clip, meter or Meter()
    shown = _sequence_mask(exam, path, capture, meter) if mask else None
    facts = _look(path, capture, shown, meter)
    frames = []
    for _, picture in _shown(path, capture, shown):
        frames.append(jpeg(as_stored(picture, grey=facts.grey)))
        meter.step()
    dataset = header.picture_header(
        info, capture, header.CLIPS, UltrasoundMultiFrameImageStorage, masked=mask
    )
    one = np.zeros(facts.shape if facts.grey else (*facts.shape, 3), np.uint8)
    describe(dataset, one, "MONOCHROME2" if facts.grey else "YBR_FULL_422")
    add_cine(dataset, facts.times_ms, facts.fps)
    _add_losses(dataset, facts, path.stat().st_size, sum(map(len, frames)))
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    digest = uids.digest(b"".join(frames))
    names = (info.exam_id, "clip", capture.capture_id, mask, digest)
    dataset.SOPInstanceUID = uids.uid(*names, *header.choice(info, capture))
    dataset.file_meta = header.file_meta(
        UltrasoundMultiFrameImageStorage, dataset.SOPInstanceUID, JPEGBaseline8Bit
    )
    return dataset


def add_cine(dataset: Dataset, times_ms: tuple[float, ...], fps: float) -> None:
    """Say when each frame is shown: one step for all where they are even, else each.

    Args:
        dataset: Gets the attributes of the modules Cine and Multi-frame.
        times_ms: From the first frame; at least one.
        fps: Nominal rate; the step of a single frame is taken from it.

    Raises:
        OutputError: There are more frames than the list of an object can hold.
    """
    # Rounded as times and not as gaps, so that the errors do not add up.
    rounded = np.round(np.asarray(times_ms, np.float64), 3)
    gaps = np.diff(rounded)
    step = float(np.mean(gaps)) if len(gaps) else 1000.0 / fps
    dataset.NumberOfFrames = len(times_ms)
    dataset.RecommendedDisplayFrameRate = dataset.CineRate = max(round(1000.0 / step), 1)
    if not len(gaps) or float(np.abs(gaps - step).max()) <= _SAME_MS:
        dataset.FrameTime = _number(step)
        dataset.FrameIncrementPointer = Tag("FrameTime")
        return
    vector = ["0", *(_number(float(gap)) for gap in gaps)]
    if len("\\".join(vector)) > _LONGEST_VECTOR:
        raise OutputError(
            f"a clip of {counted(len(times_ms), 'frame')} is too long for DICOM",
            "Export without clips",
        )
    dataset.FrameTimeVector = vector
    dataset.FrameIncrementPointer = Tag("FrameTimeVector")


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _add_losses(dataset: Dataset, facts: Facts, video_bytes: int, jpeg_bytes: int) -> None:
    """What was lost on the way, step by step: first in the video, then in the JPEGs."""
    raw = len(facts.times_ms) * facts.shape[0] * facts.shape[1] * (1 if facts.grey else 3)
    steps = [(_METHODS[facts.codec], video_bytes)] if facts.codec in _METHODS else []
    steps.append(("ISO_10918_1", jpeg_bytes))
    dataset.LossyImageCompression = "01"
    dataset.LossyImageCompressionRatio = [f"{raw / size:.2f}" for _, size in steps]
    dataset.LossyImageCompressionMethod = [method for method, _ in steps]


def _look(path: Path, capture: Capture, mask: SequenceMask | None, meter: Meter) -> Facts:
    times: list[float] = []
    grey, shape = True, (0, 0)
    for time_ms, picture in _shown(path, capture, mask):
        times.append(time_ms)
        grey = grey and is_grey(picture)
        shape = (picture.shape[0], picture.shape[1])
        meter.step()
    if not times:
        raise _unreadable(capture, "it has no frame")
    with open_container(path) as container:
        stream = container.streams.video[0]
        codec, rate = stream.codec_context.name, stream.average_rate
    since_first = tuple(time - times[0] for time in times)
    return Facts(since_first, grey, codec, float(rate or 25), shape)


def _frames(path: Path, capture: Capture) -> Iterator[tuple[float, Pixels]]:
    """The frames of a clip, each with its time in milliseconds."""
    reader = PixelReader()
    try:
        with open_container(path) as container:
            for frame in container.decode(video=0):
                if frame.time is None:
                    raise _unreadable(capture, "a frame has no time")
                yield frame.time * 1000.0, reader.pixels(frame)
    except (av.error.FFmpegError, OSError, IndexError, ValueError) as error:
        raise _unreadable(capture, getattr(error, "strerror", "") or str(error)) from error


def _shown(
    path: Path, capture: Capture, mask: SequenceMask | None
) -> Iterator[tuple[float, Pixels]]:
    """The frames as they are passed on, black where nothing may be shown."""
    for number, (time_ms, picture) in enumerate(_frames(path, capture)):
        yield time_ms, picture if mask is None else with_mask(picture, mask.mask(number))


def _sequence_mask(exam: Exam, path: Path, capture: Capture, meter: Meter) -> SequenceMask:
    """The masks of a clip's frames, after all of them were looked at."""
    height, width = read_still(exam, capture).shape[:2]
    # A video has even sizes: up to one row and column more than the picture.
    allowed = {(height, width), (height + height % 2, width + width % 2)}
    mask = SequenceMask(capture.shot.field)
    for _, picture in _frames(path, capture):
        # The field was found in the still: in a frame of another size it lies elsewhere.
        if picture.shape[:2] not in allowed:
            raise OutputError(
                f"the clip of capture {capture.capture_id} has another size than its still",
                "Text in it cannot be hidden: export without clips",
            )
        mask.add(picture)
        meter.step()
    if not len(mask):
        raise _unreadable(capture, "it has no frame")
    if not mask.shows_any:
        raise NothingShownError
    return mask


def _unreadable(capture: Capture, reason: str) -> RecordError:
    return RecordError(
        f"the clip of capture {capture.capture_id} cannot be read: {reason}",
        "Export without clips",
    )
