from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from real_models import card_of, plane_frames, published, published_store, random_tensors
from sonoassist.analysis.precision import choosing
from sonoassist.analysis.precision.agreement import Agreement, Truth, compare, summary, truth_of
from sonoassist.analysis.precision.calibration import calibration_pictures
from sonoassist.analysis.precision.check import PrecisionCheck
from sonoassist.analysis.precision.choosing import (
    Workshop,
    candidates,
    engine_from,
    same_pass,
    verdict_of,
)
from sonoassist.analysis.precision.verdicts import (
    PrecisionVerdict,
    keep_verdict,
    read_verdict,
    verdict_key,
)
from sonoassist.core import paths
from sonoassist.core.errors import EngineError, SourceError
from sonoassist.core.packets import Prepared
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.capabilities import has_bf16, has_int8
from sonoassist.engines.choose import EngineChoice, Tensors
from sonoassist.engines.openvino_engine import OpenVINOEngine
from sonoassist.engines.rounding import ActivationStatistics
from sonoassist.model.architecture import Architecture
from sonoassist.model.card import Card
from sonoassist.preprocess.crop import CropChoice
from sonoassist.preprocess.prepare import prepare
from sonoassist.preprocess.tracker import CropTracker

CARD = card_of("smallnet")
GOOD = Agreement(pictures=32, labels_same=1.0, softmax_error=0.01, boxes=9, box_iou=0.95)
NEEDS_BF16 = pytest.mark.skipif(
    not (has_bf16() and has_int8()), reason="this processor has no bf16 or no int8"
)


def workshop(folder: Path) -> Workshop:
    return Workshop(CARD, random_tensors("smallnet"), paths.demo_exam(), folder)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workshop, PrecisionVerdict | None]:
    """A model that was checked, and what was found."""
    shop = workshop(tmp_path_factory.mktemp("checked"))
    return shop, verdict_of(shop)


def made_verdict(**agreements: Agreement) -> PrecisionVerdict:
    means = tuple(np.arange(n, dtype=np.float32) for n in (1, 32, 64, 128, 128, 64))
    return PrecisionVerdict(ActivationStatistics(means, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)), agreements)


def agreement(
    quick: Engine, truths: Sequence[Truth], pictures: Sequence[Prepared], card: Card
) -> Agreement:
    found = []
    for truth, picture in zip(truths, pictures, strict=True):
        both, ahead = (
            quick.run(picture.network_input, saliency)
            for saliency in (Saliency.PLAIN, Saliency.NONE)
        )
        found.append(compare(both, ahead, truth, picture, card))
    return summary(found)


def test_calibration_pictures_are_spread_over_the_exam() -> None:
    exam = paths.demo_exam()
    assert exam is not None
    pictures = calibration_pictures(exam, CARD, 5)
    assert [picture.network_input.shape for picture in pictures] == [(1, 1, 224, 288)] * 5
    ids = [picture.frame_id for picture in pictures]
    assert ids == sorted(ids)
    assert len({picture.network_input.tobytes() for picture in pictures}) == 5


def test_what_is_no_video_gives_no_calibration(tmp_path: Path) -> None:
    broken = tmp_path / "exam.mp4"
    broken.write_bytes(b"nothing")
    with pytest.raises(SourceError):
        calibration_pictures(broken, CARD)
    assert verdict_of(replace(workshop(tmp_path), calibration=broken)) is None


@pytest.mark.parametrize(
    ("worse", "good"),
    [
        ({}, True),
        ({"labels_same": 0.99}, False),
        ({"softmax_error": 0.031}, False),
        ({"forward_error": 0.079}, True),
        ({"forward_error": 0.081}, False),
        ({"box_iou": 0.89}, False),
        ({"low_box_iou": 0.69}, False),
        ({"pictures": 0}, False),
    ],
)
def test_what_may_be_chosen(worse: dict[str, float], good: bool) -> None:
    assert replace(GOOD, **worse).good is good  # type: ignore[arg-type]


