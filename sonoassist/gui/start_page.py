"""The page before a source is chosen: recent sources, devices, opening, the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sonoassist.gui.action_set import ActionSet
from sonoassist.gui.actions import BY_ACT
from sonoassist.gui.acts import Act
from sonoassist.gui.controller import Controller
from sonoassist.gui.elided import ElidedButton
from sonoassist.gui.ports import ModelEntry
from sonoassist.gui.screens import LOADING
from sonoassist.gui.splash import ABOUT, DISCLAIMER
from sonoassist.gui.theme import Look
from sonoassist.live.status import ModelState, SessionStatus
from sonoassist.model.card import DEFAULT_ARCHITECTURE
from sonoassist.sources import kind_of

MAX_RECENT_SHOWN = 6
_OPENERS = (
    Act.OPEN_FILE,
    Act.OPEN_FOLDER,
    Act.DEVICES,
    Act.STREAM,
    Act.DEMO,
    Act.PAGE_REVIEW,
    Act.PAGE_PRACTICE,
    Act.EXAMS,
)


def is_missing(spec: str) -> bool:
    """Whether a recent source is a file or folder that is not there any more."""
    path = kind_of(spec).path(spec)
    try:
        return path is not None and not path.exists()
    except OSError:
        return True


def recent_text(spec: str) -> tuple[str, str]:
    """A recent source as (name, where)."""
    kind = kind_of(spec)
    return kind.short_name(spec), kind.place(spec)


def shortened(where: str, most: int = 34) -> str:
    """A folder's path, shortened at its front to at most so many letters."""
    return where if len(where) <= most else f"…{where[1 - most :]}"


def model_words(status: SessionStatus, entries: Sequence[ModelEntry]) -> tuple[str, str]:
    """The model card's two lines: what runs, and what is not installed."""
    running = {
        ModelState.MISSING: "No model is installed.",
        ModelState.LOADING: status.model_message or LOADING,
        ModelState.FAILED: f"No model runs: {status.model_message}".rstrip(": "),
        ModelState.READY: "A model runs.",
    }[status.model_state]
    if status.card is not None and status.model_state is ModelState.READY:
        running = f"{status.card.title} ({status.card.domain}) runs."
    wanted = next((one for one in entries if one.name == DEFAULT_ARCHITECTURE), None)
    missing = ""
    if wanted is not None and not wanted.installed:
        missing = f"{wanted.title}, the recommended one, is not installed."
    return running, missing


