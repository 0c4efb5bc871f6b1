"""Readers of known leniency are recovered from pairs, with honest intervals; what is not linked is not compared."""

import itertools

import numpy as np
import pytest

from imagingqc.errors import AnalysisError
from imagingqc.stats.additive import Score
from imagingqc.stats.leniency import adjusted_mean, consensus, leniency

TRUE = {"a": 4.0, "b": 1.0, "c": 0.0, "d": -1.0, "e": -4.0}


def paired(rng, n=120, sd=3.0, own=None, truth=TRUE):
    """`n` cases read by two of the readers, and what the cases are worth."""
    worth = {f"c{i}": float(rng.normal(85, 6)) for i in range(n)}
    pairs = list(itertools.combinations(truth, 2))
    scores = [
        Score(case, reader, value + truth[reader] + rng.normal(0, (own or {}).get(reader, sd)))
        for i, (case, value) in enumerate(worth.items())
        for reader in pairs[i % len(pairs)]
    ]
    return scores, worth


def test_a_complete_table_gives_the_differences_of_the_means():
    rng = np.random.default_rng(0)
    table = rng.integers(60, 100, (20, 3)).astype(float)
    scores = [Score(f"c{i}", f"r{j}", table[i, j]) for i in range(20) for j in range(3)]
    found = leniency(scores)
    assert [r.effect for r in found.readers] == pytest.approx((table.mean(axis=0) - table.mean()).tolist())
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    assert found.sd == pytest.approx(np.sqrt((left**2).sum() / (19 * 2)))
    assert found.readers[0].se == pytest.approx(found.sd * np.sqrt(2 / 3 / 20))
    apart, (low, high) = found.difference("r0", "r1")
    assert apart == pytest.approx(table[:, 0].mean() - table[:, 1].mean())
    assert high - low == pytest.approx(2 * 2.0243942 * found.sd * np.sqrt(2 / 20))  # t(38)


def test_it_recovers_known_leniency_within_its_intervals():
    rng = np.random.default_rng(1)
    covered = shrunken = differences = 0
    for _ in range(100):
        found = leniency(paired(rng)[0])
        covered += sum(r.interval[0] <= TRUE[r.reader] <= r.interval[1] for r in found.readers)
        shrunken += sum(r.shrunken_interval[0] <= TRUE[r.reader] <= r.shrunken_interval[1] for r in found.readers)
        low, high = found.difference("a", "e")[1]
        differences += low <= 8 <= high
        assert sum(r.effect for r in found.readers) == pytest.approx(0, abs=1e-9)
    assert 0.92 < covered / 500 < 0.98
    assert 0.92 < shrunken / 500 < 0.98
    assert differences >= 89


def test_shrinking_draws_towards_zero_the_more_the_less_is_known():
    rng = np.random.default_rng(2)
    scores, _ = paired(rng, n=60)
    rare = [
        *scores,
        *(Score(f"x{i}", who, 80 + 9 * (who == "new") + rng.normal(0, 3)) for i in range(2) for who in ("new", "c")),
    ]
    by_name = {r.reader: r for r in leniency(rare).readers}
    kept = {name: r.shrunken / r.effect for name, r in by_name.items() if abs(r.effect) > 2}
    assert all(0 < share <= 1 for share in kept.values())
    assert kept["new"] == min(kept.values())


def test_readers_who_differ_by_less_than_chance_are_taken_as_alike():
    scores = [Score(f"c{i}", who, 80.0 + i + (i % 2) * (who == "a")) for i in range(20) for who in "ab"]
    scores += [Score(f"d{i}", who, 80.0 + i + (i % 2) * (who == "b")) for i in range(20) for who in "ab"]
    found = leniency(scores)
    assert found.between == 0
    assert all(r.shrunken == 0 for r in found.readers)


def test_it_tells_the_unsteady_reader():
    scores, _ = paired(np.random.default_rng(3), n=800, sd=2.0, own={"d": 6.0})
    own = {r.reader: r.sd for r in leniency(scores).readers}
    assert own["d"] == pytest.approx(6, rel=0.1)
    assert all(own[name] < 3.2 for name in "abce")
    even = [r.sd for r in leniency(paired(np.random.default_rng(3), n=800, sd=2.0)[0]).readers]
    assert even == pytest.approx([2.0] * 5, rel=0.15)


def test_two_readers_alone_have_no_spread_of_their_own():
    rng = np.random.default_rng(5)
    scores = [Score(f"c{i}", who, rng.normal(80, 5)) for i in range(40) for who in "ab"]
    assert [r.sd for r in leniency(scores).readers] == [None, None]


def test_consensus_recovers_what_cases_are_worth():
    rng = np.random.default_rng(6)
    covered, errors, plain = 0, [], []
    for _ in range(20):
        scores, worth = paired(rng, n=60)
        found = consensus(scores, leniency(scores))
        covered += sum(found[case].interval[0] <= value <= found[case].interval[1] for case, value in worth.items())
        for case, value in worth.items():
            errors.append(found[case].value - value)
            plain.append(np.mean([s.value for s in scores if s.case == case]) - value)
    assert 0.93 < covered / 1200 < 0.97
    assert np.std(errors) < 0.85 * np.std(plain)


