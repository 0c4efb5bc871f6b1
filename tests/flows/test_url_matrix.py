"""Nobody where they do not belong: every address as every role, as the other hospital, and as a stranger.

`ROUTES` is the one table.  A new address that is not in it fails `test_every_address_is_in_the_table`.
"""

from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.apps.rulebook.making import draft, published, table

from yingheng.audit.services import record
from yingheng.catalog.models import Exam, Quarantine
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

pytestmark = pytest.mark.django_db
ANYBODY, PUBLIC = "signed-in", "public"


@dataclass(frozen=True)
class Route:
    """What an address asks for; `things` are the ids in it, found in the world of a hospital."""

    access: str
    things: dict = field(default_factory=dict)
    query: str = ""
    post: bool = False


EXAM = {"exam_id": "exam"}
FINDING = {"finding_id": "finding"}
RULES = {"edition_id": "rules"}
ROUTES = {
    "web:today": Route(ANYBODY),
    "web:health": Route(PUBLIC),
    "web:exams": Route("exam.view"),
    "web:exam": Route("exam.view", EXAM),
    "web:exam_evaluate": Route("exam.evaluate", EXAM, post=True),
    "web:decide": Route("exam.decide", EXAM | {"assessment_id": "assessment"}, query="?criterion={criterion}"),
    "web:slice": Route("exam.view", {"series_id": "series", "index": 0}),
    "web:thumbnail": Route("exam.view", {"series_id": "series"}),
    "web:exam_item": Route("mapping.edit", EXAM),
    "web:items": Route("exam.view"),
    "web:item_key": Route("mapping.edit", {"hospital_id": "hospital"}, query="?key={key}"),
    "web:item_decide": Route("mapping.edit", {"hospital_id": "hospital"}, query="?key={key}", post=True),
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
    "web:device_change": Route("device.edit", {"device_id": "device"}),
    "web:device_change_withdraw": Route("device.edit", {"device_id": "device", "epoch_id": "epoch"}),
    "web:device_confirm": Route("device.edit", {"device_id": "device"}),
    "web:quarantine": Route("ingest.view"),
    "web:quarantine_discard": Route("ingest.manage", {"quarantine_id": "quarantine"}),
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
        **rules_of(world.hospital, user.actor),
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
    return epoch_add(actor=user.actor, device=device, change=Change("tube", now(), "x")).pk


def rules_of(hospital, actor) -> dict:
    """A draft that was tried, and published rules."""
    made = draft(hospital, actor, table())
    trial = shadow_ask(actor=actor, edition=made, days=30)
    return {"rules": made.pk, "signed": published(hospital, actor, table()).pk, "trial": trial.pk}


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
    return any(value in {"exam", "series", "assessment", "finding", "device", "user", "membership", "job", "delivery",
                         "quarantine", "hospital", "rules", "signed", "trial"}
               for value in route.things.values())  # fmt: skip


def test_every_address_is_in_the_table():
    assert set(names()) - UNGUARDED == set(ROUTES)


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
        if "delivery" in route.things.values():
            assert answer.status_code == 404, name  # somebody else's message
        elif may:
            assert answer.status_code in {200, 302}, f"{name}: {answer.status_code}"
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
        elif answer.status_code == 200:
            page = answer.content.decode(errors="replace")
            assert [secret for secret in secrets if secret in page] == [], name


def test_the_region_sees_both_hospitals(world, other_world, region, signed_in):
    client = signed_in("regional_centre", "city", region)
    page = client.get(reverse("web:exams")).content.decode()
    assert str(world.exam) in page
    assert str(other_world.exam) in page
    assert User.objects.count() == 1
