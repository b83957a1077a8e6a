"""A model that needs no weights: the brighter a cell of a picture, the surer its plane."""

from __future__ import annotations

import sonoassist as sa
from review.review_made import BrightEngine, made_analyser
from sonoassist.api.models import Model


def made_model(threshold: float = 0.7) -> sa.Model:
    return Model(made_analyser(threshold=threshold), any_precision=True)


def runs_of(model: sa.Model) -> int:
    """How often its network has run."""
    engine = model._analyser.engine
    assert isinstance(engine, BrightEngine)
    return engine.runs
