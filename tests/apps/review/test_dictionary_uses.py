"""How often an entry of the dictionary was named: beside it, from sums, and in the search of the teaching library."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils.timezone import localdate
from tests.apps.review.making import ACTOR, made_campaign, make_hospital, make_reader, make_region
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import read
from tests.apps.review.schooling import learns, people, published, standard
from tests.apps.review.wording import DEFECT, put

from yingheng.review.library import Wanted, facets, library
from yingheng.review.models import Case
from yingheng.review.services.counting import FAULT, RECOUNTS
from yingheng.review.services.entering import EntryFields, entry_put
from yingheng.review.services.teaching_sharing import case_offer, case_share
from yingheng.review.statistics.sums import Asked, faults_named
from yingheng.rollups.months import months_sum
from yingheng.rollups.services import cell_verify
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db


def ruled():
    """Four films of today of which two are cut off and one is exposed too much as well."""
    campaign, readers, _judges = made_campaign(n=4, n_readers=1, purpose="daily")
    Case.objects.update(local_day=localdate())
    said = (["D-DX-001"], ["D-DX-001", "D-DX-010"], [], [])
    for case, faults in zip(campaign.cases.order_by("number"), said, strict=True):
        read(case, readers[0], 1, score=90, faults=faults)
    return campaign.organisation


def named(place, days=365, **more):
    today = localdate()
    return faults_named(Asked(Scope.of_organisation(place), today - dt.timedelta(days=days), today, **more))


def test_every_case_counts_once_for_each_defect_that_its_result_names():
    place = ruled()
    assert named(place) == {"D-DX-001": 2, "D-DX-010": 1}
    assert named(place, subject="report") == {}
    assert named(make_hospital("rh7")) == {}
    assert cell_verify(indicator=FAULT, scope=Scope.everything(), recount=RECOUNTS[FAULT]) == []


def test_sums_of_months_say_the_same_as_cells():
    place = ruled()
    Case.objects.exists()
    before = named(place)
    months_sum()
    assert named(place) == before


def test_the_list_and_the_entry_show_it_with_few_queries(django_assert_max_num_queries):
    place = ruled()
    client = client_of(make_reader(place, "planner", "qc_officer"))
    with django_assert_max_num_queries(15):
        shown = client.get(reverse("review:dictionary"), {"q": "D-DX-001", "place": place.pk})
    (row,) = [one for one in shown.context_data["page"].table.rows if one.id == "D-DX-001"]
    assert row.cells["used"] == 2
    with django_assert_max_num_queries(15):
        entry = client.get(reverse("review:dictionary_entry", args=[place.pk, "D-DX-001"]))
    assert [fact.value for fact in entry.context_data["page"].facts][-1] == 2


def test_the_library_finds_own_defects_by_their_name_of_today():
    hospital = make_hospital()
    pair, entry = people(hospital), put(hospital)
    case = published(hospital, pair, defects=[entry.code], marks=[])
    standard(hospital, pair)

    def found(words):
        return [one.pk for one in library(learns(pair[0]), Wanted(words=words))]

    assert found("本院缺陷") == found("own defect") == found("byqx") == [case.pk]
    entry_put(actor=ACTOR, organisation=hospital, entry=entry, reason="措辞",
              fields=EntryFields("defect", DEFECT | {"zh": "滤线栅条纹"}))  # fmt: skip
    assert found("滤线栅") == found("左 滤线栅") == [case.pk]
    assert found("本院缺陷") == []


def test_the_library_offers_filters_that_find_something(django_assert_max_num_queries):
    region = make_region("cn-77")
    here, there = make_hospital("rh1", region), make_hospital("rh2", region)
    pair, others = people(here), people(there, "o")
    leader = people(region, "l")[0]
    entry = put(here)
    own = published(here, pair, defects=[entry.code], marks=[], body_part="Chest")
    abroad = standard(there, others, body_part="KNEE", position="")
    case_share(actor=leader.actor, case=case_offer(actor=others[0].actor, case=abroad), accept=True)
    known = facets(library(learns(pair[0])))
    assert set(known.owners.values()) == {here.name, there.name}
    assert (known.parts, known.positions, known.defects) == (("Chest", "KNEE"), ("CH-PA",), (entry.code,))
    client, url = client_of(pair[0]), reverse("review:teaching")
    with django_assert_max_num_queries(15):
        page = client.get(url, {"words": "条"}).content.decode()
    assert all(word in page for word in ("本院缺陷", "膝", there.name))
    assert entry.code not in page.replace(f'value="{entry.code}"', "")

    def found(**wanted):
        page = client.get(url, wanted).context_data["page"]
        return [row.id for row in page.table.rows]

    assert found(owner=there.pk) == found(body_part="knee") == [str(abroad.pk)]
    assert found(owner=here.pk, body_part="CHEST") == found(defect=entry.code) == [str(own.pk)]
    assert found(owner="no id", body_part="'") == []


def test_the_workshop_offers_the_same_filters():
    hospital = make_hospital()
    pair, entry = people(hospital), put(hospital)
    published(hospital, pair, defects=[entry.code], marks=[])
    page = client_of(pair[0]).get(reverse("review:teaching_work"), {"defect": entry.code}).content.decode()
    assert "本院缺陷" in page
