"""The exam list."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.catalog.models import Exam
from yingheng.catalog.selectors import ExamFilter, exam_list, exam_modalities, exam_outcome_counts
from yingheng.common.ui.addresses import day, identifier, kept_query, with_query
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.parts import Empty, Lines, Many, OutcomeBadge, Tab, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Pager, Row, Table
from yingheng.common.ui.words import OUTCOMES
from yingheng.registry.selectors import device_list, exam_item_list
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, PATIENT_IDENTIFY
from yingheng.web.views.items import part_words

_SORTS = {"-day": "newest", "day": "oldest", "-failed": "failed"}
_ITEM_STATES = (Exam.ItemState.UNMAPPED, Exam.ItemState.MAPPED, Exam.ItemState.EXCLUDED)
_FLAGS = ("emergency", "contrast", "paediatric", "demo")


@page(EXAM_VIEW)
@require_safe
def exams(request: HttpRequest) -> HttpResponse:
    """Every exam that arrived, with what the evaluation says of it."""
    wanted = _wanted(request)
    sort = request.GET.get("sort", "-day")
    found = exam_list(request.scope, wanted, sort=_SORTS.get(sort, "newest"), cursor=request.GET.get("page", ""))
    return ListPage(
        title=_("Exam list"),
        purpose=_("Every exam that arrived, measured and judged. Open one to see the evidence on the image."),
        tabs=_tabs(request, wanted),
        filters=_filters(request),
        table=Table(
            columns=(
                Column("exam", _("Exam"), wide=True),
                Column("item", _("Exam item"), phone=False),
                Column("outcome", _("Outcome"), nowrap=True),
                Column("failed", _("Failed"), sort="-failed", align="right"),
                Column("review", _("Needs review"), align="right", phone=False),
                Column("none", _("Not assessable"), align="right", phone=False),
                Column("device", _("Device"), phone=False, clip=True),
                Column("day", _("Examined"), sort="-day", nowrap=True),
            ),
            rows=[_row(exam) for exam in found.rows],
            caption=_("Exam list"),
            sort=sort,
            pager=Pager(
                shown=len(found.rows),
                previous_url=with_query(request, page=found.previous_cursor) if found.previous_cursor else "",
                next_url=with_query(request, page=found.next_cursor) if found.next_cursor else "",
            ),
            empty=Empty(
                _("No exam here"),
                _("Change the filters, or import a folder with: yingheng import PATH"),
                icon="clipboard-list",
            ),
        ),
    ).response(request)


def exam_name(exam: Exam) -> str:
    """What people call an exam: its description, else modality and body part."""
    return exam.description or " ".join(filter(None, (exam.modality, exam.body_part)))


def flag_tags(exam: Exam) -> list[Tag]:
    """Marks of an exam that change how it is read; demonstration data always carries its mark."""
    tags = []
    if exam.is_demo and not settings.YINGHENG_DEMO:  # there the frame of every page says so
        tags.append(Tag(_("Demo"), "accent"))
    if exam.is_emergency:
        tags.append(Tag(_("Emergency"), "fail"))
    if exam.is_paediatric:
        tags.append(Tag(_("Child"), "human"))
    if exam.is_contrast:
        tags.append(Tag(_("Contrast"), "neutral"))
    return tags


def exam_state(exam: Exam) -> OutcomeBadge | Tag:
    """The outcome of an exam, or that there is none yet; a phantom's is that of its tests."""
    if exam.is_phantom and not exam.outcome:
        return Tag(_("phantom"), "accent", "flask")
    return OutcomeBadge(exam.outcome) if exam.outcome else Tag(_("not judged yet"), "neutral")


def item_cell(exam: Exam) -> str | Tag:
    """The item of an exam, or that it has none."""
    if exam.item:
        return exam.item.label
    state = Exam.ItemState(exam.item_state)
    return Tag(str(state.label), "human" if state == Exam.ItemState.UNMAPPED else "neutral")


def _row(exam: Exam) -> Row:
    size = _("%(modality)s · %(n)s images") % {"modality": exam.modality, "n": exam.n_instances}
    second = " · ".join(filter(None, (size, exam.accession, exam.hospital.name)))
    return Row(
        {
            "exam": Many([Lines(exam_name(exam), second), *flag_tags(exam)]),
            "item": Lines(item_cell(exam), part_words(exam.item.body_part if exam.item else exam.body_part)),
            "outcome": exam_state(exam),
            "failed": exam.n_fail or None,
            "review": exam.n_human or None,
            "none": exam.n_unassessable or None,
            "device": exam.device.label if exam.device else None,
            "day": When(exam.sort_at),
        },
        url=reverse("web:exam", kwargs={"exam_id": exam.pk}),
        id=str(exam.pk),
    )


def _wanted(request: HttpRequest) -> ExamFilter:
    asked = request.GET
    flag, item = asked.get("flag", ""), asked.get("item", "")
    return ExamFilter(
        text=asked.get("text", ""),
        modality=asked.get("modality", ""),
        outcome=asked.get("outcome", "") if asked.get("outcome", "") in {*OUTCOMES, "none"} else "",
        flag=flag if flag in _FLAGS else "",
        device_id=identifier(asked.get("device", "")),
        item_id=identifier(item),
        item_state=item[1:] if item[:1] == "=" and item[1:] in _ITEM_STATES else "",
        item_key=asked.get("key", ""),
        identify=scope_of(request, PATIENT_IDENTIFY),
        first=day(asked.get("first", "")),
        last=day(asked.get("last", "")),
    )


def _tabs(request: HttpRequest, wanted: ExamFilter) -> list[Tab]:
    counts = exam_outcome_counts(request.scope)
    tabs = [Tab(_("All"), with_query(request, outcome=None), counts["all"], not wanted.outcome)]
    for key, word in OUTCOMES.items():
        tabs.append(Tab(str(word.label), with_query(request, outcome=key), counts.get(key, 0), wanted.outcome == key))
    if counts.get(""):
        url = with_query(request, outcome="none")
        tabs.append(Tab(_("not judged yet"), url, counts[""], wanted.outcome == "none"))
    return tabs


def _filters(request: HttpRequest) -> FilterBar:
    asked = request.GET
    flags = {"emergency": _("Emergency"), "contrast": _("Contrast"), "paediatric": _("Child"), "demo": _("Demo")}
    devices = [Option(str(d.pk), d.label) for d in device_list(request.scope)[:200]]
    return FilterBar(
        (
            Filter(
                "text", _("Search"), value=asked.get("text", ""), placeholder=_("description, accession, patient id")
            ),
            Filter(
                "modality",
                _("Modality"),
                "select",
                asked.get("modality", ""),
                [Option("", _("All")), *(Option(m, m) for m in exam_modalities(request.scope))],
            ),
            Filter("device", _("Device"), "select", asked.get("device", ""), [Option("", _("All")), *devices]),
            Filter("item", _("Exam item"), "select", asked.get("item", ""), _item_options()),
            Filter(
                "flag",
                _("Mark"),
                "select",
                asked.get("flag", ""),
                [Option("", _("All")), *(Option(key, label) for key, label in flags.items())],
            ),
            Filter("first", _("From"), "date", asked.get("first", "")),
            Filter("last", _("To"), "date", asked.get("last", "")),
        ),
        keep=kept_query(request, "outcome", "sort", "key"),
    )


def _item_options() -> list[Option]:
    states = [Option(f"={state}", str(state.label)) for state in _ITEM_STATES]
    return [Option("", _("All")), *states, *(Option(str(i.pk), i.label) for i in exam_item_list())]
