"""Film review for tests: hospitals with exams, readers, a score sheet, and samples that are drawn and given out.

`made_campaign` writes plain rows, so that what follows a draw is tested without drawing.
"""

import datetime as dt
import io

from PIL import Image

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Instance, Report, Series
from yingheng.common.clock import local_day, now
from yingheng.common.ids import uuid7
from yingheng.registry.models import Device, Person
from yingheng.review.models import Assignment, Campaign, Case, Plan
from yingheng.review.services.assigning import campaign_begin
from yingheng.review.services.drawing import campaign_draw
from yingheng.review.services.entering import EntryFields, entry_put
from yingheng.review.services.picturing import PictureFields, picture_put
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.sheets.services import product_template, template_begin, template_publish
from yingheng.tenancy.models import Organisation, User
from yingheng.tenancy.services import organisation_create, user_create

ACTOR = Actor(id="00000000-0000-7000-8000-000000000009", name="抽样人")
DAY = dt.date(2026, 10, 15)  # exams are of this day and those after it
PASSWORD = "Radiograph-2026"

GRADES = """
[[grade]]
key = "a"
label = "甲"
label_en = "A"
least = 90

[[grade]]
key = "b"
label = "乙"
label_en = "B"
least = 80

[[grade]]
key = "c"
label = "丙"
label_en = "C"
least = 60

[[grade]]
key = "waste"
label = "废"
label_en = "Waste"
least = 0
"""

FILM = (
    """
key = "film-test"
version = 1
kind = "score"
title = "影像评分"
title_en = "Film score"
subject = "review"

[[group]]
title = "影像"
title_en = "Image"

[[group.item]]
key = "position"
type = "score"
label = "体位"
label_en = "Position"
weight = 60
deductions = [
  { key = "cut", label = "缺边", label_en = "cut off", points = 20 },
  { key = "wrong", label = "体位错误", label_en = "wrong position", points = 60, veto = true },
]

[[group.item]]
key = "contrast"
type = "score"
label = "对比"
label_en = "Contrast"
weight = 40

"""
    + GRADES
)


def make_region(code="cn-99"):
    return organisation_create(actor=None, code=code, name=f"区域{code}", name_en=code, kind="region")


def make_hospital(code="rh1", parent=None):
    """A hospital; of a region of its own unless `parent` is given."""
    above = parent or Organisation.objects.filter(code="cn-99").first() or make_region()
    return organisation_create(
        actor=None, code=code, name=f"医院{code}", name_en=code, kind="hospital", parent=above, level="三级"
    )


def make_reader(hospital, name="reader1", role="radiologist"):
    """An account that holds a role which reads (radiologist, expert, qc_officer, head)."""
    return user_create(
        actor=None, username=name, display_name=f"评片{name}", organisation=hospital, role=role, password=PASSWORD
    ).user


def make_readers(hospital, n=3, prefix="reader"):
    return [make_reader(hospital, f"{prefix}{i + 1}") for i in range(n)]


def make_device(hospital, name="CT1", modality="CT"):
    return Device.objects.create(
        hospital=hospital, identity=f"sn:m|{name}", maker="m", model=name, modality=modality, name=name,
        status=Device.Status.CONFIRMED, first_seen=now(), last_seen=now(),
    )  # fmt: skip


def make_technologist(hospital, number="T1", user=None):
    return Person.objects.create(
        hospital=hospital, staff_number=number, name=f"技师{number}", category=Person.Category.TECHNOLOGIST, user=user
    )


