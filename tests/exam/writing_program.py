"""A program of its own that writes an exam without end and says what is finished.

    python writing_program.py STORE SEED

Each line on stdout is printed after the step that it tells of.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from exam_made import picture, row, shot, start

from sonoassist.exam.exam import Exam
from sonoassist.exam.in_force import InForce, Moment, Whose
from sonoassist.exam.records import Capture, Judgement, Tick
from sonoassist.exam.store import ExamStore


def say(*words: object) -> None:
    """Tell the other program, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Write until somebody kills it."""
    store, dice = ExamStore(Path(sys.argv[1])), random.Random(int(sys.argv[2]))
    with store.create(start()) as exam:
        say("exam", exam.exam_id)
        frames, step = 0, 0
        last: Capture | None = None
        while True:
            count = dice.randrange(1, 200)
            exam.add_frames([row(frames + number) for number in range(count)])
            frames += count
            say("frames", frames)
            exam.add_event(step, "note", str(step))
            say("events", step + 1)
            held = InForce(step % 19 / 20, Whose.USER)
            exam.add_moment(Moment(step, held), [("threshold", str(step))])
            say("moments", step + 1)
            last = capture(exam, step, last, dice)
            exam.tick(Tick(f"item{step % 5}", True, str(step)))
            say("tick", step % 5, step)
            step += 1


def capture(exam: Exam, step: int, last: Capture | None, dice: random.Random) -> Capture | None:
    """Make a capture, now and then instead of the one before, with a clip.

    Returns:
        The capture, unless it is kept and so not to be replaced.
    """
    replaced = last if last is not None and dice.random() < 0.4 else None
    pixels = picture(step, 64 + 32 * (step % 5), 48)
    made = exam.add_capture(
        shot(at_s=step), pixels, instead_of=replaced.capture_id if replaced else None
    )
    if replaced:
        say("gone", replaced.capture_id)
    say("capture", made.capture_id, step)
    (exam.media / f"{step}.mp4").write_bytes(bytes(1000))
    exam.add_clip(made.capture_id, f"{step}.mp4")
    say("clip", made.capture_id, step)
    if dice.random() < 0.3:
        exam.judge(made.capture_id, Judgement.KEPT)
        say("kept", made.capture_id)
        return None
    return made


if __name__ == "__main__":
    main()
