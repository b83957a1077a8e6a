"""The exam's report: a Comprehensive SR after the template Measurement Report (TID 1500).

Each capture is a measurement group: the plane as the finding, the part of the body as its site,
the confidence as a measurement, the box as an image region, what the user said as an evaluation.
The user's notes, the name of the source and the like are left out: they may name a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    GraphicTypeValues,
    ImageContentItem,
    ImageRegion,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as standard
from pydicom.uid import ExplicitVRLittleEndian

from sonoassist import __version__
from sonoassist.core.packets import Box
from sonoassist.exam.dicom_out import codes, header, uids
from sonoassist.exam.dicom_out.codes import Term
from sonoassist.exam.dicom_out.exported import Exported
from sonoassist.exam.records import Capture, ExamInfo

Group = PlanarROIMeasurementsAndQualitativeEvaluations | MeasurementsAndQualitativeEvaluations
_MODEL_FACTS = ("name", "title", "architecture", "domain", "weights_sha256", "hash")


def report_object(
    info: ExamInfo, exported: Sequence[Exported], notes: Sequence[str] = ()
) -> ComprehensiveSR:
    """The report on an exam.

    Args:
        info: Of the exam.
        exported: The captures with their objects; at least one.
        notes: What else must be known, such as captures that are left out.
    """
    images = [one for pair in exported for one in (pair.still, pair.clip) if one is not None]
    labels = {item.key: item.label for item in info.start.items}
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=_observer(info)),
        procedure_reported=_concept(codes.OBSTETRIC_SCAN),
        imaging_measurements=[_group(info, one, labels) for one in exported],
        referenced_images=images,
    )
    content[0].ContentSequence.extend(_comment(text) for text in (*_notes(info), *notes))
    moment = _finished(info)
    report = ComprehensiveSR(
        evidence=images,
        content=content,
        series_instance_uid=uids.uid(info.exam_id, "series", header.REPORTS.key),
        series_number=header.REPORTS.number,
        sop_instance_uid=uids.uid(info.exam_id, "report"),
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        content_date=moment.date(),
        content_time=moment.time(),
        coding_schemes=[_private_scheme()],
    )
    _finish(report, info)
    return report


def _finish(report: ComprehensiveSR, info: ExamInfo) -> None:
    """Our own header in place of the library's, and a UID that goes with the content."""
    header.add_patient(report, info)
    header.add_study(report, info)
    header.add_series(report, info, header.REPORTS)
    # When the file is written says nothing, and would make each export another one.
    del report.InstanceCreationDate, report.InstanceCreationTime
    del report.ContributingEquipmentSequence
    _name(report, uids.uid(info.exam_id, "report", uids.digest(_encoded(report, info))))


def _encoded(report: ComprehensiveSR, info: ExamInfo) -> bytes:
    """The report as bytes, under a UID that does not depend on its content."""
    _name(report, uids.uid(info.exam_id, "report"))
    buffer = BytesIO()
    report.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _name(report: ComprehensiveSR, instance_uid: str) -> None:
    report.SOPInstanceUID = instance_uid
    report.file_meta = header.file_meta(report.SOPClassUID, instance_uid, ExplicitVRLittleEndian)


def _finished(info: ExamInfo) -> datetime:
    if info.ended:
        return datetime.fromisoformat(info.ended_at).astimezone()
    return header.at(info, info.length_s)


def _notes(info: ExamInfo) -> list[str]:
    return [*([header.SYNTHETIC_NOTE] if info.start.synthetic else []), header.NOTE]


def _observer(info: ExamInfo) -> ObserverContext:
    return ObserverContext(
        observer_type=standard.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=uids.uid("device", __version__),
            name=header.MANUFACTURER,
            manufacturer_name=header.MANUFACTURER,
            model_name=f"{header.MANUFACTURER} {__version__}",
        ),
    )


