"""Template tags of the interface: `{% load ui %}`."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, RadioSelect, Select, Widget
from django.template.context import Context
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from imagingqc.criteria.evidence_words import series_name
from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.model import Outcome
from yingheng.common.ui import judged as judged_module
from yingheng.common.ui import words
from yingheng.common.ui.assets import entry_files
from yingheng.common.ui.pages import FieldMeta
from yingheng.common.ui.parts import OutcomeBadge, Part, Section

register = template.Library()


@register.simple_tag
def vite(entry: str) -> SafeString:
    """Style sheet and script of a built entry."""
    styles, scripts = entry_files(entry)
    head = format_html_join("\n", '<link rel="stylesheet" href="{}">', ((s,) for s in styles))
    return head + format_html_join("\n", '<script type="module" src="{}"></script>', ((s,) for s in scripts))


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon of the sprite; without a label it is decoration and hidden from screen readers."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" width="18" height="18" {} focusable="false"><use href="{}#{}"></use></svg>',
        css, spoken, _sprite(get_script_prefix()), name,
    )  # fmt: skip


@cache
def _sprite(_prefix: str) -> str:
    """Where the icons lie below an address: asked a hundred times on a page, and always the same."""
    return static("dist/icons.svg")


@register.simple_tag(takes_context=True)
def part(context: Context, item: Any) -> SafeString:
    """Renders a part, an outcome, a text or a number; None becomes a dash, never a blank."""
    if isinstance(item, Outcome):
        item = OutcomeBadge(item.value)
    if isinstance(item, Part):
        shape = context.template.engine.get_template(item.template)
        inner = context.new({"part": item, "request": context.get("request"), "csrf_token": context.get("csrf_token")})
        inner["lang"] = context.get("lang") or words.language()
        return shape.render(inner)
    if item is None or item == "":
        return SafeString('<span class="nothing" aria-hidden="true">—</span>')
    if isinstance(item, int | float) and not isinstance(item, bool):
        return SafeString(words.number_text(item))
    return conditional_escape(item)


@register.simple_tag(takes_context=True)
def outcome(context: Context, value: str, reason: str = "") -> SafeString:
    """A verdict's badge: colour, icon and word."""
    return part(context, OutcomeBadge(value, reason))


@register.simple_tag(takes_context=True)
def judged(context: Context, verdict: Mapping[str, Any], **options: Any) -> SafeString:
    """A judged number from Verdict JSON; options are the fields of `Judged`."""
    return part(context, judged_module.Judged(verdict, **options))


def _badge(kinds: Mapping[str, words.Word], value: str) -> dict[str, Any]:
    return {"word": kinds[value]}


@register.inclusion_tag("ui/components/word.html")
def confidence(value: str) -> dict[str, Any]:
    """How sure the source of a limit is."""
    return _badge(words.CONFIDENCES, value)


@register.inclusion_tag("ui/components/word.html")
def severity(value: str) -> dict[str, Any]:
    return _badge(words.SEVERITIES, value)


@register.inclusion_tag("ui/components/word.html")
def grade(value: str) -> dict[str, Any]:
    return _badge(words.GRADES, value)


@register.simple_tag(takes_context=True)
def outcome_count(context: Context, value: str, count: int) -> SafeString:
    return part(context, OutcomeBadge(value, count=count))


@register.simple_tag(takes_context=True)
def section_body(context: Context, section: Section) -> SafeString:
    """The app's own template inside a section; it sees the page's request and the section's context."""
    shape = context.template.engine.get_template(section.body_template)
    frame = {"request": context.get("request"), "csrf_token": context.get("csrf_token"), "lang": words.language()}
    return shape.render(context.new({**frame, **section.context}))


@register.filter
def outcome_word(value: str) -> words.Word:
    return words.OUTCOMES[str(value)]


@register.filter
def reason_text(verdict: Mapping[str, Any]) -> str:
    """The reason of a Verdict JSON in the reader's language."""
    return judged_module.reason_text(verdict)


@register.filter
def quantity_name(key: str) -> str:
    return words.quantity_text(key)


@register.filter
def unit_text(ucum: str) -> str:
    return words.unit_text(ucum)


@register.filter
def level_word(value: str) -> str:
    return str(words.LEVELS.get(value, value))


@register.filter
def number_text(value: float, digits: int | None = None) -> str:
    return words.number_text(value, digits)


@register.filter
def tag_name(keyword: str) -> str:
    """What a header attribute is called; "" for one without a word of ours."""
    return str(words.TAGS.get(keyword, ""))


@register.filter
def tag_value(value: Any) -> str:
    """The value of a header attribute with its parts apart."""
    return "—" if value is None else str(value).replace("\\", " · ")


@register.filter
def as_json(value: Any) -> str:
    return json.dumps(value)


@register.filter
def meta_limit(meta: FieldMeta) -> str:
    """The limit of a form field as a sentence."""
    limit = judged_module.limit_of(meta.limit)
    return limit_text(limit, meta.unit, words.language()) if limit else ""


@register.filter
def series_state(value: str) -> str:
    return str(words.SERIES_STATES.get(value, value))


@register.filter
def series_label(row: Mapping[str, Any]) -> str:
    """What a wanted series is called, with its plane, in the reader's language."""
    return series_name(row, words.language())


@register.filter
def series_note(row: Mapping[str, Any]) -> str:
    """Which series stands for it: its name, or how many where there are several; identifiers say nothing."""
    found = row.get("series") or ()
    if isinstance(found, str):
        return "" if found == row["name"] else found
    return ngettext("%(n)d series", "%(n)d series", len(found)) % {"n": len(found)} if len(found) > 1 else ""


STYLED: tuple[tuple[type[Widget], str], ...] = (
    (RadioSelect, ""),  # a group of buttons or boxes: neither it nor they look like a text field
    (Select, "form-select"),
    (CheckboxInput, "form-check-input"),
)


@register.filter
def styled(bound: BoundField) -> SafeString:
    """A Django form field with the classes and the spoken descriptions of the design."""
    widget = bound.field.widget
    css = next((name for kind, name in STYLED if isinstance(widget, kind)), "form-control")
    attrs = {"class": css}
    if bound.errors:
        attrs |= {"class": f"{css} is-invalid" if css else "", "aria-invalid": "true"}
        attrs["aria-describedby"] = f"{bound.auto_id}_error"
    elif bound.help_text:
        attrs["aria-describedby"] = f"{bound.auto_id}_hint"
    return bound.as_widget(attrs=attrs)
