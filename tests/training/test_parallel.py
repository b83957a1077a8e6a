"""Two processes over gloo give what one gives: weights, statistics and figures."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from training_help import Listener, made_data, options
from training_processes import OwnProcess

from sonoassist.core.errors import UsageError
from sonoassist.training.checkpoints import Checkpoints
from sonoassist.training.options import PatchStage, TrainOptions
from sonoassist.training.parallel import choose_device, join_ranks
from sonoassist.training.trainer import Trainer

ARCHITECTURES = ("sononet16", "smallnet")


def small_run(architecture: str) -> TrainOptions:
    return options(
        architecture=architecture,
        iterations=3,
        val_every=3,
        batch_background=3,
        lr=0.001,
        patches=(PatchStage(64),),
        channels_last=False,
    )


def run_here(folder: Path) -> None:
    """Train all networks one after another."""
    torch.set_num_threads(1)
    with join_ranks("cpu") as ranks:
        if not ranks.first:
            ranks.wait()
        data = made_data(folder)
        if ranks.first:
            ranks.wait()
        for architecture in ARCHITECTURES:
            out = folder / f"{architecture}-{ranks.world}"
            Trainer(small_run(architecture), data, out, ranks, Listener()).run()


def environment(port: int, rank: int, world: int) -> dict[str, str]:
    return {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": "lo",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, world: int) -> None:
    port = free_port()
    running = [
        OwnProcess(
            folder / f"{world}-{rank}.txt",
            run_here,
            folder,
            environment=environment(port, rank, world),
        )
        for rank in range(world)
    ]
    try:
        for process in running:
            status, said = process.ended()
            assert status == 0, said
    finally:
        for process in running:
            process.kill()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All networks trained by one process and by two."""
    folder = tmp_path_factory.mktemp("trained")
    made_data(folder)
    for world in (1, 2):
        start(folder, world)
    return folder


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_two_processes_are_as_one(architecture: str, trained: Path) -> None:
    one, two = (
        Checkpoints(trained / f"{architecture}-{world}").newest(pytest.fail) for world in (1, 2)
    )
    assert one.state["iteration"] == two.state["iteration"] == 3
    assert one.tensors.keys() == two.tensors.keys()
    for name, values in one.tensors.items():
        if name.startswith("net.") and "running" not in name:
            np.testing.assert_allclose(two.tensors[name], values, rtol=0, atol=1e-5, err_msg=name)
        elif name.startswith(("net.", "momentum.")):
            np.testing.assert_allclose(
                two.tensors[name], values, rtol=1e-4, atol=1e-4, err_msg=name
            )
    assert two.state["best"]["loss"] == pytest.approx(one.state["best"]["loss"], rel=1e-3)
    assert two.state["best"]["accuracy"] == pytest.approx(one.state["best"]["accuracy"])


def test_a_device_that_is_not_there() -> None:
    assert choose_device("cpu").type == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no cuda device"):
            choose_device("cuda")
