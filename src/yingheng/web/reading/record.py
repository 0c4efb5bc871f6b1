"""The record of an exam as its auditor reads it, and the same beside the protocol that its item asks for."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from imagingqc.protocol.expected import ExpectedSeries, expected_series
from yingheng.catalog.models import Exam, PerformedStep, Report, Retake, Series
from yingheng.catalog.retake_reasons import reason_label
from yingheng.common.ui.words import CONFIDENCES, language, number_text
from yingheng.web.reading.content import Block, Content, Grid, Line, Texts
from yingheng.web.reading.spans import course
from yingheng.web.reading.technique import contrast_words, dose_words, geometry_words, technique_words

_OLDEST = 90  # years: higher ages tell who it is
_CLASSES = {"emergency", "inpatient", "outpatient", "checkup"}


def record_content(texts: Texts) -> Content:
    """The pane of an exam's record."""
    title = pgettext("reading room", "Record of the exam")
    return Content("record", title, blocks=record_blocks(texts))


def sop_content(texts: Texts) -> Content:
    """The same with the series and parameters that the exam item asks for; what was judged of them is not told."""
    first, *rest = record_blocks(texts)
    return Content(
        kind="sop",
        title=pgettext("reading room", "Record beside the SOP"),
        notes=[
            _("Compare what was done with what is asked for. What was judged automatically comes after you submit.")
        ],
        blocks=[first, _expected_block(texts), *rest],
    )


def record_blocks(texts: Texts) -> list[Block]:
    """What was done first, then the request, the course, contrast and dose, retakes."""
    rows = texts.veil.series(0)
    return [
        Block(_("Exam"), _exam_lines(texts), grids=[_series_grid(texts, rows)]),
        request_block(texts),
        Block(pgettext("exam", "Course"), steps=course(_moments(texts), is_open=texts.veil.is_open)),
        Block(_("Contrast medium and dose"), _agent_lines(texts, rows)),
        Block(_("Retakes"), grids=[_retakes(texts)]),
        Block(_("Arrival"), _arrival_lines(texts)),
    ]


# --- request ----------------------------------------------------------------------------------------------


def request_block(texts: Texts) -> Block:
    """What was asked for."""
    title, order = pgettext("reading room", "Request"), texts.order
    if order is None:
        return Block(title, [Line(title)])
    known = order.patient_class if order.patient_class in _CLASSES else ""
    lines = [
        Line(_("Ordered item"), texts.shown(order.requested)),
        Line(_("Department"), order.department if texts.veil.is_open else _class_words(known)),
        Line(_("Urgency"), str(order.get_urgency_display())),
        Line(_("Purpose"), texts.shown(order.purpose)),
        Line(pgettext("patient", "History"), texts.shown(order.history)),
    ]
    return Block(title, lines)


def _class_words(key: str) -> str:
    names = {
        "emergency": pgettext("class of patients", "emergency"),
        "inpatient": pgettext("class of patients", "inpatient"),
        "outpatient": pgettext("class of patients", "outpatient"),
        "checkup": pgettext("class of patients", "check-up"),
    }
    return names.get(key, "")


# --- what was done ----------------------------------------------------------------------------------------


def patient_lines(exam: Exam) -> list[Line]:
    """Sex and age: what a text must not contradict."""
    sexes = {"M": pgettext("sex", "male"), "F": pgettext("sex", "female")}
    years = exam.age_years
    age = "" if years is None else f"≥ {_OLDEST}" if years >= _OLDEST else number_text(round(years, 1))
    return [Line(_("Sex"), sexes.get(exam.sex, "")), Line(_("Age in years"), age)]


def _exam_lines(texts: Texts) -> list[Line]:
    exam, veil = texts.exam, texts.veil
    mapped = exam.item.label if exam.item else ""
    recorded = exam.performer_id is not None
    who = (
        exam.performer.name
        if recorded and veil.is_open and exam.performer
        else _("recorded, hidden")
        if recorded
        else ""
    )
    return [
        Line(_("Exam item"), mapped, note=str(exam.get_item_state_display()) if not mapped else ""),
        Line(_("Body part"), veil.item_words() if not mapped else exam.body_part),
        Line(_("Modality"), exam.modality),
        *patient_lines(exam),
        Line(_("Technologist"), who),
    ]


def _series_grid(texts: Texts, rows: list[Series]) -> Grid:
    columns = [_("Series"), _("Images"), _("Technique")]
    told = [
        [texts.veil.series_words(one) or one.modality, geometry_words(one), technique_words(one)]
        for one in rows
        if one.geometry.get("rows")
    ]
    return Grid(_("Series"), columns, told, empty=_("No series arrived."))


def _moments(texts: Texts) -> list[tuple[str, dt.datetime | None]]:
    exam, order = texts.exam, texts.order
    signed = [
        one.signed_at
        for one in texts.reports
        if one.signed_at and one.state in {Report.State.FINAL, Report.State.CORRECTED}
    ]
    return [
        (_("Requested"), (order.ordered_at if order else None) or exam.ordered_at),
        (_("Appointment"), order.scheduled_at if order else None),
        (_("Exam begun"), exam.started_at),
        (_("Exam ended"), exam.ended_at),
        (_("First report signed"), min(signed, default=None)),
    ]


