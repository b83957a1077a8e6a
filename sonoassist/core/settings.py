"""The user's settings: typed, kept on disk, and passed in (never looked up).

A field that is wrong on disk falls back to its default alone, with a notice; the rest is kept.
A file of which something could not be used is not written over: it stays beside the new one.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sonoassist.core.errors import OutputError, shown
from sonoassist.core.files import ensure_folder, set_aside, write_text
from sonoassist.core.memory import usual_history_mb

VERSION = 1
MAX_RECENT = 12
LOCK_PATIENCE_S = 5.0
LEAST_THRESHOLD, MOST_THRESHOLD, THRESHOLD_STEP = 0.05, 0.95, 0.05
"""What the user may set, in the window and in the file, and its steps; a model's own threshold may
lie anywhere."""


class Settings(BaseModel):
    """What the program remembers between starts.

    Attributes:
        version: Of this layout.
        model: Name of the model, or "auto" (SonoNet-32, else what is installed).
        engine: "auto", "torch" or "openvino".
        precision: "auto", "f32", "bf16", "f16" or "int8"; of the forward pass and of the errors in
            the backward pass also "f32/int8", "f32/bf16" or "bf16/int8".
        device: "auto", "cpu", "cuda", "mps" or "gpu" (Intel graphics).
        crop: As on the command line.
        threshold: Probability below which no plane is named; None for the model's own.
        localiser: What boxes are found by: "plane" (the model's rule of each plane) or "paper".
        theme: "dark" or "light".
        label: "steady" (smoothed over time) or "raw" (each frame by itself).
        show_box: Draw the box.
        show_heat: Draw the evidence as a heat map.
        guided_heat: Use guided gradients (Eq. 2) for the heat map.
        show_crop: Draw the crop's outline.
        loop: Start a recording again at its end.
        speed: Playing speed of recordings.
        every_frame: Recordings wait for the analysis instead of dropping frames.
        history_s: Seconds that a freeze can step back.
        history_mb: Memory a freeze may use, in MiB; at first a share of the machine's.
        exam_with_source: Keep an exam record of what is opened: "always" (videos and live
            sources), "live" (live sources only) or "never".
        checklist: Name of the exam's checklist.
        cover_text: Cover the text on the pictures of practice, which may tell the answer.
        clip_s: Seconds before and after a capture that its clip holds.
        pacs_node: Where exams are sent, "AE@HOST:PORT"; "" when never.
        recent: What was opened last, newest first.
        folders: Purpose of a file dialog -> the folder that was chosen last for it.
        keys: Keys that the user has changed: name of an action -> its keys as Qt writes them.
        own_crops: Named rectangles "L,T,W,H", e.g. one for each scanner.
        window_geometry: Qt's own bytes, base64.
    """

    model_config = ConfigDict(validate_assignment=True, extra="ignore")

    version: int = VERSION
    model: str = "auto"
    engine: Literal["auto", "torch", "openvino"] = "auto"
    precision: Literal[
        "auto", "f32", "bf16", "f16", "int8", "f32/int8", "f32/bf16", "bf16/int8"
    ] = "auto"
    device: Literal["auto", "cpu", "cuda", "mps", "gpu"] = "auto"
    crop: str = "default"
    threshold: float | None = Field(default=None, ge=LEAST_THRESHOLD, le=MOST_THRESHOLD)
    localiser: Literal["plane", "paper"] = "plane"
    theme: Literal["dark", "light"] = "dark"
    label: Literal["steady", "raw"] = "steady"
    show_box: bool = True
    show_heat: bool = False
    guided_heat: bool = False
    show_crop: bool = False
    loop: bool = False
    speed: float = Field(default=1.0, ge=0.1, le=8.0)
    every_frame: bool = False
    history_s: float = Field(default=10.0, ge=1.0, le=120.0)
    history_mb: int = Field(default_factory=usual_history_mb, ge=64, le=16384)
    exam_with_source: Literal["always", "live", "never"] = "always"
    checklist: str = "20-week"
    cover_text: bool = True
    clip_s: float = Field(default=2.0, ge=0.5, le=10.0)
    pacs_node: str = ""
    recent: list[str] = Field(default_factory=list)
    folders: dict[str, str] = Field(default_factory=dict)
    own_crops: dict[str, str] = Field(default_factory=dict)
    keys: dict[str, list[str]] = Field(default_factory=dict)
    window_geometry: str = ""

    def remember(self, spec: str) -> None:
        """Put `spec` at the head of the recent sources."""
        self.recent = [spec, *(one for one in self.recent if one != spec)][:MAX_RECENT]


def stepped_threshold(now: float, steps: int) -> float:
    """The threshold some whole steps further on, or `now` where there is none.

    Args:
        now: In force; a model's own may lie between the steps, or beyond them all.
        steps: Up, or down where negative.
    """
    place = round(now / THRESHOLD_STEP, 6)
    passed = math.floor(place) if steps > 0 else math.ceil(place)
    wanted = round((passed + steps) * THRESHOLD_STEP, 2)
    reached = min(max(wanted, LEAST_THRESHOLD), MOST_THRESHOLD)
    # What lies beyond the steps is never turned the other way.
    return max(reached, now) if steps > 0 else min(reached, now)


def load_settings(path: Path) -> tuple[Settings, list[str]]:
    """Read the settings, field by field.

    Returns:
        The settings and a sentence for each thing that could not be used.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings(), []
    except (OSError, ValueError, RecursionError) as error:
        reason = shown(str(error))
        return Settings(), [_unusable(path, f"cannot be read ({reason})")]
    if not isinstance(data, dict):
        return Settings(), [_unusable(path, "are not a table")]
    return _rescue(data)


def _unusable(path: Path, why: str) -> str:
    return (
        f"The settings in {path} {why}; defaults are used, and the file is kept as "
        f"{_aside(path).name} when they are saved"
    )


def _aside(path: Path) -> Path:
    """Where a damaged file is kept."""
    return path.with_stem(f"{path.stem}.damaged")


def _rescue(data: dict[str, Any]) -> tuple[Settings, list[str]]:
    notices: list[str] = []
    while True:
        try:
            return Settings.model_validate(data), notices
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors()}
            notices += [
                f"The setting {name!r} was not usable; its default is used"
                for name in sorted(wrong)
            ]
            data = {key: value for key, value in data.items() if key not in wrong}


