"""A region's review lived through: exams of five hospitals to experts of others, blind, until everybody has been told.

Experts are simulated with a known bias each, and so is the quality of every hospital; the platform must find both.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from statistics import fmean

import pytest
from django.urls import reverse
from tests.apps.review.rooming import client_of
from tests.flows.region_city import (
    BIAS,
    LEAST,
    QUALITY,
    SIZE,
    SIZES,
    Region,
    days_go_by,
    every_case_has_two,
    held,
    nobody_reads_their_own,
    text,
)

from yingheng.common.clock import local_day
from yingheng.common.errors import NotAllowed
from yingheng.jobs.worker import run_due_here
from yingheng.notify.models import Delivery
from yingheng.review.models import AgreementReport, Campaign, Case, Extension, Reading, Ruling
from yingheng.review.progress import hospitals_of
from yingheng.review.selectors import assignments_of
from yingheng.review.services.agreeing import campaign_agreement
from yingheng.review.services.appealing import appeal_change, appeal_file, appeal_uphold
from yingheng.review.services.assigning import assignment_decline, campaign_begin
from yingheng.review.services.certifying import certificate_sign
from yingheng.review.services.counting import RECOUNTS
from yingheng.review.services.drawing import campaign_check
from yingheng.review.services.extending import deadline_extend
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.redistributing import reader_relieve
from yingheng.review.services.reminding import overdue_tell
from yingheng.review.statistics.hospitals import comparison, result_lines
from yingheng.rollups.selectors import cell_sums
from yingheng.rollups.services import cell_verify
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.services import membership_grant

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return Region()


def test_a_regional_review_lived_through(city):
    campaign = city.draw()
    spread_over_hospitals(city, campaign)
    found = campaign_begin(actor=city.centre.actor, campaign=campaign)
    assert not found.refused
    every_case_has_two(campaign)
    nobody_reads_their_own(city, campaign)
    # Even loads: the difference of at most one concerns what was assigned freely; repeats follow their readers.
    first = Counter(held(campaign, 1, 2).filter(case__origin="drawn").values_list("reader", flat=True))
    assert max(first.values()) - min(first.values()) <= 1, first

    somebody_falls_ill(city, campaign)
    somebody_is_late(city, campaign)
    every_case_has_two(campaign)
    nobody_reads_their_own(city, campaign)
    all_is_read(city, campaign)
    sealed(city, campaign)
    campaign_publish(actor=city.centre.actor, campaign=campaign)
    run_due_here()
    everybody_is_told(city, campaign)
    counts_equal_their_recount(city, campaign)
    hospitals_side_by_side(city, campaign)
    each_hospital_sees_itself(city, campaign)
    biases_are_found(city, campaign)
    appeals_go_to_the_region(city, campaign)
    work_is_certified(city, campaign)


def spread_over_hospitals(city, campaign):
    """At least so many of each hospital, even over its devices; the draw can be run again."""
    drawn = campaign.cases.filter(origin="drawn")
    by_hospital = Counter(drawn.values_list("hospital", flat=True))
    assert sum(by_hospital.values()) == SIZE
    assert set(by_hospital) == {one.pk for one in city.hospitals}
    assert all(by_hospital[one.pk] >= min(LEAST, 2 * SIZES[i]) for i, one in enumerate(city.hospitals))
    assert by_hospital[city.hospitals[0].pk] == max(by_hospital.values())
    for place in city.hospitals:
        devices = Counter(drawn.filter(hospital=place).values_list("device", flat=True)).values()
        assert max(devices) - min(devices) <= 1
    assert campaign_check(campaign).same


def somebody_falls_ill(city, campaign):
    """One hands a case back, one is relieved of everything, one account is closed: all cases move, nothing is lost."""
    before = held(campaign, 1, 2).filter(case__origin="drawn").count()
    gone = assignments_of(city.experts[1]).filter(case__origin="drawn", case__repeats=None).first()
    assert assignment_decline(reader=city.experts[1], assignment=gone, reason="认识该患者") is not None

    ill = city.experts[2]
    city.read_of(ill, most=3)
    done = assignments_of(ill).filter(state="submitted").count()
    moved = reader_relieve(actor=city.centre.actor, campaign=campaign, reader=ill, reason="病假")
    assert moved.waiting == 0
    assert moved.given > 10
    assert assignments_of(ill).count() == done == 3  # what was submitted stays

    left = city.experts[6]
    left.is_active = False
    left.save()
    assert overdue_tell() >= 1
    assert not assignments_of(left).exists()
    assert Delivery.objects.filter(recipient=city.centre, message__kind="review.reader_gone").exists()
    assert held(campaign, 1, 2).filter(case__origin="drawn").count() == before
    every_case_has_two(campaign)
    # Those who are left carry about the same; experts of two hospitals may have fewer to choose from.
    loads = Counter(held(campaign, 1, 2).filter(state="assigned").values_list("reader", flat=True))
    assert set(loads) <= {one.pk for one in city.experts} - {ill.pk, left.pk}
    assert max(loads.values()) - min(loads.values()) <= 6, loads


def somebody_is_late(city, campaign):
    """Reminded once, given more time, still late, and then the cases go to others."""
    late, others = city.experts[3], [one for one in city.experts if one not in (city.experts[3], city.experts[2])]
    for one in others * 2:  # what they differ in comes back as arbitration
        city.read_of(one)
    campaign.refresh_from_db()
    extended = deadline_extend(
        actor=city.centre.actor, campaign=campaign, due_on=campaign.due_on + dt.timedelta(days=2), reason="国庆假期"
    )
    assert Extension.objects.get() == extended
    days_go_by(campaign, 14)
    overdue_tell()
    assert Delivery.objects.filter(recipient=late, message__kind="review.reading_overdue").count() == 1
    assert Delivery.objects.filter(recipient=city.centre, message__kind="review.readers_late").count() == 1
    left = assignments_of(late).filter(state="assigned").count()
    assert sum(part.late for part in hospitals_of(campaign)) == left > 0
    moved = reader_relieve(
        actor=city.centre.actor, campaign=campaign, reader=late, reason="逾期未评", overdue_only=True
    )
    assert moved.waiting == 0
    assert moved.given > 10


def all_is_read(city, campaign):
    """The rest, and what they differed in by a third of a third hospital."""
    for _round in range(2):
        for one in city.experts:
            city.read_of(one)
    real = campaign.cases.exclude(state="withdrawn")
    assert {case.state for case in real} == {"settled"}
    third = list(held(campaign, 3))
    assert third
    for row in third:
        pair = held(campaign, 1, 2).filter(case=row.case)
        first = set().union(*(city.places_of(one.reader) for one in pair))
        free = [e for e in city.experts if e.is_active and not city.places_of(e) & (first | {row.case.hospital_id})]
        assert not free or not city.places_of(row.reader) & first
        assert row.case.hospital_id not in city.places_of(row.reader)
    assert Reading.objects.filter(campaign=campaign).count() == campaign.assignments.filter(state="submitted").count()


def sealed(city, campaign):
    """Before the announcement a hospital knows that it runs, and with how many of its own."""
    page = text(city.heads[1], reverse("review:campaigns"))
    own = campaign.cases.filter(hospital=city.hospitals[1], origin="drawn").count()
    assert f"{own} " in page.split(campaign.title)[1][:600]
    case = campaign.cases.filter(hospital=city.hospitals[1], origin="drawn").first()
    assert client_of(city.heads[1]).get(reverse("review:case", args=[case.pk])).status_code == 404
    scope = Scope.of_organisation(city.region)
    assert cell_sums(scope, indicator="review.score", first=campaign.first_day, last=campaign.last_day) == []


def everybody_is_told(city, campaign):
    assert all(Delivery.objects.filter(recipient=one, message__kind="review.results").exists() for one in city.heads)
    own = Delivery.objects.filter(recipient=city.technologist, message__kind="review.results_own")
    assert own.count() == 1


def counts_equal_their_recount(city, campaign):
    ruled = campaign.cases.filter(origin="drawn", state="settled")
    scope, days = Scope.of_organisation(city.region), {"first": campaign.first_day, "last": campaign.last_day}
    cells = cell_sums(scope, indicator="review.score", **days)
    assert sum(cell.denominator for cell in cells) == ruled.count() == SIZE
    assert sum(cell.total for cell in cells) == pytest.approx(sum(case.score for case in ruled))
    for indicator, recount in RECOUNTS.items():
        assert cell_verify(indicator=indicator, scope=Scope.everything(), recount=recount) == [], indicator


def hospitals_side_by_side(city, campaign):
    """The poor hospital stands apart; those alike share a range of places; the page says so and names the method."""
    found = comparison(result_lines(campaign))
    lines = {one.id: one for one in found.lines}
    truth = dict(zip((one.pk for one in city.hospitals), QUALITY, strict=True))
    centre = fmean(BIAS)
    for pk, one in lines.items():
        if one.few:
            assert one.place is None
            continue
        half = one.standard["interval"][1] - one.standard["value"]
        assert abs(one.standard["value"] - (truth[pk] - 1.5 + centre)) < 2 * half + 1, one
    few = [one for one in found.lines if one.few]
    assert few, "a hospital with fewer than the minimum is part of the story"
    counted = [one for one in found.lines if not one.few]
    poor = lines[city.hospitals[2].pk]
    assert poor.place == (len(counted), len(counted))
    assert any(one.place[0] != one.place[1] for one in counted)  # overlapping intervals are not ranked
    page = text(city.centre, reverse("review:hospitals", args=[campaign.pk]))
    assert all(place.name in page for place in city.hospitals)
    assert "直接标化" in page
    for ending, start in (("xlsx", b"PK"), ("pdf", b"%PDF")):
        answer = client_of(city.centre).get(reverse("review:hospitals_export", args=[campaign.pk, ending]))
        assert answer.content.startswith(start)


def each_hospital_sees_itself(city, campaign):
    """Its own results, and the region without names."""
    url = reverse("review:results", args=[campaign.pk])
    for place, head in zip(city.hospitals, city.heads, strict=True):
        page = text(head, url)
        assert not [other.name for other in city.hospitals if other != place and other.name in page]
        assert not [one.display_name for one in city.experts if one.display_name in page]
        assert client_of(head).get(reverse("review:hospitals", args=[campaign.pk])).status_code == 404
    other = campaign.cases.filter(hospital=city.hospitals[0]).first()
    assert client_of(city.heads[1]).get(reverse("review:case", args=[other.pk])).status_code == 404


def biases_are_found(city, campaign):
    campaign_agreement(campaign=Campaign.objects.get(pk=campaign.pk))
    content = AgreementReport.objects.get(kind="campaign").content
    effects = {row["id"]: row["effect"] for row in content["readers"] if "value" in row["effect"]}
    assert len(effects) >= 7  # three have left, of whom one had read a little
    known = [BIAS[i] for i, one in enumerate(city.experts) if str(one.pk) in effects]
    for expert, bias in zip(city.experts, BIAS, strict=True):
        found = effects.get(str(expert.pk))
        if found is not None:
            low, high = found["interval"]
            assert abs(found["value"] - (bias - fmean(known))) < 4.5 * (high - low) / 4 + 0.5, expert
    strict, lenient = (effects[str(city.experts[i].pk)]["interval"] for i in (0, 1))
    assert strict[1] < 0 < lenient[0]


def appeals_go_to_the_region(city, campaign):
    """Level 1 to the group, level 2 to the leader; never to the hospital that objects, nor to who read the case."""
    place, head = city.hospitals[2], city.heads[2]
    case = campaign.cases.filter(hospital=place, origin="drawn").order_by("score").first()
    first = appeal_file(user=head, case=case, reason="患者不能屏气")
    told = Delivery.objects.filter(message__key=f"review.appeal:{first.pk}").values_list("recipient", flat=True)
    assert set(told) == {city.centre.pk}
    deputy = city.person("deputy", place, "head")
    mixed = city.person("mixed", place, "head")
    membership_grant(actor=None, user=mixed, organisation=city.region, role="regional_centre")
    for user, why in ((deputy, "region"), (mixed, "hospital"), (city.leader, "group"), (city.heads[0], "region")):
        with pytest.raises(NotAllowed, match=f"appeal_{why}"):
            appeal_uphold(user=user, appeal=first, reason="x")
    appeal_uphold(user=city.centre, appeal=first, reason="屏气不佳可见，维持")
    second = appeal_file(user=head, case=case, reason="请复核")
    told = Delivery.objects.filter(message__key=f"review.appeal:{second.pk}").values_list("recipient", flat=True)
    assert set(told) == {city.leader.pk}
    other = city.person("centre2", city.region, "regional_centre")
    with pytest.raises(NotAllowed, match="appeal_leader"):
        appeal_uphold(user=other, appeal=second, reason="x")
    appeal_change(user=city.leader, appeal=second, score=82.0, grade="b", reason="体位受限属实")
    run_due_here()
    case.refresh_from_db()
    assert (case.score, Ruling.objects.filter(case=case).count()) == (82.0, 2)
    counts_equal_their_recount(city, campaign)


def work_is_certified(city, campaign):
    expert, today = city.experts[4], local_day(city.region.zone)
    made = certificate_sign(user=city.leader, reader=expert, organisation=city.region, first_day=today, last_day=today)
    assert made.data.startswith(b"%PDF")
    assert made.attachment.hospital == city.region


def test_where_too_few_are_free_of_conflict_it_is_said(city):
    """Two experts of one hospital alone: its exams have nobody, the others have both, and loads stay as even as that
    allows."""
    campaign = city.draw()
    pair = [city.experts[2], city.experts[7]]  # both of the third hospital
    campaign.reading = campaign.reading | {"pool": [str(one.pk) for one in pair]}
    campaign.save()
    found = campaign_begin(actor=city.centre.actor, campaign=campaign)
    own = campaign.cases.filter(hospital=city.hospitals[2]).exclude(origin="repeat")
    assert set(found.refused) == {str(case.pk) for case in own}
    assert Delivery.objects.filter(recipient=city.centre, message__kind="review.short").exists()
    assert len(set(found.loads.values())) == 1
    assert Case.objects.filter(campaign=campaign, assignments=None, origin="drawn").count() == own.count()
