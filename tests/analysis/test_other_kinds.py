"""The published SonoNet-16, as the program runs it, on real pictures of its kind and of others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from real_models import EXACT, plane_frames, published, published_store
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.core.packets import State
from sonoassist.engines.choose import make_engine
from sonoassist.sources import open_source

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def analyser(test_data: Path) -> Analyser:
    spec, tensors = published(test_data)
    card = published_store(test_data).get("sononet16").card
    return Analyser(
        make_engine(replace(EXACT, engine="openvino"), spec, tensors), card, AnalyserOptions()
    )


def states(analyser: Analyser, paths: list[Path]) -> dict[str, State]:
    """Of the first frame of each."""
    found = {}
    for path in paths:
        analyser.forget()
        with open_source(str(path)) as source:
            frame = source.read()
        assert frame is not None
        found[path.name] = analyser.analyse(frame).state
    return found


def test_no_plane_is_named_where_there_is_no_fetus(analyser: Analyser, test_data: Path) -> None:
    """Measured: one of 34, an adult heart; the muscles that looked like a spine are outside."""
    paths = [
        *(test_data / "not_fetal").glob("*.png"),
        *(test_data / "screens").glob("*.png"),
        *(test_data / "scanner_screens").glob("d_*.png"),
        *(path for path in (test_data / "dicom").iterdir() if path.suffix in (".dcm", ".zip")),
    ]
    found = states(analyser, sorted(paths))
    assert len(found) == 34
    named = {name for name, state in found.items() if state is State.PLANE}
    assert named <= {"d_35.png"}
    assert sum(state is State.OUTSIDE for state in found.values()) >= 4


def test_the_13_planes_are_named_all_the_same(analyser: Analyser, test_data: Path) -> None:
    analyser.forget()
    found = [analyser.analyse(frame).state for frame in plane_frames(test_data)]
    assert found.count(State.PLANE) == 13


def test_stills_of_another_hospital_are_inside(analyser: Analyser, test_data: Path) -> None:
    """Measured on all 181: 150 are named rightly, 145 by the plain softmax from 70 % on."""
    folder = test_data / "fetal_planes_db_more" / "Images"
    found = states(analyser, sorted(folder.glob("*.png"))[::6])
    named = sum(state is State.PLANE for state in found.values())
    assert named / len(found) >= 0.75
    assert sum(state is State.OUTSIDE for state in found.values()) / len(found) <= 0.15
