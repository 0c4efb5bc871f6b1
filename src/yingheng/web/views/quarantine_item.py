"""One object put aside: why, in plain words, and what is known beside what came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from imagingqc.dicom.header import read_instance
from imagingqc.dicom.model import Instance as Facts
from imagingqc.errors import DataError, Reason
from yingheng.catalog.arrivals import IDENTIFYING, patient_header
from yingheng.catalog.keys import patient_key
from yingheng.catalog.models import Exam, Instance, Quarantine, Series
from yingheng.catalog.pseudonyms import may_identify, pseudonym, pseudonym_of
from yingheng.catalog.selectors import patient_identity, quarantine_get
from yingheng.catalog.services import quarantine_accept
from yingheng.catalog.storage import default_storage
from yingheng.common.errors import Invalid, NotFound
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.parts import Action, Alert, KeyValues, Link, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.ingest.services.refusing import refused_retry
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW
from yingheng.web.forms import ReasonForm

Refusal = Quarantine.Reason
NEVER_READ = frozenset({Refusal.UNREADABLE, Refusal.NO_HOSPITAL})
_UID_SHOWN = 24
_OF_THE_EXAM = ("StudyDescription", "AccessionNumber", "StudyDate", "StudyTime", "StationName", "PatientSex")
_OF_THE_OBJECT = ("SeriesDescription", "Modality", "AcquisitionDate", "AcquisitionTime", "InstanceNumber")


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalog has in the place that the object claims."""

    instance: Instance | None = None
    series: Series | None = None
    exam: Exam | None = None
    facts: Facts | None = None


@page(INGEST_VIEW)
@require_safe
def item(request: HttpRequest, quarantine_id: UUID) -> HttpResponse:
    """Why an object was put aside, and what to compare before deciding."""
    row = quarantine_get(request.scope, quarantine_id)
    known, come = _known(row), _facts(row.storage_key)
    may = row.state == Quarantine.State.WAITING and scope_of(request, INGEST_MANAGE).contains(row.path)
    waiting = row.state == Quarantine.State.WAITING
    return ThingPage(
        title=str(row.get_reason_display()),
        purpose=sentence(row),
        kind=_("Put aside"),
        crumbs=[Link(_("Put aside"), reverse("web:quarantine"))],
        state=Tag(str(row.get_state_display()), "human" if waiting else "neutral"),
        actions=_actions(row) if may else [],
        alerts=[Alert(advice(row), tone="human" if waiting else "neutral")] if waiting else [],
        sections=[
            *([Section(_("Known and arrived"), _compared(request, row, known, come))] if come else []),
            Section(_("Object"), facts_of(row, known)),
        ],
    ).response(request)


def sentence(row: Quarantine) -> str:
    """What happened, for a reader who knows no DICOM."""
    words: Mapping[str, Callable[[], str]] = {
        Refusal.CONTENT_DIFFERS: lambda: _(
            "An object with the same number is catalogued already, but its content is another."
        ),
        Refusal.SERIES_ELSEWHERE: lambda: _("Its series is catalogued under another exam."),
        Refusal.OTHER_PATIENT: lambda: _("Its exam is catalogued with another patient id."),
        Refusal.UNREADABLE: lambda: _("The file was received and kept, but it cannot be read as an object."),
        Refusal.NO_HOSPITAL: lambda: _("The file was received for a hospital that does not exist here any more."),
    }
    return words[row.reason]()


def advice(row: Quarantine) -> str:
    """What a person can do about it."""
    words: Mapping[str, Callable[[], str]] = {
        Refusal.CONTENT_DIFFERS: lambda: _(
            "Accept puts the arrived object in the place of the known one and judges the exam anew; the known one is"
            " kept on record. Keep things as they are by not cataloguing it."
        ),
        Refusal.SERIES_ELSEWHERE: lambda: _(
            "Two exams use one series number, which only the sender can mend: have it sent again with numbers of its"
            " own, or do not catalogue it."
        ),
        Refusal.OTHER_PATIENT: lambda: _(
            "If both ids are one person, merge the patients first and then accept it. If not, the exam was registered"
            " for the wrong patient: have it corrected at the scanner and sent again."
        ),
        Refusal.UNREADABLE: lambda: _(
            "Have it sent again. If it then arrives whole, do not catalogue this one. After an update of this system it"
            " can be tried again."
        ),
        Refusal.NO_HOSPITAL: lambda: _("Try again once the hospital exists, or do not catalogue it."),
    }
    return words[row.reason]()


def difference(row: Quarantine) -> str:
    """The reason recorded on arrival; "" for those whose kind says it all."""
    code = row.details.get("reason")
    if not code:
        return ""
    try:
        return Reason(code, row.details.get("values") or {}).text(language())
    except KeyError:  # written by another version
        return str(code)


def facts_of(row: Quarantine, known: Known | None = None) -> KeyValues:
    """What is recorded of it."""
    exam = known.exam if known else None
    rows = [
        (_("Why"), row.get_reason_display()),
        (_("In detail"), difference(row)),
        (_("Exam"), Link(row.study_uid, reverse("web:exam", args=[exam.pk])) if exam else row.study_uid),
        (_("Series"), row.series_uid),
        (_("Object"), row.sop_uid),
        (_("Sender (AE title)"), row.details.get("calling", "")),
        (_("Received"), When(row.received_at)),
        (_("Size (bytes)"), str(row.size)),
        ("SHA-256", row.sha256),
        (_("File"), row.details.get("file", "")),
    ]
    return KeyValues([(label, value) for label, value in rows if value])


