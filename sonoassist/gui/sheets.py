"""Sheets: cards that lie over the window (help, settings, a question) until Esc or a click."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from sonoassist.gui.actions import ACTIONS
from sonoassist.gui.acts import Act, Group, Place
from sonoassist.gui.elided import ElidedLabel
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.page import HasHelp
from sonoassist.gui.scrolling import ColumnArea
from sonoassist.gui.theme import Look, help_file


class Sheet(QWidget):
    """A dimmed window with a card in its middle.

    Args:
        over: The window it lies on.
        look: Theme and size.
        title: Of the card.
        wide_px: Width of the card for a window 1080 px high.

    Signals:
        closed: It wants to go away.
    """

    closed = pyqtSignal()

    def __init__(self, over: QWidget, look: Look, title: str, wide_px: int) -> None:
        super().__init__(over)
        self._over = over
        self._look = look
        self.gone = False
        """It was closed; what comes of its work is told otherwise."""
        self._wide_px = wide_px
        self.card = QFrame(self)
        self.card.setObjectName("card")
        column = QVBoxLayout(self.card)
        column.setContentsMargins(look.px(28), look.px(22), look.px(28), look.px(24))
        column.setSpacing(look.px(12))
        self._inside = QWidget()
        self.body = QVBoxLayout(self._inside)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(look.px(12))
        self.head = head = QHBoxLayout()
        label = ElidedLabel(title, "heading")
        close = QPushButton(f"Close  {look.keys.text(Act.LEAVE)}")
        close.setObjectName("flat")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.closed)
        head.addWidget(label, 1)
        head.addStretch()
        head.addWidget(close)
        column.addLayout(head)
        self._column_area = ColumnArea(self._inside)
        column.addWidget(self._column_area, 1)
        over.installEventFilter(self)
        self._inside.installEventFilter(self)

    def open(self) -> None:
        """Show it."""
        self._place()
        self.show()
        self._place()  # only now the sizes of what it holds are those of its style
        self.raise_()
        self.setFocus()

    def _place(self) -> None:
        self.setGeometry(self._over.rect())
        wide = min(self._look.px(self._wide_px), self.width() - 2 * self._look.px(24))
        most = self._most_px()
        self.card.setFixedWidth(wide)
        self.card.setMaximumHeight(most)
        wanted = self._high_px(wide)
        high = min(wanted, most)
        # A bar that was there once would stay: beside it the words need more lines.
        policies = Qt.ScrollBarPolicy
        needed = policies.ScrollBarAsNeeded if wanted > most else policies.ScrollBarAlwaysOff
        self._column_area.setVerticalScrollBarPolicy(needed)
        self.card.resize(wide, high)
        self.card.move((self.width() - wide) // 2, (self.height() - high) // 2)

    def _most_px(self) -> int:
        """As high as the card may be: the line below has notices, and is seen."""
        return self._over.height() - 2 * self._look.px(12)

    def _high_px(self, wide: int) -> int:
        """As high as the card is with all that it holds, at a width."""
        column = self.card.layout()
        assert column is not None
        for layout in (column, self.body):
            layout.activate()  # rows in rows keep their old sizes until then
        margins, edge = column.contentsMargins(), self.card.contentsMargins()
        inner = wide - margins.left() - margins.right() - edge.left() - edge.right()
        body = self.body.heightForWidth(inner) if self.body.hasHeightForWidth() else 0
        return self._frame_px() + max(body, self._inside.sizeHint().height())

    def _frame_px(self) -> int:
        """What of the card's height is round the body: its head and its margins."""
        column = self.card.layout()
        assert column is not None
        margins, edge = column.contentsMargins(), self.card.contentsMargins()
        head = self.head.sizeHint().height() + column.spacing()
        return sum((edge.top(), margins.top(), head, margins.bottom(), edge.bottom()))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the size of the window, and of what the card holds."""
        kind = event.type() if event is not None else None
        resized = watched is self._over and kind is QEvent.Type.Resize
        changed = watched is self._inside and kind is QEvent.Type.LayoutRequest
        if resized or (changed and self.isVisible()):
            self._place()
        return False

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab stays in the card: what lies below it must not get the keys."""
        stops = self._tab_stops()
        if stops:
            now = QApplication.focusWidget()
            at = stops.index(now) if now in stops else (-1 if next else 0)
            reasons = Qt.FocusReason
            reason = reasons.TabFocusReason if next else reasons.BacktabFocusReason
            stops[(at + (1 if next else -1)) % len(stops)].setFocus(reason)
        return True

    def _tab_stops(self) -> list[QWidget]:
        """What Tab comes to, in its order."""
        found: list[QWidget] = []
        one = self.nextInFocusChain()
        while one is not None and one is not self:
            by_tab = one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.focusProxy() is None
            if by_tab and one.isEnabled() and one.isVisible() and self.isAncestorOf(one):
                found.append(one)
            one = one.nextInFocusChain()
        return found

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """A click beside the card closes it."""
        if event is not None and not self.card.geometry().contains(event.position().toPoint()):
            self.closed.emit()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Dim the window."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 140))
        painter.end()


_COLUMNS = (
    (Group.FREEZE, Group.PRACTICE, Group.SOURCE),
    (Group.REVIEW, Group.EXAM, Group.CHOICES),
    (Group.PLANES, Group.DISPLAY, Group.WINDOW),
)


