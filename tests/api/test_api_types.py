"""The types of the API, as mypy --strict sees them from a user's program."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import sonoassist

ROOT = Path(sonoassist.__file__).parents[1]
PROGRAM = Path(__file__).parent / "uses_the_api.py"


def test_a_users_program(tmp_path: Path) -> None:
    """From a folder of its own, by the settings of the project, whose cache it can use then."""
    program = shutil.copy(PROGRAM, tmp_path / "program.py")
    settings = str(ROOT / "pyproject.toml")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", settings, str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "Success: no issues found in 1 source file", done.stdout
    assert not done.returncode
