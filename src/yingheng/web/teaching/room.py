"""Cases of the library in the reading room: an exercise to be answered, or a draft to be written and marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from yingheng.common.ui import words
from yingheng.common.ui.sheetform import SheetChoice, SheetField, SheetGroup
from yingheng.review.dictionary import CLASSES, SEVERITIES, catalogue_for
from yingheng.review.library import GRADES
from yingheng.tenancy.models import Organisation
from yingheng.web.reading.references import defect_list
from yingheng.web.reading.texts import KEYS, texts
from yingheng.web.teaching.shown import Mark, Shown, position_words

_QUICK = {"a": "a", "b": "b", "c": "c", "waste": "d"}
FAULTS = "defect-"  # fields of defects: one for each class of them


def grade_field(grade: str, error: str = "") -> SheetField:
    """The grade, by a, b, c and d."""
    choices = [SheetChoice(key, str(label), chosen=key == grade, quick=_QUICK[key]) for key, label in GRADES.items()]
    return SheetField("grade", "choice", _("Grade"), choices=choices, error=error)


def veto_field(veto: bool) -> SheetField:  # noqa: FBT001
    """Whether one fault alone rejects the film."""
    choice = SheetChoice("yes", _("A fault that alone rejects the film"), chosen=veto)
    return SheetField("veto", "score", _("Veto"), required=False, choices=[choice], most=0)


def defect_fields(place: Organisation, modality: str, chosen: Sequence[str]) -> list[SheetField]:
    """The defects that images of a modality can have, a field for each class; within one they are ticked by number."""
    groups: dict[str, list[SheetChoice]] = {}
    for one in catalogue_for(place).offered_defects("image", modality):
        note = str(SEVERITIES[one.severity])
        choice = SheetChoice(one.code, one.name.text(words.language()), note=note, chosen=one.code in chosen)
        groups.setdefault(one.kind, []).append(choice)
    return [
        SheetField(f"{FAULTS}{kind}", "score", str(CLASSES[kind]), required=False, choices=choices, most=0)
        for kind, choices in groups.items()
    ]


def group(title: str, fields: Sequence[SheetField]) -> SheetGroup:
    return SheetGroup(title, list(fields))


def chosen_defects(request: HttpRequest) -> list[str]:
    """The codes that were ticked."""
    return [code for name in request.POST if name.startswith(FAULTS) for code in request.POST.getlist(name)]


def sheet_html(request: HttpRequest, groups: Sequence[SheetGroup], told: dict[str, Any]) -> str:
    """The form of the room; `told` has title, about, revision, key, save_url, page_url, back and submit_label."""
    login = f"{reverse('tenancy:login')}?next={told['page_url']}"
    context = told | {"groups": groups, "login_url": login, "readings_url": told["back"], "score": "", "earlier": None}
    return render_to_string("web/_reading_sheet.html", context, request)


def case_data(shown: Shown, told: dict[str, Any], marks: Sequence[Mark]) -> dict[str, Any]:
    """A case as the room reads it; `told` has title, about, progress, sheet, addresses, next and number."""
    first = shown.first(marks)
    return {
        "id": shown.key,
        "number": told.get("number", 1),
        "title": told["title"],
        "about": told["about"],
        "progress": told["progress"],
        "due": "",
        "modality": shown.case.modality,
        "exam": shown.exam_data(),
        "series": shown.series_data(first) if shown.series else None,
        "start": shown.start(first, marks) if shown.series else 0,
        "second": None,
        "second_start": 0,
        "preset": 0,
        "unchecked": False,
        "marks": [_mark(shown, one) for one in marks],
        "position": position_words(shown.case),
        "sheet": told["sheet"],
        "addresses": told["addresses"],
        "next": told["next"],
    }


def _mark(shown: Shown, one: Mark) -> dict[str, Any]:
    return {
        "id": one["id"], "series": f"{shown.key}/{one['series']}", "index": one["index"], "shape": one["shape"],
        "defect": one["defect"], "note": one["note"],
    }  # fmt: skip


def mark_told(raw: dict[str, Any]) -> dict[str, Any]:
    """A mark as the room sends it, by series and image of the case."""
    return raw | {"series": str(raw.get("series", "")).rsplit("/", 1)[-1]}


def room_page(request: HttpRequest, data: dict[str, Any], *, base: str, back: str, after: str) -> TemplateResponse:
    """The page: `base` is where series are found, `back` where one leaves to, `after` what follows the last case."""
    modality = data["modality"]
    context = {
        "page": {"title": data["title"], "scheme": "dark", "keys": KEYS},
        "back": back,
        "config": {
            "case": data,
            "texts": texts(),
            "lang": words.language(),
            "defects": {modality: defect_list(modality, request.user)},
            "addresses": {
                "series": base + "{id}.json",
                "exam_data": base + "{id}/exam.json",
                "defects": reverse("web:teaching_defects") + "?modality={modality}",
                "readings": after,
            },
        },
    }
    response = TemplateResponse(request, "web/reading.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response