def make_exams(device, n=10, *, day=DAY, performer=None, series=True, key="", **columns):
    """`n` closed exams of a device on the days from `day` on (one each day of 20, then again), with pixels.

    Bulk rows: no job follows.  `series=False` leaves out series and instances (quick, for frames of thousands).
    """
    uid, at = f"2.25.{uuid7().int}", dt.datetime.combine(day, dt.time(2), tzinfo=dt.UTC)
    common = {"hospital": device.hospital, "device": device, "modality": device.modality, "state": Exam.State.CLOSED,
              "body_part": "CHEST", "outcome": "PASS", "performer": performer, "received_at": at, "closed_at": at,
              "last_received_at": at, "n_series": 1, "n_instances": 1}  # fmt: skip
    exams = [
        Exam(study_uid=f"{uid}.{i}", accession=f"{key or device.name}-{i}", source_key=f"{i}",
             sort_at=at + dt.timedelta(days=i % 20, minutes=i), started_at=at + dt.timedelta(days=i % 20, minutes=i),
             local_day=day + dt.timedelta(days=i % 20), **common | columns)
        for i in range(n)
    ]  # fmt: skip
    Exam.objects.bulk_create(exams)
    if series:
        _images(exams)
    return exams


def _images(exams):
    rows = [
        Series(hospital=e.hospital, exam=e, series_uid=f"{e.study_uid}.1", device=e.device, modality=e.modality,
               sop_class_uid="1.2.840.10008.5.1.4.1.1.2", source_key="1", n_instances=1, n_frames=1,
               received_at=e.received_at, last_received_at=e.received_at, state=Series.State.COMPLETE)
        for e in exams
    ]  # fmt: skip
    Series.objects.bulk_create(rows)
    Instance.objects.bulk_create(
        Instance(hospital=s.hospital, series=s, sop_uid=f"{s.series_uid}.1", sop_class_uid=s.sop_class_uid,
                 storage_key=f"objects/00/00/{s.pk.hex}.dcm", sha256=s.pk.hex, size=1, rows=8, columns=8,
                 transfer_syntax_uid="1.2.840.10008.1.2.1", received_at=s.received_at)
        for s in rows
    )  # fmt: skip


def make_report(exam, *, signers=(), state="final"):
    return Report.objects.create(
        hospital=exam.hospital, exam=exam, version=1, state=state, findings="所见", impression="印象",
        signers=list(signers), received_at=exam.received_at,
    )  # fmt: skip


def make_sheet(hospital, text=FILM):
    """A published score sheet of the hospital: key "film-test", items position (60) and contrast (40), 甲乙丙废."""
    return template_publish(actor=ACTOR, template=template_begin(actor=ACTOR, hospital=hospital, text=text))


def reading(pool=(), **more):
    """ReadingSpec of two readers with everybody of `pool` reading."""
    return ReadingSpec(pool=tuple(str(user.pk) for user in pool), **more)


def make_plan(organisation, template, *, name="每月评片", pool=(), sampling=None, reads=None, **columns):
    """A row of Plan, not written by the service."""
    fixed = {"purpose": "monthly", "subject_kind": "exam", "every": "month"}
    return Plan.objects.create(
        organisation=organisation, name=name, template=template.key, created_at=now(), changed_at=now(),
        sampling=(sampling or SamplingSpec(size=10)).as_dict(), reading=(reads or reading(pool)).as_dict(),
        **fixed | columns,
    )  # fmt: skip


def make_campaign(organisation, exams, template, *, pool=(), reads=None, state="reading", key="made", **columns):
    """A row of Campaign with one waiting case for every exam, numbered in the order given; nobody reads yet."""
    fixed = {"purpose": "monthly", "subject_kind": "exam"}
    days = [exam.local_day for exam in exams]
    campaign = Campaign.objects.create(
        organisation=organisation, key=key, title=f"评片 {key}", template=template, first_day=min(days),
        last_day=max(days), sampling=SamplingSpec(size=len(exams)).as_dict(),
        reading=(reads or reading(pool)).as_dict(), seed="seed", frame_digest="0" * 64, n_frame=len(exams),
        n_cases=len(exams), state=state, due_on=local_day(organisation.zone) + dt.timedelta(days=14),
        drawn_at=now(), drawn_by_name=ACTOR.name, **fixed | columns,
    )  # fmt: skip
    for number, exam in enumerate(exams, start=1):
        make_case(campaign, exam, number)
    return campaign


