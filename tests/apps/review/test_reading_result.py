"""A case after it was submitted: what was measured is shown, what other readers made of the exam is not."""

import pytest
from django.db import transaction
from django.urls import reverse
from tests.apps.review.making import give, make_device, make_exams, make_hospital, make_reader
from tests.apps.review.rooming import client_of, home, room, send, url

from yingheng.evidence.selectors import verdicts_effective_of_exam
from yingheng.review.models import Case
from yingheng.review.services.evidencing import SCORE, evidence_keep
from yingheng.review.worklist import batches_of
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
__all__ = ["home"]


def test_what_others_made_of_the_exam_is_not_told_as_measured(home):
    hospital = make_hospital()
    _campaign, rows, reader = room(hospital, make_exams(make_device(hospital), 1))
    client = client_of(reader)
    send(client, rows[0])
    case = Case.objects.select_related("exam__hospital", "campaign", "template", "hospital").get()
    with transaction.atomic():
        evidence_keep(case, case.rulings.get())
    kept = [one.verdict["quantity"] for one in verdicts_effective_of_exam(Scope.everything(), case.exam)]
    assert SCORE in kept
    page = client.get(reverse("web:reading", args=[rows[0].pk])).content.decode()
    assert "38 / 40" in page
    assert "影像质量评分" not in page


def test_the_worklist_tells_what_is_to_be_arbitrated(home):
    hospital = make_hospital()
    campaign, rows, reader = room(hospital, make_exams(make_device(hospital), 2), slot=3)
    assert [batch.to_arbitrate for batch in batches_of(reader)] == [2]
    assert "2 例仲裁" in client_of(reader).get(reverse("web:readings")).content.decode()
    other = make_reader(hospital, "first")
    give(campaign.cases.first(), other, 1)
    assert "例仲裁" not in client_of(other).get(reverse("web:readings")).content.decode()
    assert len(rows) == 2


def test_what_is_fetched_ahead_does_not_lead_back_to_the_case_before(home):
    hospital = make_hospital()
    _campaign, rows, reader = room(hospital, make_exams(make_device(hospital), 2))
    client, last = client_of(reader), url("reading_case", rows[1])
    assert client.get(last).json()["next"] == url("reading_case", rows[0])
    assert client.get(f"{last}?past={rows[0].pk}").json()["next"] == ""
    assert client.get(f"{last}?past=nonsense").json()["next"] == url("reading_case", rows[0])
