"""Nobody where they do not belong: every address as every role, as the other hospital, and as a stranger.

`ROUTES` is the one table.  A new address that is not in it fails `test_every_address_is_in_the_table`.
"""

from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.apps.ingest.making import make_intake
from tests.apps.ingest.telling import tell
from tests.apps.phantomqc.making import programme_of
from tests.apps.rulebook.making import draft, published, table
from tests.apps.sheets.making import make_sheets
from tests.flows.api_routes import API_ROUTES

from yingheng.audit.services import record
from yingheng.catalog.models import Exam, Instance, Quarantine, Retake
from yingheng.common.clock import now
from yingheng.evidence.models import Trend
from yingheng.evidence.services import Change, epoch_add
from yingheng.jobs.models import Job
from yingheng.jobs.services import emit
from yingheng.notify.models import Delivery
from yingheng.notify.services import notify
from yingheng.registry.models import Device
from yingheng.rulebook.services import shadow_ask
from yingheng.tenancy.models import Membership, User
from yingheng.tenancy.roles import ROLES
from yingheng.tenancy.services import user_create
from yingheng.tenancy.tokens import token_make

pytestmark = pytest.mark.django_db
ANYBODY, PUBLIC = "signed-in", "public"


@dataclass(frozen=True)
class Route:
    """What an address asks for; `things` are the ids in it, found in the world of a hospital."""

    access: str
    things: dict = field(default_factory=dict)
    query: str = ""
    post: bool = False
    fine: tuple = (200, 302)


