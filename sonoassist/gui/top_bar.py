"""The bar at the top: pages, sources, choices of the analysis, and the window."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QAction, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from sonoassist.gui.action_set import ActionSet, tip
from sonoassist.gui.actions import BY_ACT
from sonoassist.gui.acts import Act
from sonoassist.gui.controls import KeyButton
from sonoassist.gui.page import Page
from sonoassist.gui.theme import Look

_TABS = (
    (Page.LIVE, Act.PAGE_LIVE),
    (Page.REVIEW, Act.PAGE_REVIEW),
    (Page.PRACTICE, Act.PAGE_PRACTICE),
)
_SOURCES = (Act.OPEN_FILE, Act.OPEN_FOLDER, Act.DEVICES, Act.STREAM)
_CHOICES = (Act.MODELS, Act.ENGINES, Act.CROPS, Act.DISPLAY, Act.EXAM_MENU)
_WINDOW = (Act.FULL_SCREEN, Act.SETTINGS, Act.HELP)


class PageTab(QWidget):
    """Name of a page, underlined for the one shown.

    Args:
        action: Shows the page.
        act: Its row in the table.
        look: Theme and size.
    """

    def __init__(self, action: QAction, act: Act, look: Look) -> None:
        super().__init__()
        self._action = action
        self._name = BY_ACT[act].short
        self._current = False
        self._act = act
        self.setAccessibleName(self._name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setToolTip(tip(self._act, look.keys))
        wide = QFontMetricsF(look.font(14)).horizontalAdvance(self._name)
        self.setFixedWidth(round(wide) + look.px(24))
        self.update()

    def set_current(self, on: bool) -> None:
        """Underline it, or not."""
        if on != self._current:
            self._current = on
            self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Show the page."""
        self._action.trigger()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the name."""
        painter = QPainter(self)
        painter.setFont(self._look.font(14))
        painter.setPen(self._look.colour("text" if self._current else "muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._name)
        if self._current:
            high, inset = self._look.px(2), self._look.px(8)
            line = QRectF(inset, self.height() - high, self.width() - 2 * inset, high)
            painter.fillRect(line, self._look.colour("accent"))
        painter.end()


class TopBar(QWidget):
    """Arranges the tabs and the buttons of the table's actions."""

    def __init__(self, look: Look, actions: ActionSet) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._name = QLabel("SonoAssist")
        self._tabs = {page: PageTab(actions[act], act, look) for page, act in _TABS}
        self._buttons: dict[Act, KeyButton] = {}
        self._look = look
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._name)
        for tab in self._tabs.values():
            self._row.addWidget(tab)
        self._row.addStretch(1)
        for group in (_SOURCES, _CHOICES, _WINDOW):
            for act in group:
                self._add(act, actions)
            if group is not _WINDOW:
                self._row.addStretch(1)
        self.set_look(look)

    def _add(self, act: Act, actions: ActionSet) -> None:
        button = KeyButton(actions[act], act, self._look, icon_only=act in _WINDOW)
        self._buttons[act] = button
        self._row.addWidget(button)

    def show_page(self, page: Page) -> None:
        """Underline the page that is shown."""
        for one, tab in self._tabs.items():
            tab.set_current(one is page)

    def tab(self, page: Page) -> PageTab:
        """The tab of a page."""
        return self._tabs[page]

    def button(self, act: Act) -> KeyButton:
        """The button of an action, to open its menu under."""
        return self._buttons[act]

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setFixedHeight(look.px(46))
        self._row.setContentsMargins(look.px(16), 0, look.px(12), 0)
        self._row.setSpacing(look.px(2))
        self._name.setStyleSheet(
            f"font-weight: 600; font-size: {look.px(16)}px; padding-right: {look.px(12)}px"
        )
        parts: list[PageTab | KeyButton] = [*self._tabs.values(), *self._buttons.values()]
        for part in parts:
            part.set_look(look)
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """Show as much as there is room for."""
        self._fit()

    def _fit(self) -> None:
        """Keys on the buttons where there is room; else they are in the tooltips and menus."""
        needed = self.width() / self._look.scale
        for act, button in self._buttons.items():
            button.show_key(needed >= 1620 or (act in _WINDOW and needed >= 1360))
            button.show_icon(needed >= 1200)
