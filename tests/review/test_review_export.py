"""Corrections as training labels: read back by the data sets' own reader, and trained on."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from review_made import EXAM, give_results, made_analyser, write_recording

from plain_screens import PlainScreens
from sonoassist import cli
from sonoassist.analysis import analyser
from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.packets import Box, Pixels
from sonoassist.datasets.reading import read_dataset
from sonoassist.exam.resolving import ExamResolver
from sonoassist.preprocess.screen_network import Reading, ScreenNetwork
from sonoassist.preprocess.screen_reader import ScreenLook, ScreenReader
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.corrections import Corrections, Label
from sonoassist.recordings.edits import Edit, SetBest, SetBox, SetLabel
from sonoassist.recordings.recording import look_into
from sonoassist.recordings.records import RunState
from sonoassist.review.export import boxes_of, export, labelled
from sonoassist.review.session import ReviewSession
from sonoassist.sources import open_source
from waiting import wait_until

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))

from training_help import train

pytestmark = pytest.mark.usefixtures("plain_screens")

STEPS: tuple[Edit, ...] = (
    SetBest("femur", 50),
    SetBest("4ch", 170),
    SetLabel(120, 129, "kidneys"),
    SetLabel(80, 109, "background"),
)
KEYS = [key for key, count in EXAM for _ in range(count)]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[ReviewSession]:
    recording = write_recording(tmp_path / "Mrs Somebody.mp4")
    give_results(tmp_path)
    made = ReviewSession.open(str(recording), CorrectionStore(tmp_path / "reviews"), lambda: None)
    made.begin(made_analyser())
    wait_until(lambda: made.progress().state is RunState.DONE)
    yield made
    made.close()


def corrected(session: ReviewSession) -> Corrections:
    for step in STEPS:
        session.review.apply(step)
    return session.review.corrections


def test_labels_of_each_frame() -> None:
    words = Corrections((Label(3, 5, "lips"),), {"femur": 1, "4ch": 9})
    assert labelled(words) == {1: "femur", 3: "lips", 4: "lips", 5: "lips", 9: "4ch"}


@pytest.mark.parametrize("video", [True, False])
def test_the_reader_of_data_sets_reads_them_back(
    session: ReviewSession, tmp_path: Path, video: bool
) -> None:
    words = corrected(session)
    made = export(session.recording, words, session.table, tmp_path / "out", video=video)
    assert not any("Somebody" in path.name for path in made.folder.rglob("*"))
    found = read_dataset(tmp_path / "out")
    assert found.problems == ()
    assert found.layout == "exams"
    assert {frame.case for frame in found.frames} == {made.folder.name}
    by_plane = dict.fromkeys(made.planes, 0)
    for frame in found.frames:
        assert frame.plane is not None
        by_plane[frame.plane] += 1
    assert by_plane == dict(made.planes)
    assert by_plane["femur"] == by_plane["4ch"] == 1
    if video:
        assert by_plane == {"4ch": 1, "background": 30, "femur": 1, "kidneys": 10}
        assert {(frame.index, frame.plane) for frame in found.frames} == set(
            labelled(words).items()
        )
    else:
        assert not list(made.folder.glob("*.mp4"))


def test_a_plane_that_nobody_judged_is_not_background(
    session: ReviewSession, tmp_path: Path
) -> None:
    export(session.recording, corrected(session), session.table, tmp_path / "out")
    found = read_dataset(tmp_path / "out")
    named = {index for _path, index in found.named}
    told = {frame.index for frame in found.frames}
    for index, key in enumerate(KEYS):
        assert (index in told or index in named) or key == "background"
    assert not named & told


def test_a_view_that_the_model_missed_is_not_background(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "missed.mp4", (("background", 200),))
    made = ReviewSession.open(str(recording), CorrectionStore(tmp_path / "reviews"), lambda: None)
    made.begin(made_analyser())
    wait_until(lambda: made.progress().state is RunState.DONE)
    for step in (SetBest("femur", 100), SetLabel(110, 119, "background")):
        made.review.apply(step)
    export(made.recording, made.review.corrections, made.table, tmp_path / "out")
    made.close()
    found = read_dataset(tmp_path / "out")
    told = {frame.index: frame.plane for frame in found.frames}
    assert told == {100: "femur", **dict.fromkeys(range(110, 120), "background")}
    near = {index for index in range(200) if abs(index - 100) <= 75}  # 3 s
    assert {index for _path, index in found.named} == near - set(told)


def test_the_pictures_are_the_frames(session: ReviewSession, tmp_path: Path) -> None:
    words = corrected(session)
    made = export(session.recording, words, session.table, tmp_path / "out", video=False)
    with (
        open_source(str(made.folder / "femur-000050.png")) as still,
        session.recording.open() as video,
    ):
        video.seek(50)
        one, other = still.read(), video.read()
    assert one is not None
    assert other is not None
    seen = one.pixels.any(axis=2)  # what passes for a line of text is black
    assert seen.mean() > 0.9
    assert np.array_equal(one.pixels[seen], other.pixels[seen])


def test_once_more_takes_the_place_of_the_first(session: ReviewSession, tmp_path: Path) -> None:
    corrected(session)
    for _ in range(2):
        session.review.undo()
        made = export(
            session.recording, session.review.corrections, session.table, tmp_path / "out"
        )
    assert made.planes == {"4ch": 1, "femur": 1}
    assert len(list((tmp_path / "out").iterdir())) == 1
    original = session.recording.path
    (made.folder / "recording.mp4").unlink()
    assert original.is_file()


def test_a_recording_opened_through_a_link_is_exported_itself(
    session: ReviewSession, tmp_path: Path
) -> None:
    words, links = corrected(session), tmp_path / "links"
    links.mkdir()
    (links / "a.mp4").symlink_to(Path("..") / session.recording.path.name)
    recording = look_into(str(links / "a.mp4"), ExamResolver())
    made = export(recording, words, session.table, tmp_path / "out")
    found = made.folder / "recording.mp4"
    assert not found.is_symlink()
    assert not found.samefile(session.recording.path)
    assert read_dataset(tmp_path / "out").problems == ()


def test_a_file_that_was_replaced_is_not_exported(
    session: ReviewSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, out = corrected(session), tmp_path / "out"
    other = write_recording(tmp_path / "other.mp4", (("lips", 200),))
    session.recording.path.rename(tmp_path / "before.mp4")
    other.rename(session.recording.path)
    for video in (True, False):
        with pytest.raises(SourceError, match="has changed since it was opened"):
            export(session.recording, words, session.table, out, video=video)
    assert not out.exists()
    # Also where it happens between the look at it and the link, and where nothing tells it.
    monkeypatch.setattr(type(session.recording), "check_same", lambda recording: None)
    with pytest.raises(SourceError, match="has changed since it was opened"):
        export(session.recording, words, session.table, out)
    assert [path for path in out.rglob("*") if path.is_file()] == []


def test_the_recording_is_masked_frame_by_frame(
    session: ReviewSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its frames keep their numbers; a page among them is black, and is no example of anything."""
    words, read = corrected(session), PlainScreens.read
    looked: list[int] = []
    real_look = ScreenReader.look

    def look(reader: ScreenReader, *seen: Any) -> ScreenLook:
        looked.append(len(looked))
        return real_look(reader, *seen)

    def page_at_50(network: object, pixels: Pixels) -> Reading:
        reading = read(network, pixels)  # type: ignore[arg-type]
        if looked[-1] != 50:
            return reading
        return Reading(0 * reading.mask, np.eye(7, dtype=np.float32)[5])

    monkeypatch.setattr(ScreenReader, "look", look)  # which may read a screen more than once
    monkeypatch.setattr(ScreenNetwork, "read", page_at_50)
    made = export(session.recording, words, session.table, tmp_path / "out")
    with (
        open_source(str(made.folder / "recording.mp4")) as masked,
        session.recording.open() as whole,
    ):
        pairs = [(one.pixels, other.pixels) for one, other in zip(masked, whole, strict=True)]
    assert len(pairs) == len(KEYS)
    assert pairs[50][0].max() <= 8
    others = [np.abs(one.astype(int) - other).mean() for one, other in pairs[:50]]
    assert max(others) < 6
    assert made.left_out == 1  # frame 50 was chosen as the best femur
    assert "femur" not in made.planes


