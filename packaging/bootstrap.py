#!/usr/bin/env python3
"""Sets SonoAssist up on a fresh machine and runs it, or its tests. Needs Python alone.

    python3 packaging/bootstrap.py run [--cpu] [ARGUMENTS of sonoassist ...]
    python3 packaging/bootstrap.py test [--cpu] [ARGUMENTS of pytest ...]

A virtual environment is made in .venv (or where SONOASSIST_VENV says) and is used again the next
time. On Debian and Ubuntu the system libraries that Qt needs are installed when this is run by
root or with sudo; elsewhere their names are printed.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("SONOASSIST_VENV") or ROOT / ".venv")
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / ".sonoassist-stamp"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"

# library that shows whether it is there -> Debian package
LIBRARIES = {
    "EGL": "libegl1",
    "GL": "libgl1",
    "xkbcommon-x11": "libxkbcommon-x11-0",
    "dbus-1": "libdbus-1-3",
    "fontconfig": "libfontconfig1",
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-image": "libxcb-image0",
    "xcb-randr": "libxcb-randr0",
    "xcb-render-util": "libxcb-render-util0",
    "xcb-shape": "libxcb-shape0",
    "xcb-xinerama": "libxcb-xinerama0",
    "xcb-xkb": "libxcb-xkb1",
}
TOOLS = {
    "ffmpeg": "ffmpeg",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "dciodvfy": "dicom3tools",
    "pdftoppm": "poppler-utils",
}
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
CHECKS = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["lint-imports"])
END_S = 30
"""So long the tests may take to end when they are interrupted."""
FONT_FOLDERS = (Path("/usr/share/fonts"), Path.home() / ".local/share/fonts")


def main(arguments: list[str]) -> int:
    """Set up, then run or test; returns the exit status."""
    if sys.version_info < (3, 10):
        print("SonoAssist needs Python 3.10 or newer", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in ("run", "test"):
        print(__doc__, file=sys.stderr)
        return 2
    job, rest = arguments[0], arguments[1:]
    cpu = "--cpu" in rest
    rest = [argument for argument in rest if argument != "--cpu"]
    system_packages(testing=job == "test")
    install(testing=job == "test", cpu=cpu)
    if job == "run":
        return subprocess.call([SCRIPTS / "sonoassist", *rest])
    return run_tests(rest)


def system_packages(*, testing: bool) -> None:
    """Install what Qt and the tests need from Debian, or say what is missing."""
    if not sys.platform.startswith("linux"):
        return
    missing = [package for name, package in LIBRARIES.items() if not ctypes.util.find_library(name)]
    if not any(folder.is_dir() and any(folder.rglob("*.ttf")) for folder in FONT_FOLDERS):
        missing.append("fonts-dejavu-core")
    if testing:
        missing += [package for name, package in TOOLS.items() if not shutil.which(name)]
    if not missing:
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    command = [*prefix, "apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
    may = not prefix or (shutil.which("sudo") and subprocess.call([*prefix, "true"]) == 0)
    if shutil.which("apt-get") and may:
        subprocess.call([*prefix, "apt-get", "update", "-q"])
        if subprocess.call(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}) == 0:
            return
    print("These system packages are missing (Debian names): " + " ".join(missing), file=sys.stderr)
    print("Install them with: sudo " + " ".join(command[len(prefix) :]), file=sys.stderr)


def install(*, testing: bool, cpu: bool) -> None:
    """Make the virtual environment and install the program into it, unless it is up to date."""
    pyproject = (ROOT / "pyproject.toml").read_bytes()
    wanted = hashlib.sha256(pyproject + str((testing, cpu, str(ROOT))).encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    if not (SCRIPTS / ("python.exe" if os.name == "nt" else "python")).exists():
        try:
            venv.EnvBuilder(with_pip=True, clear=True).create(VENV)
        except subprocess.CalledProcessError:
            sys.exit("no virtual environment could be made: install python3-venv and try again")
    python = str(SCRIPTS / "python")
    pip = [python, "-m", "pip", "install", "-q", "--no-compile"]
    if cpu:
        # On Linux the usual build of torch brings gigabytes for NVIDIA cards along.
        subprocess.check_call([*pip, "torch==2.13.0", "--index-url", CPU_INDEX])
    subprocess.check_call([*pip, "-e", f"{ROOT}[test]" if testing else str(ROOT)])
    # pip would do so on one core. Some packages bring templates that are no Python: no matter.
    subprocess.call([python, "-m", "compileall", "-qq", "-j", "0", str(VENV)])
    STAMP.write_text(wanted)


def run_tests(arguments: list[str]) -> int:
    """Types beside style, import contracts and tests; a failure ends it."""
    # Each of the many processes would compile the program anew.
    environment = {name: value for name, value in os.environ.items() if name != NO_BYTECODE}
    if arguments:
        return subprocess.call(pytest_command(arguments), cwd=ROOT, env=environment)
    types = subprocess.Popen(
        [SCRIPTS / "mypy"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    running = [types]
    try:
        status = check_style() or compile_tests(environment)
        if status:
            return status
        print("== mypy and pytest", flush=True)
        # A file to each process. Three of them keep two cores busy: some tests only wait.
        spread = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
        tests = subprocess.Popen(pytest_command(spread), cwd=ROOT, env=environment)
        running.append(tests)
        said, _ = types.communicate()
        print(f"\n== mypy: {said.decode(errors='replace')}", flush=True)
        return types.returncode or tests.wait()
    except KeyboardInterrupt:
        for process in running:
            process.wait(END_S)  # they were told as well, and tell what they have found
        raise
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
                process.wait()


def check_style() -> int:
    """Style and import contracts; the status of the first check that fails."""
    for program, *rest in CHECKS:
        print(f"== {program}", flush=True)
        status = subprocess.call([SCRIPTS / program, *rest], cwd=ROOT)
        if status:
            return status
    return 0


def compile_tests(environment: dict[str, str]) -> int:
    """Have all tests compiled by one process: in a fresh clone each worker would do all of it."""
    print("== tests are compiled", flush=True)
    found = subprocess.run(
        pytest_command(["--collect-only", "-qq"]),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if found.returncode:
        print(found.stdout.decode(errors="replace"), flush=True)
    return found.returncode


def pytest_command(arguments: list[str]) -> list[str]:
    """What runs the tests with these arguments of pytest."""
    return [str(SCRIPTS / "python"), "-m", "pytest", *arguments]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"this step failed: {' '.join(map(str, error.cmd))}")
    except KeyboardInterrupt:
        sys.exit(130)
