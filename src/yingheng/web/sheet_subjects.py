"""Devices as what sheets are about, and what their answers are judged by."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.precedence import in_force
from yingheng.documents.access import subject_register
from yingheng.phantomqc.services import sheet_follow
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_get, device_list
from yingheng.rulebook.selectors import standards_for
from yingheng.sheets.judging import Basis
from yingheng.sheets.spec import Spec
from yingheng.sheets.subjects import RESPONSE, Subject, SubjectKind, subject_kind_register
from yingheng.tenancy.permissions import SHEET_VIEW
from yingheng.tenancy.scope import Scope

_MOST = 500  # devices offered for choosing


def register() -> None:
    """Make devices something that sheets can be about."""
    kind = SubjectKind("device", _("Device"), find_device, device_basis, choose_device, submitted=sheet_follow)
    subject_kind_register(kind)
    subject_register(RESPONSE, view=SHEET_VIEW)


def find_device(scope: Scope, device_id: str) -> Subject:
    """The device of that id within the scope."""
    return _subject(device_get(scope, device_id))


def choose_device(scope: Scope) -> list[Subject]:
    """The devices that a sheet can be begun for."""
    return [_subject(device) for device in device_list(scope)[:_MOST]]


def _subject(device: Device) -> Subject:
    return Subject("device", str(device.pk), device.hospital, device.label, reverse("web:device", args=[device.pk]))


def device_basis(subject: Subject, spec: Spec, day: dt.date) -> Basis:
    """The standards of the hospital on that day, and those that the sheet names where they are in force."""
    used = {standard.id: standard for standard in standards_for(subject.hospital, day)}
    named = (load_builtin()[name] for name in spec.standards if name not in used)
    device = Device.objects.only("modality").get(pk=subject.id)
    facts = {"modality": device.modality} if device.modality else {}
    return Basis((*used.values(), *(one for one in named if in_force(one, day))), facts)
