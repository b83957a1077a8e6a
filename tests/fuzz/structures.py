"""Changes from inside of a format: the file is taken apart, changed, and put together again.

Checksums and lengths are right afterwards, so that what lies behind them is reached.
"""

from __future__ import annotations

import ast
import io
import json
import math
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any

from fuzz.mutations import BYTE_CHANGES, ODD_TEXTS, TEXT_CHANGES, Change, several
from sonoassist.core.files import ARCHIVE_ERRORS

BROKEN = (*ARCHIVE_ERRORS, sqlite3.Error)
"""What taking apart a file that was changed before may raise."""

_DATE = (1980, 1, 1, 0, 0, 0)
_NAMES = (
    "",
    "..",
    "../up.png",
    "/root.png",
    "a\\b.png",
    "C:x.png",
    ".hidden.png",
    "\u202egnp.png",
    "x" * 300 + ".png",
    "dir/",
    "same.png",
    "same.png",
    "__MACOSX/a.png",
    "a.dcm",
    "a.zip",
    "arr_0.npy",
    "arr_00.npy",
    "arr_99.npy",
    "archive/data.pkl",
    "data.pkl",
    "\x00.png",
)


def mutated(name: str, data: bytes, chance: Random) -> tuple[bytes, str]:
    """A file with some changes, by what its name says it is.

    Args:
        name: Of the file.
        data: As it was.
        chance: Decides what is done.

    Returns:
        The file as it is now, and what was done, in words.
    """
    inside = _INSIDE.get(PurePosixPath(name).suffix.lower())
    luck = chance.random()
    if inside is None or luck < 0.35:
        return several(BYTE_CHANGES, data, chance)
    try:
        made, said = several(inside, data, chance, most=3)
    except BROKEN:
        return several(BYTE_CHANGES, data, chance)
    if luck < 0.45:
        made, more = several(BYTE_CHANGES, made, chance)
        said = f"{said}; then {more}"
    return made, said


# --- JSON -----------------------------------------------------------------------------------

_ODD_JSON: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    0.5,
    2**31,
    2**63,
    -(2**63),
    10**400,
    1e308,
    math.inf,
    math.nan,
    "",
    "x",
    "-1",
    "\ud800",
    "a\nb",
    "9" * 5000,
    "../x",
    [],
    {},
    [[]],
    [None],
    {"a": 1},
    [1, 2],
    [0.5] * 100,
    "auto",
    "NaN",
)


def _json(data: bytes, chance: Random) -> tuple[bytes, str]:
    """A value anywhere in the tree; each level is as likely, however much a list holds."""
    told = json.loads(data)
    way: list[Any] = []
    node = told
    while isinstance(node, dict | list) and node and (not way or chance.random() < 0.75):
        key = chance.choice(sorted(node)) if isinstance(node, dict) else chance.randrange(len(node))
        way.append(key)
        parent, node = node, node[key]
    if not way:
        told, what = chance.choice(_ODD_JSON), "all of it"
    elif chance.random() < 0.2:
        del parent[way[-1]]
        what = f"{way} gone"
    elif isinstance(parent, dict) and chance.random() < 0.1:
        parent[chance.choice(ODD_TEXTS[:40])] = parent.pop(way[-1])
        what = f"{way} has another name"
    else:
        parent[way[-1]] = chance.choice(_ODD_JSON)
        what = f"{way} becomes {parent[way[-1]]!r:.40}"
    return json.dumps(told).encode(), what


# --- zip ------------------------------------------------------------------------------------


