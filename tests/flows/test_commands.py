"""init, import and doctor, as somebody at a terminal meets them."""

import pytest
from click.testing import CliRunner
from django.db import OperationalError, connection

from imagingqc.dicom.synthetic import Study, ct_series
from imagingqc.protocol.items import item_catalogue
from yingheng.audit import triggers
from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, Instance
from yingheng.catalog.storage import default_storage
from yingheng.cli.doctor import doctor
from yingheng.cli.importing import import_
from yingheng.cli.init import init
from yingheng.common.ui import assets
from yingheng.jobs.models import Job
from yingheng.registry.models import ExamItem
from yingheng.tenancy.models import Organisation, User

pytestmark = pytest.mark.django_db


def call(command, *words):
    """(exit code, what was said) of a command."""
    result = CliRunner().invoke(command, [str(word) for word in words], env={"COLUMNS": "400"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path):
    ct_series(tmp_path / "ct", n=3, rows=32, study=Study(key="cmd"))
    return tmp_path / "ct"


@pytest.fixture
def set_up():
    code, said = call(init, "--code", "h1", "--name", "第一医院")
    assert code == 0, said
    return said


def test_init_makes_a_hospital_and_an_administrator_once(set_up):
    assert "admin" in set_up
    assert "密码" in set_up
    code, said = call(init, "--code", "h1", "--name", "第一医院")
    assert code == 1
    assert said.startswith("Error: ")
    code, said = call(init, "--code", "h2", "--name", "第二医院")
    assert code == 1
    assert (Organisation.objects.count(), User.objects.count()) == (1, 1)


def test_every_command_brings_the_dictionary_of_exam_items_up_to_date(set_up, folder):
    assert ExamItem.objects.count() == len(item_catalogue())
    ExamItem.objects.all().delete()
    assert call(import_, folder)[0] == 0
    assert ExamItem.objects.filter(active=True).count() == len(item_catalogue())


def test_import_needs_a_hospital(folder):
    code, said = call(import_, folder)
    assert code == 2
    assert "yingheng init" in said


def test_import_refuses_an_unknown_hospital(set_up, folder):
    code, said = call(import_, folder, "--hospital", "nowhere")
    assert code == 2
    assert "yingheng init" in said
    assert Exam.objects.count() == 0


def test_import_asks_which_of_several_hospitals(set_up, other_hospital, folder):
    assert call(import_, folder)[0] == 2
    code, said = call(import_, folder, "--hospital", "h1")
    assert code == 0, said
    assert Exam.objects.get().hospital.code == "h1"


def test_import_lists_what_it_cannot_read_and_takes_the_rest(set_up, folder):
    (folder / "notes.txt").write_text("no image")
    (folder / "empty.dcm").write_bytes(b"")
    code, said = call(import_, folder)
    assert code == 0
    assert "新入库 3，已有 0，隔离 0，检查 1，无法读取 2" in said
    assert "notes.txt: " in said
    assert "empty.dcm: 空文件" in said


def test_import_of_nothing_readable_is_an_error(set_up, tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    code, said = call(import_, tmp_path / "notes.txt")
    assert code == 2
    assert "notes.txt" in said


@pytest.fixture
def sound(set_up, folder, monkeypatch, tmp_path):
    """An installation with an exam, evaluated, and an interface that counts as built."""
    assert call(import_, folder, "--evaluate")[0] == 0
    if not (assets.DIST / "manifest.json").is_file():
        built = tmp_path / "dist"
        built.mkdir()
        (built / "manifest.json").write_text("{}")
        (built / "app.js").write_text("")
        monkeypatch.setattr(assets, "DIST", built)
        monkeypatch.setattr(assets, "manifest", lambda: {"app": {"file": "app.js"}})


def line(said, word):
    return next(text for text in said.splitlines() if word in text)


@pytest.mark.parametrize("words", [(), ("--full",)])
def test_doctor_finds_a_sound_installation_sound(sound, words):
    code, said = call(doctor, *words)
    assert "✕" not in said, said
    assert code == 0
    assert "3 个对象完好" in line(said, "影像存储")
    assert len(said.splitlines()) >= 9


def test_doctor_notices_a_missing_object(sound):
    default_storage().remove(Instance.objects.first().storage_key)
    code, said = call(doctor)
    assert code == 1
    assert "✕" in line(said, "影像存储")
    assert "1 / 3" in line(said, "影像存储")


def test_doctor_notices_a_damaged_object(sound):
    path = default_storage().local_path(Instance.objects.first().storage_key)
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    code, said = call(doctor, "--full")
    assert code == 1
    assert Instance.objects.first().sop_uid in line(said, "影像存储")


def test_doctor_notices_a_broken_audit_chain(sound):
    triggers.remove(connection)
    try:
        Entry.objects.filter(pk=Entry.objects.order_by("pk").first().pk).update(action="something.else")
    finally:
        triggers.install(connection)
    code, said = call(doctor)
    assert code == 1
    assert "✕" in line(said, "审计")


def test_doctor_notices_pending_migrations_and_looks_no_further_there(sound):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'notify'")
    code, said = call(doctor)
    assert code == 1
    assert "notify.0001_squashed" in line(said, "表结构")
    assert "审计" not in said


def test_doctor_notices_that_the_interface_is_not_built(sound, monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "DIST", tmp_path / "nothing")
    code, said = call(doctor)
    assert code == 1
    assert "✕" in line(said, "前端")


def test_doctor_warns_of_parked_jobs_without_calling_them_broken(sound):
    Job.objects.filter(pk=Job.objects.first().pk).update(state="parked", error="x")
    code, said = call(doctor)
    assert code == 0
    assert "搁置 1" in line(said, "任务")


def test_the_health_page_needs_no_account_and_says_when_the_database_is_gone(client, monkeypatch):
    answer = client.get("/healthz/")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]

    def refuse(*_words):
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/healthz/")
    assert (answer.status_code, answer.json()) == (503, {"status": "database"})
