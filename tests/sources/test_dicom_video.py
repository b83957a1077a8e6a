"""Video streams in DICOM files."""

from __future__ import annotations

import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from test_sources_dicom import ramp, write_dicom
from video_maker import make_video, number_in

from sonoassist.core.errors import SourceError
from sonoassist.sources.opening import open_source

SYNTAXES = {
    "mpeg2video": "1.2.840.10008.1.2.4.100",
    "libx264": "1.2.840.10008.1.2.4.102",
    "libx265": "1.2.840.10008.1.2.4.107",
}
STAMPS_MS = [40 * number for number in range(30)]


def with_video(path: Path, stream: Path, syntax: str, pieces: int = 1, **elements: object) -> Path:
    write_dicom(path, ramp(1))
    dataset = pydicom.dcmread(path)
    data = stream.read_bytes()
    length = -(-len(data) // pieces) // 2 * 2 + 2
    parts = [data[place : place + length] for place in range(0, len(data), length)]
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([b"".join(parts)], fragments_per_frame=pieces)
    dataset["PixelData"].is_undefined_length = True
    dataset.NumberOfFrames = len(STAMPS_MS)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("codec", SYNTAXES)
@pytest.mark.parametrize(("suffix", "pieces"), [("ts", 1), ("mp4", 4)])
def test_it_is_played(tmp_path: Path, codec: str, suffix: str, pieces: int) -> None:
    stream = make_video(
        tmp_path / f"stream.{suffix}", STAMPS_MS, codec=codec, time_base=Fraction(1, 25)
    )
    path = with_video(tmp_path / "clip.dcm", stream, SYNTAXES[codec], pieces, FrameTime="20")
    with open_source(str(path)) as source:
        assert (source.info.kind, source.info.label) == ("dicom", "clip.dcm")
        assert source.info.frame_count == len(STAMPS_MS)
        frames = list(source)
        source.seek(17)
        again = source.read()
        folder = source._folder  # type: ignore[attr-defined]
        assert folder.is_dir()
    assert not folder.exists()
    assert [number_in(frame.pixels) for frame in frames] == list(range(len(STAMPS_MS)))
    np.testing.assert_allclose([frame.time_s for frame in frames], 0.02 * np.arange(30))
    assert again is not None
    assert np.array_equal(again.pixels, frames[17].pixels)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    stream = make_video(tmp_path / "stream.ts", STAMPS_MS, time_base=Fraction(1, 25))
    return with_video(tmp_path / "clip.dcm", stream, SYNTAXES["libx264"])


def in_folder(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def in_archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"exam/{name}", data)
    return path


def test_the_only_one_in_a_folder_or_an_archive_is_played(clip: Path, tmp_path: Path) -> None:
    write_dicom(tmp_path / "report.dcm", ramp(1))
    report = pydicom.dcmread(tmp_path / "report.dcm")
    del report.PixelData
    report.save_as(tmp_path / "report.dcm")
    files = {
        "clip.dcm": clip.read_bytes(),
        "report.dcm": (tmp_path / "report.dcm").read_bytes(),
        "notes.txt": b"nothing",
    }
    for path in (in_folder(tmp_path / "exam", files), in_archive(tmp_path / "exam.zip", files)):
        with open_source(str(path)) as source:
            assert (source.info.kind, source.info.label) == ("dicom", "clip.dcm")
            assert source.info.warnings == (
                "notes.txt, report.dcm are no pictures and are left out",
            )
            numbers = [number_in(frame.pixels) for frame in source]
            with open_source(source.info.spec) as again:
                assert again.info.frame_count == len(STAMPS_MS)
        assert numbers == list(range(len(STAMPS_MS)))


def test_beside_pictures_it_is_left_out_with_what_to_do(clip: Path, tmp_path: Path) -> None:
    write_dicom(tmp_path / "still.dcm", ramp(1))
    files = {"clip.dcm": clip.read_bytes(), "still.dcm": (tmp_path / "still.dcm").read_bytes()}
    for path in (in_folder(tmp_path / "exam", files), in_archive(tmp_path / "exam.zip", files)):
        with open_source(str(path)) as source:
            assert source.info.kind == "folder"
            assert len(list(source)) == 1
            assert source.info.warnings == (
                "clip.dcm holds a video and is left out: open that file by itself",
            )


def test_of_several_none_is_chosen(clip: Path, tmp_path: Path) -> None:
    files = {f"{name}.dcm": clip.read_bytes() for name in "abcd"}
    for path in (in_folder(tmp_path / "exam", files), in_archive(tmp_path / "exam.zip", files)):
        with pytest.raises(SourceError) as caught:
            open_source(str(path))
        said = "but a video in each of a.dcm, b.dcm, c.dcm and 1 more"
        assert said in caught.value.message
        assert caught.value.hint == "Open one of these files by itself"


def test_one_that_is_damaged_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"nothing at all" * 20)
    path = with_video(tmp_path / "clip.dcm", broken, SYNTAXES["libx264"])
    with pytest.raises(SourceError, match=r"the video in clip\.dcm cannot be read"):
        open_source(str(path))
