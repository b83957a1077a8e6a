"""Exporting and sending an exam as jobs: progress, cancel, failures in words, a node tried."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicom_exam import made_exam
from pacs_server import HOST, free_port, raw_server, running_node
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.jobs import Job, JobList, JobState
from sonoassist.core.progress import CancelledError, HowFar, Meter
from sonoassist.exam.export import Export
from sonoassist.exam.pacs.checking import try_connection
from sonoassist.exam.pacs.outbox import Outbox
from sonoassist.exam.store import ExamStore
from sonoassist.exam.works import export_work, outbox_work, send_work
from waiting import LIMIT_S, wait_until

ALL = Export(frozenset({"pdf", "html", "tables", "stills", "clips", "dicom"}))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExamStore:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))  # an outbox of its own
    return ExamStore(tmp_path / "exams")


@pytest.fixture
def exam_id(store: ExamStore) -> str:
    with made_exam(store) as exam:
        exam.end(61.0)
        return exam.exam_id


@pytest.fixture
def jobs() -> Iterator[JobList]:
    made = JobList()
    yield made
    made.stop(LIMIT_S)


def ended(job: Job, state: JobState) -> None:
    wait_until(lambda: job.state.over, job.work.title)
    assert (job.state, job.text) == (state, job.text)


def test_an_export_tells_how_far_it_is_and_ends_at_the_whole(
    store: ExamStore, exam_id: str, tmp_path: Path
) -> None:
    shares: list[float] = []
    meter = Meter(lambda how_far: shares.append(how_far.share or 0.0))
    result = export_work(store, exam_id, tmp_path / "out", ALL).run(meter)
    assert result.folder == tmp_path / "out"
    assert "files written to" in result.text
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert len(shares) > 20


def stopped_at(share: float) -> Meter:
    def told(how_far: HowFar) -> None:
        if (how_far.share or 0.0) >= share:
            raise CancelledError

    return Meter(told)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_an_export_that_is_cancelled_leaves_nothing(
    store: ExamStore, exam_id: str, tmp_path: Path, share: float
) -> None:
    with pytest.raises(CancelledError):
        export_work(store, exam_id, tmp_path / "new" / "out", ALL).run(stopped_at(share))
    assert not (tmp_path / "new").exists()


def test_an_older_export_outlives_one_that_is_cancelled(
    store: ExamStore, exam_id: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export_work(store, exam_id, out, Export(frozenset({"html", "clips"}))).run(Meter())
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(CancelledError):
        export_work(store, exam_id, out, ALL).run(stopped_at(0.5))
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_an_export_that_fails_keeps_what_was_finished(
    store: ExamStore, exam_id: str, tmp_path: Path
) -> None:
    with store.open(exam_id, write=True) as exam:
        (exam.media / exam.captures()[1].clip).unlink()
    out = tmp_path / "out"
    wanted = Export(frozenset({"html", "clips"}))
    with pytest.raises(OutputError, match="its file is gone"):
        export_work(store, exam_id, out, wanted).run(Meter())
    assert {path.name for path in out.iterdir()} == {"exam.txt", "report.html", "clips"}


def test_two_exams_are_never_mixed_in_one_folder(
    store: ExamStore, exam_id: str, tmp_path: Path, jobs: JobList
) -> None:
    with made_exam(store) as other:
        other.end(61.0)
    folder = tmp_path / "out"
    first = jobs.start(export_work(store, exam_id, folder, ALL))
    second = jobs.start(export_work(store, other.exam_id, folder, ALL))
    ended(first, JobState.DONE)
    ended(second, JobState.FAILED)
    assert "holds another exam" in second.text


def test_a_running_export_is_cancelled_half_way(
    store: ExamStore, exam_id: str, tmp_path: Path, jobs: JobList
) -> None:
    reached, go = threading.Event(), threading.Event()
    work = export_work(store, exam_id, tmp_path / "out", ALL)

    def run(meter: Meter):  # type: ignore[no-untyped-def]
        meter_step = meter.step

        def step(steps: float = 1.0) -> None:
            meter_step(steps)
            if (meter.how_far.share or 0) > 0.5:
                reached.set()
                go.wait(LIMIT_S)

        meter.step = step  # type: ignore[method-assign]
        return work.run(meter)

    job = jobs.start(type(work)(work.title, run, work.unit))
    assert reached.wait(LIMIT_S)
    assert "%" in job.text
    with pytest.raises(UsageError, match=f"the exam {exam_id} is being exported or sent"):
        store.delete(exam_id)
    jobs.cancel(job)
    go.set()
    ended(job, JobState.CANCELLED)
    assert not (tmp_path / "out").exists()
    store.delete(exam_id)
    assert store.ids() == []


def test_sending(store: ExamStore, exam_id: str, jobs: JobList) -> None:
    with running_node() as made:
        job = jobs.start(send_work(store, exam_id, f"ARCHIVE@{HOST}:{made.node.port}", ALL))
        ended(job, JobState.DONE)
    assert job.text.startswith("5 files stored by ARCHIVE")
    assert len(made.received) == 5
    assert job.how_far.share == 1.0


def test_sending_that_is_cancelled_leaves_nothing_in_the_outbox(
    store: ExamStore, exam_id: str, jobs: JobList
) -> None:
    asked, go = threading.Event(), threading.Event()

    def answer(number: int, _event: object) -> int:
        if number == 1:
            asked.set()
            go.wait(LIMIT_S)
        return 0x0000

    with running_node(answer=answer) as made:
        job = jobs.start(send_work(store, exam_id, f"ARCHIVE@{HOST}:{made.node.port}", ALL))
        assert asked.wait(LIMIT_S)
        with pytest.raises(UsageError, match=f"the exam {exam_id} is being exported or sent"):
            store.delete(exam_id)
        jobs.cancel(job)
        go.set()
        ended(job, JobState.CANCELLED)
    assert len(made.received) == 2
    assert not Outbox.default().has_any()


def test_what_waits_is_sent_when_it_is_tried_again(
    store: ExamStore, exam_id: str, jobs: JobList
) -> None:
    full = [True]
    with running_node(answer=lambda *_: 0xA700 if full[0] else 0x0000) as made:
        job = jobs.start(send_work(store, exam_id, f"ARCHIVE@{HOST}:{made.node.port}", ALL))
        ended(job, JobState.FAILED)
        assert "Try again sends what waits" in job.text
        full[0] = False
        jobs.retry(job)
        wait_until(lambda: job.state.over, "the second try")
        assert job.state is JobState.DONE
    assert len(made.received) == 5
    assert outbox_work().run(Meter()).text == "nothing waits in the outbox"


def test_what_was_refused_is_sent_again_with_all_of_its_exam(
    store: ExamStore, exam_id: str, jobs: JobList
) -> None:
    trouble = [True]

    def answer(number: int, _event: object) -> int:
        if not trouble[0]:
            return 0x0000
        return 0xC000 if number == 0 else 0xA700  # not understood; then out of room

    with running_node(answer=answer) as made:
        job = jobs.start(send_work(store, exam_id, f"ARCHIVE@{HOST}:{made.node.port}", ALL))
        ended(job, JobState.FAILED)
        assert "1 file refused" in job.text
        assert "Try again sends what waits" not in job.text
        trouble[0] = False
        jobs.retry(job)
        wait_until(lambda: job.state.over, "the second try")
        assert job.state is JobState.DONE
        assert job.text.startswith("5 files stored by ARCHIVE")


def test_a_wrong_title_and_a_refused_port_are_told_before_a_file_is_made(
    store: ExamStore, exam_id: str, jobs: JobList, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_files: list[object] = []
    monkeypatch.setattr(
        "sonoassist.exam.sending.export_as_dicom", lambda *one: made_files.append(one)
    )
    with running_node() as made:
        wrong = jobs.start(send_work(store, exam_id, f"ELSEWHERE@{HOST}:{made.node.port}", ALL))
        ended(wrong, JobState.FAILED)
    refused = jobs.start(send_work(store, exam_id, f"ARCHIVE@{HOST}:{free_port()}", ALL))
    ended(refused, JobState.FAILED)
    assert "does not call itself ELSEWHERE. Check its AE title" in wrong.text
    assert "the connection is refused" in refused.text
    assert "sonoassist " not in wrong.text + refused.text
    assert made_files == []


def test_a_connection_is_tried() -> None:
    wait_s = min(LIMIT_S, 600.0)  # a longer one is refused
    with running_node() as made:
        address = f"{HOST}:{made.node.port}"
        good = try_connection(f"ARCHIVE@{address}", wait_s)
        wrong = try_connection(f"ELSEWHERE@{address}", wait_s)
    assert good.good
    assert good.text.startswith(f"Reached: ARCHIVE at {address} answers")
    assert (wrong.good, wrong.text) == (
        False,
        f"The PACS node {address} does not call itself ELSEWHERE. Check its AE title",
    )
    refused = try_connection(f"ARCHIVE@{HOST}:{free_port()}")
    assert not refused.good
    assert "the connection is refused" in refused.text
    nonsense = try_connection("nonsense")
    assert (nonsense.good, "is not a PACS node" in nonsense.text) == (False, True)
    unknown = try_connection("ARCHIVE@nowhere.invalid:104")
    assert (unknown.good, "name not known" in unknown.text) == (False, True)


def test_a_silent_port_is_waited_for_no_longer_than_is_said() -> None:
    with raw_server(lambda _: None) as port:
        silent = try_connection(f"ARCHIVE@{HOST}:{port}", 0.3)
    assert not silent.good
    assert "one that says nothing (waited up to 0.3 s)" in silent.text
