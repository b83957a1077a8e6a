from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from sonoassist.retrieval.counts import PLANES
from sonoassist.retrieval.flat_table import COLUMNS, write_flat_table
from sonoassist.retrieval.running import Result

ABOUT: dict[str, Any] = {"recordings": ["recording 1", "recording 2"]}


def made(folder: Path, name: str, **found: Any) -> Result:
    (folder / name).mkdir(parents=True)
    told = {plane.key: found.get(plane.key) for plane in PLANES}
    (folder / name / "retrieval.json").write_text(json.dumps(told), encoding="utf-8")
    return Result(name, ABOUT, True, (Path("/x/one.mp4"), Path("/x/zwei, ü.mp4")))


def pick(**fields: Any) -> dict[str, Any]:
    known = {
        "frame": 7,
        "time_s": 1.25,
        "confidence": 0.5,
        "sure": True,
        "image": "femur.png",
        "recording": "recording 2",
    }
    return {**known, **fields}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "retrieval.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_each_plane_has_its_row_and_the_recording_it_is_from(tmp_path: Path) -> None:
    one = made(tmp_path, "a", femur=pick(), lips=pick(sure=False, image=None))
    path, problems = write_flat_table(tmp_path, [one])
    assert (path, problems) == (tmp_path / "retrieval.csv", [])
    found = {row["plane"]: row for row in rows(tmp_path)}
    assert list(found) == [plane.key for plane in PLANES]
    assert tuple(found["femur"]) == COLUMNS
    assert list(found["femur"].values()) == [
        "a",
        "/x/zwei, ü.mp4",
        "femur",
        "7",
        "1.25",
        "0.500000",
        "no",
        "a/femur.png",
    ]
    assert (found["lips"]["doubtful"], found["lips"]["image"]) == ("yes", "")
    assert set(list(found["rvot"].values())[3:]) == {""}


def test_what_cannot_be_read_is_told_and_stops_no_other(tmp_path: Path) -> None:
    bad, good = made(tmp_path, "a"), made(tmp_path, "b")
    (tmp_path / "a" / "retrieval.json").write_text("[1", encoding="utf-8")
    _, problems = write_flat_table(tmp_path, [bad, good])
    assert len(problems) == 1
    assert problems[0].startswith("a: retrieval.json cannot be read")
    assert {row["exam"] for row in rows(tmp_path)} == {"b"}


def test_a_file_that_is_no_table_of_ours_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "retrieval.csv").write_bytes(b"\xff\xfe\x00nonsense")
    write_flat_table(tmp_path, [made(tmp_path, "a", femur=pick())])
    assert {row["exam"] for row in rows(tmp_path)} == {"a"}
