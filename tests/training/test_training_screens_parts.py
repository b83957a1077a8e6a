"""What the network that reads screens learns from: screens, and parts as the closer look shows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sonoassist.phantom.screens.fibres import draw_fibres
from sonoassist.preprocess.screen_network import BRIGHTENED, CONTENTS, NetworkInput
from sonoassist.training.screens.network import ScreenNet
from sonoassist.training.screens.pictures import (
    PARTS,
    UNKNOWN,
    ScreenBatches,
    ScreenPictures,
    draw_pictures,
    inputs_of,
)
from sonoassist.training.screens.run import content_loss, train_network
from sonoassist.training.screens.start import mean_network

SEEDS = range(700_000, 700_012)


@pytest.fixture(scope="module")
def drawn() -> ScreenPictures:
    return draw_pictures(SEEDS, 1)


def test_each_screen_with_a_picture_has_parts_of_unknown_kind(drawn: ScreenPictures) -> None:
    whole = np.flatnonzero(drawn.contents != UNKNOWN)
    assert len(whole) == len(SEEDS)
    ends = [*whole[1:], len(drawn)]
    for at, end in zip(whole, ends, strict=True):
        has_picture = bool(drawn.masks[at].any())
        assert end - at - 1 == (PARTS if has_picture else 0)
        # The picture is most of a part, and stays inside of it.
        for part in range(at + 1, end):
            assert drawn.masks[part].mean() > 0.2 * 255
            assert drawn.masks[part].mean() >= drawn.masks[at].mean() - 1


def test_drawing_tells_of_screens_not_of_parts() -> None:
    told: list[int] = []
    draw_pictures(range(700_000, 700_002), 1, told.append)
    assert told == [2]


def test_the_same_seeds_give_the_same_pictures(drawn: ScreenPictures) -> None:
    again = draw_pictures(SEEDS, 1)
    np.testing.assert_array_equal(again.pixels, drawn.pixels)
    np.testing.assert_array_equal(again.masks, drawn.masks)


def test_training_sees_levels_as_the_program_shows_them(drawn: ScreenPictures) -> None:
    screen = np.ascontiguousarray(drawn.pixels[0].transpose(1, 2, 0))
    seen = inputs_of(drawn, 1)[0, :3]
    np.testing.assert_array_equal(seen, BRIGHTENED[screen].transpose(2, 0, 1))
    # The program thins out and averages first, which leaves a screen of one level as it is.
    plain = np.full((192, 256, 3), 64, np.uint8)
    np.testing.assert_allclose(NetworkInput().of(plain)[0, :3], BRIGHTENED[64])
    assert BRIGHTENED[64] == pytest.approx(0.5, abs=0.01)


def test_a_batch_in_which_no_screen_is_moved(drawn: ScreenPictures) -> None:
    batches = ScreenBatches(drawn, 1, 0)
    for _ in range(12):  # by the chance of a move, some of these are not moved
        inputs, masks, kinds = batches.next()
        assert inputs.shape == (1, 5, 192, 256)
        assert masks.shape == (1, 1, 96, 128)
        assert int(kinds[0]) in (UNKNOWN, *range(len(CONTENTS)))


def test_kinds_that_are_not_known_teach_nothing() -> None:
    logits = torch.zeros(3, len(CONTENTS), requires_grad=True)
    content_loss(logits, torch.tensor([UNKNOWN, 2, UNKNOWN])).backward()
    assert logits.grad is not None
    assert not logits.grad[[0, 2]].any()
    assert logits.grad[1].any()
    nothing = content_loss(logits, torch.tensor([UNKNOWN] * 3))
    assert nothing.item() == 0.0
    nothing.backward()


def test_a_network_can_be_trained_on_parts_alone(drawn: ScreenPictures) -> None:
    parts = drawn.contents == UNKNOWN
    only = ScreenPictures(drawn.pixels[parts], drawn.masks[parts], drawn.contents[parts])
    network = train_network(only, iterations=1, batch=2, seed=1)
    assert all(bool(one.isfinite().all()) for one in network.parameters())


def test_the_mean_of_networks() -> None:
    torch.manual_seed(3)
    one, other = ScreenNet(), ScreenNet()
    mean = mean_network([one, other]).state_dict()
    for name, tensor in one.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(mean[name], (tensor + other.state_dict()[name]) / 2)
    same = mean_network([one]).eval()
    screens = torch.rand(1, 5, 192, 256)
    with torch.no_grad():
        for found, wanted in zip(same(screens), one.eval()(screens), strict=True):
            torch.testing.assert_close(found, wanted)


def test_fibres_are_drawn_alike_for_a_seed_and_lie_in_their_mask() -> None:
    for seed in range(6):
        made = draw_fibres(seed, size=(320, 240))
        np.testing.assert_array_equal(made.pixels, draw_fibres(seed, size=(320, 240)).pixels)
        assert made.content == "b_mode"
        assert made.mask.mean() > 0.02
        inside, outside = made.pixels[made.mask], made.pixels[~made.mask]
        assert inside.std() > 1
        if outside.size and made.mask.mean() > 0.8:  # a bare picture with margins
            assert outside.max() == 0
