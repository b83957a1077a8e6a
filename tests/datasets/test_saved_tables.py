"""A label table is read the same, however a spreadsheet has saved it."""

from __future__ import annotations

import codecs
import csv
import io
import os
import sys
import unicodedata
from pathlib import Path

import pytest
from dataset_files import picture, table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Box
from sonoassist.datasets.reading import read_dataset
from sonoassist.datasets.tables import read_rows

HEADER = ("file", "frame", "plane", "left_px", "top_px", "right_px", "bottom_px")
ENCODINGS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "latin-1": b"",
    "utf-16-be": codecs.BOM_UTF16_BE,
    "cp1252": b"",
}
WESTERN = st.text(
    st.characters(codec="latin-1", categories=["Lu", "Ll", "Nd"], exclude_characters="µ")
    | st.sampled_from(" _-.;,\t\"'"),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() and text.isprintable())
"""Letters that all encodings have, and whatever could be taken for a separator.

Behind a capital with an accent the bytes of "µ" are those of a UTF-8 character as well.
"""
PIXELS = st.decimals(0, 4000, places=2)


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    rows=st.lists(st.tuples(WESTERN, st.integers(0, 999), WESTERN, *[PIXELS] * 4), max_size=5),
    encoding=st.sampled_from(list(ENCODINGS)),
    delimiter=st.sampled_from(",;\t"),
    told=st.booleans(),
    case=st.sampled_from([str.lower, str.upper, str.capitalize, str.title]),
    comma=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_saved_table(
    tmp_path: Path,
    rows: list[tuple[object, ...]],
    encoding: str,
    delimiter: str,
    told: bool,
    case: type[str],
    comma: bool,
    end: str,
) -> None:
    def cell(value: object) -> str:
        text = str(value)
        return text.replace(".", ",") if comma and not isinstance(value, str) else text

    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow([case(name) for name in HEADER])
    writer.writerows([[cell(value) for value in row] for row in rows])
    whole = (f"sep={delimiter}{end}" if told else "") + text.getvalue()
    path = tmp_path / "t.csv"
    path.write_bytes(ENCODINGS[encoding] + whole.encode(encoding))
    found = read_rows(path, HEADER)
    assert [row.line for row in found] == [*range(2 + told, 2 + told + len(rows))]
    for row, (file, frame, plane, *edges) in zip(found, rows, strict=True):
        row.check()
        assert (row.text("file"), row.count("frame")) == (str(file).strip(), frame)
        assert row.text("plane") == str(plane).strip()
        assert [row.number(name) for name in HEADER[3:]] == [float(str(edge)) for edge in edges]


@pytest.mark.parametrize("encoding", list(ENCODINGS))
@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_table", ["NFC", "NFD"])
def test_accents_in_names(tmp_path: Path, encoding: str, on_disk: str, in_table: str) -> None:
    name = "Füße/fréeze 01.png"
    picture(tmp_path / "plain.png")
    disk = tmp_path / unicodedata.normalize(on_disk, name)
    disk.parent.mkdir()
    (tmp_path / "plain.png").rename(disk)
    if not encoding.startswith("utf"):
        in_table = "NFC"  # a mark alone is no character of these
    text = (
        f"sep=;\r\nFile;Plane;Left_px;Top_px;Right_px;Bottom_px\r\n{name};FEMUR;1,5;2;60;70,25\r\n"
    )
    data = unicodedata.normalize(in_table, text).encode(encoding)
    (tmp_path / "labels.csv").write_bytes(ENCODINGS[encoding] + data)
    (frame,) = read_dataset(tmp_path).frames
    assert (frame.path, frame.accepted, frame.box) == (disk, ("femur",), Box(1.5, 2, 60, 70.25))


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are characters here")
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_names_on_disk_that_are_no_utf8(tmp_path: Path, encoding: str) -> None:
    picture(tmp_path / "plain.png")
    disk = tmp_path / os.fsdecode(b"fr\xe9eze.png")
    (tmp_path / "plain.png").rename(disk)
    (tmp_path / "labels.csv").write_bytes("file;plane\nfréeze.png;lips\n".encode(encoding))
    (frame,) = read_dataset(tmp_path).frames
    assert frame.path == disk


@pytest.mark.skipif(sys.platform != "linux", reason="the system knows one spelling only")
def test_a_name_that_two_files_have(tmp_path: Path) -> None:
    for name in ("é.png", "e\u0301.png"):
        picture(tmp_path / "plain.png").rename(tmp_path / name)
    table(tmp_path / "labels.csv", "file,plane", [("é.png", "lips"), ("e\u0301.png", "femur")])
    assert [frame.plane for frame in read_dataset(tmp_path).frames] == ["lips", "femur"]
    folder = tmp_path / "other"
    folder.mkdir()
    for name in ("\u1ebf.png", "\u00ea\u0301.png"):
        picture(tmp_path / "plain.png").rename(folder / name)
    table(folder / "labels.csv", "file,plane", [("e\u0302\u0301.png", "lips")])
    with pytest.raises(SourceError, match="more than one file in other is named"):
        read_dataset(folder)


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Plane,plane,file\n1,2,3\n")
    with pytest.raises(SourceError, match="more than one column plane"):
        read_rows(tmp_path / "t.csv", ("plane",))


def test_a_number_that_can_be_read_in_two_ways(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    rows = [("a.png", "femur", "1,234", 2, 60, 70)]
    table(tmp_path / "labels.csv", "file,plane,left_px,top_px,right_px,bottom_px", rows)
    with pytest.raises(SourceError, match=r"labels.csv, line 2: left_px can be read in two ways"):
        read_dataset(tmp_path)


def test_json_and_mappings_of_other_editors(tmp_path: Path) -> None:
    picture(tmp_path / "plain.png").rename(tmp_path / "é.png")
    text = '{"images": {"e\u0301.png": {"plane": "Hüfte"}}}'
    (tmp_path / "truth.json").write_bytes(text.encode("utf-16"))
    own = tmp_path / "own.toml"
    own.write_bytes('[classes]\n"HU\u0308FTE" = "femur"\n'.encode("utf-8-sig"))
    (frame,) = read_dataset(tmp_path, own).frames
    assert (frame.path.name, frame.plane) == ("é.png", "femur")
    own.write_bytes('[classes]\n"Hüfte" = "lips"\n'.encode("latin-1"))
    assert read_dataset(tmp_path, own).frames[0].plane == "lips"


@pytest.mark.real
@pytest.mark.parametrize("name", ["upper", "utf16_tab"])
def test_tables_of_spreadsheets(test_data: Path, name: str) -> None:
    data = read_dataset(test_data / "cases" / "label_tables" / name)
    assert [frame.plane for frame in data.frames] == ["brain_tv", "femur"]
    assert [frame.box for frame in data.frames] == [Box(20, 40, 200, 200), None]
    assert data.problems == ()
