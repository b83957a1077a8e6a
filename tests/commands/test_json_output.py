"""With --json, stdout is one JSON value and nothing else; what is told meanwhile goes to stderr."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import sonoassist
from fake_weights import published_file
from sonoassist import cli
from sonoassist.commands.common import model_line, models_line
from sonoassist.model.store import ModelStore

COMMANDS = Path(sonoassist.__file__).parent / "commands"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))


def test_no_command_keeps_quiet_for_json() -> None:
    silent = re.compile(r"quiet=[^)\n]*json|if not (self\._)?args\.json:\n\s+say\(f?\"\{done")
    found = [path.name for path in COMMANDS.glob("*.py") if silent.search(path.read_text("utf-8"))]
    assert not found


@pytest.mark.parametrize(
    "words",
    ["models list", "models info auto", "exam list", "exam cache", "exam cache --clear", "devices"],
)
def test_stdout_is_json(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*words.split(), "--json"]) == 0
    json.loads(capsys.readouterr().out)


def test_stdout_is_json_with_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = published_file(tmp_path)
    for words in (["add", str(weights)], ["info", "smallnet"], ["remove", "smallnet"]):
        assert cli.run(["models", *words, "--json"]) == 0
        json.loads(capsys.readouterr().out)


def test_models_are_told_in_whole_sentences(tmp_path: Path) -> None:
    store = ModelStore.default()
    own = store.add(published_file(tmp_path), None).card
    bundled = store.get("auto", synthetic=True).card
    assert model_line(own).endswith(", not the default network SonoNet-32")
    assert models_line(bundled, bundled) == model_line(bundled)
    assert models_line(own, bundled) == (
        f"for real exams {model_line(own)}; for synthetic ones {model_line(bundled)}"
    )
