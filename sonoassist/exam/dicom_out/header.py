"""What all objects of an exam have in common: no patient, one study, this program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from sonoassist import __version__
from sonoassist.exam.capture_words import (
    capture_words,
    chosen_by_hand,
    in_a_sentence,
    item_of,
    plane_of,
)
from sonoassist.exam.dicom_out import codes, uids
from sonoassist.exam.records import Capture, ExamInfo

MANUFACTURER = "SonoAssist"
NOTE = "Research and training only. Not for diagnosis."
SYNTHETIC_NOTE = "Synthetic exam: no patient."
_DE_IDENTIFIED = "No identity was recorded; all outside the field of view is black"
_SHORT, _LONG = 16, 64
"""Most characters of the value representations SH and LO."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an exam's study.

    Attributes:
        key: Part of its UID.
        number: Within the study.
        modality: "US" or "SR".
        description: For people.
    """

    key: str
    number: int
    modality: str
    description: str


STILLS = Series("stills", 1, "US", "SonoAssist stills")
CLIPS = Series("clips", 2, "US", "SonoAssist clips")
REPORTS = Series("report", 3, "SR", "SonoAssist report")


def began(info: ExamInfo) -> datetime:
    """When the exam began, in the local time of this computer."""
    return datetime.fromisoformat(info.started_at).astimezone()


def at(info: ExamInfo, at_s: float) -> datetime:
    """The moment `at_s` seconds after the exam began, in local time."""
    return (datetime.fromisoformat(info.started_at) + timedelta(seconds=at_s)).astimezone()


def date_text(moment: datetime) -> str:
    """As the value representation DA."""
    return f"{moment:%Y%m%d}"


def time_text(moment: datetime) -> str:
    """As the value representation TM."""
    return f"{moment:%H%M%S.%f}"


def file_meta(sop_class: str, instance_uid: str, syntax: str) -> FileMetaDataset:
    """The file's own header."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(instance_uid)
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(uids.uid("implementation"))
    meta.ImplementationVersionName = f"SONOASSIST_{__version__}"[:_SHORT]
    return meta


def picture_header(
    info: ExamInfo, capture: Capture, series: Series, sop_class: str, *, masked: bool
) -> Dataset:
    """All of a still or a clip but its picture and its own UID.

    Args:
        info: Of the exam.
        capture: What is shown.
        series: It belongs to.
        sop_class: UID of its kind.
        masked: Nothing is left outside the field of view.
    """
    dataset = Dataset()
    dataset.SOPClassUID = UID(sop_class)
    dataset.InstanceNumber = capture.capture_id
    add_patient(dataset, info)
    add_study(dataset, info)
    add_series(dataset, info, series)
    dataset.PatientIdentityRemoved = "YES" if masked else "NO"
    if masked:
        dataset.DeidentificationMethod = _DE_IDENTIFIED
    dataset.BurnedInAnnotation = "NO" if masked else "YES"
    _add_picture_facts(dataset, info, capture)
    return dataset


def add_patient(dataset: Dataset, info: ExamInfo) -> None:
    """The patient: a made-up number in place of a name."""
    dataset.SpecificCharacterSet = "ISO_IR 192"
    number = uids.anonymous_id(info.exam_id)
    dataset.PatientName, dataset.PatientID = f"Anonymous^{number}", number
    dataset.PatientBirthDate = dataset.PatientSex = ""


def add_study(dataset: Dataset, info: ExamInfo) -> None:
    """The study: the exam."""
    moment = began(info)
    study = one_line(info.start.study_id)
    dataset.StudyInstanceUID = study_uid(info.exam_id)
    dataset.StudyDate, dataset.StudyTime = date_text(moment), time_text(moment)
    # An accession number is given by an order; one of our own could match somebody else's.
    dataset.AccessionNumber = ""
    # Media directories want one; a number that is too long is in the description.
    own = 0 < len(study) <= _SHORT
    dataset.StudyID = study if own else uids.anonymous_id(info.exam_id)
    dataset.StudyDescription = _description(info, study)
    dataset.ReferringPhysicianName = ""
    dataset.TimezoneOffsetFromUTC = f"{moment:%z}"[:5]


