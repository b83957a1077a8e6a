"""What `import sonoassist` costs, and what it gives."""

from __future__ import annotations

import importlib.util
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import sonoassist
from sonoassist import api
from sonoassist.analysis.analyser import AnalyserOptions

ROOT = Path(sonoassist.__file__).parents[1]
HEAVY = (
    "torch",
    "cv2",
    "PyQt6",
    "pyqtgraph",
    "openvino",
    "av",
    "pydicom",
    "skimage",
    "sklearn",
    "scipy",
    "pandas",
    "pydantic",
    "numpy",
)


def loaded_after(code: str, path: Path = ROOT) -> set[str]:
    """Names of the modules that are there after some code, in a new process."""
    program = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=path,
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_it_imports_nothing_heavy() -> None:
    loaded = loaded_after("import sonoassist; assert sonoassist.__version__ == '0.1.0'")
    assert not loaded & set(HEAVY)
    assert not {name for name in loaded if name.startswith("sonoassist.")}


def test_its_names_need_neither_torch_nor_opencv_nor_qt() -> None:
    loaded = loaded_after("import sonoassist as sa; sa.PLANES, sa.load_model, sa.Source, sa.Model")
    assert "numpy" in loaded
    assert not loaded & set(HEAVY) - {"numpy"}


def test_all_of_it_at_once_needs_no_qt_and_no_torch() -> None:
    loaded = loaded_after("from sonoassist import *\nload_model, analyse, open_source")
    assert not loaded & {"torch", "PyQt6", "pyqtgraph", "pandas"}


def test_what_is_named_is_there() -> None:
    assert set(sonoassist.__all__) == {*api.__all__, "__version__"}
    assert set(dir(sonoassist)) >= set(sonoassist.__all__)
    for name in api.__all__:
        assert getattr(sonoassist, name) is getattr(api, name)
        assert getattr(sonoassist, name).__doc__  # also of constants: that of their type


def test_no_name_hides_a_room() -> None:
    """Else what a name means would depend on what was imported before."""
    for name in sonoassist.__all__:
        assert importlib.util.find_spec(f"sonoassist.{name}") is None


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'sonoassist' has no attribute 'anlyse'"):
        _ = sonoassist.anlyse  # type: ignore[attr-defined]


def test_the_threshold_is_the_models_as_in_the_program() -> None:
    told = inspect.signature(sonoassist.load_model).parameters["threshold"].default
    assert told is AnalyserOptions().threshold is None


def test_type_checkers_are_told_that_there_are_types() -> None:
    assert (Path(sonoassist.__file__).parent / "py.typed").is_file()
