"""Whatever a table holds, it is read or refused in words."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonoassist.core.errors import SonoAssistError, SourceError
from sonoassist.datasets.label_map import load_label_map
from sonoassist.datasets.reading import read_dataset
from sonoassist.datasets.tables import Row, RowError, header_of, read_json, read_rows

QUIET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@QUIET
@given(data=st.binary(max_size=300), name=st.sampled_from(("truth.csv", "labels.csv", "x.json")))
def test_any_bytes(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SonoAssistError):
        read_dataset(tmp_path / name)


@QUIET
@given(
    rows=st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=6),
    delimiter=st.sampled_from(",;\t"),
)
def test_cells_come_back(tmp_path: Path, rows: list[list[str]], delimiter: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])
    path = tmp_path / "t.csv"
    path.write_bytes(text.getvalue().encode())
    found = [list(row.cells.values()) for row in read_rows(path, ("a", "b", "c"))]
    stripped = [[cell.strip() for cell in row] for row in rows]
    assert found == [row for row in stripped if any(row)]


@QUIET
@given(text=TEXT.filter(lambda text: "," not in text))
def test_numbers(text: str) -> None:
    row = Row(1, {"n": text.strip()})
    try:
        value = row.count("n")
    except RowError:
        return
    assert value == float(text.strip())  # \x1f is a blank for strip, not for float


@QUIET
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    ),
    key=st.sampled_from(("segments", "images")),
)
def test_any_json(tmp_path: Path, value: object, key: str) -> None:
    path = tmp_path / "x.json"
    for told in (value, {key: value, "video": "x.mp4"}, {key: [value], "video": value}):
        path.write_text(json.dumps(told))
        with pytest.raises(SonoAssistError):
            read_dataset(path)


def test_a_missing_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="has no column c"):
        read_rows(path, ("a", "c"))


def test_more_cells_than_columns(tmp_path: Path) -> None:
    """A delimiter inside of a name would shift what follows it; empty cells shift nothing."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2,,\n1,2,3\n1\n")
    first, second, third = read_rows(path, ("a", "b"))
    first.check()
    third.check()
    with pytest.raises(RowError, match="more cells than columns: 3 instead of 2"):
        second.check()


@pytest.mark.parametrize("end", ["", '5,"six"\n'])
def test_a_quote_that_is_not_closed(tmp_path: Path, end: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'a,b\n1,"two\nlines"\n\n2,"x\n3,y\n{end}')
    whole, torn = read_rows(path, ("a", "b"))
    whole.check()
    assert (whole.line, torn.line) == (2, 5)
    with pytest.raises(RowError, match=f"not closed; the lines up to {7 if end else 6} are lost"):
        torn.check()


def test_a_torn_row_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,2\n3,"x\n' + "4,5\n" * 40_000)
    with pytest.raises(SourceError, match=r"t\.csv, line 3: "):
        read_rows(path, ("a", "b"))


def test_encodings_and_marks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("﻿a;b\n1;é\n".encode())
    assert read_rows(path, ("a", "b"))[0].cells == {"a": "1", "b": "é"}
    path.write_bytes("a;b\n1;é\n".encode("latin-1"))
    assert read_rows(path, ("a", "b"))[0].cells == {"a": "1", "b": "é"}


def test_deep_json(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[" * 100_000)
    with pytest.raises(SourceError):
        read_json(path)


def test_header() -> None:
    assert header_of("a; b ;c,d\n") == (("a", "b", "c,d"), ";")
    assert header_of("") == ((), ",")


def test_the_shipped_mappings() -> None:
    for layout in ("fetal_planes_db", "exams", "heads", "phantom"):
        classes = load_label_map(layout)
        assert classes.accepted("FEMUR") == ("femur",)
        assert classes.accepted("no such", "Brain (Cb.)") == ("brain_cb",)
        assert classes.accepted("no such") is None
