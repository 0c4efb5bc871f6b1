"""Requests and reports pushed as JSON: checked field by field, every fault with its path.

Both kinds are objects of the fields below; a field that is left out says nothing, so nothing is changed by it.  Times
are ISO 8601; without an offset they are of the hospital's zone.  `updated_at` orders several pushes about one request
or report; without it the time of arrival does.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from yingheng.ingest.hl7.facts import MessageError, OrderFacts, PatientFacts, ReportFacts, told_text

ORDERS, REPORTS = "orders", "reports"
MOST_ITEMS = 500
LONGEST_TEXT = 20_000
_UID = re.compile(r"^[0-9]+(\.[0-9]+)*$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with one field; `code` and `values` become words in `ingest.message_texts`."""

    path: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PushItem:
    """One item of a push: its fact, or what is wrong with it."""

    index: int
    fact: OrderFacts | ReportFacts | None
    faults: tuple[Fault, ...] = ()


def push_items(kind: str, data: bytes, *, received_at: dt.datetime, zone: str) -> list[PushItem]:
    """The items of a body.  MessageError `push.not_json`, `push.not_items`, `push.too_many` when it is none at all."""
    try:
        body = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        raise MessageError("push.not_json") from exc
    given = body if isinstance(body, list) else [body]
    if not given or not isinstance(body, list | dict):
        raise MessageError("push.not_items")
    if len(given) > MOST_ITEMS:
        raise MessageError("push.too_many", most=str(MOST_ITEMS), n=str(len(given)))
    read = _order if kind == ORDERS else _report
    single = not isinstance(body, list)
    return [_item(n, one, read, _Reader("" if single else f"[{n}]", received_at, zone)) for n, one in enumerate(given)]


_Read = Callable[["_Form", "_Reader"], OrderFacts | ReportFacts]


def _item(n: int, given: object, read: _Read, reader: _Reader) -> PushItem:
    if not isinstance(given, dict):
        return PushItem(n, None, (Fault(reader.at or "[]", "push.not_object"),))
    form = _Form(given, reader, "")
    fact = read(form, reader)
    form.done()
    return PushItem(n, None if reader.faults else fact, tuple(reader.faults))


class _Reader:
    """Collects the faults of one item."""

    def __init__(self, at: str, received_at: dt.datetime, zone: str) -> None:
        self.at, self.received_at, self.zone = at, received_at, ZoneInfo(zone)
        self.faults: list[Fault] = []

    def fault(self, path: str, code: str, **values: str) -> None:
        self.faults.append(Fault(".".join(filter(None, (self.at, path))), code, values))


class _Form:
    """An object whose fields are taken one after the other; what is left over in the end is not known."""

    def __init__(self, given: Mapping[str, Any], reader: _Reader, path: str) -> None:
        self._left, self._reader, self._path = dict(given), reader, path

    def _take(self, name: str) -> Any:
        return self._left.pop(name, None)

    def _fault(self, name: str, code: str, **values: str) -> None:
        self._reader.fault(".".join(filter(None, (self._path, name))), code, **values)

    def text(self, name: str, longest: int, *, required: bool = False) -> str:
        value = self._take(name)
        if value is None or value == "":
            if required:
                self._fault(name, "push.missing")
            return ""
        if not isinstance(value, str):
            self._fault(name, "push.not_text")
            return ""
        if len(value.strip()) > longest:
            self._fault(name, "push.too_long", most=str(longest))
        if not _storable(value):
            self._fault(name, "push.not_text")
            return ""
        return value.strip()[:longest]

    def choice(self, name: str, known: tuple[str, ...]) -> str:
        value = self.text(name, 64)
        if value and value not in known:
            self._fault(name, "push.unknown_value", known=", ".join(known))
            return ""
        return value

    def moment(self, name: str) -> dt.datetime | None:
        value = self.text(name, 40)
        if not value:
            return None
        try:
            read = dt.datetime.fromisoformat(value)
            if not _DAY.match(value):  # a day alone is no moment
                return read.replace(tzinfo=read.tzinfo or self._reader.zone).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            pass
        self._fault(name, "push.not_time")
        return None

    def day(self, name: str) -> dt.date | None:
        value = self.text(name, 10)
        try:
            return dt.date.fromisoformat(value) if value else None
        except ValueError:
            self._fault(name, "push.not_date")
            return None

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if value is not None and not isinstance(value, bool):
            self._fault(name, "push.not_flag")
        return value is True

    def texts(self, name: str, longest: int) -> tuple[str, ...]:
        value = self._take(name)
        if value is None:
            return ()
        good = isinstance(value, list) and all(isinstance(o, str) and len(o) <= longest and _storable(o) for o in value)
        if not good:
            self._fault(name, "push.not_texts")
            return ()
        return tuple(one.strip() for one in value if one.strip())

    def form(self, name: str) -> _Form | None:
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self._fault(name, "push.not_object")
            return None
        return _Form(value, self._reader, name)

    def done(self) -> None:
        for name in sorted(map(str, self._left)):
            self._fault(name[:64], "push.unknown_field")


def _storable(text: str) -> bool:
    """Whether every database takes it: no NUL, no half of a surrogate pair."""
    try:
        return "\x00" not in text and bool(text.encode() or True)
    except UnicodeEncodeError:
        return False


def _told(form: _Form, reader: _Reader) -> str:
    return told_text(form.moment("updated_at") or reader.received_at, reader.received_at)


def _patient(form: _Form, told: str) -> PatientFacts | None:
    given = form.form("patient")
    if given is None:
        return None
    fact = PatientFacts(
        number=given.text("id", 64, required=True),
        told=told,
        name=given.text("name", 200),
        birth=given.day("birth_date"),
        sex=given.choice("sex", ("M", "F", "O")),
    )
    given.done()
    return fact


def _order(form: _Form, reader: _Reader) -> OrderFacts:
    told = _told(form, reader)
    return OrderFacts(
        number=form.text("number", 64, required=True),
        told=told,
        accession=form.text("accession", 64),
        patient=_patient(form, told),
        state=form.choice("state", ("placed", "scheduled", "performed", "cancelled")),
        requested=form.text("requested", 200),
        requested_code=form.text("requested_code", 64),
        modality=form.text("modality", 16).upper(),
        ordered_at=form.moment("ordered_at"),
        scheduled_at=form.moment("scheduled_at"),
        urgency=form.choice("urgency", ("routine", "urgent", "emergency")),
        department=form.text("department", 120),
        patient_class=form.choice("patient_class", ("emergency", "inpatient", "outpatient", "checkup")),
        purpose=form.text("purpose", LONGEST_TEXT),
        history=form.text("history", LONGEST_TEXT),
    )


def _report(form: _Form, reader: _Reader) -> ReportFacts:
    told = _told(form, reader)
    fact = ReportFacts(
        told=told,
        accession=form.text("accession", 64),
        study_uid=form.text("study_uid", 64),
        order_number=form.text("order_number", 64),
        number=form.text("number", 64),
        patient=_patient(form, told),
        state=form.choice("state", ("preliminary", "final", "corrected", "cancelled")) or "final",
        findings=form.text("findings", LONGEST_TEXT),
        impression=form.text("impression", LONGEST_TEXT),
        written_at=form.moment("written_at"),
        signed_at=form.moment("signed_at"),
        signers=form.texts("signers", 120),
        is_critical=form.flag("is_critical"),
    )
    if not (fact.accession or fact.study_uid):
        reader.fault("accession", "push.no_exam_named")
    if fact.study_uid and not _UID.match(fact.study_uid):
        reader.fault("study_uid", "push.not_uid")
    return fact
