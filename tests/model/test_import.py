from __future__ import annotations

import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_weights import published_arrays, published_file, write_npz
from sonoassist.core.errors import ModelError
from sonoassist.model.architecture import ARCHITECTURES, architecture
from sonoassist.model.folding import bias_key, weight_key
from sonoassist.model.weights_import import git_blob_id, import_weights


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        import_weights(path)
    line = str(caught.value)
    assert "\n" not in line
    assert caught.value.hint
    return line


def conv_of(weight: np.ndarray, x: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    kernel, offset = torch.tensor(weight).double(), None
    if bias is not None:
        offset = torch.tensor(bias).double()
    return torch.nn.functional.conv2d(torch.tensor(x), kernel, offset).numpy()


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_recognises_the_network(name: str, tmp_path: Path) -> None:
    shapes = published_arrays("smallnet") if name == "smallnet" else None
    arrays = shapes or _flat_arrays(name)
    weights = import_weights(write_npz(tmp_path / "weights.bin", arrays))
    assert weights.architecture.name == name
    assert weights.kind == "npz"
    assert len(weights.tensors) == 2 * len(architecture(name).convs)
    assert all(values.dtype == np.float32 for values in weights.tensors.values())


def _flat_arrays(name: str) -> list[np.ndarray]:
    arrays: list[np.ndarray] = []
    for conv in architecture(name).convs:
        shape = (conv.outputs, conv.inputs, conv.kernel, conv.kernel)
        arrays += [np.zeros(shape, np.float32)]
        arrays += [np.ones(conv.outputs, np.float32) for _ in range(4)]
    return arrays


def test_folding_equals_convolution_and_batch_norm(tmp_path: Path) -> None:
    arrays = published_arrays("sononet16")
    tensors = import_weights(write_npz(tmp_path / "a.npz", arrays)).tensors
    rng = np.random.default_rng(1)
    for index in range(15):
        weight, beta, gamma, mean, inv_std = arrays[5 * index : 5 * index + 5]
        x = rng.standard_normal((1, weight.shape[1], 4, 4))
        plain = conv_of(weight, x)
        norm = [vector.astype(np.float64)[:, None, None] for vector in (beta, gamma, mean, inv_std)]
        expected = (plain - norm[2]) * norm[3] * norm[1] + norm[0]
        got = conv_of(tensors[weight_key(index)], x, tensors[bias_key(index)])
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_smallnet_kernels_are_true_convolutions(tmp_path: Path) -> None:
    arrays = published_arrays("smallnet")
    tensors = import_weights(write_npz(tmp_path / "a.npz", arrays)).tensors
    x = np.random.default_rng(1).standard_normal((1, 1, 7, 7))
    # By its definition a convolution runs through the picture backwards.
    expected = sum(
        arrays[0][:, 0, row, column].astype(np.float64) * x[0, 0, 6 - row, 6 - column]
        for row in range(7)
        for column in range(7)
    )
    got = conv_of(tensors["conv00.weight"], x)[0, :, 0, 0]
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    np.testing.assert_array_equal(tensors["conv00.bias"], arrays[1])


@pytest.mark.parametrize("dtype", ["<f2", "<f8", ">f4"])
def test_other_decimal_types_are_fine(dtype: str, tmp_path: Path) -> None:
    arrays = published_arrays("smallnet")
    reference = import_weights(write_npz(tmp_path / "a.npz", arrays)).tensors
    other = [array.astype(dtype) for array in arrays]
    tensors = import_weights(write_npz(tmp_path / "b.npz", other)).tensors
    for name, values in reference.items():
        np.testing.assert_allclose(tensors[name], values, atol=4e-3)


def test_hashes_of_the_file(tmp_path: Path) -> None:
    weights = import_weights(published_file(tmp_path))
    assert len(weights.sha256) == 64
    assert len(weights.git_blob) == 40
    assert git_blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(value: float, tmp_path: Path) -> None:
    arrays = published_arrays("smallnet")
    arrays[4][3, 2, 1, 0] = value
    assert "arr_4 holds NaN or infinite values" in refusal(write_npz(tmp_path / "a.npz", arrays))


def test_integers(tmp_path: Path) -> None:
    arrays = published_arrays("smallnet")
    arrays[5] = arrays[5].astype(np.int32)
    assert "arr_5 holds int32 values" in refusal(write_npz(tmp_path / "a.npz", arrays))


def test_overflow_is_named(tmp_path: Path) -> None:
    arrays = [array.astype(np.float64) for array in published_arrays("sononet16")]
    arrays[5] *= 1e200
    assert "conv01.weight holds NaN or infinite" in refusal(write_npz(tmp_path / "a.npz", arrays))


def test_object_array_is_not_unpickled(tmp_path: Path) -> None:
    created = tmp_path / "created"

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return (Path.touch, (created,))

    arrays = published_arrays("smallnet")
    arrays[11] = np.array([Bomb()] * 14, dtype=object)
    path = write_npz(tmp_path / "a.npz", arrays)
    assert "Python objects" in refusal(path)
    assert not created.exists()


def test_wrong_number_of_arrays(tmp_path: Path) -> None:
    arrays = published_arrays("sononet16")
    line = refusal(write_npz(tmp_path / "a.npz", arrays[:-1]))
    assert "74 arrays where SonoNet-16 has 75" in line
    line = refusal(write_npz(tmp_path / "b.npz", arrays[:70]))
    assert "resembles SonoNet-16, but it has 14 convolutions instead of 15" in line


def test_other_layer(tmp_path: Path) -> None:
    arrays = published_arrays("sononet16")
    arrays[10] = np.zeros((32, 16, 5, 5), np.float32)
    line = refusal(write_npz(tmp_path / "a.npz", arrays))
    assert "resembles SonoNet-16" in line
    assert "convolution 3 is 32x16x5x5 instead of 32x16x3x3" in line


def test_other_classes(tmp_path: Path) -> None:
    arrays = published_arrays("smallnet")
    arrays[10:] = [arrays[10][:8], arrays[11][:8]]
    assert "8 outputs instead of the 14 planes" in refusal(write_npz(tmp_path / "a.npz", arrays))


def test_no_convolution_at_all(tmp_path: Path) -> None:
    assert "no convolutions" in refusal(write_npz(tmp_path / "a.npz", [np.zeros(3)]))


def test_vector_of_another_length(tmp_path: Path) -> None:
    arrays = published_arrays("smallnet")
    arrays[3] = arrays[3][:-1]
    assert "arr_3 is [63]" in refusal(write_npz(tmp_path / "a.npz", arrays))


def test_arrays_in_another_order(tmp_path: Path) -> None:
    arrays = published_arrays("sononet16")
    arrays[3], arrays[4] = arrays[4], arrays[3]
    assert "arr_4 should hold inverse standard" in refusal(write_npz(tmp_path / "a.npz", arrays))


def test_missing_and_foreign_members(tmp_path: Path) -> None:
    named = tmp_path / "named.npz"
    np.savez(named, kernel=np.zeros((3, 3)))
    assert "it holds 'kernel'" in refusal(named)
    gap = tmp_path / "gap.npz"
    np.savez(gap, arr_0=np.zeros(3), arr_2=np.zeros(3))
    assert "arr_1 is missing" in refusal(gap)


def test_all_dead_channels_are_fine(tmp_path: Path) -> None:
    arrays = published_arrays("sononet16")
    arrays[4] = np.zeros_like(arrays[4])
    tensors = import_weights(write_npz(tmp_path / "a.npz", arrays)).tensors
    assert not tensors["conv00.weight"].any()
    np.testing.assert_array_equal(tensors["conv00.bias"], arrays[1])


def test_zip_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    block = bytes(1 << 20)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("arr_0.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(1100):
            member.write(block)
    assert path.stat().st_size < 20e6
    assert "would unpack to 1.2 GB" in refusal(path)


def test_header_that_claims_too_much(tmp_path: Path) -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000,), }"
    header = header.ljust(117) + b"\n"
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("arr_0.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little"))
        archive.writestr("arr_1.npy", b"\x93NUMPY\x01\x00" + b"\x76\x00" + header + bytes(8))
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("member", [b"no array", b"\x93NUMPY\x01\x00\x06\x00{'a': ("])
def test_members_that_are_no_arrays(member: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("arr_0.npy", member)
    assert "is damaged or cut off" in refusal(path)


def test_what_is_no_weights_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    assert "there is no file" in refusal(path)
    path.write_bytes(b"")
    assert "is empty" in refusal(path)
    for content in (
        b"not weights at all",
        bytes(100),
        b"PK\x03\x04",
        b"<html>",
        b"\x80",
        b"\x93NUMPY",
    ):
        path.write_bytes(content)
        refusal(path)
    assert "is a folder" in refusal(tmp_path)


def test_truncated_anywhere(tmp_path: Path) -> None:
    whole = published_file(tmp_path).read_bytes()
    path = tmp_path / "cut.npz"
    for share in (0.001, 0.1, 0.5, 0.99, 0.99999):
        path.write_bytes(whole[: int(len(whole) * share)])
        assert "damaged or cut off" in refusal(path)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    folder = tmp_path_factory.mktemp("hostile")
    return folder / "a.npz", published_file(folder).read_bytes()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["any", "tail"]), st.integers(0, 255)),
        min_size=1,
        max_size=6,
    )
)
def test_changed_bytes_never_crash(
    changes: list[tuple[float, str, int]], small: tuple[Path, bytes]
) -> None:
    path, whole = small
    data = bytearray(whole)
    for place, where, value in changes:
        # The directory of a zip is its tail: changes there reach more of the reader.
        reach = len(data) - 1 if where == "any" else 1500
        data[len(data) - 1 - int(place * reach)] = value
    path.write_bytes(data)
    with suppress(ModelError):
        weights = import_weights(path)
        assert all(np.isfinite(values).all() for values in weights.tensors.values())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    start=st.sampled_from(
        [b"", b"PK\x03\x04", b"\x80\x02", b"\x10\0\0\0\0\0\0\0{", b"\x80\x02\x8a"]
    ),
    rest=st.binary(max_size=200),
)
def test_random_bytes_never_crash(start: bytes, rest: bytes, small: tuple[Path, bytes]) -> None:
    path, _ = small
    path.write_bytes(start + rest)
    with pytest.raises(ModelError):
        import_weights(path)


