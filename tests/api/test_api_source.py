"""Whole sources: as the command finds them, kept, and never analysed twice."""

from __future__ import annotations

import argparse
import csv
import pickle
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from api_made import made_model, runs_of

import sonoassist as sa
from exam.exam_made import start
from recordings.troubled import COUNT, DAMAGED, FROZEN, write_film
from review.review_made import made_analyser, picture, write_recording
from sonoassist.api.results import TABLE_COLUMNS
from sonoassist.commands import analyse as command
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Frame
from sonoassist.exam.store import ExamStore
from sonoassist.sources import Source, SourceInfo

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from kept_made import COUNT as ALL
from kept_made import MADE, kept

PARTS = (("background", 10), ("femur", 20), ("background", 30), ("lips", 20))
FRAMES = 80


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("SONOASSIST_HOME", str(folder))
    return folder


@pytest.fixture
def model() -> Iterator[sa.Model]:
    with made_model() as made:
        yield made


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("film") / "exam.mp4", PARTS)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("troubled") / "troubled.avi")


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    for number, key in ((1, "femur"), (2, "lips"), (10, "background")):
        assert cv2.imwrite(str(folder / f"plane{number}.png"), picture(key, number))
    (folder / "plane3.png").write_bytes((folder / "plane1.png").read_bytes()[:-200])
    return folder


def test_a_recording(model: sa.Model, film: Path) -> None:
    result = sa.analyse(film, model)
    assert len(result) == FRAMES
    assert (result.label, result.damage, result.warnings) == ("exam.mp4", (), ())
    assert result.model == model.info
    shapes = {
        "frames": ((FRAMES,), np.int64),
        "times_s": ((FRAMES,), np.float64),
        "confidences": ((FRAMES,), np.float32),
        "probabilities": ((FRAMES, 14), np.float32),
        "boxes": ((FRAMES, 4), np.float32),
        "frozen": ((FRAMES,), np.bool_),
        "sharpness": ((FRAMES,), np.float32),
        "stillness": ((FRAMES,), np.float32),
        "sure": ((FRAMES,), np.bool_),
    }
    for name, (shape, dtype) in shapes.items():
        array = getattr(result, name)
        assert (array.shape, array.dtype) == (shape, dtype), name
    for name in ("names", "states", "planes", "steady_planes"):
        array = getattr(result, name)
        assert (array.shape, array.dtype.kind) == ((FRAMES,), "U"), name
    np.testing.assert_array_equal(result.frames, np.arange(FRAMES))
    np.testing.assert_allclose(result.times_s, np.arange(FRAMES) / 25)
    assert list(result.planes) == [key for key, count in PARTS for _ in range(count)]
    np.testing.assert_array_equal(result.sure, result.planes != "background")
    np.testing.assert_array_equal(np.isnan(result.boxes).all(axis=1), ~result.sure)
    np.testing.assert_array_equal(result.confidences, result.probabilities.max(axis=1))
    assert set(result.states) <= set(sa.STATES)
    assert set(result.steady_planes) == {"", "femur", "lips"}
    assert "80 frames" in repr(result)
    assert "['femur', 'lips']" in repr(result)


