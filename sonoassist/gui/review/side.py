"""Beside the picture: what it shows, the candidates, the buttons, all planes, the progress."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from sonoassist.gui.acts import Act
from sonoassist.gui.headline import Headline
from sonoassist.gui.review.buttons import ButtonFlow, DoButton
from sonoassist.gui.review.texts import progress_text
from sonoassist.gui.review.tiles import Tiles
from sonoassist.gui.theme import Look
from sonoassist.recordings.records import Progress, RunState


class OneLine(QLabel):
    """Words in one line, shortened where they do not fit; hidden where there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        # The words must not widen the column.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.hide()

    def show_words(self, words: str) -> None:
        """Show these words; all of them when the mouse rests there."""
        self.words = words
        self.setToolTip(f"<p>{html.escape(words)}</p>" if words else "")
        self.setVisible(bool(words))
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Shorten them anew."""
        self._fit()

    def _fit(self) -> None:
        elide = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self.words, elide, self.width()))


class AnalysisPanel(QWidget):
    """How far the analysis is, with a button that pauses it."""

    def __init__(self, look: Look, pause: Callable[[], None]) -> None:
        super().__init__()
        self.words = QLabel()
        self.words.setObjectName("muted")
        self.words.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.button = DoButton(Act.PAUSE_ANALYSIS, look)
        self.button.clicked.connect(pause)
        column = QVBoxLayout()
        column.addWidget(self.words)
        column.addWidget(self.bar)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addLayout(column, 1)
        self._row.addWidget(self.button)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._row.setSpacing(look.px(12))
        self.button.set_look(look)
        self.button.setFixedSize(self.button.sizeHint())

    def show_progress(self, progress: Progress | None, *, paused: bool) -> None:
        """Say it."""
        self.setVisible(progress is not None)
        if progress is None:
            return
        self.words.setText(progress_text(progress))
        self.bar.setMaximum(max(progress.total, 1))
        self.bar.setValue(progress.done)
        running = progress.state in (RunState.RUNNING, RunState.PAUSED)
        self.bar.setVisible(running)
        failed = progress.state is RunState.FAILED
        self.button.setVisible(running or failed)
        self.button.change("Try again" if failed else "Go on" if paused else "Pause")
        self.button.setFixedSize(self.button.sizeHint())


class ReviewSide(QWidget):
    """Arranges the column; it decides nothing.

    Args:
        look: Theme and size.
        handlers: What the buttons do.
    """

    def __init__(self, look: Look, handlers: Mapping[Act, Callable[[], None]]) -> None:
        super().__init__()
        self.where = QLabel()
        self.where.setObjectName("muted")
        self.where.setWordWrap(True)  # a long name must not widen the column
        self.note = OneLine()
        self.headline = Headline(look)
        self.candidates_title = QLabel()
        self.candidates_title.setObjectName("section")
        self.candidates = Tiles(look, rows=1, most_px=270, name="Candidates")
        self.buttons = ButtonFlow(look, handlers)
        self.planes_title = QLabel("Best frame of each plane")
        self.planes_title.setObjectName("section")
        self.planes = Tiles(look, rows=2, most_px=190, name="Best frame of each plane", over=True)
        self.found = QLabel()
        self.found.setWordWrap(True)
        self.progress = AnalysisPanel(look, handlers[Act.PAUSE_ANALYSIS])
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for part, stretch in (
            (self.where, 0),
            (self.note, 0),
            (self.headline, 0),
            (self.candidates_title, 0),
            (self.candidates, 5),
            (self.buttons, 0),
            (self.planes_title, 0),
            (self.planes, 7),
            (self.found, 0),
            (self.progress, 0),
        ):
            self._column.addWidget(part, stretch)
        self.where.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        for part in (self.headline, self.candidates, self.buttons, self.planes, self.progress):
            part.set_look(look)

    def set_low(self, low: bool) -> None:
        """For a low window: the same in less room, the best frames in one row."""
        self.candidates.set_low(low, 1)
        self.planes.set_low(low, 1 if low else 2)
        self.where.setVisible(not low)
        self.planes_title.setVisible(not low)
        self.headline.setFixedHeight(self._look.px(46 if low else 64))
        self._column.setSpacing(self._look.px(6 if low else 8))
