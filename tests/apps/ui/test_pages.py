import re

import pytest
from django import forms
from django.utils import translation
from tests.apps.ui.rendering import a_request, html_of

from yingheng.common.ui.gallery import components
from yingheng.common.ui.gallery.samplepages import PAGES
from yingheng.common.ui.pages import FieldGroup, FormPage, ThingPage
from yingheng.common.ui.parts import Fact, KeyValues, Lines, Progress, Tab
from yingheng.common.ui.tables import Column, Row, Table

pytestmark = pytest.mark.urls("tests.apps.ui.urls")
SAMPLES = [(name, state) for name, (_make, states) in PAGES.items() for state in states]
INLINE = re.compile(r"\sstyle=|<style|\son\w+=|<script(?![^>]*(?:src=|application/json))", re.IGNORECASE)
VOID = ('src=""', "None", "()", "{{", "{%", "django.utils")


def rendered(name, state, lang):
    with translation.override(lang):
        request = a_request(f"/ui/page/{name}/?state={state}")
        return PAGES[name][0](request, state).response(request).render().content.decode()


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
@pytest.mark.parametrize(("name", "state"), SAMPLES)
def test_it_renders_every_page_type_without_inline_code_or_leftovers(name, state, lang):
    html = rendered(name, state, lang)
    assert "<h1>" in html
    assert INLINE.findall(html) == []
    assert [word for word in VOID if word in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)] == []


@pytest.mark.parametrize(("name", "state"), SAMPLES)
def test_it_gives_every_control_a_unique_id(name, state):
    ids = re.findall(r'\sid="([^"]+)"', rendered(name, state, "en"))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("state", "text"), [("empty", "没有符合条件的检查"), ("error", "DEMO-0001"), ("loading", "aria-busy")]
)
def test_it_designs_the_states_of_a_list(state, text):
    assert text in rendered("list", state, "zh-hans")


def test_it_refuses_a_thing_with_too_many_tabs_or_facts():
    with pytest.raises(ValueError, match="six tabs"):
        ThingPage(title="x", tabs=[Tab("t", "#")] * 7)
    with pytest.raises(ValueError, match="four key facts"):
        ThingPage(title="x", facts=[Fact("f", 1)] * 5)


@pytest.mark.parametrize(
    ("sort", "following", "direction"),
    [("", "at", ""), ("at", "-at", "ascending"), ("-at", "at", "descending"), ("other", "at", "")],
)
def test_it_turns_the_sort_order(sort, following, direction):
    head = Table([Column("at", "At", sort="at")], sort=sort).heads[0]
    assert (head.next_sort, head.direction) == (following, direction)


def test_it_shows_a_missing_cell_as_a_dash_and_escapes_text():
    html = html_of(Table([Column("a", "A"), Column("b", "B")], [Row({"a": "<b>x</b>"})]))
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert '<span class="nothing" aria-hidden="true">—</span>' in html


@pytest.mark.parametrize(("done", "total", "percent"), [(1, 4, 25.0), (5, 4, 100.0), (3, 0, None), (3, None, None)])
def test_it_counts_progress(done, total, percent):
    assert Progress(done, total).percent == percent


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_it_renders_every_component_of_the_gallery(lang):
    with translation.override(lang):
        sections = components.badges() + components.numbers() + components.evidence() + components.actions()
        html = "".join(html_of(section) for section in sections)
    assert INLINE.findall(html) == []
    assert html.count('<section class="section') == len(sections)


class PlanForm(forms.Form):
    name = forms.CharField()
    size = forms.IntegerField(initial=200, required=False)
    devices = forms.MultipleChoiceField(choices=[("a", "A")], required=False)
    groups = (FieldGroup("how many", ("size", "devices", "gone"), fold=True),)


@pytest.mark.parametrize(
    ("typed", "is_open"),
    [({}, False), ({"size": 200}, False), ({"size": 50}, True), ({"devices": ["a"]}, True), ({"devices": []}, False)],
)
def test_it_folds_a_group_of_fields_that_stand_as_proposed(typed, is_open):
    page = FormPage(title="x", form=PlanForm(initial=typed))
    (group,) = page.groups
    assert [bound.name for bound, _meta in page.rows] == ["name"]
    assert [bound.name for bound, _meta in group.rows] == ["size", "devices"]
    assert group.is_open is is_open


def test_it_opens_a_group_in_which_something_is_to_be_mended():
    page = FormPage(title="x", form=PlanForm({"name": "n", "size": "many"}))
    assert [group.is_open for group in page.groups] == [True]


def test_a_long_value_has_a_line_of_its_own():
    long = "呼吸" * 40
    rows = KeyValues([("原因", long), ("日期", "2026-11-22"), ("归因", Lines("操作", long))]).shown
    assert [is_long for _label, _value, is_long in rows] == [True, False, True]


class _Whole(forms.Form):
    name = forms.CharField()

    def clean(self):
        if not self.errors:
            self.add_error(None, "现在还不能这样做。")


@pytest.mark.parametrize(("name", "marked"), [("x", False), ("", True)])
def test_a_form_speaks_of_marked_fields_only_where_some_are(name, marked):
    page = FormPage(title="x", purpose="", form=_Whole({"name": name}))
    assert page.has_marked is marked
    with translation.override("en"):
        html = page.response(a_request("/ui/")).render().content.decode()
    assert ("Please mend the marked fields" in html) is marked
    assert ("现在还不能这样做。" in html) is not marked


class _Numbered(forms.RadioSelect):
    """A kind of radio buttons of its own."""


class _Choosing(forms.Form):
    reason = forms.ChoiceField(widget=_Numbered, choices=[("a", "A")])
    text = forms.CharField()


@pytest.mark.parametrize("data", [None, {"text": ""}])
def test_radio_buttons_of_any_kind_do_not_look_like_text_fields(data):
    html = FormPage(title="x", purpose="", form=_Choosing(data)).response(a_request("/ui/")).render().content.decode()
    (button,) = re.findall(r'<input type="radio"[^>]*>', html)
    assert "form-control" not in button
    assert "is-invalid" not in button
    assert "form-control" in re.findall(r'<input type="text"[^>]*>', html)[-1]
