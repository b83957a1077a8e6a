"""What a JPEG or JPEG 2000 code stream says of itself, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass

_APP0, _APP14, _EOI, _SOS = 0xE0, 0xEE, 0xD9, 0xDA
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive with Huffman codes."""
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_SOC_SIZ = b"\xff\x4f\xff\x51"
_COD = b"\xff\x52"
ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
"""The marker that says: the three components are red, green and blue."""


@dataclass(frozen=True, slots=True)
class JpegHead:
    """The head of a JPEG.

    Attributes:
        precision: Bits of a sample.
        components: Identifiers of the components.
        subsampled: The components are not all stored at full size.
        jfif: It carries the mark of JFIF, which knows no red, green and blue.
        adobe: What the mark of Adobe says of the colours; None without it.
    """

    precision: int
    components: tuple[int, ...]
    subsampled: bool
    jfif: bool
    adobe: int | None

    def is_rgb(self, *, tagged: bool) -> bool:
        """Whether three components are red, green and blue, not luma and chroma.

        Args:
            tagged: What surrounds it says so, which counts where nothing speaks against it.
        """
        if self.jfif:
            return False
        if self.adobe is not None:
            return self.adobe == 0
        # Nobody stores red and blue at half the size.
        return self.components == tuple(b"RGB") or (tagged and not self.subsampled)


def jpeg_head(data: bytes) -> JpegHead | None:
    """Read the head of a JPEG that OpenCV can decode; None where it is no such JPEG."""
    jfif, adobe = False, None
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker in _WITHOUT_LENGTH:
            place += 2
            continue
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        body = data[place + 4 : place + 2 + length]
        if marker == _APP0 and body.startswith(b"JFIF"):
            jfif = True
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
        elif marker in _FRAMES and len(body) >= 6 + 3 * body[5]:
            parts = [body[6 + 3 * one : 9 + 3 * one] for one in range(body[5])]
            sampling = {part[1] for part in parts}
            return JpegHead(body[0], tuple(p[0] for p in parts), len(sampling) > 1, jfif, adobe)
        elif marker in (_SOS, _EOI) or (
            0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)
        ):
            return None
        place += 2 + max(length, 2)
    return None


def jpeg_ends(data: bytes) -> bool:
    """Whether a JPEG is there to its end mark."""
    if data.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return True
    place = 2
    while (place := data.find(b"\xff", place)) >= 0 and place + 1 < len(data):
        marker = data[place + 1]
        if marker == _EOI:
            return True
        if marker == 0xFF:
            place += 1
        elif marker == 0x00 or marker in _WITHOUT_LENGTH:
            place += 2
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return False


def j2k_transforms_colour(data: bytes) -> bool:
    """Whether a JPEG 2000 code stream has a colour transform of its own: it decodes to RGB."""
    begin = data.find(_SOC_SIZ)
    coding = data.find(_COD, begin) if begin >= 0 else -1
    # Marker, length and style, then progression, layers (2 bytes), and the transform.
    return coding >= 0 and coding + 9 <= len(data) and data[coding + 8] == 1
