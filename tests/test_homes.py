"""No test reads or writes what the user keeps, nor what another test has kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonoassist.core import paths
from sonoassist.core.settings import Settings, save_settings


@pytest.fixture(scope="module")
def made_once() -> Path:
    """Something that a module makes, without a word of where."""
    return paths.home()


@pytest.mark.parametrize("run", range(2))
def test_each_test_begins_with_an_empty_home(
    run: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert paths.home().is_relative_to(tmp_path_factory.getbasetemp())
    assert not paths.settings_file().exists()
    save_settings(paths.settings_file(), Settings(theme="light"))
    assert paths.settings_file().exists()


def test_what_is_made_for_several_tests_is_not_made_in_the_users_home(
    made_once: Path, home_of_worker: Path
) -> None:
    assert made_once == home_of_worker
    assert paths.home() != made_once


@pytest.fixture(scope="class")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("chosen")
        patch.setenv("SONOASSIST_HOME", str(home))
        yield home


class TestHomeOfSeveral:
    def test_one_that_was_chosen_for_several_tests_stays(self, chosen: Path) -> None:
        assert os.environ["SONOASSIST_HOME"] == str(chosen)
