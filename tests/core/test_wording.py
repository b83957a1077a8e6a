from __future__ import annotations

from sonoassist.core.wording import counted, word


def test_one_is_one_and_all_else_is_many() -> None:
    assert [counted(n, "frame") for n in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]
    assert [counted(n, "match", "matches") for n in (1, 3)] == ["1 match", "3 matches"]
    assert [word(n, "is", "are") for n in (1, 0, 2)] == ["is", "are", "are"]


def test_long_numbers_are_readable() -> None:
    assert counted(999, "frame") == "999 frames"
    assert counted(20_321, "frame") == "20,321 frames"
