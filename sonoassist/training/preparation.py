"""From a case to the pictures a network learns from (paper, Table II)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Content, Frame, Pixels
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, KEYS
from sonoassist.datasets.labels import LabelledFrame
from sonoassist.preprocess.annotations import remove_annotations
from sonoassist.preprocess.content import content_of
from sonoassist.preprocess.crop import CropChoice, CropKind
from sonoassist.preprocess.prepare import FLAT_STD
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.preprocess.tracker import CropTracker
from sonoassist.sources import Source, open_source
from sonoassist.training.recordings import (
    BackgroundCandidates,
    Scan,
    Thumb,
    background_candidates,
    cut_out,
    cut_thumb,
    draw,
    match_freeze_frame,
    scan,
)
from sonoassist.training.split import Case

HEIGHT_PX, WIDTH_PX = 224, 288
TRAIN_BACKGROUND, TEST_BACKGROUND = 50, 200
BACKGROUND_BITS = 1 << BACKGROUND_INDEX


@dataclass(frozen=True, slots=True)
class PrepareOptions:
    """How cases are prepared.

    Attributes:
        crop: Which rectangle of a frame is used.
        background: Frames drawn from each recording.
        per_plane: Labelled frames of one plane taken from one recording at most; frames next
            to each other are nearly the same picture.
        seed: Of the draws.
        coarse: Keep labels that accept several planes.
    """

    crop: CropChoice = field(default_factory=CropChoice)
    background: int = TRAIN_BACKGROUND
    per_plane: int = 12
    seed: int = 0
    coarse: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be done.

        Raises:
            UsageError: A number is out of range.
        """
        if self.background < 0 or self.per_plane < 1:
            raise UsageError("--background needs a number from 0 on, --per-plane one above 0")


@dataclass
class PreparedCase:
    """The pictures of one case.

    Attributes:
        images: uint8 (224, 288) each: cropped, inpainted, grey.
        labels: For each the accepted planes as bits; bit k is plane k of `planes.PLANES`.
        origins: For each the file and, for a recording, the frame.
        dropped: Frames left out, by reason.
        problems: A line for each that could not be read.
        matched: Freeze-frames found again in a recording.
    """

    images: list[Pixels] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    matched: int = 0

    def drop(self, reason: str, count: int = 1) -> None:
        """Count what is left out."""
        self.dropped[reason] = self.dropped.get(reason, 0) + count


def label_bits(frame: LabelledFrame) -> int:
    """The accepted planes as bits."""
    return sum(1 << INDEX[key] for key in set(frame.accepted))


def planes_in(bits: int) -> list[int]:
    """Indexes of the planes that `label_bits` set."""
    return [index for index in range(len(KEYS)) if bits >> index & 1]


def prepare_case(case: Case, options: PrepareOptions) -> PreparedCase:
    """Read and prepare one case; nothing that cannot be read stops it.

    Raises:
        UsageError: The crop does not fit the pictures.
    """
    return _Preparation(case, options).run()


