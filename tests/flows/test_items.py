"""From an unknown text to a judged exam: the queue, a press on a suggestion, the whole history, and back."""

import csv

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from imagingqc.dicom.synthetic import Patient, Study, ct_series, mr_exam
from yingheng.audit.actor import Actor
from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam
from yingheng.catalog.services import item_key_decide
from yingheng.cli.items import items
from yingheng.common.ids import uuid7
from yingheng.evidence.models import MeasurementSet
from yingheng.ingest.services import folder_import
from yingheng.jobs.worker import run_due_here
from yingheng.registry.models import ItemMapping
from yingheng.registry.services import exam_item_of, exam_items_load

pytestmark = pytest.mark.django_db
CEILING = 15


@pytest.fixture(autouse=True)
def _chinese_with_the_dictionary(db):
    exam_items_load()
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def bring(hospital, tmp_path):
    """`bring("体检套餐A")` imports and evaluates a CT of that description."""

    def work(text, n=1, at=None):
        at = at or hospital
        folder = tmp_path / f"{at.code}-{text}"
        for i in range(n):
            patient = Patient(name=f"DEMO^{i}", id=f"P{i}")
            ct_series(folder / str(i), n=4, rows=32, patient=patient, study=Study(key=f"{text}{i}", description=text))
        folder_import(hospital=at, paths=[folder], actor=Actor("system:test", "test"))
        run_due_here()
        return list(Exam.objects.filter(hospital=at, description=text))

    return work


def page(client, name="web:items", *args, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def press(client, hospital, key, decision):
    url = f"{reverse('web:item_decide', args=[hospital.pk])}?key={key.replace('|', '%7C')}"
    return client.post(url, {"decision": decision})


def test_a_press_on_a_suggestion_settles_a_text_and_judges_its_exams_anew(bring, hospital, signed_in):
    exams = bring("体检套餐A", n=2)
    client = signed_in("qc_officer", "wang")
    shown = page(client)
    assert "有 2 个检查未对照项目" in shown
    assert "体检套餐A" in shown
    assert "item:CT-CHEST-PL" in shown  # by the body part; nothing is applied by itself
    assert {e.item_id for e in exams} == {None}
    assert press(client, hospital, "CT|体检套餐A", "item:CT-CHEST-PL").url.startswith(reverse("web:items"))
    assert {e.item.code for e in Exam.objects.all()} == {"CT-CHEST-PL"}
    run_due_here()
    assert {MeasurementSet.objects.get(exam=e, subject_type="exam", is_current=True).context["facts"].get("item")
            for e in exams} == {"CT-CHEST-PL"}  # fmt: skip
    assert "有 0 个检查未对照项目" in page(client)
    assert "本院对照" in page(client, state="mapped")
    entry = Entry.objects.get(action="item_mapping.item")
    assert (entry.actor_name, entry.scope) == ("某qc_officer", hospital.path)


def test_what_was_confirmed_is_suggested_for_the_next_text_with_its_reason(bring, hospital, signed_in):
    bring("体检套餐A", n=2)
    client = signed_in("head", "zhao")
    press(client, hospital, "CT|体检套餐A", "item:CT-CHEST-LD")
    bring("体检套餐B")
    shown = page(client)
    assert "item:CT-CHEST-LD" in shown
    assert "与已确认的「体检套餐A」相似 0.63，2 次检查" in shown


def test_a_suggestion_turned_down_does_not_come_back(bring, hospital, signed_in):
    bring("体检套餐A")
    client = signed_in("qc_officer", "wang")
    shown = page(client, "web:item_key", hospital.pk, key="CT|体检套餐A")
    assert "rejected:CT-CHEST-PL" in shown
    press(client, hospital, "CT|体检套餐A", "rejected:CT-CHEST-PL")
    assert "item:CT-CHEST-PL" not in page(client)
    assert Exam.objects.get().item_state == "unmapped"


def test_a_mapping_is_changed_with_a_reason_and_its_history_is_shown(bring, hospital, signed_in):
    bring("胸部CT平扫")
    client = signed_in("qc_officer", "wang")
    url = f"{reverse('web:item_key', args=[hospital.pk])}?key=CT%7C胸部CT平扫"
    refused = client.post(url, {"decision": "item", "item": "CT-CHEST-LD  胸部低剂量", "reason": ""})
    assert refused.status_code == 400
    assert Exam.objects.get().item.code == "CT-CHEST-PL"
    assert client.post(url, {"decision": "item", "item": "CT-CHEST-LD", "reason": "本院即低剂量"}).status_code == 302
    assert Exam.objects.get().item.code == "CT-CHEST-LD"
    shown = client.get(url).content.decode()
    assert "本院即低剂量" in shown
    assert "某qc_officer" in shown
    assert client.post(url, {"decision": "follow", "reason": "按词典"}).status_code == 302
    run_due_here()
    exam = Exam.objects.get()
    assert (exam.item.code, exam.item_source) == ("CT-CHEST-PL", "dictionary")


def test_an_unknown_item_and_a_text_without_words_are_refused(bring, hospital, signed_in):
    bring("体检套餐A")
    client = signed_in("qc_officer", "wang")
    url = f"{reverse('web:item_key', args=[hospital.pk])}?key=CT%7C体检套餐A"
    assert client.post(url, {"decision": "item", "item": "NO-SUCH"}).status_code == 400
    for key, decision in (("CT|", "not_exam"), ("CT|体检套餐A", "item:NO-SUCH"), ("CT|体检套餐A", "item:MR-KNEE"),
                          ("CT|体检套餐A", "")):  # fmt: skip
        assert press(client, hospital, key, decision).status_code == 302
    assert not ItemMapping.objects.exists()
    assert client.get(f"{reverse('web:item_key', args=[hospital.pk])}?key=CT%7Cnobody").status_code == 404


def test_one_exam_is_set_by_a_person_and_follows_its_text_again(bring, hospital, signed_in):
    first, second = bring("体检套餐A", n=2)
    client = signed_in("qc_officer", "wang")
    url = reverse("web:exam_item", args=[first.pk])
    assert client.post(url, {"decision": "item", "item": "CT-CHEST-CE", "reason": ""}).status_code == 400
    assert client.post(url, {"decision": "item", "item": "CT-CHEST-CE", "reason": "注了药"}).status_code == 302
    press(client, hospital, "CT|体检套餐A", "item:CT-CHEST-LD")
    run_due_here()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.item.code, second.item.code) == ("CT-CHEST-CE", "CT-CHEST-LD")
    assert "人工指定" in page(client, "web:exam", first.pk)
    assert client.post(url, {"decision": "follow", "reason": "看错了"}).status_code == 302
    first.refresh_from_db()
    assert first.item.code == "CT-CHEST-LD"