def test_consensus_of_a_single_score_takes_off_the_leniency():
    scores, _ = paired(np.random.default_rng(7), n=200)
    found = leniency(scores)
    worth = consensus([Score("x", "a", 90.0), Score("y", "unknown", 90.0)], found)
    assert worth["x"].value == pytest.approx(90 - found.of("a").shrunken)
    assert worth["y"].value == 90
    assert worth["y"].se > worth["x"].se > found.sd


def test_repeats_of_one_reader_count_once():
    scores, _ = paired(np.random.default_rng(8), n=50)
    again = [Score(s.case, s.reader, s.value + d) for s in scores for d in (-1.0, 1.0)]
    assert [r.effect for r in leniency(again).readers] == pytest.approx([r.effect for r in leniency(scores).readers])
    assert leniency(again).sd == pytest.approx(leniency(scores).sd)


def test_groups_without_a_common_case_are_not_compared():
    rng = np.random.default_rng(9)
    scores = [Score(f"c{i}{g}", who, rng.normal(80, 5)) for g in ("ab", "xyz") for i in range(10) for who in g]
    found = leniency([*scores, Score("lonely", "q", 50.0)])
    assert found.groups == 2
    assert {frozenset(r.reader for r in found.readers if r.group == g) for g in (0, 1)} == {
        frozenset("ab"),
        frozenset("xyz"),
    }
    assert sum(r.effect for r in found.readers if r.reader in "xyz") == pytest.approx(0)
    with pytest.raises(AnalysisError) as refused:
        found.difference("a", "x")
    assert refused.value.reason.code == "readers_not_linked"
    assert found.refused["q"].text("en").startswith("q shares no case")
    with pytest.raises(AnalysisError) as refused:
        found.of("q")
    assert refused.value.reason.code == "reader_alone"


def test_the_order_of_the_scores_does_not_matter():
    rng = np.random.default_rng(10)
    scores, _ = paired(rng)
    turned = leniency([scores[i] for i in rng.permutation(len(scores))])
    assert turned == leniency(scores)


@pytest.mark.parametrize(
    ("scores", "code"),
    [
        ([], "few_cases"),
        ([Score(f"c{i}", "a", 80.0 + i) for i in range(50)], "few_cases"),
        ([Score(f"c{i}", who, 80.0 + i + (who == "b")) for i in range(20) for who in "ab"], "no_error_variance"),
        ([Score(f"c{i}", who, float("nan")) for i in range(20) for who in "ab"], "value_not_finite"),
    ],
)
def test_it_refuses_what_says_nothing(scores, code):
    with pytest.raises(AnalysisError) as refused:
        leniency(scores)
    assert refused.value.reason.code == code


def _panel(seed, bias, *, cases=80, sd=3.0):
    """Scores of readers of known bias; poor cases go to the first reader, so that a plain mean says too much or too
    little.  The truth is the mean of the cases."""
    rng = np.random.default_rng(seed)
    worth = np.sort(rng.normal(85, 6, cases))
    names = sorted(bias)
    scores = []
    for i, value in enumerate(worth):
        pair = (names[0], names[1]) if i < 0.8 * cases else (names[1], names[2])
        scores += [Score(f"c{i}", name, float(value + bias[name] + rng.normal(0, sd))) for name in pair]
    return scores, float(worth.mean())


def test_the_adjusted_mean_is_freed_of_who_read_more():
    bias = {"a": 8.0, "b": 0.0, "c": -8.0}
    apart = []
    for seed in range(20):
        scores, truth = _panel(seed, bias)
        found = adjusted_mean(scores)
        assert found.n == 80
        apart.append(
            (abs(found.plain - truth), abs(found.value - truth), found.interval[0] <= truth <= found.interval[1])
        )
    assert np.mean([one[0] for one in apart]) > 2
    assert np.mean([one[1] for one in apart]) < 1.2
    assert sum(one[2] for one in apart) >= 18


def test_readers_without_differences_leave_the_plain_mean():
    scores, _truth = _panel(3, {"a": 0.0, "b": 0.0, "c": 0.0})
    found = adjusted_mean(scores)
    assert abs(found.value - found.plain) < 0.8


def test_the_adjusted_mean_is_refused_where_readers_are_not_linked():
    rng = np.random.default_rng(1)
    scores = [Score(f"{pair}{i}", reader, float(80 + rng.normal())) for pair in ("ab", "cd") for i in range(20)
              for reader in pair]  # fmt: skip
    with pytest.raises(AnalysisError, match="no chain of shared cases"):
        adjusted_mean(scores)
    linked = [*scores, *[Score(f"x{i}", reader, 80.0 + i) for i in range(5) for reader in ("b", "c")]]
    assert adjusted_mean(linked).n == 45
    with pytest.raises(AnalysisError, match="shares no case"):
        adjusted_mean([*linked, Score("alone", "e", 70.0)])
