"""Seeds of what the program keeps to be quicker, and of what waits to be sent to a PACS.

None of it is needed: where it cannot be used it is made again, or said to be damaged.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fuzz.format import Seed
from sonoassist.analysis.precision.agreement import Agreement, Comparison, Truth
from sonoassist.analysis.precision.check_notes import CheckNotes, keep_notes, read_notes
from sonoassist.analysis.precision.verdicts import PrecisionVerdict, keep_verdict, read_verdict
from sonoassist.core.files import ARCHIVE_ERRORS
from sonoassist.core.packets import Box, frozen
from sonoassist.engines.rounding import ActivationStatistics
from sonoassist.exam.pacs.node import PacsNode
from sonoassist.exam.pacs.outbox import Outbox
from sonoassist.recordings.older_practice import results_in
from sonoassist.retrieval.analysing import Analysed, ExamFacts, analysed_from
from sonoassist.retrieval.table import ExamTable
from sonoassist.training import cache
from sonoassist.training.preparation import HEIGHT_PX, WIDTH_PX, PreparedCase

_KEY = "ab" * 16
_FRAMES = 20
_LAYERS = 3


def _shares(count: int = _FRAMES) -> np.ndarray:
    made = np.random.default_rng(count).random((count, 14)).astype(np.float32)
    return made / made.sum(axis=1, keepdims=True)


def caches(folder: Path) -> list[Seed]:
    """One file of each kind."""
    statistics = ActivationStatistics(
        tuple(frozen(np.ones(4, np.float32)) for _ in range(_LAYERS)), (1.0,) * _LAYERS
    )
    keep_verdict(
        folder,
        _KEY,
        PrecisionVerdict(statistics, {"bf16": Agreement(3, 1.0, 0.001, 2, 0.9)}, {"f32": 0.1}),
    )
    truths = [Truth(frozen(one), Box(1, 2, 30, 40)) for one in _shares(2)]
    compared = [Comparison(True, True, 0.01, 0.02, 0.9)] * 2
    keep_notes(folder, _KEY, CheckNotes([statistics] * 2, truths, {"bf16": compared}, {"f32": [1]}))
    np.savez_compressed(
        folder / "practice.npz",
        probabilities=_shares(),
        steady=np.zeros(_FRAMES, np.int8),
        model=np.array("Mine"),
        done=np.array(_FRAMES),
    )
    (folder / "table.npz").write_bytes(_analysed().to_bytes())
    picture = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    cache._write(folder / "case.npz", PreparedCase([picture] * 2, [1, 2], ["a", "b"], {}, [], 0))
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    where = {
        "node": PacsNode("10.0.0.1", 104, "STORE").as_values(),
        "name": "a.dcm",
        "tries": 1,
        "trouble": "away",
    }
    entry = {
        "outbox/1-a/where.json": json.dumps(where).encode(),
        "outbox/1-a/object.dcm": b"not read here",
    }
    made = [Seed(name, {name: data}, (name,)) for name, data in files.items()]
    return [*made, Seed("outbox", entry, ("outbox/1-a/where.json",))]


def _analysed() -> Analysed:
    wide = frozen(np.ones((_FRAMES, 4), np.float32))
    thin = frozen(np.full(_FRAMES, 0.5, np.float32))
    table = ExamTable(
        part=frozen(np.zeros(_FRAMES, np.int32)),
        frame=frozen(np.arange(_FRAMES, dtype=np.int32)),
        time_s=frozen(np.arange(_FRAMES) / 25),
        content=frozen(np.zeros(_FRAMES, np.uint8)),
        still=frozen(np.zeros(_FRAMES, np.bool_)),
        probabilities=frozen(_shares()),
        sharpness=thin,
        stillness=thin,
        box=wide,
        crop=wide,
    )
    return Analysed(table, ExamFacts(_KEY, True, ("H.264",), 1.0, "OpenVINO", "f32", "CPU"))


def use(folder: Path, seed: Seed) -> str:
    """Read it as the program does before it makes it again."""
    found = _READERS[seed.name](folder / seed.name)
    return "result" if found else "refused"


def _verdict(path: Path) -> bool:
    found = read_verdict(path.parent, _KEY)
    if found is None:
        return False
    for one in found.agreements.values():
        assert one.good in (True, False)
        assert one.may_pass in (True, False)
    return True


def _notes(path: Path) -> bool:
    return bool(read_notes(path.parent, _KEY).truths)


def _practice(path: Path) -> bool:
    try:
        found = results_in(path, _FRAMES, 0.7)
    except ARCHIVE_ERRORS:
        return False
    return all(0 <= one.confidence <= 1 for one in found)


def _table(path: Path) -> bool:
    found = analysed_from(path.read_bytes(), _KEY)
    if found is None:
        return False
    for row in range(len(found.table)):
        found.table.box_of(row)
        found.table.crop_of(row)
    return found.table.judged.shape == (len(found.table),)


def _case(path: Path) -> bool:
    found = cache._open("case", path)
    if found is None:
        return False
    for number in range(len(found)):
        assert found.image(number).shape == (HEIGHT_PX, WIDTH_PX)
    assert found.labels.dtype == np.uint16
    assert found.about["matched"] >= 0
    cache.digest_of([found], [np.arange(len(found))])
    return True


def _outbox(path: Path) -> bool:
    entries, damaged = Outbox(path).read()
    for line in damaged:
        assert len(line.splitlines()) == 1
    for entry in entries:
        assert entry.node.address
        assert f"{entry.name} {entry.trouble} {entry.tries + 1:d}"
    return bool(entries)


_READERS: dict[str, Callable[[Path], bool]] = {
    f"{_KEY}.npz": _verdict,
    f"{_KEY}.part.npz": _notes,
    "practice.npz": _practice,
    "table.npz": _table,
    "case.npz": _case,
    "outbox": _outbox,
}
