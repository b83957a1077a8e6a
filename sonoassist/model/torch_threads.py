"""How many threads torch works with on the processor."""

from __future__ import annotations

import torch

from sonoassist.core.processors import plan_threads


def limit_torch_threads() -> int:
    """Keep torch to the cores this process may use; returns how many threads it has now.

    Torch looks at the machine and the process's affinity, but not at a container's quota.

    Raises:
        UsageError: The limit of threads is not understood.
    """
    most = plan_threads().inference
    if torch.get_num_threads() > most:
        torch.set_num_threads(most)
    return int(torch.get_num_threads())
