from __future__ import annotations

import errno
import functools
import hashlib
import socket
import threading
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest

from fake_weights import published_arrays, published_file, write_npz
from file_server import FileServer, serving
from sonoassist.core.errors import DownloadError, ModelError, OutputError
from sonoassist.core.paths import cache
from sonoassist.model import download as module
from sonoassist.model.download import DownloadStopped, Expected, install
from sonoassist.model.registry import Registry
from sonoassist.model.store import ModelStore
from sonoassist.model.weights_import import git_blob_id
from waiting import LIMIT_S, NEVER_S

download = functools.partial(module.download, timeout_s=LIMIT_S)
"""Servers on this computer answer when they come to it."""

CONTENT = bytes(range(256)) * 4000  # about 1 MB


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "download", download)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(CONTENT) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "file.npz"


@pytest.fixture
def part(target: Path) -> Path:
    return target.with_name("file.npz.part")


def expected(content: bytes = CONTENT) -> Expected:
    return Expected(git_blob_id(content), hashlib.sha256(content).hexdigest(), len(content))


def blob_only(content: bytes = CONTENT) -> Expected:
    return Expected(git_blob=git_blob_id(content))


def failure(server: FileServer, target: Path, wanted: Expected | None = None) -> str:
    with pytest.raises(DownloadError) as caught:
        download(server.url, target, wanted or expected())
    assert not target.exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_whole_file_with_progress(server: FileServer, target: Path, part: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    assert download(server.url, target, expected(), lambda *args: seen.append(args)) == target
    assert target.read_bytes() == CONTENT
    assert not part.exists()
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_redirect_and_unknown_length(server: FileServer, target: Path) -> None:
    server.redirect = server.lengthless = True
    seen: list[int | None] = []
    download(server.url, target, blob_only(), lambda done, total: seen.append(total))
    assert target.read_bytes() == CONTENT
    assert set(seen) == {None}


def test_cut_off_then_resumed(server: FileServer, target: Path, part: Path) -> None:
    server.cut_at = 400_000
    line = failure(server, target)
    assert "cut off after 0.4 MB of 1.0 MB" in line
    assert "Run it again to resume" in line
    assert part.read_bytes() == CONTENT[:400_000]
    server.cut_at = None
    download(server.url, target, expected())
    assert target.read_bytes() == CONTENT
    assert server.asked == ["", "bytes=400000-"]


def test_cut_off_where_the_length_is_unknown_resumes_by_the_known_size(
    server: FileServer, target: Path
) -> None:
    server.cut_at, server.lengthless = 400_000, True
    assert "cut off after 0.4 MB" in failure(server, target)


def test_resume_is_ignored_by_the_server(server: FileServer, target: Path, part: Path) -> None:
    part.parent.mkdir()
    part.write_bytes(CONTENT[:1000])
    server.ranges = False
    download(server.url, target, expected())
    assert target.read_bytes() == CONTENT


def test_resume_at_the_wrong_place(server: FileServer, target: Path, part: Path) -> None:
    part.parent.mkdir()
    part.write_bytes(CONTENT[:1000])
    server.wrong_range = True
    download(server.url, target, expected())
    assert target.read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-", ""]


def test_older_part_of_another_file_is_given_up(
    server: FileServer, target: Path, part: Path
) -> None:
    part.parent.mkdir()
    part.write_bytes(b"other" * 100)
    download(server.url, target, expected())
    assert target.read_bytes() == CONTENT
    assert server.asked == ["bytes=500-", ""]


@pytest.mark.parametrize("wanted", [expected(), blob_only()])
def test_part_that_is_whole_already(
    wanted: Expected, server: FileServer, target: Path, part: Path
) -> None:
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    download(server.url, target, wanted)
    assert target.read_bytes() == CONTENT
    assert len(server.asked) == (0 if wanted.size_bytes else 1)


def test_part_that_is_too_long(server: FileServer, target: Path, part: Path) -> None:
    part.parent.mkdir()
    part.write_bytes(CONTENT + b"x")
    download(server.url, target, expected())
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (expected(), "its SHA-256 is"),
        (blob_only(), "its git blob id is"),
        (Expected(sha256="0" * 64, size_bytes=12), f"{len(CONTENT)} bytes instead of 12"),
    ],
)
def test_wrong_bytes(
    wanted: Expected, words: str, server: FileServer, target: Path, part: Path
) -> None:
    changed = bytearray(CONTENT)
    changed[500_000] ^= 1
    server.content = bytes(changed)
    line = failure(server, target, wanted)
    assert "the downloaded file is not the published one" in line
    assert words in line
    assert not part.exists()


@pytest.mark.parametrize("status", [403, 404, 410])
def test_refused_for_good(status: int, server: FileServer, target: Path) -> None:
    server.status = status
    line = failure(server, target)
    assert f"the server answers {status}" in line
    assert f"Download {server.url} on another computer and run: sonoassist models add" in line


@pytest.mark.parametrize("status", [500, 503])
def test_refused_for_now(status: int, server: FileServer, target: Path) -> None:
    server.status = status
    assert "Try again later, or download" in failure(server, target)


