"""A filled-in sheet as a report."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.clock import now
from yingheng.common.errors import PlatformError
from yingheng.common.ui.words import language
from yingheng.documents.kinds import PICTURES
from yingheng.documents.report.model import (
    Block,
    Facts,
    JudgedTable,
    Language,
    Picture,
    Report,
    Section,
    SignatureLine,
    judged_row,
)
from yingheng.documents.selectors import attachment_list, signature_list
from yingheng.documents.services import attachment_read
from yingheng.sheets.models import Response
from yingheng.sheets.selectors import spec_of
from yingheng.web.sheet_filling import files_of, record_rows, score_words, subject_of, title_of
from yingheng.web.sheet_subjects import RESPONSE

_PICTURES = 12  # photos that a report shows
_TYPST_PICTURES = PICTURES - {"image/webp"}


def sheet_report(request: HttpRequest, row: Response) -> Report:
    """The report of a submitted sheet; of a draft with what was recorded so far left out."""
    lang: Language = "zh" if language() == "zh" else "en"
    zone = ZoneInfo(row.hospital.zone)
    at = (row.submitted_at or now()).astimezone(zone)
    return Report(
        title=title_of(row),
        hospital=row.hospital.name,
        made_at=at,
        subtitle=row.subject_label,
        facts=_facts(row, at.strftime("%Y-%m-%d %H:%M") if row.submitted_at else ""),
        sections=tuple(_sections(request, row, lang)),
        outcome=row.outcome,
        signatures=tuple(_signatures(request, row, zone, lang)),
        foot=_("Yingheng"),
        digest=row.sha256,
        demo=subject_of(row).demo or bool(getattr(settings, "YINGHENG_DEMO", False)),
        lang=lang,
    )


def _facts(row: Response, at: str) -> tuple[tuple[str, str], ...]:
    facts = [
        (_("About"), row.subject_label),
        (_("Occasion"), row.occasion),
        (_("Submitted"), at),
        (_("By"), row.submitted_by_name),
        (_("Template"), f"{row.template.key} {row.template.version}"),
        (_("Version"), str(row.version)),
    ]
    if row.reason:
        facts.append((_("Reason of the correction"), row.reason))
    if row.score:
        facts.append((_("Score"), score_words(row, language())))
    return tuple(facts)


def _sections(request: HttpRequest, row: Response, lang: Language) -> list[Section]:
    files = files_of(request.scope, row)
    found = [Section(group["title"][lang], (Facts(tuple(record_rows(group, files, lang))),)) for group in row.record]
    if row.verdicts:
        rows = tuple(judged_row(verdict, lang) for verdict in row.verdicts)
        found.insert(0, Section(pgettext("sheet", "Verdicts"), (JudgedTable(rows),)))
    pictures = _pictures(request, row)
    return [*found, Section(_("Pictures"), pictures)] if pictures else found


def _pictures(request: HttpRequest, row: Response) -> tuple[Block, ...]:
    used = {
        pk for group in row.record for item in group["items"] if item["type"] == "file" for pk in item["value"] or ()
    }
    found: list[Block] = []
    for pk in filter(None, (row.supersedes_id, row.pk)):
        for file in attachment_list(request.scope, subject_type=RESPONSE, subject_id=str(pk)):
            if str(file.pk) not in used or file.media_type not in _TYPST_PICTURES or len(found) >= _PICTURES:
                continue
            try:
                found.append(Picture(attachment_read(file), file.name))
            except PlatformError:  # a lost picture does not lose the report; the page of the sheet says so
                continue
    return tuple(found)


def _signatures(request: HttpRequest, row: Response, zone: ZoneInfo, lang: Language) -> list[SignatureLine]:
    spec = spec_of(row.template)
    made = {one.role: one for one in signature_list(request.scope, subject_type=RESPONSE, subject_id=str(row.pk))}
    lines = []
    for item in spec.items():
        if item.type != "signature":
            continue
        one = made.get(item.key)
        told = (one.person_name, one.signed_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")) if one else ("", "")
        lines.append(SignatureLine(item.label.text(lang), *told))
    if lines:
        return lines
    return [SignatureLine(pgettext("signature", "Filled in by")), SignatureLine(pgettext("signature", "Checked by"))]
