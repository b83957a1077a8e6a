"""`sonoassist exam`: the exam records: list, show, export, report, send, note, delete, cache."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoassist.commands.common import ShownMeter, Subparsers, say, say_json
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.wording import counted

if TYPE_CHECKING:
    from sonoassist.exam.export import Export
    from sonoassist.exam.pacs.outcome import RetryReport, SendOutcome, SendReport
    from sonoassist.exam.store import ExamStore

Action = Callable[[argparse.Namespace, "ExamStore"], int]

_USUAL_PARTS = frozenset({"json", "csv", "stills", "clips"})
_PARTS = (
    ("json", "report.json: all that is known of the exam"),
    ("csv", "checklist.csv, captures.csv, frames.csv and events.csv"),
    ("stills", "the pictures, in stills/"),
    ("clips", "the seconds around each, in clips/"),
    ("dicom", "what was kept as DICOM files, in dicom/"),
)
_REPORTS = ("html", "pdf")


def register(subparsers: Subparsers) -> None:
    """Add `exam` to the command line."""
    parser = subparsers.add_parser(
        "exam",
        epilog='EXAM is the name of an exam, a part that no other name has, or "last".',
    )
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _json(_action(actions, "list", _list, "the exams, oldest first"))
    _json(_of_exam(actions, "show", _show, "what is in an exam, and what is missing"))
    _add_export(actions)
    _add_report(actions)
    _add_send(actions)
    note = _of_exam(actions, "note", _note, "keep your own words on an exam")
    note.add_argument("text", metavar="TEXT", help='replaces the older ones; "" takes them away')
    _json(note)
    delete = _of_exam(actions, "delete", _delete, "delete an exam with all its pictures and videos")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    _json(delete)
    cache = _action(actions, "cache", _cache, "the results that are kept of recordings")
    cache.description = (
        "What was found in the frames of recordings is kept, so that no frame is analysed twice. "
        "All of it can be made again; what people said of recordings is kept elsewhere."
    )
    cache.add_argument("--clear", action="store_true", help="forget all of it")
    _json(cache)


def _add_export(actions: Subparsers) -> None:
    export = _of_exam(actions, "export", _export, "write an exam into a folder, as files")
    export.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of results")
    for name, about in _PARTS:
        export.add_argument(f"--{name}", action="store_true", help=about)
    export.description = f"{export.description} Left out: all but DICOM."
    _picture_options(export)
    _unreviewed(export)


def _add_report(actions: Subparsers) -> None:
    report = _of_exam(actions, "report", _report, "write the report of an exam")
    report.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="DIR|FILE",
        help="folder, or a .html or .pdf file",
    )
    report.add_argument("--html", action="store_true", help="only report.html")
    report.add_argument("--pdf", action="store_true", help="only report.pdf")
    _picture_options(report)
    _json(report)


def _add_send(actions: Subparsers) -> None:
    send = _action(actions, "send", _send, "send what was kept of an exam to a PACS")
    send.add_argument("exam", metavar="EXAM", nargs="?", help='name, a part of it, or "last"')
    send.add_argument("--node", metavar="AE@HOST:PORT", help="where to")
    send.add_argument("--retry", action="store_true", help="send what waits in the outbox")
    send.add_argument(
        "--no-mask", action="store_true", help="do not black out the screen round the picture"
    )
    _unreviewed(send)
    _json(send)


def _action(actions: Subparsers, name: str, do: Action, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=about, description=f"{about[0].upper()}{about[1:]}."
    )
    parser.set_defaults(exam_action=do)
    return parser


def _of_exam(actions: Subparsers, name: str, do: Action, about: str) -> argparse.ArgumentParser:
    parser = _action(actions, name, do, about)
    parser.add_argument("exam", metavar="EXAM", help='name, a part of it, or "last"')
    return parser


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _picture_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--boxes", action="store_true", help="draw the boxes on the stills")
    parser.add_argument(
        "--no-mask",
        action="store_true",
        help="do not black out the screen round the picture: it may name the patient",
    )


def _unreviewed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--unreviewed", action="store_true", help="DICOM also of pictures that nobody has reviewed"
    )


def run(args: argparse.Namespace) -> int:
    """Do what `args` asks for; returns the exit status.

    Raises:
        SonoAssistError: It cannot be done.
    """
    from sonoassist.exam.store import ExamStore

    action: Action = args.exam_action
    return action(args, ExamStore.default())


def _list(args: argparse.Namespace, store: ExamStore) -> int:
    from sonoassist.commands.exam_text import list_text
    from sonoassist.exam.overview import overviews
    from sonoassist.exam.plain import listed

    found = overviews(store)
    if args.json:
        say_json([listed(one) for one in found])
    elif found:
        sys.stdout.write(list_text(found))
    else:
        say(f"no exam is kept in {store.folder}")
    return 0


def _show(args: argparse.Namespace, store: ExamStore) -> int:
    from sonoassist.commands.exam_text import show_text
    from sonoassist.exam.plain import whole_exam

    exam_id = store.find(args.exam)
    running = store.running(exam_id)
    with store.open(exam_id) as exam:
        if args.json:
            say_json(whole_exam(exam, running))
        else:
            sys.stdout.write(show_text(exam, running))
    return 0


def _export(args: argparse.Namespace, store: ExamStore) -> int:
    from sonoassist.exam.export import write_export

    exam_id = store.find(args.exam)
    parts = frozenset(name for name, _ in _PARTS if getattr(args, name)) or _USUAL_PARTS
    with ShownMeter("pictures") as shown:
        files = write_export(
            store,
            exam_id,
            args.out,
            _wanted(args, parts),
            lambda path: shown.say(f"written: {path}"),
            lambda text: shown.say(_warning(text)),
            shown.meter,
        )
    say(f"exam {exam_id}: {counted(len(files), 'file')} written into {args.out}")
    _warn_of_names(args)
    return 0


def _wanted(args: argparse.Namespace, parts: frozenset[str]) -> Export:
    from sonoassist.exam.export import Export

    return Export(
        parts,
        boxes=getattr(args, "boxes", False),
        masked=not args.no_mask,
        unreviewed=getattr(args, "unreviewed", False),
    )


def _report(args: argparse.Namespace, store: ExamStore) -> int:
    from sonoassist.exam.report.data import ReportOptions
    from sonoassist.exam.report.write import write_report

    formats = tuple(name for name in _REPORTS if getattr(args, name)) or _REPORTS
    suffix = args.out.suffix.lower().lstrip(".")
    if suffix in _REPORTS and not args.out.is_dir() and suffix not in formats:
        raise UsageError(f"{args.out} is no {formats[0].upper()} file", f"Name it *.{formats[0]}")
    options = ReportOptions(boxes=args.boxes, mask=not args.no_mask, formats=formats)
    exam_id = store.find(args.exam)
    with store.held(exam_id), store.open(exam_id) as exam:
        files = write_report(exam, args.out, options)
    if args.json:
        say_json({"exam_id": exam_id, "files": [str(path) for path in files]})
    else:
        say(f"written: {', '.join(map(str, files))}")
    _warn_of_names(args)
    return 0


def _warning(sentence: str) -> str:
    return f"sonoassist: warning: {sentence}"


def _warn_of_names(args: argparse.Namespace) -> None:
    if args.no_mask:
        say(_warning("the pictures are not masked: texts on them may name a person"))


def _send(args: argparse.Namespace, store: ExamStore) -> int:
    if args.retry == bool(args.exam or args.node):
        raise UsageError(
            "either an exam and --node, or --retry alone", "See: sonoassist exam send --help"
        )
    report = _sent_again(args) if args.retry else _sent(args, store)
    if args.json:
        say_json(_outcomes(report))
    if not report.complete:
        message = "; ".join(report.message.splitlines())
        hint = "" if args.retry else "What waits is sent with: sonoassist exam send --retry"
        raise OutputError(message, hint)
    if not args.json:
        say(report.message)
    return 0


def _sent(args: argparse.Namespace, store: ExamStore) -> SendReport:
    from sonoassist.exam.sending import send_exam

    if not args.exam or not args.node:
        raise UsageError(
            "an exam and --node are needed", "As in: sonoassist exam send last --node AE@HOST:PORT"
        )
    exam_id = store.find(args.exam)
    wanted = _wanted(args, frozenset({"dicom"}))
    with ShownMeter("pictures") as shown:
        return send_exam(
            store,
            exam_id,
            args.node,
            wanted,
            _progress(shown),
            lambda text: shown.say(_warning(text)),
            shown.meter,
        )


def _sent_again(args: argparse.Namespace) -> RetryReport:
    from sonoassist.exam.pacs.sending import retry

    with ShownMeter("files") as shown:
        said = _progress(shown)

        def told(done: int, total: int, outcome: SendOutcome) -> None:
            said(done, total, outcome)
            shown.meter.at(done, total)

        return retry(told)


def _progress(shown: ShownMeter) -> Callable[[int, int, SendOutcome], None]:
    def told(done: int, total: int, outcome: SendOutcome) -> None:
        shown.say(f"{done} of {total}: {outcome}")

    return told


def _outcomes(report: SendReport | RetryReport) -> dict[str, Any]:
    from sonoassist.exam.pacs.outcome import SendReport

    reports = (report,) if isinstance(report, SendReport) else report.reports
    return {
        "complete": report.complete,
        "message": report.message,
        "files": [
            {
                "node": f"{one.node.called_ae}@{one.node.address}",
                "file": outcome.path.name,
                "fate": outcome.fate.value,
                "text": outcome.text,
            }
            for one in reports
            for outcome in one.outcomes
        ],
        "damaged": [] if isinstance(report, SendReport) else list(report.damaged),
    }


def _note(args: argparse.Namespace, store: ExamStore) -> int:
    exam_id = store.find(args.exam)
    with store.open(exam_id, write=True) as exam:
        exam.set_note(args.text)
        note = exam.info().note
    if args.json:
        say_json({"exam_id": exam_id, "note": note})
    else:
        say(f"exam {exam_id}: the note is {'kept' if note else 'taken away'}")
    return 0


def _delete(args: argparse.Namespace, store: ExamStore) -> int:
    from sonoassist.commands.exam_text import in_one_line
    from sonoassist.exam.deleting import delete_exam
    from sonoassist.exam.overview import overview
    from sonoassist.practice.set_store import SetStore
    from sonoassist.recordings.correction_store import CorrectionStore

    exam_id = store.find(args.exam)
    if not args.yes and not _agreed(f"Delete {in_one_line(overview(store, exam_id))}? [y/N] "):
        say("nothing was deleted")
        return 0
    delete_exam(exam_id, store, CorrectionStore.default(), SetStore().forget)
    store.sweep()  # what an earlier deletion that was cut off has left
    if args.json:
        say_json({"deleted": exam_id})
    else:
        say(f"deleted {exam_id}")
    return 0


def _cache(args: argparse.Namespace, _store: ExamStore) -> int:
    from sonoassist.recordings.cache import AnalysisCache

    cache = AnalysisCache.default()
    freed = cache.clear() if args.clear else 0
    recordings, size = len(cache.contents()), cache.size_bytes()
    if args.json:
        say_json(
            {
                "folder": str(cache.folder),
                "recordings": recordings,
                "size_bytes": size,
                "limit_bytes": cache.limit_bytes,
                "freed_bytes": freed,
            }
        )
        return 0
    if args.clear:
        say(f"forgotten: {freed / 1e6:.1f} MB of results")
    else:
        limit = f"{cache.limit_bytes / 1e9:.1f} GB at most"
        say(f"kept results of {counted(recordings, 'recording')}: {size / 1e6:.1f} MB ({limit})")
        say(f"in {cache.folder}")
    return 0


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked", "Add --yes to delete without a question")
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
