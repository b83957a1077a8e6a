"""Every layout is recognised, read whole, and says what is wrong in it by file and line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from dataset_files import fetal_planes, phantom, picture, table, video

from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.packets import Box
from sonoassist.datasets.reading import read_dataset

BOX = (10, 12, 60, 70)
HEART = ("4ch", "lvot", "rvot", "3vv")


def fetal_rows() -> list[tuple[object, ...]]:
    return [
        ("P1_a", 1, "Fetal abdomen", "Not A Brain", 1),
        ("P1_b", 1, "Fetal brain", "Trans-ventricular", 1),
        ("P2_a", 2, "Fetal brain", "Trans-cerebellum", 0),
        ("P2_b", 2, "Fetal brain", "Trans-thalamic", 0),
        ("P2_c", 2, "Fetal brain", "Other", 0),
        ("P3_a", 3, "Fetal femur", "Not A Brain", 0),
        ("P3_b", 3, "Fetal thorax", "Not A Brain", 0),
        ("P3_c", 3, "Maternal cervix", "Not A Brain", 0),
        ("P3_d", 3, "Other", "Not A Brain", 0),
    ]


def test_fetal_planes_db(tmp_path: Path) -> None:
    data = read_dataset(fetal_planes(tmp_path / "db", fetal_rows()))
    assert (data.name, data.layout, data.problems) == ("db", "fetal_planes_db", ())
    assert [frame.accepted for frame in data.frames] == [
        ("abdominal",),
        ("brain_tv",),
        ("brain_cb",),
        ("brain_tv", "brain_cb"),
        ("brain_tv", "brain_cb"),
        ("femur",),
        HEART,
        ("background",),
    ]
    assert [frame.case for frame in data.frames] == ["1", "1", "2", "2", "2", "3", "3", "3"]
    assert [frame.test for frame in data.frames] == [False, False, *[True] * 6]
    assert data.left_out == {"Other": 1}
    assert data.frames[3].plane is None
    assert data.frames[0].path == tmp_path / "db" / "Images" / "P1_a.png"
    by_table = read_dataset(tmp_path / "db" / "FETAL_PLANES_DB_data.csv")
    assert by_table.frames == data.frames


def test_bad_rows_of_fetal_planes_db(tmp_path: Path) -> None:
    rows = [*fetal_rows()[:3], ("P4", 4, "Fetal arm", "Not A Brain", 1), *fetal_rows()[:1]]
    folder = fetal_planes(tmp_path / "db", rows)
    with (folder / "FETAL_PLANES_DB_data.csv").open("a") as file:
        file.write("gone;5;Fetal femur;Not A Brain;Op. 1;Aloka;1\n")
        file.write("\nP1_a;;Fetal femur\n")
        file.write("P3;3;Fetal femur;;;;maybe\n")
        file.write("../escape;3;Fetal femur;;;;1\n")
    (folder / "Images" / "P2_a.png").unlink()
    data = read_dataset(folder)
    assert len(data.frames) == 2
    file = "FETAL_PLANES_DB_data.csv, line"
    wanted = [
        (f"{file} 4: ", "there is no file P2_a.png"),
        (f"{file} 5: ", "'Fetal arm' is not known"),
        (f"{file} 6: ", f"the first is in {file} 2"),
        (f"{file} 7: ", "there is no file gone.png"),
        (f"{file} 9: ", "Patient_num is empty"),
        (f"{file} 10: ", "there is no file P3.png"),
        (f"{file} 11: ", "is not the name of a file in Images"),
    ]
    assert len(data.problems) == len(wanted)
    for problem, (start, end) in zip(data.problems, wanted, strict=True):
        assert problem.startswith(start)
        assert end in problem


def test_own_mapping(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[classes]\n"other" = ["background"]\n"Fetal thorax" = "leave_out"\n')
    data = read_dataset(fetal_planes(tmp_path / "db", fetal_rows()), own)
    assert data.left_out == {"Fetal thorax": 1}
    assert data.frames[-1].accepted == ("background",)
    assert data.frames[0].accepted == ("abdominal",)  # what is not named keeps its meaning


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[classes", "is not TOML"),
        ("x = 1", "has no [classes]"),
        ('[classes]\n"Other" = ["arm"]', "'arm', which does not exist"),
        ('[classes]\n"Other" = []', "neither plane keys nor"),
        ('[classes]\n"Other" = 3', "neither plane keys nor"),
        (None, "cannot be read"),
    ],
)
def test_bad_mappings(tmp_path: Path, text: str | None, words: str) -> None:
    own = tmp_path / "own.toml"
    if text is not None:
        own.write_text(text)
    with pytest.raises(UsageError, match=words.replace("[", r"\[")):
        read_dataset(fetal_planes(tmp_path / "db", fetal_rows()), own)


def test_one_phantom_exam_without_states(tmp_path: Path) -> None:
    rows = [(0, 0, "background", "", "", "", ""), (1, 0.04, "femur", *BOX)]
    data = read_dataset(phantom(tmp_path / "seed7", rows))
    assert (data.layout, data.problems) == ("phantom", ())
    first, second = data.frames
    assert (first.case, first.index, first.plane, first.box) == ("seed7", 0, "background", None)
    assert (second.plane, second.box) == ("femur", Box(*BOX))


def test_phantom_exams_with_states(tmp_path: Path) -> None:
    rows = [
        (0, 0, "background", "background", "", "", "", ""),
        (1, 0, "plane", "femur", *BOX),
        (2, 0, "near_miss", "femur", "", "", "", ""),
        (3, 0, "frozen", "femur", *BOX),
        (4, 0, "doppler", "femur", *BOX),
        (5, 0, "split", "background", "", "", "", ""),
        (6, 0, "no_signal", "background", "", "", "", ""),
        (7, 0, "asleep", "background", "", "", "", ""),
    ]
    for name in ("b", "a"):
        phantom(tmp_path / "set" / name, rows, state=True)
    video(tmp_path / "set" / "c" / "exam.mp4")
    data = read_dataset(tmp_path / "set")
    assert [frame.case for frame in data.frames] == ["a"] * 3 + ["b"] * 3
    assert [frame.plane for frame in data.frames[:3]] == ["background", "femur", "background"]
    assert data.left_out == {"frozen": 2, "doppler": 2, "split": 2, "no_signal": 2}
    assert [(frame.index, frame.accepted) for frame in data.shown] == [(3, ("femur",))] * 2
    assert [problem.split(": ")[0] for problem in data.problems] == [
        "a/truth.csv, line 9",
        "b/truth.csv, line 9",
        "c/truth.csv",
    ]


def test_a_mapping_that_leaves_out_a_frozen_class(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[classes]\n"femur" = "leave_out"\n')
    rows = [
        (0, 0, "frozen", "femur", *BOX),
        (1, 0, "plane", "femur", *BOX),
        (2, 0, "plane", "lips", *BOX),
    ]
    data = read_dataset(phantom(tmp_path / "seed1", rows, state=True), own)
    assert [frame.plane for frame in data.frames] == ["lips"]
    assert (data.left_out, data.shown, data.problems) == ({"femur": 2}, (), ())


def test_bad_rows_of_a_phantom_exam(tmp_path: Path) -> None:
    rows = [
        (0, 0, "femur", *BOX),
        (0, 0, "femur", *BOX),
        (1, 0, "femur", 1, 2, 3, "x"),
        (2, 0, "femur", 1, 2, 300, 40),
        (3, 0, "femur", 50, 2, 10, 40),
        ("3.5", 0, "femur", *BOX),
        ("nan", 0, "femur", *BOX),
        (99, 0, "femur", *BOX),
        (4, 0, "tail", *BOX),
        (5, 0, "femur", "", 1, 2, 3),
    ]
    data = read_dataset(phantom(tmp_path / "seed1", rows))
    assert len(data.frames) == 1
    words = [
        "a second label",
        "bottom_px is not a number: 'x'",
        "reaches out of the picture (96x80 px)",
        "has no area",
        "not a whole number",
        "not a number",
        "behind the end (12 frames)",
        "'tail' is not known",
        "left_px is empty",
    ]
    assert len(data.problems) == len(words)
    for line, (problem, word) in enumerate(zip(data.problems, words, strict=True), 3):
        assert problem.startswith(f"seed1/truth.csv, line {line}: ")
        assert word in problem


def test_a_broken_json_beside_a_table(tmp_path: Path) -> None:
    montage(tmp_path, [{"plane": "Femur", "first_frame": 1, "last_frame": 2}])
    (tmp_path / "a.json").write_text("{")
    assert read_dataset(tmp_path).layout == "montage"


def montage(folder: Path, segments: object, **more: object) -> Path:
    video(folder / "film.mp4", 12)
    told = {"video": "film.mp4", "segments": segments, **more}
    (folder / "film.json").write_text(json.dumps(told))
    return folder


def test_a_recording_with_segments(tmp_path: Path) -> None:
    segments = [
        {"plane": "Kidneys", "first_frame": 1, "last_frame": 3},
        {"plane": "Elbow", "first_frame": 4, "last_frame": 5},
        {"plane": "Femur", "first_frame": 9, "last_frame": 12},
        {"plane": "Femur", "first_frame": 9, "last_frame": "x"},
        {"plane": "Femur", "first_frame": 3, "last_frame": 4},
        "no segment",
        {"plane": "Femur", "first_frame": 8, "last_frame": 9},
    ]
    data = read_dataset(montage(tmp_path, segments, retrieval_tolerance_frames=2))
    assert data.layout == "montage"
    labels = {frame.index: frame.plane for frame in data.frames}
    assert labels == {1: "kidneys", 2: "kidneys", 3: "kidneys", 8: "femur", 9: "femur"}
    near = [(frame.index, frame.plane) for frame in data.shown]
    assert near == [
        (0, "kidneys"),
        (4, "kidneys"),
        (5, "kidneys"),
        (6, "femur"),
        (7, "femur"),
        (10, "femur"),
        (11, "femur"),
    ]
    assert [int(problem.split()[2].rstrip(":")) for problem in data.problems] == [2, 3, 4, 5, 6]


def test_a_tolerance_beyond_the_recording(tmp_path: Path) -> None:
    segments = [{"plane": "Kidneys", "first_frame": 5, "last_frame": 9}]
    data = read_dataset(montage(tmp_path, segments, retrieval_tolerance_frames=10_000))
    assert [frame.index for frame in data.shown] == [*range(5), 10, 11]


@pytest.mark.parametrize("left", ["1" + "0" * 400, "true", "NaN", '"3"'])
def test_numbers_of_a_box_that_are_none(tmp_path: Path, left: str) -> None:
    for name in ("A.png", "B.png"):
        picture(tmp_path / name)
    box = f'{{"left": {left}, "top": 1, "right": 9, "bottom": 9}}'
    entry = f'"A.png": {{"plane": "4CH", "box_frame_px": {box}}}, "B.png": {{"plane": "4CH"}}'
    (tmp_path / "truth.json").write_text(f'{{"images": {{{entry}}}}}')
    data = read_dataset(tmp_path)
    assert [frame.case for frame in data.frames] == ["B"]
    assert "not four numbers" in data.problems[0]


def test_plane_truth(tmp_path: Path) -> None:
    picture(tmp_path / "A.png")
    edges = dict(zip(("left", "top", "right", "bottom"), BOX, strict=True))
    images = {
        "A.png": {"plane": "4CH", "box_frame_px": edges},
        "B.png": {"plane": "4CH"},
        "C.png": {"plane": "4CH", "box_frame_px": {**edges, "left": None}},
        "D.png": 3,
    }
    for name in ("C.png", "D.png"):
        picture(tmp_path / name)
    (tmp_path / "truth.json").write_text(json.dumps({"images": images}))
    data = read_dataset(tmp_path)
    assert data.layout == "planes"
    assert [(f.case, f.plane, f.box) for f in data.frames] == [("A", "4ch", Box(*BOX))]
    assert [problem.split(":")[0] for problem in data.problems] == [
        "truth.json, B.png",
        "truth.json, C.png",
        "truth.json, D.png",
    ]


def test_heads(tmp_path: Path) -> None:
    for name in ("7_HC.png", "7_2HC.png", "other.png"):
        picture(tmp_path / name)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    rows = [(name, *BOX) for name in ("7_HC.png", "7_2HC.png", "other.png", "bad.png", "no.png")]
    table(tmp_path / "truth.csv", "image,left_px,top_px,right_px,bottom_px", rows)
    data = read_dataset(tmp_path)
    assert data.layout == "heads"
    assert [frame.case for frame in data.frames] == ["7", "7", "other"]
    assert {frame.accepted for frame in data.frames} == {("brain_tv", "brain_cb")}
    assert [problem.split(":")[0] for problem in data.problems] == [
        "truth.csv, line 5",
        "truth.csv, line 6",
    ]


def test_what_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no data set"):
        read_dataset(tmp_path / "nowhere")
    with pytest.raises(SourceError, match=r"no data set the program knows.*Known: "):
        read_dataset(tmp_path)
    picture(tmp_path / "a.png")
    with pytest.raises(SourceError, match="no data set the program knows"):
        read_dataset(tmp_path / "a.png")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(SourceError, match="is not JSON"):
        read_dataset(tmp_path / "x.json")


def test_no_usable_row(tmp_path: Path) -> None:
    rows = [("P3_d", 3, "Other", "Not A Brain", 0)]
    with pytest.raises(SourceError, match=r"no row that can be used; left out: Other\. Correct"):
        read_dataset(fetal_planes(tmp_path / "db", rows))
    with pytest.raises(SourceError, match=r"no row that can be used; seed/truth.csv, line 2"):
        read_dataset(phantom(tmp_path / "seed", [(0, 0, "elbow", "", "", "", "")]))


def test_an_unreadable_video(tmp_path: Path) -> None:
    folder = phantom(tmp_path / "seed", [(0, 0, "femur", *BOX)])
    (folder / "exam.mp4").write_bytes(b"nothing")
    with pytest.raises(SourceError, match="has no row that can be used"):
        read_dataset(folder)


@pytest.mark.real
def test_the_real_data_sets(test_data: Path) -> None:
    known = {
        "planes": ("planes", 13, 13),
        "heads": ("heads", 41, 41),
        "fetal_planes_db": ("fetal_planes_db", 35, 32),
        "exam": ("montage", 975, 1),
    }
    for name, (layout, frames, cases) in known.items():
        data = read_dataset(test_data / name)
        found = data.layout, len(data.frames), len({frame.case for frame in data.frames})
        assert found == (layout, frames, cases)
        assert data.problems == ()
        if name == "fetal_planes_db":
            assert data.left_out == {"Other": 7}
            assert Counter(f.accepted for f in data.frames)[HEART] == 7