def test_the_crop_goes_along(session: ReviewSession, tmp_path: Path) -> None:
    words = corrected(session)
    crop = session.crop
    assert crop is not None
    for video in (True, False):
        export(session.recording, words, session.table, tmp_path / "out", crop=crop, video=video)
        found = read_dataset(tmp_path / "out")
        assert found.problems == ()
        assert {frame.crop for frame in found.frames} == {crop}


@pytest.mark.parametrize("video", [True, False])
def test_drawn_boxes_are_the_truth_of_the_plane_their_frame_shows(
    session: ReviewSession, tmp_path: Path, video: bool
) -> None:
    edges = (3.0, 7.25, 101.123456, 150.0)
    words = corrected(session)
    assert not boxes_of(words, labelled(words))
    for step in (
        SetBox(50, "femur", edges),  # chosen as such
        SetBox(122, "femur", edges),
        SetBox(123, "kidneys", edges),  # labelled as kidneys
        SetBox(135, "lips", edges),  # nobody said anything else
        SetBox(60, "femur", edges),
        SetBox(60, "rvot", edges),  # the last one counts
        SetBox(61, "femur", edges),
        SetBox(61, "femur", None),
    ):
        session.review.apply(step)
    made = export(
        session.recording, session.review.corrections, session.table, tmp_path / "out", video=video
    )
    assert (made.boxes, made.boxes_left_out) == (4, 2)
    found = read_dataset(tmp_path / "out")
    assert found.problems == ()
    boxed = [(one.plane, one.box) for one in found.frames if one.box is not None]
    assert sorted(plane or "" for plane, _box in boxed) == ["femur", "kidneys", "lips", "rvot"]
    for _plane, box in boxed:
        assert box == Box(3.0, 7.25, 101.123456, 150.0)
    if video:
        assert {one.index for one in found.frames if one.box} == {50, 123, 135, 60}


