from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from review.review_made import made_analyser, picture, write_recording
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box
from sonoassist.core.planes import BY_KEY, Polarity
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.evaluation.box_fitting import Example, drawn, fit_rule, fit_rules, gather
from sonoassist.evaluation.observed import DatasetLabel
from sonoassist.evaluation.planning import FilePlan
from sonoassist.localise.boxes import box_of, evidence_of
from sonoassist.model.box_rule import paper_rule

FEMUR = paper_rule(BY_KEY["femur"])


def example(seed: int, sign: float, share: float = 1.0) -> Example:
    """A structure lit up in the middle `share` of its width, by saliency of one sign."""
    rng = np.random.default_rng(seed)
    saliency = rng.normal(0, 0.02, (112, 144)).astype(np.float32)
    left, top = int(rng.integers(10, 60)), int(rng.integers(10, 60))
    width, height = int(rng.integers(50, 60)), int(rng.integers(26, 32))
    inset = round(width * (1 - share) / 2)
    saliency[top : top + height, left + inset : left + width - inset] += sign
    return Example(saliency, 0 * saliency, Box(left, top, left + width, top + height))


def overlap(one: Example, rule: object) -> float:
    box = box_of(evidence_of(one.saliency, rule, one.picture), rule)
    return box.iou(one.box) if box is not None else 0.0


def test_examples_are_frames_whose_plane_was_named(tmp_path: Path) -> None:
    """Of pictures and recordings alike; what cannot be read is told."""
    film = write_recording(tmp_path / "film.mkv", (("femur", 6), ("lips", 6)))
    still, bad = tmp_path / "still.png", tmp_path / "bad.png"
    assert cv2.imwrite(str(still), picture("femur", 1))
    bad.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    labels = [(film, 2), (film, 9), (still, 0), (bad, 0)]
    box = Box(30, 20, 90, 80)
    frames = tuple(LabelledFrame("c", path, index, ("femur",), box) for path, index in labels)
    steps: list[int] = []
    troubles: list[str] = []
    found = gather(
        [Dataset("d", "exams", frames)],
        made_analyser(),
        9,
        step=lambda: steps.append(1),
        on_trouble=troubles.append,
    )
    assert {key: len(them) for key, them in found.items()} == {"femur": 2}
    assert found["femur"][0].saliency.shape == found["femur"][0].picture.shape
    assert len(steps) == 3
    assert [line.split(":")[0] for line in troubles] == ["c/bad.png"]


def test_the_papers_rule_stays_where_it_is_as_good() -> None:
    fit = fit_rule(FEMUR, [example(seed, 1.0) for seed in range(8)])
    assert fit.rule == FEMUR
    assert fit.after == fit.before > 0.8
    assert (fit.count, fit.correct) == (8, 1.0)


def test_the_other_polarity_is_found() -> None:
    fit = fit_rule(FEMUR, [example(seed, -1.0) for seed in range(8)])
    assert fit.before < 0.2
    assert fit.rule.polarity is not Polarity.POSITIVE
    assert np.mean([overlap(example(seed, -1.0), fit.rule) for seed in range(50, 60)]) > 0.8


def test_a_structure_lit_up_in_part_gets_a_larger_box() -> None:
    fit = fit_rule(FEMUR, [example(seed, 1.0, share=0.4) for seed in range(10)])
    assert fit.before < 0.5
    assert fit.rule.grow_x > 1.5
    fresh = [overlap(example(seed, 1.0, share=0.4), fit.rule) for seed in range(50, 60)]
    assert np.mean(fresh) > 0.75
    assert np.mean(fresh) == pytest.approx(fit.after, abs=0.1)


def test_few_examples_fit_nothing() -> None:
    fits = fit_rules({"femur": [example(1, -1.0)], "lips": [example(n, -1.0) for n in range(6)]})
    assert set(fits) == {"lips"}


def test_no_saliency_at_all_is_survived() -> None:
    empty = Example(np.zeros((20, 30), np.float32), np.zeros((20, 30), np.float32), Box(2, 2, 9, 9))
    fit = fit_rule(FEMUR, [empty] * 6)
    assert (fit.rule, fit.after, fit.correct) == (FEMUR, 0.0, 0.0)


def test_frames_are_drawn_per_plane_and_only_with_a_box() -> None:
    box = Box(1, 1, 5, 5)
    labels = {n: DatasetLabel(("femur",), ("femur",), box) for n in range(30)}
    labels |= {
        n: DatasetLabel(("lips",), ("lips",), box if n < 33 else None) for n in range(30, 40)
    }
    file = FilePlan("set", "case", "a.mp4", recording=True, labels=labels)  # type: ignore[arg-type]
    one, again = drawn([file], 8, seed=1), drawn([file], 8, seed=1)
    kept = one[0].labels
    assert kept.keys() == again[0].labels.keys()
    assert sum(label.truth == ("femur",) for label in kept.values()) == 8
    assert sum(label.truth == ("lips",) for label in kept.values()) == 3
    assert list(kept) == sorted(kept)
    assert drawn([file], 8, seed=2)[0].labels.keys() != kept.keys()
