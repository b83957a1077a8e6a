"""A file that grows by whole pieces, and videos written into it."""

from __future__ import annotations

import io
import os
import stat
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoassist.core.errors import OutputError
from sonoassist.render.encoder import VideoEncoder
from sonoassist.render.pieces import PieceFile

STEPS = st.lists(st.tuples(st.integers(0, 60), st.binary(min_size=1, max_size=20), st.booleans()))


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_what_is_written_anywhere_is_there(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bytes, bool]]
) -> None:
    path = tmp_path_factory.mktemp("pieces") / "a"
    pieces, usual = PieceFile(path), io.BytesIO()
    for place, data, commit in steps:
        at = min(place, len(usual.getvalue()))
        assert pieces.seek(place) == usual.seek(at)
        assert pieces.write(data) == usual.write(data)
        assert pieces.tell() == usual.tell()
        assert pieces.seek(0, os.SEEK_END) == usual.seek(0, os.SEEK_END)
        if commit:
            assert pieces.commit()
            assert path.read_bytes() == usual.getvalue()
    pieces.commit()
    assert not pieces.commit()
    pieces.close()
    assert path.read_bytes() == usual.getvalue()


def test_nothing_is_there_before_it_is_committed(tmp_path: Path) -> None:
    pieces = PieceFile(tmp_path / "a")
    pieces.write(b"first")
    assert (tmp_path / "a").read_bytes() == b""
    pieces.commit()
    pieces.write(b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    pieces.close()
    assert (tmp_path / "a").read_bytes() == b"first"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_full_disk_keeps_the_whole_pieces(tmp_path: Path) -> None:
    words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)]
    try:
        mounted = subprocess.run(words, capture_output=True, check=False)
    except OSError as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        pieces = PieceFile(tmp_path / "a")
        pieces.write(b"a" * 700_000)
        assert pieces.commit()
        pieces.write(b"b" * 700_000)
        with pytest.raises(OSError, match="No space left"):
            pieces.commit()
        pieces.seek(0)
        pieces.write(b"c")  # what comes behind an error is not taken any more
        assert not pieces.commit()
        pieces.close()
        assert (tmp_path / "a").read_bytes() == b"a" * 700_000
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def flat(level: int) -> np.ndarray:
    return np.full((64, 96, 3), level, np.uint8)


def levels_in(data: bytes) -> list[int]:
    with av.open(io.BytesIO(data)) as container:
        pictures = [one.to_ndarray(format="rgb24") for one in container.decode(video=0)]
    return [round(float(picture.mean()) / 10) * 10 for picture in pictures]


def test_a_crash_safe_video_plays_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with VideoEncoder(path, 96, 64, 25.0, cheap=True, crash_safe=True) as encoder:
        for number in range(1, 21):
            encoder.add(flat(number * 10), number / 10)
            if encoder.safe:
                there = levels_in(path.read_bytes())
                assert there == [10 * one for one in range(1, encoder.safe + 1)]
                assert number - 6 <= encoder.safe < number
        assert encoder.safe > 0
    assert encoder.safe == 20
    assert levels_in(path.read_bytes()) == [10 * one for one in range(1, 21)]
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 20  # one index, as any player expects


def test_decoding_can_begin_every_second(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with VideoEncoder(path, 96, 64, 25.0, cheap=True, crash_safe=True) as encoder:
        for number in range(20):
            encoder.add(flat(number * 10), number * 0.3)
    with av.open(str(path)) as container:
        keys = [float(one.pts * one.time_base) for one in container.demux() if one.is_keyframe]
    assert keys == pytest.approx([0.0, 1.2, 2.4, 3.6, 4.8])


def test_grey_pictures_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    for cheap in (False, True):
        path = tmp_path / f"{cheap}.mp4"
        with VideoEncoder(path, 96, 64, 25.0, cheap=cheap) as encoder:
            encoder.add(np.full((64, 96), 120, np.uint8), 0.0)
        assert levels_in(path.read_bytes()) == [120]
    with pytest.raises(OutputError, match=r"cannot write a\.mp4: No such file or directory"):
        VideoEncoder(tmp_path / "nowhere" / "a.mp4", 96, 64, 25.0, crash_safe=True)
