from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from analyse_help import (
    analyse,
    leftovers,
    noise_picture,
    shares,
    summary,
    table,
    write_picture,
)

from fake_weights import published_file
from sonoassist.cli import run
from sonoassist.commands import analyse as command
from sonoassist.commands import common
from sonoassist.core.errors import SourceError, StalledError
from sonoassist.core.planes import KEYS
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.reader import MOST_STALLS
from sources.video_maker import make_video

pytestmark = pytest.mark.usefixtures("plain_screens")

HEADER = (
    "source,frame,time_s,state,plane,confidence,steady_plane,left_px,top_px,right_px,bottom_px,"
    "p_3vv,p_4ch,p_abdominal,p_background,p_brain_cb,p_brain_tv,p_femur,p_kidneys,p_lips,p_lvot,"
    "p_profile,p_rvot,p_spine_cor,p_spine_sag"
)
STAMPS_MS = [0, 40, 80, 130, 200, 240, 300, 1000, 1040, 1080]
"""A variable frame rate."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a SmallNet of random numbers."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOASSIST_HOME", str(folder))
        assert run(["models", "add", str(published_file(folder / "files"))]) == 0
    return folder


@pytest.fixture(autouse=True)
def _use_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(home))
    forget(AnalysisCache.default())


def forget(cache: AnalysisCache) -> None:
    """Nothing is known of any recording from the tests before."""
    cache.clear()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    pictures = [np.dstack([noise_picture(seed=n)] * 3) for n in range(len(STAMPS_MS))]
    return make_video(tmp_path / "film.mp4", STAMPS_MS, pictures=pictures)


def test_the_table_of_a_film(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "out"
    assert analyse(film, out, "--model", "smallnet", "--threshold", "0.2") == 0
    assert (out / "analysis.csv").read_text().splitlines()[0] == HEADER
    rows = table(out)
    assert [row["frame"] for row in rows] == [str(index) for index in range(len(STAMPS_MS))]
    assert [float(row["time_s"]) for row in rows] == [stamp / 1000 for stamp in STAMPS_MS]
    for row in rows:
        assert row["source"] == "film.mp4"
        assert shares(row).sum() == pytest.approx(1.0, abs=1e-4)
        assert row["plane"] == KEYS[int(np.argmax(shares(row)))]
        assert float(row["confidence"]) == pytest.approx(shares(row).max(), abs=1e-6)
        assert row["state"] in ("plane", "unsure", "background")
        edges = [row[f"{edge}_px"] for edge in ("left", "top", "right", "bottom")]
        assert (row["plane"] == "background") == (edges == [""] * 4)
        if edges[0]:
            left, top, right, bottom = map(float, edges)
            assert 0 <= left < right <= 128
            assert 0 <= top < bottom <= 96
    assert [path.name for path in out.iterdir()] == ["analysis.csv"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "model: SmallNet" in captured.err
    assert "engine: " in captured.err
    assert f"{len(STAMPS_MS)} frames analysed" in captured.err
    assert "Not for diagnosis" in captured.err


def test_json(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert analyse(film, tmp_path / "out", "--json", "--frames", "4", "--engine", "torch") == 0
    told = summary(capsys)
    assert told["frames"] == 4 == len(table(tmp_path / "out"))
    assert sum(told["states"].values()) == 4
    assert (told["source"], told["model"], told["engine"]) == ("film.mp4", "smallnet", "torch")
    assert (told["damaged"], told["stopped"]) == ([], False)
    assert [Path(path).name for path in told["files"]] == ["analysis.csv"]
    assert told["times_real"] > 0
    assert analyse(film, tmp_path / "out", "--json", "--frames", "4", "--engine", "torch") == 0
    assert summary(capsys)["times_real"] is None  # all was known


def test_how_quick_it_was_is_said(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyse(film, tmp_path / "out", "--frames", "4", "--engine", "torch") == 0
    assert re.search(r"\d+\.\d times as quick as the recording plays", capsys.readouterr().err)
    assert analyse(film, tmp_path / "out", "--frames", "4", "--engine", "torch") == 0
    assert "as quick as" not in capsys.readouterr().err


def test_the_video_has_every_frame_at_its_time(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert analyse(film, out, "--video", "--threshold", "0") == 0
    with av.open(str(out / "annotated.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.codec_context.name) == (128, 96, "h264")
        frames = list(container.decode(video=0))
    times = [round(frame.pts * frame.time_base * 1000) for frame in frames]
    assert times == STAMPS_MS
    assert sorted(path.name for path in out.iterdir()) == ["analysis.csv", "annotated.mp4"]


def test_a_folder_of_pictures_of_many_kinds(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    grey = noise_picture()
    write_picture(album / "a8.png", grey)
    write_picture(album / "b16.png", grey.astype(np.uint16) * 257)
    write_picture(album / "c_alpha.png", np.dstack([grey] * 3 + [np.full_like(grey, 255)]))
    write_picture(album / "d_odd.png", noise_picture(97, 131))
    (album / "notes.txt").write_text("not a picture")
    out = tmp_path / "out"
    assert analyse(album, out, "--video") == 0
    rows = table(out)
    assert [row["source"] for row in rows] == ["a8.png", "b16.png", "c_alpha.png", "d_odd.png"]
    # The same picture in 16 bit, or with an alpha of one, is the same to the network.
    for row in rows[1:3]:
        np.testing.assert_allclose(shares(row), shares(rows[0]), atol=1e-4)
    with av.open(str(out / "annotated.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4


def test_a_very_large_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = noise_picture(60, 80)
    large = np.kron(small, np.ones((100, 100), np.uint8))
    assert large.shape == (6000, 8000)
    path = write_picture(tmp_path / "large.png", large)
    assert analyse(path, tmp_path / "out", "--json") == 0
    assert summary(capsys)["frames"] == 1


def test_results_are_replaced_as_a_whole(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert analyse(film, out) == 0
    assert analyse(film, out, "--frames", "2") == 0
    assert len(table(out)) == 2


def test_a_preset_kept_in_the_window(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "own"
    monkeypatch.setenv("SONOASSIST_HOME", str(folder))
    run(["models", "add", str(published_file(folder / "files"))])
    (folder / "settings.json").write_text('{"own_crops": {"Room 3": "0,0,64,48"}}')
    assert analyse(film, tmp_path / "preset", "--crop", "Room 3") == 0
    assert analyse(film, tmp_path / "numbers", "--crop", "0,0,64,48") == 0
    assert table(tmp_path / "preset") == table(tmp_path / "numbers")
    assert analyse(film, tmp_path / "x", "--crop", "Room 4") == 2
    assert "Room 3" in capsys.readouterr().err


def interrupted_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting(common.ProgressBar):
        def step(self) -> None:
            super().step()
            if self._done == count:
                raise KeyboardInterrupt

    monkeypatch.setattr(common, "ProgressBar", Interrupting)


def test_ctrl_c_keeps_what_is_finished(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted_after(4, monkeypatch)
    out = tmp_path / "out"
    assert analyse(film, out, "--video", "--json") == 130
    assert [row["frame"] for row in table(out)] == ["0", "1", "2", "3"]
    with av.open(str(out / "annotated.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4
    assert summary(capsys)["stopped"]
    assert leftovers(out) == []


def test_ctrl_c_before_the_first_frame_keeps_the_older_table(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert analyse(film, out) == 0

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    forget(AnalysisCache.default())
    monkeypatch.setattr(Judge, "in_background", interrupt)
    assert analyse(film, out) == 130
    assert len(table(out)) == len(STAMPS_MS)
    assert leftovers(out) == []


class Stream:
    """A live source that pauses, gives three frames and then breaks."""

    def __init__(self, film: Path, error: SourceError, pauses: int = 0) -> None:
        from sonoassist.sources import open_source

        self._inner, self._error, self._left = open_source(str(film)), error, 3
        self._pauses = pauses
        fields = {name: getattr(self._inner.info, name) for name in self._inner.info.__slots__}
        fields |= {"kind": "stream", "frame_count": None}
        self.info = type(self._inner.info)(**fields)

    def read(self) -> object:
        if self._pauses:
            self._pauses -= 1
            raise StalledError("nothing new came", "Check the cable")
        if not self._left:
            raise self._error
        self._left -= 1
        return self._inner.read()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self._inner.close()


def test_a_live_source_needs_a_number_of_frames(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = lambda spec: Stream(film, StalledError("nothing new came", "Check the cable"))  # noqa: E731
    monkeypatch.setattr(command, "open_source", opened)
    out = tmp_path / "out"
    assert analyse("tcp://x", out) == 2
    assert "--frames" in capsys.readouterr().err
    assert not out.exists()
    assert analyse("tcp://x", out, "--frames", "2") == 0
    assert len(table(out)) == 2
    assert analyse("tcp://x", out, "--frames", "20") == 2
    assert len(table(out)) == 3
    assert "error: nothing new came. Check the cable" in capsys.readouterr().err


def test_a_live_source_that_pauses_is_waited_for(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = SourceError("it is gone")
    for pauses, frames in ((MOST_STALLS, 3), (MOST_STALLS + 1, 0)):
        out = tmp_path / f"out{pauses}"
        monkeypatch.setattr(command, "open_source", lambda _, n=pauses: Stream(film, gone, n))
        assert analyse("tcp://x", out, "--frames", "3") == (0 if frames else 2)
        assert (out / "analysis.csv").exists() == bool(frames)


def test_without_any_frame_the_older_table_stays(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert analyse(film, out) == 0
    source = Stream(film, SourceError("it is gone"))
    source._left = 0
    monkeypatch.setattr(command, "open_source", lambda spec: source)
    assert analyse("tcp://x", out, "--frames", "5") == 2
    assert "error: no frame of film.mp4 could be read. it is gone" in capsys.readouterr().err
    assert len(table(out)) == len(STAMPS_MS)
    assert leftovers(out) == []


@pytest.mark.parametrize("count", ["0", "-3"])
def test_frames_needs_a_positive_number(
    film: Path, tmp_path: Path, count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyse(film, tmp_path / "out", "--frames", count) == 2
    assert "above 0" in capsys.readouterr().err


def test_a_film_of_flat_pictures_has_no_signal(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "black.mp4", [0, 40], pictures=[np.zeros((96, 128, 3), np.uint8)] * 2
    )
    assert analyse(path, tmp_path / "out", "--video") == 0
    for row in table(tmp_path / "out"):
        assert (row["state"], row["plane"], row["confidence"]) == ("no_signal", "", "")
        assert row["steady_plane"] == row["left_px"] == ""


def full_disk(path: Path, size: str) -> None:
    """Make `path` a file system of `size`, or skip."""
    path.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(path)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command to make a full disk with")
    if done.returncode:
        pytest.skip(f"a full disk cannot be made here: {done.stderr.strip()}")


@pytest.mark.parametrize("words", [["--video"], []])
def test_a_full_disk(tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    pictures = [np.dstack([noise_picture(seed=n)] * 3) for n in range(80)]
    film = make_video(tmp_path / "film.mp4", range(0, 3200, 40), pictures=pictures)
    out = tmp_path / "disk"
    full_disk(out, "64k" if words else "12k")
    try:
        status = analyse(film, out, *words)
        left = [path.name for path in out.iterdir()]
    finally:
        subprocess.run(["umount", str(out)], check=True)
    errors = [line for line in capsys.readouterr().err.splitlines() if "error:" in line]
    assert status == 2
    assert len(errors) == 1
    assert "No space left on device" in errors[0]
    assert left == []


def test_the_frame_rate_of_pictures_is_one_a_second(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for number in range(3):
        write_picture(album / f"{number}.png", noise_picture(seed=number))
    assert analyse(album, tmp_path / "out", "--video") == 0
    with av.open(str(tmp_path / "out" / "annotated.mp4")) as container:
        times = [Fraction(frame.pts) * frame.time_base for frame in container.decode(video=0)]
    assert times == [0, 1, 2]
