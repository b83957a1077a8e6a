"""Seeds of the files that people or other programs write: settings, cards, tables of labels."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from unittest import mock

from datasets.dataset_files import FETAL_HEADER, picture, video
from fuzz.format import Seed, each
from real_models import card_of, random_tensors
from sonoassist import paths
from sonoassist.datasets.named import recording_of
from sonoassist.datasets.reading import read_dataset
from sonoassist.datasets.screens import read_screens
from sonoassist.errors import SonoAssistError
from sonoassist.exam.presets import load_preset, preset_names
from sonoassist.model.card import CARD_NAME, WEIGHTS_NAME, domain_warning, write_card
from sonoassist.model.checkpoint import encode_folded
from sonoassist.model.registry import REGISTRY_NAME, load_registry
from sonoassist.model.store import ModelStore
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.kept_layouts import KeptLayouts
from sonoassist.preprocess.screen_layout import COLUMNS, ROWS
from sonoassist.settings import Settings, load_settings, save_settings

BOX = ("left_px", "top_px", "right_px", "bottom_px")


# --- settings -------------------------------------------------------------------------------


def settings(folder: Path) -> list[Seed]:
    """A home with settings, the screens that were checked, and a checklist of one's own."""
    save_settings(
        folder / "settings.json",
        Settings(
            model="sononet32", engine="torch", precision="bf16", crop="room 2", threshold=0.6,
            theme="light", show_heat=True, speed=2.0, history_s=20.0, history_mb=512, clip_s=3.0,
            checklist="own", pacs_node="STORE@10.0.0.1:104", recent=["/data/a.mp4", "device:0"],
            own_crops={"room 2": "10,20,300,200"}, window_geometry="AAAA",
        ),
    )  # fmt: skip
    layout = {
        "name": "room 2", "width_px": 640, "height_px": 480, "crop_px": [1.0, 2.0, 300.0, 200.0],
        "field_px": [1.0, 2.0, 300.0, 200.0],
        "cells": base64.b64encode(bytes(ROWS * COLUMNS)).decode(),
        "beside": base64.b64encode(bytes(ROWS * COLUMNS // 8)).decode(),
    }  # fmt: skip
    shipped = paths.resources() / "checklists" / "20-week.toml"
    lines = shipped.read_text(encoding="utf-8").splitlines()
    own = "\n".join(line for line in lines if not line.startswith("#"))
    files = {
        "settings.json": (folder / "settings.json").read_bytes(),
        "screens.json": json.dumps({"version": 1, "layouts": [layout]}).encode(),
        "checklists/own.toml": own.encode(),
    }
    return [Seed("home", {f"home/{name}": data for name, data in files.items()},
                 tuple(f"home/{name}" for name in files))]  # fmt: skip


def use_settings(folder: Path, seed: Seed) -> str:
    """What a start of the program reads, and keeping it again."""
    home = folder / seed.name
    with mock.patch.dict(os.environ, {"SONOASSIST_HOME": str(home)}):
        kept, sentences = load_settings(paths.settings_file())
        layouts = KeptLayouts(paths.screen_layouts())
        notices = [*sentences, *([layouts.trouble] if layouts.trouble else [])]
        for notice in notices:
            assert len(notice.splitlines()) == 1, notice

        def again() -> None:
            save_settings(paths.settings_file(), kept)
            assert load_settings(paths.settings_file()) == (kept, [])

        def keep() -> None:
            for layout in layouts.all():
                layouts.find(640, 480, layout.furniture)
                layouts.keep(layout)

        each(
            lambda: parse_crop(kept.crop, kept.own_crops),
            lambda: load_preset("own"),
            preset_names,
            again,
            keep,
        )
    return "refused" if notices else "result"


# --- cards ----------------------------------------------------------------------------------


def cards(folder: Path) -> list[Seed]:
    """A folder of models with two, and a registry."""
    data = encode_folded("smallnet", random_tensors("smallnet"))
    files = {}
    for name, domain in (("mine", "own"), ("made", "synthetic")):
        card = card_of("smallnet").model_copy(
            update={
                "name": name, "domain": domain, "weights_sha256": hashlib.sha256(data).hexdigest(),
                "screen_px": (975, 735), "notes": "A line.\nAnother \"one\".", "added": "2026-01-02",
            }
        )  # fmt: skip
        (folder / name).mkdir()
        write_card(folder / name, card)
        files[f"models/{name}/{CARD_NAME}"] = (folder / name / CARD_NAME).read_bytes()
    targets = (*files, *files, "registry.toml")
    files |= {f"models/{name}/{WEIGHTS_NAME}": data for name in ("mine", "made")}
    files["registry.toml"] = (paths.shipped_models() / REGISTRY_NAME).read_bytes()
    return [Seed("models", files, targets)]


def use_cards(folder: Path, seed: Seed) -> str:
    """The list of models, and loading each of them."""
    store = ModelStore(folder / seed.name, folder / "shipped")
    inventory = store.inventory()
    for problem in inventory.problems:
        assert len(problem.message.splitlines()) == 1, problem.message

    def load(name: str) -> Callable[[], object]:
        return lambda: store.load_tensors(store.get(name))

    def describe() -> None:
        for model in inventory.models:
            domain_warning(model.card, synthetic=True)
            assert store.describe(model, model.card) == model
        assert store.inventory() == inventory

    registry = folder / "registry.toml"
    each(load("mine"), load("made"), load("auto"), describe, lambda: load_registry(registry))
    return "refused" if inventory.problems else "result"


# --- tables of labels -----------------------------------------------------------------------


def _table(header: str, rows: Iterable[Sequence[object]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    text.write(header + "\n")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def tables(folder: Path) -> list[Seed]:
    """A data set of each layout; only its table is changed."""
    still = picture(folder / "a.png").read_bytes()
    clip = video(folder / "a.mp4").read_bytes()
    box = (10, 12, 60, 70)
    edges = ",".join(BOX)
    fetal = [
        (f"P{number}", number, plane, brain, "Op. 1", "Aloka", number % 2)
        for number, (plane, brain) in enumerate(
            [("Fetal abdomen", "Not A Brain"), ("Fetal brain", "Trans-thalamic"),
             ("Other", "Not A Brain"), ("Fetal femur", "Not A Brain")]
        )
    ]  # fmt: skip
    segments = {
        "video": "montage.mp4", "retrieval_tolerance_frames": 2,
        "segments": [{"plane": "Femur", "first_frame": 0, "last_frame": 3},
                     {"plane": "Kidneys", "first_frame": 6, "last_frame": 9}],
    }  # fmt: skip
    truth = {
        "images": {
            "a.png": {
                "plane": "Femur",
                "box_frame_px": dict(zip(("left", "top", "right", "bottom"), box, strict=True)),
            },
            "b.png": {"plane": "Lips"},
        }
    }
    labels = [("a.png", "", "brain_tv", *box), ("scan.mp4", 3, "femur", "", "", "", ""),
              ("scan.mp4", 5, "background", *box)]  # fmt: skip
    screens = [("sv_a.png", 96, 80, "b_mode", "convex", *box), ("sv_b.png", 96, 80, "menu", *[""] * 5)]
    exam = [(0, 0.0, "plane", "femur", *box), (3, 0.1, "background", "background", *[""] * 4)]
    mapping = b'[classes]\n"Fetal femur" = "femur"\nHeart = ["4ch", "lvot"]\nOther = "leave_out"\n'

    def seed(name: str, table: str, data: bytes, **beside: bytes) -> Seed:
        files = {f"{name}/{path}": inner for path, inner in beside.items()}
        return Seed(name, {**files, f"{name}/{table}": data, "map.toml": mapping},
                    (f"{name}/{table}",) * 4 + ("map.toml",))  # fmt: skip

    return [
        seed("phantom", "truth.csv", _table(f"frame,time_s,state,plane,{edges}", exam),
             **{"exam.mp4": clip}),
        seed("fetal", "FETAL_PLANES_DB_data.csv", _table(FETAL_HEADER, fetal, ";"),
             **{f"Images/P{number}.png": still for number in range(4)}),
        seed("exams", "labels.csv", _table(f"file,frame,plane,{edges}", labels),
             **{"a.png": still, "scan.mp4": clip}),
        seed("montage", "montage.json", json.dumps(segments).encode(), **{"montage.mp4": clip}),
        seed("planes", "truth.json", json.dumps(truth).encode(),
             **{"a.png": still, "b.png": still}),
        seed("heads", "truth.csv", _table(f"image,{edges}", [("1_HC.png", *box), ("b.png", *box)]),
             **{"1_HC.png": still, "b.png": still}),
        seed("screens", "truth.csv",
             _table(f"image,width,height,content,fov_shape,{edges}", screens),
             **{"sv_a.png": still, "sv_b.png": still}),
    ]  # fmt: skip


def use_tables(folder: Path, seed: Seed) -> str:
    """What `train`, `evaluate` and `review` read of a data set."""
    path, own = folder / seed.name, folder / "map.toml"
    problems: list[str] = []

    def read(mapping: Path | None) -> None:
        if seed.name == "screens":
            problems.extend(read_screens(path).problems)
            return
        data = read_dataset(path, mapping, tolerance_frames=2)
        problems.extend(data.problems)
        for frame in data.frames:
            assert frame.path.is_file()
            assert frame.accepted
            assert frame.index >= 0

    def named() -> None:
        for one in (path, *sorted(path.glob("*.json")), *sorted(path.glob("*.csv"))):
            recording_of(str(one))

    try:
        each(lambda: read(None), lambda: read(own))
    finally:
        try:
            named()
        except SonoAssistError:
            pass  # a table of pictures names no recording
    for problem in problems:
        assert len(problem.splitlines()) == 1, problem
    return "refused" if problems else "result"

