"""One CUDA device: streams, events, page-locked memory, and work recorded to be replayed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from sonoassist.core.errors import EngineError
from sonoassist.engines.cuda_graph import ConvRelu, plain_conv_relu

_WARM_RUNS = 3
BF16_CAPABILITY = 8

Work = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Trip:
    """One way through the device: from the host, through the recorded work, back to the host.

    Attributes:
        host_in: Page-locked, filled by the caller.
        device_in: What the work reads.
        work: As `Device.record` gave it.
        device_out: What the work writes.
        host_out: Page-locked, to be read when the trip has ended.
    """

    host_in: Tensor
    device_in: Tensor
    work: Work
    device_out: Tensor
    host_out: Tensor


class Device(Protocol):
    """What the engine needs of a device; used by one thread at a time."""

    @property
    def name(self) -> str:
        """For the screen."""
        ...

    @property
    def torch_device(self) -> torch.device:
        """Where tensors are made."""
        ...

    def conv_relu(self, dtype: torch.dtype) -> ConvRelu:
        """How a convolution with its ReLU is run."""
        ...

    def host_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Memory of the host that the device copies to and from by itself; zero."""
        ...

    def record(self, work: Work) -> Work:
        """Run `work`, whose tensors stay where they are, and give what runs it again."""
        ...

    def send(self, trip: Trip) -> Work:
        """Start a trip and return at once; call the result to wait for its end."""
        ...

    def free(self) -> None:
        """Give cached memory back. Nothing that was recorded may be in use any more."""
        ...


class CudaDevice:
    """The current CUDA device.

    Three streams let the upload of one batch and the download of another overlap the work on a
    third. All recorded work shares one pool of memory: it is run on one stream, one after the
    other, and whatever it makes besides its output is dead when it ends.

    Args:
        precision: "f32", "bf16" or "f16"; for messages.

    Raises:
        EngineError: There is no CUDA device, or it has no bf16.
    """

    def __init__(self, precision: str) -> None:
        if not torch.cuda.is_available():
            raise EngineError("there is no CUDA device here", "Set the device to auto")
        if precision == "bf16" and torch.cuda.get_device_capability()[0] < BF16_CAPABILITY:
            raise EngineError("this graphics card has no bf16", "Set the precision to f16 or f32")
        self.name = torch.cuda.get_device_name()
        self.torch_device = torch.device("cuda", torch.cuda.current_device())
        self._upload = _stream(self.torch_device)
        self._compute = _stream(self.torch_device)
        self._download = _stream(self.torch_device)
        self._pool: Any = torch.cuda.graph_pool_handle()

    def conv_relu(self, dtype: torch.dtype) -> ConvRelu:
        """One fused kernel where cuDNN has it for half precision; f32 stays the plain reference."""
        if dtype is torch.float32 or not _fuses(self.torch_device, dtype):
            return plain_conv_relu
        return _fused_conv_relu

    def host_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Page-locked memory, so that copies run beside the work; zero."""
        return torch.zeros(shape, dtype=dtype, pin_memory=True)

    def record(self, work: Work) -> Work:
        """Warm up, which lets cuDNN choose its kernels, and capture a CUDA graph."""
        with torch.cuda.stream(self._compute), _choosing_kernels():
            torch.cuda.synchronize(self.torch_device)
            for _ in range(_WARM_RUNS):
                work()
            self._compute.synchronize()
            graph = torch.cuda.CUDAGraph()
            # Only this thread has to keep still while it captures; others may use the device.
            with torch.cuda.graph(
                graph, pool=self._pool, stream=self._compute, capture_error_mode="thread_local"
            ):
                work()
        replay: Work = graph.replay
        return replay

    def send(self, trip: Trip) -> Work:
        """Queue the copies and the work, each on its stream, each behind the one before."""
        uploaded, worked, fetched = _event(), _event(), _event()
        with torch.cuda.stream(self._upload):
            trip.device_in.copy_(trip.host_in, non_blocking=True)
            uploaded.record()
        with torch.cuda.stream(self._compute):
            self._compute.wait_event(uploaded)
            trip.work()
            worked.record()
        with torch.cuda.stream(self._download):
            self._download.wait_event(worked)
            trip.host_out.copy_(trip.device_out, non_blocking=True)
            fetched.record()
        return fetched.synchronize

    def free(self) -> None:
        """Give cached memory back; recorded work must have been dropped before."""
        torch.cuda.synchronize(self.torch_device)
        torch.cuda.empty_cache()
        # A pool that no recorded work uses any more cannot be shared again.
        self._pool = torch.cuda.graph_pool_handle()


def _stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def _event() -> torch.cuda.Event:
    return torch.cuda.Event()  # type: ignore[no-untyped-call]


@contextmanager
def _choosing_kernels() -> Iterator[None]:
    """Let cuDNN try its kernels, and keep f32 at its full precision (no TF32)."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):
        yield


def _fused_conv_relu(x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
    return torch.cudnn_convolution_relu(
        x, weight, bias, [stride] * 2, [padding] * 2, [1, 1], groups=1
    )


def _fuses(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether the fused kernel runs here and gives the numbers of the plain one."""
    made = torch.Generator().manual_seed(0)
    x, weight = torch.randn(1, 8, 8, 8, generator=made), torch.randn(8, 8, 3, 3, generator=made)
    bias = torch.randn(8, generator=made).to(device, dtype)
    x, weight = (
        one.to(device, dtype).contiguous(memory_format=torch.channels_last) for one in (x, weight)
    )
    try:
        fused = _fused_conv_relu(x, weight, bias, 1, 1)
    except RuntimeError:  # not every build and card has it; the plain kernels do the same
        return False
    return torch.allclose(fused, plain_conv_relu(x, weight, bias, 1, 1), rtol=0.05, atol=0.05)
