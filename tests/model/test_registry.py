from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonoassist.core.errors import ModelError
from sonoassist.core.paths import shipped_models
from sonoassist.model.architecture import ARCHITECTURES
from sonoassist.model.registry import REGISTRY_NAME, REGISTRY_VARIABLE, load_registry
from sonoassist.model.weights_import import import_weights

PUBLISHED_SIZES = {"sononet16": 3745538, "smallnet": 1136010, "sononet32": None}


def test_bundled_registry() -> None:
    registry = load_registry()
    assert registry.weights[0].name == "sononet32"
    assert {entry.architecture for entry in registry.weights} == set(ARCHITECTURES)
    assert registry.defaults.screen_px == (975, 735)
    for entry in registry.weights:
        assert entry.title == ARCHITECTURES[entry.architecture].title
        assert entry.licence == "Apache-2.0"
        assert entry.url.startswith("https://github.com/baumgach/SonoNet-weights/raw/6c4df39")
        assert entry.url.endswith(f"/{entry.file}")
        assert len(entry.git_blob) == 40
        for copy in entry.copies:
            assert copy.licence == "unknown"
            assert "no licence file" in copy.notes
    for name, size in PUBLISHED_SIZES.items():
        assert registry.get(name).size_bytes == size


@pytest.mark.parametrize("name", ["sononet32", "SonoNet-32", "SONONET 32"])
def test_names_are_tolerant(name: str) -> None:
    assert load_registry().get(name).name == "sononet32"


def test_unknown_name() -> None:
    with pytest.raises(ModelError, match="Known: sononet32, sononet64, sononet16, smallnet"):
        load_registry().get("vgg")


def test_recognises_by_either_hash() -> None:
    registry = load_registry()
    entry = registry.get("sononet16")
    assert registry.recognise(entry.git_blob, "") == (entry, entry)
    assert registry.recognise("", entry.sha256) == (entry, entry)
    copy = entry.copies[0]
    assert registry.recognise(copy.git_blob, "0" * 64) == (entry, copy)
    assert registry.recognise("0" * 40, "0" * 64) is None
    assert registry.recognise("", "") is None


def bundled_text() -> str:
    return (shipped_models() / REGISTRY_NAME).read_text(encoding="utf-8")


def test_a_mirror_by_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = tmp_path / "mirror.toml"
    mirror.write_text(bundled_text().replace("https://github.com", "http://127.0.0.1:9"))
    monkeypatch.setenv(REGISTRY_VARIABLE, str(mirror))
    assert load_registry().get("sononet64").url.startswith("http://127.0.0.1:9/")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("version = 1", "version = 2", "version"),
        ("https://github.com", "ftp://github.com", "url"),
        ('architecture = "smallnet"', 'architecture = "vgg"', "architecture"),
        ('git_blob = "8aaad', 'git_blob = "xyz', "git_blob"),
        ('name = "smallnet"', 'name = "sononet16"', "two entries have the same name"),
        ('file = "SmallNet.npz"', 'file = "../SmallNet.npz"', "file"),
        ("[defaults]", "[defaults", "damaged"),
        ('about = "Light', 'colour = "red"\nabout = "Light', "colour"),
    ],
)
def test_wrong_registry(old: str, new: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    assert old in bundled_text()
    path.write_text(bundled_text().replace(old, new))
    with pytest.raises(ModelError, match=words) as caught:
        load_registry(path)
    assert "\n" not in str(caught.value)


def test_a_file_without_any_hash(tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    lines = [line for line in bundled_text().splitlines() if not line.startswith(("git_b", "sha"))]
    path.write_text("\n".join(lines))
    with pytest.raises(ModelError, match="neither git_blob nor sha256"):
        load_registry(path)


def test_missing_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path / "nowhere.toml"))
    with pytest.raises(ModelError, match=f"Check {REGISTRY_VARIABLE}"):
        load_registry()


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.integers(0, 4000), text=st.text(max_size=5))
def test_changed_text_never_crashes(
    place: int, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = bundled_text()
    path = tmp_path_factory.getbasetemp() / "changed.toml"
    path.write_text(whole[:place] + text + whole[place + 1 :], encoding="utf-8", errors="replace")
    with suppress(ModelError):
        load_registry(path)


@pytest.mark.real
def test_published_files_are_recognised(test_data: Path) -> None:
    registry = load_registry()
    for file, name in (("SonoNet16.npz", "sononet16"), ("SmallNet.npz", "smallnet")):
        path = test_data / "weights" / file
        weights = import_weights(path)
        entry = registry.get(name)
        assert registry.recognise(weights.git_blob, "") == (entry, entry)
        assert weights.sha256 == entry.sha256
        assert path.stat().st_size == entry.size_bytes