EXAM = {"exam_id": "exam"}
FINDING = {"finding_id": "finding"}
RULES = {"edition_id": "rules"}
SHEET = {"response_id": "sheet"}
TEMPLATE = {"template_id": "sheet_template"}
ROUTES = {
    "web:today": Route(ANYBODY),
    "web:health": Route(PUBLIC),
    "web:exams": Route("exam.view"),
    "web:exam": Route("exam.view", EXAM),
    "web:exam_evaluate": Route("exam.evaluate", EXAM, post=True),
    "web:decide": Route("exam.decide", EXAM | {"assessment_id": "assessment"}, query="?criterion={criterion}"),
    "web:slice": Route("exam.view", {"series_id": "series", "index": 0}),
    "web:thumbnail": Route("exam.view", {"series_id": "series"}),
    "web:viewer": Route("exam.view", EXAM),
    "web:viewer_exam": Route("exam.view", EXAM),
    "web:viewer_compare": Route("exam.view", EXAM),
    "web:viewer_series": Route("exam.view", {"series_id": "series"}),
    "web:frame": Route("exam.view", {"instance_id": "instance", "frame": 0}),
    "web:exam_item": Route("mapping.edit", EXAM),
    "web:items": Route("exam.view"),
    "web:item_key": Route("mapping.edit", {"hospital_id": "hospital"}, query="?key={key}"),
    "web:item_decide": Route("mapping.edit", {"hospital_id": "hospital"}, query="?key={key}", post=True),
    "web:board": Route("exam.view"),
    "web:room": Route("exam.view", {"device_id": "device"}),
    "web:accept": Route("retake.edit", EXAM),
    "web:retake_new": Route("retake.edit", EXAM),
    "web:retakes": Route("exam.view"),
    "web:retake_counts": Route("exam.view"),
    "web:retakes_export": Route("export.make"),
    "web:retake_confirm": Route("retake.edit", {"retake_id": "retake"}),
    "web:retake_reject": Route("retake.edit", {"retake_id": "retake"}),
    "web:sheets": Route("sheet.view"),
    "web:sheet_new": Route("sheet.fill"),
    "web:sheet": Route("sheet.view", {"response_id": "sheet_done"}),
    "web:sheet_fill": Route("sheet.fill", SHEET),
    "web:sheet_save": Route("sheet.fill", SHEET, post=True),
    "web:sheet_attach": Route("sheet.fill", SHEET, post=True, fine=(400,)),
    "web:sheet_correct": Route("sheet.fill", {"response_id": "sheet_done"}),
    "web:sheet_discard": Route("sheet.fill", {"response_id": "sheet_done"}, post=True),
    "web:sheet_report": Route("sheet.view", {"response_id": "sheet_done", "ending": "=xlsx"}),
    "sheets:templates": Route("sheet.view"),
    "sheets:new": Route("sheet.edit"),
    "sheets:product": Route("sheet.view", {"key": "=device-morning"}),
    "sheets:product_preview": Route("sheet.view", {"key": "=device-morning"}),
    "sheets:template": Route("sheet.view", TEMPLATE),
    "sheets:download": Route("sheet.view", TEMPLATE),
    "sheets:preview": Route("sheet.view", TEMPLATE),
    "sheets:edit": Route("sheet.edit", {"template_id": "sheet_begun"}),
    "sheets:publish": Route("sheet.edit", TEMPLATE, post=True),
    "sheets:next": Route("sheet.edit", TEMPLATE, post=True),
    "sheets:discard": Route("sheet.edit", TEMPLATE, post=True),
    "sheets:withdraw": Route("sheet.edit", TEMPLATE),
    "documents:file": Route("document.view", {"attachment_id": "sheet_file"}),
    "web:live_exams": Route("exam.view"),
    "web:storage": Route("ingest.view"),
    "web:retention_rule": Route("ingest.manage", {"hospital_id": "hospital"}),
    "web:findings": Route("finding.view"),
    "web:finding": Route("finding.view", FINDING),
    "web:finding_decide": Route("finding.decide", FINDING | {"verb": "=overrule"}),
    "web:standards": Route("standard.view"),
    "web:standard": Route("standard.view", {"standard_id": "=exam-integrity-1"}),
    "web:methods": Route("standard.view"),
    "web:method": Route("standard.view", {"slug": "=ct-noise"}),
    "web:calibration": Route("finding.view"),
    "web:calibration_criterion": Route("finding.view", {"family": "=image-quality-1", "criterion": "=ct.noise"}),
    "web:devices": Route("device.view"),
    "web:device": Route("device.view", {"device_id": "device"}),
    "web:trend": Route("device.view", {"device_id": "device"}, query="?protocol=P&quantity=ct.noise.global"),
    "web:trends_beside": Route("device.view"),
    "web:trend_baseline": Route(
        "device.edit", {"device_id": "device"}, query="?protocol=phantom:ct.water&quantity=ct.phantom.ct_number"
    ),
    "web:device_change": Route("device.edit", {"device_id": "device"}),
    "web:device_change_withdraw": Route("device.edit", {"device_id": "device", "epoch_id": "epoch"}),
    "web:device_confirm": Route("device.edit", {"device_id": "device"}),
    "registry:use": Route("device.view", {"device_id": "device"}),
    "registry:restrict": Route("device.release", {"device_id": "device"}),
    "registry:release": Route("device.release", {"device_id": "device"}),
    "registry:permit": Route("device.release", {"device_id": "device"}),
    "registry:permit_end": Route("device.release", {"device_id": "device"}),
    "schedule:calendar": Route("schedule.view"),
    "schedule:due": Route("schedule.view", {"due_id": "due"}),
    "schedule:due_done": Route("schedule.edit", {"due_id": "due"}),
    "schedule:due_skip": Route("schedule.edit", {"due_id": "due"}),
    "schedule:plans": Route("schedule.view"),
    "schedule:plan_new": Route("schedule.edit", {"hospital_id": "hospital"}),
    "schedule:plan": Route("schedule.view", {"plan_id": "plan"}),
    "schedule:plan_change": Route("schedule.edit", {"plan_id": "plan"}),
    "schedule:plan_end": Route("schedule.edit", {"plan_id": "plan"}),
    "phantomqc:tests": Route("device.view"),
    "phantomqc:test": Route("device.view", {"test_id": "device_test"}),
    "phantomqc:fill": Route("device.test", {"test_id": "device_test"}, post=True),
    "phantomqc:value": Route("device.view", {"value_id": "item_value"}),
    "phantomqc:submit": Route("device.test", {"test_id": "device_test"}),
    "phantomqc:report": Route("device.view", {"test_id": "device_test"}),
    "phantomqc:report_ask": Route(
        "device.view", {"test_id": "device_test", "ending": "=pdf", "lang": "=zh"}, post=True
    ),
    "phantomqc:book": Route("device.view", {"device_id": "device", "year": "=2026"}),
    "phantomqc:book_ask": Route(
        "device.view", {"device_id": "device", "year": "=2026", "ending": "=pdf", "lang": "=zh"}, post=True
    ),
    "phantomqc:begin": Route("device.test", {"device_id": "device"}),
    "phantomqc:plan": Route("schedule.edit", {"device_id": "device"}, query="?template=ct-water-daily"),
    "phantomqc:cases": Route("device.view"),
    "phantomqc:case": Route("device.view", {"case_id": "phantom_case"}),
    "phantomqc:route": Route("device.test", {"case_id": "phantom_case"}),
    "phantomqc:dismiss": Route("device.test", {"case_id": "phantom_case"}),
    "phantomqc:baseline": Route("device.edit", {"case_id": "phantom_case"}),
    "phantomqc:templates": Route("device.view"),
    "phantomqc:template": Route("device.view", {"template_id": "=ct-water-daily"}),
    "phantomqc:rules": Route("device.view"),
    "phantomqc:rule_new": Route("device.edit", {"hospital_id": "hospital"}),
    "phantomqc:rule": Route("device.edit", {"selector_id": "phantom_rule"}),
    "phantomqc:rule_switch": Route("device.edit", {"selector_id": "phantom_rule"}, post=True),
    "phantomqc:gate": Route("device.view"),
    "phantomqc:gate_hospital": Route("device.release", {"hospital_id": "hospital"}),
    "web:patients": Route("exam.view"),
    "web:patient": Route("exam.view", {"patient_id": "patient"}),
    "web:patient_merge": Route("patient.merge", {"patient_id": "patient"}),
    "web:patient_unmerge": Route("patient.merge", {"link_id": "patient_link"}),
    "ingest:messages": Route("ingest.view"),
    "ingest:message": Route("ingest.view", {"message_id": "told"}),
    "ingest:message_again": Route("ingest.manage", {"message_id": "told"}, post=True),
    "ingest:message_sources": Route("ingest.view"),
    "ingest:message_source_new": Route("ingest.manage"),
    "ingest:message_source": Route("ingest.manage", {"source_id": "message_source"}),
    "ingest:message_source_switch": Route("ingest.manage", {"source_id": "message_source"}),
    "web:quarantine": Route("ingest.view"),
    "web:quarantine_item": Route("ingest.view", {"quarantine_id": "quarantine"}),
    "web:quarantine_accept": Route("ingest.manage", {"quarantine_id": "quarantine"}),
    "web:quarantine_discard": Route("ingest.manage", {"quarantine_id": "quarantine"}),
    "ingest:overview": Route("ingest.view"),
    "ingest:connections": Route("ingest.view"),
    "ingest:local_new": Route("ingest.manage"),
    "ingest:local_edit": Route("ingest.manage", {"local_id": "local_ae"}),
    "ingest:local_remove": Route("ingest.manage", {"local_id": "local_ae"}),
    "ingest:remote_new": Route("ingest.manage", query="?ae=CT9&address=10.0.0.9"),
    "ingest:remote": Route("ingest.view", {"remote_id": "remote_ae"}),
    "ingest:remote_edit": Route("ingest.manage", {"remote_id": "remote_ae"}),
    "ingest:remote_test": Route("ingest.manage", {"remote_id": "remote_ae"}, post=True),
    "ingest:remote_stop": Route("ingest.manage", {"remote_id": "remote_ae"}),
    "ingest:remote_start": Route("ingest.manage", {"remote_id": "remote_ae"}, post=True),
    "ingest:associations": Route("ingest.view"),
    "ingest:rules": Route("ingest.view"),
    "ingest:rule_new": Route("ingest.manage", {"hospital_id": "hospital"}),
    "ingest:rule_edit": Route("ingest.manage", {"rule_id": "forward_rule"}),
    "ingest:rule_toggle": Route("ingest.manage", {"rule_id": "forward_rule"}, post=True),
    "ingest:outbox": Route("ingest.view"),
    "ingest:delivery": Route("ingest.view", {"delivery_id": "outgoing"}),
    "ingest:retry": Route("ingest.manage", {"delivery_id": "outgoing"}, post=True),
    "ingest:cancel": Route("ingest.manage", {"delivery_id": "outgoing"}),
    "ingest:commitments": Route("ingest.view"),
    "ingest:commitment": Route("ingest.view", {"ask_id": "commitment_ask"}),
    "ingest:commitment_again": Route("ingest.manage", {"ask_id": "commitment_ask"}, post=True),
    "ingest:commitments_received": Route("ingest.view"),
    "ingest:commitment_received": Route("ingest.view", {"commitment_id": "commitment"}),
    "ingest:policy": Route("ingest.manage", {"hospital_id": "hospital"}),
    "ingest:messages_refused": Route("ingest.view"),
    "ingest:held": Route("exam.decide"),
    "ingest:release": Route("exam.decide", post=True),
    "ingest:webhooks": Route("ingest.view"),
    "ingest:webhook_new": Route("ingest.manage"),
    "ingest:webhook": Route("ingest.view", {"webhook_id": "webhook"}),
    "ingest:webhook_edit": Route("ingest.manage", {"webhook_id": "webhook"}),
    "ingest:webhook_toggle": Route("ingest.manage", {"webhook_id": "webhook"}, post=True),
    "ingest:queries": Route("ingest.view"),
    "ingest:query_new": Route("ingest.manage"),
    "ingest:query": Route("ingest.view", {"query_id": "query"}),
    "ingest:query_stop": Route("ingest.manage", {"query_id": "query"}, post=True),
    "ingest:query_again": Route("ingest.manage", {"query_id": "query_ended"}, post=True),
    "ingest:query_plans": Route("ingest.view"),
    "ingest:query_plan_new": Route("ingest.manage"),
    "ingest:query_plan": Route("ingest.manage", {"plan_id": "query_plan"}),
    "ingest:query_plan_switch": Route("ingest.manage", {"plan_id": "query_plan"}, post=True),
    "ingest:watched": Route("ingest.view"),
    "ingest:watched_new": Route("ingest.manage"),
    "ingest:watched_folder": Route("ingest.view", {"folder_id": "watched_folder"}),
    "ingest:watched_edit": Route("ingest.manage", {"folder_id": "watched_folder"}),
    "ingest:watched_switch": Route("ingest.manage", {"folder_id": "watched_folder"}, post=True),
    "ingest:watched_again": Route("ingest.manage", {"folder_id": "watched_folder"}, post=True),
    "ingest:notice_again": Route("ingest.manage", {"notice_id": "notice"}, post=True),
    "rulebook:list": Route("standard.view"),
    "rulebook:new": Route("standard.edit"),
    "rulebook:upload": Route("standard.edit"),
    "rulebook:standards": Route("standard.view"),
    "rulebook:adopt": Route("standard.edit", {"standard_id": "=acr-mr-2022"}),
    "rulebook:stop": Route("standard.edit", {"standard_id": "=tg-116-2009"}),
    "rulebook:confirm": Route("standard.edit", {"standard_id": "=image-quality-1", "criterion_id": "=ct.truncated"}),
    "rulebook:shadow": Route("standard.view", {"run_id": "trial"}),
    "rulebook:edition": Route("standard.view", RULES),
    "rulebook:download": Route("standard.view", RULES),
    "rulebook:criterion_new": Route("standard.edit", RULES),
    "rulebook:criterion": Route("standard.edit", RULES | {"criterion_id": "=thin"}),
    "rulebook:criterion_remove": Route("standard.edit", RULES | {"criterion_id": "=none"}, post=True),
    "rulebook:source": Route("standard.edit", RULES),
    "rulebook:take": Route("standard.edit", RULES | {"standard_id": "=image-quality-1"}),
    "rulebook:shadow_ask": Route("standard.edit", RULES),
    "rulebook:publish": Route("standard.edit", RULES),
    "rulebook:withdraw": Route("standard.edit", {"edition_id": "signed"}),
    "rulebook:discard": Route("standard.edit", {"edition_id": "signed"}, post=True),
    "tenancy:login": Route(PUBLIC),
    "tenancy:logout": Route(PUBLIC, post=True),
    "tenancy:password": Route(ANYBODY),
    "tenancy:tokens": Route(ANYBODY),
    "tenancy:token_new": Route(ANYBODY),
    "tenancy:token_end": Route(ANYBODY, {"token_id": "token"}, post=True),
    "tenancy:machine_token_new": Route("user.manage", {"user_id": "machine"}),
    "tenancy:user_token_end": Route("user.manage", {"user_id": "machine", "token_id": "machine_token"}, post=True),
    "tenancy:users": Route("user.view"),
    "tenancy:user_new": Route("user.manage"),
    "tenancy:user": Route("user.view", {"user_id": "user"}),
    "tenancy:grant": Route("role.grant", {"user_id": "user"}),
    "tenancy:deactivate": Route("user.manage", {"user_id": "user"}),
    "tenancy:activate": Route("user.manage", {"user_id": "user"}, post=True),
    "tenancy:reset": Route("user.manage", {"user_id": "user"}, post=True),
    "tenancy:revoke": Route("role.grant", {"membership_id": "membership"}),
    "tenancy:organisations": Route("user.view"),
    "tenancy:organisation_new": Route("organisation.manage"),
    "audit:list": Route("audit.view"),
    "audit:verify": Route("audit.view", post=True),
    "jobs:list": Route("job.view"),
    "jobs:retry": Route("job.manage", {"job_id": "job"}, post=True),
    "notify:list": Route(ANYBODY),
    "notify:read_all": Route(ANYBODY, post=True),
    "notify:follow": Route(ANYBODY, {"delivery_id": "delivery"}),
    "notify:acknowledge": Route(ANYBODY, {"delivery_id": "delivery"}, post=True),
}
# artificial samples, and the language of one's own browser
UNGUARDED = {"ui:gallery", "ui:page", "ui:sample_image", "ui:language"}


