"""A user's program: mypy --strict must find nothing wrong in it besides each slip in `slips`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

import sonoassist as sa


def one_picture(pixels: NDArray[np.uint8]) -> sa.Box | None:
    with sa.load_model("auto", engine="openvino", crop=sa.Box(0, 0, 64, 48)) as model:
        assert_type(model, sa.Model)
        result = model.analyse(pixels)
        assert_type(result, sa.PictureResult)
        assert_type(result.plane, str)
        assert_type(result.confidence, float)
        assert_type(result.probabilities, NDArray[np.float32])
        found = model.localise(pixels)
        assert_type(found, sa.Localisation)
        assert_type(found.heat_map, NDArray[np.float32])
        assert_type(model.info, sa.ModelInfo)
        return result.box


def whole_source(path: Path, model: sa.Model) -> int | None:
    def say(done: int, total: int | None) -> None:
        assert total is None or done <= total

    result = sa.analyse(path, model, on_progress=say, max_frames=10)
    assert_type(result, sa.SourceResult)
    assert_type(result.boxes, NDArray[np.float32])
    assert_type(result.planes, NDArray[np.str_])
    assert_type(result.sure, NDArray[np.bool_])
    assert_type(result.damage, tuple[str, ...])
    table = result.to_pandas()
    table.to_csv("table.csv")
    sa.analyse("exam:last/2", model, on_progress=lambda done, total: None, cache=False)
    return result.best_frame("femur")


def frames(spec: str) -> list[NDArray[np.uint8]]:
    try:
        with sa.open_source(spec) as source:
            assert_type(source, sa.Source)
            return [frame.pixels for frame in source]
    except sa.SourceError as error:
        assert_type(error.hint, str)
        return []


def constants() -> None:
    assert_type(sa.__version__, str)
    assert_type(sa.PLANES, tuple[sa.Plane, ...])
    assert_type(sa.PLANE_KEYS, tuple[str, ...])
    assert_type(sa.list_models(), tuple[str, ...])
    assert_type(sa.demo_exam(), Path)


def slips(model: sa.Model, result: sa.SourceResult, floats: NDArray[np.float64]) -> None:
    model.analyse([[1, 2]])  # type: ignore[arg-type]
    model.analyse(floats)  # type: ignore[arg-type]
    sa.anlyse("exam.mp4", model)  # type: ignore[attr-defined]
    sa.analyse("exam.mp4", "sononet32")  # type: ignore[arg-type]
    sa.load_model("auto", "openvino")  # type: ignore[call-arg]
    result.label = "other"  # type: ignore[misc]
