"""Numbers as spreadsheets of different countries write them."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.datasets.numerals import NumeralError, decimal_mark, number


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("20", "", 20),
        ("20.5", "", 20.5),
        ("20,5", "", 20.5),
        ("-0,25", "", -0.25),
        ("1,234.5", "", 1234.5),
        ("1.234,5", "", 1234.5),
        ("1,234,567", "", 1234567),
        ("1,234", ",", 1.234),
        ("1,234", ".", 1234),
        ("1.234", "", 1.234),
        ("1.234", ".", 1.234),
        ("0,125", "", 0.125),
        ("2,5e1", "", 25),
        ("1.234.567,5", "", 1234567.5),
    ],
)
def test_numbers(text: str, decimal: str, value: float) -> None:
    assert number(text, decimal) == value


@pytest.mark.parametrize("text", ["", ",", ".", "1,2,3", "1,23.5", "1.2.3", "x", "1,5 px", "1,,5"])
def test_no_numbers(text: str) -> None:
    with pytest.raises(NumeralError, match="is not a number: "):
        number(text)


@pytest.mark.parametrize(("text", "decimal"), [("1,234", ""), ("1.234", ",")])
def test_two_ways_to_read_one(text: str, decimal: str) -> None:
    with pytest.raises(NumeralError, match="can be read in two ways"):
        number(text, decimal)


@pytest.mark.parametrize(
    ("cells", "delimiter", "mark"),
    [
        (["1,234", "20,5"], "\t", ","),
        (["1,234", "20.5"], ",", "."),
        (["1,234"], "\t", ""),
        (["1,234"], ";", ","),
        (["1.234"], ";", ""),
        (["20,5", "20.5"], ";", ""),
        (["a,b", "fréeze 1,5.png"], ",", ""),
        ([], ",", ""),
    ],
)
def test_the_mark_of_a_table(cells: list[str], delimiter: str, mark: str) -> None:
    assert decimal_mark(cells, delimiter) == mark


@given(value=st.floats(-1e6, 1e6), digits=st.integers(0, 9), mark=st.sampled_from(",."))
def test_decimals_come_back(value: float, digits: int, mark: str) -> None:
    text = f"{value:.{digits}f}"
    written = text.replace(".", mark)
    assert number(written, mark) == float(text)


@given(st.text())
def test_any_text(text: str) -> None:
    with suppress(NumeralError):
        assert isinstance(number(text), float)


def test_what_python_takes_for_a_number() -> None:
    assert math.isnan(number("nan"))
