from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from highdicom.sr import srread
from highdicom.sr.utils import find_content_items
from pydicom import dcmread
from pydicom.sr import _concepts_dict as standard

from dicom_exam import BOX, MODEL, made_exam, store_in
from sonoassist import __version__
from sonoassist.core import planes
from sonoassist.core.packets import Box
from sonoassist.exam.dicom_out import codes
from sonoassist.exam.dicom_out.export import DicomOptions, export_dicom


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    with made_exam(store_in(folder)) as exam:
        exam.end(9.0)
        written = export_dicom(exam, folder / "out", DicomOptions(unjudged=True))
    return {path.stem: path for path in written}


@pytest.fixture(scope="module")
def content(files: dict[str, Path]):
    return srread(files["report"]).content


def value_of(group, term: codes.Term) -> float:
    found = [one for one in group.get_measurements() if one.name.value == term.value]
    assert [(one.unit.value, one.unit.scheme_designator) for one in found] == [("%", "UCUM")]
    return float(found[0].value)


def answer_of(group, term: codes.Term) -> str:
    return next(
        one.value.meaning
        for one in group.get_qualitative_evaluations()
        if one.name.value == term.value
    )


def test_planes_confidences_and_boxes_come_back(files: dict[str, Path], content) -> None:
    groups = content.get_planar_roi_measurement_groups()
    expected = (
        ("4ch", 97.0, BOX, "still-001-4ch"),
        ("rvot", 81.0, Box(10, 20, 30, 40), "still-002-rvot"),
    )
    assert len(groups) == 2
    for group, (key, percent, box, still) in zip(groups, expected, strict=True):
        term, site = codes.plane_term(key), codes.site_term(key)
        assert term is not None
        assert site is not None
        assert (group.finding_type.value, group.finding_type.scheme_designator) == term[:2]
        assert [one.value.value for one in group.finding_sites] == [site.value]
        assert value_of(group, codes.CERTAINTY) == percent
        assert value_of(group, codes.QUALITY) == 62.5
        corners = np.asarray(group.roi.value)
        assert group.roi.graphic_type.value == "POLYLINE"
        assert np.array_equal(corners[0], corners[-1])
        assert Box(*corners.min(0), *corners.max(0)) == box
        source = group.roi.ContentSequence[0].ReferencedSOPSequence[0]
        assert source.ReferencedSOPInstanceUID == dcmread(files[still]).SOPInstanceUID
        assert answer_of(group, codes.JUDGEMENT) == "Kept by the user"
        assert answer_of(group, codes.CHOSEN_BY) == "The program"


def test_a_capture_without_plane_and_box(files: dict[str, Path], content) -> None:
    (group,) = content.get_image_measurement_groups()
    assert group.finding_type is None
    assert [one.name.value for one in group.get_measurements()] == [codes.QUALITY.value]
    assert answer_of(group, codes.JUDGEMENT) == "Not reviewed"
    assert answer_of(group, codes.CHOSEN_BY) == "The user"
    (source,) = group.source_images
    still = dcmread(files["still-003-capture"])
    assert source.referenced_sop_instance_uid == still.SOPInstanceUID
    assert "Checklist: Placenta" in texts(group[0], codes.COMMENT.value)
    assert texts(group[0], "111001") == []


def texts(item, code: str) -> list[str]:
    found = find_content_items(item, value_type="TEXT", recursive=True)
    return [one.value for one in found if one.name.value == code]


def test_the_algorithm_is_named_with_its_model(content) -> None:
    group = content.get_planar_roi_measurement_groups()[0][0]
    assert texts(group, "111001") == ["SonoAssist standard plane detection"]
    assert texts(group, "111003") == [__version__]
    assert f"model weights_sha256: {MODEL['weights_sha256']}" in texts(group, "111002")
    assert "model name: sononet16" in texts(group, "111002")


def test_what_it_is_not_for(content) -> None:
    found = [one for one in content[0].ContentSequence if one.name.value == codes.COMMENT.value]
    assert [one.TextValue for one in found] == [
        "Synthetic exam: no patient.",
        "Research and training only. Not for diagnosis.",
    ]


def test_clips_are_named_and_all_images_are_evidence(files: dict[str, Path], content) -> None:
    report = dcmread(files["report"])
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    evidence = {
        one.ReferencedSOPInstanceUID
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }
    images = {dcmread(path).SOPInstanceUID for name, path in files.items() if name != "report"}
    assert evidence == images
    for group, name in zip(
        content.get_planar_roi_measurement_groups(), ("clip-001-4ch", "clip-002-rvot"), strict=True
    ):
        named = [
            one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
            for one in group[0].ContentSequence
            if one.name.value == codes.CLIP.value
        ]
        assert named == [dcmread(files[name]).SOPInstanceUID]


def test_state_of_the_document(files: dict[str, Path]) -> None:
    report = dcmread(files["report"])
    assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert report.PreliminaryFlag == "PRELIMINARY"
    assert "InstanceCreationDate" not in report
    (scheme,) = report.CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == codes.PRIVATE


# --- the codes ------------------------------------------------------------------------------


def test_each_standard_plane_has_codes_that_fit_their_fields() -> None:
    for plane in planes.PLANES:
        term, site = codes.plane_term(plane.key), codes.site_term(plane.key)
        assert (term is None) == (site is None) == plane.is_background
        if term is not None:
            assert len(term.value) <= 16
            assert len(term.meaning) <= 64
    keys = [codes.plane_term(plane.key) for plane in planes.PLANES]
    assert len(set(keys)) == len(planes.PLANES)
    assert codes.plane_term("") is None


def test_public_codes_mean_what_we_say() -> None:
    terms = [codes.site_term(key) for key in planes.KEYS] + [codes.plane_term("rvot")]
    terms += [codes.PERCENT, codes.CERTAINTY, codes.COMMENT, codes.OBSTETRIC_SCAN]
    for term in terms:
        if term is None:
            continue
        meanings = [
            meaning
            for names in standard.concepts[term.scheme].values()
            for value, (meaning, _) in names.items()
            if value == term.value
        ]
        assert term.meaning in meanings, term
