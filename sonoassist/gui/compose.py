"""The composition root: builds everything once and passes it on by constructor."""

from __future__ import annotations

import faulthandler
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sonoassist.core import paths
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.files import ensure_folder
from sonoassist.core.settings import Settings, load_settings, merge_settings
from sonoassist.engines.hardware import AUTO, FIELDS
from sonoassist.engines.shared import EngineShelf
from sonoassist.exam.store import ExamStore
from sonoassist.gui.acts import Act
from sonoassist.gui.catalogue import Catalogue
from sonoassist.gui.controller import Controller
from sonoassist.gui.file_dialogs import TRAINEES, Purpose, ask_path
from sonoassist.gui.hooks import install_hooks
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.loading import bundled_model, load_analyser
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.ports import Services
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.questions_sheet import QuestionsSheet
from sonoassist.gui.practice.services import PracticeServices
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.review.page import ReviewPage
from sonoassist.gui.shell import Shell
from sonoassist.gui.theme import REFERENCE_HEIGHT_PX
from sonoassist.live.port import Session
from sonoassist.live.session import LiveSession
from sonoassist.live.status import Level, Notice, Notices
from sonoassist.model.store import ModelStore
from sonoassist.practice.history import PracticeHistory, history_file
from sonoassist.practice.wish import PracticeWish
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.sources.discovery import list_devices


class SettingsKeeper:
    """Saves the settings that were changed, but not what was overridden for one run only.

    What another window has changed meanwhile stays.

    Args:
        path: Of the file.
        kept: As they were on disk.
        overrides: Of this run.
    """

    def __init__(self, path: Path, kept: Settings, overrides: Mapping[str, Any]) -> None:
        self._path = path
        self._kept = self._written = kept.model_copy(deep=True)
        self._overrides = dict(overrides)

    def save(self, settings: Settings) -> None:
        """Write what the user changed."""
        to_keep = settings.model_copy(deep=True)
        for name, value in self._overrides.items():
            if getattr(settings, name) == value:
                setattr(to_keep, name, getattr(self._kept, name))
        merge_settings(self._path, self._written, to_keep)
        self._written = to_keep


