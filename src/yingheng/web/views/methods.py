"""How things are measured: the pages on methods, each headed by what the running code says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from imagingqc.clinical.method import ANY
from imagingqc.criteria.load import load_builtin
from imagingqc.quantity import Quantity, quantity_catalogue
from yingheng.common.markdown import to_html
from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.parts import Alert, Empty, Fact, Lines, Link, Many, Section, Tab, Tag
from yingheng.common.ui.tables import Column, Pager, Row, Table
from yingheng.common.ui.words import GRADES, language, unit_text
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import STANDARD_VIEW
from yingheng.web.method_pages import Method, MethodPage, pages


@page(STANDARD_VIEW)
@require_safe
def methods(request: HttpRequest) -> HttpResponse:
    """Every page on methods, by modality."""
    wanted = request.GET.get("modality", "")
    found = list(pages().values())
    shown = [p for p in found if not wanted or wanted in p.modalities]
    return ListPage(
        title=_("Methods"),
        purpose=_("How every quantity is measured: formula, source, and when it misleads."),
        tabs=_tabs(request, found, wanted),
        table=Table(
            columns=(
                Column("title", _("Page"), roomy=True),
                Column("modality", _("Modality"), nowrap=True),
                Column("quantities", _("Quantities"), wide=True, phone=False),
                Column("grade", _("Judged"), phone=False),
                Column("method", _("Method and version"), phone=False),
            ),
            rows=[_row(p) for p in sorted(shown, key=_order)],
            caption=_("Methods"),
            pager=Pager(shown=len(shown), total=len(found)),
            empty=Empty(_("No page here"), icon="book-2"),
        ),
    ).response(request)


@page(STANDARD_VIEW)
@require_safe
def method(request: HttpRequest, slug: str) -> HttpResponse:
    """One page, headed by the methods of the running code and the criteria that use their quantities."""
    shown = pages().get(slug)
    if shown is None:
        raise Http404
    alerts = [Alert(_("The text of this page is in English; the summary above is in Chinese."), "neutral")]
    return ThingPage(
        title=shown.title(language()),
        purpose=shown.summary if language() == "zh" else "",
        kind=_("Method"),
        crumbs=[Link(_("Methods"), reverse("web:methods"))],
        facts=_facts(shown) if shown.methods else [],
        alerts=alerts if language() == "zh" else [],
        sections=[
            *([_measured(shown)] if shown.methods else []),
            Section(
                _("Formula, source, limits"),
                body_template="web/_document.html",
                context={"html": to_html(shown.text, _target), "document_lang": "en"},
            ),
        ],
        wide=True,
    ).response(request)


def _facts(p: MethodPage) -> list[Fact]:
    return [
        Fact(_("Method and version"), Many([_version(m) for m in p.methods])),
        Fact(_("Modality"), _modalities(p)),
        Fact(_("Pace"), _paces(p.methods)),
    ]


def _measured(p: MethodPage) -> Section:
    return Section(_("Quantities"), _quantities(p), flush=True, hint=_("as the running version measures them"))


def _target(href: str) -> str | None:
    """Other pages on methods and pages of the web; the rest of our documents is not served here."""
    file, _hash, place = href.partition("#")
    if file.endswith(".md") and file.removesuffix(".md") in pages():
        return reverse("web:method", args=[file.removesuffix(".md")]) + (f"#{place}" if place else "")
    return href if href.startswith("https://") else None


def _order(p: MethodPage) -> tuple[bool, bool, tuple[str, ...], str]:
    """By modality; pages on something else than a method come last."""
    return not p.methods, ANY not in p.modalities, p.modalities, p.slug


def _row(p: MethodPage) -> Row:
    lang = language()
    names = [q.name(lang) for q in _known(p)]
    return Row(
        {
            "title": Lines(p.title(lang), p.summary if lang == "zh" else ""),
            "modality": _modalities(p) or None,
            "quantities": ("、" if lang == "zh" else ", ").join(names) or None,
            "grade": _grades(p) if p.methods else None,
            "method": Many([_version(m) for m in p.methods]) if p.methods else None,
        },
        url=reverse("web:method", args=[p.slug]),
        id=p.slug,
    )


def _known(p: MethodPage) -> list[Quantity]:
    catalogue = quantity_catalogue()
    return [catalogue[key] for key in p.quantities if key in catalogue]


def _version(m: Method) -> Tag:
    return Tag(f"{m.name} v{m.version}")


def _modalities(p: MethodPage) -> str:
    return _("all") if ANY in p.modalities else ", ".join(p.modalities)


def _paces(found: Sequence[Method]) -> str:
    words = {
        "fast": _("at once"),
        "full": _("in the full set, afterwards"),
        "exam": _("when the exam is complete"),
        "device": _("over many exams of a device"),
        "test": _("performance test"),
    }
    return ", ".join(dict.fromkeys(words[m.pace] for m in found))


def _grades(p: MethodPage) -> Many | str:
    """How the criteria of the library use the page's quantities."""
    used = {grade for key in p.quantities for _standard, grade in _uses().get(key, ())}
    if not used:
        return _("recorded only")
    return Many([Tag(str(word.label)) for grade, word in GRADES.items() if grade in used])


@cache
def _uses() -> Mapping[str, Sequence[tuple[str, str]]]:
    """Quantity -> (standard, grade) of every criterion of the library on it."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for document in load_builtin().values():
        for criterion in document.criteria:
            if criterion.quantity:
                found[criterion.quantity].append((document.id, criterion.grade))
    return found


def _quantities(p: MethodPage) -> Table:
    better = {"low": _("lower"), "high": _("higher"), "none": _("neither")}
    rows = [
        Row(
            {
                "quantity": Lines(q.name(language()), q.key),
                "unit": unit_text(q.unit) or None,
                "better": better[q.better],
                "criteria": _criteria(q.key),
            },
            id=q.key,
        )
        for q in _known(p)
    ]
    columns = (
        Column("quantity", _("Quantity"), roomy=True),
        Column("unit", _("Unit"), nowrap=True),
        Column("better", _("Better"), nowrap=True, phone=False),
        Column("criteria", _("Criteria that use it"), wide=True),
    )
    return Table(columns=columns, rows=rows, caption=_("Quantities"))


def _criteria(key: str) -> Many | str:
    """Links to the criteria of the library on a quantity, one for each standard."""
    standards = [standard for standard, _grade in _uses().get(key, ())]
    if not standards:
        return _("none: recorded only")
    query = urlencode({"text": key})
    return Many(
        [
            Link(f"{standard_title(s)} ({standards.count(s)})", f"{reverse('web:standard', args=[s])}?{query}")
            for s in dict.fromkeys(standards)
        ]
    )


def _tabs(request: HttpRequest, found: Sequence[MethodPage], wanted: str) -> list[Tab]:
    tabs = [Tab(_("All"), with_query(request, modality=None), len(found), not wanted)]
    for name in sorted({m for p in found for m in p.modalities} - {ANY}):
        n = sum(name in p.modalities for p in found)
        tabs.append(Tab(name, with_query(request, modality=name), n, wanted == name))
    return tabs