def _zip(data: bytes, chance: Random) -> tuple[bytes, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [(one.filename, one.compress_type, archive.read(one)) for one in archive.infolist()]
    place = chance.randrange(len(parts))
    name, compression, inner = parts[place]
    what = chance.choice(("changed",) * 6 + ("renamed", "gone", "twice", "moved", "packed anew"))
    said = ""
    if what == "changed":
        inner, said = mutated(name, inner, chance)
        parts[place] = name, compression, inner
    elif what == "renamed":
        said = chance.choice(_NAMES)
        parts[place] = said, compression, inner
    elif what == "gone":
        del parts[place]
    elif what == "twice":
        parts.append(parts[place])
    elif what == "moved":
        parts.insert(0, parts.pop(place))
    else:
        kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
        parts[place] = name, chance.choice(kinds), inner
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, compression, inner in parts:
            member = zipfile.ZipInfo("x", _DATE)
            member.filename, member.compress_type = name, compression
            archive.NameToInfo.clear()  # two of one name are wanted: no warning of it
            archive.writestr(member, inner)
    return made.getvalue(), f"member {place} {what}: {said}"


def _npy(data: bytes, chance: Random) -> tuple[bytes, str]:
    """The head of an array, which says what it holds."""
    (length,) = struct.unpack("<H", data[8:10])
    head, values = data[10 : 10 + length], data[10 + length :]
    told = ast.literal_eval(head.decode("latin-1"))
    what = chance.choice(("descr", "shape", "order", "text"))
    if what == "descr":
        told["descr"] = chance.choice(
            (
                "|O",
                "<f2",
                "<f8",
                ">f4",
                "<c16",
                "|b1",
                "<U1",
                "|V4",
                "<M8[s]",
                "<f16",
                [("a", "<f4")],
                "<i8",
                "junk",
            )
        )
    elif what == "shape":
        odd = (0, -1, 1, 2**31, 2**62, 10**30)
        told["shape"] = tuple(chance.choice((one, *odd)) for one in told["shape"]) or (1,)
    elif what == "order":
        told["fortran_order"] = not told["fortran_order"]
    text = repr(told).encode("latin-1")
    if what == "text":
        text, what = several(TEXT_CHANGES, head, chance)
    text = text[:60000]
    return data[:8] + struct.pack("<H", len(text)) + text + values, f"head: {what}"


def _pickle(data: bytes, chance: Random) -> tuple[bytes, str]:
    """What would run if the file were unpickled."""
    names = (
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ccollections\nOrderedDict\n",
        b"ctorch\nFloatStorage\n",
    )
    found = [one for one in names if one in data]
    if not found or chance.random() < 0.5:
        return several(BYTE_CHANGES, data, chance)
    put = chance.choice(
        (
            b"cposix\nsystem\n",
            b"cbuiltins\neval\n",
            b"cos\nlistdir\n",
            b"ctorch\nload\n",
            b"ctorch\nIntStorage\n",
        )
    )
    name = chance.choice(found)
    return data.replace(name, put, 1), f"{name!r} becomes {put!r}"


def _cell(text: str, chance: Random) -> tuple[str, str]:
    """A text within another file, which may be JSON."""
    data, said = text.encode("utf-8", "surrogatepass"), ""
    if text[:1] in ("{", "[") and chance.random() < 0.8:
        data, said = several((_json,), data, chance)
    else:
        data, said = several(TEXT_CHANGES, data, chance)
    return data.decode("utf-8", "replace"), said


# --- safetensors ----------------------------------------------------------------------------


def _safetensors(data: bytes, chance: Random) -> tuple[bytes, str]:
    length = int.from_bytes(data[:8], "little")
    head, values = data[8 : 8 + length], data[8 + length :]
    told = json.loads(head)
    what = chance.choice(("text", "metadata", "tensor", "numbers"))
    if what == "metadata":
        inner = told.get("__metadata__") or {"format": ""}
        key = chance.choice(sorted(inner))
        text, what = _cell(inner[key], chance)
        told["__metadata__"] = {**inner, key: text}
    elif what == "tensor":
        key = chance.choice(sorted(set(told) - {"__metadata__"}))
        field, value = chance.choice(
            (
                ("dtype", "F16"),
                ("dtype", "BF16"),
                ("dtype", "I64"),
                ("dtype", "F8_E4M3"),
                ("dtype", "BOOL"),
                ("shape", []),
                ("shape", [-1]),
                ("shape", [2**62, 4]),
                ("shape", told[key]["shape"][::-1]),
                ("data_offsets", [0, 0]),
                ("data_offsets", [0, 2**63]),
                ("data_offsets", [8, 4]),
            )
        )
        told[key][field], what = value, f"{key} {field} is {value}"
    elif what == "numbers":
        return data[: 8 + length] + several(BYTE_CHANGES[:4], values, chance)[0], what
    head = json.dumps(told, separators=(",", ":")).encode()
    if what == "text":
        head, what = several(TEXT_CHANGES, head, chance)
    return len(head).to_bytes(8, "little") + head + values, f"head: {what}"


# --- PNG ------------------------------------------------------------------------------------


def _png(data: bytes, chance: Random) -> tuple[bytes, str]:
    chunks, place = [], 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    at = chance.randrange(len(chunks))
    name, inner = chunks[at]
    what = chance.choice(("changed",) * 4 + ("gone", "twice", "moved", "unpacked", "odd"))
    if what == "gone":
        del chunks[at]
    elif what == "twice":
        chunks.insert(at, chunks[at])
    elif what == "moved":
        chunks.insert(chance.randrange(len(chunks)), chunks.pop(at))
    elif what == "odd":
        odd = chance.choice((b"tRNS", b"PLTE", b"gAMA", b"iCCP", b"eXIf", b"acTL", b"zTXt"))
        chunks.insert(at, (odd, chance.randbytes(chance.choice((0, 1, 6, 300)))))
    elif what == "unpacked" and name == b"IDAT":
        rows, what = several(BYTE_CHANGES, zlib.decompress(inner), chance)
        chunks[at] = name, zlib.compress(rows)
    else:
        inner, what = several(BYTE_CHANGES, inner, chance)
        chunks[at] = name, inner
    made = b"".join(
        len(one).to_bytes(4, "big") + kind + one + zlib.crc32(kind + one).to_bytes(4, "big")
        for kind, one in chunks
    )
    return data[:8] + made, f"chunk {name!r}: {what}"


# --- DICOM ----------------------------------------------------------------------------------

_LONG = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV")
_VRS = (*_LONG, b"US", b"SS", b"UL", b"FL", b"FD", b"DS", b"IS", b"CS", b"AT", b"PN", b"UI", b"LO")
_ODD_VALUES = (
    b"",
    b"\x00",
    b" ",
    b"0 ",
    b"-1",
    b"1e999 ",
    b"nan ",
    b"abc ",
    b"\\",
    b"\\\\",
    b"1\\2\\x ",
    b"\xff\xff",
    b"\x00\x00",
    b"\x01\x00\x02",
    b"\xff" * 4,
    b"\x00" * 8,
    b"9" * 40,
    b"\xe4\xf6",
    b"0.0 ",
    b"RGB ",
    b"PALETTE COLOR ",
    b"YBR_FULL_422",
    b"MONOCHROME1 ",
    b"1.2.840.10008.1.2.5",
    b"1.2.840.10008.1.2.4.50",
    b"1.2.840.10008.1.2.2 ",
    b"1.2.840.10008.1.2.1.99",
    b"A" * 70,
)


def _elements(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Where an element begins, its value begins and it ends; for explicit little-endian files."""
    place = 132
    while place + 8 <= len(data):
        long = data[place + 4 : place + 6] in _LONG
        value = place + (12 if long else 8)
        length = int.from_bytes(
            data[place + 8 : value] if long else data[place + 6 : value], "little"
        )
        if length == 0xFFFFFFFF:
            # Compressed pixels, or a sequence: to its end, near enough.
            length = len(data) - value
        yield place, value, min(value + length, len(data))
        place = value + length


def _dicom(data: bytes, chance: Random) -> tuple[bytes, str]:
    begin, value, end = chance.choice(list(_elements(data)))
    tag = data[begin : begin + 4].hex()
    head, inner, rest = data[begin:value], data[value:end], data[end:]
    what = chance.choice(("value",) * 5 + ("bytes", "gone", "twice", "kind", "tag", "length"))
    if what == "gone":
        return data[:begin] + rest, f"element {tag} gone"
    if what == "twice":
        return data[:end] + data[begin:end] + rest, f"element {tag} twice"
    if what == "kind":
        kind = chance.choice(_VRS)
        return data[: begin + 4] + kind + data[begin + 6 :], f"element {tag} is {kind!r}"
    if what == "tag":
        number = chance.randrange(256)
        return data[: begin + 2] + bytes([number]) + data[begin + 3 :], f"{tag} -> {number:02x}"
    if what == "length":
        return data[: value - 2] + chance.randbytes(2) + data[value:], f"length of {tag}"
    inner = chance.choice(_ODD_VALUES)
    if what == "bytes":
        inner = several(BYTE_CHANGES, data[value:end], chance)[0]
    size = 4 if value - begin == 12 else 2
    if data[value - size : value] != b"\xff" * 4:
        head = head[:-size] + (len(inner) % 256**size).to_bytes(size, "little")
    return data[:begin] + head + inner + rest, f"element {tag} is {inner[:20]!r}"


# --- MP4 ------------------------------------------------------------------------------------

_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"dinf")


def _boxes(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin + 8 <= end:
        length = int.from_bytes(data[begin : begin + 4], "big")
        if length < 8 or begin + length > end:
            return
        yield begin, begin + length
        if data[begin + 4 : begin + 8] in _PARENTS:
            yield from _boxes(data, begin + 8, begin + length)
        begin += length


def _mp4(data: bytes, chance: Random) -> tuple[bytes, str]:
    """One of the tables; a box keeps its size, so that those behind it are where they were."""
    boxes = [one for one in _boxes(data, 0, len(data)) if data[one[0] + 4 : one[0] + 8] != b"mdat"]
    begin, end = chance.choice(boxes)
    name = data[begin + 4 : begin + 8]
    if chance.random() < 0.2:
        return data[: begin + 4] + b"free" + data[begin + 8 :], f"box {name!r} gone"
    inner, what = several(BYTE_CHANGES, data[begin + 8 : end], chance)
    inner = inner[: end - begin - 8].ljust(end - begin - 8, b"\x00")
    return data[: begin + 8] + inner + data[end:], f"box {name!r}: {what}"


# --- SQLite ---------------------------------------------------------------------------------

_ODD_CELLS: tuple[object, ...] = (
    None,
    0,
    -1,
    2**62,
    -(2**63),
    1e308,
    float("inf"),
    b"",
    b"\x00" * 28,
    b"\xff" * 56,
    "",
    "x",
    "nan",
    "-1",
    "1e999",
    "\ud7ff",
    "../../x.png",
    "con",
    "2020-13-99",
    "0.5",
    b"\xff\xfe",
)


def _sqlite(data: bytes, chance: Random) -> tuple[bytes, str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.sqlite"
        path.write_bytes(data)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            said = _change_database(database, chance)
            database.execute("PRAGMA journal_mode = DELETE")
        return path.read_bytes(), said


def _change_database(database: sqlite3.Connection, chance: Random) -> str:
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    tables = [one for (one,) in database.execute(f"{names} ORDER BY name")]
    table, luck = chance.choice(tables), chance.random()
    if luck < 0.05:
        version = chance.choice((-1, 0, 1, 2, 3, 2**31 - 1))
        database.execute(f"PRAGMA user_version = {version}")
        return f"version {version}"
    if luck < 0.1:
        database.execute(f"DROP TABLE {table}")
        return f"no table {table}"
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    column = chance.choice(columns)
    if luck < 0.15:
        database.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO odd")
        return f"no column {table}.{column}"
    # Rules against empty cells, which a damaged file does not keep, are in the way.
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')")
    database.execute("PRAGMA writable_schema = RESET")
    rows = list(database.execute(f"SELECT * FROM {table}"))
    if not rows:
        return f"table {table} is empty"
    return _change_cell(database, table, columns, column, chance.choice(rows), chance)


def _change_cell(
    database: sqlite3.Connection,
    table: str,
    columns: list[str],
    column: str,
    row: tuple[object, ...],
    chance: Random,
) -> str:
    before = row[columns.index(column)]
    after = chance.choice((*_ODD_CELLS, *ODD_TEXTS[:30]))
    if isinstance(before, str) and before and chance.random() < 0.7:
        after = _cell(before, chance)[0]
    elif isinstance(before, bytes) and chance.random() < 0.7:
        after = several(BYTE_CHANGES, before, chance)[0]
    key = columns[0]
    value = row[0]
    database.execute(f"UPDATE {table} SET {column} = ? WHERE {key} IS ?", (after, value))
    return f"{table}.{column} is {after!r:.60} where {key} is {value!r:.30}"


_TEXT = TEXT_CHANGES
_INSIDE: Mapping[str, tuple[Change, ...]] = {
    ".json": (*_TEXT, *[_json] * 6),
    ".toml": _TEXT,
    ".csv": _TEXT,
    ".txt": _TEXT,
    ".zip": (_zip,),
    ".npz": (_zip,),
    ".pth": (_zip,),
    ".npy": (_npy,),
    ".pkl": (_pickle,),
    ".safetensors": (_safetensors,),
    ".png": (_png,),
    ".dcm": (_dicom,),
    ".mp4": (_mp4,),
    ".mov": (_mp4,),
    ".sqlite": (_sqlite,),
}
