"""Notices of results: addresses that are told, what they are told, and telling them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog import keys
from yingheng.catalog.models import Exam
from yingheng.catalog.pseudonyms import pseudonym
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ui.words import quantity_text
from yingheng.evidence.selectors import verdicts_effective_of_exam
from yingheng.ingest.forwarding.http import Refused, post, url_split
from yingheng.ingest.forwarding.scu import PeerTrouble
from yingheng.ingest.models import Notice, Webhook
from yingheng.ingest.selectors.forwarding import notices_due
from yingheng.ingest.services.pauses import partner_answered, partner_failed
from yingheng.jobs import services as jobs
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

State = Notice.State
BUDGET_S = 30.0
FORMAT = 1
SHORTEST_SECRET = 16
_MOST_FAILURES = 50


@dataclass(frozen=True, slots=True)
class WebhookFields:
    """What a person says of an address; an empty secret keeps the one there is."""

    name: str
    url: str
    secret: str = ""
    outcomes: Sequence[str] = ()
    with_pseudonym: bool = False


@transaction.atomic
def webhook_put(*, actor: Actor, hospital: Organisation, fields: WebhookFields, row: Webhook | None = None) -> Webhook:
    """Add or change an address; Invalid unless it is a whole http or https address and has a secret."""
    if not fields.name.strip():
        raise Invalid("ingest.name_missing")
    url = fields.url.strip()
    if url_split(url) is None:
        raise Invalid("ingest.webhook_url")
    if (fields.secret or row is None) and len(fields.secret) < SHORTEST_SECRET:
        raise Invalid("ingest.webhook_secret")
    before = _shown(row) if row else None
    fresh = row or Webhook(hospital=hospital)
    fresh.name, fresh.url, fresh.outcomes = fields.name.strip(), url, list(fields.outcomes)
    fresh.with_pseudonym = fields.with_pseudonym
    if fields.secret:
        fresh.secret_cipher = keys.text_encrypt(fields.secret)
    try:
        with transaction.atomic():
            fresh.save()
    except IntegrityError as exc:
        raise Conflict("ingest.webhook_known") from exc
    Webhook.objects.filter(pk=fresh.pk).update(next_try_at=None, n_failures=0)
    after = _shown(fresh) | {"secret_changed": bool(fields.secret)}
    _record(actor, "webhook.put", f"webhook:{fresh.pk}", hospital, before=before, after=after)
    return fresh


@transaction.atomic
def webhook_switch(*, actor: Actor, row: Webhook, active: bool) -> None:
    """Tell an address nothing any more, or again; what waits for it waits on."""
    Webhook.objects.filter(pk=row.pk).update(is_active=active, next_try_at=None, n_failures=0)
    action = "webhook.start" if active else "webhook.stop"
    _record(
        actor, action, f"webhook:{row.pk}", row.hospital, before={"in_use": row.is_active}, after={"in_use": active}
    )
    if active:
        _emit(row)


@transaction.atomic
def notice_retry(*, actor: Actor, row: Notice) -> None:
    """Tell it once more, now."""
    changed = Notice.objects.filter(pk=row.pk, state__in=(State.FAILED, State.WAITING)).update(
        state=State.WAITING, attempts=0, next_at=None, changed_at=now()
    )
    if not changed:
        raise Conflict("ingest.delivery_state")
    Webhook.objects.filter(pk=row.webhook_id).update(next_try_at=None)
    _emit(row.webhook, at_once=True)
    _record(actor, "notice.retry", f"notice:{row.pk}", row.hospital, before={"state": row.state})


def exam_notices(exam: Exam) -> int:
    """Put the outcome of an exam into the outbox of every address of its hospital that does not know it yet.

    Returns how many notices were made.  What is said decides: the same outcome with the same failures is told once.
    """
    made = 0
    for hook in Webhook.objects.filter(hospital=exam.hospital, is_active=True).order_by("pk"):
        if hook.outcomes and exam.outcome not in hook.outcomes:
            continue
        body = notice_body(exam, with_pseudonym=hook.with_pseudonym)
        made += _put(hook, exam, body)
    return made


@transaction.atomic
def _put(hook: Webhook, exam: Exam, body: dict[str, Any]) -> bool:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()
    Webhook.objects.select_for_update(no_key=True).get(pk=hook.pk)  # two workers may look at once
    last = Notice.objects.filter(webhook=hook, exam=exam).order_by("-sequence").first()
    if last is not None and last.key == key:
        return False
    Notice.objects.create(
        hospital_id=exam.hospital_id,
        webhook=hook,
        exam=exam,
        sequence=last.sequence + 1 if last else 1,
        key=key,
        body=text,
        created_at=now(),
        changed_at=now(),
    )
    _emit(hook)
    return True


def notice_body(exam: Exam, *, with_pseudonym: bool) -> dict[str, Any]:
    """What is told of an exam: which one, its outcome, what failed in words, where to look.  No patient's data."""
    failures = []
    with translation.override("zh-hans"):
        for verdict in verdicts_effective_of_exam(Scope.everything(), exam):
            if verdict.outcome == "FAIL" and verdict.counts:
                v = verdict.verdict
                failures.append(
                    {
                        "standard": v["standard"],
                        "criterion": v["criterion"],
                        "clause": v["clause"],
                        "quantity": v["quantity"],
                        "name": quantity_text(v["quantity"]),
                        "value": v["value"],
                        "unit": v["unit"],
                        "severity": v["severity"],
                        "by": "person" if verdict.decision else "automatic",
                    }
                )
    failures.sort(key=lambda one: (one["standard"], one["criterion"], str(one["value"])))
    body: dict[str, Any] = {
        "format": FORMAT,
        "kind": "exam.outcome",
        "notice": "quality control result, not a diagnosis",
        "hospital": exam.hospital.code,
        "exam": {
            "id": str(exam.pk),
            "study_instance_uid": exam.study_uid,
            "accession": exam.accession,
            "modality": exam.modality,
            "demo": exam.is_demo,
        },
        "outcome": exam.outcome,
        "counts": {"pass": exam.n_pass, "fail": exam.n_fail, "review": exam.n_human, "none": exam.n_unassessable},
        "failures": failures[:_MOST_FAILURES],
        "link": settings.YINGHENG_PUBLIC_URL.rstrip("/") + reverse("web:exam", args=[exam.pk]),
    }
    if with_pseudonym and exam.patient is not None:
        body["patient"] = {"pseudonym": pseudonym(exam.patient)}
    return body


