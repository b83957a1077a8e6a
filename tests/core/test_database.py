"""Layouts of database files: made, brought up from earlier ones, refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sonoassist.core.database import Layout, connect
from sonoassist.core.errors import SonoAssistError

OLD = "CREATE TABLE things (name TEXT NOT NULL);"
STEPS = {
    1: ("ALTER TABLE things ADD COLUMN size REAL", "UPDATE things SET size = length(name)"),
    2: ("CREATE TABLE facts (key TEXT)",),
}
NEW = "CREATE TABLE things (name TEXT NOT NULL, size REAL); CREATE TABLE facts (key TEXT);"


def layout(tables: str, version: int, steps: dict[int, tuple[str, ...]] | None = None) -> Layout:
    return Layout(
        tables,
        version,
        newer=lambda: SonoAssistError("newer"),
        unfinished=lambda: SonoAssistError("unfinished"),
        migrations=steps or {},
    )


@pytest.fixture
def old(tmp_path: Path) -> str:
    path = str(tmp_path / "made.sqlite")
    with closing(connect(path, layout(OLD, 1), create=True)) as database:
        database.execute("INSERT INTO things VALUES ('abc'), ('de')")
    return path


def version_of(path: str) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def columns_of(database: sqlite3.Connection, table: str) -> list[str]:
    return [str(row[1]) for row in database.execute(f"PRAGMA table_info({table})")]


def test_an_earlier_layout_is_brought_up_step_by_step_and_keeps_everything(
    old: str, tmp_path: Path
) -> None:
    with closing(connect(old, layout(NEW, 3, STEPS))) as database:
        assert database.execute("SELECT * FROM things").fetchall() == [("abc", 3.0), ("de", 2.0)]
        with closing(connect(str(tmp_path / "new"), layout(NEW, 3, STEPS), create=True)) as fresh:
            for table in ("things", "facts"):
                assert columns_of(database, table) == columns_of(fresh, table)
    assert version_of(old) == 3
    with closing(connect(old, layout(NEW, 3, STEPS))) as database:
        assert database.execute("SELECT size FROM things").fetchall() == [(3.0,), (2.0,)]


def test_a_step_that_fails_changes_nothing(old: str) -> None:
    broken = {1: STEPS[1], 2: ("INSERT INTO nowhere VALUES (1)",)}
    with pytest.raises(sqlite3.Error, match="nowhere"):
        connect(old, layout(NEW, 3, broken))
    assert version_of(old) == 1
    with closing(connect(old, layout(OLD, 1))) as database:
        assert columns_of(database, "things") == ["name"]
        assert database.execute("SELECT name FROM things").fetchall() == [("abc",), ("de",)]


def test_what_no_step_leads_to_is_refused(old: str, tmp_path: Path) -> None:
    with pytest.raises(SonoAssistError, match="unfinished"):
        connect(old, layout(NEW, 3, {2: STEPS[2]}))
    with pytest.raises(SonoAssistError, match="unfinished"):
        connect(old, layout(NEW, 2))
    connect(old, layout(NEW, 3, STEPS)).close()
    with pytest.raises(SonoAssistError, match="newer"):
        connect(old, layout(OLD, 1, STEPS))
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    with pytest.raises(SonoAssistError, match="unfinished"):
        connect(str(empty), layout(NEW, 3, STEPS))
    assert version_of(str(empty)) == 0
