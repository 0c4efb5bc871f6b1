"""Writing templates and filled-in sheets."""

from yingheng.sheets.services.responses import (
    SheetErrors,
    check_revision,
    response_begin,
    response_correct,
    response_discard,
    response_finish,
    response_hold,
    response_keep,
    response_save,
    response_submit,
)
from yingheng.sheets.services.templates import (
    product_template,
    template_begin,
    template_discard,
    template_made,
    template_next,
    template_publish,
    template_withdraw,
    template_write,
)

__all__ = [
    "SheetErrors",
    "check_revision",
    "product_template",
    "response_begin",
    "response_correct",
    "response_discard",
    "response_finish",
    "response_hold",
    "response_keep",
    "response_save",
    "response_submit",
    "template_begin",
    "template_discard",
    "template_made",
    "template_next",
    "template_publish",
    "template_withdraw",
    "template_write",
]
