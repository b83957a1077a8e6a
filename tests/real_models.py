"""Networks for tests: the published SonoNet-16, and ones with random numbers."""

from __future__ import annotations

import atexit
import functools
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.analysis.analyser import Analyser, AnalyserOptions, build_analyser
from sonoassist.benchmark import weights
from sonoassist.core import paths
from sonoassist.core.packets import Box, Frame
from sonoassist.core.planes import PLANES, Plane
from sonoassist.engines.choose import EngineChoice, make_engine
from sonoassist.engines.scores import probabilities
from sonoassist.model.architecture import Architecture, architecture
from sonoassist.model.card import Card
from sonoassist.model.store import ModelStore
from sonoassist.model.weights_import import import_weights
from sonoassist.preprocess.crop import parse_crop
from sonoassist.sources import open_source

Tensors = dict[str, NDArray[np.float32]]

EXACT = EngineChoice("torch", "f32", "cpu")
BY_PUBLISHED_LABEL = {plane.published_label: plane for plane in PLANES}


def random_tensors(name: str, seed: int = 0) -> Tensors:
    """Folded weights that keep the size of the activations from layer to layer."""
    return weights.random_tensors(architecture(name), seed)


@functools.cache
def published(data: Path) -> tuple[Architecture, Tensors]:
    """The published SonoNet-16, folded."""
    read = import_weights(data / "weights" / "SonoNet16.npz")
    return read.architecture, dict(read.tensors)


def card_of(name: str) -> Card:
    return Card(
        name=name,
        title=architecture(name).title,
        architecture=architecture(name).name,  # type: ignore[arg-type]
        domain="published",
        weights_sha256="0" * 64,
    )


@functools.cache
def published_store(data: Path) -> ModelStore:
    """A store with the published SonoNet-16, under the name that the program gives it."""
    folder = tempfile.TemporaryDirectory(prefix="sonoassist-tests-")
    atexit.register(folder.cleanup)
    store = ModelStore(Path(folder.name), paths.shipped_models())
    store.add(data / "weights" / "SonoNet16.npz")
    return store


def published_analyser(
    data: Path, crop: str = "default", choice: EngineChoice | None = None, **options: Any
) -> Analyser:
    """With the engine that the program itself takes, or with the one that is named."""
    chosen = AnalyserOptions(crop=parse_crop(crop), **options)
    if choice is None:
        return build_analyser(published_store(data), model="sononet16", options=chosen)
    spec, tensors = published(data)
    return Analyser(make_engine(choice, spec, tensors), card_of(spec.name), chosen)


@functools.cache
def plane_truth(data: Path) -> dict[str, Any]:
    """The table of the 13 planes: file name -> what is known of it."""
    images: dict[str, Any] = json.loads((data / "planes" / "truth.json").read_text())["images"]
    return images


def calibrated_truth(data: Path, name: str) -> NDArray[np.float32]:
    """What the published SonoNet-16 is to say of one of the 13 pictures, float32 (14,).

    The table has the plain softmax; what the program shows and writes is calibrated.
    """
    plain = np.maximum(plane_truth(data)[name]["sononet16_softmax"], 1e-6)
    card = published_store(data).get("sononet16").card
    return probabilities(np.log(plain).astype(np.float32), card.calibration)


@functools.cache
def plane_frames(data: Path) -> tuple[Frame, ...]:
    with open_source(str(data / "planes")) as source:
        return tuple(source)


def true_plane(data: Path, name: str) -> Plane:
    return BY_PUBLISHED_LABEL[plane_truth(data)[name]["plane"]]


def true_box(data: Path, name: str, which: str) -> Box:
    edges = plane_truth(data)[name][which]
    return Box(edges["left"], edges["top"], edges["right"], edges["bottom"])


def frame_of(pixels: NDArray[np.uint8], index: int = 0, **fields: Any) -> Frame:
    """A frame outside of any source."""
    known = {"captured_at_s": 0.0, "index": index, "time_s": index / 25, "source_id": "made"}
    return Frame(frame_id=index, pixels=pixels, **{**known, **fields})
