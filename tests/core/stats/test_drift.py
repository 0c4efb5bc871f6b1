"""The chart stays quiet while nothing moves and speaks soon after something did."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.baseline import robust_baseline, robust_z
from imagingqc.stats.drift import CLIP, ewma

# e-Handbook 6.3.2.4: 20 monthly values, target 50, sigma 2.0539, weight 0.3, the chart's own worked table.
HANDBOOK = (
    52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5,
    49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1,
)  # fmt: skip
HANDBOOK_EWMA = (
    50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33,
    50.11, 49.36, 49.52, 50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99,
)  # fmt: skip


def test_it_gives_the_worked_example_of_the_handbook():
    chart = ewma([(v - 50) / 2.0539 for v in HANDBOOK], weight=0.3)
    averages = [50 + 2.0539 * a for a in chart.average]
    assert averages == pytest.approx(HANDBOOK_EWMA, abs=0.011)
    # limits of the worked example: 50 -+ 3 * 0.4201 * 2.0539 = 47.4115 and 52.5884
    assert chart.limit[-1] * 2.0539 == pytest.approx(2.5884, abs=0.002)
    assert chart.first is None
    assert chart.direction is None


def test_the_limits_open_from_the_first_value():
    chart = ewma([0.0] * 60)
    assert chart.limit[0] == pytest.approx(3 * 0.2)
    assert chart.limit[-1] == pytest.approx(3 * math.sqrt(0.2 / 1.8), rel=1e-6)
    assert list(chart.limit) == sorted(chart.limit)


def test_a_middle_known_from_few_values_widens_the_limits():
    assert ewma([0.0] * 50, 30).limit[-1] == pytest.approx(3 * math.sqrt(1 / 9 + math.pi / 60), rel=1e-6)
    assert ewma([0.0], 10).limit[0] > ewma([0.0], 30).limit[0] > ewma([0.0]).limit[0]


def test_one_wild_value_is_no_drift_but_three_are():
    assert ewma([0.0] * 20 + [50.0]).first is None
    assert ewma([0.0] * 20 + [50.0] * 3).first is not None


@given(st.lists(st.floats(-20, 20), max_size=80))
def test_it_is_symmetric_and_bounded(z):
    up, down = ewma(z), ewma([-v for v in z])
    assert down.average == pytest.approx([-a for a in up.average])
    assert (down.first, down.since) == (up.first, up.since)
    assert all(abs(a) <= CLIP for a in up.average)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60))
def test_since_is_the_unbroken_run_up_to_now(z):
    chart = ewma(z)
    outside = [abs(a) > bound for a, bound in zip(chart.average, chart.limit, strict=True)]
    if chart.since is None:
        assert not outside[-1]
        assert chart.direction is None
    else:
        assert all(outside[chart.since :])
        assert chart.since == 0 or not outside[chart.since - 1]
        assert chart.first <= chart.since


def run_lengths(shift, *, runs=300, longest=3000, seed=1):
    """Values until the first signal, the middle and spread known exactly."""
    rng = np.random.default_rng(seed)
    return [_first(ewma(rng.normal(shift, 1.0, longest).tolist()).first, longest) for _ in range(runs)]


def _first(first, longest):
    return longest if first is None else first + 1


def test_false_alarms_are_as_rare_as_published():
    # Lucas & Saccucci (1990), table 3: weight 0.2, width 3: about 560 values between false alarms.
    found = float(np.mean(run_lengths(0.0)))
    assert 440 < found < 680


def test_a_shift_of_one_and_a_half_is_found_within_twelve_values():
    found = run_lengths(1.5, longest=60)
    assert (
        3.5 < float(np.mean(found)) < 7.5
    )  # about 5.5 by the published table; sooner here, as the limits open from the first value
    assert np.quantile(found, 0.95) <= 12


def estimated(shift, widened, *, runs=400, after=100):
    """How many runs signal within `after` values when the baseline itself rests on thirty values."""
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(runs):
        base = robust_baseline(rng.normal(0, 1, 30).tolist())
        z = [robust_z(v, base) for v in rng.normal(shift, 1, after)]
        alarms += ewma(z, 30 if widened else None).first is not None
    return alarms / runs


def test_an_uncertain_baseline_does_not_cry_wolf():
    plain, widened = estimated(0.0, widened=False), estimated(0.0, widened=True)
    assert widened < 0.30
    assert widened < 0.75 * plain
    assert estimated(1.5, widened=True) > 0.98


def test_it_refuses_what_cannot_be_averaged():
    with pytest.raises(AnalysisError) as refused:
        ewma([0.0, math.inf])
    assert refused.value.reason.code == "value_not_finite"
    for bad in ({"weight": 0.0}, {"weight": 1.1}, {"width": 0.0}, {"baseline_n": 0}):
        with pytest.raises(ValueError, match="required"):
            ewma([0.0], **bad)
