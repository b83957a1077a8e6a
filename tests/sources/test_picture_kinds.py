"""Pages, animations, photos of phones, and the order and the rest of a folder."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_sources_dicom import ramp, write_dicom
from video_maker import number_in, numbered

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.natural_order import natural_key
from sonoassist.core.opencv import cv2
from sonoassist.sources.opening import open_source
from sonoassist.sources.tiff_pages import pages_of_tiff


def bgr(number: int) -> np.ndarray:
    return np.ascontiguousarray(numbered(number)[..., ::-1])


def stack(path: Path, count: int) -> Path:
    assert cv2.imwritemulti(str(path), [bgr(number) for number in range(count)])
    return path


def animation(path: Path, count: int, shown_ms: list[int]) -> Path:
    made = cv2.Animation()
    made.frames = [bgr(number) for number in range(count)]
    made.durations = np.array(shown_ms, np.int32)
    assert cv2.imwriteanimation(str(path), made)
    return path


def numbers(path: Path) -> list[int]:
    with open_source(str(path)) as source:
        return [number_in(frame.pixels) for frame in source]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_pages_of_a_tiff(tmp_path: Path, count: int) -> None:
    path = stack(tmp_path / "stack.tif", count)
    assert pages_of_tiff(path.read_bytes()) == list(range(count))
    with open_source(str(path)) as source:
        assert (source.info.kind, source.info.frame_count) == ("image", count)
        assert [number_in(frame.pixels) for frame in source] == list(range(count))
        source.seek(count - 1)
        last = source.read()
        assert last is not None
        assert (last.index, last.name, last.still) == (count - 1, "stack.tif", True)


def test_a_page_that_is_damaged_is_named(tmp_path: Path) -> None:
    path = stack(tmp_path / "stack.tif", 3)
    data = bytearray(path.read_bytes())
    second = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[second : second + 2], "little")
    place = second + 2 + 12 * entries
    behind = int.from_bytes(data[place : place + 4], "little")
    data[behind + 2 : behind + 40] = bytes(38)  # the tags of the second page
    path.write_bytes(data)
    seen: list[object] = []
    with open_source(str(path)) as source:
        for _ in range(6):
            try:
                frame = source.read()
            except DamagedFrameError as error:
                seen.append(error.message)
                continue
            if frame is None:
                break
            seen.append(number_in(frame.pixels))
    assert seen[0] == 0
    assert any("page 1 of stack.tif is damaged" in str(one) for one in seen)


@given(st.binary(max_size=200))
def test_counting_pages_never_fails(data: bytes) -> None:
    assert pages_of_tiff(b"II*\x00" + data)
    assert pages_of_tiff(b"MM\x00+" + data)


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_an_animation_is_a_recording(tmp_path: Path, suffix: str) -> None:
    path = animation(tmp_path / f"clip.{suffix}", 5, [100, 200, 100, 40, 60])
    with open_source(str(path)) as source:
        assert (source.info.kind, source.info.frame_count) == ("video", 5)
        frames = list(source)
        assert [number_in(frame.pixels) for frame in frames] == list(range(5))
        np.testing.assert_allclose([frame.time_s for frame in frames], [0, 0.1, 0.3, 0.4, 0.44])
        assert source.info.duration_s == pytest.approx(0.5)
        assert not any(frame.still for frame in frames)
        assert source.index_at(0.35) == 2
        source.seek(3)
        frame = source.read()
        assert frame is not None
        assert number_in(frame.pixels) == 3


def test_pictures_of_a_gif(tmp_path: Path) -> None:
    path = tmp_path / "clip.gif"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "rgb8"
        for number in range(6):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), "rgb24")))
        output.mux(stream.encode())
    assert numbers(path) == list(range(6))


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif", b"heix"])
def test_photos_of_phones_are_refused_by_name(tmp_path: Path, brand: bytes) -> None:
    data = b"\x00\x00\x00\x18ftyp" + brand + bytes(4) + b"mif1heic" + bytes(400)
    for name in ("IMG_0001.HEIC", "IMG_0001.jpg"):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(SourceError, match="is a HEIC or AVIF picture"):
            open_source(str(path))
    cv2.imwrite(str(tmp_path / "a.png"), bgr(1))
    with open_source(str(tmp_path)) as source:
        assert source.info.frame_count == 1
        assert "IMG_0001.HEIC" in source.info.warnings[0]


def test_a_folder_in_natural_order_with_all_that_is_in_its_files(tmp_path: Path) -> None:
    for number in (1, 2, 10, 11):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), bgr(number))
    stack(tmp_path / "frame3.tif", 2)
    animation(tmp_path / "frame20.webp", 2, [50, 50])
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / ".hidden").write_text("hidden")
    (tmp_path / "more").mkdir()
    with open_source(str(tmp_path)) as source:
        frames = list(source)
        (said,) = source.info.warnings
    names = [frame.name for frame in frames]
    assert names == [
        "frame1.png",
        "frame2.png",
        "frame3.tif",
        "frame3.tif",
        "frame10.png",
        "frame11.png",
        "frame20.webp",
        "frame20.webp",
    ]
    assert [number_in(frame.pixels) for frame in frames] == [1, 2, 0, 1, 10, 11, 0, 1]
    assert "notes.txt" in said
    assert "folder more" in said
    assert ".hidden" not in said


def test_an_archive_in_natural_order(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in (10, 9, 1):
            archive.writestr(f"in/f{number}.png", cv2.imencode(".png", bgr(number))[1].tobytes())
        archive.writestr("in/readme.md", "text")
    with open_source(str(path)) as source:
        assert [number_in(frame.pixels) for frame in source] == [1, 9, 10]
        assert "readme.md" in source.info.warnings[0]


def test_an_archive_with_files_of_one_name_in_several_folders(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for series in (1, 2):
            for number in (1, 2):
                one = write_dicom(
                    tmp_path / "one.dcm",
                    ramp(1) + 100 * series + 10 * number,
                    InstanceNumber=str(3 - number),
                    SeriesInstanceUID=f"1.2.{series}",
                )
                archive.write(one, f"S{series}/IM{number}")
    with open_source(str(path)) as source:
        assert [int(frame.pixels[0, 0]) for frame in source] == [120, 110, 220, 210]


def test_a_thumbnail_in_a_tiff_is_no_page() -> None:
    entry = struct.pack("<HHLL", 254, 4, 1, 1)
    plain = struct.pack("<H", 0)
    head = b"II*\x00" + struct.pack("<L", 8)
    first = plain + struct.pack("<L", 14)
    second = struct.pack("<H", 1) + entry + struct.pack("<L", 32)
    third = plain + struct.pack("<L", 0)
    assert pages_of_tiff(head + first + second + third) == [0, 2]


def test_dicom_pictures_of_a_series_by_their_numbers(tmp_path: Path) -> None:
    for place, (series, number) in enumerate([("1", 3), ("1", 1), ("2", 9), ("1", 2)]):
        write_dicom(
            tmp_path / f"IM{place}",
            ramp(1) + 10 * number,
            InstanceNumber=str(number),
            SeriesInstanceUID=f"1.2.{series}",
        )
    with open_source(str(tmp_path)) as source:
        assert [int(frame.pixels[0, 0]) for frame in source] == [10, 20, 90, 30]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.text(max_size=5))
def test_numbers_in_names_are_counted(values: list[int], text: str) -> None:
    names = [f"frame{value}{text}" for value in values]
    ordered = sorted(names, key=natural_key)
    assert ordered == [f"frame{value}{text}" for value in sorted(values)]


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_names_can_be_ordered(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural_key)) == sorted(names)
