"""Assessments: append-only, the newest current, findings and summaries in the same transaction."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.apps.evidence.making import GAPS, measurement, standard, store, verdict

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam
from yingheng.common import events
from yingheng.common.errors import Invalid
from yingheng.evidence import selectors
from yingheng.evidence.models import Assessment, Baseline, Decision, Finding, MeasurementSet
from yingheng.evidence.services import (
    RECOUNTS,
    BaselineValues,
    Subject,
    assessing,
    baseline_set,
    finding_decide,
    measurements_store,
)
from yingheng.evidence.truth import standard_family
from yingheng.jobs.models import Job
from yingheng.rollups.models import Cell
from yingheng.rollups.services import cell_verify
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db


def cells(indicator):
    rows = Cell.objects.filter(indicator=indicator)
    return sum(c.numerator for c in rows), sum(c.denominator for c in rows)


def test_it_stores_measurements_once_per_methods_version_and_inputs(of_series):
    def put(version="1", inputs="a", value=0.6):
        return measurements_store(
            subject=of_series, method_set="ct", version=version, input_hash=inputs, values=[measurement(value)]
        )

    first, created = put()
    assert created
    assert put() == (first, False)
    second, _ = put(inputs="b", value=0.7)
    scope = Scope.everything()
    (current,) = selectors.measurements_current(scope, subject_type="series", subject_id=of_series.id)
    assert current == second
    assert current.values == [measurement(0.7).as_dict()]
    again, created = put()  # the inputs are those of the first run again
    assert (again.pk, created) == (first.pk, False)
    (current,) = selectors.measurements_current(scope, subject_type="series", subject_id=of_series.id)
    assert current.pk == first.pk
    assert MeasurementSet.objects.count() == 2
    assert Job.objects.filter(kind=events.MEASUREMENT_STORED).count() == 2


def test_it_keeps_an_assessment_with_its_provenance(of_series, exam):
    row, created = store(
        of_series, verdict("a", "PASS"), verdict("b", "FAIL"), verdict("m", "NEEDS_HUMAN", grade="manual")
    )
    assert created
    assert (row.outcome, row.n_pass, row.n_fail, row.n_human, row.n_manual) == ("FAIL", 1, 1, 0, 1)
    assert (row.family, row.standard, row.failed) == ("hospital-rules", "hospital-rules-2026", ["b"])
    assert row.run["code_version"] == "1.0"
    assert row.verdicts[1] == verdict("b", "FAIL").as_dict()
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_pass, exam.n_fail, exam.n_findings) == ("FAIL", 1, 1, 1)


def test_it_changes_nothing_for_the_same_verdicts_inputs_and_code(of_series):
    first, _ = store(of_series, verdict("a", "FAIL"))
    before = [list(m.objects.order_by("pk").values()) for m in (Assessment, Finding, Cell, Exam)]
    assert store(of_series, verdict("a", "FAIL")) == (first, False)
    assert [list(m.objects.order_by("pk").values()) for m in (Assessment, Finding, Cell, Exam)] == before


def test_it_supersedes_and_counts_only_the_current(of_series, exam):
    first, _ = store(of_series, verdict("a", "FAIL"))
    second, _ = store(of_series, verdict("a", "PASS", value=0.4), inputs="in-2")
    assert second.supersedes == first
    first.refresh_from_db()
    assert (first.is_current, second.is_current) == (False, True)
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_pass, exam.n_fail) == ("PASS", 1, 0)
    assert cells("assessment.pass") == (1, 1)
    assert cells("assessment.assessable") == (1, 1)


def test_an_older_edition_never_replaces_a_newer_one(of_series):
    newer, _ = store(of_series, verdict("a", "PASS"), edition=standard(2026))
    older, created = store(of_series, verdict("a", "FAIL"), edition=standard(2020))
    assert created
    assert not older.is_current
    assert store(of_series, verdict("a", "FAIL"), edition=standard(2020)) == (older, False)
    assert Assessment.objects.get(is_current=True) == newer
    assert not Finding.objects.exists()
    assert standard_family("ws-519-2019") == "ws-519"
    assert standard_family("hospital-rules-2026.1") == "hospital-rules"
    assert standard_family("house-rules") == "house-rules"


def test_a_trial_run_changes_nothing_but_itself(of_series, exam):
    store(of_series, verdict("a", "FAIL"), run_kind="shadow")
    exam.refresh_from_db()
    assert exam.outcome == ""
    assert not Finding.objects.exists()
    assert not Cell.objects.exists()


@pytest.mark.parametrize(
    ("outcomes", "summary"),
    [
        (("PASS", "PASS"), "PASS"),
        (("PASS", "NOT_ASSESSABLE"), "NOT_ASSESSABLE"),
        (("PASS", "NOT_ASSESSABLE", "NEEDS_HUMAN"), "NEEDS_HUMAN"),
        (("PASS", "FAIL", "NEEDS_HUMAN"), "FAIL"),
        ((), "NOT_ASSESSABLE"),
    ],
)
def test_the_exam_shows_the_worst_of_everything_judged(of_series, of_exam, exam, outcomes, summary):
    store(of_series, *(verdict(f"c{i}", o) for i, o in enumerate(outcomes)))
    exam.refresh_from_db()
    assert exam.outcome == summary
    store(of_exam, verdict("e", "FAIL", quantity=GAPS))
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_fail) == ("FAIL", outcomes.count("FAIL") + 1)


def test_a_manual_clause_alone_waits_for_a_person(of_exam, exam):
    store(of_exam, verdict("m", "NEEDS_HUMAN", grade="manual", quantity=None))
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_human) == ("NEEDS_HUMAN", 0)


def test_a_failure_in_the_middle_leaves_nothing(of_series, monkeypatch):
    def broken(*_args, **_kwargs):
        raise OSError("power cut")

    monkeypatch.setattr(assessing, "exam_outcome_refresh", broken)
    jobs = Job.objects.count()
    with pytest.raises(OSError, match="power cut"):
        store(of_series, verdict("a", "FAIL"))
    for model in (Assessment, Finding, Cell):
        assert not model.objects.exists()
    assert Job.objects.count() == jobs


def test_its_cells_equal_a_recount(of_series, of_exam, of_device):
    store(of_series, verdict("a", "FAIL"))
    store(of_exam, verdict("a", "PASS"), edition=standard(name="ws-519"))
    store(of_device, verdict("a", "NOT_ASSESSABLE"))
    store(of_series, verdict("a", "PASS"), verdict("b", "FAIL", quantity=GAPS), inputs="in-2")
    store(of_series, verdict("a", "PASS"), verdict("b", "PASS", quantity=GAPS), inputs="in-3")
    store(of_series, verdict("z", "FAIL"), run_kind="shadow")
    assert set(Cell.objects.values_list("indicator", flat=True)) == set(RECOUNTS)
    for indicator, recount in RECOUNTS.items():
        assert cell_verify(indicator=indicator, scope=Scope.everything(), recount=recount) == []
    assert cells("assessment.pass") == (2, 2)
    assert cells("assessment.assessable") == (2, 3)
    assert cells("finding.opened") == (2, 0)


def test_the_database_keeps_evidence_append_only(of_series, actor):
    row, _ = store(of_series, verdict("a", "FAIL"))
    measured, _ = measurements_store(
        subject=of_series, method_set="ct", version="1", input_hash="a", values=[measurement()]
    )
    decision = finding_decide(actor=actor, finding=Finding.objects.get(), verb="confirm")
    attempts = (
        lambda: Assessment.objects.filter(pk=row.pk).update(outcome="PASS"),
        lambda: Assessment.objects.filter(pk=row.pk).update(verdicts=[], is_current=False),
        lambda: MeasurementSet.objects.filter(pk=measured.pk).update(values=[]),
        lambda: MeasurementSet.objects.filter(pk=measured.pk).delete(),
        lambda: Decision.objects.filter(pk=decision.pk).update(reason="changed"),
        lambda: Decision.objects.filter(pk=decision.pk).delete(),
    )
    for attempt in attempts:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()
    assert Decision.objects.get() == decision


def test_it_sets_a_new_version_of_a_baseline(exam, actor):
    day = dt.date(2026, 3, 5)

    def put(n=10, median=0.4):
        return baseline_set(
            actor=actor,
            device=exam.device,
            protocol_key="daily",
            quantity="ct.phantom.noise",
            values=BaselineValues(n, median, 0.01, day, day),
            cause="new tube",
        )

    put()
    assert put(median=0.5).version == 2
    with pytest.raises(Invalid):
        put(n=0)
    key = {"device": exam.device, "protocol_key": "daily", "quantity": "ct.phantom.noise"}
    assert selectors.baseline_current(Scope.everything(), **key).median == 0.5
    assert Baseline.objects.count() == Entry.objects.filter(action="baseline.set").count() == 2


def test_it_refuses_an_unknown_kind_of_subject(of_series):
    with pytest.raises(Invalid):
        Subject(of_series.hospital, "planet", of_series.id, of_series.local_day)


def test_reading_an_exam_costs_the_same_for_any_number_of_series(of_series, of_exam, exam):
    scope = Scope.everything()

    def count():
        with CaptureQueriesContext(connection) as queries:
            verdicts = selectors.verdicts_effective_of_exam(scope, exam)
            findings = [(f.exam.accession, str(f.device)) for f in selectors.finding_list(scope, exam=exam)]
        return len(queries), len(verdicts), len(findings)

    store(of_series, verdict("a", "FAIL"))
    few = count()
    for i in range(40):
        store(of_exam, verdict("a", "FAIL", quantity=f"q{i}"), edition=standard(name=f"s{i}x"))
    assert few == (3, 1, 1)
    assert count() == (3, 41, 41)


def test_another_hospital_sees_no_measurements(of_series, exam, other_hospital):
    measurements_store(subject=of_series, method_set="ct", version="1", input_hash="a", values=[measurement()])
    day = dt.date(2026, 3, 5)
    values = BaselineValues(3, 0.4, 0.01, day, day)
    key = {"device": exam.device, "protocol_key": "daily", "quantity": "ct.phantom.noise"}
    baseline_set(actor=None, values=values, **key)
    reads = (
        lambda s: selectors.measurements_current(s, subject_type="series", subject_id=of_series.id),
        lambda s: selectors.measurements_of_exam(s, exam),
        lambda s: selectors.measurements_of_device(s, exam.device),
    )
    for scope, n in ((Scope.of_organisation(exam.hospital), 1), (Scope.of_organisation(other_hospital), 0)):
        assert [len(read(scope)) for read in reads] == [n] * len(reads)
        assert (selectors.baseline_current(scope, **key) is not None) == bool(n)
