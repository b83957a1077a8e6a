from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_weights import port_state, published_arrays, write_npz
from sonoassist.core.errors import ModelError
from sonoassist.model.weights_import import import_weights


@pytest.fixture(scope="module")
def arrays() -> list[np.ndarray]:
    return published_arrays("sononet16")


@pytest.fixture
def state(arrays: list[np.ndarray]) -> dict[str, Any]:
    return port_state(arrays)


def saved(tmp_path: Path, content: object, *, legacy: bool = False) -> Path:
    path = tmp_path / "SonoNet16.pth"
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        import_weights(path)
    line = str(caught.value)
    assert "\n" not in line
    return line


def assert_same(got: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert got.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(got[name], values, rtol=1e-5, atol=1e-5 * np.abs(values).max())


@pytest.fixture(scope="module")
def reference(
    arrays: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, np.ndarray]:
    path = write_npz(tmp_path_factory.mktemp("reference") / "SonoNet16.npz", arrays)
    return import_weights(path).tensors


@pytest.mark.parametrize("legacy", [False, True])
def test_port_gives_the_published_weights(
    legacy: bool, state: dict[str, Any], reference: dict[str, np.ndarray], tmp_path: Path
) -> None:
    weights = import_weights(saved(tmp_path, OrderedDict(state), legacy=legacy))
    assert weights.architecture.name == "sononet16"
    assert weights.kind == "pth"
    assert_same(weights.tensors, reference)


@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict", "model"])
def test_wrapped_and_prefixed(
    wrapper: str, state: dict[str, Any], reference: dict[str, np.ndarray], tmp_path: Path
) -> None:
    prefixed = {f"module.{key}": value for key, value in state.items()}
    path = saved(tmp_path, {wrapper: prefixed, "epoch": 3})
    assert_same(import_weights(path).tensors, reference)


def test_without_counters_and_in_other_precision(
    state: dict[str, Any], reference: dict[str, np.ndarray], tmp_path: Path
) -> None:
    lean = {key: value.double() for key, value in state.items() if "tracked" not in key}
    assert_same(import_weights(saved(tmp_path, lean)).tensors, reference)


@pytest.mark.parametrize(("batches", "head_eps"), [(0, 1e-4), (7, 1e-5)])
def test_eps_of_the_head(
    batches: int, head_eps: float, state: dict[str, Any], tmp_path: Path
) -> None:
    # Small variances make the eps count: 1e-4 undoes the port's conversion, but a head that was
    # trained in the port ran with 1e-5.
    for key in state:
        if key.endswith("running_var"):
            state[key] = torch.full_like(state[key], 1e-4)
        if key.endswith("tracked"):
            state[key] = torch.tensor(batches)
    tensors = import_weights(saved(tmp_path, state)).tensors
    for index, prefix, eps in (
        (0, "features.0.0", 1e-4),
        (13, "adaption", head_eps),
        (14, "adaption", head_eps),
    ):
        conv, norm = {13: ("0", "1"), 14: ("3", "4")}.get(index, ("0", "1"))
        weight = state[f"{prefix}.{conv}.weight"].double()
        layer = torch.nn.BatchNorm2d(len(weight), eps=eps, dtype=torch.float64).eval()
        fields = {
            name: state[f"{prefix}.{norm}.{name}"]
            for name in ("weight", "bias", "running_mean", "running_var")
        }
        layer.load_state_dict(fields, strict=False)
        x = torch.randn((1, weight.shape[1], 3, 3), dtype=torch.float64)
        expected = layer(torch.nn.functional.conv2d(x, weight))
        got = torch.nn.functional.conv2d(
            x,
            torch.tensor(tensors[f"conv{index:02d}.weight"]).double(),
            torch.tensor(tensors[f"conv{index:02d}.bias"]).double(),
        )
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-4)


def test_plain_convolutions(tmp_path: Path) -> None:
    arrays = published_arrays("smallnet")
    state = {}
    for index in range(6):
        state[f"net.{index}.weight"] = torch.tensor(arrays[2 * index])
        state[f"net.{index}.bias"] = torch.tensor(arrays[2 * index + 1])
    weights = import_weights(saved(tmp_path, state))
    assert weights.architecture.name == "smallnet"
    np.testing.assert_array_equal(weights.tensors["conv00.weight"], arrays[0])
    np.testing.assert_array_equal(weights.tensors["conv05.bias"], arrays[11])