def _agent_lines(texts: Texts, rows: list[Series]) -> list[Line]:
    exam = texts.exam
    agents = list(
        dict.fromkeys(
            texts.shown(str(one.facts["ContrastBolusAgent"])) for one in rows if one.facts.get("ContrastBolusAgent")
        )
    )
    how = list(dict.fromkeys(filter(None, (contrast_words(one) for one in rows))))
    doses = list(dict.fromkeys(filter(None, (dose_words(one) for one in rows))))
    ionising = exam.modality in {"CT", "DX", "CR", "DR", "MG", "XA", "RF", "PT", "NM"}
    given = exam.is_contrast
    return [
        Line(_("Contrast medium"), _("given") if given else _("nothing of it in the headers")),
        Line(_("Agent"), "、".join(agents), needed=given),
        Line(_("How it was given"), "；".join(how), needed=given),
        Line(_("Dose as the headers say"), "；".join(doses), needed=ionising),
    ]


def _retakes(texts: Texts) -> Grid:
    rows = [
        one for one in Retake.objects.filter(exam=texts.exam).order_by("asked_at") if one.state != Retake.State.REJECTED
    ]
    told = [
        [
            reason_label(one.reason) if one.reason else "",
            str(one.n_exposures),
            str(one.get_origin_display()),
            str(one.get_state_display()),
            texts.shown(one.note),
        ]
        for one in rows
    ]  # fmt: skip
    columns = [_("Reason"), _("Exposures"), pgettext("retake", "Origin"), _("State"), _("Note")]
    return Grid(_("Retakes"), columns, told, empty=_("None is registered."))


def _arrival_lines(texts: Texts) -> list[Line]:
    """What the steps of the scanner told (kept on the exam), and whether all that they name is here."""
    exam = texts.exam
    steps = list(exam.arrival.get("steps") or ())
    words = dict(PerformedStep.State.choices)
    complete = ""
    if exam.n_expected is not None:
        text = _("incomplete: %(n)d of %(all)d objects") if exam.n_missing else _("complete: %(n)d of %(all)d objects")
        complete = text % {"n": exam.n_expected - (exam.n_missing or 0), "all": exam.n_expected}
    states = "、".join(dict.fromkeys(str(words.get(one["state"], one["state"])) for one in steps))
    stopped = "；".join(texts.shown(str(one["reason"])) for one in steps if one.get("reason"))
    rejected = sum(one.get("rejected", 0) for one in steps)
    return [
        Line(_("Told by the scanner (MPPS)"), states),
        Line(_("Objects"), complete, note=_("%(n)d here") % {"n": exam.n_instances}),
        Line(_("Broken off because"), stopped, needed=False),
        Line(_("Rejected exposures"), str(rejected) if rejected else "", needed=False),
    ]


# --- what is asked for ------------------------------------------------------------------------------------


def _expected_block(texts: Texts) -> Block:
    """The series of the exam item with their limits, and where these come from."""
    item = texts.exam.item
    rows = expected_series(item.code) if item else ()
    columns = [_("Series"), pgettext("protocol", "Asked for"), _("Limits"), _("Source")]
    empty = (
        _("There is no table for this exam item: hold it against the SOP of the hospital.")
        if item
        else _("It is not known which exam item this is: hold it against the SOP of the hospital.")
    )
    told = [[_name(one), _requirement(one), _limits(one), _source(one)] for one in rows]
    return Block(
        _("What the protocol asks for"), grids=[Grid(_("Series of the exam item"), columns, told, empty=empty)]
    )


def _name(one: ExpectedSeries) -> str:
    name = one.name_en if language() == "en" and one.name_en else one.name_zh
    return f"{name} ({one.plane})" if one.plane else name


def _requirement(one: ExpectedSeries) -> str:
    words = {
        "required": pgettext("series", "required"),
        "alternative": pgettext("series", "may stand for it"),
        "optional": pgettext("series", "optional"),
        "required_if_contrast": pgettext("series", "required with contrast"),
    }
    return words[one.requirement]


def _limits(one: ExpectedSeries) -> str:
    found = [
        _between(_("Slice thickness"), one.thickness_mm),
        _between("FOV", one.fov_mm),
        _("gap ≤ %(n)g mm") % {"n": one.gap_max_mm} if one.gap_max_mm is not None else "",
        _("matrix ≥ %(n)d") % {"n": one.matrix_min} if one.matrix_min else "",
    ]
    return " · ".join(filter(None, found))


def _between(name: str, limits: tuple[float | None, float | None]) -> str:
    low, high = limits
    if low is None and high is None:
        return ""
    text = f"≤ {high:g}" if low is None else f"≥ {low:g}" if high is None else f"{low:g}–{high:g}"
    return f"{name} {text} mm"


def _source(one: ExpectedSeries) -> str:
    words = CONFIDENCES.get(one.confidence)
    return str(words.label) if words else one.confidence
