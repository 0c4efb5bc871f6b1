"""Automatic verdicts against people's decisions: the figures, the pages, the random sample."""

import datetime as dt
from urllib.parse import unquote
from uuid import UUID

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.catalog.making import item

from imagingqc.criteria.model import Confidence, Known, Limit, Outcome, Standard, Verdict
from imagingqc.errors import Reason
from yingheng.catalog.models import Exam
from yingheng.catalog.services import instances_catalogue
from yingheng.common.ids import uuid7
from yingheng.evidence import decided as reading
from yingheng.evidence.decided import DecidedVerdict, Period, in_sample
from yingheng.evidence.models import Assessment, Decision
from yingheng.evidence.services import Run, assessment_store, finding_decide, subject_of_exam, verdict_decide
from yingheng.tenancy.scope import Scope
from yingheng.web.calibration import Record, estimated_sensitivity, records, suggestion

pytestmark = pytest.mark.django_db
FAMILY, CRITERION, DAY = "image-quality-1", "ct.truncated", dt.date(2026, 3, 5)
PERIOD = Period(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
QUERY = "?first=2026-01-01&last=2026-12-31"
RULES = Standard(FAMILY, "规则", "rules", "x", "product", "generated", None)


def judged(value, outcome=None, *, limit=5.0, criterion=CRITERION, quantity="ct.body.truncated"):
    told = outcome or ("PASS" if value <= limit else "NEEDS_HUMAN")
    return Verdict(
        standard=FAMILY,
        criterion=criterion,
        clause="CT 2",
        outcome=Outcome(told),
        quantity=quantity,
        value=value,
        unit="%",
        limit=Limit(op="<=", value=limit),
        reason=None if told in {"PASS", "FAIL"} else Reason("limit_expert"),
        confidence=Confidence.EXPERT,
        grade="C",
        severity="minor",
    )


@pytest.fixture
def exams(hospital):
    """`exams(n)` makes n exams of the hospital."""

    def make(n, at=hospital, prefix="1.2.9"):
        made = []
        for i in range(n):
            study = f"{prefix}.{i + 1}"
            instances_catalogue(hospital=at, items=[item(1, study=study, series=f"{study}.1", AccessionNumber=study)])
            made.append(Exam.objects.get(hospital=at, study_uid=study))
        return made

    return make


def store(exam, *verdicts, inputs="in-1"):
    row, _created = assessment_store(
        subject=subject_of_exam(exam), standard=RULES, verdicts=verdicts, run=Run(code_version="1", input_hash=inputs)
    )
    return row


def decide(actor, row, human, criterion=CRITERION):
    automatic = next(v["outcome"] for v in row.verdicts if v["criterion"] == criterion)
    told = automatic in {"PASS", "FAIL"}
    verb = "judge" if not told else "confirm" if automatic == human else "overrule"
    return verdict_decide(
        actor=actor, assessment=row, criterion=criterion, verb=verb, outcome=human, reason="seen on the image"
    )


def everything():
    return reading.decided_verdicts(Scope.everything(), PERIOD)


def test_it_counts_each_verdict_with_the_decision_in_force(exams, actor):
    a, b, c, d = (store(exam, judged(v)) for exam, v in zip(exams(4), (1.0, 2.0, 8.0, 9.0), strict=True))
    decide(actor, a, "PASS")
    decide(actor, b, "FAIL")
    decide(actor, c, "FAIL")
    decide(actor, d, "FAIL")
    decide(actor, d, "PASS")  # the newer one holds
    (found,) = records(everything())
    assert found.key == (FAMILY, CRITERION)
    assert dict(found.cells) == {
        ("PASS", "PASS"): 1,
        ("PASS", "FAIL"): 1,
        ("NEEDS_HUMAN", "FAIL"): 1,
        ("NEEDS_HUMAN", "PASS"): 1,
    }
    assert (found.n, found.agreed, found.flagged, found.false_alarms, found.missed) == (4, 2, 2, 1, 1)
    verdict_decide(actor=actor, assessment=b, criterion=CRITERION, verb="withdraw", reason="mistaken")
    assert records(everything())[0].n == 3


def test_it_counts_a_decided_finding_for_every_criterion_that_it_breaks(exams, actor):
    (exam,) = exams(1)
    store(exam, judged(9.0, "FAIL"), judged(9.0, "FAIL", criterion="ct.second"))
    finding = exam.findings.get()
    finding_decide(actor=actor, finding=finding, verb="overrule", reason="the table, not the patient")
    found = {r.key[1]: r for r in records(everything())}
    assert {name: r.false_alarms for name, r in found.items()} == {CRITERION: 1, "ct.second": 1}


def test_it_counts_a_decision_again_only_for_a_new_input(exams, actor):
    (exam,) = exams(1)
    decide(actor, store(exam, judged(9.0)), "FAIL")
    store(exam, judged(9.0))  # the same input again
    assert records(everything())[0].n == 1
    decide(actor, store(exam, judged(2.0), inputs="in-2"), "PASS")
    assert records(everything())[0].n == 2


def test_it_keeps_to_period_modality_and_scope(exams, actor, hospital, other_hospital):
    own, theirs = exams(1)[0], exams(1, at=other_hospital, prefix="1.3.9")[0]
    for exam in (own, theirs):
        decide(actor, store(exam, judged(9.0)), "FAIL")
    assert records(everything())[0].n == 2
    mine = reading.decided_verdicts(Scope.of_organisation(hospital), PERIOD)
    assert records(mine)[0].n == 1
    late = Period(DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=9))
    for period in (late, Period(PERIOD.first, PERIOD.last, "MR"), Period(PERIOD.first, PERIOD.last, "", uuid7())):
        assert reading.decided_verdicts(Scope.everything(), period) == []


