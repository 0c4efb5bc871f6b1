import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.ui.rendering import html_of

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Limit
from yingheng.common.ui import judged
from yingheng.common.ui.gallery import samples
from yingheng.common.ui.judged import Clause, Judged, JudgedList, limit_of, reason_text, value_text
from yingheng.common.ui.parts import OutcomeBadge
from yingheng.common.ui.words import CONFIDENCES, OUTCOMES

NUMBER = st.floats(-1e4, 1e4, allow_nan=False)
SINGLE = st.one_of(
    st.builds(Limit, op=st.sampled_from(["<", "<=", ">", ">=", "abs<="]), value=NUMBER),
    st.builds(Limit, op=st.just("between"), value=st.tuples(NUMBER, NUMBER)),
    st.builds(
        Limit,
        op=st.sampled_from(["within_pct", "within_abs"]),
        value=NUMBER,
        of=st.sampled_from(["nominal", "baseline", "vendor"]),
        direction=st.sampled_from(["both", "above", "below"]),
    ),
    st.just(Limit(op="present")),
)


@given(st.one_of(SINGLE, st.builds(Limit, any=st.tuples(SINGLE, SINGLE)), st.builds(Limit, all=st.tuples(SINGLE))))
def test_it_reads_back_every_limit(limit):
    assert limit_of(limit.as_dict()) == limit


def a_verdict(**changes):
    return samples.verdicts()[3] | changes


def test_it_says_the_reason_in_the_readers_language():
    with translation.override("zh-hans"):
        assert reason_text(a_verdict()) == "缺少 DICOM 属性 SpacingBetweenSlices"
    with translation.override("en"):
        assert reason_text(a_verdict()) == "DICOM attribute SpacingBetweenSlices is missing"


def test_it_keeps_the_stored_sentence_of_an_unknown_code():
    assert reason_text(a_verdict(reason_code="from_the_future", reason="来自将来")) == "来自将来"
    assert reason_text(a_verdict(reason_code=None, reason=None)) == ""


@pytest.mark.parametrize(("value", "text"), [(3, "3"), (1.25, "1.25"), (0.1 + 0.2, "0.3"), (True, "是"), (None, "")])
def test_it_writes_values(value, text):
    with translation.override("zh-hans"):
        assert value_text(value) == text


@pytest.mark.parametrize("outcome", list(OUTCOMES))
@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_it_shows_an_outcome_as_icon_and_word(outcome, lang):
    with translation.override(lang):
        html = html_of(OutcomeBadge(outcome))
        assert f"icons.svg#{OUTCOMES[outcome].icon}" in html
        assert str(OUTCOMES[outcome].label) in html


def test_it_refuses_an_unknown_outcome():
    with pytest.raises(KeyError):
        html_of(OutcomeBadge("MAYBE"))


@pytest.mark.parametrize("index", range(len(samples.SAMPLES)))
def test_it_never_hides_clause_confidence_or_reason(index):
    verdict = samples.verdicts()[index]
    with translation.override("zh-hans"):
        html = html_of(Judged(verdict, clause=samples.sample_clause(), method="ct.slices 1.2.0"))
        assert verdict["clause"] in html
        assert str(CONFIDENCES[verdict["confidence"]].label) in html
        assert "ct.slices 1.2.0" in html
        assert reason_text(verdict) in html


def test_it_sorts_the_worst_first_and_counts():
    items = JudgedList([Judged(v) for v in samples.verdicts()])
    assert [i.verdict["outcome"] for i in items.ordered] == [
        "FAIL", "NEEDS_HUMAN", "NEEDS_HUMAN", "NOT_ASSESSABLE", "PASS", "PASS",
    ]  # fmt: skip
    assert items.counts == [("FAIL", 1), ("NEEDS_HUMAN", 2), ("NOT_ASSESSABLE", 1), ("PASS", 2)]


def test_it_asks_the_registered_clause_sources(monkeypatch):
    known = Clause("文件", "1", "要求")
    monkeypatch.setattr(judged, "_sources", [lambda _s, c, _lang: known if c == "kernel" else None])
    assert Judged(a_verdict(criterion="kernel")).where is known
    assert Judged(a_verdict(criterion="other")).where is None


def test_it_explains_the_clauses_of_the_built_in_standards():
    standard = next(s for s in load_builtin().values() if s.criteria)
    criterion = standard.criteria[0]
    with translation.override("zh-hans"):
        found = judged.find_clause(standard.id, criterion.id)
    assert (found.document, found.text) == (standard.title, criterion.text)
    with translation.override("en"):
        assert judged.find_clause(standard.id, criterion.id).document == standard.title_en
    assert judged.find_clause(standard.id, "no-such-criterion") is None


def test_it_links_the_page_of_its_method():
    verdict = samples.verdicts()[0]
    linked = html_of(Judged(verdict, method="ct.noise 1", method_url="/methods/ct-noise/"))
    assert '<a href="/methods/ct-noise/">ct.noise 1</a>' in linked
    assert "<dd>ct.noise 1</dd>" in html_of(Judged(verdict, method="ct.noise 1"))