def _group(info: ExamInfo, exported: Exported, labels: dict[str, str]) -> Group:
    """The measurement group of one capture."""
    capture = exported.capture
    plane, site = codes.plane_term(capture.shot.plane), codes.site_term(capture.shot.plane)
    facts = {
        "tracking_identifier": TrackingIdentifier(
            uid=uids.uid(info.exam_id, "capture", capture.capture_id),
            identifier=f"Capture {capture.capture_id}",
        ),
        "finding_type": _concept(plane) if plane else None,
        "finding_sites": [FindingSite(_concept(site))] if site else None,
        "algorithm_id": _algorithm(info) if plane else None,
        "measurements": _measurements(capture),
        "qualitative_evaluations": _evaluations(capture),
    }
    group = _placed(exported, facts)
    if exported.clip is not None:
        group[0].ContentSequence.append(_clip_item(exported.clip))
    item, why = labels.get(capture.shot.item, ""), header.one_line(capture.shot.why)
    checklist = f"Checklist: {header.one_line(item)}" if item else ""
    group[0].ContentSequence.extend(_comment(text) for text in (checklist, why) if text)
    return group


def _placed(exported: Exported, facts: dict[str, Any]) -> Group:
    """The group with its box; without one it speaks of the whole picture."""
    still, box = exported.still, exported.capture.shot.box
    if box is not None:
        return PlanarROIMeasurementsAndQualitativeEvaluations(
            referenced_region=_region(still, box), **facts
        )
    source = SourceImageForMeasurementGroup(still.SOPClassUID, still.SOPInstanceUID)
    return MeasurementsAndQualitativeEvaluations(source_images=[source], **facts)


def _region(still: Dataset, box: Box) -> ImageRegion:
    """A closed rectangle. Both we and PS3.3 C.18.6 count from the corner of the first pixel."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return ImageRegion(
        graphic_type=GraphicTypeValues.POLYLINE,
        graphic_data=np.array(corners, np.float64),
        source_image=SourceImageForRegion(still.SOPClassUID, still.SOPInstanceUID),
    )


def _measurements(capture: Capture) -> list[Measurement]:
    shot = capture.shot
    found = [_percent(codes.QUALITY, shot.quality)]
    if codes.plane_term(shot.plane) is not None:
        found.insert(0, _percent(codes.CERTAINTY, shot.confidence))
    return found


def _percent(name: Term, share: float) -> Measurement:
    return Measurement(
        name=_concept(name), value=round(share * 100.0, 4), unit=_concept(codes.PERCENT)
    )


def _evaluations(capture: Capture) -> list[QualitativeEvaluation]:
    pairs = (
        (codes.JUDGEMENT, codes.JUDGEMENTS[capture.judgement]),
        (codes.CHOSEN_BY, codes.HOWS[capture.shot.how]),
    )
    return [QualitativeEvaluation(_concept(name), _concept(value)) for name, value in pairs]


def _algorithm(info: ExamInfo) -> AlgorithmIdentification:
    """The program, and as its parameters what is known of the network."""
    model = info.start.model
    known = [f"model {key}: {model[key]}" for key in _MODEL_FACTS if model.get(key)]
    return AlgorithmIdentification(
        name=f"{header.MANUFACTURER} standard plane detection",
        version=__version__,
        parameters=[header.one_line(text) for text in known] or None,
        manufacturer=header.MANUFACTURER,
    )


def _clip_item(clip: Dataset) -> ImageContentItem:
    return ImageContentItem(
        name=_concept(codes.CLIP),
        referenced_sop_class_uid=clip.SOPClassUID,
        referenced_sop_instance_uid=clip.SOPInstanceUID,
        relationship_type=RelationshipTypeValues.CONTAINS,
    )


def _comment(text: str) -> TextContentItem:
    return TextContentItem(
        name=_concept(codes.COMMENT),
        value=text,
        relationship_type=RelationshipTypeValues.CONTAINS,
    )


def _concept(term: Term) -> CodedConcept:
    return CodedConcept(term.value, term.scheme, term.meaning)


def _private_scheme() -> CodingSchemeIdentificationItem:
    return CodingSchemeIdentificationItem(
        designator=codes.PRIVATE,
        name=codes.PRIVATE_NAME,
        version=codes.PRIVATE_VERSION,
        responsible_organization=header.MANUFACTURER,
    )
