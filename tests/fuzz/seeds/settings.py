"""Seeds of a home folder: settings, checked screens and a checklist of one's own."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from unittest import mock

from fuzz.format import Seed, each
from sonoassist.core import paths
from sonoassist.core.settings import Settings, load_settings, save_settings
from sonoassist.exam.pacs.node import PacsNode
from sonoassist.exam.presets import DEFAULT_PRESET, load_preset, preset_names
from sonoassist.model.store import ModelStore
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.kept_layouts import KeptLayouts
from sonoassist.preprocess.screen_layout import COLUMNS, ROWS


def homes(folder: Path) -> list[Seed]:
    """A home with settings, the screens that were checked, and a checklist of one's own."""
    save_settings(
        folder / "settings.json",
        Settings(
            model="sononet32-synthetic",
            engine="torch",
            precision="bf16",
            crop="room 2",
            threshold=0.6,
            theme="light",
            show_heat=True,
            speed=2.0,
            history_s=20.0,
            history_mb=512,
            clip_s=3.0,
            checklist="own",
            pacs_node="STORE@10.0.0.1:104",
            recent=["/data/a.mp4", "device:0"],
            own_crops={"room 2": "10,20,300,200"},
            window_geometry="AAAA",
        ),
    )
    layout = {
        "name": "room 2",
        "width_px": 640,
        "height_px": 480,
        "crop_px": [1.0, 2.0, 300.0, 200.0],
        "field_px": [1.0, 2.0, 300.0, 200.0],
        "cells": base64.b64encode(bytes(ROWS * COLUMNS)).decode(),
        "beside": base64.b64encode(bytes(ROWS * COLUMNS // 8)).decode(),
    }
    shipped = paths.resources() / "checklists" / "20-week.toml"
    lines = shipped.read_text(encoding="utf-8").splitlines()
    own = "\n".join(line for line in lines if not line.startswith("#"))
    files = {
        "settings.json": (folder / "settings.json").read_bytes(),
        "screens.json": json.dumps({"version": 1, "layouts": [layout]}).encode(),
        "checklists/own.toml": own.encode(),
    }
    return [
        Seed(
            "home",
            {f"home/{name}": data for name, data in files.items()},
            tuple(f"home/{name}" for name in files),
        )
    ]


def use(folder: Path, seed: Seed) -> str:
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
            assert load_settings(paths.settings_file())[1] == []

        def keep() -> None:
            for layout in layouts.all():
                layouts.find(640, 480, layout.furniture)
                layouts.keep(layout)

        each(
            lambda: parse_crop(kept.crop, kept.own_crops),
            lambda: load_preset("own"),
            lambda: load_preset(kept.checklist or DEFAULT_PRESET),
            lambda: PacsNode.parse(kept.pacs_node),
            lambda: ModelStore.default().get(kept.model),
            preset_names,
            again,
            keep,
        )
    return "refused" if notices else "result"
