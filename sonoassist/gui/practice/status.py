"""What the status line says while Practice is shown: where its answers come from."""

from __future__ import annotations

from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.status_line import StatusItem, model_text
from sonoassist.practice.answers import Answers, Word


def status_items(desk: PracticeDesk) -> list[StatusItem]:
    """Of the exam, whose word counts, and the network that has analysed it."""
    known, exercise = desk.knowledge, desk.exercise
    answers = exercise.answers if exercise is not None else known.answers
    items = [StatusItem(desk.told_name, 1, is_name=True)] if desk.spec and desk.told_name else []
    if answers is not None:
        items.append(StatusItem(word_text(answers), 3))
    if known.card is not None:
        items.append(StatusItem(model_text(known.card), 2, known.card.title))
    elif desk.spec:
        items.append(StatusItem("no model yet" if known.doing else "no model", 2))
    return items


def word_text(answers: Answers) -> str:
    """Whose word counts, in short."""
    words = {
        Word.TRUTH: "answers: truth of the exam",
        Word.REVIEW: "answers: review, else the model",
        Word.MODEL: "answers: the model",
    }
    return words[answers.word]
