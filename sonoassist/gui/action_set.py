"""The actions of the table as Qt actions: of the whole window, and of one place in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QWidget

from sonoassist.gui.actions import ACTIONS, BY_ACT
from sonoassist.gui.acts import Act, Action, Needs, Place

if TYPE_CHECKING:
    from sonoassist.gui.keymap import Keymap
    from sonoassist.gui.theme import Look


def tip(act: Act, keys: Keymap, place: Place = Place.LIVE) -> str:
    """Tooltip of a button of this action, with its key."""
    text, key = BY_ACT[act].text_on(place), keys.text(act)
    return f"{text}   [{key}]" if key else text


def menu_text(text: str, shortcut: QKeySequence, key: str) -> str:
    """Text of a row of a menu, with its key where it is written other than Qt would."""
    return text if key == shortcut.toString() else f"{text}\t{key}"


Handlers = Mapping[Act, Callable[[], None]]


class ActionSet(QObject):
    """The window's own actions as Qt actions, with their shortcuts working in the whole window.

    Args:
        window: Gets the shortcuts.
        handlers: What each action calls.
        keys: Which keys each has.
    """

    def __init__(self, window: QWidget, handlers: Handlers, keys: Keymap) -> None:
        super().__init__(window)
        self._actions: dict[Act, QAction] = {}
        for row in ACTIONS:
            if row.of_window:
                self._actions[row.act] = self._make(row, window, handlers[row.act])
        self.set_keys(keys)

    def _make(self, row: Action, window: QWidget, handler: Callable[[], None]) -> QAction:
        action = QAction(row.text, self)
        action.setCheckable(bool(row.setting))
        action.setAutoRepeat(row.repeats)
        action.triggered.connect(lambda _checked=False: handler())
        window.addAction(action)
        return action

    def __getitem__(self, act: Act) -> QAction:
        return self._actions[act]

    def set_keys(self, keys: Keymap) -> None:
        """Listen to these keys, and show them."""
        for act, action in self._actions.items():
            action.setShortcuts([QKeySequence(key) for key in keys.of(act)])
            action.setText(menu_text(BY_ACT[act].text, action.shortcut(), keys.text(act)))
            action.setToolTip(tip(act, keys))

    def set_look(self, look: Look) -> None:
        """Give the icons the colours of a theme."""
        for act, action in self._actions.items():
            icon = BY_ACT[act].icon
            if icon:
                action.setIcon(look.icon(icon))

    def show_settings(self, values: Mapping[str, bool]) -> None:
        """Tick the actions whose setting is on.

        Args:
            values: Setting name -> whether it is on.
        """
        for act, action in self._actions.items():
            setting = BY_ACT[act].setting
            if setting in values:
                action.setChecked(values[setting])

    def allow(self, have: set[Needs]) -> None:
        """Enable the actions whose need is in `have`, and those that need nothing."""
        for act, action in self._actions.items():
            needs = BY_ACT[act].needs
            action.setEnabled(needs is Needs.NOTHING or needs in have)


class PlaceKeys(QObject):
    """The keys of a page, or of what lies over one: they work while it has the focus.

    Args:
        widget: The place.
        place: Which one.
        handlers: What can be done there; rows of the table that are on `place`.
        keys: Which keys each has.
    """

    def __init__(self, widget: QWidget, place: Place, handlers: Handlers, keys: Keymap) -> None:
        super().__init__(widget)
        self.place = place
        self._actions: dict[Act, QAction] = {}
        for act, handler in handlers.items():
            assert place in BY_ACT[act].on, (act, place)
            action = QAction(BY_ACT[act].text_on(place), self)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setAutoRepeat(BY_ACT[act].repeats)
            action.triggered.connect(lambda _checked=False, handler=handler: handler())
            widget.addAction(action)
            self._actions[act] = action
        self.set_keys(keys)

    @property
    def acts(self) -> set[Act]:
        """What can be done there."""
        return set(self._actions)

    def set_keys(self, keys: Keymap) -> None:
        """Listen to these keys."""
        for act, action in self._actions.items():
            action.setShortcuts([QKeySequence(key) for key in keys.of(act)])

    def listen(self, on: bool) -> None:
        """Listen to the keys or not, e.g. while something else lies over the place."""
        for action in self._actions.values():
            action.setEnabled(on)
