"""The one place that imports PyAV, with the noise of FFmpeg on the terminal turned off."""

from __future__ import annotations

import av
import av.error
import av.logging
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from sonoassist.packets import Pixels

__all__ = [
    "InputContainer",
    "Packet",
    "PixelReader",
    "VideoFrame",
    "VideoStream",
    "av",
    "codec_name",
]

av.logging.set_level(None)
av.logging.set_libav_level(av.logging.PANIC)

_CODECS = {
    "h264": "H.264",
    "hevc": "H.265",
    "mpeg4": "MPEG-4",
    "mpeg2video": "MPEG-2",
    "mpeg1video": "MPEG-1",
    "mjpeg": "Motion JPEG",
    "vp8": "VP8",
    "libvpx": "VP8",
    "vp9": "VP9",
    "libvpx-vp9": "VP9",
    "av1": "AV1",
    "libdav1d": "AV1",
    "ffv1": "FFV1",
    "rawvideo": "uncompressed",
    "wmv3": "WMV",
    "vc1": "VC-1",
    "gif": "GIF",
}


def codec_name(name: str) -> str:
    """Name of a codec as people write it."""
    return _CODECS.get(name, name.upper())


class PixelReader:
    """Turns decoded pictures into arrays; keeps its scaler from one picture to the next."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def pixels(self, frame: VideoFrame) -> Pixels:
        """The picture as uint8, (H, W, 3) RGB, or (H, W) where the stream is grey."""
        target = "gray" if frame.format.name.startswith("gray") else "rgb24"
        shaped = self._reformatter.reformat(frame, format=target, dst_color_range="JPEG")
        pixels: Pixels = shaped.to_ndarray()  # type: ignore[assignment]
        return pixels
