"""Makes a SONOASSIST_HOME that holds something of everything a user has, as the program is now.

It is made once for each version whose homes have to be opened later, and kept; a home that is made
anew proves nothing about those that users have. What is in it is written beside it as JSON, from
what was put in.

Left out are the folders `cache` (compiled graphs, verdicts on precisions, downloads, prepared
training cases: all are made again) and `logs` (the last crash, which is shown once).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sonoassist.review.small import small_jpeg

from kept_home import making_exams, making_others, making_recordings
from kept_home.making_others import made_settings
from kept_home.phantom_frames import OWN_CROP, Part, pictures, write_video
from kept_home.reading import MADE_AT, all_files
from sonoassist.analysis.analyser import Analyser, AnalyserOptions, build_analyser
from sonoassist.core import paths
from sonoassist.core.settings import Settings, save_settings
from sonoassist.engines.choose import EngineChoice
from sonoassist.model.store import ModelStore
from sonoassist.practice.analysing import analysis_file
from sonoassist.preprocess.crop import parse_crop
from sonoassist.recordings.identity import fingerprint
from sonoassist.sources import open_source

PLAIN = "plain.mp4"
_PLAIN_PARTS = (
    Part("brain_cb", "plane", 3.0),
    Part("lips", "near_miss", 2.0),
    Part("4ch", "plane", 3.0),
    Part("femur", "plane", 2.0),
)
_LEFT_OUT = ("cache", "logs")


def bundled_analyser(settings: Settings, crop: str | None = None) -> Analyser:
    """The bundled model on the processor, in single precision: the same on each computer."""
    options = AnalyserOptions(
        parse_crop(settings.crop if crop is None else crop, settings.own_crops), settings.threshold
    )
    return build_analyser(
        ModelStore.default(),
        engine=EngineChoice("openvino", "f32", "cpu"),
        options=options,
        synthetic=True,
    )


def make(place: Path) -> dict[str, Any]:
    """Fill `place` with `home` and `recordings`; returns what was put in."""
    settings = made_settings(place)
    analyser = bundled_analyser(settings)
    card = analyser.card.model_dump(mode="json")
    own = {"card": card, "crop": OWN_CROP, "threshold": settings.threshold}
    full = {**own, "crop": "full"}
    told: dict[str, Any] = {"by": {"own": own, "full": full}, "plain": PLAIN}
    save_settings(paths.settings_file(), settings)
    told["settings"] = settings.model_dump(mode="json")
    told["checklists"] = making_others.checklists()
    told["layouts"] = making_others.layouts()
    told["history"] = making_others.history()
    with tempfile.TemporaryDirectory() as scratch:
        told["model"] = making_others.model(Path(scratch))
    exams = [
        making_exams.finished(settings, analyser),
        making_exams.twice_recorded(settings, analyser),
        _cut_off(place),
    ]
    told["exams"] = {one["info"]["exam_id"]: one for one in exams}
    finished, twice, cut_off = told["exams"]
    told |= {"finished": finished, "twice": twice, "cut_off": cut_off}
    with tempfile.TemporaryDirectory() as scratch:
        told["outbox"] = making_others.outbox(finished, Path(scratch))
    told |= _recordings(place, settings, told)
    analyser.close()
    return told


def _recordings(place: Path, settings: Settings, told: dict[str, Any]) -> dict[str, Any]:
    """Practice before Review, Review with and without an analysis, each whole and in part."""
    video = place / "recordings" / PLAIN
    video.parent.mkdir()
    write_video(video, pictures(15, _PLAIN_PARTS))
    exam, twice = f"exam:{told['finished']}", f"exam:{told['twice']}"
    media = paths.exams() / told["finished"] / "media" / "recording-1.mp4"
    firsts = [paths.exams() / told["twice"] / "media" / f"recording-{n}.mp4" for n in (1, 2)]

    def analyser(crop: str) -> Analyser:
        return bundled_analyser(settings, crop)

    practised = {
        f"{exam}/1": making_recordings.practised(media, analyser(OWN_CROP)),
        f"{twice}/1": making_recordings.practised(firsts[0], analyser(OWN_CROP), most=24),
        f"{twice}/2": making_recordings.practised(firsts[1], analyser(OWN_CROP)),
    }
    done = making_recordings.finished
    analysed = [
        {"spec": twice + "/2", "by": "", "results": {}},
        {
            "spec": exam,
            "by": "full",
            "results": making_recordings.analysed(
                exam, analyser("full"), "full", lambda progress: progress.done >= 4
            ),
        },
        {
            "spec": exam,
            "by": "own",
            "results": making_recordings.analysed(exam, analyser(OWN_CROP), OWN_CROP, done),
        },
        {
            "spec": PLAIN,
            "by": "own",
            "results": making_recordings.analysed(
                str(video), analyser(OWN_CROP), OWN_CROP, lambda progress: progress.done >= 67
            ),
        },
    ]
    reviews = {
        f"{twice}/2": making_recordings.reviewed(
            f"{twice}/2", making_recordings.WITHOUT_ANALYSIS, 0, 3
        ),
        exam: making_recordings.reviewed(exam, making_recordings.OF_EXAM, 2, 41),
        PLAIN: making_recordings.reviewed(str(video), making_recordings.OF_VIDEO, 1, 70),
    }
    return {
        "practised": practised,
        "analysed": [one for one in analysed if one["by"]],
        "reviewed": reviews,
        "files": {
            "practice": {
                f"{exam}/1": _practice_file(media, analyser(OWN_CROP)),
                f"{twice}/1": _practice_file(firsts[0], analyser(OWN_CROP)),
                f"{twice}/2": _practice_file(firsts[1], analyser(OWN_CROP)),
            },
            "review": {
                exam: fingerprint(media),
                PLAIN: fingerprint(video),
                f"{twice}/2": fingerprint(firsts[1]),
            },
        },
        "reviewed_last": [PLAIN, exam, f"{twice}/2"],
        "small": {f"{exam}/1": _smalls(media), PLAIN: _smalls(video)},
    }


def _practice_file(recording: Path, analyser: Analyser) -> str:
    path = analysis_file(str(recording), analyser)
    assert path is not None
    return path.name


def _smalls(recording: Path) -> dict[str, str]:
    """The digests of the small pictures of a recording: of each 16th frame."""
    field = parse_crop(OWN_CROP).own
    assert field is not None
    with open_source(str(recording)) as source:
        return {
            str(frame.index): hashlib.sha256(small_jpeg(frame.pixels, field)).hexdigest()
            for frame in source
            if frame.index % 16 == 0
        }


def _cut_off(place: Path) -> dict[str, Any]:
    """An exam whose program was killed while it recorded."""
    program = Path(__file__).with_name("cut_off_program.py")
    ended = subprocess.run(
        [sys.executable, str(program), str(place)], stdout=subprocess.PIPE, text=True, check=False
    )
    assert ended.returncode < 0, ended
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def packed(place: Path, path: Path) -> None:
    """All files of the home and the recordings as one file, those written last at its end."""
    files = [
        name
        for name in all_files(place)
        if not name.startswith(tuple(f"home/{one}/" for one in _LEFT_OUT))
    ]
    files.sort(key=lambda name: ((place / name).stat().st_mtime_ns, name))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in files:
            member = zipfile.ZipInfo(name)
            member.external_attr = ((place / name).stat().st_mode & 0o7777) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, (place / name).read_bytes(), compresslevel=9)


def main(arguments: Sequence[str]) -> int:
    """Make what is asked for."""
    parser = argparse.ArgumentParser("python -m tests.kept_home", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT.zip")
    out = parser.parse_args(arguments).out
    shutil.rmtree(MADE_AT, ignore_errors=True)
    MADE_AT.mkdir(parents=True)
    os.environ["SONOASSIST_HOME"] = str(MADE_AT / "home")
    told = make(MADE_AT)
    packed(MADE_AT, out)
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    out.with_suffix(".json").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{out}: {out.stat().st_size} bytes\n")
    return 0