def test_zero_variance_is_fine(state: dict[str, Any], tmp_path: Path) -> None:
    for key in state:
        if key.endswith("running_var"):
            state[key] = torch.zeros_like(state[key])
    tensors = import_weights(saved(tmp_path, state)).tensors
    assert all(np.isfinite(values).all() for values in tensors.values())


class Bomb:
    def __init__(self, created: Path) -> None:
        self.created = created

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.created,))


@pytest.mark.parametrize("wrap", ["bare", "zip", "legacy", "among tensors"])
def test_code_is_never_run(wrap: str, state: dict[str, Any], tmp_path: Path) -> None:
    created = tmp_path / "created"
    path = tmp_path / "bomb.pth"
    if wrap == "bare":
        path.write_bytes(pickle.dumps(Bomb(created)))
    else:
        content = (
            {**state, "features.9": Bomb(created)} if wrap == "among tensors" else Bomb(created)
        )
        path = saved(tmp_path, content, legacy=wrap == "legacy")
    assert "could run code, so it is not read" in refusal(path)
    assert not created.exists()


def test_whole_module_is_refused(tmp_path: Path) -> None:
    assert "could run code" in refusal(saved(tmp_path, torch.nn.Conv2d(1, 1, 1)))


def test_tar_archive_never_reaches_torch(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(b"storages".ljust(257, b"\0") + b"ustar\x0000" + bytes(2000))
    assert "not a weights file" in refusal(path)


@pytest.mark.parametrize("content", [{}, [1, 2], torch.zeros(3), {"a": 1}, {1: torch.zeros(3)}])
def test_no_state_dict(content: object, tmp_path: Path) -> None:
    refusal(saved(tmp_path, content))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("adaption.4.running_var", None, "the batch norm behind adaption.3 is missing"),
        ("adaption.4.running_var", torch.full((14,), -1.0), "negative variance"),
        ("adaption.4.running_mean", torch.full((14,), float("nan")), "NaN"),
        ("features.0.0.1.bias", torch.zeros(15), "[15], which does not fit"),
        ("features.0.0.1.weight", torch.zeros(16, dtype=torch.int64), "int64"),
        ("features.0.0.0.weight", torch.zeros(16, 1, 5, 5), "convolution 1 is 16x1x5x5"),
        ("features.0.0.1.other", torch.zeros(16), "not part of a convolution"),
        ("features.0.0.0.weight", torch.zeros(1).expand(1 << 15, 1 << 13, 1, 1), "no ordinary"),
        ("features.0.0.1.bias", torch.zeros(16).to_sparse(), "no ordinary"),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse")
def test_what_does_not_fit(
    key: str, value: torch.Tensor | None, words: str, state: dict[str, Any], tmp_path: Path
) -> None:
    if value is None:
        del state[key]
    else:
        state[key] = value
    assert words in refusal(saved(tmp_path, state))


def test_norm_before_any_convolution(tmp_path: Path) -> None:
    assert "before any convolution" in refusal(saved(tmp_path, {"bn.weight": torch.zeros(3)}))


@pytest.mark.parametrize("legacy", [False, True])
def test_truncated_anywhere(legacy: bool, state: dict[str, Any], tmp_path: Path) -> None:
    path = saved(tmp_path, state, legacy=legacy)
    whole = path.read_bytes()
    for share in (0.0001, 0.01, 0.5, 0.999):
        path.write_bytes(whole[: max(20, int(len(whole) * share))])
        refusal(path)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[bool, bytes]]:
    folder = tmp_path_factory.mktemp("tiny")
    content = {"a.weight": torch.zeros(2, 1, 3, 3), "a.bias": torch.zeros(2)}
    kinds = {kind: saved(folder, content, legacy=kind).read_bytes() for kind in (False, True)}
    return folder / "changed.pth", kinds


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    legacy=st.booleans(),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=5),
)
def test_changed_bytes_never_crash(
    legacy: bool, changes: list[tuple[float, int]], tiny: tuple[Path, dict[bool, bytes]]
) -> None:
    path, kinds = tiny
    data = bytearray(kinds[legacy])
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    path.write_bytes(data)
    with pytest.raises(ModelError):  # whole, it would still be no network of the paper
        import_weights(path)


@pytest.mark.real
def test_port_of_the_real_weights(test_data: Path, tmp_path: Path) -> None:
    npz = test_data / "weights" / "SonoNet16.npz"
    with np.load(npz) as loaded:
        real = [loaded[f"arr_{index}"] for index in range(75)]
    weights = import_weights(saved(tmp_path, port_state(real)))
    assert_same(weights.tensors, import_weights(npz).tensors)
