"""Which exam items the texts of exams mean: what waits for somebody, what is settled, what is no exam."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from imagingqc.errors import Reason
from imagingqc.protocol.parts import body_part_name
from imagingqc.protocol.suggest import Suggestion
from yingheng.catalog.models import Exam
from yingheng.catalog.selectors import (
    REQUESTS,
    KeyGroup,
    item_modalities,
    item_state_counts,
    key_group,
    key_groups,
    order_key_groups,
    suggestions_of,
)
from yingheng.catalog.services import item_key_decide
from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.addresses import kept_query, with_query
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Lines, Many, Tab, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.words import language
from yingheng.registry.models import ItemMapping, item_label
from yingheng.registry.selectors import exam_item_list
from yingheng.registry.services import exam_item_of
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, MAPPING_EDIT
from yingheng.tenancy.selectors import organisation_get

State = Exam.ItemState
Verb = ItemMapping.Verb
_NO_PARAMS = {"what": "", "items": "", "part": ""}


@page(EXAM_VIEW)
@require_safe
def items(request: HttpRequest) -> HttpResponse:
    """Texts of exams by state of their mapping, those of most exams first."""
    asked = request.GET
    requests = asked.get("state") == REQUESTS
    state = asked.get("state", "") if asked.get("state") in {State.MAPPED, State.EXCLUDED} else State.UNMAPPED
    modality, text = asked.get("modality", ""), asked.get("text", "").strip()
    found, pager = offset_page(
        request,
        order_key_groups(request.scope, modality=modality, text=text)
        if requests
        else key_groups(request.scope, state=state, modality=modality, text=text),
    )
    groups = [key_group(row) for row in found]
    counts = item_state_counts(request.scope)
    modalities = item_modalities(request.scope, state=state)
    current = REQUESTS if requests else state
    return ListPage(
        title=_("Exam items"),
        purpose=_("%(n)s exams are not mapped. They are counted and judged, but by no rule for a special item.")
        % {"n": counts[State.UNMAPPED]},
        tabs=[
            Tab(label, with_query(request, state=key if key != State.UNMAPPED else None), counts[key], current == key)
            for key, label in (
                (State.UNMAPPED, _("To map")),
                (REQUESTS, _("Orders to map")),
                (State.MAPPED, _("Mapped")),
                (State.EXCLUDED, _("Not exams of this list")),
            )
        ],
        filters=FilterBar(
            (
                Filter("text", _("Search"), value=text, placeholder=_("a part of the text")),
                Filter(
                    "modality",
                    _("Modality"),
                    "select",
                    modality,
                    [Option("", _("All")), *(Option(m, m) for m in modalities)],
                ),
            ),
            keep=kept_query(request, "state"),
        ),
        table=_ItemTable(request, state, groups, requests=requests).table(pager),
        page_keys=[("1–3", _("take the suggestion")), ("0", _("not an exam"))] if state == State.UNMAPPED else [],
    ).response(request)


class _ItemTable:
    """The table of one tab."""

    def __init__(self, request: HttpRequest, state: str, groups: list[KeyGroup], *, requests: bool = False) -> None:
        self.request, self.state, self.groups, self.requests = request, state, groups, requests
        self.may = scope_of(request, MAPPING_EDIT)
        self.several = len({group.hospital_id for group in groups}) > 1
        waiting = groups if state == State.UNMAPPED else []
        self.suggested = suggestions_of(request.scope, waiting)
        known = list(exam_item_list()) if waiting else []
        self.names = {i.code: i.label for i in known}
        self.modalities = {i.modality for i in known}

    def table(self, pager: object) -> Table:
        last = {
            State.UNMAPPED: (Column("do", _("Suggestions"), wide=True),),
            State.MAPPED: (Column("item", _("Exam item"), roomy=True), Column("source", _("Found by"), nowrap=True)),
            State.EXCLUDED: (Column("why", _("Why"), roomy=True),),
        }[self.state]
        return Table(
            columns=(
                Column(
                    "text",
                    _("Text of the orders") if self.requests else _("Text of the exams"),
                    wide=self.state != State.UNMAPPED,
                ),
                Column("modality", _("Modality"), nowrap=True, phone=False),
                Column("n", _("Orders") if self.requests else _("Exams"), align="right"),
                Column("last", _("Last"), nowrap=True, phone=False),
                *last,
            ),
            rows=[self.row(group) for group in self.groups],
            caption=_("Exam items"),
            pager=pager,
            empty=Empty(_("Nothing here"), self.nothing(), icon="circle-check"),
        )

    def nothing(self) -> str:
        if self.requests:
            return _("Every order names an item of the dictionary, or there is none.")
        if self.state == State.UNMAPPED:
            return _("Every exam has its item, or is known to be none of this list.")
        return _("Change the filters, or look at the other tabs.")

    def row(self, group: KeyGroup) -> Row:
        may = bool(group.text) and self.may.contains(group.path)
        exams = exams_url(group, self.state)
        part = "" if group.text.startswith("[") else part_words(group.body_part)
        second = " · ".join(filter(None, (part, self.why(group), group.hospital if self.several else "")))
        cells = {
            "text": Lines(key_text(group), second),
            "modality": group.modality,
            "n": Lines(group.n_exams, url="" if self.requests else exams),
            "last": When(group.last_seen, ago=True),
            "do": self.suggestions(group) if may else None,
            "item": Lines(item_label(group.name_zh, group.name_en), group.item),
            "source": source_tag(group.source),
            "why": reason_words(group.reason),
        }
        elsewhere = "" if self.requests else exams
        return Row(cells, url=key_url(group, self.request) if may else elsewhere, id=group.key)

    def why(self, group: KeyGroup) -> str:
        """Why the dictionary does not know it; the other tabs have a column for it."""
        if self.state != State.UNMAPPED:
            return ""
        if group.modality not in self.modalities:
            return _("the dictionary has no items of this modality")
        return reason_words(group.reason)

    def suggestions(self, group: KeyGroup) -> Many:
        url = decide_url(group, self.request.GET.urlencode())
        found = self.suggested.get((group.hospital_id, group.key), ())
        parts: list[object] = [
            Lines(
                Action(
                    f"{n} {self.names.get(s.item, s.item)}",
                    url,
                    method="post",
                    name="decision",
                    value=f"item:{s.item}",
                    row_key=str(n),
                    hint=s.item,
                ),
                suggestion_why(s, group.reason),
            )
            for n, s in enumerate(found, 1)
        ]
        parts.append(
            Action(
                _("Not an exam"), url, method="post", kind="quiet", name="decision", value=Verb.NOT_EXAM, row_key="0"
            )
        )
        return Many(parts)


@page(MAPPING_EDIT)
@require_POST
def decide(request: HttpRequest, hospital_id: UUID) -> HttpResponse:
    """Take a suggestion, turn it down, or say that a text is no exam, with one press."""
    hospital = organisation_get(request.scope, hospital_id)
    key = request.GET.get("key", "")
    verb, _sep, code = request.POST.get("decision", "").partition(":")
    try:
        item_key_decide(
            actor=request.actor, hospital=hospital, key=key, verb=verb, item=exam_item_of(code) if code else None
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error_text(error))
        return redirect(text_url(hospital.pk, key, request.GET.get("back", "")))
    if verb == Verb.REJECTED:
        messages.success(request, _("It is not suggested for this text any more."))
    else:
        messages.success(request, _("Kept. Every exam with this text follows it, the later ones too."))
    return redirect(items_url(request))


def key_text(group: KeyGroup) -> str:
    """The text of a group; a body part in brackets in words, and what to read when there is none."""
    if not group.text:
        return _("(no text and no body part)")
    if group.text.startswith("["):
        return _("(only the body part: %(part)s)") % {"part": part_words(group.text[1:-1])}
    return group.text


def part_words(code: str) -> str:
    """A body part of a header in words; the code itself where there are none."""
    return body_part_name(code) or code if language() == "zh" else code.capitalize()


def reason_words(code: str) -> str:
    """A reason code of an exam's item in words."""
    short = {
        "item_ambiguous": _("more than one item fits"),
        "item_body_part_only": _("only the body part is known"),
        "item_excluded": _("a phantom, a test, or set so by a person"),
    }
    if not code:
        return ""
    return short.get(code) or Reason(code, _NO_PARAMS).text(language())


