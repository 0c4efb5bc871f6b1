"""Drafts: one criterion at a time, from a standard or from a file; what is wrong is said at once."""

import pytest
from tests.apps.rulebook.making import THICKNESS, TODAY, draft, matrix, published, table

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.write import standard_toml
from yingheng.audit.models import Entry
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.evidence.truth import standard_family
from yingheng.rulebook.models import RuleEdition
from yingheng.rulebook.rules import edition_standard
from yingheng.rulebook.selectors import edition_get, edition_list
from yingheng.rulebook.services import (
    criteria_take,
    criterion_problems,
    criterion_put,
    criterion_remove,
    edition_create,
    edition_discard,
    edition_from_file,
    edition_problems,
)
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
TAIYUAN = "taiyuan-mutual-recognition-trial"


def ids(edition):
    return [c.id for c in edition_standard(RuleEdition.objects.get(pk=edition.pk)).criteria]


def test_editions_of_a_hospital_are_one_family(hospital, other_hospital, actor):
    first, second = draft(hospital, actor), draft(hospital, actor)
    assert (first.code, second.code) == (f"h1-rules-{TODAY.year}.1", f"h1-rules-{TODAY.year}.2")
    assert {standard_family(e.code) for e in (first, second)} == {"h1-rules"}
    assert draft(other_hospital, actor).number == 1


def test_it_adds_changes_and_removes_one_criterion(hospital, actor):
    made = draft(hospital, actor, table())
    before = made.sha256
    criterion_put(actor=actor, edition=made, table=table(limit={"op": "<=", "value": 3}), instead_of="thin")
    made.refresh_from_db()
    (c,) = edition_standard(made).criteria
    assert (c.limit.value, c.quantity, c.applies) == (3, THICKNESS, {"modality": ("CT",)})
    assert made.sha256 not in {"", before}
    criterion_put(actor=actor, edition=made, table=table(limit={"op": "<=", "value": 5}), instead_of="thin")
    made.refresh_from_db()
    assert made.sha256 == before  # equal rules are equal texts
    criterion_remove(actor=actor, edition=made, criterion="thin")
    made.refresh_from_db()
    assert (made.text, made.sha256, ids(made)) == ("", "", [])
    assert Entry.objects.filter(action="rules.criterion").count() == 4
    with pytest.raises(Conflict):
        criterion_remove(actor=actor, edition=made, criterion="thin")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"quantity": "no.such"}, "rule_unknown_quantity", "quantity"),
        ({"unit": "cm"}, "rule_unit_mismatch", "unit"),
        ({"limit": {"op": "matches", "value": "x"}}, "rule_op_kind", "limit.op"),
        ({"limit": {"op": "<="}}, "rule_missing_key", "limit.value"),
        ({"limit": {"op": "between", "value": [5, 1]}}, "rule_bad_value", "limit.value"),
        ({"text": " "}, "rule_bad_value", "text"),
        ({"applies": {"test": "weekly"}}, "rule_bad_value", "applies.test"),
    ],
)
def test_it_names_the_field_that_is_wrong(hospital, actor, changes, code, field):
    made = draft(hospital, actor)
    (error,) = criterion_problems(edition=made, table=table() | changes)
    assert (error.reason.code, error.reason.values["field"]) == (code, field)
    with pytest.raises(Invalid):
        criterion_put(actor=actor, edition=made, table=table() | changes)
    assert ids(made) == []


def test_it_refuses_what_is_looser_than_a_mandatory_limit(hospital, actor):
    made = draft(hospital, actor)
    assert criterion_problems(edition=made, table=matrix(512)) == []
    assert criterion_problems(edition=made, table=matrix(1024)) == []
    (error,) = criterion_problems(edition=made, table=matrix(256))
    assert (error.reason.code, error.reason.values["higher"]) == ("rule_looser", TAIYUAN)
    with pytest.raises(Invalid) as refused:
        criterion_put(actor=actor, edition=made, table=matrix(256))
    assert TAIYUAN in refused.value.params["detail"]


