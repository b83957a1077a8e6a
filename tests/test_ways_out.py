"""Every way by which a picture can leave the program is known, and those of scans are masked."""

from __future__ import annotations

import re
from pathlib import Path

import sonoassist

PACKAGE = Path(sonoassist.__file__).parent
WRITES = re.compile(
    r"imencode\(|imwrite\(|VideoEncoder\(|\.PixelData = |copyfile\(|copy2?\(.*path|os\.link\(|"
    r"png_bytes\(|as_png\(|as_jpeg\(|jpeg\(|_image\.save\(|QImageWriter|\.grab\(\)|hardlink_to"
)
MASKED = {
    "exam/report/stills.py",
    "exam/report/html.py",
    "exam/report/pdf.py",
    "exam/report/write.py",
    "exam/clip_export.py",
    "exam/dicom_out/stills.py",
    "exam/dicom_out/clips.py",
    "retrieval/result.py",
    "review/export.py",
    "evaluation/failures.py",
    "commands/analyse.py",
}
"""Each of these passes pictures of a scan on, and is masked by preprocess/masking.py; see the tests
of its room. html.py, pdf.py and write.py of the report get their pictures from stills.py."""
BY_OTHERS = {"exam/report/html.py", "exam/report/pdf.py", "exam/report/write.py"}
INSIDE = {
    "exam/exam.py": "the record itself, in the user's data",
    "exam/stills.py": "the coding alone",
    "exam/recorder.py": "the record itself",
    "exam/clips.py": "the record itself",
    "exam/dicom_out/pixels.py": "the coding alone",
    "live/picture_codec.py": "the loop of the last seconds, in memory",
    "exam/pacs/outbox.py": "files that were exported and wait to be sent",
    "recordings/small.py": "small pictures of a review, in the user's data",
    "recordings/runner.py": "small pictures of a review, in the user's data",
    "review/session.py": "small pictures of a review, in the user's data",
    "render/encoder.py": "the coding alone",
    "training/curves.py": "a plot",
    "benchmark/outputs.py": "a plot",
    "retrieval/sheet.py": "its pictures come from result.py",
    "commands/phantom.py": "synthetic pictures",
    "commands/phantom_screens.py": "synthetic pictures",
    "phantom/screens/draw.py": "synthetic pictures, coded and read again",
    "sources/dicom_pixels.py": "one frame in memory, for the decoder",
}


def writers() -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if WRITES.search(path.read_text(encoding="utf-8"))
    }


def test_every_way_out_is_known() -> None:
    unknown = writers() - MASKED - set(INSIDE)
    assert not unknown, f"new ways out: mask them (preprocess/masking.py) and list them: {unknown}"


def test_what_is_listed_is_still_there() -> None:
    assert (MASKED | set(INSIDE)) - writers() <= {"render/encoder.py"}


def test_ways_out_use_the_one_implementation() -> None:
    for name in MASKED - BY_OTHERS:
        text = (PACKAGE / name).read_text(encoding="utf-8")
        assert "from sonoassist.preprocess.masking import" in text, name


def test_nothing_else_blackens_pictures() -> None:
    makers = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"def (with_mask|mask_of|masked|blackened)\(", path.read_text("utf-8"))
    ]
    assert makers == ["preprocess/masking.py"]
