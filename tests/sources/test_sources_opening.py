from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonoassist.core.errors import SourceError
from sonoassist.sources import discovery, kinds
from sonoassist.sources import open_source as exported
from sonoassist.sources.opening import open_source
from sonoassist.sources.sniff import (
    DICOM_SUFFIXES,
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    FileKind,
    is_hidden,
    kind_of,
)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "no source is named"),
        ("   ", "no source is named"),
        ("screen:", "screen capture is not part of this version"),
        ("screen:1", "screen capture is not part of this version"),
        ("gopher://127.0.0.1/x", r"gopher:// addresses cannot be opened"),
        ("device:no such thing", "there is no capture device 'no such thing'"),
        ("DEVICE:99", "there is no capture device '99'"),
    ],
)
def test_bad_specs(spec: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "list_devices", list)
    with pytest.raises(SourceError, match=message) as caught:
        open_source(spec)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    missing = tmp_path / "missing.mp4"
    with pytest.raises(SourceError) as caught:
        open_source(str(missing))
    assert caught.value.message == f"there is no file {missing}"


def test_empty_file(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.png", "a.dcm", "a.zip", "a"):
        path = tmp_path / name
        path.write_bytes(b"")
        with pytest.raises(SourceError, match=r"is empty \(0 bytes\)"):
            open_source(str(path))


def test_neither_file_nor_folder(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        open_source(str(path))


@pytest.mark.parametrize("name", ["a.mp4", "folder"])
def test_permission_denied(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"x")

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    import sonoassist.sources.images  # noqa: F401  (importing needs Path as it is)

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(SourceError, match="may not be read") as caught:
        open_source(str(path))
    assert caught.value.hint == "Permission denied"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_permission_denied_for_real(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(SourceError, match="may not be read"):
        open_source(str(path))


def test_home_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with pytest.raises(SourceError) as caught:
        open_source("~/nothing.mp4")
    assert str(tmp_path) in caught.value.message


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(spec=st.text(max_size=30))
def test_any_text_gives_a_sentence(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(discovery, "list_devices", list)
    if spec.partition(":")[0].strip().lower() in kinds.URL_SCHEMES:
        return
    path = Path(spec.strip() or "x")
    if path.is_absolute() or ".." in path.parts:
        return
    with pytest.raises(SourceError) as caught:
        open_source(spec)
    assert caught.value.message


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    data=st.binary(min_size=1, max_size=700),
    suffix=st.sampled_from(["", ".mp4", ".png", ".dcm", ".zip", ".txt", ".jpg", ".avi"]),
    head=st.sampled_from(
        [b"", b"\x08\x00\x05\x00CS", b"PK\x03\x04", b"RIFF", b"BM", bytes(128) + b"DICM"]
    ),
)
def test_any_bytes_give_a_sentence(tmp_path: Path, data: bytes, suffix: str, head: bytes) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(head + data)
    with pytest.raises(SourceError, match="any"):
        open_source(str(path))


def test_kinds() -> None:
    assert kind_of("a.mp4", b"\x89PNG\r\n\x1a\n") is FileKind.IMAGE
    assert kind_of("a.png", bytes(128) + b"DICM") is FileKind.DICOM
    assert kind_of("a.zip", b"PK\x03\x04") is FileKind.ARCHIVE
    assert kind_of("a", b"\x08\x00\x16\x00UI\x1a\x00" + bytes(20)) is FileKind.DICOM
    assert kind_of("a", b"\x08\x00\x16\x00\x1a\x00\x00\x00" + bytes(20)) is FileKind.DICOM
    assert kind_of("a.mjpeg", b"\xff\xd8\xff") is FileKind.VIDEO
    assert kind_of("a", b"RIFF1234AVI ") is FileKind.VIDEO
    assert kind_of("a", b"RIFF1234WEBP") is FileKind.IMAGE
    assert kind_of("a", b"BM1234\x00\x00\x00\x00") is FileKind.IMAGE
    assert kind_of("a", b"BMx is a text") is FileKind.VIDEO
    assert kind_of("a", b"P5\n2 2") is FileKind.IMAGE


def test_hidden() -> None:
    assert is_hidden(".a.png")
    assert is_hidden("in/.b/c.png")
    assert is_hidden("__MACOSX/c.png")
    assert not is_hidden("in/c.png")


def test_suffixes_and_schemes() -> None:
    groups = (VIDEO_SUFFIXES, IMAGE_SUFFIXES, DICOM_SUFFIXES)
    every = [suffix for group in groups for suffix in group]
    assert len(set(every)) == len(every)
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in every)
    assert all(scheme == scheme.lower() for scheme in kinds.URL_SCHEMES)
    assert exported is open_source
