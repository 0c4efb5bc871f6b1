"""The one door between a patient and what a page may show of him: the name for those who may see it, else a pseudonym.

A pseudonym is 60 bits of an HMAC-SHA-256 over hospital and patient key, with a secret of the data folder: stable, the
same on every page, another in every hospital, and of no use to somebody without the secret.  Of n patients of a
hospital about n**2 / 2**61 pairs share one: 4e-7 pairs for a million patients, 4e-5 for ten millions.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from yingheng.catalog import keys
from yingheng.catalog.models import Patient, PatientName
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import PATIENT_IDENTIFY

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: they are misread
_LETTERS = 12  # of 5 bits
_PSEUDONYM = re.compile(r"^P-?([0-9A-Z]{4})-?([0-9A-Z]{4})-?([0-9A-Z]{4})$")
_SHORTEST = 2  # a single letter is no name to look for in a text
MASK = "■■"


def pseudonym_of(hospital_id: UUID, patient_key: str) -> str:
    """The pseudonym of a patient key in a hospital, e.g. "P-7F3K-2Q9X-M4TD"."""
    digest = keys.keyed_digest("patient-pseudonym.key", f"{hospital_id.hex}/{patient_key}")
    number = int.from_bytes(digest[:8], "big") >> 4
    letters = "".join(_ALPHABET[(number >> (5 * i)) & 31] for i in range(_LETTERS))
    return f"P-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def pseudonym(patient: Patient) -> str:
    """What stands for the patient wherever the name may not be shown."""
    return patient.pseudonym or pseudonym_of(patient.hospital_id, patient.key)


def pseudonym_read(text: str) -> str:
    """A pseudonym as somebody typed it, in its own spelling; "" when it is none."""
    match = _PSEUDONYM.match(unicodedata.normalize("NFKC", text).strip().upper())
    return f"P-{match[1]}-{match[2]}-{match[3]}" if match else ""


def match_key(name: str, birth: dt.date | None, sex: str) -> str:
    """Keyed hash of name, birth date and sex; "" unless all three are known.  Case, width and blanks do not count."""
    plain = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name.split("=", maxsplit=1)[0]).casefold())
    if not plain or birth is None or sex not in {"M", "F"}:
        return ""
    return keys.keyed_digest("patient-match.key", f"{plain}/{birth.isoformat()}/{sex}").hex()


@dataclass(frozen=True, slots=True)
class PatientShown:
    """What this reader may see of a patient: `label` always, `number` and the name in it only when `identified`."""

    label: str
    number: str
    identified: bool


def may_identify(request: HttpRequest, path: str) -> bool:
    """Whether the requester may see the names of patients of the hospital at `path`."""
    return scope_of(request, PATIENT_IDENTIFY).contains(path)


def patient_shown(request: HttpRequest, patient: Patient, path: str) -> PatientShown:
    """What the requester may see of a patient of the hospital at `path`."""
    return patients_shown(request, [(patient, path)])[patient.pk]


def patients_shown(request: HttpRequest, patients: Iterable[tuple[Patient, str]]) -> dict[UUID, PatientShown]:
    """The same for the patients of a list, with the paths of their hospitals.  At most one query."""
    listed = [(patient, may_identify(request, path)) for patient, path in patients]
    secrets = {patient.pk: secret for patient, _may in listed if (secret := _loaded(patient)) is not None}
    wanted = [patient.pk for patient, may in listed if may and patient.pk not in secrets]
    secrets |= PatientName.objects.in_bulk(wanted) if wanted else {}
    return {patient.pk: _shown(patient, secrets.get(patient.pk), may=may) for patient, may in listed}


def _loaded(patient: Patient) -> PatientName | None:
    """Name and number, still encrypted, when they were read together with the patient."""
    return patient._state.fields_cache.get("secret")  # noqa: SLF001 - Django's own place for what is read with a row


def identity_loaded(patient: Patient) -> tuple[str, str]:
    """Name and number in clear, to keep them out of texts; empty texts when unknown."""
    secret = _loaded(patient) or PatientName.objects.filter(pk=patient.pk).first()
    return identity_of(secret) if secret else ("", "")


def _shown(patient: Patient, secret: PatientName | None, *, may: bool) -> PatientShown:
    if not may or secret is None:
        return PatientShown(pseudonym(patient), "", identified=False)
    name, number = identity_of(secret)
    return PatientShown(name_words(name) or number, number, identified=True)


def identity_of(secret: PatientName) -> tuple[str, str]:
    """Name (as the header or the message has it) and patient id in clear: for this door and for matching alone."""
    return keys.text_decrypt(secret.name_cipher), keys.text_decrypt(secret.number_cipher)


def name_words(name: str) -> str:
    """A DICOM person name as people read it: the parts of its first group, the other groups after a blank."""
    return " ".join(filter(None, (part.replace("^", " ").strip() for part in name.split("="))))


def masked(text: str, identifying: Iterable[str]) -> str:
    """`text` without the names and numbers in `identifying`, whatever their case; each leaves a black bar."""
    parts = {piece for one in identifying for piece in _spellings(one)}
    wanted = sorted((p for p in parts if len(p) >= _SHORTEST), key=len, reverse=True)
    if not wanted or not text:
        return text
    return re.sub("|".join(map(re.escape, wanted)), MASK, text, flags=re.IGNORECASE)


def _spellings(text: str) -> set[str]:
    """A name as messages and people write it: with carets, with blanks, without either."""
    found = {text.strip()}
    for group in text.split("="):
        found |= {group.strip(" ^"), group.replace("^", " ").strip(), group.replace("^", "").strip()}
    return found
