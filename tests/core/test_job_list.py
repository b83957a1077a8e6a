"""The list of jobs: order, progress, cancel, failing in words, once again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from sonoassist.core.errors import OutputError
from sonoassist.core.jobs import Job, JobList, JobResult, JobState, Work
from sonoassist.core.progress import Meter
from waiting import LIMIT_S, wait_until


@pytest.fixture
def jobs() -> Iterator[JobList]:
    made = JobList()
    yield made
    made.stop(LIMIT_S)


class Stepwise:
    """A work whose steps the test gives free."""

    def __init__(self) -> None:
        self.free = threading.Semaphore(0)
        self.cleaned = False

    def run(self, meter: Meter) -> JobResult:
        meter.expect(4)
        try:
            for _ in range(4):
                self.free.acquire(timeout=LIMIT_S)
                meter.step()
        finally:
            self.cleaned = True
        return JobResult("Four steps done")


def over(job: Job) -> None:
    wait_until(lambda: job.state.over, "the end of a job")


def test_progress_and_end(jobs: JobList) -> None:
    stepwise = Stepwise()
    job = jobs.start(Work("Steps", stepwise.run))
    stepwise.free.release(2)
    wait_until(lambda: job.how_far.share == 0.5, "half of it")
    assert (job.state, jobs.going_on) == (JobState.RUNNING, (job,))
    stepwise.free.release(2)
    over(job)
    assert (job.state, job.text, jobs.going_on) == (JobState.DONE, "Four steps done", ())
    jobs.forget(job)
    assert jobs.jobs == ()


def test_works_that_share_something_run_one_after_the_other(jobs: JobList) -> None:
    first, second, other = Stepwise(), Stepwise(), Stepwise()
    sends = [jobs.start(Work("Send", one.run, shares="outbox")) for one in (first, second)]
    beside = jobs.start(Work("Export", other.run))
    wait_until(lambda: beside.state is JobState.RUNNING, "the one that shares nothing")
    assert [one.state for one in sends] == [JobState.RUNNING, JobState.WAITING]
    first.free.release(4)
    wait_until(lambda: sends[1].state is JobState.RUNNING, "the second")
    assert sends[0].state is JobState.DONE
    second.free.release(4)
    other.free.release(4)
    for job in (*sends, beside):
        over(job)
        assert job.state is JobState.DONE


def test_a_cancelled_job_says_what_it_leaves(jobs: JobList) -> None:
    said = []
    for made in ({}, {"left": "half stays"}):
        stepwise = Stepwise()
        job = jobs.start(Work("Steps", stepwise.run, **made))
        jobs.cancel(job)
        stepwise.free.release(4)
        over(job)
        said.append(job.text)
    assert said == ["Cancelled: nothing was left behind", "Cancelled: half stays"]


def test_a_cancelled_job_cleans_up_and_can_be_done_again(jobs: JobList) -> None:
    stepwise = Stepwise()
    job = jobs.start(Work("Steps", stepwise.run))
    wait_until(lambda: job.state is JobState.RUNNING, "its beginning")
    jobs.cancel(job)
    assert job.state is JobState.STOPPING
    stepwise.free.release()
    over(job)
    assert (job.state, stepwise.cleaned) == (JobState.CANCELLED, True)
    stepwise.free.release(4)
    jobs.retry(job)
    wait_until(lambda: job.state is JobState.DONE, "its end")


def test_a_failure_is_told_in_words_of_the_window(jobs: JobList) -> None:
    tries: list[int] = []

    def run(_meter: Meter) -> JobResult:
        tries.append(1)
        if len(tries) == 1:
            raise OutputError("the disk is full", "Run: rm", click="Free some space")
        return JobResult("written")

    job = jobs.start(Work("Writing", run))
    over(job)
    assert (job.state, job.text) == (JobState.FAILED, "The disk is full. Free some space")
    jobs.retry(job)
    wait_until(lambda: job.state is JobState.DONE, "its end")
    assert (job.text, job.reason, job.error) == ("written", "", None)


def test_an_error_of_the_program_has_words_too(jobs: JobList) -> None:
    def run(_meter: Meter) -> JobResult:
        raise KeyError("x")

    job = jobs.start(Work("Sum", run, failed="The sum failed"))
    over(job)
    assert job.text == "The sum failed: KeyError: 'x'"


def test_a_few_at_once_in_their_order() -> None:
    states: list[tuple[str, JobState]] = []
    jobs = JobList(lambda job: states.append((job.work.title, job.state)), at_once=1)
    works = [Stepwise() for _ in range(3)]
    first, second, third = (
        jobs.start(Work(f"{number}", one.run)) for number, one in enumerate(works)
    )
    assert [one.state for one in (second, third)] == [JobState.WAITING] * 2
    assert second.text == "Waits for the others"
    jobs.cancel(second)
    assert second.state is JobState.CANCELLED
    works[0].free.release(4)
    works[2].free.release(4)
    over(third)
    assert (first.state, third.state) == (JobState.DONE, JobState.DONE)
    assert not works[1].cleaned  # it never began
    jobs.stop(LIMIT_S)
    ends = [title for title, state in states if state is JobState.DONE]
    assert ends == ["0", "2"]


def test_stopping_ends_all_and_begins_nothing(jobs: JobList) -> None:
    stepwise = Stepwise()
    job = jobs.start(Work("Steps", stepwise.run))
    wait_until(lambda: job.state is JobState.RUNNING, "its beginning")
    stopper = threading.Thread(target=jobs.stop, args=(LIMIT_S,))
    stopper.start()
    wait_until(lambda: job.state is JobState.STOPPING, "its stopping")
    stepwise.free.release()
    stopper.join()
    assert job.state is JobState.CANCELLED
    assert jobs.start(Work("Late", stepwise.run)).state is JobState.WAITING
