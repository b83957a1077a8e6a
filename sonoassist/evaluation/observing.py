"""Running the analyser over data sets: each frame once, for all measures together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sonoassist.core.packets import Analysis, Frame
from sonoassist.evaluation.file_run import FileRun, Means, Take
from sonoassist.evaluation.hints import HintLook
from sonoassist.evaluation.localisers import OtherLocaliser
from sonoassist.evaluation.observed import DatasetLabel, Observation, Observed, observation
from sonoassist.evaluation.planning import EvaluationPlan, FilePlan
from sonoassist.recordings.records import FrameResult

Watch = Callable[[Observation, Frame], None]


def observe(
    plan: EvaluationPlan,
    means: Means,
    watch: Watch,
    step: Callable[[], None],
    other: OtherLocaliser | None = None,
) -> Observed:
    """Analyse what is planned; a file that the crop does not fit is listed as not readable.

    Args:
        plan: Of `make_plan`.
        means: What it is analysed with.
        watch: Told of each frame that could be read, together with its picture.
        step: Called for each of them.
        other: Looks at frames with a true box too; None for nobody.

    Raises:
        SourceError: The system failed to read a file; figures of the rest would mislead.
        EngineError: The engine failed.
        OutputError: The results of a recording cannot be kept.
    """
    seen = Observed()
    for file in plan.files:
        wanted = file.wanted_frames(plan.scope)
        if plan.scope.limit is not None:
            if len(seen.frames) >= plan.scope.limit:
                break
            wanted = wanted[: plan.scope.limit - len(seen.frames)]
        run = FileRun(file, wanted, means, _taking(file, seen, watch, step, other))
        run.run()
        seen.unreadable += run.troubles
    return seen


def _taking(
    file: FilePlan,
    seen: Observed,
    watch: Watch,
    step: Callable[[], None],
    other: OtherLocaliser | None,
) -> Take:
    look = HintLook()

    def take(frame: Frame, result: FrameResult, analysis: Analysis | None) -> None:
        label = file.labels.get(frame.index, DatasetLabel())
        told = label.flaws is not None
        one = observation(
            file.dataset,
            file.case,
            file.path,
            recording=file.recording,
            label=label,
            frame=frame,
            result=result,
            timings_ms=analysis.timings_ms if analysis is not None else (),
            hints=look.hints(frame, result, analysis) if told else None,
        )
        if other is not None and one.true_box is not None and one.right:
            box = other.box(frame, result.crop)
            one = replace(one, other_box=box, compared=True)
        seen.frames.append(one)
        watch(one, frame)
        step()

    return take
