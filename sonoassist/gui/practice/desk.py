"""What the page works on: the exam, the exercise, the player and the history. No widgets."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.core.errors import SonoAssistError
from sonoassist.core.packets import Frame
from sonoassist.gui.practice import feedback
from sonoassist.gui.practice.asked import AskedSet
from sonoassist.gui.practice.exam_link import ExamLink
from sonoassist.gui.practice.keeper import Keeper
from sonoassist.gui.practice.services import PracticeServices, Stage
from sonoassist.practice.answers import Answers
from sonoassist.practice.choosing import next_exercise
from sonoassist.practice.covering import CoveredSource, Covering
from sonoassist.practice.examiner import Knowledge
from sonoassist.practice.exercise import Called, Exercise, Phase
from sonoassist.practice.opening import open_exam
from sonoassist.practice.question_set import QuestionSet
from sonoassist.practice.scores import Attempt
from sonoassist.practice.wish import PracticeWish, checked_nickname
from sonoassist.recordings.player import Player
from sonoassist.recordings.spec import EXAM

SPEEDS = (0.25, 0.5, 1.0, 1.5, 2.0)


class PracticeDesk(QObject):
    """Runs exercises; widgets ask it and show what it has.

    Signals:
        changed: Something other than the picture is different now.
        framed: Another frame is to be shown.
        looked: Frames of the reveal have been looked at.
        learned: More is known of the exam.
    """

    changed = pyqtSignal()
    framed = pyqtSignal()
    looked = pyqtSignal()
    learned = pyqtSignal()
    _player_news = pyqtSignal()

    def __init__(self, services: PracticeServices) -> None:
        super().__init__()
        self.services = services
        self.stage = Stage.START
        self.wish = PracticeWish(cover_text=services.cover_text())
        self.exercise: Exercise | None = None
        self._feedback: feedback.Feedback | None = None
        self.keeper = Keeper(services.history)
        self.exam = ExamLink(services)
        self.sets = AskedSet(services.sets)
        self._covering = Covering(services.make_cover)
        self._trouble: SonoAssistError | None = None
        self.speed = 1.0
        self.show_heat = True
        self._player: Player | None = None
        self._order = -1
        self._target: int | None = None
        self._left: list[Player] = []
        self._number = 0
        # Emitted on the player's thread; Qt hands it over to this one.
        self._player_news.connect(self._on_player)
        self.exam.news.connect(self._on_examiner)

    # -- the exam --------------------------------------------------------------------------

    @property
    def knowledge(self) -> Knowledge:
        """What is known of the exam."""
        return self.exam.knowledge

    @property
    def spec(self) -> str:
        """The exam chosen, or ""."""
        return self.exam.spec

    @property
    def told_name(self) -> str:
        """Name of the exam; "" while a question is open: a clip may be called what it shows."""
        exercise = self.exercise
        if self.stage is not Stage.EXERCISE or exercise is None:
            return self.exam.name
        return self.exam.name if exercise.phase is Phase.REVEALED else ""

    @property
    def trouble(self) -> SonoAssistError | None:
        """What went wrong last, other than with the exam."""
        return self._trouble or self.keeper.trouble

    @property
    def warnings(self) -> list[str]:
        """What has to be said of the recording, and wherever the model's word counts of that."""
        exercise, warning, info = self.exercise, self.knowledge.warning, self.knowledge.info
        believed = exercise is not None and exercise.answers.analysis is not None
        of_recording = info.named_warnings() if info is not None else []
        return [*of_recording, *([warning] if warning and believed else [])]

    def open(self, spec: str) -> None:
        """Choose an exam; an exercise that runs ends."""
        self._drop_player()
        self._trouble, self.exercise = None, None
        self.stage = Stage.START
        self.exam.open(spec)
        self.changed.emit()

    def prepare(self, wish: PracticeWish) -> None:
        """Open the exam of a wish; the trainee starts it, with eyes on the screen."""
        cover = wish.cover_text and self.services.cover_text()
        self.wish = replace(wish, cover_text=cover)
        self.sets.give(wish.asked)
        if wish.exam:
            self.open(wish.exam)

    def _on_examiner(self) -> None:
        # An exercise that runs is scored by the answers that it began with.
        self.learned.emit()
        if self.exercise is not None and self.exercise.phase is Phase.REVEALED:
            self.looked.emit()

    @property
    def analysing(self) -> bool:
        """Whether the model still looks for what frames are scored by."""
        known = self.knowledge
        return known.answers is not None and bool(known.doing) and known.trouble is None

    @property
    def askable(self) -> Answers | None:
        """The answers, with the views for which all is known that there will be to score by."""
        answers = self.knowledge.answers
        return answers.analysed() if answers is not None and self.analysing else answers

    @property
    def asked(self) -> QuestionSet | None:
        """The teacher's set for the exam, or None."""
        return self.sets.of(self.knowledge.content)

    @property
    def can_start(self) -> bool:
        """Whether there is anything to ask now."""
        askable, asked = self.askable, self.asked
        if askable is None or self.sets.trouble is not None:
            return False
        return bool(askable.views if asked is None else asked.views_of(askable.views))

    def keep_questions(self, questions: QuestionSet) -> None:
        """Keep a teacher's set; it is asked from the next exercise on.

        Raises:
            OutputError: It cannot be written.
        """
        self.sets.keep(questions)
        self.changed.emit()

    def forget_questions(self, content: str) -> None:
        """Have no set for a recording any more.

        Raises:
            OutputError: The kept one cannot be removed.
        """
        self.sets.forget(content)
        self.changed.emit()

    def keep_wish(self, wish: PracticeWish) -> None:
        """The user has filled in something; it stays, and what was wrong before may be right."""
        if wish != self.wish:
            self._trouble = None
        if wish.cover_text != self.wish.cover_text:
            self.services.keep_cover(wish.cover_text)
        self.wish = wish

    # -- exercises -------------------------------------------------------------------------

    def start(self, wish: PracticeWish) -> bool:
        """Begin an exercise; returns whether that could be."""
        answers = self.askable
        self._trouble = None
        if answers is None or not self.can_start:
            return False
        try:
            nickname = checked_nickname(wish.nickname)
        except SonoAssistError as error:
            self._fail(error)
            return False
        self.wish = replace(wish, exam=self.spec, nickname=nickname)
        self._covering.on = wish.cover_text
        weak, seed = self.keeper.past(nickname, class_mode=wish.class_mode)
        seed = max(seed, self._number)  # without a history not the same exercise again and again
        asked = self.asked
        questions = next_exercise(answers, weak, wish.questions, seed, asked)
        absent = () if asked is None else asked.absent
        self.exercise = Exercise(
            answers, questions, class_mode=wish.class_mode, seed=seed, absent=absent
        )
        self.exercise.speed = self.speed
        self._number = seed + 1
        self.keeper.begin(self.wish, self.exam.name, answers.word, len(questions), seed)
        self.stage = Stage.EXERCISE
        self._ask()
        return True

    @property
    def number(self) -> int | None:
        """Of the exercise, for this trainee, from 1 on; None where it is not known."""
        return self.keeper.number

    @property
    def messages(self) -> tuple[str, str]:
        """What is answered: on the picture on screen, and on one before it; "" for nothing."""
        exercise = self.exercise
        if exercise is None or exercise.phase in (Phase.SCORED, Phase.REVEALED):
            return "", ""
        return feedback.shown(self._feedback, exercise)

    @property
    def frame(self) -> Frame | None:
        """The picture of the question."""
        shown = self._player.shown if self._player is not None else None
        return shown.frame if shown is not None and shown.order == self._order else None

    @property
    def attempt(self) -> Attempt | None:
        """The one that is revealed now."""
        exercise = self.exercise
        if exercise is None or exercise.phase is not Phase.REVEALED:
            return None
        return exercise.attempts[-1]

    def _ask(self) -> None:
        if self.exercise is None:
            return
        if self._player is None:
            spec, exams, covering = self.spec, self.services.exams, self._covering
            self._player = Player(
                lambda: CoveredSource(open_exam(spec, exams), covering),
                self._player_news.emit,
                self.services.clock_s,
            )
            self._player.set_speed(self.speed)
        question = self.exercise.question
        self._feedback, self._target = None, None
        self._order = self._player.play(question.start, question.end)
        self.changed.emit()

    def _on_player(self) -> None:
        exercise, player = self.exercise, self._player
        if exercise is None or player is None or player.shown.order != self._order:
            return
        shown = player.shown
        if shown.trouble is not None:
            self._give_way(shown.trouble)
            return
        if shown.frame is not None:
            exercise.show(shown.frame.index)
            if self._target == shown.frame.index:
                self._target = None
            self.framed.emit()
        if shown.ended and exercise.playing:
            exercise.played_out()
            self._settle()

    def _give_way(self, error: SonoAssistError) -> None:
        """The recording cannot be read any more: no question can be asked of it."""
        self._trouble = error
        answered = self.exercise is not None and bool(self.exercise.attempts)
        self.show(Stage.RESULT if answered else Stage.START)

    def _settle(self) -> None:
        """An attempt that was scored is kept, and its answer is shown."""
        exercise = self.exercise
        if exercise is not None and exercise.phase is Phase.SCORED:
            self.keeper.keep(exercise)
            exercise.reveal()
            if self._player is not None:
                self._player.freeze()
            self.exam.look_at(self.reveal_frames, heat=self.show_heat)
        self.changed.emit()

    @property
    def reveal_frames(self) -> tuple[int, ...]:
        """The frames shown with the answer: the trainee's, where there is one, and the best."""
        exercise = self.exercise
        if exercise is None or not exercise.attempts:
            return ()
        attempt, view = exercise.attempts[-1], exercise.question.view
        best = attempt.best_frame
        if best is None:
            best = (view.first + view.last) // 2  # of which it is said that it is not the best
        return (best,) if attempt.frame is None else (attempt.frame, best)

    # -- what the trainee does -------------------------------------------------------------

    def name(self, plane: str) -> None:
        """Name a plane, or vote for it."""
        exercise = self.exercise
        if self.stage is not Stage.EXERCISE or exercise is None or self.frame is None:
            return
        if exercise.class_mode and plane not in exercise.ballot.choices:
            return
        called = exercise.name(plane)
        if called is not Called.REFUSED:
            if not exercise.class_mode:
                self._feedback = feedback.of_name(exercise, called, plane)
            self.changed.emit()

    def freeze(self) -> None:
        """Freeze, or play on."""
        exercise, player = self.exercise, self._player
        if self.stage is not Stage.EXERCISE or exercise is None or player is None:
            return
        if exercise.freeze():
            player.freeze()
            self._target = None
        elif exercise.thaw():
            player.go_on()
        elif exercise.at_end and exercise.said is None and exercise.give_up():
            self._settle()
            return
        self.changed.emit()

    def step(self, frames: int) -> None:
        """Step through the question, while it is frozen."""
        exercise, player = self.exercise, self._player
        if exercise is None or player is None or exercise.phase is not Phase.FROZEN:
            return
        at = exercise.index if self._target is None else self._target
        self._target = min(max(at + frames, exercise.question.start), exercise.question.end)
        player.go_to(self._target)

    def enter(self) -> None:
        """Answer with the frozen frame; after the reveal, go on."""
        exercise = self.exercise
        if self.stage is not Stage.EXERCISE or exercise is None:
            return
        if exercise.phase is Phase.REVEALED:
            self._next()
        elif exercise.hand_in():
            self._settle()
        elif (called := exercise.none_handed_in()) is not Called.REFUSED:
            self._feedback = feedback.of_none(exercise, called)
            if self._player is not None:
                self._player.go_on()
            self.changed.emit()
        elif exercise.phase is Phase.FROZEN:
            self._feedback = feedback.advice(exercise, "Name the plane first, with its key")
            self.changed.emit()
        elif exercise.phase is Phase.ANSWERED:
            self._feedback = feedback.advice(exercise, "Freeze the best frame first")
            self.changed.emit()

    def _next(self) -> None:
        if self.exercise is not None and self.exercise.next():
            self._ask()
        else:
            self.show(Stage.RESULT)

    def take_back(self) -> None:
        """Take the last vote back."""
        exercise = self.exercise
        open_vote = exercise is not None and (exercise.playing or exercise.phase is Phase.FROZEN)
        if exercise is not None and exercise.class_mode and open_vote:
            exercise.ballot.take_back()
            self.changed.emit()

    def enter_votes(self, plane: str, votes: int) -> None:
        """Enter a number of votes counted by hand."""
        if self.exercise is not None and self.exercise.phase is not Phase.REVEALED:
            self.exercise.ballot.enter(plane, votes)
            self.changed.emit()

    def toggle_heat(self) -> None:
        """Show the heat map with the answer, or not."""
        if self.attempt is not None:
            self.show_heat = not self.show_heat
            if self.show_heat:
                self.exam.look_at(self.reveal_frames, heat=True)
            self.looked.emit()

    @property
    def covers_text(self) -> bool:
        """Whether text on the pictures is covered."""
        return self._covering.on

    def toggle_cover(self) -> None:
        """Cover the text on the pictures, or show it."""
        self._covering.on = not self._covering.on
        self.keep_wish(replace(self.wish, cover_text=self._covering.on))
        exercise, player = self.exercise, self._player
        if exercise is not None and player is not None and exercise.phase is Phase.FROZEN:
            player.go_to(exercise.index if self._target is None else self._target)
        self.looked.emit()
        self.changed.emit()

    def shift_speed(self, steps: int) -> None:
        """Play faster or slower."""
        at = min(max(SPEEDS.index(self.speed) + steps, 0), len(SPEEDS) - 1)
        self.speed = SPEEDS[at]
        if self._player is not None:
            self._player.set_speed(self.speed)
        if self.exercise is not None:
            self.exercise.speed = self.speed
        self.changed.emit()

    def end(self) -> None:
        """End the exercise early; what was answered counts."""
        if self.stage is Stage.EXERCISE and self.exercise is not None:
            self.show(Stage.RESULT if self.exercise.attempts else Stage.START)

    def show(self, stage: Stage) -> None:
        """Show another part of the page."""
        if stage is not Stage.EXERCISE:
            self._drop_player()
        self.stage = stage
        self.changed.emit()

    # -- coming and going ------------------------------------------------------------------

    def enter_page(self) -> None:
        """The page is shown."""
        self.exam.pause(False)
        if self.stage is Stage.START:
            self.exam.read_review_again()
            self.sets.read_again()

    def leave_page(self) -> None:
        """Another page is shown: a running question freezes."""
        self.cover()
        self.exam.pause(True)

    def cover(self) -> None:
        """Something lies over the page: a running question freezes."""
        if self.exercise is not None and self.exercise.playing:
            self.freeze()

    def let_go(self, exam_id: str) -> None:
        """Close an exam that is to be deleted."""
        if self.spec.partition("/")[0] == f"{EXAM}{exam_id}":
            self._drop_player()
            self.exercise, self.stage = None, Stage.START
            self.exam.close()
            self.changed.emit()

    def stop(self) -> None:
        """End all threads; they have ended when this returns."""
        self._drop_player()
        for player in self._left:
            player.stop()
        self._left = []
        self.exam.stop()

    def _drop_player(self) -> None:
        """End the player without waiting: it may be opening a file on a slow disk."""
        player, self._player, self._order = self._player, None, -1
        if player is not None:
            player.halt()
            self._left = [*(one for one in self._left if one.running), player]

    def _fail(self, error: SonoAssistError) -> None:
        self._trouble = error
        self.changed.emit()
