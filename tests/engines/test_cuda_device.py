"""In which order the CUDA device asks for copies and work; CUDA itself is a fake here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from sonoassist.core.errors import EngineError
from sonoassist.engines import cuda_device
from sonoassist.engines.cuda_device import CudaDevice, Trip
from sonoassist.engines.cuda_graph import plain_conv_relu


class FakeCuda:
    """Writes down what is asked for, and on which stream.

    Attributes:
        log: "STREAM: WHAT"; streams are s0 (upload), s1 (compute), s2 (download).
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.capability = (8, 6)
        self.pools = 0
        self._streams = 0
        self._events = 0
        self._current = "default"

    def note(self, what: str) -> None:
        self.log.append(f"{self._current}: {what}")

    def is_available(self) -> bool:
        return True

    def get_device_name(self) -> str:
        return "Fake card"

    def get_device_capability(self) -> tuple[int, int]:
        return self.capability

    def current_device(self) -> int:
        return 0

    def graph_pool_handle(self) -> int:
        self.pools += 1
        return self.pools

    def synchronize(self, device: torch.device) -> None:
        self.note("synchronise")

    def empty_cache(self) -> None:
        self.note("empty cache")

    def Stream(self, device: torch.device) -> FakeStream:
        self._streams += 1
        return FakeStream(self, f"s{self._streams - 1}")

    def Event(self) -> FakeEvent:
        self._events += 1
        return FakeEvent(self, f"e{self._events - 1}")

    def CUDAGraph(self) -> FakeGraph:
        return FakeGraph(self)

    @contextmanager
    def stream(self, stream: FakeStream) -> Iterator[None]:
        before, self._current = self._current, stream.name
        yield
        self._current = before

    @contextmanager
    def graph(
        self, graph: FakeGraph, *, pool: int, stream: FakeStream, capture_error_mode: str
    ) -> Iterator[None]:
        assert capture_error_mode == "thread_local"
        with self.stream(stream):
            self.note(f"capture into pool {pool}")
            yield
            self.note("captured")


class FakeStream:
    def __init__(self, cuda: FakeCuda, name: str) -> None:
        self._cuda, self.name = cuda, name

    def wait_event(self, event: FakeEvent) -> None:
        self._cuda.log.append(f"{self.name}: wait for {event.name}")

    def synchronize(self) -> None:
        self._cuda.log.append(f"{self.name}: synchronise")


class FakeEvent:
    def __init__(self, cuda: FakeCuda, name: str) -> None:
        self._cuda, self.name = cuda, name

    def record(self) -> None:
        self._cuda.note(f"mark {self.name}")

    def synchronize(self) -> None:
        self._cuda.log.append(f"host: wait for {self.name}")


class FakeGraph:
    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda = cuda

    def replay(self) -> None:
        self._cuda.note("replay")


class FakeBuffer:
    def __init__(self, cuda: FakeCuda, name: str) -> None:
        self._cuda, self.name = cuda, name

    def copy_(self, source: FakeBuffer, *, non_blocking: bool) -> None:
        assert non_blocking
        self._cuda.note(f"{source.name} -> {self.name}")


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    made = FakeCuda()
    monkeypatch.setattr(cuda_device.torch, "cuda", made)
    return made


def test_work_is_warmed_up_and_captured_on_the_stream_that_runs_it(cuda: FakeCuda) -> None:
    seen: list[tuple[bool, bool]] = []

    def work() -> None:
        flags = torch.backends.cudnn
        seen.append((flags.benchmark, flags.allow_tf32))
        cuda.note("work")

    before = (torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32)
    replay = CudaDevice("f16").record(work)
    assert cuda.log == [
        "s1: synchronise",
        *["s1: work"] * 3,
        "s1: synchronise",
        "s1: capture into pool 1",
        "s1: work",
        "s1: captured",
    ]
    assert set(seen) == {(True, False)}
    assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32) == before
    replay()
    assert cuda.log[-1] == "default: replay"


def test_each_step_of_a_trip_waits_for_the_one_before(cuda: FakeCuda) -> None:
    device = CudaDevice("f16")
    names = ("host in", "device in", "device out", "host out")
    host_in, device_in, device_out, host_out = (FakeBuffer(cuda, name) for name in names)
    work = device.record(lambda: None)
    cuda.log.clear()
    trip = Trip(host_in, device_in, work, device_out, host_out)  # type: ignore[arg-type]
    arrived = device.send(trip)
    assert cuda.log == [
        "s0: host in -> device in",
        "s0: mark e0",
        "s1: wait for e0",
        "s1: replay",
        "s1: mark e1",
        "s2: wait for e1",
        "s2: device out -> host out",
        "s2: mark e2",
    ]
    arrived()
    assert cuda.log[-1] == "host: wait for e2"


def test_after_freeing_a_new_pool_is_used(cuda: FakeCuda) -> None:
    device = CudaDevice("f16")
    device.free()
    assert cuda.log == ["default: synchronise", "default: empty cache"]
    device.record(lambda: None)
    assert "s1: capture into pool 2" in cuda.log


def test_bf16_needs_a_card_that_has_it(cuda: FakeCuda) -> None:
    assert CudaDevice("bf16").name == "Fake card"
    cuda.capability = (7, 5)
    with pytest.raises(EngineError, match="no bf16") as caught:
        CudaDevice("bf16")
    assert "f16" in caught.value.hint
    CudaDevice("f16")


def test_the_fused_kernel_is_used_only_where_it_gives_the_same(
    cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = CudaDevice("f16")
    device.torch_device = torch.device("cpu")

    def fused(*args: object, groups: int) -> torch.Tensor:
        x, weight, bias, stride, padding, dilation = args
        assert (stride, padding, dilation, groups) == ([1, 1], [1, 1], [1, 1], 1)
        return plain_conv_relu(x, weight, bias, 1, 1)  # type: ignore[arg-type]

    monkeypatch.setattr(torch, "cudnn_convolution_relu", fused)
    assert device.conv_relu(torch.float16) is cuda_device._fused_conv_relu
    assert device.conv_relu(torch.float32) is plain_conv_relu
    monkeypatch.setattr(
        torch, "cudnn_convolution_relu", lambda *args, groups: fused(*args, groups=groups) + 1
    )
    assert device.conv_relu(torch.float16) is plain_conv_relu

    def missing(*args: object, groups: int) -> torch.Tensor:
        raise RuntimeError("not compiled with cuDNN")

    monkeypatch.setattr(torch, "cudnn_convolution_relu", missing)
    assert device.conv_relu(torch.float16) is plain_conv_relu
