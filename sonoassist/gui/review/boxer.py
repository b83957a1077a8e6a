"""Drawing the boxes of a recording: for which plane, from what, and taking them away."""

from __future__ import annotations

from sonoassist.core.packets import Box
from sonoassist.core.planes import BY_KEY
from sonoassist.gui.acts import Act
from sonoassist.gui.review.box_shape import Ground
from sonoassist.gui.review.box_view import BoxView
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.screens import Chip
from sonoassist.gui.verdict import Verdict, VerdictKind
from sonoassist.recordings.corrections import Corrections


def plane_to_box(verdict: Verdict, frame: int, row: str, corrections: Corrections) -> str:
    """Key of the plane whose box is drawn on a frame; "" where there is none.

    It is what the frame is said to show: by its label, by a person's choice, by the network where
    it is sure; else the selected row.

    Args:
        verdict: Of the frame.
        frame: Its index.
        row: Key of the selected row.
        corrections: What the person said.
    """
    said = corrections.label_at(frame)
    chosen = [plane for plane, best in corrections.agreed.items() if best == frame]
    named = [verdict.plane.key] if verdict.kind is VerdictKind.PLANE and verdict.plane else []
    plane = [*([said] if said else []), *chosen, *named, row][0]
    return "" if BY_KEY[plane].is_background else plane


class Boxer:
    """Boxes are drawn, or not.

    Args:
        desk: Of the review.
        view: On which they are drawn.

    Attributes:
        on: The mouse draws on the picture.
    """

    def __init__(self, desk: ReviewDesk, view: BoxView) -> None:
        self._desk, self._view = desk, view
        self.on = False
        self._verdict: Verdict | None = None
        view.box_made.connect(desk.words.set_box)
        desk.opened.connect(self._end)

    def _end(self) -> None:
        self.on = False

    @property
    def plane(self) -> str:
        """Key of the plane whose box is drawn on the frame on screen; "" for none."""
        desk, frame = self._desk, self._desk.shown
        if desk.session is None or frame is None or self._verdict is None:
            return ""
        return plane_to_box(self._verdict, frame, desk.plane, desk.corrections)

    @property
    def text(self) -> str:
        """What the button says that begins to draw."""
        name = BY_KEY[self.plane].label if self.plane else ""
        return f"Draw box: {name}" if name else "Draw box"

    def show(self, verdict: Verdict) -> None:
        """Show the boxes of the frame on screen, which is called as `verdict` says.

        Where the frame cannot be read the picture is still that of another one: none is drawn.
        """
        self._verdict = verdict
        view = self._desk.view
        boxes = {} if view is None else self._desk.corrections.boxes_on(view.frame.index)
        draws = self.on and not self._desk.frame_trouble
        self._view.show_boxes(boxes, self.plane if draws else "")

    def chips(self) -> tuple[Chip, ...]:
        """What is written over the picture while boxes are drawn."""
        if not self.on:
            return ()
        if not self.plane:
            return (
                Chip("info", "The background has no box", "accent", short="No box here"),
                Chip("info", "Choose a plane, or label it", "accent", extra=True),
            )
        name = BY_KEY[self.plane].label
        drawn = self.plane in self._view.boxes
        if drawn:
            how, other = "pull", self._key_chip(Act.TAKE_BACK, "takes it away")
        else:
            how, other = "drag", self._key_chip(Act.NETWORK_BOX, "takes the network's")
        what = Chip("crop", f"Box of {name}: {how}", "accent", short=f"{name}: {how}")
        return (what, *other, *self._key_chip(Act.DRAW_BOX, "ends"))

    def _key_chip(self, act: Act, what: str) -> tuple[Chip, ...]:
        """What a key does while boxes are drawn; nothing where the action has no key."""
        key = self._desk.key(act)
        return (Chip("info", f"{key} {what}", "accent", extra=True),) if key else ()

    def toggle(self) -> None:
        """Begin to draw, or end it."""
        if self._desk.session is None:
            return
        self._desk.stop_playing()
        self.on = not self.on
        self._desk.view_changed.emit()

    def take(self) -> None:
        """The network's box is right, or a beginning: it becomes a drawn one."""
        desk, verdict = self._desk, self._verdict
        if desk.session is None or verdict is None:
            return
        if desk.shown != desk.index or desk.frame_trouble:
            return  # what the network says is of another frame
        box = self._network_box(verdict)
        if box is None or desk.shown is None:
            desk.note(
                "The network has no box of this plane here", f"{desk.key(Act.DRAW_BOX)} draws one"
            )
            return
        self.on = True
        desk.stop_playing()
        desk.words.set_box(desk.shown, self.plane, box)

    def _network_box(self, verdict: Verdict) -> Box | None:
        view, plane = self._desk.view, verdict.plane
        if view is None or plane is None or verdict.box is None or plane.key != self.plane:
            return None
        return Ground(view.frame.width_px, view.frame.height_px).clamped(verdict.box)

    def delete(self) -> None:
        """Take the drawn box of the frame on screen away."""
        desk = self._desk
        if desk.session is None or desk.shown is None:
            return
        boxes = desk.corrections.boxes_on(desk.shown)
        plane = self.plane if self.plane in boxes else next(iter(boxes), "")
        if not plane:
            desk.note("No box was drawn on this frame", f"{desk.key(Act.DRAW_BOX)} draws one")
            return
        desk.words.set_box(desk.shown, plane, None)
