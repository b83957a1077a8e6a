"""A live session as a shape, for those who use one; tests pass fakes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sonoassist.core.packets import Frame
from sonoassist.live.confidences import ConfidenceHistory
from sonoassist.live.loop_pictures import LoopPictures
from sonoassist.live.status import Notices, SessionStatus, Showing, View


class Session(Protocol):
    """A live session: every method returns at once and may be called from any thread."""

    @property
    def notices(self) -> Notices:
        """What the user should know."""
        ...

    @property
    def confidences(self) -> ConfidenceHistory:
        """What the network said in the last minutes."""
        ...

    def open(self, spec: str) -> None: ...  # noqa: D102 (named like the session's own methods)
    def close_source(self) -> None: ...  # noqa: D102
    def play(self) -> None: ...  # noqa: D102
    def pause(self) -> None: ...  # noqa: D102
    def toggle(self) -> None: ...  # noqa: D102
    def step(self, frames: int) -> None: ...  # noqa: D102
    def seek(self, index: int) -> None: ...  # noqa: D102
    def seek_time(self, time_s: float) -> None: ...  # noqa: D102
    def set_speed(self, factor: float) -> None: ...  # noqa: D102
    def set_loop(self, on: bool) -> None: ...  # noqa: D102
    def set_every_frame(self, on: bool) -> None: ...  # noqa: D102
    def load_model(self, loader: Callable[[], Any]) -> None: ...  # noqa: D102
    def tell_loading(self, step: str) -> None: ...  # noqa: D102
    def newest(self) -> View | None: ...  # noqa: D102
    def showing(self) -> Showing: ...  # noqa: D102
    def watch(self, watcher: Callable[[View], None]) -> None: ...  # noqa: D102
    def unwatch(self, watcher: Callable[[View], None]) -> None: ...  # noqa: D102
    def want_box(self, view: View) -> None: ...  # noqa: D102
    def watch_completed(self, watcher: Callable[[View], None]) -> None: ...  # noqa: D102
    def unwatch_completed(self, watcher: Callable[[View], None]) -> None: ...  # noqa: D102
    def watch_analysis(self, watcher: Callable[[Frame], None]) -> None: ...  # noqa: D102
    def unwatch_analysis(self, watcher: Callable[[Frame], None]) -> None: ...  # noqa: D102
    def subscribe(self, listener: Callable[[SessionStatus], None]) -> None: ...  # noqa: D102
    def unsubscribe(self, listener: Callable[[SessionStatus], None]) -> None: ...  # noqa: D102
    def history(self) -> LoopPictures: ...  # noqa: D102
    def look_back(self, pictures: LoopPictures | None, position: int = 0) -> None: ...  # noqa: D102
    def status(self) -> SessionStatus: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102

    def configure(
        self,
        *,
        crop: str | None = None,
        threshold: float | None = None,
        model_threshold: bool = False,
        guided: bool | None = None,
        heat: bool | None = None,
        localiser: str | None = None,
        presets: Mapping[str, str] | None = None,
    ) -> None:
        """Change how frames are analysed from now on.

        Raises:
            UsageError: The crop is not understood.
        """
        ...

    def set_history(self, seconds: float, megabytes: int) -> None:
        """Change how far back a freeze can go."""
        ...
