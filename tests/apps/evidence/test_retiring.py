"""What the rules no longer ask stops counting; nothing is deleted, and it can count again."""

import pytest
from tests.apps.evidence.making import GAPS, NOISE, standard, store, verdict

from yingheng.evidence.models import Assessment, Finding
from yingheng.evidence.services import RECOUNTS, finding_decide, unasked_retire
from yingheng.rollups.services import cell_verify
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
OTHER = "other-rules"


def current():
    return set(Assessment.objects.filter(is_current=True).values_list("standard", flat=True))


def assert_cells_are_right():
    for name, recount in RECOUNTS.items():
        assert cell_verify(indicator=name, recount=recount, scope=Scope.everything()) == []


def test_another_family_is_let_go_with_its_finding(of_series, exam):
    kept, _ = store(of_series, verdict("a", "PASS"))
    store(of_series, verdict("b", "FAIL", quantity=GAPS), edition=standard(name=OTHER))
    assert unasked_retire(subject=of_series, judged=[kept]) == 2
    assert current() == {kept.standard}
    assert Finding.objects.get().state == "closed"
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_fail, exam.n_findings) == ("PASS", 0, 0)
    assert Assessment.objects.count() == 2
    assert_cells_are_right()
    assert unasked_retire(subject=of_series, judged=[kept]) == 0


def test_a_finding_loses_only_what_is_no_longer_asked(of_series):
    kept, _ = store(of_series, verdict("a", "FAIL", severity="minor"))
    store(of_series, verdict("b", "FAIL", severity="veto"), edition=standard(name=OTHER))
    unasked_retire(subject=of_series, judged=[kept])
    finding = Finding.objects.get()
    assert (finding.state, finding.severity) == ("open", "minor")
    assert [c["criterion"] for c in finding.criteria] == ["a"]


def test_a_criterion_that_could_not_be_judged_is_still_asked(of_series):
    store(of_series, verdict("a", "FAIL"))
    again, _ = store(of_series, verdict("a", "NOT_ASSESSABLE"), inputs="in-2")
    assert unasked_retire(subject=of_series, judged=[again]) == 0
    assert Finding.objects.get().state == "open"


def test_what_a_person_answered_from_a_sheet_stays(of_series):
    kept, _ = store(of_series, verdict("a", "PASS"))
    store(of_series, verdict("s", "FAIL", quantity=GAPS), edition=standard(name=OTHER), run_kind="sheet")
    assert unasked_retire(subject=of_series, judged=[kept]) == 0
    assert Finding.objects.get(quantity=GAPS).state == "open"


def test_work_in_hand_is_closed_with_its_ground(of_series, actor):
    store(of_series, verdict("a", "FAIL"))
    finding_decide(actor=actor, finding=Finding.objects.get(), verb="confirm")
    unasked_retire(subject=of_series, judged=[])
    finding = Finding.objects.get()
    assert finding.state == "closed"
    assert "no longer asked" in finding.closing_reason


def test_what_was_let_go_counts_again_when_it_is_judged_again(of_series, exam):
    first, _ = store(of_series, verdict("a", "FAIL"))
    unasked_retire(subject=of_series, judged=[])
    assert current() == set()
    again, created = store(of_series, verdict("a", "FAIL"))
    assert (again.pk, created, current()) == (first.pk, False, {first.standard})
    assert sorted(Finding.objects.values_list("state", flat=True)) == ["closed", "open"]
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_findings) == ("FAIL", 1)
    assert_cells_are_right()


def test_an_edition_that_holds_replaces_a_newer_one_and_back(of_series):
    older, _ = store(of_series, verdict("a", "PASS"), edition=standard(2020))
    newer, _ = store(of_series, verdict("a", "FAIL", quantity=NOISE), edition=standard(2026))
    assert store(of_series, verdict("a", "PASS"), edition=standard(2020)) == (older, False)
    assert current() == {newer.standard}
    store(of_series, verdict("a", "PASS"), edition=standard(2020), holds=True)
    assert current() == {older.standard}
    assert Finding.objects.get().state == "closed"
    third, created = store(of_series, verdict("a", "PASS", value=0.1), edition=standard(2020), inputs="x", holds=True)
    assert (created, third.supersedes_id, current()) == (True, older.pk, {older.standard})
    assert_cells_are_right()