class _Preparation:
    def __init__(self, case: Case, options: PrepareOptions) -> None:
        self.out = PreparedCase()
        self._case, self._options = case, options
        self._reader = ScreenReader()  # loads its network once for all files
        self._freezes: list[tuple[Thumb, int]] = []
        self._named: dict[Path, set[int]] = {}
        for path, index in case.named:
            self._named.setdefault(path, set()).add(index)
        # Of a file with several, the first: one recording comes from one screen.
        self._crops: dict[Path, Box] = {}
        for frame in case.frames:
            if frame.crop is not None:
                self._crops.setdefault(frame.path, frame.crop)

    def run(self) -> PreparedCase:
        """Pictures first, since the recordings are searched for them."""
        recordings: list[tuple[Path, dict[int, int]]] = []
        for path, labels in self._by_file().items():
            with self._noting(path), open_source(str(path)) as source:
                told = (f"{path.name}: {sentence}" for sentence in source.info.warnings)
                self.out.problems += (f"{self._case.name}: {line}" for line in told)
                if source.info.stills or source.info.frame_count == 1:
                    self._picture(source, labels, path)
                else:
                    recordings.append((path, labels))
        for path, labels in recordings:
            with self._noting(path), open_source(str(path)) as source:
                self._recording(source, labels, path)
        return self.out

    def _by_file(self) -> dict[Path, dict[int, int]]:
        files: dict[Path, dict[int, int]] = {path: {} for path in self._case.recordings}
        for frame in self._case.frames:
            if frame.plane is None and not self._options.coarse:
                self.out.drop("label of several planes")
                self._named.setdefault(frame.path, set()).add(frame.index)
                continue
            files.setdefault(frame.path, {})[frame.index] = label_bits(frame)
        return files

    def _noting(self, path: Path) -> AbstractContextManager[None]:
        return _noting(self.out.problems, f"{self._case.name}: {path.name}")

    def _tracker(self, path: Path) -> CropTracker:
        choice, own = self._options.crop, self._crops.get(path)
        if own is not None and choice.kind in (CropKind.DEFAULT, CropKind.AUTO):
            choice = CropChoice(CropKind.OWN, own)
        aspect = WIDTH_PX / HEIGHT_PX
        return CropTracker(choice, aspect, reads_content=True, reader=self._reader)

    def _picture(self, source: Source, labels: dict[int, int], path: Path) -> None:
        frame = source.read()
        if frame is None:
            raise SourceError("it holds no picture")
        tracker = self._tracker(path)
        crop = tracker.crop_for(frame)
        if tracker.content is not None:
            self.out.drop(tracker.content.value.replace("_", " "))
            return
        bits = next(iter(labels.values()))
        picture = self._keep(frame, crop, bits, path.name)
        if picture is not None and not bits & BACKGROUND_BITS:
            whole = Box(0, 0, WIDTH_PX, HEIGHT_PX)
            self._freezes.append((cut_thumb(picture, whole), bits))

    def _recording(self, source: Source, labels: dict[int, int], path: Path) -> None:
        scanned = scan(source, self._tracker(path))
        self.out.problems += [f"{self._case.name}: {line}" for line in scanned.problems]
        unusable = len(scanned.usable) - sum(scanned.usable)
        if unusable:
            self.out.drop("no plain B-mode picture", unusable)
        name = f"{self._case.name}/{path.name}".encode("utf-8", "surrogatepass")
        rng = np.random.default_rng([self._options.seed, zlib.crc32(name)])
        wanted = self._wanted(scanned, labels, self._named.get(path, set()), rng)
        for index in sorted(wanted):
            crop = scanned.crop_of(index)
            if crop is None:
                self.out.problems.append(
                    f"{self._case.name}: {path.name}, frame {index} is missing"
                )
                continue
            with self._noting(path):
                source.seek(index)
                frame = source.read()
                if frame is None or frame.index != index:
                    raise SourceError(f"frame {index} cannot be read a second time")
                self._keep(frame, crop, wanted[index], f"{path.name}#{index}")

    def _wanted(
        self, scanned: Scan, labels: dict[int, int], named: set[int], rng: np.random.Generator
    ) -> dict[int, int]:
        """Frame -> label: labelled frames, the freeze-frames found again, the background."""
        wanted = dict(self._labelled(labels, rng))
        labels = dict(labels)
        for thumb, bits in self._freezes:
            found = match_freeze_frame(thumb, scanned)
            if found is not None:
                self.out.matched += 1
                wanted[found] = labels[found] = bits
        free = background_candidates(scanned, labels, BACKGROUND_BITS, named)
        drawn = self._background(free, labels, rng)
        return dict.fromkeys(drawn, BACKGROUND_BITS) | wanted

    def _background(
        self, free: BackgroundCandidates, labels: dict[int, int], rng: np.random.Generator
    ) -> list[int]:
        """What somebody called background, then what else moves, up to the number asked for."""
        told = draw(rng, free.told, self._options.background)
        rest = [index for index in free.others if index not in labels]
        return told + draw(rng, rest, self._options.background - len(told))

    def _labelled(
        self, labels: dict[int, int], rng: np.random.Generator
    ) -> Iterator[tuple[int, int]]:
        for bits in sorted(set(labels.values()) - {BACKGROUND_BITS}):
            indexes = [index for index, label in labels.items() if label == bits]
            kept = draw(rng, indexes, self._options.per_plane)
            if len(kept) < len(indexes):
                self.out.drop("further frames of a plane in a recording", len(indexes) - len(kept))
            for index in kept:
                yield index, bits

    def _keep(self, frame: Frame, crop: Box, bits: int, origin: str) -> Pixels | None:
        cut = cut_out(frame.pixels, crop)
        reason = _unfit(cut)
        if reason:
            self.out.drop(reason)
            return None
        picture = to_input(cut)
        self.out.images.append(picture)
        self.out.labels.append(bits)
        self.out.origins.append(origin)
        return picture


@contextmanager
def _noting(problems: list[str], what: str) -> Iterator[None]:
    """Note what cannot be read and go on behind the block."""
    try:
        yield
    except SourceError as error:
        problems.append(f"{what}: {error}")


def _unfit(cut: Pixels) -> str:
    """Why a frame is no example of anything, or ""."""
    if float(cut.std()) < FLAT_STD:
        return "no signal"
    return "Doppler" if content_of(cut) is Content.DOPPLER else ""


def to_input(cut: Pixels) -> NDArray[np.uint8]:
    """A crop as the network sees it, before it is normalised: inpainted, 224x288, grey."""
    clean = remove_annotations(np.ascontiguousarray(cut))
    resized = cv2.resize(clean, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_LINEAR)
    pixels = np.asarray(resized, dtype=np.uint8)
    if pixels.ndim == 2:
        return pixels
    return np.asarray(np.rint(pixels.mean(axis=2, dtype=np.float32)), dtype=np.uint8)


def count_planes(labels: Iterable[int]) -> dict[str, int]:
    """Pictures of each plane, every key present; coarse labels count for each plane they name."""
    counts = dict.fromkeys(KEYS, 0)
    for bits in labels:
        for index in planes_in(bits):
            counts[KEYS[index]] += 1
    return counts
