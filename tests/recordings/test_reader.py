"""One policy for what cannot be read: named and left out, said once, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.troubled import (
    BROKEN,
    COUNT,
    DAMAGED,
    Ending,
    TroubledSource,
    items,
    pictures,
)
from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.recordings.reader import (
    ReadFrame,
    may_be_whole,
    read_ahead,
    read_frames,
    read_on,
)


def source(ending: Ending = Ending.WHOLE) -> TroubledSource:
    return TroubledSource(Path("exam.mp4"), items(ending))


def numbers(frames: list[ReadFrame]) -> list[int]:
    return [one.frame.index for one in frames if one.frame is not None]


@given(wanted=st.lists(st.integers(0, COUNT - 1), unique=True).map(sorted))
def test_each_frame_that_is_asked_for_comes_once(wanted: list[int]) -> None:
    found = list(read_frames(source(), wanted))
    assert [one.index for one in found] == wanted
    assert numbers(found) == [index for index in wanted if index != DAMAGED]
    assert all((one.frame.pixels == pictures()[one.index]).all() for one in found if one.frame)


def test_a_damaged_frame_is_named_and_left_out() -> None:
    found = list(read_frames(source(), range(COUNT)))
    assert found[DAMAGED] == ReadFrame(
        DAMAGED, None, f"frame {DAMAGED} of it is damaged. It is left out"
    )
    assert [one.message for one in found if one.message] == [found[DAMAGED].message]


def test_each_of_many_damaged_frames_is_named() -> None:
    bad = [lambda n=n: DamagedFrameError(f"frame {n} is damaged") for n in range(3000)]
    made = TroubledSource(Path("exam.dcm"), [*bad, pictures()[0]])
    found = list(read_frames(made, range(3001)))
    assert [one.message for one in found[:3000]] == [f"frame {n} is damaged" for n in range(3000)]
    assert numbers(found) == [3000]


def test_where_the_recording_ends_the_rest_is_left_out_and_that_is_said_once() -> None:
    found = list(read_frames(source(Ending.CUT_OFF), range(COUNT)))
    assert numbers(found) == [index for index in range(BROKEN) if index != DAMAGED]
    said = {one.index: one.message for one in found if one.message}
    assert list(said) == [DAMAGED, BROKEN]


@pytest.mark.parametrize("ending", [Ending.DISK, Ending.BARE_DISK])
def test_where_the_system_fails_reading_fails(ending: Ending) -> None:
    with pytest.raises(SourceError, match="Input/output error"):
        list(read_frames(source(ending), range(COUNT)))


@pytest.mark.parametrize("ending", list(Ending))
def test_ahead_on_a_thread_it_is_the_same(ending: Ending) -> None:
    def told(frames: object) -> tuple[list[tuple[int, str]], str]:
        found = []
        try:
            for one in frames:  # type: ignore[attr-defined]
                found.append((one.index, one.message))
        except SourceError as error:
            return found, str(error)
        return found, ""

    plain = told(read_frames(source(ending), range(COUNT)))
    with read_ahead(read_frames(source(ending), range(COUNT))) as frames:
        assert told(frames) == plain


@pytest.mark.parametrize(
    ("cause", "whole"),
    [
        (OSError(5, "Input/output error"), True),
        (TimeoutError(110, "Connection timed out"), True),
        (PermissionError(13, "Permission denied"), True),
        (FileNotFoundError(2, "No such file or directory"), False),
        (ValueError("bad header"), False),
        (None, False),
    ],
)
def test_what_the_system_refuses_now_is_no_damage(cause: Exception | None, whole: bool) -> None:
    error = SourceError("it cannot be read")
    error.__cause__ = cause
    assert may_be_whole(error) is whole


def test_a_reader_that_is_left_ends_its_thread() -> None:
    with read_ahead(read_frames(source(), range(COUNT))) as frames:
        assert next(frames).index == 0


def test_what_is_no_recording_is_read_to_its_end() -> None:
    found = list(read_on(source(Ending.CUT_OFF)))
    assert numbers(found) == [index for index in range(BROKEN) if index != DAMAGED]
    assert len([one for one in found if one.message]) == 2
