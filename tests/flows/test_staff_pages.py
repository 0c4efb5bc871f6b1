"""Staff, operators and who made an exam, on their pages: by whom, by key and by file, and never a name to others."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.catalog.operating import make_operator
from tests.apps.review.making import ACTOR, make_device, make_exams

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, ExamOperator, Operator
from yingheng.catalog.services import exam_performer_set, operator_apply
from yingheng.registry.models import Person

pytestmark = pytest.mark.django_db
SECRET = "欧阳秘密"


@pytest.fixture
def exam(hospital):
    (made,) = make_exams(make_device(hospital), 1)
    return Exam.objects.select_related("hospital").get(pk=made.pk)


@pytest.fixture
def unknown(exam):
    return make_operator(exam, SECRET)


@pytest.fixture
def boss(signed_in):
    return signed_in("head")


def zhang(hospital, number="1023", name="欧阳密", **more):
    return Person.objects.create(hospital=hospital, staff_number=number, name=name, category="technologist", **more)


def at(name, *ids):
    return reverse(f"web:{name}", args=ids)


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_queue_shows_what_waits_and_suggests_who_it_may_be(boss, unknown, hospital, other_hospital):
    like = zhang(hospital)
    zhang(other_hospital)
    page = boss.get(at("operators")).context["page"]
    (row,) = page.table.rows
    assert row.cells["text"].primary == SECRET
    assert row.cells["n"] == 1
    assert row.cells["devices"] == ""
    actions = [(a.row_key, a.value) for a in row.cells["do"].items]
    assert actions == [("1", f"link:{like.pk}"), ("n", ""), ("0", "nobody")]


def test_one_press_links_it_and_says_so_once(boss, unknown, hospital):
    like = zhang(hospital)
    answer = boss.post(at("operator_decide", unknown.pk), {"decision": f"link:{like.pk}"})
    assert answer.status_code == 302
    operator_apply(operator_id=unknown.pk)
    assert Exam.objects.get().performer == like
    assert Entry.objects.filter(action="operator.link").count() == 1
    assert not boss.get(at("operators")).context["page"].table.rows


def test_somebody_new_is_recorded_from_the_queue(boss, unknown, hospital):
    address = f"{at('person_new')}?operator={unknown.pk}"
    assert f'value="{SECRET}"' in text(boss.get(address))
    told = {"staff_number": "77", "name": "欧阳秘", "category": "technologist"}
    assert boss.post(address, told).status_code == 302
    unknown.refresh_from_db()
    assert (unknown.state, unknown.person.staff_number) == ("linked", "77")
    other = make_operator(make_exams(make_device(hospital, "CT2"), 1)[0], "另一个")
    assert boss.post(f"{at('person_new')}?operator={other.pk}", told).status_code == 400
    other.refresh_from_db()
    assert other.state == "waiting"


def test_nobody_and_back_again_want_a_reason(boss, unknown):
    boss.post(at("operator_decide", unknown.pk), {"decision": "nobody"})
    assert Operator.objects.get().state == "nobody"
    assert boss.post(at("operator", unknown.pk), {"decision": "open", "reason": ""}).status_code == 400
    assert boss.post(at("operator", unknown.pk), {"decision": "open", "reason": "再看"}).status_code == 302
    assert Operator.objects.get().state == "waiting"


@pytest.mark.parametrize(
    "decision", ["", "link", "link:x", "link:00000000-0000-7000-8000-000000000000", "open", "burn"]
)
def test_a_press_that_says_nothing_changes_nothing(boss, unknown, decision):
    assert boss.post(at("operator_decide", unknown.pk), {"decision": decision}).status_code == 302
    assert Operator.objects.get().state == "waiting"


def test_nobody_of_another_hospital_can_be_chosen(boss, unknown, other_hospital):
    stranger = zhang(other_hospital)
    boss.post(at("operator_decide", unknown.pk), {"decision": f"link:{stranger.pk}"})
    assert Operator.objects.get().person is None
    theirs = make_operator(make_exams(make_device(other_hospital), 1)[0], "他院")
    for name in ("operator", "operator_decide"):
        assert boss.post(at(name, theirs.pk), {"decision": "nobody"}).status_code == 404
    assert boss.get(at("person", stranger.pk)).status_code == 404


def test_seeing_names_is_kept_once_an_hour(boss, unknown):
    for _again in range(3):
        text(boss.get(at("operators")))
        text(boss.get(at("operator", unknown.pk)))
    (entry,) = Entry.objects.filter(action="operator.view")
    assert SECRET not in str(entry.after)


@pytest.mark.parametrize("role", ["technologist", "radiologist", "engineer", "nurse", "expert", "regional_centre"])
def test_who_may_not_name_people_never_reads_the_name(signed_in, unknown, hospital, exam, role):
    person = zhang(hospital)
    Operator.objects.update(person=person, state="matched")
    client = signed_in(role)
    addresses = [at("exam", exam.pk), at("exam_performer", exam.pk), at("exams"), at("persons"), at("operators"),
                 at("person", person.pk)]  # fmt: skip
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code in {200, 403, 404}
        assert SECRET not in answer.content.decode()


def test_the_exam_says_who_made_it_and_is_set_by_hand(boss, unknown, hospital, exam):
    person = zhang(hospital)
    address = at("exam_performer", exam.pk)
    assert SECRET in text(boss.get(address))
    assert boss.post(address, {"decision": "link", "person": "没有这人", "reason": ""}).status_code == 400
    assert boss.post(address, {"decision": "link", "person": "1023", "reason": ""}).status_code == 302
    assert person.name in text(boss.get(at("exam", exam.pk)))
    assert boss.post(address, {"decision": "open", "person": "", "reason": "误设"}).status_code == 302
    exam.refresh_from_db()
    assert (exam.performer, exam.performer_source) == (None, "")


def test_staff_are_found_by_name_number_and_state(boss, hospital, other_hospital):
    zhang(hospital, "1", "甲一")
    zhang(hospital, "2", "乙二", active=False)
    zhang(other_hospital, "3", "丙三")

    def listed(**asked):
        return [row.cells["number"] for row in boss.get(at("persons"), asked).context["page"].table.rows]

    assert listed() == ["1"]
    assert listed(active="no") == ["2"]
    assert sorted(listed(active="all")) == ["1", "2"]
    assert listed(text="甲") == listed(text="1") == listed(account="none") == ["1"]
    assert listed(category="nurse") == []


def test_somebody_is_corrected_deactivated_and_linked_to_an_account(boss, hospital, person):
    row, user = zhang(hospital), person("technologist")
    told = {"staff_number": "9", "name": "改名", "category": "nurse"}
    assert boss.post(at("person_edit", row.pk), told).status_code == 302
    assert boss.post(at("person_active", row.pk), {"reason": ""}).status_code == 400
    assert boss.post(at("person_active", row.pk), {"reason": "离职"}).status_code == 302
    assert boss.post(at("person_account", row.pk), {"account": str(user.pk)}).status_code == 302
    row.refresh_from_db()
    assert (row.staff_number, row.name, row.category, row.active, row.user) == ("9", "改名", "nurse", False, user)
    other = zhang(hospital, "10")
    assert boss.post(at("person_account", other.pk), {"account": str(user.pk)}).status_code == 400
    assert boss.post(at("person_edit", other.pk), told).status_code == 400


def listing(rows):
    return SimpleUploadedFile("staff.csv", "\n".join(rows).encode("gb18030"))


def test_a_staff_list_is_looked_at_and_then_taken_over(boss, hospital):
    zhang(hospital, "1001", "手改")
    rows = ["工号,姓名,岗位", "1001,张三,技师", "1002,李四,医师", ",无号,技师"]
    shown = boss.post(at("person_list"), {"file": listing(rows)}).context["page"]
    assert [fact.value for fact in shown.facts] == [1, 0, 1, 1]
    assert Person.objects.count() == 1
    take, over = shown.actions
    assert boss.post(at("person_list_take"), {take.name: take.value}).status_code == 302
    assert set(Person.objects.values_list("name", flat=True)) == {"手改", "李四"}
    boss.post(at("person_list_take"), {over.name: over.value})
    assert set(Person.objects.values_list("name", flat=True)) == {"张三", "李四"}
    assert [e.after["overwrite"] for e in Entry.objects.filter(action="person.import").order_by("pk")] == [False, True]


def test_a_list_that_nobody_looked_at_is_not_taken_over(boss, hospital):
    for value in ("", "forged:list"):
        assert boss.post(at("person_list_take"), {"list": value}).status_code == 302
    assert not Person.objects.exists()
    assert boss.post(at("person_list"), {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2")}).status_code == 400


def test_the_queue_costs_the_same_at_any_size(boss, hospital):
    device = make_device(hospital)
    made = make_exams(device, 60, series=False)
    for number, one in enumerate(made):
        row = make_operator(one, f"操作员{number}号人")
        row.devices.add(device)
    for number in range(60):
        zhang(hospital, str(number), f"操作员{number}号人员")
    for address in (at("operators"), at("persons"), at("exam", made[0].pk)):
        boss.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert boss.get(address).status_code == 200
        assert len(seen) <= 15, address


def test_an_operator_of_several_exams_is_shown_with_its_person(boss, hospital, exam):
    first, second = (make_operator(exam, name) for name in ("甲某某", "乙某某"))
    for row, number in ((first, "1"), (second, "2")):
        Operator.objects.filter(pk=row.pk).update(person=zhang(hospital, number, f"人{number}"), state="matched")
        operator_apply(operator_id=row.pk)
    assert Exam.objects.get().performer_source == "several"
    assert "操作者为多人" in text(boss.get(at("exam", exam.pk)))
    shown = text(boss.get(at("exam_performer", exam.pk)))
    assert "人1" in shown
    assert "人2" in shown
    assert ExamOperator.objects.count() == 2
    exam_performer_set(actor=ACTOR, exam=exam, person=Person.objects.get(staff_number="1"))
    assert Exam.objects.get().performer_source == "person"
