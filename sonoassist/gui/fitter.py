"""Scaling pictures for the screen, off the GUI thread: there they are only copied."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QImage

from sonoassist.core.packets import Pixels


@dataclass(frozen=True, slots=True)
class Fitted:
    """A picture ready to be copied to the screen.

    Attributes:
        pixels: What was scaled; told by identity.
        size: In pixels of the screen.
        image: In the screen's own format, RGB32.
        memory: What `image` looks at.
    """

    pixels: Pixels
    size: QSize
    image: QImage
    memory: Pixels

    def is_of(self, pixels: Pixels, size: QSize) -> bool:
        """Whether it is this picture in this size."""
        return self.pixels is pixels and self.size == size


def fit(pixels: Pixels, size: QSize) -> Fitted:
    """Scale a picture smoothly.

    Args:
        pixels: uint8, (H, W, 3) RGB or (H, W) grey.
        size: Wanted, in pixels of the screen.
    """
    from sonoassist.core.opencv import cv2  # not at the top: the window is up before it is loaded

    wanted = (max(size.width(), 1), max(size.height(), 1))
    scaled = pixels
    # Halves first, where many pixels fall into one: averaging over any other area takes six times
    # as long, and looks the same.
    while scaled.shape[1] > 2 * wanted[0] and scaled.shape[0] > 2 * wanted[1]:
        half = scaled.shape[1] // 2, scaled.shape[0] // 2
        scaled = cast(Pixels, cv2.resize(scaled, half, interpolation=cv2.INTER_AREA))
    if wanted != (scaled.shape[1], scaled.shape[0]):
        scaled = cast(Pixels, cv2.resize(scaled, wanted, interpolation=cv2.INTER_LINEAR))
    code = cv2.COLOR_GRAY2BGRA if pixels.ndim == 2 else cv2.COLOR_RGB2BGRA
    memory = cast(Pixels, cv2.cvtColor(scaled, code))
    kind = QImage.Format.Format_RGB32
    # Qt's stubs know bytes only; any buffer will do, and none is copied.
    image = QImage(cast(bytes, memory.data), *wanted, int(memory.strides[0]), kind)
    return Fitted(pixels, size, image, memory)


_KEPT = 2
"""Pictures prepared: one whose result is there, and the one that is being analysed already."""
_Wish = tuple[Pixels, QSize]


def _same(wish: _Wish, pixels: Pixels, size: QSize) -> bool:
    return wish[0] is pixels and wish[1] == size


class Fitter:
    """Scales pictures on a thread of its own; of each role, only the newest wish counts.

    Args:
        ready: Called on the thread when there is something to take.
    """

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._changed = threading.Condition()
        self._wishes: dict[str, _Wish] = {}
        self._done: dict[str, Fitted] = {}
        self._ahead: _Wish | None = None
        self._prepared: deque[Fitted] = deque(maxlen=_KEPT)
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Whether it works; where it does not, the GUI thread has to scale by itself."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        if not self.alive:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="fitter", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; it has ended when this returns."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        with self._changed:
            self._wishes.clear()
            self._done.clear()
            self._prepared.clear()
            self._ahead = None

    def ask(self, role: str, pixels: Pixels, size: QSize) -> None:
        """Have a picture scaled; an older wish of the same role is forgotten."""
        with self._changed:
            self._wishes[role] = (pixels, size)
            if self._ahead is not None and _same(self._ahead, pixels, size):
                self._ahead = None  # once is enough
            self._changed.notify_all()

    def take(self) -> dict[str, Fitted]:
        """What is ready, by role."""
        with self._changed:
            done, self._done = self._done, {}
        return done

    def prepare(self, pixels: Pixels, size: QSize) -> None:
        """Scale a picture that will be wanted soon; nobody is told. Any thread.

        The newest few are kept, and a wish for one of them is granted with it.
        """
        with self._changed:
            if self._find(pixels, size) is None:
                self._ahead = (pixels, size)
                self._changed.notify_all()

    def prepared(self, pixels: Pixels, size: QSize) -> Fitted | None:
        """A picture that was prepared, if it is ready."""
        with self._changed:
            return self._find(pixels, size)

    def _find(self, pixels: Pixels, size: QSize) -> Fitted | None:
        return next((one for one in self._prepared if one.is_of(pixels, size)), None)

    # --- on the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wishes or self._ahead or self._stopping)
                if self._stopping:
                    return
                wishes, self._wishes = self._wishes, {}
                ahead, self._ahead = self._ahead, None
            for role, wish in wishes.items():
                self._grant(role, wish)
            if ahead is not None:
                fitted = fit(*ahead)
                with self._changed:
                    self._prepared.append(fitted)

    def _grant(self, role: str, wish: _Wish) -> None:
        fitted = self.prepared(*wish) or fit(*wish)
        with self._changed:
            self._done[role] = fitted
        self._ready()
