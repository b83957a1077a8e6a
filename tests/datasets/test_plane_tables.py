"""A truth table is read as what its columns and values say; what it is of is never guessed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from dataset_files import dicom, picture, table

from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Box
from sonoassist.datasets.reading import read_dataset

BOX = (10, 12, 60, 70)
EDGES = "left_px,top_px,right_px,bottom_px"
HEART = ("4ch", "lvot", "rvot", "3vv")


def test_planes_and_boxes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png", "7_HC.png"):
        picture(tmp_path / name)
    dicom(tmp_path / "cine.dcm", 3)
    rows = [
        ("a.png", "abdominal", *BOX, 5, ""),
        ("b.png", "Femur", "", "", "", "", 5, ""),
        ("c.png", "heart", *BOX, "", ""),
        ("7_HC.png", "lips", *BOX, "", ""),
        ("cine.dcm", "femur", *BOX, "", 2),
        ("cine.dcm", "femur", *BOX, "", 3),
        ("a.png", "elbow", *BOX, 5, ""),
        ("a.png", "", *BOX, 5, ""),
        ("d.png", "lips", *BOX, 5, ""),
        ("b.png", "Doppler", *BOX, 5, ""),
        ("b.png", "femur", *BOX[:3], 700, 5, ""),
    ]
    table(tmp_path / "truth.csv", f"Image,PLANE,{EDGES},Patient,frame", rows)
    data = read_dataset(tmp_path)
    assert data.layout == "planes"
    assert [(f.case, f.path.name, f.index, f.accepted, f.box) for f in data.frames] == [
        ("5", "a.png", 0, ("abdominal",), Box(*BOX)),
        ("5", "b.png", 0, ("femur",), None),
        ("c", "c.png", 0, HEART, Box(*BOX)),
        ("7_HC", "7_HC.png", 0, ("lips",), Box(*BOX)),
        ("cine", "cine.dcm", 2, ("femur",), Box(*BOX)),
    ]
    assert data.left_out == {"Doppler": 1}
    words = [
        "frame 3 lies behind the end (3 frames)",
        "'elbow' is not known",
        "plane is empty",
        "there is no file d.png",
        "reaches out of the picture",
    ]
    assert len(data.problems) == len(words)
    assert all(word in told for word, told in zip(words, data.problems, strict=True))


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (f"image,{EDGES}", ("7_HC.png", *BOX)),
        (f"Image,{EDGES.title()},pixel_size_mm", ("7_HC.png", *BOX, 0.2)),
        (f"image,{EDGES},head_circumference_mm,centre", ("7_HC.png", *BOX, 150, "x")),
    ],
)
def test_heads_by_columns_or_names(tmp_path: Path, header: str, row: tuple[object, ...]) -> None:
    picture(tmp_path / "7_HC.png")
    table(tmp_path / "truth.csv", header, [row])
    (frame,) = read_dataset(tmp_path).frames
    assert frame.accepted == ("brain_tv", "brain_cb")


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (f"image,{EDGES}", ("a.png", *BOX)),
        (f"image,{EDGES},organ", ("7_HC.png", *BOX, "femur")),
        (f"image,{EDGES}", ()),
    ],
)
def test_boxes_of_nobody_knows_what(tmp_path: Path, header: str, row: tuple[object, ...]) -> None:
    for name in ("a.png", "7_HC.png"):
        picture(tmp_path / name)
    table(tmp_path / "truth.csv", header, [row])
    for path in (tmp_path, tmp_path / "truth.csv"):
        with pytest.raises(SourceError, match=r"truth\.csv does not say what .*column plane"):
            read_dataset(path)


def test_screens_are_no_planes(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    table(
        tmp_path / "truth.csv",
        f"image,width,height,content,fov_shape,{EDGES}",
        [("a.png", 96, 80, "b_mode", "convex", *BOX)],
    )
    with pytest.raises(SourceError, match=r"scanner screens.*sonoassist evaluate screens"):
        read_dataset(tmp_path)


@pytest.mark.real
def test_real_tables_of_boxes(test_data: Path) -> None:
    data = read_dataset(test_data / "anatomy_boxes")
    assert data.problems == ()
    assert Counter(frame.plane for frame in data.frames) == {
        "abdominal": 16,
        "4ch": 16,
        "femur": 15,
    }
    assert all(frame.box for frame in data.frames)
    heads = read_dataset(test_data / "heads")
    assert (heads.layout, len(heads.frames)) == ("heads", 41)
    with pytest.raises(SourceError, match="scanner screens"):
        read_dataset(test_data / "scanner_screens")
