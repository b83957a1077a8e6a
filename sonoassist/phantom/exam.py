"""A synthetic exam: the probe searches, misses, finds a plane, holds still, and goes on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sonoassist.core.errors import UsageError
from sonoassist.core.flaws import Flaw
from sonoassist.core.packets import Box, Pixels
from sonoassist.phantom.plan import NEAR, ExamPlan, State, nearness, plan_exam
from sonoassist.phantom.scan import Scanner, Scatterers, draw_settings, tinted
from sonoassist.phantom.scene import Scene
from sonoassist.phantom.screen import ScreenPainter, choose_layout, colour_flow, measure

KEPT_SCENES = 4
SEARCHING: tuple[State, ...] = ("plane", "near_miss", "background")
"""States that a held plane fades into; the others replace the picture at once."""


@dataclass(frozen=True, slots=True)
class PhantomFrame:
    """One frame with its truth.

    Attributes:
        pixels: uint8 (height, width, 3) RGB.
        time_s: In the exam.
        state: What kind of picture it is.
        plane: Key of the plane shown; "background" where there is none.
        box: Of the anatomy in frame pixels; None for the background.
        flaws: What is wrong with the picture of a plane; none for the background.
    """

    pixels: Pixels
    time_s: float
    state: State
    plane: str
    box: Box | None
    flaws: frozenset[Flaw] = frozenset()


class PhantomExam:
    """Seeded and repeatable: the same seed and plan give the same exam.

    Args:
        seed: Of everything random.
        fps: Frames a second.
        plan: What happens; None: `plan_exam(seed)`.
        size: Width and height of the screen, px; None: a common one, by the seed.

    Raises:
        UsageError: The rate or the size is out of range.
    """

    def __init__(
        self,
        seed: int = 0,
        fps: float = 25.0,
        plan: ExamPlan | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        _check(fps, size)
        self.seed = seed
        self.fps = fps
        self.plan = plan or plan_exam(seed)
        rng = np.random.default_rng((seed, 2))
        self.layout = choose_layout(rng, size)
        self._settings = draw_settings(rng)
        self._screen = ScreenPainter(self.layout, seed)
        self._scatterers = Scatterers(seed)
        self._starts = [leg.start_s for leg in self.plan.legs]
        self._scenes: dict[int, Scene] = {}

    @property
    def duration_s(self) -> float:
        """Length of the exam."""
        return self.plan.duration_s

    def __len__(self) -> int:
        """Number of frames."""
        return max(round(self.duration_s * self.fps), 1)

    def frames(self) -> Iterator[PhantomFrame]:
        """All frames in order."""
        for index in range(len(self)):
            yield self.frame(index)

    def frame(self, index: int) -> PhantomFrame:
        """One frame; any order."""
        time_s = index / self.fps
        number = max(bisect_right(self._starts, time_s) - 1, 0)
        leg = self.plan.legs[number]
        if leg.state == "no_signal":
            shape = (self.layout.height_px, self.layout.width_px, 3)
            return PhantomFrame(np.zeros(shape, np.uint8), time_s, "no_signal", "background", None)
        if leg.state == "frozen":
            return self._frozen(number, time_s)
        near = nearness(time_s - leg.start_s) if number else 1.0
        picture, scanner = self._picture(number, time_s, near)
        picture = self._overlaid(picture, number, time_s)
        pixels = self._on_screen(picture, scanner, time_s)
        shown = self._shown(number, near)
        if shown is None:
            state: State = "near_miss" if leg.state == "plane" else leg.state
            return PhantomFrame(pixels, time_s, state, "background", None)
        shown_number, away = shown
        kind = self.plan.legs[shown_number].kind
        box, flaws = self._box(shown_number, time_s, away), self._flaws(shown_number, time_s, away)
        return PhantomFrame(pixels, time_s, "plane", kind, box, flaws)

    def _shown(self, number: int, near: float) -> tuple[int, float] | None:
        """The leg whose plane is in the picture, and how far the probe is away from it.

        A plane counts from `NEAR` on as the probe comes and, alike, until it has gone as far.
        """
        leg = self.plan.legs[number]
        if leg.state == "plane" and near >= NEAR:
            return number, 1 - near
        before = self._before(number)
        if before is None or near > 1 - NEAR or leg.state not in SEARCHING:
            return None
        return (before, near) if self.plan.legs[before].state == "plane" else None

    def _before(self, number: int) -> int | None:
        """The leg whose picture this one fades in from; frozen and lost pictures are passed."""
        for before in range(number - 1, -1, -1):
            if self.plan.legs[before].state not in ("frozen", "no_signal"):
                return before
        return None

    def _frozen(self, number: int, time_s: float) -> PhantomFrame:
        """The last frame of the leg before, the same again and again, perhaps measured."""
        leg = self.plan.legs[number]
        last = self.frame(max(_last_index(leg.start_s, self.fps), 0))
        pixels, rng = last.pixels, np.random.default_rng((leg.seed, 9))
        if last.box is not None and rng.random() < 0.6:
            measure(pixels, last.box, leg.kind, rng)
        return PhantomFrame(pixels, time_s, "frozen", last.plane, last.box, last.flaws)

    def _picture(self, number: int, time_s: float, near: float) -> tuple[Pixels, Scanner]:
        scene = self._scene(number)
        before = self._before(number) if near < 1 else None
        leaving = None if before is None else self._scene(before)
        scanner = leaving.scanner if leaving and near < 0.5 else scene.scanner
        layers = scene.layers(scanner, time_s, 1 - near, near)
        main, away = scene, 1 - near
        if leaving:
            layers = layers + np.float32(1 - near) * (
                leaving.layers(scanner, time_s, near, 1 - near) - layers
            )
            if near < 0.5:
                main, away = leaving, near
        points = main.points(scanner, time_s, away, layers)
        scatterers = self._scatterers.at(*points, out_rad=scene.out_rad(time_s))
        rng = np.random.default_rng((self.seed, round(time_s * 1e6)))
        grey = scanner.picture(layers, scatterers, rng)
        return tinted(grey, self._settings.tint), scanner

    def _overlaid(self, picture: Pixels, number: int, time_s: float) -> Pixels:
        leg = self.plan.legs[number]
        if leg.state == "doppler":
            return colour_flow(picture, np.random.default_rng((leg.seed, 13)), time_s)
        if leg.state == "split":
            half = picture.shape[1] // 2
            quarter = half // 2
            earlier, _ = self._picture(number, leg.start_s, 1.0)
            picture[:, :half] = picture[:, quarter : quarter + half].copy()
            picture[:, half:] = earlier[:, quarter : quarter + picture.shape[1] - half]
            picture[:, half - 2 : half + 2] = 0
        return picture

    def _on_screen(self, picture: Pixels, scanner: Scanner, time_s: float) -> Pixels:
        view = scanner.view
        return self._screen.show(picture, view.depth_mm, view.mm_per_px, time_s)

    def _box(self, number: int, time_s: float, away: float) -> Box | None:
        box = self._scene(number).box(time_s, away)
        if box is None:
            return None
        left, top = self.layout.left_px, self.layout.top_px
        return Box(box.left + left, box.top + top, box.right + left, box.bottom + top)

    def _flaws(self, number: int, time_s: float, away: float) -> frozenset[Flaw]:
        return self._scene(number).flaws(time_s, away)

    def _scene(self, number: int) -> Scene:
        """The scene of a leg; the latest few are kept."""
        if number not in self._scenes:
            while len(self._scenes) >= KEPT_SCENES:
                self._scenes.pop(next(iter(self._scenes)))
            leg = self.plan.legs[number]
            self._scenes[number] = Scene(leg, self.layout.picture_px, self._settings)
        return self._scenes[number]


def _last_index(end_s: float, fps: float) -> int:
    """Index of the last frame before `end_s`."""
    index = int(end_s * fps)
    return index - 1 if index / fps >= end_s else index


def _check(fps: float, size: tuple[int, int] | None) -> None:
    if not 0.5 <= fps <= 240:
        raise UsageError(f"{fps:g} frames a second are out of range", "Choose 0.5 to 240")
    if size is not None and not (320 <= size[0] <= 3840 and 240 <= size[1] <= 2160):
        raise UsageError(
            f"a screen of {size[0]}x{size[1]} is out of range", "Choose 320x240 to 3840x2160"
        )
