"""No more threads want to run than the process has cores for, but for capture and painting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sonoassist import cli
from sonoassist.core.errors import UsageError
from sonoassist.core.opencv import cv2
from sonoassist.core.processors import (
    LIMIT_VARIABLE,
    ThreadPlan,
    is_limited,
    plan_threads,
    usable_cores,
)
from waiting import LIMIT_S

PROGRAM = Path(__file__).with_name("thread_program.py")
ROOT = PROGRAM.parents[2]
BESIDE = 2
"""Threads beside the network that may want to run: capture with its decoder, and painting."""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what threads do")
@pytest.mark.parametrize("cores", [1, 2])
def test_a_live_session_keeps_to_the_cores_it_may_use(tmp_path: Path, cores: int) -> None:
    there = len(os.sched_getaffinity(0))
    if there < cores:
        pytest.skip(f"{there} core here")
    environment = {**os.environ, "SONOASSIST_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    for name in (LIMIT_VARIABLE, "OMP_NUM_THREADS"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(cores), "25"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["cores"], told["inference"]) == (cores, cores)
    counts = np.array(told["counts"])
    assert counts.max() >= 1  # it does count
    assert np.percentile(counts, 95) <= cores + BESIDE


def test_the_limit_of_the_user_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LIMIT_VARIABLE, raising=False)
    there = usable_cores()
    assert 1 <= there <= (os.cpu_count() or 1)
    for words, expected in (("1", 1), (" 1 ", 1), ("999", there), ("", there)):
        monkeypatch.setenv(LIMIT_VARIABLE, words)
        assert usable_cores() == expected
    monkeypatch.setenv(LIMIT_VARIABLE, "1")
    assert plan_threads() == ThreadPlan(1, 1, 1)
    assert is_limited(plan_threads()) is ((os.cpu_count() or 1) > 1)


@pytest.mark.parametrize("words", ["0", "-1", "two", "1.5"])
def test_a_limit_that_is_none(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, words)
    with pytest.raises(UsageError, match=LIMIT_VARIABLE) as caught:
        usable_cores()
    assert caught.value.hint
    assert cli.run(["models", "list"]) == 2


@pytest.mark.parametrize(("cores", "media"), [(1, 1), (2, 1), (4, 2), (8, 4), (64, 4)])
def test_what_is_planned(monkeypatch: pytest.MonkeyPatch, cores: int, media: int) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: cores)
    monkeypatch.delenv(LIMIT_VARIABLE, raising=False)
    plan = plan_threads()
    assert (plan.cores, plan.inference, plan.media) == (cores, cores, media)


def test_the_engines_keep_to_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the process may use one core of a machine with more, as in a container."""
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one core here")
    monkeypatch.setenv(LIMIT_VARIABLE, "1")
    code = (
        "from sonoassist.engines.probes import thread_counts;"
        "print(*thread_counts(['openvino', 'torch']).values())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=LIMIT_S,
    )
    assert done.stdout.split() == ["1", "1"]


def test_opencv_has_no_threads_of_its_own() -> None:
    assert cv2.getNumThreads() == 1
