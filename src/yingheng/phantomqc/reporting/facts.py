"""What a report rests on: the items of a test with their runs and sheets, and a hash over all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from yingheng.common.errors import NotFound
from yingheng.phantomqc.catalogue import Template, TemplateItem, template_named
from yingheng.phantomqc.models import DeviceTest, ItemValue, PhantomCase, PhantomRun
from yingheng.phantomqc.selectors import values_current
from yingheng.sheets.models import Response
from yingheng.tenancy.models import Organisation

Verdict = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One item of a test: what the template asks, and what was found (None: nothing yet)."""

    key: str
    item: TemplateItem | None
    found: Mapping[str, Any] | None
    run: PhantomRun | None = None
    response: Response | None = None

    def label(self, lang: str) -> str:
        return self.item.label(lang) if self.item else self.key

    @property
    def verdicts(self) -> list[Verdict]:
        return list(self.found["verdicts"]) if self.found else []

    @property
    def values(self) -> list[Mapping[str, Any]]:
        return list(self.found["values"]) if self.found else []


@dataclass(frozen=True, slots=True)
class TestFacts:
    """A test with everything found in it."""

    __test__ = False  # not a test of pytest

    test: DeviceTest
    template: Template | None
    items: tuple[ItemFacts, ...]
    demo: bool
    later: tuple[tuple[str, ...], ...] = ()
    """What people decided and signed beside it, as plain text: part of the hash."""

    @property
    def draft(self) -> bool:
        return self.test.state != DeviceTest.State.SUBMITTED

    @property
    def runs(self) -> list[PhantomRun]:
        return [item.run for item in self.items if item.run is not None]

    @property
    def sheets(self) -> list[Response]:
        """The sheets behind the items, each once."""
        return list({item.response.pk: item.response for item in self.items if item.response is not None}.values())

    @property
    def aside(self) -> list[ItemFacts]:
        """The items whose images were matched to another test since, or put aside."""
        return [i for i in self.items if i.run is not None and i.run.case.state == PhantomCase.State.DISMISSED]

    @property
    def verdicts(self) -> list[Verdict]:
        return [verdict for item in self.items for verdict in item.verdicts]

    @property
    def digest(self) -> str:
        """SHA-256 over the test, its items with values and verdicts, and the hashes of images and sheets behind."""
        told = {
            "test": [str(self.test.pk), self.test.template, self.test.edition, self.test.test_type],
            "day": self.test.local_day.isoformat(),
            "state": self.test.state,
            "items": [[i.key, _bare(i.found)] for i in self.items],
            "images": sorted([run.test, run.version, run.input_hash, run.key] for run in self.runs),
            "sheets": sorted([str(i.response.pk), i.response.sha256] for i in self.items if i.response),
        }
        if self.aside:
            told["aside"] = sorted(item.key for item in self.aside)
        if self.later:
            told["later"] = list(self.later)
        return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _bare(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Without what frozen and living items say differently."""
    return {k: found[k] for k in ("source", "source_id", "outcome", "refused", "values", "verdicts")} if found else None


def test_facts(hospital: Organisation, test_id: str) -> TestFacts:
    """Everything about a test of this hospital; NotFound when it has none of that id.

    Of a submitted test what was submitted, of one in progress what there is so far.  Five queries.
    """
    rows = DeviceTest.objects.select_related("device__room", "device__hospital", "hospital")
    test = rows.filter(hospital=hospital, pk=_uuid(test_id)).first()
    if test is None:
        raise NotFound("phantomqc.test_unknown")
    template = template_named(test.template)
    found = _found(test)
    runs = PhantomRun.objects.select_related("case__exam").in_bulk(_sources(found, ItemValue.Source.RUN))
    sheets = Response.objects.in_bulk(_sources(found, ItemValue.Source.RESPONSE))
    keys = [item.key for item in template.items] if template else []
    keys += [key for key in found if key not in keys]
    items = []
    for key in keys:
        one = found.get(key)
        source = UUID(one["source_id"]) if one else None
        run, sheet = (runs.get(source), sheets.get(source)) if source else (None, None)
        items.append(ItemFacts(key, template.item(key) if template else None, one, run, sheet))
    demo = bool(settings.YINGHENG_DEMO) or any(run.case.exam.is_demo for run in runs.values())
    return TestFacts(test, template, tuple(items), demo)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as exc:
        raise NotFound("phantomqc.test_unknown") from exc


def _sources(found: Mapping[str, Mapping[str, Any]], kind: str) -> list[UUID]:
    return [UUID(one["source_id"]) for one in found.values() if one["source"] == kind]


def _found(test: DeviceTest) -> dict[str, dict[str, Any]]:
    if test.state == DeviceTest.State.SUBMITTED:
        return {one["item"]: one for one in test.items}
    return {key: _living(row) for key, row in values_current(test).items()}


def _living(row: ItemValue) -> dict[str, Any]:
    return {
        "item": row.item, "source": row.source_type, "source_id": str(row.source_id), "outcome": row.outcome,
        "refused": row.refused, "values": row.values, "verdicts": row.verdicts, "by": row.made_by_name,
        "at": row.made_at.isoformat(),
    }  # fmt: skip
