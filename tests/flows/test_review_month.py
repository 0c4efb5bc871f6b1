"""A month of film review lived through: drawn, read by people of known bias, arbitrated, announced, objected to.

The readers are simulated: each adds a bias of their own and some scatter to the true quality of a film.  Nothing of
that is told to the platform, which must find it again.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from statistics import fmean

import numpy as np
import pytest
from tests.apps.review.making import GRADES as STEPS
from tests.apps.review.making import make_device, make_exams, make_readers, make_sheet, make_technologist

from imagingqc.stats.grades import cross_table, symmetrised, weighted_kappa
from yingheng.catalog.models import Retake
from yingheng.common.clock import local_day
from yingheng.jobs.worker import run_due_here
from yingheng.notify.models import Delivery
from yingheng.review.handlers import samples_due
from yingheng.review.models import AgreementReport, Appeal, Assignment, Campaign, Case, Plan, Reading, Ruling, Tracing
from yingheng.review.periods import period_due
from yingheng.review.selectors import assignments_of
from yingheng.review.services.agreeing import campaign_agreement
from yingheng.review.services.appealing import appeal_change, appeal_file
from yingheng.review.services.assigning import assignment_decline
from yingheng.review.services.counting import RECOUNTS
from yingheng.review.services.drawing import campaign_check
from yingheng.review.services.planning import PlanFields, plan_put
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.reading import OCCASION, assignment_open
from yingheng.review.sheet_subject import subject_of
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.rollups.selectors import cell_sums
from yingheng.rollups.services import cell_verify
from yingheng.sheets.judging import Basis
from yingheng.sheets.services import response_begin, response_submit
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.services import user_create

pytestmark = pytest.mark.django_db

BIAS = (-6.0, 5.0, 0.0, 1.0, -1.0, 0.5)  # points that each reader adds
SCATTER = 2.5  # points, standard deviation of one reading
QUALITY, SPREAD = 88.0, 6.0  # of the films
POOR = -8.0  # what one of the devices costs
GRADES = ("a", "b", "c", "waste")
SIZE, REPEATS = 100, 0.1

POINTS_SHEET = (
    """
key = "month-points"
version = 1
kind = "score"
title = "影像评分"
title_en = "Film score"
subject = "review"
lines = { excellent = 95, trace = 80 }

[[group]]
title = "影像"
title_en = "Image"
item = [
  { key = "points", type = "score", label = "得分", label_en = "Points", weight = 100 },
  { key = "note", type = "text", label = "说明", label_en = "Note", required = false },
]

