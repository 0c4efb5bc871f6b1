"""Required series: what is there, what stands in, what is missing, and when no answer is given."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.criteria.model import Confidence
from imagingqc.errors import AnalysisError, Reason, RuleError
from imagingqc.protocol.compare import FULFILS, PLANES, ObservedSeries, compare, fulfils
from imagingqc.protocol.expected import all_expected, compiled, expected_series
from imagingqc.protocol.items import item_catalogue
from imagingqc.protocol.measure import measure_required_series, observed_series
from imagingqc.quantity import Evidence, Measurement


def seen(uid, kind, plane="axial", text="", **flags):
    return ObservedSeries(uid, "MR", text, kind, plane, **flags)


HEAD = (
    seen("1", "T1"), seen("2", "T2", text="t2_tse"), seen("3", "T2-FLAIR"), seen("4", "DWI", fat_suppressed=True),
    seen("5", "ADC", text="ADC"), seen("6", "T1", plane="sagittal"), seen("9", "localizer", text="loc"),
)  # fmt: skip


def names(found):
    return [row.key for row in found]


def test_it_finds_a_complete_head():
    found = compare("MR-HEAD-PL", HEAD)
    assert found.missing == found.missing_expert == ()
    assert {m.state for m in found.matches} == {"present"}


def test_it_names_exactly_the_series_that_was_taken_away():
    keys = {"1": "#01", "2": "#04", "3": "#05", "4": "#07", "5": "#08", "6": "#09"}
    for uid, key in keys.items():
        found = compare("MR-HEAD-PL", [s for s in HEAD if s.uid != uid])
        assert [k[-3:] for k in names(found.missing + found.missing_expert)] == [key]
    assert names(compare("MR-HEAD-PL", [s for s in HEAD if s.uid != "5"]).missing) == []  # ADC: by experience


def test_it_lets_an_alternative_stand_for_the_required_series():
    volume = seen("7", "T1", plane="sagittal", text="t1_mprage_sag", three_d=True)
    found = compare("MR-HEAD-PL", [s for s in HEAD if s.uid not in {"1", "6"}] + [volume])
    assert found.missing == ()
    states = {m.expected.key[-3:]: (m.state, m.series) for m in found.matches}
    assert states["#01"] == ("alternative", ("7",))
    assert states["#09"] == ("present", ("7",))


def test_it_tells_plain_and_contrast_series_apart():
    after = seen("8", "T1", text="t1 +c", contrast=True)
    without_plain = compare("MR-HEAD-PL", [s for s in HEAD if s.uid != "1"] + [after])
    assert [k[-3:] for k in names(without_plain.missing)] == ["#01"]
    enhanced = compare("MR-HEAD-CE", [*HEAD, after])
    assert "present" in {m.state for m in enhanced.matches if m.expected.kind == "T1+C" and m.expected.plane == "ax"}


def test_it_asks_for_contrast_rows_only_when_contrast_was_given():
    plain = compare("MR-ORBIT", ())
    given_contrast = compare("MR-ORBIT", (), contrast_given=True)
    extra = set(names(given_contrast.missing_expert)) - set(names(plain.missing_expert))
    assert {k[-3:] for k in extra} == {"#07", "#08"}
    seen_contrast = compare("MR-ORBIT", [seen("1", "T1", contrast=True)])
    assert len(seen_contrast.matches) == len(given_contrast.matches)


def test_it_does_not_take_another_plane_or_class_or_fat_state():
    row = next(r for r in expected_series("MR-KNEE") if r.kind == "PD" and r.fat)
    plane = PLANES[row.plane]
    good = ObservedSeries("1", "MR", "pd_tse_fs", "PD", plane, fat_suppressed=True)
    assert fulfils(good, row)
    assert not fulfils(replace(good, plane="axial" if plane != "axial" else "coronal"), row)
    assert not fulfils(replace(good, kind="T2"), row)
    assert not fulfils(replace(good, fat_suppressed=False), row)
    assert not fulfils(replace(good, modality="CT"), row)


def test_it_needs_the_name_when_the_class_is_unknown():
    row = expected_series("MR-HEAD-PL")[0]
    assert fulfils(seen("1", None, text="AX T1 SE"), row)
    assert not fulfils(seen("1", None, text="AX"), row)


def test_it_refuses_items_without_table_and_other_modalities():
    for item, code in (("MR-NOSUCH", "item_without_series"), ("CT-HEAD-PL", "comparison_mr_only")):
        with pytest.raises(AnalysisError) as error:
            compare(item, HEAD)
        assert error.value.reason.code == code


def test_it_measures_what_is_missing_with_its_rows():
    sourced, expert = measure_required_series("MR-HEAD-PL", [s for s in HEAD if s.uid not in {"3", "5"}])
    assert (sourced.value, expert.value) == (1, 1)
    rows = sourced.evidence.shape["rows"]
    assert [(r["name"], r["confidence"]) for r in rows if r["state"] == "missing"] == [
        ("T2-FLAIR (ax)", "secondary"),
        ("ADC图 (ax)", "expert"),
    ]


def test_it_refuses_a_count_while_unclassified_series_may_be_the_missing_ones():
    strange = seen("8", None, text="series 12")
    sourced, expert = measure_required_series("MR-HEAD-PL", [s for s in HEAD if s.uid != "3"] + [strange])
    assert sourced.reason.code == "series_unclassified"
    assert expert.value == 0
    complete, _ = measure_required_series("MR-HEAD-PL", [*HEAD, strange])
    assert complete.value == 0


def test_it_says_why_when_the_exam_was_not_mapped():
    reason = Reason("item_ambiguous", {"items": "A, B"})
    for found in measure_required_series(None, HEAD, item_reason=reason):
        assert found.reason == reason
    assert measure_required_series(None, HEAD)[0].reason.code == "item_unknown"
    assert measure_required_series("CT-HEAD-PL", HEAD)[1].reason.code == "comparison_mr_only"


def test_it_reads_an_observed_series_from_its_stored_measurement():
    shape = {"kind": "tags", "tags": [], "sequence": {"plane": "axial", "fat_suppressed": True, "contrast": None}}
    stored = Measurement("mr.sequence.class", "T2", "1", "mr.sequence", "1", evidence=Evidence("5.6", shape=shape))
    again = Measurement.from_dict(stored.as_dict())
    found = observed_series(again, "MR", "t2_fs")
    assert found == ObservedSeries("5.6", "MR", "t2_fs", "T2", "axial", fat_suppressed=True)


@given(st.permutations(HEAD))
@settings(deadline=None)
def test_it_does_not_depend_on_the_order_of_series(order):
    assert compare("MR-HEAD-PL", order).missing == ()


# --- the table -------------------------------------------------------------------------------------


def test_it_keeps_its_table_whole():
    keys = [row.key for row in all_expected()]
    assert len(keys) == len(set(keys)) > 400
    for row in all_expected():
        assert row.item in item_catalogue(), row.key
        assert row.requirement in {"required", "alternative", "optional", "required_if_contrast"}
        assert Confidence(row.confidence)
        assert row.source
        low, high = row.thickness_mm
        assert low is None or high is None or low <= high
        if row.by_tags:
            assert row.kind in FULFILS, row.key


def test_it_gives_every_alternative_something_to_stand_for():
    for row in all_expected():
        if row.requirement == "alternative":
            group = [r for r in expected_series(row.item) if r.group == row.group]
            assert any(r.requirement != "alternative" for r in group), row.key


def test_it_searches_hostile_text_in_no_time():
    texts = ["t1" * 5000, "a" * 20000, "t1 fs " * 3000 + "!", "(" * 5000]
    started = time.perf_counter()
    for pattern in {row.pattern for row in all_expected()}:
        for text in texts:
            pattern.search(text[:1024])
    assert time.perf_counter() - started < 5.0


@pytest.mark.parametrize("pattern", ["(", "(a+)+b", "(x*)*"])
def test_it_refuses_patterns_that_are_broken_or_can_take_for_ever(pattern):
    with pytest.raises(RuleError):
        compiled(pattern, "X#1")


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("T2WI", "t2_tse_tra", "t2_flair"),
        ("T1WI", "AX T1 SE", "t1 flair"),
        ("T2-FLAIR", "t2_tirm_dark-fluid", "t2_tse"),
        ("DWI", "ep2d_diff_b1000", "t1"),
        ("STIR", "cor stir", "cor t1"),
    ],
)
def test_it_matches_the_names_that_scanners_write(name, good, bad):
    pattern = next(row.pattern for row in all_expected() if row.name_zh == name)
    assert isinstance(pattern, re.Pattern)
    assert pattern.search(good)
    assert not pattern.search(bad)
