"""An exercise: the picture, what is asked, and the answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sonoassist.core.errors import window_text
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.actions import CHOICE_ACTS, PLANE_ACTS
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.fitter import Fitter
from sonoassist.gui.practice.answers_bar import AnswersBar, VotesBar
from sonoassist.gui.practice.buttons import wide_button
from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.practice.picture import QuestionPicture, explained_caption
from sonoassist.gui.practice.services import Stage
from sonoassist.gui.practice.side import PracticeSide
from sonoassist.gui.scrolling import ColumnArea
from sonoassist.gui.splash import DISCLAIMER
from sonoassist.gui.theme import Look
from sonoassist.practice.exercise import Exercise, Phase

_ACTS = (
    Act.FREEZE,
    Act.CAPTURE,
    Act.BACK,
    Act.FORWARD,
    Act.BACK_MORE,
    Act.FORWARD_MORE,
    Act.HEAT,
    Act.SLOWER,
    Act.FASTER,
    Act.TAKE_BACK,
    Act.UNDO,
    Act.END_EXERCISE,
    Act.COVER_TEXT,
)
MORE_FRAMES = 10
SIDE_PX = 500
NARROW_SIDE_PX = 320
NARROW_PX = 1500


class ExercisePanel(QWidget):
    """Arranges an exercise; its keys work while it is shown."""

    _fitted = pyqtSignal()

    def __init__(self, desk: PracticeDesk, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._look = look
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._fitter = Fitter(self._fitted.emit)
        self._fitted.connect(self._on_fitted)
        self.yours = QuestionPicture(look, "yours", self._fitter)
        self.best = QuestionPicture(look, "best", self._fitter)
        self.side = PracticeSide(desk, look)
        self.answers = AnswersBar(look)
        self.votes = VotesBar(look)
        self.trouble = QLabel()
        self._buttons: dict[Act, QPushButton] = {}
        self._texts: dict[Act, str] = {}
        self._rows = QVBoxLayout(self)
        self._middle = QHBoxLayout()
        self._pictures = QHBoxLayout()
        self._foot = QHBoxLayout()
        self._build()
        self._connect()
        self.set_look(look)

    # -- building --------------------------------------------------------------------------

    def _build(self) -> None:
        self._pictures.addWidget(self.yours, 1)
        self._pictures.addWidget(self.best, 1)
        self._middle.addLayout(self._pictures, 1)
        self._side_area = ColumnArea(self.side)
        self._middle.addWidget(self._side_area)
        self.trouble.setObjectName("warning")
        self.trouble.setWordWrap(True)
        for act, text in (
            (Act.FREEZE, "Freeze"),
            (Act.CAPTURE, "Answer"),
            (Act.COVER_TEXT, "Cover text"),
            (Act.HEAT, "Heat map"),
            (Act.END_EXERCISE, "End"),
        ):
            button = wide_button(text, self._key(act), main=act is Act.CAPTURE)
            self._texts[act] = text
            button.clicked.connect(lambda _on=False, act=act: self.do(act))
            self._buttons[act] = button
        self.count_votes = wide_button("Enter votes by hand")
        self.count_votes.clicked.connect(self._toggle_by_hand)
        disclaimer = QLabel(DISCLAIMER)
        disclaimer.setObjectName("warning")
        disclaimer.setWordWrap(True)  # beside all the buttons of a vote there is little room
        self._foot.addWidget(disclaimer, 1)
        self._foot.addWidget(self.count_votes)
        for button in self._buttons.values():
            self._foot.addWidget(button)
        self._rows.addLayout(self._middle, 1)
        self._rows.addWidget(self.trouble)
        self._rows.addWidget(self.answers)
        self._rows.addWidget(self.votes)
        self._rows.addLayout(self._foot)

    def _connect(self) -> None:
        desk = self._desk
        desk.framed.connect(self._show_frame)
        desk.looked.connect(self._show_looked)
        for bar in (self.answers, self.votes):
            bar.named.connect(desk.name)
        self.votes.entered.connect(desk.enter_votes)
        handlers: dict[Act, Callable[[], None]] = {act: partial(self.do, act) for act in _ACTS}
        for plane, act in PLANE_ACTS.items():
            handlers[act] = partial(self._name, plane)
        for place, act in enumerate(CHOICE_ACTS):
            handlers[act] = partial(self._vote, place)
        self.keys = PlaceKeys(self, Place.PRACTICE, handlers, self._look.keys)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.keys.set_keys(look.keys)
        px = look.px
        self._rows.setContentsMargins(px(20), px(14), px(20), px(10))
        self._rows.setSpacing(px(12))
        self._middle.setSpacing(px(24))
        self._pictures.setSpacing(px(12))
        self._foot.setSpacing(px(10))
        for part in (self.yours, self.best, self.side, self.answers, self.votes):
            part.set_look(look)
        for act, button in self._buttons.items():
            _label(button, self._texts[act], self._key(act))
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """Give the side the width that fits."""
        self._fit()

    def _fit(self) -> None:
        narrow = self.width() / self._look.scale < NARROW_PX
        self._side_area.setFixedWidth(self._look.px(NARROW_SIDE_PX if narrow else SIDE_PX))

    # -- keys ------------------------------------------------------------------------------

    def do(self, act: Act) -> None:
        """Do what a key or a button stands for."""
        desk = self._desk
        steps = {
            Act.BACK: -1,
            Act.FORWARD: 1,
            Act.BACK_MORE: -MORE_FRAMES,
            Act.FORWARD_MORE: MORE_FRAMES,
        }
        if act in steps:
            desk.step(steps[act])
            return
        handlers = {
            Act.FREEZE: desk.freeze,
            Act.CAPTURE: desk.enter,
            Act.HEAT: desk.toggle_heat,
            Act.COVER_TEXT: desk.toggle_cover,
            Act.SLOWER: lambda: desk.shift_speed(-1),
            Act.FASTER: lambda: desk.shift_speed(1),
            Act.TAKE_BACK: desk.take_back,
            Act.UNDO: desk.take_back,
            Act.END_EXERCISE: desk.end,
        }
        handlers[act]()
        if act is Act.CAPTURE:
            self.setFocus()  # the numbers of a vote, which may have it, go away

    def _name(self, plane: str) -> None:
        exercise = self._desk.exercise
        if exercise is not None and not exercise.class_mode:
            self._desk.name(plane)

    def _vote(self, place: int) -> None:
        exercise = self._desk.exercise
        if exercise is not None and exercise.class_mode:
            self._desk.name(exercise.ballot.choices[place])

    def _toggle_by_hand(self) -> None:
        self.votes.enter_by_hand(not self.votes.by_hand)
        self.refresh()
        if not self.votes.by_hand:
            self.setFocus()

    # -- what is shown ---------------------------------------------------------------------

    def begin(self) -> None:
        """It is shown from now on."""
        self._fitter.start()
        self.refresh()

    def end(self) -> None:
        """It is not shown any more; nothing of it runs when this returns."""
        self._fitter.stop()
        for picture in (self.yours, self.best):
            picture.clear()

    def refresh(self) -> None:
        """Show how the exercise stands."""
        exercise, desk = self._desk.exercise, self._desk
        if exercise is None or desk.stage is not Stage.EXERCISE:
            return
        self.answers.setVisible(not exercise.class_mode)
        self.votes.setVisible(exercise.class_mode)
        bar = self.votes if exercise.class_mode else self.answers
        bar.refresh(exercise)
        self.side.refresh()
        self._show_trouble()
        self._show_buttons(exercise)
        if exercise.phase is Phase.REVEALED:
            self._show_looked()
        else:
            self._show_frame()

    def _show_trouble(self) -> None:
        error = self._desk.trouble
        lines = [*([window_text(error)] if error is not None else []), *self._desk.warnings]
        self.trouble.setText("\n".join(lines))
        self.trouble.setVisible(bool(lines))

    def _show_buttons(self, exercise: Exercise) -> None:
        revealed, frozen = exercise.phase is Phase.REVEALED, exercise.phase is Phase.FROZEN
        freeze = self._buttons[Act.FREEZE]
        self._say(Act.FREEZE, "Play on" if frozen else "Freeze")
        last = exercise.number + 1 >= len(exercise.questions)
        text = ("Result" if last else "Next") if revealed else "Answer"
        if exercise.class_mode and not revealed:
            text = "Close the vote"
        self._say(Act.CAPTURE, text)
        covers = self._desk.covers_text
        self._say(Act.COVER_TEXT, "Show text" if covers else "Cover text")
        freeze.setVisible(not revealed)
        self._allow_enter(exercise)
        self._buttons[Act.HEAT].setVisible(revealed)
        self.count_votes.setVisible(exercise.class_mode and not revealed)
        self.count_votes.setText("Vote with keys" if self.votes.by_hand else "Enter votes by hand")

    def _allow_enter(self, exercise: Exercise) -> None:
        """The button is for what can be handed in; the key also says what is wanted first."""
        named = exercise.class_mode or exercise.said is not None
        ready = exercise.phase is Phase.FROZEN and named
        self._buttons[Act.CAPTURE].setEnabled(ready or exercise.phase is Phase.REVEALED)

    def _say(self, act: Act, text: str) -> None:
        self._texts[act] = text
        _label(self._buttons[act], text, self._key(act))

    def _key(self, act: Act) -> str:
        return self._look.keys.text(act)

    def _show_frame(self) -> None:
        exercise = self._desk.exercise
        if exercise is None or exercise.phase is Phase.REVEALED:
            return
        self.best.hide()
        self.best.clear()
        self.yours.say("")
        frame = self._desk.frame
        if frame is None:
            self.yours.clear()
        else:
            self.yours.ask(frame, frozen=exercise.phase is Phase.FROZEN)
        # What can be done, and what was said of this frame, may change from frame to frame.
        self.side.show_hint(exercise)
        self.side.show_message(exercise)
        self._allow_enter(exercise)
        if not exercise.class_mode:
            self.answers.show_said(exercise)

    def _show_looked(self) -> None:
        exercise, desk = self._desk.exercise, self._desk
        if exercise is None or exercise.phase is not Phase.REVEALED:
            return
        self.side.show_numbers(exercise)
        frames, attempt = desk.reveal_frames, exercise.attempts[-1]
        known = attempt.best_frame is not None
        best_words = "Best frame" if known else "From the middle of the view"
        own_words = "The frozen frame" if exercise.class_mode else "Your frame"
        two = len(frames) == 2 and frames[0] != frames[1]
        self.best.setVisible(two)
        if two:
            self._explain(self.yours, frames[0], own_words)
            self._explain(self.best, frames[1], best_words)
        else:
            same = len(frames) == 2 and known
            alone = f"{own_words} is the best" if same else best_words
            self._explain(self.yours, frames[-1], alone)

    def _explain(self, picture: QuestionPicture, index: int, which: str) -> None:
        exercise, looked = self._desk.exercise, self._desk.exam.looked_at(index)
        if exercise is None:
            return
        plane, answers = exercise.question.view.plane, exercise.answers
        analysis = looked.analysis if looked is not None else None
        confidence = answers.confidence(index, plane)
        picture.say(*explained_caption(which, analysis, plane, confidence))
        picture.viewport.show_heat = self._desk.show_heat
        frame = None
        if looked is not None:
            frame = looked.covered if self._desk.covers_text else looked.frame
        if frame is not None:
            picture.explain(frame, analysis, plane, answers.boxes.get(index))
        elif looked is not None:
            picture.cannot()
        elif picture is self.best or not self._on_screen(index):
            picture.wait()

    def _on_screen(self, index: int) -> bool:
        """Whether this is the frame that stands there anyway."""
        frame = self._desk.frame
        return frame is not None and frame.index == index

    def _on_fitted(self) -> None:
        done = self._fitter.take()
        for picture in (self.yours, self.best):
            picture.take(done)


def _label(button: QPushButton, text: str, key: str) -> None:
    button.setText(f"{text}   {key}".rstrip())
