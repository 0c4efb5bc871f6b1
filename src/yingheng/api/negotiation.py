"""Which media type to answer with: the Accept header (and the `accept` parameter) against what can be had.

Source: RFC 9110 12.5.1, PS3.18 8.7 (media types), 8.3.3.1 (the parameter).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from yingheng.tenancy.api_access import refusal

MULTIPART = "multipart/related"
DICOM = "application/dicom"
DICOM_JSON = "application/dicom+json"
OCTETS = "application/octet-stream"
NATIVE_SYNTAX = "1.2.840.10008.1.2.1"
ANY_SYNTAX = "*"

# Media type of compressed frames by transfer syntax (PS3.18 table 8.7.3-5).
FRAME_TYPES = {
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.92": "image/jpx",
    "1.2.840.10008.1.2.4.93": "image/jpx",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
}
_ALIASES = {"image/x-dicom-rle": "image/dicom-rle", "image/x-jls": "image/jls", "image/jpg": "image/jpeg"}
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_SEMICOLON = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_MOST = 50  # entries looked at


@dataclass(frozen=True, slots=True)
class Wanted:
    """One entry of Accept: the media type (of the parts when `multipart`), and the transfer syntax ("": not said)."""

    media: str
    multipart: bool
    syntax: str = ""

    def covers(self, media: str) -> bool:
        """Whether the entry admits `media`: itself, its kind, or anything."""
        kind = media.partition("/")[0]
        return self.media in {media, "*/*", f"{kind}/*", f"{kind}/"}


def accepted(request: HttpRequest) -> list[Wanted]:
    """What the requester takes, the best liked first; anything when nothing is said."""
    text = request.GET.get("accept") or request.headers.get("Accept") or "*/*"
    rated = [_entry(part) for part in _COMMA.split(text)[:_MOST] if part.strip()]
    return [wanted for quality, wanted in sorted(rated, key=lambda pair: -pair[0]) if quality > 0]


def _entry(text: str) -> tuple[float, Wanted]:
    media, *rest = (piece.strip() for piece in _SEMICOLON.split(text))
    said = {}
    for piece in rest:
        name, _equals, value = piece.partition("=")
        said[name.strip().lower()] = value.strip().strip('"')
    media = media.lower()
    multipart = media == MULTIPART
    if multipart:
        media = said.get("type", "*/*").lower()
    return _quality(said.get("q", "")), Wanted(_ALIASES.get(media, media), multipart, said.get("transfer-syntax", ""))


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def takes_json(request: HttpRequest) -> bool:
    """Whether DICOM JSON may be answered."""
    return any(w.covers(DICOM_JSON) or w.covers("application/json") for w in accepted(request) if not w.multipart)


def image_type(request: HttpRequest, offered: Sequence[str]) -> tuple[str, bool] | None:
    """The picture type to draw, and whether in parts: the first offered one that is taken."""
    for wanted in accepted(request):
        for media in offered:
            if wanted.covers(media):
                return media, wanted.multipart and wanted.media != "*/*"
    return None


def not_acceptable(offered: Iterable[str]) -> HttpResponse:
    """406 that says what there is."""
    return refusal(406, "api.not_acceptable", types=", ".join(offered))
