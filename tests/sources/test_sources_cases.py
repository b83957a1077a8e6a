"""Files that were once answered wrongly: each as its maker meant it."""

from __future__ import annotations

import random
from pathlib import Path

import av
import numpy as np
import pytest

from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Frame, Pixels
from sonoassist.sources.base import Source
from sonoassist.sources.older_reading import moved_since
from sonoassist.sources.opening import open_source

pytestmark = pytest.mark.real

CELL_PX, BITS = 20, 10
VIDEOS = {
    "ts_timestamps_restart/cat_back.ts": [*range(50), *range(50, 100)],
    "ts_timestamps_restart/cat_same.ts": [*range(50), *range(50, 100)],
    "avchd_field_pictures/paff_pair_s.mts": list(range(8)),
    "mirrored/m_hflip.mp4": list(range(50)),
    "wrong_stream/two.mp4": list(range(50)),
    "stream_first_keyframe/def250.ts": list(range(500)),
}
DICOM = {
    "dicom_frame_count/jpeg_n_missing.dcm": 10,
    "dicom_frame_count/jpeg_n_too_few.dcm": 10,
    "dicom_palette/pal16_low.dcm": 10,
    "dicom_jpeg_rgb_tag/jpeg_nojfif_pi_rgb.dcm": 10,
    "dicom_j2k_colour_tag/j2k_mct_pi_ybrfull.dcm": 4,
    "dicom_rescale_1_0/noresc_dark.dcm": 10,
    "dicom_blank_optional/empty_voilut.dcm": 10,
    "dicom_blank_optional/resc_none_wl.dcm": 3,
    "dicom_frame_times/t_vec_n1.dcm": 10,
}


