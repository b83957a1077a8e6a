"""`retrieve` with the published SonoNet-16 on real pictures, and as it comes with the program."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest
from analyse_help import summary
from retrieve_help import contents, picture, result

from sonoassist import cli
from sonoassist.core import paths
from sonoassist.core.planes import BY_KEY
from sonoassist.datasets import montage, phantom_exams
from sonoassist.datasets.labels import Dataset
from sonoassist.phantom.catalogue import PLANE_KEYS
from sonoassist.render.encoder import VideoEncoder
from sonoassist.retrieval.pictures import frames_at
from sonoassist.sources import open_source
from sonoassist.sources.base import SYNTHETIC_MARK

pytestmark = pytest.mark.usefixtures("networks_once")

Shown = dict[int, set[str]]
EVERY = 12
"""Every so manyth frame of the demo exam: one a second, and each plane on some of them."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _use_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(home))


def shown_in(data: Dataset) -> Shown:
    """What counts as right when a frame is retrieved, as `evaluate` counts it."""
    shown: Shown = {}
    for frame in (*data.frames, *data.shown):
        shown.setdefault(frame.index, set()).update(frame.accepted)
    return shown


def right(out: Path, name: str, shown: Shown) -> list[str]:
    found = result(out, name)
    return [
        key
        for key, one in found.items()
        if one is not None and key in shown.get(one["frame"], set())
    ]


def every_other_group(path: Path, out: Path) -> list[int]:
    """Every other group of pictures of a video, its very frames, one behind the other.

    Returns:
        Their indexes in the whole video.
    """
    kept, index, group, left_out = [], -1, -1, 0
    with av.open(str(path)) as whole, av.open(str(out), "w") as part:
        stream = whole.streams.video[0]
        copy = part.add_stream_from_template(stream)
        for packet in whole.demux(stream):
            if packet.dts is None or packet.pts is None or packet.duration is None:
                continue  # the mark of the end
            index += 1
            group += packet.is_keyframe
            if group % 2:
                left_out += packet.duration
                continue
            kept.append(index)
            packet.pts, packet.dts = packet.pts - left_out, packet.dts - left_out
            packet.stream = copy
            part.mux(packet)
    return kept


@pytest.mark.real
def test_all_13_planes_of_the_montage_are_found_by_both_rules(
    test_data: Path, tmp_path: Path
) -> None:
    """Half of the montage is as good, since each plane is on two of its groups of pictures."""
    exam = tmp_path / "montage.mp4"
    kept = every_other_group(test_data / "exam" / "montage.mp4", exam)
    weights = test_data / "weights" / "SonoNet16.npz"
    assert cli.run(["models", "add", str(weights)]) == 0
    out = tmp_path / "out"
    words = ["retrieve", str(exam), "--out", str(out), "--model", "sononet16", "--no-mask"]
    whole = shown_in(montage.read(test_data / "exam" / "montage.json", None))
    shown = {at: whole[index] for at, index in enumerate(kept) if index in whole}
    assert {key for keys in shown.values() for key in keys} >= set(PLANE_KEYS)
    for rule in ("best", "paper"):  # the second one takes the frames' results of the first
        assert cli.run([*words, "--rule", rule]) == 0
        assert len(right(out, "montage", shown)) == 13
    found = result(out, "montage")
    assert all(one["sure"] for one in found.values())
    frames = frames_at(exam, [one["frame"] for one in found.values()])
    for one in found.values():
        image = picture(out / "montage" / one["image"])
        assert np.array_equal(image, frames[one["frame"]])


@pytest.mark.real
def test_the_pictures_are_of_the_very_frames(test_data: Path, tmp_path: Path) -> None:
    """Jumping to a frame gives what reading up to it gives."""
    exam = tmp_path / "montage.mp4"
    last = len(every_other_group(test_data / "exam" / "montage.mp4", exam)) - 1
    wanted = [0, 1, 60, 258, 500, 501, last]
    jumped = frames_at(exam, wanted)
    assert sorted(jumped) == wanted
    with open_source(str(exam)) as source:
        for frame in source:
            if frame.index in wanted:
                assert np.array_equal(frame.pixels, jumped[frame.index])


def thinned(path: Path) -> int:
    """A part of the demo exam as a recording of its own; returns how many frames it has."""
    with (
        open_source(str(paths.demo_exam())) as source,
        VideoEncoder(path, 800, 600, 12 / EVERY, comment=SYNTHETIC_MARK) as encoder,
    ):
        indexes = range(0, source.info.frame_count or 0, EVERY)
        for at, index in enumerate(indexes):
            source.seek(index)
            frame = source.read()
            assert frame is not None
            assert frame.index == index
            encoder.add(frame.pixels, at * EVERY / 12)
    return len(indexes)


def test_the_demo_exam_with_the_bundled_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo, exam = paths.demo_exam(), tmp_path / "exam.mp4"
    assert demo is not None
    frames = thinned(exam)
    out = tmp_path / "out"
    assert cli.run(["retrieve", str(exam), "--out", str(out), "--json"]) == 0
    (told,) = summary(capsys)["exams"]
    model = (told["model"], told["synthetic"], told["frames"])
    assert model == ("sononet32-synthetic", True, frames)
    assert told["warnings"] == []
    truth = shown_in(phantom_exams.read(demo.parent, None))
    shown = {index // EVERY: keys for index, keys in truth.items() if index % EVERY == 0}
    assert len(right(out, "exam", shown)) >= 11
    about = json.loads((out / "exam" / "about.json").read_text(encoding="utf-8"))
    named = {BY_KEY[key].key for key in (*about["doubtful"], *about["missing"])}
    for key, one in result(out, "exam").items():
        assert (one is None or not one["sure"]) == (key in named)
        if one is not None:
            box = one["box"]
            assert box is None or 0 <= box["left_px"] < box["right_px"] <= 800
    # Another rule needs no new analysis: the frames' results stay, byte for byte.
    kept = contents(out)["exam/frames.npz"]
    assert cli.run(["retrieve", str(exam), "--out", str(out), "--rule", "paper"]) == 0
    assert contents(out)["exam/frames.npz"] == kept
    assert result(out, "exam")["femur"]["why"].startswith("highest confidence of a single frame")