def names(resolver=None, space=""):
    for item in (resolver or get_resolver()).url_patterns:
        if isinstance(item, URLResolver):
            yield from names(item, f"{item.namespace}:" if item.namespace else space)
        elif isinstance(item, URLPattern) and item.name:
            yield f"{space}{item.name}"


def things_of(world, person) -> dict:
    """Everything an address can name, in one hospital."""
    key = world.hospital.code
    user = person("nurse", f"nurse-{key}", world.hospital)
    emit("matrix.none", key, scope=world.hospital.path)
    job = Job.objects.get(kind="matrix.none", natural_key=key)
    Job.objects.filter(pk=job.pk).update(state="parked", error="x", finished_at=job.created_at)
    notify(key=f"m:{key}", kind="job.parked", params={"kind": "k", "natural_key": key}, recipients=[user])
    record(actor=user.actor, action="matrix.look", subject=f"hospital:{key}", scope=world.hospital.path)
    return {
        "exam": world.exam,
        "series": world.series,
        "instance": Instance.objects.filter(series=world.series).values_list("pk", flat=True)[0],
        "assessment": world.assessment,
        "criterion": world.criterion,
        "finding": world.finding,
        "device": world.device,
        "epoch": on_course(world, user),
        "user": user.pk,
        "membership": Membership.objects.get(user=user).pk,
        "job": job.pk,
        "delivery": Delivery.objects.get(recipient=user).pk,
        "quarantine": put_aside(world.hospital).pk,
        "retake": suggested_retake(world).pk,
        **rules_of(world.hospital, user.actor),
        **tokens_of(world.hospital, user),
        **intake_of(world, user.actor),
        **told_of(world),
        **programme_of(world, user.actor),
        **make_sheets(Device.objects.get(pk=world.device), user.actor),
        "hospital": world.hospital.pk,
        "key": quote(Exam.objects.get(pk=world.exam).item_key),
    }


