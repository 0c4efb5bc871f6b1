"""The monthly self-inspection of a department's technical-quality group: planned, read by its members, counted by
person."""

import datetime as dt
from collections import Counter
from statistics import fmean

import pytest
from django.urls import reverse
from tests.apps.review.making import make_device, make_exams, make_hospital, make_readers, make_technologist
from tests.apps.review.rooming import client_of
from tests.apps.review.test_sample_pages import TYPED

from yingheng.common.clock import local_day
from yingheng.review.handlers import draw_asked, samples_due
from yingheng.review.models import Assignment, Campaign, Plan
from yingheng.review.periods import period_due
from yingheng.review.presets import preset_initial
from yingheng.review.services.counting import RECOUNTS
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.reading import OCCASION, assignment_open
from yingheng.review.sheet_subject import subject_of
from yingheng.rollups.selectors import cell_sums
from yingheng.rollups.services import cell_verify
from yingheng.sheets.judging import Basis
from yingheng.sheets.services import response_begin, response_submit
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.services import user_create

pytestmark = pytest.mark.django_db


def submitted(row, poor):
    """As the reading room does it, by the four dimensions of the sheet."""
    assignment_open(reader=row.reader, assignment=row)
    actor, points = row.reader.actor, "70" if poor else "96"
    typed = dict.fromkeys(("coverage", "contrast", "noise", "artefact"), points)
    sheet = response_begin(actor=actor, template=row.case.template, subject=subject_of(row), occasion=OCCASION)
    response_submit(actor=actor, response=sheet, typed=typed, basis=Basis())


def test_the_group_inspects_every_month_and_it_counts_by_person():
    ours = make_hospital()
    head = user_create(
        actor=None, username="chief", display_name="主任", organisation=ours, role="head", password="Radiograph-2026"
    ).user
    group = make_readers(ours, 3, prefix="group")
    first, _last = period_due("month", local_day(ours.zone))
    people = [make_technologist(ours, f"T{i}") for i in range(3)]
    for i, person in enumerate(people):
        make_exams(make_device(ours, f"DR{i}", "DX"), 12, day=first, performer=person, key=f"p{i}")

    # planned by one click on what is offered; the members of the group read
    url = reverse("review:plan_new", args=[ours.pk]) + "?preset=inspection"
    page = client_of(head).get(url).content.decode()
    assert "科室技术质量考评小组每月自查" in page
    typed = TYPED | {key: str(value) for key, value in preset_initial("inspection").items()}
    sent = typed | {"size": "9", "repeats": "", "risk": "", "pool": [str(one.pk) for one in group]}
    assert client_of(head).post(url, sent).status_code == 302
    plan = Plan.objects.get()
    assert (plan.purpose, plan.every, plan.sampling["strata"]) == ("inspection", "month", ["performer", "device"])
    Plan.objects.update(created_at=plan.created_at - dt.timedelta(days=40))

    # drawn by itself once the month is over, the same number of every technologist
    assert samples_due() == 1
    draw_asked(f"{plan.pk}:{first.isoformat()}", {})
    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.purpose) == ("reading", "inspection")
    assert set(Counter(campaign.cases.values_list("performer", flat=True)).values()) == {3}
    assert set(campaign.assignments.values_list("reader", flat=True)) <= {one.pk for one in group}

    for row in Assignment.objects.filter(campaign=campaign).select_related("case__template", "campaign", "reader"):
        submitted(row, poor=row.case.performer_id == people[0].pk)
    campaign_publish(actor=head.actor, campaign=campaign)
    for case in campaign.cases.all():
        effects_apply(case=case)

    # by person, kept apart from other reviews: what a bonus formula needs
    days = {"first": campaign.first_day, "last": campaign.last_day}
    scope = Scope.of_organisation(ours)
    told = cell_sums(scope, indicator="review.score", **days, by=("performer", "purpose"))
    by_person = {cell.by[0]: cell.total / cell.denominator for cell in told}
    assert {cell.by[1] for cell in told} == {"inspection"}
    for person in people:
        scores = campaign.cases.filter(performer=person).values_list("score", flat=True)
        assert by_person[str(person.pk)] == pytest.approx(fmean(scores))
    assert by_person[str(people[0].pk)] < by_person[str(people[1].pk)] == by_person[str(people[2].pk)]
    for indicator, recount in RECOUNTS.items():
        assert cell_verify(indicator=indicator, scope=Scope.everything(), recount=recount) == [], indicator
    asked = f"?purpose=inspection&by=performer&first={campaign.first_day}&last={campaign.last_day}"
    page = client_of(head).get(reverse("review:statistics") + asked).content.decode()
    assert people[0].name in page
