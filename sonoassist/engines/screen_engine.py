"""The network that reads screens on the quickest engine that is there."""

from __future__ import annotations

from pathlib import Path

from sonoassist.core.packets import Pixels
from sonoassist.engines.capabilities import has_openvino
from sonoassist.preprocess.screen_network import (
    NetworkInput,
    Reading,
    ReadsScreens,
    ScreenNetwork,
    cannot_be_loaded,
    network_file,
    reading_of,
)


def make_screen_network() -> ReadsScreens:
    """OpenVINO's, which takes a third of the time, or OpenCV's where that is not installed.

    Raises:
        ModelError: The weights are missing or damaged.
    """
    return OpenVINOScreenNetwork() if has_openvino() else ScreenNetwork()


class OpenVINOScreenNetwork:
    """The network run by OpenVINO; one for each thread that uses it.

    Raises:
        ModelError: The weights are missing or damaged.
    """

    def __init__(self, path: Path | None = None) -> None:
        from sonoassist.engines.openvino_api import compiled_for_latency, loaded_core

        path = path or network_file()
        try:
            # Bytes, since OpenVINO does not open every path.
            model = loaded_core().read_model(path.read_bytes(), b"")
            self._request = compiled_for_latency(model, "f32").create_infer_request()
        except (OSError, RuntimeError) as error:
            raise cannot_be_loaded(path) from error
        self._input = NetworkInput()

    def read(self, pixels: Pixels) -> Reading:
        """Look at one screen, uint8 (H, W, 3) RGB or (H, W)."""
        found = self._request.infer([self._input.of(pixels)], share_inputs=True, share_outputs=True)
        mask, contents = sorted(found.values(), key=lambda one: -one.size)
        return reading_of(mask, contents)
