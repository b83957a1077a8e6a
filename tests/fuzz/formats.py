"""All formats of the net."""

from __future__ import annotations

from fuzz import opened, pixels, texts, weights
from fuzz.format import Format

FORMATS = {
    form.name: form
    for form in (
        Format("video", pixels.videos, opened.use),
        Format("dicom", pixels.dicoms, opened.use),
        Format("picture", pixels.pictures, opened.use),
        Format("zip", pixels.archives, opened.use),
        Format("folder", pixels.folders, opened.use),
        Format("weights", weights.weights, weights.use_weights),
        Format("checkpoint", weights.checkpoints, weights.use_checkpoints),
        Format("settings", texts.settings, texts.use_settings),
        Format("card", texts.cards, texts.use_cards),
        Format("table", texts.tables, texts.use_tables),
    )
}
