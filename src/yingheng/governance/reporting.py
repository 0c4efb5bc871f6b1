"""The minutes as a file, of the newest version: figures, who came, what was said, what is to be done, signatures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.clock import now
from yingheng.common.errors import NotFound
from yingheng.common.figures import figure_basis, figure_text
from yingheng.common.rows import row_or_not_found
from yingheng.documents.access import subject_register
from yingheng.documents.builders import Builder, report_builder_register
from yingheng.documents.models import Signature
from yingheng.documents.report.model import (
    LOCALES,
    Block,
    Column,
    Language,
    Report,
    Section,
    SignatureLine,
    Table,
    Text,
)
from yingheng.governance.access import eyes_of
from yingheng.governance.models import Attendance, Kind, Meeting, Minutes
from yingheng.governance.selectors import actions_seen, meetings_seen
from yingheng.governance.services.actions import SUBJECT as ACTION
from yingheng.governance.services.minutes import CHAIR, RECORDER
from yingheng.governance.services.minutes import SUBJECT as MINUTES
from yingheng.tenancy.models import Organisation, User
from yingheng.tenancy.permissions import MEETING_VIEW

BUILDER = SUBJECT = "meeting"
_ROLES = (RECORDER, CHAIR)


def register() -> None:
    """Let minutes be asked for as files; files are for those who see the meeting, or the action item."""
    subject_register(SUBJECT, view=MEETING_VIEW, sees=_sees)
    subject_register(
        ACTION, view=MEETING_VIEW, sees=lambda user, pk: actions_seen(eyes_of(user)).filter(pk=pk).exists()
    )
    report_builder_register(Builder(BUILDER, SUBJECT, minutes_report))


def _sees(user: User, pk: str) -> bool:
    return meetings_seen(eyes_of(user)).filter(pk=pk).exists()


def minutes_report(hospital: Organisation, key: str, lang: Language) -> Report:
    """The newest minutes of a meeting of this organisation; NotFound where there are none."""
    rows = Meeting.objects.select_related("organisation").filter(organisation=hospital)
    meeting = row_or_not_found(rows, key, "governance.meeting_unknown")
    version = Minutes.objects.filter(meeting=meeting, version=meeting.version).first()
    if version is None:
        raise NotFound("governance.no_minutes")
    with translation.override(LOCALES[lang]):
        return _report(meeting, version, lang)


def _report(meeting: Meeting, version: Minutes, lang: Language) -> Report:
    told, place = version.content, meeting.organisation
    begins = dt.datetime.fromisoformat(told["begins"])
    quorum = told["quorum"]
    signed = signatures_of(version)
    return Report(
        title=_("Minutes of %(kind)s") % {"kind": Kind(told["kind"]).label},
        hospital=place.name if lang == "zh" else place.name_en or place.name,
        made_at=now().astimezone(ZoneInfo(place.zone)),
        subtitle=told["title"],
        number=f"YH-M-{meeting.pk.hex[-8:].upper()}-{version.version}",
        facts=(
            (_("When"), f"{begins:%Y-%m-%d %H:%M}" + " · " + _("%(n)s min") % {"n": told["duration"]}),
            (pgettext("meeting", "Place"), told["place"]),
            (pgettext("meeting", "Chair"), told["chair"]),
            (pgettext("meeting", "Recorder"), told["recorder"]),
            (
                _("Present"),
                f"{quorum['present']} / {quorum['invited']}" + _(" (needed %(n)s)") % {"n": quorum["needed"]},
            ),
            (_("Period of the figures"), " – ".join(told["period"])),
        ),
        sections=(
            *(_item(n, item, place.zone) for n, item in enumerate(told["items"], start=1)),
            *_texts(told),
            Section(_("Action items"), (_actions(told["actions"]),)),
            Section(pgettext("meeting", "Attendance"), (_attendance(told["attendance"], place.zone),)),
            *_version(version),
        ),
        signatures=tuple(_line(role, signed.get(role), place.zone) for role in _ROLES),
        foot=_("Figures are those of the time when the meeting was called; intervals are of 95 %."),
        digest=version.sha256,
        demo=meeting.is_demo,
        lang=lang,
    )


def signatures_of(version: Minutes) -> dict[str, Signature]:
    """Who signed a version, by role."""
    rows = Signature.objects.filter(subject_type=MINUTES, subject_id=str(version.pk)).order_by("signed_at")
    return {row.role: row for row in rows}


def role_words() -> dict[str, str]:
    return {RECORDER: pgettext("meeting", "Recorder"), CHAIR: pgettext("meeting", "Chair")}


def _line(role: str, signed: Signature | None, zone: str) -> SignatureLine:
    if signed is None:
        return SignatureLine(role_words()[role])
    return SignatureLine(
        role_words()[role], signed.person_name, f"{signed.signed_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    )


def _item(n: int, item: Mapping[str, Any], zone: str) -> Section:
    blocks: list[Block] = []
    who = " · ".join(
        filter(None, (item["presenter"], _("%(n)s min") % {"n": item["minutes"]} if item["minutes"] else ""))
    )
    if who:
        blocks.append(Text(who))
    told = item["told"]
    if told and told.get("figures") is not None:
        blocks += [Text(source_text(told, zone, item["title"])), _figures(told["figures"])]
    if told and told.get("actions") is not None:
        blocks.append(_carried(told["actions"]))
    blocks += [Text(line) for line in item["text"].splitlines() if line.strip()]
    return Section(f"{n}. {item_title(item)}", tuple(blocks) or (Text(_("Nothing was recorded on this topic.")),))


def item_title(item: Mapping[str, Any]) -> str:
    """The title of a topic; one that comes by itself in the reader's language."""
    told = item["told"]
    return in_language(told["title"]) if told and told.get("actions") is not None else item["title"]


