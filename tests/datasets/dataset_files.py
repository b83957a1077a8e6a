"""Small data sets of every layout, written into a folder."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage, generate_uid

from sonoassist.core.opencv import cv2
from sonoassist.render.encoder import VideoEncoder

FETAL_HEADER = "Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train "
"""As published: with a space behind the last name."""


def picture(path: Path, width: int = 96, height: int = 80) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(len(path.name)).integers(0, 255, (height, width), np.uint8)
    assert cv2.imwrite(str(path), grey)
    return path


def video(path: Path, frames: int = 12, width: int = 96, height: int = 80) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoEncoder(path, width, height, 25.0) as encoder:
        for index in range(frames):
            encoder.add(np.full((height, width, 3), 10 * index % 250, np.uint8), index / 25)
    return path


def dicom(path: Path, frames: int = 1, width: int = 96, height: int = 80) -> Path:
    """A DICOM file of a scanner: of one frame, a freeze-frame; of more, a cine."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID = (
        meta.MediaStorageSOPClassUID,
        meta.MediaStorageSOPInstanceUID,
    )
    made.NumberOfFrames, made.Rows, made.Columns = frames, height, width
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    pixels = np.random.default_rng(frames).integers(0, 255, (frames, height, width), np.uint8)
    made.PixelData = pixels.tobytes()
    made["PixelData"].VR = "OB"
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)
    return path


def table(path: Path, header: str, rows: Iterable[Sequence[object]], delimiter: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(header + "\n")
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def fetal_planes(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    """Rows: name, patient, plane, brain plane, train."""
    for row in rows:
        picture(folder / "Images" / f"{row[0]}.png")
    lines = [(name, who, plane, brain, "Op. 1", "Aloka", t) for name, who, plane, brain, t in rows]
    table(folder / "FETAL_PLANES_DB_data.csv", FETAL_HEADER, lines, ";")
    return folder


def phantom(folder: Path, rows: Sequence[Sequence[object]], *, state: bool = False) -> Path:
    video(folder / "exam.mp4")
    columns = "frame,time_s,state,plane" if state else "frame,time_s,plane"
    table(folder / "truth.csv", f"{columns},left_px,top_px,right_px,bottom_px", rows)
    return folder
