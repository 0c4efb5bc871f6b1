"""Cases of the teaching library offered to the region above, and who sees them then."""

import pytest
from django.urls import reverse
from tests.apps.review.making import make_hospital, make_reader, make_region
from tests.apps.review.rooming import client_of, home
from tests.apps.review.schooling import learns, people, published

from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.review.library import library, teaching_get
from yingheng.review.services.teaching import case_withdraw
from yingheng.review.services.teaching_sharing import case_offer, case_share
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.services import organisation_create

__all__ = ["home"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital(home):
    return make_hospital()


def test_it_shows_a_hospital_its_own_and_what_the_region_took(hospital):
    """Scopes: own, of the region, of another hospital before and after it was offered and accepted."""
    region = hospital.parent
    other = make_hospital("rh2", region)
    far = make_hospital("rh9", make_region("cn-98"))
    own_pair, other_pair = people(hospital), people(other, "o")
    leader = make_reader(region, "leader", "regional_leader")
    centre = make_reader(region, "centre", "regional_centre")
    outsider = make_reader(far, "outsider", "technologist")
    learner = make_reader(hospital, "learner", "technologist")
    own, theirs = published(hospital, own_pair), published(other, other_pair, title="他院")
    regional = published(region, (leader, centre), title="区域")
    assert {one.pk for one in library(learns(learner))} == {own.pk, regional.pk}
    with pytest.raises(NotFound):
        teaching_get(learns(learner), Scope(), theirs.pk)
    assert not library(learns(outsider)).exists()
    case_offer(actor=other_pair[0].actor, case=theirs)
    assert theirs.pk not in {one.pk for one in library(learns(learner))}
    case_share(actor=leader.actor, case=theirs, accept=True)
    assert {one.pk for one in library(learns(learner))} == {own.pk, regional.pk, theirs.pk}
    assert teaching_get(learns(learner), Scope(), theirs.pk) == theirs
    assert not library(learns(outsider)).exists()
    case_withdraw(actor=other_pair[0].actor, case=theirs, reason="重新评定")
    assert theirs.pk not in {one.pk for one in library(learns(learner))}


def test_it_takes_only_what_was_offered_and_says_why_not(hospital):
    pair = people(hospital)
    leader = make_reader(hospital.parent, "leader", "regional_leader")
    case = published(hospital, pair)
    with pytest.raises(Conflict):
        case_share(actor=leader.actor, case=case, accept=True)
    case_offer(actor=pair[0].actor, case=case)
    with pytest.raises(Invalid):
        case_share(actor=leader.actor, case=case, accept=False)
    assert case_share(actor=leader.actor, case=case, accept=False, reason="重复").share == "refused"


def test_it_offers_to_the_area_above_where_there_is_no_region(home):
    city = organisation_create(actor=None, code="ct-1", name="某市", name_en="City", kind="prefecture", parent=None)
    here = make_hospital("rh5", city)
    pair = people(here, "c")
    assert case_offer(actor=pair[0].actor, case=published(here, pair)).shared_with == city


def test_it_offers_nothing_where_nobody_is_above(home):
    alone = organisation_create(actor=None, code="al-1", name="独立医院", name_en="Alone", kind="hospital", parent=None)
    pair = people(alone, "d")
    case = published(alone, pair)
    with pytest.raises(Conflict):
        case_offer(actor=pair[0].actor, case=case)
    page = client_of(pair[0]).get(reverse("review:teaching_case", args=[case.pk])).content.decode()
    assert reverse("review:teaching_offer", args=[case.pk]) not in page


def test_it_offers_and_decides_by_the_pages(hospital):
    pair = people(hospital)
    case = published(hospital, pair)
    leader = client_of(make_reader(hospital.parent, "leader", "regional_leader"))
    own = client_of(pair[0])
    own.post(reverse("review:teaching_offer", args=[case.pk]))
    assert own.get(reverse("review:teaching_share", args=[case.pk])).status_code == 403
    assert leader.get(reverse("review:teaching_case", args=[case.pk])).status_code == 200
    url = reverse("review:teaching_share", args=[case.pk])
    assert leader.post(url, {"accept": "0", "reason": ""}).status_code == 400
    assert leader.post(url, {"accept": "1", "reason": ""}).status_code == 302
    case.refresh_from_db()
    assert case.share == "accepted"
