"""What a sample says of everything it was drawn from: what was not read leaves doubt, and what was never drawn."""

import pytest
from django.urls import reverse
from tests.apps.review.making import (
    made_campaign,
    make_campaign,
    make_device,
    make_exams,
    make_hospital,
    make_reader,
    make_region,
    make_sheet,
)
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import read

from imagingqc.errors import Reason
from yingheng.common.clock import now
from yingheng.review.models import Campaign, Case, Ruling
from yingheng.review.statistics.hospitals import comparison, result_lines
from yingheng.review.statistics.unread import drawn_number
from yingheng.review.statistics.weighted import weighed
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
ALL = Scope.everything()


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


def announced(hospital, n, **columns):
    campaign, readers, _judges = made_campaign(hospital=hospital, n=n, n_readers=1, **columns)
    return campaign, readers[0], list(campaign.cases.order_by("number"))


def test_a_sample_of_everything_of_which_part_was_not_read_is_not_certain(hospital):
    """All twelve films were drawn (p = 1), eight were read: four could be anything."""
    campaign, reader, cases = announced(hospital, 12)
    for i, case in enumerate(cases[:8]):
        read(case, reader, 1, score=88 + 2 * (i % 4))
    Case.objects.filter(pk__in=[case.pk for case in cases[8:]]).update(state="withdrawn", withdrawn_reason="x")
    mean, excellent, waste = weighed(campaign, ALL)
    assert mean.whole["value"] == pytest.approx(mean.plain)
    assert mean.whole["effective"] is not None
    low, high = mean.whole["interval"]
    # By hand: mean of 8 of 12, t(7) · SD / √8 · √(1 − 8/12).
    assert (high - low) / 2 == pytest.approx(2.3646 * 2.3905 / 8**0.5 * (1 / 3) ** 0.5, rel=1e-3)
    assert waste.whole["interval"][1] > 0.05
    assert excellent.whole["interval"][1] > 0.05


def test_what_was_put_in_for_another_leaves_nothing_unread(hospital):
    campaign, reader, cases = announced(hospital, 6)
    for i, case in enumerate(cases[:5]):
        read(case, reader, 1, score=90 + i)
    Case.objects.filter(pk=cases[5].pk).update(state="withdrawn", withdrawn_reason="x")
    Case.objects.filter(pk=cases[0].pk).update(origin="swapped", replaces=cases[5].pk)
    assert weighed(campaign, ALL)[0].whole["effective"] is None


def test_a_stratum_of_which_nothing_was_drawn_is_not_spoken_for(hospital):
    campaign, reader, cases = announced(hospital, 6)
    for i, case in enumerate(cases):
        read(case, reader, 1, score=90 + i)
    drawn = str(cases[0].device_id)
    cells = [{"stratum": [drawn], "size": 12, "drawn": 6, "by_risk": 0},
             {"stratum": ["other"], "size": 40, "drawn": 0, "by_risk": 0}]  # fmt: skip
    Campaign.objects.filter(pk=campaign.pk).update(draw={"cells": cells, "covered": False})
    assert {one.whole["reason"] for one in weighed(Campaign.objects.get(pk=campaign.pk), ALL)} == {"stratum_unseen"}


def test_a_stratum_drawn_by_risk_alone_is_not_spoken_for(hospital):
    campaign, reader, cases = announced(hospital, 6)
    for i, case in enumerate(cases):
        read(case, reader, 1, score=90 + i)
    cells = [{"stratum": [str(cases[0].device_id)], "size": 12, "drawn": 6, "by_risk": 6}]
    Campaign.objects.filter(pk=campaign.pk).update(draw={"cells": cells, "covered": False})
    assert {one.whole["reason"] for one in weighed(Campaign.objects.get(pk=campaign.pk), ALL)} == {"draw_not_covered"}


def test_a_stratum_of_which_nothing_was_read_is_not_spoken_for(hospital):
    campaign, reader, cases = announced(hospital, 10)
    Case.objects.filter(pk__in=[case.pk for case in cases[6:]]).update(
        state="withdrawn", withdrawn_reason="x", stratum=["other"]
    )
    for i, case in enumerate(cases[:6]):
        read(case, reader, 1, score=90 + i)
    cells = [{"stratum": [str(cases[0].device_id)], "size": 12, "drawn": 6, "by_risk": 0},
             {"stratum": ["other"], "size": 40, "drawn": 4, "by_risk": 0}]  # fmt: skip
    Campaign.objects.filter(pk=campaign.pk).update(draw={"cells": cells, "covered": True})
    assert weighed(Campaign.objects.get(pk=campaign.pk), ALL)[0].whole["reason"] == "stratum_unseen"


