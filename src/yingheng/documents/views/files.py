"""Giving back an attached file, in a way that it can do no harm in the browser."""

from __future__ import annotations

import re
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from yingheng.common.errors import NotFound
from yingheng.documents.access import permission_of
from yingheng.documents.kinds import PICTURES
from yingheng.documents.models import Attachment
from yingheng.documents.selectors import attachment_get
from yingheng.documents.services import attachment_read
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DOCUMENT_VIEW


@page(DOCUMENT_VIEW)
@require_safe
def file(request: HttpRequest, attachment_id: UUID) -> HttpResponse:
    """The bytes of one file: pictures are shown, anything else is saved."""
    row = attachment_get(request.scope, attachment_id)
    if not scope_of(request, permission_of(row.subject_type)).contains(row.hospital.path):
        raise NotFound("documents.attachment_unknown")
    return file_response(row, attachment_read(row))


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
