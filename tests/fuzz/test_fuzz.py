"""A standing net: no damaged or hostile input may do more than be refused in one line.

Some cases of each format in the project's own checks; any number by hand:

    python -m tests.fuzz --format dicom --count 1000 --seed 5
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from fuzz.format import case_of
from fuzz.formats import NAMES, format_of
from fuzz.running import START, Batch, hang_s, run

CASES = 30


@pytest.mark.parametrize("form", NAMES)
def test_no_input_breaks_the_program(form: str) -> None:
    batch = run(form, CASES)
    assert not batch.failures, "\n\n".join(map(str, batch.failures))
    assert batch.done == CASES


@pytest.fixture(scope="module")
def planted() -> Batch:
    return run("planted", 10, module="fuzz.planted", hang=hang_s() / 12)


def test_each_way_to_break_is_noticed(planted: Batch) -> None:
    found = {failure.number: failure.trouble for failure in planted.failures}
    limited = [5] if sys.platform == "linux" else []
    assert sorted(set(found) - {5}) == [1, 2, 3, 4, 6]
    assert [number for number in found if number == 5] == limited
    assert "The process died: exit" in found[1]
    assert "fuzz/planted.py" in found[1].replace("\\", "/")
    assert "it hung" in found[2]
    assert "LookupError: planted" in found[3]
    assert "pickle.find_class" in found[4]
    assert not limited or "MemoryError" in found[5]
    assert "RuntimeWarning: planted" in found[6]


def test_a_process_that_died_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):  # of the processes, and of this one
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert run("planted", 2, module="fuzz.planted").outcomes["crash"] == 1
    assert list(tmp_path.iterdir()) == []


def test_the_cases_behind_a_crash_run_too(planted: Batch) -> None:
    assert planted.done == 10
    assert planted.outcomes["result"] >= 5
    assert (planted.outcomes["crash"], planted.outcomes["hang"]) == (1, 1)
    assert planted.outcomes["refused"] == 1


def test_a_failure_says_how_to_do_it_again(planted: Batch) -> None:
    told = str(next(one for one in planted.failures if one.number == 3))
    assert "one.json: " in told
    assert f"--format planted --seed {START} --first 3 --count 1" in told


@pytest.mark.parametrize("form", [name for name in NAMES if name != "checkpoint"])
def test_a_number_is_the_same_case_each_time(form: str, tmp_path: Path) -> None:
    made = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        chosen = format_of(form)
        seeds = chosen.seeds(tmp_path / name)
        made.append([case_of(chosen, seeds, number, START) for number in range(10)])
    assert made[0] == made[1]
