"""Looks into a zip archive before anything in it is unpacked."""

from __future__ import annotations

import zipfile
from io import BytesIO

from sonoassist.core.errors import ModelError
from sonoassist.core.files import ZIP_ERRORS
from sonoassist.core.wording import counted

MAX_BYTES = 1 << 30
"""No weights file is anywhere near 1 GiB; SonoNet-64 has 60 MB."""

MAX_MEMBERS = 2000


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin like a zip archive."""
    return data[:4] == b"PK\x03\x04"


def members(data: bytes, what: str) -> list[str]:
    """Names of the files in the archive.

    Args:
        data: The whole archive.
        what: Name of the file, for messages.

    Raises:
        ModelError: Not a whole archive, or one that would unpack to an absurd size.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
    except ZIP_ERRORS as error:
        raise damaged(what) from error
    total = sum(entry.file_size for entry in entries)
    if total > MAX_BYTES or len(entries) > MAX_MEMBERS:
        raise ModelError(
            f"{what} would unpack to {total / 1e9:.1f} GB in {counted(len(entries), 'part')}, "
            "more than any network needs; not read",
            "Get the file again",
        )
    return [entry.filename for entry in entries]


def damaged(what: str) -> ModelError:
    """The error for an archive that is cut off or changed."""
    return ModelError(f"{what} is damaged or cut off", "Get the file again")