def source_tag(source: str) -> Tag:
    """Who or what found an item."""
    tones = {"mapping": "accent", "person": "human"}
    return Tag(str(Exam.ItemSource(source).label), tones.get(source, "neutral"))


def suggestion_why(s: Suggestion, reason: str) -> str:
    """Why an item is suggested, for a text that has none for this reason."""
    if s.like and s.source != "name":
        return _("%(score)s like the confirmed “%(text)s”, %(n)s exams") % {
            "score": f"{s.score:.2f}",
            "text": s.like,
            "n": s.n_exams,
        }
    if s.source == "dictionary" and reason == "item_body_part_only":
        return _("by the body part alone")
    if s.source == "dictionary":
        return _("one of those the dictionary finds")
    return _("%(score)s like the name of the item") % {"score": f"{s.score:.2f}"}


def key_url(group: KeyGroup, request: HttpRequest) -> str:
    """The page of a text."""
    return text_url(group.hospital_id, group.key, request.GET.urlencode())


def items_url(request: HttpRequest) -> str:
    """The list as it was when its row was opened."""
    back = request.GET.get("back", "")
    return f"{reverse('web:items')}?{back}" if back else reverse("web:items")


def text_url(hospital_id: UUID, key: str, back: str = "") -> str:
    """The page of a text by its key; `back` is the query of the list to return to."""
    address = reverse("web:item_key", args=[hospital_id])
    return f"{address}?{urlencode({'key': key, 'back': back})}"


def decide_url(group: KeyGroup, back: str) -> str:
    """Where a press on a suggestion goes."""
    address = reverse("web:item_decide", args=[group.hospital_id])
    return f"{address}?{urlencode({'key': group.key, 'back': back})}"


def exams_url(group: KeyGroup, state: str) -> str:
    """The exams of a group in the exam list."""
    return f"{reverse('web:exams')}?{urlencode({'item': f'={state}', 'key': group.key})}"
