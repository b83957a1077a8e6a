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
from sonoassist.core.percent import whole_percent
from sonoassist.exam.capture_words import (
    capture_words,
    chosen_by_hand,
    item_of,
    own_box,
    plane_of,
    why_words,
)
from sonoassist.exam.dicom_out import codes, header, uids
from sonoassist.exam.dicom_out.codes import Term
from sonoassist.exam.dicom_out.exported import ExportedCapture
from sonoassist.exam.in_force import InForce
from sonoassist.exam.in_force_words import calibrated_words, threshold_words
from sonoassist.exam.records import Capture, ExamInfo

Group = PlanarROIMeasurementsAndQualitativeEvaluations | MeasurementsAndQualitativeEvaluations
_MODEL_FACTS = ("name", "title", "architecture", "domain", "weights_sha256", "hash")


def report_object(
    info: ExamInfo, exported: Sequence[ExportedCapture], notes: Sequence[str] = ()
) -> ComprehensiveSR:
    """The report on an exam.

    Args:
        info: Of the exam.
        exported: The captures with their objects; at least one.
        notes: What else must be known, such as captures that are left out.
    """
    images = [one for pair in exported for one in (pair.still, pair.clip) if one is not None]
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=_observer(info)),
        procedure_reported=_concept(codes.OBSTETRIC_SCAN),
        imaging_measurements=[group for one in exported for group in _groups(info, one)],
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
    return [*([header.SYNTHETIC_NOTE] if info.synthetic else []), header.NOTE]


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


def _groups(info: ExamInfo, exported: ExportedCapture) -> list[Group]:
    """The measurement groups of one capture.

    Where a person chose another item than the network saw there are two: what the person says, and
    what the network saw with its confidence and its box.
    """
    capture, shot = exported.capture, exported.capture.shot
    item = item_of(shot, info.start.items)
    by_hand = chosen_by_hand(shot, item)
    group = _group(
        info,
        exported,
        "",
        plane_of(shot, item),
        own_box(shot, item),
        [] if by_hand else _certainty(capture),
        by_network=not by_hand,
    )
    if exported.clip is not None:
        group[0].ContentSequence.append(_clip_item(exported.clip))
    checklist = f"Checklist: {item.label}" if item is not None else ""
    texts = (checklist, capture_words(shot, item), why_words(shot))
    lines = [line for text in texts if (line := header.one_line(text))]
    group[0].ContentSequence.extend(_comment(line) for line in lines)
    if not by_hand or not shot.plane:
        return [group]
    seen = _certainty(capture)
    return [group, _group(info, exported, "network", shot.plane, shot.box, seen, by_network=True)]


def _group(
    info: ExamInfo,
    exported: ExportedCapture,
    beside: str,
    plane: str,
    box: Box | None,
    certainty: Sequence[Measurement],
    *,
    by_network: bool,
) -> Group:
    """What one of them, a person or the network, says of a capture.

    Args:
        info: Of the exam.
        exported: The capture with its objects.
        beside: "network" for what it saw beside a person's choice; "" for the capture itself.
        plane: Key of the plane that it finds, or "".
        box: In frame pixels, or None.
        certainty: Of the network.
        by_network: The network says so.
    """
    capture = exported.capture
    judged = info.history.of(capture.capture_id, capture.shot.at_s)
    view, site = codes.plane_term(plane), codes.site_term(plane)
    more = ("network",) if beside else ()
    facts = {
        "tracking_identifier": TrackingIdentifier(
            uid=uids.uid(info.exam_id, "capture", capture.capture_id, *more),
            identifier=f"Capture {capture.capture_id}{', what the network saw' if beside else ''}",
        ),
        "finding_type": _concept(view) if view else None,
        "finding_sites": [FindingSite(_concept(site))] if site else None,
        "algorithm_id": _algorithm(judged) if view and by_network else None,
        "measurements": [*certainty, _percent(codes.QUALITY, capture.shot.quality)],
        # A person judged the picture as what it was chosen for, never as what the network saw.
        "qualitative_evaluations": [] if beside else _evaluations(capture),
    }
    return _placed(exported, box, facts)


def _placed(exported: ExportedCapture, box: Box | None, facts: dict[str, Any]) -> Group:
    """The group with its box; without one it speaks of the whole picture."""
    still = exported.still
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


def _certainty(capture: Capture) -> list[Measurement]:
    """How sure the network was of the plane that it saw, in whole per cent as everywhere."""
    shot = capture.shot
    if codes.plane_term(shot.plane) is None:
        return []
    return [_percent(codes.CERTAINTY, whole_percent(shot.confidence) / 100)]


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


def _algorithm(judged: InForce) -> AlgorithmIdentification:
    """The program, and as its parameters what a capture was judged by."""
    model = judged.model
    known = [f"model {key}: {model[key]}" for key in _MODEL_FACTS if model.get(key)]
    known += [f"model {calibrated_words(judged)}"] if judged.judges else []
    threshold = threshold_words(judged)
    known += [f"threshold: {threshold}"] if threshold else []
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