class HelpSheet(Sheet):
    """Every key, made from the table of actions, and a page of help.

    Args:
        over: The window it lies on.
        look: Theme and size.
        page: The page that is shown, where it has keys of its own; None for the live page.

    Signals:
        keys_asked: The user wants to change keys.
    """

    keys_asked = pyqtSignal()

    def __init__(self, over: QWidget, look: Look, page: HasHelp | None = None) -> None:
        super().__init__(over, look, "Keys and help", 1560)
        change = QPushButton(f"Change the keys…  {look.keys.text(Act.KEYS)}".rstrip())
        change.setObjectName("flat")
        change.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        change.clicked.connect(self.keys_asked)
        self.head.insertWidget(2, change)
        self._page = page
        inside = QWidget()
        parts = QHBoxLayout()
        parts.setSpacing(look.px(36))
        for column in self._columns():
            parts.addLayout(column, 3)
        # Beside the keys where there is room, else under them.
        beside = over.width() >= look.px(1500)
        whole = QHBoxLayout(inside) if beside else QVBoxLayout(inside)
        whole.setContentsMargins(0, 0, look.px(8), 0)
        whole.setSpacing(look.px(36))
        whole.addLayout(parts, 9)
        whole.addWidget(self._text(), 4)
        # The height that wrapped texts need is told a little too low: this gives way first.
        whole.addItem(
            QSpacerItem(0, look.px(48), QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        )
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        self._area, self._keys_and_text = area, inside
        self.setFocusProxy(area)  # so that the arrows scroll where the window is low
        self.body.addWidget(area)

    def _place(self) -> None:
        """As high as its columns are in their style and at their width."""
        inside, most = self._keys_and_text, self._most_px() - self._frame_px()
        wide = self._area.viewport().width()  # type: ignore[union-attr]
        wanted = max(inside.sizeHint().height(), inside.heightForWidth(wide))
        self._area.setMinimumHeight(min(wanted + self._look.px(48), most))
        super()._place()

    @property
    def _place_of_keys(self) -> Place:
        return Place.LIVE if self._page is None else self._page.place

    def _columns(self) -> list[QVBoxLayout]:
        columns = [list(some) for some in _COLUMNS]
        min(columns, key=lambda some: sum(map(self._rows_of, some))).append(Group.ANALYSIS)
        return [
            self._keys([(one.value, self._of_group(one)) for one in some if self._of_group(one)])
            for some in columns
        ]

    def _rows_of(self, group: Group) -> int:
        """A heading needs as much as a row."""
        rows = len(self._of_group(group))
        return rows + 1 if rows else 0

    def _of_group(self, group: Group) -> list[tuple[str, str]]:
        """(key, text) of the actions of a group that the page has."""
        keys, place = self._look.keys, self._place_of_keys
        found = (one for one in ACTIONS if one.is_on(place) and one.group_on(place) is group)
        return [(keys.text(one.act) or "–", one.text_on(place)) for one in found]

    def _keys(self, parts: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(self._look.px(10))
        for heading, keys in parts:
            title = QLabel(heading)
            title.setObjectName("section")
            column.addWidget(title)
            grid = QGridLayout()
            grid.setVerticalSpacing(self._look.px(4))
            grid.setHorizontalSpacing(self._look.px(14))
            grid.setColumnMinimumWidth(0, self._look.px(96))
            grid.setColumnStretch(1, 1)
            for row, (key, text) in enumerate(keys):
                grid.addWidget(self._key(key), row, 0, Qt.AlignmentFlag.AlignLeft)
                words = QLabel(text)
                words.setWordWrap(True)
                grid.addWidget(words, row, 1)
            column.addLayout(grid)
            column.addSpacing(self._look.px(8))
        column.addStretch(1)
        return column

    def _key(self, text: str) -> QLabel:
        key = QLabel(text)
        palette, px = self._look.palette, self._look.px
        key.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        key.setStyleSheet(
            f"background: {palette.raised}; border: 1px solid {palette.line};"
            f" border-radius: {px(4)}px; padding: 1px {px(7)}px; font-size: {px(12)}px"
        )
        return key

    def _text(self) -> QLabel:
        names = ("live", "practice") if self._page is None else (self._page.help_name,)
        files = (help_file(f"{name}.md").read_text(encoding="utf-8") for name in names)
        pages = [help_text(text, self._look.keys) for text in files]
        text = QLabel("\n".join(pages))
        text.setTextFormat(Qt.TextFormat.MarkdownText)
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignTop)
        text.setMinimumWidth(self._look.px(280))
        return text


def help_text(text: str, keys: Keymap) -> str:
    """A help text with the keys in it: "{freeze}" stands for the key of that action."""
    return text.format_map({act.value: keys.text(act) or "–" for act in Act})


class AskSheet(Sheet):
    """Asks for one line of text.

    Signals:
        answered: The line was given; arg: the text.
    """

    answered = pyqtSignal(str)

    def __init__(
        self,
        over: QWidget,
        look: Look,
        *,
        title: str,
        text: str,
        example: str,
        button: str,
        now: str = "",
        may_be_empty: bool = False,
    ) -> None:
        super().__init__(over, look, title, 620)
        words = QLabel(text)
        words.setObjectName("muted")
        words.setWordWrap(True)
        self._may_be_empty = may_be_empty
        self.line = QLineEdit(now)
        self.line.setPlaceholderText(example)
        self.line.returnPressed.connect(self._answer)
        go = QPushButton(button)
        go.setObjectName("main")
        go.clicked.connect(self._answer)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(go)
        self.body.addWidget(words)
        self.body.addLayout(row)

    def open(self) -> None:
        """Show it, ready to type."""
        super().open()
        self.line.setFocus()

    def _answer(self) -> None:
        text = self.line.text().strip()
        if text or self._may_be_empty:
            self.closed.emit()
            self.answered.emit(text)
