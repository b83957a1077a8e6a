from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_made import shares, table_of

from made_analyses import analysis_of, at, shares_of
from sonoassist.core.packets import Box, Content, State
from sonoassist.core.planes import INDEX
from sonoassist.recordings.records import FrameResult, damaged, result_of
from sonoassist.recordings.table import FrameTable
from sonoassist.retrieval.analysing import Analysed, ExamFacts, analysed_from
from sonoassist.retrieval.table import (
    COLUMNS,
    CONTENTS,
    ExamTable,
    PartResults,
    joined,
    packed,
    unpacked,
)
from sonoassist.temporal.quality import Quality

ABOUT = ExamFacts("key", False, ("H.264",), 2.0, "OpenVINO", "bf16", "CPU", ("frame 3 is damaged",))


def same(one: ExamTable, other: ExamTable) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name in ("box",))
        for name in COLUMNS
    )


def part(
    number: int,
    began_s: float,
    times_s: dict[int, float],
    *results: FrameResult,
    still: bool = False,
) -> PartResults:
    """A recording whose frames have these times where they matter, and else are a second apart."""
    count = max(times_s) + 2
    table = FrameTable([times_s.get(index, index - count) for index in range(count)])
    table.add(results)
    return PartResults(number, began_s, table.snapshot(), np.arange(count, dtype=np.int32), still)


def test_frames_become_rows() -> None:
    box = Box(1, 2, 3.5, 4)
    quality = Quality(0.25, 0.75)
    femur = analysis_of(at(0.5, index=12), shares_of("femur"), box=box)
    lips = analysis_of(at(0.5, index=3), shares_of("lips"), State.DOPPLER)
    more = analysis_of(at(0.6, index=4), shares_of("lips"), State.UNSURE)
    table = joined(
        [
            part(0, 0.0, {12: 0.5}, result_of(femur, quality), damaged(13)),
            part(1, 9.0, {3: 0.5, 4: 0.6}, result_of(lips, quality), result_of(more, quality)),
        ]
    )
    assert len(table) == 3
    assert table.frame.tolist() == [12, 3, 4]
    assert table.part.tolist() == [0, 1, 1]
    assert table.time_s.tolist() == [0.5, 9.5, 9.6]
    assert table.judged.tolist() == [True, False, True]
    assert CONTENTS[table.content[1]] is Content.DOPPLER
    assert table.probabilities[0, INDEX["femur"]] == pytest.approx(0.9)
    assert (table.box_of(0), table.box_of(1)) == (box, None)
    assert table.crop_of(0) == Box(0, 0, 64, 48)
    assert (table.sharpness[0], table.stillness[0]) == (0.25, 0.75)
    assert not table.probabilities.flags.writeable
    assert not table.still.any()
    assert [(name, getattr(table, name).dtype) for name in COLUMNS] == [
        (name, getattr(table_of(shares("femur", [0.5])), name).dtype) for name in COLUMNS
    ]


def test_a_recording_without_a_readable_frame_gives_no_rows() -> None:
    assert len(joined([part(0, 0.0, {3: 0.1}, damaged(0), damaged(3))])) == 0
    assert len(joined([])) == 0


def test_pictures_keep_the_numbers_that_their_file_gives_them() -> None:
    """Those that are damaged are not among the ones that came."""
    results = [
        replace(result_of(analysis_of(at(0), shares_of("lips")), Quality(1, 1)), index=n)
        for n in range(2)
    ]
    table = FrameTable([0.0, 2.0])
    table.add(results)
    frames = np.array([0, 2], np.int32)
    found = joined([PartResults(0, 5.0, table.snapshot(), frames, still=True)])
    assert found.frame.tolist() == [0, 2]
    assert found.time_s.tolist() == [5.0, 7.0]
    assert found.still.all()


def test_a_crop_that_is_not_known_is_none() -> None:
    result = result_of(analysis_of(at(0), shares_of("lips")), Quality(1, 1))
    found = joined([part(0, 0.0, {0: 0.0}, replace(result, crop=None))])
    assert found.crop_of(0) is None


@given(st.integers(0, 300))
def test_what_is_kept_comes_back_and_the_same_gives_the_same_bytes(count: int) -> None:
    raw = np.random.default_rng(count).dirichlet(np.ones(14), count).astype(np.float32)
    table = table_of(raw.reshape(-1, 14))
    data = Analysed(table, ABOUT).to_bytes()
    assert data == Analysed(table, ABOUT).to_bytes()
    found = analysed_from(data, "key")
    assert found is not None
    assert same(found.table, table)
    assert found.about == ABOUT
    assert analysed_from(data, "another") is None


def test_twenty_thousand_frames_are_small() -> None:
    values = np.clip(np.random.default_rng(0).normal(0.02, 0.01, 20_000), 0, 1)
    assert len(packed(table_of(shares("femur", values.tolist())), {})) < 2_000_000


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_damaged_bytes_are_not_believed(place: int, value: int) -> None:
    table = table_of(shares("femur", [0.1, 0.9, 0.3]))
    data = bytearray(packed(table, {"a": 1}))
    place %= len(data)
    data[place] = value
    found = unpacked(bytes(data))
    assert found is None or isinstance(found[0], ExamTable)
    assert unpacked(bytes(data[:place])) is None


def test_columns_of_other_lengths_are_refused() -> None:
    table = table_of(shares("femur", [0.1, 0.9]))
    short = ExamTable(*(getattr(table, name)[: 1 + (name != "frame")] for name in COLUMNS))
    assert unpacked(packed(short, {})) is None


def test_values_of_another_layout_are_analysed_anew() -> None:
    table = table_of(shares("femur", [0.1, 0.9]))
    assert analysed_from(packed(table, {"key": "key", "more": 1}), "key") is None
    assert analysed_from(b"", "key") is None
