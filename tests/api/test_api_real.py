"""Real planes with the published SonoNet-16, through the API alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import sonoassist as sa
from real_models import plane_truth, published_store, true_box, true_plane
from sonoassist.model.store import ModelStore

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("networks_once")]


@pytest.fixture
def model(test_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Model]:
    store = published_store(test_data)
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path))
    monkeypatch.setattr(ModelStore, "default", lambda: store)
    with sa.load_model(engine="openvino", precision="f32") as made:
        yield made


def test_the_13_planes(model: sa.Model, test_data: Path) -> None:
    """As the README tells: all planes right, and boxes by the model's rules and by the paper's."""
    assert sa.list_models() == ("sononet16", "sononet32-synthetic")
    assert (model.info.name, model.info.domain) == ("sononet16", "published")
    with pytest.warns(sa.SonoAssistWarning, match="no pictures and are left out"):
        result = sa.analyse(test_data / "planes", model)
    assert set(result.names) == set(plane_truth(test_data))
    assert list(result.planes) == [true_plane(test_data, name).key for name in result.names]
    assert result.sure.mean() > 0.8
    ious = overlaps(result, test_data)
    assert np.mean(ious) >= 0.68
    assert sum(iou >= 0.5 for iou in ious) >= 12
    for row, name in enumerate(result.names):
        assert result.best_frame(true_plane(test_data, name).key) == row


def overlaps(result: sa.Result, test_data: Path) -> list[float]:
    return [
        sa.Box(*map(float, box)).iou(true_box(test_data, name, "box_frame_px"))
        for name, box in zip(result.names, result.boxes, strict=True)
    ]


@pytest.mark.usefixtures("model")  # its home
def test_boxes_of_the_13_planes_by_the_papers_rules(test_data: Path) -> None:
    """Mean IoU 0.53, eight boxes of at least 0.5."""
    with sa.load_model(engine="openvino", precision="f32", localiser="paper") as paper:
        with pytest.warns(sa.SonoAssistWarning, match="no pictures and are left out"):
            ious = overlaps(sa.analyse(test_data / "planes", paper), test_data)
        assert np.mean(ious) == pytest.approx(0.53, abs=0.02)
        assert sum(iou >= 0.5 for iou in ious) == 8


def test_one_of_them_as_an_array(model: sa.Model, test_data: Path) -> None:
    result = sa.analyse(test_data / "planes" / "BRAIN-TV.tiff", model)
    with sa.open_source(test_data / "planes" / "BRAIN-TV.tiff") as source:
        frame = source.read()
    assert frame is not None
    found = model.localise(frame.pixels)
    assert found.plane == "brain_tv"
    np.testing.assert_array_equal(found.probabilities, result.probabilities[0])
    truth = true_box(test_data, "BRAIN-TV.tiff", "box_frame_px")
    assert found.box is not None
    assert found.box.iou(truth) > 0.3
    heat = found.heat_map
    inside = heat[round(truth.top) : round(truth.bottom), round(truth.left) : round(truth.right)]
    assert inside.mean() > 3 * heat.mean()
