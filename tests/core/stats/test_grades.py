"""Weighted kappa and Gwet's coefficient against published tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import cohen_kappa, kappa_of
from imagingqc.stats.grades import (
    agreement_weights,
    cross_table,
    gwet_ac,
    percent_agreement,
    symmetrised,
    weighted_kappa,
)

Z = 1.959964
# Cohen, Psychol Bull 70:213 (1968), table 1: 200 cases, three diagnoses.
COHEN = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
# Gwet, Handbook of Inter-Rater Reliability, 4th ed. (2014): 100 records, three kinds of pregnancy, two abstractors.
GWET = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
TABLES = st.integers(2, 4).flatmap(
    lambda q: st.lists(st.lists(st.integers(0, 30), min_size=q, max_size=q), min_size=q, max_size=q)
)


def test_it_gives_the_published_weighted_kappa():
    """Cohen (1968) prints 0.348 with the disagreement weights 1, 3 and 6, and 0.492 unweighted."""
    weights = 1 - np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]]) / 6
    assert kappa_of(np.array(COHEN, dtype=float), weights).value == pytest.approx(0.348, abs=5e-4)
    assert cohen_kappa(COHEN).value == pytest.approx(0.492, abs=5e-4)
    assert weighted_kappa(COHEN, "identity").value == pytest.approx(0.492, abs=5e-4)


def test_it_gives_the_published_coefficients_of_gwet():
    """Values of the author's own software for this table: kappa 0.7964 (SE 0.0589), AC1 0.8493 (SE 0.0432)."""
    kappa, ac1 = cohen_kappa(GWET), gwet_ac(GWET)
    assert kappa.value == pytest.approx(0.7964094, abs=5e-8)
    assert (kappa.interval[1] - kappa.value) / Z == pytest.approx(0.05891, abs=5e-6)
    assert ac1.value == pytest.approx(0.8493305, abs=5e-8)
    assert (ac1.interval[1] - ac1.value) / Z == pytest.approx(0.04321747, abs=1e-7)


def test_gwet_stays_high_where_kappa_breaks_down():
    """119 of 123 alike, nearly all of one grade: Feinstein and Cicchetti, J Clin Epidemiol 43:543 (1990)."""
    table = [[118, 2], [2, 1]]
    assert weighted_kappa(table).value < 0.35
    assert gwet_ac(table).value > 0.95
    one_grade = [[40, 0], [0, 0]]
    assert gwet_ac(one_grade).value == 1
    assert gwet_ac(one_grade).interval == pytest.approx((0.9124, 1), abs=1e-4)
    with pytest.raises(AnalysisError) as refused:
        weighted_kappa(one_grade)
    assert refused.value.reason.code == "one_class"


@given(TABLES)
def test_quadratic_kappa_is_the_concordance_of_the_numbered_grades(table):
    """Fleiss and Cohen (1973): 2 cov / (var + var + (difference of means)²), all with divisor n."""
    counts = np.array(table)
    if counts.sum() < 10:
        return
    first, second = (np.repeat(np.indices(counts.shape)[axis].ravel(), counts.ravel()) for axis in (0, 1))
    spread = first.var() + second.var() + (first.mean() - second.mean()) ** 2
    try:
        kappa = weighted_kappa(table)
    except AnalysisError:
        assert spread == pytest.approx(0)
        return
    assert kappa.value == pytest.approx(2 * np.cov(first, second, ddof=0)[0, 1] / spread, abs=1e-9)
    assert -1 <= kappa.interval[0] <= kappa.value + 1e-12
    assert kappa.value <= kappa.interval[1] + 1e-12 <= 1 + 1e-12


@given(TABLES, st.sampled_from(["identity", "linear", "quadratic"]))
def test_it_does_not_mind_which_reader_comes_first(table, scheme):
    if sum(map(sum, table)) < 10:
        return
    turned = np.array(table).T.tolist()
    for coefficient in (weighted_kappa, gwet_ac):
        try:
            found = coefficient(table, scheme)
        except AnalysisError:
            continue
        assert coefficient(turned, scheme).value == pytest.approx(found.value, abs=1e-9)
        assert coefficient(turned, scheme).interval == pytest.approx(found.interval, abs=1e-9)


@pytest.mark.parametrize("scheme", ["linear", "quadratic"])
def test_its_errors_are_those_of_the_multinomial(scheme):
    """Simulated spread from the same cells against the formulae, plain and symmetrised."""
    counts = np.array([[60, 15, 2], [12, 50, 14], [1, 10, 36]])
    rng = np.random.default_rng(4)
    drawn = rng.multinomial(counts.sum(), counts.ravel() / counts.sum(), 800).reshape(-1, 3, 3)
    for measure in (weighted_kappa, gwet_ac, lambda t, s: weighted_kappa(symmetrised(t), s)):
        found = measure(counts.tolist(), scheme)
        spread = np.std([measure(table.tolist(), scheme).value for table in drawn])
        assert (found.interval[1] - found.value) / Z == pytest.approx(spread, rel=0.1)


def test_perfect_agreement_claims_no_certainty():
    kappa = weighted_kappa([[10, 0], [0, 10]])
    assert kappa.value == 1
    assert 0.6 < kappa.interval[0] < 0.7  # Wilson: 20 of 20 leave 0.839; (0.839 − 0.5) / 0.5
    assert gwet_ac([[10, 0], [0, 10]]).interval[0] == pytest.approx(kappa.interval[0])


def test_it_counts_pairs_and_shares():
    table = cross_table(list("AABBC"), list("ABBCA"), "ABCD")
    assert table == [[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert percent_agreement(table).value == 0.4
    assert percent_agreement(table, within=1).value == 0.8
    assert percent_agreement(table).interval == pytest.approx((0.1176, 0.7693), abs=1e-4)
    assert symmetrised([[1, 4], [2, 3]]) == [[1, 3], [3, 3]]


def test_it_weights_grades_by_their_distance():
    assert agreement_weights(4, "linear")[0].tolist() == pytest.approx([1, 2 / 3, 1 / 3, 0])
    assert agreement_weights(4, "quadratic")[0].tolist() == pytest.approx([1, 8 / 9, 5 / 9, 0])


def test_it_refuses_few_pairs_and_what_is_no_table():
    with pytest.raises(AnalysisError) as refused:
        weighted_kappa([[5, 1], [1, 2]])
    assert refused.value.reason.text("en") == "too few cases: n = 9, at least 10 are needed"
    with pytest.raises(AnalysisError):
        percent_agreement([[0, 0], [0, 0]])
    for table in ([[1, 2, 3], [4, 5, 6]], [[50]], [[5, -1], [9, 9]]):
        with pytest.raises(ValueError, match="square table"):
            gwet_ac(table)
    for first, second in (("AB", "A"), ("AX", "AA")):
        with pytest.raises(ValueError, match="listed"):
            cross_table(first, second, "AB")
    with pytest.raises(ValueError, match="two grades"):
        agreement_weights(1, "linear")
