"""The clips of an exam as video files of their own, without what could name the patient."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from sonoassist.core.errors import OutputError, SonoAssistError
from sonoassist.core.files import ensure_folder, replacing
from sonoassist.core.packets import Box, Pixels
from sonoassist.core.progress import Meter
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture, Judgement
from sonoassist.preprocess.masking import SequenceMask, with_mask
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources import open_source
from sonoassist.sources.base import SYNTHETIC_MARK
from sonoassist.sources.libav import frame_count

USUAL_FPS = 25.0


def write_clips(
    exam: Exam,
    folder: Path,
    *,
    mask: bool,
    warned: Callable[[str], None] = lambda sentence: None,
    meter: Meter | None = None,
) -> Iterator[Path]:
    """Write the clips of all captures that were not rejected; gives each file when it is there.

    Args:
        exam: Open.
        folder: Made where it is missing and there is a clip.
        mask: Black out what is not ultrasound.
        warned: Is told of each clip that is left out, since nothing of it may be shown.
        meter: Counts the pictures that were looked at, see `clip_steps`.

    Raises:
        OutputError: The operating system refuses; or, after all others are written, a clip could
            not be.
    """
    troubles: list[str] = []
    meter = meter or Meter()
    for one in _with_clip(exam):
        target = ensure_folder(folder) / clip_name(one)
        try:
            _write(exam.media / one.clip, target, one.shot.field, mask=mask, meter=meter)
        except _NothingShownError:
            warned(
                f"The clip of capture {one.capture_id} is left out: "
                "no ultrasound picture was surely found on it"
            )
        except _NoClipError as error:
            troubles.append(f"the clip of capture {one.capture_id} is left out: {error}")
        else:
            yield target
    if troubles:
        more = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
        raise OutputError(f"{troubles[0]}{more}", "All the others are written")


def clip_steps(exam: Exam, *, mask: bool) -> int:
    """Pictures that `write_clips` will count: it looks at each twice to mask it."""
    return sum(2 * frame_count(exam.media / one.clip) if mask else 1 for one in _with_clip(exam))


def _with_clip(exam: Exam) -> list[Capture]:
    return [one for one in exam.captures() if one.clip and one.judgement is not Judgement.REJECTED]


def clip_name(one: Capture) -> str:
    """Name of the file that a capture's clip is exported to."""
    return f"{one.shot.item or one.shot.plane or 'capture'}-{one.capture_id:03d}.mp4"


class _NothingShownError(Exception):
    """Masked, all of this clip would be black."""


class _NoClipError(Exception):
    """This clip cannot be exported; the others can."""


def _write(path: Path, target: Path, field: Box, *, mask: bool, meter: Meter) -> None:
    if not path.is_file():
        raise _NoClipError("its file is gone")
    with replacing(target, private=True) as temporary:
        if not mask:
            shutil.copyfile(path, temporary)
            meter.step()
            return
        try:
            shown = _mask(path, field, meter)
            if not shown.shows_any:
                raise _NothingShownError
            _encode(path, temporary, shown, meter)
        except OutputError:
            raise
        except SonoAssistError as error:
            raise _NoClipError(error.message) from error


def _mask(path: Path, field: Box, meter: Meter) -> SequenceMask:
    """The masks of a clip's frames, after all of them were looked at."""
    mask = SequenceMask(field)
    with open_source(str(path)) as source:
        for frame in source:
            mask.add(frame.pixels)
            meter.step()
    if not len(mask):
        raise _NoClipError("it holds no picture")
    return mask


def _encode(path: Path, target: Path, shown: SequenceMask, meter: Meter) -> None:
    with open_source(str(path)) as source:
        info = source.info
        comment = SYNTHETIC_MARK if info.synthetic else ""
        with VideoEncoder(
            target, info.width_px, info.height_px, info.fps or USUAL_FPS, comment=comment
        ) as encoder:
            for number, frame in enumerate(source):
                picture = with_mask(_coloured(frame.pixels), shown.mask(number))
                encoder.add(picture, frame.time_s)
                meter.step()


def _coloured(picture: Pixels) -> Pixels:
    if picture.ndim == 3:
        return picture
    return np.repeat(picture[..., None], 3, axis=2)
