"""What the heads of coded pictures say, and where their numbers do not go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from video_maker import encoded_video, packets_of

from sonoassist.sources.picture_headers import CodedPicture, headers_for
from sonoassist.sources.picture_numbers import breaks_of, second_fields, sure_breaks
from sonoassist.sources.video_packets import read_heads

COUNT = range(40)
NAMES = {
    "h264": "libx264",
    "hevc": "libx265",
    "mpeg1video": "mpeg1video",
    "mpeg2video": "mpeg2video",
    "mpeg4": "mpeg4",
}
OPTIONS = {
    "plain": ("libx264", {}),
    "pyramid": ("libx264", {"x264-params": "bframes=5:b-pyramid=normal:ref=4:open-gop=1"}),
    "strict pyramid": ("libx264", {"x264-params": "bframes=5:b-pyramid=strict"}),
    "interlaced": ("libx264", {"x264-params": "interlaced=1"}),
    "no delay": ("libx264", {"tune": "zerolatency"}),
    "refreshed": ("libx264", {"x264-params": "intra-refresh=1"}),
    "lossless": ("libx264", {"qp": "0"}),
    "hevc": ("libx265", {}),
    "closed hevc": ("libx265", {"x265-params": "log-level=none:open-gop=0"}),
    "low hevc": ("libx265", {"x265-params": "log-level=none:bframes=0"}),
    "mpeg-2": ("mpeg2video", {}),
    "interlaced mpeg-2": ("mpeg2video", {"flags": "+ilme+ildct"}),
    "mpeg-1": ("mpeg1video", {}),
    "mpeg-4": ("mpeg4", {}),
}


@pytest.mark.parametrize("kind", OPTIONS)
@pytest.mark.parametrize("suffix", ["ts", "mkv", "mp4"])
def test_the_numbers_of_a_recording_go_on(tmp_path: Path, kind: str, suffix: str) -> None:
    codec, options = OPTIONS[kind]
    path = encoded_video(tmp_path / f"a.{suffix}", codec, range(120), gop=25, options=options)
    pictures = read_heads(path)
    assert len(pictures) == len(packets_of(path))
    if codec == "libx265" and suffix != "ts":
        return  # its units have no start codes there
    name = {other: one for one, other in NAMES.items()}[codec]
    known = [one for one in pictures if one is not None]
    assert len(known) >= 120
    assert breaks_of(name, pictures) == []
    assert not second_fields(pictures).any()
    # Where a piece is missing from the middle of a group, they do not.
    missing = [*pictures[:31], *pictures[41:]]
    found = breaks_of(name, missing)
    assert found is not None
    if name in ("h264", "mpeg1video", "mpeg2video"):
        assert found
        assert 31 <= found[0] <= 34
    again = [*pictures[:31], *pictures[5:]]
    found = breaks_of(name, again)
    assert found
    assert 31 <= found[0] <= 34


def frames(*numbers: int, **more: object) -> list[CodedPicture | None]:
    return [CodedPicture(number, 16, restarts=number == 0, **more) for number in numbers]  # type: ignore[arg-type]


SOUND = frames(*range(16), 0, *range(1, 16))


def test_numbers_that_may_be_left_out_and_those_of_other_encoders() -> None:
    assert breaks_of("h264", [*SOUND, *frames(5, 6)]) == [32]
    assert breaks_of("h264", [*SOUND, *frames(5, 6, gaps=True)]) == []
    assert breaks_of("h264", frames(3, 9, 4, 11, 6)) is None  # counts in a way of its own
    assert breaks_of("vp9", SOUND) is None
    assert breaks_of("h264", [None, None]) is None
    # Where a head could not be read, it is not known what was missing.
    assert breaks_of("h264", [*SOUND, None, *frames(5, 6)]) == []


def test_numbers_that_begin_anew_by_a_command_are_no_sure_sign() -> None:
    assert breaks_of("h264", [*frames(*range(12)), CodedPicture(1, 16)]) == [12]
    assert sure_breaks("h264", [*frames(*range(12)), CodedPicture(1, 16)]) == []
    assert sure_breaks("h264", [*frames(*range(12)), CodedPicture(5, 16)]) == [12]


def test_numbers_of_mpeg_2_wrap_around() -> None:
    numbers = [*range(1000, 1024), *range(30)]
    assert breaks_of("mpeg2video", [CodedPicture(one, 1024) for one in numbers]) == []


def test_fields_in_packets_of_their_own() -> None:
    top, bottom = CodedPicture(3, 16, parity=1), CodedPicture(3, 16, parity=2)
    frame, pair, other = (
        CodedPicture(3, 16),
        CodedPicture(3, 16, parity=1, pair=True),
        CodedPicture(4, 16, parity=2),
    )
    for pictures, expected in (
        ([top, bottom, bottom, top], [0, 1, 0, 1]),
        ([frame, frame, top, bottom, frame], [0, 0, 0, 1, 0]),
        ([top, top, bottom, bottom], [0, 0, 1, 0]),  # one without its other field
        ([top, other], [0, 0]),
        ([pair, bottom, top], [0, 0, 1]),
        ([top, None, bottom], [0, 0, 0]),
        ([], []),
    ):
        assert second_fields(pictures).tolist() == [bool(one) for one in expected]


HEADS = [
    b"\x00\x00\x01" + bytes.fromhex(head)
    for head in (
        "6764001f",
        "68ee",
        "6588",
        "419a",
        "4201",
        "0201",
        "b306004013",
        "b5148a",
        "000057ff",
        "b58ffff3",
        "b650e0",
        "2000c4",
        "b8",
    )
]
AVCC = bytes.fromhex("0164001fffe100046764001f")


@given(
    st.sampled_from(["h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4"]),
    st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(HEADS)), max_size=12),
    st.one_of(
        st.none(), st.binary(max_size=40), st.just(b"\x01\x64\x00\x1f\xff\xe1\x00\x04\x67\x64")
    ),
)
def test_whatever_a_packet_holds(codec: str, pieces: list[bytes], extradata: bytes | None) -> None:
    headers = headers_for(codec, extradata)
    assert headers is not None
    pictures = [headers.read(piece) for piece in pieces] + [headers.read(b"".join(pieces))]
    found = breaks_of(codec, pictures)
    assert found is None or found == sorted(found)
    assert len(second_fields(pictures)) == len(pictures)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    """The packets of a short recording for each codec."""
    folder = tmp_path_factory.mktemp("made")
    paths = {
        name: encoded_video(folder / f"{name}.ts", codec, COUNT) for name, codec in NAMES.items()
    }
    return {name: [data for data, _, _ in packets_of(path)] for name, path in paths.items()}


@given(st.sampled_from(list(NAMES)), st.integers(0, 39), st.integers(0, 300), st.integers(0, 255))
def test_a_damaged_head_does_no_harm(
    made: dict[str, list[bytes]], name: str, at: int, place: int, value: int
) -> None:
    packets = list(made[name])
    data = bytearray(packets[at])
    data[place % len(data)] = value
    packets[at] = bytes(data)
    headers = headers_for(name, None)
    assert headers is not None
    breaks_of(name, [headers.read(one) for one in packets])