@pytest.mark.real
def test_published_files(test_data: Path) -> None:
    for file, name in (("SonoNet16.npz", "sononet16"), ("SmallNet.npz", "smallnet")):
        weights = import_weights(test_data / "weights" / file)
        assert weights.architecture.name == name


@pytest.mark.real
def test_published_smallnet_reads_its_example_images(test_data: Path) -> None:
    # Twelve of thirteen; with the kernels unturned it would be seven.
    import cv2

    from sonoassist.model.networks import load_network

    weights = import_weights(test_data / "weights" / "SmallNet.npz")
    network = load_network(weights.architecture, weights.tensors)
    right = 0
    for path, truth in _planes(test_data):
        picture = cv2.imread(str(path))[115:734, 81:874]
        grey = cv2.resize(picture, (288, 224), interpolation=cv2.INTER_AREA).mean(axis=2)
        x = 255 * (grey - grey.mean()) / grey.std()
        with torch.inference_mode():
            scores = network(torch.tensor(x, dtype=torch.float32)[None, None])
        right += int(scores.argmax()) == truth
    assert right >= 12


def _planes(test_data: Path) -> list[tuple[Path, int]]:
    import json

    folder = test_data / "planes"
    truth = json.loads((folder / "truth.json").read_text())
    return [
        (folder / name, truth["output_order"].index(facts["plane"]))
        for name, facts in truth["images"].items()
    ]
