from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.apps.jobs import handlers

from yingheng.audit.models import Entry
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, NotFound
from yingheng.jobs.models import MAX_ATTEMPTS, Job
from yingheng.jobs.runner import Outcome, report_progress, run_claim
from yingheng.jobs.selectors import JobFilter, backlog, job_get, job_list, open_counts
from yingheng.jobs.services import (
    Claim,
    claim,
    complete,
    emit,
    fail,
    heartbeat,
    job_retry,
    progress,
    release,
    something_due,
    sweep,
)  # fmt: skip
from yingheng.jobs.worker import run_due_here
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
H1, H2 = "/cn-14/h1/", "/cn-14/h2/"


@pytest.fixture(autouse=True)
def routed(settings):
    settings.YINGHENG_JOB_ROUTES = "tests.apps.jobs.handlers.ROUTES"
    handlers.seen.clear()


def take(owner="w1", n=1, lease_s=60):
    return claim(owner, n, lease_s)


def only():
    return Job.objects.get()


def make_due():
    Job.objects.update(not_before=now())


def lose_lease():
    Job.objects.filter(state="running").update(lease_until=now() - timedelta(seconds=1))


def test_it_leaves_nothing_when_the_fact_is_undone():
    with transaction.atomic():
        emit("quick", "s1")
        assert Job.objects.count() == 1
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_it_queues_one_job_per_fact_however_often_it_is_stated():
    for _again in range(3):
        emit("quick", "s1")
    emit("quick", "s2")
    emit("slow", "s1")
    assert sorted(Job.objects.values_list("kind", "natural_key", "state")) == [
        ("quick", "s1", "queued"), ("quick", "s2", "queued"), ("slow", "s1", "queued"),
    ]  # fmt: skip


def test_it_keeps_the_newest_payload_and_the_higher_priority():
    emit("quick", "s1", payload={"a": 1}, priority=5, scope=H1)
    emit("quick", "s1", payload={"b": 2}, priority=1)
    assert (only().payload, only().priority, only().scope) == ({"b": 2}, 5, H1)
    emit("quick", "s1")
    assert only().payload == {"b": 2}


def test_it_puts_a_waiting_job_off_when_asked():
    later = now() + timedelta(minutes=3)
    emit("quick", "s1", not_before=later)
    assert take() == []
    assert not something_due()
    emit("quick", "s1", not_before=later + timedelta(minutes=1))
    assert only().not_before == later + timedelta(minutes=1)
    emit("quick", "s1")
    assert only().not_before == later + timedelta(minutes=1)


def test_it_claims_the_most_urgent_first_and_the_longest_waiting_next():
    emit("quick", "old", not_before=now() - timedelta(hours=2))
    emit("quick", "new", not_before=now() - timedelta(hours=1))
    emit("quick", "urgent", priority=9)
    assert [one.natural_key for one in take(n=2)] == ["urgent", "old"]
    assert [one.natural_key for one in take(n=9)] == ["new"]
    assert take() == []


def test_it_completes_only_for_the_holder():
    emit("quick", "s1", payload={"x": [1, None]})
    (held,) = take()
    assert held == Claim(only().id, "quick", "s1", {"x": [1, None]}, "w1", 1)
    stranger = Claim(held.id, held.kind, held.natural_key, {}, "w2", 1)
    assert not complete(stranger)
    assert only().state == "running"
    assert complete(held)
    assert (only().state, only().owner, only().lease_until) == ("done", "", None)
    assert not complete(held)


def test_it_runs_once_more_when_asked_while_running():
    emit("quick", "s1")
    (held,) = take()
    emit("quick", "s1", payload={"newer": True})
    emit("quick", "s1")
    assert (only().state, only().rerun) == ("running", True)
    assert take("w2") == []
    assert complete(held)
    assert (only().state, only().rerun, only().attempts, only().finished_at is None) == ("queued", False, 0, False)
    (again,) = take("w2")
    assert again.payload == {"newer": True}
    assert complete(again)
    assert only().state == "done"


