"""One text and what it means; one exam and which item it is."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from imagingqc.protocol.items import family_of
from yingheng.catalog.models import Exam
from yingheng.catalog.selectors import KeyGroup, exam_get, key_group, key_groups, order_key_groups, suggestions_of
from yingheng.catalog.services import exam_item_follow, exam_item_set, item_key_decide
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action, KeyValues, Lines, Link, Many, Section, Timeline, TimelineEntry, When
from yingheng.registry.models import ExamItem, ItemMapping
from yingheng.registry.selectors import exam_item_list, item_mapping_history
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import MAPPING_EDIT
from yingheng.tenancy.selectors import organisation_get
from yingheng.web.item_forms import FOLLOW, ITEM, NOT_EXAM, ItemForm, option_text
from yingheng.web.views.exams import exam_name
from yingheng.web.views.items import (
    decide_url,
    exams_url,
    items_url,
    key_text,
    part_words,
    reason_words,
    source_tag,
    suggestion_why,
    text_url,
)

Verb = ItemMapping.Verb
_VERBS = {ITEM: Verb.ITEM, NOT_EXAM: Verb.NOT_EXAM, FOLLOW: Verb.OPEN}


@page(MAPPING_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def item_key(request: HttpRequest, hospital_id: UUID) -> HttpResponse:
    """Say what a text means, for every exam of the hospital that carries it."""
    hospital = organisation_get(request.scope, hospital_id)
    key = request.GET.get("key", "")
    group, history = _group(request, hospital, key), _history(request, hospital, key)
    if group is None and not history:
        raise Http404
    current = next((row for row in history if row.is_current and row.verb != Verb.OPEN), None)
    back = items_url(request)
    shown = group or _empty_group(hospital, key)
    items = list(exam_item_list(modality=family_of(shown.modality)))
    form = ItemForm(
        request.POST or None,
        items=items,
        follow=_("Take the decision back: the dictionary alone") if current else "",
        reason_needed=bool(current) or bool(group and group.source == Exam.ItemSource.DICTIONARY),
        initial=_initial(current),
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        verb = _VERBS[data["decision"]]
        item_key_decide(
            actor=request.actor, hospital=hospital, key=key, verb=verb, item=data["item"], reason=data["reason"]
        )
        messages.success(request, _("Kept. Every exam with this text follows it, the later ones too."))
        return redirect(back)
    return FormPage(
        title=_("What this text means"),
        purpose=_("It holds for every exam of the hospital that carries this text; those it changes are judged anew."),
        crumbs=[Link(_("Exam items"), back)],
        form=form,
        submit=_("Keep"),
        cancel_url=back,
        aside=[
            Section(_("Text"), _key_facts(shown)),
            *_suggested(request, group, items),
            *([Section(_("Decided so far"), Timeline([_entry(row) for row in history]))] if history else []),
        ],
    ).response(request, status=400 if form.is_bound else 200)


def _group(request: HttpRequest, hospital: Organisation, key: str) -> KeyGroup | None:
    """The exams of the text in the state most of them are in; without any, the requests that carry it."""
    row = key_groups(request.scope, state="", key=key).filter(hospital=hospital).first()
    row = row or order_key_groups(request.scope, key=key).filter(hospital=hospital).first()
    return key_group(row) if row else None


def _empty_group(hospital: Organisation, key: str) -> KeyGroup:
    return KeyGroup(hospital.pk, hospital.name, hospital.path, key, "", "", "", "", "")


def _history(request: HttpRequest, hospital: Organisation, key: str) -> list[ItemMapping]:
    return list(item_mapping_history(request.scope, hospital_id=hospital.pk, key=key)[:50])


def _initial(current: ItemMapping | None) -> dict[str, str]:
    if current is None:
        return {"decision": ITEM}
    chosen = ITEM if current.verb == Verb.ITEM else NOT_EXAM
    return {"decision": chosen, "item": option_text(current.item) if current.item else ""}


def _key_facts(group: KeyGroup) -> KeyValues:
    state = Exam.ItemState.MAPPED if group.item else Exam.ItemState.UNMAPPED
    if group.reason in {"item_excluded", "item_documents"}:
        state = Exam.ItemState.EXCLUDED
    now = Many([group.item, source_tag(group.source)]) if group.item else reason_words(group.reason) or "—"
    return KeyValues(
        [
            (_("Text"), key_text(group)),
            (_("Modality"), group.modality),
            (_("Exams"), Lines(group.n_exams, url=exams_url(group, state))),
            (_("Last"), When(group.last_seen, ago=True)),
            (_("At present"), now),
        ]
    )


def _suggested(request: HttpRequest, group: KeyGroup | None, items: list[ExamItem]) -> list[Section]:
    """Suggestions with a button to take each and one to turn it down; none for what is mapped."""
    if group is None or group.item or not group.text:
        return []
    found = suggestions_of(request.scope, [group]).get((group.hospital_id, group.key), ())
    names = {item.code: item.label for item in items}
    url = decide_url(group, request.GET.get("back", ""))
    rows = []
    for s in found:
        take = Action(_("Take"), url, method="post", kind="primary", name="decision", value=f"item:{s.item}")
        refuse = Action(
            _("Never suggest"), url, method="post", kind="quiet", name="decision", value=f"rejected:{s.item}"
        )
        rows.append((s.item, Many([Lines(names.get(s.item, s.item), suggestion_why(s, group.reason)), take, refuse])))
    return [Section(_("Suggestions"), KeyValues(rows))] if rows else []


def _entry(row: ItemMapping) -> TimelineEntry:
    text = f"{row.get_verb_display()}{' · ' + row.item.label if row.item else ''}"
    return TimelineEntry(row.made_at, text, who=row.actor_name, kind="decision", detail=row.reason, icon="pencil")


@page(MAPPING_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def exam_item(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Say which item this one exam is, whatever its text means elsewhere."""
    row = exam_get(request.scope, exam_id)
    back = reverse("web:exam", args=[row.pk])
    person = row.item_source == Exam.ItemSource.PERSON
    initial = {"decision": ITEM, "item": option_text(row.item)} if row.item else {"decision": ITEM}
    form = ItemForm(
        request.POST or None,
        items=list(exam_item_list(modality=_family(row))),
        follow=_("Follow the mapping of its text again") if person else "",
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if data["decision"] == FOLLOW:
            exam_item_follow(exam=row, actor=request.actor, reason=data["reason"])
        else:
            exam_item_set(exam=row, item=data["item"], actor=request.actor, reason=data["reason"])
        messages.success(request, _("Kept for this exam alone; it is judged anew."))
        return redirect(back)
    return FormPage(
        title=_("Item of this exam"),
        purpose=_("For this exam alone. To settle every exam with the same text, change what the text means."),
        crumbs=[Link(_("Exam list"), reverse("web:exams")), Link(exam_name(row), back)],
        form=form,
        submit=_("Keep"),
        cancel_url=back,
        aside=[item_section(request, row)],
    ).response(request, status=400 if form.is_bound else 200)


def _family(row: Exam) -> str:
    return row.item_key.partition(ItemMapping.BETWEEN)[0] or family_of(row.modality)


def item_section(request: HttpRequest, row: Exam, *, actions: bool = False) -> Section:
    """The item of an exam, who found it and by which text; with `actions`, for those who may change it."""
    group = KeyGroup(row.hospital_id, row.hospital.name, row.hospital.path, row.item_key, "", "", "", "", "")
    facts = [
        (_("Exam item"), Many([row.item.label, source_tag(row.item_source)]) if row.item else item_words(row)),
        (_("Text"), key_text(group) if row.item_key else "—"),
        (_("Body part"), part_words(row.item.body_part if row.item else row.body_part) or "—"),
    ]
    buttons = []
    if actions and scope_of(request, MAPPING_EDIT).contains(row.hospital.path):
        buttons.append(Action(_("This exam"), reverse("web:exam_item", args=[row.pk]), icon="pencil", kind="quiet"))
        if group.text:
            url = text_url(row.hospital_id, row.item_key)
            buttons.append(Action(_("This text"), url, icon="link", kind="quiet"))
    return Section(_("Exam item"), KeyValues(facts), actions=buttons)


def item_words(row: Exam) -> str:
    """Why an exam has no item."""
    state = str(Exam.ItemState(row.item_state).label)
    reason = reason_words(row.item_reason)
    return f"{state} · {reason}" if reason else state
