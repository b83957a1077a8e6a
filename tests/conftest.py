from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

import limits
import network_memo
from sonoassist.core.processors import LIMIT_VARIABLE, usable_cores

HOME_VARIABLE = "SONOASSIST_HOME"
_HOMES = itertools.count()
REASON = "SONOASSIST_TEST_DATA does not name the folder of the real test data"


# An example may take as long as the machine needs; the limit of the whole test is there for hangs.
# The project's own checks try the same examples each time, so that a change fails by its own
# faults only; runs by hand go on looking for new ones.
hypothesis.settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize=bool(os.environ.get("SONOASSIST_REQUIRE_TEST_DATA")),
)
hypothesis.settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """One limit for each test, and threads for each worker, known before the workers start."""
    if hasattr(config, "workerinput"):
        return  # a worker has it all from the environment
    os.environ.setdefault(limits.LIMIT_VARIABLE, str(limits.measured_limit_s()))
    os.environ.setdefault("PYTEST_TIMEOUT", os.environ[limits.LIMIT_VARIABLE])
    # Workers that each use all cores wait for each other.
    workers = len(getattr(config.option, "tx", None) or [0])
    share = max(1, usable_cores() // workers)
    os.environ.setdefault(LIMIT_VARIABLE, str(share))
    os.environ.setdefault("OMP_NUM_THREADS", str(share))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """All that is collected stays to the end: it need not be searched for garbage over and over."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def pytest_report_header() -> str:
    return (
        f"limit of a test: {limits.limit_s():.0f} s; threads of a worker: "
        f"{os.environ.get(LIMIT_VARIABLE)}"
    )


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of the real test data."""
    named = os.environ.get("SONOASSIST_TEST_DATA")
    if named and Path(named).is_dir():
        return Path(named)
    if os.environ.get("SONOASSIST_REQUIRE_TEST_DATA"):
        pytest.fail(REASON)
    pytest.skip(REASON)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session", autouse=True)
def home_of_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of what several tests share, such as what a module makes once: never the user's own."""
    home = tmp_path_factory.getbasetemp() / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(home))
        yield home


@pytest.fixture(autouse=True)
def _home_of_its_own(home_of_worker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has one, unless its module has chosen one; it is there when something is kept."""
    if os.environ.get(HOME_VARIABLE) == str(home_of_worker):
        own = home_of_worker / "tests" / str(next(_HOMES))
        monkeypatch.setenv(HOME_VARIABLE, str(own))


@pytest.fixture(scope="module")
def networks_once(run_folder: Path) -> Iterator[None]:
    """Pictures that another test has had go through the same network need not do so again."""
    with pytest.MonkeyPatch.context() as patch:
        network_memo.install(patch, run_folder / "network_results")
        yield


@pytest.fixture(scope="module")
def screens_once(run_folder: Path) -> Iterator[None]:
    """The network that reads screens looks at each of them once a run; torch is not imported."""
    with pytest.MonkeyPatch.context() as patch:
        network_memo.share_screens(patch, run_folder / "network_results")
        yield


@pytest.fixture(autouse=True)
def _made_once(monkeypatch: pytest.MonkeyPatch, run_folder: Path) -> None:
    network_memo.share_what_is_made(monkeypatch, run_folder)


@pytest.fixture
def plain_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every screen is taken for a plain picture: noise stands for one, and is none."""
    from plain_screens import PlainScreens
    from sonoassist.preprocess.screen_network import ScreenNetwork

    monkeypatch.setattr("sonoassist.analysis.analyser.make_screen_network", PlainScreens)
    monkeypatch.setattr(ScreenNetwork, "read", PlainScreens.read)
