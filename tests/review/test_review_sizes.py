"""A recording whose pictures change their size half way."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import kept_results
import numpy as np
import pytest
from review_made import HEIGHT_PX, WIDTH_PX, BrightEngine, made_analyser, picture

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.packets import Box
from sonoassist.preprocess.crop import parse_crop
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.records import RunState
from sonoassist.recordings.small import pixels_of
from sonoassist.review.session import ReviewSession
from sonoassist.sources.libav import av
from waiting import wait_until

HALF = 48
SMALL_PX = (160, 137)
"""Of the same shape as the large ones."""


def encoded(size_px: tuple[int, int], key: str) -> list[bytes]:
    codec = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height, codec.pix_fmt = *size_px, "yuvj420p"
    codec.time_base = Fraction(1, 25)
    found = []
    for number in range(HALF):
        frame = av.VideoFrame.from_ndarray(picture(key, number), format="rgb24")
        frame = frame.reformat(*size_px, format="yuvj420p")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        found += [bytes(packet) for packet in codec.encode(frame)]
    return found


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sizes") / "two.mkv"
    written = io.BytesIO()
    with av.open(written, "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuvj420p"
        parts = encoded((WIDTH_PX, HEIGHT_PX), "femur") + encoded(SMALL_PX, "lips")
        for number, data in enumerate(parts):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 25)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
    path.write_bytes(written.getvalue())
    return path


def analyser(crop: str) -> Analyser:
    made = made_analyser()
    made.configure(type(made.options)(parse_crop(crop), made.threshold))
    return made


@pytest.mark.parametrize("crop", ["full", "auto", "0,0,224,174"])
def test_all_frames_are_judged(changing: Path, tmp_path: Path, crop: str) -> None:
    store = CorrectionStore(tmp_path / "r")
    session = ReviewSession.open(str(changing), store, lambda: None)
    session.begin(analyser(crop))
    wait_until(lambda: session.progress().state is not RunState.RUNNING)
    assert session.progress().state is RunState.DONE, session.progress()
    found = [session.table.result(index) for index in range(2 * HALF)]
    assert all(one is not None and one.state is not None for one in found)
    if crop == "full":
        names = [one.plane.key for one in found if one is not None]
        assert names == ["femur"] * HALF + ["lips"] * HALF
    look = session.look(HALF + 5, evidence=True)
    session.views.want([look])
    wait_until(lambda: session.views.got(look) is not None or session.views.trouble(look))
    view = session.views.got(look)
    assert view is not None
    assert (view.frame.width_px, view.frame.height_px) == SMALL_PX
    assert view.analysis is not None
    area = view.analysis.geometry.crop
    whole = Box(0, 0, *SMALL_PX)
    assert area.left >= whole.left
    assert area.right <= whole.right
    assert area.bottom <= whole.bottom
    kept = kept_results.pictures(session.recording, store, analyser(crop))
    assert np.ptp(pixels_of(kept[64])) > 0
    session.close()
    again, fresh = ReviewSession.open(str(changing), store, lambda: None), analyser(crop)
    again.begin(fresh)
    wait_until(lambda: again.progress().state is RunState.DONE)
    assert isinstance(fresh.engine, BrightEngine)
    assert fresh.engine.runs == 0  # also of frames that the crop does not fit
    again.close()