def tail(uid: str) -> str:
    """The end of a UID, which tells one from another."""
    return uid if len(uid) <= _UID_SHOWN else f"…{uid[-_UID_SHOWN:]}"


def _known(row: Quarantine) -> Known:
    """The rows of the catalog that the object contradicts."""
    if row.hospital is None or not row.sop_uid:
        return Known()
    related = ("series__exam__patient", "series__exam__hospital")
    instance = Instance.objects.filter(hospital=row.hospital, sop_uid=row.sop_uid).select_related(*related).first()
    if instance is not None:
        return Known(instance, instance.series, instance.series.exam, _facts(instance.storage_key))
    series = Series.objects.filter(hospital=row.hospital, series_uid=row.series_uid)
    found = series.select_related("exam__patient", "exam__hospital").first()
    if found is not None:
        return Known(None, found, found.exam, None)
    exams = Exam.objects.filter(hospital=row.hospital, study_uid=row.study_uid)
    return Known(None, None, exams.select_related("patient", "hospital").first(), None)


def _facts(key: str) -> Facts | None:
    try:
        return read_instance(default_storage().local_path(key)) if key else None
    except (DataError, NotFound, Invalid):  # gone, or not ours: the page still tells what is recorded
        return None


def _compared(request: HttpRequest, row: Quarantine, known: Known, come: Facts) -> Table:
    lines = [*_patient_lines(request, row, known, come), *_uid_lines(known, come), *_fact_lines(known, come)]
    return Table(
        columns=(Column("what", _("What")), Column("known", _("Known")), Column("come", _("Arrived"), wide=True)),
        rows=[
            Row({"what": what, "known": was or "–", "come": Tag(now, "human") if now != was and was else now or "–"})
            for what, was, now in lines
        ],
        caption=_("Known and arrived"),
    )


_Lines = Sequence[tuple[str, str, str]]


def _patient_lines(request: HttpRequest, row: Quarantine, known: Known, come: Facts) -> _Lines:
    """Names and ids for who may see them, pseudonyms for everybody else."""
    header = patient_header(come)
    exam, number = known.exam, header.patient_id.strip()
    if may_identify(request, row.path):
        was = patient_identity(request.scope, exam) if exam and exam.patient_id else ("", "")
        return [(_("Patient id"), was[1], number), (_("Name"), was[0], header.name)]
    now = pseudonym_of(row.hospital_id, patient_key(number)) if number else ""
    return [(_("Patient"), pseudonym(exam.patient) if exam and exam.patient else "", now)]


def _uid_lines(known: Known, come: Facts) -> _Lines:
    exam, series = known.exam, known.series
    return [
        (_("Exam"), tail(exam.study_uid) if exam else "", tail(come.study_uid)),
        (_("Series"), tail(series.series_uid) if series else "", tail(come.series_uid)),
    ]


def _fact_lines(known: Known, come: Facts) -> _Lines:
    """The usual attributes, and for two objects of one number whatever differs."""
    was = known.facts.facts if known.facts else (known.series.facts if known.series else {})
    differing = [k for k in sorted(come.facts) if known.facts and _text(was.get(k)) != _text(come.facts[k])]
    wanted = dict.fromkeys((*_OF_THE_EXAM, *(_OF_THE_OBJECT if known.facts else ()), *differing))
    lines = [(k, _text(was.get(k)), _text(come.facts.get(k))) for k in wanted if k not in IDENTIFYING]
    if known.facts:
        lines.append((_("Rows × columns"), _matrix(known.facts), _matrix(come)))
    return [line for line in lines if line[1] or line[2]]


def _matrix(facts: Facts) -> str:
    return f"{facts.rows} × {facts.columns}" if facts.rows else ""


def _text(value: object) -> str:
    if isinstance(value, tuple | list):
        return "\\".join(map(str, value))
    return "" if value is None else str(value)


def _actions(row: Quarantine) -> list[Action]:
    accept = _("Try again") if row.reason in NEVER_READ else _("Accept")
    return [
        Action(accept, reverse("web:quarantine_accept", args=[row.pk]), icon="check"),
        Action(_("Do not catalogue"), reverse("web:quarantine_discard", args=[row.pk]), icon="x"),
    ]


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, quarantine_id: UUID) -> HttpResponse:
    """Catalogue an object after all, in the place of the known one where there is one; or try a file again."""
    row = quarantine_get(request.scope, quarantine_id)
    never_read = row.reason in NEVER_READ
    back = reverse("web:quarantine_item", args=[row.pk])
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        do = refused_retry if never_read else quarantine_accept
        do(actor=request.actor, quarantine=row, reason=form.cleaned_data["reason"])
        told = _("The file is taken in again.") if never_read else _("The object is catalogued and judged anew.")
        messages.success(request, told)
        return redirect(back)
    return FormPage(
        title=_("Try again") if never_read else _("Accept"),
        purpose=advice(row),
        crumbs=[Link(_("Put aside"), reverse("web:quarantine")), Link(str(row.get_reason_display()), back)],
        form=form,
        submit=_("Try again") if never_read else _("Accept"),
        cancel_url=back,
        aside=[Section(_("Object"), facts_of(row))],
    ).response(request, status=400 if form.is_bound else 200)
