"""Attaching, signing and rendering."""

from yingheng.documents.services.attaching import attachment_put, attachment_read, attachment_remove
from yingheng.documents.services.ordering import report_ask, report_make
from yingheng.documents.services.rendering import report_render
from yingheng.documents.services.signing import Signed, signature_holds, signature_make, signer_authenticate

__all__ = [
    "Signed",
    "attachment_put",
    "attachment_read",
    "attachment_remove",
    "report_ask",
    "report_make",
    "report_render",
    "signature_holds",
    "signature_make",
    "signer_authenticate",
]
