"""`sonoassist practice EXAM`: the window in practice mode."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.commands.common import Subparsers, add_analysis_options, exam_spec, say, say_json
from sonoassist.commands.window import chosen_settings, prepare_libraries
from sonoassist.core.errors import UsageError
from sonoassist.core.wording import counted
from sonoassist.practice.wish import (
    CLASS_NAME,
    NICKNAME,
    QUESTIONS,
    PracticeWish,
    checked_nickname,
    checked_questions,
)

if TYPE_CHECKING:
    from sonoassist.practice.question_set import QuestionSet


def register(subparsers: Subparsers) -> None:
    """Add `practice` to the command line."""
    parser = subparsers.add_parser(
        "practice",
        description="Practise on EXAM: it plays with its answers hidden, and you name the planes. "
        "It is scored against the truth beside the exam, a person's review of it or, without "
        "either, the model. Results are kept on this computer under a nickname.",
    )
    parser.add_argument(
        "exam",
        nargs="?",
        default="",
        metavar="EXAM",
        help="a recording, the folder of a synthetic exam, a table of segments, or the name of a "
        "kept exam (a part of it, or last); left out: chosen in the window",
    )
    parser.add_argument(
        "--nickname", metavar="NAME", help=f"who practises; no real name (default {NICKNAME!r})"
    )
    parser.add_argument(
        "--class",
        action="store_true",
        dest="class_mode",
        help="several people vote with the keys 1 to 9, then the answer is shown",
    )
    parser.add_argument(
        "--questions",
        default=str(QUESTIONS),
        metavar="N|FILE",
        help=f"how many views are asked for (default {QUESTIONS}), or a question set of EXAM, as "
        "the window exports it: which planes are asked, in which order, and which are absent",
    )
    parser.add_argument(
        "--show-text",
        action="store_true",
        help="leave the text on the pictures, which may tell the answer",
    )
    parser.add_argument(
        "--csv",
        metavar="FILE",
        default="",
        help="no window: write all trainees of this computer side by side into FILE",
    )
    parser.add_argument(
        "--json", action="store_true", help="no window: print all trainees side by side as JSON"
    )
    add_analysis_options(parser, defaults=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window; returns the exit status when it is closed.

    Raises:
        SonoAssistError: The exam cannot be used, there is no display, or the table of the trainees
            cannot be read or written.
    """
    if args.csv or args.json:
        return _tell_trainees(args)
    set_file = _set_file(args.questions)
    if set_file is not None and not args.exam:
        raise UsageError(
            f"--questions {args.questions} is no number, and a question set needs its EXAM"
        )
    usual = CLASS_NAME if args.class_mode else NICKNAME
    wish = PracticeWish(
        exam=exam_spec(args.exam) if args.exam else "",
        nickname=checked_nickname(usual if args.nickname is None else args.nickname),
        questions=checked_questions(int(args.questions)) if set_file is None else QUESTIONS,
        class_mode=args.class_mode,
        cover_text=not args.show_text,
    )
    prepare_libraries()
    if wish.exam:
        wish = replace(wish, asked=_check(wish.exam, set_file))
    say("Research and training only. Not for diagnosis.")
    from sonoassist.gui.app import run_window

    return run_window(overrides=chosen_settings(args), practice=wish)


def _tell_trainees(args: argparse.Namespace) -> int:
    """All trainees side by side, into a file or as JSON."""
    from sonoassist.practice.history import PracticeHistory, history_file
    from sonoassist.practice.overview import overview, write_csv

    if args.exam:
        raise UsageError("--csv and --json tell of all trainees: leave EXAM out")
    rows = overview(PracticeHistory(history_file()))
    if args.csv:
        write_csv(Path(args.csv), rows)
        if not args.json:
            say(f"{counted(len(rows), 'trainee')} in {args.csv}")
    if args.json:
        say_json([row.as_dict() for row in rows])
    return 0


def _set_file(questions: str) -> Path | None:
    """The file of a question set; None where a number of questions is given."""
    return None if re.fullmatch(r"[-+]?[0-9]{1,9}", questions) else Path(questions)


def _check(exam: str, set_file: Path | None) -> QuestionSet | None:
    """Refuse what cannot be practised on before the window opens; returns the set of a file."""
    from sonoassist.practice.opening import open_exam, opened
    from sonoassist.practice.truth import truth_beside

    if set_file is None:
        with open_exam(exam) as source:
            truth_beside(source.info.spec, len(source.times_s))
        return None
    from sonoassist.practice.set_store import read_set

    recording, source = opened(exam)
    with source:
        truth_beside(source.info.spec, len(source.times_s))
    return read_set(set_file, recording.identity.content)
