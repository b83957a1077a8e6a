"""All that was measured, as one piece of plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sonoassist.benchmark.candidates import LeftOut, NetworkRunner
from sonoassist.benchmark.carrying import Carrying
from sonoassist.benchmark.ceilings import Roof
from sonoassist.benchmark.figures import Noise, SpeedRow
from sonoassist.benchmark.frames import WholeFrames
from sonoassist.benchmark.machine import Machine
from sonoassist.benchmark.program import ProgramFigures
from sonoassist.benchmark.recorded import RecordedSpeed
from sonoassist.benchmark.start import StartUp
from sonoassist.benchmark.window_start import WindowStart


@dataclass(frozen=True, slots=True)
class Networks:
    """Table IV for this computer.

    Attributes:
        rows: In the order of the tables.
        weights: Key of a network -> where its weights are from.
        noise: How much the machine was disturbed.
        roof: Its limits.
        threads: Engine -> threads it multiplies with on the processor.
        chosen: What the program takes by itself.
        runs: Timed runs that were asked for, of batch 1.
        unfinished: Rows with fewer runs than that, since the measurement was stopped.
    """

    rows: tuple[SpeedRow, ...]
    weights: Mapping[str, str]
    noise: Noise
    roof: Roof
    threads: Mapping[str, int]
    chosen: NetworkRunner
    runs: int
    unfinished: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a run; a part that was not measured is None or empty.

    Attributes:
        machine: Where.
        networks: Table IV.
        frames: Whole frames without the window.
        carrying: What carrying boxes does on the same frames.
        recorded: A recording as it is analysed.
        program: Whole frames in the window.
        start: Ways to start the program.
        windows: Starts of the window up to its first result.
        left_out: What cannot be measured here, and why.
        missing: What was asked for and is not there.
        stopped: Stopped by the user.
    """

    machine: Machine
    networks: Networks | None = None
    frames: WholeFrames | None = None
    carrying: Carrying | None = None
    recorded: RecordedSpeed | None = None
    program: ProgramFigures | None = None
    start: tuple[StartUp, ...] = ()
    windows: tuple[WindowStart, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    missing: tuple[LeftOut, ...] = ()
    stopped: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing was measured."""
        rows = self.networks.rows if self.networks else ()
        whole = self.frames or self.recorded or self.program
        return not (rows or whole or self.start or self.windows)
