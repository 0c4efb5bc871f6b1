"""What intake does about facts: handlers for `pipeline.routes`."""

from typing import Any

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Quarantine, Series
from yingheng.ingest.forwarding.scu import PeerTrouble
from yingheng.ingest.services.commitment import commitment_answer
from yingheng.ingest.services.commitment_asking import commitment_send
from yingheng.ingest.services.forwarding_notices import webhook_send
from yingheng.ingest.services.forwarding_outbox import reviewed_release
from yingheng.ingest.services.forwarding_routing import exam_route, forward_ask
from yingheng.ingest.services.forwarding_sending import destination_send
from yingheng.ingest.services.messages import reports_of_exam_apply
from yingheng.ingest.services.querying_run import query_run
from yingheng.ingest.texts import trouble_words
from yingheng.jobs.runner import GiveUp
from yingheng.notify.services import notify
from yingheng.tenancy.permissions import INGEST_MANAGE
from yingheng.tenancy.roles import roles_with


def tell_quarantined(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.INSTANCE_QUARANTINED`: who manages intake hears of it, once per exam and reason."""
    row = Quarantine.objects.select_related("hospital").filter(pk=natural_key).first()
    if row is None or row.state != Quarantine.State.WAITING:
        return
    notify(
        key=f"quarantine:{row.hospital_id}:{row.study_uid}:{row.reason}",
        kind="instance.quarantined",
        params={"study": row.study_uid},
        roles=sorted(roles_with(INGEST_MANAGE)),
        scope=row.path,
        subject=f"quarantine:{row.pk}",
        link="/quarantine/",
    )


def apply_waiting_reports(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_CLOSED`: the exam gets the reports that came before it."""
    exam = Exam.objects.select_related("hospital").filter(pk=natural_key).first()
    if exam is not None:
        reports_of_exam_apply(exam=exam)


def answer_commitment(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.COMMITMENT_ASKED`: tell the sender what we hold of what it listed."""
    try:
        commitment_answer(commitment_id=natural_key)
    except PeerTrouble as trouble:
        raise GiveUp(f"{trouble_words(trouble.code)} ({trouble.code} {trouble.detail})") from trouble


def ask_commitment(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.COMMITMENT_ASK`: ask a destination to vouch for what it took."""
    commitment_send(ask_id=natural_key)


def forward_series(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.SERIES_READY`, before it is evaluated: what cannot be evaluated travels all the same."""
    exam_id = Series.objects.filter(pk=natural_key).values_list("exam", flat=True).first()
    if exam_id is not None:
        exam_route(exam_id=exam_id)


def forward_exam(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_CLOSED`: rules may ask for what is known only now."""
    exam_route(exam_id=natural_key)


def forward_asked(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.FORWARD_ASKED`."""
    exam_id, _, destination_id = natural_key.partition(":")
    forward_ask(exam_id=exam_id, destination_id=destination_id)


def release_reviewed(natural_key: str, payload: dict[str, Any]) -> None:
    """Route for `events.EXAM_CLEARED`: what was held for the daily review goes."""
    by = payload.get("by")
    reviewed_release(actor=Actor(by["id"], by["name"]) if by else None, exam_id=natural_key)


def forward_send(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.FORWARD_SEND`."""
    destination_send(destination_id=natural_key)


def notice_send(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.NOTICE_SEND`."""
    webhook_send(webhook_id=natural_key)


def query_go_on(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.QUERY_RUN`."""
    query_run(query_id=natural_key)
