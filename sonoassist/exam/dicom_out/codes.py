"""Coded terms: the standard's own where one says exactly what is meant, else our own.

The private scheme is declared in each report (Coding Scheme Identification Sequence).
"""

from __future__ import annotations

from typing import NamedTuple

from sonoassist.core.planes import BY_KEY
from sonoassist.exam.records import How, Judgement

PRIVATE = "99SONOASSIST"
PRIVATE_NAME = "SonoAssist private codes"
PRIVATE_VERSION = "1"


class Term(NamedTuple):
    """A coded term.

    Attributes:
        value: The code itself, at most 16 characters.
        scheme: Who defined it: SCT (SNOMED CT), DCM (DICOM), UCUM, or our own.
        meaning: For people, at most 64 characters.
    """

    value: str
    scheme: str
    meaning: str


def _own(value: str, meaning: str) -> Term:
    return Term(value, PRIVATE, meaning)


PERCENT = Term("%", "UCUM", "Percent")
CERTAINTY = Term("111012", "DCM", "Certainty of Finding")
COMMENT = Term("121106", "DCM", "Comment")
OBSTETRIC_SCAN = Term("268445003", "SCT", "Obstetric US scan")
QUALITY = _own("QUALITY", "Sharpness and stillness of the picture")
JUDGEMENT = _own("JUDGEMENT", "Judgement of the user")
CHOSEN_BY = _own("CHOSEN_BY", "Who made the capture")
CLIP = _own("CLIP", "Clip of the seconds around the capture")

JUDGEMENTS: dict[Judgement, Term] = {
    Judgement.OPEN: _own("OPEN", "Not reviewed"),
    Judgement.KEPT: _own("KEPT", "Kept by the user"),
    Judgement.REJECTED: _own("REJECTED", "Rejected by the user"),
}
HOWS: dict[How, Term] = {
    How.AUTO: _own("AUTO", "The program"),
    How.HAND: _own("HAND", "The user"),
}

# SNOMED CT's four chamber view is by its full name the apical one of an adult heart, which a
# fetal heart is rarely seen in; only its view of the right outflow tract fits as it is.
_STANDARD_VIEWS = {"rvot": Term("399195005", "SCT", "Right Ventricular Outflow Tract View")}

_BRAIN = Term("12738006", "SCT", "Brain")
_SPINE = Term("421060004", "SCT", "Spine")
_SITES = {
    "3vv": Term("72410000", "SCT", "Mediastinum"),
    "4ch": Term("80891009", "SCT", "Heart"),
    "abdominal": Term("818981001", "SCT", "Abdomen"),
    "brain_cb": _BRAIN,
    "brain_tv": _BRAIN,
    "femur": Term("71341001", "SCT", "Femur"),
    "kidneys": Term("64033007", "SCT", "Kidney"),
    "lips": Term("48477009", "SCT", "Lip"),
    "lvot": Term("13418002", "SCT", "Left ventricle outflow tract"),
    "profile": Term("89545001", "SCT", "Face"),
    "rvot": Term("44627009", "SCT", "Right ventricle outflow tract"),
    "spine_cor": _SPINE,
    "spine_sag": _SPINE,
}


def plane_term(key: str) -> Term | None:
    """The term of a standard plane; None where no plane is named."""
    if key not in _SITES:
        return None
    return _STANDARD_VIEWS.get(key) or _own(f"PLANE_{key.upper()}", BY_KEY[key].full_name)


def site_term(key: str) -> Term | None:
    """The part of the body that a standard plane shows; None where no plane is named."""
    return _SITES.get(key)