def on_course(world, user):
    """A trend of the device, and a statement about it; gives the id of the latter."""
    device = Device.objects.get(pk=world.device)
    Trend.objects.create(
        hospital=world.hospital, device=device, protocol_key="P", quantity="ct.noise.global", n=0, n_usable=0,
        updated_at=now(),
    )  # fmt: skip
    Trend.objects.create(
        hospital=world.hospital, device=device, protocol_key="phantom:ct.water", quantity="ct.phantom.ct_number", n=0,
        n_usable=0, updated_at=now(),
    )  # fmt: skip
    return epoch_add(actor=user.actor, device=device, change=Change("tube", now(), "x")).pk


def rules_of(hospital, actor) -> dict:
    """A draft that was tried, and published rules."""
    made = draft(hospital, actor, table())
    trial = shadow_ask(actor=actor, edition=made, days=30)
    return {"rules": made.pk, "signed": published(hospital, actor, table()).pk, "trial": trial.pk}


def tokens_of(hospital, user) -> dict:
    """Somebody's token, and a machine account with one."""
    machine = user_create(actor=None, username=f"m-{hospital.code}", display_name="PACS", organisation=hospital,
                          machine=True).user  # fmt: skip
    own, other = (token_make(actor=whose, user=whose, name="x", days=30).row for whose in (user, machine))
    return {"token": own.pk, "machine": machine.pk, "machine_token": other.pk}


