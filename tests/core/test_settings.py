from __future__ import annotations

import json
import string
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sonoassist.core.errors import OutputError
from sonoassist.core.settings import (
    MAX_RECENT,
    Settings,
    load_settings,
    merge_settings,
    save_settings,
    stepped_threshold,
)
from waiting import LIMIT_S

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_nothing_on_disk(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "settings.json") == (Settings(), [])


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "home" / "settings.json"
    settings = Settings(threshold=0.8, theme="light", device="mps", own_crops={"E8": "1,2,300,400"})
    settings.remember("a.mp4")
    save_settings(path, settings)
    assert load_settings(path) == (settings, [])


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    save_settings(path, Settings(threshold=0.8))
    assert json.loads(path.read_text()) == {"threshold": 0.8, "version": 1}


def test_a_wrong_field_alone_falls_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"threshold": 7, "theme": "light", "speed": "fast", "unknown": 1}')
    settings, notices = load_settings(path)
    assert (settings.threshold, settings.theme, settings.speed) == (None, "light", 1.0)
    assert len(notices) == 2
    assert "'speed'" in notices[0]
    assert "'threshold'" in notices[1]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "\x00", '{"recent": {"a": 1}}', "[" * 100_000, "9" * 10_000]
)
def test_damaged_settings_are_reported(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    settings, notices = load_settings(path)
    assert settings == Settings()
    assert len(notices) == 1


@pytest.mark.parametrize(
    ("kept", "used"),
    [(0.05, 0.05), (0.62, 0.62), (0.95, 0.95), (0.0, None), (0.96, None), (1, None)],
)
def test_a_threshold_beyond_the_range_is_told_once_and_never_clipped(
    tmp_path: Path, kept: float, used: float | None
) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"threshold": kept, "theme": "light"}))
    settings, notices = load_settings(path)
    assert (settings.threshold, settings.theme) == (used, "light")
    assert len(notices) == (used is None)


@pytest.mark.parametrize(
    ("now", "steps", "then"),
    [
        (0.7, 1, 0.75),
        (0.7, -1, 0.65),
        (0.62, 1, 0.65),
        (0.95, 1, 0.95),
        (0.05, -1, 0.05),
        (0.97, 1, 0.97),
        (0.97, -1, 0.95),
        (0.62, -1, 0.6),
        (0.02, -1, 0.02),
        (0.02, 1, 0.05),
        (0.7, -100, 0.05),
    ],
)
def test_the_steps_of_the_threshold_stay_in_its_range(now: float, steps: int, then: float) -> None:
    assert stepped_threshold(now, steps) == then


@pytest.mark.parametrize("text", ["{", "[]", '{"threshold": 7, "theme": "light"}'])
def test_settings_that_could_not_be_used_are_not_written_over(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    settings, _ = load_settings(path)
    for _ in range(2):
        save_settings(path, settings)
    assert load_settings(path) == (settings, [])
    assert {one.name for one in tmp_path.iterdir()} == {path.name, "settings.damaged.json"}
    assert (tmp_path / "settings.damaged.json").read_text() == text


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"\xff\xfe\xfa")
    settings, notices = load_settings(path)
    assert settings == Settings()
    assert "cannot be read" in notices[0]


@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), JSON))
def test_any_table_gives_usable_settings(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "settings.json"
    path.write_text(json.dumps(data))
    settings, _ = load_settings(path)
    assert Settings.model_validate(settings.model_dump()) == settings


@given(st.lists(st.text(string.ascii_lowercase, max_size=2)))
def test_recent_sources(specs: list[str]) -> None:
    settings = Settings()
    for spec in specs:
        settings.remember(spec)
    assert len(settings.recent) <= MAX_RECENT
    assert len(set(settings.recent)) == len(settings.recent)
    assert settings.recent == list(dict.fromkeys(reversed(specs)))[:MAX_RECENT]


def test_assignments_are_checked() -> None:
    with pytest.raises(ValidationError):
        Settings().threshold = 2.0


def test_settings_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        save_settings(tmp_path / "file" / "settings.json", Settings())


PROGRAM = """
import sys
from pathlib import Path
from sonoassist.core.settings import load_settings, merge_settings
path, name = Path(sys.argv[1]), sys.argv[2]
settings, _ = load_settings(path)
before = settings.model_copy(deep=True)
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    settings.own_crops = {**settings.own_crops, f"{name}{number}": "1,2,3,4"}
    settings.remember(f"{name}-{number}")
    if name == "one":
        settings.theme = "light"
    else:
        settings.threshold = 0.8
    merge_settings(path, before, settings)
    before = settings.model_copy(deep=True)
"""


def test_two_programs_keep_what_each_of_them_changed(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    save_settings(path, Settings(crop="full", threshold=0.6))
    with ExitStack() as stack:
        programs = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PROGRAM, str(path), name],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for name in ("one", "two")
        ]
        for program in programs:
            stack.callback(program.kill)
        for program in programs:  # both have read the file
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
        for program in programs:
            assert program.stdin is not None
            program.stdin.write("go\n")
            program.stdin.flush()
        assert [program.wait(LIMIT_S) for program in programs] == [0, 0]
    settings, troubles = load_settings(path)
    assert troubles == []
    assert (settings.crop, settings.threshold, settings.theme) == ("full", 0.8, "light")
    assert set(settings.own_crops) == {f"{n}{k}" for n in ("one", "two") for k in range(20)}
    assert len(settings.recent) == MAX_RECENT
    assert {one.partition("-")[0] for one in settings.recent} <= {"one", "two"}


def test_only_what_was_changed_here_is_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    before = Settings(own_crops={"a": "1,1,9,9", "b": "2,2,9,9"}, recent=["old"], loop=True)
    save_settings(path, before)
    theirs = before.model_copy(deep=True)
    theirs.own_crops, theirs.loop = {"a": "1,1,9,9", "b": "5,5,9,9", "c": "3,3,9,9"}, False
    theirs.remember("theirs")
    save_settings(path, theirs)
    mine = before.model_copy(deep=True)
    mine.own_crops, mine.speed = {"b": "2,2,9,9", "d": "4,4,9,9"}, 2.0  # "a" was taken away here
    mine.remember("mine")
    merge_settings(path, before, mine)
    kept, _ = load_settings(path)
    assert kept.own_crops == {"b": "5,5,9,9", "c": "3,3,9,9", "d": "4,4,9,9"}
    assert (kept.loop, kept.speed) == (False, 2.0)
    assert kept.recent == ["mine", "theirs", "old"]


@pytest.mark.parametrize("damage", [None, "{", '{"threshold": 9}'])
def test_a_file_that_is_gone_or_damaged_is_written_whole(
    tmp_path: Path, damage: str | None
) -> None:
    path = tmp_path / "settings.json"
    before = Settings(theme="light", threshold=0.6)
    if damage is not None:
        path.write_text(damage, encoding="utf-8")
    mine = before.model_copy(deep=True)
    mine.loop = True
    merge_settings(path, before, mine)
    kept, troubles = load_settings(path)
    assert (kept, troubles) == (mine, [])
