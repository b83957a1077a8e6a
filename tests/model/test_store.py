from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.numpy import load, save

from fake_weights import published_arrays, published_file
from sonoassist.core.errors import ModelError, OutputError
from sonoassist.core.paths import shipped_models
from sonoassist.core.planes import Polarity
from sonoassist.model.box_rule import BoxRule, Method
from sonoassist.model.card import CARD_NAME, Card, read_card, write_card
from sonoassist.model.checkpoint import encode_folded
from sonoassist.model.registry import REGISTRY_NAME
from sonoassist.model.store import InstalledModel, ModelStore, model_name
from sonoassist.model.weights_import import import_weights


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return published_file(tmp_path / "files")


def put(folder: Path, name: str, architecture: str = "smallnet", domain: str = "own") -> Path:
    """A model folder with a card and weights that no test loads."""
    model = folder / name
    model.mkdir(parents=True)
    (model / "weights.safetensors").write_bytes(b"weights")
    card = Card.model_validate(
        {
            "name": name,
            "title": name,
            "architecture": architecture,
            "domain": domain,
            "weights_sha256": "0" * 64,
        }
    )
    write_card(model, card)
    return model


def leftovers(store: ModelStore) -> list[str]:
    return [path.name for path in store.user_folder.iterdir() if path.name.startswith(".")]


def test_nothing_installed(store: ModelStore) -> None:
    assert store.installed() == []
    assert store.problems() == []
    with pytest.raises(ModelError, match="sonoassist models install sononet32"):
        store.get("auto")
    assert not store.user_folder.exists()


def test_add_and_load(store: ModelStore, file: Path) -> None:
    model = store.add(file)
    assert model.name == "smallnet"
    assert model.folder == store.user_folder / "smallnet"
    assert not model.bundled
    assert model.card.domain == "own"
    assert model.card.title == "SmallNet (smallnet)"
    assert store.installed() == [model]
    assert model.size_bytes == model.weights_path.stat().st_size
    tensors = store.load_tensors(model)
    for name, values in import_weights(file).tensors.items():
        np.testing.assert_array_equal(tensors[name], values)
    assert leftovers(store) == []


def test_add_again_replaces(store: ModelStore, file: Path, tmp_path: Path) -> None:
    before = store.add(file)
    after = store.add(published_file(tmp_path / "other", seed=1))
    assert before.card.weights_sha256 != after.card.weights_sha256
    assert store.installed() == [after]
    assert store.load_tensors(after)
    assert leftovers(store) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SonoNet16.npz", "sononet16"),
        ("My Model (2).pth", "my-model-2"),
        ("a/b/Run_3.v2.safetensors", "run_3.v2"),
        ("SonoNet-32", "sononet-32"),
        ("..hidden.npz", "hidden"),
        ("x" * 100, "x" * 64),
    ],
)
def test_model_name(text: str, name: str) -> None:
    assert model_name(text) == name


@pytest.mark.parametrize("text", ["", "???.npz", "auto", "Auto.npz", "...", "超声.npz"])
def test_no_model_name(text: str) -> None:
    with pytest.raises(ModelError, match="--name"):
        model_name(text)


@given(text=st.text(max_size=90))
def test_model_name_is_a_safe_folder_or_refused(text: str) -> None:
    try:
        name = model_name(text)
    except ModelError:
        return
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith(".")
    fields = {"title": "", "architecture": "smallnet", "domain": "own", "weights_sha256": "0" * 64}
    Card.model_validate({"name": name, **fields})
    assert model_name(name) in (name, name.removesuffix(".pt"), *_without_suffix(name))


def _without_suffix(name: str) -> list[str]:
    return [name.removesuffix(suffix) for suffix in (".npz", ".pth", ".safetensors")]


def test_preference(store: ModelStore) -> None:
    user, shipped = store.user_folder, store.shipped_folder
    order = []

    def add(folder: Path, name: str, architecture: str, domain: str) -> None:
        put(folder, name, architecture, domain)
        assert store.get("auto").name == name
        order.insert(0, name)
        assert [model.name for model in store.installed()] == order

    add(shipped, "demo-small", "smallnet", "synthetic")
    add(shipped, "demo32", "sononet32", "synthetic")
    add(user, "smallnet", "smallnet", "published")
    add(user, "sononet16", "sononet16", "own")
    add(user, "sononet64", "sononet64", "published")
    add(user, "mine", "sononet32", "own")
    add(user, "copy32", "sononet32", "published")
    add(user, "sononet32", "sononet32", "published")
    assert store.get("").name == "sononet32"
    assert [model.bundled for model in store.installed()] == [False] * 6 + [True] * 2


