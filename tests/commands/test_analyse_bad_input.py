from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
from analyse_help import (
    analyse,
    assert_refused,
    leftovers,
    noise_picture,
    summary,
    table,
    write_picture,
)
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from fake_weights import published_file
from sonoassist.cli import run
from sources.video_maker import make_video

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a SmallNet of random numbers."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOASSIST_HOME", str(folder))
        assert run(["models", "add", str(published_file(folder / "files"))]) == 0
    return folder


@pytest.fixture(autouse=True)
def _use_home(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(home))
    capsys.readouterr()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return write_picture(tmp_path / "picture.png", noise_picture())


def test_a_missing_file(tmp_path: Path, out: Path, capsys: Capture) -> None:
    status = analyse(tmp_path / "nothing.mp4", out)
    assert_refused(status, capsys, "there is no file", "nothing.mp4", out=out)


@pytest.mark.parametrize("spec", ["", "ftp://somewhere/film.mp4", "device:no such device"])
def test_a_source_that_is_none(spec: str, out: Path, capsys: Capture) -> None:
    assert_refused(analyse(spec, out), capsys, out=out)


def test_a_folder_without_pictures(tmp_path: Path, out: Path, capsys: Capture) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert_refused(analyse(folder, out), capsys, "no picture in", out=out)
    (folder / "notes.txt").write_text("hello")
    assert_refused(analyse(folder, out), capsys, "no picture in", out=out)


def test_text_renamed(tmp_path: Path, out: Path, capsys: Capture) -> None:
    for name in ("film.mp4", "picture.png", "scan.dcm", "album.zip"):
        path = tmp_path / name
        path.write_text("This is a text, whatever it is called.\n" * 40)
        assert_refused(analyse(path, out), capsys, name, out=out)


def test_empty_files(tmp_path: Path, out: Path, capsys: Capture) -> None:
    for name in ("film.mp4", "picture.png", "scan.dcm"):
        (tmp_path / name).touch()
        assert_refused(analyse(tmp_path / name, out), capsys, "empty", out=out)


def test_one_pixel(tmp_path: Path, out: Path, capsys: Capture) -> None:
    path = write_picture(tmp_path / "dot.png", np.zeros((1, 1), np.uint8))
    assert_refused(analyse(path, out), capsys, "1×1", out=out)


def test_a_truncated_picture(tmp_path: Path, picture: Path, out: Path, capsys: Capture) -> None:
    cut = tmp_path / "cut.png"
    cut.write_bytes(picture.read_bytes()[:-500])
    assert_refused(analyse(cut, out), capsys, "cut off", out=out)


def test_dicom_without_pixels(tmp_path: Path, out: Path, capsys: Capture) -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = pydicom.Dataset()
    dataset.file_meta = meta
    dataset.PatientName = "Nobody"
    dataset.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    line = assert_refused(analyse(tmp_path / "report.dcm", out), capsys, "report.dcm", out=out)
    assert "Nobody" not in line


def test_a_model_that_does_not_exist(picture: Path, out: Path, capsys: Capture) -> None:
    status = analyse(picture, out, "--model", "vgg16")
    assert_refused(status, capsys, "no model is called 'vgg16'", out=out)


def test_no_model_at_all(
    picture: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "shipped").mkdir()
    monkeypatch.setattr("sonoassist.model.store.shipped_models", lambda: tmp_path / "shipped")
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "empty"))
    assert_refused(analyse(picture, out), capsys, "models install sononet32", out=out)


@pytest.mark.parametrize("crop", ["100,0,64,64", "0,50,64,64", "0,0,4000,3000"])
def test_a_crop_outside_of_the_picture(
    crop: str, picture: Path, out: Path, capsys: Capture
) -> None:
    status = analyse(picture, out, "--crop", crop)
    assert_refused(status, capsys, "outside of the picture (128x96 px)", out=out)


@pytest.mark.parametrize("crop", ["the middle", "1,2,3", "0,0,0,0", "-5,0,64,64", ""])
def test_a_crop_that_is_nonsense(crop: str, picture: Path, out: Path, capsys: Capture) -> None:
    assert_refused(analyse(picture, out, f"--crop={crop}"), capsys, "crop", out=out)