def save_settings(path: Path, settings: Settings) -> None:
    """Write what differs from the defaults.

    A file that is there and cannot be used as it is gets another name and stays.

    Raises:
        OutputError: The operating system refuses.
    """
    ensure_folder(path.parent)
    if path.is_file() and load_settings(path)[1]:
        set_aside(path, _aside(path))
    data = {"version": VERSION} | settings.model_dump(mode="json", exclude_defaults=True)
    write_text(path, json.dumps(data, indent=2, sort_keys=True) + "\n")


def merge_settings(path: Path, before: Settings, mine: Settings) -> None:
    """Write what was changed here into the file, and leave what others have changed there.

    Several windows may run at once, each with settings of its own; the file is locked meanwhile.

    Args:
        path: Of the file.
        before: What this one read or wrote last.
        mine: What it has now.

    Raises:
        OutputError: The operating system refuses, or somebody holds the file for too long.
    """
    ensure_folder(path.parent)
    lock = FileLock(str(path.with_suffix(".lock")), timeout=LOCK_PATIENCE_S, mode=0o600)
    try:
        with lock:
            save_settings(path, merged(before, mine, _theirs(path, before)))
    except Timeout as error:
        raise OutputError("the settings are held by another program", "Try again") from error
    except OSError as error:
        raise OutputError(f"the settings cannot be kept: {shown(str(error))}") from error


def _theirs(path: Path, before: Settings) -> Settings:
    """What is in the file by now; what was read last where it is gone or damaged."""
    found, troubles = load_settings(path)
    return before if troubles or not path.is_file() else found


def merged(before: Settings, mine: Settings, theirs: Settings) -> Settings:
    """The settings in the file with what was changed here.

    Tables are merged entry by entry; of what was opened lately ours comes first.
    """
    out = theirs.model_copy(deep=True)
    for name in Settings.model_fields:
        old, new, there = getattr(before, name), getattr(mine, name), getattr(theirs, name)
        if new == old:
            continue
        if isinstance(new, dict):
            new = _merged_tables(old, new, there)
        elif name == "recent":
            ours = [one for one in new if one not in old or new.index(one) < old.index(one)]
            new = [*ours, *(one for one in there if one not in ours)][:MAX_RECENT]
        setattr(out, name, new)
    return out


def _merged_tables(
    old: dict[str, Any], new: dict[str, Any], there: dict[str, Any]
) -> dict[str, Any]:
    kept = {key: value for key, value in there.items() if key in new or key not in old}
    return kept | {key: value for key, value in new.items() if old.get(key) != value}
