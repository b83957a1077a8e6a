"""Seeds of weights and training checkpoints, and what the program does with them."""

from __future__ import annotations

import hashlib
import io
import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from fake_weights import port_state, published_arrays
from fuzz.format import Seed, each
from fuzz.steady import numbered_storages, sorted_head
from real_models import card_of, random_tensors
from sonoassist.model.checkpoint import CHECKPOINT_FORMAT, encode_folded
from sonoassist.model.folders import write_model
from sonoassist.model.store import InstalledModel, ModelStore

_TRAP = "sonoassist-fuzz-was-here"


class Trap:
    """Makes a file where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path(tempfile.gettempdir()) / _TRAP,)


def weights(folder: Path) -> list[Seed]:
    """Files of each kind that `models add` takes, and some that would run code."""
    import torch

    arrays = published_arrays("sononet16")
    state = port_state(arrays)
    trap = np.array([Trap()], dtype=object)
    files = {
        "smallnet.npz": _npz(published_arrays("smallnet")),
        "sononet16.npz": _npz(arrays),
        "folded.safetensors": sorted_head(encode_folded("smallnet", random_tensors("smallnet"))),
        "trained.safetensors": sorted_head(save(_trained(arrays), metadata=_trained_metadata())),
    }
    torch.save(state, folder / "sononet16.pth")
    files["sononet16.pth"] = (folder / "sononet16.pth").read_bytes()
    # The old format writes tensors in the order of their places in memory: here there is one.
    torch.save(_in_one(state), folder / "legacy.pth", _use_new_zipfile_serialization=False)
    files["legacy.pth"] = numbered_storages((folder / "legacy.pth").read_bytes())
    torch.save({"features.0.0.0.weight": Trap()}, folder / "trap.pth")
    bad = {
        "trap.pth": (folder / "trap.pth").read_bytes(),
        "trap.npz": _npz([trap]),
        "bare.pth": pickle.dumps(Trap(), protocol=2),
    }
    return [
        Seed(name, {name: data}, (name,), refused=name in bad)
        for name, data in {**files, **bad}.items()
    ]


def _in_one(state: dict[str, Any]) -> dict[str, Any]:
    """The same numbers as parts of one tensor, without the counters."""
    import torch

    floats = {name: one for name, one in state.items() if one.is_floating_point()}
    flat = torch.cat([one.flatten() for one in floats.values()])
    parts = flat.split([one.numel() for one in floats.values()])
    return {name: part.view(floats[name].shape) for name, part in zip(floats, parts, strict=True)}


def _npz(arrays: list[Any]) -> bytes:
    made = io.BytesIO()
    np.savez(made, *arrays)
    return made.getvalue()


def _trained(arrays: list[Any]) -> dict[str, Any]:
    """The network of a published file as training keeps it."""
    made = {}
    for number in range(0, len(arrays), 5):
        weight, beta, gamma, mean, inv_std = arrays[number : number + 5]
        stem = f"conv{number // 5:02d}"
        variance = inv_std.astype(np.float64) ** -2 - 1e-5
        names = ("weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")
        values = (weight, gamma, beta, mean, variance.astype(np.float32))
        made |= {f"{stem}.{name}": value for name, value in zip(names, values, strict=True)}
    return made


def _trained_metadata() -> dict[str, str]:
    return {
        "format": CHECKPOINT_FORMAT,
        "architecture": "sononet16",
        "bn_eps": "1e-05",
        "title": "Mine",
        "input_height_px": "224",
        "scale": "255.0",
        "screen_px": "975x735",
        "domain": "synthetic",
        "notes": "none",
    }


def use_weights(folder: Path, seed: Seed) -> str:
    """`models add`, `list`, `info` and `remove`, and loading; also as if it had been kept so."""
    path = folder / seed.name
    store = ModelStore(folder / "models", folder / "shipped")

    def add() -> None:
        model = store.add(path)
        store.load_tensors(model)
        assert [one.name for one in store.installed()] == [model.name]
        store.get(model.name)
        store.remove(model.name)

    def kept() -> None:
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        card = card_of("smallnet").model_copy(update={"weights_sha256": digest})
        made = write_model(folder / "models", card, data)
        store.load_tensors(InstalledModel(card, made, bundled=False))

    try:
        each(add, *([kept] if seed.name == "folded.safetensors" else []))
    finally:
        trap = Path(tempfile.gettempdir()) / _TRAP
        ran = trap.exists()
        trap.unlink(missing_ok=True)
        assert not ran, "code from the file was run"
    return "result"
