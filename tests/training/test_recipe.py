from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from training_help import made_data, options

from sonoassist.core.errors import ModelError, UsageError
from sonoassist.core.planes import KEYS
from sonoassist.training.augment import PatchView, draw_view, normalise, show, training_patch
from sonoassist.training.batches import Batches
from sonoassist.training.learner import label_loss
from sonoassist.training.options import (
    PatchStage,
    TrainOptions,
    parse_drops,
    parse_patches,
    patch_text,
)
from sonoassist.training.pool import BatchPlan
from sonoassist.training.schedule import Plateau


def test_the_defaults_are_the_papers() -> None:
    run = TrainOptions()
    assert (run.architecture, run.first_lr, run.warm_up_iterations) == ("sononet32", 0.1, 500)
    assert (run.batch_planes, run.batch_background, run.patch_at(10**6)) == (2, 26, 224)
    small = TrainOptions(architecture="smallnet")
    assert (small.first_lr, small.warm_up_iterations) == (0.001, 0)
    tuned = TrainOptions(start="sononet32 abc")
    assert (tuned.first_lr, tuned.warm_up_iterations) == (0.0003, 20)


def test_warm_up_then_a_tenth_at_each_plateau_then_the_end() -> None:
    run = TrainOptions(patience=2, drops=2)
    plateau = Plateau()
    assert [plateau.lr(n, run) for n in (1, 500, 501)] == [0.01, 0.01, 0.1]
    assert plateau.update(500, 0.5, 1.0, run)
    assert not plateau.update(1000, 0.5, 1.0, run)
    assert plateau.lr(1001, run) == 0.1
    assert not plateau.update(1500, 0.6, 1.0, run)
    assert plateau.lr(1501, run) == pytest.approx(0.01)
    assert plateau.update(2000, 0.5, 0.9, run)  # as many errors, a lower loss
    for iteration in (2500, 3000, 3500):
        plateau.update(iteration, 0.7, 1.0, run)
        assert not plateau.stopped
    assert plateau.lr(3501, run) == pytest.approx(0.001)
    plateau.update(4000, 0.7, 1.0, run)
    assert plateau.stopped
    assert plateau.best_iteration == 2000


def test_the_warm_up_does_not_try_the_patience() -> None:
    plateau, run = Plateau(), TrainOptions(patience=1, warm_up=100)
    plateau.update(10, 0.5, 1.0, run)
    plateau.update(20, 0.6, 1.0, run)
    assert plateau.drops == 0


def test_fixed_drops_take_the_place_of_the_plateau() -> None:
    run = TrainOptions(patience=1, drops=1, warm_up=2, drop_at=parse_drops("10, 20"))
    plateau = Plateau()
    plateau.update(3, 0.5, 1.0, run)
    for iteration in range(4, 9):
        assert not plateau.update(iteration, 0.6, 1.0, run)
    rates = [plateau.lr(n, run) for n in (2, 3, 10, 11, 20, 21)]
    assert rates == pytest.approx([0.01, 0.1, 0.1, 0.01, 0.01, 0.001])
    assert not plateau.stopped
    assert plateau.update(25, 0.4, 1.0, run)
    assert run.settings()["drop_at"] == "10,20"
    assert parse_drops("") == ()


@pytest.mark.parametrize("text", ["a", "10,", "-3", "20,10", "0,5", "7,7"])
def test_bad_drops_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        TrainOptions(drop_at=parse_drops(text))


@pytest.mark.parametrize("text", ["224", "112:300,224", "64:10,96:20,160:5"])
def test_patches_are_read_and_written(text: str) -> None:
    assert patch_text(parse_patches(text)) == text


@pytest.mark.parametrize("text", ["", "big", "112,224", "20", "400", "112:x,224", "-5"])
def test_bad_patches_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_patches(text)


def test_a_curriculum() -> None:
    run = TrainOptions(patches=parse_patches("112:10,160:5,224"))
    assert [run.patch_at(n) for n in (1, 10, 11, 15, 16, 999)] == [112, 112, 160, 160, 224, 224]


def test_bad_options_are_refused() -> None:
    for change in ({"iterations": 0}, {"lr": -1.0}, {"lr": float("nan")}, {"batch_planes": 0}):
        with pytest.raises(UsageError):
            TrainOptions(**change)  # type: ignore[arg-type]
    with pytest.raises(ModelError):
        TrainOptions(architecture="resnet")


