"""The parts of the page of a meeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from yingheng.common.clock import local_day
from yingheng.common.figures import figure_basis, figure_text
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Many, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.documents.models import ReportOrder, Signature
from yingheng.governance.models import Action as Task
from yingheng.governance.models import AgendaItem, Attendance, Meeting, Minutes
from yingheng.governance.reporting import in_language, item_title, role_words, source_text
from yingheng.governance.selectors import actions_left
from yingheng.governance.services.agenda import CARRIED
from yingheng.governance.services.attending import quorum_of
from yingheng.governance.services.minutes import SUBJECT
from yingheng.governance.views.common import action_tag, eyes, presence_tag

_TOPIC = "governance/_topic.html"


def agenda_sections(row: Meeting, versions: Sequence[Minutes], *, may: bool) -> list[Section]:
    """The agenda as a table, then each topic with its figures and what was recorded of it."""
    items = list(row.items.all())
    shown = versions[0].content["items"] if versions else [plain_item(item) for item in items]
    left = [one["id"] for item in shown for one in (item["told"] or {}).get("actions", ())]
    became = actions_left(left) if left else {}
    today = local_day(row.organisation.zone)
    topics = [
        Section(
            f"{n}. {item_title(item)}",
            body_template=_TOPIC,
            context=context,
            hint=_hint(item, row.organisation.zone),
            flush=not context["lines"],
        )
        for n, item in enumerate(shown, start=1)
        if (context := {"table": _table(item, became, today), "lines": _lines(item.get("text", ""))})
        and any(context.values())
    ]
    return [_agenda(row, items, may=may), *topics]


def plain_item(item: AgendaItem) -> dict[str, Any]:
    """A topic as minutes keep it."""
    return {"id": str(item.pk), "title": item.title, "presenter": item.presenter, "minutes": item.minutes,
            "told": item.told, "text": ""}  # fmt: skip


def _agenda(row: Meeting, items: Sequence[AgendaItem], *, may: bool) -> Section:
    add = Action(_("Add a topic"), reverse("governance:topic_new", args=[row.pk]), "plus")
    anew = Action(
        _("Take the figures anew"), reverse("governance:meeting_figures", args=[row.pk]), "refresh", "post", "quiet"
    )
    table = Table(
        columns=(
            Column("title", _("Topic"), wide=True),
            Column("who", _("Presented by"), phone=False),
            Column("minutes", _("Minutes"), align="right", phone=False),
            Column("figures", _("Figures"), nowrap=True, phone=False),
        ),
        rows=[_topic_row(n, item, may=may) for n, item in enumerate(items, start=1)],
        caption=_("Agenda"),
        empty=Empty(_("The agenda is empty"), _("A meeting is called once it has an agenda."), "list"),
    )
    called = row.state == Meeting.State.CALLED and any(item.fact for item in items)
    period = _("figures of %(first)s – %(last)s") % {"first": row.first_day, "last": row.last_day}
    return Section(
        _("Agenda"), table, flush=True, actions=[*([anew] if called else []), add] if may else [],
        hint=period if any(item.fact for item in items) else "",
    )  # fmt: skip


def _topic_row(n: int, item: AgendaItem, *, may: bool) -> Row:
    carried = item.fact == CARRIED
    word = None
    if item.fact and not carried:
        word = (
            Tag(pgettext("figures", "taken"), "pass", "check")
            if item.told
            else Tag(_("taken when it is called"), "neutral", "clock")
        )
    url = reverse("governance:topic_change", args=[item.pk]) if may and not carried else ""
    return Row(
        {"title": f"{n}. {item_title(plain_item(item))}", "who": item.presenter or None, "minutes": item.minutes,
         "figures": word},
        url=url, id=str(item.pk),
    )  # fmt: skip


def _hint(item: Mapping[str, Any], zone: str) -> str:
    told = item["told"]
    return source_text(told, zone, item["title"]) if told and "figures" in told else ""


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _table(item: Mapping[str, Any], became: Mapping[str, Task], today: Any) -> Table | None:
    told = item["told"]
    if not told:
        return None
    return figure_table(told) if "figures" in told else _carried(told["actions"], became, today)


def figure_table(told: Mapping[str, Any]) -> Table:
    """Kept figures with their intervals and what they rest on; each group under a line of its own."""
    rows: list[Row] = []
    group = ""
    for one in told["figures"]:
        if one["of"] and one["of"] != group:
            rows.append(
                Row({"label": Link(one["of"], one["link"]) if one["link"] else one["of"], "value": "", "n": ""})
            )
        group = one["of"]
        label = in_language(one["label"])
        shown = Link(label, one["link"]) if one["link"] and not group else label
        rows.append(Row({"label": shown, "value": figure_text(one), "n": figure_basis(one)}))
    return Table(
        columns=(
            Column("label", _("Figure"), wide=True),
            Column("value", _("Value (95 %)"), align="right", nowrap=True),
            Column("n", "n", align="right", nowrap=True),
        ),
        rows=rows,
        caption=in_language(told["title"]),
        empty=Empty(_("No figures of this period"), "", "chart-bar"),
    )


def _carried(rows: Sequence[Mapping[str, Any]], became: Mapping[str, Task], today: Any) -> Table:
    return Table(
        columns=(
            Column("text", _("Action item"), wide=True),
            Column("who", _("Responsible"), phone=False),
            Column("due", _("Due"), nowrap=True),
            Column("state", _("State now"), nowrap=True),
        ),
        rows=[
            Row(
                {
                    "text": Lines(one["text"], f"{one['from']} {one['day']}"),
                    "who": one["who"],
                    "due": one["due"],
                    "state": _became(became.get(one["id"]), today),
                },
                url=reverse("governance:action", args=[one["id"]]),
                id=one["id"],
            )
            for one in rows
        ],
        caption=_("Action items of earlier meetings"),
    )


def _became(row: Task | None, today: Any) -> Tag | None:
    return action_tag(row, overdue=row.is_overdue(today)) if row else None


def text_sections(versions: Sequence[Minutes]) -> list[Section]:
    """Decisions and the rest of the newest minutes."""
    if not versions:
        return []
    told = versions[0].content
    texts = ((_("Decisions"), told["decisions"]), (_("Anything else"), told["other"]))
    return [
        Section(title, body_template=_TOPIC, context={"table": None, "lines": _lines(text)})
        for title, text in texts
        if text
    ]


def action_sections(request: HttpRequest, row: Meeting) -> list[Section]:
    """What somebody is to do since this meeting."""
    if row.held_at is None:
        return []
    may = row.state == Meeting.State.HELD and eyes(request).may_record(row)
    add = Action(_("Add an action item"), reverse("governance:action_new", args=[row.pk]), "plus", key="a")
    rows = row.actions.select_related("responsible", "organisation").order_by("created_at", "pk")
    table = Table(
        columns=(
            Column("text", _("Action item"), wide=True),
            Column("who", _("Responsible"), nowrap=True, phone=False),
            Column("due", _("Due"), nowrap=True),
            Column("state", _("State"), nowrap=True),
        ),
        rows=[action_row(one, today=local_day(row.organisation.zone)) for one in rows],
        caption=_("Action items"),
        empty=Empty(_("No action items yet"), "", "clipboard-list"),
    )
    return [Section(_("Action items"), table, flush=True, actions=[add] if may else [])]


def action_row(one: Task, *, today: Any, of: str = "") -> Row:
    """A line of a table of action items."""
    return Row(
        {
            "text": Lines(one.text, of) if of else one.text,
            "who": str(one.responsible),
            "due": When(one.due_on),
            "state": action_tag(one, overdue=one.is_overdue(today)),
        },
        url=reverse("governance:action", args=[one.pk]),
        id=str(one.pk),
    )


def attendance_section(row: Meeting, people: Sequence[Attendance]) -> Section:
    quorum = quorum_of(people, row.quorum)
    told = {"present": quorum.present, "invited": quorum.invited, "needed": quorum.needed}
    return Section(
        pgettext("meeting", "Attendance"),
        Table(
            columns=(
                Column("name", _("Name"), roomy=True),
                Column("state", pgettext("meeting", "Attendance"), nowrap=True),
                Column("how", _("Signed or reason"), wide=True, phone=False),
            ),
            rows=[
                Row(
                    {
                        "name": str(one.user),
                        "state": presence_tag(one),
                        "how": When(one.signed_at) if one.signed_at else one.reason or None,
                    },
                    id=str(one.pk),
                )
                for one in people
            ],
            caption=pgettext("meeting", "Attendance"),
            empty=Empty(_("Nobody is invited yet"), "", "users"),
        ),
        flush=True,
        hint=_("%(present)s of %(invited)s present, %(needed)s needed") % told if row.held_at else "",
    )


def version_sections(row: Meeting, versions: Sequence[Minutes], orders: Sequence[ReportOrder]) -> list[Section]:
    """The versions of the minutes with who signed them, and the files that were made."""
    if not versions:
        return []
    ids = [str(one.pk) for one in versions]
    signatures = Signature.objects.filter(subject_type=SUBJECT, subject_id__in=ids).order_by("signed_at")
    signed: dict[str, list[Signature]] = {}
    for one in signatures:
        signed.setdefault(one.subject_id, []).append(one)
    lang = "en" if (get_language() or "zh").startswith("en") else "zh"
    ask = [
        Action(ending.upper(), reverse("governance:meeting_report", args=[row.pk, ending, lang]), "file-text", "post")
        for ending in ("pdf", "docx", "xlsx")
    ]
    table = Table(
        columns=(
            Column("version", _("Version"), align="right", nowrap=True),
            Column("reason", _("Why"), roomy=True),
            Column("signed", _("Signatures"), wide=True),
        ),
        rows=[
            Row(
                {"version": one.version, "reason": one.reason or _("first minutes"),
                 "signed": Many([_signed_by(s) for s in signed.get(str(one.pk), ())])},
                url=reverse("governance:minutes_version", args=[row.pk, one.version]), id=str(one.pk),
            )
            for one in versions
        ],
        caption=pgettext("meeting", "Minutes"),
    )  # fmt: skip
    return [Section(pgettext("meeting", "Minutes"), table, flush=True, actions=ask), *_files(orders)]


def _signed_by(one: Signature) -> Lines:
    return Lines(f"{role_words().get(one.role, one.role)} {one.person_name}", When(one.signed_at))


def _files(orders: Sequence[ReportOrder]) -> list[Section]:
    made = [one for one in orders if one.attachment_id and one.state == ReportOrder.State.DONE]
    if not made:
        return []
    table = Table(
        columns=(Column("name", _("File"), wide=True), Column("at", _("Made"), nowrap=True)),
        rows=[
            Row(
                {"name": f"{one.format.upper()} · {one.language}", "at": When(one.finished_at)},
                url=reverse("documents:file", args=[one.attachment_id]), id=str(one.pk),
            )
            for one in made
        ],
        caption=_("Files"),
    )  # fmt: skip
    return [Section(_("Files"), table, flush=True)]
