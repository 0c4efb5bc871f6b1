"""A person decides on the exam page: the machine's verdict stays, the decision stands beside it."""

import pytest
from django.urls import reverse

from yingheng.catalog.models import Exam
from yingheng.evidence.models import Assessment, Decision, Finding
from yingheng.jobs.worker import run_due_here

pytestmark = pytest.mark.django_db


def decide_url(world):
    return f"{reverse('web:decide', args=[world.exam, world.assessment])}?criterion={world.criterion}"


def test_overruling_needs_a_reason(world, signed_in):
    client = signed_in("radiologist")
    answer = client.post(decide_url(world), {"outcome": "PASS", "reason": " "})
    assert answer.status_code == 400
    assert Decision.objects.count() == 0


def test_overruling_keeps_the_machines_verdict_and_settles_the_finding(world, signed_in):
    client = signed_in("radiologist")
    before = Assessment.objects.get(pk=world.assessment).verdicts
    answer = client.post(decide_url(world), {"outcome": "PASS", "reason": "补扫后已完整"})
    assert answer.status_code == 302
    assert Assessment.objects.get(pk=world.assessment).verdicts == before
    assert Finding.objects.get(pk=world.finding).state in {"closed", "overruled"}
    page = client.get(answer.url).content.decode()
    assert "补扫后已完整" in page
    assert "某radiologist" in page


def test_evaluating_again_never_overwrites_a_decision(world, signed_in):
    client = signed_in("qc_officer")
    client.post(decide_url(world), {"outcome": "PASS", "reason": "确认无遗漏"})
    outcome = Exam.objects.get(pk=world.exam).outcome
    client.post(reverse("web:exam_evaluate", args=[world.exam]))
    assert run_due_here() > 0
    assert Exam.objects.get(pk=world.exam).outcome == outcome
    assert Finding.objects.get(pk=world.finding).state in {"closed", "overruled"}


def test_a_technologist_sees_but_does_not_decide(world, signed_in):
    client = signed_in("technologist")
    assert "缺失层数" in client.get(reverse("web:exam", args=[world.exam])).content.decode()
    assert client.post(decide_url(world), {"outcome": "PASS", "reason": "x"}).status_code == 403
    assert Decision.objects.count() == 0


def test_a_finding_is_overruled_and_taken_back(world, signed_in):
    client = signed_in("qc_officer")
    url = reverse("web:finding_decide", args=[world.finding, "overrule"])
    assert client.post(url, {"reason": ""}).status_code == 400
    assert client.post(url, {"reason": "设备正常，属扫描方案"}).status_code == 302
    assert Finding.objects.get(pk=world.finding).state == "overruled"
    back = reverse("web:finding_decide", args=[world.finding, "withdraw"])
    assert client.post(back, {"reason": "误判"}).status_code == 302
    assert Finding.objects.get(pk=world.finding).state == "open"