class StartPage(QWidget):
    """Everything to begin with, in reach of one click or key."""

    def __init__(self, controller: Controller, actions: ActionSet, look: Look) -> None:
        super().__init__()
        self.setObjectName("page")
        self._controller = controller
        self._actions = actions
        self._look = look
        self._status: SessionStatus | None = None
        self._entries: Sequence[ModelEntry] = ()
        self._body: QScrollArea | None = None
        self._frame = QVBoxLayout(self)
        self._frame.setContentsMargins(0, 0, 0, 0)
        controller.devices_changed.connect(self._fill_devices)
        controller.models_changed.connect(self.refresh_models)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size: the page is built anew."""
        self._look = look
        if self._body is not None:
            self._frame.removeWidget(self._body)
            self._body.deleteLater()
        self._body = QScrollArea()
        self._body.setWidgetResizable(True)
        self._body.setFrameShape(QFrame.Shape.NoFrame)
        self._body.setWidget(self._build())
        self._frame.addWidget(self._body)
        self.refresh()

    # -- building --------------------------------------------------------------------------

    def _build(self) -> QWidget:
        px = self._look.px
        inside = QWidget()
        outer = QHBoxLayout(inside)
        outer.setContentsMargins(px(32), px(24), px(32), px(24))
        outer.addStretch(1)
        middle = QWidget()
        middle.setMaximumWidth(px(1180))
        middle.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        outer.addWidget(middle, 1000)
        outer.addStretch(1)
        column = QVBoxLayout(middle)
        column.setSpacing(px(8))
        column.addStretch(1)
        self._add_titles(column)
        column.addSpacing(px(20))
        grid = QGridLayout()
        grid.setSpacing(px(18))
        grid.addWidget(self._openers(), 0, 0)
        grid.addWidget(self._recent_card(), 0, 1)
        grid.addWidget(self._device_card(), 1, 0)
        grid.addWidget(self._model_card(), 1, 1)
        grid.setColumnStretch(0, 4)
        grid.setColumnStretch(1, 5)
        column.addLayout(grid)
        column.addStretch(2)
        return inside

    def _add_titles(self, column: QVBoxLayout) -> None:
        title = QLabel("SonoAssist")
        title.setObjectName("title")
        about = QLabel(ABOUT)
        about.setObjectName("muted")
        warning = QLabel(DISCLAIMER)
        warning.setObjectName("warning")
        for label in (title, about, warning):
            column.addWidget(label)

    def _card(self, title: str) -> tuple[QFrame, QVBoxLayout]:
        card = QFrame()
        card.setObjectName("card")
        column = QVBoxLayout(card)
        px = self._look.px
        column.setContentsMargins(px(20), px(16), px(20), px(18))
        column.setSpacing(px(4))
        head = QLabel(title)
        head.setObjectName("section")
        column.addWidget(head)
        column.addSpacing(px(4))
        return card, column

    def _openers(self) -> QFrame:
        card, column = self._card("Open")
        for act in _OPENERS:
            absent = act is Act.DEMO and self._controller.services.demo is None
            text = "The demo exam is not part of this build" if absent else BY_ACT[act].text
            key = "" if absent else self._look.keys.text(act)
            button = self._row_button(text, key, self._actions[act].trigger)
            button.setIcon(self._look.icon(BY_ACT[act].icon, "accent"))
            button.setEnabled(not absent)
            column.addWidget(button)
        column.addStretch(1)
        return card

    def _row_button(self, text: str, right: str, do: Callable[[], None]) -> QPushButton:
        button = ElidedButton(text, right, self._look.px(12))
        button.setObjectName("row")
        button.setIconSize(QSize(self._look.px(18), self._look.px(18)))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda _checked=False: do())
        return button

    def _with_key(self, text: str, act: Act) -> str:
        return f"{text}   {self._look.keys.text(act)}".rstrip()

    def _recent_card(self) -> QFrame:
        card, column = self._card("Recent")
        self._recent = QVBoxLayout()
        self._recent.setSpacing(self._look.px(4))
        column.addLayout(self._recent)
        column.addStretch(1)
        return card

    def _device_card(self) -> QFrame:
        card, column = self._card("Devices")
        self._devices = QVBoxLayout()
        self._devices.setSpacing(self._look.px(4))
        column.addLayout(self._devices)
        column.addStretch(1)
        return card

    def _model_card(self) -> QFrame:
        card, column = self._card("Model")
        self._running, self._missing = QLabel(), QLabel()
        self._missing.setObjectName("muted")
        for label in (self._running, self._missing):
            label.setWordWrap(True)
            column.addWidget(label)
        self._install = QPushButton(self._with_key("Install SonoNet-32", Act.INSTALL))
        self._install.setObjectName("main")
        self._install.clicked.connect(lambda _checked=False: self._actions[Act.INSTALL].trigger())
        add = QPushButton(self._with_key("Add weights file…", Act.ADD_WEIGHTS))
        add.clicked.connect(lambda _checked=False: self._actions[Act.ADD_WEIGHTS].trigger())
        row = QHBoxLayout()
        row.setSpacing(self._look.px(10))
        for button in (self._install, add):
            row.addWidget(button)
        row.addStretch(1)
        column.addSpacing(self._look.px(8))
        column.addLayout(row)
        column.addStretch(1)
        return card

    # -- contents --------------------------------------------------------------------------

    def refresh(self) -> None:
        """Fill everything."""
        self._fill_recent()
        self._fill_devices()
        self.refresh_models()

    def _fill_recent(self) -> None:
        _clear(self._recent)
        for spec in self._controller.settings.recent[:MAX_RECENT_SHOWN]:
            name, where = recent_text(spec)
            gone = is_missing(spec)
            beside = "not there any more" if gone else where
            button = self._row_button(name, beside, partial(self._controller.open, spec))
            button.setIcon(self._look.icon("recent", "muted"))
            button.setToolTip(spec)
            button.setEnabled(not gone)
            self._recent.addWidget(button)
        if not self._controller.settings.recent:
            self._recent.addWidget(_muted("What you open appears here."))

    def _fill_devices(self) -> None:
        _clear(self._devices)
        names = self._controller.devices
        for name in names or ():
            button = self._row_button(name, "", partial(self._controller.open, f"device:{name}"))
            button.setIcon(self._look.icon("device", "accent"))
            self._devices.addWidget(button)
        if names is None:
            self._devices.addWidget(_muted("Looking for capture devices …"))
        elif not names:
            self._devices.addWidget(_muted("No capture device found."))
        again = self._row_button("Look again", "", self._controller.look_for_devices)
        again.setIcon(self._look.icon("reconnect", "muted"))
        self._devices.addWidget(again)

    def refresh_models(self) -> None:
        """Read again which models there are."""
        self._entries = self._controller.services.models.entries()
        if self._status is not None:
            self._write_model(self._status)

    def show_status(self, status: SessionStatus) -> None:
        """Say which model runs."""
        self._status = status
        self._write_model(status)

    def _write_model(self, status: SessionStatus) -> None:
        running, missing = model_words(status, self._entries)
        self._running.setText(running)
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        self._install.setVisible(bool(missing))
        self._install.setEnabled(self._controller.installer.progress is None)

    @property
    def model_lines(self) -> tuple[str, str]:
        """What the model card says."""
        return self._running.text(), self._missing.text()

    def rows(self) -> list[QPushButton]:
        """The recent sources, as buttons."""
        return _buttons(self._recent)

    def device_rows(self) -> list[QPushButton]:
        """The devices, as buttons, and the one that looks again."""
        return _buttons(self._devices)


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("muted")
    return label


def _buttons(layout: QVBoxLayout) -> list[QPushButton]:
    items = (layout.itemAt(at) for at in range(layout.count()))
    widgets = (item.widget() for item in items if item is not None)
    return [widget for widget in widgets if isinstance(widget, QPushButton)]


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
