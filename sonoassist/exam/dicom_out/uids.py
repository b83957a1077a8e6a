"""Identifiers that are the same each time the same thing is exported."""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid5

_ROOM = UUID("6f0b1c5e-43f5-5b0a-9c39-1f3d5c7c9a11")
"""The name space of this program; a change would give every object a new identifier."""


def uid(*names: object) -> str:
    """A DICOM UID made of names: equal names, equal UID (PS3.5, B.2)."""
    return f"2.25.{_uuid(*names).int}"


def anonymous_id(exam_id: str) -> str:
    """What stands in place of a patient's name and number: made of the exam's name alone."""
    return f"SA-{_uuid(exam_id, 'patient').hex[:12].upper()}"


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _uuid(*names: object) -> UUID:
    return uuid5(_ROOM, "\x1f".join(str(name) for name in names))
