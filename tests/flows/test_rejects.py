"""Rejected exposures through the platform: by jobs as they follow each other, by command, and in the demonstration."""

import datetime as dt

import pytest
from click.testing import CliRunner
from tests.apps.rejects.making import ACTOR, DAY, csv_of, device_of, exam_of, retake_of, step_of, zh_rows

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Retake
from yingheng.catalog.services import retake_confirm, retake_reject, retake_suggest
from yingheng.cli.demo_rejects import rejects as demo_rejects
from yingheng.cli.rejects import rejects
from yingheng.common.clock import now
from yingheng.jobs.worker import run_due_here
from yingheng.rejects.handlers import folders_ask
from yingheng.rejects.logs.decoding import sheet_of
from yingheng.rejects.logs.headings import guessed
from yingheng.rejects.models import CountedDay, LogFile, LogFolder, RejectedExposure
from yingheng.rejects.reasons import UNKNOWN
from yingheng.rejects.services.counting import RECOUNTS
from yingheng.rejects.services.folders import FolderFields, folder_put
from yingheng.rejects.services.importing import log_bring, log_sheet, log_start, profile_save
from yingheng.rejects.services.reasons import reason_decide
from yingheng.rejects.services.withdrawing import log_withdraw
from yingheng.rejects.sums import Asked, rates, reasons
from yingheng.rollups.services import cell_verify
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.services import user_create

pytestmark = pytest.mark.django_db
MONTH = DAY.replace(day=1)
ALL = Scope.everything()


@pytest.fixture
def device(hospital, settings):
    settings.YINGHENG_JOB_ROUTES = "yingheng.pipeline.routes.ROUTES"
    return device_of(hospital)


def asked(month=MONTH):
    return Asked(ALL, month, month)


def proven():
    for name, recount in RECOUNTS.items():
        assert cell_verify(indicator=name, scope=ALL, recount=recount) == [], name


def test_it_follows_from_a_log_to_the_figures_by_jobs_alone(device, hospital):
    row = log_bring(actor=ACTOR, device=device, name="a.csv", data=csv_of(zh_rows(100, reasons=("没见过",))))
    log_start(actor=ACTOR, row=row, mapping=guessed(log_sheet(row).rows), first_day=DAY, last_day=DAY)
    run_due_here()
    assert rates(asked()).total == (10, 100)
    assert reasons(asked()) == {UNKNOWN: 10}
    reason_decide(actor=ACTOR, hospital=hospital, text="没见过", reason="RT-06")
    run_due_here()
    assert reasons(asked()) == {"RT-06": 10}
    proven()


def test_it_follows_what_people_settle_in_the_register(device):
    exam = exam_of(device, n=9)
    step_of(exam, 1)
    retake_suggest(exam=exam, origin=Retake.Origin.CONSOLE, n_exposures=1, details={"kind": "rejected"})
    entry = Retake.objects.get()
    retake_confirm(actor=ACTOR, retake=entry, reason="RT-01")
    run_due_here()
    assert rates(asked()).total == (1, 10), "the step and the entry are one"
    assert reasons(asked()) == {"RT-01": 1}
    retake_reject(actor=ACTOR, retake=entry, reason="双侧对照")
    run_due_here()
    assert rates(asked()).total == (1, 10)
    assert reasons(asked()) == {"-": 1}
    retake_of(exam, "RT-05", Retake.Origin.REVIEW)
    retake_suggest(exam=exam, origin=Retake.Origin.AUTOMATIC, n_exposures=1, details={})
    retake_confirm(actor=ACTOR, retake=Retake.objects.get(state="suggested"), reason="RT-02")
    run_due_here()
    assert rates(asked()).total == (2, 10)
    proven()


def call(*words):
    result = CliRunner().invoke(rejects, [str(word) for word in words], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_it_imports_by_command(device, tmp_path):
    file = tmp_path / "log.csv"
    file.write_bytes(csv_of([*zh_rows(60), ("x", "", "", "", "接受", "", "", "")], encoding="gb18030"))
    code, said = call("import", file, "--device", "DR1", "--by", "王质控")
    assert code == 0, said
    assert "新增 6" in said
    assert "62: " in said
    code, said = call("import", file, "--device", device.pk, "--by", "王质控", "--first", "2026-10-13")
    assert "已有 6" in said
    run_due_here()
    assert rates(asked()).total == (6, 60)
    assert call("import", file, "--device", "DR9", "--by", "x")[0] == 2
    assert call("import", file, "--device", "DR1", "--by", "x", "--profile", "none")[0] == 2
    file.write_bytes(b"nothing here")
    assert call("import", file, "--device", "DR1", "--by", "x")[0] == 2
    code, said = call("count", "--first", "2026-10-01")
    assert (code, said.split()[0]) == (0, "1")


def test_it_follows_from_a_folder_to_the_figures_and_back(device, settings, tmp_path, monkeypatch):
    """A device leaves its log in a share; by chore and jobs alone it counts, and counts no more when it is taken back.

    The day was known by MPPS before, and is again.
    """
    share = (tmp_path / "share").resolve()
    share.mkdir()
    settings.YINGHENG_WATCH_ROOTS, settings.YINGHENG_HOME = [str(share)], tmp_path / "home"
    step_of(exam_of(device, n=9), 1)
    data = csv_of(zh_rows(100), encoding="gb18030")
    (share / "log.csv").write_bytes(data)
    columns = guessed(sheet_of(data).rows)
    kept = profile_save(actor=ACTOR, device=device, name="DR", mapping=columns)
    folder_put(actor=ACTOR, fields=FolderFields(profile=kept, path=str(share), after="move"))
    start = now()
    for minutes in (0, 1):
        monkeypatch.setattr("yingheng.rejects.services.looking.now", lambda n=minutes: start + dt.timedelta(minutes=n))
        LogFolder.objects.update(looked_at=None)
        folders_ask()
        run_due_here()
    assert (share / "_taken" / "log.csv").read_bytes() == data
    assert rates(asked()).total == (10, 100)
    log_withdraw(actor=ACTOR, row=LogFile.objects.get(), reason="另一台设备的日志")
    run_due_here()
    assert rates(asked()).total == (1, 10)
    assert CountedDay.objects.get().source == "mpps"
    proven()
    code, said = call("watch", "--once")
    assert (code, "取走 0" in said) == (0, True)
    share.rename(tmp_path / "gone")
    assert call("watch", "--once")[0] == 1


def test_it_shows_a_log_in_the_demonstration(device, hospital):
    user_create(actor=None, username="wang", display_name="王质控（演示）", organisation=hospital, role="qc_officer",
                password="Radiograph-2026")  # fmt: skip
    for _n in range(2):
        demo_rejects(hospital.code)
    row = LogFile.objects.get()
    assert (row.state, row.is_demo, row.made_by_name, row.n_refused) == ("done", True, "王质控（演示）", 0)
    rejected, acquired = rates(asked(row.first_day)).total
    assert acquired > 400
    assert 0.04 < rejected / acquired < 0.11
    assert (
        RejectedExposure.objects.filter(reason="").values_list("reason_text", flat=True).distinct().get()
        == "窗口显示怪"
    )
    assert CountedDay.objects.filter(source="log").count() == 24
    assert row.last_day < dt.datetime.now(dt.UTC).date().replace(day=1)
    assert Actor(row.made_by_id, row.made_by_name)
    run_due_here()
    proven()