@pytest.mark.parametrize("name", ["sononet16", "SonoNet-16", "SONONET16", "sononet_16"])
def test_get_is_tolerant(name: str, store: ModelStore) -> None:
    put(store.user_folder, "sononet16", "sononet16")
    assert store.get(name).name == "sononet16"


def test_exact_name_wins(store: ModelStore) -> None:
    put(store.user_folder, "sononet-16", "smallnet")
    put(store.user_folder, "sononet16", "sononet16")
    assert store.get("sononet-16").name == "sononet-16"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SonoNet-32", "SonoNet-32 is not installed.*models install sononet32.*models add FILE"),
        ("vgg", "no model is called 'vgg'. Installed: sononet16"),
    ],
)
def test_get_what_is_not_there(name: str, words: str, store: ModelStore) -> None:
    put(store.user_folder, "sononet16", "sononet16")
    with pytest.raises(ModelError, match=words):
        store.get(name)


def test_own_model_hides_a_bundled_one(store: ModelStore, file: Path) -> None:
    put(store.shipped_folder, "smallnet", domain="synthetic")
    assert store.get("smallnet").bundled
    store.add(file)
    assert [model.bundled for model in store.installed()] == [False]
    assert store.remove("smallnet") == "smallnet"
    assert store.get("smallnet").bundled
    with pytest.raises(ModelError, match="comes with the program"):
        store.remove("SmallNet")


def test_remove(store: ModelStore, file: Path) -> None:
    store.add(file)
    with pytest.raises(ModelError, match="no model called 'other' is installed"):
        store.remove("other")
    store.remove("Small-Net")
    assert store.installed() == []
    assert list(store.user_folder.iterdir()) == []


def test_damaged_folders_are_problems(store: ModelStore) -> None:
    user = store.user_folder
    put(user, "good")
    (user / "empty").mkdir()
    (user / "stray-file").write_text("x")
    (put(user, "garbled") / CARD_NAME).write_bytes(b"\xff\xfe = [")
    (put(user, "nested") / CARD_NAME).write_text(f"a = {'[' * 100_000}")
    (put(user, "long") / CARD_NAME).write_text(f"a = {'9' * 10_000}")
    endless = put(user, "endless") / CARD_NAME
    endless.write_text(endless.read_text().replace("scale = 255.0", "scale = inf"))
    (put(user, "weightless") / "weights.safetensors").unlink()
    put(user, "moved").rename(user / "renamed")
    wrong = put(user, "wrong") / CARD_NAME
    wrong.write_text(wrong.read_text().replace('"femur"', '"liver"'))
    assert [model.name for model in store.installed()] == ["good"]
    problems = {problem.name: problem.message for problem in store.problems()}
    assert set(problems) == {
        "empty",
        "garbled",
        "weightless",
        "renamed",
        "wrong",
        "nested",
        "long",
        "endless",
    }
    assert "scale" in problems["endless"]
    assert "class order" in problems["wrong"]
    assert "holds the card of 'moved'" in problems["renamed"]
    with pytest.raises(ModelError, match="the weights of weightless are missing"):
        store.get("weightless")
    for name in problems:
        store.remove(name)
    assert store.problems() == []


def test_user_folder_that_is_no_folder(store: ModelStore, file: Path) -> None:
    store.user_folder.parent.mkdir(parents=True)
    store.user_folder.write_text("x")
    assert store.installed() == []
    with pytest.raises(OutputError):
        store.add(file)


