"""What coded pictures say of themselves in their headers, read without decoding them.

H.264 (ITU-T H.264, 7.3), HEVC (ITU-T H.265, 7.3), MPEG-1 and MPEG-2 (ITU-T H.262, 6.2) and MPEG-4
part 2 (ISO/IEC 14496-2, 6.2), of each only as far as the number of a picture stands in it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

_START = b"\x00\x00\x01"
_HEAD_BYTES = 64
"""The number of a picture stands in the first bytes of its header."""
_MOST_BITS = 16
"""Of a number that sets of parameters give the length of."""
_SET_BYTES = 1024
"""A parameter set is not longer, lists for scaling included."""


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """The head of a coded picture.

    Attributes:
        number: H.264: `frame_num`. MPEG-1 and MPEG-2: `temporal_reference`. MPEG-4: the parts of a
            second. HEVC: 0.
        wraps: Numbers are smaller than this.
        order: H.264 and HEVC: the low bits of the picture order count; None where there is none.
        order_wraps: Order counts are smaller than this.
        parity: 0 for a frame, 1 for a top field, 2 for a bottom field.
        pair: The other field is in the same packet.
        restarts: The numbers begin anew.
        reference: Others may refer to it.
        anchors: The high bits of the next order count follow from this one's.
        gaps: Numbers may be left out by intent.
        seconds: MPEG-4: whole seconds since those of the reference before.
    """

    number: int = 0
    wraps: int = 1
    order: int | None = None
    order_wraps: int = 1
    parity: int = 0
    pair: bool = False
    restarts: bool = False
    reference: bool = True
    anchors: bool = True
    gaps: bool = False
    seconds: int = 0


class PictureHeaders(ABC):
    """Reads the heads of the pictures of a stream, in the order of the file."""

    may_hold_fields: bool = False
    """Whether a picture may be coded as two fields, by what was read so far."""

    def read(self, data: bytes) -> CodedPicture | None:
        """The head of the first picture in a packet; None where it cannot be told."""
        try:
            return self._read(data)
        except (_HeadError, IndexError, KeyError):
            return None  # it is damaged, or refers to a parameter set that is not there

    @abstractmethod
    def _read(self, data: bytes) -> CodedPicture | None:
        """As `read`; may raise what a damaged head leads to."""


def headers_for(codec: str, extradata: bytes | None) -> PictureHeaders | None:
    """A reader of heads; None for codecs whose heads are not known.

    Args:
        codec: FFmpeg's name of it.
        extradata: What the container says once for all pictures, or None.
    """
    sets = extradata or b""
    made: PictureHeaders
    if codec == "h264":
        # MP4 and Matroska write the length of a unit before it, in place of a start code.
        lengths = len(sets) > 6 and sets[0] == 1
        made = _H264Headers(length_bytes=(sets[4] & 3) + 1 if lengths else 0)
        made.read_sets(_sets_of_avcc(sets) if lengths else sets)
        return made
    if codec == "hevc":
        made = _HevcHeaders()
    elif codec in ("mpeg1video", "mpeg2video"):
        made = _Mpeg2Headers()
    elif codec == "mpeg4":
        made = _Mpeg4Headers()
    else:
        return None
    made.read(sets)
    return made


class _HeadError(Exception):
    """A head is not as it should be."""


class _Bits:
    """Reads bits, highest first; its methods raise `_HeadError` where there are no more."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def u(self, count: int) -> int:
        """An unsigned number of so many bits."""
        if count > self._left:
            raise _HeadError("it is cut off")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def ue(self) -> int:
        """An unsigned Exp-Golomb code."""
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def width(self) -> int:
        """A code that stands for a number of bits, less 4."""
        bits = self.ue() + 4
        if bits > _MOST_BITS:
            raise _HeadError("no number is so long")
        return bits

    def se(self) -> int:
        """A signed Exp-Golomb code."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def _codes(data: bytes, begin: int = 0) -> Iterator[int]:
    """Where the byte behind each start code is."""
    place = data.find(_START, begin)
    while 0 <= place < len(data) - 3:
        yield place + 3
        place = data.find(_START, place + 3)


def _unit(data: bytes, begin: int, length: int = _HEAD_BYTES) -> _Bits:
    """The bits of a unit of H.264 or HEVC, without the bytes that keep start codes out of it."""
    end = data.find(_START, begin, begin + length)
    unit = data[begin : end if end >= 0 else begin + length]
    return _Bits(unit.replace(b"\x00\x00\x03", b"\x00\x00"))


def _sets_of_avcc(extradata: bytes) -> bytes:
    """The parameter sets in the head of an MP4 track (ISO/IEC 14496-15), behind start codes."""
    found, place = b"", 5
    for mask in (31, 255):  # of sequences, of pictures
        count = extradata[place] & mask if place < len(extradata) else 0
        place += 1
        for _ in range(count):
            length = int.from_bytes(extradata[place : place + 2], "big")
            found += _START + extradata[place + 2 : place + 2 + length]
            place += 2 + length
    return found


@dataclass(frozen=True, slots=True)
class _H264Set:
    """What a sequence parameter set says of the heads of slices."""

    planes: bool
    number_bits: int
    order_bits: int
    gaps: bool
    frames_only: bool


class _H264Headers(PictureHeaders):
    """Heads of H.264.

    Args:
        length_bytes: Of the length before each unit; 0 where start codes are.
    """

    def __init__(self, length_bytes: int) -> None:
        self._length_bytes = length_bytes
        self._sets: dict[int, _H264Set] = {}
        self._set_of: dict[int, int] = {}

    def read_sets(self, sets: bytes) -> None:
        """Read parameter sets behind start codes."""
        length_bytes, self._length_bytes = self._length_bytes, 0
        self.read(sets)
        self._length_bytes = length_bytes

    def _read(self, data: bytes) -> CodedPicture | None:
        found: CodedPicture | None = None
        for begin in self._units(data):
            kind = data[begin] & 31
            if kind == 7:
                self._read_set(_unit(data, begin + 1, _SET_BYTES))
            elif kind == 8:
                bits = _unit(data, begin + 1)
                number = bits.ue()
                self._set_of[number] = bits.ue()
            elif kind in (1, 2, 5):
                one = self._slice(_unit(data, begin + 1), data[begin])
                if found is None:
                    found = one
                    if not one.parity:
                        break
                elif one.parity != found.parity:
                    return replace(found, pair=True)
        return found

    def _units(self, data: bytes) -> Iterator[int]:
        if not self._length_bytes:
            yield from _codes(data)
            return
        place = 0
        while place + self._length_bytes < len(data):
            length = int.from_bytes(data[place : place + self._length_bytes], "big")
            place += self._length_bytes
            yield place
            place += length

    def _read_set(self, bits: _Bits) -> None:
        profile = bits.u(8)
        bits.u(16)
        number = bits.ue()
        planes = False
        if profile in (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135):
            planes = _skip_colours(bits)
        number_bits = bits.width()
        kind, order_bits = bits.ue(), 0
        if kind == 0:
            order_bits = bits.width()
        elif kind == 1:
            bits.u(1)
            bits.se(), bits.se()
            for _ in range(bits.ue()):
                bits.se()
        bits.ue()
        gaps = bool(bits.u(1))
        bits.ue(), bits.ue()
        frames_only = bool(bits.u(1))
        self._sets[number] = _H264Set(planes, number_bits, order_bits, gaps, frames_only)
        self.may_hold_fields |= not frames_only

    def _slice(self, bits: _Bits, head: int) -> CodedPicture:
        bits.ue(), bits.ue()
        known = self._sets[self._set_of[bits.ue()]]
        bits.u(2 * known.planes)
        number = bits.u(known.number_bits)
        parity = 0
        if not known.frames_only and bits.u(1):
            parity = 1 + bits.u(1)
        restarts = head & 31 == 5
        if restarts:
            bits.ue()
        reference = bool(head & 0x60)
        return CodedPicture(
            number=number,
            wraps=1 << known.number_bits,
            order=bits.u(known.order_bits) if known.order_bits else None,
            order_wraps=1 << known.order_bits,
            parity=parity,
            restarts=restarts,
            reference=reference,
            anchors=reference,
            gaps=known.gaps,
        )


def _skip_colours(bits: _Bits) -> bool:
    """Read over how colours are stored; tell whether the planes have slices of their own."""
    chroma = bits.ue()
    planes = chroma == 3 and bool(bits.u(1))
    bits.ue(), bits.ue()
    bits.u(1)
    if bits.u(1):
        for number in range(12 if chroma == 3 else 8):
            if bits.u(1):
                _skip_scaling(bits, 16 if number < 6 else 64)
    return planes


def _skip_scaling(bits: _Bits, count: int) -> None:
    last = following = 8
    for _ in range(count):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


@dataclass(frozen=True, slots=True)
class _HevcSet:
    """What a sequence parameter set says of the heads of slices."""

    planes: bool
    order_bits: int


class _HevcHeaders(PictureHeaders):
    """Heads of HEVC behind start codes."""

    def __init__(self) -> None:
        self._sets: dict[int, _HevcSet] = {}
        self._pictures: dict[int, tuple[int, bool, int]] = {}

    def _read(self, data: bytes) -> CodedPicture | None:
        for begin in _codes(data):
            kind = data[begin] >> 1 & 63
            if kind == 33:
                self._read_set(_unit(data, begin + 2, _SET_BYTES))
            elif kind == 34:
                bits = _unit(data, begin + 2)
                number, of = bits.ue(), bits.ue()
                bits.u(1)
                self._pictures[number] = of, bool(bits.u(1)), bits.u(3)
            elif kind <= 9 or 16 <= kind <= 21:
                return self._slice(_unit(data, begin + 2), kind, data[begin + 1] & 7)
        return None

    def _read_set(self, bits: _Bits) -> None:
        bits.u(4)
        layers = bits.u(3)
        bits.u(1 + 96)
        there = [(bits.u(1), bits.u(1)) for _ in range(layers)]
        bits.u(2 * (8 - layers) if layers else 0)
        for profile, level in there:
            bits.u(88 * profile + 8 * level)
        number = bits.ue()
        planes = bits.ue() == 3 and bool(bits.u(1))
        bits.ue(), bits.ue()
        if bits.u(1):
            for _ in range(4):
                bits.ue()
        bits.ue(), bits.ue()
        self._sets[number] = _HevcSet(planes, bits.width())

    def _slice(self, bits: _Bits, kind: int, layer: int) -> CodedPicture | None:
        if not bits.u(1):
            return None  # not the first of its picture
        if kind >= 16:
            bits.u(1)
        of, says_output, extra_bits = self._pictures[bits.ue()]
        known = self._sets[of]
        bits.u(extra_bits)
        bits.ue()
        bits.u(int(says_output) + 2 * known.planes)
        restarts = kind in (16, 17, 18, 19, 20)
        return CodedPicture(
            order=0 if kind in (19, 20) else bits.u(known.order_bits),
            order_wraps=1 << known.order_bits,
            restarts=restarts,
            # Leading pictures and those that no other one of their layer refers to do not count.
            anchors=layer == 1 and (kind >= 16 or (kind % 2 == 1 and kind < 6)),
        )


class _Mpeg2Headers(PictureHeaders):
    """Heads of MPEG-1 and MPEG-2."""

    def _read(self, data: bytes) -> CodedPicture | None:
        restarts = False
        found: CodedPicture | None = None
        for begin in _codes(data):
            code = data[begin]
            bits = _Bits(data[begin + 1 : begin + 9])
            if code == 0xB8:
                restarts = True
            elif code == 0xB5 and data[begin + 1] >> 4 == 1:
                bits.u(12)
                self.may_hold_fields = not bits.u(1)
            elif code == 0 and found is None:
                number = bits.u(10)
                kind = bits.u(3)
                found = CodedPicture(number, 1024, restarts=restarts, reference=kind in (1, 2))
            elif code == 0xB5 and data[begin + 1] >> 4 == 8 and found is not None:
                bits.u(22)
                parity = bits.u(2) % 3
                if not parity:
                    return found
                if found.parity:
                    return replace(found, pair=parity != found.parity)
                found = replace(found, parity=parity)
            elif 0 < code < 0xB0 and found is not None and not found.parity:
                return found  # of MPEG-1
        return found


class _Mpeg4Headers(PictureHeaders):
    """Heads of MPEG-4 part 2; of a packet with several pictures that of the first one."""

    def __init__(self) -> None:
        self._parts_of_second = 0

    def _read(self, data: bytes) -> CodedPicture | None:
        restarts = False
        for begin in _codes(data):
            code = data[begin]
            bits = _Bits(data[begin + 1 : begin + 1 + _HEAD_BYTES])
            if 0x20 <= code <= 0x2F:
                self._read_layer(bits)
            elif code == 0xB3:
                restarts = True
            elif code == 0xB6:
                return self._picture(bits, restarts) if self._parts_of_second else None
        return None

    def _read_layer(self, bits: _Bits) -> None:
        bits.u(9)
        if bits.u(1):
            bits.u(7)
        if bits.u(4) == 15:
            bits.u(16)
        if bits.u(1):
            bits.u(3)
            if bits.u(1):
                bits.u(79)
        bits.u(3)
        self._parts_of_second = bits.u(16)

    def _picture(self, bits: _Bits, restarts: bool) -> CodedPicture | None:
        kind, seconds = bits.u(2), 0
        while bits.u(1):
            seconds += 1
        bits.u(1)
        number = bits.u(max((self._parts_of_second - 1).bit_length(), 1))
        bits.u(1)
        if not bits.u(1):
            return None  # it only repeats another one
        return CodedPicture(
            number, self._parts_of_second, restarts=restarts, reference=kind != 2, seconds=seconds
        )
