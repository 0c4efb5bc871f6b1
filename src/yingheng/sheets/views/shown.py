"""What a template says of itself: how it is scored, what it asks, its versions and what changed with them."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from yingheng.common.ui.parts import Alert, Fact, KeyValues, Lines, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import CONFIDENCES, language, number_text, quantity_text
from yingheng.sheets.comparing import answers_text, applies_text, differences, lines_text
from yingheng.sheets.library import editions_of
from yingheng.sheets.load_score import counts
from yingheng.sheets.models import Template
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Group, Item, Spec
from yingheng.sheets.suggesting import auto_text
from yingheng.sheets.views.common import type_word

TONES = {"draft": "neutral", "published": "pass", "withdrawn": "none"}


def confidence_tag(spec: Spec) -> Tag | str:
    """How sure the source of a sheet is; "" where it says nothing."""
    word = CONFIDENCES.get(spec.confidence)
    return Tag(str(word.label), word.tone, word.icon) if word else ""  # type: ignore[arg-type]


def provenance(spec: Spec) -> list[Alert]:
    """Where a sheet comes from and how sure that is, above all else of it."""
    if not spec.source.zh:
        return []
    word = CONFIDENCES.get(spec.confidence)
    doubtful = spec.confidence in {"expert", "unconfirmed"}
    return [Alert(spec.source.text(language()), "human" if doubtful else "neutral", str(word.label) if word else "")]


def size_fact(spec: Spec) -> Fact:
    """How many items there are, and their points."""
    items = list(spec.items())
    return Fact(_("Items"), len(items), hint=points_sum(spec))


def points_sum(spec: Spec) -> str:
    """The points of all items together, or by how many dimensions they are weighed; "" where a sheet gives none."""
    weighted = sum(one.weight is not None for one in spec.dimensions)
    if weighted:
        return ngettext("weighed by %(n)d dimension", "weighed by %(n)d dimensions", weighted) % {"n": weighted}
    whole = sum(item.weight for item in spec.items())
    return _("%(points)s points in all") % {"points": number_text(whole)} if whole else ""


def spec_sections(spec: Spec) -> list[Section]:
    """How the sheet is scored, then what it asks."""
    if spec.kind != "score":
        return [_group(group) for group in spec.groups]
    found = [_scoring(spec)]
    found += [_grades(spec)] if spec.grades else []
    found += [_dimensions(spec)] if spec.dimensions else []
    return [*found, _items(spec)]


def _scoring(spec: Spec) -> Section:
    lang = language()
    best = next((s.label.text(lang) for s in spec.grades if s.key == spec.zero_best), "")
    rows = [
        (_("For"), applies_text(spec) or _("every exam")),
        (_("Sum of the points"), points_sum(spec) or _("no points: a person gives the grade")),
        (_("Lines"), lines_text(spec)),
        (_("Best grade with an item at zero"), best),
    ]
    return Section(_("How it is scored"), KeyValues([row for row in rows if row[1]]))


def _grades(spec: Spec) -> Section:
    lang, last = language(), spec.grades[-1]
    given = any(item.grades for item in spec.items())
    by_faults = any(step.faults is not None for step in spec.grades)
    rows, above = [], 0.0
    for step in spec.grades:
        told = [_("given by the reader")] if given else []
        if step.faults is not None:
            told.append(_("at most %(n)s failed items") % {"n": number_text(step.faults)})
        elif by_faults:
            told.append(_("veto") if step is last else _("more failed items"))
        if step.least:
            told.append(_("from %(points)s points on") % {"points": number_text(step.least)})
        elif above:
            told.append(_("below %(points)s points") % {"points": number_text(above)})
        above = step.least
        rows.append((step.label.text(lang), " · ".join(told)))
    return Section(_("Grades"), KeyValues(rows), hint=_("A veto gives the last grade."))


def _dimensions(spec: Spec) -> Section:
    rows = []
    for one in spec.dimensions:
        points = sum(item.weight for item in spec.items() if item.dimension == one.key)
        told = [pgettext("score", "%(points)s points") % {"points": number_text(points)}]
        if one.weight is not None:
            told = [_("weight %(weight)s") % {"weight": number_text(one.weight)}]
        if one.line is not None:
            told.append(_("should reach %(points)s") % {"points": number_text(one.line)})
        rows.append((one.label.text(language()), " · ".join(told)))
    return Section(_("Dimensions"), KeyValues(rows), hint=_("Each gives points of a hundred of its own."))


def _items(spec: Spec) -> Section:
    lang, rows = language(), []
    for group in spec.groups:
        for item in group.items:
            cells = {
                "group": group.title.text(lang),
                "item": Lines(item.label.text(lang), item.help.text(lang)),
                "points": number_text(item.weight) if item.weight else "—",
                "answers": Lines(_answers(item, lang), _suggested(item)),
            }
            rows.append(Row(cells))
    columns = (
        Column("group", _("Group"), nowrap=True),
        Column("item", _("Item"), roomy=True),
        Column("points", pgettext("score", "Points"), align="right", nowrap=True),
        Column("answers", _("Answers"), wide=True),
    )
    title = pgettext("score sheet", "Items")
    return Section(title, Table(columns, rows, caption=title), hint=points_sum(spec), flush=True)


def _answers(item: Item, lang: str) -> str:
    told = answers_text(item, lang)
    if item.type == "score" and not told:
        told = _("0 to %(most)s points") % {"most": number_text(item.weight)}
    told = told or type_word(item.type)
    notes = [_("“no” is a veto")] if item.veto else []
    notes += [] if item.required or not counts(item) else [_("optional")]
    return " · ".join([told, *notes])


def _suggested(item: Item) -> str:
    return _("Suggested after submission: %(rule)s") % {"rule": auto_text(item.auto)} if item.auto else ""


def _group(group: Group) -> Section:
    lang = language()
    return Section(group.title.text(lang), KeyValues([(item.label.text(lang), _detail(item)) for item in group.items]))


def _detail(item: Item) -> str:
    details = [type_word(item.type), quantity_text(item.quantity), "" if item.required else _("optional")]
    return " · ".join(filter(None, details))


def own_versions(row: Template, rows: Sequence[Template]) -> list[Section]:
    """The versions of a hospital's template, newest first, and what this one changed."""
    table = [
        Row(
            {
                "version": one.version,
                "state": Tag(one.get_state_display(), TONES[one.state]),
                "at": When(one.published_at or one.created_at),
                "by": one.published_by_name or one.created_by_name,
            },
            url=reverse("sheets:template", args=[one.pk]) if one.pk != row.pk else "",
            tone="current" if one.pk == row.pk else "",
        )
        for one in rows
    ]
    found = [_versions(table)] if len(rows) > 1 else []
    earlier = next((one for one in rows if one.version < row.version), None)
    return found + (_changes(spec_of(earlier), spec_of(row)) if earlier else _since_product(spec_of(row)))


