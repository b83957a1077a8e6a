"""Wrong arguments of the public API, refused in one sentence that says what to do."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from sonoassist.api.errors import InputError, InputTypeError
from sonoassist.core.packets import Box, Pixels
from sonoassist.core.planes import INDEX, KEYS
from sonoassist.sources.pixels import MIN_SIDE_PX

_WANTED = "Give a NumPy array, uint8, (H, W) grey or (H, W, 3) RGB"


def picture_of(pixels: object) -> Pixels:
    """A picture as the analysis takes it; the array that was given stays as it is.

    Args:
        pixels: What the user gave.

    Returns:
        uint8 (H, W, 3) or (H, W), C-contiguous, not writeable.

    Raises:
        InputTypeError: It is no array, or not of uint8.
        InputError: It has another shape, or is too small.
    """
    if not isinstance(pixels, np.ndarray):
        raise InputTypeError(f"pixels is {kind_of(pixels)}, not an array", _WANTED)
    if isinstance(pixels, np.ma.MaskedArray):
        raise InputTypeError("pixels is a masked array", "Give pixels.filled(0)")
    array: NDArray[np.generic] = np.asarray(pixels)
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] == 3):
        raise InputError(f"pixels has the shape {array.shape}", _shape_hint(array.shape))
    if not array.size:
        raise InputError(f"pixels is empty: it has the shape {array.shape}", _WANTED)
    if array.dtype != np.uint8:
        raise InputTypeError(f"pixels has the dtype {array.dtype}, not uint8", _dtype_hint(array))
    if min(array.shape[:2]) < MIN_SIDE_PX:
        height, width = array.shape[:2]
        raise InputError(
            f"pixels is a picture of only {width}x{height} px",
            f"It needs at least {MIN_SIDE_PX}x{MIN_SIDE_PX} px",
        )
    picture: Pixels = np.ascontiguousarray(array, np.uint8).view()
    picture.flags.writeable = False  # of the view alone
    return picture


def _shape_hint(shape: tuple[int, ...]) -> str:
    if len(shape) == 3 and shape[2] == 1:
        return "Give pixels[..., 0]"
    if len(shape) == 3 and shape[2] == 4:
        return "Give pixels[..., :3], without the alpha channel"
    if len(shape) == 3 and shape[0] == 3:
        return "The channels come last: give np.moveaxis(pixels, 0, -1)"
    if len(shape) in (3, 4) and shape[0] == 1:
        return "Give pixels[0]"
    if len(shape) in (3, 4):
        return "Give one picture at a time, or the file of a recording to sonoassist.analyse"
    return _WANTED


def _dtype_hint(array: NDArray[np.generic]) -> str:
    kind = array.dtype.kind
    if kind == "b":
        return "Give grey levels: 255 * pixels.astype(np.uint8)"
    if kind not in "iuf":
        return _WANTED
    low, high = array.min(), array.max()
    if kind == "f":
        if not (np.isfinite(low) and np.isfinite(high)):
            return "Some values are not finite; give grey levels of 0 to 255 as uint8"
        if low >= 0 and high <= 1:
            return "Give np.round(255 * pixels).astype(np.uint8)"
    if low >= 0 and high <= 255:
        return "Give np.round(pixels).astype(np.uint8)"
    return f"The values run from {low:g} to {high:g}: scale them to 0 to 255, then to uint8"


def plane_index(plane: object) -> int:
    """The column of a plane in the probabilities.

    Args:
        plane: Its key.

    Raises:
        InputTypeError: It is no text.
        InputError: There is no such plane.
    """
    key = text("plane", plane)
    if key not in INDEX:
        raise InputError(f"there is no plane {key!r}", f"Known: {', '.join(KEYS)}")
    return INDEX[key]


def text(name: str, value: object) -> str:
    """A text.

    Args:
        name: Of the argument.
        value: What the user gave for it.

    Raises:
        InputTypeError: It is something else.
    """
    if not isinstance(value, str):
        raise InputTypeError(f"{name} is {kind_of(value)}", "Give a str")
    return value


def one_of(name: str, value: object, known: Sequence[str]) -> str:
    """One of some words.

    Raises:
        InputTypeError: It is no text.
        InputError: It is another word.
    """
    word = text(name, value)
    if word not in known:
        raise InputError(f"there is no {name} {word!r}", f"Known: {', '.join(known)}")
    return word


def flag(name: str, value: object) -> bool:
    """True or False.

    Raises:
        InputTypeError: It is something else.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputTypeError(f"{name} is {kind_of(value)}", "Give True or False")
    return bool(value)


def share(name: str, value: object) -> float:
    """A number from 0 to 1.

    Raises:
        InputTypeError: It is no number.
        InputError: It lies outside.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputTypeError(f"{name} is {kind_of(value)}", "Give a number from 0 to 1")
    number = float(value)
    if not 0 <= number <= 1:  # also what is not a number
        raise InputError(f"{name} is {number:g}", "Give a number from 0 to 1")
    return number


def count(name: str, value: object) -> int | None:
    """A whole number above 0, or None.

    Raises:
        InputTypeError: It is something else.
        InputError: It is not above 0.
    """
    if value is None:
        return None
    hint = "Give a whole number above 0, or None"
    try:
        number = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None:
        raise InputTypeError(f"{name} is {kind_of(value)}", hint)
    if number < 1:
        raise InputError(f"{name} is {number}", hint)
    return number


def path_or_name(name: str, value: object) -> str:
    """What names a source.

    Raises:
        InputTypeError: It is neither a text nor a path of texts.
    """
    hint = "Give a path, exam:NAME, device:NAME or a URL"
    if isinstance(value, np.ndarray):
        hint = "Give a picture to Model.analyse, and the path of a file to sonoassist.analyse"
    if not isinstance(value, (str, os.PathLike)):
        raise InputTypeError(f"{name} is {kind_of(value)}", hint)
    named = os.fspath(value)
    if not isinstance(named, str):
        raise InputTypeError(f"{name} is a path of bytes", "Give a str or a pathlib.Path")
    return named


def crop_text(crop: object) -> str:
    """A crop in words, see `preprocess.crop.parse_crop`.

    Args:
        crop: A word, or a rectangle in pixels of the picture.

    Raises:
        InputTypeError: It is neither.
        InputError: The rectangle does not lie on whole pixels, or has no area.
    """
    if isinstance(crop, str):
        return crop
    if not isinstance(crop, Box):
        raise InputTypeError(
            f"crop is {kind_of(crop)}", "Give default, auto, full, published, or a sonoassist.Box"
        )
    edges = (crop.left, crop.top, crop.right, crop.bottom)
    if not all(_whole(edge) for edge in edges) or crop.left < 0 or crop.top < 0:
        raise InputError(f"the crop {crop} does not lie on whole pixels", "Give whole numbers")
    if crop.right <= crop.left or crop.bottom <= crop.top:
        raise InputError(f"the crop {crop} has no area", "Give left, top, right and bottom")
    return f"{crop.left:.0f},{crop.top:.0f},{crop.width:.0f},{crop.height:.0f}"


def _whole(edge: object) -> bool:
    number = not isinstance(edge, bool) and isinstance(edge, Real)
    return number and math.isfinite(edge) and float(edge).is_integer()  # type: ignore[arg-type]


def kind_of(value: object) -> str:
    """The type of a value, for a sentence."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
