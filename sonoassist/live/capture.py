"""The capture worker: owns the source, and does what the window asks of it."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace

from sonoassist.core.errors import (
    DamagedFrameError,
    SonoAssistError,
    SourceError,
    SourceLostError,
    StalledError,
    window_text,
)
from sonoassist.core.packets import Frame
from sonoassist.live.opening_beside import OpeningBeside
from sonoassist.live.player import Pacer
from sonoassist.live.status import Level, Notice, Notices, PlayState
from sonoassist.sources.base import Opening, Source, SourceInfo

RETRY_S = 1.0
"""Pause between two attempts to open a lost source again."""
IDLE_S = 0.5
DUE_S = 0.001
"""A frame due within this time is due now."""
TAKEN_S = 0.2

Command = Callable[[], None]
Opener = Callable[[str, threading.Event], Source]


@dataclass(frozen=True, slots=True)
class CaptureState:
    """The capture worker at one moment; replaced as a whole, never changed."""

    play_state: PlayState = PlayState.EMPTY
    source: SourceInfo | None = None
    index: int = 0
    time_s: float = 0.0
    newest_at_s: float = 0.0
    message: str = ""


class CaptureWorker:
    """Reads frames on a thread of its own.

    Args:
        opener: Makes a source of what the user named; gives up when the event is set, which it is
            as soon as something else is asked for.
        deliver: Takes each frame.
        wait_taken: Waits until the last frame delivered was taken, or a time in seconds; for
            playing every frame.
        started: Called whenever the sequence of frames breaks (other source, jump).
        changed: Called whenever the source is another one or does something else.
        notices: For the user.
    """

    def __init__(
        self,
        opener: Opener,
        deliver: Callable[[Frame], None],
        wait_taken: Callable[[float], bool],
        started: Callable[[], None],
        changed: Callable[[], None],
        notices: Notices,
    ) -> None:
        self._opener = opener
        self._deliver = deliver
        self._wait_taken = wait_taken
        self._started = started
        self._changed = changed
        self._notices = notices
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._source: Source | None = None
        self._pending: Frame | None = None
        self._spec = ""
        self._pacer = Pacer()
        self._loop = False
        self._every_frame = False
        self._beside: list[OpeningBeside] = []
        self._stopping = threading.Event()
        self._asking = threading.Lock()
        self._asked = Opening()  # what is wanted by now
        self._opening = self._asked  # what the thread does
        self._state = CaptureState()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    @property
    def state(self) -> CaptureState:
        """As it is now."""
        return self._state

    # --- asked for by other threads -------------------------------------------------------

    def open(self, spec: str) -> None:
        """Open a source and play it; an opening under way is given up."""
        with self._asking:
            opening = self._give_up_opening()
            self._ask(lambda: self._open(spec, opening))

    def close_source(self) -> None:
        """Let go of the source; an opening under way is given up."""
        with self._asking:
            self._give_up_opening()
            self._ask(self._close)

    def _give_up_opening(self) -> Opening:
        """Of whatever was asked for so far; returns what the next one can be given up by."""
        self._asked.set()
        self._asked = Opening()
        return self._asked

    @property
    def waits_for(self) -> str:
        """What an opening under way waits for, in words; may be empty."""
        return self._opening.waits_for

    @property
    def opens_beside(self) -> str:
        """What is being opened while another source goes on, as the user named it; or ""."""
        return next((one.spec for one in tuple(self._beside) if not one.given_up), "")

    def play(self) -> None:
        """Go on, from the start when the recording had ended."""
        self._ask(self._play)

    def pause(self) -> None:
        """Hold a recording."""
        self._ask(self._pause)

    def toggle(self) -> None:
        """Play or pause."""
        self._ask(lambda: self._pause() if self._playing() else self._play())

    def step(self, frames: int) -> None:
        """Hold, and show the frame so many further on."""
        self._ask(lambda: self._show(self.state.index + frames))

    def seek(self, index: int) -> None:
        """Go to a frame; playing goes on from there."""
        self._ask(lambda: self._seek(index))

    def seek_time(self, time_s: float) -> None:
        """Go to the frame shown at a time of the recording; playing goes on from there."""
        self._ask(lambda: self._seek_time(time_s))

    def set_speed(self, factor: float) -> None:
        """Play a recording faster or slower."""
        self._ask(lambda: self._pacer.set_speed(factor))

    def set_loop(self, on: bool) -> None:
        """Start a recording again at its end."""
        self._loop = on

    def set_every_frame(self, on: bool) -> None:
        """Let a recording wait for the analysis instead of dropping frames."""
        self._every_frame = on

    def stop(self) -> None:
        """Close the source and end the thread; it has ended when this returns."""
        self._stopping.set()
        with self._asking:
            self._give_up_opening()
            self._ask(lambda: None)
        source = self._source
        if source is not None and source.info.live:
            source.close()  # wakes a read that waits for a picture
        self._thread.join()

    # --- on the thread ----------------------------------------------------------------------

    def _ask(self, command: Command) -> None:
        self._commands.put(command)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except SonoAssistError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001  (the top of the thread: report, go on)
                details = traceback.format_exc()
                self._tell(
                    Notice(Level.ERROR, f"capture failed: {window_text(error)}", "", details)
                )
                self._set(play_state=PlayState.FAILED, message=window_text(error))
        self._close()
        for beside in self._beside:
            beside.take()  # given up: it closes what it has

    def _turn(self) -> None:
        if self.state.play_state is PlayState.LOST:
            self._obey(RETRY_S)
            if self.state.play_state is PlayState.LOST and not self._stopping.is_set():
                self._reopen()
        elif self._playing():
            # A frame that is not due yet waits here, where a command can come in between.
            self._obey(self._due_in_s())
            if self._playing() and not self._stopping.is_set():
                self._advance()
        else:
            self._obey(IDLE_S)

    def _due_in_s(self) -> float:
        if self._pending is None or self._is_live():
            return 0.0
        return self._pacer.wait_s(self._pending.time_s)

    def _obey(self, timeout_s: float) -> None:
        """Run the commands that wait; wait at most so long for the first."""
        try:
            if timeout_s > 0:
                self._commands.get(timeout=timeout_s)()
            while not self._stopping.is_set():
                self._commands.get(block=False)()
        except queue.Empty:
            return

    def _playing(self) -> bool:
        return self.state.play_state is PlayState.PLAYING

    def _set(self, **changes: object) -> None:
        old = self.state
        fields = {name: getattr(old, name) for name in CaptureState.__slots__}
        self._become(CaptureState(**{**fields, **changes}))

    def _become(self, state: CaptureState) -> None:
        before, self._state = self._state, state
        # Not with each frame: where it stands in the recording changes nothing for anybody.
        if state.play_state is not before.play_state or state.source is not before.source:
            self._changed()

    def _open(self, spec: str, opening: Opening) -> None:
        if opening.is_set():
            return  # what is wanted instead waits behind it
        if self._goes_on() and not self._is_open(spec):
            self._open_beside(spec, opening)
            return
        before = self.state if self._goes_on() and self._is_live() else None
        self._let_go()
        self._spec, self._opening = spec, opening
        # At once: nobody shall think that there is no source between the one and the other.
        self._become(CaptureState(PlayState.OPENING, message=spec))
        self._started()
        try:
            source = self._opened()
        except SourceError as error:
            if before is None:
                raise
            # It was to be opened again, and it is not there: it may come back.
            self._become(replace(before, play_state=PlayState.LOST))
            self._lose(SourceLostError(error.message))
            return
        if source is not None:
            self._source = source
            self._begin(source)

    def _goes_on(self) -> bool:
        """Whether something is open, or comes back, that another opening must not end."""
        return self._source is not None or self.state.play_state is PlayState.LOST

    def _is_open(self, spec: str) -> bool:
        """Whether a spec names what is open, or what comes back."""
        source = self.state.source
        return spec == self._spec or (source is not None and source.is_called(spec))

    def _spec_open(self) -> str:
        """How the open source names itself; as the user named it where none is open.

        A user may name one source in several ways (`device:0`, `./scan.mp4`).
        """
        source = self.state.source
        return self._spec if source is None else source.spec

    def _open_beside(self, spec: str, opening: Opening) -> None:
        """Open another source while this one goes on; it takes over when it has a picture."""
        self._opening = opening
        beside = OpeningBeside(self._opener, spec, opening, self._arrived, self._notices)
        self._beside.append(beside)
        beside.start()

    def _arrived(self, beside: OpeningBeside) -> None:
        """On the thread of an opening."""
        self._ask(lambda: self._take_over(beside))

    def _take_over(self, beside: OpeningBeside) -> None:
        self._beside.remove(beside)
        source = beside.take()
        if source is None:
            return
        self._let_go()
        self._spec, self._source = beside.spec, source
        self._begin(source, beside.first)

    def _opened(self) -> Source | None:
        """What the user named last; None where something else is wanted by now."""
        opening = self._opening
        try:
            source = self._opener(self._spec, opening)
        except SourceError:
            if opening.is_set():
                return None
            raise
        if opening.is_set():
            source.close()
            return None
        return source

    def _begin(self, source: Source, first: Frame | None = None) -> None:
        self._pending = None
        self._pacer.restart()
        info = source.info
        self._become(CaptureState(PlayState.PLAYING, info, newest_at_s=time.monotonic()))
        # After the state: from here on results of the source before are refused.
        self._started()
        for sentence in info.named_warnings():
            self._tell(Notice(Level.WARNING, sentence))
        self._pending = first
        if info.stills:
            # Pictures are looked at one by one; nobody wants a folder to run away.
            self._show(0)

    def _close(self) -> None:
        self._let_go()
        self._become(CaptureState())
        self._started()

    def _let_go(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        self._pending = None

    def _play(self) -> None:
        if self._source is None:
            return
        if self.state.play_state is PlayState.ENDED:
            self._source.seek(0)
            self._started()
        if self.state.play_state in (PlayState.ENDED, PlayState.PAUSED):
            self._pacer.restart()
            self._set(play_state=PlayState.PLAYING, message="")

    def _pause(self) -> None:
        if self._playing() and not self._is_live():
            self._set(play_state=PlayState.PAUSED)

    def _is_live(self) -> bool:
        return self.state.source is not None and self.state.source.live

    def _show(self, index: int) -> None:
        if self._source is None or self._is_live():
            return
        self._set(play_state=PlayState.PAUSED)
        self._go_to(index)

    def _seek(self, index: int) -> None:
        if self._source is None or self._is_live():
            return
        playing = self._playing()
        self._go_to(index)
        if not playing and self.state.play_state is not PlayState.ENDED:
            self._set(play_state=PlayState.PAUSED)

    def _seek_time(self, time_s: float) -> None:
        if self._source is not None and not self._is_live():
            # Only the source knows its times: they need not follow its nominal rate.
            self._seek(self._source.index_at(time_s))

    def _go_to(self, index: int) -> None:
        assert self._source is not None
        last = max((self.state.source.frame_count or 1) - 1, 0) if self.state.source else 0
        wanted = min(max(index, 0), last)
        if wanted != self.state.index + 1:
            self._started()
        self._pacer.restart()
        self._pending = None
        self._source.seek(wanted)
        if self.state.play_state is PlayState.ENDED:
            self._set(play_state=PlayState.PAUSED)
        while not self._read():
            # A damaged frame has nothing to show: the one behind it takes its place.
            if self._source is None or self._stopping.is_set():
                return
        self._advance()

    def _advance(self) -> None:
        """Read a frame unless one waits already, and pass it on when it is due."""
        if self._pending is None and not self._read():
            return
        frame = self._pending
        if frame is None:
            if not self._every_frame or self._is_live() or self._wait_taken(TAKEN_S):
                self._end()
        elif self._is_due(frame):
            self._pending = None
            self._pass_on(frame)

    def _read(self) -> bool:
        """Read the next frame into `_pending` (None at the end); False when there is none yet."""
        assert self._source is not None
        try:
            self._pending = self._source.read()
        except DamagedFrameError as error:
            self._tell(Notice.of(error, Level.WARNING))
        except StalledError as error:
            self._set(message=error.message)
        except SourceLostError as error:
            self._lose(error)
        else:
            return True
        return False

    def _is_due(self, frame: Frame) -> bool:
        if not self._playing() or self._is_live():
            return True
        if self._pacer.wait_s(frame.time_s) > DUE_S:
            return False
        return not self._every_frame or self._wait_taken(TAKEN_S)

    def _pass_on(self, frame: Frame) -> None:
        now_s = time.monotonic()
        if not self._is_live():
            # It was read ahead and has waited until it was due: only now it is the present.
            frame = replace(frame, captured_at_s=now_s)
        self._set(index=frame.index, time_s=frame.time_s, newest_at_s=now_s, message="")
        self._deliver(frame)

    def _end(self) -> None:
        if self._is_live():
            self._lose(SourceLostError("the source has ended"))
        elif self._loop and self._source is not None and self._playing():
            self._source.seek(0)
            self._started()
            self._pacer.restart()
        else:
            self._set(play_state=PlayState.ENDED)

    def _lose(self, error: SourceLostError) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        self._tell(Notice(Level.WARNING, error.message, "It is opened again as soon as it is back"))
        self._set(play_state=PlayState.LOST, message=error.message)

    def _reopen(self) -> None:
        try:
            source = self._opened()
        except SourceError as error:
            self._set(message=error.message)
            return
        if source is not None:
            self._source = source
            self._begin(source)
            self._tell(Notice(Level.INFO, f"{source.info.label} is back"))

    def _tell(self, notice: Notice) -> None:
        """Tell the user; what is said here goes from the screen when the source goes."""
        self._notices.put(replace(notice, about=self._spec_open()))

    def _fail(self, error: SonoAssistError) -> None:
        self._tell(Notice.of(error))
        ended = self._source is not None and self.state.index > 0
        if self._source is None or not ended:
            self._set(play_state=PlayState.FAILED, message=window_text(error))
        else:
            self._set(play_state=PlayState.ENDED, message=window_text(error))
