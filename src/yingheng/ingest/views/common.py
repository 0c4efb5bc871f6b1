"""What the intake pages share."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.catalog.models import Exam
from yingheng.common.ui.parts import Lines, Link, OutcomeBadge, Tab, Tag
from yingheng.ingest.models import RemoteAE, Webhook
from yingheng.ingest.texts import trouble_words
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import EXAM_VIEW


def tabs(current: str, counts: dict[str, int] | None = None) -> list[Tab]:
    """The lists of intake side by side."""
    pages = (
        ("connections", _("Connections")),
        ("associations", _("Associations")),
        ("rules", _("Forwarding rules")),
        ("outbox", _("Outbox")),
        ("webhooks", _("Result notices")),
        ("messages", _("Messages")),
        ("queries", _("Queries")),
        ("commitments", _("Storage commitment")),
    )
    return [Tab(label, reverse(f"ingest:{name}"), (counts or {}).get(name), name == current) for name, label in pages]


def crumbs(*more: Link) -> list[Link]:
    """The way back to the overview of intake."""
    return [Link(_("Data intake"), reverse("ingest:overview")), *more]


def exam_words(exam: Exam) -> str:
    """What people call an exam: its description, else modality and body part."""
    return exam.description or " ".join(filter(None, (exam.modality, exam.body_part))) or exam.study_uid


def exam_cell(request: HttpRequest | None, exam: Exam) -> Lines:
    """An exam in a table, with a link for those who may see exams; None: without, where the row leads elsewhere."""
    second = " · ".join(filter(None, (exam.modality, exam.accession, exam.device.label if exam.device else "")))
    may = request is not None and scope_of(request, EXAM_VIEW).contains(exam.hospital.path)
    return Lines(exam_words(exam), second, reverse("web:exam", args=[exam.pk]) if may else "")


def exam_light(exam: Exam) -> OutcomeBadge | Tag:
    """The outcome of an exam, or that there is none yet."""
    return OutcomeBadge(exam.outcome) if exam.outcome else Tag(_("not judged yet"), "neutral")


def partner_light(row: RemoteAE | Webhook) -> Tag | Lines:
    """Whether a partner that we call takes what we send."""
    if not row.is_active:
        return Tag(_("not in use"), "none")
    if row.failing_since:
        return Lines(Tag(_("does not answer"), "fail", "x"), trouble_words(row.trouble))
    if row.reached_at:
        return Tag(_("answers"), "pass", "check")
    return Tag(_("not called yet"), "neutral")
