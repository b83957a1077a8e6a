"""Which key stands for what: one meaning a key, the user's changes, and what a file may hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import readme_keys
from gui_fakes import FakeModels, FakeSession, make_services
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from sonoassist.core.settings import Settings, load_settings, save_settings
from sonoassist.gui import actions
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.actions import ACTIONS, PLANE_ACTS
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.compose import build
from sonoassist.gui.keymap import Keymap, changed, key_name, key_sign, restored
from sonoassist.gui.keys_sheet import KeysSheet
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.review.page import ReviewPage
from sonoassist.gui.sheets import HelpSheet, help_text

GUI = Path(actions.__file__).parent
ACTS = st.sampled_from(Act)
NAMES = st.one_of(ACTS.map(lambda act: act.value), st.text(max_size=8))
KEYS = st.one_of(
    st.sampled_from([key for row in ACTIONS for key in row.keys]),
    st.sampled_from(["F5", "Ctrl+F5", "Alt+J", "Z", "Ctrl+Alt+Shift+Z", "", "Ctrl+X, Ctrl+Y"]),
    st.text(max_size=6),
)
CHANGES = st.dictionaries(NAMES, st.lists(KEYS, max_size=3), max_size=6)


def owners(keymap: Keymap) -> dict[str, list[Act]]:
    """Key -> the actions that listen to it."""
    found: dict[str, list[Act]] = {}
    for act, keys in keymap.keys.items():
        for key in keys:
            found.setdefault(key_name(key), []).append(act)
    return found


def test_a_key_stands_for_one_action_on_all_pages() -> None:
    assert all(len(acts) == 1 for acts in owners(Keymap()).values())


def test_undo_redo_and_planes_have_the_same_keys_on_every_page_that_has_them() -> None:
    keys = Keymap()
    assert keys.of(Act.UNDO) == ("Ctrl+Z",)
    assert keys.of(Act.REDO) == ("Ctrl+Shift+Z", "Ctrl+Y")
    rows = {row.act: row for row in ACTIONS}
    for plane, act in PLANE_ACTS.items():
        live = set() if plane == "background" else {Place.LIVE}
        assert {Place.REVIEW, Place.PRACTICE, Place.NAMES} | live == set(rows[act].on)


_OWN_KEYS = re.compile(r"\bQShortcut\b|\bkeyPressEvent\b|\bsetShortcuts?\(|\bKey_[A-Z0-9]\w*")


def own_keys(text: str) -> list[str]:
    """Where a source listens to keys by itself."""
    return _OWN_KEYS.findall(text)


def test_no_page_listens_to_keys_of_its_own() -> None:
    """All go through the table: `ActionSet` and `PlaceKeys`."""
    found = {
        path.relative_to(GUI).as_posix(): own_keys(path.read_text(encoding="utf-8"))
        for path in GUI.rglob("*.py")
    }
    assert {name for name, keys in found.items() if keys} == {"action_set.py"}
    assert own_keys("shortcut = QShortcut(self)")
    assert own_keys("event.key() == Qt.Key.Key_1")


_NAMED_KEY = re.compile(r"\bCtrl ?\+|\bEsc\b|\bShift ?\+|\[\w+\]   ")


def test_no_text_names_a_key_that_the_user_may_have_changed() -> None:
    """Texts ask the keymap; what is written in the code would stay as it is."""
    for path in GUI.rglob("*.py"):
        if path.name in ("actions.py", "keymap.py"):
            continue
        code = re.sub(r'"""(?:.|\n)*?"""|#.*', "", path.read_text(encoding="utf-8"))
        assert not _NAMED_KEY.findall(code), path


def test_every_place_offers_exactly_the_rows_of_the_table(window: MainWindow) -> None:
    review, practice = window.other(Page.REVIEW), window.other(Page.PRACTICE)
    assert isinstance(review, ReviewPage)
    assert isinstance(practice, PracticePage)
    panels = (practice.start, practice.exercise, practice.result, practice.progress)
    offered: dict[Place, set[Act]] = {
        Place.PRACTICE: set().union(*(panel.keys.acts for panel in panels)),
    }
    for keys in (review.keys, review.over.labels.keys, review.over.compare.keys):
        offered[keys.place] = keys.acts
    for place, acts in offered.items():
        assert acts == {row.act for row in ACTIONS if place in row.on}, place


def test_the_readme_lists_the_keys_of_the_table() -> None:
    """`python -m tests.gui.readme_keys` writes it anew."""
    assert readme_keys.written() == readme_keys.table()


def test_no_other_sentence_of_the_readme_names_a_key() -> None:
    """It would stay when the table changes."""
    text = readme_keys.README.read_text(encoding="utf-8").replace(readme_keys.table(), "")
    keys = {f"`{key_sign(key)}`" for row in ACTIONS for key in row.keys if row.act is not Act.HELP}
    assert [key for key in sorted(keys) if key in text] == []


def test_the_help_texts_take_their_keys_from_the_table() -> None:
    for path in (GUI.parents[1] / "resources" / "help").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        named = [one for one in re.findall(r"`([^`]*)`", text) if not one.startswith("{")]
        assert not _NAMED_KEY.findall(text), path
        assert all(len(one) > 8 for one in named), named
        assert "{" not in help_text(text, Keymap())


# --- the user's changes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("Ctrl+Z", "Ctrl+Z"),
        ("ctrl+z", "Ctrl+Z"),
        ("Esc", "Esc"),
        ("+", "+"),
        ("Ctrl++", "Ctrl++"),
        ("", ""),
        ("Ctrl+X, Ctrl+Y", ""),
        ("Ctrl+", ""),
        ("nonsense", ""),
    ],
)
def test_names_of_keys(key: str, name: str) -> None:
    assert key_name(key) == name


@pytest.mark.parametrize(
    ("key", "sign"),
    [
        ("Shift+Left", "Shift ←"),
        ("Ctrl+Shift+Z", "Ctrl+Shift+Z"),
        ("Ctrl++", "Ctrl +"),
        ("-", "−"),
        ("Return", "Enter"),
        ("Shift+F", "Shift F"),
        ("+", "+"),
        ("PgDown", "Page ↓"),
    ],
)
def test_signs_of_keys(key: str, sign: str) -> None:
    assert key_sign(key) == sign


@given(CHANGES)
def test_whatever_the_settings_hold_no_key_stands_for_two_and_nothing_breaks(
    changes: dict[str, list[str]],
) -> None:
    keymap = Keymap.made(changes)
    assert set(keymap.keys) == set(Act)
    assert all(len(acts) == 1 for acts in owners(keymap).values())
    assert all(key_name(key) for keys in keymap.keys.values() for key in keys)


def test_unknown_and_taken_keys_are_said_and_left_out() -> None:
    keymap = Keymap.made(
        {"no_such": ["Z"], "freeze": ["K"], "box": ["nonsense"], "leave": ["Z"], "heat": ["J"]}
    )
    said = " | ".join(keymap.problems)
    assert len(keymap.problems) == 4
    for words in ("no_such", "Freeze or go on", "nonsense", "leave"):
        assert words in said
    assert keymap.of(Act.HEAT) == ("J",)
    assert keymap.of(Act.KEEP) == ("K",)
    assert keymap.of(Act.BOX) == ("B",)
    assert keymap.of(Act.LEAVE) == ("Esc",)


@given(CHANGES, ACTS, st.sampled_from(["K", "F5", "Space", "Ctrl+Z", "J"]))
def test_a_key_that_is_given_belongs_to_its_action_alone(
    changes: dict[str, list[str]], act: Act, key: str
) -> None:
    if act is Act.LEAVE:
        return
    before = Keymap.made(changes)
    keymap = Keymap.made(changed(changes, act, [key]))
    assert keymap.of(act) == (key,)
    assert keymap.owner(key) is act
    for other, had in before.keys.items():
        if other is not act:
            assert set(keymap.of(other)) <= {key_name(one) for one in had} | set(had)


@given(CHANGES, ACTS)
def test_back_to_its_default(changes: dict[str, list[str]], act: Act) -> None:
    row = next(row for row in ACTIONS if row.act is act)
    if not row.fixed:
        assert Keymap.made(restored(changes, act)).of(act) == row.keys


def test_a_refused_wish_does_not_come_true_by_another_change() -> None:
    changes = changed({"open_folder": ["Ctrl+O"]}, Act.OPEN_FILE, ["K"])
    assert Keymap.made(changes).of(Act.OPEN_FOLDER) == ()


def test_changes_are_kept_and_older_settings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"version": 1, "theme": "light"}')
    settings, notices = load_settings(path)
    assert (settings.keys, notices) == ({}, [])
    settings.keys = {"freeze": ["F5"]}
    save_settings(path, settings)
    assert load_settings(path)[0].keys == {"freeze": ["F5"]}
    path.write_text('{"version": 1, "keys": {"freeze": 7}, "theme": "light"}')
    settings, notices = load_settings(path)
    assert (settings.keys, settings.theme, len(notices)) == ({}, "light", 1)


# --- in the window --------------------------------------------------------------------------


def test_what_a_settings_file_holds_wrongly_is_said(
    qtbot: QtBot, session: FakeSession, models: FakeModels, saved: list[Settings]
) -> None:
    settings = Settings(keys={"freeze": ["K"], "no_such": ["F5"]})
    main = build(session, make_services(models, saved), settings, [])
    qtbot.addWidget(main)
    titles = [toast.notice.title for toast in main.toasts.shown]
    assert sum("left out" in title for title in titles) == 2, titles
    main.close()


def test_a_changed_key_works_at_once_in_menus_buttons_and_the_key_sheet(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.controller.change(keys={"box": ["F5"]})
    assert [key.toString() for key in window.actions_set[Act.BOX].shortcuts()] == ["F5"]
    window.activateWindow()
    before = window.controller.settings.show_box
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert window.controller.settings.show_box is not before
    qtbot.keyClick(window, Qt.Key.Key_B)
    assert window.controller.settings.show_box is not before
    window.controller.change(keys={"open_file": ["F6"], "choice_1": ["F7"]})
    assert "[F6]" in window.top.button(Act.OPEN_FILE).toolTip()
    window.actions_set[Act.HELP].trigger()
    sheet = window.questions.sheet
    assert isinstance(sheet, HelpSheet)
    assert "F6" in {label.text() for label in sheet.findChildren(QLabel)}
    review = window.other(Page.REVIEW)
    assert isinstance(review, ReviewPage)
    keys = review.over.compare.keys
    assert isinstance(keys, PlaceKeys)
    assert [key.toString() for key in keys._actions[Act.CHOICE_1].shortcuts()] == ["F7"]


@pytest.fixture
def sheet(window: MainWindow) -> KeysSheet:
    window.activateWindow()
    window.actions_set[Act.KEYS].trigger()
    found = window.questions.sheet
    assert isinstance(found, KeysSheet)
    return found


def test_search_click_and_press_the_new_key(
    qtbot: QtBot, window: MainWindow, sheet: KeysSheet
) -> None:
    qtbot.keyClicks(sheet.search, "heat guided")
    shown = [item for item in sheet._items() if not item.isHidden()]
    assert [item.text(2) for item in shown] == ["G"]
    sheet.choose(Act.GUIDED)
    sheet.key.setFocus()
    qtbot.keyClick(sheet.key, Qt.Key.Key_F8)
    assert window.controller.settings.keys == {"guided": ["F8"]}
    assert [item.text(2) for item in sheet._items() if not item.isHidden()] == ["F8"]
    assert sheet.key.keySequence().isEmpty()
    sheet.default.click()
    assert window.controller.settings.keys == {}


def test_a_key_of_another_action_is_given_only_after_a_question(
    qtbot: QtBot, window: MainWindow, sheet: KeysSheet
) -> None:
    sheet.choose(Act.BOX)
    qtbot.keyClick(sheet.key, Qt.Key.Key_K)
    assert "“Keep it, or tick the item”" in sheet.said.text()
    assert window.controller.settings.keys == {}
    sheet.leave_it.click()
    assert sheet.give.isHidden()
    qtbot.keyClick(sheet.key, Qt.Key.Key_K)
    sheet.give.click()
    assert window.look.keys.owner("K") is Act.BOX
    assert window.look.keys.text(Act.KEEP) == ""
    assert window.look.keys.problems == ()
    sheet.default_all.click()
    assert window.look.keys.of(Act.KEEP) == ("K",)


def test_the_key_that_closes_sheets_stays(
    qtbot: QtBot, window: MainWindow, sheet: KeysSheet
) -> None:
    sheet.choose(Act.BOX)
    qtbot.keyClick(sheet.key, Qt.Key.Key_Escape)
    assert "stays" in sheet.said.text() or window.questions.sheet is None
    assert window.look.keys.of(Act.LEAVE) == ("Esc",)
    sheet.choose(Act.LEAVE)
    assert not sheet.key.isEnabled()
