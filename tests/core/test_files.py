from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from sonoassist.core.errors import OutputError
from sonoassist.core.files import ensure_folder, replacing, set_aside, write_bytes, write_text


def test_write_and_replace(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "grün\n")
    write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_files_get_the_usual_permissions(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    write_bytes(tmp_path / "made", b"")
    mode = stat.S_IMODE((tmp_path / "made").stat().st_mode)
    assert mode == stat.S_IMODE(plain.stat().st_mode)


def test_the_temporary_file_keeps_the_suffix(tmp_path: Path) -> None:
    with replacing(tmp_path / "film.mp4") as temporary:
        assert temporary.suffix == ".mp4"
        assert temporary.parent == tmp_path
        assert not (tmp_path / "film.mp4").exists()
    assert (tmp_path / "film.mp4").exists()


def test_a_failing_block_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device") as caught:
        write_text(tmp_path / "a.txt", "text")
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*out"):
        ensure_folder(tmp_path / "file" / "out")
    with pytest.raises(OutputError), replacing(tmp_path / "nowhere" / "a.txt"):
        pytest.fail("there is no such folder")


def test_ensure_folder_makes_parents(tmp_path: Path) -> None:
    folder = ensure_folder(tmp_path / "a" / "b")
    assert folder.is_dir()
    assert list(folder.iterdir()) == []


def test_what_is_set_aside_replaces_nothing(tmp_path: Path) -> None:
    wanted = tmp_path / "a.damaged.txt"
    for number, name in enumerate(("a.damaged.txt", "a.damaged-2.txt", "a.damaged-3.txt")):
        path = tmp_path / "a.txt"
        path.write_text(str(number))
        assert set_aside(path, wanted) == tmp_path / name
        assert not path.exists()
        assert (tmp_path / name).read_text() == str(number)
    assert wanted.read_text() == "0"
    with pytest.raises(OutputError):
        set_aside(tmp_path / "nowhere", wanted)
