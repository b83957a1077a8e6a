"""Changes that make a whole file a damaged or a hostile one, each drawn by a `random.Random`.

Bytes change anywhere, and more often near the beginning and the end, where most formats keep what
they say of themselves. That alone seldom gets past a checksum or a length, so formats that have
those are also changed from inside (see `structures`) and put together again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

Change = Callable[[bytes, Random], tuple[bytes, str]]
"""Gives the changed bytes, and what was done in words."""

NEAR_BYTES = 512
"""So much of the beginning and of the end is hit more often than the rest."""
MOST_BLOCK = 4096
MOST_TEXT = 200_000
ODD_TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "-1e999",
    "nan",
    "NaN",
    "Infinity",
    "-Infinity",
    "null",
    "true",
    "[]",
    "{}",
    "[[]]",
    '""',
    "''",
    "9" * 30,
    "9" * 5000,
    "0.1",
    "-0.0",
    "1e-400",
    "ä",
    "Ａ",
    "\x00",
    "\ufeff",
    "\u2028",
    "\ud7ff",
    "\\ud800",
    "../..",
    "/",
    "\\",
    "C:\\x",
    "a" * 9000,
    "[" * 3000,
    "{'a':" * 20,
    '{"a":' * 3000,
    '"',
    "'",
    '"""',
    ",",
    ";",
    "\t",
    "=",
    "#",
    "\r",
    "\n\n",
    "%s",
    "1979-13-45",
    "08:99",
    "inf",
    "0x10",
    "1_0",
    "١٢",
    "x.png",
    "con",
    "~root",
    "device:0",
    "-",
    "(),",
    "|O",
    "<U99999999",
)
_TOKEN = re.compile(r"[\w.+-]+|[^\w\s]")
_ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp1252", "cp037", "utf-7")


def place_in(data: bytes, chance: Random) -> int:
    """A place in some bytes; the beginning and the end are more likely than the rest."""
    if not data:
        return 0
    luck = chance.random()
    near = min(NEAR_BYTES, len(data))
    if luck < 0.45:
        return chance.randrange(near)
    if luck < 0.6:
        return len(data) - 1 - chance.randrange(near)
    return chance.randrange(len(data))


def _length(data: bytes, place: int, chance: Random) -> int:
    """Of a block from `place` on; short ones are as likely as long ones."""
    most = max(min(MOST_BLOCK, len(data) - place), 1)
    return min(int(most ** chance.random()) + chance.randrange(2), most)


def flip_bits(data: bytes, chance: Random) -> tuple[bytes, str]:
    made = bytearray(data)
    places = sorted({place_in(data, chance) for _ in range(chance.choice((1, 1, 2, 8)))})
    for place in places if data else ():
        made[place] ^= 1 << chance.randrange(8)
    return bytes(made), f"bits flipped at {places}"


def overwrite(data: bytes, chance: Random) -> tuple[bytes, str]:
    place = place_in(data, chance)
    length = _length(data, place, chance)
    name = chance.choice(("0", "255", "random"))
    made = {"0": bytes(length), "255": b"\xff" * length}.get(name) or chance.randbytes(length)
    return data[:place] + made + data[place + length :], f"{length} bytes {name} at {place}"


def cut_off(data: bytes, chance: Random) -> tuple[bytes, str]:
    place = place_in(data, chance)
    return data[:place], f"cut off at {place}"


def cut_front(data: bytes, chance: Random) -> tuple[bytes, str]:
    place = place_in(data, chance)
    return data[place:], f"the first {place} bytes gone"


def insert(data: bytes, chance: Random) -> tuple[bytes, str]:
    place = place_in(data, chance)
    made = chance.randbytes(chance.choice((1, 2, 4, 7, 64, 1000)))
    return data[:place] + made + data[place:], f"{len(made)} bytes put in at {place}"


def delete(data: bytes, chance: Random) -> tuple[bytes, str]:
    place = place_in(data, chance)
    length = _length(data, place, chance)
    return data[:place] + data[place + length :], f"{length} bytes gone at {place}"


