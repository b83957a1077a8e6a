"""Whatever a console's encoding, every text is written, and JSON is JSON."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sonoassist
from fake_weights import published_file
from sonoassist.cli import run
from sonoassist.commands.console import json_text, take_any_text

ROOT = Path(sonoassist.__file__).parents[1]
ENCODINGS = ("ascii", "cp1252", "cp437", "utf-8")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="names of files are characters here")
pytestmark = pytest.mark.usefixtures("_home")


@pytest.fixture(name="_home")
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))


def program(encoding: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    known = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
    return subprocess.run(
        [sys.executable, "-m", "sonoassist", *words], capture_output=True, check=False, env=known
    )


@given(
    text=st.text(st.characters()),
    encoding=st.sampled_from([*ENCODINGS, "utf-16", "cp932", "koi8-r"]),
)
def test_any_text_on_any_console(text: str, encoding: str) -> None:
    before = sys.stdout, sys.stderr
    written = io.BytesIO()
    sys.stdout = sys.stderr = stream = io.TextIOWrapper(written, encoding=encoding)
    try:
        take_any_text()
        stream.write(text)
        stream.flush()
    finally:
        sys.stdout, sys.stderr = before
    written.getvalue().decode(encoding)


def test_what_stands_for_signs_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii", newline="")
    monkeypatch.setattr("sys.stdout", stream)
    take_any_text()
    stream.write("fréeze ≥ 0.5 – “Füße” \udce9 \u4e2d\n")
    stream.flush()
    assert written.getvalue() == b'freeze >= 0.5 - "Fusse" ? ?\n'


def test_streams_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.StringIO())
    monkeypatch.setattr("sys.stderr", None)
    take_any_text()


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())))
def test_json_is_ascii_and_says_the_same(data: dict[str, object]) -> None:
    text = json_text(data)
    assert text.isascii()
    assert json.loads(text) == data


def test_json_of_half_characters() -> None:
    assert json.loads(json_text({"a\udce9": ["\ud83d", "😀"]})) == {"a?": ["?", "😀"]}


@pytest.mark.parametrize("encoding", ENCODINGS[:2])
def test_the_command_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    done = program(encoding, "models", "list", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout.decode("ascii"))
    for words in (["evaluate", "--help"], ["models", "list"]):
        done = program(encoding, *words)
        assert (done.returncode, done.stderr) == (0, b"")
    done = program(encoding, "analyse", "Füße—中.mp4", "--out", str(tmp_path))
    assert done.returncode == 2
    (line,) = done.stderr.decode(encoding).splitlines()
    assert line.startswith("sonoassist: error: ")


@ON_LINUX
@pytest.mark.real
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_names_that_are_no_utf8(test_data: Path, tmp_path: Path, encoding: str) -> None:
    assert run(["models", "add", str(published_file(tmp_path))]) == 0
    folder = tmp_path / os.fsdecode(b"f\xfc\xdfe")
    folder.mkdir()
    picture = folder / os.fsdecode(b"fr\xe9eze.png")
    shutil.copyfile(test_data / "heads" / "187_HC.png", picture)
    out = tmp_path / os.fsdecode(b"out\xe9")
    words = ["analyse", os.fsdecode(folder), "--out", os.fsdecode(out), "--precision", "f32"]
    done = program(encoding, *words, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout.decode("ascii"))["source"] == "f??e"
    table = (out / "analysis.csv").read_text("utf-8").splitlines()
    assert table[1].startswith("fr?eze.png,0,")
    words[1] = os.fsdecode(picture)
    done = program(encoding, *words)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"out?" in done.stderr


@ON_LINUX
def test_an_error_that_names_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"fr\xe9eze.mp4")
    assert run(["analyse", name, "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "fr?eze.mp4" in line


@pytest.mark.real
@pytest.mark.parametrize("name", ["upper", "utf16_tab"])
def test_evaluate_tables_of_spreadsheets(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    cases = tmp_path / "cases.txt"
    cases.write_bytes(f"{name}\r\n".encode("utf-16"))
    data = test_data / "cases" / "label_tables" / name
    words = ["evaluate", "localisation", str(data), "--engine", "torch", "--cases", str(cases)]
    assert run([*words, "--json"]) == 0
    captured = capsys.readouterr()
    assert "2 labelled frames" in captured.err
    assert json.loads(captured.out)["localisation"]


@pytest.mark.real
def test_evaluate_reads_boxes_of_any_anatomy(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = tmp_path / "cases.txt"
    cases.write_text("305\n")
    words = ["evaluate", "localisation", str(test_data / "anatomy_boxes"), "--engine", "torch"]
    assert run([*words, "--cases", str(cases), "--json"]) == 0
    captured = capsys.readouterr()
    assert "anatomy_boxes (planes): 47 labelled frames" in captured.err
    assert json.loads(captured.out)["localisation"]
    assert run(["evaluate", "all", str(test_data / "scanner_screens")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "sonoassist evaluate screens" in line
