"""`sonoassist practice EXAM`: the window in practice mode."""

from __future__ import annotations

import argparse

from sonoassist.commands.common import Subparsers, add_analysis_options, exam_spec, say
from sonoassist.commands.window import chosen_settings, prepare_libraries
from sonoassist.practice.wish import (
    CLASS_NAME,
    NICKNAME,
    QUESTIONS,
    PracticeWish,
    checked_nickname,
    checked_questions,
)


def register(subparsers: Subparsers) -> None:
    """Add `practice` to the command line."""
    parser = subparsers.add_parser(
        "practice",
        description="Practise on EXAM: it plays with its answers hidden, and you name the planes. "
        "It is scored against the truth beside the exam, a person's review of it or, without "
        "either, the model. Results are kept on this computer under a nickname.",
    )
    parser.add_argument(
        "exam", nargs="?", default="", metavar="EXAM",
        help="a recording, the folder of a synthetic exam, a table of segments, or the name of a "
        "kept exam (a part of it, or last); left out: chosen in the window",
    )  # fmt: skip
    parser.add_argument(
        "--nickname", metavar="NAME", help=f"who practises; no real name (default {NICKNAME!r})"
    )
    parser.add_argument(
        "--class", action="store_true", dest="class_mode",
        help="several people vote with the keys 1 to 9, then the answer is shown",
    )  # fmt: skip
    parser.add_argument(
        "--questions", type=int, default=QUESTIONS, metavar="N",
        help=f"how many views are asked for (default {QUESTIONS})",
    )  # fmt: skip
    add_analysis_options(parser, defaults=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window; returns the exit status when it is closed.

    Raises:
        SonoAssistError: The exam cannot be used, or there is no display.
    """
    usual = CLASS_NAME if args.class_mode else NICKNAME
    wish = PracticeWish(
        exam=exam_spec(args.exam) if args.exam else "",
        nickname=checked_nickname(usual if args.nickname is None else args.nickname),
        questions=checked_questions(args.questions),
        class_mode=args.class_mode,
    )
    prepare_libraries()
    if wish.exam:
        _check(wish.exam)
    say("Research and training only. Not for diagnosis.")
    from sonoassist.gui.app import run_window

    return run_window(overrides=chosen_settings(args), practice=wish)


def _check(exam: str) -> None:
    """Refuse what cannot be practised on before the window opens."""
    from sonoassist.practice.opening import open_exam
    from sonoassist.practice.truth import truth_beside

    with open_exam(exam) as source:
        truth_beside(source.info.spec, len(source.times_s))