def test_by_command_what_contradicts_itself_is_said_and_exported_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(analyser, "build_analyser", lambda *_store, **_wanted: made_analyser())
    recording = write_recording(tmp_path / "exam.mp4")
    made = ReviewSession.open(str(recording), CorrectionStore.default(), lambda: None)
    made.begin(made_analyser())
    wait_until(lambda: made.progress().state is RunState.DONE)
    for step in (
        SetBest("femur", 50),
        SetBest("brain_tv", 135),
        SetBest("rvot", 160),
        SetLabel(160, 160, "kidneys", keeps_best=True),
        SetBox(50, "femur", (1, 2, 30, 40)),
    ):
        made.review.apply(step)
    made.close(17)
    capsys.readouterr()
    words = ["review", str(recording), "--export", str(tmp_path / "out"), "--pictures"]
    assert cli.run([*words, "--json"]) == 0
    told = capsys.readouterr()
    result = json.loads(told.out)
    assert (result["labels"], result["boxes"]) == (3, 1)
    assert [
        (one["plane"], one["frame"], one["says"], one["by"]) for one in result["contradictions"]
    ] == [
        ("brain_tv", 135, "lips", "network"),
        ("rvot", 160, "kidneys", "label"),
    ]
    assert "frame 135 was chosen as Brain (tv.), but the network says Lips" in told.err
    assert "frame 160 was chosen as RVOT, but your label says Kidneys" in told.err
    assert {one.plane for one in read_dataset(tmp_path / "out").frames} == {
        "femur",
        "brain_tv",
        "kidneys",
    }
    assert cli.run(words) == 0
    assert "3 labels and 1 box written" in capsys.readouterr().out
    with CorrectionStore.default().open(made.recording.identity.content) as review:
        assert review.fact("place") == "17"
    assert cli.run(["review", "--json"]) == 2
    assert cli.run(["review", "--export", "x"]) == 2


