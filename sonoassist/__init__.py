"""SonoAssist: live detection and localisation of fetal standard scan planes.

For research and training only; not a medical device. The names in `__all__` are the public API, see
`sonoassist.api`; each is imported when it is first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonoassist.api import (
        PLANE_KEYS,
        PLANES,
        STATES,
        Box,
        DamagedFrameError,
        EngineError,
        Frame,
        InputError,
        InputTypeError,
        Localisation,
        MissingExtraError,
        Model,
        ModelError,
        ModelInfo,
        OutputError,
        PictureResult,
        Plane,
        SonoAssistError,
        SonoAssistWarning,
        Source,
        SourceError,
        SourceInfo,
        SourceLostError,
        SourceResult,
        StalledError,
        UsageError,
        analyse,
        demo_exam,
        list_models,
        load_model,
        open_source,
    )

__version__ = "0.1.0"

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
    "__version__",
    "analyse",
    "demo_exam",
    "list_models",
    "load_model",
    "open_source",
]

if not TYPE_CHECKING:  # a type checker must not take any name for one of these

    def __getattr__(name: str) -> object:
        """Import the public API when one of its names is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from sonoassist import api

        value = globals()[name] = getattr(api, name)
        return value

    def __dir__() -> list[str]:
        """All names, also those that were not used yet."""
        return sorted({*globals(), *__all__})