def test_its_sample_is_one_in_twenty_whatever_the_subject_is_like():
    ids = [uuid7() for _ in range(20_000)]
    n = sum(map(in_sample, ids))
    assert 850 < n < 1150  # 1000 ± 5 SD
    assert [in_sample(i) for i in ids[:50]] == [in_sample(i) for i in ids[:50]]


def test_its_query_draws_the_same_sample_as_its_function(exams, actor, monkeypatch):
    monkeypatch.setattr(reading, "SAMPLE_ONE_IN", 2)
    monkeypatch.setattr(reading, "_TAIL_BELOW", 16**8 // 2)
    rows = [store(exam, judged(1.0)) for exam in exams(12)]
    offered = reading.passes_to_decide(Scope.everything(), PERIOD, FAMILY, CRITERION, [])
    assert {row.pk for row in offered} == {row.pk for row in rows if reading.in_sample(row.subject_id)}
    if offered:
        decide(actor, offered[0], "PASS")
        left = reading.passes_to_decide(Scope.everything(), PERIOD, FAMILY, CRITERION, everything())
        assert {row.pk for row in left} == {row.pk for row in offered[1:]}


def test_it_offers_no_verdict_that_did_not_pass(exams, monkeypatch):
    monkeypatch.setattr(reading, "_TAIL_BELOW", 16**8 - 1)  # all ids but one in four thousand million
    good, bad = exams(2)
    kept = store(good, judged(1.0), judged(1.0, criterion="ct.second"))
    store(bad, judged(9.0), judged(1.0, criterion="ct.second"))
    offered = reading.passes_to_decide(Scope.everything(), PERIOD, FAMILY, CRITERION, [])
    assert [row.pk for row in offered] == [kept.pk]


def test_it_counts_all_verdicts_or_estimates_them_from_a_random_part(exams, monkeypatch):
    for exam, value in zip(exams(6), (1.0, 2.0, 3.0, 4.0, 8.0, 9.0), strict=True):
        store(exam, judged(value))
    scope = Scope.everything()
    whole = reading.automatic_counts(scope, PERIOD, FAMILY, CRITERION)
    assert (whole.assessments, whole.fraction, dict(whole.by_outcome)) == (6, 1.0, {"PASS": 4, "NEEDS_HUMAN": 2})
    monkeypatch.setattr(reading, "COUNTED", 3)
    part = reading.automatic_counts(scope, PERIOD, FAMILY, CRITERION)
    lower = [e for e in Exam.objects.all() if e.pk.int % 16**8 < 16**8 // 2]  # each has an even chance
    assert (part.assessments, part.fraction, sum(part.by_outcome.values())) == (6, 0.5, len(lower))


def test_it_counts_failures_without_reading_verdicts(exams):
    for exam, outcome in zip(exams(3), ("FAIL", "FAIL", "PASS"), strict=True):
        store(exam, judged(9.0, outcome), judged(9.0, "FAIL", criterion="ct.truncated.other"))
    assert reading.failed_count(Scope.everything(), PERIOD, FAMILY, CRITERION) == 2
    assert reading.failed_count(Scope.everything(), PERIOD, FAMILY, "ct.trunc") == 0


def faked(automatic, human, *, sampled=False, n=1):
    """Decisions without a database; the ends of the ids say whether they are in the sample."""
    tail = 1 if sampled else 16**8 - 2
    ids = [UUID(int=(uuid7().int >> 32 << 32) + tail) for _ in range(n)]
    return [DecidedVerdict(FAMILY, CRITERION, FAMILY, automatic, human, ("exam", i), "h") for i in ids]


def test_it_tells_sensitivity_only_from_sampled_passes():
    flags = faked("FAIL", "FAIL", n=30) + faked("FAIL", "PASS", n=10)
    chosen = faked("PASS", "PASS", n=50)  # decided, but people chose them
    counts = reading.Automatic(1000, 1.0, {"PASS": 960, "FAIL": 40})
    without = estimated_sensitivity(flags + chosen, counts, 40)
    assert isinstance(without.found, Reason)
    assert (without.found.code, without.sampled_decided) == ("few_cases", 0)
    sampled = faked("PASS", "PASS", sampled=True, n=47) + faked("PASS", "FAIL", sampled=True, n=1)
    found = estimated_sensitivity(flags + chosen + sampled, counts, 40)
    assert (found.sampled_decided, found.sampled_faulty) == (48, 1)
    assert found.found.value == pytest.approx(30 / (30 + 960 / 48))
    assert found.found.interval[0] < 0.6 < found.found.interval[1]


def with_values(values, faulty, limit=5.0, known=None):
    behind = []
    for value, bad in zip(values, faulty, strict=True):
        verdict = judged(float(value), limit=limit).as_dict() | {"reference": known.as_dict() if known else None}
        (decision,) = faked(verdict["outcome"], "FAIL" if bad else "PASS")
        behind.append((decision, verdict))
    return behind


def test_it_suggests_a_limit_only_where_the_data_tell():
    rng = np.random.default_rng(2)
    values = np.round(np.concatenate([rng.normal(6, 1.5, 60), rng.normal(14, 1.5, 40)]), 1)
    found = suggestion(with_values(values, [False] * 60 + [True] * 40))
    assert found.comparison.better
    assert 8 < found.best.value < 12
    assert found.best.op == "<="
    noise = suggestion(with_values(values, rng.permutation([False] * 60 + [True] * 40)))
    assert not noise.comparison.better


def test_it_moves_a_limit_against_the_baseline_too():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(10, 1, 40), rng.normal(25, 1, 30)])
    behind = with_values(values, [False] * 40 + [True] * 30, known=Known(10.0, 0.3, 40, 1))
    limit = Limit(op="within_mad", value=1.0, of="baseline", direction="above").as_dict()
    found = suggestion([(d, v | {"limit": limit}) for d, v in behind])
    assert found.comparison.better
    assert found.best.op == "within_mad"
    assert 5 < found.best.value < 32  # in robust standard deviations


