from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.opencv import cv2
from sonoassist.sources import blobs
from sonoassist.sources.images import ImageFile, open_folder
from sonoassist.sources.opening import open_source
from sonoassist.sources.pixels import full_scale, over_black, to_uint8
from sonoassist.sources.stills import decode_still


def picture(width: int = 40, height: int = 30) -> np.ndarray:
    """RGB with a red left half and a blue corner."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (200, 10, 0)
    pixels[-5:, -5:] = (0, 20, 250)
    return pixels


def encoded(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    """Bytes of an image file; colours given as RGB or RGBA."""
    if pixels.ndim == 3:
        order = [2, 1, 0, 3][: pixels.shape[2]]
        pixels = np.ascontiguousarray(pixels[..., order])
    good, data = cv2.imencode(suffix, pixels)
    assert good
    return data.tobytes()


def with_orientation(jpeg: bytes, value: int) -> bytes:
    """Put an EXIF orientation into a JPEG."""
    tiff = b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, 0x112, 3, 1, value, 0, 0)
    body = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def palette_png() -> bytes:
    """A 20x20 PNG with a palette: index 0 opaque red, index 1 half transparent green."""
    rows = b"".join(b"\x00" + bytes([0] * 10 + [1] * 10) for _ in range(20))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 20, 8, 3, 0, 0, 0))
        + png_chunk(b"PLTE", bytes([255, 0, 0, 0, 200, 0]))
        + png_chunk(b"tRNS", bytes([255, 128]))
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".bmp", ".ppm", ".webp"])
def test_lossless_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"one{suffix}"
    path.write_bytes(encoded(picture(), suffix))
    with open_source(str(path)) as source:
        info = source.info
        assert (info.kind, info.frame_count, info.fps) == ("image", 1, None)
        assert (info.width_px, info.height_px, info.stills) == (40, 30, True)
        frame = source.read()
        assert frame is not None
        assert source.read() is None
        assert (frame.still, frame.name, frame.index, frame.time_s) == (True, path.name, 0, 0.0)
        near = 3 if suffix == ".webp" else 0
        assert frame.pixels[2, 2].astype(int) == pytest.approx([200, 10, 0], abs=near)
        assert frame.pixels[28, 38].astype(int) == pytest.approx([0, 20, 250], abs=near * 20)
        source.seek(0)
        assert source.read() is not None


def test_jpeg_and_wrong_suffix(tmp_path: Path) -> None:
    path = tmp_path / "really_a_jpeg.mp4"
    path.write_bytes(encoded(picture(64, 64), ".jpg"))
    with open_source(str(path)) as source:
        frame = source.read()
    assert frame is not None
    assert frame.pixels[10, 5].astype(int) == pytest.approx([200, 10, 0], abs=6)


@pytest.mark.parametrize(
    ("value", "corner"), [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))]
)
def test_orientation(value: int, corner: tuple[int, int]) -> None:
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[:8, :8] = 255
    upright = decode_still("a.jpg", with_orientation(encoded(pixels, ".jpg"), value))
    assert upright.shape[:2] == ((32, 48) if value in (1, 3) else (48, 32))
    assert upright[corner].mean() > 230
    assert sum(upright[y, x].mean() > 128 for y in (0, -1) for x in (0, -1)) == 1


def test_alpha_over_black() -> None:
    rgba = np.dstack([picture(), np.full((30, 40), 128, np.uint8)])
    rgba[:, :5, 3] = 0
    rgba[:, 5:10, 3] = 255
    shown = decode_still("a.png", encoded(rgba))
    assert shown.shape == (30, 40, 3)
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[0, 7].tolist() == [200, 10, 0]
    assert shown[0, 12].tolist() == [100, 5, 0]


def test_palette_with_transparency() -> None:
    shown = decode_still("a.png", palette_png())
    assert shown[0, 0].tolist() == [255, 0, 0]
    assert shown[0, 15].tolist() == [0, 100, 0]


def test_alpha_is_turned_with_the_picture() -> None:
    rgba = np.dstack([picture(), np.full((30, 40), 255, np.uint8)])
    rgba[:10, :10, 3] = 0
    tiff = b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, 0x112, 3, 1, 6, 0, 0)
    plain = encoded(rgba)
    head = 8 + 25
    turned = decode_still("a.png", plain[:head] + png_chunk(b"eXIf", tiff) + plain[head:])
    if turned.shape[:2] == (30, 40):
        pytest.skip("this OpenCV does not read the orientation of PNG files")
    assert np.array_equal(turned, np.rot90(decode_still("a.png", plain), -1))


@pytest.mark.parametrize(("top", "white"), [(255, 255), (1023, 1023), (4095, 4095), (65535, 65535)])
def test_sixteen_bit(top: int, white: int) -> None:
    deep = np.linspace(0, top, 30 * 40).reshape(30, 40).astype(np.uint16)
    shown = decode_still("a.png", encoded(deep))
    assert shown.dtype == np.uint8
    assert shown.shape == (30, 40)
    assert np.abs(shown.astype(float) - deep * (255.0 / white)).max() <= 0.5


def test_sixteen_bit_with_alpha() -> None:
    deep = np.full((20, 20, 4), 65535, np.uint16)
    deep[..., 0] = 32768
    deep[:10, :, 3] = 0
    shown = decode_still("a.png", encoded(deep))
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[15, 5].tolist() == [128, 255, 255]


def test_float_tiff() -> None:
    shown = decode_still("a.tif", encoded(np.full((20, 20), 0.5, np.float32), ".tif"))
    assert shown[0, 0] == 128


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(st.sampled_from([np.uint8, np.uint16, np.int16, np.float32]), (16, 17)))
def test_to_uint8_keeps_order(array: np.ndarray) -> None:
    shown = to_uint8(array)
    assert shown.dtype == np.uint8
    finite = np.isfinite(array.astype(np.float64))
    order = np.argsort(array[finite], kind="stable")
    if np.isfinite(full_scale(array)):
        assert (np.diff(shown[finite][order].astype(int)) >= 0).all()


@given(st.integers(0, 255), st.integers(0, 255))
def test_over_black_is_rounded(colour: int, alpha: int) -> None:
    rgba = np.array([[[colour, 0, colour, alpha], [0, 0, 0, 0]]], np.uint8)
    assert abs(int(over_black(rgba)[0, 0, 0]) - colour * alpha / 255) <= 0.5


@pytest.mark.parametrize("size", [(1, 1), (15, 100), (100, 15)])
def test_too_small(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "small.png"
    path.write_bytes(encoded(picture(*size)))
    with pytest.raises(SourceError, match=f"small.png is only {size[0]}×{size[1]} px") as caught:
        open_source(str(path))
    assert "at least 16×16 px" in caught.value.hint


def test_huge(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(encoded(np.full((6000, 8000), 77, np.uint8)))
    with open_source(str(path)) as source:
        frame = source.read()
    assert frame is not None
    assert frame.pixels.shape == (6000, 8000)
    assert frame.pixels[5999, 7999] == 77


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".webp"])
def test_cut_off_pictures(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (100, 120, 3), dtype=np.uint8)
    data = encoded(noise, suffix)
    path = tmp_path / f"cut{suffix}"
    for share in (0.3, 0.6, 0.95):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(SourceError, match=f"cut{suffix} is"):
            open_source(str(path))


def test_flipped_byte_in_png(tmp_path: Path) -> None:
    data = bytearray(encoded(picture()))
    data[len(data) // 2] ^= 1
    with pytest.raises(DamagedFrameError, match=r"a.png is damaged: its checksum is wrong"):
        decode_still("a.png", bytes(data))


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"P6 "])
)
def test_noise_is_refused(data: bytes, head: bytes) -> None:
    with pytest.raises(SourceError):
        decode_still("noise", head + data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good pictures, a damaged one, a tiny one and things that are not pictures."""
    for name, value in (("b.png", 50), ("a.PNG", 40), ("d.bmp", 60)):
        pixels = np.full((20, 30), value, np.uint8)
        (tmp_path / name).write_bytes(encoded(pixels, name[1:].lower()))
    (tmp_path / "c.jpg").write_bytes(b"this is text")
    (tmp_path / "e.png").write_bytes(encoded(picture(1, 1)))
    (tmp_path / ".hidden.png").write_bytes(encoded(picture()))
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "table.csv").write_text("a,b")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "f.png").write_bytes(encoded(picture()))
    return tmp_path


