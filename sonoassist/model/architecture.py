"""The four networks of the paper's Fig. 2, as data.

Everything that needs the layers (the torch module, the static graphs of the engines, the
import of weights) reads them from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sonoassist.core.errors import ModelError
from sonoassist.core.planes import PLANES


@dataclass(frozen=True, slots=True)
class Conv:
    """A square convolution with a bias; batch norm, where trained with one, is folded in.

    Attributes:
        kernel: Side of the kernel.
        inputs: Channels in.
        outputs: Channels out.
        stride: Step.
        padding: Zeros added on each side.
        relu: Whether a ReLU follows.
    """

    kernel: int
    inputs: int
    outputs: int
    stride: int = 1
    padding: int = 0
    relu: bool = True


@dataclass(frozen=True, slots=True)
class Pool:
    """Maximum over 2x2 windows, stride 2; an odd last row or column is left out."""


Layer = Conv | Pool


@dataclass(frozen=True, slots=True)
class Architecture:
    """One network: its layers in order, the last convolution gives the class score maps.

    Attributes:
        name: Key, e.g. "sononet32".
        title: As written in the paper, e.g. "SonoNet-32".
        layers: From the input to the score maps.
        batch_norm: Whether it is trained with a batch norm behind every convolution.
    """

    name: str
    title: str
    layers: tuple[Layer, ...]
    batch_norm: bool

    @property
    def convs(self) -> tuple[Conv, ...]:
        """The convolutions in order."""
        return tuple(layer for layer in self.layers if isinstance(layer, Conv))

    def sizes(self, height_px: int, width_px: int) -> list[tuple[int, int]]:
        """Height and width behind each layer for an input size.

        Raises:
            ModelError: The input is too small for this network.
        """
        height, width = height_px, width_px
        found = []
        for layer in self.layers:
            height, width = _size_after(layer, height), _size_after(layer, width)
            found.append((height, width))
        if height < 1 or width < 1:
            raise ModelError(f"an input of {width_px}x{height_px} px is too small for {self.title}")
        return found

    def map_size(self, height_px: int, width_px: int) -> tuple[int, int]:
        """Height and width of the score maps for an input size.

        Raises:
            ModelError: The input is too small for this network.
        """
        return self.sizes(height_px, width_px)[-1]


def _size_after(layer: Layer, size: int) -> int:
    if isinstance(layer, Pool):
        return size // 2
    return (size + 2 * layer.padding - layer.kernel) // layer.stride + 1


def _sononet(width: int) -> Architecture:
    layers: list[Layer] = []
    inputs = 1
    for block, (repeats, factor) in enumerate(((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))):
        if block:
            layers.append(Pool())
        for _ in range(repeats):
            layers.append(Conv(3, inputs, factor * width, padding=1))
            inputs = factor * width
    layers.append(Conv(1, inputs, 4 * width))
    layers.append(Conv(1, 4 * width, len(PLANES), relu=False))
    return Architecture(f"sononet{width}", f"SonoNet-{width}", tuple(layers), batch_norm=True)


def _smallnet() -> Architecture:
    layers: tuple[Layer, ...] = (
        Conv(7, 1, 32, stride=2),
        Pool(),
        Conv(5, 32, 64, stride=2),
        Pool(),
        Conv(3, 64, 128, padding=1),
        Conv(3, 128, 128, padding=1),
        Conv(1, 128, 64),
        Conv(1, 64, len(PLANES), relu=False),
    )
    return Architecture("smallnet", "SmallNet", layers, batch_norm=False)


ARCHITECTURES: dict[str, Architecture] = {
    made.name: made for made in (_sononet(64), _sononet(32), _sononet(16), _smallnet())
}


def architecture(name: str) -> Architecture:
    """Look up a network by name.

    Raises:
        ModelError: There is no such network.
    """
    try:
        return ARCHITECTURES[name]
    except KeyError:
        known = ", ".join(ARCHITECTURES)
        raise ModelError(f"there is no network called {name!r}", f"Known: {known}") from None
