"""Who signs a test report: performer, witness, reviewer; with the signatures that were made in the platform."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import pgettext

from yingheng.documents.models import Signature
from yingheng.documents.report.model import SignatureLine
from yingheng.documents.selectors import signature_list
from yingheng.phantomqc.naming import KIND
from yingheng.phantomqc.reporting.facts import TestFacts
from yingheng.sheets.models import Response
from yingheng.sheets.subjects import RESPONSE
from yingheng.tenancy.scope import Scope


def signature_lines(facts: TestFacts, zone: dt.tzinfo) -> list[SignatureLine]:
    """One line for each role; who signed in the platform is named with the time.

    The signatures of a sheet of readings are those of the test, as far as they sign what the test was submitted with;
    a signature on the test itself goes before them.  Several persons of one role are named one after another.
    """
    signed = _signatures(facts)
    roles = (
        ("performer", pgettext("signature", "Performed by"), ("performer", "author")),
        ("witness", pgettext("signature", "Witnessed by"), ("witness",)),
        ("reviewer", pgettext("signature", "Reviewed by"), ("reviewer",)),
    )
    lines = []
    for _role, words, wanted in roles:
        own = [one for one in signed if one.role in wanted]
        names = "、".join(dict.fromkeys(one.person_name for one in own))
        at = own[-1].signed_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if own else ""
        lines.append(SignatureLine(words, names, at))
    return lines


def _signatures(facts: TestFacts) -> list[Signature]:
    """On the test, else on its sheets: of every role those of the nearest."""
    everything = Scope.everything()
    own = list(signature_list(everything, subject_type=KIND, subject_id=str(facts.test.pk)))
    taken = {one.role for one in own}
    return [*own, *(one for one in sheet_signatures(facts.sheets) if one.role not in taken)]


def sheet_signatures(sheets: Iterable[Response]) -> list[Signature]:
    """The signatures on sheets as they were submitted, oldest first."""
    found = []
    for sheet in sheets:
        rows = signature_list(Scope.everything(), subject_type=RESPONSE, subject_id=str(sheet.pk))
        found += [one for one in rows if one.sha256 == sheet.sha256]
    return sorted(found, key=lambda one: (one.signed_at, str(one.pk)))
