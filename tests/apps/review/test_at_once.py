"""Film review by several at once, each on a connection of its own.

On PostgreSQL alone, by `tests/postgres/test_same_on_postgres.py`: on SQLite there is one writer at a time.
"""

import threading

import pytest
from django.db import connection, transaction
from tests.apps.review.making import made_campaign
from tests.apps.review.ruled import reading_of

from yingheng.common.errors import Conflict
from yingheng.review.models import Assignment, Campaign, Case, Reading, Ruling
from yingheng.review.models.reading import ARBITER
from yingheng.review.services.cancelling import campaign_cancel
from yingheng.review.services.counting import RECOUNTS
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.ruling import case_consider
from yingheng.review.services.submitting import Sent, reading_submit
from yingheng.review.services.swapping import case_withdraw
from yingheng.rollups.models import StaleMonth
from yingheng.rollups.months import months_sum, months_verify
from yingheng.rollups.services import cell_verify
from yingheng.sheets.models import Response
from yingheng.tenancy.scope import Scope

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="writers at the same moment need PostgreSQL"),
]
ALL = Scope.everything()


def at_once(*deeds):
    """Do everything at the same moment; what was refused with a Conflict, and nothing else may go wrong."""
    start, refused, broken = threading.Barrier(len(deeds)), [], []

    def run(deed):
        try:
            start.wait(timeout=20)
            deed()
        except Conflict as exc:
            refused.append(exc.code)
        except Exception as exc:  # noqa: BLE001 - told below
            broken.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not broken, broken
    return refused


def submit(case, reader, slot, meet=None, **told):
    """A deed that submits as the reading room does; those who share `meet` have all written before one considers."""

    def deed():
        with transaction.atomic():
            held = Assignment.objects.select_for_update(of=("self",), no_key=True).get(case=case, reader=reader)
            if held.state == Assignment.State.WITHDRAWN:
                raise Conflict("review.case_gone")
            row = reading_of(case, reader, slot, **told)
            if meet:
                meet.wait(timeout=20)
            case_consider(case=row.case)

    return deed


def test_two_readers_who_submit_at_once_settle_a_case_once(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    campaign, (first, second), _judges = made_campaign(n=3)
    cases = list(campaign.cases.order_by("number"))
    meet = threading.Barrier(6)
    at_once(*(submit(case, reader, slot, meet, score=95) for case in cases
              for slot, reader in ((1, first), (2, second))))  # fmt: skip
    assert Ruling.objects.count() == 3
    assert set(Case.objects.values_list("state", flat=True)) == {"settled"}
    assert Campaign.objects.get().n_settled == 3


def test_two_who_differ_at_once_ask_one_arbiter(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    campaign, (first, second), _judges = made_campaign(n=2, arbiters=2)
    for case in campaign.cases.all():
        meet = threading.Barrier(2)
        at_once(submit(case, first, 1, meet, score=98), submit(case, second, 2, meet, score=55))
        assert Assignment.objects.filter(case=case, slot=ARBITER).count() == 1
    assert not Ruling.objects.exists()


def sends(row):
    """A deed that submits an assignment through the service of the room."""
    sent = Sent(lambda _spec: {"position": "seen", "contrast": "38"}, revision=0, seconds=5)
    return lambda: reading_submit(reader=row.reader, assignment_id=row.pk, sent=sent)


def test_a_case_submitted_in_several_windows_at_once_is_read_once(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    campaign, _readers, _judges = made_campaign(n=2, n_readers=1)
    for row in campaign.assignments.select_related("reader"):
        assert at_once(*[sends(row)] * 3) == []
    assert Reading.objects.count() == Response.objects.count() == Ruling.objects.count() == 2
    assert Campaign.objects.get().n_settled == 2


def test_both_readers_who_submit_in_the_room_at_once_settle_it(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    campaign, _readers, _judges = made_campaign(n=3)
    assert at_once(*(sends(row) for row in campaign.assignments.select_related("reader"))) == []
    assert (Reading.objects.count(), Ruling.objects.count()) == (6, 3)
    assert Campaign.objects.get().n_settled == 3


def test_announcing_against_submitting_leaves_every_case_settled_or_taken_back(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    campaign, (first, second), _judges = made_campaign(n=3)
    cases = list(campaign.cases.order_by("number"))
    for case in cases:
        case_consider(case=reading_of(case, first, 1, score=95).case)
    announce = lambda: campaign_publish(actor=first.actor, campaign=campaign, reason="x")  # noqa: E731
    at_once(announce, *(submit(case, second, 2, score=95) for case in cases))
    campaign.refresh_from_db()
    states = list(Case.objects.values_list("state", flat=True))
    assert campaign.state == Campaign.State.PUBLISHED
    assert set(states) <= {"settled", "withdrawn"}
    assert campaign.n_settled == states.count("settled") == Ruling.objects.count()


def test_results_counted_at_once_add_up_while_months_are_added_up(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    campaign, (reader,), _judges = made_campaign(n=6, n_readers=1)
    for case in campaign.cases.all():
        case_consider(case=reading_of(case, reader, 1, score=90 + case.number).case)
    Case.objects.update(local_day=campaign.first_day)  # one cell for all of them
    campaign_publish(actor=reader.actor, campaign=campaign)
    cases = list(Case.objects.all())
    at_once(*((lambda one=one: effects_apply(case=one)) for one in cases), *(months_sum for _ in range(2)),
            *((lambda one=one: effects_apply(case=one)) for one in cases[:2]))  # fmt: skip
    for name, recount in RECOUNTS.items():
        assert cell_verify(indicator=name, scope=ALL, recount=recount) == []
    assert months_verify(ALL) == []
    months_sum()
    assert not StaleMonth.objects.exists()
    assert months_verify(ALL) == []


def test_giving_a_sample_up_against_submitting_ends_for_both(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    campaign, (first, second), _judges = made_campaign(n=4)
    cases = list(campaign.cases.order_by("number"))
    for case in cases:
        case_consider(case=reading_of(case, first, 1, score=95).case)
    at_once(
        lambda: campaign_cancel(actor=first.actor, campaign=campaign, reason="x"),
        *(submit(case, second, 2, score=95) for case in cases),
    )
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.CANCELLED
    assert campaign.n_settled == Ruling.objects.count()


def test_taking_cases_out_against_submitting_leaves_each_read_or_out(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    campaign, (first,), _judges = made_campaign(n=4, n_readers=1)
    cases = list(campaign.cases.order_by("number"))
    at_once(
        *((lambda one=one: case_withdraw(actor=first.actor, case=one, reason="x")) for one in cases),
        *(submit(case, first, 1, score=95) for case in cases),
    )
    states = list(Case.objects.values_list("state", flat=True))
    campaign.refresh_from_db()
    assert set(states) <= {"settled", "withdrawn"}
    assert campaign.n_settled == states.count("settled") == Ruling.objects.count() == campaign.n_cases