"""
    + STEPS
)


class Month:
    """The department, its films with their true quality, and the people who read."""

    def __init__(self, hospital):
        self.hospital = hospital
        self.random = np.random.default_rng(20261101)
        first, _last = period_due("month", local_day(hospital.zone))
        self.day = first
        self.readers = make_readers(hospital, len(BIAS))
        self.bias = dict(zip(self.readers, BIAS, strict=True))
        self.arbiter = make_readers(hospital, 1, prefix="arbiter")[0]
        self.head = user_create(
            actor=None, username="thehead", display_name="主任", organisation=hospital, role="head",
            password="Radiograph-2026",
        ).user  # fmt: skip
        self.technologist = make_readers(hospital, 1, prefix="technologist")[0]
        self.quality = {}
        self.devices = [make_device(hospital, f"DR{i}", "DX") for i in range(4)]
        self._films()

    def _films(self):
        own = make_technologist(self.hospital, "T-reader", user=self.readers[2])  # one who reads is one who takes films
        other = make_technologist(self.hospital, "T-other", user=self.technologist)
        for number, device in enumerate(self.devices):
            for performer in (own, other):
                for exam in make_exams(
                    device, 20 + 20 * number, day=self.day, performer=performer, key=f"{performer}{number}"
                ):
                    poor = POOR if number == 0 else 0.0
                    self.quality[exam.pk] = min(99.0, QUALITY + poor + SPREAD * self.random.standard_normal())

    def score(self, exam, bias):
        found = self.quality[exam] + bias + SCATTER * self.random.standard_normal()
        return round(min(100.0, max(0.0, found)), 1)

    def plan(self):
        reads = ReadingSpec(
            readers=2, points_apart=10, pool=tuple(str(r.pk) for r in self.readers), arbiters=(str(self.arbiter.pk),)
        )
        sampling = SamplingSpec(size=SIZE, allocation="balanced", strata=("device",), repeats=REPEATS)
        fields = PlanFields("每月评片", "monthly", "month-points", "month", sampling, reads)
        plan = plan_put(actor=self.head.actor, organisation=self.hospital, fields=fields)
        Plan.objects.update(created_at=plan.created_at - dt.timedelta(days=40))  # it was there when the month began
        return plan

    def read(self, assignment, bias, note=""):
        """As the reading room does it: opened, typed, submitted."""
        assignment_open(reader=assignment.reader, assignment=assignment)
        template, actor = assignment.case.template, assignment.reader.actor
        sheet = response_begin(actor=actor, template=template, subject=subject_of(assignment), occasion=OCCASION)
        typed = {"points": str(self.score(assignment.case.exam_id, bias)), "note": note}
        response_submit(actor=actor, response=sheet, typed=typed, basis=Basis())

    def read_all(self):
        for reader in self.readers:
            for assignment in assignments_of(reader).filter(state=Assignment.State.ASSIGNED):
                self.read(assignment, self.bias[reader])
        for assignment in assignments_of(self.arbiter):
            self.read(assignment, 0.0, note="复看原片后评定")


@pytest.fixture
def month(hospital):
    make_sheet(hospital, POINTS_SHEET)
    return Month(hospital)


def drawn(month):
    month.plan()
    assert samples_due() == 1
    run_due_here()
    return Campaign.objects.get()


def grade(points):
    return next(key for key, least in zip(GRADES, (90, 80, 60, 0), strict=True) if points >= least)


def test_a_month_of_film_review(month, hospital):
    campaign = drawn(month)

    # drawn: balanced over unequal devices, repeatable, nobody has own films
    by_device = Counter(campaign.cases.filter(origin="drawn").values_list("device", flat=True))
    assert set(by_device.values()) == {SIZE // 4}
    assert campaign_check(campaign).same
    assert campaign.cases.filter(origin="repeat").count() == SIZE * REPEATS
    assert not Assignment.objects.filter(reader=month.readers[2], case__performer__user=month.readers[2]).exists()

    # one hands a case back: somebody else gets it
    gone = assignments_of(month.readers[0]).filter(case__origin="drawn", case__repeats=None).first()
    assert assignment_decline(reader=month.readers[0], assignment=gone, reason="认识该患者") is not None

    month.read_all()
    real = campaign.cases.exclude(state=Case.State.WITHDRAWN).exclude(origin="repeat")
    assert {case.state for case in real} == {"settled"}
    assert Reading.objects.count() == Assignment.objects.filter(state="submitted").count()

    # sealed until announced
    scope, days = Scope.of_organisation(hospital), (campaign.first_day, campaign.last_day)
    assert cell_sums(scope, indicator="review.score", first=days[0], last=days[1]) == []
    campaign_publish(actor=month.head.actor, campaign=campaign)
    run_due_here()

    # what counts equals what was ruled, and its recount
    ruled = [case.score for case in real]
    (cell,) = cell_sums(scope, indicator="review.score", first=days[0], last=days[1])
    assert cell.denominator == len(ruled) == SIZE
    assert cell.total / cell.denominator == pytest.approx(fmean(ruled))
    for indicator, recount in RECOUNTS.items():
        assert cell_verify(indicator=indicator, scope=Scope.everything(), recount=recount) == [], indicator

    # the readers' biases cancel: rulings come near to the truth, and the poor device stands out
    error = [case.score - month.quality[case.exam_id] for case in real]
    assert abs(fmean(error) - fmean(BIAS)) < 1.5
    means = {one: fmean(c.score for c in real if c.device_id == one.pk) for one in month.devices}
    assert min(means, key=means.get) == month.devices[0]

    finds_the_readers(month, campaign)
    follows_up(month, real)


def finds_the_readers(month, campaign):
    """Bias and agreement, from nothing but the readings."""
    campaign_agreement(campaign=Campaign.objects.get(pk=campaign.pk))
    content = AgreementReport.objects.get(kind="campaign").content
    effects = {row["id"]: row["effect"] for row in content["readers"] if row["id"] != str(month.arbiter.pk)}
    centred = fmean(BIAS)
    for reader, bias in month.bias.items():
        found = effects[str(reader.pk)]
        low, high = found["interval"]
        assert abs(found["value"] - (bias - centred)) < 4.5 * (high - low) / 4 + 0.3, reader
    strict, lenient = (effects[str(month.readers[i].pk)]["interval"] for i in (0, 1))
    assert strict[1] < 0 < lenient[0]

    # kappa: exactly that of the grades that were given, and near to what such readers must reach
    pairs = first_pairs(campaign)
    exact = weighted_kappa(symmetrised(cross_table([a for a, _b in pairs], [b for _a, b in pairs], GRADES)))
    kappa = content["pairs"]["kappa"]
    assert kappa["value"] == pytest.approx(exact.value)
    assert kappa["n"] == len(pairs) == SIZE
    assert abs(kappa["value"] - expected_kappa()) < 4 * (kappa["interval"][1] - kappa["interval"][0]) / 4


def first_pairs(campaign):
    by_case = {}
    rows = Reading.objects.filter(campaign=campaign, case__repeat_of=None).exclude(slot=3)
    for case, slot, given in rows.values_list("case", "slot", "grade"):
        by_case.setdefault(case, {})[slot] = given
    return [(one[1], one[2]) for one in by_case.values() if len(one) == 2]


def expected_kappa(n=40_000):
    """What two different readers of this group come to on such films, by simulation."""
    random = np.random.default_rng(7)
    poor = np.where(np.arange(n) % 4 == 0, POOR, 0.0)
    quality = np.minimum(99.0, QUALITY + poor + SPREAD * random.standard_normal(n))
    first = random.integers(0, len(BIAS), n)
    second = (first + random.integers(1, len(BIAS), n)) % len(BIAS)
    bias = np.asarray(BIAS)
    told = [
        [grade(x) for x in np.clip(quality + bias[who] + SCATTER * random.standard_normal(n), 0, 100)]
        for who in (first, second)
    ]
    return weighted_kappa(symmetrised(cross_table(told[0], told[1], GRADES))).value


def follows_up(month, real):
    """Poor films are traced, a technologist objects, and what changes counts anew."""
    poor = [case for case in real if case.score < 80]
    assert Tracing.objects.count() == len(poor) > 0
    assert Delivery.objects.filter(recipient=month.technologist, message__kind="review.results_own").exists()
    assert Retake.objects.filter(origin="review").count() == sum(case.grade == "waste" for case in real)
    case = next(c for c in sorted(poor, key=lambda c: c.number) if c.performer.user_id == month.technologist.pk)
    appeal = appeal_file(user=month.technologist, case=case, reason="患者驼背，已尽力摆位")
    appeal_change(user=month.head, appeal=appeal, score=85.0, grade="b", reason="体位受限属实")
    run_due_here()
    case.refresh_from_db()
    assert (case.score, case.grade, Ruling.objects.filter(case=case).count()) == (85.0, "b", 2)
    assert Appeal.objects.get().state == "changed"
    for indicator, recount in RECOUNTS.items():
        assert cell_verify(indicator=indicator, scope=Scope.everything(), recount=recount) == [], indicator


def test_the_expected_kappa_is_one_of_readers_who_differ():
    assert 0.3 < expected_kappa(4000) < 0.95
    assert math.isfinite(expected_kappa(1000))