def test_a_mapping_gives_an_mr_exam_its_required_series(hospital, tmp_path, actor):
    """Nobody but a person knows this text; from then on the list of series of that item counts."""
    mr_exam(tmp_path / "mr", "knee", omit=("T1SAG",), n=6, rows=64)
    folder_import(hospital=hospital, paths=[tmp_path / "mr"], actor=Actor("system:test", "test"))
    run_due_here()
    exam = Exam.objects.get()
    known = exam.item.code
    Exam.objects.update(item=None, item_state="", item_source="")

    def missing():
        values = MeasurementSet.objects.get(exam=exam, subject_type="exam", is_current=True).values
        return next(v["value"] for v in values if v["quantity"] == "mr.required_series.missing_expert")

    before = missing()
    item_key_decide(actor=actor, hospital=hospital, key=exam.item_key, verb="not_exam", reason="测试")
    run_due_here()
    assert missing() is None
    item_key_decide(
        actor=actor, hospital=hospital, key=exam.item_key, verb="item", item=exam_item_of(known), reason="改正"
    )
    run_due_here()
    assert before is not None
    assert missing() == before


def test_only_those_who_may_see_and_decide(bring, hospital, other_hospital, signed_in):
    bring("体检套餐A")
    bring("别院套餐", at=other_hospital)
    technologist = signed_in("technologist", "zhang")
    shown = page(technologist)
    assert "体检套餐A" in shown
    assert "别院套餐" not in shown
    assert "item:" not in shown
    assert press(technologist, hospital, "CT|体检套餐A", "item:CT-CHEST-PL").status_code == 403
    officer = signed_in("qc_officer", "wang")
    assert press(officer, other_hospital, "CT|别院套餐", "item:CT-CHEST-PL").status_code == 404
    assert not ItemMapping.objects.exists()