@pytest.mark.parametrize("state", ["done", "parked"])
def test_it_queues_an_ended_job_again_with_a_clean_sheet(state):
    emit("quick", "s1", priority=9)
    (held,) = take()
    complete(held) if state == "done" else fail(held, "broken", retry=False)
    assert only().state == state
    emit("quick", "s1", priority=1)
    job = only()
    assert (job.state, job.attempts, job.error, job.finished_at, job.priority) == ("queued", 0, "", None, 1)
    assert something_due()


def test_it_waits_longer_after_each_failure_and_parks_with_the_reason():
    emit("quick", "s1")
    waits = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        make_due()
        (held,) = take()
        assert held.attempt == attempt
        begun = now()
        assert fail(held, f"broken {attempt}")
        waits.append((only().not_before - begun).total_seconds())
    assert (only().state, only().error) == ("parked", f"broken {MAX_ATTEMPTS}")
    assert waits[:4] == pytest.approx([5, 10, 20, 40], abs=0.5)
    make_due()
    assert take() == []


def test_it_parks_at_once_when_trying_again_cannot_help():
    emit("quick", "s1")
    fail(take()[0], "hopeless", retry=False)
    assert (only().state, only().error) == ("parked", "hopeless")


def test_it_does_not_park_what_was_asked_for_again_meanwhile():
    emit("quick", "s1")
    (held,) = take()
    emit("quick", "s1")
    fail(held, "hopeless", retry=False)
    assert (only().state, only().attempts, only().rerun, only().error) == ("queued", 0, False, "hopeless")
    assert something_due()


def test_it_takes_back_a_lost_job_and_ignores_the_worker_that_comes_back_late():
    emit("quick", "s1")
    (late,) = take("w1")
    assert sweep() == 0
    lose_lease()
    assert sweep() == 1
    assert (only().state, only().error) == ("queued", "worker_lost: w1")
    make_due()
    (held,) = take("w1")  # the same worker even: the attempt tells them apart
    assert held.attempt == 2
    assert not complete(late)
    assert not fail(late, "late")
    assert not progress(late, 1, 2)
    assert heartbeat([late, held], 60) == {held.id}
    assert complete(held)


def test_it_parks_a_poison_job_with_its_reason():
    emit("quick", "s1")
    for _attempt in range(MAX_ATTEMPTS):
        make_due()
        take("w1")
        lose_lease()
        assert sweep() == 1
    assert (only().state, only().error, only().attempts) == ("parked", "worker_lost: w1", MAX_ATTEMPTS)


def test_it_keeps_a_lease_alive():
    emit("quick", "s1")
    (held,) = take(lease_s=0.001)
    assert heartbeat([held], 60) == {held.id}
    assert sweep() == 0
    assert heartbeat([], 60) == set()


def test_it_gives_a_job_back_uncounted():
    emit("quick", "s1")
    (held,) = take()
    assert release(held)
    assert (only().state, only().attempts) == ("queued", 0)
    assert take()[0].attempt == 1


def test_it_refuses_a_failure_without_words():
    emit("quick", "s1")
    (held,) = take()
    with pytest.raises(ValueError, match="words"):
        fail(held, "")


