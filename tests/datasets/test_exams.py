"""A folder of exams, the layout for a hospital's own data."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataset_files import dicom, phantom, picture, table, video

from sonoassist.core.packets import Box
from sonoassist.datasets.reading import read_dataset

BOX = (10, 12, 60, 70)
HEART = ("4ch", "lvot", "rvot", "3vv")


def exams(folder: Path) -> Path:
    picture(folder / "case1" / "freeze.png")
    video(folder / "case1" / "scan.mp4")
    table(
        folder / "case1" / "labels.csv",
        "file,frame,plane,left_px,top_px,right_px,bottom_px",
        [
            ("freeze.png", "", "Brain (Tv.)", *BOX),
            ("scan.mp4", 3, "femur", "", "", "", ""),
            ("scan.mp4", 7, "none", "", "", "", ""),
            ("scan.mp4", 8, "HEART", "", "", "", ""),
            ("scan.mp4", "", "femur", "", "", "", ""),
            ("scan.mp4", 12, "femur", "", "", "", ""),
            ("freeze.png", 1, "femur", "", "", "", ""),
            ("../case2/x.png", "", "femur", "", "", "", ""),
            ("scan.mp4", 9, "Doppler", "", "", "", ""),
        ],
    )
    picture(folder / "case2" / "pictures" / "x.png")
    table(folder / "case2" / "labels.csv", "file;plane", [("pictures/x.png", "FL")], ";")
    (folder / "case3").mkdir()
    return folder


def test_a_folder_of_exams(tmp_path: Path) -> None:
    data = read_dataset(exams(tmp_path / "hospital"))
    assert data.layout == "exams"
    found = [(f.case, f.path.name, f.index, f.accepted) for f in data.frames]
    assert found == [
        ("case1", "freeze.png", 0, ("brain_tv",)),
        ("case1", "scan.mp4", 3, ("femur",)),
        ("case1", "scan.mp4", 7, ("background",)),
        ("case1", "scan.mp4", 8, HEART),
        ("case2", "x.png", 0, ("femur",)),
    ]
    assert data.frames[0].box == Box(*BOX)
    assert data.left_out == {"Doppler": 1}
    words = ["the file is a video", "behind the end", "behind the end", "outside of the exam"]
    for line, (problem, word) in enumerate(zip(data.problems[:4], words, strict=True), 6):
        assert problem.startswith(f"case1/labels.csv, line {line}: ")
        assert word in problem
    assert data.problems[4].startswith("case3/labels.csv: ")
    assert len(data.problems) == 5
    assert read_dataset(tmp_path / "hospital" / "case2").frames == data.frames[4:]


def test_freeze_frames_saved_as_dicom(tmp_path: Path) -> None:
    """Of one frame it is a picture and needs no number; a cine does."""
    dicom(tmp_path / "freeze.dcm")
    dicom(tmp_path / "cine.dcm", 3)
    table(
        tmp_path / "labels.csv",
        "file,frame,plane",
        [
            ("freeze.dcm", "", "femur"),
            ("cine.dcm", "", "femur"),
            ("cine.dcm", 2, "femur"),
        ],
    )
    data = read_dataset(tmp_path)
    assert [(frame.path.name, frame.index) for frame in data.frames] == [
        ("freeze.dcm", 0),
        ("cine.dcm", 2),
    ]
    assert len(data.problems) == 1
    assert "line 3: frame is empty, and the file is a video" in data.problems[0]


def test_rows_that_are_not_laid_out_as_their_table(tmp_path: Path) -> None:
    folder = exams(tmp_path / "hospital") / "case2"
    picture(folder / "a.png")
    picture(folder / "b.png")
    text = 'file;plane\nx, y.png;FL;3\na.png;FL\n"b.png;FL\npictures/x.png;FL\n'
    (folder / "labels.csv").write_text(text)
    data = read_dataset(folder)
    assert [frame.path.name for frame in data.frames] == ["a.png"]
    more, torn = data.problems
    assert more.startswith("case2/labels.csv, line 2: more cells than columns")
    assert torn.startswith("case2/labels.csv, line 4: a quote is not closed; the lines up to 5")


@pytest.mark.parametrize("text", ["{", "[]", '{"images": []}', '{"segments": []}'])
def test_a_stray_json_beside_exams(tmp_path: Path, text: str) -> None:
    folder = exams(tmp_path / "hospital")
    (folder / "a.json").write_text(text)
    assert len(read_dataset(folder).frames) == 5
    rows = [(0, 0, "femur", *BOX)]
    phantom(tmp_path / "made" / "seed1", rows)
    (tmp_path / "made" / "a.json").write_text(text)
    assert read_dataset(tmp_path / "made").layout == "phantom"


def test_frames_near_a_label_are_shown(tmp_path: Path) -> None:
    """Within the tolerance and the recording, around planes of videos only."""
    video(tmp_path / "scan.mp4", 12)
    picture(tmp_path / "freeze.png")
    table(
        tmp_path / "labels.csv",
        "file,frame,plane",
        [
            ("scan.mp4", 1, "femur"),
            ("scan.mp4", 10, "lips"),
            ("scan.mp4", 6, "none"),
            ("freeze.png", "", "femur"),
        ],
    )
    assert read_dataset(tmp_path).shown == ()
    shown = read_dataset(tmp_path, tolerance_frames=2).shown
    assert [(frame.index, frame.plane, frame.path.name) for frame in shown] == [
        (0, "femur", "scan.mp4"),
        (2, "femur", "scan.mp4"),
        (3, "femur", "scan.mp4"),
        (8, "lips", "scan.mp4"),
        (9, "lips", "scan.mp4"),
        (11, "lips", "scan.mp4"),
    ]
    assert len(read_dataset(tmp_path, tolerance_frames=10_000).shown) == 22