def intake_of(world, actor) -> dict:
    """Connections, a rule, an exam in the outbox, and a notice."""
    return make_intake(Exam.objects.get(pk=world.exam), actor)


def suggested_retake(world) -> Retake:
    """A retake that a machine saw."""
    exam = Exam.objects.get(pk=world.exam)
    return Retake.objects.create(
        hospital=world.hospital, exam=exam, origin="automatic", state="suggested", asked_at=now()
    )


def told_of(world) -> dict:
    """Messages about the exam, their source, its patient, and a merge."""
    number = "ID-own" if world.hospital.code == "h1" else "ID-other"
    return tell(Exam.objects.select_related("hospital").get(pk=world.exam), number)


def put_aside(hospital) -> Quarantine:
    """An object that contradicts the catalog."""
    return Quarantine.objects.create(
        hospital=hospital,
        sop_uid=f"2.25.7{hospital.code[-1]}",
        series_uid="2.25.8",
        study_uid="2.25.9",
        sha256="0" * 64,
        storage_key="none",
        size=1,
        reason=Quarantine.Reason.CONTENT_DIFFERS,
        received_at=now(),
    )


def address(name, route, things):
    values = {key: things[value] if value in things else str(value).lstrip("=") for key, value in route.things.items()}
    return reverse(name, kwargs=values) + route.query.format(**things)


