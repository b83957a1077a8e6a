"""The table of all trainees: sorted by a click, nicknames stay while the rest is scrolled."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QModelIndex, QRect, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from sonoassist.core.planes import BY_KEY
from sonoassist.gui.practice.trainee_columns import (
    LAST,
    TRAINEE_COLUMNS,
    TraineeColumn,
    sorted_rows,
)
from sonoassist.gui.theme import Look
from sonoassist.practice.overview import TraineeRow

BAND_PX, PAD_PX, ARROW_PX = 4, 6, 12
HEAD_PX, CELL_PX = 14, 17
TEXT_MARGIN_PX = 3
"""The style leaves so much beside the text of a cell."""
LONGEST_NAME_PX = 220
"""A nickname is cut there, and is whole in its tooltip."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TraineeHead(QHeaderView):
    """The heads of the columns; those of planes have a band in its colour."""

    def __init__(self, look: Look, over: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, over)
        self._look = look
        self.setStretchLastSection(False)
        self.setMinimumSectionSize(1)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setFixedHeight(self._height())
        self.update()

    def _height(self) -> int:
        line = QFontMetrics(self._look.font(HEAD_PX, bold=True)).lineSpacing()
        return 2 * line + self._look.px(BAND_PX + 2 * PAD_PX)

    def sizeHint(self) -> QSize:
        """Two lines of text and the band."""
        return QSize(super().sizeHint().width(), self._height())

    def needed_px(self, column: int) -> int:
        """How wide a head is: its longest word, room for the arrow, and air."""
        metrics = QFontMetrics(self._look.font(HEAD_PX, bold=True))
        words = TRAINEE_COLUMNS[column].title.split()
        longest = max(metrics.horizontalAdvance(word) for word in words)
        return longest + self._look.px(ARROW_PX + 2 * PAD_PX) + 2 * TEXT_MARGIN_PX + 2

    def paintSection(self, painter: QPainter | None, rect: QRect, column: int) -> None:
        """Paint band, words and, where it is sorted by this column, an arrow."""
        if painter is None:
            return
        look, of = self._look, TRAINEE_COLUMNS[column]
        painter.save()
        painter.fillRect(rect, look.colour("panel"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, look.colour("line"))
        band = look.px(BAND_PX)
        if of.plane:
            colour = QColor(BY_KEY[of.plane].colour)
            painter.fillRect(rect.left() + 1, rect.top(), rect.width() - 2, band, colour)
        pad, arrow = look.px(PAD_PX) + TEXT_MARGIN_PX, look.px(ARROW_PX)
        inside = rect.adjusted(pad, band, -pad, 0)
        first = column == 0
        chosen = column == self.sortIndicatorSection()
        painter.setFont(look.font(HEAD_PX, bold=True))
        painter.setPen(look.colour("text" if chosen or of.plane else "muted"))
        words = inside.adjusted(0, 0, -arrow, 0) if first else inside.adjusted(arrow, 0, 0, 0)
        flags = (_LEFT if first else _RIGHT) | Qt.TextFlag.TextWordWrap
        painter.drawText(words, flags, of.title)
        if chosen:
            written = painter.boundingRect(words, flags, of.title)
            left = written.right() if first else written.left() - arrow
            beside = QRect(left, rect.top() + band, arrow, rect.height() - band)
            rising = self.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
            painter.setPen(look.colour("accent"))
            painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, "▴" if rising else "▾")
        painter.restore()


class _Cells(QStyledItemDelegate):
    """Cells without a frame for the keyboard: the whole row is chosen."""

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is not None:
            option.state &= ~QStyle.StateFlag.State_HasFocus


class _Rows(QTreeView):
    """A view of the rows without a tree."""

    def __init__(self, look: Look, over: QWidget | None = None) -> None:
        super().__init__(over)
        self.head = TraineeHead(look, self)
        self.setHeader(self.head)
        # The view has just taken both away.
        self.head.setSectionsClickable(True)
        self.head.setSortIndicatorShown(True)
        self.setItemDelegate(_Cells(self))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)