@pytest.mark.parametrize(
    "words",
    [["--device", "cuda", "--engine", "openvino"], ["--precision", "f16", "--device", "cpu"]],
)
def test_an_engine_that_is_not_to_be_had(
    words: list[str], picture: Path, out: Path, capsys: Capture
) -> None:
    assert_refused(analyse(picture, out, *words), capsys, out=out)


def test_an_output_folder_that_cannot_be_made(
    tmp_path: Path, picture: Path, capsys: Capture
) -> None:
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        assert_refused(analyse(picture, out), capsys, "cannot write")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_disk_that_fills_up_at_the_end(
    picture: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert analyse(picture, out) == 0
    before = table(out)
    capsys.readouterr()
    monkeypatch.setattr(os, "fsync", full)
    assert_refused(analyse(picture, out, "--video"), capsys, "No space left on device")
    assert table(out) == before
    assert [path.name for path in out.iterdir()] == ["analysis.csv"]


@pytest.fixture
def cut_film(tmp_path: Path) -> Path:
    """A film whose index comes first, cut off in the middle."""
    pictures = [np.dstack([noise_picture(seed=n)] * 3) for n in range(50)]
    whole = make_video(
        tmp_path / "whole.mp4",
        range(0, 2000, 40),
        pictures=pictures,
        container={"movflags": "+faststart"},
    )
    path = tmp_path / "cut.mp4"
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    return path


def test_a_film_that_is_cut_off_keeps_what_was_read(
    cut_film: Path, out: Path, capsys: Capture
) -> None:
    status = analyse(cut_film, out, "--video")
    assert_refused(status, capsys, "ends early", "The table holds all the others")
    rows = table(out)
    assert [row["frame"] for row in rows] == [str(index) for index in range(len(rows))]
    assert 15 < len(rows) < 50
    assert leftovers(out) == []


def test_json_tells_of_what_is_damaged(cut_film: Path, out: Path, capsys: Capture) -> None:
    assert analyse(cut_film, out, "--json") == 2
    told = summary(capsys)
    assert told["frames"] == len(table(out))
    assert any("ends early" in line for line in told["damaged"])


def test_damaged_pictures_in_a_folder(tmp_path: Path, out: Path, capsys: Capture) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for number in range(4):
        write_picture(album / f"{number}.png", noise_picture(seed=number))
    for number in (1, 2):
        path = album / f"{number}.png"
        path.write_bytes(path.read_bytes()[:-300])
    status = analyse(album, out)
    assert_refused(status, capsys, "1.png is damaged", "and 1 more")
    assert [row["source"] for row in table(out)] == ["0.png", "3.png"]


def test_when_all_is_damaged_an_older_table_stays(
    tmp_path: Path, picture: Path, out: Path, capsys: Capture
) -> None:
    assert analyse(picture, out) == 0
    before = table(out)
    capsys.readouterr()
    album = tmp_path / "album"
    album.mkdir()
    (album / "cut.png").write_bytes(picture.read_bytes()[:-300])
    assert_refused(analyse(album, out), capsys, "can be read")
    assert table(out) == before


@pytest.mark.real
def test_the_real_montage_cut_off(
    test_data: Path, tmp_path: Path, out: Path, capsys: Capture
) -> None:
    """Its index is at its end: without it nothing can be decoded."""
    data = (test_data / "exam" / "montage.mp4").read_bytes()
    path = tmp_path / "montage.mp4"
    path.write_bytes(data[: len(data) * 6 // 10])
    assert_refused(analyse(path, out), capsys, "cut off", "moov", out=out)


def test_a_crop_that_misses_a_later_picture_keeps_the_others(
    tmp_path: Path, out: Path, capsys: Capture
) -> None:
    folder = tmp_path / "sizes"
    folder.mkdir()
    write_picture(folder / "a-large.png", noise_picture(240, 320))
    write_picture(folder / "b-small.png", noise_picture(120, 160))
    write_picture(folder / "c-wide.png", noise_picture(240, 400))
    status = analyse(folder, out, "--crop", "0,0,300,200")
    assert status == 2
    assert "b-small.png" in capsys.readouterr().err.splitlines()[-1]
    assert [row["source"] for row in table(out)] == ["a-large.png", "c-wide.png"]
