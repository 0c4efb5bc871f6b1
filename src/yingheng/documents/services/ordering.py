"""Reports that take their time: asked for once, made by a worker, kept as a file of their subject."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Invalid, PlatformError
from yingheng.documents.builders import builder_named
from yingheng.documents.models import Attachment, ReportOrder
from yingheng.documents.report.model import Language
from yingheng.documents.services.attaching import attachment_put
from yingheng.documents.services.rendering import RENDERERS, report_render
from yingheng.jobs.services import emit
from yingheng.tenancy.models import Organisation

State = ReportOrder.State
_LANGUAGES: dict[str, Language] = {"zh": "zh", "en": "en"}


@transaction.atomic
def report_ask(
    *,
    actor: Actor,
    hospital: Organisation,
    builder: str,
    subject_id: str,
    format: str = "pdf",  # noqa: A002 - what every caller calls it
    language: str = "zh",
) -> ReportOrder:
    """Have a report made.  Asked for again it is made again, from the facts as they are then."""
    if format not in RENDERERS or language not in _LANGUAGES:
        raise Invalid("documents.report_format")
    kind = builder_named(builder)
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=hospital.pk)
    told = {"state": State.ASKED, "asked_by_id": actor.id, "asked_by_name": actor.name, "asked_at": now(),
            "finished_at": None, "error": ""}  # fmt: skip
    order, _created = ReportOrder.objects.update_or_create(
        hospital=hospital, builder=kind.name, subject_id=subject_id, format=format, language=language, defaults=told
    )
    emit(events.REPORT_ASKED, str(order.pk), scope=hospital.path)
    return order


def report_make(*, order_id: UUID | str) -> ReportOrder | None:
    """Make a report that was asked for and attach it; a refusal is kept with its code.  None when it is gone."""
    order = ReportOrder.objects.select_related("hospital").filter(pk=order_id).first()
    if order is None or order.state != State.ASKED:
        return order
    try:
        kind = builder_named(order.builder)
        report = kind.build(order.hospital, order.subject_id, _LANGUAGES[order.language])
        data = report_render(report, order.format)
    except PlatformError as exc:
        return _finished(order, State.FAILED, error=exc.code)
    with transaction.atomic():
        file = attachment_put(
            actor=Actor(order.asked_by_id, order.asked_by_name),
            hospital=order.hospital,
            subject_type=kind.subject_type,
            subject_id=order.subject_id,
            name=f"{report.title} {report.made_at:%Y-%m-%d}.{order.format}",
            data=data,
            kind=Attachment.Kind.REPORT,
        )
        audit.record(
            actor=None,
            action="report.make",
            subject=f"report:{order.builder}:{order.subject_id}",
            scope=order.hospital.path,
            after={"sha256": file.sha256, "format": order.format},
        )
        return _finished(order, State.DONE, attachment=file)


def _finished(order: ReportOrder, state: str, *, attachment: Attachment | None = None, error: str = "") -> ReportOrder:
    order.state, order.finished_at, order.attachment, order.error = state, now(), attachment, error
    order.save(update_fields=["state", "finished_at", "attachment", "error"])
    return order
