"""Exams spread over workers by Ray; one of them is killed half-way."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from commands.retrieve_help import contents, film, folders, program, retrieve
from fake_weights import published_file
from sonoassist import cli
from waiting import LIMIT_S, wait_until

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None,
        reason='Ray is not installed: pip install "sonoassist[cluster]"',
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="workers are looked up in /proc"),
]


def make_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOASSIST_HOME", str(folder))
    assert cli.run(["models", "add", str(published_file(folder / "files"))]) == 0
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_home(tmp_path / "home", monkeypatch)


def workers_of(home: Path) -> list[int]:
    """Ray's processes that search exams for the program of this test."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        try:
            name = (process / "cmdline").read_bytes()
            ours = str(home).encode() in (process / "environ").read_bytes()
        except OSError:
            continue  # it has ended meanwhile
        if ours and name.startswith(b"ray::ClusterWorker.search"):
            found.append(int(process.name))
    return found


def test_the_exams_of_a_killed_worker_are_done_by_others(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = "abcdef"
    for seed, name in enumerate(names):
        film(tmp_path / "in" / f"{name}.mp4", seed, frames=300)
    out = tmp_path / "out"
    words = ("--rule", "paper", "--no-mask")
    cluster = ("--cluster", "local", "--jobs", "2")
    with program(out, tmp_path / "in", *words, *cluster) as running:
        victims: list[int] = []

        def half_way() -> bool:
            if (out / "a").exists() or (out / "b").exists():
                victims.extend(workers_of(home)[:1])
            return bool(victims) or running.poll() is not None

        wait_until(half_way, "a worker half-way")
        assert victims, running.communicate()
        os.kill(victims[0], signal.SIGKILL)
        _, errors = running.communicate(timeout=LIMIT_S)
    assert running.returncode == 0, errors
    assert "it is done again" in errors
    assert folders(out) == list(names)
    make_home(tmp_path / "another", monkeypatch)  # without the results of those frames
    assert retrieve(tmp_path / "alone", tmp_path / "in", *words, "--jobs", "1") == 0
    assert contents(out) == contents(tmp_path / "alone")


def test_ctrl_c_ends_all_workers(home: Path, tmp_path: Path) -> None:
    for seed, name in enumerate("abcdef"):
        film(tmp_path / "in" / f"{name}.mp4", seed, frames=150)
    out = tmp_path / "out"
    with program(out, tmp_path / "in", "--cluster", "local") as running:
        wait_until(lambda: (out / "a").exists() or running.poll() is not None, "a")
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=LIMIT_S)
    assert running.returncode == 130, errors
    assert "Traceback" not in errors
    wait_until(lambda: not workers_of(home), "the workers' end")


def test_a_cluster_that_is_not_there(home: Path, tmp_path: Path) -> None:
    exam = film(tmp_path / "a.mp4")
    with program(tmp_path / "out", exam, "--cluster", "127.0.0.1:1", "--json") as running:
        printed, errors = running.communicate(timeout=LIMIT_S)
    assert running.returncode == 2, errors
    assert printed == ""
    assert "cannot be reached" in errors.splitlines()[-1]
    assert "Traceback" not in errors


def test_a_damaged_exam_on_a_cluster(home: Path, tmp_path: Path) -> None:
    film(tmp_path / "in" / "good.mp4")
    (tmp_path / "in" / "bad.mp4").write_text("no video")
    with program(tmp_path / "out", tmp_path / "in", "--cluster", "local", "--json") as running:
        printed, errors = running.communicate(timeout=LIMIT_S)
    assert running.returncode == 2, errors
    told = json.loads(printed)
    assert [one["name"] for one in told["exams"]] == ["good"]
    assert "bad.mp4 is not a video" in told["failed"][0]["reason"]
