"""The settings as a sheet; each change works at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from sonoassist.core import paths
from sonoassist.core.errors import OutputError, window_text
from sonoassist.core.settings import LEAST_THRESHOLD, MOST_THRESHOLD
from sonoassist.core.wording import sentence
from sonoassist.engines.hardware import FIELDS
from sonoassist.gui.acts import Act
from sonoassist.gui.choices import choices
from sonoassist.gui.controller import Controller
from sonoassist.gui.elided import wrappable
from sonoassist.gui.scrolling import leave_wheel_to_scrolling
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look
from sonoassist.gui.threshold_box import ThresholdBox
from sonoassist.gui.threshold_words import threshold_hint

if TYPE_CHECKING:
    from sonoassist.recordings.cache import AnalysisCache

_CHOICES = (
    ("theme", "Theme"),
    ("label", "Label"),
    ("engine", "Engine"),
    ("precision", "Precision"),
    ("device", "Device"),
    ("localiser", "Boxes are found"),
    ("exam_with_source", "An exam begins"),
)
_SWITCHES = (
    ("show_box", "Draw the box"),
    ("show_heat", "Draw the heat map of the evidence"),
    ("guided_heat", "Use guided gradients for the heat map"),
    ("show_crop", "Draw the outline of the crop"),
    ("every_frame", "Recordings wait for the analysis of every frame"),
    ("loop", "Start recordings again at their end"),
)


class SettingsSheet(Sheet):
    """Threshold, label, theme, engine, freeze memory, display, keys.

    Signals:
        keys_asked: The user wants to change keys.
    """

    keys_asked = pyqtSignal()

    def __init__(self, over: QWidget, look: Look, controller: Controller) -> None:
        super().__init__(over, look, "Settings", 760)
        self._controller = controller
        self._grid = QGridLayout()
        self._grid.setColumnMinimumWidth(0, look.px(190))
        self._grid.setColumnStretch(1, 1)
        self._grid.setHorizontalSpacing(look.px(16))
        self._grid.setVerticalSpacing(look.px(9))
        self.body.addLayout(self._grid)
        self._threshold()
        self._boxes: dict[str, QComboBox] = {}
        for field, title in _CHOICES:
            self._choice(field, title)
        controller.engines.found.connect(self._fill_engines)
        controller.settings_changed.connect(self._fill_engines)
        controller.engines.look()
        self._freeze()
        for field, text in _SWITCHES:
            self._switch(field, text)
        self._results(controller.services.reviews.cache)
        self._keys(look)
        where = QLabel(wrappable(f"Kept in {paths.settings_file()}"))
        where.setToolTip(str(paths.settings_file()))
        where.setObjectName("small")
        where.setWordWrap(True)
        self.body.addWidget(where)

    def _freeze(self) -> None:
        settings, change = self._controller.settings, self._controller.change
        self.history = self._number("Freeze goes back", "", 1, 120, " s", round(settings.history_s))
        self.history.valueChanged.connect(lambda value: change(history_s=float(value)))
        self.memory = self._number(
            "Memory for the freeze",
            "",
            64,
            16384,
            " MiB",
            settings.history_mb,
        )
        self.memory.valueChanged.connect(lambda value: change(history_mb=value))
        self.clip = self._number(
            "Clip of a capture",
            "before and after it, from the next exam on",
            1,
            10,
            " s",
            round(settings.clip_s),
        )
        self.clip.valueChanged.connect(lambda value: change(clip_s=float(value)))

    def _threshold(self) -> None:
        """The threshold in force, and the way back to the model's own."""
        controller = self._controller
        self.threshold = ThresholdBox(controller.shift_threshold)
        self._threshold_said = self._row("Threshold", self.threshold, " ")
        self.models_threshold = QPushButton("The model's own")
        self.models_threshold.setAutoDefault(False)
        self._row("", self.models_threshold)
        self._show_threshold()
        self.threshold.valueChanged.connect(self._set_threshold)
        self.models_threshold.clicked.connect(lambda: controller.change(threshold=None))
        controller.settings_changed.connect(self._show_threshold)

    def _set_threshold(self, value: int) -> None:
        chosen = min(max(value / 100, LEAST_THRESHOLD), MOST_THRESHOLD)
        self._controller.change(threshold=chosen)
        self._show_threshold()

    def _show_threshold(self) -> None:
        controller = self._controller
        with QSignalBlocker(self.threshold):
            self.threshold.show_share(controller.threshold)
        self._threshold_said.setText(threshold_hint(controller.settings, controller.card))
        self.models_threshold.setEnabled(controller.settings.threshold is not None)

    def _keys(self, look: Look) -> None:
        """The way to the sheet on which keys are changed."""
        self.change_keys = QPushButton(f"Change…  {look.keys.text(Act.KEYS)}".rstrip())
        self.change_keys.setAutoDefault(False)
        self.change_keys.clicked.connect(self.keys_asked)
        self._row("Keys", self.change_keys, "of every action, as you like")

    def _results(self, cache: AnalysisCache) -> None:
        """What is kept of recordings, and a button that forgets it."""
        forget = QPushButton("Forget")
        forget.setAutoDefault(False)
        said = QLabel()
        said.setObjectName("small")
        said.setWordWrap(True)

        def tell() -> None:
            size = cache.size_bytes()
            said.setText(
                f"{size / 1e6:.1f} MB: no frame is analysed twice. All of it can be made again"
            )
            forget.setEnabled(size > 0)

        def clear() -> None:
            try:
                cache.clear()
            except OutputError as error:
                said.setText(sentence(window_text(error)))
                return
            tell()

        forget.clicked.connect(clear)
        tell()
        row = self._grid.rowCount()
        self._grid.addWidget(QLabel("Kept results"), row, 0)
        self._grid.addWidget(forget, row, 1)
        self._grid.addWidget(said, row, 2)
        self.forget_results = forget

    def _row(self, title: str, widget: QWidget, hint: str = "") -> QLabel:
        """A setting; returns the label of its hint, which is not shown where there is none."""
        row = self._grid.rowCount()
        self._grid.addWidget(QLabel(title), row, 0)
        self._grid.addWidget(widget, row, 1)
        leave_wheel_to_scrolling(widget)
        small = QLabel(hint)
        small.setObjectName("small")
        small.setWordWrap(True)  # the sheet is narrow, and a hint cut short says nothing
        if hint:
            self._grid.addWidget(small, row, 2)
        return small

    def _number(self, title: str, hint: str, low: int, high: int, unit: str, now: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(low, high)
        box.setSuffix(unit)
        box.setValue(now)
        box.setKeyboardTracking(False)
        self._row(title, box, hint)
        return box

    def _choice(self, field: str, title: str) -> None:
        box = QComboBox()
        box.setObjectName(field)
        take = self._take_engine if field in FIELDS else self._set
        box.activated.connect(lambda at: take(field, box.itemData(at)))
        self._boxes[field] = box
        self._row(title, box)
        self._fill(field)

    def _fill(self, field: str) -> None:
        """The choices of a field that there are, and what is chosen now."""
        settings, box = self._controller.settings, self._boxes[field]
        engines = self._controller.engines
        box.clear()
        for value, text in engines.offered(field, settings) if field in FIELDS else choices(field):
            box.addItem(text, value)
        box.setCurrentIndex(box.findData(str(getattr(settings, field))))

    def _fill_engines(self) -> None:
        for field in FIELDS:
            self._fill(field)

    def _take_engine(self, field: str, value: str) -> None:
        self._controller.choose_engine(field, value)

    def _switch(self, field: str, text: str) -> None:
        box = QCheckBox(text)
        box.setObjectName(field)
        box.setChecked(bool(getattr(self._controller.settings, field)))
        box.toggled.connect(partial(self._set, field))
        self.body.addWidget(box)

    def _set(self, field: str, value: bool | str) -> None:
        self._controller.change(**{field: value})
