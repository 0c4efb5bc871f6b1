"""An information system that tells of an exam, its request, report and patient, with names in every place."""

from __future__ import annotations

import json
from typing import Any

from yingheng.catalog.models import Exam, Patient, PatientLink
from yingheng.common.clock import now
from yingheng.ingest.models import Message, MessageSource
from yingheng.ingest.services.messages import Arrived, message_keep

FAMILY, GIVEN, PHONE = "欧阳", "诸葛测", "13800009999"
SENT = "20260131102030"


def hl7(kind: str, control: str, *lines: str) -> bytes:
    return "\r".join((f"MSH|^~\\&|RIS|H1|YH|QC|{SENT}||{kind}|{control}|P|2.4||||||UNICODE UTF-8", *lines)).encode()


def pid(number: str) -> str:
    return f"PID|1||{number}^^^HIS||{FAMILY}^{GIVEN}||19800102|M|||某路1号||{PHONE}"


def secrets_of(number: str) -> list[str]:
    """What nobody may read who may not see names."""
    return [number, FAMILY, GIVEN, PHONE, f"{FAMILY}{GIVEN}"]


def tell(exam: Exam, number: str) -> dict[str, Any]:
    """Messages about the exam of the patient `number`; gives what addresses can name."""
    hospital = exam.hospital
    exam.accession = exam.accession or f"ACC-{hospital.code}"
    exam.save(update_fields=["accession"])
    source = MessageSource.objects.create(hospital=hospital, name="RIS", addresses=["10.0.0.0/8"])

    def take(data: bytes, **more: Any) -> Message:
        return message_keep(hospital=hospital, arrived=Arrived(data, now(), source=source, **more))

    name = f"{FAMILY}{GIVEN}"
    take(hl7("ADT^A08", "C1", pid(number), f"NK1|1|{FAMILY}^家属|配偶||{PHONE}"))
    request = f"OBR|1|A1||X1^特别项目{'|' * 9}患者{name}咳嗽，{number}{'|' * 5}{exam.accession}{'|' * 6}CT"
    take(hl7("ORM^O01", "C2", pid(number), "ORC|NW|A1", request))
    take(hl7("ORU^R01", "C3", pid(number), f"OBR|1|A1||X1^特别项目{'|' * 14}{exam.accession}{'|' * 4}{SENT}|||F",
             f"OBX|1|TX|所见||{name}（{number}）双肺纹理清晰||||||F"))  # fmt: skip
    take(hl7("ADT^A40", "C4", pid(number), f"MRG|{number}-OLD"))
    broken = take(hl7("ORM^O01", "C5", pid(number), f"NTE|1||{name}"))
    body = {
        "accession": "LATER",
        "findings": f"{name} 未见异常",
        "patient": {"id": number, "name": f"{FAMILY}^{GIVEN}"},
    }
    pushed = take(json.dumps([body], ensure_ascii=False).encode(), channel=Message.Channel.JSON, kind="reports")
    assert (broken.state, pushed.state) == ("failed", "waiting"), (broken.reason, pushed.reason)
    link = PatientLink.objects.get(hospital=hospital)
    return {
        "told": broken.pk,
        "pushed": pushed.pk,
        "message_source": source.pk,
        "patient": Patient.objects.get(pk=link.kept_id).pk,
        "patient_link": link.pk,
    }
