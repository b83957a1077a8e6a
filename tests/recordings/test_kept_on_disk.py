"""Results on disk: what becomes of damaged ones, and of those that others use or delete."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from review.review_made import made_analyser, made_result, write_recording
from sonoassist.core.errors import OutputError
from sonoassist.core.packets import Box, Provenance
from sonoassist.core.planes import Polarity
from sonoassist.localise.choice import Localiser
from sonoassist.model.box_rule import BoxRule
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.identity import Identity
from sonoassist.recordings.recording_cache import AnalysisKey, RecordingCache
from sonoassist.recordings.whole_source import SourceAnalysis
from sonoassist.sources import open_source

KEY = AnalysisKey(0, Provenance("ab", "288x224 255", "full", "f32"))


@pytest.fixture
def cache(tmp_path: Path) -> AnalysisCache:
    return AnalysisCache(tmp_path / "analyses")


def filled(cache: AnalysisCache, content: str = "a", count: int = 200) -> RecordingCache:
    """Where results and small pictures are kept."""
    made = cache.open(Identity(content))
    results = [made_result(index, "femur") for index in range(count)]
    made.add(made.begin(KEY), results, {index: bytes(2000) for index in range(0, count, 16)})
    return made


def found(cache: AnalysisCache, content: str = "a") -> int:
    """Number of results that are kept."""
    with cache.open(Identity(content)) as kept:
        return sum(len(part) for number in kept.serving(KEY) for part in kept.results(number))


def aside(cache: AnalysisCache) -> list[str]:
    return sorted(path.name for path in cache.folder.glob("*.damaged"))


@pytest.mark.parametrize("table", ["meta", "analyses", "frames", "damage", "pictures"])
def test_one_without_a_table_is_put_aside_at_once(cache: AnalysisCache, table: str) -> None:
    filled(cache).close()
    with closing(sqlite3.connect(cache.path_of("a"))) as database:
        database.execute(f"DROP TABLE {table}")
    assert found(cache) == 0
    assert aside(cache) == ["a.sqlite.damaged"]
    filled(cache).close()
    assert found(cache) == 200


def test_one_with_a_table_of_another_hand_is_put_aside(cache: AnalysisCache) -> None:
    filled(cache).close()
    with closing(sqlite3.connect(cache.path_of("a"))) as database:
        database.execute("CREATE TRIGGER odd AFTER INSERT ON frames BEGIN SELECT 1; END")
    assert found(cache) == 0
    assert aside(cache) == ["a.sqlite.damaged"]


def test_a_damaged_page_is_found_before_results_are_added(cache: AnalysisCache) -> None:
    filled(cache).close()
    path = cache.path_of("a")
    size = path.stat().st_size
    for page in range(1, size // 4096):
        with cache.open(Identity("a")) as whole:
            whole.set_fact("x", str(page))
        data = bytearray(path.read_bytes())
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
        path.write_bytes(bytes(data))
        assert found(cache) in (0, 200)
        with filled(cache) as kept:
            assert kept.pictured(*kept.serving(KEY)) == list(range(0, 200, 16))
    assert aside(cache)


def test_a_help_file_without_its_database_is_not_taken_for_one_of_the_next(
    cache: AnalysisCache,
) -> None:
    kept = filled(cache)
    path = cache.path_of("a")
    log = path.with_name(f"{path.name}-wal")
    left = log.read_bytes()
    assert left
    kept.close()
    path.unlink()
    log.write_bytes(left)  # as where a deletion was cut off
    assert found(cache) == 0


def test_what_is_in_use_is_emptied_and_nothing_more_is_kept(cache: AnalysisCache) -> None:
    kept = filled(cache)
    (number,) = kept.serving(KEY)
    cache.delete("a")
    assert list(kept.results(number)) == []
    kept.add(number, [made_result(3, "femur")], {3: b"picture"})
    assert kept.pictured(number) == []
    assert found(cache) == 0
    kept.close()
    filled(cache).close()
    assert found(cache) == 200
    cache.delete("a")
    assert cache.contents() == []
    cache.delete("a")  # there is nothing


def test_room_is_not_made_of_what_is_in_use(tmp_path: Path) -> None:
    cache = AnalysisCache(tmp_path / "analyses", limit_bytes=0)
    kept = filled(cache)
    filled(cache, "b").close()
    cache.sweep()
    assert cache.contents() == ["a"]
    kept.close()
    cache.sweep()
    assert cache.contents() == []


def test_what_was_opened_last_is_what_was_used_last(cache: AnalysisCache) -> None:
    for at, content in enumerate("ab"):
        filled(cache, content).close()
        os.utime(cache.path_of(content), (at, at))
    assert cache.contents() == ["b", "a"]
    assert found(cache, "a") == 200
    assert cache.contents() == ["a", "b"]


def test_what_was_put_aside_counts_and_goes_with_the_recording(cache: AnalysisCache) -> None:
    filled(cache).close()
    size = cache.size_bytes("a")
    cache.put_aside("a")
    assert cache.size_bytes("a") == size
    filled(cache).close()
    assert cache.size_bytes("a") == 2 * size
    cache.delete("a")
    assert aside(cache) == []


def test_damage_that_is_found_while_results_are_added_is_named_as_such(
    cache: AnalysisCache,
) -> None:
    kept = filled(cache)

    class Broken:
        in_transaction = False

        def execute(self, *_: object) -> None:
            raise sqlite3.DatabaseError("database disk image is malformed")

    whole, kept._database = kept._database, Broken()  # type: ignore[assignment]
    with pytest.raises(OutputError, match="malformed") as caught:
        kept.set_fact("x", "y")
    assert "Open the recording again" in caught.value.hint
    whole.close()


def test_many_may_open_add_and_delete_at_the_same_time(cache: AnalysisCache) -> None:
    troubles: list[Exception] = []

    def use() -> None:
        try:
            for _ in range(8):
                with filled(cache, count=20) as kept:
                    for number in kept.serving(KEY):
                        list(kept.results(number))
        except Exception as error:  # noqa: BLE001  (told below)
            troubles.append(error)

    def delete() -> None:
        try:
            for _ in range(20):
                cache.delete("a")
                cache.sweep()
        except Exception as error:  # noqa: BLE001
            troubles.append(error)

    threads = [threading.Thread(target=one) for one in (use, use, delete)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert aside(cache) == []
    filled(cache).close()
    assert found(cache) == 200


def test_where_nothing_can_be_kept_it_is_said_and_analysed(
    cache: AnalysisCache, tmp_path: Path
) -> None:
    cache.folder.write_text("in the way")
    path, said = write_recording(tmp_path / "exam.mp4", [("femur", 70)]), list[str]()
    with open_source(str(path)) as source:
        work = SourceAnalysis(source, made_analyser(), cache, on_notice=said.append)
        work.run()
    assert [one.plane.key for one in work.results()] == ["femur"] * 70
    (sentence,) = said
    assert sentence.startswith(f"The results are not kept: cannot write {cache.folder}")


def test_boxes_of_two_localisers_do_not_mix(tmp_path: Path, cache: AnalysisCache) -> None:
    """Each run has the boxes that it would have found alone; the labels are found once."""
    path = write_recording(tmp_path / "exam.mp4", [("femur", 12)])
    rule = BoxRule(polarity=Polarity.POSITIVE, grow_x=0.5, grow_y=0.5)

    def boxes(localiser: Localiser, kept: AnalysisCache | None) -> list[Box | None]:
        analyser = made_analyser()
        analyser.card = analyser.card.model_copy(update={"boxes": {"femur": rule}})
        analyser.configure(replace(analyser.options, localiser=localiser))
        with open_source(str(path)) as source:
            work = SourceAnalysis(source, analyser, kept)
            work.run()
        return [one.box for one in work.results()]

    alone = {each: boxes(each, None) for each in Localiser}
    assert None not in alone[Localiser.PLANE]
    assert alone[Localiser.PLANE] != alone[Localiser.PAPER]
    for each in (*Localiser, *Localiser):
        again = boxes(each, cache)
        assert [_rounded(box) for box in again] == [_rounded(box) for box in alone[each]]


def _rounded(box: Box | None) -> tuple[float, ...] | None:
    return None if box is None else tuple(round(edge, 2) for edge in astuple(box))
