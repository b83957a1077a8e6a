"""Downloads published weights: resumes, verifies the bytes, and says what to do when it cannot."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from sonoassist.core.errors import DownloadError, ModelError
from sonoassist.core.files import ensure_folder, output_error
from sonoassist.core.paths import cache
from sonoassist.model.archive import MAX_BYTES
from sonoassist.model.registry import PublishedWeights, Registry
from sonoassist.model.store import InstalledModel, ModelStore
from sonoassist.model.transfer import open_url
from sonoassist.model.weights_import import import_weights

Progress = Callable[[int, int | None], None]
"""Is told (bytes so far, bytes in all or None)."""

Cancelled = Callable[[], bool]

CHUNK_BYTES = 1 << 16
TIMEOUT_S = 30.0

_NO_RETRY = {401, 403, 404, 410}
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)", re.ASCII)


class _WrongPlaceError(http.client.HTTPException):
    """The server did not resume where it was asked to."""


class DownloadStopped(DownloadError):  # noqa: N818 (a wish of the user, not a fault)
    """The user stopped the download; what arrived is kept."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the bytes must be; empty or None where not known.

    Attributes:
        git_blob: Git blob id.
        sha256: SHA-256.
        size_bytes: Size.
    """

    git_blob: str = ""
    sha256: str = ""
    size_bytes: int | None = None


def install(
    name: str,
    store: ModelStore,
    registry: Registry,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> InstalledModel:
    """Download published weights and add them under their name.

    Weights that are installed already, and whole, are not downloaded again.

    Args:
        name: Of an entry of the registry.
        store: Where they go.
        registry: Where they are.
        progress: Is told (bytes so far, bytes in all or None).
        cancelled: True ends the download.

    Raises:
        ModelError: No such entry, or the file holds another network.
        DownloadError: The file cannot be had, or it is not the published one.
        OutputError: The disk refuses.
    """
    entry = registry.get(name)
    present = _present(entry, store)
    if present is not None:
        return present
    target = cache() / "downloads" / entry.file
    expected = Expected(entry.git_blob, entry.sha256, entry.size_bytes)
    download(entry.url, target, expected, progress, cancelled)
    try:
        return _add(entry, target, store, registry)
    finally:
        _unlink(target)


def _present(entry: PublishedWeights, store: ModelStore) -> InstalledModel | None:
    for model in store.installed():
        card = model.card
        if (card.name, card.domain, card.architecture) != (
            entry.name,
            "published",
            entry.architecture,
        ):
            continue
        try:
            store.load_tensors(model)
        except ModelError:
            return None
        return model
    return None


def _add(
    entry: PublishedWeights, file: Path, store: ModelStore, registry: Registry
) -> InstalledModel:
    weights = import_weights(file)
    if weights.architecture.name != entry.architecture:
        raise ModelError(
            f"{entry.url} holds {weights.architecture.title}, not {entry.title}",
            "The registry is wrong; use another one",
        )
    return store.add_imported(weights, entry.name, entry.file, registry)


def download(
    url: str,
    target: Path,
    expected: Expected,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Path:
    """Download to `target`; until whole and verified the bytes are in `target`.part.

    A .part that is there already is gone on with.

    Args:
        url: http or https.
        target: The file to make; its folder is made when missing.
        expected: What the bytes must be.
        progress: Is told (bytes so far, bytes in all or None).
        cancelled: True ends the download and keeps the .part.
        timeout_s: Longest wait for any answer of the server.

    Raises:
        DownloadError: Offline, refused, cut off, stopped, or not the published bytes.
        OutputError: The disk refuses.
    """
    job = _Job(
        url,
        target.with_name(f"{target.name}.part"),
        expected,
        progress or _silent,
        cancelled or _never,
        timeout_s,
    )
    ensure_folder(target.parent)
    resumed = job.size() > 0
    job.fetch()
    wrong = job.difference()
    if wrong and resumed:
        # The older part may be of another file; the bytes on the server get one more chance.
        _unlink(job.part)
        job.fetch()
        wrong = job.difference()
    if wrong:
        _unlink(job.part)
        raise DownloadError(
            f"the downloaded file is not the published one ({wrong}); it was deleted",
            f"Try again, or {_by_hand(url)}",
            click=f"Try again, or {_by_click(url)}",
        )
    try:
        job.part.replace(target)
    except OSError as error:
        raise output_error(target, error) from error
    return target


@dataclass(frozen=True, slots=True)
class _Job:
    url: str
    part: Path
    expected: Expected
    progress: Progress
    cancelled: Cancelled
    timeout_s: float

    def size(self) -> int:
        """Bytes that are here already."""
        try:
            return self.part.stat().st_size
        except OSError:
            return 0

    def fetch(self) -> None:
        """Bring the .part to its full length."""
        have = self.size()
        if have and self.expected.size_bytes is not None:
            if have == self.expected.size_bytes:
                return
            if have > self.expected.size_bytes:
                _unlink(self.part)
                have = 0
        try:
            self._resume(have)
        except urllib.error.HTTPError as error:
            error.close()
            # 416: there is nothing after the last byte we have; whether it is the file, the
            # hash will say.
            if not (error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have):
                raise self._refused(error) from error
        except urllib.error.URLError as error:
            raise self._unreachable(error.reason) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(error) from error

    def _resume(self, have: int) -> None:
        try:
            self._transfer(have)
        except _WrongPlaceError:
            self._transfer(0)

    def _transfer(self, have: int) -> None:
        with open_url(self.url, have, self.timeout_s, self.cancelled) as response:
            start = _start(response, have)
            total = _total(response, start) or self.expected.size_bytes
            with _open_part(self.part, start) as file:
                done = self._copy(response, file, start, total)
                _flush(file, self.part)
        if self.cancelled():
            raise self._stopped(done)
        if total is not None and done < total:
            raise self._cut_off(done, total)

    def _copy(self, response: Any, file: FileIO, done: int, total: int | None) -> int:
        limit = MAX_BYTES if total is None else min(total, MAX_BYTES)
        self.progress(done, total)
        while not self.cancelled() and done <= limit:
            try:
                block = response.read1(CHUNK_BYTES)
            except (OSError, http.client.HTTPException) as error:
                if self.cancelled():
                    break
                raise self._cut_off(done, total) from error
            if not block:
                break
            _write(file, block, self.part)
            done += len(block)
            self.progress(done, total)
        return done

    def difference(self) -> str:
        """How the .part differs from what is expected; empty when it does not."""
        try:
            return _difference(self.part, self.expected)
        except OSError as error:
            raise output_error(self.part, error) from error

    def _stopped(self, done: int) -> DownloadStopped:
        return DownloadStopped(
            f"the download was stopped; {_megabytes(done)} are kept", "Run it again to resume"
        )

    def _cut_off(self, done: int, total: int | None) -> DownloadError:
        of = f" of {_megabytes(total)}" if total else ""
        return DownloadError(
            f"the download was cut off after {_megabytes(done)}{of}",
            f"Run it again to resume, or {_by_hand(self.url)}",
            click=f"Install it again to resume, or {_by_click(self.url)}",
        )

    def _refused(self, error: urllib.error.HTTPError) -> DownloadError:
        again = "" if error.code in _NO_RETRY else "Try again later, or "
        return DownloadError(
            f"the server answers {error.code} ({error.reason}) for {self.url}",
            _sentence(f"{again}{_by_hand(self.url)}"),
            click=_sentence(f"{again}{_by_click(self.url)}"),
        )

    def _unreachable(self, reason: object) -> DownloadError:
        if self.cancelled():
            return self._stopped(self.size())
        return DownloadError(
            f"cannot reach the server of {self.part.stem}: {_in_words(reason)}",
            _sentence(_by_hand(self.url)),
            click=_sentence(_by_click(self.url)),
        )


def _by_hand(url: str) -> str:
    return f"download {url} on another computer and run: sonoassist models add FILE"


def _by_click(url: str) -> str:
    return f"download {url} on another computer and add it here: Add weights file"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _in_words(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _start(response: Any, have: int) -> int:
    """Where the sent bytes belong; 0 where the server ignores or misreads the wish to resume."""
    if not have or response.status != http.client.PARTIAL_CONTENT:
        return 0
    match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != have:
        raise _WrongPlaceError
    return have


def _total(response: Any, start: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isascii() and length.isdigit() else None


def _open_part(part: Path, start: int) -> FileIO:
    # Without a buffer a full disk shows up in `write`, not in some later `close`.
    try:
        return FileIO(part, "ab" if start else "wb")
    except OSError as error:
        raise output_error(part, error) from error


def _write(file: FileIO, block: bytes, part: Path) -> None:
    left = memoryview(block)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        raise output_error(part, error) from error


def _flush(file: FileIO, part: Path) -> None:
    try:
        os.fsync(file.fileno())
    except OSError as error:
        raise output_error(part, error) from error


def _difference(file: Path, expected: Expected) -> str:
    size = file.stat().st_size
    if expected.size_bytes is not None and size != expected.size_bytes:
        return f"{size} bytes instead of {expected.size_bytes}"
    sha256, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            sha256.update(block)
            blob.update(block)
    if expected.sha256 and sha256.hexdigest() != expected.sha256:
        return f"its SHA-256 is {sha256.hexdigest()[:12]}..., not {expected.sha256[:12]}..."
    if expected.git_blob and blob.hexdigest() != expected.git_blob:
        return f"its git blob id is {blob.hexdigest()[:12]}..., not {expected.git_blob[:12]}..."
    return ""


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error


def _silent(done: int, total: int | None) -> None:
    """Nobody is told."""


def _never() -> bool:
    return False
