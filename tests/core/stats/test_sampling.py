"""A draw is the same whenever it is run again, of the size asked for, and weighted so that it speaks for the frame."""

import json
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError, RuleError
from imagingqc.stats.chances import risk_chances
from imagingqc.stats.sampling import Draw, Plan, Unit, draw, verify

KEYS = st.text("abc中0123456789", min_size=1, max_size=4)
UNITS = st.lists(
    st.builds(Unit, KEYS, st.tuples(st.sampled_from("ABCD"), st.sampled_from("xyz")), st.sampled_from([0.0, 0.5, 3.0])),
    min_size=1,
    max_size=60,
    unique_by=lambda unit: unit.key,
)
PLANS = st.one_of(
    st.builds(Plan, st.just("simple"), n=st.integers(1, 40), risk_share=st.sampled_from([0.0, 0.4])),
    st.builds(Plan, st.just("balanced"), n=st.integers(1, 40), depth=st.sampled_from([1, 2]), spread=st.booleans()),
    st.builds(Plan, st.just("balanced"), n=st.integers(1, 40), risk_share=st.sampled_from([0.3, 1.0])),
    st.builds(Plan, st.just("proportional"), n=st.integers(1, 40)),
    st.builds(Plan, st.just("share"), share=st.sampled_from([0.1, 0.5, 1.0]), least=st.integers(0, 3)),
    st.just(Plan("all")),
)


def frame(n: int = 300) -> list[Unit]:
    """Seven devices of very different size, three parts, a risk on every ninth unit."""
    return [
        Unit(f"k{i}", (f"d{i % 7 if i % 4 else 0}", f"p{i % 3}"), (1 + i % 4) * float(i % 9 == 0)) for i in range(n)
    ]


