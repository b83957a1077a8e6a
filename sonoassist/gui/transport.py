"""The bar under the strip: playing a recording, naming a live source, or scrubbing a freeze."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QMenu, QStackedWidget, QWidget

from sonoassist.core.settings import Settings
from sonoassist.gui.action_set import ActionSet
from sonoassist.gui.acts import Act
from sonoassist.gui.controls import KeyButton, Scrubber
from sonoassist.gui.elided import ElidedLabel
from sonoassist.gui.freeze import Freeze
from sonoassist.gui.screens import seconds_back
from sonoassist.gui.theme import Look
from sonoassist.gui.timeline import clock
from sonoassist.live.status import PlayState, SessionStatus

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


def speed_text(factor: float) -> str:
    """A playing speed as it is shown, e.g. "0.25×"."""
    return f"{factor:g}×"


class FixedLabel(QLabel):
    """A label as wide as the widest text it will show: nothing beside it moves with the digits.

    Args:
        widest: That text.
        look: Theme and size.
    """

    def __init__(self, widest: str, look: Look) -> None:
        super().__init__()
        self.widest = widest
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setFont(look.font(13))
        self._size()

    def changeEvent(self, event: QEvent | None) -> None:
        """Measure again: the style sheet, which has its own font, comes after `set_look`."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._size()

    def _size(self) -> None:
        wide = self.fontMetrics().horizontalAdvance(self.widest)
        self.setFixedWidth(wide + self._look.px(8))


class _Bar(QWidget):
    """A row of buttons that hides its keys where it is narrow."""

    def __init__(self, look: Look, actions: ActionSet) -> None:
        super().__init__()
        self._look = look
        self._actions = actions
        self._buttons: list[KeyButton] = []
        self._texts: list[FixedLabel] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(look.px(4))

    def _button(self, act: Act, *, icon_only: bool = False, text: str | None = None) -> KeyButton:
        button = KeyButton(self._actions[act], act, self._look, icon_only=icon_only, text=text)
        self._buttons.append(button)
        self._row.addWidget(button)
        return button

    def _label(self, widest: str, align: Qt.AlignmentFlag) -> FixedLabel:
        label = FixedLabel(widest, self._look)
        label.setAlignment(align | Qt.AlignmentFlag.AlignVCenter)
        self._texts.append(label)
        self._row.addWidget(label)
        return label

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self._row.setSpacing(look.px(4))
        for button in self._buttons:
            button.set_look(look)
        for label in self._texts:
            label.set_look(look)

    def fit(self, width_px: int) -> None:
        """Show as much as there is room for, whatever the font takes."""
        self.set_compact(False)
        self._row.invalidate()
        if self._row.minimumSize().width() > width_px:
            self.set_compact(True)

    def set_compact(self, compact: bool) -> None:
        """Hide the keys on the buttons; the tooltips still have them."""
        for button in self._buttons:
            button.show_key(not compact)


