"""What unpacks to far more than its file is refused, before memory is taken for it."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, RLELossless
from test_sources_dicom import ramp, write_dicom
from video_maker import make_video, numbered

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.opencv import cv2
from sonoassist.sources import dicom_dataset, picture_size, video_packets
from sonoassist.sources.opening import open_source
from sonoassist.sources.picture_size import animation_size
from sonoassist.sources.tiff_pages import size_of_page
from sonoassist.sources.video import VideoFile

MIB = 1 << 20


@contextmanager
def memory_up_to(size_bytes: int) -> Iterator[None]:
    """Fails where Python takes more memory than that."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size_bytes
    finally:
        tracemalloc.stop()


def deflated(path: Path, frames: np.ndarray) -> Path:
    write_dicom(path, frames)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path)
    return path


def chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def apng(width_px: int, height_px: int, count: int) -> bytes:
    """Black pictures, compressed a thousandfold; 0: a plain PNG."""
    packed = zlib.compress(bytes((1 + width_px) * height_px), 9)
    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head)]
    if count:
        parts.append(chunk(b"acTL", struct.pack(">II", count, 0)))
    number = 0
    for picture in range(max(count, 1)):
        if count:
            control = struct.pack(">IIIIIHHBB", number, width_px, height_px, 0, 0, 40, 1000, 0, 0)
            parts.append(chunk(b"fcTL", control))
            number += 1
        if picture:
            parts.append(chunk(b"fdAT", struct.pack(">I", number) + packed))
            number += 1
        else:
            parts.append(chunk(b"IDAT", packed))
    return b"".join([*parts, chunk(b"IEND", b"")])


def huge_by_its_head() -> bytes:
    return apng(16, 16, 0)[:16] + struct.pack(">II", 60000, 60000) + bytes(99)


def webp(side_px: int, count: int) -> bytes:
    """The head of an animation, and its pictures without anything in them."""
    side = (side_px - 1).to_bytes(3, "little")
    parts = b"VP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00" + side + side
    parts += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    parts += (b"ANMF" + struct.pack("<I", 16) + bytes(16)) * count
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WEBP" + parts


def gif(side_px: int, count: int) -> bytes:
    """Pictures of one pixel each on a large screen."""
    head = b"GIF89a" + struct.pack("<HHBBB", side_px, side_px, 0xF0, 0, 0) + bytes(3) + b"\xff" * 3
    control = b"\x21\xf9\x04" + struct.pack("<BHB", 4, 4, 0) + b"\x00"
    pixel = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + (control + pixel) * count + b"\x3b"


def test_a_deflated_dicom_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = deflated(tmp_path / "bomb.dcm", np.zeros((64, 1024, 1024), np.uint8))
    assert path.stat().st_size < MIB
    monkeypatch.setattr(dicom_dataset, "MAX_INFLATED_BYTES", 8 * MIB)
    with memory_up_to(24 * MIB), pytest.raises(SourceError, match=r"bomb\.dcm would unpack to"):
        open_source(str(path))
    fine = deflated(tmp_path / "fine.dcm", ramp(3))
    with open_source(str(fine)) as source:
        assert len(list(source)) == 3
    # Beside others it is named.
    with open_source(str(tmp_path)) as source, memory_up_to(24 * MIB):
        with pytest.raises(DamagedFrameError, match=r"bomb\.dcm would unpack to"):
            source.read()
        assert source.read() is not None


def test_a_deflated_dicom_file_that_is_damaged(tmp_path: Path) -> None:
    path = deflated(tmp_path / "a.dcm", ramp(3))
    data = path.read_bytes()
    for damaged in (data[:-20], data[: len(data) // 2] + bytes(len(data) // 2), data[:340]):
        path.write_bytes(damaged)
        with pytest.raises(SourceError, match=r"a\.dcm is not a DICOM file that can be read"):
            open_source(str(path))


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("a.png", lambda: apng(2000, 2000, 100), r"a\.png would unpack to 1\.5 GiB"),
        (
            "a.png",
            lambda: apng(16, 16, 0)[:16] + struct.pack(">II", 60000, 60000) + bytes(99),
            "a.png",
        ),
        ("a.png", lambda: apng(15000, 9000, 0), r"a\.png is 15000×9000 px, which is too large"),
        ("a.webp", lambda: webp(16384, 2), r"a\.webp is 16384×16384 px, which is too large"),
        ("a.webp", lambda: webp(4000, 40), r"a\.webp would unpack to 2\.4 GiB"),
        ("a.gif", lambda: gif(6000, 3), r"a\.gif is 6000×6000 px, which is too large"),
        ("a.gif", lambda: gif(65535, 3), r"a\.gif"),
    ],
)
def test_pictures_and_animations(
    tmp_path: Path, name: str, make: Callable[[], bytes], said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    with memory_up_to(32 * MIB):
        with pytest.raises(SourceError, match=said) as caught:
            open_source(str(path))
        assert "\n" not in str(caught.value)
        with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, name)
        with pytest.raises(SourceError):
            open_source(str(tmp_path / "all.zip"))


