"""Figures of review against counting and simulation: no formula here comes from the code."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from imagingqc.stats.additive import Score
from imagingqc.stats.agreement import Verified, corrected_sensitivity
from imagingqc.stats.chances import risk_chances
from imagingqc.stats.confidence import largest_unseen, proportion_margin
from imagingqc.stats.grades import gwet_ac, symmetrised, weighted_kappa
from imagingqc.stats.leniency import adjusted_mean
from imagingqc.stats.reliability import bland_altman
from imagingqc.stats.sampled import sampled_share


def drawn_exactly(risks, m):
    """Chance of each to be among `m` drawn one by one in proportion to the risk of those left, by enumeration."""
    chance = [Fraction(0)] * len(risks)
    for order in itertools.permutations(range(len(risks)), m):
        path, left = Fraction(1), Fraction(sum(risks))
        for i in order:
            path, left = path * risks[i] / left, left - risks[i]
        for i in order:
            chance[i] += path
    return [float(one) for one in chance]


@pytest.mark.parametrize(("risks", "m"), [((1, 1, 1, 3, 5, 10), 2), ((1, 2, 3, 4, 5, 6, 7, 8), 3), ((2, 2, 2, 2), 2)])
def test_chances_by_risk_are_near_those_of_enumeration(risks, m):
    """An estimate for large frames: in strata of six to eight within 0.03."""
    told = risk_chances({str(i): float(risk) for i, risk in enumerate(risks)}, m)
    assert list(told.values()) == pytest.approx(drawn_exactly(risks, m), abs=0.03)
    assert sum(told.values()) == pytest.approx(m)


def by_hand(pairs, grades):
    """Quadratic kappa and AC2 of pairs without an order, from the definitions: each pair counts both ways."""
    both = [*pairs, *((b, a) for a, b in pairs)]
    weight = lambda a, b: 1 - (a - b) ** 2 / (grades - 1) ** 2  # noqa: E731 - a definition
    observed = np.mean([weight(a, b) for a, b in both])
    used = [np.mean([a == g for a, _b in both]) for g in range(grades)]
    by_chance = sum(used[a] * used[b] * weight(a, b) for a in range(grades) for b in range(grades))
    spread = sum(weight(a, b) for a in range(grades) for b in range(grades)) / (grades * (grades - 1))
    by_gwet = spread * sum(one * (1 - one) for one in used)
    return (observed - by_chance) / (1 - by_chance), (observed - by_gwet) / (1 - by_gwet)


def table_of(pairs, grades):
    told = np.zeros((grades, grades))
    for a, b in pairs:
        told[a, b] += 1
    return symmetrised(told.tolist())


def test_coefficients_of_changing_pairs_are_those_of_the_definition_and_their_errors_those_of_resampling():
    rng = np.random.default_rng(8)
    true = rng.choice(4, 150, p=[0.5, 0.25, 0.15, 0.1])
    read = [np.clip(true + rng.choice([-1, 0, 1], 150, p=[0.1, 0.78, 0.12]), 0, 3) for _ in range(2)]
    pairs = list(zip(*(one.tolist() for one in read), strict=True))
    even = table_of(pairs, 4)
    kappa, ac2 = weighted_kappa(even), gwet_ac(even, "quadratic")
    assert (kappa.value, ac2.value) == pytest.approx(by_hand(pairs, 4))
    again = [by_hand([pairs[i] for i in rng.integers(0, 150, 150)], 4) for _ in range(400)]
    for one, sd in zip((kappa, ac2), np.std(again, axis=0), strict=True):
        half = (one.interval[1] - one.interval[0]) / 2
        assert half / 1.96 == pytest.approx(sd, rel=0.2)


def test_the_limits_of_agreement_have_intervals_that_hold_them():
    rng, held, runs = np.random.default_rng(2), 0, 800
    for _run in range(runs):
        apart = rng.normal(1.0, 4.0, 25)
        base = rng.uniform(60, 95, 25)
        found = bland_altman(base + apart, base)
        held += found.lower_interval[0] <= 1.0 - 1.95996 * 4.0 <= found.lower_interval[1]
    assert 0.93 <= held / runs <= 0.975


def test_nothing_seen_bounds_the_share_by_counting():
    """Of 30 with k faulty, 10 are drawn: C(30 − k, 10) / C(30, 10) is the chance to see none."""
    unseen = max(k for k in range(21) if math.comb(30 - k, 10) / math.comb(30, 10) >= 0.05)
    assert largest_unseen(10, 30) == unseen / 30


def test_the_margin_is_the_spread_of_all_samples():
    """All C(8, 3) samples of 8 with 4 faulty: the spread of their shares is what the margin is 1.96 times of."""
    shares = [sum(one) / 3 for one in itertools.combinations([1, 1, 1, 1, 0, 0, 0, 0], 3)]
    assert proportion_margin(3, 8) == pytest.approx(1.959964 * float(np.std(shares)))


def test_a_share_of_a_balanced_sample_holds_the_truth():
    """Devices of 40 and 400 films with 30 drawn of each: 90 % and 60 % excellent."""
    rng, held, runs = np.random.default_rng(4), 0, 500
    small, large = np.arange(40) < 36, np.arange(400) < 240
    truth = (36 + 240) / 440
    for _run in range(runs):
        hits = [*rng.choice(small, 30, replace=False), *rng.choice(large, 30, replace=False)]
        found = sampled_share(hits, [30 / 40] * 30 + [30 / 400] * 30, ["small"] * 30 + ["large"] * 30)
        held += found.interval[0] <= truth <= found.interval[1]
    assert 0.93 <= held / runs <= 0.98


def test_a_mean_freed_of_its_readers_holds_the_truth_where_the_plain_one_does_not():
    """Five readers of leniency SD 3, one of whom reads half of all: 60 cases of true mean 85."""
    rng, held, plain, runs = np.random.default_rng(6), 0, 0, 150
    for _run in range(runs):
        bias = rng.normal(0, 3, 5)
        bias -= bias.mean()
        scores = [
            Score(str(case), str(reader), true + bias[reader] + rng.normal(0, 3))
            for case, true in enumerate(85 + rng.normal(0, 6, 60))
            for reader in rng.choice(5, 2, replace=False, p=[0.5, 0.2, 0.1, 0.1, 0.1])
        ]
        found = adjusted_mean(scores)
        held += found.interval[0] <= 85 <= found.interval[1]
        plain += abs(found.plain - 85) <= found.interval[1] - found.value
    assert held / runs >= 0.91
    assert plain < held


def test_sensitivity_from_a_sample_of_the_passes_holds_the_truth():
    """2000 exams, 10 % faulty, 80 % of them failed; people see 60 % of the failed and 10 % of the passed."""
    held, runs = 0, 120
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        faulty = rng.random(2000) < 0.1
        failed = np.where(faulty, rng.random(2000) < 0.8, rng.random(2000) < 0.05)
        parts = []
        for side, share in ((failed, 0.6), (~failed, 0.1)):
            decided = rng.random(side.sum()) < share
            parts.append(Verified(int(side.sum()), int(decided.sum()), int(faulty[side][decided].sum())))
        found = corrected_sensitivity(failed=parts[0], passed=parts[1], seed=seed)
        held += found.interval[0] <= 0.8 <= found.interval[1]
    assert held / runs >= 0.9
