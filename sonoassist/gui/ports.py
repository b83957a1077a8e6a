"""What the window needs from the rest of the program, as shapes; tests pass fakes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sonoassist.core import paths
from sonoassist.core.settings import Settings
from sonoassist.engines.hardware import Hardware, find_hardware
from sonoassist.exam.store import ExamStore
from sonoassist.recordings.correction_store import CorrectionStore

if TYPE_CHECKING:
    from sonoassist.preprocess.kept_layouts import KeptLayouts


class ListedDevice(Protocol):
    """A capture device."""

    @property
    def name(self) -> str:
        """What the user knows it by."""
        ...


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One set of weights the user may choose or install.

    Attributes:
        name: Key, e.g. "sononet32".
        title: Name on screen, e.g. "SonoNet-32".
        domain: "published", "synthetic" or "own".
        installed: Whether it can be used now.
    """

    name: str
    title: str
    domain: str
    installed: bool


class Models(Protocol):
    """The models there are; `add` and `install` take long and run on a thread of their own."""

    def entries(self) -> Sequence[ModelEntry]:
        """Installed models and published ones that could be installed."""
        ...

    def add(self, path: Path) -> str:
        """Import a weights file; returns the name of the model."""
        ...

    def install(
        self,
        name: str,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> str:
        """Download a published model; returns its name.

        Args:
            name: Of the model.
            progress: Is told (bytes so far, bytes in all; 0 when unknown).
            cancelled: Asked now and then; True ends the download.
        """
        ...


def _kept_layouts() -> KeptLayouts:
    # Not at the top: the window is up before OpenCV is loaded.
    from sonoassist.preprocess.kept_layouts import KeptLayouts

    return KeptLayouts(paths.screen_layouts())


@dataclass(frozen=True, slots=True)
class Services:
    """What the composition root hands to the window.

    Attributes:
        list_devices: Capture devices; may take seconds.
        models: The models there are.
        make_analyser: Builds the analyser the settings ask for, for a synthetic exam (True) or a
            real one, and tells what it does now; takes long.
        save: Keeps the settings.
        reviews: Where reviews of recordings are kept.
        demo: The bundled demo exam, or None when this build has none.
        exams: Where exams are kept; None keeps none.
        layouts: Opens the screens whose crop the user has checked.
        find_hardware: Looks at what can run networks here; takes up to seconds.
    """

    list_devices: Callable[[], Sequence[ListedDevice]]
    models: Models
    make_analyser: Callable[[Settings, bool, Callable[[str], None]], Any]
    save: Callable[[Settings], None]
    reviews: CorrectionStore
    demo: Path | None = None
    exams: ExamStore | None = None
    layouts: Callable[[], KeptLayouts] = _kept_layouts
    find_hardware: Callable[[], Hardware] = find_hardware