def test_an_animation_beside_others_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(apng(2000, 2000, 100))
    assert cv2.imwrite(str(tmp_path / "b.png"), numbered(1))
    with memory_up_to(32 * MIB), open_source(str(tmp_path)) as source:
        with pytest.raises(DamagedFrameError, match=r"a\.png would unpack to"):
            source.read()
        assert source.read() is not None


def test_few_frames_are_kept_of_a_large_video(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(gif(4000, 30))
    with open_source(str(path)) as source:
        for _ in range(8):
            assert source.read() is not None
        assert len(source._kept) * 3 * 4000**2 <= 1 << 28  # type: ignore[attr-defined]
        source.seek(1)
        frame = source.read()
        assert frame is not None
        assert frame.index == 1


def test_a_video_of_large_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(tmp_path / "a.mp4", [0, 40, 80])
    monkeypatch.setattr(video_packets, "MAX_FRAME_PIXELS", 5000)
    with pytest.raises(SourceError, match=r"a\.mp4 is 96×64 px, which is too large"):
        VideoFile(path)


def test_a_code_stream_that_is_larger_than_its_header_says(tmp_path: Path) -> None:
    picture = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    code = bytearray(cv2.imencode(".jp2", picture)[1].tobytes())
    code = code[code.index(b"\xff\x4f\xff\x51") :]
    code[8:16] = struct.pack(">II", 60000, 60000)
    path = write_dicom(tmp_path / "a.dcm", picture[None])
    for syntax, data, said in (
        (JPEG2000Lossless, bytes(code), "60000×60000 px, which is too large"),
        (RLELossless, struct.pack("<16L", 1, 64, *[0] * 14) + b"\x81\x00" * 9000, "damaged"),
    ):
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = encapsulate([cv2_rle() if syntax == RLELossless else data, data])
        dataset["PixelData"].is_undefined_length = True
        dataset.NumberOfFrames = 2
        dataset.save_as(tmp_path / "b.dcm")
        if syntax == RLELossless:
            with open_source(str(tmp_path / "b.dcm")) as source, memory_up_to(MIB):
                assert source.read() is not None
                with pytest.raises(DamagedFrameError, match=said):
                    source.read()
        else:
            with pytest.raises(SourceError, match=r"no picture of b\.dcm can be decoded") as caught:
                open_source(str(tmp_path / "b.dcm"))
            assert "\n" not in str(caught.value)


def cv2_rle() -> bytes:
    """A black picture of 64×64 px, packed by runs."""
    return struct.pack("<16L", 1, 64, *[0] * 14) + b"\x81\x00" * 32


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".jp2"])
def test_sizes_by_the_head(suffix: str) -> None:
    for size in ((140, 170), (133, 67)):
        wide, high = size
        noise = np.random.default_rng(1).integers(0, 255, (high, wide, 3), np.uint8)
        for quality in (101, 80) if suffix == ".webp" else (None,):
            wish = [] if quality is None else [cv2.IMWRITE_WEBP_QUALITY, quality]
            data = cv2.imencode(suffix, noise, wish)[1].tobytes()
            assert picture_size.picture_size(data) == size


def test_sizes_of_pages(tmp_path: Path) -> None:
    pages = [np.zeros((20 + page, 30 + page), np.uint8) for page in range(4)]
    assert cv2.imwritemulti(str(tmp_path / "a.tif"), pages)
    data = (tmp_path / "a.tif").read_bytes()
    assert [size_of_page(data, page) for page in range(5)] == [
        (30, 20),
        (31, 21),
        (32, 22),
        (33, 23),
        None,
    ]
    wide = data.replace(struct.pack("<HHL", 256, 3, 1), struct.pack("<HHL", 256, 4, 1))
    assert size_of_page(wide, 0) == (30, 20)
    tag = struct.pack("<HHL", 256, 4, 1)
    huge = wide.replace(tag + struct.pack("<L", 30), tag + struct.pack("<L", 1 << 30))
    (tmp_path / "b.tif").write_bytes(huge)
    with pytest.raises(SourceError, match=r"b\.tif is 1073741824×20 px, which is too large"):
        open_source(str(tmp_path / "b.tif"))


HEADS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"RIFF\0\0\0\0WEBPVP8X",
    b"RIFF\0\0\0\0WEBPVP8L",
    b"RIFF\0\0\0\0WEBPVP8 ",
    b"BM",
    b"\xff\x4f\xff\x51",
    b"\x00\x00\x00\x0cjP  ",
    b"II*\0",
    b"MM\0+",
)


@given(st.sampled_from(HEADS), st.binary(max_size=120))
def test_no_head_makes_trouble(head: bytes, rest: bytes) -> None:
    data = head + rest
    picture_size.picture_size(data)
    animation_size(data)
    size_of_page(data, len(rest) % 3)
