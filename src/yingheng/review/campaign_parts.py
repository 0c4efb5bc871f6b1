"""Parts of the page of a sample: its cases, its readers, its draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.parts import Action, Empty, KeyValues, Lines, Many, Section, Tag, When
from yingheng.common.ui.tables import Column, Pager, Row, Table
from yingheng.review.cells_table import cells_section
from yingheng.review.models import Assignment, Campaign, Case
from yingheng.review.models.reading import ARBITER
from yingheng.review.progress import Share, slots_of
from yingheng.review.shown import grade_tag, score_text
from yingheng.review.spec import SamplingSpec
from yingheng.review.telling import amount_text, confidence_rows, note_rows
from yingheng.sheets.selectors import spec_of

PAGE = 50
CASE_TONES = {"waiting": "neutral", "arbitration": "human", "settled": "pass", "withdrawn": "none"}
_READ_ICONS = {"submitted": ("pass", "check"), "begun": ("accent", "pencil"), "assigned": ("neutral", "clock")}


def cases_section(request: HttpRequest, row: Campaign, *, plans: bool) -> Section:
    """A page of cases by number.  Results only once they are announced; whoever reads in it learns nothing more of
    the cases than as a reader.  Four queries.
    """
    asked = request.GET.get("after", "")
    after = int(asked) if asked.isdecimal() and len(asked) < 9 else 0
    rows = (
        row.cases.filter(number__gt=after)
        .select_related("hospital", "device", "replaces", "template")
        .order_by("number")
    )
    found = list(rows[: PAGE + 1])
    shown, open_ = found[:PAGE], row.state == Campaign.State.PUBLISHED
    blind = not open_ and row.assignments.filter(reader=request.user).exists()
    slots = slots_of(shown) if plans else {}
    columns = [Column("number", _("No."), nowrap=True)]
    columns += (
        []
        if blind
        else [Column("what", pgettext("case", "From"), wide=True), Column("origin", _("Why"), phone=False, nowrap=True)]
    )
    columns += [Column("readers", _("Readers"), phone=False)] if plans else []
    columns += [Column("result", _("Result"), nowrap=True)] if open_ else []
    columns += [Column("state", _("State"), nowrap=True)]
    following = with_query(request, after=str(shown[-1].number)) if len(found) > PAGE else ""
    return Section(
        pgettext("film review", "Cases"),
        Table(
            columns=columns,
            rows=[_case_row(case, slots.get(case.pk, []), plans=plans) for case in shown],
            caption=pgettext("film review", "Cases"),
            pager=Pager(shown=len(shown), total=row.cases.count(), next_url=following),
            empty=Empty(_("No case"), icon="stack-2"),
        ),
        hint=_("You read in this sample: where its cases come from is shown when results are announced.")
        if blind
        else "",
        flush=True,
    )


def _case_row(case: Case, slots: Sequence[Assignment], *, plans: bool) -> Row:
    place = case.device.label if case.device else case.modality
    why = [Tag(str(case.get_origin_display()))] if case.origin != Case.Origin.DRAWN else []
    why += [Tag(_("by risk"), "human")] if case.reason == "risk" else []
    return Row(
        {
            "number": case.number,
            "what": Lines(place, f"{case.hospital.name} · {case.local_day}"),
            "origin": Many(why) if why else _("by chance"),
            "readers": Many([_reader_tag(one) for one in slots]) if slots else None,
            "result": _result(case),
            "state": Tag(str(case.get_state_display()), CASE_TONES[case.state]),
        },
        url=case_url(case, plans=plans),
        id=str(case.pk),
        tone="none" if case.state == Case.State.WITHDRAWN else "",
    )


def _result(case: Case) -> Many | None:
    """Grade and points as everywhere else; None before there are any."""
    grade = grade_tag(spec_of(case.template), case.grade)
    told: list[Any] = [grade] if grade else []
    told += [score_text(case.score)] if case.score is not None else []
    return Many(told) if told else None


def _reader_tag(one: Assignment) -> Tag:
    tone, icon = _READ_ICONS.get(one.state, ("none", ""))
    name = one.reader.display_name
    return Tag(f"{name} ({_('arbitration')})" if one.slot == ARBITER else name, tone, icon)


def case_url(case: Case, *, plans: bool) -> str:
    """For planners the page on which a case is given or exchanged, for others the case itself where it is built in."""
    if plans:
        return reverse("review:campaign_case", args=[case.campaign_id, case.pk])
    try:
        return reverse("review:case", args=[case.pk])
    except NoReverseMatch:
        return ""


def readers_section(row: Campaign, shares: Sequence[Share]) -> Section:
    """How far everybody has come."""
    return Section(
        _("Readers"),
        Table(
            columns=(
                Column("name", _("Reader"), wide=True),
                Column("held", _("Given"), align="right"),
                Column("read", _("Read"), align="right"),
                Column("late", _("Overdue"), align="right"),
                Column("back", _("Handed back"), align="right", phone=False),
                Column("time", _("Seconds a case"), align="right", phone=False),
                Column("do", "", align="right"),
            ),
            rows=[
                Row(
                    {
                        "name": one.reader.display_name,
                        "held": one.held,
                        "read": one.read,
                        "late": Tag(str(one.late), "fail") if one.late else 0,
                        "back": one.handed_back,
                        "time": round(one.seconds / one.read) if one.read else None,
                        "do": reader_actions(row, one),
                    },
                    id=str(one.reader.pk),
                )
                for one in shares
            ],
            caption=_("Readers"),
            empty=Empty(_("Nobody reads yet"), _("Cases are given out when reading begins."), icon="users"),
        ),
        flush=True,
    )


def reader_actions(row: Campaign, one: Share) -> Many | None:
    """What can be done about a reader's part: a certificate, moving what is open, more time."""
    at = [row.pk, one.reader.pk]
    found = [Action(_("Certificate"), reverse("review:certificate", args=at), "file", kind="quiet")] if one.read else []
    if row.state == Campaign.State.READING and one.read < one.held:
        found.append(Action(_("Move"), reverse("review:reader_move", args=at), "transfer", kind="quiet"))
        found.append(Action(_("More time"), reverse("review:reader_extend", args=at), "calendar-event", kind="quiet"))
    return Many(found) if found else None


def draw_sections(row: Campaign) -> list[Section]:
    """Seed, frame, what the sample can tell, and what was drawn of each stratum."""
    sampling = SamplingSpec.from_dict(row.sampling)
    facts = [
        (_("Plan"), row.plan.name if row.plan else "—"),
        (_("How many are drawn"), amount_text(sampling)),
        (_("Could be drawn"), row.n_frame),
        (_("Seed"), row.seed),
        (_("Fingerprint of the frame"), row.frame_digest[:16]),
        (_("Drawn"), Lines(When(row.drawn_at), row.drawn_by_name or _("by itself"))),
    ]
    again = Action(_("Run the draw again"), reverse("review:campaign_check", args=[row.pk]), "refresh")
    found = [Section(_("Draw"), KeyValues(facts), actions=[again] if "plan" in row.draw else [])]
    told = row.draw.get("confidence")
    if told:
        found.insert(0, Section(_("What it tells"), KeyValues([*confidence_rows(told), *note_rows(row.draw)])))
    cells = row.draw.get("cells", ())
    return [*found, cells_section(cells, sampling, row.subject_kind)] if cells else found
