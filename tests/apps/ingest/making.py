"""Connections, rules and outbox entries for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.ingest.models import Delivery, ForwardRule, Notice, RemoteAE, WatchedFolder
from yingheng.ingest.services.forwarding_notices import WebhookFields, exam_notices, webhook_put
from yingheng.ingest.services.forwarding_routing import forward_ask
from yingheng.ingest.services.forwarding_rules import RuleFields, rule_put
from yingheng.ingest.services.peers import PeerFields, local_ae_put, remote_ae_put
from yingheng.ingest.services.querying import AskFields, Limits, PlanFields, query_ask, query_plan_put, query_stop
from yingheng.tenancy.models import Organisation

SECRET = "sixteen letters!"


def destination(
    hospital: Organisation, actor: Actor, *, port: int = 11112, title: str = "PACS", **more: Any
) -> RemoteAE:
    """A PACS on this machine."""
    fields = PeerFields(name=f"归档 {title}", ae_title=title, host="127.0.0.1", port=port, is_destination=True, **more)
    return remote_ae_put(actor=actor, hospital=hospital, fields=fields)


def rule(hospital: Organisation, actor: Actor, *destinations: RemoteAE, **more: Any) -> ForwardRule:
    """A rule for every exam of the hospital, unless conditions say otherwise."""
    fields = RuleFields(**{"name": "全部", "destinations": destinations} | more)
    return rule_put(actor=actor, hospital=hospital, fields=fields)


def make_intake(exam: Exam, actor: Actor) -> dict[str, Any]:
    """One of everything that a page of intake can be about; ids by name."""
    hospital = exam.hospital
    ours = local_ae_put(actor=actor, hospital=hospital, ae_title=f"YH{hospital.code[-10:]}", is_open=False)
    partner = destination(hospital, actor, port=1)
    one = rule(hospital, actor, partner, hold=True, position=20)
    forward_ask(exam_id=exam.pk, destination_id=partner.pk)
    hook = webhook_put(
        actor=actor, hospital=hospital, fields=WebhookFields(name="RIS", url="https://ris.invalid/n", secret=SECRET)
    )
    exam_notices(exam)
    return {
        "local_ae": ours.pk,
        "remote_ae": partner.pk,
        "forward_rule": one.pk,
        "outgoing": Delivery.objects.get(exam=exam).pk,
        "webhook": hook.pk,
        "notice": Notice.objects.get(exam=exam).pk,
        **make_queries(hospital, actor),
    }


def make_queries(hospital: Organisation, actor: Actor) -> dict[str, Any]:
    """A plan, a query that has ended, one under way, and a watched folder."""
    pacs = archive(hospital, actor, port=2, title="ARCHIVE")
    day = dt.date(2026, 1, 5)
    limits = Limits()
    plan = query_plan_put(actor=actor, fields=PlanFields(pacs, "nightly", dt.time(1), 2, limits=limits))
    ended, going = (query_ask(actor=actor, fields=AskFields(pacs, first_day=day, limits=limits)) for _n in range(2))
    query_stop(actor=actor, row=ended)
    folder = WatchedFolder.objects.create(hospital=hospital, path=f"/none/{hospital.code}")
    return {"query_plan": plan.pk, "query": going.pk, "query_ended": ended.pk, "watched_folder": folder.pk}


def archive(hospital: Organisation, actor: Actor, *, port: int = 11112, title: str = "PACS", **more: Any) -> RemoteAE:
    """A PACS that we query; or with `is_archive` False what `more` says."""
    roles = {"is_archive": True} | more
    fields = PeerFields(name=f"影像 {title}", ae_title=title, host="127.0.0.1", port=port, **roles)
    return remote_ae_put(actor=actor, hospital=hospital, fields=fields)