def test_unreadable_folder_is_a_problem(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert store.installed() == []
    assert all("Permission denied" in problem.message for problem in store.problems())


def rewrite(model: InstalledModel, data: bytes) -> InstalledModel:
    """The model with other weights that its card vouches for."""
    import hashlib

    model.weights_path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return InstalledModel(
        model.card.model_copy(update={"weights_sha256": digest}), model.folder, False
    )


def test_load_refuses_changed_weights(store: ModelStore, file: Path) -> None:
    model = store.add(file)
    data = bytearray(model.weights_path.read_bytes())
    data[-5] ^= 1
    model.weights_path.write_bytes(data)
    with pytest.raises(ModelError, match="damaged: it is not the file its card describes"):
        store.load_tensors(model)
    model.weights_path.unlink()
    with pytest.raises(ModelError, match=r"cannot read smallnet/weights\.safetensors"):
        store.load_tensors(model)


def test_load_refuses_what_does_not_fit(store: ModelStore, file: Path) -> None:
    model = store.add(file)
    tensors = load(model.weights_path.read_bytes())
    other = import_weights(published_file(file.parent, "sononet16")).tensors
    cases = [
        (save(tensors, metadata={"format": "x"}), "not in the format"),
        (save(tensors), "not in the format"),
        (encode_folded("sononet16", other), "holds SonoNet-16, its card says smallnet"),
        (encode_folded("smallnet", other), "no tensor|is missing"),
        (encode_folded("smallnet", {**tensors, "extra": np.zeros(1)}), "no tensor 'extra'"),
        (b"garbage", "damaged"),
    ]
    nan = {**tensors, "conv00.bias": np.full(32, np.nan, np.float32)}
    cases.append((encode_folded("smallnet", nan), "conv00.bias holds NaN"))
    for data, words in cases:
        with pytest.raises(ModelError, match=words):
            store.load_tensors(rewrite(model, data))


def test_float16_weights_are_widened(store: ModelStore, file: Path) -> None:
    model = store.add(file)
    tensors = load(model.weights_path.read_bytes())
    narrow = {name: values.astype(np.float16) for name, values in tensors.items()}
    loaded = store.load_tensors(rewrite(model, encode_folded("smallnet", narrow)))
    assert {values.dtype for values in loaded.values()} == {np.dtype(np.float32)}


def own_file(tmp_path: Path, **metadata: str) -> Path:
    from sonoassist.model.checkpoint import FOLDED_FORMAT

    path = tmp_path / "mine.safetensors"
    tensors = import_weights(published_file(tmp_path)).tensors
    base = {"format": FOLDED_FORMAT, "architecture": "smallnet"}
    path.write_bytes(save(dict(tensors), metadata=base | metadata))
    return path


def test_own_file_describes_itself(store: ModelStore, tmp_path: Path) -> None:
    path = own_file(
        tmp_path,
        domain="synthetic",
        title="Phantom net",
        crop="full",
        scale="128",
        screen_px="640x480",
        input_height_px="192",
        licence="CC0-1.0",
        notes="trained on phantoms",
    )
    card = store.add(path).card
    assert card == read_card(store.user_folder / "mine")
    assert (card.domain, card.title, card.crop, card.scale) == (
        "synthetic",
        "Phantom net",
        "full",
        128.0,
    )
    assert (card.screen_px, card.input_height_px, card.licence) == ((640, 480), 192, "CC0-1.0")


def test_no_file_can_call_itself_published(store: ModelStore, tmp_path: Path) -> None:
    assert store.add(own_file(tmp_path, domain="published")).card.domain == "own"


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"scale": "-1"}, "scale"),
        ({"input_height_px": "tall"}, "input_height_px"),
        ({"screen_px": "wide"}, "screen_px"),
    ],
)
def test_file_that_describes_itself_wrongly(
    metadata: dict[str, str], field: str, store: ModelStore, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=f"describes itself wrongly: {field}"):
        store.add(own_file(tmp_path, **metadata))


def test_random_weights_are_never_published(store: ModelStore, tmp_path: Path) -> None:
    assert len(published_arrays("sononet16")) == 75
    card = store.add(published_file(tmp_path, "sononet16")).card
    assert (card.domain, card.licence) == ("own", "unknown")


@pytest.mark.real
def test_published_weights(store: ModelStore, test_data: Path) -> None:
    model = store.add(test_data / "weights" / "SonoNet16.npz")
    card = model.card
    assert (card.name, card.title, card.domain) == ("sononet16", "SonoNet-16", "published")
    assert (card.licence, card.crop, card.screen_px) == ("Apache-2.0", "published", (975, 735))
    assert (card.scale, card.input_height_px, card.input_width_px) == (255.0, 224, 288)
    assert "Baumgartner" in card.citation
    assert "6c4df39" in card.source
    assert store.get("auto") == model
    assert store.load_tensors(model)["conv14.bias"].shape == (14,)


def test_a_card_with_rules_for_boxes_is_kept(store: ModelStore, file: Path) -> None:
    model = store.add(file)
    rule = BoxRule(polarity=Polarity.NEGATIVE, blur_px=11, threshold=0.7, grow_x=1.4)
    told = store.describe(model, model.card.model_copy(update={"boxes": {"femur": rule}}))
    assert told.card.boxes == {"femur": rule}
    assert store.get("smallnet").card.boxes == {"femur": rule}
    store.load_tensors(store.get("smallnet"))


