"""One exam's record: every method may be called from any thread; writers wait for each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from filelock import BaseFileLock

from sonoassist.core import flaws
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.files import replacing, set_aside
from sonoassist.core.flaws import Hints
from sonoassist.core.open_database import FULL_HINT, OpenDatabase
from sonoassist.core.packets import Box, Pixels, Provenance
from sonoassist.exam import rows
from sonoassist.exam.in_force import (
    IN_FORCE,
    JUDGED,
    KINDS,
    Moment,
    history_of,
    in_force_text,
    judged_text,
)
from sonoassist.exam.records import (
    Capture,
    Event,
    ExamInfo,
    FrameRow,
    How,
    Judgement,
    RecordedVideo,
    Shot,
    Tick,
)
from sonoassist.exam.schema import RecordError

DATABASE = "exam.sqlite"
MEDIA = "media"
ASIDE = "set-aside"
"""Folder of whole media files that the record does not speak of."""
LOCK = "writer.lock"
_META = "SELECT key, value FROM meta"
_EVENTS = "SELECT at_s, kind, text FROM events WHERE kind NOT IN (?, ?) ORDER BY id"
_IN_FORCE = "SELECT at_s, kind, text FROM events WHERE kind IN (?, ?) ORDER BY id"
_ADD_EVENT = "INSERT INTO events (at_s, kind, text) VALUES (?, ?, ?)"
_REPLACED = (
    "SELECT id, still, clip FROM captures WHERE id = ? AND (? OR (judgement = ? AND how = ?))"
)
_TICK = (
    "INSERT INTO ticks VALUES (?, ?, ?) ON CONFLICT (item)"
    " DO UPDATE SET done = excluded.done, note = excluded.note"
)
_SET_META = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_PRIVATE_FOLDER = 0o700
READ_HINT = "Its pictures are in its media folder"

_Value = TypeVar("_Value")


class Exam(OpenDatabase):
    """The record of one exam.

    Args:
        folder: Of the exam.
        database: Open.
        lock: Held while this is the writer; None for a reader.
    """

    def __init__(
        self, folder: Path, database: sqlite3.Connection, lock: BaseFileLock | None
    ) -> None:
        super().__init__(database, lock)
        self.folder = folder

    @property
    def exam_id(self) -> str:
        """Name of the exam."""
        return self.folder.name

    @property
    def media(self) -> Path:
        """Folder of the pictures and videos."""
        return self.folder / MEDIA

    # --- reading ----------------------------------------------------------------------------

    def info(self) -> ExamInfo:
        """The exam as a whole.

        Raises:
            RecordError: The record is damaged.
        """
        lengths = self._all(
            "SELECT max(at_s) FROM (SELECT max(at_s) AS at_s FROM events"
            " UNION ALL SELECT at_s FROM (SELECT at_s FROM frames ORDER BY id DESC LIMIT 1))"
        )
        try:
            meta = {str(key): rows.text_of(value) for key, value in self._all(_META)}
            return ExamInfo(
                exam_id=self.exam_id,
                started_at=_moment(meta["started_at"]),
                ended_at=_moment(meta.get("ended_at", "")),
                length_s=rows.number_of(lengths[0][0] or 0.0),
                note=meta.get("note", ""),
                start=rows.start_of(meta["start"]),
                kept_history=history_of(self._all(_IN_FORCE, KINDS)),
            )
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise self._damaged(error) from error

    def events(self) -> tuple[Event, ...]:
        """What happened, in order; what held when is in `info`."""
        found = self._all(_EVENTS, KINDS)
        return self._values(rows.event, found)

    def frames(self) -> Iterator[FrameRow]:
        """The results of the analysed frames, in order."""
        last = 0
        query = f"SELECT id, {rows.FRAME_COLUMNS} FROM frames WHERE id > ? ORDER BY id LIMIT 1000"
        while found := self._all(query, (last,)):
            make = partial(rows.frame_row, provenances=self._provenances())
            yield from self._values(make, [row[1:] for row in found])
            if not last < found[-1][0]:
                raise self._damaged(ValueError("its frames are out of order"))
            last = found[-1][0]

    def frame_count(self) -> int:
        """Number of frames whose results are kept."""
        return int(self._all("SELECT count(*) FROM frames")[0][0])

    def captures(self) -> tuple[Capture, ...]:
        """All captures, oldest first."""
        found = self._all(f"SELECT {rows.CAPTURE_COLUMNS} FROM captures ORDER BY id")
        return self._values(rows.capture, found)

    def capture(self, capture_id: int) -> Capture:
        """One capture.

        Raises:
            UsageError: There is no such capture.
        """
        query = f"SELECT {rows.CAPTURE_COLUMNS} FROM captures WHERE id = ?"
        found = self._all(query, (capture_id,))
        if not found:
            raise UsageError(f"the exam {self.exam_id} has no capture {capture_id}")
        return self._values(rows.capture, found)[0]

    def recordings(self) -> tuple[RecordedVideo, ...]:
        """The videos, oldest first."""
        query = "SELECT id, file, began_s, frames, ended, trouble FROM recordings ORDER BY id"
        return self._values(rows.recording, self._all(query))

    def ticks(self) -> tuple[Tick, ...]:
        """What the user said of checklist items."""
        found = self._all("SELECT item, done, note FROM ticks ORDER BY item")
        return self._values(rows.tick, found)

    def unlisted(self) -> tuple[str, ...]:
        """Paths, below the exam's folder, of whole files that the record does not speak of.

        Raises:
            RecordError: The record is damaged.
        """
        here = [path for path in self._unknown() if not path.name.startswith(".")]
        found = [*here, *_inside(self.folder / ASIDE)]
        return tuple(sorted(path.relative_to(self.folder).as_posix() for path in found))

    # --- writing ----------------------------------------------------------------------------

    def add_event(self, at_s: float, kind: str, text: str) -> None:
        """Note that something happened."""
        with self._change() as change:
            change.execute(_ADD_EVENT, (at_s, kind, rows.sayable(text)))

    def add_moment(self, moment: Moment, told: Iterable[tuple[str, str]] = ()) -> None:
        """Keep what pictures are judged by from a moment on.

        Args:
            moment: When, and what holds.
            told: Kinds and texts of the events that tell the change to people.
        """
        events = [(IN_FORCE, in_force_text(moment.in_force)), *told]
        with self._change() as change:
            change.executemany(
                _ADD_EVENT, [(moment.at_s, kind, rows.sayable(text)) for kind, text in events]
            )

    def add_judged(self, capture: Capture, moment: Moment, watched: Moment) -> None:
        """Keep what a capture has of other moments than that of its picture.

        Args:
            capture: In this record.
            moment: Has what it was judged by.
            watched: Has what its picture is of.
        """
        text = judged_text(capture.capture_id, moment, watched)
        self.add_event(capture.shot.at_s, JUDGED, text)

    def add_frames(self, frames: Sequence[FrameRow], again: Sequence[FrameRow] = ()) -> None:
        """Keep the results of some frames, all or none.

        Args:
            frames: That have none yet.
            again: Of frames that were kept lately: what was kept of them is replaced. One that
                is not among the last `rows.LATELY` is added.
        """
        with self._change() as change:
            numbers = {
                made: _provenance_number(change, made)
                for made in {frame.provenance for frame in (*frames, *again)}
                if made is not None
            }

            def values(frame: FrameRow) -> rows.Row:
                made = frame.provenance
                return rows.frame_values(frame, None if made is None else numbers[made])

            change.executemany(rows.ADD_FRAME, map(values, frames))
            change.executemany(
                rows.PUT_FRAME, ((one.at_s, one.index, *values(one)) for one in again)
            )

    def _provenances(self) -> dict[int, Provenance]:
        """What makes results, by the number under which it is kept."""
        found = self._all(f"SELECT id, {rows.PROVENANCE_COLUMNS} FROM provenances")
        made = self._values(rows.provenance_of, [row[1:] for row in found])
        return dict(zip((int(row[0]) for row in found), made, strict=True))

    def add_capture(
        self,
        shot: Shot,
        picture: Pixels,
        *,
        judgement: Judgement = Judgement.OPEN,
        instead_of: int | None = None,
    ) -> Capture:
        """Keep a picture.

        Args:
            shot: What it shows.
            picture: uint8, (H, W, 3) RGB or (H, W) grey; the whole frame.
            judgement: Of the user.
            instead_of: Number of a capture that goes in the same step. Only a shot by hand takes
                the place of what the user made or judged (meanwhile, perhaps); else both stay.

        Raises:
            OutputError: The disk refuses; the record is as before.
        """
        still = f"{shot.item or 'capture'}-{uuid4().hex[:8]}.png"
        self._write_still(self.media / still, picture)
        marks = ", ".join("?" * rows.CAPTURE_COLUMNS.count(","))
        columns = rows.CAPTURE_COLUMNS.removeprefix("id, ")
        values = (*rows.shot_values(shot), judgement.value, still, "")
        replaced = (shot.how is How.HAND, Judgement.OPEN.value, How.AUTO.value)
        try:
            with self._change() as change:
                old = change.execute(_REPLACED, (instead_of, *replaced)).fetchone()
                change.execute("DELETE FROM captures WHERE id = ?", (old[0] if old else None,))
                cursor = change.execute(
                    f"INSERT INTO captures ({columns}) VALUES ({marks})", values
                )
        except BaseException:
            (self.media / still).unlink(missing_ok=True)
            raise
        self._forget_files(old[1:] if old else ())
        return Capture(int(cursor.lastrowid or 0), shot, judgement, still, "")

    def put_box(self, capture_id: int, box: Box, hints: Hints | None = None) -> None:
        """Keep the box of a capture, which was found behind its label.

        Args:
            capture_id: Of the capture; one that is gone meanwhile is no error.
            box: In pixels of the whole frame.
            hints: What could be better in the picture, now that its box is known; None leaves
                what is kept of it.
        """
        kept = flaws.to_json(hints)
        with self._change() as change:
            change.execute(rows.PUT_BOX, (*rows.corners(box), kept, capture_id))

    def add_clip(self, capture_id: int, clip: str) -> None:
        """Say that the clip of a capture is finished.

        Args:
            capture_id: Of the capture; one that is gone meanwhile is no error.
            clip: File name in the media folder.
        """
        with self._change() as change:
            cursor = change.execute("UPDATE captures SET clip = ? WHERE id = ?", (clip, capture_id))
        if cursor.rowcount == 0:
            (self.media / clip).unlink(missing_ok=True)

    def judge(self, capture_id: int, judgement: Judgement) -> None:
        """Keep what the user says of a capture."""
        with self._change() as change:
            change.execute(
                "UPDATE captures SET judgement = ? WHERE id = ?", (judgement.value, capture_id)
            )

    def move_capture(self, capture_id: int, item: str) -> None:
        """Put a capture under another item of the checklist; the exam's events say so.

        Raises:
            UsageError: There is no such capture.
        """
        shot = self.capture(capture_id).shot
        if shot.item == item:
            return
        labels = {one.key: one.label for one in self.info().start.items}
        was, now = (labels.get(key, key) or "no item of the list" for key in (shot.item, item))
        with self._change() as change:
            change.execute("UPDATE captures SET item = ? WHERE id = ?", (item, capture_id))
            told = rows.sayable(f"Capture {capture_id} moved by hand: {was} -> {now}")
            change.execute(_ADD_EVENT, (shot.at_s, "moved", told))

    def remove_capture(self, capture_id: int) -> None:
        """Take a capture out of the record, with its files."""
        old = self.capture(capture_id)
        with self._change() as change:
            change.execute("DELETE FROM captures WHERE id = ?", (capture_id,))
        self._forget_files((old.still, old.clip))

    def put_said(
        self,
        captures: Mapping[int, Capture | None],
        ticks: Mapping[str, Tick | None],
        note: str | None,
        study_id: str | None,
    ) -> None:
        """Put what people have said back to what it was, all of it or nothing.

        Args:
            captures: Number -> what it was; None takes it out of the record, its files stay. Of
                one that is there its judgement and its item are put back, nothing else.
            ticks: Item -> what was said of it; None for nothing.
            note: The user's words; None leaves them.
            study_id: The same of the study's number.

        Raises:
            UsageError: The files of a capture that is to come back are gone.
            OutputError: The disk refuses.
        """
        known = {one.capture_id for one in self.captures()}
        for key, capture in captures.items():
            if capture is not None and key not in known:
                self._check_files(capture)
        meta = {} if note is None else {"note": rows.sayable(note)}
        if study_id is not None:
            meta["start"] = rows.start_text(replace(self.info().start, study_id=study_id))
        with self._change() as change:
            for key, capture in captures.items():
                _put_capture(change, key, capture, key in known)
            for item, tick in ticks.items():
                change.execute("DELETE FROM ticks WHERE item = ?", (item,))
                if tick is not None:
                    change.execute(_TICK, (tick.item, int(tick.done), rows.sayable(tick.note)))
            for name, text in meta.items():
                change.execute(_SET_META, (name, text))

    def _check_files(self, capture: Capture) -> None:
        if not (self.media / capture.still).is_file():
            raise UsageError("the picture is gone: a better one has taken its place meanwhile")

    def forget_files(self, capture: Capture) -> None:
        """Remove the files of a capture that is in the record no more."""
        self._forget_files((capture.still, capture.clip))

    def tick(self, tick: Tick) -> None:
        """Keep what the user says of a checklist item."""
        with self._change() as change:
            change.execute(_TICK, (tick.item, int(tick.done), rows.sayable(tick.note)))

    def set_note(self, text: str) -> None:
        """Keep the user's own words on the exam."""
        self._set_meta("note", rows.sayable(text))

    def set_study_id(self, text: str) -> None:
        """Keep the user's own number of the study; "" takes it away."""
        self._set_meta("start", rows.start_text(replace(self.info().start, study_id=text)))

    def begin_recording(self, file: str, began_s: float) -> int:
        """A video is being written; returns its number."""
        with self._change() as change:
            cursor = change.execute(
                "INSERT INTO recordings (file, began_s, frames, ended, trouble)"
                " VALUES (?, ?, 0, 0, '')",
                (file, began_s),
            )
        return int(cursor.lastrowid or 0)

    def note_recording(
        self, recording_id: int, frames: int, *, ended: bool = False, trouble: str = ""
    ) -> None:
        """How far a video has come."""
        with self._change() as change:
            change.execute(
                "UPDATE recordings SET frames = ?, ended = ?, trouble = ? WHERE id = ?",
                (frames, int(ended), trouble, recording_id),
            )

    def end(self, at_s: float) -> None:
        """The exam is over."""
        self.add_event(at_s, "ended", "Exam ended")
        self._set_meta("ended_at", datetime.now(timezone.utc).isoformat(timespec="milliseconds"))

    def resume(self, at_s: float) -> None:
        """The exam goes on after it had been ended or cut off."""
        with self._change() as change:
            change.execute("DELETE FROM meta WHERE key = 'ended_at'")
        self.add_event(at_s, "resumed", "Exam goes on")

    def sweep(self) -> None:
        """Clear the media folder of files that the record does not speak of.

        One that was never finished is removed. A whole one is set aside: it may be that the
        record has lost what it said of it, as when its log was damaged or not copied with it.
        """
        for path in self._unknown():
            with suppress(OSError, OutputError):
                self._clear(path)

    def _unknown(self) -> list[Path]:
        """Media files that the record does not speak of, also half written ones."""
        known = {name for one in self.captures() for name in (one.still, one.clip)}
        known |= {one.file for one in self.recordings()}
        return [path for path in _inside(self.media) if path.name not in known]

    def _clear(self, path: Path) -> None:
        if path.name.startswith("."):  # as `replacing` calls what is being written
            path.unlink()
            return
        aside = self.folder / ASIDE
        aside.mkdir(_PRIVATE_FOLDER, exist_ok=True)
        set_aside(path, aside / path.name)

    # --- inside -----------------------------------------------------------------------------

    def _values(
        self, make: Callable[[rows.Row], _Value], found: Sequence[rows.Row]
    ) -> tuple[_Value, ...]:
        try:
            return tuple(make(row) for row in found)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._damaged(error) from error

    def _unreadable(self, error: Exception) -> RecordError:
        return RecordError(f"the record of {self.exam_id} cannot be read: {error}", READ_HINT)

    def _damaged(self, error: Exception) -> RecordError:
        return RecordError(f"the record of {self.exam_id} is damaged: {error}", READ_HINT)

    def _refused(self, error: Exception) -> OutputError:
        return OutputError(f"the exam cannot be kept: {error}", FULL_HINT)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        if self._writer is None or self.closed:
            raise UsageError(f"the exam {self.exam_id} is open for reading only")
        with super()._change() as database:
            yield database

    def _set_meta(self, key: str, value: str) -> None:
        with self._change() as change:
            change.execute(_SET_META, (key, value))

    def _write_still(self, path: Path, picture: Pixels) -> None:
        from sonoassist.exam.stills import png_bytes  # OpenCV loads when it is needed

        data = png_bytes(picture)
        with replacing(path, private=True) as temporary:
            temporary.write_bytes(data)

    def _forget_files(self, names: Sequence[str]) -> None:
        for name in names:
            if name:
                with suppress(OSError):
                    (self.media / name).unlink(missing_ok=True)


