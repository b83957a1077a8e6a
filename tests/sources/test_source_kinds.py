"""The table of the kinds of sources."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sonoassist.commands import window
from sonoassist.sources import SourceInfo, kind_of, kinds


@pytest.mark.parametrize(
    ("spec", "name", "live"),
    [
        ("device:USB Capture", "device", True),
        ("Device:0", "device", True),
        ("device:http://x", "device", True),
        ("screen:1", "screen", True),
        ("grows:drops", "grows", True),
        ("rtsp://box/live", "stream", True),
        ("gopher://box", "stream", True),
        ("exam.mp4", "file", False),
        ("a:b.mp4", "file", False),
        ("devices", "file", False),
        ("exam:last", "file", False),
        ("", "file", False),
    ],
)
def test_kind_of_a_spec(spec: str, name: str, live: bool) -> None:
    assert (kind_of(spec).name, kind_of(spec).live) == (name, live)
    assert kind_of(f"  {spec}") is kind_of(spec)


def test_names_and_places() -> None:
    for spec, name, place in (
        ("device:Cam", "Cam", "device"),
        ("rtsp://box/live", "rtsp://box/live", "stream"),
        ("/exams/one.mp4", "one.mp4", "/exams"),
        ("/", "/", "/"),
        ("grows:/exams/drops", "drops", "/exams"),
    ):
        assert (kind_of(spec).short_name(spec), kind_of(spec).place(spec)) == (name, place)
    assert kind_of("device:Cam").path("device:Cam") is None
    assert kind_of("~/one.mp4").path("~/one.mp4") == Path.home() / "one.mp4"
    assert kind_of("~nobody-here/a").path("~nobody-here/a") == Path("~nobody-here/a")


def test_what_of_a_name_may_be_told_and_what_is_known_of_compression() -> None:
    assert kind_of("/exams/Jane Doe.mp4").masked_name == "a recording"
    assert kind_of("grows:/exams/Jane Doe").masked_name == "a folder of pictures"
    assert not kind_of("device:Cam").masked_name
    assert not kind_of("rtsp://box/live").masked_name
    for spec, known in (
        ("A.MP4", True),
        ("a.dcm", False),
        ("rtsp://box/live", True),
        ("device:Cam", False),
    ):
        assert kind_of(spec).was_compressed(spec) is known


def test_live_is_told_by_the_table() -> None:
    info = SourceInfo("1", "x", "x", "", "video", 4, 4, fps=None, frame_count=1, duration_s=None)
    assert not info.live
    for kind in kinds.KINDS:
        assert replace(info, kind=kind.name).live is kind.live


def test_the_readme_and_the_help_of_the_window_name_each_kind() -> None:
    subparsers = argparse.ArgumentParser().add_subparsers()
    window.register(subparsers)
    help_text = " ".join(subparsers.choices["window"].format_help().split())
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for kind in kinds.KINDS:
        assert kind.words in help_text
        assert not kind.prefix or kind.words in readme


def test_asking_reads_no_pictures() -> None:
    asked = "import sys, sonoassist.sources.kinds; print(*{'av', 'cv2', 'PyQt6'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert not done.stdout.strip()
