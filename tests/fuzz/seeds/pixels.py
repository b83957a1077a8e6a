"""Seeds with pictures in them: videos, DICOM files, still pictures and archives of these."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from fuzz.format import Seed
from fuzz.steady import fixed_uids
from sonoassist.core.opencv import cv2
from sources.test_sources_dicom import write_dicom
from sources.video_maker import make_video

FRAMES = 20
_EXACT = {"fflags": "+bitexact"}
"""The same bytes each time: without it some containers get a number drawn by chance."""
_VIDEOS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("h264.mp4", {}),
    ("index_first.mp4", {"container": {"movflags": "faststart"}}),
    ("pieces.mp4", {"container": {"movflags": "frag_keyframe+empty_moov"}}),
    ("mpeg4.mov", {"codec": "mpeg4", "time_base": Fraction(1, 25)}),
    ("mjpeg.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "time_base": Fraction(1, 25)}),
    ("mpeg4.avi", {"codec": "mpeg4", "time_base": Fraction(1, 25)}),
    ("h264.mkv", {}),
    ("ffv1.mkv", {"codec": "ffv1"}),
    ("vp8.webm", {"codec": "libvpx"}),
    ("vp9.webm", {"codec": "libvpx-vp9"}),
    ("h264.ts", {}),
    ("mpeg2.ts", {"codec": "mpeg2video", "time_base": Fraction(1, 25)}),
    ("mpeg2.mpg", {"codec": "mpeg2video", "time_base": Fraction(1, 25)}),
    ("bare.h264", {}),
    ("flv1.flv", {"codec": "flv"}),
    ("wmv2.wmv", {"codec": "wmv2"}),
    ("loop.gif", {"codec": "gif", "pix_fmt": "rgb8", "time_base": Fraction(1, 100)}),
    ("stills.mjpeg", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "time_base": Fraction(1, 25)}),
)


def _one_file(name: str, data: bytes) -> Seed:
    return Seed(name, {name: data}, (name,))


def videos(folder: Path) -> list[Seed]:
    """One of each container and codec that scanners and recorders write."""
    stamps = [40 * number for number in range(FRAMES)]
    made = []
    for name, options in _VIDEOS:
        container = {**_EXACT, **options.get("container", {})}
        path = make_video(folder / name, stamps, **{"gop": 6, **options, "container": container})
        made.append(_one_file(name, path.read_bytes()))
    return made


def grey(count: int = 1, dtype: type = np.uint8) -> np.ndarray:
    """(count, 40, 48) pictures with something in them."""
    top = min(int(np.iinfo(dtype).max), 4095)
    made = np.random.default_rng(count).integers(0, top // 4, (count, 40, 48))
    return (made + np.linspace(0, top // 2, 48).astype(int)).astype(dtype)


def coloured(count: int = 1) -> np.ndarray:
    """(count, 40, 48, 3) pictures."""
    return np.repeat(grey(count)[..., None], 3, axis=3) + np.array([0, 20, 40], np.uint8)


def dicoms(folder: Path) -> list[Seed]:
    """Stills and cines in the codings and with the tables that scanners use."""
    with fixed_uids():
        paths = list(_dicoms(folder))
    return [_one_file(path.name, path.read_bytes()) for path in paths]


def _dicoms(folder: Path) -> Iterable[Path]:
    yield write_dicom(folder / "cine.dcm", grey(3), FrameTime="40", PatientName="")
    yield write_dicom(
        folder / "times.dcm",
        grey(3),
        FrameTimeVector=["0", "20", "20"],
        RescaleSlope="1",
        RescaleIntercept="0",
        WindowCenter="127",
        WindowWidth="255",
        VOILUTFunction="LINEAR",
    )
    yield write_dicom(folder / "deep.dcm", grey(2, np.uint16), BitsStored=12, HighBit=11)
    yield write_dicom(folder / "signed.dcm", grey(1, np.int16), RescaleSlope="2", CineRate="30")
    yield write_dicom(folder / "rgb.dcm", coloured(2), "RGB", RecommendedDisplayFrameRate="25")
    yield write_dicom(folder / "implicit.dcm", grey(2), syntax=ImplicitVRLittleEndian)
    yield write_dicom(folder / "deflated.dcm", grey(1), syntax=DeflatedExplicitVRLittleEndian)
    yield write_dicom(folder / "bare", grey(1))
    yield _palette(folder / "palette.dcm")
    for name, syntax, suffix in (
        ("jpeg.dcm", JPEGBaseline8Bit, ".jpg"),
        ("j2k.dcm", JPEG2000Lossless, ".jp2"),
    ):
        yield _encoded(folder / name, syntax, suffix)
    path = write_dicom(folder / "rle.dcm", grey(2))
    _compress(path, RLELossless)
    yield path
    path = write_dicom(folder / "jpegls.dcm", grey(2))
    _compress(path, UID("1.2.840.10008.1.2.4.80"))
    yield path


def _palette(path: Path) -> Path:
    table = np.linspace(0, 65280, 256).astype("<u2").tobytes()
    elements: dict[str, Any] = {}
    for colour in ("Red", "Green", "Blue"):
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        elements[f"{colour}PaletteColorLookupTableData"] = table
    return write_dicom(path, grey(2), "PALETTE COLOR", **elements)


def _encoded(path: Path, syntax: UID, suffix: str) -> Path:
    frames = coloured(2)
    codes = [bytes(cv2.imencode(suffix, frame)[1]) for frame in frames]
    photometric = "YBR_FULL_422" if suffix == ".jpg" else "YBR_RCT"
    write_dicom(path, frames, photometric)
    return _rewritten(path, syntax, codes)


def _rewritten(path: Path, syntax: UID, codes: list[bytes]) -> Path:
    import pydicom

    made = pydicom.dcmread(path)
    made.PixelData = encapsulate(codes)
    made["PixelData"].is_undefined_length = True
    made["PixelData"].VR = "OB"
    made.file_meta.TransferSyntaxUID = syntax
    made.save_as(path, enforce_file_format=True)
    return path


def _compress(path: Path, syntax: UID) -> None:
    import pydicom

    made = pydicom.dcmread(path)
    made.compress(syntax, generate_instance_uid=False)
    made.save_as(path, enforce_file_format=True)


def pictures(folder: Path) -> list[Seed]:
    """Stills of each kind; OpenCV writes most of them, and Pillow those that it cannot."""
    del folder
    one, deep, colour = grey()[0], grey(1, np.uint16)[0], coloured()[0]
    clear = np.dstack([colour, one])
    drawn = {
        "grey.png": one,
        "deep.png": deep,
        "colour.png": colour,
        "clear.png": clear,
        "grey.jpg": one,
        "colour.jpg": colour,
        "colour.tif": colour,
        "deep.tiff": deep,
        "colour.bmp": colour,
        "grey.bmp": one,
        "colour.webp": colour,
        "clear.webp": clear,
        "colour.jp2": colour,
        "grey.pgm": one,
        "colour.ppm": colour,
    }
    files = {name: _encoded_still(name, made) for name, made in drawn.items()}
    image = Image.fromarray(colour)
    files["palette.png"] = _saved(image.quantize(16), "PNG", transparency=3)
    files["progressive.jpg"] = _saved(image, "JPEG", progressive=True, exif=_turned())
    files["pages.tif"] = _saved(
        image, "TIFF", save_all=True, append_images=[image] * 2, compression="tiff_lzw"
    )
    files["jpeg_inside.tif"] = _saved(image, "TIFF", compression="jpeg")
    files["moving.webp"] = _saved(image, "WEBP", save_all=True, append_images=[image.rotate(90)])
    return [_one_file(name, data) for name, data in files.items()]


def _encoded_still(name: str, made: np.ndarray) -> bytes:
    written, data = cv2.imencode(Path(name).suffix, made)
    assert written, name
    return bytes(data)


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


def _turned() -> bytes:
    exif = Image.Exif()
    exif[274] = 6
    return exif.tobytes()


def archives(folder: Path) -> list[Seed]:
    """Zip archives of pictures, of one DICOM file, and of all sorts."""
    stills = {name: data for seed in pictures(folder) for name, data in seed.files.items()}
    with fixed_uids():
        cine = write_dicom(folder / "cine.dcm", grey(3), FrameTime="40").read_bytes()
    kept = {name: stills[name] for name in ("grey.png", "colour.jpg", "clear.webp")}
    mixed = {"b/cine.dcm": cine, "a/grey.png": stills["grey.png"], "notes.txt": b"nothing"}
    made = {
        "pictures.zip": _zipped(kept, zipfile.ZIP_DEFLATED),
        "stored.zip": _zipped(kept, zipfile.ZIP_STORED),
        "one.zip": _zipped({"cine.dcm": cine}, zipfile.ZIP_DEFLATED),
        "mixed.zip": _zipped(mixed, zipfile.ZIP_LZMA),
    }
    return [_one_file(name, data) for name, data in made.items()]


def _zipped(files: dict[str, bytes], compression: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.compress_type = compression
            archive.writestr(member, data)
    return made.getvalue()


def folders(folder: Path) -> list[Seed]:
    """A folder with pictures and a DICOM file, each of which may be the damaged one."""
    stills = {name: data for seed in pictures(folder) for name, data in seed.files.items()}
    with fixed_uids():
        cine = write_dicom(folder / "cine.dcm", grey(3), FrameTime="40").read_bytes()
    kept = {name: stills[name] for name in ("colour.png", "grey.jpg", "colour.tif")}
    files = {f"stills/{name}": data for name, data in {**kept, "cine.dcm": cine}.items()}
    return [Seed("stills", files, tuple(files))]
