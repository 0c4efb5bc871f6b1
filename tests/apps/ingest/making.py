"""Connections, rules and outbox entries for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.ingest.models import (
    Commitment,
    CommitmentAsk,
    Delivery,
    ForwardRule,
    Notice,
    RefusedMessage,
    RemoteAE,
    WatchedFolder,
)
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
    sent = Delivery.objects.get(exam=exam)
    return {
        **make_commitments(sent),
        "local_ae": ours.pk,
        "remote_ae": partner.pk,
        "forward_rule": one.pk,
        "outgoing": sent.pk,
        "webhook": hook.pk,
        "notice": Notice.objects.get(exam=exam).pk,
        **make_queries(hospital, actor),
    }


def make_commitments(sent: Delivery) -> dict[str, Any]:
    """A request of ours that failed, one of a sender that cannot be answered, and a message turned away."""
    uid, at = f"2.25.{sent.pk.int}", sent.created_at
    listed = [["1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"], ["1.2.840.10008.5.1.4.1.1.2", "1.2.3.5"]]
    ask = CommitmentAsk.objects.create(
        hospital=sent.hospital, delivery=sent, destination=sent.destination, transaction_uid=uid, n_listed=2,
        n_committed=1, objects_listed=listed, failures=[[*listed[0], 0x0112]], state="failed", created_at=at,
        due_at=at, asked_at=at, answered_at=at,
    )  # fmt: skip
    asked = Commitment.objects.create(
        hospital=sent.hospital, transaction_uid=uid, calling="CT1", objects_listed=listed, n_listed=2, n_found=1,
        failures=[[*listed[0], 0x0112]], exam=sent.exam, received_at=at, trouble="address_unknown", n_tries=3,
    )  # fmt: skip
    RefusedMessage.objects.create(
        hospital=sent.hospital, address="10.0.0.7", application=f"RIS {sent.hospital.code}", first_at=at, last_at=at,
        code="message.unknown_source", kind="ORM^O01", control_id="C1", size=420, n=7,
    )  # fmt: skip
    return {"commitment_ask": ask.pk, "commitment": asked.pk}


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
