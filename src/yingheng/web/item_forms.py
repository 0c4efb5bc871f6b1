"""Forms that say which exam item something is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from yingheng.registry.models import ExamItem

ITEM, NOT_EXAM, FOLLOW = "item", "not_exam", "follow"


class ItemInput(forms.TextInput):
    """A text field that offers all items while typing: any part of the name or the code finds them."""

    def __init__(self, items: Sequence[ExamItem]) -> None:
        super().__init__({"list": "item-options", "autocomplete": "off"})
        self.items = items

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        options = format_html_join("", '<option value="{}"></option>', ((option_text(i),) for i in self.items))
        field = super().render(name, value, attrs, renderer)
        return format_html('{}<datalist id="item-options">{}</datalist>', field, options)


def option_text(item: ExamItem) -> str:
    """An item as the field offers it; the code in front tells which it is."""
    return f"{item.code}  {item.label}"


class ItemForm(forms.Form):
    """What an exam or a text is: an item, none of this list, or whatever the rules find."""

    decision = forms.ChoiceField(label=_("What it is"), widget=forms.RadioSelect)
    item = forms.CharField(
        label=_("Exam item"), required=False, max_length=260, help_text=_("Type a part of the name or of the code.")
    )
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)

    def __init__(
        self, *args: Any, items: Sequence[ExamItem], follow: str = "", reason_needed: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.known = {item.code: item for item in items}
        choices = [(ITEM, _("This exam item")), (NOT_EXAM, _("Not an exam of this list (phantom, test, other)"))]
        self.fields["decision"].choices = [*choices, *([(FOLLOW, follow)] if follow else [])]
        self.fields["item"].widget = ItemInput(items)
        self.fields["reason"].required = reason_needed

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        words = (data.get("item") or "").split()
        data["item"] = self.known.get(words[0]) if words else None
        if data.get("decision") != ITEM:
            data["item"] = None
        elif data["item"] is None:
            self.add_error("item", _("Choose an item of the list."))
        return data
