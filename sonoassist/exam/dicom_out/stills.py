"""The still of a capture as an Ultrasound Image, without loss."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage

from sonoassist.errors import DamagedFrameError, OutputError, SourceError
from sonoassist.exam.dicom_out import header, uids
from sonoassist.exam.dicom_out.options import Mask, Shown
from sonoassist.exam.dicom_out.pixels import as_stored, describe, is_grey
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture, ExamInfo
from sonoassist.exam.schema import RecordError
from sonoassist.packets import Pixels
from sonoassist.sources.sniff import VIDEO_SUFFIXES
from sonoassist.sources.stills import decode_still


def read_still(exam: Exam, capture: Capture) -> Pixels:
    """The still of a capture, uint8 (H, W, 3) RGB or (H, W) grey.

    Raises:
        RecordError: It is gone or damaged.
    """
    try:
        return decode_still(capture.still, (exam.media / capture.still).read_bytes())
    except (OSError, DamagedFrameError, SourceError) as error:
        raise RecordError(
            f"the still of capture {capture.capture_id} cannot be read",
            "Leave this capture out",
        ) from error


def still_object(exam: Exam, info: ExamInfo, capture: Capture, mask: Mask | None) -> Dataset:
    """The still of a capture as an Ultrasound Image.

    Raises:
        RecordError: The still cannot be read.
        OutputError: It is too large for DICOM.
    """
    picture = read_still(exam, capture)
    if mask is not None:
        picture = blackened(picture, mask([picture], capture.shot.field), capture)
    pixels = as_stored(picture, grey=is_grey(picture))
    dataset = header.picture_header(
        info, capture, header.STILLS, UltrasoundImageStorage, masked=mask is not None
    )
    describe(dataset, pixels, "RGB" if pixels.ndim == 3 else "MONOCHROME2")
    if _lossy(info):
        dataset.LossyImageCompression = "01"
    data = pixels.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    names = (info.exam_id, "still", capture.capture_id, mask is not None, uids.digest(data))
    dataset.SOPInstanceUID = uids.uid(*names)
    dataset.file_meta = header.file_meta(
        UltrasoundImageStorage, dataset.SOPInstanceUID, ExplicitVRLittleEndian
    )
    return dataset


def blackened(picture: Pixels, shown: Shown, capture: Capture) -> Pixels:
    """A picture that is black where nothing may be shown.

    Raises:
        OutputError: Nothing would be left of it.
    """
    if not shown.any():
        raise OutputError(
            f"no ultrasound picture was found on capture {capture.capture_id}, all would be black",
            "Reject that capture, or export without masking",
        )
    copy: Pixels = picture.copy()
    copy[~shown] = 0
    return copy


def _lossy(info: ExamInfo) -> bool:
    """Whether the exam was watched through a video that had lost something already.

    What a capture device or a file of another kind did to the picture is not known.
    """
    source = info.start.source.lower()
    return "://" in source or source.endswith(VIDEO_SUFFIXES)
