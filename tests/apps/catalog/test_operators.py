"""Who made an exam: told by headers, steps and messages in any order, matched, decided, and kept out of sight."""

import itertools
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.catalog.making import item

from yingheng.audit.actor import Actor
from yingheng.audit.models import Entry
from yingheng.catalog import keys
from yingheng.catalog.models import Exam, ExamOperator, Instance, Operator, PerformedStep, Series
from yingheng.catalog.services import (
    exam_close,
    exam_operators_gather,
    exam_performer_follow,
    exam_performer_set,
    instances_catalogue,
    operator_apply,
    operator_decide,
    operators_rematch,
    order_operators_tell,
    order_record,
    report_operators_tell,
    step_operators_tell,
)
from yingheng.catalog.services import operators as telling
from yingheng.common import events
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.models import Job
from yingheng.registry.models import Person

pytestmark = pytest.mark.django_db
ACTOR = Actor(id="00000000-0000-7000-8000-000000000009", name="质控员")
SAMPLE = (
    item(1, OperatorsName="张^三"),
    item(2, OperatorsName="张三"),
    item(1, series="1.2.1.2", SeriesNumber=3, OperatorsName=("李四", "^")),
    item(1, series="1.2.1.9", modality="SR", ImageType=None, SeriesNumber=99, OperatorsName="王五"),
    item(1, study="1.2.2", series="1.2.2.1", AccessionNumber="A200", OperatorsName="Operator"),
    item(1, study="1.2.3", series="1.2.3.1", AccessionNumber="A300", PerformingPhysicianName="张三"),
)


@pytest.fixture
def zhang(hospital):
    return Person.objects.create(hospital=hospital, staff_number="1023", name="张三", category="technologist")


@pytest.fixture
def li(hospital):
    return Person.objects.create(hospital=hospital, staff_number="1024", name="李四", category="technologist")


def shown():
    """Every operator by text, and every exam by what it comes to."""
    operators = {
        keys.text_decrypt(o.text_cipher): (o.state, o.reason, o.person and o.person.name, o.n_exams)
        for o in Operator.objects.select_related("person")
    }
    exams = {e.study_uid: (e.performer and e.performer.name, e.performer_source) for e in Exam.objects.all()}
    return operators, exams


def operator(text):
    return next(o for o in Operator.objects.all() if keys.text_decrypt(o.text_cipher) == text)


def test_headers_tell_who_made_an_exam(hospital, zhang):
    instances_catalogue(hospital=hospital, items=SAMPLE)
    operators, exams = shown()
    assert operators == {
        "张^三": ("matched", "", "张三", 1),
        "李四": ("waiting", "no_person", None, 1),
        "Operator": ("placeholder", "", None, 1),
    }
    assert exams == {"1.2.1": ("张三", "operators"), "1.2.2": (None, ""), "1.2.3": (None, "")}


def test_the_order_of_arrival_does_not_matter(hospital, zhang, li):
    found = set()
    for order in itertools.islice(itertools.permutations(SAMPLE[:4]), 0, 24, 5):
        for one in order:
            instances_catalogue(hospital=hospital, items=[one])
            instances_catalogue(hospital=hospital, items=[one])
        operators, exams = shown()
        assert exams["1.2.1"] == (None, "several")
        found.add(json.dumps(sorted((o[0], o[2], o[3]) for o in operators.values())))
        for model in (ExamOperator, Operator):
            model.objects.all().delete()
        for model in (Instance, Series, Exam):
            model.objects.all().delete()
    assert found == {json.dumps([["matched", "张三", 1], ["matched", "李四", 1]])}


def test_a_batch_that_tells_nothing_new_costs_two_queries(hospital, zhang):
    instances_catalogue(hospital=hospital, items=[item(1, OperatorsName="张三")])

    def cost(first, **more):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            instances_catalogue(hospital=hospital, items=[item(n, **more) for n in range(first, first + 40)])
        return [q["sql"] for q in seen.captured_queries if 'operator" ' in q["sql"]]

    assert len(cost(100)) == 0
    assert len(cost(200, OperatorsName="张^三")) == 2


