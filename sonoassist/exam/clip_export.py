"""The clips of an exam as video files of their own, without what could name the patient."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sonoassist.errors import OutputError, SonoAssistError
from sonoassist.exam.exam import Exam
from sonoassist.exam.masking import mask_of, with_mask
from sonoassist.exam.records import Capture, Judgement
from sonoassist.exam.ultrasound_area import Mask
from sonoassist.files import ensure_folder, replacing
from sonoassist.packets import Box, Pixels
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources import open_source
from sonoassist.sources.base import SYNTHETIC_MARK

LOOKED_AT = 40
"""Frames that the mask is made from at most, spread over the clip: texts stay longer than that."""
USUAL_FPS = 25.0


def write_clips(exam: Exam, folder: Path, *, mask: bool) -> Iterator[Path]:
    """Write the clips of all captures that were not rejected; gives each file when it is there.

    Args:
        exam: Open.
        folder: Made where it is missing and there is a clip.
        mask: Black out what is not ultrasound.

    Raises:
        OutputError: The operating system refuses; or, after all others are written, a clip could
            not be.
    """
    troubles: list[str] = []
    for one in exam.captures():
        if not one.clip or one.judgement is Judgement.REJECTED:
            continue
        target = ensure_folder(folder) / clip_name(one)
        try:
            _write(exam.media / one.clip, target, one.shot.field, mask=mask)
        except _NoClipError as error:
            troubles.append(f"the clip of capture {one.capture_id} is left out: {error}")
        else:
            yield target
    if troubles:
        more = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
        raise OutputError(f"{troubles[0]}{more}", "All the others are written")


def clip_name(one: Capture) -> str:
    """Name of the file that a capture's clip is exported to."""
    return f"{one.shot.item or one.shot.plane or 'capture'}-{one.capture_id:03d}.mp4"


class _NoClipError(Exception):
    """This clip cannot be exported; the others can."""


def _write(path: Path, target: Path, field: Box, *, mask: bool) -> None:
    if not path.is_file():
        raise _NoClipError("its file is gone")
    with replacing(target, private=True) as temporary:
        if not mask:
            shutil.copyfile(path, temporary)
            return
        try:
            shown = _mask(path, field)
            if not shown.any():
                raise _NoClipError("no ultrasound picture was found on it, so all would be black")
            _encode(path, temporary, shown)
        except OutputError:
            raise
        except SonoAssistError as error:
            raise _NoClipError(error.message) from error


def _mask(path: Path, field: Box) -> Mask:
    """One mask for all frames of a clip."""
    with open_source(str(path)) as source:
        step = max(-(-(source.info.frame_count or 1) // LOOKED_AT), 1)
        pictures = [frame.pixels for number, frame in enumerate(source) if number % step == 0]
    if not pictures:
        raise _NoClipError("it holds no picture")
    return mask_of(pictures, field)


def _encode(path: Path, target: Path, shown: Mask) -> None:
    with open_source(str(path)) as source:
        info = source.info
        comment = SYNTHETIC_MARK if info.synthetic else ""
        with VideoEncoder(
            target, info.width_px, info.height_px, info.fps or USUAL_FPS, comment=comment
        ) as encoder:
            for frame in source:
                encoder.add(with_mask(_coloured(frame.pixels), shown), frame.time_s)


def _coloured(picture: Pixels) -> Pixels:
    if picture.ndim == 3:
        return picture
    return np.repeat(picture[..., None], 3, axis=2)
