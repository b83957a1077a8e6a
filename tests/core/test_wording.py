from __future__ import annotations

import pytest

from sonoassist.core.wording import counted, sentence, word


def test_one_is_one_and_all_else_is_many() -> None:
    assert [counted(n, "frame") for n in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]
    assert [counted(n, "match", "matches") for n in (1, 3)] == ["1 match", "3 matches"]
    assert [word(n, "is", "are") for n in (1, 0, 2)] == ["is", "are", "are"]


def test_long_numbers_are_readable() -> None:
    assert counted(999, "frame") == "999 frames"
    assert counted(20_321, "frame") == "20,321 frames"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("there is no file /tmp/a.mp4", "There is no file /tmp/a.mp4"),
        ("cannot write /proc/a: no such folder", "Cannot write /proc/a: no such folder"),
        ("the exam is running. End it first", "The exam is running. End it first"),
        ("film.mp4 cannot be read", "film.mp4 cannot be read"),
        ("exams cannot be read", "exams cannot be read"),  # a folder's name
        ("rtsp://host cannot be opened", "rtsp://host cannot be opened"),
        ("Signal lost", "Signal lost"),
        ("the", "the"),
        ("", ""),
    ],
)
def test_a_message_that_stands_alone_begins_as_a_sentence_does(text: str, shown: str) -> None:
    assert sentence(text) == shown
