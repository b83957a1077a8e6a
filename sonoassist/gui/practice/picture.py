"""A picture with a line above it; it is scaled on a thread of its own."""

from __future__ import annotations

from PyQt6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from sonoassist.core.packets import Analysis, Box, Frame
from sonoassist.core.percent import percent
from sonoassist.core.planes import BY_KEY, INDEX
from sonoassist.gui.fitter import Fitted, Fitter
from sonoassist.gui.screens import MessageCard, Screen
from sonoassist.gui.theme import Look
from sonoassist.gui.verdict import NOTHING, Verdict, VerdictKind
from sonoassist.gui.viewport import Viewport
from sonoassist.live.status import View


class QuestionPicture(QWidget):
    """Draws a frame: bare while it is asked for, with box and heat map when it is explained.

    Args:
        look: Theme and size.
        role: Of this picture with the fitter.
        fitter: Scales it.
    """

    def __init__(self, look: Look, role: str, fitter: Fitter) -> None:
        super().__init__()
        self._role = role
        self._fitter = fitter
        self._waits: tuple[View, Verdict, bool] | None = None
        self.caption, self.second = QLabel(), QLabel()
        self.viewport = Viewport(look)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.caption)
        self._column.addWidget(self.second)
        self._column.addWidget(self.viewport, 1)
        # Two pictures side by side are of one size, however long their captions are.
        for label in (self.caption, self.second):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            label.hide()
        self.second.setObjectName("muted")
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self.viewport.set_look(look)
        self._column.setSpacing(look.px(4))
        self.second.setStyleSheet(f"font-size: {look.px(16)}px")
        self.caption.setStyleSheet(f"font-size: {look.px(18)}px; font-weight: 600")

    def clear(self) -> None:
        """Draw nothing."""
        self._waits = None
        self.say("")
        self.viewport.show_screen(Screen())
        self.viewport.show_view(None, NOTHING)

    def wait(self) -> None:
        """Say that the picture is still being looked at."""
        self._waits = None
        self.viewport.show_view(None, NOTHING)
        self.viewport.show_screen(Screen(card=MessageCard("wait", "Looking at it …")))

    def cannot(self) -> None:
        """Say that the picture cannot be had."""
        self._waits = None
        self.viewport.show_view(None, NOTHING)
        self.viewport.show_screen(Screen(card=MessageCard("error", "This frame cannot be read")))

    def say(self, caption: str, second: str = "") -> None:
        """Write two lines above the picture; "" for none."""
        self.caption.setText(caption)
        self.second.setText(second)
        for label in (self.caption, self.second):
            label.setVisible(bool(caption))

    def ask(self, frame: Frame, *, frozen: bool) -> None:
        """Draw a bare frame: nothing is said of it."""
        self._show(View(frame, None, None), NOTHING, frozen)

    def explain(self, frame: Frame, analysis: Analysis | None, plane: str, box: Box | None) -> None:
        """Draw a frame with what shows the plane.

        Args:
            frame: The picture.
            analysis: The model's word on it, or None.
            plane: Key of the right plane.
            box: Where it truly is, or None: then the model's box is drawn.
        """
        verdict = NOTHING if analysis is None else explained(analysis, plane, box)
        self._show(View(frame, analysis, None), verdict, False)

    def _show(self, view: View, verdict: Verdict, frozen: bool) -> None:
        missing = self.viewport.fit_sizes(view, None) if self._fitter.alive else {}
        if not missing:
            self._waits = None
            self.viewport.show_screen(Screen())
            self.viewport.show_view(view, verdict, frozen=frozen)
            return
        self._waits = (view, verdict, frozen)
        for one, size in missing.values():
            self._fitter.ask(self._role, one.frame.pixels, size)

    def take(self, done: dict[str, Fitted]) -> None:
        """Draw what was scaled meanwhile.

        Args:
            done: Of the fitter, by role.
        """
        fitted = done.get(self._role)
        if fitted is None or self._waits is None:
            return
        self.viewport.offer("large", fitted)
        self._show(*self._waits)


def explained(analysis: Analysis, plane: str, box: Box | None) -> Verdict:
    """What is drawn over a frame once the answer is known.

    The heat map is the model's evidence for the class it chose, so it is only drawn where that
    is the right one; so is its box.
    """
    prediction, right = analysis.prediction, BY_KEY[plane]
    agrees = prediction.plane is right
    own = analysis.shown_box if agrees else None
    return Verdict(
        kind=VerdictKind.PLANE if agrees else VerdictKind.UNSURE,
        title=right.label,
        plane=right,
        guess=prediction.plane,
        confidence=prediction.confidence,
        box=box if box is not None else own,
        box_age_s=0.0 if box is not None else analysis.localisation.age_s,
        box_sure=box is not None or analysis.localisation.sure,
    )


def explained_caption(
    which: str, analysis: Analysis | None, plane: str, confidence: float | None
) -> tuple[str, str]:
    """The two lines above an explained picture: what it is, and what the model makes of it.

    Args:
        which: E.g. "Your frame".
        analysis: The model's word on it, or None.
        plane: Key of the right plane.
        confidence: How sure the model is of that, or None where it is not known.
    """
    if analysis is None:
        return which, "" if confidence is None else _share(confidence)
    if confidence is None:
        confidence = float(analysis.prediction.probabilities[INDEX[plane]])
    seen = analysis.prediction.plane
    if seen.key == plane:
        return which, _share(confidence)
    name = "no plane" if seen.is_background else seen.label
    return which, f"{_share(confidence)}, sees {name}"


def _share(confidence: float) -> str:
    return f"Model: {percent(confidence)} sure"