@given(UNITS, PLANS, st.text(max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_it_does_not_depend_on_the_order_of_the_units(units, plan, seed, rng):
    turned = rng.sample(units, len(units))
    assert draw(units, plan, seed) == draw(turned, plan, seed)


@given(UNITS, PLANS, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_it_draws_as_many_as_asked_each_once_with_a_probability(units, plan, seed):
    drawn = draw(units, plan, str(seed))
    by_key = {unit.key: unit for unit in units}
    assert len(set(drawn.keys)) == len(drawn.units) == sum(cell.drawn for cell in drawn.cells)
    assert all(plan.cell(by_key[one.key]) == one.stratum and 0 < one.p <= 1 for one in drawn.units)
    assert sum(cell.size for cell in drawn.cells) == drawn.size == len(units)
    if plan.allocation in ("simple", "balanced", "proportional"):
        assert len(drawn.units) == min(plan.n, len(units))
    stored = Draw.from_dict(json.loads(json.dumps(drawn.as_dict())))
    assert stored == drawn
    assert verify(stored, units, plan, str(seed)).same


def test_it_gives_the_list_it_always_gave():
    """On any platform and in any version: a list once drawn must come again."""
    units = [Unit(f"k{i}", (f"d{i % 3}", f"p{i % 2}"), float(i % 5 == 0)) for i in range(40)]
    drawn = draw(units, Plan("balanced", 9, risk_share=0.34), "2026-11")
    assert " ".join(drawn.keys) == "k0 k39 k10 k24 k28 k5 k32 k29 k31"
    assert drawn.keys_digest[:16] == "9ca4dac230219d28"


def test_it_balances_two_hundred_images_over_the_devices():
    units = [
        Unit(f"k{i}", (f"d{min(i // 3, 6)}",)) for i in range(2000)
    ]  # six devices with 3 images, one with the rest
    drawn = draw(units, Plan("balanced", 200), "2026-11")
    assert {c.stratum[0]: c.drawn for c in drawn.cells} == {**{f"d{i}": 3 for i in range(6)}, "d6": 182}
    even = draw([Unit(f"k{i}", (f"d{i % 7}",)) for i in range(2000)], Plan("balanced", 200), "2026-11")
    assert sorted(c.drawn for c in even.cells) == [28, 28, 28, 29, 29, 29, 29]
    assert all(
        one.p == pytest.approx(c.drawn / c.size) for c in even.cells for one in even.units if one.stratum == c.stratum
    )


def test_other_seeds_give_other_lists_and_odd_units_to_other_strata():
    plan = Plan("balanced", 10)
    lists = {draw(frame(), plan, str(seed)).keys for seed in range(20)}
    assert len(lists) == 20
    more = {next(c.stratum for c in draw(frame(), plan, str(s)).cells if c.drawn == 2) for s in range(20)}
    assert len(more) > 1


def test_it_spreads_over_the_deeper_levels():
    units = [Unit(f"k{i}", ("d", f"p{i % 4}", f"t{i % 8}")) for i in range(400)]
    drawn = draw(units, Plan("balanced", 40), "s")
    deep = {unit.key: unit.stratum for unit in units}
    assert sorted(Counter(deep[key][1] for key in drawn.keys).values()) == [10, 10, 10, 10]
    assert set(Counter(deep[key][2] for key in drawn.keys).values()) == {5}
    plain = draw(units, Plan("balanced", 40, spread=False), "s")
    assert len(set(Counter(deep[key][1] for key in plain.keys).values())) > 1


def test_its_weights_make_every_unit_count_once_in_the_long_run():
    """Horvitz and Thompson: the mean over seeds of 1/p, where drawn, is 1 for a unit of any risk."""
    units, rounds = frame(60), 500
    total = Counter()
    for seed in range(rounds):
        for one in draw(units, Plan("balanced", 25, risk_share=0.25), str(seed)).units:
            total[one.key] += 1 / one.p / rounds
    assert set(total) == {unit.key for unit in units}
    assert all(0.7 < total[unit.key] < 1.3 for unit in units)
    assert sum(total.values()) == pytest.approx(60, rel=0.02)


def test_it_prefers_the_risky_in_the_reserved_share():
    drawn = draw(frame(), Plan("simple", 40, risk_share=0.5), "s")
    reasons = Counter(one.reason for one in drawn.units)
    assert reasons == {"risk": 20, "random": 20}
    risky = {unit.key for unit in frame() if unit.risk}
    assert {one.key for one in drawn.units if one.reason == "risk"} <= risky


def test_its_chances_by_risk_add_up_and_are_even_for_equal_risks():
    risks = {f"k{i}": float(i % 5) for i in range(50)}
    for m in (0, 1, 17, 39, 40):
        assert sum(risk_chances(risks, m).values()) == pytest.approx(m, abs=1e-9)
    assert risk_chances(risks, 9)["k5"] == 0
    assert list(risk_chances(dict.fromkeys("abcde", 2.0), 2).values()) == pytest.approx([0.4] * 5)


def test_it_takes_quotas_and_says_what_is_missing():
    drawn = draw(frame(60), Plan("quotas", quotas={"d0": 5, "d1": 100}), "s")
    counts = {c.stratum[0]: (c.drawn, c.size) for c in drawn.cells}
    assert counts["d0"][0] == 5
    assert counts["d1"][0] == counts["d1"][1] < 100
    assert counts["d2"][0] == 0
    assert [note.code for note in drawn.notes] == ["stratum_smaller", "draw_not_covered"]
    assert not drawn.covered
    assert {one.reason for one in drawn.units} == {"quota", "all"}


def test_it_takes_all_of_a_small_frame_and_says_so():
    drawn = draw(frame(10), Plan("balanced", 200), "s")
    assert len(drawn.units) == 10
    assert {one.reason for one in drawn.units} == {"all"}
    assert [note.code for note in drawn.notes] == ["frame_smaller"]
    assert drawn.covered


def test_it_says_when_little_is_at_risk():
    drawn = draw(frame(40), Plan("simple", 20, risk_share=0.8), "s")
    assert [note.code for note in drawn.notes] == ["draw_little_risk"]
    assert len(drawn.units) == 20


def test_it_tells_what_changed_since_a_draw():
    units, plan = frame(80), Plan("balanced", 20, risk_share=0.3)
    drawn = draw(units, plan, "s")
    assert verify(drawn, units, plan, "t").missing
    fewer = verify(drawn, [unit for unit in units if unit.key != drawn.keys[0]], plan, "s")
    assert not fewer.same
    assert not fewer.same_keys
    assert drawn.keys[0] in fewer.missing
    assert len(fewer.added) == len(fewer.missing)
    riskier = verify(drawn, [Unit(u.key, u.stratum, u.risk + 1) for u in units], plan, "s")
    assert riskier.same_keys
    assert not riskier.same_frame


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (Plan("balanced", 0), "plan_setting"),
        (Plan("simple", -3), "plan_setting"),
        (Plan("share", share=1.2), "plan_setting"),
        (Plan("quotas"), "plan_setting"),
        (Plan("quotas", quotas={"d0": 0}), "plan_setting"),
        (Plan("balanced", 5, risk_share=2), "plan_setting"),
        (Plan("balanced", 5, depth=0), "plan_setting"),
        (Plan("sometimes", 5), "plan_setting"),  # type: ignore[arg-type]
        (Plan("proportional", 5, least=3), "plan_least"),
        (Plan("quotas", quotas={"d9": 1}), "plan_quota_unknown"),
    ],
)
def test_it_refuses_plans_that_cannot_be(plan, code):
    with pytest.raises(RuleError) as refused:
        draw(frame(), plan, "s")
    assert refused.value.reason.code == code


@pytest.mark.parametrize(
    ("units", "code"),
    [
        ([], "frame_empty"),
        ([Unit("a", ("d",)), Unit("a", ("e",))], "unit_twice"),
        ([Unit("a", ("d",), -1.0)], "unit_risk"),
        ([Unit("a", ("d",), float("nan"))], "unit_risk"),
        ([Unit("a")], "unit_stratum"),
    ],
)
def test_it_refuses_frames_that_cannot_be_drawn_from(units, code):
    with pytest.raises(AnalysisError) as refused:
        draw(units, Plan("balanced", 5), "s")
    assert refused.value.reason.code == code


def test_it_draws_from_a_month_of_a_large_hospital_quickly():
    units = [Unit(f"k{i}", (f"d{i % 30}", f"p{i % 11}"), float(i % 49 == 0)) for i in range(20_000)]
    random.Random(1).shuffle(units)
    drawn = draw(units, Plan("balanced", 200, risk_share=0.2), "2026-11")
    assert Counter(one.reason for one in drawn.units) == {"random": 160, "risk": 40}
