"""The beginning: which exam, who, how many questions, alone or in class."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.errors import SonoAssistError, window_text
from sonoassist.core.wording import counted
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.elided import ElidedButton, wrappable
from sonoassist.gui.practice.asked import asked_text
from sonoassist.gui.practice.buttons import wide_button
from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.practice.how import fill_how
from sonoassist.gui.practice.keeper import done_by
from sonoassist.gui.practice.offered import offers
from sonoassist.gui.practice.services import Stage
from sonoassist.gui.practice.words import exam_text, exercise_text
from sonoassist.gui.review.texts import duration
from sonoassist.gui.scrolling import leave_wheel_to_scrolling
from sonoassist.gui.splash import DISCLAIMER
from sonoassist.gui.theme import Look
from sonoassist.practice.answers import Answers
from sonoassist.practice.question_set import QuestionOrder, QuestionSet
from sonoassist.practice.wish import (
    CLASS_NAME,
    LONGEST_NAME,
    MOST_QUESTIONS,
    NICKNAME,
    PracticeWish,
)

WIDE_PX = 1300
LOW_PX = 760
"""A lower page has its cards closer together."""


class StartPanel(QWidget):
    """Asks what is needed for an exercise.

    Signals:
        start_asked: An exercise is wanted; arg: its `PracticeWish`.
        file_asked: A recording is to be chosen.
        questions_asked: The questions on the exam are to be chosen.
    """

    start_asked = pyqtSignal(object)
    file_asked = pyqtSignal()
    questions_asked = pyqtSignal()

    def __init__(self, desk: PracticeDesk, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._look = look
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.exams: dict[str, QPushButton] = {}
        self._counts: dict[str, int] = {}
        self._filling = True  # until there is anything in it
        self._history_trouble = ""
        self._rows = QVBoxLayout()
        self.chosen, self.known, self.warning = QLabel(), QLabel(), QLabel()
        self.doing, self.progress = QLabel(), QProgressBar()
        self.nickname, self.questions = QComboBox(), QSpinBox()
        self.class_mode = QCheckBox("Class: all vote, then the answer is shown")
        self.cover_text = QCheckBox("Cover the text on the picture")
        self.cover_text.setToolTip("Measurements and names on it may tell the answer")
        self.next_planes, self.trouble = QLabel(), QLabel()
        self.waiting, self.asked = QLabel(), QLabel()
        self.begin = wide_button("Start", main=True)
        self.curves, self.trainees = wide_button("Progress"), wide_button("All trainees")
        self.choose = wide_button("Questions…")
        self._questions_label = QLabel("Questions")
        self._cards = QGridLayout()
        self._parts: tuple[QFrame, ...] = ()
        self._columns: list[QVBoxLayout] = []
        self._title = QLabel("Practice")
        self._inside = QWidget()
        self._body = QVBoxLayout()
        self._build()
        self.set_look(look)

    # -- building --------------------------------------------------------------------------

    def _build(self) -> None:
        self._inside.setLayout(self._body)
        about = QLabel("Be asked, not told: name the planes of a recorded exam.")
        about.setObjectName("muted")
        disclaimer = QLabel(DISCLAIMER)
        disclaimer.setObjectName("warning")
        self._title.setObjectName("title")
        for label in (self._title, about, disclaimer):
            self._body.addWidget(label)
        self._parts = self._exam_card(), self._exercise_card(), self._how_card()
        self._body.addLayout(self._cards)
        self._body.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self._inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        handlers = {
            Act.CAPTURE: self._start,
            Act.QUESTIONS: self.choose.click,
            Act.PROGRESS: lambda: self._desk.show(Stage.PROGRESS),
            Act.TRAINEES: lambda: self._desk.show(Stage.TRAINEES),
        }
        self.keys = PlaceKeys(self, Place.PRACTICE, handlers, self._look.keys)

    def _card(self, title: str) -> tuple[QFrame, QVBoxLayout]:
        card = QFrame()
        card.setObjectName("card")
        column = QVBoxLayout(card)
        head = QLabel(title)
        head.setObjectName("section")
        column.addWidget(head)
        self._columns.append(column)
        return card, column

    def _exam_card(self) -> QFrame:
        card, column = self._card("Exam")
        column.addLayout(self._rows)
        self.chosen.setObjectName("heading")
        self.known.setObjectName("muted")
        self.warning.setObjectName("warning")
        self.doing.setObjectName("small")
        for label in (self.chosen, self.known, self.warning, self.doing):
            label.setWordWrap(True)
            column.addWidget(label)
        self.progress.setTextVisible(False)
        column.addWidget(self.progress)
        column.addStretch(1)
        return card

    def _exercise_card(self) -> QFrame:
        card, column = self._card("Exercise")
        self.nickname.setEditable(True)
        self.nickname.setCompleter(None)  # who types "Ann" does not mean "Anna"
        line = self.nickname.lineEdit()
        if line is not None:
            line.setMaxLength(LONGEST_NAME)
        self.nickname.editTextChanged.connect(lambda _text: self._filled())
        self.questions.valueChanged.connect(lambda _count: self._filled())
        for box in (self.class_mode, self.cover_text):
            box.toggled.connect(lambda _on: self._filled())
        self.questions.setRange(1, MOST_QUESTIONS)
        leave_wheel_to_scrolling(self.nickname)
        leave_wheel_to_scrolling(self.questions)
        self.class_mode.toggled.connect(self._name_class)
        grid = QGridLayout()
        for row, (label, field) in enumerate(
            ((QLabel("Nickname"), self.nickname), (self._questions_label, self.questions))
        ):
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        private = QLabel("Kept on this computer only. No real name is needed.")
        private.setObjectName("small")
        parts = (
            private,
            self.class_mode,
            self.cover_text,
            self.asked,
            self.next_planes,
            self.waiting,
            self.trouble,
        )
        for part in parts:
            column.addWidget(part)
        for label in (private, self.asked, self.next_planes, self.waiting, self.trouble):
            label.setWordWrap(True)
        self.waiting.setObjectName("muted")
        self.trouble.setObjectName("warning")
        self.begin.clicked.connect(lambda _on=False: self._start())
        self.curves.clicked.connect(lambda _on=False: self._desk.show(Stage.PROGRESS))
        self.choose.clicked.connect(self.questions_asked)
        self.trainees.clicked.connect(lambda _on=False: self._desk.show(Stage.TRAINEES))
        others = QHBoxLayout()
        for button in (self.curves, self.trainees):
            others.addWidget(button, 1)
        column.addStretch(1)
        first = QHBoxLayout()
        first.addWidget(self.begin, 1)
        first.addWidget(self.choose)
        column.addLayout(first)
        column.addLayout(others)
        return card

    def _how_card(self) -> QFrame:
        card, column = self._card("How it works")
        fill_how(column, self._look.keys)
        return card

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.keys.set_keys(look.keys)
        for button, text, act in (
            (self.begin, "Start", Act.CAPTURE),
            (self.choose, "Questions…", Act.QUESTIONS),
            (self.curves, "Progress", Act.PROGRESS),
            (self.trainees, "All trainees", Act.TRAINEES),
        ):
            button.setText(f"{text}   {look.keys.text(act)}".rstrip())
        px = look.px
        self._cards.setSpacing(px(18))
        self._rows.setSpacing(px(4))
        # Larger than elsewhere: it is read while others look over the shoulder.
        self._inside.setStyleSheet(
            f"QLabel, QCheckBox, QComboBox, QSpinBox, QLineEdit, QPushButton"
            f" {{ font-size: {px(16)}px; }}"
            f" QLabel#heading {{ font-size: {px(20)}px; }}"
        )
        self._fit()
        self.refresh()

    def resizeEvent(self, event: object) -> None:
        """Cards side by side where there is room."""
        self._fit()

    def _fit(self) -> None:
        """What is chosen and what starts it can be seen together; how it works may be below."""
        px, low = self._look.px, self.height() / self._look.scale < LOW_PX
        wide = self.width() / self._look.scale >= WIDE_PX
        exam, exercise, how = self._parts
        self._cards.addWidget(exam, 0, 0)
        self._cards.addWidget(exercise, 0, 1)
        self._cards.addWidget(how, *((0, 2, 1, 1) if wide else (1, 0, 1, 2)))
        for column in range(3):
            self._cards.setColumnStretch(column, int(wide or column < 2))
        self._body.setContentsMargins(px(32), px(12 if low else 24), px(32), px(20))
        self._body.setSpacing(px(2 if low else 8))
        self._cards.setContentsMargins(0, px(6 if low else 14), 0, 0)
        self._cards.setHorizontalSpacing(px(18) if wide else px(14))
        for inside in self._columns:
            inside.setContentsMargins(px(20), px(10 if low else 16), px(20), px(12 if low else 18))
            inside.setSpacing(px(6 if low else 10))
        self._title.setStyleSheet(f"font-size: {px(26 if low else 40)}px")

    # -- contents --------------------------------------------------------------------------

    def show_wish(self, wish: PracticeWish) -> None:
        """Fill in what was wished for."""
        self._filling = True
        self.nickname.setEditText(wish.nickname)
        self.questions.setValue(wish.questions)
        self.class_mode.setChecked(wish.class_mode)
        self.cover_text.setChecked(wish.cover_text)
        self._filling = False
        self._show_weak()

    def _filled(self) -> None:
        """The user has filled in something: it stays, whatever page is shown meanwhile."""
        if not self._filling:
            self._desk.keep_wish(self.wish())
            self._show_trouble()
        self._show_weak()

    def enter(self) -> None:
        """It is shown: read the trainees again."""
        wish = self._desk.wish
        try:
            history = self._desk.services.history
            names, self._counts = history.trainees(), history.done()
        except SonoAssistError as error:
            self._history_trouble = window_text(error)
            names, self._counts = (), {}
        else:
            self._history_trouble = ""
        self._filling = True
        self.nickname.clear()
        self.nickname.addItems(names)
        self.show_wish(wish)
        self._fill_exams()
        self.refresh()

    def _fill_exams(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.exams = {}
        for offer in offers(self._desk.services):
            self._add_exam(offer.spec, *offer.parts)
        file = self._row_button("Open a recording…", "file", self._look.keys.text(Act.OPEN_FILE))
        file.clicked.connect(self.file_asked)
        self._rows.addWidget(file)

    def _add_exam(self, spec: str, name: str, note: str) -> None:
        button = self._row_button(name, "recent", note)
        button.clicked.connect(partial(self._choose, spec))
        self.exams[spec] = button
        self._rows.addWidget(button)

    def _row_button(self, text: str, icon: str, right: str) -> QPushButton:
        button = ElidedButton(text, right, self._look.px(12))
        button.setObjectName("row")
        button.setIcon(self._look.icon(icon, "accent"))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        return button

    def _choose(self, spec: str, _checked: bool = False) -> None:
        self._desk.open(spec)

    def refresh(self) -> None:
        """Show what is known of the exam."""
        desk, known = self._desk, self._desk.knowledge
        for spec, button in self.exams.items():
            button.setIcon(self._look.icon("check" if spec == desk.spec else "recent", "accent"))
        self.chosen.setText(wrappable(desk.exam.name) if desk.spec else "Choose an exam")
        self.chosen.setToolTip(desk.exam.name if desk.spec else "")
        self.known.setText(self._known_text())
        self.warning.setText(known.warning)
        self.warning.setVisible(bool(known.warning))
        left = f" {duration(known.left_s)} left" if known.left_s is not None else ""
        self.doing.setText(f"{known.doing}{left}")
        self.doing.setVisible(bool(known.doing) and bool(desk.spec))
        working = bool(known.doing) and 0 < known.share < 1
        self.progress.setVisible(working)
        self.progress.setValue(round(100 * known.share))
        self.begin.setEnabled(desk.can_start)
        self.choose.setEnabled(bool(known.content))
        self.waiting.setText(so_far_text(desk.askable, desk.asked) if desk.analysing else "")
        self.waiting.setVisible(bool(self.waiting.text()))
        self._show_asked()
        self._show_trouble()
        self._show_weak()

    def _show_asked(self) -> None:
        """The teacher's set, where there is one; in its own order it gives the number too."""
        desk = self._desk
        whole = not desk.analysing
        self.asked.setText(asked_text(desk.asked, desk.knowledge.answers, whole=whole))
        self.asked.setVisible(bool(self.asked.text()))
        own = desk.asked is not None and desk.asked.order is QuestionOrder.AS_SET
        for part in (self._questions_label, self.questions):
            part.setVisible(not own)

    def _known_text(self) -> str:
        known = self._desk.knowledge
        if not self._desk.spec:
            return "The demo exam, or any recording of an exam."
        if known.answers is None:
            if known.info is None or known.trouble is not None:
                return ""
            return "It comes without truth: the model has to see it once before it can ask."
        views = known.answers.views
        if not views:
            return "No view of a plane was found in it: there is nothing to ask."
        text = exam_text(len(views), [view.plane for view in views])
        table = f" Truth: {known.table}." if known.table else ""
        model = f" Model: {known.model}." if known.answers.analysis is not None else ""
        return f"{text}. {known.answers.sentence}{table}{model}"

    def _show_trouble(self) -> None:
        known, lines = self._desk.knowledge, []
        if known.trouble is not None:
            lines.append(str(known.trouble))
            if known.answers is not None:
                lines.append("The best frames are not known then.")
        lines += known.notes
        if known.problems:
            lines.append(
                f"{counted(len(known.problems), 'row')} cannot be used; {known.problems[0]}"
            )
        if self._desk.sets.trouble is not None:
            lines.append(window_text(self._desk.sets.trouble))
        if self._desk.trouble is not None:
            lines.append(str(self._desk.trouble))
        if self._history_trouble:
            lines.append(self._history_trouble)
        self._say_trouble("\n".join(lines))

    def _say_trouble(self, text: str) -> None:
        self.trouble.setText(text)
        self.trouble.setVisible(bool(text))

    def _show_weak(self) -> None:
        text = ""
        name = self.nickname.currentText().strip()
        count = done_by(self._counts, name)
        if count:
            whose = exercise_text(count + 1, name, class_mode=self.class_mode.isChecked())
            own = self._desk.asked is not None and self._desk.asked.order is QuestionOrder.AS_SET
            text = f"Next: {whose}." if own else f"Next: {whose}; weak planes come first."
        self.next_planes.setText(text)
        self.next_planes.setVisible(bool(text))

    def wish(self) -> PracticeWish:
        """What is filled in."""
        return PracticeWish(
            exam=self._desk.spec,
            nickname=self.nickname.currentText(),
            questions=self.questions.value(),
            class_mode=self.class_mode.isChecked(),
            cover_text=self.cover_text.isChecked(),
        )

    def _name_class(self, on: bool) -> None:
        """A class has a history of its own, unless it was given a name."""
        usual, other = (NICKNAME, CLASS_NAME) if on else (CLASS_NAME, NICKNAME)
        if self.nickname.currentText() == usual:
            self.nickname.setEditText(other)

    def _start(self) -> None:
        if self._desk.can_start:  # the button may not have heard of it yet
            self.start_asked.emit(self.wish())


def so_far_text(askable: Answers | None, asked: QuestionSet | None = None) -> str:
    """What can be asked, by a teacher's set or without, while the exam is still analysed."""
    views = () if askable is None else askable.views
    count = len(views if asked is None else asked.views_of(views))
    if not count:
        return "It can start when part of the exam has been analysed: frames are scored by that."
    so_far = counted(count, "view")
    return f"Until the analysis has ended it asks for what has been analysed: {so_far}."