def of_this_run(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The overrides, complete: who names an engine, precision or device leaves the others open.

    Else one that was kept for another engine would have to be given up, and would be lost.
    """
    if any(name in overrides for name in FIELDS):
        return {**dict.fromkeys(FIELDS, AUTO), **overrides}
    return dict(overrides)


def override(settings: Settings, overrides: Mapping[str, Any]) -> Settings:
    """The settings with some values of this run.

    Raises:
        UsageError: A value is not allowed.
    """
    changed = settings.model_copy(deep=True)
    for name, value in overrides.items():
        try:
            setattr(changed, name, value)
        except ValidationError as error:
            why = error.errors()[0]["msg"]
            raise UsageError(f"the setting {name} cannot be {value!r}", why) from error
    return changed


def build(
    session: Session,
    services: Services,
    settings: Settings,
    notices: list[str],
    height_px: int = REFERENCE_HEIGHT_PX,
) -> MainWindow:
    """Build the window with everything in it, ready to be shown `height_px` high."""
    for sentence in (*notices, *Keymap.made(settings.keys).problems):
        session.notices.put(Notice(Level.WARNING, sentence))
    controller = Controller(session, services, settings)
    window = MainWindow(controller, height_px)
    window.add_page(Page.REVIEW, _review_page(window))
    window.add_page(Page.PRACTICE, _practice_page(window))
    return window


def _save_trainees(window: MainWindow, page: PracticePage) -> None:
    ask_path(
        page,
        window.look,
        window.controller,
        TRAINEES,
        lambda path: page.trainees.write(Path(path)),
    )


def _practice_page(window: MainWindow) -> PracticePage:
    controller = window.controller
    services = controller.services
    page = PracticePage(
        PracticeServices(
            make_analyser=lambda synthetic, tell: controller.make_analyser(
                controller.settings.model_copy(deep=True), synthetic, tell
            ),
            history=PracticeHistory(history_file()),
            demo=services.demo,
            recent=lambda: list(controller.settings.recent),
            reviewed=services.reviews.newest,
            exams=services.exams,
            reviews=services.reviews,
            cover_text=lambda: controller.settings.cover_text,
            keep_cover=lambda on: controller.change(cover_text=on),
        ),
        window.look,
    )
    page.file_asked.connect(window.actions_set[Act.OPEN_FILE].trigger)
    page.questions_asked.connect(lambda: _show_questions(window, page))
    page.trainees.save_asked.connect(lambda: _save_trainees(window, page))
    return page


def _show_questions(window: MainWindow, page: PracticePage) -> None:
    """The sheet on which a teacher chooses the questions on the exam of the page."""

    def ask(purpose: Purpose, chosen: Callable[[str], None]) -> None:
        ask_path(window, window.look, window.controller, purpose, chosen)

    window.questions.show(lambda over, look: QuestionsSheet(over, look, page.desk, ask))


def _review_page(window: MainWindow) -> ReviewPage:
    controller = window.controller
    desk = ReviewDesk(controller, controller.services.reviews)
    page = ReviewPage(desk, controller, window.actions_set, window.questions, window.look)
    page.practice_asked.connect(lambda spec: window.open_here(spec, Page.PRACTICE))
    return page


def begin(
    shell: Shell,
    window: MainWindow,
    source: str | None,
    page: Page = Page.LIVE,
    practice: PracticeWish | None = None,
) -> None:
    """Put the program into the window that is on screen, and begin on a page."""
    shell.take(window)
    shell.updated.connect(window.display.window_painted)
    window.begin(source if page is Page.LIVE else None)
    window.show_page(page)
    if source is not None and page is not Page.LIVE:
        window.open_here(source)
    practising = window.other(Page.PRACTICE)
    if practice is not None and isinstance(practising, PracticePage):
        practising.prepare(practice)
        window.show_page(Page.PRACTICE)


def make_services(
    store: ModelStore, save: Callable[[Settings], None], notices: Notices
) -> Services:
    """What the window needs of the rest of the program."""
    shelf = EngineShelf()  # the pages take turns with one engine where they run the same model
    return Services(
        list_devices=list_devices,
        models=Catalogue(store, notices),
        make_analyser=lambda settings, synthetic, tell: load_analyser(
            settings, store, synthetic, tell, shelf
        ),
        save=save,
        reviews=CorrectionStore.default(),
        demo=paths.demo_exam(),
        exams=ExamStore.default(),
    )


def _report_last_fault(folder: Path, notices: Notices) -> Callable[[], None]:
    """Show the last crash of the interpreter itself, and have the next one written."""
    path = folder / "fault.txt"
    try:
        ensure_folder(folder)
        last = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        file = path.open("w", encoding="utf-8")
    except (OSError, OutputError):
        return lambda: None
    if last.strip():
        title = "The program ended by a crash last time"
        notices.put(Notice(Level.WARNING, title, "The details can be sent to us", last))
    faulthandler.enable(file)

    def end() -> None:
        faulthandler.disable()
        file.close()

    return end


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that runs.

    Attributes:
        session: Behind the window.
        window: The program's widgets.
        end: Ends what the window's closing does not; called once, when the event loop has ended.
    """

    session: LiveSession
    window: MainWindow
    end: Callable[[], None]


def launch(
    shell: Shell,
    source: str | None,
    overrides: Mapping[str, Any],
    *,
    bundled: bool = False,
    page: str = "live",
    practice: PracticeWish | None = None,
) -> Program:
    """Build the program, put it into the window, and begin.

    Args:
        shell: The window that is on screen.
        source: What to open at once; None for the start page.
        overrides: Settings of this run only.
        bundled: Use the bundled model in this run unless `overrides` name another.
        page: The page to begin on, see `Page`.
        practice: An exercise to begin with, on the practice page.

    Raises:
        UsageError: An override is not allowed.
    """
    path, store = paths.settings_file(), ModelStore.default()
    kept, sentences = load_settings(path)
    if bundled and "model" not in overrides:
        overrides = {**overrides, "model": bundled_model(store)}
    overrides = of_this_run(overrides)
    settings = override(kept, overrides)
    session = LiveSession(history_s=settings.history_s, history_mb=settings.history_mb)
    restore_hooks = install_hooks(session.notices, paths.log_folder())
    end_faults = _report_last_fault(paths.log_folder(), session.notices)
    keeper = SettingsKeeper(path, kept, overrides)
    services = make_services(store, keeper.save, session.notices)
    window = build(session, services, settings, sentences, shell.height())
    begin(shell, window, source, Page(page), practice)

    def end() -> None:
        session.stop()
        restore_hooks()
        end_faults()

    return Program(session, window, end)