@pytest.mark.parametrize(
    "bad",
    [{"state": "running"}, {"state": "lost"}, {"state": "parked"}, {"owner": "w1"}, {"rerun": True}],
)
def test_it_refuses_an_impossible_row_in_the_database(bad):
    emit("quick", "s1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.update(**bad)


def test_it_runs_the_handlers_in_order():
    emit("pair", "s1", payload={"p": 1})
    assert run_due_here() == 1
    assert handlers.seen == [("first", "s1", {"p": 1}), ("second", "s1", {"p": 1})]
    assert only().state == "done"


def test_it_stops_at_the_handler_that_fails_and_says_where():
    emit("fails", "s1")
    run_due_here()
    assert [word for word, *_rest in handlers.seen] == ["first"]
    assert only().state == "queued"
    assert only().error.startswith("ValueError: no such thing: s1 at tests.apps.jobs.handlers:")


def test_it_parks_a_kind_it_does_not_know():
    emit("unheard.of", "s1")
    assert run_due_here() == 1
    assert (only().state, only().error) == ("parked", "no_route: unheard.of")


def test_it_leaves_no_row_for_a_kind_that_nothing_follows():
    emit("nothing", "s1")
    assert not Job.objects.exists()


def test_it_parks_when_the_handler_gives_up():
    emit("hopeless", "s1")
    run_due_here()
    assert (only().state, only().error) == ("parked", "gave_up: the file is not an image")


def test_it_reports_a_broken_table_of_routes_at_the_job(settings):
    settings.YINGHENG_JOB_ROUTES = "tests.apps.jobs.missing.ROUTES"
    emit("quick", "s1")
    (held,) = take()
    outcome = run_claim(held)
    assert outcome.retry
    assert "ModuleNotFoundError" in outcome.error


def test_it_states_a_parked_job_as_a_fact_where_that_is_routed(settings):
    settings.YINGHENG_JOB_ROUTES = "tests.apps.jobs.handlers.ROUTES_WITH_PARKED"
    emit("hopeless", "s1", scope=H1)
    assert run_due_here() == 2
    job = Job.objects.get(kind="hopeless")
    assert handlers.seen == [("parked", str(job.pk), {"kind": "hopeless", "natural_key": "s1"})]
    assert Job.objects.get(kind="job.parked").scope == H1


def test_it_notes_progress_only_inside_a_job():
    report_progress(1, 2)
    emit("quick", "s1")
    (held,) = take()
    assert progress(held, 3, 7)
    assert (only().progress_done, only().progress_total) == (3, 7)


def test_it_tries_a_parked_job_again_on_request(actor):
    emit("quick", "s1", scope=H1)
    fail(take()[0], "hopeless", retry=False)
    job_retry(actor=actor, job=only())
    assert (only().state, only().attempts, only().error) == ("queued", 0, "")
    entry = Entry.objects.get()
    assert (entry.action, entry.scope, entry.before) == ("job.retry", H1, {"state": "parked", "error": "hopeless"})
    with pytest.raises(Conflict, match=r"jobs\.not_parked"):
        job_retry(actor=actor, job=only())
    assert Entry.objects.count() == 1


def test_it_shows_only_the_scope():
    emit("quick", "a", scope=H1)
    emit("quick", "b", scope=H2)
    emit("slow", "c")
    first = Scope((H1,))
    assert [job.natural_key for job in job_list(first, JobFilter())] == ["a"]
    assert [job.natural_key for job in job_list(Scope(("/cn-14/",), system=True), JobFilter())] == ["c", "b", "a"]
    assert open_counts(first) == {"queued": 1, "running": 0, "parked": 0}
    with pytest.raises(NotFound):
        job_get(first, Job.objects.get(natural_key="b").pk)
    assert job_get(first, Job.objects.get(natural_key="a").pk).scope == H1


def test_it_measures_the_backlog():
    emit("quick", "a", not_before=now() - timedelta(minutes=10))
    emit("quick", "b", not_before=now() + timedelta(minutes=10))
    emit("slow", "c")
    fail(claim("w", 1, 60)[0], "hopeless", retry=False)
    found = backlog(Scope.everything())
    assert (found.due, found.running, found.parked) == (1, 0, 1)
    assert found.oldest_wait < timedelta(minutes=1)
    assert backlog(Scope.everything(), kinds=["none"]).oldest_wait is None


def test_an_outcome_without_words_is_a_success():
    assert (Outcome().error, Outcome().retry) == ("", True)