def _inside(folder: Path) -> list[Path]:
    """What is in a folder; nothing where that cannot be told."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _moment(text: str) -> str:
    if text:
        datetime.fromisoformat(text)
    return text


def _put_capture(
    change: sqlite3.Connection, key: int, capture: Capture | None, known: bool
) -> None:
    """Have a capture judged as it was, or take it out, or back in."""
    if capture is None:
        change.execute("DELETE FROM captures WHERE id = ?", (key,))
    elif known:
        values = (capture.judgement.value, capture.shot.item, key)
        change.execute("UPDATE captures SET judgement = ?, item = ? WHERE id = ?", values)
    else:
        all_values = (
            key,
            *rows.shot_values(capture.shot),
            capture.judgement.value,
            capture.still,
            capture.clip,
        )
        marks = ", ".join("?" * len(all_values))
        change.execute(
            f"INSERT INTO captures ({rows.CAPTURE_COLUMNS}) VALUES ({marks})", all_values
        )


def _provenance_number(change: sqlite3.Connection, made: Provenance) -> int:
    """The number under which is kept what makes results; a new one where there is none."""
    values = (made.weights_sha256, made.network_input, made.crop, made.precision)
    change.execute(
        f"INSERT OR IGNORE INTO provenances ({rows.PROVENANCE_COLUMNS}) VALUES (?, ?, ?, ?)",
        values,
    )
    found = change.execute(
        "SELECT id FROM provenances WHERE weights_sha256 = ? AND network_input = ? AND crop = ?"
        " AND precision = ?",
        values,
    ).fetchone()
    return int(found[0])
