"""Which sheet a case gets where the plan leaves it to what fits."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.review.making import ACTOR, DAY, make_device, make_exams, make_hospital, make_reader, reading

from yingheng.catalog.models import Series
from yingheng.common.errors import Invalid
from yingheng.registry.services.items import exam_item_of
from yingheng.review.fitting import Sheets, sheets_of
from yingheng.review.models import Plan
from yingheng.review.services.drawing import campaign_draw
from yingheng.review.services.planning import FITTING, GENERAL, PlanFields, plan_put, template_of
from yingheng.review.spec import SamplingSpec

pytestmark = pytest.mark.django_db


def films(hospital, view="PA"):
    """Two chest films of a known item, so that their position is known."""
    exams = make_exams(make_device(hospital, "DR1", "DX"), 2, item=exam_item_of("DX-CHEST-PA"))
    Series.objects.filter(exam__in=exams).update(facts={"ViewPosition": view})
    return exams


def plan_of(hospital, reader, **more):
    fields = PlanFields(
        name="自动选表", purpose="monthly", template=FITTING, every="month", sampling=SamplingSpec(allocation="all"),
        reading=reading([reader], readers=1), **more,
    )  # fmt: skip
    return plan_put(actor=ACTOR, organisation=hospital, fields=fields)


def drawn(plan):
    made = campaign_draw(actor=ACTOR, plan=plan, first_day=DAY, last_day=DAY.replace(day=30))
    cases = made.cases.select_related("template")
    return made, {(case.modality, case.body_part): case.template.key for case in cases}


def test_every_case_gets_the_sheet_that_fits_it_most_closely():
    hospital = make_hospital()
    films(hospital)
    make_exams(make_device(hospital), 2)
    make_exams(make_device(hospital, "XA1", "XA"), 1, body_part="HEART")
    made, sheets = drawn(plan_of(hospital, make_reader(hospital)))
    assert sheets == {("DX", "CHEST"): "chest-pa", ("CT", "CHEST"): "ct", ("XA", "HEART"): GENERAL}
    assert made.template.key == GENERAL


def test_a_film_of_another_view_gets_the_wider_sheet():
    hospital = make_hospital()
    films(hospital, "AP")  # the item says PA: the position is not known
    _made, sheets = drawn(plan_of(hospital, make_reader(hospital)))
    assert sheets == {("DX", "CHEST"): "s004-film"}


def test_what_the_plan_names_stands_above_what_fits():
    hospital = make_hospital()
    films(hospital)
    make_exams(make_device(hospital), 1)
    named = {"DX": "five-by-twenty", "CT|HEAD": "mr"}
    _made, sheets = drawn(plan_of(hospital, make_reader(hospital), templates=named))
    assert sheets == {("DX", "CHEST"): "five-by-twenty", ("CT", "CHEST"): "ct"}


def test_only_images_of_exams_get_a_fitting_sheet():
    hospital = make_hospital()
    with pytest.raises(Invalid, match="template_unknown"):
        plan_of(hospital, make_reader(hospital), subject_kind="report")


def test_the_general_sheet_is_never_a_fit():
    hospital = make_hospital()
    fitting = Sheets(Plan(organisation=hospital, template=FITTING))
    assert fitting.key_for("MR", "HEAD") == "mr"
    assert template_of(hospital, fitting.key_for("ECG", "")).key == GENERAL
    assert all(spec.kind == "score" for spec in sheets_of(hospital))


def test_the_page_proposes_sheets_and_takes_others(django_assert_max_num_queries):
    hospital = make_hospital()
    reader = make_reader(hospital, "qc", "qc_officer")
    plan = plan_of(hospital, reader)
    exams = make_exams(make_device(hospital), 3)
    day = plan_days(plan)
    for exam in exams:
        exam.local_day = day
        exam.save(update_fields=["local_day"])
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    with django_assert_max_num_queries(15):
        page = client.get(reverse("review:plan", args=[plan.pk])).content.decode()
    assert {spec.key: spec.title.zh for spec in sheets_of(hospital)}["ct"] in page
    address = reverse("review:plan_sheets", args=[plan.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"kind0": "five-by-twenty"}).status_code == 302
    plan.refresh_from_db()
    assert plan.templates == {"CT|CHEST": "five-by-twenty"}
    assert client.post(address, {"kind0": ""}).status_code == 302
    plan.refresh_from_db()
    assert plan.templates == {}


def plan_days(plan):
    from yingheng.common.clock import local_day  # noqa: PLC0415
    from yingheng.review.periods import period_before  # noqa: PLC0415

    return period_before(plan.every, local_day(plan.organisation.zone))[0]