def test_folder(folder: Path) -> None:
    with open_source(str(folder)) as source:
        info = source.info
        assert (info.kind, info.frame_count, info.fps, info.stills) == ("folder", 5, None, True)
        assert (info.width_px, info.height_px, info.duration_s) == (30, 20, 5.0)
        seen: list[object] = []
        while True:
            try:
                frame = source.read()
            except DamagedFrameError as error:
                seen.append(error.message)
                continue
            if frame is None:
                break
            assert frame.still
            assert frame.time_s == float(frame.index)
            seen.append((frame.index, frame.name, int(frame.pixels[0, 0])))
        assert seen == [
            (0, "a.PNG", 40),
            (1, "b.png", 50),
            "c.jpg is not a picture that can be read",
            (3, "d.bmp", 60),
            "e.png is only 1×1 px",
        ]
        source.seek(3)
        frame = source.read()
        assert frame is not None
        assert frame.name == "d.bmp"
        assert [source.index_at(time_s) for time_s in (-1.0, 0.0, 0.9, 1.0, 4.5, 99.0)] == [
            0,
            0,
            0,
            1,
            4,
            4,
        ]


def test_folder_loses_a_file(folder: Path) -> None:
    with open_folder(folder) as source:
        (folder / "b.png").unlink()
        assert source.read() is not None
        with pytest.raises(DamagedFrameError, match=r"b.png cannot be read"):
            source.read()


