"""A damaged file costs what was in it, and no more: it is said, and nothing is deleted."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from kept_home import reading
from kept_home.reading import Kept, expected_of
from kept_home.sections import Found, found_in, parts_of
from sonoassist.cli import run as run_program

TOLD = expected_of("home_0_1")
FINISHED, TWICE, CUT_OFF = (TOLD[name] for name in ("finished", "twice", "cut_off"))
REVIEWS, ANALYSES = (TOLD["files"][name] for name in ("review", "practice"))
_OF_FINISHED = (
    f"review exam:{FINISHED}",
    f"analysis exam:{FINISHED} full",
    f"analysis exam:{FINISHED} own",
    f"practice exam:{FINISHED}/1",
)
MADE_ANEW = (".npz", "-wal")
"""What is in such files is made again, or is SQLite's own: a damaged one does not stay."""
WRITTEN = (".npz", ".sqlite", "-wal", "-shm", "settings.json", "screens.json")
"""Files that change when the program is used."""

FILES: dict[str, tuple[str, ...]] = {
    "settings.json": ("settings",),
    "screens.json": ("screens",),
    "checklists/early.toml": ("checklist early",),
    "practice/history.sqlite": ("history",),
    "outbox/*/where.json": ("outbox",),
    "outbox/*/object.dcm": ("outbox",),
    "models/*/card.toml": ("model",),
    "models/*/weights.safetensors": ("model",),
    f"exams/{FINISHED}/exam.sqlite": (f"record {FINISHED}",),
    f"exams/{FINISHED}/media/4ch-*.png": (f"media {FINISHED}",),
    f"exams/{FINISHED}/media/4ch-*.mp4": (f"media {FINISHED}",),
    f"exams/{FINISHED}/media/recording-1.mp4": _OF_FINISHED,
    f"exams/{CUT_OFF}/exam.sqlite-wal": (f"record {CUT_OFF}", f"media {CUT_OFF}"),
    f"exams/{CUT_OFF}/exam.sqlite-shm": (),
    f"reviews/{REVIEWS[f'exam:{FINISHED}']}/review.sqlite": _OF_FINISHED,
    f"reviews/{REVIEWS['plain.mp4']}/review.sqlite": ("review plain.mp4", "analysis plain.mp4 own"),
    f"practice/analyses/{ANALYSES[f'exam:{TWICE}/1']}": (f"practice exam:{TWICE}/1",),
    f"practice/analyses/{ANALYSES[f'exam:{TWICE}/2']}": (f"practice exam:{TWICE}/2",),
}
"""Pattern of a file below the home -> the parts of the home that may suffer with it."""

WITHOUT_WORDS = (
    f"record {CUT_OFF}",  # SQLite takes what is wrong in its log for a change not finished
    "outbox",  # the node that gets the file refuses it
    "history",  # an empty file is one that was just begun
)


def emptied(data: bytes, dice: random.Random) -> bytes:
    return b""


def cut_in_half(data: bytes, dice: random.Random) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes, dice: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(4):
        made[dice.randrange(len(made))] ^= 1 << dice.randrange(8)
    return bytes(made)


Damage = Callable[[bytes, random.Random], bytes]


def file_of(kept: Kept, pattern: str) -> Path:
    """The first file that a pattern means."""
    found = sorted(kept.home.glob(pattern))
    assert found, pattern
    return found[0]


@pytest.mark.parametrize("damage", [emptied, cut_in_half, flipped])
@pytest.mark.parametrize("pattern", FILES)
def test_damage_costs_what_was_in_the_file(kept: Kept, pattern: str, damage: Damage) -> None:
    path = file_of(kept, pattern)
    name = path.relative_to(kept.place).as_posix()
    bad = damage(path.read_bytes(), random.Random(f"{pattern} {damage.__name__}"))
    path.write_bytes(bad)
    before = reading.all_files(kept.place)
    parts, lost = parts_of(kept), False
    for part in FILES[pattern]:
        found = found_in(parts.pop(part))
        assert all(len(word.splitlines()) == 1 for word in found.words), found.words
        if found.lost and damage is not flipped:
            # What practice had found can be made again, and is.
            quiet = part in WITHOUT_WORDS or part.startswith("practice ")
            assert found.words or quiet, (part, found.lost)
        lost |= bool(found.lost)
    if damage is cut_in_half:  # once is enough for each file
        for part, read in parts.items():
            found = found_in(read)
            assert (part, found.lost, found.words) == (part, [], [])
    use(kept)
    after = reading.all_files(kept.place)
    there = set(after.values())
    for one, content in before.items():
        assert one == name or one.endswith(WRITTEN) or content in there, f"{one} is gone"
    if lost and damage is not flipped and not name.endswith(MADE_ANEW):
        assert bad in there or not bad


def use(kept: Kept) -> None:
    """Work on with the home, as a user does who has not looked at what was said."""
    for work in (
        reading.save_settings_again,
        lambda: reading.keep_another_screen(kept.expected["layouts"][0]),
        reading.practise_more,
        *(lambda exam_id=exam_id: reading.note(exam_id, "more") for exam_id in TOLD["exams"]),
        lambda: reading.mark(str(kept.recording("plain.mp4"))),
        lambda: reading.mark(str(kept.recording(f"exam:{FINISHED}"))),
    ):
        said = found_in(lambda work=work: work() or Found()).words  # type: ignore[misc]
        assert all(len(word.splitlines()) == 1 for word in said), said


def test_a_log_that_was_not_copied_costs_no_picture(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the record does not speak of any more is said, set aside, and said again."""
    folder = kept.home / "exams" / CUT_OFF
    (still,) = (one["still"] for one in TOLD["exams"][CUT_OFF]["captures"])
    pictures = {name: (folder / "media" / name).read_bytes() for name in (still, "recording-1.mp4")}
    (folder / "exam.sqlite-wal").unlink()
    assert reading.unlisted(CUT_OFF) == sorted(f"media/{name}" for name in pictures)
    reading.note(CUT_OFF, "what was it?")
    assert reading.unlisted(CUT_OFF) == sorted(f"set-aside/{name}" for name in pictures)
    for name, content in pictures.items():
        assert (folder / "set-aside" / name).read_bytes() == content
    capsys.readouterr()
    assert run_program(["exam", "show", CUT_OFF]) == 0
    said = capsys.readouterr().out
    assert "the record says nothing of set-aside/4ch" in said


def test_damaged_settings_stay_beside_the_new_ones(kept: Kept) -> None:
    path = kept.home / "settings.json"
    bad = path.read_bytes()[:-20]
    for name in ("settings.damaged.json", "settings.damaged-2.json"):
        path.write_bytes(bad)
        (said,) = reading.settings()[1]
        assert "settings.damaged.json" in said
        reading.save_settings_again()
        assert (kept.home / name).read_bytes() == bad
        assert reading.settings()[1] == []


def test_an_analysis_for_practice_that_is_damaged_is_made_again(kept: Kept) -> None:
    spec = f"exam:{TWICE}/2"
    path = kept.home / "practice" / "analyses" / ANALYSES[spec]
    path.write_bytes(path.read_bytes()[:500])
    found = reading.practised(spec, kept.expected["by"]["own"])
    assert found.notes == ()
    assert found.runs == kept.expected["practised"][spec]["frames"]
    again = reading.practised(spec, kept.expected["by"]["own"])
    assert (again.runs, again.notes) == (0, ())
