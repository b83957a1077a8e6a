"""Checklists from files: the shipped one, the user's, and every way a file can be bad."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core import paths
from sonoassist.core.errors import UsageError
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.exam.presets import (
    DEFAULT_PRESET,
    MAX_ITEMS,
    edit_copy,
    load_preset,
    parse_preset,
    preset_names,
)
from sonoassist.exam.records import Item

HERE = Path("lists/own.toml")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path))


def own(name: str, text: str) -> Path:
    path = paths.user_checklists() / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_list() -> None:
    preset = load_preset()
    assert (preset.name, preset.title, preset.own) == ("20-week", "20-week list (editable)", False)
    planes = [plane for plane in DISPLAY_ORDER if not plane.is_background]
    assert [item.plane for item in preset.items[:13]] == [plane.key for plane in planes]
    assert [item.key for item in preset.items[:13]] == [plane.key for plane in planes]
    assert [item.label for item in preset.items[:13]] == [plane.label for plane in planes]
    assert all(item.required for item in preset.items[:13])
    by_hand = preset.items[13:]
    assert {"bladder", "hands", "feet", "cord_insertion", "placenta"} <= {i.key for i in by_hand}
    assert all(item.manual and not item.required for item in by_hand)


def test_its_examples_can_be_used() -> None:
    text = load_preset().path.read_text(encoding="utf-8")
    start = text.index("# More lines")
    body = text[start:].replace("# [[", "[[").replace("# key", "key").replace("# label", "label")
    _, items = parse_preset(text[:start] + body, HERE)
    assert len(items) > len(load_preset().items)


def test_the_users_file_goes_first() -> None:
    own("20-week", 'name = "Mine"\n[[items]]\nplane = "femur"\nlabel = "Femur, left"\n')
    own("heart", '[[items]]\nplane = "4ch"\nrequired = false\n')
    (paths.user_checklists() / "notes.txt").write_text("no list")
    assert preset_names() == ("20-week", "heart")
    mine = load_preset()
    assert (mine.title, mine.own) == ("Mine", True)
    assert mine.items == (Item("femur", "Femur, left", "femur"),)
    heart = load_preset("heart")
    assert (heart.title, heart.items) == ("heart", (Item("4ch", "Four chambers", "4ch", False),))


def test_copy_for_editing() -> None:
    shipped = load_preset()
    path = edit_copy()
    assert path == paths.user_checklists() / "20-week.toml"
    assert path.read_bytes() == shipped.path.read_bytes()
    assert load_preset().items == shipped.items
    assert load_preset().own
    path.write_text('[[items]]\nplane = "femur"\n')
    assert edit_copy() == path
    assert len(load_preset().items) == 1


def test_files_marked_by_windows() -> None:
    path = own("marked", "")
    path.write_bytes("\ufeff[[items]]\r\nplane = 'femur'\r\n".encode())
    assert load_preset("marked").items == (Item("femur", "Femur", "femur"),)


@pytest.mark.parametrize("name", ["", "30-week", "../20-week", "/etc/passwd", "."])
def test_no_such_list(name: str) -> None:
    with pytest.raises(UsageError, match="there is no checklist") as caught:
        load_preset(name)
    assert DEFAULT_PRESET in caught.value.hint


FEMUR = '[[items]]\nplane = "femur"\n'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "has no items"),
        ("items = []", "has no items"),
        ('name = "x"', "has no items"),
        ("[items]\nplane = 'femur'", "no list"),
        ("items = ['femur']", "has no table as item 1"),
        ("[[items]\n", "is not TOML"),
        ("items = " + "[" * 5000, "is not TOML"),
        (FEMUR + "[[items]]\nplane = 'femu'", "gives item 2 the plane 'femu', which does not"),
        ("[[items]]\nplane = 'background'", "the plane 'background', which does not exist"),
        ("[[items]]\nplane = 3", "the plane 3"),
        (FEMUR + FEMUR, "has the key 'femur' twice"),
        (FEMUR + "[[items]]\nplane = 'femur'\nkey = 'left'", "has the plane 'femur' twice"),
        (FEMUR + "[[items]]\nkey = 'femur'\nlabel = 'x'", "has the key 'femur' twice"),
        ("[[items]]\nkey = 'hands'", "gives item 1 (hands) no usable label: ''"),
        ("[[items]]\nlabel = 'Hands'", "gives item 1 no usable key: ''"),
        ("[[items]]\nkey = '../x'\nlabel = 'x'", "no usable key: '../x'"),
        ("[[items]]\nkey = 'Hands'\nlabel = 'x'", "no usable key: 'Hands'"),
        ("[[items]]\nkey = 'a\\n'\nlabel = 'x'", "no usable key"),
        ("[[items]]\nkey = 'a'\nlabel = '''x\ny'''", "no usable label"),
        ("[[items]]\nkey = 'a'\nlabel = '" + "x" * 61 + "'", "no usable label"),
        (FEMUR + "required = 'yes'", "gives item 1 (femur) required = 'yes'"),
        (FEMUR + "planes = 'x'", "has 'planes' in item 1, which means nothing here"),
        (FEMUR + "[extra]", "has 'extra' in the file"),
        ("name = 3\n" + FEMUR, "has no usable name: 3"),
        ("".join(f"[[items]]\nkey = 'k{n}'\nlabel = 'x'\n" for n in range(101)), "101 items"),
    ],
)
def test_bad_files(text: str, wanted: str) -> None:
    path = own("bad", text)
    with pytest.raises(UsageError) as caught:
        load_preset("bad")
    assert wanted in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert len(str(caught.value)) < 1000


def test_bytes_that_are_no_text() -> None:
    own("bad", "").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8"):
        load_preset("bad")


keys = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,39}", fullmatch=True)
labels = st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable() and text.strip())
planes = st.sampled_from([plane.key for plane in DISPLAY_ORDER if not plane.is_background])
by_plane = st.fixed_dictionaries(
    {"plane": planes}, optional={"label": labels, "required": st.booleans()}
)
by_hand = st.fixed_dictionaries(
    {"key": keys, "label": labels}, optional={"required": st.booleans()}
)
tables = st.lists(
    by_plane | by_hand,
    min_size=1,
    max_size=20,
    unique_by=lambda table: table.get("plane", table.get("key")),
)


@given(tables, labels)
def test_good_files_are_read_as_written(items: list[dict[str, object]], title: str) -> None:
    found_title, found = parse_preset(tomli_w.dumps({"name": title, "items": items}), HERE)
    assert found_title == title
    for table, item in zip(items, found, strict=True):
        plane = str(table.get("plane", ""))
        assert item == Item(
            key=str(table.get("key", plane)),
            label=str(table.get("label", BY_KEY[plane].label if plane else "")),
            plane=plane,
            required=bool(table.get("required", bool(plane))),
        )


values = st.recursive(
    st.text(max_size=5) | st.integers() | st.booleans() | st.floats() | st.sampled_from(["femur"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["plane", "key", "label", "required", "x"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["name", "items", "else"]), values))
def test_any_other_values_are_refused_in_words(data: dict[str, object]) -> None:
    check(tomli_w.dumps(data))


@given(st.text())
def test_any_other_text_is_refused_in_words(text: str) -> None:
    check(text)


def check(text: str) -> None:
    """It is a list, or it is said in one line what is wrong."""
    said = ""
    items: tuple[Item, ...] = ()
    try:
        _, items = parse_preset(text, HERE)
    except UsageError as error:
        said = str(error)
    assert bool(items) != bool(said)
    assert len({item.key for item in items}) == len(items) <= MAX_ITEMS
    if said:
        assert str(HERE) in said
        assert len(said.splitlines()) == 1
