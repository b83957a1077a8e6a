"""Seeds of labelled data: a table of each layout, and a mapping of classes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from datasets.dataset_files import FETAL_HEADER, picture, video
from fuzz.format import Seed, each
from sonoassist.core.errors import SonoAssistError
from sonoassist.datasets.named import recording_of
from sonoassist.datasets.reading import read_dataset
from sonoassist.datasets.screens import read_screens
from sonoassist.practice.truth import truth_beside

BOX = ("left_px", "top_px", "right_px", "bottom_px")


def _table(header: str, rows: Iterable[Sequence[object]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    text.write(header + "\n")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def tables(folder: Path) -> list[Seed]:
    """A data set of each layout; only its table is changed."""
    still = picture(folder / "a.png").read_bytes()
    clip = video(folder / "a.mp4").read_bytes()
    box = (10, 12, 60, 70)
    edges = ",".join(BOX)
    fetal = [
        (f"P{number}", number, plane, brain, "Op. 1", "Aloka", number % 2)
        for number, (plane, brain) in enumerate(
            [
                ("Fetal abdomen", "Not A Brain"),
                ("Fetal brain", "Trans-thalamic"),
                ("Other", "Not A Brain"),
                ("Fetal femur", "Not A Brain"),
            ]
        )
    ]
    segments = {
        "video": "montage.mp4",
        "retrieval_tolerance_frames": 2,
        "segments": [
            {"plane": "Femur", "first_frame": 0, "last_frame": 3},
            {"plane": "Kidneys", "first_frame": 6, "last_frame": 9},
        ],
    }
    truth = {
        "images": {
            "a.png": {
                "plane": "Femur",
                "box_frame_px": dict(zip(("left", "top", "right", "bottom"), box, strict=True)),
            },
            "b.png": {"plane": "Lips"},
        }
    }
    labels = [
        ("a.png", "", "brain_tv", *box),
        ("scan.mp4", 3, "femur", "", "", "", ""),
        ("scan.mp4", 5, "background", *box),
    ]
    screens = [
        ("sv_a.png", 96, 80, "b_mode", "convex", *box),
        ("sv_b.png", 96, 80, "menu", *[""] * 5),
    ]
    exam = [(0, 0.0, "plane", "femur", *box), (3, 0.1, "background", "background", *[""] * 4)]
    mapping = b'[classes]\n"Fetal femur" = "femur"\nHeart = ["4ch", "lvot"]\nOther = "leave_out"\n'

    def seed(name: str, table: str, data: bytes, **beside: bytes) -> Seed:
        files = {f"{name}/{path}": inner for path, inner in beside.items()}
        return Seed(
            name,
            {**files, f"{name}/{table}": data, "map.toml": mapping},
            (f"{name}/{table}",) * 4 + ("map.toml",),
        )

    return [
        seed(
            "phantom",
            "truth.csv",
            _table(f"frame,time_s,state,plane,{edges}", exam),
            **{"exam.mp4": clip},
        ),
        seed(
            "fetal",
            "FETAL_PLANES_DB_data.csv",
            _table(FETAL_HEADER, fetal, ";"),
            **{f"Images/P{number}.png": still for number in range(4)},
        ),
        seed(
            "exams",
            "labels.csv",
            _table(f"file,frame,plane,{edges}", labels),
            **{"a.png": still, "scan.mp4": clip},
        ),
        seed("montage", "montage.json", json.dumps(segments).encode(), **{"montage.mp4": clip}),
        seed(
            "planes", "truth.json", json.dumps(truth).encode(), **{"a.png": still, "b.png": still}
        ),
        seed(
            "heads",
            "truth.csv",
            _table(f"image,{edges}", [("1_HC.png", *box), ("b.png", *box)]),
            **{"1_HC.png": still, "b.png": still},
        ),
        seed(
            "screens",
            "truth.csv",
            _table(f"image,width,height,content,fov_shape,{edges}", screens),
            **{"sv_a.png": still, "sv_b.png": still},
        ),
    ]


def use(folder: Path, seed: Seed) -> str:
    """What `train`, `evaluate` and `review` read of a data set."""
    path, own = folder / seed.name, folder / "map.toml"
    problems: list[str] = []

    def read(mapping: Path | None) -> None:
        if seed.name == "screens":
            problems.extend(read_screens(path).problems)
            return
        data = read_dataset(path, mapping, tolerance_frames=2)
        problems.extend(data.problems)
        for frame in data.frames:
            assert frame.path.is_file()
            assert frame.accepted
            assert frame.index >= 0

    def named() -> None:
        for one in (path, *sorted(path.glob("*.json")), *sorted(path.glob("*.csv"))):
            recording_of(str(one))

    def practice() -> None:
        for one in sorted(path.glob("*.mp4")):
            truth = truth_beside(str(one), 12)
            problems.extend(truth.problems if truth is not None else ())

    try:
        each(lambda: read(None), lambda: read(own), practice)
    finally:
        with suppress(SonoAssistError):  # a table of pictures names no recording
            named()
    for problem in problems:
        assert len(problem.splitlines()) == 1, problem
    return "refused" if problems else "result"
