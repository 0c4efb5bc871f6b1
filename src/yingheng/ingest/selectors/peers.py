"""Reading connections within a scope."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from yingheng.common.rows import row_or_not_found
from yingheng.ingest.models import LocalAE, RemoteAE
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope


def local_ae_list(scope: Scope) -> QuerySet[LocalAE]:
    """Our own AE titles by title."""
    return scope.filter(LocalAE.objects.select_related("hospital")).order_by("ae_title")


def remote_ae_list(scope: Scope, *, active: bool | None = None) -> QuerySet[RemoteAE]:
    """Connections to others, those in use first."""
    rows = RemoteAE.objects.select_related("hospital")
    if active is not None:
        rows = rows.filter(is_active=active)
    return scope.filter(rows).order_by("-is_active", "name", "pk")


def destination_list(hospital: Organisation) -> QuerySet[RemoteAE]:
    """Where exams of a hospital may be sent."""
    return RemoteAE.objects.filter(hospital=hospital, is_destination=True, is_active=True).order_by("name", "pk")


def local_ae_get(scope: Scope, local_id: UUID | str) -> LocalAE:
    """One of our AE titles; NotFound outside the scope."""
    return row_or_not_found(scope.filter(LocalAE.objects.select_related("hospital")), local_id, "ingest.peer_unknown")


def remote_ae_get(scope: Scope, remote_id: UUID | str) -> RemoteAE:
    """One connection; NotFound outside the scope."""
    return row_or_not_found(scope.filter(RemoteAE.objects.select_related("hospital")), remote_id, "ingest.peer_unknown")


def calling_title(hospital: Organisation) -> str:
    """The name under which we call others for a hospital: its first AE title."""
    title = LocalAE.objects.filter(hospital=hospital).order_by("created_at").values_list("ae_title", flat=True).first()
    return title or "YINGHENG"
