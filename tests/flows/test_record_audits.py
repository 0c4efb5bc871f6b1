"""Audits of reports, records and SOPs lived through: drawn, read blind by two, arbitrated, announced, objected to.

The readers are simulated: each finds what is planted, and one of them is blind to one kind of fault.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.review.auditing import SHEETS, make_order, make_version, typed
from tests.apps.review.making import make_device, make_exams, make_readers, make_technologist

from yingheng.catalog.models import Exam, Report
from yingheng.common.clock import local_day
from yingheng.evidence.models import Assessment
from yingheng.jobs.worker import run_due_here
from yingheng.registry.models import Person
from yingheng.review.handlers import samples_due
from yingheng.review.models import Assignment, Campaign, Case, Plan, Reading, Ruling, Tracing
from yingheng.review.periods import period_due
from yingheng.review.presets import presets
from yingheng.review.selectors import assignments_of
from yingheng.review.services.appealing import appeal_change, appeal_file
from yingheng.review.services.counting import CONFORM, RECOUNTS, SCORE
from yingheng.review.services.planning import PlanFields, plan_put
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.reading import OCCASION, assignment_open
from yingheng.review.services.tracing import proving_cases
from yingheng.review.sheet_subject import subject_of
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.review.subjects import mean_target
from yingheng.rollups.selectors import cell_sums
from yingheng.rollups.services import cell_verify
from yingheng.sheets.judging import Basis
from yingheng.sheets.services import response_begin, response_submit
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.services import user_create

pytestmark = pytest.mark.django_db
EVERY = {"report": "month", "record": "month", "sop": "quarter"}
N = 6
#: What is planted in every fourth subject, and what a reader ticks who sees it.
WRONG_SIDE = {"consistency.faults": ["rd09"]}
SPELLING = {"wording.faults": ["rd22"]}
POOR = {"record": {"protocol": "no", "dose": "no", "times": "no"}, "sop": {"protocol": "no", "position": "no"}}


class World:
    """A department, its exams with requests and reports, and the people who audit them."""

    def __init__(self, hospital):
        self.hospital = hospital
        self.readers = make_readers(hospital, 4)
        self.arbiter = make_readers(hospital, 1, prefix="arbiter")[0]
        self.head = user_create(
            actor=None, username="thehead", display_name="主任", organisation=hospital, role="head",
            password="Radiograph-2026",
        ).user  # fmt: skip
        #: One of the readers signs reports, another one takes images.
        self.signer = self._person("S1", "签发甲", self.readers[0])
        self.other = self._person("S2", "签发乙")
        self.arbiter_head = user_create(
            actor=None, username="otherhead", display_name="副主任", organisation=hospital, role="head",
            password="Radiograph-2026",
        ).user  # fmt: skip
        self.technologist = make_technologist(hospital, "T1", user=self.readers[1])

    def _person(self, number, name, user=None):
        return Person.objects.create(
            hospital=self.hospital, staff_number=number, name=name, category=Person.Category.PHYSICIAN, user=user
        )

    def exams(self, day):
        key = f"{day:%m}"
        own, others = (make_device(self.hospital, f"CT{key}{one}") for one in "AB")
        rows = make_exams(own, N, day=day, performer=self.technologist, key=f"own{key}")
        rows += make_exams(others, N, day=day, key=f"other{key}")
        for n, exam in enumerate(rows):
            make_order(exam)
            make_version(exam, 1, signers=(self.signer.name if n % 3 == 0 else self.other.name,))
        return rows

    def plan(self, kind):
        reads = ReadingSpec(
            readers=2, points_apart=10, pool=tuple(str(r.pk) for r in self.readers), arbiters=(str(self.arbiter.pk),)
        )
        sampling = SamplingSpec(allocation="all", strata=())
        fields = PlanFields(f"考核{kind}", "audit", SHEETS[kind], EVERY[kind], sampling, reads, subject_kind=kind)
        made = plan_put(actor=self.head.actor, organisation=self.hospital, fields=fields)
        Plan.objects.filter(pk=made.pk).update(created_at=made.created_at - dt.timedelta(days=200))
        return made

    def read_all(self, kind):
        """Everybody reads what they have; the third reader does not see a wrong side."""
        for reader in (*self.readers, self.arbiter):
            for row in assignments_of(reader).filter(state=Assignment.State.ASSIGNED):
                self.read(row, self.found(kind, row, blind=reader == self.readers[2]))

    def found(self, kind, row, *, blind):
        if row.case.number % 4:
            return SPELLING if kind == "report" and row.case.number % 4 == 1 else {}
        if kind == "report":
            return {} if blind else WRONG_SIDE
        return POOR[kind]

    def read(self, row, more):
        assignment_open(reader=row.reader, assignment=row)
        sheet = response_begin(
            actor=row.reader.actor, template=row.case.template, subject=subject_of(row), occasion=OCCASION
        )
        response_submit(
            actor=row.reader.actor, response=sheet, typed=typed(row.campaign.subject_kind, **more), basis=Basis()
        )


@pytest.fixture
def world(hospital):
    return World(hospital)


def drawn(world, kind):
    first, _last = period_due(EVERY[kind], local_day(world.hospital.zone))
    world.exams(first)
    world.plan(kind)
    assert samples_due() >= 1
    run_due_here()
    return Campaign.objects.get(subject_kind=kind)


def browser(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def lived_through(world, kind):
    campaign = drawn(world, kind)
    world.read_all(kind)
    world.read_all(kind)  # what went to arbitration meanwhile
    campaign.refresh_from_db()
    assert campaign.n_settled == campaign.n_cases == 2 * N
    campaign_publish(actor=world.head.actor, campaign=campaign)
    run_due_here()
    return campaign


def summed(campaign, indicator):
    scope = Scope.of_organisation(campaign.organisation)
    (found,) = cell_sums(scope, indicator=indicator, first=campaign.first_day, last=campaign.last_day)
    return found


def assert_recounted(campaign):
    scope = Scope.of_organisation(campaign.organisation)
    for indicator, recount in RECOUNTS.items():
        assert cell_verify(indicator=indicator, scope=scope, recount=recount) == [], indicator


def test_reports_are_audited_by_who_did_not_sign_them(world):
    campaign = lived_through(world, "report")
    cases = list(Case.objects.filter(campaign=campaign).select_related("performer"))
    by_signer = Counter(case.performer.name for case in cases)
    assert by_signer == {"签发甲": 4, "签发乙": 8}  # never the technologist, who took half of the images
    own = [case.pk for case in cases if case.performer == world.signer]
    assert not Reading.objects.filter(case__in=own, reader=world.readers[0]).exists()
    assert Reading.objects.filter(slot=3, reader=world.arbiter).exists()  # one who misses a wrong side differs
    poor = [ruling for ruling in Ruling.objects.filter(case__campaign=campaign) if "RD-09" in ruling.faults]
    assert len(poor) == 3
    assert all(ruling.grade == "fail" and ruling.details["conform"] is False for ruling in poor)
    sums = summed(campaign, CONFORM)
    assert (sums.numerator, sums.denominator) == (9, 12)
    assert_recounted(campaign)
    assert not Assessment.objects.filter(standard="film-review-1").exists()  # a report is no finding of the exam
    assert {row.case.campaign.subject_kind for row in Tracing.objects.all()} == {"report"}
    assert Tracing.objects.count() == 3
    appealed(world, campaign, poor[0].case)


def appealed(world, campaign, case):
    """The signer objects, the head changes the ruling, the cells follow."""
    case = Case.objects.select_related("performer__user").get(pk=case.pk)
    user = world.readers[0] if case.performer == world.signer else world.head
    appeal = appeal_file(user=user, case=case, reason="原图即为左侧")
    decider = world.arbiter_head if user == world.head else world.head
    appeal_change(user=decider, appeal=appeal, score=95.0, grade="a", faults=[], reason="核对原图属实")
    sums = summed(campaign, CONFORM)
    assert (sums.numerator, sums.denominator) == (10, 12)
    assert_recounted(campaign)


def test_a_report_corrected_after_the_draw_is_read_as_it_was_drawn(world):
    campaign = drawn(world, "report")
    row = Assignment.objects.filter(campaign=campaign).select_related("case__exam", "reader").first()
    make_version(row.case.exam, 2, state="corrected", findings="右肺上叶见 12 mm 结节。")
    html = browser(row.reader).get(reverse("web:reading_case", args=[row.pk])).json()["content"]["html"]
    assert "左肺上叶见 12 mm 结节" in html
    assert "右肺上叶见" not in html
    assert "第 2 版" in html
    assert Report.objects.get(pk=row.case.subject_id).version == 1
    assert "签发甲" not in html
    assert "签发乙" not in html


@pytest.mark.parametrize("kind", ["record", "sop"])
def test_records_are_audited_by_who_did_not_make_them(world, kind):
    campaign = lived_through(world, kind)
    own = Case.objects.filter(campaign=campaign, performer=world.technologist)
    assert own.count() == N
    assert not Reading.objects.filter(case__in=own, reader=world.readers[1]).exists()
    assert Tracing.objects.filter(case__campaign=campaign).count() == 3  # below 80 points
    assert {ruling.details.get("conform") for ruling in Ruling.objects.all()} == {None}
    sums = summed(campaign, SCORE)
    assert sums.denominator == 2 * N
    assert_recounted(campaign)


def test_what_shows_that_it_helped_is_of_the_same_kind(world):
    campaign = lived_through(world, "sop")
    tracing = Tracing.objects.select_related("case__campaign", "case__template", "case__exam").first()
    later = Case.objects.filter(campaign=campaign, score__gte=90).first()
    traced = tracing.case
    same = {"performer": traced.performer, "device": traced.device, "body_part": traced.body_part}
    Case.objects.filter(pk=later.pk).update(local_day=traced.local_day + dt.timedelta(days=1), **same)
    assert later in list(proving_cases(tracing))
    tracing.case.campaign.subject_kind = "exam"  # had it been a film
    assert later not in list(proving_cases(tracing))


def test_pages_of_results_speak_of_reports_and_records(world):
    for kind in ("report", "sop"):
        campaign = lived_through(world, kind)
        page = browser(world.head).get(reverse("review:results", args=[campaign.pk])).content.decode()
        assert ("书写规范率" in page) == (kind == "report")
        assert ("按签发人" in page) == (kind == "report")
        assert "废片率" not in page
        case = Case.objects.filter(campaign=campaign).order_by("number").first()
        told = browser(world.head).get(reverse("review:case", args=[case.pk])).content.decode()
        assert ("左肺上叶见" in told) == (kind == "report")
        Exam.objects.all().update(local_day=dt.date(2020, 1, 1))
    assert (mean_target("sop"), mean_target("report"), mean_target("exam")) == (98.0, None, 92.0)
    mine = browser(world.readers[0]).get(reverse("review:mine")).content.decode()
    assert "我的成绩：报告" in mine
    assert "签发甲" not in mine


def test_a_quarter_of_sop_audits_is_one_click_away():
    told = presets()["sop"]
    assert (told["size"], told["every"], told["readers"]) == (100, "quarter", "2")