def test_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing")
    with pytest.raises(SourceError, match="there is no picture in"):
        open_source(str(tmp_path))


def test_folder_with_only_damaged_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no")
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(SourceError, match=r"none of the 2 pictures in .* can be read"):
        open_source(str(tmp_path))


def test_archive_of_pictures(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/b.png", encoded(np.full((20, 20), 9, np.uint8)))
        archive.writestr("in/a.png", encoded(np.full((20, 20), 8, np.uint8)))
        archive.writestr("__MACOSX/in/._a.png", b"x")
        archive.writestr("notes.txt", b"x")
    with open_source(str(path)) as source:
        assert source.info.label == "some.zip"
        frames = list(source)
    assert [(frame.name, int(frame.pixels[0, 0])) for frame in frames] == [
        ("a.png", 8),
        ("b.png", 9),
    ]


def test_archive_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(5_000_000))
    monkeypatch.setattr(blobs, "MAX_ARCHIVE_BYTES", 4_000_000)
    with pytest.raises(SourceError, match=r"bomb.zip would unpack to"):
        open_source(str(path))


def test_archive_that_lies_about_its_size(tmp_path: Path) -> None:
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", encoded(picture()) + bytes(3_000_000))
    data = path.read_bytes().replace(
        struct.pack("<I", len(encoded(picture())) + 3_000_000), struct.pack("<I", 1000)
    )
    path.write_bytes(data)
    with pytest.raises(SourceError):
        open_source(str(path))


@pytest.mark.parametrize("data", [b"PK\x03\x04 nothing", b"PK\x05\x06" + bytes(18)])
def test_broken_archives(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"broken.zip"):
        open_source(str(path))


@pytest.mark.real
@pytest.mark.parametrize(("name", "count"), [("planes", 13), ("screens", 5), ("heads", 41)])
def test_real_folders(test_data: Path, name: str, count: int) -> None:
    with open_source(str(test_data / name)) as source:
        frames = list(source)
        assert source.info.frame_count == count
    assert len(frames) == count
    assert [frame.name for frame in frames] == sorted(frame.name for frame in frames)
    assert all(frame.pixels.std() > 5 for frame in frames)


@pytest.mark.real
def test_real_planes_are_the_bytes_in_the_file(test_data: Path) -> None:
    skimage_io = pytest.importorskip("skimage.io")
    path = test_data / "planes" / "4CH.tiff"
    with ImageFile(path) as source:
        frame = source.read()
    assert frame is not None
    assert np.array_equal(frame.pixels, skimage_io.imread(path)[..., :3])
