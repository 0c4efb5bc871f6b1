"""Templates of tests as data, and which series are of a phantom."""

import pytest

from imagingqc.criteria.load import load_builtin
from imagingqc.phantom.readings import READINGS
from yingheng.catalog.models import Exam, Series
from yingheng.phantomqc import catalogue
from yingheng.phantomqc.catalogue import template_named, templates, templates_for
from yingheng.phantomqc.models import PhantomSelector
from yingheng.phantomqc.recognition import groups_of, is_phantom, selector_meets


def test_it_has_templates_for_every_kind_of_device():
    assert {t.device for t in templates().values()} == {"CT", "DR", "MR", "MG", "US", "DSA"}
    assert [t.id for t in templates_for("CT", "acceptance")] == ["ct-acceptance"]
    assert template_named("of-another-version") is None


def test_every_item_says_how_in_both_languages_and_names_what_exists():
    for template in templates().values():
        for item in template.items:
            assert all(text for lang in ("zh", "en") for text in (item.how(lang), item.label(lang))), item.key
            if item.kind == "readings":
                assert item.test in READINGS, item.test
                assert set(item.quantities) <= set(READINGS[item.test].quantities), item.key


def test_every_quantity_of_an_item_is_judged_by_a_standard_of_its_template():
    """A template that names a standard promises a verdict: some item must be about a quantity that it limits."""
    for template in templates().values():
        for name in template.standards:
            limited = {
                c.quantity for c in load_builtin()[name].criteria if template.test_type in c.applies.get("test", ())
            }
            own = {q for item in template.items for q in item.quantities}
            images = any(item.kind == "image" and not item.quantities for item in template.items)
            assert own & limited or images or not limited, template.id


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"test_type": "sometimes"}, "test_type"),
        ({"unit": "moon"}, "unit"),
        ({"standards": ["no-such"]}, "standards"),
        ({"items": ["water", "water"]}, "twice"),
        ({"items": ["nothing"]}, "no item"),
        ({"automatic": True, "items": ["look"]}, "images"),
    ],
)
def test_a_bad_template_is_named(change, words):
    known = {
        "water": {"kind": "image", "test": "ct.water", "zh": "水", "en": "w", "method": "m", "method_en": "m"},
        "look": {"kind": "visual", "zh": "看", "en": "l", "method": "m", "method_en": "m"},
    }
    one = {"id": "x", "test_type": "status", "zh": "检", "en": "t", "unit": "day", "items": ["water"]} | change
    raw = {"device": "CT", "modalities": ["CT"], "item": known}
    with pytest.raises(ValueError, match=words):
        catalogue._template(raw, one, "file: x")


def exam(**more):
    return Exam(**{"modality": "CT", "description": ""} | more)


def series(description="", **more):
    return Series(**{"modality": "CT", "description": description, "protocol_name": ""} | more)


def rule(**more):
    return PhantomSelector(**{"name": "r", "words": ["water"], "test": "ct.water", "test_type": "constancy"} | more)


def test_an_empty_condition_asks_for_nothing_and_all_that_are_set_hold():
    one = series("Daily WATER")
    assert selector_meets(rule(), exam(), one)
    assert selector_meets(rule(modalities=["CT"]), exam(), one)
    assert not selector_meets(rule(modalities=["MR"]), exam(), one)
    assert not selector_meets(rule(words=["acr"]), exam(), one)
    assert not selector_meets(rule(device_id="6e9be6e4-0000-7000-8000-000000000001"), exam(), one)
    assert selector_meets(rule(), exam(), series("x", protocol_name="water daily"))


def test_a_phantom_is_known_by_a_rule_its_name_or_the_names_of_all_series():
    assert is_phantom(exam(), [series("WATER")], [rule()])
    assert is_phantom(exam(description="QC PHANTOM"), [series("1")], [])
    assert is_phantom(exam(), [series("phantom 1"), series("phantom 2"), series()], [])
    assert not is_phantom(exam(), [series("phantom"), series("胸部平扫")], [])
    assert not is_phantom(exam(description="胸部"), [series("胸部平扫")], [rule()])
    assert not is_phantom(exam(), [], [])


def test_series_go_together_where_the_rule_says_so():
    t1, t2, scout = series("acr t1"), series("acr t2"), series("loc")
    together = rule(words=["acr"], together=True)
    groups = groups_of(exam(), [t1, t2, scout], [together])
    assert [g.series for g in groups] == [(t1, t2)]
    alone = rule(words=["acr"])
    assert [len(g.series) for g in groups_of(exam(), [t1, t2], [alone])] == [1, 1]


def test_what_no_rule_meets_is_one_question():
    groups = groups_of(exam(description="phantom"), [series("a"), series("b")], [])
    assert [(g.selector, len(g.series)) for g in groups] == [(None, 2)]


def test_reports_are_no_images():
    assert groups_of(exam(), [series("dose", modality="SR")], []) == []
