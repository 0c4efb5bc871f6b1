"""Workers that die in mid-job lose nothing, and what they leave is what an undisturbed worker leaves."""

import random
import time

import pytest
from tests.network.installation import LATE, LEFT, children, command_line, kill, wait_until

pytestmark = pytest.mark.network
RUNNING = "state = 'running'"
JOB_PROCESS = "spawn_main"  # multiprocessing's own name in the command line of its children


def job_processes(pid):
    return [child for child in children(pid) if JOB_PROCESS in command_line(child)]


def finish(installation):
    """Run a worker until every job has ended, without waiting for the pauses after failures."""
    worker = installation.start("worker", "--concurrency", "2")

    def ended():
        installation.hurry()
        assert worker.poll() is None, worker.communicate()[0]
        return installation.count("jobs_job", "state IN ('queued', 'running')") == 0

    wait_until(ended, every=0.3)
    worker.terminate()
    assert worker.wait(timeout=LATE) == 0


def kill_whole_worker(installation, dice):
    worker = installation.start("worker", "--concurrency", "2")
    wait_until(lambda: installation.count("jobs_job", RUNNING) and job_processes(worker.pid), every=0.01)
    time.sleep(dice.uniform(0, 1.5))
    below = children(worker.pid)
    worker.kill()
    worker.wait()
    wait_until(lambda: not any(JOB_PROCESS in command_line(pid) for pid in below), seconds=15)


def test_it_loses_nothing_when_the_whole_worker_is_killed(undisturbed, to_evaluate):
    dice = random.Random(3)
    for _time in range(2):
        kill_whole_worker(to_evaluate, dice)
    finish(to_evaluate)
    assert to_evaluate.facts() == undisturbed.facts


def test_it_loses_nothing_when_processes_of_its_jobs_are_killed(undisturbed, to_evaluate):
    dice = random.Random(7)
    worker = to_evaluate.start("worker", "--concurrency", "2")
    for _time in range(3):
        wait_until(lambda: job_processes(worker.pid) or to_evaluate.count("jobs_job", LEFT) == 0, every=0.01)
        time.sleep(dice.uniform(0, 1))
        for pid in job_processes(worker.pid)[:1]:
            kill(pid)
    worker.terminate()
    assert worker.wait(timeout=15) == 0
    finish(to_evaluate)
    assert to_evaluate.facts() == undisturbed.facts


def test_a_series_that_crashes_its_process_is_parked_and_the_others_go_on(undisturbed, to_evaluate):
    poison = to_evaluate.rows("SELECT id FROM catalog_series WHERE description LIKE '%' ORDER BY series_uid LIMIT 1")[
        0
    ][0]
    to_evaluate.env["YINGHENG_JOB_ROUTES"] = "tests.network.poison.ROUTES"
    to_evaluate.env["POISON"] = poison
    finish(to_evaluate)
    parked = to_evaluate.rows(
        "SELECT replace(natural_key, '-', ''), attempts, error FROM jobs_job WHERE state = 'parked'"
    )
    assert [(key, attempts) for key, attempts, _error in parked] == [(poison, 5)]
    assert parked[0][2].startswith("worker_lost")
    others = to_evaluate.count("catalog_series") - 1
    assert to_evaluate.count("jobs_job", "kind = 'series.ready' AND state = 'done'") == others
    assert to_evaluate.count("notify_message", "kind = 'job.parked'") == 1
    del to_evaluate.env["YINGHENG_JOB_ROUTES"]  # the analysis is mended; somebody tries again
    to_evaluate.run("retry", module="tests.network.retry")
    finish(to_evaluate)
    facts = to_evaluate.facts()
    facts["jobs"] = [row for row in facts["jobs"] if "job.parked" not in row]
    assert facts == undisturbed.facts