def test_two_criteria_do_not_share_an_id(hospital, actor):
    made = draft(hospital, actor, table(), table("other"))
    with pytest.raises(Conflict):
        criterion_put(actor=actor, edition=made, table=table())
    with pytest.raises(Conflict):
        criterion_put(actor=actor, edition=made, table=table("other"), instead_of="thin")
    with pytest.raises(Conflict):
        criterion_put(actor=actor, edition=made, table=table("new"), instead_of="gone")


def test_it_takes_only_the_chosen_criteria_of_a_standard(hospital, actor):
    made = edition_create(actor=actor, hospital=hospital, title="规则", base=TAIYUAN)
    assert criteria_take(actor=actor, edition=made, standard=TAIYUAN, ids=["ct.slices.missing"]) == [
        "ct.slices.missing"
    ]
    (taken,) = edition_standard(RuleEdition.objects.get(pk=made.pk)).criteria
    origin = next(c for c in load_builtin()[TAIYUAN].criteria if c.id == "ct.slices.missing")
    assert (taken.limit, taken.confidence, taken.absence) == (origin.limit, origin.confidence, origin.absence)
    assert TAIYUAN in taken.source
    with pytest.raises(Invalid):
        criteria_take(actor=actor, edition=made, standard=TAIYUAN, ids=["ct.slices.missing", "nothing"])
    assert edition_problems(RuleEdition.objects.select_related("hospital").get(pk=made.pk)) == []


def test_a_file_becomes_a_draft_with_an_id_of_its_own(hospital, actor):
    text = standard_toml(edition_standard(draft(hospital, actor, table(), table("other"))))
    made = edition_from_file(actor=actor, hospital=hospital, text=text, name="rules.toml")
    assert (made.number, ids(made), made.state) == (2, ["thin", "other"], "draft")
    assert edition_standard(made).id == made.code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t.replace('"hospital"', '"national"', 1), "rulebook.file_level"),
        (lambda t: t.replace('unit = "mm"', 'unit = "cm"'), "rulebook.file_bad"),
        (lambda t: t[:40], "rulebook.file_bad"),
        (lambda t: t + "#" * 1_000_001, "rulebook.file_large"),
    ],
)
def test_a_file_that_is_wrong_is_refused(hospital, actor, change, code):
    text = draft(hospital, actor, table()).text
    with pytest.raises(Invalid) as refused:
        edition_from_file(actor=actor, hospital=hospital, text=change(text), name="rules.toml")
    assert refused.value.code == code
    assert RuleEdition.objects.count() == 1


def test_only_a_draft_changes(hospital, actor):
    made = published(hospital, actor, table())
    for change in (
        lambda: criterion_put(actor=actor, edition=made, table=table("new")),
        lambda: criterion_remove(actor=actor, edition=made, criterion="thin"),
        lambda: criteria_take(actor=actor, edition=made, standard=TAIYUAN, ids=["ct.slices.missing"]),
        lambda: edition_discard(actor=actor, edition=made),
    ):
        with pytest.raises(Conflict):
            change()
    made = draft(hospital, actor, table())
    edition_discard(actor=actor, edition=made)
    assert RuleEdition.objects.count() == 1


def test_it_needs_a_title_and_a_known_base(hospital, actor):
    with pytest.raises(Invalid):
        edition_create(actor=actor, hospital=hospital, title=" ")
    with pytest.raises(Invalid):
        edition_create(actor=actor, hospital=hospital, title="规则", base="no-such")


def test_the_other_hospital_does_not_see_them(hospital, other_hospital, region, actor):
    made = draft(hospital, actor, table())
    with pytest.raises(NotFound):
        edition_get(Scope.of_organisation(other_hospital), made.pk)
    assert not edition_list(Scope.of_organisation(other_hospital)).exists()
    assert edition_list(Scope.of_organisation(region)).get() == made