def duplicate(data: bytes, chance: Random) -> tuple[bytes, str]:
    place = place_in(data, chance)
    length, times = _length(data, place, chance), chance.choice((1, 1, 2, 50))
    block = data[place : place + length]
    made = data[:place] + block * times + data[place:]
    return made, f"{length} bytes at {place} {times} times more"


def swap(data: bytes, chance: Random) -> tuple[bytes, str]:
    first, second = sorted((place_in(data, chance), place_in(data, chance)))
    length = min(_length(data, second, chance), second - first)
    one, other = data[first : first + length], data[second : second + length]
    made = data[:first] + other + data[first + length : second] + one + data[second + length :]
    return made, f"{length} bytes at {first} and {second} swapped"


def change_integer(data: bytes, chance: Random) -> tuple[bytes, str]:
    """What may be a length, a count or a place becomes another one."""
    size, order = chance.choice((2, 4, 8)), chance.choice(("little", "big"))
    place = place_in(data[: max(len(data) - size + 1, 0)], chance)
    before = int.from_bytes(data[place : place + size], order)  # type: ignore[arg-type]
    top = 1 << (8 * size)
    after = (
        chance.choice(
            (
                0,
                1,
                top - 1,
                top // 2 - 1,
                top // 2,
                before + 1,
                before - 1,
                before * 2,
                before // 2,
                before + chance.randrange(1, 300),
                before - chance.randrange(1, 300),
                len(data),
                chance.randrange(top),
            )
        )
        % top
    )
    made = data[:place] + after.to_bytes(size, order) + data[place + size :]  # type: ignore[arg-type]
    return made, f"{size} bytes ({order}) at {place}: {before} becomes {after}"


BYTE_CHANGES: tuple[Change, ...] = (
    flip_bits,
    flip_bits,
    overwrite,
    overwrite,
    cut_off,
    cut_front,
    insert,
    delete,
    duplicate,
    swap,
    change_integer,
    change_integer,
    change_integer,
)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _back(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def change_token(data: bytes, chance: Random) -> tuple[bytes, str]:
    text = _text(data)
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        return _back(chance.choice(ODD_TEXTS)), "a text put into an empty file"
    token = chance.choice(tokens)
    odd = chance.choice(ODD_TEXTS)
    if chance.random() < 0.25:
        odd = chance.choice(tokens)[0]
    made = text[: token.start()] + odd + text[token.end() :]
    return _back(made), f"{token[0][:30]!r} at {token.start()} becomes {odd[:30]!r}"


def change_lines(data: bytes, chance: Random) -> tuple[bytes, str]:
    lines = _text(data).splitlines(keepends=True) or [""]
    place = chance.randrange(len(lines))
    what = chance.choice(("gone", "twice", "swapped", "a thousand times", "without its end"))
    if what == "gone":
        del lines[place]
    elif what == "twice":
        lines.insert(place, lines[place])
    elif what == "a thousand times":
        lines[place:place] = [lines[place]] * min(1000, MOST_TEXT // (len(lines[place]) + 1))
    elif what == "without its end":
        lines[place] = lines[place].rstrip("\r\n")
    else:
        other = chance.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    return _back("".join(lines)), f"line {place + 1} {what}"


def change_encoding(data: bytes, chance: Random) -> tuple[bytes, str]:
    encoding = chance.choice(_ENCODINGS)
    text = data.decode("utf-8", "replace")
    return text.encode(encoding, "replace"), f"written as {encoding}"


def put_in_odd_text(data: bytes, chance: Random) -> tuple[bytes, str]:
    text = _text(data)
    place, odd = chance.randrange(len(text) + 1), chance.choice(ODD_TEXTS)
    return _back(text[:place] + odd + text[place:]), f"{odd[:30]!r} put in at {place}"


TEXT_CHANGES: tuple[Change, ...] = (
    change_token,
    change_token,
    change_token,
    put_in_odd_text,
    change_lines,
    change_encoding,
)


def several(
    changes: tuple[Change, ...], data: bytes, chance: Random, most: int = 4
) -> tuple[bytes, str]:
    """One change mostly, else a few."""
    said = []
    for _ in range(1 if chance.random() < 0.6 else chance.randint(2, most)):
        data, word = chance.choice(changes)(data, chance)
        said.append(word)
    return data, "; ".join(said)
