"""The live page: headline, picture, strip, transport; beside them the planes."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sonoassist.core.settings import Settings
from sonoassist.exam.checklist import Completeness
from sonoassist.gui.action_set import ActionSet
from sonoassist.gui.confidence_panel import ConfidencePanel
from sonoassist.gui.curve_panel import CurvePanel
from sonoassist.gui.exam_bar import ExamBar, ExamHead
from sonoassist.gui.frame_times import FrameTimes
from sonoassist.gui.headline import Headline
from sonoassist.gui.manual_items import ManualItems
from sonoassist.gui.plane_list import PlaneList
from sonoassist.gui.scrolling import ColumnArea
from sonoassist.gui.splash import DISCLAIMER
from sonoassist.gui.still_to_find import StillToFind
from sonoassist.gui.strip import Strip
from sonoassist.gui.theme import Look
from sonoassist.gui.threshold_words import threshold_hint, threshold_text
from sonoassist.gui.timing import TimingPanel
from sonoassist.gui.transport import Transport
from sonoassist.gui.viewport import Viewport
from sonoassist.live.status import SessionStatus
from sonoassist.model.card import Card, threshold_of

WIDE_SIDE_PX = 430
WIDE_PX = 1700
SIDE_PX = 360
NARROW_SIDE_PX = 260
NARROW_PX = 1300
LOW_PX = 620
"""A page lower than this (at scale 1) has lower curves, and no strip while they are shown."""
CURVES_PX, LOW_CURVES_PX = 236, 170


class LivePage(QWidget):
    """Arranges the widgets of the live page; it decides nothing."""

    def __init__(self, look: Look, actions: ActionSet) -> None:
        super().__init__()
        self.setObjectName("page")
        self._look = look
        self._full_screen = False
        self.headline = Headline(look)
        self.viewport = Viewport(look)
        self.strip = Strip(look)
        self.transport = Transport(look, actions)
        self.planes = PlaneList(look)
        self.times = FrameTimes()
        self.timing = TimingPanel(look, self.times)
        self.confidences = ConfidencePanel(look)
        self._curves: tuple[CurvePanel, ...] = (self.confidences, self.timing)
        self.head = ExamHead(look)
        self.manual = ManualItems(look)
        self.exam_bar = ExamBar(look, actions)
        self.still_to_find = StillToFind(look)
        self._exam_runs = False
        self._disclaimer = QLabel(DISCLAIMER)
        self._left = QVBoxLayout()
        self._side = QWidget()
        self._side_column = QVBoxLayout(self._side)
        self._list = QWidget()
        self._checklist = QVBoxLayout(self._list)
        self._build()
        self.set_look(look)

    def _build(self) -> None:
        self._left.addWidget(self.headline)
        middle = QHBoxLayout()
        middle.addWidget(self.viewport, 1)
        middle.addWidget(self.still_to_find)
        self._middle = middle
        self._left.addLayout(middle, 1)
        for panel in self._curves:
            self._left.addWidget(panel)
            panel.hide()
        self._left.addWidget(self.strip)
        self._left.addWidget(self.transport)
        self._side.setObjectName("side")
        self._side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._disclaimer.setObjectName("warning")
        self._disclaimer.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._disclaimer.setWordWrap(True)
        self._disclaimer.hide()
        self._side_column.addWidget(self.head)
        self._checklist.setContentsMargins(0, 0, 0, 0)
        self._checklist.addWidget(self.planes, 1)
        self._checklist.addWidget(self.manual)
        self._side_column.addWidget(ColumnArea(self._list), 1)
        self._side_column.addWidget(self.exam_bar)
        self._side_column.addWidget(self._disclaimer)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(self._left, 1)
        row.addWidget(self._side)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        px = look.px
        self._left.setContentsMargins(px(24), px(10), px(24), px(12))
        self._left.setSpacing(px(10))
        self._side_column.setContentsMargins(1, px(14), 0, px(10))  # its left edge is a line
        self._side_column.setSpacing(px(8))
        self._checklist.setSpacing(px(8))
        self._disclaimer.setStyleSheet(f"font-size: {px(12)}px")
        left = (self.headline, self.viewport, self.strip, self.transport)
        right = (self.head, self.planes, self.manual, self.exam_bar, self.still_to_find)
        self._middle.setSpacing(px(14))
        for part in (*left, *right):
            part.set_look(look)
        for panel in self._curves:
            panel.set_look(look)
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """Give the side panel the width that fits."""
        self._fit()

    @property
    def _low(self) -> bool:
        return self.height() < self._look.px(LOW_PX)

    def side_px_of(self, width_px: int) -> int:
        """Width of the column beside the picture on a page that is so wide."""
        wide = width_px / self._look.scale
        side = NARROW_SIDE_PX if wide < NARROW_PX else SIDE_PX if wide < WIDE_PX else WIDE_SIDE_PX
        return self._look.px(side)

    def _fit(self) -> None:
        for panel in self._curves:
            panel.setFixedHeight(self._look.px(LOW_CURVES_PX if self._low else CURVES_PX))
        self._side.setFixedWidth(self.side_px_of(self.width()))
        self._show_missing()

    def show_exam(self, done: Completeness | None) -> None:
        """Show beside the picture what is missing, where there is room for it."""
        self._exam_runs = done is not None
        self.still_to_find.show_exam(done)
        self._show_missing()

    def _show_missing(self) -> None:
        wide = self.width() / self._look.scale >= WIDE_PX
        self.still_to_find.setVisible(self._exam_runs and wide)

    def apply(self, settings: Settings, card: Card | None) -> None:
        """Show what the settings ask for, with the model that runs."""
        self.viewport.show_box = settings.show_box
        self.viewport.show_heat = settings.show_heat
        self.viewport.show_crop = settings.show_crop
        self.viewport.guided_heat = settings.guided_heat
        self.viewport.update()
        self.planes.set_threshold(threshold_of(settings, card))
        self.head.rule.setText(f"{settings.label} · {threshold_text(settings, card)}")
        self.head.rule.setToolTip(threshold_hint(settings, card))

    def toggle(self, panel: CurvePanel) -> None:
        """Show or hide curves under the picture; they take each other's place."""
        for one in self._curves:
            one.setVisible(one is panel and one.isHidden())

    def set_full_screen(self, on: bool) -> None:
        """Leave only headline, picture and planes; the disclaimer moves under the planes."""
        self._full_screen = on
        self._disclaimer.setVisible(on)
        self.exam_bar.setVisible(not on)

    def show_source(self, status: SessionStatus, frozen: bool) -> None:
        """Show the strip and the transport that the source needs."""
        source = status.source
        several = source is not None and (source.live or (source.frame_count or 1) > 1)
        crowded = self._low and not all(panel.isHidden() for panel in self._curves)
        self.strip.setVisible(several and not self._full_screen and not crowded)
        self.transport.setVisible(source is not None and (frozen or not self._full_screen))
        recording = source is not None and not source.live
        self.strip.set_source(seekable=recording, stills=source is not None and source.stills)
