"""What the user's wishes do: to the session, the settings and the frozen pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices

from sonoassist.core.errors import OutputError, SonoAssistError, UsageError
from sonoassist.core.jobs import Job, JobResult, Work
from sonoassist.core.packets import Box
from sonoassist.core.progress import Meter
from sonoassist.core.settings import Settings, stepped_threshold
from sonoassist.exam.lifecycle import ExamLifecycle
from sonoassist.exam.presets import edit_copy
from sonoassist.exam.supervisor import Supervisor
from sonoassist.gui.acts import Act
from sonoassist.gui.engine_options import EngineOptions, lost_sentence
from sonoassist.gui.exam_desk import ExamDesk
from sonoassist.gui.freeze import Freeze
from sonoassist.gui.installer import Installer, notice_of
from sonoassist.gui.job_desk import JobDesk
from sonoassist.gui.jobs import Jobs
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.ports import ModelEntry, Services
from sonoassist.gui.screen_watch import ScreenWatch
from sonoassist.gui.transport import SPEEDS
from sonoassist.live.loop_pictures import LoopPictures
from sonoassist.live.port import Session
from sonoassist.live.source_model import SourceModel
from sonoassist.live.status import Level, Notice, PlayState, SessionStatus, View
from sonoassist.model.card import DEFAULT_ARCHITECTURE, Card, threshold_of
from sonoassist.model.store import AUTO
from sonoassist.sources.base import SourceInfo

SAVE_AFTER_MS = 800
SCREEN_EVERY_MS = 250
"""How often it is asked whether the scanner's screen is to be looked at again."""
MORE_FRAMES = 10
_MODEL_FIELDS = {"model", "engine", "precision", "device"}


