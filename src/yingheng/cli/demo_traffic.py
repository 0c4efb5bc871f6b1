"""What goes in and out of the demonstration besides images: forwarding, messages of an information system, retakes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from yingheng.audit.actor import Actor

if TYPE_CHECKING:
    from yingheng.catalog.models import Exam
    from yingheng.tenancy.models import Organisation

_ACTOR = Actor("system:demo", "演示")
_TOLD, _NUMBER = "DEMO-A0003", "DEMO0003"  # the chest CT with missing slices, and its patient
_CLOSED_PORT = 9  # nobody listens there: the page shows how a destination that is down looks


def forwarding(hospital: Organisation) -> None:
    """A destination that is down, rules that send radiographs to it and hold MR for the daily review.

    To be called before the exams arrive: rules hold for what comes after them.
    """
    from yingheng.ingest.models import ForwardRule  # noqa: PLC0415 - after Django is set up
    from yingheng.ingest.services.forwarding_rules import RuleFields, rule_put  # noqa: PLC0415
    from yingheng.ingest.services.peers import PeerFields, remote_ae_put  # noqa: PLC0415

    if ForwardRule.objects.filter(hospital=hospital).exists():
        return
    fields = PeerFields("演示 PACS（未开机）", "DEMO_PACS", host="127.0.0.1", port=_CLOSED_PORT, is_destination=True)
    pacs = remote_ae_put(actor=_ACTOR, hospital=hospital, fields=fields)
    for position, name, modality, hold in ((10, "DR 直接转发", "DX", False), (20, "MR 审核后转发", "MR", True)):
        rule = RuleFields(name, [pacs], position=position, modalities=[modality], hold=hold)
        rule_put(actor=_ACTOR, hospital=hospital, fields=rule)


def messages_and_retakes(code: str) -> None:
    """Once, when the exams of that hospital are there: an order, a report, an item nobody knows, a refused message;
    a retake, and one to be confirmed."""
    from yingheng.catalog.models import Exam, Retake  # noqa: PLC0415 - after Django is set up
    from yingheng.catalog.services import retake_record, retake_suggest  # noqa: PLC0415
    from yingheng.ingest.models import Message  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital = Organisation.objects.get(code=code)
    if Message.objects.filter(hospital=hospital).exists():
        return
    exams = Exam.objects.filter(hospital=hospital).order_by("accession")
    ct, film = exams.filter(accession=_TOLD).first(), exams.filter(modality="DX").first()
    if ct is not None:
        _tell(hospital, ct)
        retake_record(exam=ct, reason="RT-06", origin=Retake.Origin.CONSOLE, actor=_ACTOR)
    if film is not None:
        retake_suggest(exam=film, origin=Retake.Origin.AUTOMATIC, n_exposures=1, details={"kind": "repeats"})


def _tell(hospital: Organisation, exam: Exam) -> None:
    from yingheng.common.clock import now  # noqa: PLC0415 - after Django is set up
    from yingheng.ingest.services.messages import Arrived, message_keep  # noqa: PLC0415
    from yingheng.ingest.services.messages_sources import SourceFields, message_source_put  # noqa: PLC0415

    fields = SourceFields("演示 RIS", addresses=("127.0.0.1",), application="RIS", facility="DEMO")
    source = message_source_put(actor=_ACTOR, hospital=hospital, fields=fields)
    sent = f"{exam.sort_at.astimezone(ZoneInfo(hospital.zone)) + dt.timedelta(hours=2):%Y%m%d%H%M%S}"
    for data in _messages(exam.accession, sent):
        message_keep(hospital=hospital, arrived=Arrived(data, now(), source=source, address="127.0.0.1"))


def _messages(accession: str, sent: str) -> list[bytes]:
    """An order of a known exam, its report, an order of an item without mapping, and one that tells of no exam."""
    return [
        _hl7(sent, "ORM^O01", "1", "ORC|NW|1", f"OBR|1|1||CTCHEST^胸部CT平扫{'|' * 14}{accession}{'|' * 6}CT"),
        _hl7(sent, "ORU^R01", "2", f"OBR|1|1||CTCHEST^胸部CT平扫{'|' * 14}{accession}{'|' * 4}{sent}|||F",
             "OBX|1|TX|所见||双肺纹理清晰（演示）||||||F"),
        _hl7(sent, "ORM^O01", "3", "ORC|NW|2", f"OBR|1|2||DEMOX^体检套餐乙{'|' * 14}DEMO-LATER{'|' * 6}CT"),
        _hl7(sent, "ORM^O01", "4", "NTE|1||没有申请单的消息（演示）"),
    ]  # fmt: skip


def _hl7(sent: str, kind: str, control: str, *lines: str) -> bytes:
    head = f"MSH|^~\\&|RIS|DEMO|YINGHENG|QC|{sent}||{kind}|DEMO{control}|P|2.4||||||UNICODE UTF-8"
    return "\r".join((head, f"PID|1||{_NUMBER}^^^HIS||DEMO^PATIENT||19700101|F", *lines)).encode()
