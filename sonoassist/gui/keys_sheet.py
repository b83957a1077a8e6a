"""The sheet on which the user changes keys: search, click a row, press the new key."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from sonoassist.gui.actions import ACTIONS, BY_ACT
from sonoassist.gui.acts import Act, Action
from sonoassist.gui.controller import Controller
from sonoassist.gui.keymap import Keymap, changed, key_name, key_sign, restored
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look

LIST_PX = 160
"""The list is at least so high; the sheet gives it what the window has."""
_CHOOSE = "Click an action, then press its new key."


class KeysSheet(Sheet):
    """Every action with its keys; a change works at once, everywhere.

    A key that stands for another action is given away only after a question.
    """

    def __init__(self, over: QWidget, look: Look, controller: Controller) -> None:
        super().__init__(over, look, "Change the keys", 900)
        self._controller = controller
        self._asked: tuple[Act, str] | None = None
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: what it does, or its key")
        self.search.setClearButtonEnabled(True)
        self.rows = QTreeWidget()
        self.key = QKeySequenceEdit()
        self.said = QLabel(_CHOOSE)
        self.give, self.leave_it = QPushButton("Give it"), QPushButton("Leave it")
        self.default = QPushButton("Its default")
        self.no_key = QPushButton("No key")
        self.default_all = QPushButton("All to their defaults")
        self._arrange()
        self._connect()
        self._fill()
        self._choose()

    def _arrange(self) -> None:
        rows = self.rows
        rows.setHeaderLabels(["Action", "On", "Keys"])
        rows.setRootIsDecorated(False)
        rows.setUniformRowHeights(True)
        header = rows.header()
        assert header is not None
        header.setStretchLastSection(False)
        for column in (0, 1):  # the places of a few are many: half of the room is enough
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.key.setMaximumSequenceLength(1)
        self.key.setAccessibleName("The new key")
        line = self.key.findChild(QLineEdit)
        if line is not None:
            line.setPlaceholderText("New key")
        self.key.setMinimumWidth(self._look.px(170))
        self.said.setWordWrap(True)
        self.give.setObjectName("main")
        for button in (self.give, self.leave_it, self.default, self.no_key, self.default_all):
            button.setAutoDefault(False)
        self.body.addWidget(self.search)
        self.body.addWidget(rows, 1)
        self.body.addWidget(self.said)
        last = QHBoxLayout()
        last.addWidget(self.key)
        for part in (self.give, self.leave_it, self.no_key, self.default):
            last.addWidget(part)
        last.addStretch(1)
        last.addWidget(self.default_all)
        self.body.addLayout(last)

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._filter())
        self.rows.currentItemChanged.connect(lambda _now, _before: self._choose())
        self.rows.itemClicked.connect(lambda _item, _column: self.key.setFocus())
        self.key.keySequenceChanged.connect(self._pressed)
        self.give.clicked.connect(self._give)
        self.leave_it.clicked.connect(self._choose)
        self.default.clicked.connect(self._restore)
        self.no_key.clicked.connect(lambda: self._take(()))
        self.default_all.clicked.connect(self._restore_all)

    def open(self) -> None:
        """Show it, ready to search."""
        super().open()
        self.search.setFocus()

    def _place(self) -> None:
        """As high as the window has room for: the list is long."""
        self.rows.setFixedHeight(max(self._over.height() - self._look.px(340), LIST_PX))
        super()._place()

    def set_look(self, look: Look) -> None:
        """Other keys, or another theme."""
        self._look = look
        self._fill()

    # -- rows ------------------------------------------------------------------------------

    @property
    def _keymap(self) -> Keymap:
        return Keymap.made(self._controller.settings.keys)

    def _fill(self) -> None:
        keymap, current = self._keymap, self.chosen
        self.rows.blockSignals(True)
        self.rows.clear()
        for row in ACTIONS:
            words = [_words(row), _where(row), keys_text(keymap, row.act)]
            item = QTreeWidgetItem(words)
            for column, text in enumerate(words):
                item.setToolTip(column, text)
            item.setData(0, Qt.ItemDataRole.UserRole, row.act)
            self.rows.addTopLevelItem(item)
            if row.act is current:
                self.rows.setCurrentItem(item)
        self.rows.blockSignals(False)
        self._filter()

    def _filter(self) -> None:
        wanted = self.search.text().casefold().split()
        for item in self._items():
            text = " ".join(item.text(column) for column in range(3)).casefold()
            item.setHidden(not all(word in text for word in wanted))

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.rows.topLevelItem(at) for at in range(self.rows.topLevelItemCount()))
        return [item for item in found if item is not None]

    @property
    def chosen(self) -> Act | None:
        """The action whose key is changed."""
        item = self.rows.currentItem()
        act = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        return act if isinstance(act, Act) else None

    def choose(self, act: Act) -> None:
        """Choose an action, as a click on its row does."""
        for item in self._items():
            if item.data(0, Qt.ItemDataRole.UserRole) is act:
                self.rows.setCurrentItem(item)

    # -- changing --------------------------------------------------------------------------

    def _choose(self) -> None:
        """Ready for the key of the chosen row."""
        act, self._asked = self.chosen, None
        free = act is not None and not BY_ACT[act].fixed
        for part in (self.key, self.default, self.no_key):
            part.setEnabled(free)
        for part in (self.give, self.leave_it):
            part.hide()
        self._empty_field()
        if act is None:
            self.said.setText(_CHOOSE)
        elif free:
            self.said.setText(f"Press the new key of {_quoted(act)}.")
        else:
            self.said.setText(f"The key of {_quoted(act)} cannot be changed.")

    def _empty_field(self) -> None:
        self.key.blockSignals(True)
        self.key.clear()
        self.key.blockSignals(False)

    def _pressed(self, sequence: QKeySequence) -> None:
        act = self.chosen
        key = key_name(sequence.toString(QKeySequence.SequenceFormat.PortableText))
        if act is None or not key:
            return
        owner = self._keymap.owner(key)
        if owner is None or owner is act:
            self._take((key,))
        elif BY_ACT[owner].fixed:
            self._empty_field()
            self.said.setText(f"{key_sign(key)} stays with {_quoted(owner)}. Press another key.")
        else:
            self._ask(act, key, owner)

    def _ask(self, act: Act, key: str, owner: Act) -> None:
        self._asked = (act, key)
        self.said.setText(
            f"{key_sign(key)} is the key of {_quoted(owner)}. Give it to {_quoted(act)} instead?"
        )
        for part in (self.give, self.leave_it):
            part.show()
        self.give.setFocus()

    def _give(self) -> None:
        if self._asked is not None and self._asked[0] is self.chosen:
            self._take((self._asked[1],))

    def _take(self, keys: tuple[str, ...]) -> None:
        act = self.chosen
        if act is not None:
            self._change(changed(self._controller.settings.keys, act, keys))
            key = key_sign(keys[0]) if keys else "no key"
            self.said.setText(f"{_quoted(act)} has {key} from now on.")

    def _restore(self) -> None:
        act = self.chosen
        if act is not None:
            self._change(restored(self._controller.settings.keys, act))
            self.said.setText(f"{_quoted(act)} has its default again.")

    def _restore_all(self) -> None:
        self._change({})
        self.said.setText("All actions have their defaults again.")

    def _change(self, keys: dict[str, list[str]]) -> None:
        self._choose()
        self._controller.change(keys=keys)
        self._fill()


def keys_text(keymap: Keymap, act: Act) -> str:
    """All keys of an action, as they are shown."""
    signs = dict.fromkeys(key_sign(key) for key in keymap.of(act))  # two keys say Enter
    return "  ".join(signs) or "–"


def _words(row: Action) -> str:
    """What it does, in all places."""
    first = row.text.rstrip("…")
    others = [text for text, _short in row.words.values() if text != first]
    return " / ".join(dict.fromkeys([first, *others[:1]]))


def _where(row: Action) -> str:
    return ", ".join(place.value for place in row.on) if row.on else "everywhere"


def _quoted(act: Act) -> str:
    return f"“{BY_ACT[act].text.rstrip('…')}”"
