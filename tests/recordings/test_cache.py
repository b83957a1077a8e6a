"""What is kept of recordings: by which key, how long, and what damage does to it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.cli import run
from sonoassist.core.packets import Box, Floats, Provenance, State, frozen
from sonoassist.localise import LOCALISER
from sonoassist.preprocess import PREPROCESSING
from sonoassist.preprocess.screen_network import network_file
from sonoassist.recordings import cache_rows
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.cache_schema import CacheError
from sonoassist.recordings.identity import Identity
from sonoassist.recordings.recording_cache import AnalysisKey
from sonoassist.recordings.records import FrameResult, damaged
from sonoassist.temporal.quality import Quality

ONE, OTHER = Identity("a" * 32), Identity("b" * 32)
MADE = Provenance("0" * 64, "288x224 255", "auto", "f32")


@pytest.fixture
def cache(tmp_path: Path) -> AnalysisCache:
    return AnalysisCache(tmp_path / "analyses")


def shares(winner: int = 4) -> Floats:
    values = np.full(14, 0.01, np.float32)
    values[winner] = 0.87
    return frozen(values)


def result(index: int, winner: int = 4, box: Box | None = None) -> FrameResult:
    return FrameResult(
        index, State.PLANE, shares(winner), box, 0.5, 0.25, Box(1, 2, 30, 40), True, False
    )


def keep(cache: AnalysisCache, identity: Identity, *results: FrameResult, **key: object) -> None:
    with cache.open(identity) as kept:
        number = kept.begin(replace(AnalysisKey(identity.modified_ns, MADE), **key))
        kept.add(number, results)


def found(cache: AnalysisCache, identity: Identity, **key: object) -> dict[int, FrameResult]:
    with cache.open(identity) as kept:
        numbers = kept.serving(replace(AnalysisKey(identity.modified_ns, MADE), **key))
        parts = [part for number in numbers for part in kept.results(number)]
        return {one.index: one for part in parts for one in part}


edges = st.floats(-10, 4000, width=32)
boxes = st.none() | st.builds(Box, edges, edges, edges, edges)
shared = st.floats(0, 1, width=32)
measures = st.just(float("nan")) | shared


@given(
    state=st.none() | st.sampled_from(State),
    box=boxes,
    crop=boxes,
    values=st.lists(shared, min_size=14, max_size=14),
    quality=measures,
    stillness=measures,
    repeats=st.none() | st.booleans(),
)
def test_a_result_on_disk_and_back(
    state: State | None,
    box: Box | None,
    crop: Box | None,
    values: list[float],
    quality: float,
    stillness: float,
    repeats: bool | None,
) -> None:
    kept = FrameResult(
        7, state, frozen(np.array(values, np.float32)), box, quality, stillness, crop, True, repeats
    )
    back = cache_rows.result_of_row(cache_rows.values_of(kept, 7), 7)
    assert (back.index, back.state, back.box, back.crop) == (7, state, box, crop)
    assert back.frozen is repeats
    np.testing.assert_array_equal(back.probabilities, kept.probabilities)
    np.testing.assert_array_equal([back.quality, back.stillness], [quality, stillness])


@pytest.mark.parametrize(
    "other",
    [
        {"provenance": replace(MADE, weights_sha256="1" * 64)},
        {"provenance": replace(MADE, network_input="144x112 255")},
        {"provenance": replace(MADE, crop="full")},
        {"provenance": replace(MADE, precision="int8"), "any_precision": False},
        {"modified_ns": 5},
        {"preprocessing": 99},
        {"reader": 99},
    ],
)
def test_results_of_another_key_do_not_serve(
    cache: AnalysisCache, other: dict[str, object]
) -> None:
    keep(cache, ONE, result(3))
    assert list(found(cache, ONE)) == [3]
    assert found(cache, ONE, **other) == {}
    assert found(cache, OTHER) == {}


def test_frames_are_prepared_otherwise_than_by_programs_that_counted_less() -> None:
    """Another network finds other fields of view: what was kept before it serves no more."""
    digest = hashlib.sha256(network_file().read_bytes()).hexdigest()
    assert (PREPROCESSING, digest[:8]) == (3, "d28bd266"), "count up PREPROCESSING too"
    assert AnalysisKey(0, MADE).preprocessing == PREPROCESSING


def test_of_two_precisions_the_one_asked_for_counts_then_the_more_exact_one(
    cache: AnalysisCache,
) -> None:
    for winner, precision in ((1, "int8"), (2, "f32"), (5, "bf16")):
        keep(cache, ONE, result(0, winner), provenance=replace(MADE, precision=precision))
    asked = {
        precision: found(cache, ONE, provenance=replace(MADE, precision=precision))[0]
        for precision in ("int8", "f32", "bf16", "f16")
    }
    winners = {name: int(one.probabilities.argmax()) for name, one in asked.items()}
    assert winners == {"int8": 1, "f32": 2, "bf16": 5, "f16": 2}


def test_a_box_of_another_localiser_is_none(cache: AnalysisCache) -> None:
    keep(cache, ONE, result(0, box=Box(1, 2, 3, 4)))
    assert found(cache, ONE)[0].box == Box(1, 2, 3, 4)
    with cache.open(ONE) as opened:
        (number,) = opened.serving(AnalysisKey(ONE.modified_ns, MADE))
        ((kept,),) = opened.results(number, LOCALISER + 1)
        block = next(opened.blocks(number, LOCALISER + 1))
    assert (kept.box, kept.boxed, kept.state) == (None, False, State.PLANE)
    assert not block.boxed[0]
    assert np.isnan(block.boxes[0]).all()


def test_what_is_measured_later_is_kept(cache: AnalysisCache) -> None:
    keep(cache, ONE, replace(result(0), quality=float("nan"), stillness=float("nan"), frozen=None))
    with cache.open(ONE) as kept:
        numbers = kept.serving(AnalysisKey(0, MADE))
        kept.measure(numbers, {0: Quality(0.75, 0.5)}, {0: True})
    one = found(cache, ONE)[0]
    assert (one.quality, one.stillness, one.frozen) == (0.75, 0.5, True)


def test_damage_is_kept_with_the_file(cache: AnalysisCache) -> None:
    large = Identity("c" * 32, modified_ns=5)
    with cache.open(large) as kept:
        kept.note_damage({40: "frame 40 is damaged", 3: "frame 3 is damaged"})
    with cache.open(large) as kept:
        assert list(kept.damage()) == [3, 40]
    with cache.open(replace(large, modified_ns=6)) as kept:
        assert kept.damage() == {}
    keep(cache, ONE, damaged(2))
    assert found(cache, ONE)[2].state is None


def test_results_of_a_reader_are_dropped_with_their_pictures_and_no_others(
    cache: AnalysisCache,
) -> None:
    now = AnalysisKey(0, MADE)
    before = replace(now, reader=1)
    with cache.open(ONE) as kept:
        numbers = [kept.begin(before), kept.begin(now)]
        for number in numbers:
            kept.add(number, [result(3)], {0: b"jpeg"})
        assert kept.has_reader(1)
        kept.drop_reader(1)
        assert not kept.has_reader(1)
        assert (kept.serving(before), kept.serving(now)) == ([], numbers[1:])
        assert [kept.pictured(number) for number in numbers] == [[], [0]]
        assert [len(list(kept.results(number))) for number in numbers] == [0, 1]
        kept.add(numbers[0], [result(4)])  # by whoever has begun it before
        assert list(kept.results(numbers[0])) == []
        kept.drop_reader(1)  # nothing of it is there


def test_a_reader_with_the_same_numbers_is_renamed_and_loses_to_results_of_now(
    cache: AnalysisCache,
) -> None:
    now = AnalysisKey(0, MADE)
    crop = replace(now, provenance=replace(MADE, crop="full"))
    with cache.open(ONE) as kept:
        for key, winner in ((replace(now, reader=1), 1), (replace(crop, reader=1), 1), (now, 2)):
            kept.add(kept.begin(key), [result(3, winner)])
        kept.rename_reader(1, now.reader)
        assert not kept.has_reader(1)
    assert int(found(cache, ONE)[3].probabilities.argmax()) == 2
    assert int(found(cache, ONE, provenance=crop.provenance)[3].probabilities.argmax()) == 1


def test_small_pictures_are_those_of_an_analysis(cache: AnalysisCache) -> None:
    with cache.open(ONE) as kept:
        one = kept.begin(AnalysisKey(0, MADE))
        other = kept.begin(AnalysisKey(0, replace(MADE, crop="full")))
        kept.add(one, (), {16: b"jpeg"})
        assert kept.picture(one, 16) == b"jpeg"
        assert kept.picture(other, 16) is None
        assert (kept.pictured(one), kept.pictured(other)) == ([16], [])


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "headless"])
def test_a_damaged_file_is_put_aside_and_begun_anew(cache: AnalysisCache, damage: str) -> None:
    keep(cache, ONE, *(result(index) for index in range(500)))
    keep(cache, OTHER, result(1))
    path = cache.path_of(ONE.content)
    data = path.read_bytes()
    path.write_bytes(
        {
            "cut": data[: len(data) // 2 // 4096 * 4096 + 100],
            "empty": b"",
            "text": b"not a database at all" * 100,
            "headless": bytes(100) + data[100:],
        }[damage]
    )
    try:
        assert len(found(cache, ONE)) < 500
    except CacheError:
        cache.put_aside(ONE.content)  # as whoever opens the results does
        assert found(cache, ONE) == {}
    keep(cache, ONE, result(2))
    assert 2 in found(cache, ONE)
    assert list(found(cache, OTHER)) == [1]


def test_a_newer_program_keeps_its_results(cache: AnalysisCache) -> None:
    keep(cache, ONE, result(0))
    with sqlite3.connect(cache.path_of(ONE.content)) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(CacheError, match="newer SonoAssist"):
        cache.open(ONE)
    assert cache.path_of(ONE.content).exists()


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    many = [Identity(f"{number:032x}") for number in range(4)]
    cache = AnalysisCache(tmp_path / "analyses", limit_bytes=10**9)
    for number, identity in enumerate(many):
        keep(cache, identity, *(result(index) for index in range(200)))
        for path in cache.folder.glob(f"{identity.content}*"):
            os.utime(path, (1e9 + number, 1e9 + number))
    assert cache.contents() == [one.content for one in reversed(many)]
    small = AnalysisCache(cache.folder, limit_bytes=2 * cache.size_bytes(many[0].content) + 1)
    small.sweep(spared=many[0].content)
    assert set(small.contents()) == {many[0].content, many[2].content, many[3].content}
    assert small.clear() > 0
    assert (small.contents(), small.size_bytes()) == ([], 0)


def test_results_are_private(cache: AnalysisCache) -> None:
    keep(cache, ONE, result(0))
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert cache.path_of(ONE.content).stat().st_mode & 0o777 == 0o600


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from sonoassist.core.packets import Provenance, State, frozen
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.recording_cache import AnalysisKey
from sonoassist.recordings.identity import Identity
from sonoassist.recordings.records import FrameResult
cache = AnalysisCache(Path(sys.argv[1]))
made = Provenance("0" * 64, "288x224 255", "auto", "f32")
shares = frozen(np.full(14, 1 / 14, np.float32))
for part in range(int(sys.argv[2]), 400, 2):
    with cache.open(Identity("a" * 32)) as kept:
        number = kept.begin(AnalysisKey(0, made))
        kept.add(number, [FrameResult(part, State.UNSURE, shares, None, 0.5)])
"""


def test_two_programs_may_write_at_the_same_time(cache: AnalysisCache) -> None:
    words = [sys.executable, "-c", _WRITER, str(cache.folder)]
    root = Path(__file__).parents[2]
    writers = [subprocess.Popen([*words, first], cwd=root) for first in "01"]
    assert [one.wait() for one in writers] == [0, 0]
    assert sorted(found(cache, ONE)) == list(range(400))


def test_the_command_tells_and_clears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path))
    cache = AnalysisCache.default()
    keep(cache, ONE, result(0))
    assert run(["exam", "cache", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["recordings"], told["freed_bytes"]) == (1, 0)
    assert told["size_bytes"] == cache.size_bytes() > 0
    assert run(["exam", "cache", "--clear", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["recordings"], told["size_bytes"]) == (0, 0)
    assert told["freed_bytes"] > 0
    assert run(["exam", "cache"]) == 0
    assert "results of 0 recordings" in capsys.readouterr().err
