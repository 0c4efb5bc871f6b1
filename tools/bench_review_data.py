"""A region that has reviewed films for five years: plain rows in bulk, within every constraint, triggers in place.

At size 1: 12 hospitals, 60 devices, 300 technologists, 40 readers, about half a million cases and a million readings.
The running month is being read; of every month before it the results were announced.  Cells are summed beside the
rows, and proven by the recount of the product.  Invented numbers: they say nothing of any film.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench_review_rows import ids, insert
from django.db import connection, transaction

from yingheng.catalog.models import Exam
from yingheng.catalog.services import exam_items_refresh
from yingheng.common.clock import now
from yingheng.common.ids import uuid7
from yingheng.registry.models import Device, ExamItem, Person
from yingheng.review.models import Appeal, Assignment, Campaign, Case, Plan, Reading, Ruling, SignOff, Tracing
from yingheng.review.services.counting import DAILY, EXCELLENT, GRADE, SCORE, WASTE
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.rollups import histogram
from yingheng.rollups.models import SUM_SCALE, Cell
from yingheng.rollups.services import dimensions_hash
from yingheng.sheets.models import Response
from yingheng.sheets.services import product_template
from yingheng.tenancy.models import Organisation, User
from yingheng.tenancy.services import organisation_create, user_create

HOSPITALS, DEVICES, TECHNOLOGISTS, READERS, MONTHS = 12, 5, 25, 40, 60
MONTHLY, A_DAY = 560, 5  # cases of a hospital: of its monthly sample, of each daily review
MODALITIES = ("CT", "CT", "DX", "DX", "MR")
REPEATS, ARBITRATED, APPEALED = 0.05, 0.10, 0.01
_GRADES = ((90.0, "a"), (75.0, "b"), (60.0, "c"), (0.0, "waste"))
_DEFECTS = ("motion", "cut_off", "noise", "artefact", "positioning")


@dataclass
class World:
    """What rows refer to."""

    region: Organisation
    hospitals: list[Organisation]
    leader: User
    heads: list[User]
    readers: list[User]
    devices: dict[Any, list[Device]]
    people: dict[Any, list[Person]]
    items: dict[str, list[ExamItem]]
    random: random.Random


@dataclass
class Rows:
    """Rows by table, each a tuple in the order of its COLUMNS."""

    campaigns: list[tuple[Any, ...]] = field(default_factory=list)
    exams: list[tuple[Any, ...]] = field(default_factory=list)
    cases: list[tuple[Any, ...]] = field(default_factory=list)
    assignments: list[tuple[Any, ...]] = field(default_factory=list)
    responses: list[tuple[Any, ...]] = field(default_factory=list)
    readings: list[tuple[Any, ...]] = field(default_factory=list)
    rulings: list[tuple[Any, ...]] = field(default_factory=list)
    signed: list[tuple[Any, ...]] = field(default_factory=list)
    appeals: list[tuple[Any, ...]] = field(default_factory=list)
    tracings: list[tuple[Any, ...]] = field(default_factory=list)
    cells: dict[tuple[Any, ...], list[Any]] = field(default_factory=dict)


COLUMNS = {
    "campaigns": ("id", "organisation_id", "plan_id", "key", "title", "purpose", "first_day", "last_day", "n_frame",
                  "n_cases", "n_settled", "draw", "state", "due_on", "drawn_at", "published_at"),
    "exams": ("id", "hospital_id", "study_uid", "accession", "device_id", "performer_id", "item_id", "modality",
              "body_part", "sort_at", "started_at", "local_day"),
    "cases": ("id", "campaign_id", "hospital_id", "subject_id", "exam_id", "device_id", "performer_id", "item_id",
              "modality", "body_part", "local_day", "number", "origin", "repeat_of_id", "stratum", "state", "score",
              "grade", "settled_at", "counted"),
    "assignments": ("id", "case_id", "campaign_id", "hospital_id", "slot", "reader_id", "place", "state", "due_on",
                    "opened_at", "submitted_at", "seconds"),
    "responses": ("id", "hospital_id", "subject_id", "local_day", "begun_at", "saved_at", "submitted_at"),
    "readings": ("id", "assignment_id", "case_id", "campaign_id", "hospital_id", "reader_id", "slot", "response_id",
                 "score", "grade", "faults", "details", "seconds", "submitted_at", "local_day"),
    "rulings": ("id", "case_id", "hospital_id", "basis", "score", "grade", "faults", "details", "reason", "made_at"),
    "signed": ("id", "hospital_id", "campaign_id", "local_day", "n_cases", "is_late", "signed_at"),
    "appeals": ("id", "case_id", "hospital_id", "ruling_id", "state", "filed_at", "due_on", "decision_reason"),
    "tracings": ("id", "case_id", "hospital_id", "ruling_id", "state", "cause", "action", "opened_at", "changed_at",
                 "due_on"),
}  # fmt: skip


def build(scale: float, seed: int) -> dict[str, int]:
    """Fill an empty, migrated database; returns how many rows there are of each kind."""
    world = make_world(random.Random(seed))  # noqa: S311 - invented numbers, the same every time
    rows = Rows()
    for n, hospital in enumerate(world.hospitals):
        Course(world, rows, hospital, n, scale).run()
    return store(world, rows)


def make_world(rng: random.Random) -> World:
    """Organisations, people and machines, by the services of the product."""
    exam_items_refresh()
    region = organisation_create(actor=None, code="cn-14", name="演练区域", name_en="Region", kind="region")
    hospitals = [
        organisation_create(actor=None, code=f"b{n}", name=f"第{n + 1}医院", name_en=f"Hospital {n + 1}",
                            kind="hospital", parent=region, level="三级")
        for n in range(HOSPITALS)
    ]  # fmt: skip
    heads = [_user(f"head{n}", "head", at) for n, at in enumerate(hospitals)]
    readers = [_user(f"reader{n}", "radiologist", hospitals[n % HOSPITALS]) for n in range(READERS)]
    devices: dict[Any, list[Device]] = {}
    people: dict[Any, list[Person]] = {}
    for n, at in enumerate(hospitals):
        devices[at.pk] = [
            Device(hospital=at, identity=f"sn:m|{n}-{i}", maker="M", model=f"{kind}{i}", modality=kind,
                   name=f"{kind}-{i + 1}", status=Device.Status.CONFIRMED, first_seen=now(), last_seen=now())
            for i, kind in enumerate(MODALITIES)
        ]  # fmt: skip
        people[at.pk] = [
            Person(hospital=at, staff_number=f"T{i}", name=f"技师{n + 1}-{i + 1}",
                   category=Person.Category.TECHNOLOGIST,
                   user=_user(f"tech{n}", "technologist", at) if i == 0 else None)
            for i in range(TECHNOLOGISTS)
        ]  # fmt: skip
    User.objects.update(must_change_password=False)
    Device.objects.bulk_create(one for several in devices.values() for one in several)
    Person.objects.bulk_create(one for several in people.values() for one in several)
    items: dict[str, list[ExamItem]] = defaultdict(list)
    for item in ExamItem.objects.filter(active=True).order_by("code"):
        items[item.modality].append(item)
    return World(
        region, hospitals, _user("leader", "regional_centre", region), heads, readers, devices, people, items, rng
    )


def _user(name: str, role: str, at: Organisation) -> User:
    return user_create(actor=None, username=name, display_name=f"某{name}", organisation=at, role=role).user


_ID = {name: ids(n) for n, name in enumerate(COLUMNS, start=1)}


def _stamp(day: dt.date, hour: int = 2, minute: int = 0) -> str:
    return f"{day.isoformat()} {hour:02d}:{minute:02d}:00"


class Course:
    """Sixty months of one hospital."""

    def __init__(self, world: World, rows: Rows, hospital: Organisation, number: int, scale: float) -> None:
        self.world, self.rows, self.hospital, self.rng = world, rows, hospital, world.random
        self.scale, self.id = scale, hospital.pk.hex
        self.readers = [u.pk.hex for n, u in enumerate(world.readers) if n % HOSPITALS == number]
        self.devices = world.devices[hospital.pk]
        self.people = world.people[hospital.pk]
        self.good = {p.pk: self.rng.gauss(0, 2) for p in (*self.devices, *self.people)}
        self.bias = {reader: self.rng.gauss(0, 1.5) for reader in self.readers}
        self.film = [_details(self.rng) for _ in range(50)]
        plan = Plan(
            organisation=hospital, template="ct", subject_kind="exam", created_at=now(), changed_at=now(),
            sampling=SamplingSpec(size=200).as_dict(), reading=ReadingSpec().as_dict(), name="", purpose="", every="",
        )  # fmt: skip
        self.plans = {}
        for purpose, every in (("monthly", "month"), ("daily", "day")):
            plan.pk, plan.name, plan.purpose, plan.every = None, purpose, purpose, every
            plan.pk = uuid7()
            plan.save(force_insert=True)
            self.plans[purpose] = plan.pk.hex

    def run(self) -> None:
        today = now().date()
        for back in range(MONTHS - 1, -1, -1):
            number = today.year * 12 + today.month - 1 - back
            first = dt.date(number // 12, number % 12 + 1, 1)
            last = dt.date((number + 1) // 12, (number + 1) % 12 + 1, 1) - dt.timedelta(days=1)
            self.monthly(first, last, open_=back == 0)
            day = first
            while day <= min(last, today):
                self.daily(day, today)
                day += dt.timedelta(days=1)

    def monthly(self, first: dt.date, last: dt.date, *, open_: bool) -> None:
        n, campaign = max(4, round(MONTHLY * self.scale)), next(_ID["campaigns"])
        due = last + dt.timedelta(days=14)
        cases = [self.case(campaign, "monthly", first + dt.timedelta(days=i % 28), i + 1, due, counts=not open_,
                           read=not open_ or i % 2 == 0) for i in range(n)]  # fmt: skip
        again = [self.case(campaign, "monthly", first, n + i + 1, due, counts=False, read=True, again=cases[i])
                 for i in range(round(n * REPEATS) if not open_ else 0)]  # fmt: skip
        done = n // 2 + n % 2 if open_ else n + len(again)
        self.rows.campaigns.append(
            (campaign, self.id, self.plans["monthly"], f"m:{first}", f"{first:%Y-%m} 月度评片", "monthly", first, last,
             4 * n, n + len(again), done, "{}", "reading" if open_ else "published", due, _stamp(last, 4),
             None if open_ else _stamp(due, 6))
        )  # fmt: skip

    def daily(self, day: dt.date, today: dt.date) -> None:
        n, campaign = max(1, round(A_DAY * self.scale)), next(_ID["campaigns"])
        open_, late = day == today, self.rng.random() < 0.05
        for i in range(n):
            self.case(campaign, "daily", day, i + 1, day, counts=not open_, read=not open_)
        self.rows.campaigns.append(
            (campaign, self.id, self.plans["daily"], f"d:{day}", f"{day} 每日评片", "daily", day, day, n, n,
             0 if open_ else n, '{"rolling": true}', "reading" if open_ else "published", day, _stamp(day, 1),
             None if open_ else _stamp(day, 10))
        )  # fmt: skip
        held = not open_ and self.rng.random() < 0.97
        if held:
            signed = (next(_ID["signed"]), self.id, campaign, day, n, int(late), _stamp(day, 9))
            self.rows.signed.append(signed)
        self.cell(DAILY, day, {"plan": _dashed(self.plans["daily"])}, int(held and not late), None)

    def case(  # noqa: PLR0913 - a column each
        self, campaign: str, purpose: str, day: dt.date, number: int, due: dt.date, *, counts: bool, read: bool,
        again: str = "",
    ) -> str:  # fmt: skip
        """One case with everything that hangs on it; its id.  `again` is the case that it shows once more."""
        rng, device, person = self.rng, self.rng.choice(self.devices), self.rng.choice(self.people)
        item = rng.choice(self.world.items[device.modality][:12])
        truth = min(100.0, max(20.0, 93 + self.good[device.pk] + self.good[person.pk] + rng.gauss(0, 4)))
        if rng.random() < 0.01:
            truth = rng.uniform(30, 70)
        case, exam, at = next(_ID["cases"]), next(_ID["exams"]), _stamp(day, rng.randrange(24), rng.randrange(60))
        self.rows.exams.append((exam, self.id, f"2.25.{int(exam, 16)}", f"A{int(exam[16:], 16) & 0xFFFFFFF}",
                                device.pk.hex, person.pk.hex, item.pk.hex, device.modality, item.body_part, at, at,
                                day))  # fmt: skip
        readers = rng.sample(self.readers, 2 if purpose == "monthly" else 1)
        apart = purpose == "monthly" and not again and rng.random() < ARBITRATED
        slots = [(1, readers[0])] + ([(2, readers[1])] if len(readers) > 1 else [])
        if apart and read and len(self.readers) > 2:
            slots.append((3, next(one for one in self.readers if one not in readers)))
        scores = [
            self.read(case, campaign, slot, reader, number=number, truth=truth, due=due, done=read)
            for slot, reader in slots
        ]
        score = round(scores[-1] if apart else sum(scores) / len(scores), 2) if read else None
        ruled = read and not again
        settled = _stamp(due, 5, rng.randrange(60)) if read else None
        self.rows.cases.append(
            (case, campaign, self.id, exam, exam, device.pk.hex, person.pk.hex, item.pk.hex, device.modality,
             item.body_part, day, number, "repeat" if again else "drawn", again or None,
             json.dumps([_dashed(device.pk.hex)]), "settled" if read else "waiting", score if ruled else None,
             _grade(score) if ruled and score is not None else "", settled, int(ruled and counts))
        )  # fmt: skip
        if ruled and score is not None:
            self.rule(case, purpose, score, settled or "", due, apart=apart, counts=counts)
        if ruled and counts and score is not None:
            self.count(purpose, day, device, person, item, score)
        return case

    def read(  # noqa: PLR0913 - a column each
        self, case: str, campaign: str, slot: int, reader: str, *, number: int, truth: float, due: dt.date, done: bool
    ) -> float:
        one, at = next(_ID["assignments"]), _stamp(due, 1, number % 60)
        score = round(min(100.0, max(0.0, truth + self.bias[reader] + self.rng.gauss(0, 1.5))), 1)
        state, when = ("submitted", at) if done else ("assigned", None)
        seconds = self.rng.randrange(20, 90) if done else 0
        self.rows.assignments.append((one, case, campaign, self.id, slot, reader, number, state, due, when, when,
                                      seconds))  # fmt: skip
        if done:
            answer = next(_ID["responses"])
            self.rows.responses.append((answer, self.id, _dashed(one), due, at, at, at))
            faults = json.dumps([self.rng.choice(_DEFECTS)] if score < 88 else [])
            self.rows.readings.append((next(_ID["readings"]), one, case, campaign, self.id, reader, slot, answer, score,
                                       _grade(score), faults, self.rng.choice(self.film), seconds, at,
                                       due))  # fmt: skip
        return score

    def rule(self, case: str, purpose: str, score: float, at: str, due: dt.date, *, apart: bool, counts: bool) -> None:
        ruling, grade = next(_ID["rulings"]), _grade(score)
        basis = "arbitration" if apart else "leader" if purpose == "daily" else "agreement"
        flags = {"excellent": score >= 95, "trace": score < 80, "waste": grade == "waste"}
        details = self.rng.choice(self.film)[:-1] + f', "flags": {json.dumps(flags)}}}'
        self.rows.rulings.append((ruling, case, self.id, basis, score, grade, "[]", details,
                                  "仲裁评定" if apart else "", at))  # fmt: skip
        if counts and flags["trace"]:
            acting = self.rng.random() < 0.8
            self.rows.tracings.append((next(_ID["tracings"]), case, self.id, ruling, "closed" if acting else "open",
                                       "operation" if acting else "", "复训" if acting else "", at, at,
                                       due))  # fmt: skip
        if counts and purpose == "monthly" and self.rng.random() < APPEALED:
            filed = self.rng.random() < 0.1
            self.rows.appeals.append((next(_ID["appeals"]), case, self.id, ruling, "filed" if filed else "upheld", at,
                                      due, "" if filed else "维持原评"))  # fmt: skip

    def count(self, purpose: str, day: dt.date, device: Device, person: Person, item: ExamItem, score: float) -> None:
        told = {"purpose": purpose, "subject": "exam", "device": str(device.pk), "modality": device.modality,
                "body_part": item.body_part, "item": item.code, "performer": str(person.pk)}  # fmt: skip
        grade = _grade(score)
        self.cell(SCORE, day, told, 0, score)
        self.cell(GRADE, day, told | {"grade": grade}, 1, None)
        self.cell(EXCELLENT, day, told, int(score >= 95), None)
        self.cell(WASTE, day, told, int(grade == "waste"), None)

    def cell(self, indicator: str, day: dt.date, told: dict[str, Any], numerator: int, value: float | None) -> None:
        key = (indicator, self.id, day, json.dumps(told, sort_keys=True, ensure_ascii=False))
        row = self.rows.cells.setdefault(key, [0, 0, 0, {}])
        row[0] += numerator
        row[1] += 1
        if value is not None:
            row[2] += round(value * SUM_SCALE)
            row[3] = histogram.merged(row[3], histogram.binned([value]))


def _grade(score: float) -> str:
    return next(key for least, key in _GRADES if score >= least)


def _dashed(hexed: str) -> str:
    return f"{hexed[:8]}-{hexed[8:12]}-{hexed[12:16]}-{hexed[16:20]}-{hexed[20:]}"


def _details(rng: random.Random) -> str:
    names = ("coverage", "contrast", "noise", "artefact")
    dimensions = [{"key": key, "points": round(rng.uniform(70, 100), 1)} for key in names]
    items = [{"key": f"item{n}", "points": round(rng.uniform(5, 10), 1), "of": 10} for n in range(6)]
    return json.dumps({"dimensions": dimensions, "items": items, "n": 2})


def store(world: World, rows: Rows) -> dict[str, int]:
    """Write everything in one transaction; foreign keys are checked at its end."""
    at, sheet = now(), product_template(key="ct")
    hospital, reader = world.hospitals[0], world.readers[0]
    day = at.date()
    spec = {"sampling": SamplingSpec(size=200).as_dict(), "reading": ReadingSpec().as_dict()}
    prototypes = {
        "campaigns": Campaign(organisation=hospital, subject_kind="exam", template=sheet, seed="seed",
                              frame_digest="0" * 64, drawn_by_name="演练", **spec),
        "exams": Exam(hospital=hospital, state="closed", outcome="PASS", item_state="mapped", source_key="1",
                      received_at=at, last_received_at=at, closed_at=at, n_series=1, n_instances=1),
        "cases": Case(hospital=hospital, template=sheet, reason="random", p=0.25),
        "assignments": Assignment(hospital=hospital, reader=reader, assigned_at=at),
        "responses": Response(hospital=hospital, template=sheet, subject_type="review", occasion="reading",
                              state="submitted", sha256="0" * 64),
        "readings": Reading(template=sheet),
        "rulings": Ruling(version=1),
        "signed": SignOff(participants=["某人"], n_waste=0, n_withdrawn=0, sha256="0" * 64, signed_by_id="1",
                          signed_by_name="某人"),
        "appeals": Appeal(level=1, reason="请复核", filed_by_id="1", filed_by_name="某人"),
        "tracings": Tracing(),
    }  # fmt: skip
    done = {}
    with transaction.atomic():
        for name, prototype in prototypes.items():
            done[name] = insert(prototype, COLUMNS[name], getattr(rows, name))
        done["cells"] = insert(
            Cell(hospital=hospital, day=day),
            ("id", "hospital_id", "indicator", "day", "dimensions", "dimensions_hash", "numerator", "denominator",
             "sum_micro", "histogram"),
            _cells(rows),
        )  # fmt: skip
        connection.check_constraints()
    return done


def _cells(rows: Rows) -> Iterator[tuple[Any, ...]]:
    own = ids(99)
    for (indicator, hospital, day, told), (numerator, denominator, micro, bins) in rows.cells.items():
        digest = dimensions_hash(json.loads(told))
        yield (next(own), hospital, indicator, day, told, digest, numerator, denominator, micro, json.dumps(bins))
