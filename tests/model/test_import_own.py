from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from fake_weights import published_arrays, published_file, write_npz
from sonoassist.core.errors import ModelError
from sonoassist.model.checkpoint import CHECKPOINT_FORMAT, encode_folded
from sonoassist.model.weights_import import import_weights

METADATA = {"format": CHECKPOINT_FORMAT, "architecture": "sononet16", "bn_eps": "1e-05"}


def trained() -> dict[str, np.ndarray]:
    """A checkpoint with the same function as the published arrays of seed 0."""
    arrays = published_arrays("sononet16")
    tensors: dict[str, np.ndarray] = {}
    for index in range(15):
        weight, beta, gamma, mean, inv_std = arrays[5 * index : 5 * index + 5]
        stem = f"conv{index:02d}"
        tensors[f"{stem}.weight"] = weight
        tensors[f"{stem}.bn.weight"] = gamma
        tensors[f"{stem}.bn.bias"] = beta
        tensors[f"{stem}.bn.running_mean"] = mean
        tensors[f"{stem}.bn.running_var"] = inv_std.astype(np.float64) ** -2 - 1e-5
    return tensors


def stored(
    tmp_path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str] | None = None
) -> Path:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(save(tensors, metadata=METADATA if metadata is None else metadata))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        import_weights(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_checkpoint_is_folded(tmp_path: Path) -> None:
    reference = import_weights(write_npz(tmp_path / "a.npz", published_arrays("sononet16"))).tensors
    weights = import_weights(stored(tmp_path, trained()))
    assert weights.kind == "safetensors"
    assert weights.metadata == METADATA
    for name, values in reference.items():
        np.testing.assert_allclose(weights.tensors[name], values, rtol=1e-5, atol=1e-6)


def test_bias_before_the_batch_norm(tmp_path: Path) -> None:
    tensors = trained()
    plain = import_weights(stored(tmp_path, tensors)).tensors
    # A bias that equals a shift of the running mean changes nothing.
    tensors["conv03.bias"] = np.full(32, 0.25, np.float32)
    tensors["conv03.bn.running_mean"] = tensors["conv03.bn.running_mean"] + np.float32(0.25)
    shifted = import_weights(stored(tmp_path, tensors)).tensors
    np.testing.assert_allclose(shifted["conv03.bias"], plain["conv03.bias"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_folded_file_comes_back(dtype: type, tmp_path: Path) -> None:
    tensors = import_weights(published_file(tmp_path)).tensors
    path = tmp_path / "weights.safetensors"
    narrow = {name: values.astype(dtype) for name, values in tensors.items()}
    path.write_bytes(encode_folded("smallnet", narrow))
    weights = import_weights(path)
    assert weights.architecture.name == "smallnet"
    for name, values in narrow.items():
        assert weights.tensors[name].dtype == np.float32
        np.testing.assert_array_equal(weights.tensors[name], values.astype(np.float32))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, "was not written by this program"),
        ({"architecture": "vgg"}, "names no known network ('vgg')"),
        ({"architecture": "sononet32"}, "calls itself SonoNet-32 but holds SonoNet-16"),
        ({"bn_eps": "0"}, "bn_eps is '0'"),
        ({"bn_eps": "tiny"}, "bn_eps is 'tiny'"),
        ({"bn_eps": "nan"}, "bn_eps is 'nan'"),
    ],
)
def test_wrong_metadata(change: dict[str, str], words: str, tmp_path: Path) -> None:
    line = refusal(stored(tmp_path, _fitting(change), METADATA | change))
    assert words in line


def _fitting(change: dict[str, str]) -> dict[str, np.ndarray]:
    tensors = trained()
    if change.get("architecture") != "sononet32":
        return tensors
    # Vectors as long as the named network's let the shapes of the kernels speak.
    return {
        name: values
        for name, values in tensors.items()
        if name.endswith("weight") and "bn" not in name
    }


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("conv02.weight", None, "conv02.weight is missing"),
        ("conv02.bn.bias", None, "conv02.bn.* is not complete"),
        ("conv02.bn.running_var", np.full(32, -1.0), "negative variance"),
        ("conv02.bn.running_mean", np.full(32, np.nan), "NaN"),
        ("conv02.bn.weight", np.ones(7), "conv02.bn.weight is [7], not [32]"),
        ("conv15.weight", np.ones((1, 1, 1, 1)), "SonoNet-16 has no tensor 'conv15.weight'"),
        ("conv02.weight", np.ones((32, 16, 3, 3), np.int32), "int32"),
    ],
)
def test_wrong_tensors(name: str, value: np.ndarray | None, words: str, tmp_path: Path) -> None:
    tensors = trained()
    if value is None:
        del tensors[name]
    else:
        tensors[name] = value
    assert words in refusal(stored(tmp_path, tensors))


def test_folded_file_that_does_not_fit(tmp_path: Path) -> None:
    tensors = dict(import_weights(published_file(tmp_path)).tensors)
    path = tmp_path / "weights.safetensors"
    path.write_bytes(encode_folded("sononet16", tensors))
    assert "of SonoNet-16 is missing" in refusal(path)
    tensors["conv01.weight"] = tensors["conv01.weight"][:, :, :3, :3].copy()
    path.write_bytes(encode_folded("smallnet", tensors))
    assert "conv01.weight is 64x32x3x3 where SmallNet has 64x32x5x5" in refusal(path)


def test_truncated(tmp_path: Path) -> None:
    path = stored(tmp_path, trained())
    whole = path.read_bytes()
    for length in (9, 500, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        refusal(path)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    data = save({"conv00.weight": np.zeros((2, 1, 3, 3), np.float32)}, metadata=METADATA)
    return tmp_path_factory.mktemp("tiny") / "changed.safetensors", data


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_changed_bytes_never_crash(
    changes: list[tuple[float, int]], tiny: tuple[Path, bytes]
) -> None:
    path, whole = tiny
    data = bytearray(whole)
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    path.write_bytes(data)
    with pytest.raises(ModelError):  # whole, it would still lack 14 convolutions
        import_weights(path)
