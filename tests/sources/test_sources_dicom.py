from __future__ import annotations

import logging
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.sources.dicom_times import frame_times
from sonoassist.sources.opening import open_source

SECRET = "Doe^Jane"


def write_dicom(
    path: Path,
    frames: np.ndarray | None,
    photometric: str = "MONOCHROME2",
    syntax: str = ExplicitVRLittleEndian,
    **elements: Any,
) -> Path:
    """Write a DICOM file; `frames` is (N, H, W) or (N, H, W, 3)."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.PatientName = SECRET
    dataset.PatientID = SECRET
    if frames is not None:
        dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames.shape[:3]
        dataset.SamplesPerPixel = 3 if frames.ndim == 4 else 1
        if frames.ndim == 4:
            dataset.PlanarConfiguration = 0
        dataset.PhotometricInterpretation = photometric
        bits = frames.dtype.itemsize * 8
        dataset.BitsAllocated = dataset.BitsStored = bits
        dataset.HighBit = bits - 1
        dataset.PixelRepresentation = int(frames.dtype.kind == "i")
        data = frames.tobytes()
        dataset.PixelData = data + bytes(len(data) % 2)
        dataset["PixelData"].VR = "OW" if bits == 16 else "OB"
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def ramp(count: int = 3, dtype: type = np.uint8) -> np.ndarray:
    """`count` frames of 20 x 24 whose value is 10 times their number."""
    return np.stack([np.full((20, 24), 10 * number, dtype) for number in range(count)])


def first(path: Path) -> np.ndarray:
    with open_source(str(path)) as source:
        frame = source.read()
    assert frame is not None
    return frame.pixels


def test_cine(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "cine.dcm", ramp(5), FrameTime="20")
    with open_source(str(path)) as source:
        info = source.info
        assert (info.kind, info.label, info.frame_count) == ("dicom", "cine.dcm", 5)
        assert info.fps == pytest.approx(50)
        assert info.duration_s == pytest.approx(0.1)
        frames = list(source)
        assert [int(frame.pixels[0, 0]) for frame in frames] == [0, 10, 20, 30, 40]
        assert [frame.time_s for frame in frames] == pytest.approx([0, 0.02, 0.04, 0.06, 0.08])
        assert not any(frame.still for frame in frames)
        source.seek(3)
        frame = source.read()
        assert frame is not None
        assert (frame.index, int(frame.pixels[0, 0])) == (3, 30)
        assert source.index_at(0.039) == 1
        assert source.index_at(0.04) == 2


def test_single_frame_is_a_still(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "one.dcm", ramp(1))
    with open_source(str(path)) as source:
        frame = source.read()
        assert source.info.fps is None
    assert frame is not None
    assert frame.still


@pytest.mark.parametrize(
    ("elements", "times", "stated"),
    [
        ({"FrameTime": "40"}, [0, 0.04, 0.08, 0.12], True),
        ({"FrameTimeVector": ["0", "10", "30", "20"]}, [0, 0.01, 0.04, 0.06], True),
        (
            {"FrameTimeVector": ["40", "40", "40", "40"], "FrameTime": "1"},
            [0, 0.04, 0.08, 0.12],
            True,
        ),
        ({"FrameTimeVector": ["0", "10"], "CineRate": "10"}, [0, 0.1, 0.2, 0.3], True),
        ({"RecommendedDisplayFrameRate": "20", "CineRate": "10"}, [0, 0.05, 0.1, 0.15], True),
        ({"FrameTime": "0", "CineRate": "0"}, [0, 0.04, 0.08, 0.12], False),
        ({}, [0, 0.04, 0.08, 0.12], False),
    ],
)
def test_frame_times(elements: dict[str, Any], times: list[float], stated: bool) -> None:
    dataset = Dataset()
    dataset.NumberOfFrames = 4
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    found, said = frame_times(dataset)
    assert found == pytest.approx(times)
    assert said is stated


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "m1.dcm", ramp(1) + 30, "MONOCHROME1")
    assert first(path)[0, 0] == 225


def test_rgb_planar(tmp_path: Path) -> None:
    planes = np.zeros((1, 3, 20, 24), np.uint8)
    planes[0, 0], planes[0, 1], planes[0, 2] = 200, 100, 50
    path = write_dicom(tmp_path / "rgb.dcm", planes.reshape(1, 20, 24, 3), "RGB")
    dataset = pydicom.dcmread(path)
    dataset.PlanarConfiguration = 1
    dataset.save_as(path)
    assert first(path)[3, 3].tolist() == [200, 100, 50]


def test_ybr_full(tmp_path: Path) -> None:
    ybr = np.zeros((1, 20, 24, 3), np.uint8)
    ybr[...] = (76, 85, 255)  # pure red
    path = write_dicom(tmp_path / "ybr.dcm", ybr, "YBR_FULL")
    assert first(path)[0, 0].astype(int) == pytest.approx([254, 0, 0], abs=2)


@pytest.mark.parametrize("entry_bits", [8, 16])
def test_palette(tmp_path: Path, entry_bits: int) -> None:
    levels = np.arange(256)
    dtype = np.uint8 if entry_bits == 8 else np.dtype("<u2")
    scale = 1 if entry_bits == 8 else 256
    tables = {
        "Red": levels * scale,
        "Green": (255 - levels) * scale,
        "Blue": np.full(256, 7 * scale),
    }
    elements: dict[str, Any] = {}
    for colour, table in tables.items():
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, entry_bits]
        elements[f"{colour}PaletteColorLookupTableData"] = table.astype(dtype).tobytes()
    path = write_dicom(tmp_path / "pal.dcm", ramp(1) + 200, "PALETTE COLOR", **elements)
    assert first(path)[0, 0].tolist() == [200, 55, 7]


def test_sixteen_bit_by_stored_bits(tmp_path: Path) -> None:
    frames = np.full((1, 20, 24), 2048, np.uint16)
    path = write_dicom(tmp_path / "a.dcm", frames, BitsStored=12, HighBit=11)
    assert first(path)[0, 0] == 128


@pytest.mark.parametrize(
    ("value", "shown"), [(500, 0), (1000, 128), (1500, 255), (3000, 255), (750, 64)]
)
def test_window(tmp_path: Path, value: int, shown: int) -> None:
    frames = np.full((1, 20, 24), value, np.uint16)
    path = write_dicom(
        tmp_path / "a.dcm",
        frames,
        BitsStored=12,
        HighBit=11,
        WindowCenter="1000",
        WindowWidth="1000",
    )
    assert int(first(path)[0, 0]) == pytest.approx(shown, abs=1)


def test_window_after_rescale(tmp_path: Path) -> None:
    frames = np.full((1, 20, 24), 50, np.int16)
    path = write_dicom(
        tmp_path / "a.dcm",
        frames,
        RescaleSlope="2",
        RescaleIntercept="-100",
        WindowCenter="0",
        WindowWidth="200",
    )
    assert int(first(path)[0, 0]) == pytest.approx(128, abs=1)


def test_signed_without_window(tmp_path: Path) -> None:
    frames = np.linspace(-512, 500, 480).reshape(1, 20, 24).astype(np.int16)
    shown = first(write_dicom(tmp_path / "a.dcm", frames, BitsStored=10, HighBit=9))
    assert shown[0, 0] == 0
    assert shown[-1, -1] > 200
    assert (np.diff(shown.reshape(-1).astype(int)) >= 0).all()


def test_same_brightness_for_all_frames(tmp_path: Path) -> None:
    frames = np.stack([np.full((20, 24), value, np.uint16) for value in (60000, 200, 60000)])
    path = write_dicom(tmp_path / "a.dcm", frames)
    with open_source(str(path)) as source:
        values = [int(frame.pixels[0, 0]) for frame in source]
    assert values == [233, 1, 233]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_without_preamble_or_suffix(tmp_path: Path, syntax: str) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(2), syntax=syntax)
    dataset = pydicom.dcmread(path)
    bare = tmp_path / "IM_0001"
    dataset.save_as(tmp_path / "whole")
    data = (tmp_path / "whole").read_bytes()
    bare.write_bytes(data[132:])
    with open_source(str(bare)) as source:
        assert source.info.kind == "dicom"
        assert [int(frame.pixels[0, 0]) for frame in source] == [0, 10]


def test_no_pixels(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "report.dcm", None)
    with pytest.raises(SourceError, match=r"report.dcm holds no picture") as caught:
        open_source(str(path))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("data", [b"hello there, this is text\n" * 30, b"\x00" * 400])
def test_not_dicom(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "text.dcm"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"text.dcm is not a DICOM file"):
        open_source(str(path))


def test_unknown_compression(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "served.dcm", ramp(1))
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.94"
    dataset.PixelData = encapsulate([bytes(100)])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    with pytest.raises(SourceError, match=r"served.dcm is compressed in a way .*JPIP"):
        open_source(str(path))


def test_damaged_frame_goes_on(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "rle.dcm", ramp(5))
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless)
    frames = list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=5))
    frames[2] = b"\xff" * len(frames[2])
    dataset.PixelData = encapsulate(frames)
    dataset.save_as(path)
    seen: list[object] = []
    with open_source(str(path)) as source:
        while True:
            try:
                frame = source.read()
            except DamagedFrameError as error:
                seen.append(error.message)
                continue
            if frame is None:
                break
            seen.append(int(frame.pixels[0, 0]))
    assert seen == [0, 10, "frame 2 of rle.dcm is damaged", 30, 40]


def test_cut_off_file(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "cut.dcm", ramp(10))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 2000])
    whole, damaged = 0, 0
    with open_source(str(path)) as source:
        for _ in range(30):
            try:
                if source.read() is None:
                    break
                whole += 1
            except DamagedFrameError:
                damaged += 1
        else:
            pytest.fail("it does not end")
    assert (whole, damaged) == (5, 1)  # the rest is said once


def test_identity_is_not_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(2), StudyDate="not a date")
    with caplog.at_level(logging.DEBUG), open_source(str(path)) as source:
        list(source)
        assert SECRET not in repr(source.info)
    assert SECRET not in caplog.text


def test_folder_with_dicom(tmp_path: Path) -> None:
    write_dicom(tmp_path / "b.dcm", ramp(3))
    write_dicom(tmp_path / "noext.dcm", ramp(1) + 99)
    shutil.move(tmp_path / "noext.dcm", tmp_path / "IM0002")
    (tmp_path / "SOURCE.md").write_text("# text")
    (tmp_path / "c.dcm").write_bytes(b"damaged")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.write(tmp_path / "b.dcm")
    with open_source(str(tmp_path)) as source:
        assert source.info.frame_count == 5
        seen = []
        while True:
            try:
                frame = source.read()
            except DamagedFrameError as error:
                seen.append(error.message.split()[0])
                continue
            if frame is None:
                break
            assert frame.still
            seen.append((frame.index, frame.name, int(frame.pixels[0, 0])))
    assert seen == [
        (0, "IM0002", 99),
        (1, "b.dcm", 0),
        (2, "b.dcm", 10),
        (3, "b.dcm", 20),
        "c.dcm",
    ]


def test_archive_with_one_dicom(tmp_path: Path) -> None:
    write_dicom(tmp_path / "b.dcm", ramp(3), FrameTime="10")
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tmp_path / "b.dcm", "in/b.dcm")
    with open_source(str(path)) as source:
        assert (source.info.kind, source.info.label, source.info.spec) == (
            "dicom",
            "b.dcm",
            str(path),
        )
        assert len(list(source)) == 3


REAL = {
    "I_000001.dcm": (34, (430, 480, 3), 1 / 0.030),
    "I_000003.dcm": (17, (430, 480, 3), 1 / 0.067),
    "I_000007.dcm": (10, (288, 384, 3), 25.0),
    "I_000038.dcm": (1, (537, 716, 3), None),
    "JPGLosslessP14SV1_1s_1f_8b.dcm": (1, (768, 1024), None),
    "OBXXXX1A_rle_2frame.dcm": (2, (600, 800, 3), 25.0),
    "US1_J2KI.dcm": (1, (480, 640, 3), None),
    "examples_ybr_color.dcm": (30, (240, 320, 3), 30.0),
    "jpeg-ls-Palette.dcm": (10, (430, 600, 3), 1 / 0.076),
    "GREYSCALE_CINE.zip": (27, (600, 800), 30.0),
}


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_real_files(test_data: Path, name: str) -> None:
    count, shape, fps = REAL[name]
    with open_source(str(test_data / "dicom" / name)) as source:
        assert source.info.frame_count == count
        assert source.info.fps == (None if fps is None else pytest.approx(fps, rel=1e-3))
        frames = list(source)
    assert len(frames) == count
    assert {frame.pixels.shape for frame in frames} == {shape}
    assert all(frame.pixels.std() > 5 for frame in frames)


@pytest.mark.real
def test_real_colours(test_data: Path) -> None:
    """The Doppler bar is red at its upper end and blue at its lower end."""
    with open_source(str(test_data / "dicom" / "I_000003.dcm")) as source:
        frame = source.read()
    assert frame is not None
    spread = frame.pixels.astype(int)
    red = (spread[..., 0] - spread[..., 2] > 100).nonzero()[0]
    blue = (spread[..., 2] - spread[..., 0] > 100).nonzero()[0]
    assert len(red) > 200
    assert len(blue) > 200
    grey = spread[150:200, 200:260]
    assert np.abs(grey[..., 0] - grey[..., 1]).mean() < 40


@pytest.mark.real
def test_real_folder(test_data: Path) -> None:
    with open_source(str(test_data / "dicom")) as source:
        assert source.info.frame_count == 106
        assert len(list(source)) == 106
