"""A page costs at most fifteen queries, the same few for ten rows and for hundreds."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.imagequality import course_world
from tests.apps.ingest.making import make_intake
from tests.apps.ingest.telling import tell
from tests.apps.phantomqc.making import programme_of
from tests.apps.rulebook.making import draft, published, table
from tests.apps.sheets.making import make_sheets

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.common.ids import uuid7
from yingheng.evidence.models import Finding
from yingheng.registry.models import Device
from yingheng.rulebook.services import shadow_ask, shadow_run
from yingheng.web.courses import trend_url

pytestmark = pytest.mark.django_db
CEILING = 15
LISTS = ("review:campaigns", "review:plans", "web:persons", "web:operators",
         "review:appeals", "review:tracings", "review:mine",
         "review:teaching", "review:teaching_work", "review:exercises", "review:training", "review:trainees",
         "governance:meetings", "governance:actions", "governance:series_list", "governance:hospitals",
         "schedule:calendar", "schedule:plans", "phantomqc:tests", "phantomqc:cases",
         "phantomqc:templates", "phantomqc:rules", "phantomqc:gate",
         "web:today", "web:exams", "web:items", "web:findings", "web:devices", "web:standards", "tenancy:users",
         "audit:list", "jobs:list", "notify:list", "rulebook:list", "rulebook:standards",
         "web:methods", "web:calibration", "web:board", "web:retakes", "web:retake_counts",
         "rejects:analysis", "rejects:rows", "rejects:days", "rejects:logs", "rejects:folders", "rejects:texts",
         "web:storage",
         "web:patients", "ingest:messages", "ingest:message_sources", "ingest:queries",
         "ingest:query_plans", "ingest:watched", "web:sheets", "sheets:templates",
         "ingest:outbox", "ingest:commitments",
         "ingest:commitments_received", "ingest:messages_refused", "ingest:overview")  # fmt: skip


def queries(client, url):
    client.get(url)  # what is cached for the process is cached now
    with CaptureQueriesContext(
        connection,
    ) as seen:
        answer = client.get(url)
    assert answer.status_code == 200, url
    return len(seen), "\n".join(q["sql"] for q in seen)


def multiply(world, n):
    """Many more exams, devices and findings like those of the world."""
    exam = Exam.objects.get(pk=world.exam)
    finding = Finding.objects.get(pk=world.finding)
    device = Device.objects.get(pk=world.device)
    devices, exams, findings = [], [], []
    for i in range(n):
        d = Device(**{f.attname: getattr(device, f.attname) for f in Device._meta.concrete_fields})
        d.pk, d.identity, d.name = uuid7(), f"sn:x|{i}", f"CT {i}"
        e = Exam(**{f.attname: getattr(exam, f.attname) for f in Exam._meta.concrete_fields})
        e.pk, e.study_uid, e.device_id = uuid7(), f"2.25.{i + 1}", d.pk
        e.sort_at = exam.sort_at - dt.timedelta(minutes=i + 1)
        f = Finding(**{x.attname: getattr(finding, x.attname) for x in Finding._meta.concrete_fields})
        f.pk, f.exam_id, f.subject_id, f.device_id = uuid7(), e.pk, uuid7(), d.pk
        devices.append(d)
        exams.append(e)
        findings.append(f)
    for model, rows in ((Device, devices), (Exam, exams), (Finding, findings)):
        model.objects.bulk_create(rows)


def test_lists_cost_the_same_at_any_size(world, signed_in):
    client = signed_in("head", "me")
    head_may_not = {"jobs:list"}
    urls = [reverse(name) for name in LISTS if name not in head_may_not]
    few = {url: queries(client, url) for url in urls}
    multiply(world, 120)
    for url, (n, sql) in few.items():
        many, more_sql = queries(client, url)
        assert n <= CEILING, f"{url}: {n}\n{sql}"
        assert many <= n + 1, f"{url}: {n} -> {many}\n{more_sql}"


def told_pages(world):
    """The exam with its order and report, its patient under two ids, and messages about them."""
    things = tell(Exam.objects.select_related("hospital").get(pk=world.exam), "ID-own")
    return {
        "exam with report": reverse("web:exam", args=[world.exam]),
        "patient": reverse("web:patient", args=[things["patient"]]),
        "merge": reverse("web:patient_merge", args=[things["patient"]]),
        "message": reverse("ingest:message", args=[things["told"]]),
        "orders to map": f"{reverse('web:items')}?state=requests",
    }


def sent_pages(world):
    """What is sent on: the exam with its deliveries, one of them, and what a destination vouches for."""
    things = make_intake(Exam.objects.get(pk=world.exam), Actor("system:test", "test"))
    return {
        "exam that is sent on": reverse("web:exam", args=[world.exam]),
        "delivery": reverse("ingest:delivery", args=[things["outgoing"]]),
        "commitment": reverse("ingest:commitment", args=[things["commitment_ask"]]),
        "commitment received": reverse("ingest:commitment_received", args=[things["commitment"]]),
    }


def rule_pages(world):
    """The pages of a draft with a finished trial run, and of the published rules it would replace."""
    actor = Actor("system:test", "test")
    for _ in range(3):
        published(world.hospital, actor, table())
    made = draft(world.hospital, actor, table())
    trial = shadow_run(run_id=shadow_ask(actor=actor, edition=made, days=3000).pk)
    assert trial.state == "done"
    pages = {name: reverse(f"rulebook:{name}", args=[made.pk]) for name in ("edition", "publish", "criterion_new")}
    take = reverse("rulebook:take", args=[made.pk, "image-quality-1"])
    return pages | {"trial": reverse("rulebook:shadow", args=[trial.pk]), "take": take}


def sheet_pages(world):
    """A sheet being filled in, one that was submitted, and its template."""
    made = make_sheets(Device.objects.get(pk=world.device), Actor("system:test", "test"))
    pages = {"sheet filling": ("sheet_fill", made["sheet"]), "sheet shown": ("sheet", made["sheet_done"])}
    found = {name: reverse(f"web:{view}", args=[pk]) for name, (view, pk) in pages.items()}
    preview = reverse("sheets:preview", args=[made["sheet_template"]])
    return found | {"sheet begin": reverse("web:sheet_new"), "sheets": reverse("web:sheets"), "sheet preview": preview}


def programme_pages(world):
    """A device with a test, its plan and phantom."""
    made = programme_of(world, Actor("system:test", "test"))
    return {
        "use": reverse("registry:use", args=[world.device]),
        "due": reverse("schedule:due", args=[made["due"]]),
        "plan": reverse("schedule:plan", args=[made["plan"]]),
        "plan_new": reverse("schedule:plan_new", args=[world.hospital.pk]),
        "test": reverse("phantomqc:test", args=[made["device_test"]]),
        "report": reverse("phantomqc:report", args=[made["device_test"]]),
        "phantom": reverse("phantomqc:case", args=[made["phantom_case"]]),
        "which test": reverse("phantomqc:route", args=[made["phantom_case"]]),
        "template": reverse("phantomqc:template", args=["ct-status"]),
    }


def test_things_stay_under_the_ceiling(world, signed_in):
    client = signed_in("qc_officer", "me")
    pages = {
        "exam": reverse("web:exam", args=[world.exam]),
        "decide": f"{reverse('web:decide', args=[world.exam, world.assessment])}?criterion={world.criterion}",
        "slice": reverse("web:slice", args=[world.series, 0]),
        "thumbnail": reverse("web:thumbnail", args=[world.series]),
        "finding": reverse("web:finding", args=[world.finding]),
        "device": reverse("web:device", args=[world.device]),
        "room": reverse("web:room", args=[world.device]),
        "accept": reverse("web:accept", args=[world.exam]),
        "retake": reverse("web:retake_new", args=[world.exam]),
        "jobs": reverse("jobs:list"),
        **told_pages(world),
        **sent_pages(world),
        **rule_pages(world),
        **programme_pages(world),
        **sheet_pages(world),
    }
    for name, url in pages.items():
        n, sql = queries(client, url)
        assert n <= CEILING, f"{name}: {n}\n{sql}"


def test_a_short_list_is_paged(world, signed_in):
    client = signed_in("head", "me")
    multiply(world, 120)
    first = client.get(reverse("web:findings")).content.decode()
    assert "page=50" in first
    assert client.get(reverse("web:findings") + "?page=100").status_code == 200
    assert client.get(reverse("web:devices") + "?page=99999999999999999999999").status_code == 200


def test_a_trend_costs_the_same_with_few_and_with_many_points(hospital, signed_in):
    client = signed_in("head", "me")
    device = course_world.follow(hospital, course_world.wobble(5))
    pages = [
        reverse("web:device", args=[device.pk]),
        trend_url(device, course_world.KEY, course_world.NOISE),
        f"{reverse('web:trends_beside')}?quantity={course_world.NOISE}",
    ]
    few = [queries(client, url) for url in pages]
    course_world.follow(hospital, course_world.wobble(40), first=5)
    for url, (n, sql) in zip(pages, few, strict=True):
        many, more_sql = queries(client, url)
        assert n <= CEILING, f"{url}: {n}\n{sql}"
        assert many <= min(n + 1, CEILING), f"{url}: {n} -> {many}\n{more_sql}"