def test_it_says_why_there_is_no_suggestion():
    assert suggestion([]).code == "few_cases"
    few = with_values([1, 2, 9], [False, False, True])
    assert suggestion(few).code == "few_cases"
    range_limit = Limit(op="between", value=(1, 5)).as_dict()
    assert suggestion([(d, v | {"limit": range_limit}) for d, v in few]).code == "limit_not_movable"


def test_it_says_nothing_of_kappa_with_too_few():
    cells = {("PASS", "PASS"): 8, ("FAIL", "FAIL"): 8}
    assert Record((FAMILY, CRITERION), FAMILY, cells).kappa is None
    assert Record((FAMILY, CRITERION), FAMILY, {k: 2 * n for k, n in cells.items()}).kappa.value == 1
    assert Record((FAMILY, CRITERION), FAMILY, {("PASS", "PASS"): 40}).kappa is None


def decide_many(actor, made):
    for i, exam in enumerate(made):
        row = store(exam, judged(float(i)))
        decide(actor, row, "FAIL" if i >= 14 else "PASS")


def test_the_pages_say_the_figures_and_name_the_bias(exams, actor, signed_in):
    decide_many(actor, exams(24))  # 0 to 5 pass, all sound; 6 to 13 flagged but sound; 14 to 23 flagged and faulty
    client = signed_in("qc_officer", "me")
    page = client.get(reverse("web:calibration") + QUERY).content.decode()
    assert "66.7" in page  # 16 of 24 agree
    assert "44.4" in page  # 8 of 18 flags are false alarms
    url = reverse("web:calibration_criterion", args=[FAMILY, CRITERION])
    assert unquote(url) in unquote(page)
    page = client.get(url + QUERY).content.decode()
    assert "人们多半只对不合格的作裁定" in page
    assert "样本不足" in page  # no sensitivity without sampled passes
    assert "≤ 13" in page
    assert "curves" in page


