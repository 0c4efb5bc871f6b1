"""A trial run counts what would change, by a hand-made example, and changes nothing else."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.rulebook.making import MATRIX, THICKNESS, TODAY, draft, matrix, published, series_with, table, value_of

from imagingqc.criteria.model import Standard
from yingheng.catalog.models import Exam
from yingheng.common.errors import Invalid, NotFound
from yingheng.evidence.models import Assessment, Finding, MeasurementSet
from yingheng.evidence.services import BaselineValues, Change, baseline_set, epoch_add
from yingheng.jobs.models import Job
from yingheng.jobs.worker import run_due_here
from yingheng.rulebook.models import ShadowRun
from yingheng.rulebook.rules import edition_standard
from yingheng.rulebook.selectors import shadow_get
from yingheng.rulebook.services import comparing, criterion_put, shadow_ask, shadow_compare, shadow_run
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
UNSURE = {"confidence": "expert"}


@pytest.fixture
def stored(hospital, other_hospital):
    """Six CT series here (thickness in mm, matrix), one MR, one long ago, one in the other hospital."""
    known = [(1, 512), (4, 512), (6, 512), (8, 256), (None, 512), (3, 1024)]
    for number, (thick, size) in enumerate(known, start=1):
        series_with(hospital, number, value_of(THICKNESS, thick), value_of(MATRIX, size, "1"))
    series_with(hospital, 7, value_of("mr.slices.thickness", 3.0), modality="MR")
    series_with(hospital, 8, value_of(THICKNESS, 9.0), value_of(MATRIX, 512, "1"), days_ago=40)
    series_with(other_hospital, 9, value_of(THICKNESS, 9.0), value_of(MATRIX, 512, "1"))


def compare(hospital, *tables, actor):
    made = draft(hospital, actor, *tables)
    return shadow_compare(hospital=hospital, standard=edition_standard(made), first_day=TODAY, last_day=TODAY).as_dict()


def tally(result, criterion, *, dropped=False):
    (found,) = [c for c in result["criteria"] if (c["criterion"], c["dropped"]) == (criterion, dropped)]
    return found


def test_it_counts_what_would_change(stored, hospital, actor):
    result = compare(
        hospital,
        table(),  # at most 5 mm: nobody asks for the thickness now
        matrix(1024),  # 512 is asked for now
        table("look", limit={"op": "<=", "value": 2}, **UNSURE),
        actor=actor,
    )
    assert result["n_sets"] == 6
    thin, size, look = (tally(result, name) for name in ("thin", "matrix", "look"))
    assert thin["outcomes"] == {"PASS": 3, "FAIL": 2, "NOT_ASSESSABLE": 1}
    assert thin["changes"] == {"newly_pass": 3, "newly_fail": 2, "newly_gap": 1}
    assert size["outcomes"] == {"PASS": 1, "FAIL": 5}
    assert size["changes"] == {"newly_fail": 4, "same": 2}  # one fails already, one passes as before
    assert look["changes"] == {"newly_pass": 1, "newly_human": 4, "newly_gap": 1}
    assert result["before"] == {"": 12, "PASS": 5, "FAIL": 1}
    assert result["after"] == {"PASS": 5, "FAIL": 7, "NOT_ASSESSABLE": 2, "NEEDS_HUMAN": 4}
    assert result["exams_newly_failing"] == 5
    failing = [e for e in result["examples"] if (e["criterion"], e["change"]) == ("thin", "newly_fail")]
    assert {(e["value"], e["before"], e["after"]) for e in failing} == {(6, "", "FAIL"), (8, "", "FAIL")}
    assert all(e["exam"] and e["day"] == TODAY.isoformat() for e in failing)


def test_it_compares_with_the_rules_that_it_would_replace(stored, hospital, actor):
    published(hospital, actor, table(limit={"op": "<=", "value": 2}), matrix(1024))
    result = compare(hospital, table(), actor=actor)
    thin, gone = tally(result, "thin"), tally(result, "matrix", dropped=True)
    assert thin["changes"] == {"same": 4, "newly_pass": 2}  # 1, 6, 8 mm and the gap stay; 4 and 3 mm pass now
    assert gone["changes"] == {"newly_pass": 4, "same": 2}  # 512 fails no longer, 256 fails still
    assert result["exams_newly_failing"] == 0


def test_a_quantity_that_nobody_asks_for_any_more_is_named(stored, hospital, actor):
    published(hospital, actor, table(), table("other", limit={"op": "<=", "value": 7}))
    result = compare(hospital, matrix(512), actor=actor)
    assert tally(result, "thin", dropped=True)["changes"] == {"no_longer_asked": 6}


def test_it_compares_with_the_baseline_of_device_and_protocol(hospital, actor):
    series = series_with(hospital, 1, value_of(THICKNESS, 9.0))
    known = MeasurementSet.objects.get()
    for number in (2, 3):
        series_with(hospital, number, value_of(THICKNESS, 5.0))
    rule = table(grade="B", limit={"op": "within_pct", "value": 10, "of": "baseline", "direction": "both"})
    assert tally(compare(hospital, rule, actor=actor), "thin")["outcomes"] == {"NOT_ASSESSABLE": 3}
    values = BaselineValues(n=40, median=5.0, mad=0.1, first_day=TODAY, last_day=TODAY)
    device = series.device or series.exam.device
    baseline_set(actor=None, device=device, protocol_key="chest", quantity=THICKNESS, values=values)
    clone(known, "chest")
    outcomes = tally(compare(hospital, rule, actor=actor), "thin")["outcomes"]
    assert outcomes == {"NOT_ASSESSABLE": 2, "FAIL": 1}


def clone(known, protocol):
    """The same set once more, with a protocol: rows of evidence are never changed."""
    MeasurementSet.objects.filter(pk=known.pk).update(is_current=False)
    values = {f.attname: getattr(known, f.attname) for f in MeasurementSet._meta.concrete_fields if f.name != "id"}
    MeasurementSet.objects.create(**(values | {"version": "2", "protocol_key": protocol, "is_current": True}))


def test_it_gives_what_publishing_would_give(stored, hospital, actor):
    """Also where a baseline counts for exams before a change of the device and no longer after it."""
    first = Exam.objects.get(accession="A1", hospital=hospital)
    Exam.objects.filter(hospital=hospital, accession__in=("A4", "A6")).update(
        sort_at=first.sort_at + comparing.dt.timedelta(minutes=5)
    )
    for known in MeasurementSet.objects.filter(hospital=hospital, modality="CT"):
        clone(known, "chest")
    values = BaselineValues(n=40, median=5.0, mad=0.1, first_day=TODAY, last_day=TODAY)
    baseline_set(actor=None, device=first.device, protocol_key="chest", quantity=THICKNESS, values=values)
    at = first.sort_at + comparing.dt.timedelta(minutes=1)
    epoch_add(actor=actor, device=first.device, change=Change("tube", at, "换球管"))
    near = table("near", grade="B", limit={"op": "within_pct", "value": 30, "of": "baseline", "direction": "both"})
    rules = (table(), matrix(1024), near)
    tried = {c["criterion"]: c["outcomes"] for c in compare(hospital, *rules, actor=actor)["criteria"]}
    made = published(hospital, actor, *rules)
    run_due_here()
    found = {name: Counter() for name in tried}
    for row in Assessment.objects.filter(standard=made.code, is_current=True):
        for v in row.verdicts:
            found[v["criterion"]][v["outcome"]] += 1
    assert found == tried
    assert tried["near"] == {"FAIL": 1, "PASS": 2, "NOT_ASSESSABLE": 3}


def test_it_changes_nothing_and_needs_few_queries(stored, hospital, actor, monkeypatch):
    made = draft(hospital, actor, table())
    before = [Assessment.objects.count(), Finding.objects.count(), MeasurementSet.objects.count()]
    with CaptureQueriesContext(connection) as one_chunk:
        shadow_compare(hospital=hospital, standard=edition_standard(made), first_day=TODAY, last_day=TODAY)
    monkeypatch.setattr(comparing, "_AT_ONCE", 2)
    with CaptureQueriesContext(connection) as chunks:
        again = shadow_compare(hospital=hospital, standard=edition_standard(made), first_day=TODAY, last_day=TODAY)
    assert again.n_sets == 6
    assert (len(one_chunk), len(chunks)) == (5, 8)  # rules 2, count, baselines, then one a chunk
    assert [Assessment.objects.count(), Finding.objects.count(), MeasurementSet.objects.count()] == before


def test_examples_are_few_for_each_change(stored, hospital, actor, monkeypatch):
    monkeypatch.setattr(comparing, "EXAMPLES_EACH", 1)
    result = compare(hospital, table(), actor=actor)
    assert sorted(e["change"] for e in result["examples"]) == ["newly_fail", "newly_gap", "newly_pass"]
    monkeypatch.setattr(comparing, "EXAMPLES", 2)
    assert len(compare(hospital, table(), actor=actor)["examples"]) == 2


def test_a_worker_runs_it_once_and_says_how_far_it_is(stored, hospital, actor):
    run = shadow_ask(actor=actor, edition=draft(hospital, actor, table()), days=60)
    run_due_here()
    run.refresh_from_db()
    assert (run.state, run.n_sets, run.first_day) == ("done", 7, TODAY - comparing.dt.timedelta(days=59))
    assert run.result["criteria"][0]["changes"]["newly_fail"] == 3
    job = Job.objects.get(kind="shadow.asked")
    assert (job.state, job.progress_done, job.progress_total) == ("done", 7, 7)
    finished = run.finished_at
    assert shadow_run(run_id=run.pk).finished_at == finished
    assert shadow_run(run_id="00000000-0000-7000-8000-000000000009") is None


def test_a_draft_that_changed_meanwhile_is_not_tried(stored, hospital, actor):
    made = draft(hospital, actor, table())
    run = shadow_ask(actor=actor, edition=made, days=1)
    criterion_put(actor=actor, edition=made, table=table("more"))
    run_due_here()
    run.refresh_from_db()
    assert (run.state, run.error, run.result) == ("failed", "rulebook.changed_meanwhile", {})


def test_it_refuses_nothing_to_try_and_too_many_days(hospital, actor):
    with pytest.raises(Invalid):
        shadow_ask(actor=actor, edition=draft(hospital, actor), days=30)
    for days in (0, 100_000):
        with pytest.raises(Invalid):
            shadow_ask(actor=actor, edition=draft(hospital, actor, table()), days=days)
    assert not ShadowRun.objects.exists()


def test_the_other_hospital_does_not_see_it(hospital, other_hospital, actor):
    run = shadow_ask(actor=actor, edition=draft(hospital, actor, table()), days=1)
    with pytest.raises(NotFound):
        shadow_get(Scope.of_organisation(other_hospital), run.pk)
    assert shadow_get(Scope.of_organisation(hospital), run.pk) == run


def test_rules_without_any_criterion_concern_nothing(stored, hospital):
    empty = Standard("h1-rules-2026.9", "空", "empty", "h", "hospital", "x", None)
    result = shadow_compare(hospital=hospital, standard=empty, first_day=TODAY, last_day=TODAY)
    assert (result.n_sets, result.as_dict()["criteria"]) == (0, [])
