"""The DICOM files that are to be sent: what they are, and in which form a node takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from sonoassist.core.errors import UsageError

PLAIN: tuple[UID, ...] = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
"""The forms every node has to take (the second) or nearly every one takes."""
MOST_CONTEXTS = 128
"""Presentation contexts in one association."""


@dataclass(frozen=True, slots=True)
class Object:
    """A file that is to be sent.

    Attributes:
        path: Of the file.
        sop_class: UID of its kind.
        syntax: UID of its transfer syntax.
        size_bytes: Of the file.
    """

    path: Path
    sop_class: UID
    syntax: UID
    size_bytes: int


def read_object(path: Path) -> Object:
    """What a file holds.

    Raises:
        UsageError: It is not a DICOM file that can be sent.
    """
    try:
        tags = ["SOPClassUID", "SOPInstanceUID"]
        dataset = dcmread(path, stop_before_pixels=True, specific_tags=tags)
        kind, syntax = dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID
        if not dataset.SOPInstanceUID:
            raise AttributeError
        return Object(path, UID(kind), UID(syntax), path.stat().st_size)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot read {path}: {reason}", "Choose another file") from error
    except (InvalidDicomError, AttributeError) as error:
        raise UsageError(f"{path} is not a DICOM file", "Choose another file") from error


def offers(objects: Sequence[Object]) -> list[tuple[UID, list[UID]]]:
    """The presentation contexts to offer a node: each kind plain, and each as it is compressed.

    Raises:
        UsageError: The files are of more kinds than one association can offer.
    """
    kinds = dict.fromkeys(one.sop_class for one in objects)
    squeezed = dict.fromkeys((o.sop_class, o.syntax) for o in objects if o.syntax not in PLAIN)
    # A context is accepted with one syntax only: each compressed one needs its own.
    offered = [(kind, [syntax]) for kind, syntax in squeezed]
    offered += [(kind, list(PLAIN)) for kind in kinds]
    if len(offered) > MOST_CONTEXTS:
        raise UsageError("these are too many kinds of files at once", "Send fewer files")
    return offered


def loaded(one: Object, accepted: Sequence[UID]) -> Dataset:
    """The file in a form the node takes, under its own UID.

    Args:
        one: The file.
        accepted: Transfer syntaxes the node takes for files of this kind.

    Raises:
        UsageError: There is no such form, or the file cannot be read.
    """
    if not accepted:
        raise UsageError("the node does not take this kind of file")
    try:
        dataset = dcmread(one.path)
        if one.syntax not in accepted and one.syntax not in PLAIN:
            # The picture is the same as before for all who look at it: so is its name.
            dataset.decompress(generate_instance_uid=False)
    except (OSError, ValueError, RuntimeError, AttributeError, NotImplementedError) as error:
        raise UsageError("its compression cannot be undone, and the node wants it so") from error
    return dataset
