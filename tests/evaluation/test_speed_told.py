"""Other work that ran beside the speed is said in table, JSON and page."""

from __future__ import annotations

from dataclasses import replace

from seen import about

from sonoassist.evaluation.html_report import as_html
from sonoassist.evaluation.outputs import as_json
from sonoassist.evaluation.results import Results
from sonoassist.evaluation.speed import Speed
from sonoassist.evaluation.text_report import as_text

SPEED = Speed(30, 5.0, 10.0, 12.0, (("network", 10.0),), 20, 0, other_cores=1.5)


def test_other_work_is_told_everywhere() -> None:
    busy = Results(about(), (), (), (), speed=SPEED)
    quiet = replace(busy, speed=replace(SPEED, other_cores=0.0))
    assert "1.5 cores busy" in as_text(busy)
    assert "1.5 cores busy" in as_html(busy)
    assert as_json(busy)["speed"]["other_cores"] == 1.5
    assert "cores busy" not in as_text(quiet) + as_html(quiet)