def number_in(pixels: Pixels) -> int:
    """The number that the bars at the top show, lowest bit first."""
    grey = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    cells = [grey[10, CELL_PX * bit + CELL_PX // 2] for bit in range(BITS)]
    return sum(1 << bit for bit, cell in enumerate(cells) if cell > 160)


def frames_of(path: Path) -> list[Frame]:
    with open_source(str(path)) as source:
        return list(source)


def at(source: Source, index: int) -> Frame:
    source.seek(index)
    frame = source.read()
    assert frame is not None
    return frame


@pytest.mark.parametrize("name", VIDEOS)
def test_a_frame_is_the_same_in_order_and_sought(test_data: Path, name: str) -> None:
    with open_source(str(test_data / "cases" / name)) as source:
        frames = list(source)
        shown = [frame.pixels[:, ::-1] if "hflip" in name else frame.pixels for frame in frames]
        assert [number_in(pixels) for pixels in shown] == VIDEOS[name]
        assert [frame.index for frame in frames] == list(range(source.info.frame_count or 0))
        times = [frame.time_s for frame in frames]
        np.testing.assert_allclose(times, np.arange(len(frames)) / 25, atol=1e-3)
        assert source.info.duration_s == pytest.approx(len(frames) / 25, abs=1e-3)
        order = random.Random(4).sample(range(len(frames)), k=min(len(frames), 60))
        for index in order:
            sought = at(source, index)
            assert (sought.index, sought.time_s) == (index, frames[index].time_s)
            assert np.array_equal(sought.pixels, frames[index].pixels)


@pytest.mark.parametrize("suffix", ["ts", "mp4", "mkv", "mov", "flv"])
def test_fields_that_have_a_time_each_are_one_frame(
    test_data: Path, tmp_path: Path, suffix: str
) -> None:
    given_path = test_data / "cases" / "avchd_field_pictures" / "paff_pair_s.mts"
    path = tmp_path / f"fields.{suffix}"
    with av.open(str(given_path)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        packets = [packet for packet in given.demux(video=0) if packet.size]
        for number, packet in enumerate(packets):
            packet.pts = packet.dts = 90_000 + 1800 * number
            packet.duration, packet.stream = 1800, stream
            output.mux(packet)
    with open_source(str(path)) as source:
        frames = list(source)
        assert [number_in(frame.pixels) for frame in frames] == list(range(8))
        assert source.info.fps == pytest.approx(25)
        assert source.info.duration_s == pytest.approx(0.32)
        np.testing.assert_allclose([frame.time_s for frame in frames], 0.04 * np.arange(8))
        for index in (5, 2, 7, 0):
            assert np.array_equal(at(source, index).pixels, frames[index].pixels)
        index = source.index  # type: ignore[attr-defined]
    moved = moved_since(path, index, 2)
    assert moved == [number // 2 if number % 2 == 0 else -1 for number in range(16)]


def test_joined_recordings_are_said(test_data: Path) -> None:
    for name in ("cat_back.ts", "cat_same.ts"):
        with open_source(str(test_data / "cases" / "ts_timestamps_restart" / name)) as source:
            (said,) = source.info.warnings
            assert "2 joined recordings" in said


def test_going_back_decodes_no_more_than_from_one_key_frame(
    test_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("avchd_field_pictures/paff_pair_s.mts", "ts_timestamps_restart/cat_same.ts"):
        with open_source(str(test_data / "cases" / name)) as source:
            count = len(list(source))
            decoder = source._decoder  # type: ignore[attr-defined]
            given: list[int] = []
            following = decoder.next
            monkeypatch.setattr(
                decoder, "next", lambda given=given, next_=following: given.append(1) or next_()
            )
            at(source, count - 30 if count > 30 else 1)
            assert len(given) <= 30  # their key frames are nearer


def test_square_pixels(test_data: Path) -> None:
    with open_source(str(test_data / "cases" / "anamorphic" / "sar.mp4")) as source:
        assert (source.info.width_px, source.info.height_px) == (1047, 576)
        assert "720×576 shown as 1047×576" in source.info.detail
        assert {frame.pixels.shape[:2] for frame in source} == {(576, 1047)}


def test_text_is_no_video(test_data: Path) -> None:
    with pytest.raises(SourceError, match=r"r\.txt is not a video that can be read"):
        open_source(str(test_data / "cases" / "not_a_video" / "r.txt"))


def test_all_pages(test_data: Path) -> None:
    frames = frames_of(test_data / "cases" / "first_frame_only" / "stack.tif")
    assert [number_in(frame.pixels) for frame in frames] == list(range(12))
    assert all(frame.still and frame.name == "stack.tif" for frame in frames)


@pytest.mark.parametrize("name", DICOM)
def test_all_frames_of_a_dicom_file(test_data: Path, name: str) -> None:
    with open_source(str(test_data / "cases" / name)) as source:
        frames = list(source)
    dark = "rescale" in name or "blank" in name
    numbers = [number_in(frame.pixels) for frame in frames]
    assert len(frames) == DICOM[name]
    assert (
        numbers[1:] == list(range(1, DICOM[name])) if dark else numbers == list(range(DICOM[name]))
    )


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("dicom_rescale_1_0/resc_dark.dcm", "dicom_rescale_1_0/noresc_dark.dcm"),
        ("dicom_jpeg_rgb_tag/jpeg_nojfif_pi_rgb.dcm", "dicom_jpeg_rgb_tag/jpeg_422.dcm"),
        ("dicom_j2k_colour_tag/j2k_mct_pi_ybrfull.dcm", "dicom_j2k_colour_tag/j2k_mct_pi_rct.dcm"),
    ],
)
def test_what_the_header_says_twice_counts_once(test_data: Path, odd: str, plain: str) -> None:
    one, other = (frames_of(test_data / "cases" / name) for name in (odd, plain))
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        assert np.array_equal(mine.pixels, theirs.pixels)


def test_a_dark_first_frame_stays_dark(test_data: Path) -> None:
    frames = frames_of(test_data / "cases" / "dicom_rescale_1_0" / "resc_dark.dcm")
    assert frames[0].pixels.max() <= 13
    assert frames[1].pixels.mean() == pytest.approx(38.6, abs=0.1)


def test_the_times_that_the_header_points_at(test_data: Path) -> None:
    with open_source(str(test_data / "cases" / "dicom_frame_times" / "t_vec_n1.dcm")) as source:
        np.testing.assert_allclose(source.times_s, 0.02 * np.arange(10))
        assert source.info.fps == pytest.approx(50)