@pytest.fixture
def registry(store: ModelStore) -> None:
    """The registry that comes with the program, in the store's shipped folder."""
    data = (shipped_models() / REGISTRY_NAME).read_bytes()
    (store.shipped_folder / REGISTRY_NAME).write_bytes(data)


@pytest.mark.usefixtures("registry")
def test_a_published_model_has_the_registrys_rules_for_boxes(store: ModelStore) -> None:
    """Also one that was installed before there were any: its card is not written again."""
    put(store.user_folder, "mine", "sononet32", "published")
    card = (store.user_folder / "mine" / CARD_NAME).read_bytes()
    model = store.get("mine")
    assert model.card.boxes["femur"].method is Method.LINE
    assert model.card.boxes["brain_tv"].method is Method.WALL
    assert store.own_card(model).boxes == {}
    assert (store.user_folder / "mine" / CARD_NAME).read_bytes() == card


@pytest.mark.usefixtures("registry")
def test_only_a_published_model_has_them(store: ModelStore, file: Path) -> None:
    assert store.add(file).card.boxes == {}
    put(store.user_folder, "made", "sononet32", "synthetic")
    put(store.user_folder, "other", "sononet16", "own")
    assert store.get("made").card.boxes == store.get("other").card.boxes == {}


@pytest.mark.usefixtures("registry")
def test_its_own_rules_go_before_the_registrys(store: ModelStore) -> None:
    put(store.user_folder, "mine", "sononet32", "published")
    rule = BoxRule(polarity=Polarity.NEGATIVE)
    model = store.get("mine")
    own = store.own_card(model).model_copy(update={"boxes": {"femur": rule}})
    told = store.describe(model, own)
    assert told.card.boxes == store.get("mine").card.boxes
    assert told.card.boxes["femur"] == rule
    assert told.card.boxes["brain_tv"].method is Method.WALL
    assert store.own_card(told).boxes == {"femur": rule}


def test_a_damaged_registry_is_a_problem_and_no_model_is_lost(store: ModelStore) -> None:
    put(store.user_folder, "mine")
    (store.shipped_folder / REGISTRY_NAME).write_text("version = ", encoding="utf-8")
    inventory = store.inventory()
    assert [model.name for model in inventory.models] == ["mine"]
    assert [problem.name for problem in inventory.problems] == [REGISTRY_NAME]


@pytest.mark.usefixtures("registry")
def test_the_published_files_are_known_by_their_hash(store: ModelStore, test_data: Path) -> None:
    added = store.add(test_data / "weights" / "SonoNet16.npz")
    assert added.card.boxes["femur"].method is Method.LINE
    assert store.own_card(added).boxes == {}
    assert store.get("sononet16") == added


def test_a_card_of_other_weights_or_of_a_bundled_model_is_refused(
    store: ModelStore, file: Path
) -> None:
    model = store.add(file)
    with pytest.raises(ModelError, match="does not belong"):
        store.describe(model, model.card.model_copy(update={"weights_sha256": "1" * 64}))
    put(store.shipped_folder, "mine")
    with pytest.raises(ModelError, match="comes with the program"):
        store.describe(store.get("mine"), store.get("mine").card)


@pytest.mark.parametrize(
    "boxes",
    [
        {"elbow": {"polarity": "positive"}},
        {"femur": {"polarity": "sideways"}},
        {"femur": {"polarity": "positive", "blur_px": 4}},
        {"femur": {"polarity": "positive", "threshold": 0}},
        {"femur": {"polarity": "positive", "grow_x": 99}},
    ],
)
def test_rules_that_make_no_sense_are_refused(
    store: ModelStore, file: Path, boxes: dict[str, object]
) -> None:
    card = store.add(file).card
    with pytest.raises(ValidationError):
        Card.model_validate({**card.model_dump(), "boxes": boxes})


def test_a_synthetic_source_prefers_a_synthetic_model(store: ModelStore) -> None:
    put(store.user_folder, "sononet16", "sononet16", "published")
    put(store.shipped_folder, "made-up", "sononet32", "synthetic")
    put(store.shipped_folder, "made-up-small", "smallnet", "synthetic")
    assert store.get().name == "sononet16"
    assert store.get(synthetic=True).name == "made-up"
    assert store.get("sononet16", synthetic=True).name == "sononet16"