def ask(client, name, route, things):
    url = address(name, route, things)
    return client.post(url) if route.post else client.get(url)


def names_a_thing(route):
    return any(value in {"exam", "series", "instance", "assessment", "finding", "device", "user", "membership", "job",
                         "delivery", "quarantine", "retake", "hospital", "rules", "signed", "trial", "token", "machine",
                         "local_ae", "remote_ae", "forward_rule", "outgoing", "webhook", "notice",
                         "told", "message_source", "patient", "patient_link", "plan", "due", "device_test",
                         "phantom_case", "phantom_rule", "item_value", "sheet", "sheet_done",
                         "sheet_template", "sheet_begun", "sheet_file", "commitment", "commitment_ask"}
               for value in route.things.values())  # fmt: skip


def test_every_address_is_in_the_table():
    assert set(names()) - UNGUARDED == set(ROUTES) | set(API_ROUTES)
    assert not set(ROUTES) & set(API_ROUTES)


def test_a_stranger_is_sent_to_the_sign_in_page(world, person):
    things = things_of(world, person)
    for name, route in ROUTES.items():
        answer = ask(Client(), name, route, things)
        if route.access == PUBLIC:
            assert answer.status_code in {200, 302}, name
        else:
            assert answer.status_code == 302, name
            assert answer.url.startswith(reverse("tenancy:login")), name


def every_visit(signed_in, things):
    """(role, address, route, answer) of every role at every address, but signing out."""
    for role in sorted(ROLES):
        client = signed_in(role, f"me-{role}")
        for name, route in ROUTES.items():
            if name != "tenancy:logout":
                yield role, f"{role} {name}", route, ask(client, name, route, things)


def test_a_role_opens_what_it_may_and_nothing_else(world, person, signed_in):
    things = things_of(world, person)
    for role, name, route, answer in every_visit(signed_in, things):
        may = route.access in {PUBLIC, ANYBODY} or route.access in ROLES[role].permissions
        if {"delivery", "token"} & set(route.things.values()):
            assert answer.status_code == 404, name  # somebody else's message or token
        elif may:
            assert answer.status_code in route.fine, f"{name}: {answer.status_code}"
            assert not getattr(answer, "url", "").startswith(reverse("tenancy:login")), name
        else:
            assert answer.status_code == 403, f"{name}: {answer.status_code}"


def test_the_other_hospital_does_not_exist(world, other_world, person, signed_in):
    theirs = things_of(other_world, person)
    secrets = [str(theirs[key]) for key in ("exam", "series", "finding", "device", "user", "job")]
    secrets += [other_world.hospital.name, "ID-other", "SN-other"]
    for _role, name, route, answer in every_visit(signed_in, theirs):
        if names_a_thing(route):
            assert answer.status_code in {403, 404}, f"{name}: {answer.status_code}"
        elif answer.status_code == 200 and not answer.streaming:
            page = answer.content.decode(errors="replace")
            assert [secret for secret in secrets if secret in page] == [], name


def test_the_region_sees_both_hospitals(world, other_world, region, signed_in):
    client = signed_in("regional_centre", "city", region)
    page = client.get(reverse("web:exams")).content.decode()
    assert str(world.exam) in page
    assert str(other_world.exam) in page
    assert User.objects.count() == 1
