"""The public API, `import sonoassist as sa`; resources/api.md is its page.

    import sonoassist as sa

    with sa.load_model() as model:
        picture = model.analyse(pixels)  # uint8 (H, W) or (H, W, 3) RGB
        exam = sa.analyse("exam.mp4", model)
    print(picture.plane, exam.best_frame("femur"))

What `sonoassist.__all__` names stays as it is within a major version: nothing is removed or
renamed, new arguments come by keyword and with a default, and new attributes may be added.
Everything else in the package may change at any time. Wrong arguments raise `InputError` (a
`ValueError`) or `InputTypeError` (a `TypeError`); these and all others are `SonoAssistError`, whose
text is one sentence of what is wrong and one of what to do.
"""

from __future__ import annotations

from sonoassist.api.analysing import analyse, demo_exam, open_source
from sonoassist.api.errors import (
    InputError,
    InputTypeError,
    MissingExtraError,
    SonoAssistWarning,
)
from sonoassist.api.models import Model, list_models, load_model
from sonoassist.api.results import STATES, Localisation, ModelInfo, PictureResult, SourceResult
from sonoassist.core.errors import (
    DamagedFrameError,
    EngineError,
    ModelError,
    OutputError,
    SonoAssistError,
    SourceError,
    SourceLostError,
    StalledError,
    UsageError,
)
from sonoassist.core.packets import Box, Frame
from sonoassist.core.planes import KEYS as PLANE_KEYS
from sonoassist.core.planes import PLANES, Plane
from sonoassist.sources.base import Source, SourceInfo

__all__ = [
    "PLANES",
    "PLANE_KEYS",
    "STATES",
    "Box",
    "DamagedFrameError",
    "EngineError",
    "Frame",
    "InputError",
    "InputTypeError",
    "Localisation",
    "MissingExtraError",
    "Model",
    "ModelError",
    "ModelInfo",
    "OutputError",
    "PictureResult",
    "Plane",
    "SonoAssistError",
    "SonoAssistWarning",
    "Source",
    "SourceError",
    "SourceInfo",
    "SourceLostError",
    "SourceResult",
    "StalledError",
    "UsageError",
    "analyse",
    "demo_exam",
    "list_models",
    "load_model",
    "open_source",
]
