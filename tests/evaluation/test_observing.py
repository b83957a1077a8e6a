"""Each frame is analysed once, and what cannot be read is listed."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from seen import BOX, ByNumber, one, picture

from datasets.dataset_files import dicom, video
from datasets.dataset_files import picture as write_picture
from sonoassist.analysis.preparing import Ready
from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Analysis, Box, State
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.engines.base import Saliency
from sonoassist.evaluation.failures import KEPT, SHOWN, Failures, jpeg
from sonoassist.evaluation.file_run import Means
from sonoassist.evaluation.observed import Observed
from sonoassist.evaluation.observing import observe
from sonoassist.evaluation.planning import Scope, make_plan, selected
from sonoassist.evaluation.speed import measure_speed, whole_frames
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.recording import look_into_file
from sonoassist.recordings.recording_cache import AnalysisKey

LONG = 260


def film_data(path: Path, labels: dict[int, str], shown: dict[int, str] | None = None) -> Dataset:
    def frames(planes: dict[int, str]) -> tuple[LabelledFrame, ...]:
        return tuple(LabelledFrame("case", path, i, (key,)) for i, key in planes.items())

    return Dataset("film", "montage", frames(labels), shown=frames(shown or {}))


def look(
    data: Dataset, scope: Scope, analyser: ByNumber, cache: AnalysisCache | None = None
) -> tuple[Observed, int, int]:
    plan = make_plan([data], scope)
    steps: list[int] = []
    means = Means(analyser, cache)
    seen = observe(plan, means, lambda one, frame: None, lambda: steps.append(1))
    return seen, plan.total, len(steps)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return video(tmp_path_factory.mktemp("film") / "film.mp4", LONG)


def test_only_labelled_frames(film: Path) -> None:
    """Far ones are jumped to; the numbers are right."""
    analyser = ByNumber({5: "femur", 250: "lips"})
    labels = {250: "lips", 5: "femur", 6: "femur", 140: "background"}
    seen, total, steps = look(film_data(film, labels), Scope(), analyser)
    assert analyser.seen == [5, 6, 140, 250]
    assert total == steps == 4
    assert [(one.index, one.truth, one.right) for one in seen.labelled] == [
        (5, ("femur",), True),
        (6, ("femur",), False),
        (140, ("background",), True),
        (250, ("lips",), True),
    ]
    assert seen.frames[0].time_s == pytest.approx(5 / 25)
    assert seen.unreadable == []


def test_a_freeze_frame_saved_as_dicom_is_a_picture(tmp_path: Path) -> None:
    paths = dicom(tmp_path / "freeze.dcm"), dicom(tmp_path / "cine.dcm", 4)
    frames = tuple(LabelledFrame("c", path, 0, ("femur",)) for path in paths)
    plan = make_plan([Dataset("d", "exams", frames)], Scope(every=2, whole=True))
    assert [(file.recording, file.wanted) for file in plan.files] == [(False, 1), (True, 2)]
    seen, total, _ = look(Dataset("d", "exams", frames), Scope(every=2, whole=True), ByNumber())
    assert seen.frames[0].where == "c/freeze.dcm"
    assert len(seen.frames) == total == 3


def test_whole_recordings_for_retrieval(film: Path) -> None:
    analyser = ByNumber()
    data = film_data(film, {10: "femur", 13: "lips"}, {20: "femur", 10: "lips"})
    seen, total, steps = look(data, Scope(every=10, whole=True), analyser)
    assert analyser.seen == list(range(0, LONG, 10))
    assert total == steps == LONG // 10
    assert [one.index for one in seen.labelled] == [10]
    shown = {one.index: one.shown for one in seen.frames if one.shown}
    assert shown == {10: ("femur",), 20: ("femur",)}


@pytest.mark.parametrize("whole", [False, True])
def test_labels_set_one_by_one_are_kept(film: Path, whole: bool) -> None:
    """A hospital labels single frames; of every tenth frame none might have a label."""
    analyser = ByNumber()
    sparse = replace(film_data(film, {13: "femur", 20: "lips", 37: "femur"}), layout="exams")
    seen, total, steps = look(sparse, Scope(every=10, whole=whole), analyser)
    between = set(range(0, LONG, 10)) if whole else set()
    assert analyser.seen == sorted({13, 20, 37} | between)
    assert total == steps == len(analyser.seen)
    assert [one.index for one in seen.labelled] == [13, 20, 37]


def test_a_limit(film: Path) -> None:
    _, total, steps = look(
        film_data(film, dict.fromkeys(range(9), "femur")), Scope(limit=4), ByNumber()
    )
    assert total == steps == 4


def test_unreadable_files_and_frames(film: Path, tmp_path: Path) -> None:
    good, bad = write_picture(tmp_path / "good.png"), tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    labels = [(good, 0), (bad, 0), (tmp_path / "gone.png", 0), (film, LONG + 5), (film, 3)]
    frames = tuple(LabelledFrame("c", path, i, ("femur",), BOX) for path, i in labels)
    seen, _, _ = look(Dataset("mixed", "exams", frames), Scope(), ByNumber())
    assert [one.path.name for one in seen.frames] == ["good.png", "film.mp4"]
    assert not seen.frames[0].recording
    assert len(seen.unreadable) == 3
    for line, name in zip(seen.unreadable, ("bad.png", "gone.png", "film.mp4"), strict=True):
        assert line.startswith(f"c/{name}")
    assert f"frame {LONG + 5}" in seen.unreadable[2]


def test_an_unreadable_recording(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"nothing" * 99)
    data = film_data(tmp_path / "film.mp4", {3: "femur", 4: "femur"})
    for scope in (Scope(), Scope(whole=True)):
        seen, _, _ = look(data, scope, ByNumber())
        assert seen.frames == []
        assert "2 labelled frames are lost" in seen.unreadable[0]


def test_a_recording_that_the_crop_does_not_fit(film: Path) -> None:
    class Misfit(ByNumber):
        def judge(self, ready: Ready) -> Analysis:
            self.seen.append(ready.frame.index)
            raise UsageError("the crop reaches outside")

    analyser = Misfit()
    seen, _, _ = look(film_data(film, {3: "femur", 4: "lips"}), Scope(), analyser)
    assert analyser.seen == [3]
    assert seen.unreadable == [
        "case/film.mp4: the crop reaches outside (2 labelled frames are lost)"
    ]


def test_frames_that_were_analysed_before_are_not_analysed_again(
    film: Path, tmp_path: Path
) -> None:
    """Whatever part of them is asked for; pictures of failures are made of them all the same."""
    cache = AnalysisCache(tmp_path / "analyses")
    labels = {3: "femur", 5: "femur", 70: "lips", 250: "femur"}
    named = {3: "femur", 5: "lips", 70: "lips"}
    first, _, _ = look(film_data(film, labels), Scope(), ByNumber(named), cache)
    again, more = ByNumber(), ByNumber()
    second, total, steps = look(film_data(film, labels), Scope(), again, cache)
    assert again.seen == []
    assert total == steps == 4
    for before, after in zip(first.frames, second.frames, strict=True):
        assert (before.index, before.named, before.state, before.box) == (
            after.index,
            after.named,
            after.state,
            after.box,
        )
        assert np.array_equal(before.probabilities, after.probabilities)
        assert before.timings_ms
        assert after.timings_ms == ()
    assert (first.known, second.known) == (0, 4)
    third, _, _ = look(film_data(film, {5: "femur", 6: "femur"}), Scope(), more, cache)
    assert more.seen == [6]
    assert [one.index for one in third.frames] == [5, 6]
    assert third.known == 1
    failures = Failures()
    observe(
        make_plan([film_data(film, labels)], Scope()),
        Means(ByNumber(), cache),
        failures.watch,
        lambda: None,
    )
    assert [(one.truth, one.named) for one in failures.labels] == [
        (("femur",), "lips"),
        (("femur",), "background"),
    ]


def test_another_threshold_costs_nothing(film: Path, tmp_path: Path) -> None:
    cache, data = AnalysisCache(tmp_path / "analyses"), film_data(film, {3: "femur"})
    seen, _, _ = look(data, Scope(), ByNumber({3: "femur"}), cache)
    strict = ByNumber()
    strict.configure(replace(strict.options, threshold=0.95))
    again, _, _ = look(data, Scope(), strict, cache)
    assert strict.seen == []
    assert (seen.frames[0].state, again.frames[0].state) == (State.PLANE, State.UNSURE)


def test_a_precision_that_is_asked_for_is_measured(film: Path, tmp_path: Path) -> None:
    cache, plan = (
        AnalysisCache(tmp_path / "analyses"),
        make_plan([film_data(film, {3: "femur"})], Scope()),
    )

    def seen(precision: str, any_precision: bool) -> list[int]:
        analyser = ByNumber()
        analyser.engine.precision = precision
        means = Means(analyser, cache, any_precision)
        observe(plan, means, lambda one, frame: None, lambda: None)
        return analyser.seen

    assert seen("f32", True) == [3]
    assert seen("bf16", True) == []
    assert seen("bf16", False) == [3]
    assert seen("bf16", False) == []


def test_a_box_that_nobody_looked_for_is_looked_for(film: Path, tmp_path: Path) -> None:
    """Of a frame that is unsure no box is kept during an exam, but it is measured all the same."""
    cache, data = AnalysisCache(tmp_path / "analyses"), film_data(film, {3: "femur"})
    unsure = ByNumber({3: "femur"})
    unsure.state = State.UNSURE
    look(data, Scope(), unsure, cache)
    kept = look_into_file(film)
    with cache.open(kept.identity) as opened:
        (number,) = opened.serving(AnalysisKey(kept.identity.modified_ns, unsure.provenance))
        (results,) = opened.results(number)
        opened.add(number, [replace(one, box=None, boxed=False) for one in results])
    again = ByNumber({3: "femur"})
    seen, _, _ = look(data, Scope(), again, cache)
    assert again.seen == [3]
    assert seen.frames[0].box is not None


def test_what_was_known_of_a_recording_says_nothing_of_a_picture(
    film: Path, tmp_path: Path
) -> None:
    class Following(ByNumber):
        def judge(self, ready: Ready) -> Analysis:
            settled.append(self.preparer.settled is not None)
            return super().judge(ready)

    settled: list[bool] = []
    still = write_picture(tmp_path / "still.png")
    frames = [LabelledFrame("c", path, 0, ("femur",)) for path in (film, still)]
    look(Dataset("d", "exams", tuple(frames)), Scope(), Following(crop="auto"))
    assert settled == [True, False]


def test_a_disk_that_fails_ends_it(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another time the picture may be read, so figures without it would mislead."""

    def fail(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    still = write_picture(tmp_path / "still.png")
    data = Dataset("d", "exams", (LabelledFrame("c", still, 0, ("femur",)),))
    monkeypatch.setattr("sonoassist.sources.images.open_picture", fail)
    with pytest.raises(SourceError, match="Input/output error"):
        look(data, Scope(), ByNumber())
    monkeypatch.setattr("sonoassist.sources.video.VideoFile", fail)
    with pytest.raises(SourceError, match="Input/output error"):
        look(film_data(film, {3: "femur"}), Scope(), ByNumber())


def test_selected_cases(tmp_path: Path) -> None:
    def frame(case: str, test: bool | None) -> LabelledFrame:
        return LabelledFrame(case, tmp_path / f"{case}.png", 0, ("femur",), None, test)

    frames = (frame("a", True), frame("b", False), frame("c", None))
    data = Dataset("d", "exams", frames, shown=(frame("a", None), frame("b", None)))
    other = Dataset("e", "exams", (frame("z", None),))
    kept = selected([data, other], {"a", "c"}, only_test=False)
    assert [[f.case for f in one.frames] for one in kept] == [["a", "c"]]
    assert [f.case for f in kept[0].shown] == ["a"]
    assert [f.case for f in selected([data, other], None, only_test=True)[0].frames] == ["a"]
    assert selected([data], {"none"}, only_test=False) == []


def test_the_worst_failures() -> None:
    failures = Failures()
    for index in range(3 * KEPT):
        frame = picture(index)
        sure = 0.5 + index / 1000
        failures.watch(one("femur", "lips", case=str(index), confidence=sure), frame)
    # Of one recording, truth and prediction only the worst frame is kept.
    for index, sure in enumerate((0.97, 0.99, 0.98)):
        wrong = one("femur", "lips", index=index, confidence=sure, recording=True)
        failures.watch(wrong, picture(index))
    failures.watch(one((), "lips"), picture())
    failures.watch(one("femur", "femur", true_box=BOX, box=Box(0, 0, 5, 5)), picture())
    failures.watch(one("femur", "femur", true_box=BOX, box=BOX), picture())
    failures.watch(one("background", "background", true_box=BOX), picture())
    labels = failures.labels
    assert len(labels) == SHOWN
    assert labels[0].confidence == pytest.approx(0.99)
    assert labels[0].where == f"row {3 * KEPT + 2} of frames.csv"
    assert labels[0].iou is None
    confidences = [failure.confidence for failure in labels]
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[1] == pytest.approx(0.5 + (3 * KEPT - 1) / 1000)
    assert [failure.iou for failure in failures.boxes] == [0.0]


@pytest.mark.parametrize("shape", [(700, 900, 3), (40, 60), (900, 3)])
def test_pictures_of_failures(shape: tuple[int, ...]) -> None:
    import base64

    address = jpeg(np.full(shape, 200, np.uint8))
    kind, data = address.split(",")
    assert kind == "data:image/jpeg;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    assert decoded.shape[1] == min(shape[1], 420)


def test_speed() -> None:
    """A clock that the engine moves: 5 ms forward, 15 ms for both passes."""
    time_s = [0.0]

    class FakeEngine:
        def run(self, x: np.ndarray, saliency: Saliency) -> None:
            assert x.shape == (1, 1, 224, 288)
            time_s[0] += 0.005 if saliency is Saliency.NONE else 0.015

    card = SimpleNamespace(input_height_px=224, input_width_px=288, scale=255.0)
    analyser: Any = SimpleNamespace(card=card, engine=FakeEngine())
    found = measure_speed(analyser, [one("femur", "femur")], runs=4, clock=lambda: time_s[0])
    assert found.detection_fps == pytest.approx(200)
    assert found.localisation_fps == pytest.approx(100)
    assert found.both_fps == pytest.approx(1000 / 15)
    assert found.analysis_fps == pytest.approx(200)
    assert found.stages_ms == (("inference", 5.0),)
    assert np.isnan(measure_speed(analyser, [], runs=1, clock=lambda: time_s[0]).analysis_fps)
    assert whole_frames(found) == "whole frame: 200.0 a second (inference 5.0 ms)"

    known = replace(one("femur", "femur"), timings_ms=())
    some = measure_speed(analyser, [known, one("femur", "femur"), known], runs=1)
    assert (some.frames, some.known) == (1, 2)
    assert some.analysis_fps == pytest.approx(200)
    assert "2 others were analysed before" in whole_frames(some)

    none = measure_speed(analyser, [known, known], runs=1)
    assert (none.frames, none.known, none.stages_ms) == (0, 2, ())
    assert np.isnan(none.analysis_fps)
    assert "not measured, since all 2 frames were analysed before" in whole_frames(none)
    assert whole_frames(measure_speed(analyser, [], runs=1)) == ""
