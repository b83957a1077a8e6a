"""Screens that show no plain picture are no examples, by the network that reads screens."""

from __future__ import annotations

from pathlib import Path

from test_training_preparation import OPTIONS, case_of

from sonoassist.core.opencv import cv2
from sonoassist.datasets.labels import LabelledFrame
from sonoassist.phantom.screens.draw import draw_screen
from sonoassist.training.preparation import prepare_case


def test_split_screens_spectra_and_menus_are_left_out(tmp_path: Path) -> None:
    kinds = ("b_mode", "split", "spectral", "menu", "three_d")
    frames = []
    for kind in kinds:
        for seed in range(3):
            path = tmp_path / f"{kind}-{seed}.png"
            pixels = draw_screen(800_000 + seed, size=(640, 480), kind=kind).pixels
            assert cv2.imwrite(str(path), pixels[..., ::-1])
            frames.append(LabelledFrame("a", path, 0, ("lips",)))
    made = prepare_case(case_of(*frames), OPTIONS)
    kept = [origin.partition("-")[0] for origin in made.origins]
    assert kept.count("b_mode") >= 2
    assert len(kept) - kept.count("b_mode") <= 3
    assert sum(made.dropped.values()) == len(frames) - len(kept)
