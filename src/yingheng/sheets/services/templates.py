"""Templates of a hospital: written, published, withdrawn; and rows for those that come with the product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.sheets.library import product, text_digest
from yingheng.sheets.load import load
from yingheng.sheets.models import Template
from yingheng.sheets.spec import Spec
from yingheng.tenancy.models import Organisation

State = Template.State
# (state, event) -> state
TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("draft", "publish"): "published",
    ("published", "withdraw"): "withdrawn",
}


@transaction.atomic
def product_template(*, key: str, version: int | None = None) -> Template:
    """The row of an edition that comes with the product, made when it is first used.

    Conflict when the same edition had another text before: editions are added, never edited.
    """
    found = product(key, version)
    spec = found.spec
    row = Template(sha256=found.sha256, state=State.PUBLISHED, published_at=now(), created_at=now(), changed_at=now())
    _fill(row, spec, found.text)
    Template.objects.bulk_create([row], ignore_conflicts=True)
    kept = Template.objects.get(hospital__isnull=True, key=spec.key, version=spec.version)
    if kept.sha256 != found.sha256:
        raise Conflict("sheets.product_changed", key=spec.key, version=spec.version)
    return kept


@transaction.atomic
def template_made(*, text: str) -> Template:
    """The row of a sheet that another part of the product makes; another text of the same key is a next version."""
    spec = _sound(text)
    rows = Template.objects.filter(hospital__isnull=True, key=spec.key)
    newest = rows.order_by("-version").first()
    if newest is not None and with_version(text, newest.version) == newest.text:
        return newest
    version = newest.version + 1 if newest else 1
    text = with_version(text, version)
    row = Template(state=State.PUBLISHED, published_at=now(), created_at=now(), changed_at=now())
    _fill(row, _sound(text), text)
    Template.objects.bulk_create([row], ignore_conflicts=True)
    return rows.get(version=version)


@transaction.atomic
def template_begin(*, actor: Actor, hospital: Organisation, text: str) -> Template:
    """Begin a draft of the hospital from a text, its own or a copy; its version is the next free one of its key."""
    spec = _sound(text)
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=hospital.pk)
    newest = Template.objects.filter(hospital=hospital, key=spec.key).aggregate(n=Max("version"))["n"]
    text = text if newest is None or spec.version > newest else with_version(text, newest + 1)
    row = Template(hospital=hospital, created_by_id=actor.id, created_by_name=actor.name, created_at=now())
    _fill(row, _sound(text), text)
    row.changed_at = now()
    row.save(force_insert=True)
    _record(actor, "begin", row, after={"sha256": row.sha256})
    return row


@transaction.atomic
def template_write(*, actor: Actor, template: Template, text: str) -> Template:
    """Give a draft another text.  Key and version stay what they are."""
    row = _locked(template)
    if row.state != State.DRAFT:
        raise Conflict("sheets.template_state")
    spec = _sound(text)
    if (spec.key, spec.version) != (row.key, row.version):
        raise Invalid("sheets.template_renamed", key=row.key, version=row.version)
    before = row.sha256
    _fill(row, spec, text)
    row.changed_at = now()
    row.save()
    _record(actor, "write", row, before={"sha256": before}, after={"sha256": row.sha256})
    return row


@transaction.atomic
def template_publish(*, actor: Actor, template: Template) -> Template:
    """From now on the draft is what is filled in; it never changes again."""
    row = _moved(template, "publish")
    row.published_at, row.published_by_id, row.published_by_name = now(), actor.id, actor.name
    row.save()
    _record(actor, "publish", row, after={"sha256": row.sha256})
    return row


@transaction.atomic
def template_withdraw(*, actor: Actor, template: Template, reason: str) -> Template:
    """Have an edition no longer begun; what was filled in stays."""
    if not reason.strip():
        raise Invalid("sheets.reason_missing")
    row = _moved(template, "withdraw")
    row.withdrawn_at, row.withdrawn_by_name, row.withdrawn_reason = now(), actor.name, reason.strip()
    row.save(update_fields=["state", "withdrawn_at", "withdrawn_by_name", "withdrawn_reason"])
    _record(actor, "withdraw", row, reason=reason.strip())
    return row


def template_next(*, actor: Actor, template: Template) -> Template:
    """A draft of the next version of a hospital's template, beginning with the text of this one."""
    if template.hospital is None:
        raise Invalid("sheets.template_unknown")
    return template_begin(actor=actor, hospital=template.hospital, text=template.text)


@transaction.atomic
def template_discard(*, actor: Actor, template: Template) -> None:
    """Throw a draft away."""
    row = _locked(template)
    if row.state != State.DRAFT:
        raise Conflict("sheets.template_state")
    _record(actor, "discard", row, before={"sha256": row.sha256})
    row.delete()


def with_version(text: str, version: int) -> str:
    """The text with another version in its head; the rest stays letter for letter."""
    lines = text.splitlines(keepends=True)
    for i, line in enumerate(lines):
        if line.startswith("["):
            break
        if line.replace(" ", "").startswith("version="):
            lines[i] = f"version = {version}\n"
            return "".join(lines)
    return f"version = {version}\n{text}"


def _sound(text: str) -> Spec:
    loaded = load(text)
    if loaded.spec is None:
        raise Invalid("sheets.text_bad", detail="；".join(map(str, loaded.problems[:3])))
    return loaded.spec


def _fill(row: Template, spec: Spec, text: str) -> None:
    row.key, row.version, row.kind, row.subject = spec.key, spec.version, spec.kind, spec.subject
    row.title, row.title_en = spec.title.zh, spec.title.en
    row.text, row.sha256 = text, text_digest(text)


def _locked(template: Template) -> Template:
    rows = Template.objects.select_for_update(of=("self",), no_key=True).select_related("hospital")
    return rows.get(pk=template.pk)


def _moved(template: Template, event: str) -> Template:
    row = _locked(template)
    state = TRANSITIONS.get((row.state, event))
    if state is None or row.hospital is None:
        raise Conflict("sheets.template_state")
    row.state = state
    return row


def _record(actor: Actor, verb: str, row: Template, **more: Any) -> None:
    path = row.hospital.path if row.hospital else ""
    audit.record(actor=actor, action=f"sheet_template.{verb}", subject=f"sheet_template:{row.pk}", scope=path, **more)
