"""The process in which cases run: it may crash, hang or fill the memory, and it tells of each case.

Each line that it writes is a JSON object: {"ready": true} once the seeds are made and the program
takes them as they are, then for each case {"begin": number, "said": what was done to it} before it
starts, and {"end": number, "outcome": ..., "trouble": ...} behind it.
"""

from __future__ import annotations

import faulthandler
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any, TextIO

from fuzz.format import Case, Format, Seed, case_of, check_line
from fuzz.seeds import real
from sonoassist.core.errors import SonoAssistError

MEMORY_BYTES = 4 * 1024**3
"""What a case may ask for on top of what the program takes before the first one."""
REFUSED = "refused"
_FORBIDDEN = (
    "pickle.find_class",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "subprocess.Popen",
    "socket.connect",
    "socket.getaddrinfo",
    "shutil.unpack_archive",
)
"""What no file may have the program do; Python tells of it before it is done."""
_QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
"""Warnings that users do not see."""


class Watch:
    """Notes what a case must not do."""

    def __init__(self) -> None:
        self.seen: list[str] | None = None
        sys.addaudithook(self._hook)

    def _hook(self, event: str, values: tuple[object, ...]) -> None:
        if self.seen is not None and event in _FORBIDDEN:
            self.seen.append(f"{event} {values!r:.100}")


def work(
    form: Format, start: int, first: int, count: int, keep: Path | None, data: Path | None = None
) -> None:
    """Run cases, one after another.

    Args:
        form: The format.
        start: What all cases are drawn from.
        first: Number of the first case.
        count: Number of cases.
        keep: Where the files of all cases are put; None to forget them.
        data: Folder of the real test data, for more seeds; None for the made ones alone.
    """
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries may write to it
    faulthandler.enable(all_threads=True)
    watch = Watch()
    with tempfile.TemporaryDirectory(prefix="sonoassist-fuzz-") as made:
        folder = Path(made)
        os.environ["SONOASSIST_HOME"] = str(folder / "home")
        (folder / "seeds").mkdir()
        seeds = form.seeds(folder / "seeds") + (real.seeds(form.name, data) if data else [])
        _check_whole(form, seeds, folder)
        _limit_memory()
        _tell(out, ready=True)
        for number in range(first, first + count):
            case = case_of(form, seeds, number, start)
            _tell(out, begin=number, seed=case.seed.name, said=case.said)
            if keep is not None:
                case.write(keep / f"{form.name}-{number}")
            began_s = time.perf_counter()
            outcome, trouble = _run(form, case, folder, watch)
            took_s = time.perf_counter() - began_s
            _tell(out, end=number, outcome=outcome, trouble=trouble, took_s=took_s)


def _tell(out: TextIO, **line: Any) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()


def _check_whole(form: Format, seeds: list[Seed], folder: Path) -> None:
    """The program takes the seeds as they are: a net of refused ones would catch nothing."""
    for seed in seeds:
        whole = Case(seed, seed.files, "nothing")
        outcome, trouble = _run(form, whole, folder, None)
        wanted = REFUSED if seed.refused else "result"
        right = seed.refused is None or outcome.partition(":")[0] == wanted
        if trouble or not right:
            raise RuntimeError(f"the seed {seed.name} gives {outcome} {trouble}")


def _run(form: Format, case: Case, folder: Path, watch: Watch | None) -> tuple[str, str]:
    """What came of a case, and what is wrong with that; "" where nothing is."""
    inside = folder / "case"
    case.write(inside)
    events: list[str] = []
    if watch is not None:
        watch.seen = events
    trouble = ""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            outcome = form.use(inside, case.seed)
        except SonoAssistError as error:
            outcome, trouble = f"{REFUSED}: {error}", _line_trouble(error)
        except BaseException as error:  # noqa: BLE001  (that is what is looked for)
            outcome, trouble = type(error).__name__, traceback.format_exc()
    if watch is not None:
        watch.seen = None
    shown = [one for one in warned if not issubclass(one.category, _QUIET)]
    trouble += "".join(f"\nIt did: {event}" for event in events)
    trouble += "".join(
        f"\nIt warned: {one.category.__name__}: {one.message} ({one.filename}:{one.lineno})"
        for one in shown
    )
    shutil.rmtree(inside, ignore_errors=True)
    return outcome, trouble


def _line_trouble(error: SonoAssistError) -> str:
    try:
        check_line(error)
    except AssertionError as wrong:
        return str(wrong)
    return ""


def _limit_memory() -> None:
    """Have the system refuse what no input may ask for, where it can."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        return
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def main(arguments: list[str]) -> None:
    """Started by `running`: the name of the format, then the rest as `work` takes it."""
    from fuzz.formats import format_of

    name, start, first, count, *named = arguments
    keep, data = (Path(one) if one else None for one in named)
    work(format_of(name), int(start), int(first), int(count), keep, data)


if __name__ == "__main__":
    main(sys.argv[1:])
