"""What the addresses of DICOMweb share."""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest

from yingheng.api.selectors import Gone, Uids, instances_of, scope_narrowed
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.storage import default_storage
from yingheng.common.errors import NotAllowed, NotFound
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import PATIENT_IDENTIFY
from yingheng.tenancy.scope import Scope

_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
_PORTS = {"http": "80", "https": "443"}


def service_root(request: HttpRequest) -> str:
    """Absolute address of the service, without a slash at its end.

    Some clients leave the port out of the Host header; who came to us directly came to our port.
    """
    host, port = request.get_host(), request.META.get("SERVER_PORT", "")
    forwarded = any(name in request.headers for name in _FORWARDED)
    named = host.rpartition("]")[2].rpartition(":")[1]  # after the bracket of an IPv6 address
    if port.isdecimal() and port != _PORTS[request.scheme] and not named and not forwarded:
        host = f"{host}:{port}"
    return f"{request.scheme}://{host}/dicomweb"


def hospital_asked(request: HttpRequest) -> str:
    """The hospital that a request names, by parameter or header."""
    return request.GET.get("hospital") or request.headers.get("X-Yingheng-Hospital") or ""


def scope_asked(request: HttpRequest) -> Scope:
    """The requester's scope, narrowed to the hospital that the request names."""
    return scope_narrowed(request.scope, hospital_asked(request))


def found(request: HttpRequest, uids: Uids) -> tuple[list[Series], list[Instance]]:
    """The series and instances that an address names."""
    return instances_of(scope_asked(request), uids)


def may_identify(request: HttpRequest, exam: Exam) -> bool:
    """Whether the requester may see the names of this exam's hospital."""
    return scope_of(request, PATIENT_IDENTIFY).contains(exam.hospital.path)


def demand_names(request: HttpRequest, exam: Exam) -> None:
    """NotAllowed unless the requester may see names: what follows carries them."""
    if not may_identify(request, exam):
        raise NotAllowed("api.names_needed")


def object_path(row: Instance) -> Path:
    """Where the bytes of an instance lie; Gone when they do not any more."""
    try:
        return default_storage().local_path(row.storage_key)
    except NotFound as exc:
        raise Gone("api.pixels_gone") from exc
