"""What a training run is told to do; the defaults are the recipe of Section II-D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sonoassist.core.errors import UsageError
from sonoassist.model.architecture import Architecture, architecture
from sonoassist.model.card import DEFAULT_ARCHITECTURE

LR, LR_WITHOUT_NORM, LR_FINE_TUNING = 0.1, 0.001, 0.0003
"""A network that knows its planes already is destroyed within 25 batches by a rate of 0.01 (91 % of
76 pictures right before, 22 % behind them); with 0.0003 it gained within 100 (97 %)."""
WARM_UP_LR, WARM_UP_ITERATIONS, WARM_UP_FINE_TUNING = 0.01, 500, 20
ITERATIONS, ITERATIONS_FINE_TUNING = 20_000, 200
VAL_EVERY, VAL_EVERY_FINE_TUNING = 500, 25
FULL_PATCH_PX = 224
LEAST_PATCH_PX = 64

AMPS = ("off", "bf16", "f16")
DEVICES = ("auto", "cpu", "cuda", "mps")

_FREE = ("iterations", "workers", "device", "save_every_s", "strict")
"""What may change between two sittings: nothing that a finished iteration depended on."""


@dataclass(frozen=True, slots=True)
class PatchStage:
    """One part of the curriculum.

    Attributes:
        size_px: Side of the square patches the network sees.
        iterations: How long; None until the end.
    """

    size_px: int
    iterations: int | None = None


FULL_PATCHES = (PatchStage(FULL_PATCH_PX),)


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Options of one run.

    Attributes:
        architecture: Key of the network.
        iterations: Batches at most.
        patches: Sizes of the patches, in order; the last one lasts to the end.
        batch_planes: Pictures of each standard plane in a batch.
        batch_background: Pictures of the background in a batch.
        lr: First learning rate; None for the paper's.
        warm_up: Iterations before it: at 0.01, or where it is lower and a model is fine-tuned,
            rising up to it; None for the usual number.
        seed: Of everything random.
        workers: Threads that prepare batches.
        device: One of `DEVICES`.
        amp: One of `AMPS`: the arithmetic of the forward and backward pass.
        channels_last: Memory order of the pictures; only the speed depends on it.
        start: Model to fine-tune, its name and hash; "" to start from random weights.
        val_every: Iterations between two validations.
        patience: Validations without a better result before the rate is divided by 10.
        drops: How often it is divided; then the training stops.
        drop_at: Iterations behind which the rate is divided by 10; then validation, patience and
            drops no longer decide it. For a training of a length known before.
        save_every_s: Longest time between two checkpoints, seconds.
        coarse: Also learn from labels that accept several planes.
        strict: Refuse data with bad rows, unreadable pictures or planes without examples.
    """

    architecture: str = DEFAULT_ARCHITECTURE
    iterations: int = ITERATIONS
    patches: tuple[PatchStage, ...] = FULL_PATCHES
    batch_planes: int = 2
    batch_background: int = 26
    lr: float | None = None
    warm_up: int | None = None
    seed: int = 0
    workers: int = 2
    device: str = "auto"
    amp: str = "off"
    channels_last: bool = True
    start: str = ""
    val_every: int = VAL_EVERY
    patience: int = 3
    drops: int = 3
    drop_at: tuple[int, ...] = ()
    save_every_s: float = 600.0
    coarse: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be done.

        Raises:
            UsageError: A number is out of range.
            ModelError: There is no such network.
        """
        for name in ("iterations", "batch_planes", "batch_background", "val_every", "patience"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name.replace('_', '-')} needs a number above 0")
        if not 0 <= self.seed < 2**32:
            raise UsageError(f"the seed {self.seed} is out of range", "Choose 0 to 4294967295")
        if self.drops < 0 or (self.warm_up or 0) < 0:
            raise UsageError("--drops and --warm-up need numbers from 0 on")
        if not 0 <= self.save_every_s < float("inf"):
            raise UsageError("--save-minutes needs a number from 0 on")
        if not 0 < self.first_lr < 10:
            raise UsageError(f"a learning rate of {self.lr} is not usable", "Try 0.1 or less")
        if any(later <= at for at, later in zip((0, *self.drop_at), self.drop_at, strict=False)):
            raise UsageError("--drop-at needs rising iterations above 0", "Such as 1600,2200")
        for stage in self.patches:
            self.spec.map_size(stage.size_px, stage.size_px)

    @property
    def spec(self) -> Architecture:
        """The network."""
        return architecture(self.architecture)

    @property
    def first_lr(self) -> float:
        """Learning rate after the warm-up (II-D)."""
        if self.lr is not None:
            return self.lr
        if not self.spec.batch_norm:
            return LR_WITHOUT_NORM
        return LR_FINE_TUNING if self.start else LR

    @property
    def warm_up_iterations(self) -> int:
        """How long the warm-up lasts; from random weights a rate that is low needs none."""
        if self.warm_up is not None:
            return self.warm_up
        if self.first_lr > WARM_UP_LR:
            return WARM_UP_ITERATIONS
        return WARM_UP_FINE_TUNING if self.start else 0

    def warm_up_lr(self, iteration: int) -> float:
        """Learning rate of an iteration (the first is 1) of the warm-up."""
        if self.start and self.first_lr <= WARM_UP_LR:
            return self.first_lr * iteration / self.warm_up_iterations
        return WARM_UP_LR

    def patch_at(self, iteration: int) -> int:
        """Side of the patches of an iteration (the first is 1), px."""
        end = 0
        for stage in self.patches:
            end += stage.iterations or 0
            if stage.iterations is None or iteration <= end:
                return stage.size_px
        return self.patches[-1].size_px

    def settings(self) -> dict[str, Any]:
        """What a checkpoint remembers, and a resumed run must share."""
        values = {name: value for name, value in asdict(self).items() if name not in _FREE}
        values |= {"lr": self.first_lr, "warm_up": self.warm_up_iterations}
        values |= {"drop_at": ",".join(map(str, self.drop_at))}
        return values | {"patches": patch_text(self.patches)}


def parse_patches(text: str) -> tuple[PatchStage, ...]:
    """Read "224", or a curriculum such as "112:3000,160:2000,224" (size:iterations).

    Raises:
        UsageError: It is neither.
    """
    stages = [_patch_stage(text, part) for part in text.split(",")]
    if any(stage.iterations is None for stage in stages[:-1]):
        raise _not_understood(text)
    _check_patches(stages)
    return tuple(stages)


def parse_drops(text: str) -> tuple[int, ...]:
    """Read iterations such as "1600,2200"; "" is none.

    Raises:
        UsageError: It is something else.
    """
    parts = [part.strip() for part in text.split(",") if text]
    if not all(part.isdecimal() for part in parts):
        raise UsageError(f"--drop-at {text!r} is not understood", "Give iterations: 1600,2200")
    return tuple(map(int, parts))


def _patch_stage(text: str, part: str) -> PatchStage:
    size, colon, count = part.strip().partition(":")
    if not size.isdecimal() or (colon and not count.isdecimal()):
        raise _not_understood(text)
    return PatchStage(int(size), int(count) if colon else None)


def _not_understood(text: str) -> UsageError:
    return UsageError(
        f"--patch {text!r} is not understood",
        "Give one size, or sizes with their iterations such as 112:3000,224",
    )


def _check_patches(stages: Sequence[PatchStage]) -> None:
    for stage in stages:
        if stage.iterations == 0:
            raise UsageError("a stage of --patch lasts 0 iterations", "Leave it out")
        if not LEAST_PATCH_PX <= stage.size_px <= FULL_PATCH_PX:
            raise UsageError(
                f"patches of {stage.size_px} px are not usable",
                f"Give {LEAST_PATCH_PX} to {FULL_PATCH_PX}",
            )


def patch_text(stages: Sequence[PatchStage]) -> str:
    """The curriculum as `parse_patches` reads it."""
    return ",".join(
        f"{stage.size_px}:{stage.iterations}" if stage.iterations else str(stage.size_px)
        for stage in stages
    )
