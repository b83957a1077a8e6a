"""What is measured of the whole program while a source plays in its window."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProgramFigures:
    """The window on a source, from capture to the painted picture.

    Attributes:
        source: What was played.
        width_px: Width of its pictures.
        height_px: Height of its pictures.
        seconds: How long it was measured.
        captured_hz: Frames a second that left the source.
        analysed_hz: Frames a second that were analysed.
        boxes_hz: Boxes a second that were found, and not carried.
        label_p50_ms: Capture to label, median.
        label_p95_ms: Capture to label, 95th percentile.
        painted_hz: Frames a second that were painted.
        dropped: Frames that a newer one replaced before they were analysed.
        latency_p50_ms: Capture to painted, median.
        latency_p95_ms: Capture to painted, 95th percentile.
        paint_p50_ms: Painting alone, median.
        paint_p95_ms: Painting alone, 95th percentile.
        cpu_cores: Cores busy on average.
        label_course_ms: (second, median, 95th percentile) of the time from capture to label, of
            equal parts of the measurement in the order of time; the second is where a part begins.
        memory_mb: (second, resident memory in MB) in the order of time.
        stages_ms: (stage, median, 95th percentile) in milliseconds, in the order they ran.
        planes_share: Share of the analysed frames that were named a plane, 0 to 1.
        engine: What ran the network, e.g. "OpenVINO".
        precision: Its precision, e.g. "bf16".
        model: Name of the model.
    """

    source: str
    width_px: int
    height_px: int
    seconds: float
    captured_hz: float
    analysed_hz: float
    boxes_hz: float
    label_p50_ms: float
    label_p95_ms: float
    painted_hz: float
    dropped: int
    latency_p50_ms: float
    latency_p95_ms: float
    paint_p50_ms: float
    paint_p95_ms: float
    cpu_cores: float
    label_course_ms: tuple[tuple[float, float, float], ...]
    memory_mb: tuple[tuple[float, float], ...]
    stages_ms: tuple[tuple[str, float, float], ...]
    planes_share: float
    engine: str
    precision: str
    model: str
