"""Tests of devices as what sheets are about: their readings and visual checks are filled in as a sheet."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from imagingqc.criteria.judge import References
from yingheng.common.ui.words import language
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest
from yingheng.phantomqc.naming import moment_of, protocol_of
from yingheng.phantomqc.selectors import device_test_get, references_of_test, standards_of
from yingheng.phantomqc.services.answering import answers_take
from yingheng.phantomqc.sheet import SUBJECT
from yingheng.sheets.judging import Basis
from yingheng.sheets.spec import Spec
from yingheng.sheets.subjects import Subject, SubjectKind, subject_kind_register
from yingheng.tenancy.scope import Scope


def register() -> None:
    """Make tests something that sheets can be about; they are begun on the page of the test alone."""
    kind = SubjectKind(SUBJECT, _("Performance test"), find, basis, _none, submitted=answers_take, home=True)
    subject_kind_register(kind)


def _none(scope: Scope) -> list[Subject]:  # noqa: ARG001 - what a kind of subject is asked for
    return []


def find(scope: Scope, test_id: str) -> Subject:
    """The test of that id within the scope; NotFound when there is none."""
    return subject_of(device_test_get(scope, test_id))


def subject_of(test: DeviceTest) -> Subject:
    """A test as what a sheet is about."""
    template = template_named(test.template)
    name = template.label(language()) if template else test.template
    label = f"{test.device.label} · {name}"
    return Subject(SUBJECT, str(test.pk), test.hospital, label, reverse("phantomqc:test", args=[test.pk]))


def basis(subject: Subject, spec: Spec, day: dt.date) -> Basis:  # noqa: ARG001 - the day is that of the test
    """The standards and baselines of the test's day, and what limits ask of it."""
    test = device_test_get(Scope.everything(), subject.id)
    facts = {"modality": test.device.modality, "test": test.test_type}
    return Basis(standards_of(test, spec.standards), facts, references_of(test))


def references_of(test: DeviceTest) -> References:
    """The baselines that the readings of a test are compared with."""
    template = template_named(test.template)
    names = {item.test for item in template.items if item.kind == "readings"} if template else set()
    found = {}
    for name in sorted(names):
        found |= references_of_test(test.device, protocol_of(name), moment_of(test))
    return found
