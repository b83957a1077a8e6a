"""The menus of choices: devices, models, engines, crops, display. Filled when they open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import QMenu, QWidget

from sonoassist.exam.presets import preset_names
from sonoassist.gui.action_set import ActionSet
from sonoassist.gui.actions import BY_ACT
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.choices import choices
from sonoassist.gui.controller import Controller
from sonoassist.gui.elided import shortened
from sonoassist.gui.threshold_words import threshold_text
from sonoassist.gui.transport import SPEEDS, speed_text
from sonoassist.model.card import DEFAULT_ARCHITECTURE

MOST_LETTERS = 64
"""Of a row; names of devices, models and crops may be longer."""
CROPS = {
    "default": "Automatic (as the model wants it)",
    "auto": "Find the picture",
    "published": "Published crop",
    "full": "Full picture",
}
_DISPLAY = (
    (Act.BOX, Act.HEAT, Act.GUIDED, Act.CROP_OUTLINE),
    (Act.LABEL, Act.THRESHOLD_DOWN, Act.THRESHOLD_UP),
    (Act.CONFIDENCES, Act.TIMING),
    (Act.THEME, Act.FULL_SCREEN),
)
_EXAM = (
    (Act.EXAM, Act.RECORD, Act.CAPTURE, Act.LOOK),
    (Act.NOTE, Act.STUDY, Act.REPORT),
    (Act.EXAM_END, Act.EXAMS, Act.JOBS),
)


class Menus(QObject):
    """Builds and fills the menus.

    Args:
        window: Their parent.
        controller: Knows the choices and makes them.
        actions: The table's actions.
        on_review: Whether Review is shown.
    """

    def __init__(
        self,
        window: QWidget,
        controller: Controller,
        actions: ActionSet,
        on_review: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._on_review = on_review
        self._controller = controller
        self._actions = actions
        self.devices = self._menu(window, self.fill_devices)
        self.models = self._menu(window, self.fill_models)
        self.engines = self._menu(window, self.fill_engines)
        self.crops = self._menu(window, self.fill_crops)
        self.display = self._menu(window, self.fill_display)
        self.exam = self._menu(window, self.fill_exam)
        controller.devices_changed.connect(self._devices_changed)
        controller.engines.found.connect(self._engines_found)

    @staticmethod
    def _menu(window: QWidget, fill: Callable[[], None]) -> QMenu:
        menu = QMenu(window)
        menu.aboutToShow.connect(fill)
        return menu

    def _row(
        self, menu: QMenu, text: str, do: Callable[[], None] | None, on: bool | None = None
    ) -> QAction:
        action = QAction(shortened(text, MOST_LETTERS).replace("&", "&&"), menu)
        action.setToolTip(text)
        if on is not None:
            action.setCheckable(True)
            action.setChecked(on)
        action.setEnabled(do is not None)
        if do is not None:
            action.triggered.connect(lambda _checked=False: do())
        menu.addAction(action)
        return action

    def _radio(
        self, menu: QMenu, rows: Iterable[tuple[str, str]], now: str, choose: Callable[[str], None]
    ) -> None:
        group = QActionGroup(menu)
        for value, text in rows:
            group.addAction(self._row(menu, text, partial(choose, value), value == now))

    def _title(self, menu: QMenu, text: str) -> None:
        self._row(menu, text, None)

    # -- devices ---------------------------------------------------------------------------

    def fill_devices(self) -> None:
        """Show what is known and look again in the background."""
        self._controller.look_for_devices()
        self._list_devices()

    def _devices_changed(self) -> None:
        if self.devices.isVisible():
            self._list_devices()

    def _list_devices(self) -> None:
        self.devices.clear()
        names = self._controller.devices
        self._title(self.devices, "Capture devices")
        for name in names or ():
            self._row(self.devices, name, partial(self._controller.open, f"device:{name}"))
        if self._controller.looking_for_devices:
            self._row(self.devices, "Looking for devices …", None)
        elif not names:
            self._row(self.devices, "No device found: is the grabber plugged in?", None)

    # -- models ----------------------------------------------------------------------------

    def fill_models(self) -> None:
        """Installed models, then those that can be installed."""
        menu, controller = self.models, self._controller
        menu.clear()
        entries = controller.services.models.entries()
        self._title(menu, "Model")
        installed = [(one.name, f"{one.title} ({one.domain})") for one in entries if one.installed]
        rows = [("auto", "Automatic (SonoNet-32 where installed)"), *installed]
        self._radio(menu, rows, controller.settings.model, lambda v: controller.change(model=v))
        menu.addSeparator()
        for entry in entries:
            if not entry.installed and entry.name == DEFAULT_ARCHITECTURE:
                menu.addAction(self._actions[Act.INSTALL])
            elif not entry.installed:
                start = partial(controller.installer.start, entry)
                self._row(menu, f"Install {entry.title}", start)
        menu.addAction(self._actions[Act.ADD_WEIGHTS])

    # -- engines ---------------------------------------------------------------------------

    def fill_engines(self) -> None:
        """Engine, precision, device."""
        menu = self.engines
        menu.clear()
        for field in ("engine", "precision", "device"):
            self._title(menu, field.capitalize())
            now = str(getattr(self._controller.settings, field))
            offered = self._controller.engines.offered(field, self._controller.settings)
            self._radio(menu, offered, now, partial(self._controller.choose_engine, field))
            menu.addSeparator()
        if not self._controller.engines.known:
            self._row(menu, "Looking what this computer has …", None)
            self._controller.engines.look()

    def _engines_found(self) -> None:
        if self.engines.isVisible():
            self.fill_engines()

    def _choose(self, field: str, value: str) -> None:
        self._controller.change(**{field: value})

    # -- crops -----------------------------------------------------------------------------

    def fill_crops(self) -> None:
        """The known crops, the user's own, and drawing one."""
        menu, settings = self.crops, self._controller.settings
        menu.clear()
        self._title(menu, "Part of the picture that is analysed")
        own = [(rect, f"{name} ({rect})") for name, rect in settings.own_crops.items()]
        known = [rect for rect, _ in own] + list(CROPS)
        rows = [*CROPS.items(), *own]
        if settings.crop not in known:
            rows.append((settings.crop, f"Rectangle {settings.crop}"))
        self._radio(menu, rows, settings.crop, partial(self._choose, "crop"))
        menu.addSeparator()
        menu.addAction(self._actions[Act.CHECK_CROP])
        menu.addAction(self._actions[Act.OWN_CROP])
        if settings.own_crops:
            forget = QMenu("Forget", menu)
            for name in settings.own_crops:
                self._row(forget, name, partial(self._controller.forget_crop, name))
            menu.addMenu(forget)
        menu.addAction(self._actions[Act.CROP_OUTLINE])

    # -- display ---------------------------------------------------------------------------

    def fill_display(self) -> None:
        """What is drawn, and how."""
        self.display.clear()
        settings = self._controller.settings
        for number, part in enumerate(_DISPLAY):
            if number:
                self.display.addSeparator()
            if Act.LABEL in part:
                kind = "steadied over time" if settings.label == "steady" else "each frame"
                said = threshold_text(settings, self._controller.card)
                self._title(self.display, f"Label: {kind}, {said}")
            for act in part:
                self._add_display(act)

    def _add_display(self, act: Act) -> None:
        """The window's own action; Review turns the same settings with keys of its own."""
        own, row = self._actions[act], BY_ACT[act]
        if not (self._on_review() and row.setting and row.is_on(Place.REVIEW)):
            self.display.addAction(own)
            return
        key = own.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        on = bool(getattr(self._controller.settings, row.setting))
        flip = partial(self._controller.flip, row.setting)
        self._row(self.display, own.text(), flip, on).setText(f"{own.text()}\t{key}")

    def fill_exam(self) -> None:
        """What can be done with the exam, its checklist, and when one begins by itself."""
        menu, settings = self.exam, self._controller.settings
        menu.clear()
        for part in _EXAM:
            for act in part:
                menu.addAction(self._actions[act])
            menu.addSeparator()
        self._title(menu, "Checklist of the next exam")
        names = [(name, name) for name in preset_names()]
        self._radio(menu, names, settings.checklist, partial(self._choose, "checklist"))
        self._row(menu, "Edit the checklist…", self._controller.edit_checklist)
        menu.addSeparator()
        self._title(menu, "An exam begins by itself")
        field = "exam_with_source"
        now = settings.exam_with_source
        self._radio(menu, choices(field), now, partial(self._choose, field))

    def speed_actions(self) -> list[QAction]:
        """Playing speeds, for the transport's menu."""
        group = QActionGroup(self)
        made = []
        for speed in SPEEDS:
            action = QAction(speed_text(speed), self)
            action.triggered.connect(
                lambda _checked=False, wanted=speed: self._controller.change(speed=wanted)
            )
            group.addAction(action)
            made.append(action)
        return made
