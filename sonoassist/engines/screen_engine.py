"""The network that reads screens on the quickest engine that is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels
from sonoassist.engines.capabilities import has_openvino
from sonoassist.preprocess.screen_network import (
    BRIGHTENED,
    HEIGHT_PX,
    MASK_HEIGHT,
    MASK_WIDTH,
    WIDTH_PX,
    Reading,
    ReadsScreens,
    ScreenNetwork,
    cannot_be_loaded,
    network_file,
    squeezed,
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
        from sonoassist.engines.openvino_api import compiled_for_latency, loaded_core, ov
        from sonoassist.engines.screen_graph import quick_graph

        path = path or network_file()
        try:
            # Bytes, since OpenVINO does not open every path.
            model = loaded_core().read_model(path.read_bytes(), b"")
            self._request = compiled_for_latency(quick_graph(model), "f32").create_infer_request()
        except (OSError, RuntimeError) as error:
            raise cannot_be_loaded(path) from error
        self._input = np.empty((1, HEIGHT_PX, WIDTH_PX, 3), np.float32)
        self._request.set_input_tensor(ov.Tensor(self._input, shared_memory=True))
        self._mask = self._request.get_output_tensor(0).data.reshape(MASK_HEIGHT, MASK_WIDTH)
        self._contents = self._request.get_output_tensor(1).data.reshape(-1)

    def read(self, pixels: Pixels) -> Reading:
        """Look at one screen, uint8 (H, W, 3) RGB or (H, W)."""
        cv2.LUT(squeezed(pixels), BRIGHTENED, self._input[0])
        self._request.infer()
        return Reading(self._mask.copy(), self._contents.copy())
