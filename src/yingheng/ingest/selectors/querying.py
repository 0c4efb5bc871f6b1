"""Reading plans, queries and watched folders within a scope."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from yingheng.common.rows import row_or_not_found
from yingheng.ingest.models import Query, QueryPlan, QueryStudy, RemoteAE, WatchedFile, WatchedFolder
from yingheng.tenancy.scope import Scope


def query_list(scope: Scope, *, kind: str = "", partner: UUID | None = None) -> QuerySet[Query]:
    """Queries, newest first."""
    wanted = {name: value for name, value in {"kind": kind, "partner": partner}.items() if value}
    rows = Query.objects.select_related("partner", "hospital").filter(**wanted)
    return scope.filter(rows).order_by("-created_at", "-pk")


def query_get(scope: Scope, query_id: UUID | str) -> Query:
    """One query; NotFound outside the scope."""
    return row_or_not_found(
        scope.filter(Query.objects.select_related("partner", "hospital")), query_id, "ingest.query_unknown"
    )


def study_list(query: Query, *, state: str = "") -> QuerySet[QueryStudy]:
    """The studies of a query, newest day first."""
    rows = query.studies.filter(state=state) if state else query.studies.all()
    return rows.order_by("-day", "study_uid")


def study_counts(query: Query) -> dict[str, int]:
    """Numbers of studies by state.  One query."""
    return dict(query.studies.order_by().values_list("state").annotate(n=Count("pk")))


def query_plan_list(scope: Scope) -> QuerySet[QueryPlan]:
    """Plans with when they last began."""
    rows = QueryPlan.objects.select_related("partner", "hospital").annotate(last=Max("queries__created_at"))
    return scope.filter(rows).order_by("hospital__path", "-is_active", "partner__name", "kind")


def query_plan_get(scope: Scope, plan_id: UUID | str) -> QueryPlan:
    """One plan; NotFound outside the scope."""
    return row_or_not_found(
        scope.filter(QueryPlan.objects.select_related("partner", "hospital")), plan_id, "ingest.query_unknown"
    )


def asked_partners(scope: Scope, *, worklist: bool | None = None) -> QuerySet[RemoteAE]:
    """Archives (and worklist servers) in use that can be asked."""
    kinds = Q(is_archive=True) | Q(is_worklist=True)
    if worklist is not None:
        kinds = Q(is_worklist=True) if worklist else Q(is_archive=True)
    return scope.filter(RemoteAE.objects.filter(kinds, is_active=True).select_related("hospital")).order_by("name")


def watched_list(scope: Scope) -> QuerySet[WatchedFolder]:
    """Watched folders with how many files were taken and refused."""
    counts = {name: Count("files", filter=Q(files__state=name)) for name in WatchedFile.State.values}
    rows = WatchedFolder.objects.select_related("hospital")
    return scope.filter(rows.annotate(n_taken=counts["taken"], n_refused=counts["refused"])).order_by("path")


def watched_get(scope: Scope, folder_id: UUID | str) -> WatchedFolder:
    """One watched folder; NotFound outside the scope."""
    return row_or_not_found(
        scope.filter(WatchedFolder.objects.select_related("hospital")), folder_id, "ingest.watch_unknown"
    )


def watched_files(folder: WatchedFolder, *, state: str = "") -> QuerySet[WatchedFile]:
    """What was found in a folder, newest first."""
    rows = folder.files.filter(state=state) if state else folder.files.all()
    return rows.order_by("-at", "-pk")
