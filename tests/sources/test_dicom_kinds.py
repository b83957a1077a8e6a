"""DICOM files as their headers and code streams mean them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
)
from test_sources_dicom import ramp, write_dicom

from sonoassist.core.errors import DamagedFrameError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels
from sonoassist.sources.dicom_grey import grey_of
from sonoassist.sources.dicom_times import frame_times
from sonoassist.sources.jpeg_stream import ADOBE_RGB, jpeg_ends, jpeg_head
from sonoassist.sources.opening import open_source

RED_BLUE = np.zeros((32, 32, 3), np.uint8)
RED_BLUE[:, :16], RED_BLUE[:, 16:] = (230, 20, 20), (20, 20, 230)


def frames_of(path: Path) -> list[Pixels]:
    with open_source(str(path)) as source:
        return [frame.pixels for frame in source]


def jpeg(pixels: np.ndarray, *, halved: bool = True) -> bytes:
    """Luma and chroma, with the mark of JFIF."""
    way = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if halved else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    wish = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, way, cv2.IMWRITE_JPEG_QUALITY, 95]
    return cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), wish)[1].tobytes()


def without_jfif(data: bytes) -> bytes:
    return data[:2] + data[4 + int.from_bytes(data[4:6], "big") :]


def compressed(
    path: Path,
    streams: list[bytes],
    photometric: str,
    *,
    syntax: str = JPEGBaseline8Bit,
    **elements: Any,
) -> Path:
    write_dicom(path, np.zeros((1, *RED_BLUE.shape), np.uint8), photometric)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.NumberOfFrames = len(streams)
    dataset.PixelData = encapsulate(streams)
    dataset["PixelData"].is_undefined_length = True
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("tag", ["RGB", "YBR_FULL_422", "YBR_FULL"])
@pytest.mark.parametrize("jfif", [True, False])
def test_halved_colours_are_luma_and_chroma_whatever_the_tag(
    tmp_path: Path, tag: str, jfif: bool
) -> None:
    data = jpeg(RED_BLUE)
    path = compressed(tmp_path / "a.dcm", [data if jfif else without_jfif(data)], tag)
    (shown,) = frames_of(path)
    assert np.abs(shown.astype(int) - RED_BLUE)[:, [4, 27]].max() < 12


def test_red_green_and_blue_by_the_tag_or_by_the_mark_of_adobe(tmp_path: Path) -> None:
    # Stored as they are: what OpenCV takes for luma and chroma.
    stored = cv2.cvtColor(RED_BLUE, cv2.COLOR_YCrCb2RGB)[..., [0, 1, 2]]
    data = without_jfif(jpeg(stored, halved=False))
    plain = compressed(tmp_path / "tag.dcm", [data], "RGB")
    marked = compressed(tmp_path / "mark.dcm", [data[:2] + ADOBE_RGB + data[2:]], "YBR_FULL")
    for path in (plain, marked):
        (shown,) = frames_of(path)
        # Luma, red difference and blue difference of the stored picture are its three colours.
        expected = cv2.cvtColor(stored, cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]]
        assert np.abs(shown.astype(int) - expected)[:, [4, 27]].max() < 12


@pytest.mark.parametrize("tag", ["YBR_RCT", "YBR_FULL", "RGB"])
def test_a_transform_in_the_stream_gives_red_green_and_blue(tmp_path: Path, tag: str) -> None:
    write_dicom(tmp_path / "a.dcm", RED_BLUE[None], "RGB")
    dataset = pydicom.dcmread(tmp_path / "a.dcm")
    dataset.PhotometricInterpretation = "YBR_RCT"
    dataset.compress(JPEG2000Lossless, RED_BLUE)
    dataset.PhotometricInterpretation = tag
    dataset.save_as(tmp_path / "b.dcm")
    assert np.array_equal(frames_of(tmp_path / "b.dcm")[0], RED_BLUE)


@pytest.mark.parametrize("stated", [None, 2, 5])
@pytest.mark.parametrize("table", [True, False])
def test_as_many_frames_as_are_stored(tmp_path: Path, stated: int | None, table: bool) -> None:
    streams = [jpeg(np.full((32, 32, 3), 40 * number, np.uint8)) for number in range(5)]
    path = compressed(tmp_path / "a.dcm", streams, "YBR_FULL_422")
    dataset = pydicom.dcmread(path)
    dataset.PixelData = encapsulate(streams, has_bot=table)
    if stated is None:
        del dataset.NumberOfFrames
    else:
        dataset.NumberOfFrames = stated
    dataset.save_as(path)
    assert [int(one[0, 0, 0]) for one in frames_of(path)] == pytest.approx(
        [0, 40, 80, 120, 160], abs=2
    )


def test_frames_in_several_pieces(tmp_path: Path) -> None:
    streams = [jpeg(np.full((32, 32, 3), 40 * number, np.uint8)) for number in range(4)]
    path = compressed(tmp_path / "a.dcm", streams, "YBR_FULL_422")
    dataset = pydicom.dcmread(path)
    for table in (True, False):
        dataset.PixelData = encapsulate(streams, fragments_per_frame=3, has_bot=table)
        dataset.save_as(path)
        found = [int(one[0, 0, 0]) for one in frames_of(path)]
        assert found == pytest.approx([0, 40, 80, 120], abs=2)


def test_fewer_frames_than_are_stated_are_said_once(tmp_path: Path) -> None:
    path = compressed(tmp_path / "a.dcm", [jpeg(RED_BLUE)] * 3, "RGB", NumberOfFrames=1_000_000_000)
    said, count = [], 0
    with open_source(str(path)) as source:
        assert source.info.frame_count == 3
        for _ in range(10):
            try:
                if source.read() is None:
                    break
                count += 1
            except DamagedFrameError as error:
                said.append(error.message)
    assert count == 3
    assert said == ["the recording ends early: 3 of 1,000,000,000 frames are there"]


def test_a_code_stream_that_is_cut_off_is_damaged(tmp_path: Path) -> None:
    whole = jpeg(RED_BLUE)
    path = compressed(tmp_path / "a.dcm", [whole, whole[: len(whole) // 2 * 2 - 40], whole], "RGB")
    with open_source(str(path)) as source:
        assert source.read() is not None
        with pytest.raises(DamagedFrameError, match=r"frame 1 of a\.dcm is damaged"):
            source.read()
        assert source.read() is not None


@pytest.mark.parametrize("entry", ["low", "high"])
@pytest.mark.parametrize("big", [False, True])
def test_palettes_of_both_byte_orders(tmp_path: Path, entry: str, big: bool) -> None:
    levels = np.arange(256)
    scale = 1 if entry == "low" else 256
    tables = {"Red": levels, "Green": 255 - levels, "Blue": np.full(256, 7)}
    elements: dict[str, Any] = {}
    for colour, table in tables.items():
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        kept = (table * scale).astype(">u2" if big else "<u2").tobytes()
        elements[f"{colour}PaletteColorLookupTableData"] = kept
    path = write_dicom(tmp_path / "a.dcm", ramp(1) + 200, "PALETTE COLOR", **elements)
    if big:
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=False, force_encoding=True)
    assert frames_of(path)[0][0, 0].tolist() == [200, 55, 7]


def test_a_data_set_that_is_deflated(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(3), syntax=DeflatedExplicitVRLittleEndian)
    assert [int(one[0, 0]) for one in frames_of(path)] == [0, 10, 20]


@pytest.mark.parametrize(
    ("elements", "value", "shown"),
    [
        ({}, 13, 13),
        ({"RescaleSlope": "1", "RescaleIntercept": "0"}, 13, 13),
        ({"RescaleSlope": "", "RescaleIntercept": ""}, 13, 13),
        ({"RescaleSlope": "2", "RescaleIntercept": "-100"}, 13, 13),
        ({"RescaleSlope": "-1", "RescaleIntercept": "0"}, 13, 242),
        ({"BitsStored": 6, "HighBit": 5}, 63, 255),
        ({"BitsStored": 4, "HighBit": 3}, 3, 51),
        ({"WindowCenter": "128", "WindowWidth": "256"}, 13, 13),
        ({"WindowCenter": "128", "WindowWidth": "255"}, 13, 13),
        ({"WindowCenter": "", "WindowWidth": ""}, 13, 13),
        ({"WindowCenter": "10", "WindowWidth": "21"}, 20, 255),
        ({"WindowCenter": "100", "WindowWidth": "256"}, 13, 41),
        ({"WindowCenter": ["10", "90"], "WindowWidth": ["21", "5"]}, 0, 6),
        ({"WindowCenter": "50", "WindowWidth": "40", "VOILUTFunction": "SIGMOID"}, 50, 128),
        ({"VOILUTSequence": []}, 13, 13),
        ({"ModalityLUTSequence": []}, 13, 13),
    ],
)
def test_grey_levels_are_as_declared(
    tmp_path: Path, elements: dict[str, Any], value: int, shown: int
) -> None:
    """The first frame is dark: what is white does not depend on it."""
    frames = np.stack([np.zeros((20, 24), np.uint8), np.full((20, 24), value, np.uint8)])
    path = write_dicom(tmp_path / "a.dcm", frames, **elements)
    assert int(frames_of(path)[1][0, 0]) == pytest.approx(shown, abs=1)


@given(st.integers(1, 16), st.booleans(), st.data())
def test_the_ends_of_the_declared_range_are_black_and_white(
    bits: int, signed: bool, data: st.DataObject
) -> None:
    dataset = Dataset()
    dataset.BitsStored = bits
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    middle = data.draw(st.integers(low, high))
    dtype = np.int16 if signed else np.uint16
    grey = grey_of(np.array([[low, middle, high]], dtype), dataset)
    assert grey[0, 0] == 0
    assert grey[0, 2] == (255 if high > low else 0)
    if high > low:
        assert int(grey[0, 1]) == pytest.approx(255 * (middle - low) / (high - low), abs=1)


@pytest.mark.parametrize(
    ("elements", "times_ms"),
    [
        ({"FrameTimeVector": ["20", "20", "20"]}, [0, 20, 40, 60]),
        ({"FrameTimeVector": ["0", "20", "30", "20"]}, [0, 20, 50, 70]),
        (
            {
                "FrameTimeVector": ["0", "20", "20", "20"],
                "FrameTime": "40",
                "FrameIncrementPointer": 0x00181063,
            },
            [0, 40, 80, 120],
        ),
        (
            {
                "FrameTimeVector": ["0", "20", "20", "20"],
                "FrameTime": "40",
                "FrameIncrementPointer": 0x00181065,
            },
            [0, 20, 40, 60],
        ),
        ({"FrameTimeVector": ["0", "20"], "FrameTime": "40"}, [0, 40, 80, 120]),
    ],
)
def test_the_times_that_are_pointed_at(elements: dict[str, Any], times_ms: list[int]) -> None:
    dataset = Dataset()
    dataset.NumberOfFrames = 4
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    found, stated = frame_times(dataset)
    assert stated
    assert [1000 * one for one in found] == pytest.approx(times_ms)


@given(st.binary(max_size=300))
def test_reading_the_head_of_a_jpeg_never_fails(data: bytes) -> None:
    jpeg_head(b"\xff\xd8" + data)
    jpeg_ends(b"\xff\xd8" + data)
