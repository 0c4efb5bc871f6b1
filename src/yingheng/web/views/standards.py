"""The standards library: which documents there are, and every criterion with its clause, limit and confidence."""

from __future__ import annotations

from collections import Counter

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Confidence, Criterion, Standard
from imagingqc.criteria.words import SUBJECT_WORDS, applies_text
from yingheng.common.ui.addresses import kept_query, with_query
from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Tab, Tag
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Pager, Row, Table
from yingheng.common.ui.words import CONFIDENCES, GRADES, LEVELS, SEVERITIES, language, quantity_text
from yingheng.rulebook.selectors import in_use_counts
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import STANDARD_EDIT, STANDARD_VIEW


@page(STANDARD_VIEW)
@require_safe
def standards(request: HttpRequest) -> HttpResponse:
    """Every standard that the product knows, as data."""
    counts, n_hospitals = in_use_counts(request.scope)
    return ListPage(
        title=_("Standards library"),
        purpose=_("Documents as data: every clause with its limit, where it comes from and how sure that is."),
        actions=[Action(_("Standards in use"), reverse("rulebook:standards"), "list-check")],
        table=Table(
            columns=(
                Column("title", _("Standard"), wide=True),
                Column("level", _("Level"), nowrap=True),
                Column("valid", _("In force since"), nowrap=True, phone=False),
                Column("auto", _("Measured"), align="right"),
                Column("manual", _("By a person"), align="right"),
                Column("use", _("In use"), nowrap=True),
            ),
            rows=[_standard_row(s, counts[s.id], n_hospitals) for s in load_builtin().values()],
            caption=_("Standards library"),
        ),
    ).response(request)


@page(STANDARD_VIEW)
@require_safe
def standard(request: HttpRequest, standard_id: str) -> HttpResponse:
    """The criteria of one standard, in the order of the document."""
    document = load_builtin().get(standard_id)
    if document is None:
        raise Http404
    shown = [c for c in document.criteria if _wanted(request, c)]
    kinds = Counter("manual" if c.grade == "manual" else "auto" for c in document.criteria)
    kind = request.GET.get("kind", "")
    edits = bool(scope_of(request, STANDARD_EDIT))
    return ListPage(
        title=_title(document),
        purpose=_("Source: %(source)s") % {"source": document.source},
        crumbs=[Link(_("Standards library"), reverse("web:standards"))],
        tabs=[
            Tab(_("All"), with_query(request, kind=None), len(document.criteria), not kind),
            Tab(_("Measured"), with_query(request, kind="auto"), kinds["auto"], kind == "auto"),
            Tab(_("By a person"), with_query(request, kind="manual"), kinds["manual"], kind == "manual"),
        ],
        filters=_filters(request),
        table=Table(
            columns=(
                Column("clause", _("Clause"), roomy=True),
                Column("text", _("Requirement"), wide=True),
                Column("limit", _("Limit"), roomy=True),
                Column("grade", _("Judged"), nowrap=True, phone=False),
                Column("severity", _("Severity"), phone=False),
                Column("confidence", _("Confidence"), nowrap=True),
                *([Column("do", "", align="right")] if edits else []),
            ),
            rows=[_criterion_row(c, document.id, edits=edits) for c in shown],
            caption=_title(document),
            pager=Pager(shown=len(shown), total=len(document.criteria)),
            empty=Empty(_("No criterion here"), _("Change the filters."), icon="book-2"),
        ),
    ).response(request)


def _title(document: Standard) -> str:
    return standard_title(document.id)


def _standard_row(document: Standard, n_using: int, n_hospitals: int) -> Row:
    manual = sum(c.grade == "manual" for c in document.criteria)
    return Row(
        {
            "title": Lines(_title(document), f"{document.body} · {document.id}"),
            "level": LEVELS[document.level],
            "valid": document.valid_from or _("date not known"),
            "auto": len(document.criteria) - manual,
            "manual": manual,
            "use": _in_use(n_using, n_hospitals),
        },
        url=reverse("web:standard", args=[document.id]),
        id=document.id,
    )


def _in_use(n_using: int, n_hospitals: int) -> Tag | None:
    """Whether the reader's hospital is judged by it today; of several hospitals, how many are."""
    if not n_using:
        return None
    if n_hospitals == 1:
        return Tag(_("in use"), "pass")
    return Tag(_("%(n)d of %(all)d hospitals") % {"n": n_using, "all": n_hospitals}, "pass")


def _criterion_row(c: Criterion, standard_id: str, *, edits: bool) -> Row:
    lang = language()
    confidence = CONFIDENCES[c.confidence.value]
    measured = quantity_text(c.quantity)
    where = applies_text(c, lang).replace("/", "/\u200b")  # a list of every modality there is may break
    return Row(
        {
            "clause": c.clause,
            "text": Lines(c.text if lang == "zh" else c.text_en, " · ".join(filter(None, (measured, where)))),
            "limit": limit_text(c.limit, c.unit, lang) if c.limit else None,
            "grade": GRADES[c.grade].label,
            "severity": SEVERITIES[c.severity].label,
            "confidence": Tag(str(confidence.label), confidence.tone, confidence.icon),
            "do": _confirm(c, standard_id) if edits else None,
        },
        id=c.id,
    )


def _confirm(c: Criterion, standard_id: str) -> Action | None:
    """What nobody stands for never fails anything: a hospital that knows better may confirm it."""
    if c.limit is None or c.confidence not in {Confidence.UNCONFIRMED, Confidence.EXPERT}:
        return None
    url = reverse("rulebook:confirm", args=[standard_id, c.id])
    return Action(_("Confirm this limit"), url, "shield-check", kind="quiet")


def _wanted(request: HttpRequest, c: Criterion) -> bool:
    asked = request.GET
    kind, text = asked.get("kind", ""), asked.get("text", "").strip().lower()
    if kind in {"auto", "manual"} and (c.grade == "manual") != (kind == "manual"):
        return False
    if asked.get("subject") and c.subject != asked["subject"]:
        return False
    if asked.get("confidence") and c.confidence.value != asked["confidence"]:
        return False
    return not text or any(text in part.lower() for part in (c.clause, c.text, c.text_en, c.id, c.quantity or ""))


def _filters(request: HttpRequest) -> FilterBar:
    asked, lang = request.GET, language()
    subjects = [Option(key, word) for key, word in SUBJECT_WORDS[lang].items()]
    confidences = [Option(key, str(word.label)) for key, word in CONFIDENCES.items()]
    return FilterBar(
        (
            Filter("text", _("Search"), value=asked.get("text", "")),
            Filter("subject", _("Concerns"), "select", asked.get("subject", ""), [Option("", _("All")), *subjects]),
            Filter(
                "confidence",
                _("Confidence"),
                "select",
                asked.get("confidence", ""),
                [Option("", _("All")), *confidences],
            ),
        ),
        keep=kept_query(request, "kind"),
    )
