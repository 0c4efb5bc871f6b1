"""Templates and filled-in sheets within a scope."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from yingheng.common.rows import row_or_not_found
from yingheng.sheets.library import spec_of_text
from yingheng.sheets.models import Response, Template
from yingheng.sheets.spec import Spec
from yingheng.sheets.subjects import private_kinds
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

_Pk = UUID | str


def template_list(scope: Scope, *, state: str = "", kind: str = "") -> QuerySet[Template]:
    """The hospitals' own templates with their hospital, newest first."""
    rows = scope.filter(Template.objects.filter(hospital__isnull=False).select_related("hospital"))
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(state=state) if state else rows
    return rows.order_by("-created_at", "-version")


def template_get(scope: Scope, template_id: _Pk) -> Template:
    """One template of the scope or of the product; NotFound when there is none."""
    own = scope.filter(Template.objects.filter(hospital__isnull=False)).values("pk")
    rows = Template.objects.filter(Q(pk__in=own) | Q(hospital__isnull=True)).select_related("hospital")
    return row_or_not_found(rows, template_id, "sheets.template_unknown")


def templates_above(scope: Scope, *, kind: str = "") -> QuerySet[Template]:
    """Published templates of the regions that organisations of the scope belong to: what they are read by."""
    rows = Template.objects.filter(hospital__path__in=_above(scope), state=Template.State.PUBLISHED)
    rows = rows.filter(kind=kind) if kind else rows
    return rows.select_related("hospital").order_by("-created_at", "-version")


def template_shown(scope: Scope, template_id: _Pk) -> Template:
    """One template to look at: of the scope, of the product, or published by a region above; NotFound otherwise."""
    found = templates_above(scope).filter(pk=template_id).first()
    return found or template_get(scope, template_id)


def _above(scope: Scope) -> set[str]:
    """Paths of organisations above those of the scope, without these."""
    found: set[str] = set()
    for path in scope.paths:
        parts = path.strip("/").split("/")
        found |= {"/" + "/".join(parts[:n]) + "/" for n in range(1, len(parts))}
    return found


def template_versions(template: Template) -> list[Template]:
    """All versions of a hospital's template with its hospital, newest first.  One query."""
    rows = Template.objects.filter(hospital=template.hospital, key=template.key)
    return list(rows.select_related("hospital").order_by("-version")[:50])


def templates_in_use(hospital: Organisation) -> list[Template]:
    """Of each key the newest published edition of the hospital, by title.  One query."""
    rows = Template.objects.filter(hospital=hospital, state=Template.State.PUBLISHED).order_by("key", "version")
    newest = {row.key: row for row in rows}
    return sorted(newest.values(), key=lambda row: row.title)


def spec_of(template: Template) -> Spec:
    """What a stored template asks."""
    return spec_of_text(template.text)


def response_list(
    scope: Scope,
    *,
    subject_type: str = "",
    subject_id: str = "",
    template_key: str = "",
    state: str = "",
    current: bool = True,
) -> QuerySet[Response]:
    """Filled-in sheets with template and hospital, newest first; without `current` also what was corrected since.

    The texts of the answers are left out, and so are sheets of private kinds.
    """
    rows = Response.objects.exclude(subject_type__in=private_kinds()).select_related("template", "hospital")
    rows = rows.defer("typed", "answers", "record", "verdicts", "measurements")
    wanted = {"subject_type": subject_type, "subject_id": subject_id, "template__key": template_key, "state": state}
    rows = rows.filter(**{key: value for key, value in wanted.items() if value})
    if current:
        rows = rows.filter(Q(is_current=True) | Q(state=Response.State.DRAFT))
    return scope.filter(rows).order_by("-begun_at", "-pk")


def response_get(scope: Scope, response_id: _Pk) -> Response:
    """One filled-in sheet with template and hospital; NotFound outside of the scope, and for a private kind."""
    rows = Response.objects.exclude(subject_type__in=private_kinds())
    rows = rows.select_related("template", "hospital", "supersedes")
    return row_or_not_found(scope.filter(rows), response_id, "sheets.response_unknown")


def response_versions(response: Response) -> QuerySet[Response]:
    """All versions of the same sheet for the same occasion, newest first."""
    same = {name: getattr(response, name) for name in ("template_id", "subject_type", "subject_id", "occasion")}
    return Response.objects.filter(**same).order_by("-version")


def response_open(
    template: Template, subject_type: str, subject_id: str, occasion: str, *, lock: bool = False
) -> Response | None:
    """The newest version of the sheet for that occasion, draft or submitted; None when nobody began.

    `lock`: held until the caller's transaction ends.
    """
    rows = Response.objects.filter(
        template=template, subject_type=subject_type, subject_id=subject_id, occasion=occasion
    )
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    return rows.select_related("template", "hospital").order_by("-version").first()
