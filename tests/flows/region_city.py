"""The world of the region's review: a QC centre, five unequal hospitals, ten experts with a known bias each."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import numpy as np
from django.db.models import F
from tests.apps.review.making import make_device, make_exams, make_hospital, make_region, make_sheet, make_technologist
from tests.apps.review.rooming import client_of
from tests.flows.test_review_month import POINTS_SHEET

from yingheng.review.models import Assignment, Campaign
from yingheng.review.selectors import assignments_of
from yingheng.review.services.drawing import campaign_draw
from yingheng.review.services.planning import PlanFields, plan_put
from yingheng.review.services.reading import OCCASION, assignment_open
from yingheng.review.sheet_subject import subject_of
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.sheets.judging import Basis
from yingheng.sheets.services import response_begin, response_submit
from yingheng.tenancy.models import Membership
from yingheng.tenancy.services import membership_grant, user_create

DAY = dt.date(2026, 10, 15)
SIZES = (60, 40, 30, 20, 12)  # exams of each device of a hospital
QUALITY = (90.0, 90.0, 80.0, 91.0, 89.0)  # of the films of each hospital: the third is poor
SPREAD, SCATTER = 4.0, 1.5
BIAS = (-5.0, 4.0, 0.0, 1.0, -1.0, 0.5, 0.0, 0.5, 0.0, 0.0)  # points that each expert adds
SIZE, LEAST = 165, 32
SECOND = ((0, 3), (5, 1))  # expert -> a second hospital where they have a role


class Region:
    """The QC centre, five unequal hospitals, and ten experts who belong to them."""

    def __init__(self):
        self.random = np.random.default_rng(20261122)
        self.region = make_region("city-1")
        self.hospitals = [make_hospital(f"ch{i}", self.region) for i in range(5)]
        self.hospitals[4].zone = "Asia/Urumqi"
        self.hospitals[4].save()
        self.centre = self.person("centre", self.region, "regional_centre")
        self.leader = self.person("leader", self.region, "regional_leader")
        self.heads = [self.person(f"head{i}", place, "head") for i, place in enumerate(self.hospitals)]
        self.experts = [self.person(f"expert{i}", self.hospitals[i % 5], "radiologist") for i in range(10)]
        for expert, second in SECOND:
            self.grant(self.experts[expert], self.hospitals[second])
        self.technologist = self.person("technologist", self.hospitals[2], "technologist")
        self.quality = {}
        for number, place in enumerate(self.hospitals):
            self._films(number, place)
        self.sheet = make_sheet(self.region, POINTS_SHEET)

    def person(self, name, place, role):
        return user_create(
            actor=None, username=name, display_name=name, organisation=place, role=role, password="Radiograph-2026"
        ).user

    def grant(self, user, place):
        membership_grant(actor=None, user=user, organisation=place, role="expert")

    def _films(self, number, place):
        user = self.technologist if number == 2 else None
        performer = make_technologist(place, f"T{number}", user=user)
        for machine, modality in ((0, "DX"), (1, "CT")):
            device = make_device(place, f"{place.code}-{modality}", modality)
            for exam in make_exams(device, SIZES[number], day=DAY, performer=performer, series=True):
                poor = 3.0 if machine else 0.0  # CT is harder everywhere
                self.quality[exam.pk] = QUALITY[number] - poor + SPREAD * self.random.standard_normal()

    def places_of(self, user):
        """Hospitals that a person belongs to, by whatever role."""
        return {user.home_id, *Membership.objects.filter(user=user).values_list("organisation", flat=True)}

    def draw(self):
        sampling = SamplingSpec(
            size=SIZE, allocation="proportional", minimum=LEAST, strata=("hospital", "device"), repeats=0.04
        )
        reads = ReadingSpec(
            readers=2, points_apart=8, by_grade=False, days=10, other_hospitals_only=True, blind="full",
            pool=tuple(str(one.pk) for one in self.experts),
        )  # fmt: skip
        fields = PlanFields("区域影像质量评审", "regional", "month-points", "once", sampling, reads)
        plan = plan_put(actor=self.centre.actor, organisation=self.region, fields=fields)
        last = DAY + dt.timedelta(days=20)
        return campaign_draw(actor=self.centre.actor, plan=plan, first_day=DAY, last_day=last, seed="region")

    def read(self, row):
        assignment_open(reader=row.reader, assignment=row)
        actor = row.reader.actor
        sheet = response_begin(actor=actor, template=row.case.template, subject=subject_of(row), occasion=OCCASION)
        bias = 0.0 if row.slot == 3 else BIAS[self.experts.index(row.reader)]
        points = self.quality[row.case.exam_id] + bias + SCATTER * self.random.standard_normal()
        typed = {
            "points": str(round(min(100.0, max(0.0, points)), 1)),
            "note": "仲裁：复看原片" if row.slot == 3 else "",
        }
        response_submit(actor=actor, response=sheet, typed=typed, basis=Basis())

    def read_of(self, user, most=None):
        rows = assignments_of(user).filter(state__in=("assigned", "begun"), campaign__state="reading")
        for row in rows[:most]:
            self.read(row)


def held(campaign, *slots):
    rows = campaign.assignments.exclude(state__in=("declined", "withdrawn"))
    return rows.filter(slot__in=slots or (1, 2, 3)).select_related("reader", "case")


def nobody_reads_their_own(city, campaign):
    for row in Assignment.objects.filter(campaign=campaign).select_related("reader", "case"):
        assert row.case.hospital_id not in city.places_of(row.reader)


def every_case_has_two(campaign):
    slots = defaultdict(set)
    for row in held(campaign, 1, 2):
        slots[row.case_id].add((row.slot, row.reader_id))
    cases = campaign.cases.exclude(state="withdrawn")
    assert all({1, 2} == {s for s, _r in slots[c.pk]} and len({r for _s, r in slots[c.pk]}) == 2 for c in cases)


def days_go_by(campaign, n):
    """As if everything had been given out so many days earlier."""
    rows = Assignment.objects.filter(campaign=campaign)
    rows.update(due_on=F("due_on") - dt.timedelta(days=n), assigned_at=F("assigned_at") - dt.timedelta(days=n))
    Campaign.objects.filter(pk=campaign.pk).update(due_on=F("due_on") - dt.timedelta(days=n))


def text(user, url):
    answer = client_of(user).get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()