def test_a_criterion_nobody_knows_does_not_exist(signed_in, world):
    client = signed_in("qc_officer", "me")
    assert client.get(reverse("web:calibration_criterion", args=["no-such", "thing"])).status_code == 404
    known = client.get(reverse("web:calibration_criterion", args=[FAMILY, CRITERION]))
    assert known.status_code == 200
    assert "样本不足" in known.content.decode()


def test_a_sampled_pass_leads_to_the_form_of_the_decision(exams, signed_in, monkeypatch):
    monkeypatch.setattr(reading, "_TAIL_BELOW", 16**8 - 1)
    row = store(exams(1)[0], judged(1.0))
    url = reverse("web:calibration_criterion", args=[FAMILY, CRITERION]) + QUERY
    form = f"{reverse('web:decide', args=[row.exam_id, row.pk])}?criterion={CRITERION}"
    officer = signed_in("qc_officer", "officer")
    assert form in officer.get(url).content.decode()
    assert officer.get(form).status_code == 200
    reader = signed_in("technologist", "reader").get(url).content.decode()
    assert form not in reader
    assert reverse("web:exam", args=[row.exam_id]) in reader


def test_a_page_costs_the_same_for_few_and_for_many_decisions(exams, actor, signed_in):
    client = signed_in("qc_officer", "me")
    urls = [reverse("web:calibration") + QUERY, reverse("web:calibration_criterion", args=[FAMILY, CRITERION]) + QUERY]

    def asked(url):
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    decide_many(actor, exams(2))
    few = [asked(url) for url in urls]
    decide_many(actor, exams(30, prefix="1.2.10"))
    assert [asked(url) for url in urls] == few
    assert max(few) <= 15


def test_nothing_changes_by_looking(exams, actor, signed_in):
    decide_many(actor, exams(22))
    before = (Assessment.objects.count(), Decision.objects.count(), Exam.objects.count())
    client = signed_in("head", "me")
    client.get(reverse("web:calibration") + QUERY)
    client.get(reverse("web:calibration_criterion", args=[FAMILY, CRITERION]) + QUERY)
    assert (Assessment.objects.count(), Decision.objects.count(), Exam.objects.count()) == before
