"""The still of a capture as an Ultrasound Image, without loss."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Pixels
from sonoassist.exam.dicom_out import header, uids
from sonoassist.exam.dicom_out.exported import NothingShownError
from sonoassist.exam.dicom_out.pixels import as_stored, describe, is_grey
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture, ExamInfo
from sonoassist.exam.schema import RecordError
from sonoassist.preprocess.masking import masked
from sonoassist.sources.kinds import kind_of
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


def still_object(exam: Exam, info: ExamInfo, capture: Capture, *, mask: bool) -> Dataset:
    """The still of a capture as an Ultrasound Image.

    Raises:
        RecordError: The still cannot be read.
        OutputError: It is too large for DICOM.
        NothingShownError: No ultrasound picture was surely found on it.
    """
    picture = read_still(exam, capture)
    if mask:
        picture = masked(picture, capture.shot.field)
        if not picture.any():
            raise NothingShownError
    pixels = as_stored(picture, grey=is_grey(picture))
    dataset = header.picture_header(
        info, capture, header.STILLS, UltrasoundImageStorage, masked=mask
    )
    describe(dataset, pixels, "RGB" if pixels.ndim == 3 else "MONOCHROME2")
    if _lossy(info, capture):
        dataset.LossyImageCompression = "01"
    data = pixels.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    names = (info.exam_id, "still", capture.capture_id, mask, uids.digest(data))
    dataset.SOPInstanceUID = uids.uid(*names, *header.choice(info, capture))
    dataset.file_meta = header.file_meta(
        UltrasoundImageStorage, dataset.SOPInstanceUID, ExplicitVRLittleEndian
    )
    return dataset


def _lossy(info: ExamInfo, capture: Capture) -> bool:
    """Whether the exam was watched through a video that had lost something already.

    What a capture device or a file of another kind did to the picture is not known.
    """
    source = info.history.watched(capture.capture_id, capture.shot.at_s).source
    return kind_of(source).was_compressed(source)