def test_today_and_the_exam_list_count_what_waits(bring, signed_in):
    bring("体检套餐A", n=2)
    bring("胸部CT平扫")
    client = signed_in("qc_officer", "wang")
    assert "未对照项目的检查" in page(client, "web:today")
    found = page(client, "web:exams", item="=unmapped")
    assert found.count("体检套餐A") >= 2
    assert "胸部CT平扫 " not in found
    assert ">胸部<" in found  # the body part in words
    chest = exam_item_of("CT-CHEST-PL")
    assert "体检套餐A" not in page(client, "web:exams", item=str(chest.pk))
    assert "胸部CT平扫" not in page(client, "web:exams", key="CT|体检套餐A").split("<tbody>")[1]


def test_every_page_costs_the_same_at_any_size(bring, hospital, actor, signed_in):
    (exam,) = bring("体检套餐A")
    client = signed_in("head", "zhao")
    key = f"{reverse('web:item_key', args=[hospital.pk])}?key=CT%7C体检套餐A"
    urls = [reverse("web:items"), f"{reverse('web:items')}?state=mapped", f"{reverse('web:items')}?state=excluded", key,
            reverse("web:exam_item", args=[exam.pk]), reverse("web:exam", args=[exam.pk]), reverse("web:exams"),
            reverse("web:today")]  # fmt: skip

    def cost(url):
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen), "\n".join(q["sql"][:150] for q in seen)

    few = {url: cost(url) for url in urls}
    many = []
    for i in range(150):
        row = Exam(**{f.attname: getattr(exam, f.attname) for f in Exam._meta.concrete_fields})
        row.pk, row.study_uid, row.item_key = uuid7(), f"2.25.{i}", f"CT|体检套餐A {i % 75}"
        many.append(row)
    Exam.objects.bulk_create(many)
    for i in range(20):
        item_key_decide(
            actor=actor, hospital=hospital, key=f"CT|体检套餐A {i}", verb="item", item=exam_item_of("CT-CHEST-LD")
        )
    for url, (n, sql) in few.items():
        again, more = cost(url)
        assert n <= CEILING, f"{url}: {n}\n{sql}"
        assert again <= min(n + 2, CEILING), f"{url}: {n} -> {again}\n{more}"


def call(*words):
    result = CliRunner().invoke(items, [str(word) for word in words], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_mappings_go_out_and_come_back_as_a_table(bring, hospital, tmp_path):
    bring("体检套餐A", n=2)
    bring("胸部CT平扫")
    code, said = call()
    assert code == 0
    assert "体检套餐A" in said
    assert "1 条描述、2 个检查未对照项目" in said
    file = tmp_path / "items.csv"
    assert call("export", file)[0] == 0
    with file.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.DictReader(source))
    assert [(r["key"], r["n_exams"], r["state"], r["suggested"]) for r in rows] == [
        ("CT|体检套餐A", "2", "unmapped", "CT-CHEST-PL"),
        ("CT|胸部CT平扫", "1", "mapped", ""),
    ]
    rows[0] |= {"decision": "item", "item": "CT-CHEST-LD"}
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert call("import", file, "--by", "王质控")[0] == 0
    assert {e.item.code for e in Exam.objects.filter(description="体检套餐A")} == {"CT-CHEST-LD"}
    assert Entry.objects.get(action="item_mapping.item").actor_name == "王质控"
    assert "0 条决定" in call("import", file, "--by", "王质控")[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key,decision\nCT|x,item\n", "columns missing: item"),
        ("key,decision,item\nCT|甲,item,CT-CHEST-PL\nCT|乙,item,NO-SUCH\n", "第 3 行"),
        ("key,decision,item\nCT|甲,item,CT-CHEST-PL\nCT|乙,perhaps,\n", "第 3 行"),
        ("key,decision,item\nCT|甲,item,MR-KNEE\n", "第 2 行"),
    ],
)
def test_a_bad_table_changes_nothing(hospital, tmp_path, text, said):
    file = tmp_path / "bad.csv"
    file.write_text(text, encoding="utf-8")
    code, output = call("import", file, "--by", "王质控")
    assert code != 0
    assert said in output
    assert not ItemMapping.objects.exists()
