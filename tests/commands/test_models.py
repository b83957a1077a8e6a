from __future__ import annotations

import argparse
import functools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_weights import published_file
from file_server import FileServer, serving
from sonoassist.commands import models
from sonoassist.core.errors import DownloadError, ModelError
from sonoassist.core.paths import cache, user_models
from sonoassist.model import download
from sonoassist.model.weights_import import git_blob_id
from waiting import LIMIT_S

Run = Callable[..., int]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SONOASSIST_REGISTRY", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    # Whatever models come with the program must not show up here.
    (tmp_path / "shipped").mkdir()
    monkeypatch.setattr("sonoassist.model.store.shipped_models", lambda: tmp_path / "shipped")


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sonoassist")
    models.register(parser.add_subparsers(dest="command"))
    return parser.parse_args(["models", *words])


@pytest.fixture
def run() -> Run:
    def run(*words: object) -> int:
        args = parse(*map(str, words))
        status: int = args.run(args)
        return status

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return published_file(tmp_path / "files")


@pytest.fixture
def server(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server with SmallNet's published file, and a registry that says so."""
    patient = functools.partial(download.download, timeout_s=LIMIT_S)
    monkeypatch.setattr(download, "download", patient)
    with serving(file.read_bytes()) as running:
        registry = tmp_path / "registry.toml"
        registry.write_text(
            f"""
            version = 1
            [defaults]
            citation = "Somebody 2017"
            [[weights]]
            name = "smallnet"
            title = "SmallNet"
            architecture = "smallnet"
            file = "SmallNet.npz"
            format = "npz"
            url = "{running.url}"
            git_blob = "{git_blob_id(running.content)}"
            licence = "Apache-2.0"
            """
        )
        monkeypatch.setenv("SONOASSIST_REGISTRY", str(registry))
        yield running


def listed(run: Run, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run("list", "--json") == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_list_of_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed(run, capsys)
    assert [row["name"] for row in rows] == ["sononet32", "sononet64", "sononet16", "smallnet"]
    assert all(not row["installed"] and not row["default"] for row in rows)
    assert {row["domain"] for row in rows} == {"published"}
    assert rows[0].keys() >= {
        "name",
        "architecture",
        "domain",
        "installed",
        "title",
        "bundled",
        "licence",
        "size_bytes",
    }
    run("list")
    text = capsys.readouterr().out
    assert "sonoassist models install sononet32" in text
    assert text.count("not installed") == 4


def test_add_list_info_remove(run: Run, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("add", file) == 0
    assert "added smallnet: SmallNet (smallnet), own exams" in capsys.readouterr().out
    rows = listed(run, capsys)
    assert [row["name"] for row in rows] == ["smallnet", "sononet32", "sononet64", "sononet16"]
    assert rows[0]["installed"]
    assert rows[0]["default"]
    assert not rows[0]["bundled"]
    assert rows[0]["size_bytes"] > 1_000_000
    run("list")
    text = capsys.readouterr().out
    assert "\n*  smallnet" in text
    assert "since SonoNet-32 with real weights is not installed" in text
    assert run("info", "Small-Net", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["usable"]
    assert facts["parameters"] == sum(
        (conv[0] * conv[1] ** 2 + 1) * conv[2]
        for conv in (
            (1, 7, 32),
            (32, 5, 64),
            (64, 3, 128),
            (128, 3, 128),
            (128, 1, 64),
            (64, 1, 14),
        )
    )
    assert run("remove", "smallnet") == 0
    assert "removed smallnet" in capsys.readouterr().out
    assert list(user_models().iterdir()) == []


def test_add_under_another_name(run: Run, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("add", file, "--name", "Mine 2", "--json")
    added = json.loads(capsys.readouterr().out)
    assert (added["name"], added["domain"], added["installed"]) == ("mine-2", "own", True)
    assert Path(added["folder"]).is_dir()
    run("remove", "mine-2", "--json")
    assert json.loads(capsys.readouterr().out) == {"removed": "mine-2"}


def test_info_of_what_is_not_installed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("info", "SonoNet-64")
    text = capsys.readouterr().out
    assert "Apache-2.0" in text
    assert "sonoassist models install sononet64" in text
    assert "uncalibrated" in text
    assert "boxes of this network were not measured" in text
    with pytest.raises(ModelError, match="no model is called 'vgg'"):
        run("info", "vgg")
    with pytest.raises(ModelError, match="no model is installed"):
        run("info", "auto")


def test_damaged_models_are_reported(
    run: Run, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("add", file)
    (user_models() / "broken").mkdir()
    capsys.readouterr()
    assert run("list", "--json") == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)) == 4
    assert "broken is not usable: no weights card" in captured.err
    weights = user_models() / "smallnet" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert run("info", "smallnet") == 0
    assert "is damaged" in capsys.readouterr().out


def test_install(run: Run, server: FileServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("install", "SmallNet") == 0
    captured = capsys.readouterr()
    assert captured.out == "installed smallnet: SmallNet, published exams, licence Apache-2.0\n"
    lines = captured.err.splitlines()
    assert 2 <= len(lines) <= 11
    assert lines[-1] == "SmallNet.npz: 1.1 MB of 1.1 MB (100 %)"
    assert run("install", "smallnet", "--json") == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["domain"] == "published"
    assert captured.err == ""


def test_install_shows_a_bar_on_a_terminal(
    run: Run,
    server: FileServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run("install", "smallnet") == 0
    captured = capsys.readouterr()
    assert "SmallNet.npz:" in captured.err
    assert "\r" in captured.err
    assert captured.out.startswith("installed smallnet")


def test_ctrl_c_keeps_what_has_arrived(
    run: Run,
    server: FileServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(self: object, done: int, total: int | None) -> None:
        if done > 500_000:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(models._Progress, "update", interrupt)
        assert run("install", "smallnet") == 130
    assert "is kept, run it again to resume" in capsys.readouterr().err
    part = cache() / "downloads" / "SmallNet.npz.part"
    kept = part.stat().st_size
    assert kept > 500_000
    assert run("install", "smallnet") == 0
    assert server.asked == ["", f"bytes={kept}-"]


def test_failures_leave_nothing(run: Run, server: FileServer) -> None:
    server.content = server.content[:-1] + bytes([server.content[-1] ^ 1])
    with pytest.raises(DownloadError, match="not the published one"):
        run("install", "smallnet")
    assert not user_models().exists()


def test_use_without_an_action(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse()
    assert caught.value.code == 2
    with pytest.raises(SystemExit):
        parse("add")
    assert "FILE" in capsys.readouterr().err


def test_torch_stays_out(file: Path, tmp_path: Path) -> None:
    words = (["list"], ["add", str(file)], ["info", "smallnet"], ["remove", "smallnet"])
    program = (
        "import argparse, sys\n"
        "from sonoassist.commands import models\n"
        "parser = argparse.ArgumentParser()\n"
        "models.register(parser.add_subparsers())\n"
        f"for words in {words!r}:\n"
        "    args = parser.parse_args(['models', *words])\n"
        "    assert args.run(args) == 0\n"
        "assert not {'torch', 'PyQt6', 'cv2'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.real
def test_published_file(run: Run, test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("add", test_data / "weights" / "SonoNet16.npz")
    row = listed(run, capsys)[0]
    assert (row["name"], row["architecture"], row["domain"]) == (
        "sononet16",
        "sononet16",
        "published",
    )
