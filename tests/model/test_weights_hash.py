"""Equal weights have one hash, whatever file they are in; results of earlier programs are found."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from fake_weights import published_file
from sonoassist.core.errors import ModelError
from sonoassist.core.packets import Provenance
from sonoassist.core.paths import shipped_models
from sonoassist.model.card import read_card, write_card
from sonoassist.model.store import InstalledModel, ModelStore
from sonoassist.model.weights_hash import tensors_sha256
from sonoassist.model.weights_import import import_weights
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.recording_cache import AnalysisKey


def tensors() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {f"conv{n:02d}.weight": rng.normal(size=(2, 3, 1, n + 1)) for n in range(4)}


def shuffled(data: bytes, seed: int) -> bytes:
    """The same safetensors file with its header in another order."""
    length = int.from_bytes(data[:8], "little")
    names = list(json.loads(data[8 : 8 + length]).items())
    random.Random(seed).shuffle(names)
    header = json.dumps(dict(names)).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


@given(st.permutations(sorted(tensors())), st.integers(0, 99))
def test_the_order_counts_for_nothing(names: list[str], seed: int) -> None:
    known = tensors()
    data = save(known)
    assert tensors_sha256({name: known[name] for name in names}) == tensors_sha256(known)
    assert tensors_sha256(load(shuffled(data, seed))) == tensors_sha256(known)


def test_everything_else_counts() -> None:
    known = tensors()
    one = known["conv01.weight"]
    bit = one.copy()
    bit.view(np.uint8)[0, 0, 0, 0] ^= 1
    others = [
        {**known, "conv01.weight": bit},
        {**known, "conv01.weight": one.astype(np.float32)},
        {**known, "conv01.weight": one.reshape(3, 2, 1, 2)},
        {**known, "more": one},
        {**{name: known[name] for name in known if name != "conv01.weight"}, "conv01.other": one},
    ]
    assert len({tensors_sha256(one) for one in [known, *others]}) == len(others) + 1
    strided = {name: np.asfortranarray(values) for name, values in known.items()}
    assert tensors_sha256(strided) == tensors_sha256(known)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return published_file(tmp_path / "files")


def made_older(model: InstalledModel, seed: int) -> str:
    """Let the folder be as an earlier program left it; the hash under which it kept results."""
    data = shuffled(model.weights_path.read_bytes(), seed)
    model.weights_path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    card = model.card.model_copy(update={"weights_sha256": digest, "older_sha256": None})
    write_card(model.folder, card)
    assert "older_sha256" not in (model.folder / "card.toml").read_text()
    return digest


def test_equal_weights_have_one_hash_and_a_file_keeps_its_own(
    store: ModelStore, file: Path
) -> None:
    one, two = store.add(file, "one"), store.add(file, "two")
    assert one.card.weights_sha256 == two.card.weights_sha256
    assert one.card.weights_sha256 == tensors_sha256(import_weights(file).tensors)
    assert one.card.older_sha256 == ()
    # What is downloaded is checked as the file that it is.
    assert import_weights(file).sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_model_of_an_earlier_program_keeps_the_hash_of_its_file_as_the_older_one(
    store: ModelStore, file: Path
) -> None:
    fresh = store.add(file, "mine")
    was = made_older(fresh, 3)
    model = store.get("mine")
    assert was != fresh.card.weights_sha256
    assert model.card.weights_sha256 == fresh.card.weights_sha256
    assert model.card.older_sha256 == (was,)
    assert len(store.load_tensors(model)) == len(import_weights(file).tensors)
    # Given a new card it is known by both from then on; added again, too.
    store.describe(model, store.own_card(model).model_copy(update={"title": "Mine"}))
    assert read_card(model.folder).older_sha256 == (was,)
    assert store.get("mine").card.weights_sha256 == fresh.card.weights_sha256
    assert store.add(file, "again").card.older_sha256 == (was,)
    assert store.add(file, "mine").card.older_sha256 == (was,)


def test_damaged_weights_of_an_earlier_program_are_refused(store: ModelStore, file: Path) -> None:
    model = store.add(file, "mine")
    was = made_older(model, 4)
    data = bytearray(model.weights_path.read_bytes())
    data[-5] ^= 1
    model.weights_path.write_bytes(data)
    found = store.get("mine")
    assert (found.card.weights_sha256, found.card.older_sha256) == (was, None)
    with pytest.raises(ModelError, match="damaged: it is not the file its card describes"):
        store.load_tensors(found)


def test_the_bundled_model_has_both() -> None:
    model = ModelStore(Path("/none"), shipped_models()).installed()[0]
    data = model.weights_path.read_bytes()
    assert model.card.weights_sha256 == tensors_sha256(load(data))
    assert hashlib.sha256(data).hexdigest() in (model.card.older_sha256 or ())


def test_results_kept_under_the_older_hash_serve(tmp_path: Path) -> None:
    from recordings.test_cache import ONE, result

    now = Provenance("1" * 64, "288x224 255", "auto", "f32", older_sha256=("0" * 64, "2" * 64))
    cache = AnalysisCache(tmp_path / "analyses")
    with cache.open(ONE) as kept:
        for place, weights in enumerate(("0" * 64, "2" * 64, "3" * 64, "1" * 64)):
            made = replace(now, weights_sha256=weights, older_sha256=())
            number = kept.begin(AnalysisKey(ONE.modified_ns, made))
            kept.add(number, [result(place)])
        serving = kept.serving(AnalysisKey(ONE.modified_ns, now))
        found = {one.index for at in serving for part in kept.results(at) for one in part}
    assert found == {0, 1, 3}
