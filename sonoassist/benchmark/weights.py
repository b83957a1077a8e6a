"""Weights to measure with: installed ones, else random numbers of the right shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.model.architecture import Architecture
from sonoassist.model.folding import Tensors, bias_key, kernel_shape, weight_key
from sonoassist.model.store import ModelStore

SEED = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of one network.

    Attributes:
        about: Where they are from, e.g. "installed: sononet32".
        tensors: Folded.
    """

    about: str
    tensors: Mapping[str, NDArray[np.float32]]


def weights_for(spec: Architecture, store: ModelStore) -> Weights:
    """The preferred installed weights of a network; random ones where none are installed.

    Raises:
        ModelError: The installed weights are damaged.
    """
    for model in store.installed():
        if model.card.architecture == spec.name:
            return Weights(f"installed: {model.name}", store.load_tensors(model))
    return Weights(f"random (seed {SEED})", random_tensors(spec, SEED))


def random_tensors(spec: Architecture, seed: int) -> Tensors:
    """Folded weights that keep the size of the activations from layer to layer."""
    rng = np.random.default_rng(seed)
    tensors: Tensors = {}
    for number, conv in enumerate(spec.convs):
        spread = np.sqrt(2 / (conv.inputs * conv.kernel**2))
        weight = rng.standard_normal(kernel_shape(conv), np.float32) * np.float32(spread)
        tensors[weight_key(number)] = weight
        bias = rng.standard_normal(conv.outputs) * 0.1
        tensors[bias_key(number)] = bias.astype(np.float32)
    return tensors