def add_series(dataset: Dataset, info: ExamInfo, series: Series) -> None:
    """The series and who made it."""
    moment = began(info)
    dataset.SeriesInstanceUID = uids.uid(info.exam_id, "series", series.key)
    dataset.SeriesNumber = series.number
    dataset.Modality = series.modality
    dataset.SeriesDescription = series.description
    dataset.SeriesDate, dataset.SeriesTime = date_text(moment), time_text(moment)
    dataset.Manufacturer = dataset.ManufacturerModelName = MANUFACTURER
    dataset.SoftwareVersions = __version__


def study_uid(exam_id: str) -> str:
    """UID of the study that an exam is."""
    return uids.uid(exam_id, "study")


def one_line(text: str) -> str:
    """Without what DICOM texts may not hold: control characters and the separator of values."""
    return " ".join("".join(c if c.isprintable() and c != "\\" else " " for c in text).split())


def choice(info: ExamInfo, capture: Capture) -> tuple[str, ...]:
    """What a person chose other than the network saw, for the object's UID.

    A capture that was moved to another item is another object: archives keep the first of one UID.
    """
    shot = capture.shot
    return (shot.item,) if chosen_by_hand(shot, item_of(shot, info.start.items)) else ()


def _description(info: ExamInfo, study: str) -> str:
    what = "Synthetic exam, no patient" if info.synthetic else "SonoAssist exam"
    text = f"{what}, study {study}" if study else what
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."


def _add_picture_facts(dataset: Dataset, info: ExamInfo, capture: Capture) -> None:
    shot = capture.shot
    moment = at(info, shot.at_s)
    dataset.ContentDate, dataset.ContentTime = date_text(moment), time_text(moment)
    dataset.AcquisitionDateTime = f"{moment:%Y%m%d%H%M%S.%f}{moment:%z}"
    # The scanner's screen was captured, not its own object; a named plane is always in B-mode.
    dataset.ImageType = ["DERIVED", "PRIMARY", "OBSTETRICAL", *(["0001"] if shot.plane else [])]
    dataset.DerivationDescription = "Captured from the picture that the scanner shows"
    dataset.PatientOrientation = ""
    # Of the patient, who is the mother; without it the side of the body would be asked for.
    dataset.BodyPartExamined = "UTERUS"
    _add_view(dataset, plane_of(shot, item_of(shot, info.start.items)))
    if _synthetic(info, capture):
        dataset.QualityControlImage = "YES"
    dataset.ImageComments = _comments(info, capture)


def _synthetic(info: ExamInfo, capture: Capture) -> bool:
    """Whether this picture is of a synthetic exam: an exam may go on with another source."""
    return info.history.watched(capture.capture_id, capture.shot.at_s).synthetic


def _comments(info: ExamInfo, capture: Capture) -> str:
    """The same sentence as everywhere, with the long names of planes."""
    parts = [SYNTHETIC_NOTE] if _synthetic(info, capture) else []
    said = capture_words(capture.shot, item_of(capture.shot, info.start.items), full=True)
    by = in_a_sentence(one_line(said), f"by {MANUFACTURER} {__version__}.")
    return " ".join([*parts, by, NOTE])


def _add_view(dataset: Dataset, plane: str) -> None:
    """The view and the part of the body, coded; a person's choice goes before the network's."""
    view, site = codes.plane_term(plane), codes.site_term(plane)
    if view is not None and site is not None:
        dataset.ViewCodeSequence = [_coded(view)]
        dataset.AnatomicRegionSequence = [_coded(site)]


def _coded(term: codes.Term) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = term.value, term.scheme
    item.CodeMeaning = term.meaning
    return item
