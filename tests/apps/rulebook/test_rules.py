"""What a hospital is judged by on a day: standards in use, and its own rules in force."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.apps.rulebook.making import TODAY, draft, published, table

from imagingqc.criteria.load import load_builtin
from imagingqc.evaluate import DEFAULT_STANDARDS
from yingheng.audit.models import Entry
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ui.judged import find_clause
from yingheng.jobs.models import Job
from yingheng.rulebook.models import RuleEdition, StandardUse
from yingheng.rulebook.selectors import in_use_counts, rules_of, standards_for
from yingheng.rulebook.services import TRANSITIONS, edition_publish, edition_withdraw, standard_adopt, standard_stop
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
ACR = "acr-mr-2022"


def ids(hospital, day=TODAY):
    return [standard.id for standard in standards_for(hospital, day)]


def told(hospital):
    keys = Job.objects.filter(kind="rules.changed").values_list("natural_key", flat=True)
    return sorted(key.partition(":")[2] for key in keys if key.startswith(str(hospital.pk)))


def test_it_is_the_default_set_until_a_hospital_chooses(hospital):
    assert ids(hospital) == list(DEFAULT_STANDARDS)
    assert not StandardUse.objects.exists()


def test_it_adopts_and_stops_by_local_day(hospital, other_hospital, actor):
    standard_adopt(actor=actor, hospital=hospital, standard=ACR, from_day=TODAY + 3 * DAY)
    assert ACR not in ids(hospital, TODAY + 2 * DAY)
    assert set(ids(hospital, TODAY + 3 * DAY)) == {*DEFAULT_STANDARDS, ACR}
    assert set(ids(hospital, TODAY - 3000 * DAY)) == set(DEFAULT_STANDARDS)
    standard_stop(actor=actor, hospital=hospital, standard="tg-116-2009", from_day=TODAY + DAY)
    assert "tg-116-2009" in ids(hospital, TODAY)
    assert "tg-116-2009" not in ids(hospital, TODAY + DAY)
    assert ids(other_hospital) == list(DEFAULT_STANDARDS)
    assert told(hospital) == [(TODAY + DAY).isoformat(), (TODAY + 3 * DAY).isoformat()]
    assert Entry.objects.filter(action__in=("standard.adopt", "standard.stop")).count() == 2
    counts, n = in_use_counts(Scope.everything())
    assert (counts["tg-116-2009"], counts[ACR], n) == (2, 0, 2)


def test_a_standard_taken_back_before_it_began_was_never_in_use(hospital, actor):
    standard_adopt(actor=actor, hospital=hospital, standard=ACR, from_day=TODAY + 5 * DAY)
    standard_stop(actor=actor, hospital=hospital, standard=ACR, from_day=TODAY)
    assert ACR not in ids(hospital, TODAY + 9 * DAY)
    standard_adopt(actor=actor, hospital=hospital, standard=ACR, from_day=TODAY)
    assert ACR in ids(hospital)


@pytest.mark.parametrize(
    ("standard", "later", "error"),
    [("no-such-standard", 0, Invalid), (ACR, -1, Invalid), ("tg-116-2009", 0, Conflict)],
)
def test_it_refuses_to_adopt(hospital, actor, standard, later, error):
    with pytest.raises(error):
        standard_adopt(actor=actor, hospital=hospital, standard=standard, from_day=TODAY + later * DAY)


def test_two_editions_of_one_document_are_not_in_use_together(hospital, actor):
    standard_adopt(actor=actor, hospital=hospital, standard="acr-mr-2015", from_day=TODAY)
    with pytest.raises(Conflict) as refused:
        standard_adopt(actor=actor, hospital=hospital, standard=ACR, from_day=TODAY)
    assert refused.value.params == {"standard": "acr-mr-2015"}
    standard_stop(actor=actor, hospital=hospital, standard="acr-mr-2015", from_day=TODAY + DAY)
    standard_adopt(actor=actor, hospital=hospital, standard=ACR, from_day=TODAY + DAY)
    with pytest.raises(Invalid):
        standard_stop(actor=actor, hospital=hospital, standard=ACR, from_day=TODAY - DAY)
    with pytest.raises(Conflict):
        standard_stop(actor=actor, hospital=hospital, standard="acr-mr-2015", from_day=TODAY)


def test_own_rules_hold_from_their_day_and_the_newest_wins(hospital, other_hospital, actor):
    first = published(hospital, actor, table())
    second = published(hospital, actor, table("thinner"), on=TODAY + 2 * DAY)
    draft(hospital, actor, table("never"))
    assert ids(hospital, TODAY - DAY) == list(DEFAULT_STANDARDS)
    assert ids(hospital)[-1] == first.code
    assert ids(hospital, TODAY + 2 * DAY)[-1] == second.code
    assert standards_for(hospital, TODAY)[-1].valid_from == TODAY
    assert ids(other_hospital, TODAY + 2 * DAY) == list(DEFAULT_STANDARDS)
    edition_withdraw(actor=actor, edition=second, reason="误判太多")
    assert ids(hospital, TODAY + 2 * DAY)[-1] == first.code
    edition_withdraw(actor=actor, edition=first, reason="误判太多")
    assert ids(hospital, TODAY + 2 * DAY) == list(DEFAULT_STANDARDS)


def test_it_asks_the_database_twice(hospital, actor):
    published(hospital, actor, table())
    with CaptureQueriesContext(connection) as seen:
        standards_for(hospital, TODAY)
    assert len(seen) == 2


def published_again(made, actor):
    edition_publish(actor=actor, edition=made, valid_from=TODAY, note="again", untried_reason="x")


def test_the_table_of_states_is_what_the_services_do(hospital, actor):
    assert set(TRANSITIONS.values()) | {"draft"} == set(RuleEdition.State.values)
    made = published(hospital, actor, table())
    with pytest.raises(Conflict):
        published_again(made, actor)
    edition_withdraw(actor=actor, edition=made, reason="误判")
    for step in (lambda: edition_withdraw(actor=actor, edition=made, reason="again"),
                 lambda: published_again(made, actor)):  # fmt: skip
        with pytest.raises(Conflict):
            step()
    with pytest.raises(Conflict):
        edition_withdraw(actor=actor, edition=draft(hospital, actor, table()), reason="a draft")


@pytest.mark.parametrize(
    "change", [{"text": "x"}, {"valid_from": TODAY + DAY}, {"note": "x"}, {"state": "draft"}, {"number": 99}]
)
def test_the_database_itself_refuses_to_change_published_rules(hospital, actor, change):
    made = published(hospital, actor, table())
    rows = RuleEdition.objects.filter(pk=made.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    edition_withdraw(actor=actor, edition=made, reason="误判")
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(state="published", withdrawn_at=None, withdrawn_reason="")


def test_national_limits_bind_everybody_and_others_where_they_are_used(hospital, actor):
    bound = {s.id for s in rules_of(hospital).binding(TODAY)}
    national = {s.id for s in load_builtin().values() if s.level == "national"}
    assert bound == national | {"taiyuan-mutual-recognition-trial", "tg-116-2009"}
    standard_stop(actor=actor, hospital=hospital, standard="taiyuan-mutual-recognition-trial", from_day=TODAY)
    assert {s.id for s in rules_of(hospital).binding(TODAY)} == national | {"tg-116-2009"}


def test_verdicts_of_own_rules_show_their_clause(hospital, actor):
    made = published(hospital, actor, table("shown.clause", clause="本院 3.1"))
    waiting = draft(hospital, actor, table("shown.clause"))
    clause = find_clause(made.code, "shown.clause")
    assert clause is not None
    assert (clause.clause, clause.text, clause.document) == ("本院 3.1", "层厚不大于 5 mm", "本院规则")
    assert find_clause(made.code, "no.such") is None
    assert find_clause(waiting.code, "shown.clause") is None
    assert find_clause("x-rules-2026.1", "a") is None
