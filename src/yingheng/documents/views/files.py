"""Giving back an attached file, in a way that it can do no harm in the browser."""

from __future__ import annotations

import re
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from yingheng.common.errors import NotFound
from yingheng.documents.access import permission_of, sees_of
from yingheng.documents.kinds import PICTURES
from yingheng.documents.models import Attachment
from yingheng.documents.selectors import attachment_get
from yingheng.documents.services import attachment_read
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DOCUMENT_VIEW
from yingheng.tenancy.scope import Scope


@page(DOCUMENT_VIEW)
@require_safe
def file(request: HttpRequest, attachment_id: UUID) -> HttpResponse:
    """The bytes of one file: pictures are shown, anything else is saved."""
    row = attachment_get(Scope.everything(), attachment_id)
    if not _may_see(request, row):
        raise NotFound("documents.attachment_unknown")
    return file_response(row, attachment_read(row))


def _may_see(request: HttpRequest, row: Attachment) -> bool:
    permission, sees = permission_of(row.subject_type), sees_of(row.subject_type)
    if sees is not None:
        return bool(scope_of(request, permission)) and sees(request.user, row.subject_id)
    within = request.scope.contains(row.hospital.path)
    return within and scope_of(request, permission).contains(row.hospital.path)


def file_response(row: Attachment, data: bytes) -> HttpResponse:
    """A stored file; pictures are shown in the page, anything else is saved."""
    response = download(data, row.name, row.media_type, inline=row.media_type in PICTURES)
    response["Cache-Control"] = "private, max-age=3600"
    response["ETag"] = f'"{row.sha256}"'
    return response


def download(data: bytes, name: str, media_type: str, *, inline: bool = False) -> HttpResponse:
    """An answer with safe headers: no sniffing, no scripts, the name in both forms, never kept by proxies."""
    response = HttpResponse(data, content_type=media_type)
    how = "inline" if inline else "attachment"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    response["Content-Disposition"] = f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