def test_nothing_is_kept_in_clear(hospital, zhang, caplog):
    secret = "欧阳秘密"
    with caplog.at_level("DEBUG"):
        instances_catalogue(hospital=hospital, items=[item(1, OperatorsName=secret)])
        operator_decide(actor=ACTOR, operator=Operator.objects.get(), verb="link", person=zhang)
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [str(value) for row in cursor.fetchall() for value in row]
    for spelling in (secret, secret.encode("unicode_escape").decode(), "欧阳"):
        assert not [value for value in rows if spelling in value]
        assert spelling not in caplog.text
    assert keys.text_decrypt(Operator.objects.get().text_cipher) == secret


def test_hospitals_do_not_meet(hospital, other_hospital, zhang):
    instances_catalogue(hospital=other_hospital, items=[item(1, OperatorsName="张三")])
    instances_catalogue(hospital=hospital, items=[item(1, OperatorsName="张三")])
    ours, theirs = (Operator.objects.get(hospital=h) for h in (hospital, other_hospital))
    assert (ours.state, theirs.state) == ("matched", "waiting")
    assert ours.key != theirs.key
    with pytest.raises(Invalid, match="performer_elsewhere"):
        operator_decide(actor=ACTOR, operator=theirs, verb="link", person=zhang)


def test_two_of_a_name_wait_and_say_why(hospital, zhang):
    Person.objects.create(hospital=hospital, staff_number="2", name="张三")
    instances_catalogue(hospital=hospital, items=SAMPLE[:1])
    assert shown()[0] == {"张^三": ("waiting", "several", None, 1)}


def test_who_left_is_not_matched(hospital, zhang):
    Person.objects.filter(pk=zhang.pk).update(active=False)
    instances_catalogue(hospital=hospital, items=SAMPLE[:1])
    assert shown()[0] == {"张^三": ("waiting", "no_person", None, 1)}


def many(hospital, n, text="李四"):
    items = [
        item(1, study=f"1.5.{i}", series=f"1.5.{i}.1", AccessionNumber=f"B{i}", OperatorsName=text) for i in range(n)
    ]
    instances_catalogue(hospital=hospital, items=items)


def test_a_decision_applies_to_all_exams_and_is_audited_once(hospital, zhang, monkeypatch):
    many(hospital, 5)
    decided = operator_decide(actor=ACTOR, operator=operator("李四"), verb="link", person=zhang)
    assert Job.objects.filter(kind=events.OPERATOR_LINKED, natural_key=str(decided.pk)).count() == 1
    assert Exam.objects.filter(performer=None).count() == 5
    monkeypatch.setattr("yingheng.catalog.services.operators_deciding.AT_ONCE", 2)
    assert operator_apply(operator_id=decided.pk) == 5
    assert operator_apply(operator_id=decided.pk) == 0
    assert set(Exam.objects.values_list("performer", "performer_source")) == {(zhang.pk, "operators")}
    (entry,) = Entry.objects.filter(action="operator.link")
    assert entry.after == {"state": "linked", "person": str(zhang.pk), "exams": 5}
    operator_decide(actor=ACTOR, operator=decided, verb="link", person=zhang)
    assert Entry.objects.filter(action="operator.link").count() == 1


def test_a_job_that_was_killed_goes_on(hospital, zhang, monkeypatch):
    many(hospital, 5)
    decided = operator_decide(actor=ACTOR, operator=operator("李四"), verb="link", person=zhang)
    module = "yingheng.catalog.services.operators_deciding"
    monkeypatch.setattr(f"{module}.AT_ONCE", 2)
    settle, calls = telling.performers_settle, []

    def dying(several):
        calls.append(several)
        if len(calls) == 2:
            raise SystemExit
        return settle(several)

    monkeypatch.setattr(f"{module}.performers_settle", dying)
    with pytest.raises(SystemExit):
        operator_apply(operator_id=decided.pk)
    assert Exam.objects.filter(performer=zhang).count() == 2
    assert operator_apply(operator_id=decided.pk) == 3