def test_without_a_mask_the_pictures_are_the_very_frames(
    session: ReviewSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no ultrasound is surely found, since nothing is left out then."""
    words = corrected(session)
    page = Reading(np.zeros((96, 128), np.float32), np.eye(7, dtype=np.float32)[5])
    monkeypatch.setattr(ScreenNetwork, "read", lambda _network, _pixels: page)
    made = export(
        session.recording, words, session.table, tmp_path / "out", video=False, mask=False
    )
    assert made.left_out == 0
    with (
        open_source(str(made.folder / "femur-000050.png")) as still,
        session.recording.open() as video,
    ):
        video.seek(50)
        one, other = still.read(), video.read()
    assert one is not None
    assert other is not None
    assert np.array_equal(one.pixels, other.pixels)


def test_nothing_to_export_is_said(session: ReviewSession, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to export"):
        export(session.recording, Corrections(), session.table, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_network_learns_from_them(
    session: ReviewSession,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "argv", ["sonoassist", "train", "out"])
    export(session.recording, corrected(session), session.table, tmp_path / "out")
    words = (
        "--architecture",
        "smallnet",
        "--patch",
        "64",
        "--batch-planes",
        "1",
        "--crop",
        "full",
        "--batch-background",
        "2",
        "--val-every",
        "2",
        "--device",
        "cpu",
        "--workers",
        "1",
        "--test-share",
        "0",
        "--iterations",
        2,
        "--json",
    )
    capsys.readouterr()
    assert train(tmp_path / "out", "--out", tmp_path / "run", *words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["iterations"] == 2
    assert told["train_pictures"]["kidneys"] > 0
    assert (tmp_path / "run" / "model.safetensors").is_file()


def test_where_nothing_may_be_shown_nothing_is_exported(
    session: ReviewSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = corrected(session)
    page = Reading(np.zeros((96, 128), np.float32), np.eye(7, dtype=np.float32)[5])
    monkeypatch.setattr(ScreenNetwork, "read", lambda _network, _pixels: page)
    for video in (True, False):
        with pytest.raises(UsageError, match="no ultrasound picture was surely found"):
            export(session.recording, words, session.table, tmp_path / "out", video=video)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def named_in(folder: Path) -> set[str]:
    with (folder / "labels.csv").open(newline="") as table:
        return {row["file"] for row in csv.DictReader(table)}


@pytest.mark.parametrize("video", [True, False])
def test_of_an_earlier_export_with_other_choices_nothing_is_left(
    session: ReviewSession, tmp_path: Path, video: bool
) -> None:
    words, out = corrected(session), tmp_path / "out"
    made = export(session.recording, words, session.table, out, video=video, mask=False)
    own = {"notes.txt", "my-000050.png", "femur-50.png", "scan.mp4", "femur-000050.png.txt"}
    for name in own:
        (made.folder / name).write_bytes(b"kept")
    earlier = named_in(made.folder)
    export(session.recording, words, session.table, out, video=not video)
    assert not named_in(made.folder) & earlier
    assert set(files_of(made.folder)) == {"labels.csv", *named_in(made.folder), *own}


def test_a_picture_that_is_left_out_now_does_not_stay_unmasked(
    session: ReviewSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, out, read = corrected(session), tmp_path / "out", PlainScreens.read
    made = export(session.recording, words, session.table, out, video=False, mask=False)
    assert (made.folder / "femur-000050.png").exists()
    looked: list[int] = []

    def page_first(network: object, pixels: Pixels) -> Reading:
        looked.append(len(looked))
        reading = read(network, pixels)  # type: ignore[arg-type]
        if looked[-1] > 0:
            return reading
        return Reading(0 * reading.mask, np.eye(7, dtype=np.float32)[5])

    monkeypatch.setattr(ScreenNetwork, "read", page_first)
    made = export(session.recording, words, session.table, out, video=False)
    assert made.left_out == 1
    assert "femur" not in made.planes
    assert set(files_of(made.folder)) == {"labels.csv", *named_in(made.folder)}


@pytest.mark.parametrize("video", [True, False])
def test_an_export_that_is_refused_leaves_the_earlier_one_as_it_was(
    session: ReviewSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, video: bool
) -> None:
    words, out = corrected(session), tmp_path / "out"
    made = export(session.recording, words, session.table, out, video=video)
    before = files_of(made.folder)
    page = Reading(np.zeros((96, 128), np.float32), np.eye(7, dtype=np.float32)[5])
    monkeypatch.setattr(ScreenNetwork, "read", lambda _network, _pixels: page)
    for other in (True, False):
        with pytest.raises(UsageError, match="no ultrasound picture was surely found"):
            export(session.recording, words, session.table, out, video=other)
        assert files_of(made.folder) == before
