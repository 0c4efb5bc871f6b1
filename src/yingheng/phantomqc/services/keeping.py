"""Keeping what people read off instruments: evidence about the device, and its course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imagingqc.criteria.model import Context, Verdict
from imagingqc.phantom.readings import reading_named
from imagingqc.quantity import Measurement
from yingheng.evidence.models import QuantityPoint
from yingheng.evidence.services import Run, courses_refresh, measurements_store, numbers_of, points_put
from yingheng.phantomqc.catalogue import TemplateItem, template_named
from yingheng.phantomqc.models import DeviceTest, ItemValue
from yingheng.phantomqc.naming import moment_of, protocol_of, subject_of_test
from yingheng.phantomqc.selectors import standards_of
from yingheng.phantomqc.services.running import verdicts_store


@dataclass(frozen=True)
class Said:
    """What is said of one item of a test; `seen` are verdicts of a person's eye."""

    item: TemplateItem
    measurements: tuple[Measurement, ...]
    verdicts: tuple[Verdict, ...]
    seen: tuple[dict[str, Any], ...] = ()

    @property
    def told(self) -> list[dict[str, Any]]:
        return [*(v.as_dict() for v in self.verdicts), *self.seen]


def evidence_keep(test: DeviceTest, said: Said, source: str) -> None:
    """Measurements and assessments of the item, unless a later test of the device has spoken already."""
    if _later(test, said.item.key):
        return
    subject = subject_of_test(test, said.item.key)
    reading = reading_named(said.item.test)
    facts = {"modality": test.device.modality, "test": test.test_type}
    measurements_store(
        subject=subject,
        method_set=f"reading.{reading.key}",
        version=reading.version,
        input_hash=source.replace("-", ""),
        values=said.measurements,
        context=Context("device", facts),
        protocol_key=protocol_of(reading.key),
    )
    standards = standards_of(test, _named(test))
    verdicts_store(subject, said.verdicts, standards, Run(reading.version, source.replace("-", "")))


def course_keep(test: DeviceTest, value: ItemValue, said: Said, *, shared: bool) -> None:
    """The numbers on the course of the device; those of an item that is entered anew take the place of the old.

    Of a form that two items have in common only the item's own quantities: the rest would be of two kinds.
    """
    numbers = numbers_of(value.values, set(said.item.quantities) if shared else {m.quantity for m in said.measurements})
    earlier = ItemValue.objects.filter(device_test=test, item=said.item.key).exclude(pk=value.pk)
    QuantityPoint.objects.filter(subject_id__in=list(earlier.values_list("pk", flat=True))).delete()
    protocol, at = protocol_of(said.item.test), moment_of(test)
    points_put(
        [
            QuantityPoint(
                hospital_id=test.hospital_id,
                device_id=test.device_id,
                protocol_key=protocol,
                quantity=quantity,
                subject_id=value.pk,
                local_day=test.local_day,
                at=at,
                value=number,
            )
            for quantity, number in numbers.items()
        ]
    )
    courses_refresh(test.device, protocol, set(numbers), at)


def _named(test: DeviceTest) -> Sequence[str]:
    template = template_named(test.template)
    return template.standards if template else ()


def _later(test: DeviceTest, item: str) -> bool:
    later = ItemValue.objects.filter(device_test__device_id=test.device_id, device_test__template=test.template)
    return later.filter(item=item, device_test__local_day__gt=test.local_day).exists()