class TraineeTable(_Rows):
    """A row a trainee; a click on a head sorts, another one turns the order round."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._look = look
        self._given: tuple[TraineeRow, ...] = ()
        self.rows: tuple[TraineeRow, ...] = ()
        self.cells = QStandardItemModel(0, len(TRAINEE_COLUMNS), self)
        self.setModel(self.cells)
        self.setAccessibleName("All trainees")
        self.names = _Rows(look, self)  # lies over the first column, and is not scrolled aside
        self._lay_names()
        self.head.setSortIndicator(LAST, Qt.SortOrder.DescendingOrder)
        self.names.head.setSortIndicator(LAST, Qt.SortOrder.DescendingOrder)
        self.head.sortIndicatorChanged.connect(lambda _column, _order: self._sort())
        self.names.head.sectionClicked.connect(lambda _column: self._turn_names())
        self.set_look(look)

    def _lay_names(self) -> None:
        names, off = self.names, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        names.setModel(self.cells)
        names.setSelectionModel(self.selectionModel())
        names.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        names.setHorizontalScrollBarPolicy(off)
        names.setVerticalScrollBarPolicy(off)
        names.setObjectName("names")
        names.head.setSortIndicatorClearable(False)
        for column in range(1, len(TRAINEE_COLUMNS)):
            names.setColumnHidden(column, True)
        own, theirs = self.verticalScrollBar(), names.verticalScrollBar()
        assert own is not None
        assert theirs is not None
        own.valueChanged.connect(theirs.setValue)
        theirs.valueChanged.connect(own.setValue)

    # -- order -----------------------------------------------------------------------------

    def sort_by(self, column: int, *, falling: bool) -> None:
        """Sort by a column."""
        orders = Qt.SortOrder
        self.head.setSortIndicator(
            column, orders.DescendingOrder if falling else orders.AscendingOrder
        )

    def _turn_names(self) -> None:
        """The head of the nicknames was clicked: it is that of the names that lies there."""
        rising = self.head.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
        self.sort_by(0, falling=self.head.sortIndicatorSection() == 0 and rising)

    def _sort(self) -> None:
        head, names = self.head, self.names.head
        column, order = head.sortIndicatorSection(), head.sortIndicatorOrder()
        names.setSortIndicator(column, order)
        falling = order is Qt.SortOrder.DescendingOrder
        chosen = self.chosen
        self.rows = sorted_rows(self._given, column, falling=falling)
        self._fill()
        self._choose(chosen)
        head.viewport().update()  # type: ignore[union-attr]
        names.viewport().update()  # type: ignore[union-attr]

    @property
    def chosen(self) -> str:
        """Nickname of the row that is chosen, or ""."""
        selected = self.selectionModel()  # the keyboard's place alone chooses nothing
        rows = selected.selectedRows() if selected is not None else []
        return self.rows[rows[0].row()].trainee if rows else ""

    def _choose(self, trainee: str) -> None:
        """The row that was chosen stays chosen, wherever it is now."""
        for at, row in enumerate(self.rows):
            if row.trainee == trainee:
                self.setCurrentIndex(self.cells.index(at, 0))

    # -- contents --------------------------------------------------------------------------

    def show_rows(self, rows: Sequence[TraineeRow]) -> None:
        """Show these trainees, in the order that was chosen last."""
        self._given = tuple(rows)
        self._sort()
        self._fit()

    def _fill(self) -> None:
        model = self.cells
        model.removeRows(0, model.rowCount())
        model.setHorizontalHeaderLabels([one.title for one in TRAINEE_COLUMNS])
        for column, one in enumerate(TRAINEE_COLUMNS):
            model.setHeaderData(
                column, Qt.Orientation.Horizontal, one.about, Qt.ItemDataRole.ToolTipRole
            )
        for row in self.rows:
            model.appendRow([self._cell(one, row) for one in TRAINEE_COLUMNS])

    def _cell(self, column: TraineeColumn, row: TraineeRow) -> QStandardItem:
        cell = QStandardItem(column.text(row))
        first = column is TRAINEE_COLUMNS[0]
        cell.setTextAlignment(_LEFT if first else _RIGHT)
        cell.setToolTip(row.trainee if first else f"{row.trainee}: {column.about}")
        return cell

    # -- size ------------------------------------------------------------------------------

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        size, line = look.px(CELL_PX), look.colour("line").name()
        # The names have an edge only where the other columns go on behind them.
        self.setStyleSheet(
            f"QTreeView {{ font-size: {size}px; }}"
            f" QTreeView::item {{ padding: {look.px(7)}px {look.px(PAD_PX)}px; }}"
            f" QTreeView::item:hover {{ background: transparent; }}"
            f" QTreeView::item:selected {{ background: {look.colour('accent').name()}; }}"
            " QTreeView::corner { background: transparent; border: 0; }"
            f" QTreeView#names {{ border: 0; border-right: 1px solid {line}; border-radius: 0; }}"
        )
        self.head.set_look(look)
        self.names.head.set_look(look)
        self._fit()

    def _fit(self) -> None:
        """As wide as heads and cells need, and wider where there is room."""
        self.ensurePolished()
        needed = [self._needed_px(column) for column in range(len(TRAINEE_COLUMNS))]
        inner = self.viewport()
        spare = max((inner.width() if inner is not None else 0) - sum(needed), 0)
        for column, wide in enumerate(needed):
            self.setColumnWidth(column, wide + spare // len(needed))
        self._place_names()

    def _needed_px(self, column: int) -> int:
        cells = (self.cells.index(row, column) for row in range(self.cells.rowCount()))
        widest = max((self.sizeHintForIndex(cell).width() for cell in cells), default=0)
        if column == 0:
            widest = min(widest, self._look.px(LONGEST_NAME_PX))
        return max(self.head.needed_px(column), widest + 2)

    def resizeEvent(self, event: object) -> None:
        """Wider columns where there is room."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._fit()

    def _place_names(self) -> None:
        frame, inner = self.frameWidth(), self.viewport()
        high = inner.height() if inner is not None else 0
        self.names.setColumnWidth(0, self.columnWidth(0))
        self.names.setGeometry(frame, frame, self.columnWidth(0), high + self.head.height())
