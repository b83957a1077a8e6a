"""What the page of the API and the README show is what happens."""

from __future__ import annotations

import doctest
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import sonoassist as sa
from sonoassist.core import paths

pytestmark = pytest.mark.usefixtures("networks_once")

ROOT = Path(sa.__file__).parents[1]
PAGE = paths.resources() / "api.md"
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.REPORT_NDIFF


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path))


def test_the_page() -> None:
    page = doctest.DocTestParser().get_doctest(
        PAGE.read_text(encoding="utf-8"), {}, PAGE.name, str(PAGE), 0
    )
    if importlib.util.find_spec("pandas") is None:
        page.examples = [one for one in page.examples if "table" not in one.source]
    assert len(page.examples) > 20
    told: list[str] = []
    found = doctest.DocTestRunner(optionflags=OPTIONS).run(page, out=told.append)
    assert not found.failed, "".join(told)


def test_the_page_tells_of_all_that_a_result_holds() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in sa.SourceResult.__dataclass_fields__.keys() - {"label", "model"}:
        assert f"`{name}`" in page, name


def test_the_example_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    # As on the page, whose test has had these frames analysed. The quickest engine, which the
    # example takes, is tested with the commands.
    assert "sa.load_model(synthetic=True)" in example
    exact = 'sa.load_model(synthetic=True, engine="openvino", precision="f32")'
    names: dict[str, object] = {}
    exec(example.replace("sa.load_model(synthetic=True)", exact), names)
    exam, picture = names["exam"], names["picture"]
    assert isinstance(exam, sa.SourceResult)
    assert isinstance(picture, sa.Localisation)
    assert picture.plane == "spine_cor"
    assert np.isfinite(exam.boxes[names["row"]]).all()
    assert capsys.readouterr().out.startswith("spine_cor ")
    assert (tmp_path / "exam.csv").read_text().startswith("source,frame,time_s,state,plane,")
