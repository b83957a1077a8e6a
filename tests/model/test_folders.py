from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from fake_weights import published_file
from sonoassist.core.errors import OutputError
from sonoassist.model import folders
from sonoassist.model.card import CARD_NAME
from sonoassist.model.store import ModelStore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return published_file(tmp_path / "files")


def leftovers(store: ModelStore) -> list[str]:
    return [path.name for path in store.user_folder.iterdir() if path.name.startswith(".")]


def test_full_disk_keeps_the_older_model(
    store: ModelStore, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = store.add(file)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"cannot write .*models/smallnet: No space left"):
        store.add(published_file(tmp_path / "other", seed=1))
    assert store.installed() == [model]
    assert store.load_tensors(model)
    assert leftovers(store) == []


class _Killed(BaseException):
    """Stands for the end of the process: nothing after it runs."""


@pytest.mark.parametrize("at", [1, 2])
def test_kill_between_the_renames_keeps_a_whole_model(
    at: int, store: ModelStore, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.add(file)
    other = published_file(tmp_path / "other", seed=1)
    calls = []

    def replace(path: Path, target: Path) -> None:
        if path.is_dir():
            calls.append(path)
            if len(calls) == at:
                raise _Killed
        os.replace(path, target)  # noqa: PTH105 (the method is what is replaced)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        patch.setattr(folders.shutil, "rmtree", lambda *args, **options: None)
        with pytest.raises(_Killed):
            store.add(other)
    (left,) = store.installed()
    assert left.card == before.card
    assert store.load_tensors(left)
    after = store.add(other)
    assert store.installed() == [after]
    assert store.load_tensors(after)
    assert ".replaced-smallnet" not in leftovers(store)


def test_kill_between_the_renames_then_removed(store: ModelStore, file: Path) -> None:
    model = store.add(file)
    model.folder.rename(model.folder.with_name(".replaced-smallnet"))
    assert store.get("smallnet").card == model.card
    store.remove("smallnet")
    assert store.installed() == []


def test_failed_rename_brings_the_older_back(
    store: ModelStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = store.add(file)

    def replace(path: Path, target: Path) -> None:
        if path.name.startswith(".adding"):
            raise PermissionError(errno.EACCES, "Permission denied")
        os.replace(path, target)  # noqa: PTH105 (the method is what is replaced)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OutputError, match="Permission denied"):
        store.add(file)
    assert store.get("smallnet") == model
    assert leftovers(store) == []


def test_remove_that_is_refused(
    store: ModelStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = store.add(file)

    def replace(path: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OutputError, match="Permission denied"):
        store.remove("smallnet")
    assert store.load_tensors(model)


def test_linked_model_is_only_unlinked(store: ModelStore, tmp_path: Path, file: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(store.add(file).folder, elsewhere)
    (store.user_folder / "smallnet").symlink_to(elsewhere, target_is_directory=True)
    assert store.load_tensors(store.get("smallnet"))
    store.remove("smallnet")
    assert (elsewhere / CARD_NAME).exists()
    assert store.installed() == []


def test_abandoned_folders_are_swept(store: ModelStore, file: Path) -> None:
    old, young = store.user_folder / ".adding-old", store.user_folder / ".adding-young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    store.add(file)
    assert leftovers(store) == [".adding-young"]