def make_case(campaign, exam, number, **columns):
    fixed = {"origin": Case.Origin.DRAWN, "reason": "random", "stratum": [str(exam.device_id)], "p": 1.0}
    return Case.objects.create(
        campaign=campaign, hospital=exam.hospital, subject_id=exam.pk, exam=exam, device=exam.device,
        performer=exam.performer, item=exam.item, template=campaign.template, modality=exam.modality,
        body_part=exam.body_part, local_day=exam.local_day, number=number, **fixed | columns,
    )  # fmt: skip


def give(case, reader, slot=1, **columns):
    """A row of Assignment."""
    place = Assignment.objects.filter(reader=reader, campaign=case.campaign).count() + 1
    fixed = {"due_on": case.campaign.due_on, "assigned_at": now(), "place": place}
    return Assignment.objects.create(
        case=case, campaign=case.campaign, hospital=case.hospital, slot=slot, reader=reader, **fixed | columns
    )


def made_campaign(*, hospital=None, n=4, n_readers=2, arbiters=1, reads=None, **columns):
    """Everything at once: (campaign, readers, arbiter users).  Every case is given to the first two readers.

    `campaign.cases.order_by("number")` are the cases; `campaign.assignments` who reads them.
    """
    hospital = hospital or make_hospital()
    readers = make_readers(hospital, n_readers)
    judges = make_readers(hospital, arbiters, prefix="arbiter")
    fixed = {"readers": min(2, n_readers), "arbiters": tuple(str(u.pk) for u in judges)}
    technologist = make_technologist(hospital)
    exams = make_exams(make_device(hospital), n, performer=technologist)
    campaign = make_campaign(hospital, exams, make_sheet(hospital), reads=reads or reading(readers, **fixed), **columns)
    for case in campaign.cases.order_by("number"):
        for slot, reader in enumerate(readers[:2], start=1):
            give(case, reader, slot)
    return campaign, readers, judges


def users(ids):
    return list(User.objects.filter(pk__in=ids))


def make_review(exam, code):
    """A plan, its sample of the exam's day being read, a case of it, and somebody of the staff: ids by name."""
    hospital = exam.hospital
    readers = make_readers(hospital, 2, prefix=f"reads-{code}-")
    plan = make_plan(hospital, product_template(key="ct"), pool=readers, sampling=SamplingSpec(allocation="all"))
    campaign = campaign_draw(actor=ACTOR, plan=plan, first_day=exam.local_day, last_day=exam.local_day)
    campaign_begin(actor=ACTOR, campaign=campaign)
    case = campaign.cases.get(subject_id=exam.pk)
    person = make_technologist(hospital, f"S-{code}")
    return {"review_plan": plan.pk, "review_sample": campaign.pk, "review_case": case.pk,
            "review_person": person.pk, "review_reader": readers[0].pk,
            "review_assignment": campaign.assignments.first().pk, **make_dictionary(hospital)}  # fmt: skip


def make_dictionary(hospital):
    """An own defect and a reference picture of the hospital."""
    row = {"zh": f"缺陷 {hospital.code}", "class": "artefact", "severity": "minor"}
    entry = entry_put(actor=ACTOR, organisation=hospital, fields=EntryFields("defect", row))
    fields = PictureFields(position="CH-PA", source="本院", licence="本院教学", confirmed="已看")
    picture = picture_put(actor=ACTOR, organisation=hospital, fields=fields, data=png_bytes())
    return {"review_entry": entry.code, "review_picture": picture.pk}


def png_bytes(size=(40, 30), value=120, **save):
    """A small grey picture as PNG."""
    out = io.BytesIO()
    Image.new("L", size, value).save(out, "PNG", **save)
    return out.getvalue()