def test_it_is_unlinked_and_linked_again(hospital, zhang, li):
    many(hospital, 2, "李师傅")
    row = operator("李师傅")
    operator_decide(actor=ACTOR, operator=row, verb="link", person=zhang)
    operator_apply(operator_id=row.pk)
    with pytest.raises(Invalid, match="reason_missing"):
        operator_decide(actor=ACTOR, operator=row, verb="link", person=li)
    operator_decide(actor=ACTOR, operator=row, verb="link", person=li, reason="认错人")
    operator_apply(operator_id=row.pk)
    assert set(Exam.objects.values_list("performer", flat=True)) == {li.pk}
    operator_decide(actor=ACTOR, operator=row, verb="nobody", reason="公用账号")
    operator_apply(operator_id=row.pk)
    assert set(Exam.objects.values_list("performer", "performer_source")) == {(None, "")}
    assert operator_decide(actor=ACTOR, operator=row, verb="open", reason="再看").state == "waiting"
    with pytest.raises(Conflict, match="operator_undecided"):
        operator_decide(actor=ACTOR, operator=row, verb="open", reason="再看")


def test_no_import_overwrites_what_a_person_decided(hospital, zhang, li):
    instances_catalogue(hospital=hospital, items=SAMPLE[:1])
    exam = Exam.objects.get()
    exam_performer_set(actor=ACTOR, exam=exam, person=li)
    instances_catalogue(hospital=hospital, items=[item(9, OperatorsName="张三"), item(10, OperatorsName="王五")])
    operator_apply(operator_id=operator("张^三").pk)
    exam.refresh_from_db()
    assert (exam.performer, exam.performer_source) == (li, "person")
    row = operator_decide(actor=ACTOR, operator=operator("王五"), verb="nobody")
    Person.objects.create(hospital=hospital, staff_number="5", name="王五")
    operators_rematch(hospital_id=hospital.pk)
    row.refresh_from_db()
    assert row.state == "nobody"
    assert exam_performer_follow(actor=ACTOR, exam=exam).performer == zhang


def test_new_staff_takes_up_what_waits_and_makes_doubtful_what_was_clear(hospital, zhang):
    many(hospital, 2, "李四")
    instances_catalogue(hospital=hospital, items=SAMPLE[:1])
    Person.objects.create(hospital=hospital, staff_number="8", name="李四")
    Person.objects.create(hospital=hospital, staff_number="9", name="张三")
    assert operators_rematch(hospital_id=hospital.pk) == 2
    assert operators_rematch(hospital_id=hospital.pk) == 0
    states = {text: told[:3] for text, told in shown()[0].items()}
    assert states == {"李四": ("matched", "", "李四"), "张^三": ("waiting", "several", None)}
    assert Job.objects.filter(kind=events.OPERATOR_LINKED).count() == 2


def test_steps_and_orders_tell_before_the_exam_is_there(hospital, zhang, li):
    step = PerformedStep.objects.create(hospital=hospital, sop_uid="1.9", study_uid="1.2.1", state="in_progress")
    step_operators_tell(step=step, texts=["张三"])
    step_operators_tell(step=step, texts=["张^三"])
    order = order_record(hospital=hospital, number="N1", accession="A100")
    order_operators_tell(order=order, texts=["1024 李四"])
    instances_catalogue(hospital=hospital, items=[item(1)])
    exam = Exam.objects.get()
    assert (exam.performer, ExamOperator.objects.count()) == (None, 0)
    exam_close(exam=exam)
    exam_operators_gather(exam=Exam.objects.select_related("order").get())
    exam.refresh_from_db()
    assert (exam.performer, exam.performer_source) == (None, "several")
    assert set(ExamOperator.objects.values_list("source", flat=True)) == {"mpps", "hl7"}


def test_a_message_about_a_known_exam_is_followed_at_once(hospital, zhang):
    instances_catalogue(hospital=hospital, items=[item(1)])
    exam = Exam.objects.select_related("hospital").get()
    report_operators_tell(exam=exam, texts=["1023 张三"])
    exam.refresh_from_db()
    assert (exam.performer, exam.performer_source) == (zhang, "operators")
    assert Job.objects.filter(kind=events.PERFORMER_SET, natural_key=str(exam.pk)).exists()
