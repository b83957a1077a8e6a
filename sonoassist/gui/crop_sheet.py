"""The crop of a scanner's screen: what was found, what the network sees of it, and handles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, QTimer
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from sonoassist.core.errors import SonoAssistError, window_text
from sonoassist.core.packets import Box, Frame, Pixels
from sonoassist.core.percent import percent
from sonoassist.core.wording import sentence
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.crop_editor import CropEditor
from sonoassist.gui.elided import wrappable
from sonoassist.gui.fitter import fit
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.overlay import place
from sonoassist.gui.screen_watch import INPUT_ASPECT, FoundScreen, ScreenWatch
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look
from sonoassist.live.status import View

INPUT_PX = (288, 224)
PREVIEW_MS = 120


def _keys_text(keys: Keymap) -> str:
    """What the keys do, in one line."""
    arrows = " ".join(keys.text(act) for act in (Act.BACK, Act.FORWARD, Act.ITEM_UP, Act.ITEM_DOWN))
    size = f"{keys.text(Act.LARGER)} and {keys.text(Act.SMALLER)}"
    by_pixel = f"{keys.text(Act.FINE_LEFT)}: by one pixel"
    return (
        f"{arrows} move it · {size} size it · {by_pixel} · {keys.text(Act.WHOLE)}: as found · "
        f"{keys.text(Act.CAPTURE)}: keep"
    )


class InputPreview(QWidget):
    """What the network gets of the crop."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._picture: Pixels | None = None
        self.setFixedSize(look.px(INPUT_PX[0]), look.px(INPUT_PX[1]))
        self.setAccessibleName("What the network sees")

    @property
    def picture(self) -> Pixels | None:
        """As shown, uint8 (224, 288)."""
        return self._picture

    def show_crop(self, frame: Frame, crop: Box) -> None:
        """Show the network's input of a crop."""
        from sonoassist.preprocess.prepare import prepare  # loads OpenCV

        made = prepare(frame, crop, height_px=INPUT_PX[1], width_px=INPUT_PX[0])
        values = made.network_input[0, 0]
        low, high = np.percentile(values, (0.5, 99.5))
        shown = np.clip((values - low) / max(float(high - low), 1e-6), 0, 1)
        self._picture = np.ascontiguousarray(255 * shown, np.uint8)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#07090c"))
        if self._picture is not None:
            placement = place(*INPUT_PX, QRectF(self.rect()))
            size = QSize(round(INPUT_PX[0] * placement.scale), round(INPUT_PX[1] * placement.scale))
            painter.drawImage(
                QPointF(placement.left, placement.top), fit(self._picture, size).image
            )
        painter.end()


class CropSheet(Sheet):
    """Check the crop of this screen, correct it, keep it for the scanner.

    Args:
        over: The window it lies on.
        look: Theme and size.
        watch: Knows the screen and keeps its crop.
        found: What a look at the screen found.
        newest: Gives the newest picture.
        view: The picture it begins with.
        kept: Called with the scanner's name when the crop was kept.
    """

    def __init__(
        self,
        over: QWidget,
        look: Look,
        watch: ScreenWatch,
        found: FoundScreen,
        newest: Callable[[], View | None],
        view: View,
        kept: Callable[[str], None],
    ) -> None:
        super().__init__(over, look, "Crop of this screen", 1500)
        self._watch, self._newest, self._view, self._kept = watch, newest, view, kept
        self._found = found
        self._was_kept = False
        self.editor = CropEditor(look, INPUT_ASPECT)
        self.preview = InputPreview(look)
        self.name = QLineEdit(watch.kept.name if watch.kept is not None else "")
        self.name.setPlaceholderText("Name of the scanner, as in: Voluson, room 3")
        self.name.setMaxLength(60)
        self.said = QLabel(self._words())
        self.said.setWordWrap(True)
        self.reset = QPushButton(f"As found  {look.keys.text(Act.WHOLE)}")
        self.keep = QPushButton(f"Keep for this screen  {look.keys.text(Act.CAPTURE)}")
        self.keep.setObjectName("main")
        self._arrange(look)
        self.editor.edited.connect(self._refresh)
        self.reset.clicked.connect(self._as_found)
        self.keep.clicked.connect(self._keep)
        self.editor.show_picture(view.frame.pixels)
        if found.look.field is not None:
            self.editor.show_outline(found.look.field.outline())
        self.editor.set_crop(watch.kept.crop if watch.kept is not None else found.crop)
        handlers = {
            Act.CAPTURE: self._keep,
            Act.WHOLE: self._as_found,
            **self.editor.key_handlers(),
        }
        self.keys = PlaceKeys(self, Place.CROP, handlers, look.keys)
        self._timer = QTimer(self)
        self._timer.setInterval(PREVIEW_MS)
        self._timer.timeout.connect(self._follow)
        self._timer.start()

    def _arrange(self, look: Look) -> None:
        right = QVBoxLayout()
        right.setSpacing(look.px(10))
        heading = QLabel("What the network sees")
        heading.setObjectName("section")
        right.addWidget(heading)
        right.addWidget(self.preview)
        right.addWidget(self.said)
        right.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(look.px(18))
        row.addWidget(self.editor, 1)
        row.addLayout(right)
        self.body.addLayout(row, 1)
        keys = QLabel(_keys_text(look.keys))
        keys.setObjectName("muted")
        keys.setWordWrap(True)
        self.body.addWidget(keys)
        last = QHBoxLayout()
        last.addWidget(self.name, 1)
        last.addWidget(self.reset)
        last.addWidget(self.keep)
        self.body.addLayout(last)

    def open(self) -> None:
        """Show it; the keys move the crop."""
        super().open()
        self.editor.setFocus()

    def _high_px(self, wide: int) -> int:
        """As high as the window: the picture has the room that is left."""
        return self.height()

    def _words(self) -> str:
        field = self._found.look.field
        assert field is not None
        sure = f"The picture was found, {percent(field.sureness)} sure."
        kept = self._watch.kept
        used = f" Kept for {wrappable(kept.name) or 'this screen'}." if kept is not None else ""
        return (
            f"{sure}{used} The whole anatomy should be inside, without words and scales. "
            "It is used whenever this scanner's screen is seen again."
        )

    def _follow(self) -> None:
        """The preview goes on with the picture."""
        view = self._newest()
        if view is None or view is self._view:
            return
        frame, shown = view.frame, self._view.frame
        if (frame.width_px, frame.height_px) != (shown.width_px, shown.height_px):
            return
        self._view = view
        self.editor.show_picture(frame.pixels)
        self._refresh(self.editor.crop)

    def _refresh(self, crop: Box) -> None:
        self.preview.show_crop(self._view.frame, crop)

    def _as_found(self) -> None:
        self.editor.set_crop(self._found.crop)

    def _keep(self) -> None:
        name = self.name.text().strip()
        try:
            self._watch.keep(name, self._found, self.editor.crop)
        except SonoAssistError as error:
            self.said.setText(sentence(window_text(error)))
            return
        self._was_kept = True
        self._kept(name)
        self.closed.emit()

    def hideEvent(self, event: object) -> None:
        """It is not offered again for this source when it was closed without keeping."""
        self._timer.stop()
        if self.gone and not self._was_kept:
            self._watch.leave_alone()