@pytest.fixture
def regional():
    """Two hospitals of 40 films read each; in the first half was drawn because of its risk and is poor."""
    region = make_region("cn-77")
    places = [make_hospital(f"rs{i}", region) for i in range(2)]
    exams = [exam for place in places for exam in make_exams(make_device(place), 40, series=False, key=place.code)]
    made = make_campaign(region, exams, make_sheet(region), purpose="regional")
    rulings, moment = [], now()
    for i, case in enumerate(made.cases.order_by("number")):
        risky = i < 40 and i % 2 == 0
        case.score, case.p, case.stratum = (70.0 if risky else 92.0) + i % 3, 1.0 if risky else 0.1, [str(i // 40)]
        case.state, case.settled_at, case.grade = "settled", moment, "b"
        case.save()
        rulings.append(
            Ruling(case=case, hospital_id=case.hospital_id, version=1, basis="agreement", score=case.score, grade="b",
                   vetoed=[], faults=[], details={"flags": {"excellent": False, "waste": False}}, readings=[],
                   made_at=moment)
        )  # fmt: skip
    Ruling.objects.bulk_create(rulings)
    Campaign.objects.filter(pk=made.pk).update(state="published", published_at=moment)
    return Campaign.objects.get(pk=made.pk)


def test_hospitals_with_the_common_mix_are_not_judged_by_what_was_drawn_for_its_risk(regional):
    """20 poor films stand for 20, 20 good ones for 200: the mean with the common mix must say what the mean says."""
    rows = result_lines(regional)
    found = comparison(rows)
    risky = found.lines[0] if found.lines[0].standard["value"] < found.lines[1].standard["value"] else found.lines[1]
    own = [row for row in rows if row["case__hospital_id"] == risky.id]
    weighted = sum(row["score"] / row["case__p"] for row in own) / sum(1 / row["case__p"] for row in own)
    assert risky.mean["value"] == pytest.approx(weighted)
    assert risky.standard["value"] == pytest.approx(weighted)  # one kind of exam alone: the same mix everywhere
    (kind,) = found.kinds
    assert kind.mean == pytest.approx(
        sum(row["score"] / row["case__p"] for row in rows) / sum(1 / row["case__p"] for row in rows)
    )


def test_the_region_is_not_spoken_for_by_a_draw_that_left_some_out(regional):
    found = comparison(result_lines(regional), missing=Reason("draw_not_covered", {"n": 1}))
    assert {one.get("reason") for one in (found.whole.mean, found.whole.excellent, found.whole.waste)} == {
        "draw_not_covered"
    }
    assert "value" in found.lines[0].mean


def test_unread_films_of_a_hospital_leave_doubt(regional):
    Case.objects.filter(campaign=regional).update(p=1.0)
    assert all(one.mean["interval"][0] == one.mean["interval"][1] for one in comparison(result_lines(regional)).lines)
    some = regional.cases.order_by("number").values_list("pk", flat=True)
    Case.objects.filter(pk__in=[*some[:10], *some[50:60]]).update(state="withdrawn", withdrawn_reason="x")
    for one in comparison(result_lines(regional)).lines:
        assert one.mean["interval"][0] < one.mean["interval"][1]


def test_what_tests_readers_was_not_drawn(hospital, django_assert_max_num_queries):
    """Twelve of 40 were drawn; six that are shown again and two with known answers are cases, too."""
    campaign, reader, cases = announced(hospital, 12)
    for i, case in enumerate(cases):
        read(case, reader, 1, score=88 + i % 5)
    Campaign.objects.filter(pk=campaign.pk).update(
        n_cases=20, n_frame=40, draw={"confidence": {"n": 12}}, state="published", published_at=now()
    )
    assert drawn_number(Campaign.objects.get(pk=campaign.pk)) == 12
    client = client_of(make_reader(hospital, "boss", "head"))
    client.get(reverse("review:statistics"))
    with django_assert_max_num_queries(15):
        page = client.get(reverse("review:statistics") + f"?sample={campaign.pk}").content.decode()
    assert "从 40 例中抽 12 例" in page
