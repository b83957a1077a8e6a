#!/usr/bin/env python3
"""Makes an installed model the one that comes with the program: half precision, with its card.

    .venv/bin/python packaging/bundle_model.py INSTALLED NAME [--notes TEXT] [--background X]

Writes models/NAME in this checkout. Only a model of the synthetic domain may be bundled: it
holds nothing of a patient.

A network is trained on batches of which half are background; of a real exam 24 of 25 frames are.
By Bayes' rule its background score is then too low by up to log 24 = 3.2; --background raises it.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from sonoassist.core.errors import ModelError, SonoAssistError
from sonoassist.core.paths import shipped_models
from sonoassist.core.planes import BACKGROUND_INDEX
from sonoassist.model.architecture import architecture
from sonoassist.model.checkpoint import decode, encode_folded
from sonoassist.model.folders import write_model
from sonoassist.model.store import InstalledModel, ModelStore
from sonoassist.model.weights_hash import tensors_sha256

GREATEST = float(np.finfo(np.float16).max)


def main() -> int:
    """Bundle; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="name of an installed model")
    parser.add_argument("name", help="name it is bundled under")
    parser.add_argument("--notes", default="", help="added to the notes of its card")
    parser.add_argument(
        "--background", type=float, default=0.0, metavar="X", help="added to the background score"
    )
    args = parser.parse_args()
    store = ModelStore.default()
    try:
        model = store.get(args.model)
        data = half(store, model, args.background)
        notes = " ".join(part for part in (model.card.notes, args.notes) if part)
        card = model.card.model_copy(
            update={
                "name": args.name,
                "title": architecture(model.card.architecture).title,
                "weights_sha256": tensors_sha256(decode(data, args.model)[0]),
                "older_sha256": (),
                "licence": "GPL-3.0-or-later",
                "notes": notes,
            }
        )
        folder = write_model(shipped_models(), card, data)
    except SonoAssistError as error:
        print(f"bundle_model: {error}", file=sys.stderr)
        return 2
    print(f"written: {folder} ({len(data) / 1e6:.1f} MB)")
    return 0


def half(store: ModelStore, model: InstalledModel, background: float) -> bytes:
    """The folded weights in half precision, with a background score raised by `background`."""
    if model.card.domain != "synthetic":
        raise ModelError(f"{model.name} was not trained on synthetic exams", "It is not bundled")
    tensors = {name: values.copy() for name, values in store.load_tensors(model).items()}
    # The scores are means over the last convolution's maps: its bias is added to them as it is.
    tensors[max(name for name in tensors if name.endswith(".bias"))][BACKGROUND_INDEX] += background
    greatest = max(float(np.abs(values).max()) for values in tensors.values())
    if greatest > GREATEST:
        raise ModelError(f"a weight of {greatest:g} is too large for half precision")
    narrow = {name: values.astype(np.float16) for name, values in tensors.items()}
    return encode_folded(model.card.architecture, narrow)


if __name__ == "__main__":
    sys.exit(main())
