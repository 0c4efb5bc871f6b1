"""The pages: from a standard to published rules without writing a rule file, and what a page refuses in words."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.apps.conftest import PASSWORD
from tests.apps.rulebook.making import MATRIX, THICKNESS, TODAY, draft, published, series_with, table, value_of

from yingheng.jobs.worker import run_due_here
from yingheng.rulebook.models import RuleEdition, ShadowRun, StandardUse
from yingheng.rulebook.rules import edition_standard
from yingheng.rulebook.selectors import standards_for

pytestmark = pytest.mark.django_db
TAIYUAN = "taiyuan-mutual-recognition-trial"


def url(name, *args):
    return reverse(f"rulebook:{name}", args=args)


def fields(**changes):
    """What a person types for: slices of CT at most 3 mm."""
    return {
        "text": "层厚不大于 3 mm",
        "clause": "1",
        "subject": "series",
        "grade": "A",
        "quantity": THICKNESS,
        "op": "<=",
        "value": "3",
        "direction": "both",
        "modality": ["CT"],
        "severity": "major",
        "confidence": "verified",
        "source": "科室会议，张三",
    } | changes


def said(answer):
    return answer.content.decode()


@pytest.fixture
def officer(hospital, signed_in):
    return signed_in("qc_officer", "li")


def test_from_a_standard_to_published_rules_and_back(hospital, officer):
    for number, thick in enumerate((1.0, 4.0), start=1):
        series_with(hospital, number, value_of(THICKNESS, thick), value_of(MATRIX, 512, "1"))
    answer = officer.post(url("new"), {"title": "CT 规则", "base": TAIYUAN})
    made = RuleEdition.objects.get()
    assert answer.url == url("take", made.pk, TAIYUAN)
    assert "ct.image.matrix" in said(officer.get(answer.url))
    officer.post(answer.url, {"ids": ["ct.image.matrix"]})
    change = url("criterion", made.pk, "ct.image.matrix")
    assert "512" in said(officer.get(change))
    tight = fields(text="矩阵不小于 1024", quantity=MATRIX, op=">=", value="1024")
    assert officer.post(change, tight).status_code == 302
    assert officer.post(url("criterion_new", made.pk), fields()).status_code == 302
    officer.post(url("shadow_ask", made.pk), {"days": 30})
    run = ShadowRun.objects.get()
    assert "data-pending" in said(officer.get(url("shadow", run.pk)))
    run_due_here()
    page = said(officer.get(url("shadow", run.pk)))
    assert "矩阵不小于 1024" in page
    assert "A2" in page
    answer = officer.post(url("publish", made.pk), {"valid_from": TODAY, "note": "会议通过", "password": PASSWORD})
    assert answer.status_code == 302, said(answer)
    assert [c.limit.value for c in standards_for(hospital, TODAY)[-1].criteria] == [1024, 3]
    assert made.code in said(officer.get(url("list")))
    assert officer.get(url("edition", made.pk)).status_code == 200
    assert officer.post(url("withdraw", made.pk), {"reason": "误判太多"}).status_code == 302
    assert "误判太多" in said(officer.get(url("edition", made.pk)))
    assert standards_for(hospital, TODAY)[-1].id != made.code


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"value": "thick"}, "value"),
        ({"value": ""}, "value"),
        ({"op": "matches", "value": "x"}, "op"),
        ({"quantity": ""}, "quantity"),
        ({"quantity": MATRIX, "op": ">=", "value": "256"}, "value"),
        ({"op": "between", "value": "5~1"}, "value"),
        ({"text": ""}, "text"),
        ({"subject": "planet"}, "subject"),
    ],
)
def test_it_says_at_the_field_what_is_wrong(hospital, officer, actor, changes, name):
    made = draft(hospital, actor)
    answer = officer.post(url("criterion_new", made.pk), fields(**changes))
    assert answer.status_code == 400
    assert name in answer.context["page"].form.errors
    made.refresh_from_db()
    assert made.text == ""


def test_a_looser_limit_is_refused_with_the_limit_it_loosens(hospital, officer, actor):
    made = draft(hospital, actor)
    loose = fields(quantity=MATRIX, op=">=", value="256")
    answer = officer.post(url("criterion_new", made.pk), loose)
    assert "≥ 512" in str(answer.context["page"].form.errors["value"])
    assert "太原" in str(answer.context["page"].form.errors["value"])


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"op": "between", "value": "1 ~ 5"}, {"op": "between", "value": [1, 5]}),
        ({"op": "between", "value": "0.5，5"}, {"op": "between", "value": [0.5, 5]}),
        ({"op": "one_of", "value": "1, 3、5"}, {"op": "one_of", "value": [1, 3, 5]}),
        ({"op": "present", "value": ""}, {"op": "present"}),
        (
            {"op": "within_pct", "value": "10", "of": "baseline", "direction": "above"},
            {"op": "within_pct", "value": 10, "of": "baseline", "direction": "above"},
        ),
    ],
)
def test_a_limit_is_read_as_it_is_typed(hospital, officer, actor, changes, limit):
    made = draft(hospital, actor)
    answer = officer.post(url("criterion_new", made.pk), fields(**changes))
    assert answer.status_code == 302, answer.context["page"].form.errors
    made.refresh_from_db()
    (c,) = edition_standard(made).criteria
    assert c.limit.as_dict() == limit
    assert officer.get(url("criterion", made.pk, c.id)).status_code == 200


def test_a_clause_that_a_person_judges_has_no_limit(hospital, officer, actor):
    made = draft(hospital, actor)
    assert officer.post(url("criterion_new", made.pk), fields(grade="manual")).status_code == 302
    made.refresh_from_db()
    (c,) = edition_standard(made).criteria
    assert (c.quantity, c.limit) == (None, None)


def test_a_combined_limit_and_keys_of_files_survive_the_form(hospital, officer, actor):
    limit = {"any": [{"op": "<=", "value": 2}, {"op": "one_of", "value": [5]}]}
    made = draft(hospital, actor, table(limit=limit, applies={"modality": ["CT"], "kernel_class": ["soft"]}))
    assert "2" in said(officer.get(url("criterion", made.pk, "thin")))
    officer.post(url("criterion", made.pk, "thin"), fields(op="keep", value="", text="新的说法"))
    made.refresh_from_db()
    (c,) = edition_standard(made).criteria
    assert (c.text, c.limit.as_dict()) == ("新的说法", limit)
    assert c.applies == {"modality": ("CT",), "kernel_class": ("soft",)}


def test_signing_off_needs_the_own_password(hospital, officer, actor, person):
    person("head", "boss")
    made = draft(hospital, actor, table())
    page = url("publish", made.pk)
    typed = {"valid_from": TODAY, "note": "会议通过", "untried_reason": "首次上线"}
    for wrong in ({}, {"password": "Wrong-Password-1"}):
        answer = officer.post(page, typed | wrong)
        assert answer.status_code == 400
        assert "password" in answer.context["page"].form.errors
    made.refresh_from_db()
    assert made.state == "draft"
    assert officer.post(page, typed | {"password": PASSWORD}).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.published_by_name, made.untried_reason) == ("published", "某qc_officer", "首次上线")


def test_publishing_without_a_trial_run_says_so(hospital, officer, actor):
    made = draft(hospital, actor, table())
    answer = officer.post(url("publish", made.pk), {"valid_from": TODAY, "note": "x", "password": PASSWORD})
    assert "untried_reason" in answer.context["page"].form.errors


def test_a_confirmed_limit_becomes_a_prefilled_criterion(hospital, officer):
    page = reverse("rulebook:confirm", args=["image-quality-1", "ct.truncated"])
    assert page in said(officer.get(reverse("web:standard", args=["image-quality-1"])))
    form = officer.get(page).context["page"].form
    assert (form.initial["confidence"], form.initial["value"]) == ("verified", 5)
    typed = {k: v for k, v in form.initial.items() if v not in (None, False, "")}
    answer = officer.post(page, typed)
    assert answer.status_code == 302, answer.context["page"].form.errors
    (c,) = edition_standard(RuleEdition.objects.get()).criteria
    assert (c.id, c.confidence.value, c.grade) == ("ct.truncated", "verified", "C")
    assert "某qc_officer" in c.source
    again = officer.post(page, typed)  # the same draft has it already
    assert again.status_code == 400
    assert RuleEdition.objects.count() == 1


def test_a_file_goes_out_and_comes_in_again(hospital, officer, actor):
    made = draft(hospital, actor, table())
    file = officer.get(url("download", made.pk))
    assert file.content.decode() == made.text
    officer.post(url("upload"), {"file": SimpleUploadedFile("r.toml", file.content)})
    assert RuleEdition.objects.count() == 2
    for content in (b"\xff\xfe", b"[standard", made.text.replace('unit = "mm"', 'unit = "cm"').encode()):
        answer = officer.post(url("upload"), {"file": SimpleUploadedFile("r.toml", content)})
        assert answer.status_code == 400
    assert "thin" in said(answer)
    assert RuleEdition.objects.count() == 2


def test_standards_are_adopted_and_stopped(hospital, officer):
    page = said(officer.get(url("standards")))
    assert url("adopt", "acr-mr-2022") in page
    assert url("stop", "tg-116-2009") in page
    assert officer.post(url("adopt", "acr-mr-2022"), {"from_day": TODAY}).status_code == 302
    assert officer.post(url("stop", "tg-116-2009"), {"from_day": TODAY}).status_code == 302
    assert officer.post(url("stop", "tg-116-2009"), {"from_day": TODAY}).status_code == 400
    ids = {s.id for s in standards_for(hospital, TODAY)}
    assert "acr-mr-2022" in ids
    assert "tg-116-2009" not in ids
    library = officer.get(reverse("web:standards")).context["page"].table
    assert {row.id for row in library.rows if row.cells["use"]} == ids
    assert officer.get(url("adopt", "no-such")).status_code == 404


def test_the_region_reads_and_the_other_hospital_sees_nothing(hospital, other_hospital, region, actor, signed_in):
    made = published(hospital, actor, table())
    own = draft(hospital, actor, table())
    central, stranger = signed_in("regional_centre", "region", region), signed_in("head", "other", other_hospital)
    assert made.code in said(central.get(url("list")))
    assert central.get(url("edition", made.pk)).status_code == 200
    assert central.get(url("standards") + f"?hospital={other_hospital.pk}").status_code == 200
    assert made.code not in said(stranger.get(url("list")))
    for name in ("edition", "download", "publish", "withdraw", "criterion_new", "shadow_ask", "source"):
        assert stranger.get(url(name, own.pk)).status_code == 404, name
    for name in ("discard",):
        assert stranger.post(url(name, own.pk)).status_code == 404, name
    answer = stranger.post(url("adopt", "acr-mr-2022"), {"from_day": TODAY, "hospital": str(hospital.pk)})
    assert answer.status_code == 302
    assert not StandardUse.objects.filter(hospital=hospital).exists()


def test_a_reader_sees_no_button(hospital, actor, signed_in):
    made = draft(hospital, actor, table())
    reader = signed_in("technologist")
    page = said(reader.get(url("edition", made.pk)))
    assert url("publish", made.pk) not in page
    assert url("criterion_remove", made.pk, "thin") not in page
    assert url("adopt", "acr-mr-2022") not in said(reader.get(url("standards")))
    assert reader.get(url("publish", made.pk)).status_code == 403


def test_what_is_published_has_no_draft_pages(hospital, officer, actor):
    made = published(hospital, actor, table())
    for name in ("criterion_new", "publish", "shadow_ask", "source"):
        assert officer.get(url(name, made.pk)).status_code == 400, name
    assert officer.post(url("discard", made.pk)).status_code == 302
    assert RuleEdition.objects.filter(pk=made.pk).exists()
