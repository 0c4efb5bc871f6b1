"""Generated logs of devices, and exams with images, for tests of the reject analysis."""

import datetime as dt
import io

import xlsxwriter

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, PerformedStep, Retake, Series
from yingheng.common.clock import now
from yingheng.common.ids import uuid7
from yingheng.registry.models import Device
from yingheng.rejects.logs.headings import Columns, guessed, titles_of
from yingheng.rejects.models import LogFolder, LogProfile
from yingheng.rejects.services.importing import log_bring, log_import, log_sheet, log_start

ACTOR = Actor(id="00000000-0000-7000-8000-000000000007", name="导入人")
DAY = dt.date(2026, 10, 13)
ZH_HEADS = ("检查日期", "检查时间", "检查部位", "投照体位", "状态", "拒绝原因", "技师", "检查号")
EN_HEADS = ("Date Time", "Body Part", "View Position", "Reject Reason", "Operator", "Accession Number")


def device_of(hospital, name="DR1", modality="DX"):
    return Device.objects.create(
        hospital=hospital, identity=f"maker|{name}", name=name, modality=modality, maker="Maker", serial=name
    )


def exam_of(device, *, day=DAY, hour=9, n=2, accession="", modality="DX", views=("PA",), intent="FOR PRESENTATION",
            performer=None, part="CHEST"):  # fmt: skip
    """A closed exam with `n` images of each view, begun at `hour` o'clock of Shanghai."""
    at = dt.datetime.combine(day, dt.time(hour), dt.timezone(dt.timedelta(hours=8)))
    uid = f"1.2.{uuid7().int}"
    exam = Exam.objects.create(
        hospital_id=device.hospital_id, study_uid=uid[:60], device=device, accession=accession, modality=modality,
        body_part=part, started_at=at, ended_at=at + dt.timedelta(minutes=5), received_at=at, last_received_at=at,
        sort_at=at, local_day=day, performer=performer, state=Exam.State.CLOSED, n_instances=n * len(views),
    )  # fmt: skip
    for number, view in enumerate(views):
        series_of(exam, f"{uid[:50]}.{number}", n, view=view, intent=intent, part=part)
    return exam


def series_of(exam, uid, n, *, view="PA", intent="FOR PRESENTATION", part="CHEST", kind=("ORIGINAL", "PRIMARY"),
              sop_class="1.2.840.10008.5.1.4.1.1.1.1"):  # fmt: skip
    facts = {"ViewPosition": view, "PresentationIntentType": intent, "ImageType": list(kind)}
    return Series.objects.create(
        hospital_id=exam.hospital_id, exam=exam, series_uid=uid, device=exam.device, modality=exam.modality,
        body_part=part, sop_class_uid=sop_class, facts={k: v for k, v in facts.items() if v}, n_instances=n,
        received_at=exam.received_at, last_received_at=exam.received_at,
    )  # fmt: skip


def step_of(exam, rejected):
    return PerformedStep.objects.create(
        hospital_id=exam.hospital_id, sop_uid=f"9.{uuid7().int}"[:60], study_uid=exam.study_uid, exam=exam,
        modality=exam.modality, state="completed", ended_at=exam.ended_at, rejected_exposures=rejected,
    )  # fmt: skip


def retake_of(exam, reason="RT-01", origin=Retake.Origin.CONSOLE, n=1):
    return Retake.objects.create(
        hospital_id=exam.hospital_id, exam=exam, reason=reason, origin=origin, n_exposures=n, asked_at=now()
    )


def zh_rows(n, *, day=DAY, every=10, reasons=("体位不正",), tech="张三"):
    """`n` exposures a minute apart from 8 o'clock; every tenth is rejected."""
    rows = []
    for number in range(n):
        out = number % every == 0
        clock = f"{8 + number // 60:02}:{number % 60:02}:00"
        why = reasons[number // every % len(reasons)] if out else ""
        rows.append((f"{day:%Y/%m/%d}", clock, "胸部", "后前位", "拒绝" if out else "接受", why, tech, f"A{number}"))
    return rows


def text_of(rows, heads=ZH_HEADS, separator=",", preamble=()):
    lines = [*preamble, separator.join(heads), *(separator.join(map(str, row)) for row in rows)]
    return "\r\n".join(lines) + "\r\n"


def csv_of(rows, heads=ZH_HEADS, encoding="utf-8", **more):
    return text_of(rows, heads, **more).encode(encoding)


def workbook_of(rows, heads):
    """An .xlsx; dates and times are cells of that kind."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet, moment = book.add_worksheet(), book.add_format({"num_format": "yyyy/m/d h:mm:ss"})
        sheet.write_row(0, 0, heads)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, dt.datetime):
                    sheet.write_datetime(number, column, cell, moment)
                else:
                    sheet.write(number, column, cell)
    return out.getvalue()


def brought(device, data, *, first=DAY, last=DAY, name="log.csv", mapping=None, profile=""):
    """A file brought, started and imported."""
    row = log_bring(actor=ACTOR, device=device, name=name, data=data)
    mapping = mapping or guessed(log_sheet(row).rows)
    log_start(actor=ACTOR, row=row, mapping=mapping, first_day=first, last_day=last, profile=profile)
    row.refresh_from_db()
    return log_import(row=row)


def folder_of(row, path="/nowhere"):
    """A watched folder for the logs of a file's device, its columns kept; set directly, whether or not it exists."""
    mapping = row.mapping | {"titles": titles_of([list(ZH_HEADS)], Columns.from_dict(row.mapping))}
    profile = LogProfile.objects.create(
        hospital_id=row.hospital_id, device_id=row.device_id, name="DR 日志", mapping=mapping, made_by_name=ACTOR.name,
        made_at=now(),
    )  # fmt: skip
    return LogFolder.objects.create(
        hospital_id=row.hospital_id, device_id=row.device_id, profile=profile, path=str(path),
        made_by_name=ACTOR.name, made_at=now(),
    )  # fmt: skip


def make_rejects(device):
    """A log brought and imported with one text that nobody knows, a folder: ids for tables of addresses."""
    row = brought(device, csv_of(zh_rows(1, reasons=("不明",))))
    folder = folder_of(row, f"/nowhere/{device.pk}")
    return {"reject_log": row.pk, "rejected_exposure": row.rejected.get().pk, "reject_text": "不明",
            "reject_folder": folder.pk}  # fmt: skip
