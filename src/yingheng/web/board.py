"""The cards of the exam-room board: one exam in a light, a line of what to do, and what people said of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from imagingqc.criteria import explain
from yingheng.catalog.models import Exam, Retake, Series
from yingheng.catalog.pseudonyms import PatientShown, patients_shown
from yingheng.catalog.retake_reasons import ACCEPT_REASONS, reason_label
from yingheng.catalog.selectors import exams_within, retakes_of_exams
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.ui.judged import Judged, value_text
from yingheng.common.ui.parts import Progress, Tag
from yingheng.common.ui.room import Light, RoomCard
from yingheng.common.ui.words import OUTCOMES, language, unit_text
from yingheng.evidence.lights import ExamLight, exam_lights
from yingheng.evidence.models import Acceptance, Finding
from yingheng.jobs.selectors import pending_keys
from yingheng.registry.models import Device
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import RETAKE_EDIT
from yingheng.web.views.exams import exam_name, flag_tags
from yingheng.web.views.findings import finding_name, finding_spot, place_spoken
from yingheng.web.views.items import part_words

SHOWN = 8
_HOURS_AGO = 12
_WORK = (events.SERIES_READY, events.EXAM_CLOSED)
_SETTLED = frozenset({"FAIL"})  # what more images cannot make good: shown while the exam still arrives


def room_cards(request: HttpRequest, device: Device) -> list[RoomCard]:
    """Cards of the newest exams of a device, newest first."""
    rows = exams_within(request.scope).filter(device=device).select_related("item", "patient", "hospital")
    exams = list(rows.order_by("-sort_at", "-id")[:SHOWN])
    lights = exam_lights(request.scope, exams)
    retakes: dict[UUID, list[Retake]] = {}
    for retake in retakes_of_exams(request.scope, [exam.pk for exam in exams]):
        retakes.setdefault(retake.exam_id, []).append(retake)
    patients = patients_shown(request, [(e.patient, e.hospital.path) for e in exams if e.patient])
    pending = _pending(request, exams)
    may = scope_of(request, RETAKE_EDIT).contains(device.hospital.path)
    return [
        _card(exam, lights[exam.pk], retakes.get(exam.pk, ()), patients, pending=exam.pk in pending, may=may)
        for exam in exams
    ]


def _pending(request: HttpRequest, exams: Sequence[Exam]) -> set[UUID]:
    """Exams without an outcome that are waited for."""
    unjudged = [exam.pk for exam in exams if not exam.outcome]
    if not unjudged:
        return set()
    owner = {str(pk): pk for pk in unjudged}
    owner |= {str(pk): exam for pk, exam in Series.objects.filter(exam__in=unjudged).values_list("pk", "exam_id")}
    return {owner[key] for key in pending_keys(request.scope, _WORK, owner)}


def _card(
    exam: Exam,
    light: ExamLight,
    retakes: Sequence[Retake],
    patients: Mapping[UUID, PatientShown],
    *,
    pending: bool,
    may: bool,
) -> RoomCard:
    shown = exam_light(exam, pending=pending)
    reason, more = exam_line(exam, light) if exam.outcome in OUTCOMES and not shown.moving else ("", "")
    who = patients[exam.patient_id].label if exam.patient_id in patients else exam.accession
    name = exam.item.label if exam.item else exam_name(exam)
    part = part_words(exam.item.body_part if exam.item else exam.body_part)
    back = "?next=board"
    acceptable = may and exam.outcome in {"FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE"} and not light.accepted
    return RoomCard(
        key=str(exam.pk),
        title=name,
        subtitle=part if part not in name else "",
        light=shown,
        url=reverse("web:exam", args=[exam.pk]),
        reason=reason,
        more=more,
        facts=[text for text in (who, images_text(exam)) if text],
        tags=flag_tags(exam),
        notes=[*accept_notes(light.acceptance), *(retake_note(retake) for retake in retakes)],
        at=exam.sort_at,
        ago=ago_text(exam.sort_at),
        progress=_progress(exam),
        retake_url=reverse("web:retake_new", args=[exam.pk]) + back if may else "",
        accept_url=reverse("web:accept", args=[exam.pk]) + back if acceptable and not shown.moving else "",
        beep=exam.outcome == "FAIL" and not light.accepted,
    )


def exam_light(exam: Exam, *, pending: bool) -> Light:
    """The light of an exam: what failed shows at once, a pass only when nothing more is expected."""
    if exam.state == Exam.State.RECEIVING and exam.outcome not in _SETTLED:
        return Light("accent", "loader", _("Receiving"), moving=True)
    if exam.is_phantom and not exam.outcome:
        return Light("accent", "flask", _("Phantom"))
    if exam.outcome:
        word = OUTCOMES[exam.outcome]
        return Light(word.tone, word.icon, str(word.label))  # type: ignore[arg-type]
    if pending:
        return Light("accent", "loader", _("Evaluating"), moving=True)
    return Light("none", "circle-off", _("not judged yet"))


def exam_line(exam: Exam, light: ExamLight) -> tuple[str, str]:
    """What is wrong and what to do, in one line, and how much more there is."""
    failing = light.live or light.findings
    if exam.outcome == "FAIL" and failing:
        return finding_line(failing[0]), _more(len(failing) - 1)
    if light.open is not None:
        return _verdict_line(light.open), _more(light.n_open - 1)
    if exam.outcome == "PASS":
        n = exam.n_pass
        return ngettext("%(n)s check passed", "%(n)s checks passed", n) % {"n": n}, ""
    return "", ""


def finding_line(finding: Finding) -> str:
    """Where it is or what was measured, then what to do."""
    value = " ".join(filter(None, (value_text(finding.value), unit_text(finding.unit))))
    what = finding_spot(finding) or _named(finding_name(finding), value)
    return _joined(what, explain.advice_text(finding.quantity, language()))


def _verdict_line(verdict: Mapping[str, Any]) -> str:
    judged = Judged(verdict)
    value = " ".join(filter(None, (judged.value, judged.unit)))
    quantity = verdict.get("quantity") or ""
    what = place_spoken(verdict.get("evidence") or {}, quantity) or _named(judged.name, value)
    if verdict["outcome"] == "NOT_ASSESSABLE":
        return _named(judged.name, judged.reason)
    return _joined(what, explain.advice_text(quantity, language()) or judged.reason)


def _named(name: str, value: str) -> str:
    return ("：" if language() == "zh" else ": ").join(filter(None, (name, value)))


def _joined(what: str, advice: str) -> str:
    text = ("，" if language() == "zh" else "; ").join(filter(None, (what, advice)))
    return text[:1].upper() + text[1:]


def _more(n: int) -> str:
    return ngettext("and %(n)s more", "and %(n)s more", n) % {"n": n} if n > 0 else ""


def images_text(exam: Exam) -> str:
    """How many images came, and of how many where that is known."""
    if exam.n_expected and exam.n_expected > exam.n_instances:
        return _("%(n)s of %(all)s images") % {"n": exam.n_instances, "all": exam.n_expected}
    return ngettext("%(n)s image", "%(n)s images", exam.n_instances) % {"n": exam.n_instances}


def _progress(exam: Exam) -> Progress | None:
    if exam.state != Exam.State.RECEIVING:
        return None
    return Progress(exam.n_instances, exam.n_expected or None, _("images received"))


def ago_text(at: dt.datetime) -> str:
    """How long ago, as people say it within half a day; else day and time."""
    minutes = int((now() - at).total_seconds() // 60)
    if minutes < 0 or minutes >= _HOURS_AGO * 60:
        return f"{localtime(at):%Y-%m-%d %H:%M}"
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    hours = minutes // 60
    return ngettext("%(n)s hour ago", "%(n)s hours ago", hours) % {"n": hours}


def accept_notes(acceptance: Acceptance | None) -> list[Tag]:
    """Who accepted an exam and why, and whether that waits for somebody who may decide."""
    if acceptance is None:
        return []
    why = accept_words(acceptance)
    said = {"who": acceptance.actor_name, "why": why}
    if acceptance.decides:
        return [Tag(_("Accepted by %(who)s: %(why)s") % said, "neutral", "check")]
    return [Tag(_("Accepted by %(who)s, to be decided: %(why)s") % said, "human", "user-check")]


def accept_words(acceptance: Acceptance) -> str:
    """The reason of an acceptance in the reader's language, with the note."""
    reason = str(ACCEPT_REASONS.get(acceptance.reason, acceptance.reason))
    return ("；" if language() == "zh" else "; ").join(filter(None, (reason, acceptance.note)))


def retake_note(retake: Retake) -> Tag:
    """A retake of the register as a tag."""
    if retake.state == Retake.State.SUGGESTED:
        return Tag(_("Retake to confirm: %(what)s") % {"what": suggested_words(retake)}, "human", "repeat")
    return Tag(_("Retake: %(why)s") % {"why": reason_label(retake.reason)}, "accent", "repeat")


def suggested_words(retake: Retake) -> str:
    """What a machine saw, in words."""
    names = ("、" if language() == "zh" else ", ").join(retake.details.get("names") or ())
    n = retake.n_exposures
    match retake.details.get("kind"):
        case "repeats":
            text = ngettext("the same view exposed again, %(n)s time", "the same view exposed again, %(n)s times", n)
        case "rejected":
            text = ngettext("%(n)s exposure rejected at the scanner", "%(n)s exposures rejected at the scanner", n)
        case "discontinued":
            text = _("the procedure was broken off at the scanner")
        case _:
            text = _("seen by the system, without particulars")
    text = text % {"n": n} if "%(n)s" in text else text
    return f"{text}（{names}）" if names and language() == "zh" else f"{text} ({names})" if names else text