def test_a_view_that_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (224, 288), np.uint8)
    straight = show(image, PatchView(224, 30, 0, flipped=False, turn_deg=0.0), 224)
    np.testing.assert_array_equal(straight, image[:, 30:254])
    mirrored = show(image, PatchView(200, 40, 10, flipped=True, turn_deg=0.0), 200)
    np.testing.assert_array_equal(mirrored, image[10:210, 40:240][:, ::-1])
    quarter = show(image, PatchView(200, 40, 10, flipped=False, turn_deg=90.0), 200)
    turned = np.rot90(image[10:210, 40:240], 1)
    assert np.abs(quarter.astype(int) - turned).mean() < 1


def test_views_keep_to_the_papers_ranges() -> None:
    views = [draw_view(np.random.default_rng(n), 224, 288) for n in range(400)]
    sides = [view.side_px for view in views]
    assert (min(sides), max(sides)) == (174, 224)
    assert all(view.left_px + view.side_px <= 288 for view in views)
    assert all(view.top_px + view.side_px <= 224 for view in views)
    turns = [view.turn_deg for view in views]
    assert -25 <= min(turns) < -23
    assert 23 < max(turns) <= 25
    assert 0.4 < np.mean([view.flipped for view in views]) < 0.6


def test_patches_are_normalised_after_all_else() -> None:
    image = np.random.default_rng(1).integers(0, 256, (224, 288), np.uint8)
    patch = training_patch(image, np.random.default_rng(2), 112)
    assert patch.shape == (112, 112)
    assert patch.dtype == np.float32
    assert patch.mean() == pytest.approx(0, abs=1e-2)
    assert patch.std() == pytest.approx(255, rel=1e-4)
    assert np.isfinite(normalise(np.zeros((9, 9), np.uint8))).all()


def test_the_loss_of_full_labels_is_cross_entropy() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(5, 14) * 30, torch.tensor([0, 3, 5, 13, 7])
    accepted = torch.nn.functional.one_hot(labels, 14).bool()
    expected = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(label_loss(logits, accepted), expected)
    accepted[0, 1] = True  # either plane is right: their probabilities add up
    both = torch.softmax(logits[0], 0)[:2].sum()
    torch.testing.assert_close(label_loss(logits, accepted)[0], -both.log(), rtol=1e-4, atol=1e-4)
    logits.requires_grad_()
    label_loss(logits, accepted).sum().backward()
    assert torch.isfinite(logits.grad).all()  # type: ignore[arg-type]


def test_batches_are_balanced_and_depend_on_their_number_only(tmp_path: Path) -> None:
    data = made_data(tmp_path)
    plan = BatchPlan(data.train, 2, 26, seed=5)
    assert len(plan) == 2 + 2 + 26
    drawn = data.train.accepted[plan.batch(7)].sum(axis=0)
    counts = {key: int(count) for key, count in zip(KEYS, drawn, strict=True) if count}
    assert counts == {"femur": 2, "lips": 2, "background": 26}
    np.testing.assert_array_equal(plan.batch(7), BatchPlan(data.train, 2, 26, 5).batch(7))
    assert not np.array_equal(plan.batch(7), plan.batch(8))
    assert not np.array_equal(plan.batch(7), BatchPlan(data.train, 2, 26, 6).batch(7))


def test_threads_and_processes_make_the_same_batches(tmp_path: Path) -> None:
    data = made_data(tmp_path)
    run = options(patches=(PatchStage(64, 1), PatchStage(96)))
    with Batches(data.train, run, 1) as one, Batches(data.train, options(workers=3), 2) as three:
        first, second = one.get(), one.get()
        same = three.get()
    assert (first.inputs.shape[-1], second.inputs.shape[-1]) == (64, 96)
    np.testing.assert_array_equal(second.inputs, same.inputs)
    assert second.iteration == 2
    shares = [Batches(data.train, run, 2, rank, 2).make(2) for rank in (0, 1)]
    assert [len(share.inputs) for share in shares] == [2, 2]
    assert all(share.total == 4 for share in shares)
    np.testing.assert_array_equal(shares[1].inputs, second.inputs[1::2])
