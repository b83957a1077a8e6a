"""How a model's saliency becomes a box; part of its card, since networks differ in it.

The paper's rule is the default. A network taught other pictures may light up other parts of the
anatomy: its rules can be fitted to labelled boxes (see `sonoassist.evaluation.box_fitting`).
"""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sonoassist.core.planes import Plane, Polarity

BLUR_PX = 5


class Weight(Enum):
    """What the saliency is multiplied by before it is blurred."""

    NONE = "none"
    BRIGHT = "bright"
    """How much brighter than the picture's mean a pixel is: bone."""
    DARK = "dark"
    """How much darker: chambers, vessels, fluid."""


class Method(Enum):
    """What the box is put around."""

    COMPONENT = "component"
    """The largest connected component of the evidence, as in the paper."""
    WALL = "wall"
    """An ellipse along a bright wall in the picture, sought from that component on."""
    LINE = "line"
    """The bright straight line in the picture that the evidence speaks for."""


class BoxRule(BaseModel):
    """From saliency to box, for one plane.

    Attributes:
        method: What the box is put around.
        polarity: Which part of the saliency counts.
        weight: What it is multiplied by.
        blur_px: Side of the Gaussian, odd, pixels of the network input.
        threshold: Of the evidence, times the Isodata threshold.
        grow_x: Width of the box against that of the component, about its centre; by the method
            WALL that of the box from which the ellipse is sought.
        grow_y: Height of the box against that of the component, about its centre.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = Method.COMPONENT
    polarity: Polarity
    weight: Weight = Weight.NONE
    blur_px: int = Field(default=BLUR_PX, ge=3, le=99)
    threshold: float = Field(default=1.0, gt=0, le=3)
    grow_x: float = Field(default=1.0, ge=0.25, le=4)
    grow_y: float = Field(default=1.0, ge=0.25, le=4)

    @field_validator("blur_px")
    @classmethod
    def _odd(cls, blur_px: int) -> int:
        if blur_px % 2 == 0:
            raise ValueError("the side of the Gaussian is odd")
        return blur_px


def paper_rule(plane: Plane) -> BoxRule:
    """The paper's rule (Section II-F.2)."""
    return BoxRule(polarity=plane.polarity)
