"""The one place that imports OpenCV.

opencv-python points Qt at its own Qt 5 plug-ins through environment variables when it is
imported, which breaks PyQt6. They are put back here, so every room writes
`from sonoassist.core.opencv import cv2`.

OpenCV is also kept from starting threads of its own. Capture, analysis and painting each have a
thread, and what they ask of OpenCV takes about a millisecond: more threads would only wait for
the cores that the network is using.
"""

from __future__ import annotations

import os

_QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
_before = {name: os.environ.get(name) for name in _QT_VARIABLES}

import cv2  # noqa: E402  (the environment has to be saved first)

for _name, _value in _before.items():
    if _value is None:
        os.environ.pop(_name, None)
    else:
        os.environ[_name] = _value

cv2.setNumThreads(1)

__all__ = ["cv2"]