class Controller(QObject):
    """Owns the settings while the window runs; widgets ask it, it asks the session.

    Attributes:
        card: Of the model that runs, or ran last.

    Signals:
        settings_changed: Something in `settings` is different now, or what is in force by them.
        devices_changed: The list of devices was read again.
        models_changed: A model was added.
        freeze_changed: The view was frozen, thawed, or another picture is looked at.
        exam_in_question: Another source is to be opened while an exam runs; arg: as the user named
            it. `open_for` is called with the answer.
    """

    settings_changed = pyqtSignal()
    devices_changed = pyqtSignal()
    models_changed = pyqtSignal()
    freeze_changed = pyqtSignal()
    exam_in_question = pyqtSignal(str)
    _job_finished = pyqtSignal()
    _source_opened = pyqtSignal(object)

    def __init__(self, session: Session, services: Services, settings: Settings) -> None:
        super().__init__()
        self.session = session
        self.services = services
        self.settings = settings
        # Both signals are emitted on other threads; Qt hands them over to this one.
        self.jobs = Jobs(self._job_finished.emit)
        self._job_finished.connect(self.jobs.collect)
        self._source_opened.connect(self._on_source_opened)
        self.freeze = Freeze()
        self.engines = EngineOptions(services.find_hardware, self.jobs)
        self.engines.lost.connect(self._leave_to_program)
        self.model = SourceModel(session, settings, self.make_analyser)
        self.exam_life = ExamLifecycle(session, services.exams, settings, self.jobs.run)
        self.supervisor = Supervisor(session, self.model, self.exam_life, self._source_opened.emit)
        self.desk = ExamDesk(self.exam_life, session.notices, settings, lambda: self.threshold)
        # A frozen picture may be of the patient before.
        self.desk.began.connect(self.thaw)
        self.screens = ScreenWatch(
            services.layouts, self.jobs, session.notices, lambda: self.settings.crop, self._use_crop
        )
        self.long_jobs = JobDesk(session.notices)
        self.installer = Installer(
            services.models, self.long_jobs, session.notices, self._model_arrived
        )
        self.card: Card | None = None
        self.devices: tuple[str, ...] | None = None
        self.looking_for_devices = False
        self._spec = self._opening = ""
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(SAVE_AFTER_MS)
        self._saving.timeout.connect(self.save)
        self._screen_timer = QTimer(self)
        self._screen_timer.setInterval(SCREEN_EVERY_MS)
        self._screen_timer.timeout.connect(self._watch_screen)

    # -- start and end ---------------------------------------------------------------------

    def start(self) -> None:
        """Hand the settings to the session, load the model, and have exams begin and end."""
        settings = self.settings
        self.session.set_speed(settings.speed)
        self.session.set_loop(settings.loop)
        self.session.set_every_frame(settings.every_frame)
        self._configure({"crop", "threshold", "show_heat"})
        self.supervisor.start()
        self._screen_timer.start()
        self.look_for_devices()

    def stop(self) -> None:
        """Keep the settings and end everything that runs."""
        for timer in (self._saving, self._screen_timer):
            timer.stop()
        self.save()
        self.long_jobs.stop()
        self.supervisor.stop()
        self.session.stop()
        self.exam_life.stop()
        self.jobs.stop()

    def save(self) -> None:
        """Keep the settings."""
        try:
            self.services.save(self.settings)
        except OutputError as error:
            self.session.notices.put(Notice.of(error, Level.WARNING))

    def note(self, title: str, hint: str = "") -> None:
        """Tell the user something."""
        self.session.notices.put(Notice(Level.INFO, title, hint))

    # -- settings --------------------------------------------------------------------------

    def change(self, **fields: Any) -> None:
        """Change settings, and everything that depends on them."""
        before = self.settings.model_copy(deep=True)
        for name, value in fields.items():
            setattr(self.settings, name, value)
        changed = {name for name in fields if getattr(before, name) != fields[name]}
        if not changed:
            return
        self._tell_session(changed)
        self.exam_life.reconsider()
        self._saving.start()
        self.settings_changed.emit()

    def _tell_session(self, changed: set[str]) -> None:
        settings, session = self.settings, self.session
        if "crop" in changed:
            self.screens.reset()
        self._configure(changed)
        if changed & {"history_s", "history_mb"}:
            session.set_history(settings.history_s, settings.history_mb)
        if "speed" in changed:
            session.set_speed(settings.speed)
        if "loop" in changed:
            session.set_loop(settings.loop)
        if "every_frame" in changed:
            session.set_every_frame(settings.every_frame)
        if changed & _MODEL_FIELDS:
            self.load_model()

    def _configure(self, changed: set[str]) -> None:
        settings = self.settings
        crop = settings.crop if "crop" in changed else None
        threshold = settings.threshold if "threshold" in changed else None
        models_own = "threshold" in changed and threshold is None
        # The guided pass costs as much as the plain one: only while its map is looked at.
        guided = settings.show_heat and settings.guided_heat
        asked = guided if changed & {"show_heat", "guided_heat"} else None
        heat = settings.show_heat if "show_heat" in changed else None
        localiser = settings.localiser if "localiser" in changed else None
        wishes = (crop, threshold, asked, heat, localiser)
        if not models_own and all(one is None for one in wishes):
            return
        try:
            self.session.configure(
                crop=crop,
                threshold=threshold,
                model_threshold=models_own,
                guided=asked,
                heat=heat,
                localiser=localiser,
                presets=settings.own_crops,
            )
        except UsageError as error:
            self.session.notices.put(Notice.of(error))

    def key(self, act: Act) -> str:
        """The key of an action as it is shown now."""
        return Keymap.made(self.settings.keys).text(act)

    def flip(self, name: str) -> None:
        """Turn a setting on or off."""
        self.change(**{name: not getattr(self.settings, name)})

    def shift_threshold(self, steps: int) -> None:
        """Raise or lower the threshold by steps; it is the user's own then."""
        now = self.threshold
        wanted = stepped_threshold(now, steps)
        if wanted != now:
            self.change(threshold=wanted)

    def shift_speed(self, steps: int) -> None:
        """Take the next faster or slower playing speed."""
        nearest = min(range(len(SPEEDS)), key=lambda at: abs(SPEEDS[at] - self.settings.speed))
        self.change(speed=SPEEDS[min(max(nearest + steps, 0), len(SPEEDS) - 1)])

    # -- sources ---------------------------------------------------------------------------

    @property
    def threshold(self) -> float:
        """Probability below which no plane is named now."""
        return threshold_of(self.settings, self.card)

    def _note_model(self, card: Card | None) -> None:
        """Another model has other rules; while it is loaded those of the last one are shown."""
        if card is None or card is self.card:
            return
        self.card = card
        # Not at once: whoever asks for the status may be about to show it.
        QTimer.singleShot(0, self.settings_changed.emit)

    def status(self) -> SessionStatus:
        """The session's status; a source asked for is being opened from that moment on."""
        status = self.session.status()
        self._note_model(status.card)
        if status.play_state is PlayState.EMPTY and self._opening:
            return replace(status, play_state=PlayState.OPENING, play_message=self._opening)
        return status

    def open(self, spec: str) -> None:
        """Open a source; while an exam of another one runs, it is asked what becomes of that."""
        if self._in_mid_exam(spec):
            self.exam_in_question.emit(spec)
        else:
            # What is still being opened was asked about: the answer holds.
            again = spec == self.session.status().opens_beside
            self.open_for(spec, goes_on=again and self.exam_life.joins_next)

    def _in_mid_exam(self, spec: str) -> bool:
        status = self.session.status()
        source = status.source
        # What has come to its end is an exam that is over.
        under_way = source is not None and status.play_state is not PlayState.ENDED
        other = source is not None and not (source.is_called(spec) or spec == status.opens_beside)
        return self.desk.view is not None and under_way and other

    def open_for(self, spec: str, *, goes_on: bool) -> None:
        """Open a source.

        Args:
            spec: It.
            goes_on: The running exam goes on with it; else it ends when this one is there.
        """
        self.exam_life.join_next(goes_on)
        self.thaw()
        self._spec = self._opening = spec
        self.session.open(spec)

    def _on_source_opened(self, source: SourceInfo) -> None:
        """It goes to the head of the recent ones, and what was known of its screen is used."""
        self._spec = source.spec
        self.remember(source.spec)
        self._watch_screen()

    def _watch_screen(self) -> None:
        self.screens.follow(self.session.status(), self.session.newest())

    def remember(self, spec: str) -> None:
        """Put a source at the head of the recent ones."""
        self.settings.remember(spec)
        self._saving.start()

    def remember_folder(self, purpose: str, folder: str) -> None:
        """Keep the folder that was chosen last in a file dialog."""
        self.settings.folders = {**self.settings.folders, purpose: folder}
        self._saving.start()

    def close_source(self) -> None:
        """Back to the start page."""
        self.thaw()
        self._opening = ""
        self.session.close_source()

    def reconnect(self) -> None:
        """Open the source again."""
        source = self.session.status().source
        spec = self._spec if source is None else source.spec  # another one may not have opened
        if spec:
            self.open(spec)

    def open_demo(self) -> None:
        """Play the bundled demo exam."""
        if self.services.demo is None:
            self.note(
                "This build has no demo exam",
                f"Open a recording of your own: {self.key(Act.OPEN_FILE)}",
            )
        else:
            self.open(str(self.services.demo))

    def look_for_devices(self) -> None:
        """Read the list of devices again, in the background."""
        if self.looking_for_devices:
            return
        self.looking_for_devices = True
        self.jobs.start(
            "devices",
            lambda: tuple(device.name for device in self.services.list_devices()),
            self._found_devices,
            self._no_devices,
        )

    def _found_devices(self, names: tuple[str, ...]) -> None:
        self.looking_for_devices = False
        self.devices = names
        self.devices_changed.emit()

    def _no_devices(self, error: Exception) -> None:
        self.looking_for_devices = False
        self.devices = ()
        self.session.notices.put(notice_of(error, "The devices could not be listed"))
        self.devices_changed.emit()

    # -- playing and freezing --------------------------------------------------------------

    def toggle_freeze(self) -> None:
        """Freeze the view on the last seconds, or go on."""
        if self.freeze.active:
            self.thaw()
        elif self.freeze.start(self.session.history(), self.session.newest()):
            self._looked_back()

    def thaw(self) -> None:
        """The view is live again."""
        if self.freeze.active:
            self.freeze.stop()
            self._looked_back()

    def _looked_back(self) -> None:
        """Another picture of the freeze is looked at, or none any more."""
        freeze = self.freeze
        self.session.look_back(freeze.views if freeze.active else None, freeze.position)
        self.freeze_changed.emit()

    def look_at(self, position: int) -> None:
        """Look at another picture of the freeze."""
        self.freeze.seek(position)
        self._looked_back()

    def toggle_mark(self) -> None:
        """Mark the frozen picture, or take its mark away."""
        self.freeze.toggle_mark()
        self.freeze_changed.emit()

    def to_mark(self, on: bool) -> None:
        """Look at the next marked picture, or at the one before."""
        self.freeze.to_mark(on)
        self._looked_back()

    def picture(self) -> View | None:
        """The picture on screen: of the freeze, else the newest."""
        return self.freeze.view if self.freeze.active else self.session.newest()

    def past(self) -> LoopPictures:
        """The pictures of the freeze that a clip of the one looked at is made of."""
        return self.freeze.around(self.settings.clip_s)

    def step(self, frames: int) -> None:
        """Step through the freeze, or through the recording; a live source freezes first."""
        source = self.session.status().source
        if source is None:
            return
        if not self.freeze.active and not source.live:
            self.session.step(frames)
            return
        if not self.freeze.active:
            self.toggle_freeze()
        self.freeze.step(frames)
        self._looked_back()

    def go_to_end(self, last: bool) -> None:
        """To the first or the last picture of the freeze or the recording."""
        status = self.session.status()
        if self.freeze.active:
            self.look_at(self.freeze.count - 1 if last else 0)
        elif status.source is not None and not status.source.live:
            self.session.seek((status.source.frame_count or 1) - 1 if last else 0)

    def toggle_play(self) -> None:
        """Play or pause; at the end of a recording, play it again."""
        self.thaw()
        if self.session.status().play_state is PlayState.ENDED:
            self.session.seek(0)
            self.session.play()
        else:
            self.session.toggle()

    def leave_live(self) -> None:
        """Another page is shown: a recording waits, a live source goes on."""
        status = self.session.status()
        live = status.source is not None and status.source.live
        if status.play_state is PlayState.PLAYING and not live:
            self.session.pause()

    def seek(self, index: int) -> None:
        """Go to a frame of the recording."""
        self.thaw()
        self.session.seek(index)

    def seek_time(self, time_s: float) -> None:
        """Go to the frame shown at a time of the recording."""
        self.thaw()
        self.session.seek_time(time_s)

    # -- models ----------------------------------------------------------------------------

    def load_model(self) -> None:
        """Load the model the settings ask for, on the session's own thread."""
        self.model.load()

    def make_analyser(
        self, settings: Settings, synthetic: bool, tell: Callable[[str], None]
    ) -> Any:
        """See `Services.make_analyser`; with what can be had of the settings. On any thread."""
        return self.services.make_analyser(self.engines.settled(settings), synthetic, tell)

    def choose_engine(self, field: str, value: str) -> None:
        """Take an engine, a precision or a device; what does not fit it is left to the program."""
        before = self.settings.model_copy()
        changes = self.engines.chosen(field, value, before)
        self.change(**changes)
        left = [
            name for name, now in changes.items() if name != field and now != getattr(before, name)
        ]
        if left:
            names = " and ".join(left)
            self.note(f"The {names} is automatic now: what was chosen does not go with {value}")

    def _leave_to_program(self, lost: Mapping[str, str]) -> None:
        """What was chosen is not there: the choice is the program's from now on."""
        still = {
            name: value for name, value in lost.items() if getattr(self.settings, name) == value
        }
        if not still:
            return  # told already, or changed meanwhile
        for name in still:
            setattr(self.settings, name, AUTO)
        self.session.notices.put(
            Notice(Level.WARNING, lost_sentence(still), "The settings show what can be chosen")
        )
        self._saving.start()
        self.settings_changed.emit()

    def default_entry(self) -> ModelEntry | None:
        """The default model's entry, or None when it is unknown."""
        entries = self.services.models.entries()
        return next((one for one in entries if one.name == DEFAULT_ARCHITECTURE), None)

    def install_default(self) -> None:
        """Install the default model."""
        entry = self.default_entry()
        if entry is None:
            self.note("No published model can be installed from here", "Add a weights file")
        elif entry.installed:
            self.note(f"{entry.title} is installed already")
        else:
            self.installer.start(entry)

    def add_weights(self, path: Path) -> None:
        """Import a weights file, in the background."""

        def run(_meter: Meter) -> JobResult:
            name = self.services.models.add(path)
            return JobResult(f"The model {name} was added", value=name)

        def over(job: Job) -> bool:
            if job.result is not None:
                self._weights_added(str(job.result.value))
            elif job.error is not None:
                self.session.notices.put(notice_of(job.error, f"{path.name} could not be added"))
            return True

        self.long_jobs.start(Work(f"Adding {path.name}", run), over)

    def _weights_added(self, name: str) -> None:
        self.note(f"The model {name} was added and is in use")
        self._model_arrived(name)

    def _model_arrived(self, name: str) -> None:
        if self.settings.model == name:
            self.load_model()
        else:
            self.change(model=name)
        self.models_changed.emit()

    # -- checklists ------------------------------------------------------------------------

    def edit_checklist(self) -> None:
        """Give the user a copy of the checklist to edit, in the program that edits such files."""
        try:
            path = edit_copy(self.settings.checklist)
        except SonoAssistError as error:
            self.session.notices.put(Notice.of(error))
            return
        if QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.note(
                f"The checklist is {path.name}", "A changed list counts from the next exam on"
            )
        else:
            self.note(f"The checklist is {path}", "Edit it; it counts from the next exam on")

    # -- crops -----------------------------------------------------------------------------

    def _use_crop(self, box: Box | None) -> None:
        """Analyse this part of the frames, or (None) what the settings say."""
        crop = self.settings.crop if box is None else crop_text(box)
        self.session.configure(crop=crop, presets=self.settings.own_crops)

    def keep_crop(self, name: str, box: Box) -> None:
        """Keep a rectangle under a name (e.g. of the scanner) and use it."""
        rect = crop_text(box)
        self.change(own_crops={**self.settings.own_crops, name: rect}, crop=rect)

    def forget_crop(self, name: str) -> None:
        """Forget an own rectangle."""
        left = {key: rect for key, rect in self.settings.own_crops.items() if key != name}
        in_use = self.settings.own_crops.get(name) == self.settings.crop
        self.change(own_crops=left, crop="default" if in_use else self.settings.crop)


def crop_text(box: Box) -> str:
    """A rectangle as the command line writes it: "L,T,W,H" in whole frame pixels."""
    return f"{box.left:.0f},{box.top:.0f},{box.width:.0f},{box.height:.0f}"


def needs_met(status: SessionStatus) -> tuple[bool, bool, bool]:
    """Whether a source is open, whether it is a recording, whether it is live."""
    source = status.source
    if source is None or status.play_state is PlayState.EMPTY:
        # What could not be opened can be tried again.
        return False, False, status.play_state is PlayState.FAILED
    return True, not source.live, source.live
