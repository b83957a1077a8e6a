"""The first lines of a table."""

from __future__ import annotations

import pytest

from sonoassist.datasets.headings import TableHeading, folded_column, heading_of, lines_of


@pytest.mark.parametrize(
    ("text", "columns", "delimiter", "lines"),
    [
        ("file,plane\n", ("file", "plane"), ",", 1),
        ("sep=;\r\nFile;Plane\r\n", ("file", "plane"), ";", 2),
        ('"sep=\t"\nfile\tplane\n', ("file", "plane"), "\t", 2),
        ("SEP=|\nfile|plane\n", ("file", "plane"), "|", 2),
        ("sep=;\rfile;a,b,c\r", ("file", "a,b,c"), ";", 2),
        ("\n;;\n  \nfile;plane\n", ("file", "plane"), ";", 4),
        ('"a;b",c,d\n', ("a;b", "c", "d"), ",", 1),
        ('"left\npx",plane\n1,2\n', ("left_px", "plane"), ",", 2),
        ("sep\n", ("sep",), ",", 1),
        ("", (), ",", 0),
    ],
)
def test_headings(text: str, columns: tuple[str, ...], delimiter: str, lines: int) -> None:
    assert heading_of(lines_of(text)) == TableHeading(columns, delimiter, lines)


@pytest.mark.parametrize("name", ["Left_px", "LEFT PX", "left-px", "  left px  ", "left\xa0px"])
def test_spellings_of_a_column(name: str) -> None:
    assert folded_column(name) == "left_px"


def test_columns_of_one_name() -> None:
    heading = heading_of(["Plane;plane;;;file\n"])
    assert heading.twice() == ["plane"]
    assert heading.has(["FILE", "plane"])
    assert not heading.has(["file", "frame"])
