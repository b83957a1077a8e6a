"""A stand-in for a graphics card that runs on the processor, as late as it is allowed to."""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor

from sonoassist.engines.cuda_device import Trip, Work
from sonoassist.engines.cuda_graph import ConvRelu, plain_conv_relu


class HostDevice:
    """Does nothing of a trip before somebody waits for it: who reads or fills too early fails.

    Attributes:
        log: "record", "send N", "wait N" in order; N counts the trips.
        fail_with: Raised by the next send, once.
    """

    name = "Host"
    torch_device = torch.device("cpu")

    def __init__(self) -> None:
        self.log: list[str] = []
        self.fail_with: BaseException | None = None
        self.freed = 0
        self._under_way: deque[tuple[int, Trip]] = deque()
        self._sent = 0

    def conv_relu(self, dtype: torch.dtype) -> ConvRelu:
        return plain_conv_relu

    def host_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        return torch.zeros(shape, dtype=dtype)

    def record(self, work: Work) -> Work:
        self.log.append("record")
        work()
        return work

    def send(self, trip: Trip) -> Work:
        if self.fail_with is not None:
            error, self.fail_with = self.fail_with, None
            raise error
        number, self._sent = self._sent, self._sent + 1
        self._under_way.append((number, trip))
        self.log.append(f"send {number}")

        def wait() -> None:
            if any(number == other for other, _ in self._under_way):
                self.log.append(f"wait {number}")
            while self._under_way and self._under_way[0][0] <= number:
                _run(self._under_way.popleft()[1])

        return wait

    def free(self) -> None:
        self.freed += 1


def _run(trip: Trip) -> None:
    trip.device_in.copy_(trip.host_in)
    trip.work()
    trip.host_out.copy_(trip.device_out)