def _since_product(spec: Spec) -> list[Section]:
    """What the first version of a hospital changed of the sheet of the product it was copied from."""
    newest = next(iter(editions_of(spec.key)), None)
    return _changes(newest.spec, spec, _("Changes from the sheet of the product")) if newest else []


def product_versions(spec: Spec) -> list[Section]:
    """The editions of the product, newest first, and what this one changed."""
    every = editions_of(spec.key)
    table = [
        Row({"version": one.spec.version, "state": Tag(_("comes with the product"))},
            url=f"{reverse('sheets:product', args=[spec.key])}?version={one.spec.version}"
            if one.spec.version != spec.version else "")
        for one in every
    ]  # fmt: skip
    found = [_versions(table)] if len(every) > 1 else []
    earlier = next((one.spec for one in every if one.spec.version < spec.version), None)
    return found + (_changes(earlier, spec) if earlier else [])


def _versions(rows: list[Row]) -> Section:
    columns = [Column("version", _("Version"), nowrap=True), Column("state", _("State"))]
    if any("at" in row.cells for row in rows):
        columns += [Column("at", _("When")), Column("by", _("Who"), phone=False)]
    return Section(_("Versions"), Table(columns, rows, caption=_("Versions")), flush=True)


def _changes(before: Spec, after: Spec, title: str = "") -> list[Section]:
    rows = [
        Row({"place": Lines(one.place, one.what), "before": one.before or "—", "after": one.after or "—"})
        for one in differences(before, after)
    ]
    title = title or _("Changes since version %(version)s") % {"version": before.version}
    if not rows:
        return [Section(title, KeyValues([(_("Nothing"), _("Both ask the same."))]))]
    columns = (
        Column("place", pgettext("change", "Where"), roomy=True),
        Column("before", _("Before"), wide=True),
        Column("after", _("After"), wide=True),
    )
    hint = ngettext("%(n)d change", "%(n)d changes", len(rows)) % {"n": len(rows)}
    return [Section(title, Table(columns, rows, caption=title), hint=hint, flush=True)]
