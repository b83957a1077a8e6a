from __future__ import annotations

import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_exam import (
    BOX,
    FIELD,
    add_clip,
    black_outside,
    coloured,
    demo_pictures,
    made_exam,
    pictures_of,
    shot_of,
    start_of,
    store_in,
)
from dicom_validator import complaints
from sonoassist import __version__
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.exam.dicom_out import header
from sonoassist.exam.dicom_out.export import DicomOptions, export_dicom
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import ExamInfo, Judgement
from sonoassist.exam.schema import RecordError
from sonoassist.preprocess.masking import with_mask
from sonoassist.sources.dicom_times import frame_times
from sonoassist.sources.opening import open_source


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Exam:
    return made_exam(store_in(tmp_path_factory.mktemp("record")))


@pytest.fixture(scope="module")
def plain(exam: Exam, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return exported(
        exam, tmp_path_factory.mktemp("plain"), DicomOptions(unjudged=True, masked=False)
    )


@pytest.fixture(scope="module")
def masked(exam: Exam, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return exported(exam, tmp_path_factory.mktemp("masked"), DicomOptions(masked=True))


def exported(exam: Exam, folder: Path, options: DicomOptions) -> dict[str, Path]:
    return {path.stem: path for path in export_dicom(exam, folder, options)}


def picture_of(path: Path, index: int = 0) -> Pixels:
    """A frame as the program's own source of DICOM files shows it."""
    source = open_source(str(path))
    try:
        frames = [frame.pixels for frame in iter(source.read, None)]
    finally:
        source.close()
    return frames[index]


def still_of(exam: Exam, index: int) -> Pixels:
    return pictures_of(str(exam.media / exam.captures()[index].still), 1)[0]


def psnr_db(one: Pixels, other: Pixels) -> float:
    error = np.mean((one.astype(float) - other.astype(float)) ** 2)
    return float(10 * np.log10(255.0**2 / max(error, 1e-9)))


# --- what is written ------------------------------------------------------------------------


def test_files_of_an_exam(plain: dict[str, Path]) -> None:
    assert list(plain) == [
        "still-001-4ch",
        "clip-001-4ch",
        "still-002-rvot",
        "clip-002-rvot",
        "still-003-capture",
        "report",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in plain.values()} == {0o600}


def test_the_validator_finds_no_fault(plain: dict[str, Path], masked: dict[str, Path]) -> None:
    for path in (*plain.values(), *masked.values()):
        assert complaints(path) == [], path


def test_stills_lose_nothing(exam: Exam, plain: dict[str, Path]) -> None:
    for index, name in enumerate(("still-001-4ch", "still-002-rvot", "still-003-capture")):
        assert np.array_equal(picture_of(plain[name]), still_of(exam, index))
        dataset = dcmread(plain[name])
        assert dataset.PhotometricInterpretation == "RGB"
        assert "LossyImageCompression" not in dataset


def test_masked_pictures_are_black_outside_the_field(
    exam: Exam, plain: dict[str, Path], masked: dict[str, Path]
) -> None:
    still = still_of(exam, 0)
    assert not np.array_equal(still, black_outside(still, FIELD)), "nothing to hide"
    shown = picture_of(masked["still-001-4ch"])
    assert np.array_equal(shown, black_outside(shown, FIELD))
    assert np.array_equal(shown, with_mask(still, shown.any(axis=2)))
    assert shown.any(axis=2).mean() > 0.3
    clip = picture_of(masked["clip-001-4ch"], 2)
    # A block of a JPEG may bleed over the edge by less than its size of 16 pixels across.
    outside = black_outside(np.full_like(clip, 255), Box(24, 22, 616, 448)) == 0
    assert int(clip[outside].max()) <= 8
    assert int(clip.max()) > 100


def test_whether_text_may_be_burned_in_is_said(
    plain: dict[str, Path], masked: dict[str, Path]
) -> None:
    for name in ("still-001-4ch", "clip-001-4ch"):
        before, after = dcmread(plain[name]), dcmread(masked[name])
        assert (before.BurnedInAnnotation, after.BurnedInAnnotation) == ("YES", "NO")
        assert (before.PatientIdentityRemoved, after.PatientIdentityRemoved) == ("NO", "YES")
        assert after.DeidentificationMethod


def test_clips_keep_their_frames_and_times(exam: Exam, plain: dict[str, Path]) -> None:
    even, uneven = dcmread(plain["clip-001-4ch"]), dcmread(plain["clip-002-rvot"])
    assert (even.NumberOfFrames, even.FrameTime) == (5, 40)
    assert "FrameTimeVector" not in even
    assert list(uneven.FrameTimeVector) == [0, 40, 85, 35]
    assert "FrameTime" not in uneven
    assert frame_times(uneven) == (pytest.approx((0.0, 0.04, 0.125, 0.16)), True)
    for name, capture in (("clip-001-4ch", 0), ("clip-002-rvot", 1)):
        before = pictures_of(str(exam.media / exam.captures()[capture].clip), 99)
        assert len(before) == dcmread(plain[name]).NumberOfFrames
        for index, picture in enumerate(before):
            assert psnr_db(coloured(picture), coloured(picture_of(plain[name], index))) > 36.0


def test_loss_is_declared_step_by_step(exam: Exam, plain: dict[str, Path]) -> None:
    dataset = dcmread(plain["clip-001-4ch"])
    assert dataset.LossyImageCompression == "01"
    assert list(dataset.LossyImageCompressionMethod) == ["ISO_14496_10", "ISO_10918_1"]
    raw = dataset.Rows * dataset.Columns * 3 * 5
    video = (exam.media / exam.captures()[0].clip).stat().st_size
    assert [float(one) for one in dataset.LossyImageCompressionRatio] == pytest.approx(
        [raw / video, raw / len(dataset.PixelData)], rel=0.02
    )


def test_a_still_of_a_video_has_lost_something_before(tmp_path: Path) -> None:
    exam = made_exam(store_in(tmp_path), start_of(source="/tmp/scan.mp4"))
    files = exported(exam, tmp_path / "out", DicomOptions(captures=(1,), clips=False, masked=False))
    assert dcmread(files["still-001-4ch"]).LossyImageCompression == "01"
    assert list(files) == ["still-001-4ch", "report"]
    assert [complaint for path in files.values() for complaint in complaints(path)] == []


def test_pictures_without_colour_are_stored_grey(tmp_path: Path) -> None:
    picture = coloured(demo_pictures(1)[0][..., 1])[:401, :603]
    with store_in(tmp_path).create(start_of(synthetic=False, study_id="")) as exam:
        capture = exam.add_capture(shot_of("femur"), picture, judgement=Judgement.KEPT)
        add_clip(exam, capture, [picture, picture // 2], [0.0, 0.05])
        files = exported(exam, tmp_path / "out", DicomOptions(masked=True))
    still, clip = dcmread(files["still-001-femur"]), dcmread(files["clip-001-femur"])
    assert still.PhotometricInterpretation == clip.PhotometricInterpretation == "MONOCHROME2"
    stored = still.pixel_array
    assert np.array_equal(stored, np.where(stored > 0, picture[..., 0], 0))
    assert (stored > 0).mean() > 0.3
    assert clip.pixel_array.shape == (2, 402, 604)
    assert (still.StudyID, still.StudyDescription) == (still.PatientID, "SonoAssist exam")
    assert "QualityControlImage" not in still
    assert [complaint for path in files.values() for complaint in complaints(path)] == []


def test_a_clip_of_one_frame(tmp_path: Path) -> None:
    picture = demo_pictures(1)[0]
    with store_in(tmp_path).create(start_of()) as exam:
        capture = exam.add_capture(shot_of("lips"), picture, judgement=Judgement.KEPT)
        add_clip(exam, capture, [picture], [0.0])
        files = exported(exam, tmp_path / "out", DicomOptions(masked=False))
    assert dcmread(files["clip-001-lips"]).NumberOfFrames == 1
    assert complaints(files["clip-001-lips"]) == []


# --- whose it is ----------------------------------------------------------------------------


def test_no_object_names_a_person(tmp_path: Path) -> None:
    start = start_of(source="/home/jane.doe/Jane_Doe_1980.mp4")
    with made_exam(store_in(tmp_path), start) as exam:
        exam.set_note("Jane Doe, born 1980")
        files = exported(exam, tmp_path / "out", DicomOptions(unjudged=True, masked=False))
    for path in files.values():
        data = path.read_bytes().lower()
        assert b"jane" not in data
        assert b"doe" not in data
        dataset = dcmread(path)
        assert str(dataset.PatientID).startswith("SA-")
        assert str(dataset.PatientName) == f"Anonymous^{dataset.PatientID}"
        for keyword in ("PatientBirthDate", "PatientSex", "ReferringPhysicianName"):
            assert str(dataset[keyword].value or "") == ""
        assert dataset.AccessionNumber == ""


def test_one_study_and_three_series(plain: dict[str, Path]) -> None:
    datasets = [dcmread(path) for path in plain.values()]
    assert len({one.StudyInstanceUID for one in datasets}) == 1
    assert len({one.PatientID for one in datasets}) == 1
    assert {one.StudyID for one in datasets} == {"T-17"}
    assert len({one.SeriesInstanceUID for one in datasets}) == 3
    assert len({one.SOPInstanceUID for one in datasets}) == len(datasets)
    for one in datasets:
        assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID
        assert (one.Manufacturer, one.SoftwareVersions) == ("SonoAssist", __version__)
        assert not {"PixelSpacing", "SequenceOfUltrasoundRegions"} & set(one.dir())


def test_synthetic_exams_say_so(plain: dict[str, Path]) -> None:
    for name in ("still-001-4ch", "clip-002-rvot"):
        dataset = dcmread(plain[name])
        assert dataset.QualityControlImage == "YES"
        assert "Synthetic exam: no patient." in dataset.ImageComments
        assert dataset.ImageComments.endswith("Research and training only. Not for diagnosis.")
    assert dcmread(plain["report"]).StudyDescription.startswith("Synthetic exam, no patient")


def test_a_long_study_number_is_kept_in_the_description(tmp_path: Path) -> None:
    number = "trial\\ 2026 / site 4 / exam 0012"
    exam = made_exam(store_in(tmp_path), start_of(synthetic=False, study_id=number))
    files = exported(exam, tmp_path / "out", DicomOptions(captures=(2,), clips=False, masked=False))
    dataset = dcmread(files["still-002-rvot"])
    assert dataset.StudyID == dataset.PatientID
    assert dataset.StudyDescription == "SonoAssist exam, study trial 2026 / site 4 / exam 0012"
    assert [complaint for path in files.values() for complaint in complaints(path)] == []


@given(st.text(max_size=80))
def test_any_study_number_fits_its_fields(text: str) -> None:
    info = ExamInfo("2026-01-01-101010-abcd", "2026-01-01T10:10:10+00:00", "", 1.0, "", start_of())
    info = replace(info, start=replace(info.start, study_id=text))
    dataset = Dataset()
    header.add_study(dataset, info)
    assert 1 <= len(dataset.StudyID) <= 16
    assert len(dataset.StudyDescription) <= 64
    for value in (dataset.StudyID, dataset.StudyDescription):
        assert value.isprintable()
        assert value.encode("utf-8").decode("utf-8") == value
        assert "\\" not in value


def test_the_same_export_twice_gives_the_same_files(
    exam: Exam, plain: dict[str, Path], tmp_path: Path
) -> None:
    again = exported(exam, tmp_path, DicomOptions(unjudged=True, masked=False))
    for name, path in plain.items():
        assert again[name].read_bytes() == path.read_bytes(), name


def test_another_content_has_another_uid(
    tmp_path: Path, plain: dict[str, Path], masked: dict[str, Path]
) -> None:
    def uid(path: Path) -> str:
        return str(dcmread(path).SOPInstanceUID)

    for name in masked:
        assert uid(masked[name]) != uid(plain[name])
    exam = made_exam(store_in(tmp_path))
    first = exported(exam, tmp_path / "1", DicomOptions(captures=(1, 2), masked=False))
    exam.judge(2, Judgement.REJECTED)
    second = exported(exam, tmp_path / "2", DicomOptions(captures=(1, 2), masked=False))
    changed = {name for name in first if uid(first[name]) != uid(second[name])}
    assert changed == {"report"}
    assert not {uid(path) for path in first.values()} & {uid(path) for path in plain.values()}
    assert dcmread(first["report"]).StudyInstanceUID == dcmread(second["report"]).StudyInstanceUID


# --- bad input ------------------------------------------------------------------------------


def test_what_is_chosen(exam: Exam, tmp_path: Path) -> None:
    kept = exported(exam, tmp_path / "kept", DicomOptions(clips=False, masked=False))
    assert list(kept) == ["still-001-4ch", "still-002-rvot", "report"]
    one = exported(exam, tmp_path / "one", DicomOptions(captures=(3,), masked=False))
    assert list(one) == ["still-003-capture", "report"]
    with pytest.raises(UsageError, match="the exam has no capture 9"):
        export_dicom(exam, tmp_path / "none", DicomOptions(captures=(1, 9), masked=False))
    assert not (tmp_path / "none").exists()


def test_an_exam_without_kept_captures(tmp_path: Path) -> None:
    with store_in(tmp_path).create(start_of()) as exam:
        with pytest.raises(UsageError, match="no capture that was kept"):
            export_dicom(exam, tmp_path / "out")
        with pytest.raises(UsageError, match="the exam has no capture"):
            export_dicom(exam, tmp_path / "out", DicomOptions(unjudged=True, masked=False))


@pytest.mark.parametrize("which", ["still", "clip"])
@pytest.mark.parametrize("gone", [True, False])
def test_damaged_media_are_told_in_one_line(tmp_path: Path, which: str, gone: bool) -> None:
    with made_exam(store_in(tmp_path)) as exam:
        name = getattr(exam.captures()[0], which)
        if gone:
            (exam.media / name).unlink()
        else:
            (exam.media / name).write_bytes(b"not a picture" * 9)
        with pytest.raises(RecordError, match=f"the {which} of capture 1 cannot be read"):
            export_dicom(exam, tmp_path / "out")
    left = [path.name for path in (tmp_path / "out").iterdir()]
    assert left == ([] if which == "still" else ["still-001-4ch.dcm"])


def test_a_clip_of_another_size_is_not_masked(tmp_path: Path) -> None:
    picture = demo_pictures(1)[0]
    with store_in(tmp_path).create(start_of()) as exam:
        capture = exam.add_capture(shot_of("lips"), picture, judgement=Judgement.KEPT)
        add_clip(exam, capture, [picture[:300]], [0.0])
        with pytest.raises(OutputError, match="another size than its still"):
            export_dicom(exam, tmp_path / "out", DicomOptions(masked=True))
        export_dicom(exam, tmp_path / "out", DicomOptions(masked=False))


def form() -> Pixels:
    """A worklist, as a scanner shows it."""
    picture = np.full((480, 640, 3), 40, np.uint8)
    for row in range(60, 460, 34):
        cv2.putText(picture, f"DOE JANE  4711-{row}", (40, row), 0, 0.6, (220,) * 3, 1, cv2.LINE_AA)
    return picture


def test_a_form_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    picture, told = demo_pictures(1)[0], list[str]()
    with store_in(tmp_path).create(start_of()) as exam:
        exam.add_capture(shot_of("lips"), picture, judgement=Judgement.KEPT)
        listed = exam.add_capture(shot_of("femur"), form(), judgement=Judgement.KEPT)
        add_clip(exam, listed, [form()] * 2, [0.0, 0.04])
        paths = export_dicom(exam, tmp_path / "out", DicomOptions(), told.append)
    assert [path.name for path in paths] == ["still-001-lips.dcm", "report.dcm"]
    assert told == ["Capture 2 is left out: no ultrasound picture was surely found on it"]
    assert told[0].encode() in paths[-1].read_bytes()
    assert complaints(paths[-1]) == []


def test_a_clip_of_which_nothing_may_be_shown_is_left_out(tmp_path: Path) -> None:
    picture, told = demo_pictures(1)[0], list[str]()
    with store_in(tmp_path).create(start_of()) as exam:
        capture = exam.add_capture(shot_of("lips"), picture, judgement=Judgement.KEPT)
        page = np.full_like(coloured(picture), 30)
        add_clip(exam, capture, [page] * 2, [0.0, 0.04])
        paths = export_dicom(exam, tmp_path / "out", DicomOptions(), told.append)
    assert [path.name for path in paths] == ["still-001-lips.dcm", "report.dcm"]
    assert [line.partition(":")[0] for line in told] == ["The clip of capture 1 is left out"]


def test_where_nothing_may_be_shown_nothing_is_exported(tmp_path: Path) -> None:
    with store_in(tmp_path).create(start_of()) as exam:
        exam.add_capture(shot_of("lips"), form(), judgement=Judgement.KEPT)
        with pytest.raises(UsageError, match="no ultrasound picture was surely found"):
            export_dicom(exam, tmp_path / "out", DicomOptions())
    assert list((tmp_path / "out").iterdir()) == []


def test_a_text_in_one_frame_of_a_clip_is_hidden_in_all(tmp_path: Path) -> None:
    pictures = [coloured(demo_pictures(1)[0])] * 6
    named = pictures[0].copy()
    cv2.putText(named, "DOE JANE 1990", (230, 260), 0, 0.7, (255,) * 3, 2, cv2.LINE_AA)
    pictures[5] = named
    with store_in(tmp_path).create(start_of()) as exam:
        capture = exam.add_capture(shot_of("lips"), pictures[0], judgement=Judgement.KEPT)
        add_clip(exam, capture, pictures, [0.04 * number for number in range(6)])
        files = exported(exam, tmp_path / "out", DicomOptions())
    for index in (0, 5):
        assert picture_of(files["clip-001-lips"], index)[248:258, 240:376].max() < 40


def test_a_folder_that_cannot_be_written_to(exam: Exam, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot write"):
        export_dicom(exam, tmp_path / "file")


def test_the_slow_libraries_are_imported_when_used() -> None:
    code = (
        "import sys, sonoassist.exam.dicom_out.export, sonoassist.exam.pacs.sending\n"
        "print([one for one in ('highdicom', 'pynetdicom', 'pydicom') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- real frames ----------------------------------------------------------------------------


@pytest.mark.real
def test_frames_of_a_real_exam(test_data: Path, tmp_path: Path) -> None:
    pictures = pictures_of(str(test_data / "exam" / "montage.mp4"), 27)
    assert len(pictures) == 27
    height, width = pictures[0].shape[:2]
    field = Box(0, 60, width, height)
    with store_in(tmp_path).create(start_of(synthetic=False)) as exam:
        shot = shot_of("abdominal", field=field, box=BOX)
        capture = exam.add_capture(shot, pictures[0], judgement=Judgement.KEPT)
        add_clip(exam, capture, pictures, [index / 30 for index in range(27)])
        files = exported(exam, tmp_path / "out", DicomOptions(masked=True))
    assert [complaint for path in files.values() for complaint in complaints(path)] == []
    still: Dataset = dcmread(files["still-001-abdominal"])
    clip: Dataset = dcmread(files["clip-001-abdominal"])
    assert pictures[0][:60].any(), "no text to hide"
    assert not still.pixel_array[:60].any()
    assert int(clip.pixel_array[:, :60].max()) <= 8
    assert float(clip.FrameTime) == pytest.approx(33.333, abs=0.001)
    assert clip.RecommendedDisplayFrameRate == 30