def test_an_engine_agrees_with_itself_and_not_with_another() -> None:
    exam = paths.demo_exam()
    assert exam is not None
    pictures = calibration_pictures(exam, CARD, 6)
    engine = OpenVINOEngine(workshop(exam).spec, random_tensors("smallnet"))
    truths = [truth_of(engine, picture, CARD) for picture in pictures]
    same = agreement(engine, truths, pictures, CARD)
    assert (same.pictures, same.labels_same, same.box_iou) == (6, 1.0, 1.0)
    assert same.softmax_error <= 1e-5
    other = OpenVINOEngine(workshop(exam).spec, random_tensors("smallnet", seed=9))
    assert not agreement(other, truths, pictures, CARD).good


def test_a_verdict_is_kept_and_read_back(tmp_path: Path) -> None:
    verdict = made_verdict(bf16=GOOD)
    key = verdict_key("weights", "pictures")
    assert read_verdict(tmp_path, key) is None
    keep_verdict(tmp_path / "deep", key, verdict)
    back = read_verdict(tmp_path / "deep", key)
    assert back is not None
    assert back.agreements == {"bf16": GOOD}
    assert back.statistics.peaks == verdict.statistics.peaks
    for ours, theirs in zip(back.statistics.means, verdict.statistics.means, strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"\x00" * 500])
def test_a_damaged_verdict_is_made_again(tmp_path: Path, damage: bytes) -> None:
    keep_verdict(tmp_path, "one", made_verdict(bf16=GOOD))
    path = tmp_path / "one.npz"
    path.write_bytes(damage or path.read_bytes()[:-200])
    assert read_verdict(tmp_path, "one") is None


def test_where_nothing_can_be_kept_nothing_breaks(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    keep_verdict(in_the_way, "one", made_verdict(bf16=GOOD))
    assert in_the_way.read_text() == ""


@pytest.mark.skipif(not candidates(), reason="this processor runs f32 only")
def test_candidates_that_race_as_one_do_the_same(
    checked: tuple[Workshop, PrecisionVerdict | None],
) -> None:
    shop, verdict = checked
    assert verdict is not None
    exam = paths.demo_exam()
    assert exam is not None
    (picture, *_) = calibration_pictures(exam, CARD, 2)
    passes = (Saliency.PLAIN, Saliency.NONE)
    found: dict[tuple[str, Saliency], EngineOutput] = {}
    exact = OpenVINOEngine(shop.spec, shop.tensors)
    for name in ("f32", *candidates()):
        engine = choosing._engine(shop, name, verdict.statistics, exact)
        found |= {(name, one): engine.run(picture.network_input, one) for one in passes}
    others = [(name, one) for name, one in found if same_pass(name, one) != name]
    assert len(others) >= len(candidates())
    for name, saliency in others:
        ours, theirs = found[name, saliency], found[same_pass(name, saliency), saliency]
        assert np.array_equal(ours.logits, theirs.logits)
        assert (ours.saliency is None) == (theirs.saliency is None) == (saliency is Saliency.NONE)
        if ours.saliency is not None and theirs.saliency is not None:
            assert np.array_equal(ours.saliency, theirs.saliency)


def test_the_quickest_that_passed_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = candidates()
    if not names:
        pytest.skip("this processor runs f32 only")
    bad = replace(GOOD, labels_same=0.5)
    for passed in (*names, "f32"):
        found = {name: GOOD if name == passed else bad for name in names}
        monkeypatch.setattr(choosing, "read_verdict", lambda *_, found=found: made_verdict(**found))
        engine = engine_from(workshop(tmp_path), EngineChoice(device="cpu"))
        assert engine.precision == passed
        engine.close()


def test_without_calibration_auto_is_f32_and_int8_says_what_is_missing(tmp_path: Path) -> None:
    shop = replace(workshop(tmp_path), calibration=None)
    assert engine_from(shop, EngineChoice(device="cpu")).precision == "f32"
    with pytest.raises(EngineError, match="calibration"):
        engine_from(shop, EngineChoice(precision="int8", device="cpu"))


@pytest.mark.parametrize(("seed", "expected"), [(0, "f16"), (9, "f32")])
def test_a_graphics_card_runs_f16_only_where_it_gives_the_labels_of_f32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, expected: str
) -> None:
    """The card is a processor here, with the right weights or with others."""
    shop = workshop(tmp_path)
    asked: list[EngineChoice] = []

    def make(choice: EngineChoice, spec: Architecture, tensors: Tensors) -> Engine:
        asked.append(choice)
        of_card = choice.precision == "f16"
        return OpenVINOEngine(spec, random_tensors("smallnet", seed) if of_card else tensors)

    monkeypatch.setattr(choosing, "runs_openvino", lambda choice: False)
    monkeypatch.setattr(choosing, "runs_cuda", lambda choice: True)
    monkeypatch.setattr(choosing, "make_engine", make)
    for _ in range(2):
        engine_from(shop, EngineChoice())
        assert asked[-1].precision == expected
    exact = [choice for choice in asked if choice == EngineChoice(precision="f32", device="cpu")]
    assert len(exact) == 1  # the verdict was kept


