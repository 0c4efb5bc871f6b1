"""What the pages of filled-in sheets share: basis, files, signatures, the words of a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.common.clock import local_day
from yingheng.common.errors import Invalid, PlatformError, error_text
from yingheng.common.ui.judged import value_text
from yingheng.common.ui.parts import Link
from yingheng.common.ui.sheetform import SheetFile
from yingheng.common.ui.words import language, number_text, unit_text
from yingheng.documents.kinds import PICTURES
from yingheng.documents.models import Attachment
from yingheng.documents.selectors import attachment_list
from yingheng.documents.services import signer_authenticate
from yingheng.sheets.answers import shown_keys
from yingheng.sheets.judging import Basis
from yingheng.sheets.models import Response
from yingheng.sheets.pages import score_words as told_score
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Item, Spec
from yingheng.sheets.subjects import Subject, subject_kind
from yingheng.tenancy.models import User
from yingheng.tenancy.permissions import SHEET_FILL
from yingheng.tenancy.scope import Scope
from yingheng.web.sheet_subjects import RESPONSE


def crumbs(row: Response | None = None) -> list[Link]:
    """The way back."""
    found = [Link(_("Sheets"), reverse("web:sheets"))]
    return [*found, Link(title_of(row), reverse("web:sheet", args=[row.pk]))] if row else found


def title_of(row: Response) -> str:
    """The title of its template in the reader's language."""
    return row.template.title if language() == "zh" else row.template.title_en


def subject_of(response: Response) -> Subject:
    """What the sheet is about, whoever asks: who may see the sheet may see what it says."""
    return subject_kind(response.subject_type).find(Scope.everything(), response.subject_id)


def basis_of(response: Response) -> Basis:
    """What its answers are judged by today."""
    subject = subject_of(response)
    kind, day = subject_kind(response.subject_type), local_day(response.hospital.zone)
    return kind.basis(subject, spec_of(response.template), day)


def after_submission(response: Response) -> str:
    """Where somebody goes on who has submitted a sheet: its page, or that of what it is about."""
    subject = subject_of(response) if subject_kind(response.subject_type).home else None
    return subject.url if subject else reverse("web:sheet", args=[response.pk])


def files_of(scope: Scope, response: Response) -> dict[str, SheetFile]:
    """The files attached to a sheet, by id; a correction also has those of what it corrects."""
    rows: list[Attachment] = []
    for pk in filter(None, (response.supersedes_id, response.pk)):
        rows += attachment_list(scope, subject_type=RESPONSE, subject_id=str(pk))
    return {str(row.pk): sheet_file(row) for row in rows}


def sheet_file(row: Attachment) -> SheetFile:
    """An attached file as the form shows it."""
    return SheetFile(str(row.pk), row.name, reverse("documents:file", args=[row.pk]), row.media_type in PICTURES)


@dataclass(frozen=True)
class Signer:
    """Who signs which item."""

    item: Item
    user: User


def signers_of(request: HttpRequest, spec: Spec, typed: Mapping[str, Any], response: Response) -> list[Signer]:
    """The people whose passwords came with the form; Invalid, with the item in its params, when one is not right."""
    shown = shown_keys(spec, typed)
    found = []
    for item in (one for one in spec.items() if one.type == "signature" and one.key in shown):
        password = request.POST.get(f"sign.{item.key}.password", "")
        name = request.POST.get(f"sign.{item.key}.user", "") if item.by == "witness" else request.user.get_username()
        if not password:
            if item.required:
                raise Invalid("sheets.not_signed", item=item.key)
            continue
        try:
            user = signer_authenticate(request, username=name, password=password)
        except Invalid as exc:
            raise Invalid(exc.code, item=item.key) from exc
        _check_signer(request, item, user, response)
        found.append(Signer(item, user))
    return found


def _check_signer(request: HttpRequest, item: Item, user: User, response: Response) -> None:
    """A witness is somebody else of this hospital; the author is the one who is signed in."""
    if (item.by == "witness") == (user.pk == request.user.pk):
        raise Invalid("sheets.same_person" if item.by == "witness" else "documents.password", item=item.key)
    if not Scope.of_user(user, SHEET_FILL).contains(response.hospital.path):
        raise Invalid("sheets.witness_elsewhere", item=item.key)


def signature_error(error: PlatformError) -> dict[str, str]:
    """The words of a refused signature, at its item."""
    return {str(error.params.get("item", "")): error_text(error)}


def record_rows(group: Mapping[str, Any], files: Mapping[str, SheetFile], lang: str) -> list[tuple[str, str]]:
    """Label and answer of every item of a recorded group, in words."""
    rows = []
    for item in group["items"]:
        text = answer_text(item, files, lang)
        rows.append((item["label"][lang], f"{text} · {item['remark']}" if item["remark"] else text))
    return rows


def answer_text(item: Mapping[str, Any], files: Mapping[str, SheetFile], lang: str) -> str:
    """One recorded answer in words; a dash for none."""
    value = item["value"]
    if value is None:
        return "—"
    if item["type"] == "file":
        return _listed((files[one].name for one in value if one in files), lang) or "—"
    if item["type"] == "score":
        lost = _listed((fault[lang] for fault in value["faults"]), lang)
        if not value["of"]:
            return lost or "—"
        points = f"{number_text(value['points'])} / {number_text(value['of'])}"
        return f"{points}（{lost}）" if lost and lang == "zh" else f"{points} ({lost})" if lost else points
    if isinstance(value, dict):
        return str(value[lang])
    text = _listed((value_text(one) for one in value), lang) if isinstance(value, list) else value_text(value)
    unit = unit_text(item["unit"]) if item["unit"] else ""
    return f"{text} {unit}" if unit else text


def _listed(texts: Iterable[str], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(texts)


def score_words(response: Response, lang: str) -> str:
    """Points and grade of a submitted sheet; "" where it has none."""
    return told_score(spec_of(response.template), response.score, lang) if response.score else ""
