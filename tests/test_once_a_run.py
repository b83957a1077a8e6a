from __future__ import annotations

from pathlib import Path

import pytest

from once_a_run import once_a_run


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    assert once_a_run(folder, (folder / "one").touch) == folder
    once_a_run(folder, (folder / "two").touch)
    assert [path.name for path in folder.iterdir()] == ["one"]


def test_what_could_not_be_finished_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "made"

    def fail() -> None:
        (folder / "half").touch()
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        once_a_run(folder, fail)
    once_a_run(folder, (folder / "whole").touch)
    assert [path.name for path in folder.iterdir()] == ["whole"]