def webhook_send(*, webhook_id: UUID | str, budget_s: float = BUDGET_S) -> int:
    """Tell an address what waits for it, oldest first; returns how many notices it took."""
    hook = Webhook.objects.select_related("hospital").filter(pk=webhook_id, is_active=True).first()
    if hook is None:
        return 0
    if hook.next_try_at and hook.next_try_at > now():
        _emit(hook, not_before=hook.next_try_at)
        return 0
    end, told, secret = monotonic() + budget_s, 0, keys.text_decrypt(hook.secret_cipher)
    while monotonic() < end and (notice := notices_due(hook).first()) is not None:
        try:
            post(
                hook.url, notice.body.encode(), secret=secret, notice_id=str(notice.pk),
                allow_local=settings.YINGHENG_WEBHOOK_LOCAL,
            )  # fmt: skip
        except PeerTrouble as trouble:
            at = partner_failed(hook, trouble.code, trouble.detail)
            _settle(notice, State.WAITING, trouble.code, trouble.detail)
            _emit(hook, not_before=at)
            return told
        except Refused as refused:
            _settle(notice, State.FAILED, refused.code, refused.detail)
            continue
        _settle(notice, State.SENT, "", "")
        partner_answered(hook)
        told += 1
    if notices_due(hook).exists():
        _emit(hook)
    return told


def notices_push() -> int:
    """Ask for the jobs of addresses for which something waits: what a dead worker left; returns how many."""
    rows = Webhook.objects.filter(is_active=True, notices__state=State.WAITING).exclude(next_try_at__gt=now())
    found = list(rows.select_related("hospital").distinct().order_by("pk")[:50])
    for hook in found:
        _emit(hook)
    return len(found)


def _settle(notice: Notice, state: str, code: str, detail: str) -> None:
    changes: dict[str, Any] = {"state": state, "trouble": code, "trouble_detail": detail[:200], "changed_at": now()}
    if state == State.SENT:
        changes["sent_at"] = now()
    Notice.objects.filter(pk=notice.pk).update(attempts=notice.attempts + 1, **changes)


def _emit(hook: Webhook, *, not_before: Any = None, at_once: bool = False) -> None:
    moment = now() if at_once else not_before
    jobs.emit(events.NOTICE_SEND, str(hook.pk), scope=hook.hospital.path, not_before=moment)


def _shown(row: Webhook) -> dict[str, Any]:
    return {"name": row.name, "url": row.url, "outcomes": row.outcomes, "pseudonym": row.with_pseudonym}


def _record(actor: Actor, action: str, subject: str, hospital: Organisation, **more: Any) -> None:
    audit.record(actor=actor, action=action, subject=subject, scope=hospital.path, **more)