def in_language(words: Mapping[str, str]) -> str:
    """Words kept in both languages, in the current one."""
    lang = "en" if (translation.get_language() or "zh").startswith("en") else "zh"
    return words.get(lang) or words.get("zh", "")


def source_text(told: Mapping[str, Any], zone: str, title: str = "") -> str:
    """Where kept figures come from, of which days and when they were taken; not the source where `title` says it."""
    source = in_language(told["title"])
    words = _("%(first)s – %(last)s, taken %(at)s")
    text = words % {"first": told["first"], "last": told["last"], "at": _minute(told["at"], zone)}
    return text if source == title else f"{source} · {text}"


def _minute(at: str, zone: str) -> str:
    return f"{dt.datetime.fromisoformat(at).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _figures(rows: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        Column(_("Of"), 2),
        Column(_("Figure"), 2.2),
        Column(_("Value (95 %)"), 2, "right"),
        Column("n", 1, "right"),
    )
    found = [(one["of"], in_language(one["label"]), figure_text(one), figure_basis(one)) for one in rows]
    if not any(row[0] for row in found):
        return Table(columns[1:], tuple(row[1:] for row in found), _("No figures of this period"))
    return Table(columns, tuple(found), _("No figures of this period"))


def _carried(rows: Sequence[Mapping[str, Any]]) -> Table:
    columns = (Column(_("Action item"), 3), Column(_("Responsible"), 1.2), Column(_("Due"), 1), Column(_("State"), 1))
    words = {"open": pgettext("action item", "open"), "done": pgettext("action item", "to be verified")}
    found = [
        (one["text"], one["who"], one["due"], _("overdue") if one["overdue"] else words.get(one["state"], one["state"]))
        for one in rows
    ]
    return Table(columns, tuple(found))


def _texts(told: Mapping[str, Any]) -> list[Section]:
    parts = ((_("Decisions"), told["decisions"]), (_("Anything else"), told["other"]))
    return [
        Section(title, tuple(Text(line) for line in text.splitlines() if line.strip())) for title, text in parts if text
    ]


def _actions(rows: Sequence[Mapping[str, Any]]) -> Table:
    columns = (Column(_("Action item"), 3.4), Column(_("Responsible"), 1.3), Column(_("Due"), 1))
    return Table(columns, tuple((r["text"], r["who"], r["due"]) for r in rows), _("No action items were agreed"))


def _attendance(rows: Sequence[Mapping[str, Any]], zone: str) -> Table:
    words = {key: str(label) for key, label in Attendance.State.choices}
    columns = (Column(_("Name"), 1.5), Column(pgettext("meeting", "Attendance"), 1), Column(_("Signed or reason"), 2))
    found = [(r["name"], words[r["state"]], _signed(r["signed"], zone) or r["reason"]) for r in rows]
    return Table(columns, tuple(found))


def _signed(at: str, zone: str) -> str:
    return _("signed by own account") + " " + _minute(at, zone) if at else ""


def _version(version: Minutes) -> list[Section]:
    if version.version == 1:
        return []
    words = _("Version %(n)s replaces version %(before)s: %(reason)s")
    text = words % {"n": version.version, "before": version.version - 1, "reason": version.reason}
    return [Section(_("Correction"), (Text(text),))]