def test_nobody_listens(target: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/a"
    line = failure(FileServer(url=url), target)
    assert "cannot reach the server of file.npz: Connection refused" in line
    assert f"Download {url} on another computer and run: sonoassist models add FILE" in line


def test_no_name_service(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    line = failure(FileServer(url="https://weights.invalid/a"), target)
    assert "Name or service not known" in line
    assert "on another computer" in line


def test_not_http(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 smtp ready\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        failure(FileServer(url=f"http://127.0.0.1:{listener.getsockname()[1]}/a"), target)
        thread.join()


def test_silent_server(
    server: FileServer, target: Path, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.stall_at = 300_000
    lines: list[socket.socket] = []
    limits_s: list[object] = []
    connect = socket.create_connection

    def connected(address: tuple[str, int], timeout: object, *more: object) -> socket.socket:
        limits_s.append(timeout)
        lines.append(connect(address, LIMIT_S, *more))  # type: ignore[arg-type]
        return lines[-1]

    def progress(done: int, total: int | None) -> None:
        if done == 300_000:  # from here on nothing comes: the limit is over at once
            lines[0].settimeout(0.01)

    monkeypatch.setattr(socket, "create_connection", connected)
    with pytest.raises(DownloadError, match=r"cut off after 0\.3 MB"):
        download(server.url, target, expected(), progress, timeout_s=12.5)
    assert limits_s == [12.5]  # for the connection and for all that is read from it
    assert part.stat().st_size == 300_000


def test_server_that_never_answers(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DownloadError, match="no answer in time"):
            download(url, target, expected(), timeout_s=0.3)


def test_stop_wakes_a_waiting_download(server: FileServer, target: Path, part: Path) -> None:
    server.stall_at = 300_000
    stop, reading = threading.Event(), threading.Event()

    def progress(done: int, total: int | None) -> None:
        if done == 300_000:
            stop.set()

    def cancelled() -> bool:
        """The wish comes while the download waits: it has asked just before and reads on."""
        if threading.current_thread() is not threading.main_thread():
            return reading.is_set()
        if stop.is_set() and not reading.is_set():
            reading.set()
            return False
        return stop.is_set()

    # A download that does not wake up hangs: the server says nothing more.
    with pytest.raises(DownloadStopped, match=r"stopped; 0\.3 MB are kept"):
        download(server.url, target, expected(), progress, cancelled, timeout_s=NEVER_S)
    assert part.stat().st_size == 300_000
    server.stall_at = None
    download(server.url, target, expected())
    assert target.read_bytes() == CONTENT
    assert not [thread for thread in threading.enumerate() if thread.name == "download-watch"]


def test_stop_before_the_server_answers(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DownloadStopped):
            download(url, target, expected(), None, lambda: True, timeout_s=NEVER_S)


def test_full_disk(
    server: FileServer, target: Path, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(FileIO):
        def write(self, block: object) -> int:
            if self.tell() > 100_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(block)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "FileIO", Full)
    with pytest.raises(OutputError, match="No space left on device"):
        download(server.url, target, expected())
    assert not target.exists()
    monkeypatch.undo()
    download(server.url, target, expected())
    assert target.read_bytes() == CONTENT


def test_folder_that_cannot_be_made(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot write"):
        download(server.url, tmp_path / "taken" / "file", expected())


def registry_of(url: str, content: bytes, architecture: str = "smallnet") -> Registry:
    entry = {
        "name": architecture,
        "title": architecture.title(),
        "architecture": architecture,
        "file": "Weights.npz",
        "format": "npz",
        "url": url,
        "git_blob": git_blob_id(content),
        "licence": "Apache-2.0",
        "source": "a test",
    }
    defaults = {"citation": "Somebody", "screen_px": [975, 735]}
    return Registry.model_validate({"version": 1, "defaults": defaults, "weights": [entry]})


def test_install(server: FileServer, store: ModelStore, tmp_path: Path) -> None:
    server.content = published_file(tmp_path).read_bytes()
    registry = registry_of(server.url, server.content)
    model = install("SmallNet", store, registry)
    assert (model.name, model.card.domain, model.card.licence) == (
        "smallnet",
        "published",
        "Apache-2.0",
    )
    assert model.card.screen_px == (975, 735)
    assert store.load_tensors(store.get("smallnet"))
    assert list((cache() / "downloads").iterdir()) == []


def test_install_again_downloads_only_what_is_damaged(
    server: FileServer, store: ModelStore, tmp_path: Path
) -> None:
    server.content = published_file(tmp_path).read_bytes()
    registry = registry_of(server.url, server.content)
    model = install("smallnet", store, registry)
    assert install("smallnet", store, registry) == model
    assert len(server.asked) == 1
    model.weights_path.write_bytes(model.weights_path.read_bytes()[:-1])
    install("smallnet", store, registry)
    assert len(server.asked) == 2
    assert store.load_tensors(store.get("smallnet"))


def test_install_of_another_network(server: FileServer, store: ModelStore, tmp_path: Path) -> None:
    server.content = published_file(tmp_path).read_bytes()
    registry = registry_of(server.url, server.content, architecture="sononet16")
    with pytest.raises(ModelError, match="holds SmallNet, not Sononet16"):
        install("sononet16", store, registry)
    assert store.installed() == []
    assert list((cache() / "downloads").iterdir()) == []


def test_install_of_nan(server: FileServer, store: ModelStore, tmp_path: Path) -> None:
    arrays = published_arrays("smallnet")
    arrays[0][:] = float("nan")
    server.content = write_npz(tmp_path / "a.npz", arrays).read_bytes()
    with pytest.raises(ModelError, match="arr_0 holds NaN"):
        install("smallnet", store, registry_of(server.url, server.content))
    assert store.installed() == []


def test_install_of_an_unknown_name(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="no published weights are called 'vgg'"):
        install("vgg", store, registry_of("http://127.0.0.1/", b""))