def test_probabilities_and_best_frames_by_name(model: sa.Model, film: Path) -> None:
    result = sa.analyse(film, model)
    np.testing.assert_array_equal(result.probability("lips"), result.probabilities[:, 8])
    best = result.best_frame("femur")
    assert best is not None
    assert 10 <= best < 30
    assert result.best_frame("lips") in range(60, 80)
    for wrong in ("Femur", "", "brain"):
        for call in (result.probability, result.best_frame):
            with pytest.raises(ValueError, match=r"no plane .* Known: 3vv, 4ch"):
                call(wrong)
    with pytest.raises(TypeError, match="plane is None"):
        result.probability(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the background has no best frame"):
        result.best_frame("background")


def test_it_is_as_the_command_writes_it(
    model: sa.Model, troubled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same file through `sonoassist analyse`, with a home of its own: nothing is shared."""
    with pytest.warns(sa.SonoAssistWarning, match="could not be read as a whole"):
        result = sa.analyse(troubled, model)
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "other"))
    monkeypatch.setattr(command, "build_analyser", lambda *_, **__: made_analyser())
    parser = argparse.ArgumentParser()
    command.register(parser.add_subparsers())
    args = parser.parse_args(["analyse", str(troubled), "--out", str(tmp_path / "out")])
    with pytest.raises(sa.SourceError):  # it ends so where a frame is damaged
        command.run(args)
    with (tmp_path / "out" / "analysis.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert command.COLUMNS == TABLE_COLUMNS
    told = np.flatnonzero(result.states != "damaged")
    assert [int(row["frame"]) for row in rows] == list(result.frames[told])
    for row, at in zip(rows, told, strict=True):
        assert row["source"] == result.label
        assert float(row["time_s"]) == pytest.approx(result.times_s[at], abs=1e-6)
        assert row["state"] == result.states[at]
        assert row["plane"] == result.planes[at]
        assert row["steady_plane"] == result.steady_planes[at]
        edges = [row[f"{edge}_px"] for edge in ("left", "top", "right", "bottom")]
        box = [float(edge) if edge else np.nan for edge in edges]
        np.testing.assert_allclose(result.boxes[at], box, atol=0.01)
        shares = [float(row[f"p_{key}"]) for key in sa.PLANE_KEYS]
        np.testing.assert_allclose(result.probabilities[at], shares, atol=1e-6)


def test_a_damaged_frame_is_a_row_without_a_result(model: sa.Model, troubled: Path) -> None:
    with pytest.warns(sa.SonoAssistWarning, match="could not be read as a whole") as caught:
        result = sa.analyse(troubled, model)
    assert [one.filename for one in caught] == [__file__] * len(caught)
    assert tuple(str(one.message) for one in caught) == result.warnings
    assert len(result) == COUNT
    assert result.damage
    assert result.states[DAMAGED] == "damaged"
    assert (result.planes[DAMAGED], result.steady_planes[DAMAGED]) == ("", "")
    assert np.isnan(result.confidences[DAMAGED])
    assert np.isnan(result.probabilities[DAMAGED]).all()
    assert np.isnan(result.boxes[DAMAGED]).all()
    assert not result.sure[DAMAGED]
    assert result.frozen[FROZEN[-1]]
    assert result.best_frame("femur") is not None


def test_no_frame_is_analysed_twice(film: Path) -> None:
    with made_model() as first:
        known = sa.analyse(film, first)
        assert runs_of(first) >= FRAMES
    with made_model() as second:
        again = sa.analyse(
            film, second, on_progress=lambda done, total: pytest.fail("none is left")
        )
        assert not runs_of(second)
        assert len(sa.analyse(film, second, cache=False)) == FRAMES
        assert runs_of(second) >= FRAMES
    np.testing.assert_array_equal(again.probabilities, known.probabilities)
    np.testing.assert_array_equal(again.boxes, known.boxes)
    assert list(again.steady_planes) == list(known.steady_planes)


def test_another_threshold_costs_nothing(film: Path) -> None:
    with made_model() as first:
        sa.analyse(film, first)
    with made_model(threshold=1.0) as second:
        result = sa.analyse(film, second)
        assert not runs_of(second)
    assert set(result.states) == {"unsure", "background"}
    assert not result.sure.any()


def test_without_the_cache_nothing_is_written(model: sa.Model, film: Path, home: Path) -> None:
    sa.analyse(film, model, cache=False)
    assert not home.exists()


def test_progress_and_an_end_before_the_end(model: sa.Model, film: Path) -> None:
    class EnoughError(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        assert total == FRAMES
        if done == 70:
            raise EnoughError

    with pytest.raises(EnoughError):
        sa.analyse(film, model, on_progress=stop)
    runs = runs_of(model)
    steps: list[tuple[int, int | None]] = []
    result = sa.analyse(film, model, on_progress=lambda *step: steps.append(step))
    assert len(result) == FRAMES
    assert steps == [(number, 16) for number in range(1, 17)]  # the first 64 were kept
    assert runs_of(model) - runs <= 2 * 16


def test_only_the_first_frames(model: sa.Model, film: Path) -> None:
    result = sa.analyse(film, model, max_frames=12)
    assert len(result) == 12
    assert len(sa.analyse(film, model)) == FRAMES
    assert len(sa.analyse(film, model, max_frames=np.int64(5))) == 5  # type: ignore[arg-type]
    assert len(sa.analyse(film, model, max_frames=1000)) == FRAMES


def test_an_open_source_is_read_from_its_beginning(model: sa.Model, film: Path) -> None:
    wanted = sa.analyse(film, model, cache=False)
    with sa.open_source(film) as source:
        for _ in range(50):
            assert source.read() is not None
        result = sa.analyse(source, model)
        np.testing.assert_array_equal(result.probabilities, wanted.probabilities)
        source.seek(3)
        frame = source.read()  # it is still open
    assert frame is not None
    assert frame.index == 3


class Sequence(Source):
    """Frames of one sequence, each from a file of its own or not."""

    def __init__(self, *, named: bool) -> None:
        super().__init__()
        self._left = iter(enumerate(["femur"] * 20 + ["lips"]))
        self._named = named
        self._info = SourceInfo(
            "1", "s", "s", "", "device", 224, 192, fps=25.0, frame_count=None, duration_s=None
        )

    @property
    def info(self) -> SourceInfo:
        return self._info

    def read(self) -> Frame | None:
        found = next(self._left, None)
        if found is None:
            return None
        index, key = found
        name = f"{index}.png" if self._named else ""
        return self.make_frame(picture(key, index), index=index, time_s=index / 25, name=name)

    def close(self) -> None:
        pass


def test_named_frames_of_one_sequence_share_a_steady_label(model: sa.Model) -> None:
    named, plain = (
        sa.analyse(Sequence(named=named), model, max_frames=21) for named in (True, False)
    )
    assert named.names[-1] == "20.png"
    assert plain.names[-1] == ""
    assert list(named.steady_planes) == list(plain.steady_planes)
    assert named.planes[-1] == "lips"
    assert named.steady_planes[-1] != "lips"


def test_a_folder_of_pictures(model: sa.Model, album: Path) -> None:
    with pytest.warns(sa.SonoAssistWarning):
        result = sa.analyse(album, model)
    assert list(result.names) == ["plane1.png", "plane2.png", "plane10.png"]
    assert list(result.planes) == ["femur", "lips", "background"]
    assert list(result.steady_planes) == ["femur", "lips", ""]
    assert list(result.frames) == [0, 1, 3]
    assert any("plane3.png" in sentence for sentence in result.damage)
    assert (result.best_frame("femur"), result.best_frame("lips")) == (0, 1)
    with sa.open_source(album / "plane1.png") as source:
        frame = source.read()
    assert frame is not None
    single = model.analyse(frame.pixels)
    np.testing.assert_array_equal(single.probabilities, result.probabilities[0])
    assert single.box is not None
    edges = (single.box.left, single.box.top, single.box.right, single.box.bottom)
    np.testing.assert_allclose(result.boxes[0], edges, rtol=1e-6)


def test_one_open_folder_twice(model: sa.Model, album: Path) -> None:
    (album / "plane3.png").unlink()
    with sa.open_source(album) as source:
        first, second = sa.analyse(source, model), sa.analyse(source, model)
    assert list(first.names) == list(second.names) == ["plane1.png", "plane2.png", "plane10.png"]


def test_kept_exams(model: sa.Model, film: Path, home: Path) -> None:
    with ExamStore(home / "exams").create(start()) as exam:
        for number, count in ((1, FRAMES), (2, 20)):
            name = f"{number}.mp4"
            if number == 1:
                shutil.copyfile(film, exam.media / name)
            else:
                write_recording(exam.media / name, (("femur", count),))
            exam.note_recording(exam.begin_recording(name, 100.0 * number), count, ended=True)
        exam.end(300.0)
    for spec, count in ((f"exam:{exam.exam_id}", FRAMES), (f"exam:{exam.exam_id}/2", 20)):
        with sa.open_source(spec) as source:
            assert source.info.frame_count == count
        result = sa.analyse(spec, model)
        assert len(result) == count
        assert result.label.startswith("S-17")
    with pytest.raises(sa.UsageError, match="no recording 3"):
        sa.analyse(f"exam:{exam.exam_id}/3", model)


def test_what_an_exam_has_found_already_is_taken(model: sa.Model, home: Path) -> None:
    recording = write_recording(home.parent / "whole.mp4")
    exam = kept(home / "exams", recording, **MADE)
    result = sa.analyse(f"exam:{exam.exam_id}", model)
    assert list(result.planes[::2]) == ["kidneys"] * (ALL // 2)
    assert "kidneys" not in result.planes[1::2]


def test_a_live_source_needs_a_number_of_frames(
    model: sa.Model, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sa.open_source(film) as source:
        info = source.info
        fields = {name: getattr(info, name) for name in info.__slots__}
        live = sa.SourceInfo(**{**fields, "kind": "stream", "frame_count": None})
        monkeypatch.setattr(type(source), "info", live)
        with pytest.raises(ValueError, match=r"no end\. Say how many frames with max_frames"):
            sa.analyse(source, model)
        assert len(sa.analyse(source, model, max_frames=3)) == 3


def test_nothing_that_can_be_read(model: sa.Model, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    for path in (tmp_path / "empty.mp4", tmp_path / "missing.mp4", tmp_path):
        with pytest.raises(sa.SourceError):
            sa.analyse(path, model)


def test_a_model_of_another_domain_is_warned_of(film: Path, model: sa.Model) -> None:
    with sa.open_source(sa.demo_exam()) as source:
        assert source.info.synthetic
        with pytest.warns(sa.SonoAssistWarning, match="Model made for real exams") as caught:
            result = sa.analyse(source, model, max_frames=2)
    assert len(result.warnings) == len(caught) == 1


def test_arrays_cannot_be_changed_and_are_nobody_elses(model: sa.Model, film: Path) -> None:
    result = sa.analyse(film, model)
    for name in (
        "frames",
        "times_s",
        "names",
        "states",
        "planes",
        "confidences",
        "probabilities",
        "boxes",
        "steady_planes",
        "frozen",
        "sharpness",
        "stillness",
    ):
        with pytest.raises(ValueError, match="read-only"):
            getattr(result, name)[0] = 0
    copy = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(copy.probabilities, result.probabilities)
    assert copy.model == result.model


def test_without_pandas_its_name_is_told(
    model: sa.Model, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = sa.analyse(film, model, max_frames=3)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        ImportError, match=r"pandas is not installed. .*sonoassist\[pandas\]"
    ) as told:
        result.to_pandas()
    assert isinstance(told.value, sa.SonoAssistError)


def test_a_table_of_pandas(model: sa.Model, troubled: Path, album: Path) -> None:
    pytest.importorskip("pandas")
    with pytest.warns(sa.SonoAssistWarning):
        result = sa.analyse(troubled, model)
    table = result.to_pandas()
    assert tuple(table.columns) == TABLE_COLUMNS == command.COLUMNS
    assert len(table) == len(result)
    assert set(table["source"]) == {"troubled.avi"}
    assert list(table["state"]) == list(result.states)
    np.testing.assert_array_equal(table["p_femur"], result.probability("femur"))
    np.testing.assert_array_equal(table["left_px"], result.boxes[:, 0])
    assert list(table["plane"].isna()) == list(result.planes == "")
    assert list(table["steady_plane"].isna()) == list(result.steady_planes == "")
    assert table.loc[DAMAGED, ["plane", "confidence", "top_px", "p_lips"]].isna().all()
    counts = table[table["state"] == "plane"].groupby("plane").size()
    assert counts["femur"] == (result.sure & (result.planes == "femur")).sum()
    table.loc[0, "confidence"] = 0.5  # a table of the user's own
    with pytest.warns(sa.SonoAssistWarning):
        names = sa.analyse(album, model).to_pandas()["source"]
    assert list(names) == ["plane1.png", "plane2.png", "plane10.png"]