class RecordingBar(_Bar):
    """Play, step, seek, loop, speed."""

    def __init__(self, look: Look, actions: ActionSet) -> None:
        super().__init__(look, actions)
        self._play = self._button(Act.PLAY, icon_only=True)
        steps = [self._button(act, icon_only=True) for act in (Act.BACK, Act.FORWARD)]
        self.seek = Scrubber(look)
        self._row.addWidget(self.seek, 2)
        self.name = ElidedLabel("", "muted")
        self._row.addWidget(self.name, 1)
        self._where = self._label("0:00:00.0 / 0:00:00.0", Qt.AlignmentFlag.AlignRight)
        self._number = self._label("0000000 / 0000000", Qt.AlignmentFlag.AlignRight)
        self._row.addSpacing(look.px(10))
        loop = self._button(Act.LOOP)
        self._speed = self._button(Act.FASTER, text="1×")
        self._speed.clicked.disconnect()
        self._speed.clicked.connect(self._choose_speed)
        every = self._button(Act.EVERY_FRAME)
        self._button(Act.FREEZE)
        self.speeds = QMenu(self)
        self._moving = (self._play, *steps, self.seek, loop, self._speed, every)
        """What a single picture has no use for."""

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        super().set_look(look)
        self.seek.set_look(look)
        self._speed.setToolTip(self._speed_tip())

    def _speed_tip(self) -> str:
        keys = self._look.keys
        return f"Speed   [{keys.text(Act.SLOWER)} {keys.text(Act.FASTER)}]"

    def _choose_speed(self) -> None:
        self._speed.drop(self.speeds)

    def set_compact(self, compact: bool) -> None:
        """Hide the keys on the buttons and the frame number."""
        super().set_compact(compact)
        self._number.setVisible(not compact)

    def show_status(self, status: SessionStatus, settings: Settings) -> None:
        """Say where the recording is."""
        info = status.source
        if info is None:
            return
        count = info.frame_count or 1
        playing = status.play_state is PlayState.PLAYING
        self._play.change(icon="pause" if playing else "play")
        for part in self._moving:
            part.setVisible(count > 1)
        self.seek.set_place(status.index, count)
        self._where.setVisible(not info.stills)
        self.name.setVisible(bool(self.name.text()))
        self.name.setMaximumWidth(self.width() // (4 if count > 1 else 1))
        self._where.setText(f"{clock(status.time_s)} / {clock(info.duration_s or 0.0)}")
        what = "picture " if info.stills else ""
        self._number.setText(f"{what}{status.index + 1} / {count}")
        self._speed.change(text=speed_text(settings.speed))


class LiveBar(_Bar):
    """Name of a live source, freeze, reconnect, close."""

    def __init__(self, look: Look, actions: ActionSet) -> None:
        super().__init__(look, actions)
        self._name = ElidedLabel()
        # A long address must not push the buttons out of the window.
        self._row.addWidget(self._name, 1)
        self._button(Act.FREEZE)
        self._button(Act.RECONNECT)
        self._button(Act.CLOSE)

    def show_status(self, status: SessionStatus) -> None:
        """Say which source it is."""
        if status.source is not None:
            self._name.setText(f"Live · {status.source.label}")


class FreezeBar(_Bar):
    """Scrubs the pictures kept by a freeze."""

    def __init__(self, look: Look, actions: ActionSet) -> None:
        super().__init__(look, actions)
        self._back = self._label("−000.0 s", Qt.AlignmentFlag.AlignLeft)
        self._button(Act.BACK, icon_only=True)
        self._button(Act.FORWARD, icon_only=True)
        self.scrub = Scrubber(look)
        self._row.addWidget(self.scrub, 1)
        self._number = self._label("0000 / 0000", Qt.AlignmentFlag.AlignRight)
        self._row.addSpacing(look.px(10))
        self._button(Act.MARK)
        self._button(Act.CAPTURE)
        self._go_on = self._button(Act.FREEZE, text="Go on")
        self._go_on.emphasise(True)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        super().set_look(look)
        self.scrub.set_look(look)

    def show_freeze(self, freeze: Freeze) -> None:
        """Say which of the kept pictures is looked at."""
        self.scrub.set_place(freeze.position, freeze.count)
        self.scrub.set_marks(freeze.marks)
        self._back.setText(seconds_back(freeze.back_s))
        self._number.setText(f"{freeze.position + 1} / {freeze.count}")


class Transport(QWidget):
    """Shows the bar that fits the source and the moment.

    Signals:
        sought: The user wants a frame of the recording; arg: its index.
        scrubbed: The user wants a picture of the freeze; arg: its index.
    """

    sought = pyqtSignal(int)
    scrubbed = pyqtSignal(int)

    def __init__(self, look: Look, actions: ActionSet) -> None:
        super().__init__()
        self.recording = RecordingBar(look, actions)
        self.live = LiveBar(look, actions)
        self.freeze = FreezeBar(look, actions)
        self._stack = QStackedWidget()
        for bar in (self.recording, self.live, self.freeze):
            self._stack.addWidget(bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._stack)
        self.recording.seek.moved.connect(self.sought)
        self.freeze.scrub.moved.connect(self.scrubbed)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self.setFixedHeight(look.px(34))
        for bar in (self.recording, self.live, self.freeze):
            bar.set_look(look)
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """Hide keys on buttons where there is little room."""
        self._fit()

    def _fit(self) -> None:
        for bar in (self.recording, self.live, self.freeze):
            bar.fit(self.width())

    def fill_speeds(self, actions: list[QAction]) -> None:
        """Offer playing speeds."""
        self.recording.speeds.clear()
        self.recording.speeds.addActions(actions)

    def show_status(self, status: SessionStatus, settings: Settings, freeze: Freeze) -> None:
        """Show what fits."""
        if freeze.active:
            self.freeze.show_freeze(freeze)
            self._stack.setCurrentWidget(self.freeze)
        elif status.source is not None and not status.source.live:
            self.recording.show_status(status, settings)
            self._stack.setCurrentWidget(self.recording)
        else:
            self.live.show_status(status)
            self._stack.setCurrentWidget(self.live)

    @property
    def bar(self) -> QWidget | None:
        """The bar shown."""
        return self._stack.currentWidget()