@pytest.mark.skipif(not candidates(), reason="this processor runs f32 only")
def test_a_verdict_is_made_once(
    checked: tuple[Workshop, PrecisionVerdict | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, first = checked
    assert first is not None
    tried = list(first.agreements)
    assert set(first.passes_s) == {"f32", *candidates()}
    assert tried == sorted(tried, key=lambda name: first.passes_s[name])
    assert all(first.passes_s[name] < first.passes_s["f32"] for name in tried)
    assert [name for name in tried if first.agreements[name].good] in ([], tried[-1:])
    monkeypatch.setattr(PrecisionCheck, "run", lambda check: pytest.fail("it was kept"))
    assert verdict_of(shop) is not None
    changed = replace(shop, card=CARD.model_copy(update={"weights_sha256": "1" * 64}))
    monkeypatch.setattr(PrecisionCheck, "run", lambda check: first)
    assert verdict_of(changed) is first


@pytest.mark.real
@NEEDS_BF16
def test_low_precision_keeps_the_labels_of_real_pictures(test_data: Path) -> None:
    """Calibrated on a synthetic exam, checked on the 13 real planes."""
    spec, tensors = published(test_data)
    card = card_of(spec.name)
    # By the card that the program has of it: then others need not check it again.
    known = published_store(test_data).get("sononet16").card
    shop = Workshop(known, tensors, paths.demo_exam(), choosing.verdict_folder())
    quick = engine_from(shop, EngineChoice("openvino", "int8", "cpu"))
    assert quick.precision in candidates()
    assert quick.precision.startswith("int8+")
    pictures = real_pictures(test_data)
    exact = OpenVINOEngine(spec, tensors)
    truths = [truth_of(exact, picture, card) for picture in pictures]
    found = agreement(quick, truths, pictures, card)
    assert (found.labels_same, found.boxes) == (1.0, 13)
    assert found.softmax_error <= 0.03
    assert found.forward_error <= 0.08
    # Over 338 real pictures the boxes agree by 0.93; the mean of these 13 alone is less certain.
    assert found.box_iou >= 0.82
    raw = OpenVINOEngine(spec, tensors, precision="bf16")
    uncorrected = agreement(raw, truths, pictures, card)
    assert found.softmax_error <= uncorrected.softmax_error + 0.005


def real_pictures(test_data: Path) -> list[Prepared]:
    tracker = CropTracker(CropChoice(), 288 / 224)
    return [
        prepare(frame, tracker.crop_for(frame), height_px=224, width_px=288)
        for frame in plane_frames(test_data)
    ]


def test_the_forward_pass_alone_gives_the_same_label(
    checked: tuple[Workshop, PrecisionVerdict | None],
) -> None:
    engine = engine_from(checked[0], EngineChoice(device="cpu"))
    exam = paths.demo_exam()
    assert exam is not None
    for picture in calibration_pictures(exam, CARD, 8):
        ahead = engine.run(picture.network_input, Saliency.NONE)
        both = engine.run(picture.network_input, Saliency.PLAIN)
        assert int(ahead.logits.argmax()) == int(both.logits.argmax())
