"""What the status line says while Review is shown: of its recording, not of the live source."""

from __future__ import annotations

from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.review.texts import progress_text
from sonoassist.gui.status_line import StatusItem, model_text
from sonoassist.model.card import domain_warning


def status_items(desk: ReviewDesk) -> list[StatusItem]:
    """Of the recording, its analysis, and the network that says so."""
    session, card, progress = desk.session, desk.opener.card, desk.progress
    if session is None:
        return []
    items = [StatusItem(session.recording.label, 1, is_name=True)]
    if progress is not None:
        items.append(StatusItem(progress_text(progress), 3))
    if card is not None:
        items.append(StatusItem(model_text(card), 2, card.title))
    elif desk.opener.model_trouble:
        items.append(StatusItem("no model", 2))
    return items


def warning_of(desk: ReviewDesk) -> str:
    """What must be said before the network's word on this recording is believed, or ""."""
    session, card = desk.session, desk.opener.card
    if session is None or card is None:
        return ""
    return domain_warning(card, synthetic=session.recording.info.synthetic)
