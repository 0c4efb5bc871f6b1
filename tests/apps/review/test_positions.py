"""The position of a case: exactly one that fits, or none and why; figures follow it, and a person stands above it."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from tests.apps.review.making import (
    ACTOR,
    DAY,
    make_campaign,
    make_device,
    make_exams,
    make_hospital,
    make_plan,
    make_reader,
    make_sheet,
    reading,
)

from yingheng.audit.models import Entry
from yingheng.catalog.models import Series
from yingheng.common.errors import Invalid
from yingheng.registry.services.items import exam_item_of
from yingheng.review.dictionary import positions
from yingheng.review.models import Case, PositionChange, Ruling
from yingheng.review.positioning import Film, Positions, item_positions, position_of_exam, position_of_film
from yingheng.review.services.counting import ruling_cells
from yingheng.review.services.drawing import campaign_check, campaign_draw
from yingheng.review.services.positioning import position_set, positions_fill
from yingheng.review.spec import SamplingSpec
from yingheng.review.statistics.sums import Asked, grouped
from yingheng.rollups.models import Cell
from yingheng.rollups.services import cells_change
from yingheng.tenancy.scope import Scope

KNOWN = Positions.of(positions())


@pytest.mark.parametrize(
    ("film", "part", "item", "expected"),
    [
        (Film(view="LL"), "CHEST", "", ("CH-LL", "view")),
        (Film(view="PA"), "CHEST", "", ("", "ambiguous")),  # in inspiration or in expiration
        (Film(view="LL"), "CHEST", "DX-CHEST", ("CH-LL", "item")),
        (Film(view="LAT", side="L"), "CHEST", "DX-CHEST", ("CH-LL", "item")),
        (Film(view="LAT"), "CHEST", "DX-CHEST", ("", "ambiguous")),
        (Film(view="AP"), "CHEST", "", ("", "ambiguous")),  # sitting, lying, lordotic or an infant
        (Film(), "CHEST", "DX-CHEST-PA", ("CH-PA", "item")),
        (Film(view="AP"), "CHEST", "DX-CHEST-PA", ("", "contradiction")),
        (Film(view="AP"), "ABDOMEN", "DX-KUB", ("AB-KUB", "item")),
        (Film(view="AP"), "ABDOMEN", "", ("", "ambiguous")),
        (Film(view="PA", codes=("399059000",)), "HAND", "DX-HAND", ("UE-HAND-OBL", "item")),
        (Film(view="PA"), "HAND", "DX-HAND", ("", "ambiguous")),
        (Film(view="CC"), "BREAST", "", ("MG-CC", "view")),
        (Film(view="XX"), "CHEST", "", ("", "no_fit")),
        (Film(), "CHEST", "", ("", "ambiguous")),
        (Film(texts=("Chest PA",)), "", "", ("CH-PA", "name")),
        (Film(texts=("汤氏位（枕骨位）",)), "SKULL", "", ("SK-TOWNE", "name")),
        (Film(view="LL", texts=("Chest PA",)), "", "", ("", "contradiction")),
        (Film(view="PA", n=2), "CHEST", "DX-CHEST", ("", "several")),
        (Film(n=2), "CHEST", "DX-CHEST-PA", ("CH-PA", "item")),
    ],
)
def test_it_finds_exactly_one_position_or_says_why_not(film, part, item, expected):
    found = position_of_film(film, part, item, KNOWN)
    assert (found.position, found.why) == expected


def test_films_of_several_positions_have_none_together():
    both = [Film(view="PA"), Film(view="LL")]
    assert position_of_exam(both, "CHEST", "DX-CHEST", KNOWN).why == "several"
    assert position_of_exam([Film(view="PA")] * 2, "CHEST", "DX-CHEST", KNOWN).position == "CH-PA"
    assert position_of_exam([], "CHEST", "DX-CHEST", KNOWN).why == "no_film"
    assert position_of_exam([Film(view="LL"), Film(view="AP")], "CHEST", "", KNOWN).why == "several"


def test_items_name_positions_of_the_dictionary_and_are_themselves_known():
    from imagingqc.protocol.items import item_catalogue  # noqa: PLC0415

    known = item_catalogue()
    for item, codes in item_positions().items():
        assert item in known
        assert codes
        assert set(codes) <= set(positions())
        assert {positions()[code].group == "breast" for code in codes} == {known[item].modality == "MG"}


db = pytest.mark.django_db


def films(hospital, n=3, view="LL", **columns):
    exams = make_exams(make_device(hospital, f"DX-{view}-{n}", "DX"), n, **columns)
    Series.objects.filter(exam__in=exams).update(facts={"ViewPosition": view})
    return exams


@db
def test_a_draw_says_the_positions_and_they_are_a_stratum():
    hospital = make_hospital()
    films(hospital, 6)
    films(hospital, 4, "AP")
    make_exams(make_device(hospital), 2)
    sheet = make_sheet(hospital)
    sampling = SamplingSpec(size=6, strata=("position",), minimum=1)
    plan = make_plan(hospital, sheet, sampling=sampling, pool=[make_reader(hospital)])
    made = campaign_draw(actor=ACTOR, plan=plan, first_day=DAY, last_day=DAY.replace(day=30))
    told = {(case.modality, case.position, case.position_why) for case in made.cases.all()}
    assert ("DX", "CH-LL", "view") in told
    assert told <= {("DX", "CH-LL", "view"), ("DX", "", "ambiguous"), ("CT", "", "not_film")}
    assert {tuple(case.stratum) for case in made.cases.all()} == {("CH-LL",), ("",)}
    assert campaign_check(made).same


def settled(hospital, view="LL"):
    """A case that counts, of before there were positions."""
    campaign = make_campaign(hospital, films(hospital, 1, view), make_sheet(hospital), state="reading")
    case = campaign.cases.get()
    ruling = Ruling.objects.create(
        case=case, hospital=hospital, version=1, basis="single", score=88.0, grade="b", made_at=case.campaign.drawn_at,
        details={"flags": {"excellent": False, "waste": False}},
    )  # fmt: skip
    with transaction.atomic():
        cells_change(added=ruling_cells(case, ruling))
    Case.objects.filter(pk=case.pk).update(counted=1, score=88.0, grade="b")
    case.refresh_from_db()
    return case


def by_position(hospital):
    asked = Asked(Scope.of_organisation(hospital), DAY, DAY.replace(day=30))
    return {code: (one.n, one.mean) for code, one in grouped(asked, "position")}


@db
def test_it_fills_in_afterwards_once_and_moves_the_figures():
    hospital = make_hospital()
    case = settled(hospital)
    assert by_position(hospital) == {"": (1, 88.0)}
    assert positions_fill() == (1, 1)
    case.refresh_from_db()
    assert (case.position, case.position_why) == ("CH-LL", "view")
    assert by_position(hospital) == {"CH-LL": (1, 88.0)}
    assert positions_fill() == (0, 0)
    assert positions_fill(again=True) == (1, 1)
    assert sum(cell.denominator for cell in Cell.objects.filter(indicator="review.score")) == 1


@db
def test_a_person_stands_above_what_was_found_and_what_was_there_is_kept():
    hospital = make_hospital()
    case = settled(hospital, "AP")
    positions_fill()
    with pytest.raises(Invalid, match="reason_missing"):
        position_set(actor=ACTOR, case=case, position="CH-AP-SUP", reason=" ")
    with pytest.raises(Invalid, match="position_unknown"):
        position_set(actor=ACTOR, case=case, position="CH-NONE", reason="看片")
    position_set(actor=ACTOR, case=case, position="CH-AP-SUP", reason="床旁卧位，见标记")
    case.refresh_from_db()
    assert (case.position, case.position_why) == ("CH-AP-SUP", "person")
    assert by_position(hospital) == {"CH-AP-SUP": (1, 88.0)}
    change = PositionChange.objects.get()
    assert (change.before, change.position, change.made_by_name) == ("", "CH-AP-SUP", ACTOR.name)
    with pytest.raises(IntegrityError), transaction.atomic():
        PositionChange.objects.update(reason="other")
    assert Entry.objects.filter(action="review_case.position", reason="床旁卧位，见标记").exists()
    positions_fill(again=True)
    case.refresh_from_db()
    assert case.position == "CH-AP-SUP"


@db
def test_the_item_of_the_exam_decides_where_the_view_leaves_several():
    hospital = make_hospital()
    case = make_campaign(hospital, films(hospital, 1, "AP"), make_sheet(hospital)).cases.get()
    exam = case.exam
    exam.item = exam_item_of("DX-CHEST-PED")
    exam.save(update_fields=["item"])
    positions_fill()
    case.refresh_from_db()
    assert (case.position, case.position_why) == ("CH-INF", "item")


@db
def test_the_page_of_a_case_says_and_corrects_its_position():
    hospital = make_hospital()
    person = make_reader(hospital, "qc", "qc_officer")
    campaign = make_campaign(hospital, films(hospital, 1, "AP"), make_sheet(hospital), reads=reading([person]))
    case = campaign.cases.get()
    positions_fill()
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("review:campaign_case", args=[campaign.pk, case.pk])).content.decode()
    assert "体位" in page
    address = reverse("review:case_position", args=[campaign.pk, case.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"position": "CH-AP-ER", "reason": ""}).status_code == 400
    assert client.post(address, {"position": "CH-AP-ER", "reason": "坐位"}).status_code == 302
    case.refresh_from_db()
    assert case.position == "CH-AP-ER"
    page = client.get(reverse("review:statistics"), {"by": "position"})
    assert page.status_code == 200
